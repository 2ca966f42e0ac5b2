"""Days as people write them: 2026-03-01, 2026/3/1, 2026年3月1日, 20260301, 1 March 2026, March 1, 2026, 1-Mar-26, and Excel's serial numbers."""

import re
import unicodedata
from datetime import date, timedelta

from django.utils.translation import gettext as _

MONTHS = ["january", "february", "march", "april", "may", "june", "july", "august", "september", "october", "november", "december"]
MONTH = "|".join([*MONTHS, *(month[:3] for month in MONTHS), "sept"])
EXCEL_ZERO = date(1899, 12, 30)  # ECMA-376 part 1, 18.17.4.1: day 1 is 1 January 1900, in a calendar that has a 29 February 1900
CLOCK = re.compile(r"[ T]0{1,2}:00(:00(\.0+)?)?$")
YEAR_FIRST = re.compile(r"(\d{4})\s*[-/.年]\s*(\d{1,2})\s*[-/.月]\s*(\d{1,2})\s*日?")
RUN = re.compile(r"(\d{4})(\d{2})(\d{2})")
DAY_FIRST = re.compile(rf"(\d{{1,2}})(?:st|nd|rd|th)?[\s/-]*({MONTH})\.?[\s,/-]*(\d{{4}}|\d{{2}})", re.IGNORECASE)
MONTH_FIRST = re.compile(rf"({MONTH})\.?\s*(\d{{1,2}})(?:st|nd|rd|th)?,?\s*(\d{{4}})", re.IGNORECASE)
FIGURES = re.compile(r"(\d{1,2})\s*[-/.]\s*(\d{1,2})\s*[-/.]\s*(\d{4})")
SERIAL = re.compile(r"(\d{5})(?:\.0+)?")


class BadDayError(Exception):
    """A text that is no day; its message says what to write."""


def month_of(word: str) -> int:
    """1 for January, Jan …"""
    return next(number for number, month in enumerate(MONTHS, 1) if month.startswith(word[:3].casefold()))


def read_day(text: str, today: date, *, century: str) -> date:
    """The day that `text` says. A year of two figures is the last one up to today (`century` "past"), or the one within 50 years round it ("near").

    Raises BadDayError, also where nobody can tell the day from the month.
    """
    plain = CLOCK.sub("", unicodedata.normalize("NFKC", text).strip())
    try:
        day = _read(plain, today, century)
    except (ValueError, OverflowError):
        day = None
    if day is None:
        raise BadDayError(_("“%(text)s”不是日期。请写成 2026-03-01 这样。") % {"text": text})
    return day


def _read(text: str, today: date, century: str) -> date | None:
    if match := YEAR_FIRST.fullmatch(text) or RUN.fullmatch(text):
        return date(int(match[1]), int(match[2]), int(match[3]))
    if match := DAY_FIRST.fullmatch(text):
        return date(_year(match, today, century), month_of(match[2]), int(match[1]))
    if match := MONTH_FIRST.fullmatch(text):
        return date(int(match[3]), month_of(match[1]), int(match[2]))
    if match := FIGURES.fullmatch(text):
        first, second = int(match[1]), int(match[2])
        if first <= 12 and second <= 12 and first != second:
            raise BadDayError(_("“%(text)s”分不清日和月。请写成 2026-03-01 这样。") % {"text": text})
        return date(int(match[3]), min(first, second), max(first, second)) if first <= 12 or second <= 12 else None
    if match := SERIAL.fullmatch(text):
        return EXCEL_ZERO + timedelta(days=int(match[1]))
    return None


def _year(match: re.Match[str], today: date, century: str) -> int:
    """The year of a day that is written day first, its century settled."""
    if len(match[3]) == 4:
        return int(match[3])
    month, day = month_of(match[2]), int(match[1])
    year = today.year // 100 * 100 + int(match[3])
    if century == "past":
        return year if (year, month, day) <= (today.year, today.month, today.day) else year - 100
    return year - 100 if year - today.year > 50 else year + 100 if today.year - year > 49 else year
