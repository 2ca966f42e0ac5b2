"""How coordination matters run through the published steps of item 2.3: daily contact, taking up what is asked, completing it and replying."""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

from django.db.models import Model
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from cases.kinds import Action, Blocker, CaseKind, Move, Stage, Turn, register
from cases.models import Case, CaseStep, CaseTask
from cases.progress import current_steps
from cases.steps import COMPLETE, prefetch_again

from .coordination_forms import FinishForm, InstructionForm, MatterForm, OpeningForm, ProposalForm, ReplyForm
from .models import CoordinationMatter
from .models.coordination import FACTS, facts_of

ITEM = "2.3"
REGISTER, COMPLETION = "register", "complete"  # stages
BASIS = _("对接事项须登记齐全，办结后答复（业务惯例：登记、拟办、交办、办结、答复）")
HANDLER = _("承办人")


def matter_of(turn: Turn) -> CoordinationMatter:
    assert isinstance(turn.detail, CoordinationMatter)
    return turn.detail


# -- what stands in the way --------------------------------------------------------------------------------------------------------------------------------


def register_blockers(turn: Turn) -> list[Blocker]:
    """A matter is taken up when it is known who asks for what, and what is proposed."""
    matter = matter_of(turn)
    missing = [name for name in ("counterpart", "help_requested", "proposal") if not getattr(matter, name)]
    names = "、".join(str(CoordinationMatter._meta.get_field(name).verbose_name) for name in missing)  # type: ignore[union-attr]
    return [Blocker("COO-01", gettext("还没有登记：%(names)s") % {"names": names}, BASIS, HANDLER)] if missing else []


def finish_blockers(turn: Turn) -> list[Blocker]:
    """A matter is done when its result is noted, and the counterpart told where that is wanted."""
    matter = matter_of(turn)
    found = [] if matter.result else [Blocker("COO-02", gettext("还没有登记办理结果"), BASIS, HANDLER)]
    if matter.needs_reply and matter.replied_on is None:
        found.append(Blocker("COO-03", gettext("还没有登记答复"), BASIS, HANDLER))
    return found


# -- effects -----------------------------------------------------------------------------------------------------------------------------------------------


def edit(turn: Turn) -> str:
    matter = matter_of(turn)
    changed = [name for name in FACTS if getattr(matter, name) != turn.data[name]]
    for name in changed:
        setattr(matter, name, turn.data[name])
    matter.save(update_fields=changed)
    if isinstance(turn.target, CaseStep):
        keep_due(turn.case, matter, turn.target)
        prefetch_again(turn.case, "tasks")
    return "、".join(str(CoordinationMatter._meta.get_field(name).verbose_name) for name in changed)  # type: ignore[union-attr]


def keep_due(case: Case, matter: CoordinationMatter, step: CaseStep) -> None:
    """Let the day that the counterpart wants stand among the deadlines of the case: as a task under the step at hand."""
    task = matter.due_task
    if task is None and matter.due_on is None:
        return
    if task is None:
        title = gettext("按要求的日期办结并答复")
        matter.due_task = CaseTask.objects.create(case=case, step=step, title=title, is_required=False, due_on=matter.due_on)
        matter.save(update_fields=["due_task"])
    elif task.status == CaseTask.Status.OPEN:
        task.due_on, task.step = matter.due_on, step
        task.save(update_fields=["due_on", "step"])


def opened(case: Case, detail: Model) -> None:
    """The day that is wanted counts from the first step on."""
    assert isinstance(detail, CoordinationMatter)
    keep_due(case, detail, case.steps.order_by("step__number")[0])


def propose(turn: Turn) -> str:
    matter = matter_of(turn)
    matter.proposal, matter.proposed_at, matter.proposed_by = turn.data["proposal"], turn.at, turn.by
    matter.save(update_fields=["proposal", "proposed_at", "proposed_by"])
    return matter.proposal


def instruct(turn: Turn) -> str:
    matter = matter_of(turn)
    for name in ("instruction", "instructed_by", "instructed_on"):
        setattr(matter, name, turn.data[name])
    matter.save(update_fields=["instruction", "instructed_by", "instructed_on"])
    return f"{matter.instructed_by}：{matter.instruction}"


def go_on(turn: Turn) -> str:
    """Complete a step; the day that is wanted goes on with the step after it."""
    later = [step for step in turn.case.own_steps if isinstance(turn.target, CaseStep) and step.number > turn.target.number]
    if later:
        keep_due(turn.case, matter_of(turn), later[0])
        prefetch_again(turn.case, "tasks")
    return str(turn.data["remark"])


def reply(turn: Turn) -> str:
    matter = matter_of(turn)
    for name in ("result", "replied_on", "reply_number"):
        setattr(matter, name, turn.data[name])
    matter.save(update_fields=["result", "replied_on", "reply_number"])
    task = matter.due_task
    if matter.replied_on and task and task.status == CaseTask.Status.OPEN:
        task.status, task.done_at, task.done_by = CaseTask.Status.DONE, turn.at, turn.by
        task.save(update_fields=["status", "done_at", "done_by"])
        prefetch_again(turn.case, "tasks")
    told = f"{matter.replied_on:%Y-%m-%d} {matter.reply_number}" if matter.replied_on else ""
    return "\n".join(line for line in (matter.result, told) if line)


# -- the kind ----------------------------------------------------------------------------------------------------------------------------------------------


EDIT = Action("edit_matter", _("填写对接事项"), form=MatterForm, effect=edit)
PROPOSE = Action("propose", _("登记拟办意见"), form=ProposalForm, effect=propose)
INSTRUCT = Action("instruct", _("登记批示"), form=InstructionForm, effect=instruct)
REPLY = Action("reply", _("登记结果和答复"), form=ReplyForm, effect=reply)
TALKED = replace(COMPLETE, effect=go_on)
TAKE_UP = Action("take_up", _("完成登记，交办"), Move.COMPLETE, blockers=register_blockers, effect=go_on, form=FinishForm)
FINISH = Action("finish_matter", _("办结"), Move.COMPLETE, blockers=finish_blockers, form=FinishForm)


def offered(case: Case, detail: Model | None) -> Iterator[tuple[Action, Any]]:
    """What may be noted beside the step at hand."""
    for step in current_steps(case) if detail and not case.is_closed and not case.open_hold else ():
        yield EDIT, step
        if step.stage in {REGISTER, COMPLETION}:
            yield PROPOSE, step
            yield INSTRUCT, step
        if step.stage == COMPLETION:
            yield REPLY, step


def addressee(case: Case, detail: Model | None) -> str:
    """The counterpart."""
    return detail.counterpart.name if isinstance(detail, CoordinationMatter) and detail.counterpart else ""


def snapshot(case: Case, detail: Model | None) -> Mapping[str, Any]:
    """What an approval of a matter covers, where a rule asks for one."""
    assert isinstance(detail, CoordinationMatter)
    return {name: str(value) for name, value in facts_of(detail)}


COORDINATION = register(
    CaseKind(
        items=(ITEM,),
        detail=CoordinationMatter,
        form=OpeningForm,
        panel="contacts/_matter_panel.html",
        stages=(
            Stage("liaise", _("日常联系"), (TALKED,)),
            Stage(REGISTER, _("对接"), (TAKE_UP,)),
            Stage(COMPLETION, _("完成"), (FINISH,)),
        ),
        snapshot=snapshot,
        addressee=addressee,
        actions=(EDIT, PROPOSE, INSTRUCT, REPLY),
        offered=offered,
        opened=opened,
    )
)
