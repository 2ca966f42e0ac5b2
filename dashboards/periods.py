"""The times that figures are told for: a month, a quarter or a year, as the address names them (2026-11, 2026-Q4, 2026)."""

import re
from dataclasses import dataclass
from datetime import date, timedelta

from django.utils.translation import gettext as _

FIRST_YEAR = 2000
ADDRESS = re.compile(r"(\d{4})(?:-(?:(0[1-9]|1[0-2])|Q([1-4])))?")


@dataclass(frozen=True)
class Period:
    """So many whole months from the first day of one: 1, 3 or 12."""

    first: date
    months: int

    @property
    def last(self) -> date:
        return months_on(self.first, self.months) - timedelta(days=1)

    @property
    def starts(self) -> list[date]:
        """The first day of each of its months."""
        return [months_on(self.first, number) for number in range(self.months)]

    @property
    def code(self) -> str:
        """How the address names it."""
        year = f"{self.first.year:04}"
        return {1: f"{year}-{self.first.month:02}", 3: f"{year}-Q{self.first.month // 3 + 1}", 12: year}[self.months]

    @property
    def words(self) -> str:
        year, month = self.first.year, self.first.month
        if self.months == 12:
            return _("%(year)d 年") % {"year": year}
        if self.months == 3:
            return _("%(year)d 年第 %(quarter)d 季度") % {"year": year, "quarter": month // 3 + 1}
        return _("%(year)d 年 %(month)d 月") % {"year": year, "month": month}

    def moved(self, steps: int) -> "Period":
        """The one so many periods later."""
        return Period(months_on(self.first, steps * self.months), self.months)


def months_on(first: date, months: int) -> date:
    """The first day of the month so many months after that of `first`."""
    number = first.year * 12 + first.month - 1 + months
    return date(number // 12, number % 12 + 1, 1)


def month_of(day: date) -> Period:
    return Period(day.replace(day=1), 1)


def quarter_of(day: date) -> Period:
    return Period(date(day.year, (day.month - 1) // 3 * 3 + 1, 1), 3)


def year_of(day: date) -> Period:
    return Period(date(day.year, 1, 1), 12)


def period_of(code: str, today: date) -> Period:
    """The period that an address names; this year where it names none that has begun."""
    found = ADDRESS.fullmatch(code)
    if not found or not FIRST_YEAR <= int(found[1]) <= today.year:
        return year_of(today)
    year, month, quarter = int(found[1]), found[2], found[3]
    if month:
        period = Period(date(year, int(month), 1), 1)
    elif quarter:
        period = Period(date(year, int(quarter) * 3 - 2, 1), 3)
    else:
        period = Period(date(year, 1, 1), 12)
    return period if period.first <= today else year_of(today)
