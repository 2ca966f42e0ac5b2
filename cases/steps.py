"""The actions that every step and every case has, whatever its kind."""

from collections.abc import Sequence
from typing import Any

from django.db.models import prefetch_related_objects
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from core import search
from duties.models import Sheet

from .approvals import approval_blockers, material_blocker, recall_all, recall_of, stage_blockers, without_overridden, work_blockers
from .forms import CloseForm, CompleteForm, EditForm, HandOverForm, HoldForm, LinkForm, NoteForm, ReasonForm, RemarkForm, RepinForm, ReturnForm, SkipForm
from .kinds import Action, Blocker, Move, Turn, anybody
from .models import Case, CaseHold, CaseLink, CaseMaterial, CaseStep, CaseTask, Need
from .opening import add_parts
from .progress import closes, is_finished, missing_materials, reopened_by_return, return_targets
from .search import CASES


def closing_blockers(case: Case) -> list[Blocker]:
    """What a case wants before it may close: every required material."""
    return [material_blocker(material) for material in missing_materials(case)]


def completion_blockers(turn: Turn, own: Sequence[Blocker]) -> list[Blocker]:
    """What stands against completing a step: what the action says (`own`), materials and tasks, the close, approvals."""
    step = turn.target
    assert isinstance(step, CaseStep)
    blockers = [*own, *stage_blockers(turn), *work_blockers(turn)]
    if closes(turn.case, step):
        have = {blocker.text for blocker in blockers}
        blockers += [blocker for blocker in closing_blockers(turn.case) if blocker.text not in have]
    return without_overridden(turn, blockers) + approval_blockers(turn)


def skip_blockers(turn: Turn) -> list[Blocker]:
    step = turn.target
    assert isinstance(step, CaseStep)
    others = [other for other in turn.case.own_steps if other.need == Need.ONE_OF and other.pk != step.pk]
    if step.need == Need.ONE_OF and all(other.status == CaseStep.Status.SKIPPED for other in others):
        return [Blocker("ENG-04", gettext("择一的步骤至少要办结一个"), _("运行规则中的“择一”"), _("承办人办结本步，或撤回办件"))]
    return closing_blockers(turn.case) if closes(turn.case, step, skipped=True) else []


def return_blockers(turn: Turn) -> list[Blocker]:
    assert isinstance(turn.target, CaseStep)
    if return_targets(turn.case, turn.target):
        return []
    return [Blocker("ENG-03", gettext("前面的步骤已经生效，不能退回"), _("已生效的步骤不重办，有错应作废后另立办件"), "")]


def repin_blockers(turn: Turn) -> list[Blocker]:
    return [_nothing_open()] if any(row.is_open for row in turn.case.approvals.all()) else []


def move_blockers(move: Move, turn: Turn, own: Sequence[Blocker]) -> Sequence[Blocker]:
    """What stands against a move, whoever's action makes it; `own` is what the action itself says."""
    match move:
        case Move.COMPLETE:
            return completion_blockers(turn, own)
        case Move.SKIP:
            return [*own, *skip_blockers(turn)]
        case Move.RETURN:
            return [*own, *return_blockers(turn)]
        case Move.REPIN:
            return [*own, *repin_blockers(turn)]
        case Move.CLOSE:
            return [*own, *closing_blockers(turn.case)]
    return own


def _nothing_open() -> Blocker:
    return Blocker("APP-03", gettext("有送审未决"), _("审签期间内容不变"), _("承办人撤回送审，或等审签完毕"))


def new_edition(case: Case) -> Sheet | None:
    """The edition in force, where the case runs on an earlier one."""
    return Sheet.objects.filter(item=case.item_id, status=Sheet.Status.PUBLISHED).exclude(pk=case.sheet_id).first()


# -- moves: each changes rows of the case; `process.perform` saves the case itself ----------------------------------------------------------------------


def finish_step(turn: Turn, status: str, *, final: bool = False) -> None:
    step = turn.target
    assert isinstance(step, CaseStep)
    step.status, step.is_final, step.done_at, step.done_by = status, final, turn.at, turn.by
    step.note = turn.data.get("reason") or turn.data.get("remark") or ""
    step.save(update_fields=["status", "is_final", "done_at", "done_by", "note"])
    recall_of(turn, step)
    if is_finished(turn.case) and not any(other.is_open for other in turn.case.own_steps):
        close(turn, turn.data.get("outcome") or Case.Outcome.COMPLETED)


def close(turn: Turn, outcome: str) -> None:
    """End the case; open questions are taken back, steps that were not needed are marked so, a hold ends."""
    recall_all(turn)
    if outcome != Case.Outcome.WITHDRAWN:
        for step in turn.case.own_steps:
            if step.is_open:
                step.status, step.done_at, step.done_by = CaseStep.Status.SKIPPED, turn.at, turn.by
                step.save(update_fields=["status", "done_at", "done_by"])
    if turn.case.open_hold:
        resume(turn)
    turn.case.outcome, turn.case.closed_at, turn.case.closed_by = outcome, turn.at, turn.by


def reopen_from(turn: Turn) -> None:
    """RETURN: open the earlier step again, and what was done between; what was asked about them counts no more."""
    step, to = turn.target, turn.data["to"]
    assert isinstance(step, CaseStep)
    own = turn.case.own_steps
    target = next(other for other in own if other.pk == to.pk)
    for other in reopened_by_return(turn.case, step, target):
        other.status, other.done_at, other.done_by, other.note = CaseStep.Status.OPEN, None, None, ""
        other.started_at = other.due_on = None
        other.save(update_fields=["status", "done_at", "done_by", "note", "started_at", "due_on"])
    for later in own:
        if later.number >= step.number and later.is_open and later.started_at:
            later.started_at = later.due_on = None
            later.save(update_fields=["started_at", "due_on"])
    recall_all(turn)


