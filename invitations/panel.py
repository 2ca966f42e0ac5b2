"""What the page of a case and that of an approval show of an application: its facts and people, what the checks say, what was before, who does what."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from django.db.models import Exists, OuterRef
from django.utils.translation import gettext as _

from accounts.models import User
from cases.models import Approval, Assignment, Case
from cases.standing import standings_of

from . import checks
from .application_acts import may_edit, step_of_editing
from .issuing import approvals_by, parts_of
from .letter_page import LetterPage
from .models import Application, InvitationLetter, Invitee
from .paper import letters_of
from .personal import may_ask
from .scope import ITEM, applications_seen_by, may_reveal

RIGHTS = {"review_case", "sign_case", "register_scan", "view_all_cases"}
RECENT = 20  # earlier applications of the same people
MOST_NAMES = 6


@dataclass(frozen=True)
class PersonRow:
    """One invitee, with what the checks say of them."""

    invitee: Invitee
    findings: Sequence[checks.Finding]


@dataclass(frozen=True)
class EarlierRow:
    """One of the same people on another application."""

    invitee: Invitee
    letters: Sequence[tuple[InvitationLetter, InvitationLetter.State]]


@dataclass
class Part:
    """One part of the work (接件, 一审 …): who did it, or who may; why the reader may not."""

    label: str
    done_by: str = ""
    people: list[tuple[int, str]] = field(default_factory=list)
    why_not: str = ""
    mine: bool = False

    @property
    def names(self) -> str:
        shown = "、".join(name for _pk, name in self.people[:MOST_NAMES])
        return shown if len(self.people) <= MOST_NAMES else _("%(names)s等 %(count)d 人") % {"names": shown, "count": len(self.people)}


@dataclass
class Panel:
    """An application as one person sees it."""

    case: Case
    detail: Application
    person: User

    @cached_property
    def application(self) -> Application:
        found = Application.objects.select_related("unit", "kind", "post_country", "replaces").prefetch_related("unit__holds", "unit__filings")
        return found.get(pk=self.detail.pk)

    @cached_property
    def may_edit(self) -> bool:
        return may_edit(self.case, self.person)

    @property
    def case_to_edit(self) -> Case | None:
        return self.case if self.may_edit else None

    @property
    def listed(self) -> set[str]:
        """The names of the papers that the case asks for."""
        return {material.name for material in self.case.materials.all()}

    @cached_property
    def may_reveal(self) -> bool:
        """Whether passport numbers may be looked at, for a reason."""
        return may_reveal(self.person, self.case)

    @cached_property
    def may_ask(self) -> bool:
        """Whether a request of one of these people is written down here: once letters were issued."""
        return bool(self.letters) and may_ask(self.person, self.case)

    @cached_property
    def step(self) -> int:
        """The number of the step beside which it is changed now."""
        found = step_of_editing(self.case)
        return found.number if found else 0

    @property
    def may_preview(self) -> bool:
        """Whether the letters can be looked at as they would be issued, by who may read what is in the case."""
        reads = any("cases.read_documents" in one.permissions and one.sees(self.case) for one in standings_of(self.person))
        return reads and not self.missing and not self.letters

    @property
    def specimens(self) -> range:
        """The letters that the application would lead to, from 1; none where they cannot be looked at."""
        return range(1, len(parts_of(self.application, self._facts.invitees)) + 1) if self.may_preview else range(0)

    @cached_property
    def facts(self) -> list[tuple[Any, Any]]:
        """(name, value) of what is filled in; the unit stands above."""
        rows = []
        for name in checks.NEEDED[1:]:
            display = getattr(self.application, f"get_{name}_display", None)
            value = display() if display else getattr(self.application, name)
            if value not in (None, ""):
                rows.append((Application._meta.get_field(name).verbose_name, value))  # type: ignore[union-attr]
        return rows

    @cached_property
    def missing(self) -> list[str]:
        return checks.missing_facts(self.application, self._facts.everybody)

    # -- checks --------------------------------------------------------------------------------------------------------------------------------------------

    @cached_property
    def _facts(self) -> checks.Facts:
        return checks.load(self.application, self.case.materials.all())

    @cached_property
    def findings(self) -> list[checks.Finding]:
        return checks.findings(self._facts)

    @property
    def general(self) -> list[checks.Finding]:
        """What they say of the application as a whole."""
        return [found for found in self.findings if found.invitee is None]

    @property
    def of_people(self) -> int:
        """How many things they say of single people."""
        return len(self.findings) - len(self.general)

    @cached_property
    def people(self) -> list[PersonRow]:
        return [PersonRow(one, [found for found in self.findings if found.invitee == one.pk]) for one in self._facts.everybody]

    # -- what was before -----------------------------------------------------------------------------------------------------------------------------------

    @cached_property
    def earlier(self) -> list[EarlierRow]:
        """Other applications for the same people, as far as the person sees them, the last first."""
        indexes = [one.passport_index for one in self._facts.invitees if one.passport_index]
        rows = Invitee.objects.filter(passport_index__in=indexes, removed_at=None, application__in=applications_seen_by(self.person))
        rows = rows.exclude(application=self.detail).select_related("application__case", "visit").prefetch_related("application__letters").order_by("-pk")
        return [EarlierRow(row, self._told(row.application.letters.all())) for row in rows[:RECENT]]

    @cached_property
    def issued(self) -> list[LetterPage]:
        """The letters of this application, each with what the person may do about it."""
        rows = letters_of(self.application)
        return [LetterPage(letter, self.case, self.person, self._facts.today) for letter in rows]

    @cached_property
    def letters(self) -> list[tuple[InvitationLetter, InvitationLetter.State]]:
        """The letters of this application, and how they stand."""
        return [(page.letter, page.state) for page in self.issued]

    def _told(self, letters: Any) -> list[tuple[InvitationLetter, InvitationLetter.State]]:
        return [(letter, InvitationLetter.State(letter.state_on(self._facts.today))) for letter in letters]

    # -- who does what -------------------------------------------------------------------------------------------------------------------------------------

    @cached_property
    def parts(self) -> list[Part]:
        """谁能办哪一步: nobody does two of preparing, reviewing and signing off."""
        case, reviews, signed = self.case, approvals_by(self.case, "review"), approvals_by(self.case, "issue")
        preparers = {case.handler_id: _("您是承办人，不审签自己承办的办件"), **{row.submitted_by_id: _("您送审了这份申请") for row in self._submissions}}
        reviewed = {row.decided_by_id: _("您审核过这份申请") for row in reviews}
        by_right = self._holders
        received = self.detail.received_by.name if self.detail.received_by else ""
        parts = [
            Part(_("接件"), received, [(case.handler_id, case.handler.name)]),
            self._part(_("审核（第一级）"), reviews[:1], by_right["review_case"], preparers),
            self._part(_("审核（第二级）"), reviews[1:2], by_right["review_case"], preparers | {row.decided_by_id: _("您审过第一级") for row in reviews[:1]}),
            self._part(_("签发"), signed, by_right["sign_case"], preparers | reviewed),
            Part(_("网上提交"), "", by_right["register_scan"]),
        ]
        for part in parts:
            part.mine = not part.done_by and self.person.pk in {pk for pk, _name in part.people}
        return parts

    def _part(self, label: str, done: Sequence[Approval], holders: list[tuple[int, str]], barred: dict[Any, str]) -> Part:
        names = "、".join(row.decided_by.name for row in done if row.decided_by)
        may = [(pk, name) for pk, name in holders if pk not in barred]
        holds = self.person.pk in {pk for pk, _name in holders}
        return Part(label, names, may, barred.get(self.person.pk, "") if holds and not names else "")

    @property
    def _submissions(self) -> list[Approval]:
        return [row for row in self.case.approvals.all() if row.kind == Approval.Kind.STEP]

    @cached_property
    def _holders(self) -> dict[str, list[tuple[int, str]]]:
        """(primary key, name) of who holds each right on cases of this item; one query."""
        assigned = Exists(Assignment.objects.filter(user=OuterRef("pk"), item=ITEM, ended_at=None))
        rows = User.objects.filter(is_active=True, groups__permissions__codename__in=RIGHTS).order_by("name", "pk")
        held: dict[tuple[int, str, bool], set[str]] = {}
        for pk, name, code, is_assigned in rows.annotate(is_assigned=assigned).values_list("pk", "name", "groups__permissions__codename", "is_assigned"):
            held.setdefault((pk, name, is_assigned), set()).add(code)
        sees = {key: codes for key, codes in held.items() if key[2] or "view_all_cases" in codes}
        return {right: [(pk, name) for (pk, name, _is), codes in sees.items() if right in codes] for right in RIGHTS}
