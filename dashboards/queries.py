# ruff: noqa: S608 - SQL made of constants and names of tables; values are parameters
"""The numbers behind the figures, one function each, over the cases that a person sees: those of their list of cases.

They are sums of the rollup (cases.tallies). What a person carries outside the items assigned to them is counted from the cases themselves, by the
same expressions. Each function is one query, whatever there is.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.db import connection
from django.db.models import Exists, OuterRef, Q, QuerySet

from accounts.models import User
from cases.models import Approval, Case
from cases.queries import SOON, seeing, with_case, with_state, with_steps
from cases.tallies import CASE, COLUMNS, TALLY, counted

from .periods import Period

CLOSED = ("completed", "declined", "withdrawn")


@dataclass(frozen=True)
class Scope:
    """Whose cases are counted: those of all items (None) or of these, and those that these people carry."""

    items: frozenset[str] | None
    people: tuple[int, ...]

    def holds(self, case: str) -> Q:
        """The same, as a condition; `case` is the column with the key of the case. It is asked row by row, so that what is sorted is not gathered first."""
        if self.items is None:
            return Q()
        return Q(Exists(Case.objects.filter(Q(item__in=self.items) | Q(handler__in=self.people), pk=OuterRef(case))))


def scope_of(user: User) -> Scope:
    """What this person sees, as CaseQuerySet.visible_to has it."""
    standings = seeing(user)
    if any("cases.view_all_cases" in standing.permissions for standing in standings):
        return Scope(None, ())
    return Scope(frozenset(item for standing in standings for item in standing.items), tuple(standing.person.pk for standing in standings))


def _sums(scope: Scope, columns: str, condition: str, values: Sequence[Any], select: Sequence[Any] = ()) -> list[tuple[Any, ...]]:
    """(…columns, sum) of the rows that fulfil the condition. `select` are the parameters of the columns."""
    kept = f"SELECT {COLUMNS} FROM {TALLY} WHERE {condition}"
    begin, beyond, parameters = "", list[Any](), [*values]
    if scope.items is not None:
        items = [*scope.items, ""]  # never empty
        listed, people = (", ".join(["%s"] * len(some)) for some in (items, scope.people))
        begin = f"WITH beyond AS (SELECT * FROM {CASE} WHERE handler_id IN ({people}) AND item_id NOT IN ({listed}))"
        kept = f"{kept} AND item_id IN ({listed}) UNION ALL SELECT {COLUMNS} FROM ({counted('beyond c', '1', connection.vendor)}) AS b WHERE {condition}"
        beyond, parameters = [*scope.people, *items], [*values, *items, *values]
    places = ", ".join(str(number) for number in range(1, len(columns.split(", ")) + 1))
    statement = f"{begin} SELECT {columns}, SUM(count) FROM ({kept}) AS t GROUP BY {places} HAVING SUM(count) <> 0"
    with connection.cursor() as cursor:
        cursor.execute(statement, [*beyond, *select, *parameters])
        return list(cursor.fetchall())


def count_open(scope: Scope, today: date) -> dict[str, Counter[str]]:
    """How many cases of each item are open, and how they stand: a counter by item for each of these figures."""
    span = "CASE WHEN day < %s THEN 'overdue' WHEN day <= %s THEN 'soon' ELSE 'in_time' END"
    found: dict[str, Counter[str]] = defaultdict(Counter)
    for item, measure, how, count in _sums(scope, f"item_id, measure, {span}", "measure IN ('due', 'held', 'waiting')", [], [str(today), str(today + SOON)]):
        if measure == "waiting":
            found["waiting"][item] += count
            continue
        found[how][item] += count if measure == "due" else -count
        found["open" if measure == "due" else "held"][item] += count
    return found


def count_by_month(scope: Scope, months: Iterable[date]) -> dict[tuple[str, date], Counter[str]]:
    """How many cases of each item were opened and closed in each of these months (named by their first day): by (figure, month)."""
    asked = sorted({month.isoformat() for month in months})  # one by one: each is found in the index at once
    condition = "measure IN ({}) AND day IN ({})".format(", ".join(f"'{name}'" for name in ("opened", *CLOSED)), ", ".join(["%s"] * len(asked)))
    found: dict[tuple[str, date], Counter[str]] = defaultdict(Counter)
    for item, measure, day, count in _sums(scope, "item_id, measure, day", condition, asked):
        found["opened" if measure == "opened" else "closed", date.fromisoformat(str(day))][item] += count
    return found


def days_taken(scope: Scope, period: Period) -> dict[str, Counter[int]]:
    """How many cases of each item, completed in the period, took how many days."""
    found: dict[str, Counter[int]] = defaultdict(Counter)
    for item, days, count in _sums(scope, "item_id, days", "measure = 'completed' AND day BETWEEN %s AND %s", [str(period.first), str(period.last)]):
        found[item][days] += count
    return found


def median(days: Mapping[int, int]) -> float | None:
    """The middle one of so many values each, or the mean of the two in the middle; None of none."""
    many = sum(days.values())
    if not many:
        return None
    middle, passed, found = ((many - 1) // 2, many // 2), 0, []
    for value in sorted(days):
        reached = passed + days[value]
        found += [value for place in middle if passed <= place < reached]
        passed = reached
    return sum(found) / 2


def oldest_waiting(scope: Scope) -> QuerySet[Approval]:
    """What waits for a second person, the oldest first."""
    return with_case(Approval.objects.open().filter(scope.holds("case"), case__closed_at=None).order_by("submitted_at", "pk"))


def most_urgent(scope: Scope, today: date) -> QuerySet[Case]:
    """What is overdue or due soon, the oldest day first."""
    return with_state(with_steps(Case.objects.open().filter(scope.holds("pk"), due_on__lte=today + SOON).order_by("due_on", "pk").select_related("handler")))
