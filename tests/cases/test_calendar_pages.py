"""The working calendar: a year at a glance, one day changed, and the yearly notice looked at before it is stored."""

import json
import re
from datetime import date

import pytest
import time_machine
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from accounts.audit import find_faults
from accounts.models import AuditEvent
from cases.models import StepRule
from cases.opening import open_case
from core.models import CalendarDay
from core.working_days import enter_year
from duties.models import DutyItem
from tests import factories as make
from tests.core.test_holiday_notice import ITEMS, notice

YEAR_2026 = reverse("cases:calendar-year", args=[2026])
IMPORT = reverse("cases:calendar-import")
NOTICE_2027 = notice(2027, "一、元旦：1月1日（周五）至3日（周日）放假，共3天。\n二、春节：2月5日（周五）至11日（周四）放假调休，共7天。2月13日（周六）上班。")


@pytest.fixture
def _entered(db):
    enter_year(2025, {}, {})
    enter_year(2026, {date(2026, 1, day): "元旦" for day in (1, 2, 3)}, {date(2026, 1, 4): "元旦"})


@pytest.fixture
def editor(_entered):
    return make.signed_in("editor", name="王敏")


def text_of(response) -> str:
    return response.content.decode()


def days_of(page: str) -> list[tuple[str, str]]:
    """(number, mark) of each day of the year that the page shows, the legend left out."""
    year = page.split('<div class="year">')[1].split("<h2>")[0]
    return re.findall(r'class="day[^"]*"[^>]*>(\d+)(?:<b>(.)</b>)?<', year)


def last() -> tuple[str, str, dict]:
    event = AuditEvent.objects.last()
    return event.action, event.subject, json.loads(event.facts)


@pytest.mark.usefixtures("_entered")
class TestYear:
    def test_each_day_says_whether_it_is_worked_on(self):
        page = text_of(make.signed_in("preparer").get(YEAR_2026))

        days = days_of(page)
        assert len(days) == 365
        assert days[:7] == [("1", "休"), ("2", "休"), ("3", "休"), ("4", "班"), ("5", ""), ("6", ""), ("7", "")]
        assert sum(mark != "休" for _day, mark in days) == CalendarDay.objects.filter(day__year=2026, is_working=True).count()
        assert "全年工作日 260 天。" in page
        assert re.findall(r"2026-01-0\d", page.split("<tbody>")[-1]) == ["2026-01-01", "2026-01-03", "2026-01-04"]

    def test_only_editors_are_led_to_change_a_day(self, editor):
        link = reverse("cases:calendar-day-edit", args=["2026-01-04"])

        assert [link in text_of(client.get(YEAR_2026)) for client in (editor, make.signed_in("preparer"))] == [True, False]

    def test_a_year_that_is_not_entered_says_so(self):
        page = text_of(make.signed_in("preparer").get(reverse("cases:calendar-year", args=[2027])))

        assert "2027 年放假安排未录入" in page
        assert '<div class="year">' not in page
        assert [reverse("cases:calendar-year", args=[year]) in page for year in (2026, 2028)] == [True, False]

    def test_a_portal_without_any_day(self):
        CalendarDay.objects.all().delete()

        page = text_of(make.signed_in("preparer").get(YEAR_2026))

        assert "2026 年放假安排未录入" in page
        assert "已录入" not in page

    def test_a_year_with_holes_is_shown_as_it_is(self):
        CalendarDay.objects.filter(day=date(2026, 1, 5)).delete()

        assert days_of(text_of(make.signed_in("preparer").get(YEAR_2026)))[3:6] == [("4", "班"), ("5", ""), ("6", "")]

    @pytest.mark.parametrize("year", [1, 1989, 3000, 99999])
    def test_years_out_of_reach_are_absent(self, year):
        assert make.signed_in("preparer").get(reverse("cases:calendar-year", args=[year])).status_code == 404

    def test_the_menu_leads_to_the_present_year(self):
        with time_machine.travel("2026-12-31T16:30:00Z", tick=False):
            response = make.signed_in("preparer").get(reverse("cases:calendar"))

        assert response["Location"] == reverse("cases:calendar-year", args=[2027])

    def test_a_fixed_number_of_queries(self, editor, django_assert_num_queries):
        editor.get(YEAR_2026)
        with CaptureQueriesContext(connection) as full:
            editor.get(YEAR_2026)

        with django_assert_num_queries(len(full)):
            editor.get(reverse("cases:calendar-year", args=[2027]))


