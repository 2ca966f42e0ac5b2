"""The leadership board: what it counts, for whom, and that each figure leads to exactly the cases that it counts."""

import re
from datetime import date, timedelta
from html import unescape

import pytest
from django.db import connection
from django.http import QueryDict
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from accounts.models import AuditEvent, User
from cases import tallies
from cases.list_forms import CaseFilterForm
from cases.models import Assignment, Case
from core.printing import PrintRefusedError
from dashboards import printing, queries
from dashboards.figures import FIGURES
from dashboards.periods import Period, period_of
from tests import factories as make

from .conftest import DAY, due, submitted

pytestmark = pytest.mark.django_db
BOARD, BRIEF = reverse("dashboards:board"), reverse("dashboards:brief")


def close(case, opened, closed, outcome="completed"):
    """The case as if it had been opened and closed on these days."""
    at = [timezone.make_aware(timezone.datetime.fromisoformat(day)) for day in (f"{opened}T09:00", f"{closed}T16:00")]
    Case.objects.filter(pk=case.pk).update(opened_at=at[0], closed_at=at[1], closed_by=case.handler, outcome=outcome, due_on=None)
    return case


@pytest.fixture
def cases(handler, other):
    """Cases of every sort, of three items and two people, this year and the last."""
    due(make.case("2.1", handler, "正常"), 30)
    due(make.case("2.1", handler, "第四天到期"), 4)
    due(make.case("2.1", other, "第三天到期"), 3)
    due(make.case("2.3", handler, "今天到期"), 0)
    due(make.case("2.1", other, "逾期"), -1)
    due(submitted(make.case("2.3", handler, "送审又逾期")), -2)
    due(make.case("4.1", other, "没有期限"), 0)
    Case.objects.filter(title="没有期限").update(due_on=None)
    make.act(make.case("4.1", other, "待补正"), "hold", reason="材料不齐", others="名单")
    make.act(submitted(make.case("2.2", handler, "自己承办")), "hold", reason="材料不齐", others="名单")
    close(make.case("2.1", handler, "本月办结"), "2026-11-02", "2026-11-20")
    close(make.case("2.1", handler, "本月撤回"), "2026-11-02", "2026-11-03", "withdrawn")
    close(make.case("2.1", other, "上季办结"), "2026-08-01", "2026-09-30")
    close(make.case("4.1", other, "年初办结"), "2025-12-31", "2026-01-01")
    close(make.case("2.2", handler, "去年未办"), "2025-03-01", "2025-03-09", "declined")
    close(make.case("1.1", handler, "去年办结"), "2025-11-01", "2025-12-31")
    Assignment.objects.filter(user=handler).exclude(item__in=["2.1", "2.3"]).update(ended_at=timezone.now(), ended_by=handler)


def links(html):
    """(address, count) of every figure that the page shows, links of charts included: those name their count in their title."""
    found = [(unescape(address), int(count)) for address, count in re.findall(r'href="([^"]+)"[^>]*data-count="(\d+)"', html)]
    return found + [(unescape(address), int(count)) for address, count in re.findall(r'<a href="([^"]+)" tabindex="-1"><title>[^<]* (\d+)</title>', html)]


def counted(person, address):
    """How many cases the list at this address has for this person."""
    query = QueryDict(address.partition("?")[2])
    form = CaseFilterForm(query, user=User.objects.get(pk=person.pk), today=timezone.localdate())
    assert form.is_valid(), form.errors
    return form.cases().count()


def test_each_figure_leads_to_exactly_the_cases_that_it_counts(cases, leader, handler, other):
    people = {
        "leader": (leader, "", "2026-11", "2026-Q3", "2025"),
        "handler": (handler, "", "2025"),
        "other": (other, ""),
        "signer": (make.worker("signer"), ""),
        "registrar of one item": (make.worker("registrar", "4.1"), ""),
        "reviewer of none": (make.person("reviewer"), ""),
        "substitute": (make.worker("preparer", "1.1"), ""),
    }
    make.substitution(handler, people["substitute"][0])

    for who, (person, *periods) in people.items():
        for period in periods:
            found = set(links(make.client_of(person).get(BOARD, {"period": period}).content.decode()))
            assert len(found) > 15 or who == "reviewer of none"
            assert [(who, address, count) for address, count in found if counted(person, address) != count] == []


