"""What stands on the page of a case: buttons, deadlines, and a row for each part with what may be done about it."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date
from difflib import SequenceMatcher

from django.urls import reverse
from django.utils.translation import gettext as _

from . import approvals, materials, process, steps, tasks
from .kinds import Blocker, Move, Text
from .models import Approval, Case, CaseHold, CaseLink, CaseMaterial, CaseStep, CaseTask, Document
from .process import Offer
from .progress import closes

DECIDED_ELSEWHERE = (approvals.APPROVE, approvals.SEND_BACK)  # on the page of the approval, where what is decided can be read
ONE_CLICK = (tasks.TICK, tasks.UNTICK, materials.VERIFY)


@dataclass(frozen=True)
class Button:
    """A button of the page: a link to the page of its action, or with `one_click` a form that does it."""

    offer: Offer
    address: str
    label: Text
    one_click: bool
    id: str  # names the list of its reasons in the page

    @property
    def blockers(self) -> Sequence[Blocker]:
        return self.offer.blockers

    @property
    def is_grave(self) -> bool:
        return self.offer.action.move is Move.WITHDRAW


@dataclass(frozen=True)
class Deadline:
    """Until when, and how long that is from today; without a day where the holidays of its year are not entered."""

    day: date | None
    days: int = 0
    working: int | None = None

    @property
    def is_late(self) -> bool:
        return self.day is not None and self.days < 0

    @property
    def words(self) -> str:
        if self.day is None:
            return _("放假安排未录入，期限待算")
        if self.days < 0:
            return _("已逾期 %(days)d 天") % {"days": -self.days}
        if self.days == 0:
            return _("今天到期")
        if self.working is None:
            return _("还有 %(days)d 天") % {"days": self.days}
        return _("还有 %(days)d 天，%(working)d 个工作日") % {"days": self.days, "working": self.working}


@dataclass(frozen=True)
class TaskRow:
    task: CaseTask
    done_by: str
    deadline: Deadline | None
    tick: Button | None
    others: list[Button]


@dataclass(frozen=True)
class ApprovalRow:
    approval: Approval
    submitted_for: str
    decided_for: str
    address: str  # of its page, for whom it waits
    recall: Button | None


@dataclass(frozen=True)
class StepRow:
    step: CaseStep
    state: str
    done_by: str
    deadline: Deadline | None
    tasks: list[TaskRow]
    approvals: list[ApprovalRow]
    acts: list[Button]  # what completes it or brings it further
    others: list[Button]


@dataclass(frozen=True)
class MaterialRow:
    material: CaseMaterial
    needed_for: int | None  # number of the step; None: by the close
    received_by: str
    verified_by: str
    waiver: ApprovalRow | None
    act: Button | None
    others: list[Button]
    documents: int


@dataclass(frozen=True)
class DocumentRow:
    """A document: its newest version, what may be done with it, and the versions before, newest first."""

    document: Document
    added_by: str
    withdrawn_by: str
    material: str
    buttons: list[Button]
    older: list["DocumentRow"]


@dataclass(frozen=True)
class LinkRow:
    link: CaseLink
    other: Case
    is_ours: bool  # made from this case, not from the other
    unlink: Button | None


@dataclass(frozen=True)
class HoldRow:
    hold: CaseHold
    since_by: str
    ended_by: str


@dataclass(frozen=True)
class StepChange:
    """One line of the comparison of two editions: the old step, the new one, or both."""

    kind: str  # same, changed, added, removed
    old: str
    new: str


def button(case: Case, offer: Offer) -> Button:
    """The button of an offer on the page of its case."""
    return Button(offer, address_of(case, offer), offer.action.label, is_one_click(case, offer), f"{offer.key.replace(':', '-') or 'case'}-{offer.action.name}")


def address_of(case: Case, offer: Offer) -> str:
    """Where the action of an offer is asked for."""
    if offer.action in DECIDED_ELSEWHERE and isinstance(offer.target, Approval):
        return offer.target.get_absolute_url()
    if offer.target is None:
        return reverse("cases:case-do", args=[case.number, offer.action.name])
    if isinstance(offer.target, CaseStep):
        return reverse("cases:step-do", args=[case.number, offer.target.number, offer.action.name])
    return reverse("cases:part-do", args=[case.number, process.part_of(offer.target), offer.target.pk, offer.action.name])


def is_one_click(case: Case, offer: Offer) -> bool:
    """Whether the button does it at once: what can be undone and asks for nothing."""
    target = offer.target
    if offer.action is materials.RECEIVE and isinstance(target, CaseMaterial):
        return not (target.number or target.dated_on or target.issuer)  # facts of an earlier paper are looked at again
    if offer.action == replace(steps.COMPLETE, effect=offer.action.effect) and isinstance(target, CaseStep):
        return not closes(case, target)
    return offer.action in ONE_CLICK


def compare(old: Sequence[str], new: Sequence[str]) -> list[StepChange]:
    """Two lists of steps side by side."""
    found: list[StepChange] = []
    for tag, i1, i2, j1, j2 in SequenceMatcher(None, old, new, autojunk=False).get_opcodes():
        left, right = list(old[i1:i2]), list(new[j1:j2])
        if tag == "equal":
            found += [StepChange("same", text, text) for text in left]
            continue
        both = min(len(left), len(right))
        found += [StepChange("changed", was, now) for was, now in zip(left[:both], right[:both], strict=True)]
        found += [StepChange("removed", was, "") for was in left[both:]] + [StepChange("added", "", now) for now in right[both:]]
    return found
