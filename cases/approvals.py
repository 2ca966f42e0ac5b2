"""Asking a second person, and what that person may answer: submitted steps, waived materials, overridden rules.

What is submitted is fixed by a digest: if it changes afterwards, the question must be put again.
"""

import hashlib
import json
from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Any

from django import forms
from django.conf import settings
from django.core.serializers.json import DjangoJSONEncoder
from django.db.models import Model
from django.utils import translation
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from .forms import DecisionForm, ReasonForm, RemarkForm, SendBackForm
from .kinds import LEVELS, Action, Blocker, Level, Turn, anybody, kind_of
from .models import Approval, Case, CaseMaterial, CaseStep, CaseTask
from .progress import closes, current_steps, missing_materials, open_tasks

SECOND_PERSON = _("审核人或签发人")


def digest_of(content: Any) -> str:
    """SHA-256 (hex) of what can be written as JSON."""
    return hashlib.sha256(json.dumps(content, cls=DjangoJSONEncoder, ensure_ascii=False, sort_keys=True).encode()).hexdigest()


def step_snapshot(case: Case, detail: Model | None, step: CaseStep) -> dict[str, Any]:
    """What an approver of this step decides on: the case, the materials and tasks of the step, and the facts that the kind of case adds.

    It reads the same whatever the language of who looks at it.
    """
    last, midway = closes(case, step), _is_midway(case, step)
    materials = [material for material in case.materials.all() if not midway and (last or material.needed_for_id == step.pk)]
    tasks = [task for task in case.tasks.all() if not midway and task.step_id == step.pk]
    with translation.override(settings.LANGUAGE_CODE):
        facts = dict(kind_of(case).snapshot(case, detail))
    return {
        "case": [case.number, case.title, case.sheet_id, case.sensitivity],
        "step": step.number,
        "materials": [[row.pk, row.name, row.status, row.number, row.dated_on, row.issuer] for row in materials],
        "documents": [[row.material_id, row.sha256] for row in case.papers if row.material_id in {material.pk for material in materials}],
        "tasks": [[row.pk, row.title, row.status, row.note] for row in tasks],
        "facts": facts,
    }


def _is_midway(case: Case, step: CaseStep) -> bool:
    stage = kind_of(case).stage(step.stage)
    return stage is not None and stage.midway


def step_blockers(turn: Turn) -> list[Blocker]:
    """All that stands against the actions of a step, before any override: what its kind says, its materials and tasks."""
    assert isinstance(turn.target, CaseStep)
    stage = kind_of(turn.case).stage(turn.target.stage)
    own = [blocker for action in (stage.actions if stage else ()) for blocker in action.blockers(turn)]
    return own + stage_blockers(turn) + work_blockers(turn)


def stage_blockers(turn: Turn) -> list[Blocker]:
    """What the kind of case says against submitting or completing this step."""
    assert isinstance(turn.target, CaseStep)
    stage = kind_of(turn.case).stage(turn.target.stage)
    return list(stage.blockers(turn)) if stage else []


def level_of(case: Case, step: CaseStep, number: int) -> Level:
    """What the approval of a step takes at this level (from 1)."""
    stage = kind_of(case).stage(step.stage)
    return (stage.levels if stage and stage.levels else LEVELS)[number - 1]


def current_digest(turn: Turn) -> str:
    """The digest that the approval of this turn would have if it were submitted now."""
    case, approval = turn.case, turn.target
    assert isinstance(approval, Approval)
    if approval.kind == Approval.Kind.WAIVER:
        material = next(material for material in case.materials.all() if material.pk == approval.material_id)
        return waiver_digest(material)
    step = next(step for step in case.steps.all() if step.pk == approval.step_id)
    if approval.kind == Approval.Kind.OVERRIDE:
        return override_digest(replace(turn, target=step), approval.rule)
    return digest_of(step_snapshot(case, turn.detail, step))


def waiver_digest(material: CaseMaterial) -> str:
    return digest_of([material.pk, material.name, material.status, material.is_required])


