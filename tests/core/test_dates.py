"""Days as people write them."""

from datetime import date

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.dates import EXCEL_ZERO, BadDayError, read_day

TODAY = date(2026, 11, 24)


@pytest.mark.parametrize(
    "text",
    [
        "2026-03-01",
        "2026/3/1",
        "2026.3.1",
        "2026年3月1日",
        "2026 年 3 月 1 日",
        "２０２６－０３－０１",
        "20260301",
        "1 March 2026",
        "1st March, 2026",
        "March 1, 2026",
        "Mar. 1 2026",
        "1-Mar-26",
        "01-MAR-2026",
        "1/Mar/2026",
        "46082",
        "46082.0",
        "2026-03-01 00:00:00",
        " 2026-3-1 ",
    ],
)
def test_a_day(text):
    assert read_day(text, TODAY, century="near") == date(2026, 3, 1)


@pytest.mark.parametrize(
    ("text", "century", "day"),
    [
        ("24-Nov-26", "past", date(2026, 11, 24)),
        ("25-Nov-26", "past", date(1926, 11, 25)),
        ("12-Aug-74", "past", date(1974, 8, 12)),
        ("12-Aug-74", "near", date(2074, 8, 12)),
        ("12-Aug-77", "near", date(1977, 8, 12)),
        ("1-Sept-30", "near", date(2030, 9, 1)),
        ("31/12/1980", "past", date(1980, 12, 31)),
        ("12/31/1980", "past", date(1980, 12, 31)),
        ("5.5.1980", "past", date(1980, 5, 5)),
    ],
)
def test_years_of_two_figures_and_days_that_are_told_from_months(text, century, day):
    assert read_day(text, TODAY, century=century) == day


def test_a_late_century():
    assert read_day("1-Mar-05", date(2090, 1, 1), century="near") == date(2105, 3, 1)


@pytest.mark.parametrize(
    "text", ["", "2026-02-30", "2026-13-01", "13/13/2026", "March", "31-Feb-26", "99999999", "0000-01-01", "2026", "1234567890", "明天", "3月1日"]
)
def test_no_day(text):
    with pytest.raises(BadDayError, match=r"不是日期。请写成 2026-03-01"):
        read_day(text, TODAY, century="past")


def test_day_or_month():
    with pytest.raises(BadDayError, match="分不清日和月"):
        read_day("03/04/2026", TODAY, century="past")


@settings(deadline=None)
@given(st.dates(date(1928, 1, 1), date(2060, 1, 1)))
def test_every_way_gives_the_same_day(day):
    ways = [
        f"{day:%Y-%m-%d}",
        f"{day.year}年{day.month}月{day.day}日",
        f"{day.day} {day:%B} {day.year}",
        f"{day:%b} {day.day}, {day.year}",
        str((day - EXCEL_ZERO).days),
    ]

    assert [read_day(way, TODAY, century="past") for way in ways] == [day] * 5