class TestDay:
    url = reverse("cases:calendar-day-edit", args=["2026-12-24"])

    def test_the_form_holds_what_is_stored(self, editor):
        page = text_of(editor.get(reverse("cases:calendar-day-edit", args=["2026-01-04"])))

        assert re.search(r'value="1"[^>]* checked', page)
        assert 'value="元旦"' in page
        assert "2026-01-04 星期日" in page

    def test_changed_with_what_was_and_what_is(self, editor):
        response = editor.post(self.url, {"is_working": "0", "name": "停电"})

        day = CalendarDay.objects.get(day=date(2026, 12, 24))
        assert response["Location"] == YEAR_2026
        assert (day.is_working, day.name) == (False, "停电")
        assert last() == (
            "calendar.change",
            "core.calendarday:2026-12-24",
            {
                "before": {"day": "2026-12-24", "is_working": True, "name": ""},
                "after": {"day": "2026-12-24", "is_working": False, "name": "停电"},
            },
        )
        assert list(find_faults()) == []

    def test_nothing_changed_is_nothing_recorded(self, editor):
        count = AuditEvent.objects.count()

        response = editor.post(self.url, {"is_working": "1", "name": ""}, follow=True)

        assert "没有改动，未保存。" in text_of(response)
        assert AuditEvent.objects.count() == count

    @pytest.mark.parametrize(
        ("typed", "field"),
        [({"is_working": "0", "name": " "}, "name"), ({"is_working": "maybe", "name": "停电"}, "is_working"), ({"is_working": "0", "name": "长" * 41}, "name")],
    )
    def test_bad_input_is_told_and_kept(self, editor, typed, field):
        response = editor.post(self.url, typed)

        assert response.status_code == 200
        assert f'href="#id_{field}' in text_of(response)
        assert f'value="{typed["name"].strip()}"' in text_of(response) or not typed["name"].strip()
        assert CalendarDay.objects.get(day=date(2026, 12, 24)).is_working

    @pytest.mark.parametrize("day", ["2027-01-01", "2026-02-30", "yesterday"])
    def test_days_that_are_not_entered_are_absent(self, editor, day):
        assert editor.get(reverse("cases:calendar-day-edit", args=[day])).status_code == 404


def stored(editor, text: str, **options):
    """Have a notice read, look at it, and press the button that stores it."""
    page = text_of(editor.post(IMPORT, {"text": text}))
    return editor.post(IMPORT, {"text": text, "store": re.search(r'name="store"\s+value="([0-9a-f]{16})"', page)[1]}, **options)


