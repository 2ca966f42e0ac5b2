"""The engine: which buttons a case offers to a person, why one is disabled, and the one function that moves a case."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import chain
from typing import Any

from django import forms
from django.conf import settings
from django.db.models import Model
from django.http import HttpRequest
from django.utils import timezone, translation
from django.utils.crypto import salted_hmac
from django.utils.datastructures import MultiValueDict
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.actions import Refused
from accounts.audit import acting, record
from accounts.models import User
from core.files import kept_with_the_act

from . import annexes, approvals, documents, materials, steps, tasks
from .deadlines import start_steps
from .kinds import Action, Blocker, Move, Target, Turn, kind_of
from .models import Approval, Case, CaseLink, CaseMaterial, CaseStep, CaseTask, Document, Need, TimelineEntry
from .progress import current_steps, is_finished
from .standing import standings_of


class BlockedError(Refused):
    """An action that cannot be taken now; `blockers` say why."""

    def __init__(self, blockers: Sequence[Blocker]) -> None:
        self.blockers = list(blockers)
        super().__init__("；".join(str(blocker.text) for blocker in self.blockers))


class ConflictError(Refused):
    """The case was changed by another since the page was made; `changes` are what happened to it since, oldest first."""

    def __init__(self, case: Case, changes: Sequence[TimelineEntry]) -> None:
        self.case, self.changes = case, list(changes)
        super().__init__(_("打开页面之后，这个办件已有变化。请看过变化再提交；已填的内容都还在。"))


class InvalidError(Exception):
    """What was typed does not do; `form` holds it, with its errors."""

    def __init__(self, form: forms.Form) -> None:
        self.form = form
        super().__init__(form.errors.as_text())


NOT_OFFERED = Blocker("ENG-01", gettext_lazy("此操作现在不可用，请刷新页面查看办件现状"))


def key_of(target: Target) -> str:
    """How an address and the timeline name a part of a case: "3" (step number), "material:12"; "" for the case itself."""
    if target is None:
        return ""
    if isinstance(target, CaseStep):
        return str(target.number)
    return f"{part_of(target)}:{target.pk}"


def part_of(target: Model) -> str:
    """How addresses call this kind of part; what a kind of case adds goes by the name of its model."""
    return PARTS.get(type(target)) or str(target._meta.model_name)


PARTS: Mapping[type, str] = {CaseMaterial: "material", CaseTask: "task", CaseLink: "link", Approval: "approval", Document: "document"}


@dataclass(frozen=True)
class Offer:
    """A button that a person has: on what, in whose right, and what blocks it."""

    action: Action
    turn: Turn
    blockers: tuple[Blocker, ...]

    @property
    def target(self) -> Target:
        return self.turn.target

    @property
    def key(self) -> str:
        return key_of(self.turn.target)


def offers(case: Case, by: User, detail: Model | None = None) -> list[Offer]:
    """Every button that this person has on this case now, with what blocks it.

    `case` must come with its parts (`CaseQuerySet.with_parts`), `detail` is its kind's record; what links it offers to undo are `case.links` if loaded.
    """
    now = timezone.now()
    found = (_offer(case, detail, action, target, by, now) for action, target in _pairs(case, detail, by, now))
    return [offer for offer in found if offer]


def offers_on(case: Case, by: User, pairs: Iterable[tuple[Action, Any]], detail: Model | None = None) -> list[Offer]:
    """Of these actions on parts of the case, which its kind offers now, those that this person has."""
    now = timezone.now()
    found = (_offer(case, detail, action, target, by, now) for action, target in pairs)
    return [offer for offer in found if offer]


def find(case: Case, by: User, action: str, target: str, detail: Model | None = None) -> Offer | None:
    """The one button with this name on this part, if the person has it."""
    now = timezone.now()
    added: Iterator[tuple[Action, Target]] = ((one, None) for one in annexes.actions())
    for candidate, part in chain(_pairs(case, detail, by, now), added):
        if candidate.name == action and key_of(part) == target:
            return _offer(case, detail, candidate, part, by, now)
    return None


def find_on(case: Case, by: User, action: Action, target: Target, detail: Model | None = None) -> Offer | None:
    """This action on this part as an offer, if the person has its right; whether the state of the case allows it is for the caller to say."""
    return _offer(case, detail, action, target, by, timezone.now())


def _offer(case: Case, detail: Model | None, action: Action, target: Target, by: User, at: datetime) -> Offer | None:
    for standing in standings_of(by):
        turn = Turn(case, detail, target, by, standing, at)
        if action.permission_for(target) in standing.permissions and standing.sees(case) and action.who(turn):
            return Offer(action, turn, tuple(steps.move_blockers(action.move, turn, action.blockers(turn))))
    return None


def _pairs(case: Case, detail: Model | None, by: User, at: datetime) -> Iterator[tuple[Action, Target]]:
    """Every action that the state of the case allows, and on what; whether this person has it is asked afterwards."""
    for link in _links(case):
        yield steps.UNLINK, link
    yield from kind_of(case).afterwards(case, detail)
    if case.is_closed:
        yield from ((action, None) for action in (steps.NOTE, steps.LINK))
        return
    current, held = current_steps(case), case.open_hold is not None
    if not held:
        for step in current:
            yield from ((action, step) for action in _step_actions(case, detail, step, by, at))
    keys = {step.pk for step in current}
    for task in case.tasks.all():
        if task.step_id in keys:
            yield from ((action, task) for action in tasks.BY_STATUS[CaseTask.Status(task.status)])
    for material in case.materials.all():
        yield from ((action, material) for action in _material_actions(case, material, held))
    frozen = kind_of(case).frozen(case, detail)
    for document in case.documents.all():
        if document.pk not in frozen:
            yield from ((action, document) for action in documents.actions_of(case, document))
    for approval in case.approvals.all():
        if approval.is_open:
            yield from ((action, approval) for action in approvals.decisions_of(case, approval) if not held or action is approvals.RECALL)
    yield from kind_of(case).offered(case, detail)
    yield from ((action, None) for action in _case_actions(case, held))


def _links(case: Case) -> Sequence[CaseLink]:
    return [link for link in case.links.all() if link.removed_at is None] if "links" in getattr(case, "_prefetched_objects_cache", {}) else []


def _step_actions(case: Case, detail: Model | None, step: CaseStep, by: User, at: datetime) -> Iterator[Action]:
    stage = kind_of(case).stage(step.stage)
    yield from stage.actions if stage else (steps.COMPLETE,)
    if step.approval_levels and not approvals.open_approval(case, step) and not approvals.is_approved(case, detail, step):
        yield approvals.SUBMIT
    yield tasks.ADD_TASK
    if step.need != Need.ALWAYS:
        yield steps.SKIP
    if any(other.status == CaseStep.Status.DONE for other in case.own_steps if other.number < step.number):
        yield steps.RETURN
    if approvals.overridable(Turn(case, detail, step, by, standings_of(by)[0], at)):
        yield approvals.ASK_OVERRIDE


def _material_actions(case: Case, material: CaseMaterial, held: bool) -> Iterator[Action]:
    yield from materials.BY_STATUS[CaseMaterial.Status(material.status)]
    if material.status != CaseMaterial.Status.WAIVED:
        yield documents.ATTACH
    waiting = any(row.is_open and row.material_id == material.pk for row in case.approvals.all())
    if material.is_missing and not waiting:
        if material.material_id is None:
            yield materials.DROP
        if not held:
            yield approvals.ASK_WAIVER


def _case_actions(case: Case, held: bool) -> Iterator[Action]:
    if held:
        yield steps.RESUME
    else:
        if is_finished(case):
            yield steps.CLOSE
        yield steps.HOLD
        if case.sheet.status != case.sheet.Status.PUBLISHED and steps.new_edition(case):
            yield steps.REPIN
    yield documents.ATTACH
    yield materials.ADD_MATERIAL
    yield from (steps.EDIT, steps.NOTE, steps.LINK, steps.HAND_OVER, steps.REASSIGN, steps.WITHDRAW)


def load(number_or_pk: Mapping[str, Any], *, lock: bool = False) -> Case:
    """The case with its parts. Raises Case.DoesNotExist."""
    if lock:  # first and alone: who waits for a row joined with others finds nothing where the one before it changed what joins them
        Case.objects.select_for_update(no_key=True).get(**number_or_pk)
    return Case.objects.with_parts().prefetch_related("links__other", "links__relation").get(**number_or_pk)


def perform(
    case: Case,
    action: str,
    *,
    by: User,
    version: int,
    target: str = "",
    data: Mapping[str, Any] | None = None,
    files: Mapping[str, Any] | None = None,
    request: HttpRequest | None = None,
) -> Case:
    """Take one action on a case, or on the part of it that `target` names (see `key_of`). The only writer of a case and its steps.

    `version` is that of the case which the person saw, `data` and `files` (looked through already) what the action's form was given. A repeat by
    the same person on the same version with the same words and files counts as done. Raises ConflictError where the case was changed since,
    BlockedError with what stands against it, InvalidError with the form.
    """
    typed = digest_of_typed(data, files)
    with kept_with_the_act(), acting(by, request):
        case = load({"pk": case.pk}, lock=True)
        if case.version != version:
            return _again_or_conflict(case, (action, target, by.pk, version + 1, typed), version)
        kind = kind_of(case)
        detail = kind.details_of([case], lock=True).get(case.pk)
        offer = find(case, by, action, target, detail)
        if offer is None or offer.blockers:
            raise BlockedError(offer.blockers if offer else [NOT_OFFERED])
        turn = offer.turn
        if offer.action.form:
            form = offer.action.form(data or {}, files or {}, turn=turn)
            if not form.is_valid():
                raise InvalidError(form)
            turn.data = form.cleaned_data
        _carry_out(offer, typed)
    return case


def _carry_out(offer: Offer, typed: str) -> None:
    """The effect, the move and what is told of it, in the department's language, whoever acts: it is stored and printed."""
    turn, case = offer.turn, offer.turn.case
    with translation.override(settings.LANGUAGE_CODE):
        text = offer.action.effect(turn)
        _move(offer.action, turn)
        case.version += 1
        start_steps(case, turn.at, afresh=offer.action.move in {Move.RESUME, Move.REPIN})
        case.save(update_fields=["title", "sensitivity", "handler", "sheet", "version", "due_on", "outcome", "closed_at", "closed_by"])
        _note(offer, text, typed)


