"""What the page of a letter shows, and what wants doing with letters: each with what the person may do about it, in a fixed number of queries."""

from dataclasses import dataclass
from datetime import date
from functools import cached_property
from typing import Any

from django.db.models import Exists, OuterRef, Prefetch, Q, QuerySet
from django.utils.translation import gettext as _

from accounts.models import User
from cases.case_rows import Button, button
from cases.models import Case
from cases.process import offers_on
from cases.standing import standings_of

from . import ending, paper
from .models import Application, Cancellation, InvitationLetter, Scan
from .scope import letters_seen_by

SIGN = "cases.sign_case"
MOST = 50  # letters of one kind of work on the first page


def with_people() -> tuple[Any, ...]:
    """What came after a letter, with who did it, to be prefetched."""
    return (
        Prefetch("scans", Scan.objects.select_related("added_by", "added_for", "decided_by", "decided_for")),
        Prefetch("cancellations", Cancellation.objects.select_related("asked_by", "asked_for", "decided_by", "decided_for")),
        Prefetch("replacements", Application.objects.select_related("case")),
    )


def buttons_for(letter: InvitationLetter, case: Case, person: User) -> list[Button]:
    """What this person may do with the letter now. `letter` came with what happened to it, `case` with its parts."""
    return [button(case, offer) for offer in offers_on(case, person, ending.acts_on(case, letter), letter.application)]


@dataclass
class LetterPage:
    """A letter as one person sees it."""

    letter: InvitationLetter
    case: Case
    person: User
    today: date

    @property
    def state(self) -> InvitationLetter.State:
        return InvitationLetter.State(self.letter.state_on(self.today))

    @cached_property
    def buttons(self) -> list[Button]:
        return buttons_for(self.letter, self.case, self.person)

    @property
    def may_print_slip(self) -> bool:
        return self.letter.is_live and bool(self.letter.rendered_at) and self._has(paper.KEEPER)

    @property
    def may_open_scan(self) -> bool:
        return self._has(paper.OPENER)

    def _has(self, right: str) -> bool:
        return any(right in standing.permissions and standing.sees(self.case) for standing in standings_of(self.person))

    @property
    def under_way(self) -> list[Case]:
        """The cases that are open for a letter in place of this one."""
        return ending.open_replacements(self.letter)


# -- what wants doing --------------------------------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Waiting:
    """Letters that wait for one thing from this person."""

    label: Any
    letters: list[InvitationLetter]


def decisions_of(person: User) -> list[Waiting] | None:
    """The letters of which this person is to decide something that another asked, in two queries: voids, and scans to compare. None where there are none."""
    return _waiting(*_to_decide(person))


def count_decisions(person: User) -> int:
    """How many there are of them, in two queries at most."""
    return sum(letters.count() for _label, letters in _to_decide(person))


def _to_decide(person: User) -> tuple[tuple[Any, QuerySet[InvitationLetter]], ...]:
    from_others = Q(asked_by=person) | Q(asked_for=person)
    asked = Cancellation.objects.filter(letter=OuterRef("pk"), decision="").exclude(from_others)
    unread = Scan.objects.filter(letter=OuterRef("pk"), decision="").exclude(Q(added_by=person) | Q(added_for=person))
    return (
        (ending.CANCEL.label, _seen(person, SIGN).filter(Exists(asked))),
        (paper.CONFIRM.label, _seen(person, paper.OPENER).filter(Exists(unread))),
    )


def papers_of(person: User) -> list[Waiting] | None:
    """The letters on paper that this person is to have sealed, hand over, scan and submit, in one query. None where there are none."""
    live = Q(cancelled_at=None, replaced_by=None)
    on_the_way = Q(application__case__closed_at=None) & (Q(sealed_at=None) | Q(handed_over_at=None) | Q(submitted_on=None))
    to_hand_over = Q(sealed_at__isnull=False, handed_over_at=None)
    return _waiting((_("用印、交付、扫描和网上提交"), _seen(person, paper.KEEPER).filter(live & (on_the_way | to_hand_over))))


def waiting_for(person: User) -> list[Waiting] | None:
    """All letters that wait for this person, in three queries. None where there are none."""
    return [*(decisions_of(person) or []), *(papers_of(person) or [])] or None


def _waiting(*found: tuple[Any, QuerySet[InvitationLetter]]) -> list[Waiting] | None:
    return [Waiting(label, letters) for label, rows in found if (letters := list(rows[:MOST]))] or None


def _seen(person: User, right: str) -> QuerySet[InvitationLetter]:
    if not any(right in standing.permissions for standing in standings_of(person)):
        return InvitationLetter.objects.none()
    return letters_seen_by(person, right).select_related("application__case").order_by("pk")
