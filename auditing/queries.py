"""What the trail is narrowed by."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, time, timedelta
from typing import Any

from django.db.models import DateField, Func, IntegerField, Q, QuerySet, Value
from django.db.models.functions import Concat
from django.utils import timezone

from accounts.models import AuditEvent, User
from accounts.queries import start_of
from accounts.roles import ROLES
from core.models import CalendarDay

from . import words
from .objects import subjects_called

DAY = timedelta(days=1)
OPENS, CLOSES = time(8, 30), time(17, 30)  # what counts as working hours


def _offset() -> int:
    """Minutes by which the office is ahead of UTC; it has no summer time."""
    offset = timezone.localtime().utcoffset() or timedelta()
    return int(offset.total_seconds() // 60)


class OfficeMinute(Func):
    """The minute of the day, by the clock of the office, of a moment. Computed by the database itself: a function called back costs seconds."""

    output_field = IntegerField()
    arity = 1

    def as_sqlite(self, compiler: Any, connection: Any, **context: Any) -> Any:
        place = "(CAST(substr(%(expressions)s, 12, 2) AS INTEGER) * 60 + CAST(substr(%(expressions)s, 15, 2) AS INTEGER) + {}) %%%% 1440"
        return self.as_sql(compiler, connection, template=place.format(_offset()), **context)

    def as_postgresql(self, compiler: Any, connection: Any, **context: Any) -> Any:
        place = "CAST(floor(extract(epoch FROM %(expressions)s) / 60) + {} AS bigint) %%%% 1440"
        return self.as_sql(compiler, connection, template=place.format(_offset()), **context)


class OfficeDay(Func):
    """The day, by the calendar of the office, of a moment."""

    output_field = DateField()
    arity = 1

    def as_sqlite(self, compiler: Any, connection: Any, **context: Any) -> Any:
        return self.as_sql(compiler, connection, template=f"date(%(expressions)s, '{_offset()} minutes')", **context)

    def as_postgresql(self, compiler: Any, connection: Any, **context: Any) -> Any:
        return self.as_sql(compiler, connection, template=f"CAST(%(expressions)s AT TIME ZONE 'UTC' + interval '{_offset()} minutes' AS date)", **context)


class OfficeWeekday(Func):
    """The day of the week (Sunday 0), by the calendar of the office, of a moment."""

    output_field = IntegerField()
    arity = 1

    def as_sqlite(self, compiler: Any, connection: Any, **context: Any) -> Any:
        return self.as_sql(compiler, connection, template=f"CAST(strftime('%%%%w', %(expressions)s, '{_offset()} minutes') AS INTEGER)", **context)

    def as_postgresql(self, compiler: Any, connection: Any, **context: Any) -> Any:
        place = f"CAST(extract(dow FROM %(expressions)s AT TIME ZONE 'UTC' + interval '{_offset()} minutes') AS integer)"
        return self.as_sql(compiler, connection, template=place, **context)


def outside_hours(events: QuerySet[AuditEvent]) -> QuerySet[AuditEvent]:
    """Those before and after working hours and on days off; where a year is not entered, on weekends."""
    events = events.alias(minute=OfficeMinute("at"), day=OfficeDay("at"), weekday=OfficeWeekday("at"))
    off, worked = (CalendarDay.objects.filter(is_working=is_working).values("day") for is_working in (False, True))
    opens, closes = (moment.hour * 60 + moment.minute for moment in (OPENS, CLOSES))
    late = Q(minute__lt=opens) | Q(minute__gte=closes)
    return events.filter(late | Q(day__in=off) | (Q(weekday__in=[0, 6]) & ~Q(day__in=worked)))


# -- roles at the time ---------------------------------------------------------------------------------------------------------------------------


class Roles:
    """Who held which role when, read from the trail itself: granting and taking away are acts. One query."""

    def __init__(self) -> None:
        self._spans: dict[str, list[tuple[int, int, int | None]]] = {}  # role: (person, from, to)
        rows = AuditEvent.objects.filter(action__in=["role.grant", "role.remove"]).order_by("number")
        for number, action, subject, facts in rows.values_list("number", "action", "subject", "facts"):
            person = subject.partition(":")[2]
            if person.isdigit():
                self._note(int(person), json.loads(facts).get("role", ""), number, action == "role.grant")

    def _note(self, person: int, role: str, number: int, is_granted: bool) -> None:
        spans = self._spans.setdefault(role, [])
        if is_granted:
            spans.append((person, number, None))
            return
        for place, (holder, since, until) in enumerate(spans):
            if holder == person and until is None:
                spans[place] = (holder, since, number)

    def held(self, person: int | None, number: int) -> list[str]:
        """The slugs of the roles that this person held when event `number` was written, in the order of `roles.py`."""
        return [role for role in ROLES if any(who == person and since <= number <= (until or number) for who, since, until in self._spans.get(role, []))]

    def condition(self, role: str) -> Q:
        """The events of people who held this role then."""
        found = Q(pk__in=[])
        for person, since, until in self._spans.get(role, []):
            found |= Q(by=person, number__gte=since) & (Q(number__lte=until) if until else Q())
        return found


# -- the trail -------------------------------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Wanted:
    """What the trail is narrowed to; what is empty does not narrow it."""

    person: str = ""
    role: str = ""
    action: str = ""  # an act, or "case." for all acts of a group
    subject: str = ""
    q: str = ""
    address: str = ""
    since: date | None = None
    until: date | None = None
    only: str = ""
    outside: bool = False


def events(user: User, wanted: Wanted) -> QuerySet[AuditEvent]:
    """Events of the trail that this person may read, newest first."""
    found: QuerySet[AuditEvent] = AuditEvent.objects.visible_to(user).order_by("-number")
    if wanted.person:
        name = wanted.person.strip()
        found = found.filter(by__in=list(User.objects.filter(Q(username=name.lower()) | Q(name=name)).values_list("pk", flat=True)))
    if wanted.role:
        found = found.filter(Roles().condition(wanted.role))
    if wanted.action:
        found = _of_action(found, wanted.action)
    if wanted.subject:
        found = found.filter(subject__in=subjects_called(wanted.subject.strip()))
    if wanted.q:
        found = among(found, words.searchable()).filter(facts__icontains=wanted.q.strip())
    if wanted.address:
        found = found.filter(address=wanted.address.strip())
    if wanted.only:
        found = among(found, words.refusing() if wanted.only == "refusals" else words.disclosing())
    return within(outside_hours(found) if wanted.outside else found, wanted.since, wanted.until)


def _of_action(found: QuerySet[AuditEvent], action: str) -> QuerySet[AuditEvent]:
    if action.endswith("."):
        group = action.removesuffix(".")
        return among(found, [name for name in words.ACTIONS if words.group_of(name) == group])
    return found.filter(action=action)


def among(found: QuerySet[AuditEvent], actions: Sequence[str]) -> QuerySet[AuditEvent]:
    """Those of several acts. Written so that no index on the act is used: it would lead to sorting all of them, where a walk finds the newest at once."""
    return found.alias(act=Concat("action", Value(""))).filter(act__in=list(actions))


def within(found: QuerySet[AuditEvent], since: date | None, until: date | None) -> QuerySet[AuditEvent]:
    """Those from the day `since` to the day `until`."""
    if since:
        found = found.filter(at__gte=start_of(since))
    return found.filter(at__lt=start_of(until) + DAY) if until else found
