"""What the page of a case and that of an approval show of a memorandum, and what the person may do about each part of it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from typing import Any

from django.urls import reverse
from django.utils import timezone

from accounts.models import User
from cases.models import Case
from cases.standing import standings_of

from . import commitments, memorandum_acts, memorandum_checks
from .memorandum_queries import State, alert_days, state_of
from .memorandum_texts import digest_of_texts, pair_of, texts_in_force
from .models import Memorandum, MemorandumText, TextCheck

FACTS = ("kind", "level", "title", "title_en", "title_other", "other_language", "prevailing", "renewal", "term_years", "renewal_years", "notice_days")


@dataclass
class Panel:
    """A memorandum as one person sees it."""

    case: Case
    detail: Memorandum
    person: User

    @cached_property
    def today(self) -> date:
        return timezone.localdate()

    @cached_property
    def memorandum(self) -> Memorandum:
        related = ("case", "kind", "predecessor__case", "occasion", "approved_by", "signing_recorded_by", "filed_by", "end_recorded_by")
        return Memorandum.objects.select_related(*related).get(pk=self.detail.pk)

    @cached_property
    def state(self) -> State:
        return state_of(self.memorandum, self.today, alert_days())

    # -- what may be done ----------------------------------------------------------------------------------------------------------------------------------

    @cached_property
    def is_handler(self) -> bool:
        return memorandum_acts.is_handled_by(self.case, self.person)

    @cached_property
    def preparing(self) -> int:
        """The number of the step beside which it may be changed now by this person; 0 if it may not."""
        step = memorandum_acts.step_of_preparing(self.case, self.memorandum) if self.is_handler else None
        return step.number if step else 0

    @cached_property
    def promising(self) -> int:
        """The same for what it promises, and what comes after its signing."""
        step = memorandum_acts.step_in(self.case, memorandum_acts.PROMISED_IN) if self.is_handler else None
        return step.number if step else 0

    @property
    def signed(self) -> int:
        """The same for what can only be done with a signed one."""
        return self.promising if self.memorandum.is_signed else 0

    @cached_property
    def carrying_out(self) -> int:
        step = memorandum_acts.step_in(self.case, ("carry_out",)) if self.is_handler and self.memorandum.is_signed else None
        return step.number if step else 0

    @cached_property
    def reads(self) -> bool:
        """Whether the person may open the files."""
        return any("cases.read_documents" in one.permissions and one.sees(self.case) for one in standings_of(self.person))

    # -- facts ---------------------------------------------------------------------------------------------------------------------------------------------

    @cached_property
    def facts(self) -> list[tuple[Any, Any]]:
        """(name, value) of what is filled in."""
        rows = []
        for name in FACTS:
            display = getattr(self.memorandum, f"get_{name}_display", None)
            value = display() if display else getattr(self.memorandum, name)
            if value not in (None, ""):
                rows.append((Memorandum._meta.get_field(name).verbose_name, value))  # type: ignore[union-attr]
        return rows

    @cached_property
    def missing(self) -> list[str]:
        return [] if self.memorandum.is_signed else memorandum_checks.missing_facts(self.case, self.memorandum)

    @cached_property
    def findings(self) -> list[memorandum_checks.Finding]:
        return memorandum_checks.findings(self.case, self.memorandum)

    @cached_property
    def until(self) -> date | None:
        return self.memorandum.holds_until()

    # -- texts ---------------------------------------------------------------------------------------------------------------------------------------------

    @cached_property
    def in_force(self) -> list[MemorandumText]:
        return texts_in_force(self.case, self.memorandum)

    @cached_property
    def texts(self) -> list[tuple[MemorandumText, str]]:
        """Every version, with its word: approved, signed, new (in force and not approved), old."""
        keys, is_approved = {text.pk for text in self.in_force}, self.is_approved
        said = "signed" if self.memorandum.is_signed else "approved" if is_approved else "new"
        return [(text, said if text.pk in keys else "old") for text in self.memorandum.all_texts if not text.is_scan]

    @property
    def scans(self) -> list[MemorandumText]:
        return [text for text in self.memorandum.all_texts if text.is_scan]

    @cached_property
    def is_approved(self) -> bool:
        approved = self.memorandum.approved_digest
        return bool(approved) and digest_of_texts(self.in_force) == approved

    @property
    def is_changed(self) -> bool:
        """Whether a text was approved, and those in force are not that one."""
        return bool(self.memorandum.approved_digest) and not self.is_approved and not self.memorandum.is_signed

    @cached_property
    def pair(self) -> tuple[MemorandumText, MemorandumText] | None:
        return pair_of(self.in_force)

    @cached_property
    def check(self) -> TextCheck | None:
        """The last word on the Chinese and English texts in force."""
        if self.pair is None:
            return None
        return self.memorandum.checks.filter(chinese=self.pair[0], english=self.pair[1]).select_related("made_by").first()

    @property
    def check_address(self) -> str:
        return reverse("contacts:memorandum-compare", args=[self.case.number])

    # -- what happens to it --------------------------------------------------------------------------------------------------------------------------------

    @cached_property
    def reviews(self) -> Sequence[Any]:
        return list(self.memorandum.reviews.filter(removed_at=None))

    @cached_property
    def countersignatures(self) -> Sequence[Any]:
        return list(self.memorandum.countersignatures.filter(removed_at=None))

    @cached_property
    def lines(self) -> list[commitments.Line]:
        return commitments.lines_of(self.memorandum, self.today)

    @property
    def rate(self) -> commitments.Rate:
        return commitments.rate_of(self.lines)

    @property
    def definition(self) -> Any:
        return commitments.DEFINITION

    @cached_property
    def yearly_reviews(self) -> Sequence[Any]:
        return list(self.memorandum.yearly_reviews.filter(removed_at=None).select_related("made_by"))

    @cached_property
    def extensions(self) -> Sequence[Any]:
        return list(self.memorandum.extensions.all())

    @cached_property
    def successors(self) -> list[Memorandum]:
        """What follows it, as far as the person sees it."""
        return list(Memorandum.objects.visible_to(self.person).filter(predecessor=self.memorandum).select_related("case"))

    @cached_property
    def predecessor(self) -> Memorandum | None:
        """What it follows, if the person sees that."""
        before = self.memorandum.predecessor
        return before if before and Case.objects.visible_to(self.person).filter(pk=before.case_id).exists() else None

    @cached_property
    def occasion(self) -> Case | None:
        """The case on whose occasion it was signed, if the person sees that."""
        key = self.memorandum.occasion_id
        return Case.objects.visible_to(self.person).filter(pk=key).first() if key else None