def hold(turn: Turn) -> None:
    CaseHold.objects.create(case=turn.case, reason=turn.data["reason"], gaps=turn.data["gaps"], since_at=turn.at, since_by=turn.by)
    prefetch_again(turn.case, "holds")


def resume(turn: Turn) -> None:
    held = turn.case.open_hold
    assert held is not None
    held.ended_at, held.ended_by = turn.at, turn.by
    held.save(update_fields=["ended_at", "ended_by"])


def reassign(turn: Turn) -> None:
    turn.case.handler = turn.data["to"]


def repin(turn: Turn) -> None:
    """Add the steps of the edition in force; those that carry on an old step take its state. The old rows stay as history."""
    case, sheet = turn.case, turn.data["sheet"]
    old = {step.number: step for step in case.own_steps}
    CaseMaterial.objects.filter(case=case, material__isnull=False, status=CaseMaterial.Status.MISSING).update(is_required=False)
    CaseMaterial.objects.filter(case=case).update(needed_for=None)
    prefetch_again(case, "materials")
    add_parts(case, sheet, {new: old[was] for new, was in turn.data["carry"].items()})
    case.sheet = sheet
    CaseTask.objects.filter(case=case, status=CaseTask.Status.OPEN).exclude(step__step__sheet=sheet).update(
        status=CaseTask.Status.NOT_NEEDED, done_at=turn.at, done_by=turn.by, note=gettext("改用新版后不再需要")
    )
    prefetch_again(case, "steps__step", "materials", "tasks")


def prefetch_again(case: Case, *relations: str) -> None:
    """Read these parts of the case anew."""
    kept: dict[str, Any] = case._prefetched_objects_cache  # type: ignore[attr-defined]
    for relation in relations:
        kept.pop(relation.split("__")[0], None)
    prefetch_related_objects([case], *relations)


# -- effects --------------------------------------------------------------------------------------------------------------------------------------------


def hold_text(turn: Turn) -> str:
    return "\n".join([turn.data["reason"], *turn.data["gaps"]])


def hand_over_text(turn: Turn) -> str:
    words = {"old": turn.case.handler.name, "new": turn.data["to"].name, "reason": turn.data["reason"]}
    return gettext("%(old)s → %(new)s：%(reason)s") % words


def return_text(turn: Turn) -> str:
    words = {"number": turn.data["to"].number, "reason": turn.data["reason"]}
    return gettext("退回到第 %(number)d 步：%(reason)s") % words


def repin_text(turn: Turn) -> str:
    words = {"edition": turn.data["sheet"].edition, "reason": turn.data["reason"]}
    return gettext("改用第 %(edition)d 版：%(reason)s") % words


def edit(turn: Turn) -> str:
    before = turn.case.title, turn.case.get_sensitivity_display()
    turn.case.title, turn.case.sensitivity = turn.data["title"], turn.data["sensitivity"]
    search.put(CASES, [turn.case])
    changes = zip(before, (turn.case.title, turn.case.get_sensitivity_display()), strict=True)
    return "；".join(f"{old} → {new}" for old, new in changes if old != new)


def write_note(turn: Turn) -> str:
    return str(turn.data["text"])


def link(turn: Turn) -> str:
    other, relation = turn.data["other"], turn.data["relation"]
    CaseLink.objects.create(case=turn.case, other=other, relation=relation, made_at=turn.at, made_by=turn.by)
    return f"{relation.name} {other.number}"


def unlink(turn: Turn) -> str:
    made = turn.target
    assert isinstance(made, CaseLink)
    made.removed_at, made.removed_by = turn.at, turn.by
    made.save(update_fields=["removed_at", "removed_by"])
    return f"{made.relation.name} {made.other.number}"


COMPLETE = Action("complete", _("办结本步"), Move.COMPLETE, form=CompleteForm)
SKIP = Action("skip", _("本步不适用"), Move.SKIP, form=SkipForm)
RETURN = Action("return", _("退回前面的步骤"), Move.RETURN, form=ReturnForm, effect=return_text)
HOLD = Action("hold", _("暂停计时（待补正）"), Move.HOLD, form=HoldForm, effect=hold_text)
RESUME = Action("resume", _("恢复办理"), Move.RESUME, form=RemarkForm)
HAND_OVER = Action("hand_over", _("移交"), Move.REASSIGN, form=HandOverForm, effect=hand_over_text)
REASSIGN = Action("reassign", _("改派"), Move.REASSIGN, permission="cases.assign_case", who=anybody, form=HandOverForm, effect=hand_over_text)
REPIN = Action("repin", _("改用新版信息表"), Move.REPIN, form=RepinForm, effect=repin_text)
WITHDRAW = Action("withdraw", _("撤回办件"), Move.WITHDRAW, form=ReasonForm)
CLOSE = Action("close", _("办结"), Move.CLOSE, form=CloseForm)
EDIT = Action("edit", _("修改名称"), form=EditForm, effect=edit)
NOTE = Action("note", _("写备注"), permission="cases.annotate_case", who=anybody, form=NoteForm, effect=write_note)
LINK = Action("link", _("关联办件"), form=LinkForm, effect=link)
UNLINK = Action("unlink", _("取消关联"), form=RemarkForm, effect=unlink)