def test_the_page_of_the_list_says_the_same_number(cases, leader):
    client = make.client_of(leader)

    for figure in client.get(BOARD).context["board"].total.values:
        assert client.get(figure.address).context["page"].total == figure.count


def test_the_leader_sees_all_and_others_what_they_see(cases, leader, handler, other):
    def opened(person):
        return make.client_of(person).get(BOARD).context["board"].total.open.count

    assert opened(leader) == 9
    assert opened(handler) == 7  # of 2.1 and 2.3 whoever carries them, of 2.2 the own one
    assert opened(other) == 6  # of 2.1 and 4.1
    assert opened(make.person("reviewer")) == 0


def test_the_open_cases_fall_into_four_classes(cases, leader):
    total = make.client_of(leader).get(BOARD).context["board"].total

    assert {slug: getattr(total, slug).count for slug in ("open", "in_time", "soon", "overdue", "held", "waiting")} == {
        "open": 9,
        "in_time": 3,
        "soon": 2,
        "overdue": 2,
        "held": 2,
        "waiting": 2,
    }


def test_periods_count_what_falls_into_them(cases, leader):
    client, found = make.client_of(leader), {}

    for period in ("2026-11", "2026-Q4", "2026-Q3", "2026", "2025", "2024"):
        total = client.get(BOARD, {"period": period}).context["board"].total
        found[period] = (total.opened.count, total.closed.count)

    assert found == {"2026-11": (11, 2), "2026-Q4": (11, 2), "2026-Q3": (1, 1), "2026": (12, 4), "2025": (3, 2), "2024": (0, 0)}


def test_the_median_is_exact_and_of_what_was_completed(cases, leader):
    board = make.client_of(leader).get(BOARD, {"period": "2026"}).context["board"]

    assert (board.median().count, board.median().words) == (3, "18")  # 1, 18 and 60 days
    assert board.median("2.1").words == "39"
    assert board.median("3.1").words == "—"


@pytest.mark.parametrize(
    ("days", "middle"), [({}, None), ({3: 1}, 3), ({1: 1, 2: 1}, 1.5), ({1: 2, 9: 1}, 1), ({0: 1, 4: 2, 7: 1}, 4), ({1: 3, 10: 3}, 5.5), ({5: 4}, 5)]
)
def test_median(days, middle):
    assert queries.median(days) == middle


def test_the_board_is_the_same_after_merging_and_counting_anew(cases, leader):
    client = make.client_of(leader)
    before = links(client.get(BOARD).content.decode())

    tallies.compact()
    assert links(client.get(BOARD).content.decode()) == before
    tallies.rebuild()
    assert links(client.get(BOARD).content.decode()) == before


@pytest.mark.parametrize("code", ["", "2027", "2026-12", "2026-Q5", "1999", "abc", "2026-13", "２０２６", "2026\n", "9" * 400])
def test_a_period_that_is_none_is_this_year(code):
    assert period_of(code, date(2026, 11, 23)) == Period(date(2026, 1, 1), 12)


def test_the_switch_leads_back_and_not_into_the_future(cases, leader):
    client = make.client_of(leader)

    assert 'href="?period=2025"' in client.get(BOARD).content.decode()
    assert 'href="?period=2027"' not in client.get(BOARD).content.decode()
    assert 'href="?period=2026-Q4" rel="next"' in client.get(BOARD, {"period": "2026-Q3"}).content.decode()
    assert [client.get(BOARD, {"period": code}).context["board"].period.words for code in ("2026", "2026-Q3", "2026-02")] == [
        "2026 年",
        "2026 年第 3 季度",
        "2026 年 2 月",
    ]


def test_without_data_there_is_a_sentence_and_no_chart(edition, leader):
    body = make.client_of(leader).get(BOARD).content.decode()

    assert "本期没有数据" in body
    assert "现在没有在办的办件" in body
    assert "chart-svg" not in body