def override_digest(turn: Turn, rule: str) -> str:
    """What is overridden: all that this rule says against the step of this turn, in whatever language it is read."""
    with translation.override(settings.LANGUAGE_CODE):
        return digest_of([rule, sorted({str(blocker.text) for blocker in step_blockers(turn) if blocker.rule == rule})])


def approvals_of(case: Case, step: CaseStep, kind: str) -> list[Approval]:
    """The questions put about this step since it (last) began, oldest first."""
    since = step.started_at
    return [row for row in case.approvals.all() if row.step_id == step.pk and row.kind == kind and since is not None and row.submitted_at >= since]


def open_approval(case: Case, step: CaseStep) -> Approval | None:
    """The submission of this step that waits for an answer."""
    return next((row for row in approvals_of(case, step, Approval.Kind.STEP) if row.is_open), None)


def is_approved(case: Case, detail: Model | None, step: CaseStep) -> bool:
    """Whether the step, as it is now, was approved at every level that it needs."""
    if not step.approval_levels:
        return True
    digest = digest_of(step_snapshot(case, detail, step))
    rows = [row for row in approvals_of(case, step, Approval.Kind.STEP) if row.decision == Approval.Decision.APPROVED]
    return any(row.level == step.approval_levels and row.digest == digest for row in rows)


def without_overridden(turn: Turn, blockers: Sequence[Blocker]) -> list[Blocker]:
    """These blockers of a step but for those that a second person has overridden, as they read now."""
    assert isinstance(turn.target, CaseStep)
    rows = [row for row in approvals_of(turn.case, turn.target, Approval.Kind.OVERRIDE) if row.decision == Approval.Decision.APPROVED]
    lifted = {row.rule for row in rows if row.digest == override_digest(turn, row.rule)}
    return [blocker for blocker in blockers if not (blocker.can_override and blocker.rule in lifted)]


def work_blockers(turn: Turn) -> list[Blocker]:
    """What is not done yet under a step: its materials and tasks."""
    assert isinstance(turn.target, CaseStep)
    return [material_blocker(material) for material in missing_materials(turn.case, turn.target)] + [
        task_blocker(task) for task in open_tasks(turn.case, [turn.target]) if task.is_required
    ]


def material_blocker(material: CaseMaterial) -> Blocker:
    words = {"name": material.name}
    return Blocker("MAT-01", gettext("缺：%(name)s") % words, _("信息表“运行要件”，收齐时间按运行规则"), _("承办人收齐，或由第二人批准免交"))


def task_blocker(task: CaseTask) -> Blocker:
    words = {"title": task.title}
    return Blocker("TASK-01", gettext("任务未完成：%(title)s") % words, _("运行规则中的任务"), _("承办人或任务办理人"), can_override=True)


def approval_blockers(turn: Turn) -> list[Blocker]:
    """What is missing of the approvals that a step needs."""
    step = turn.target
    assert isinstance(step, CaseStep)
    if is_approved(turn.case, turn.detail, step):
        return []
    waiting = open_approval(turn.case, step)
    if waiting:
        text = gettext("已送审，等待签发") if waiting.right == Approval.Right.SIGN else gettext("已送审，等待审核")
    elif any(row.decision == Approval.Decision.APPROVED and row.level == step.approval_levels for row in approvals_of(turn.case, step, Approval.Kind.STEP)):
        text = gettext("审签之后内容有变化，需要重新送审")
    else:
        text = gettext("本步须经审签，尚未送审")
    return [Blocker("APP-01", text, _("运行规则中的审签级数"), _("承办人送审，审核人、签发人审签"))]


# -- asking ---------------------------------------------------------------------------------------------------------------------------------------------


def _ask(turn: Turn, kind: str, step: CaseStep, digest: str, **fields: Any) -> None:
    Approval.objects.create(
        case=turn.case, kind=kind, step=step, digest=digest, submitted_at=turn.at, submitted_by=turn.by, submitted_for=turn.on_behalf_of, **fields
    )


