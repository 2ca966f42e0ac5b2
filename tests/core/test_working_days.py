"""Counting by working days, and what is not entered."""

from datetime import date
from io import StringIO

import pytest
from django.core.management import call_command
from django.utils import translation

from core.models import CalendarDay
from core.working_days import NotEnteredError, WorkingDays, enter_year

# The last days of 2025 and 2026 as the notices have them, around New Year and Spring Festival 2026.
FESTIVALS = {date(2026, 1, day): "元旦" for day in (1, 2, 3)} | {date(2026, 2, day): "春节" for day in range(15, 24)}
SHIFTED = {date(2026, 1, 4): "元旦", date(2026, 2, 14): "春节", date(2026, 2, 28): "春节"}


@pytest.fixture
def _two_years(db):
    enter_year(2025, {}, {})
    enter_year(2026, FESTIVALS, SHIFTED)


@pytest.mark.usefixtures("_two_years")
class TestCounting:
    def test_the_day_of_the_start_does_not_count(self):
        assert WorkingDays.since(date(2026, 1, 5)).after(date(2026, 1, 5), 5) == date(2026, 1, 12)

    def test_nothing_counted_is_the_start_itself(self):
        assert WorkingDays.since(date(2026, 1, 3)).after(date(2026, 1, 3), 0) == date(2026, 1, 3)

    def test_festivals_are_left_out_and_shifted_weekends_count(self):
        days = WorkingDays.since(date(2025, 12, 31))

        assert [days.after(date(2025, 12, 31), count) for count in (1, 2)] == [date(2026, 1, 4), date(2026, 1, 5)]
        assert days.after(date(2026, 2, 13), 2) == date(2026, 2, 24)

    def test_the_clock_stands_still_during_holds(self):
        days = WorkingDays.since(date(2026, 1, 5))

        assert days.after(date(2026, 1, 5), 5, still=[(date(2026, 1, 6), date(2026, 1, 8))]) == date(2026, 1, 14)
        assert days.after(date(2026, 1, 5), 5, still=((date(2026, 1, 5), date(2026, 1, 6)), (date(2026, 1, 5), date(2026, 1, 7)))) == date(2026, 1, 14)

    def test_a_hold_that_ends_on_the_day_it_began_changes_nothing(self):
        assert WorkingDays.since(date(2026, 1, 5)).after(date(2026, 1, 5), 1, still=[(date(2026, 1, 6), date(2026, 1, 6))]) == date(2026, 1, 6)

    def test_days_between(self):
        days = WorkingDays.since(date(2026, 1, 1))

        assert days.between(date(2026, 2, 13), date(2026, 2, 28)) == 6
        assert days.between(date(2026, 2, 28), date(2026, 2, 13)) == -6
        assert days.between(date(2026, 2, 28), date(2026, 2, 28)) == 0

    def test_between_is_the_inverse_of_after(self):
        days, start = WorkingDays.since(date(2026, 1, 1)), date(2026, 1, 30)

        assert [days.between(start, days.after(start, count)) for count in range(60)] == list(range(60))

    def test_one_query_for_the_whole_span(self, django_assert_num_queries):
        with django_assert_num_queries(1):
            days = WorkingDays.since(date(2025, 1, 1))
            days.after(date(2025, 1, 1), 400)
            days.between(date(2025, 1, 1), date(2026, 12, 31))

    def test_what_lies_outside_of_the_span_is_loaded_too(self, django_assert_num_queries):
        days = WorkingDays.since(date(2026, 6, 1), days=10)

        with django_assert_num_queries(1):
            assert days.after(date(2026, 6, 11), 5) == date(2026, 6, 18)
        assert days.is_working(date(2025, 1, 1))

    def test_a_negative_count_is_refused(self):
        with pytest.raises(ValueError, match="negative"):
            WorkingDays.since(date(2026, 1, 1)).after(date(2026, 1, 1), -1)


