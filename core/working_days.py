"""Which days are worked on, and counting by them.

They follow the yearly notice of the State Council: days off, and weekends worked for them. A day of a year that nobody has entered
is never guessed at: counting stops with `NotEnteredError`.
"""

from collections.abc import Iterable, Mapping
from datetime import date, timedelta

from django.db import transaction
from django.utils.translation import gettext as _

from .models import CalendarDay

DAY = timedelta(days=1)


class NotEnteredError(Exception):
    """A day that would have to be looked at is not entered; `day` is the first such day."""

    def __init__(self, day: date) -> None:
        self.day = day
        super().__init__(day)

    def __str__(self) -> str:
        return _("%(year)d 年放假安排未录入，算不到 %(day)s。请在“工作日历”中导入国务院办公厅的放假通知。") % {"year": self.day.year, "day": self.day}


class WorkingDays:
    """The entered days from `first` on, loaded with one query; what lies outside is loaded when it is asked for."""

    def __init__(self, first: date, days: int) -> None:
        self._span = days
        self._load(first)

    @classmethod
    def since(cls, first: date, days: int = 800) -> "WorkingDays":
        """Load `days` days from `first` on."""
        return cls(first, days)

    def _load(self, first: date) -> None:
        self._first, self._last = first, first + min(self._span * DAY, date.max - first)
        self._working = dict(CalendarDay.objects.filter(day__range=(self._first, self._last)).values_list("day", "is_working"))

    def is_working(self, day: date) -> bool:
        """Whether `day` is worked on. Raises NotEnteredError."""
        if not self._first <= day <= self._last:
            self._load(day)
        if day not in self._working:
            raise NotEnteredError(day)
        return self._working[day]

    def after(self, start: date, count: int, *, still: Iterable[tuple[date, date]] = ()) -> date:
        """The `count`-th working day after `start`, which itself does not count; `start` where `count` is 0.

        `still` are pairs (since, until) between which the clock stood: days with since < day <= until do not count.
        Raises NotEnteredError.
        """
        if count < 0:
            raise ValueError("count must not be negative")
        holds, day = list(still), start
        while count:
            if day == date.max:
                raise NotEnteredError(day)
            day += DAY
            if self.is_working(day) and not any(since < day <= until for since, until in holds):
                count -= 1
        return day

    def between(self, start: date, end: date) -> int:
        """How many working days there are with start < day <= end; negative where `end` lies before `start`. Raises NotEnteredError."""
        if end < start:
            return -self.between(end, start)
        return sum(self.is_working(start + number * DAY) for number in range(1, (end - start).days + 1))


def days_of(year: int, days_off: Mapping[date, str], days_on: Mapping[date, str]) -> list[CalendarDay]:
    """Every day of `year`, unsaved: weekends off, `days_off` off and `days_on` worked on, with their names.

    Days of other years in the mappings are appended. Raises ValueError where a day is in both.
    """
    if both := set(days_off) & set(days_on):
        raise ValueError(f"both off and worked on: {sorted(both)}")
    first = date(year, 1, 1)
    days = [first + number * DAY for number in range((date(year, 12, 31) - first).days + 1)]
    days += sorted(day for day in (*days_off, *days_on) if day.year != year)
    return [
        CalendarDay(
            day=day,
            is_working=day in days_on or (day.weekday() < 5 and day not in days_off),
            name=days_on.get(day) or days_off.get(day, ""),
        )
        for day in days
    ]


@transaction.atomic
def enter_year(year: int, days_off: Mapping[date, str], days_on: Mapping[date, str]) -> None:
    """Store every day of `year` from weekends and exceptions (day to name), in place of what was there.

    A notice may move single days of a neighbouring year (30 December worked for New Year); these change in that year, which must be
    entered: else NotEnteredError. Raises ValueError where a day is both off and worked on.
    """
    days = days_of(year, days_off, days_on)
    strangers = {row.day for row in days if row.day.year != year}
    missing = strangers - set(CalendarDay.objects.filter(day__in=strangers).values_list("day", flat=True))
    if missing:
        raise NotEnteredError(min(missing))
    CalendarDay.objects.bulk_create(days, update_conflicts=True, unique_fields=["day"], update_fields=["is_working", "name"])