def submit(turn: Turn) -> None:
    assert isinstance(turn.target, CaseStep)
    digest = digest_of(step_snapshot(turn.case, turn.detail, turn.target))
    right = level_of(turn.case, turn.target, 1).right
    _ask(turn, Approval.Kind.STEP, turn.target, digest, right=right, reason=turn.data.get("remark", ""))


def submit_blockers(turn: Turn) -> list[Blocker]:
    assert isinstance(turn.target, CaseStep)
    work = [] if _is_midway(turn.case, turn.target) else work_blockers(turn)
    return without_overridden(turn, stage_blockers(turn) + work)


def ask_waiver(turn: Turn) -> None:
    material = turn.target
    assert isinstance(material, CaseMaterial)
    own = turn.case.own_steps
    step = next((step for step in own if step.pk == material.needed_for_id), None) or next(iter(current_steps(turn.case)), own[-1])
    _ask(turn, Approval.Kind.WAIVER, step, waiver_digest(material), material=material, reason=turn.data["reason"])


def overridable(turn: Turn) -> list[Blocker]:
    """What stands against a step, may be overridden, and has not been put to anybody."""
    step = turn.target
    assert isinstance(step, CaseStep)
    asked = {row.rule for row in approvals_of(turn.case, step, Approval.Kind.OVERRIDE) if row.is_open}
    return [blocker for blocker in without_overridden(turn, step_blockers(turn)) if blocker.can_override and blocker.rule not in asked]


class OverrideForm(ReasonForm):
    """Asking a second person to let a step pass although a rule blocks it."""

    rule = forms.ChoiceField(label=_("需要特批的规则"), widget=forms.RadioSelect)

    field_order = ["rule", "reason"]

    def fit(self, turn: Turn) -> None:
        texts: dict[str, list[str]] = {}
        for blocker in overridable(turn):
            texts.setdefault(blocker.rule, []).append(str(blocker.text))
        field = self.fields["rule"]
        assert isinstance(field, forms.ChoiceField)
        field.choices = [(rule, "；".join(lines)) for rule, lines in texts.items()]
        field.initial = next(iter(texts), None)


def ask_override(turn: Turn) -> None:
    assert isinstance(turn.target, CaseStep)
    digest = override_digest(turn, turn.data["rule"])
    _ask(turn, Approval.Kind.OVERRIDE, turn.target, digest, rule=turn.data["rule"], reason=turn.data["reason"])


# -- answering ------------------------------------------------------------------------------------------------------------------------------------------


def second_person_blockers(turn: Turn) -> list[Blocker]:
    """Nobody decides on a case that they carry, or what they submitted, in their own name or in another's; nor both levels."""
    approval = turn.target
    assert isinstance(approval, Approval)
    if turn.people & {approval.submitted_by_id, approval.submitted_for_id}:
        return [Blocker("SOD-01", gettext("送审人不能审签自己送审的内容"), _("经办与审签相分离"), SECOND_PERSON)]
    if turn.case.handler_id in turn.people:
        return [Blocker("SOD-03", gettext("承办人不能审签自己承办的办件"), _("经办与审签相分离"), SECOND_PERSON)]
    below = [row for row in turn.case.approvals.all() if row.step_id == approval.step_id and row.kind == approval.kind and row.level == approval.level - 1]
    if below and turn.people & {below[-1].decided_by_id, below[-1].decided_for_id}:
        return [Blocker("SOD-02", gettext("上一级是同一人审签的"), _("两级审签由两人分别办理"), _("另一位签发人"))]
    return []


def decision_blockers(turn: Turn) -> list[Blocker]:
    """What stands against approving: the same person, or content that is not what was submitted."""
    approval = turn.target
    assert isinstance(approval, Approval)
    blockers = second_person_blockers(turn)
    if current_digest(turn) != approval.digest:
        text = gettext("送审之后内容有变化，请退回，由承办人重新送审")
        blockers.append(Blocker("APP-02", text, _("审签的内容须与送审的内容一致"), _("承办人")))
    return blockers