def test_items_that_the_list_has_no_more_still_count(cases, leader):
    with connection.cursor() as cursor:
        cursor.execute("UPDATE cases_casetally SET item_id = '9.9' WHERE measure = 'opened' AND item_id = '4.1'")

    rows = {row.item: row for row in make.client_of(leader).get(BOARD).context["board"].rows}

    assert rows["9.9"].opened.count == 2
    assert rows["9.9"].name == ""


def test_the_definition_of_every_figure_is_on_the_page(cases, leader):
    body = unescape(make.client_of(leader).get(BOARD).content.decode())

    for figure in FIGURES.values():
        assert str(figure.definition) in body
        assert f'id="definition-{figure.slug}"' in body


def test_charts_tell_what_they_show_and_the_table_has_the_same_numbers(cases, leader):
    body = make.client_of(leader).get(BOARD).content.decode()

    assert "在办 9 件，其中逾期 2 件、三天内到期 2 件、待补正 2 件。" in body
    assert body.count('role="img"') == 4
    assert "style=" not in body[body.index("board-grid") :]
    drawn = {address for address, count in re.findall(r'<a href="([^"]+)" tabindex="-1"><title>[^<]* (\d+)</title>', body) if int(count)}
    assert drawn <= set(re.findall(r'href="([^"]+)"[^>]*data-count', body))


def test_the_oldest_question_comes_first_and_whoever_may_answer_gets_a_button(cases, leader, clock):
    clock.shift(4 * DAY)
    submitted(make.case("2.1", make.worker("preparer"), "后送审的"))

    board = make.client_of(leader).get(BOARD)
    assert [approval.case.title for approval in board.context["board"].waiting] == ["送审又逾期", "自己承办", "后送审的"]
    assert "最早的已等 4 天" in board.content.decode()
    assert "去审签" not in board.content.decode()
    assert "去审签" in make.client_of(make.worker("reviewer")).get(BOARD).content.decode()


def test_what_is_urgent_is_shown_with_its_published_step(cases, leader):
    board = make.client_of(leader).get(BOARD)

    assert [case.title for case, _state in board.context["board"].urgent] == ["送审又逾期", "逾期", "今天到期", "第三天到期"]
    assert Case.objects.get(title="逾期").steps.first().step.text in unescape(board.content.decode())


@pytest.mark.parametrize("role", ["leader", "preparer"])
def test_the_number_of_queries_does_not_grow(cases, role, handler, leader):
    person = leader if role == "leader" else handler
    client = make.client_of(person)

    def queries_of():
        with CaptureQueriesContext(connection) as made:
            client.get(BOARD)
        return len(made)

    client.get(BOARD)
    few = queries_of()
    for number in range(12):
        due(submitted(make.case("2.1", handler, f"又一件 {number}")), number - 6)
        close(make.case("2.2", handler, f"办结 {number}"), "2026-01-05", date(2026, 1, 5) + timedelta(days=number * 20))

    assert queries_of() == few


def test_the_brief_is_a_pdf_and_leaves_no_event(cases, leader):
    before = AuditEvent.objects.count()

    answer = make.client_of(leader).get(BRIEF, {"period": "2026-Q4"})

    assert answer.content.startswith(b"%PDF")
    assert answer["Content-Type"] == "application/pdf"
    assert AuditEvent.objects.count() == before


def test_a_brief_that_cannot_be_printed_says_why(cases, leader, monkeypatch):
    def refuse(*args, **options):
        raise PrintRefusedError("打印任务较多，请稍后再试。")

    monkeypatch.setattr(printing, "render", refuse)

    answer = make.client_of(leader).get(BRIEF)

    assert answer.status_code == 422
    assert "打印任务较多" in answer.content.decode()


def test_the_menu_leads_there(cases, leader):
    assert make.client_of(leader).get(reverse("cases:today")).content.decode().count(f'href="{BOARD}"') == 3
    assert BOARD not in make.signed_in("editor").get(reverse("cases:today")).content.decode()
