"""What the page of an approval shows: what is decided on, what the portal has checked, and what this person may answer."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from django.db.models import Model
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.models import User

from . import approvals, process
from .kinds import Action, Blocker, CaseKind, Text, Turn, kind_of
from .models import Approval, Case, CaseMaterial, CaseStep, CaseTask, TimelineEntry
from .progress import closes
from .queries import approvals_seen_by, waiting_for, with_case
from .standing import standings_of

RECENT = 12  # entries of the timeline


@dataclass(frozen=True)
class Check:
    """One thing that the portal has looked at: whether it is as it should be, in words."""

    is_right: bool
    text: Text
    more: Text = ""


def question_of(approval: Approval) -> Text:
    """What is asked for, in a word."""
    if approval.kind != Approval.Kind.STEP:
        return approval.get_kind_display()
    if approval.right == Approval.Right.SIGN:
        return _("待签发")
    return _("待复核") if approval.is_second_review else _("待审核")


@dataclass
class ApprovalPage:
    """One question with its case, as this person sees it."""

    approval: Approval
    case: Case
    person: User

    @classmethod
    def load(cls, pk: int, person: User) -> "ApprovalPage | None":
        """Read it anew; None where it is out of the person's scope or absent."""
        approval = with_case(approvals_seen_by(person)).filter(pk=pk).first()
        return None if approval is None else cls(approval, process.load({"pk": approval.case_id}), person)

    @cached_property
    def kind(self) -> CaseKind:
        return kind_of(self.case)

    @cached_property
    def detail(self) -> Model | None:
        return self.kind.details_of([self.case]).get(self.case.pk)

    @cached_property
    def offers(self) -> dict[str, process.Offer]:
        """What this person may answer, by the action's name."""
        found = (process.find(self.case, self.person, name, process.key_of(self.approval), self.detail) for name in ("approve", "send_back"))
        return {offer.action.name: offer for offer in found if offer}

    @cached_property
    def turn(self) -> Turn:
        if self.offers:
            return next(iter(self.offers.values())).turn
        row = next(row for row in self.case.approvals.all() if row.pk == self.approval.pk)
        return Turn(self.case, self.detail, row, self.person, standings_of(self.person)[0], timezone.now())

    @cached_property
    def blockers(self) -> Sequence[Blocker]:
        """Why this person cannot say yes."""
        return self.offers["approve"].blockers if "approve" in self.offers else ()

    @property
    def approve(self) -> Action:
        """What saying yes is here: an action of its own where the stage has one."""
        return self.offers["approve"].action if "approve" in self.offers else approvals.APPROVE

    @property
    def form_class(self) -> Any:
        return self.approve.form

    @property
    def asks_password(self) -> bool:
        return self.approve.asks_password

    @property
    def can_approve(self) -> bool:
        return "approve" in self.offers and not self.blockers

    @property
    def can_send_back(self) -> bool:
        return "send_back" in self.offers and not self.offers["send_back"].blockers

    @property
    def can_decide(self) -> bool:
        return self.can_approve or self.can_send_back

    @property
    def in_place_of(self) -> User | None:
        """In whose name this person would answer."""
        return self.turn.on_behalf_of if self.offers else None

    # -- where it stands ------------------------------------------------------------------------------------------------------------------------------

    @cached_property
    def step(self) -> CaseStep:
        return next(step for step in self.case.steps.all() if step.pk == self.approval.step_id)

    @property
    def question(self) -> Text:
        return question_of(self.approval)

    @property
    def steps(self) -> int:
        return len(self.case.own_steps)

    @property
    def is_held(self) -> bool:
        return self.case.open_hold is not None

    @cached_property
    def queue(self) -> list[int]:
        return list(waiting_for(self.person).values_list("pk", flat=True)[:100])

    @property
    def place(self) -> int:
        """Which of those that wait for this person it is, from 1; 0 if it does not."""
        return self.queue.index(self.approval.pk) + 1 if self.approval.pk in self.queue else 0

    # -- what is decided on ---------------------------------------------------------------------------------------------------------------------------

    @cached_property
    def materials(self) -> list[CaseMaterial]:
        """The materials that are shown: the one to be waived, else all of the case."""
        if self.approval.kind == Approval.Kind.WAIVER:
            return self.needed
        return list(self.case.materials.all())

    @cached_property
    def needed(self) -> list[CaseMaterial]:
        """The materials that this is about: the one to be waived, else those of the step, all of them with the last."""
        if self.approval.kind == Approval.Kind.WAIVER:
            return [material for material in self.case.materials.all() if material.pk == self.approval.material_id]
        last = closes(self.case, self.step)
        return [material for material in self.case.materials.all() if last or material.needed_for_id == self.step.pk]

    @cached_property
    def tasks(self) -> list[CaseTask]:
        return [task for task in self.case.tasks.all() if task.step_id == self.step.pk]

    @cached_property
    def facts(self) -> dict[str, Any]:
        return dict(self.kind.snapshot(self.case, self.detail))

    @cached_property
    def rule_texts(self) -> list[str]:
        """What an override would let pass."""
        if self.approval.kind != Approval.Kind.OVERRIDE:
            return []
        turn = Turn(self.case, self.detail, self.step, self.person, self.turn.standing, self.turn.at)
        return [str(blocker.text) for blocker in approvals.step_blockers(turn) if blocker.rule == self.approval.rule]

    @cached_property
    def timeline(self) -> list[TimelineEntry]:
        return list(self.case.timeline.select_related("by", "on_behalf_of")[:RECENT])

    # -- what the portal has checked ------------------------------------------------------------------------------------------------------------------

    @cached_property
    def checks(self) -> list[Check]:
        return list(self._checks()) if self.approval.is_open else []

    def _checks(self) -> Iterator[Check]:
        if self.approval.kind != Approval.Kind.WAIVER:
            yield from self._completeness()
            yield from (Check(*told) for told in self.kind.checks(self.case, self.detail))
        if approvals.current_digest(self.turn) == self.approval.digest:
            yield Check(True, _("内容与送审时一致"))
        else:
            yield Check(False, _("送审之后内容有变化"), _("只能退回，由承办人重新送审。"))
        same_person = approvals.second_person_blockers(self.turn)
        for blocker in same_person:
            yield Check(False, blocker.text, blocker.basis)
        if self.offers and not same_person:
            yield Check(True, _("审签人不是送审人，也没有审签过上一级"))
        if self.is_held:
            yield Check(False, _("办件待补正，暂停期间不审签"), self.case.open_hold.reason if self.case.open_hold else "")

    def _completeness(self) -> Iterator[Check]:
        missing = [material.name for material in self.needed if material.is_missing]
        waived = [material.name for material in self.needed if material.status == CaseMaterial.Status.WAIVED]
        if missing:
            yield Check(False, _("缺 %(count)d 份材料") % {"count": len(missing)}, "、".join(missing))
        elif self.needed:
            more = _("其中免交：%(names)s") % {"names": "、".join(waived)} if waived else ""
            yield Check(True, _("运行要件 %(count)d 份齐备") % {"count": len(self.needed)}, more)
        unfinished = [task.title for task in self.tasks if task.is_required and task.status == CaseTask.Status.OPEN]
        if unfinished:
            yield Check(False, _("有 %(count)d 项任务未完成") % {"count": len(unfinished)}, "、".join(unfinished))
        elif self.tasks:
            yield Check(True, _("必须完成的任务都已完成"))