def run_out(case: Case, action: Action) -> Case:
    """Take an action on an open case because its time has come: in the name of who carries it, and in the trail as an act of the portal itself.

    For the schedule only: nobody's rights are asked, and `action` says itself what stands against it. A case that was closed meanwhile stays so.
    """
    with acting(None):
        case = load({"pk": case.pk}, lock=True)
        if case.is_closed:
            return case
        detail = kind_of(case).details_of([case], lock=True).get(case.pk)
        turn = Turn(case, detail, None, case.handler, standings_of(case.handler)[0], timezone.now())
        _carry_out(Offer(action, turn, ()), digest_of_typed({}))
    return case


NOT_TYPED = {"csrfmiddlewaretoken", "version", "password"}


def digest_of_typed(data: Mapping[str, Any] | None, files: Mapping[str, Any] | None = None) -> str:
    """What tells a repeat of a form from another one: an HMAC of all that was typed, so that short words cannot be guessed from it."""
    values = data.lists() if isinstance(data, MultiValueDict) else (data or {}).items()
    typed = {name: value for name, value in values if name not in NOT_TYPED}
    given = {name: [[file.name, file.sha256] for file in each] for name, each in files.lists()} if isinstance(files, MultiValueDict) else {}
    return salted_hmac("cases.typed", approvals.digest_of({"typed": typed, "files": given} if given else typed), algorithm="sha256").hexdigest()