def _decide(turn: Turn, decision: str) -> str:
    approval = turn.target
    assert isinstance(approval, Approval)
    _answer(turn, approval, decision, turn.data.get("note", ""))
    approval.save(update_fields=ANSWER)
    return approval.note


ANSWER = ["decision", "note", "decided_at", "decided_by", "decided_for"]


def _answer(turn: Turn, approval: Approval, decision: str, note: str = "") -> None:
    approval.decision, approval.note = decision, note
    approval.decided_at, approval.decided_by, approval.decided_for = turn.at, turn.by, turn.on_behalf_of


def approve(turn: Turn) -> str:
    """Approve; a first level of two hands the question on to the second, a waiver waives its material."""
    note = _decide(turn, Approval.Decision.APPROVED)
    approval = turn.target
    assert isinstance(approval, Approval)
    if approval.kind == Approval.Kind.WAIVER:
        material = next(material for material in turn.case.materials.all() if material.pk == approval.material_id)
        material.status = CaseMaterial.Status.WAIVED
        material.save(update_fields=["status"])
    step = next(step for step in turn.case.steps.all() if step.pk == approval.step_id)
    if approval.kind == Approval.Kind.STEP and approval.level < step.approval_levels:
        Approval.objects.create(
            case=turn.case,
            kind=approval.kind,
            step=step,
            level=approval.level + 1,
            right=level_of(turn.case, step, approval.level + 1).right,
            reason=approval.reason,
            digest=approval.digest,
            submitted_at=turn.at,
            submitted_by=approval.submitted_by,
            submitted_for=approval.submitted_for,
            previous_by=turn.by,
        )
    return note


def send_back(turn: Turn) -> str:
    return _decide(turn, Approval.Decision.RETURNED)


def recall(turn: Turn) -> str:
    return _decide(turn, Approval.Decision.RECALLED)


def recall_all(turn: Turn, approvals: Iterable[Approval] | None = None) -> None:
    """Take back these open questions; every one of the case, if none are named: it closes, or goes back."""
    rows = [row for row in (turn.case.approvals.all() if approvals is None else approvals) if row.is_open]
    for row in rows:
        _answer(turn, row, Approval.Decision.RECALLED)
    Approval.objects.bulk_update(rows, ANSWER)


def recall_of(turn: Turn, step: CaseStep) -> None:
    """Take back what is still asked about a step that is done or left out. A waiver stays: the close may want the material."""
    recall_all(turn, [row for row in turn.case.approvals.all() if row.step_id == step.pk and row.kind != Approval.Kind.WAIVER])


def submitter(turn: Turn) -> bool:
    """Whoever submitted it, or carries the case now."""
    assert isinstance(turn.target, Approval)
    return turn.standing.person.pk in {turn.target.submitted_by_id, turn.target.submitted_for_id, turn.case.handler_id}


def permission_of(approval: Approval) -> str:
    return approval.permission


SUBMIT = Action("submit", _("送审"), blockers=submit_blockers, effect=submit, form=RemarkForm)
ASK_WAIVER = Action("ask_waiver", _("申请免交"), effect=ask_waiver, form=ReasonForm)
ASK_OVERRIDE = Action("ask_override", _("申请特批"), effect=ask_override, form=OverrideForm)
APPROVE = Action("approve", _("同意"), permission=permission_of, who=anybody, blockers=decision_blockers, effect=approve, form=DecisionForm)
SEND_BACK = Action("send_back", _("退回"), permission=permission_of, who=anybody, blockers=second_person_blockers, effect=send_back, form=SendBackForm)
RECALL = Action("recall", _("撤回送审"), who=submitter, effect=recall)


def decisions_of(case: Case, approval: Approval) -> tuple[Action, ...]:
    """What may be answered; saying yes to a step is what its stage makes of it."""
    step = next(step for step in case.steps.all() if step.pk == approval.step_id)
    special = level_of(case, step, approval.level).approve if approval.kind == Approval.Kind.STEP else None
    return (special or APPROVE, SEND_BACK, RECALL)
