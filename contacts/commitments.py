"""Carrying out what memoranda promise: when each commitment is due, which of it is done, and the rate of fulfilment with its definition."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from functools import cached_property

from django.db.models import Prefetch, QuerySet
from django.utils.translation import gettext_lazy as _

from .models import Commitment, Fulfilment, Memorandum

MONTHS = {Commitment.Frequency.QUARTERLY: 3, Commitment.Frequency.HALF_YEARLY: 6, Commitment.Frequency.YEARLY: 12}
LENGTHS = (31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)
DEFINITION = _(
    "履约率 = 截至当日已到期的合作事项（按期次计）中，已登记履行并有凭证的所占比例。"
    "一次性事项计一期，每季度、每半年、每年的按期限逐期计算；视需要的和已撤销的不计；备忘录失效以后的不计。"
)


def months_later(day: date, months: int) -> date:
    """The same day so many months later; the last day of a month that is too short for it."""
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    for length in range(min(day.day, LENGTHS[month]), 0, -1):
        try:
            return date(year, month + 1, length)
        except ValueError:
            continue  # 29 February
    raise AssertionError(day)


def due_days(commitment: Commitment, until: date) -> list[date]:
    """The days up to `until` on which a commitment was, or is, due while its memorandum holds."""
    first, last = commitment.first_due_on, commitment.memorandum.holds_until()
    until = min(until, last) if last else until
    if first is None or first > until:
        return []
    step = MONTHS.get(Commitment.Frequency(commitment.frequency))
    if step is None:
        return [first]
    count = (until.year - first.year) * 12 + until.month - first.month
    days = (months_later(first, months) for months in range(0, count + 1, step))
    return [day for day in days if day <= until]


def next_due(commitment: Commitment, today: date) -> date | None:
    """The first day that is not done yet, in the past or to come within two years."""
    done = {one.due_on for one in commitment.fulfilments.all() if one.removed_at is None}
    return next((day for day in due_days(commitment, months_later(today, 24)) if day not in done), None)


@dataclass(frozen=True)
class Rate:
    """How much of what was due is done."""

    due: int
    done: int

    @property
    def percent(self) -> int | None:
        """Whole per cent, rounded down; None where nothing was due."""
        return self.done * 100 // self.due if self.due else None

    @property
    def words(self) -> str:
        return "-" if self.percent is None else f"{self.percent}%（{self.done}/{self.due}）"


@dataclass
class Line:
    """A commitment as it stands on a day."""

    commitment: Commitment
    today: date

    @cached_property
    def fulfilments(self) -> list[Fulfilment]:
        return [one for one in self.commitment.fulfilments.all() if one.removed_at is None]

    @cached_property
    def due(self) -> list[date]:
        return due_days(self.commitment, self.today)

    @cached_property
    def missed(self) -> list[date]:
        """The days that passed without its being done."""
        done = {one.due_on for one in self.fulfilments}
        return [day for day in self.due if day not in done and day < self.today]

    @cached_property
    def next(self) -> date | None:
        return next_due(self.commitment, self.today)

    @property
    def done(self) -> int:
        days = set(self.due)
        return sum(one.due_on in days for one in self.fulfilments)


def with_fulfilments(commitments: QuerySet[Commitment]) -> QuerySet[Commitment]:
    rows = Fulfilment.objects.filter(removed_at=None).select_related("case", "document__case", "interaction__thread__organisation", "made_by")
    return commitments.filter(removed_at=None).select_related("owner", "memorandum").prefetch_related(Prefetch("fulfilments", rows))


def lines_of(memorandum: Memorandum, today: date) -> list[Line]:
    """The commitments of one memorandum; two queries."""
    return [Line(commitment, today) for commitment in with_fulfilments(memorandum.commitments.all())]


def rate_of(lines: Iterable[Line]) -> Rate:
    lines = list(lines)
    return Rate(sum(len(line.due) for line in lines), sum(line.done for line in lines))