def _again_or_conflict(case: Case, act: tuple[str, str, int, int, str], version: int) -> Case:
    changes = list(case.timeline.filter(version__gt=version).select_related("by").order_by("pk"))
    if changes and (changes[0].kind, changes[0].target, changes[0].by_id, changes[0].version, changes[0].typed) == act:
        return case
    raise ConflictError(case, changes)


def _move(action: Action, turn: Turn) -> None:
    match action.move:
        case Move.COMPLETE:
            steps.finish_step(turn, CaseStep.Status.DONE, final=action.final)
        case Move.SKIP:
            steps.finish_step(turn, CaseStep.Status.SKIPPED)
        case Move.RETURN:
            steps.reopen_from(turn)
        case Move.HOLD:
            steps.hold(turn)
        case Move.RESUME:
            steps.resume(turn)
        case Move.REASSIGN:
            steps.reassign(turn)
        case Move.REPIN:
            steps.repin(turn)
        case Move.WITHDRAW:
            steps.close(turn, Case.Outcome.WITHDRAWN)
        case Move.CLOSE:
            steps.close(turn, turn.data.get("outcome") or Case.Outcome.COMPLETED)


def _note(offer: Offer, text: str | None, typed: str) -> None:
    turn, action = offer.turn, offer.action
    if text is None:
        text = str(turn.data.get("reason") or turn.data.get("remark") or "")
    TimelineEntry.objects.create(
        case=turn.case,
        at=turn.at,
        by=turn.by,
        on_behalf_of=turn.on_behalf_of,
        kind=action.name,
        target=offer.key,
        label=_label(action, turn.case, turn.target),
        text=text,
        version=turn.case.version,
        typed=typed,
    )
    behalf = turn.on_behalf_of.username if turn.on_behalf_of else None
    record(f"case.{action.name}", turn.case, number=turn.case.number, target=offer.key, text=text, version=turn.case.version, on_behalf_of=behalf)


def _label(action: Action, case: Case, target: Target) -> str:
    """What the timeline calls an act: "第 2 步：办结本步", "同意：送审（第 2 步）"."""
    if isinstance(target, CaseStep):
        return _("第 %(number)d 步：%(label)s") % {"number": target.number, "label": action.label}
    if isinstance(target, Approval):
        number = next(step.number for step in case.steps.all() if step.pk == target.step_id)
        return _("%(label)s：%(kind)s（第 %(number)d 步）") % {"label": action.label, "kind": target.get_kind_display(), "number": number}
    return str(action.label)


STANDARD = [value for module in (approvals, documents, materials, steps, tasks) for value in vars(module).values() if isinstance(value, Action)]
