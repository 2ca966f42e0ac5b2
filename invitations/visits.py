"""After the letter: what became of the people on it, until when their departure is to be registered (销签), and which units are in default.

The clock runs from the planned exit, so many working days as rule INV-17 says. Where the days are not entered, nothing is late: dates are not guessed.
"""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from django.db.models import Count, Exists, F, OuterRef, Q, QuerySet
from django.http import HttpRequest
from django.utils import timezone

from accounts.audit import acting, record
from accounts.models import User
from cases.models import Case
from core.working_days import NotEnteredError, WorkingDays

from .models import Application, CheckRule, InvitationLetter, Invitee, InvitingUnit, Visit

RULE = "INV-17"
DAY = timedelta(days=1)
LOOKED_BACK = 400  # days that are loaded at once

# Whose letter is in force or was, and of whom it is not known that they have left, or never came.
OPEN = Q(visit=None) | Q(visit__visa=Visit.Visa.GRANTED, visit__left_on=None)


@dataclass(frozen=True)
class Clock:
    """How long a departure may take to be registered: working days after the planned exit (None: no rule is in use)."""

    days: int | None
    blocks: bool = False  # whether a unit that is late gets no further letter

    def due_on(self, exit_on: date) -> date | None:
        """The last day in time; None without a rule, or where the working days are not entered."""
        if self.days is None:
            return None
        try:
            return WorkingDays.since(exit_on, LOOKED_BACK).after(exit_on, self.days)
        except NotEnteredError:
            return None

    def late_since(self, today: date) -> date | None:
        """Up to which planned exit a departure that is not registered is late today; None where none can be."""
        if self.days is None:
            return None
        calendar, day, passed = WorkingDays.since(today - LOOKED_BACK * DAY, LOOKED_BACK), today - DAY, 0
        try:
            while passed < self.days:
                passed += calendar.is_working(day)
                day -= DAY
        except NotEnteredError:
            return None
        return day


def clock_on(today: date) -> Clock:
    """The clock as the catalogue of rules has it today; one query."""
    rule = CheckRule.objects.filter(code=RULE).first()
    if rule is None or not rule.is_used_on(today):
        return Clock(None)
    return Clock(rule.figure or 0, blocks=rule.strictness == CheckRule.Strictness.BLOCK)


# -- who is awaited ----------------------------------------------------------------------------------------------------------------------------------------


def guests() -> QuerySet[Invitee]:
    """The people on letters that were not cancelled or replaced."""
    letters = InvitationLetter.objects.filter(application=OuterRef("application"), cancelled_at=None, replaced_by=None)
    return Invitee.objects.filter(Exists(letters), removed_at=None)


def awaited(since: date) -> QuerySet[Invitee]:
    """Of whom is to be told what became of them: their planned exit was on this day or before."""
    return guests().filter(OPEN, application__exit_on__lte=since)


def overdue(today: date, units: Collection[int] | None = None, clock: Clock | None = None) -> QuerySet[Invitee]:
    """Whose departure should have been registered before today; of these units, or of all."""
    day = (clock or clock_on(today)).late_since(today)
    found = awaited(day) if day else Invitee.objects.none()
    return found if units is None else found.filter(application__unit__in=units)


def in_default(units: Iterable[InvitingUnit], today: date) -> dict[int, int]:
    """How many departures each of these units is late with; those without are left out. Three queries for any number."""
    keys = [unit.pk for unit in units]
    rows = overdue(today, keys).values("application__unit").annotate(count=Count("pk")).values_list("application__unit", "count")
    return dict(rows.order_by("application__unit")) if keys else {}


@dataclass(frozen=True)
class Awaited:
    """One application whose people are to be told of, and until when."""

    application: Application
    count: int
    due_on: date | None

    def is_late(self, today: date) -> bool:
        return self.due_on is not None and self.due_on < today


def awaited_of(cases: QuerySet[Case], today: date) -> list[Awaited]:
    """The applications of these cases whose people are awaited, the earliest exit first."""
    counts = awaited(today).filter(application__case__in=cases).values("application").annotate(count=Count("pk")).values_list("application", "count")
    by_key = dict(counts.order_by("application"))
    rows = Application.objects.filter(pk__in=by_key).select_related("case", "unit").order_by("exit_on", "pk")
    clock = clock_on(today)
    due = {day: clock.due_on(day) if day else None for day in {row.exit_on for row in rows}}
    return [Awaited(row, by_key[row.pk], due[row.exit_on]) for row in rows]


# -- telling -----------------------------------------------------------------------------------------------------------------------------------------------


def people_of(letter: InvitationLetter) -> list[Invitee]:
    """Who stands on this letter: the people of an application are on its letters in order."""
    before = sum(InvitationLetter.objects.filter(application=letter.application_id, part__lt=letter.part).values_list("count", flat=True))
    people = Invitee.objects.filter(application=letter.application_id, removed_at=None).select_related("nationality", "visit")
    return list(people[before : before + letter.count])


def tell(told: Mapping[Invitee, Mapping[str, Any]], *, by: User, request: HttpRequest | None = None) -> int:
    """Store what became of these people (`visa`, `entered_on`, `left_on`, `note`); each is an act of its own in the trail. Returns how many were new."""
    count = 0
    with acting(by, request):
        for invitee, values in told.items():
            row = Visit.objects.select_for_update().filter(invitee=invitee).first() or Visit(invitee=invitee)
            before = {name: getattr(row, name) for name in values} if row.pk else None
            if before == dict(values):
                continue
            for name, value in values.items():
                setattr(row, name, value)
            row.recorded_at, row.recorded_by = timezone.now(), by
            row.save()
            facts = {"case": invitee.application.case.number, "before": before, "after": dict(values)}
            record("invitation.tell_visit", invitee, **facts)
            count += 1
    return count


def results(cases: QuerySet[Case], by: str) -> list[dict[str, Any]]:
    """What became of guests, by country or by unit: how many were invited, got a visa, were refused, did not use it, came, left. One query."""
    column = {"country": F("nationality__name"), "unit": F("application__unit__name")}[by]
    guests_by = guests().filter(application__case__in=cases).order_by().values(of=column)
    rows: Iterable[Any] = guests_by.annotate(
        invited=Count("pk"),
        granted=Count("pk", filter=Q(visit__visa=Visit.Visa.GRANTED)),
        refused=Count("pk", filter=Q(visit__visa=Visit.Visa.REFUSED)),
        unused=Count("pk", filter=Q(visit__visa=Visit.Visa.UNUSED)),
        entered=Count("pk", filter=Q(visit__entered_on__isnull=False)),
        left=Count("pk", filter=Q(visit__left_on__isnull=False)),
    ).order_by("-invited", "of")
    return list(rows)