@pytest.mark.usefixtures("_two_years")
class TestNotEntered:
    def test_the_first_missing_day_is_named_with_its_year_and_what_to_do(self):
        with pytest.raises(NotEnteredError) as caught:
            WorkingDays.since(date(2026, 12, 1)).after(date(2026, 12, 30), 2)

        assert caught.value.day == date(2027, 1, 1)
        assert str(caught.value) == "2027 年放假安排未录入，算不到 2027-01-01。请在“工作日历”中导入国务院办公厅的放假通知。"

    def test_the_last_entered_day_can_still_be_reached(self):
        assert WorkingDays.since(date(2026, 12, 1)).after(date(2026, 12, 30), 1) == date(2026, 12, 31)

    def test_between_looks_at_each_day(self):
        days = WorkingDays.since(date(2026, 12, 1))

        assert days.between(date(2026, 12, 1), date(2026, 12, 31)) == 22
        with pytest.raises(NotEnteredError):
            days.between(date(2026, 12, 1), date(2027, 1, 1))
        with pytest.raises(NotEnteredError):
            days.between(date(2027, 1, 1), date(2026, 12, 1))

    def test_days_of_a_hold_are_looked_at_too(self):
        with pytest.raises(NotEnteredError):
            WorkingDays.since(date(2026, 12, 1)).after(date(2026, 12, 30), 2, still=[(date(2026, 12, 30), date(2027, 1, 31))])

    def test_nothing_is_asked_for_nothing(self):
        assert WorkingDays.since(date(2031, 1, 1)).after(date(2031, 1, 1), 0) == date(2031, 1, 1)
        assert WorkingDays.since(date(2031, 1, 1)).between(date(2031, 1, 1), date(2031, 1, 1)) == 0

    def test_the_end_of_the_calendar(self):
        with pytest.raises(NotEnteredError):
            WorkingDays.since(date.max).after(date.max, 1)


class TestEnterYear:
    @pytest.mark.parametrize(("year", "count"), [(2024, 366), (2025, 365)])
    def test_every_day_has_a_row(self, db, year, count):
        enter_year(year, {}, {})

        days = list(CalendarDay.objects.all())
        assert (len(days), str(days[0]), str(days[-1])) == (count, f"{year}-01-01", f"{year}-12-31")
        assert all(day.is_working is not day.is_weekend and not day.is_shifted for day in days)

    def test_exceptions_carry_their_names(self, db):
        enter_year(2026, FESTIVALS, SHIFTED)

        told = {day: (row.is_working, row.is_shifted, row.name) for day, row in CalendarDay.objects.in_bulk().items() if row.name}
        assert told == {day: (False, day.weekday() < 5, name) for day, name in FESTIVALS.items()} | {day: (True, True, name) for day, name in SHIFTED.items()}

    def test_entered_again_it_replaces_the_year_and_no_other(self, db):
        enter_year(2025, {date(2025, 12, 31): "错"}, {})
        enter_year(2026, {date(2026, 3, 3): "错"}, {})

        enter_year(2026, FESTIVALS, SHIFTED)

        assert CalendarDay.objects.count() == 730
        assert CalendarDay.objects.get(day=date(2026, 3, 3)).is_working
        assert CalendarDay.objects.get(day=date(2025, 12, 31)).name == "错"

    def test_a_notice_may_move_days_of_a_neighbouring_year(self, db):
        enter_year(2018, {}, {})

        enter_year(2019, {date(2018, 12, 31): "元旦", date(2019, 1, 1): "元旦"}, {date(2018, 12, 29): "元旦"})

        assert CalendarDay.objects.count() == 730
        assert list(CalendarDay.objects.filter(day__year=2018).exclude(name="").values_list("day", "is_working")) == [
            (date(2018, 12, 29), True),
            (date(2018, 12, 31), False),
        ]

    def test_but_that_year_must_be_entered(self, db):
        with pytest.raises(NotEnteredError, match="2018"):
            enter_year(2019, {date(2018, 12, 31): "元旦"}, {})
        assert not CalendarDay.objects.exists()

    def test_a_day_cannot_be_both(self, db):
        with pytest.raises(ValueError, match="both"):
            enter_year(2026, {date(2026, 1, 3): "元旦"}, {date(2026, 1, 3): "元旦"})


class TestCommand:
    def run(self) -> str:
        out = StringIO()
        call_command("enter_working_days", stdout=out)
        return out.getvalue()

    def test_all_years_that_are_known_and_nothing_beyond(self, db):
        told = self.run()

        years = sorted(set(CalendarDay.objects.values_list("day__year", flat=True)))
        assert years == list(range(2004, 2027))
        assert "2004-01-01 至 2026-12-31，共 8401 天" in told
        assert CalendarDay.objects.get(day=date(2026, 4, 6)).name == "清明节"

    def test_again_it_changes_nothing(self, db):
        self.run()
        CalendarDay.objects.filter(day=date(2026, 12, 24)).update(is_working=False, name="停电")

        told = self.run()

        assert "录入 " not in told
        assert CalendarDay.objects.get(day=date(2026, 12, 24)).name == "停电"
        assert CalendarDay.objects.count() == 8401

    def test_what_is_missing_is_added(self, db):
        enter_year(2026, {date(2026, 12, 24): "停电"}, {})

        self.run()

        assert CalendarDay.objects.count() == 8401
        assert CalendarDay.objects.get(day=date(2026, 12, 24)).name == "停电"
        assert CalendarDay.objects.get(day=date(2026, 1, 1)).is_working  # a year that somebody entered is theirs


def test_the_message_follows_the_language():
    with translation.override("en"):
        assert "2027" in str(NotEnteredError(date(2027, 1, 1)))