class TestImport:
    def test_first_it_is_only_shown(self, editor):
        response = editor.post(IMPORT, {"text": NOTICE_2027})

        page = text_of(response)
        assert "请核对：2027 年" in page
        assert "还没有存储" in page
        assert re.findall(r"<th scope=\"row\"[^>]*>(\S+)</th>", page) == ["元旦", "春节", "春节"]
        assert "存储 2027 年放假安排" in page
        assert NOTICE_2027.split("\n")[8][:20] in page
        assert not CalendarDay.objects.filter(day__year=2027).exists()

    def test_then_stored(self, editor):
        response = stored(editor, NOTICE_2027)

        rows = {row.day: row for row in CalendarDay.objects.filter(day__year=2027)}
        assert response["Location"] == reverse("cases:calendar-year", args=[2027])
        assert len(rows) == 365
        assert sorted(day for day, row in rows.items() if row.is_shifted) == [date(2027, 1, 1), *[date(2027, 2, day) for day in (5, 8, 9, 10, 11, 13)]]
        action, subject, facts = last()
        assert (action, subject, facts["before"]) == ("calendar.import", "core.calendarday:2027", [])
        assert facts["days_on"] == [["2027-02-13", "春节"]]
        assert len(facts["days_off"]) == 10

    def test_a_text_changed_after_the_look_is_looked_at_again(self, editor):
        page = text_of(editor.post(IMPORT, {"text": NOTICE_2027}))
        seen = re.search(r'name="store"\s+value="([0-9a-f]{16})"', page)[1]

        response = editor.post(IMPORT, {"text": NOTICE_2027.replace("（周六）上班", "（周六）、2月14日（周日）上班"), "store": seen})

        assert "请核对：2027 年" in text_of(response)
        assert "2027-02-14" in text_of(response)
        assert not CalendarDay.objects.filter(day__year=2027).exists()

    def test_what_would_change_is_shown_before(self, editor):
        CalendarDay.objects.filter(day=date(2026, 12, 24)).update(is_working=False, name="停电")
        again = notice(2026, "一、元旦：1月1日（周四）至3日（周六）放假调休，共3天。")

        page = text_of(editor.post(IMPORT, {"text": again}))

        changed = re.sub(r"<[^>]+>|\s", "", page.split("存储后会改变的日子</h2>")[1].split("</ul>")[0])
        assert changed == "2026-01-04：上班元旦→休息2026-12-24：休息停电→上班"

    def test_the_same_notice_again_changes_nothing(self, editor):
        text = notice(2026)
        stored(editor, text)

        assert "2026 年已经这样录入，存储后没有变化。" in text_of(editor.post(IMPORT, {"text": text}))

    @pytest.mark.parametrize("store", [{}, {"store": "1"}])
    @pytest.mark.parametrize(
        ("text", "told"),
        [
            ("", ""),
            ("今天天气很好", "没有找到年份"),
            (notice(2027, "一、元旦：1月1日（周六）放假1天。"), "2027-01-01 写的是周六，实际是周五"),
        ],
    )
    def test_what_cannot_be_read_is_told_and_kept(self, editor, text, told, store):
        response = editor.post(IMPORT, {"text": text} | store)

        page = text_of(response)
        assert response.status_code == 200
        assert 'href="#id_text"' in page
        assert told in page
        assert text[:12] in page
        assert "请核对：" not in page
        assert not CalendarDay.objects.filter(day__year=2027).exists()

    def test_lines_are_counted_as_typed(self, editor):
        page = text_of(editor.post(IMPORT, {"text": "\n\n关于2027年部分节假日安排的通知\n一、元旦：1月1日（周六）放假。"}))

        assert "第 4 行“" in page

    def test_a_notice_that_reaches_into_a_year_that_is_not_entered(self, editor):
        response = stored(editor, notice(2019, ITEMS[2019]))

        assert "2018 年放假安排未录入" in text_of(response)
        assert not CalendarDay.objects.filter(day__year=2019).exists()

    def test_deadlines_that_waited_for_it_are_worked_out(self, editor):
        make.duty_list()
        item = DutyItem.objects.get(pk="4.1")
        StepRule.objects.create(step=item.sheet_in_force().steps.get(number=1), due_days=5, basis="内部目标")
        with time_machine.travel("2026-12-29T02:00:00Z"):
            case = open_case(item, by=make.person("preparer"), title="邀请函")
        assert case.due_on is None

        response = stored(editor, NOTICE_2027, follow=True)

        case.refresh_from_db()
        assert case.due_on == date(2027, 1, 6)
        assert "补算了 1 个办件的期限" in text_of(response)
