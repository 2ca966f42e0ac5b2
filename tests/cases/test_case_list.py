"""The list of cases: saved views, filters in the address, chips, order, pages; and who sees what."""

import html
import re
from datetime import date, timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from cases import queries
from cases.lists import CASES
from cases.models import Case, StepRule
from cases.progress import current_steps
from cases.queries import ANY, Due, Span, State, View, span_of
from core import paging
from duties.models import DutyItem, ProcessStep
from tests import factories as make

pytestmark = pytest.mark.django_db
LIST = reverse("cases:case-list")
DAY = timedelta(days=1)


def titles(client, **query):
    return [line[0].title for line in client.get(LIST, query).context["lines"]]


def body(client, **query):
    return html.unescape(client.get(LIST, query).content.decode())


def due(case, day):
    Case.objects.filter(pk=case.pk).update(due_on=day)
    return case


def waiting(case):
    """The case with its first step submitted."""
    step = case.steps.first()
    StepRule.objects.get_or_create(step=step.step, defaults={"approval_levels": 1})
    case.steps.filter(pk=step.pk).update(approval_levels=1)
    make.act(case, "submit", "1")
    return case


@pytest.fixture
def cases(handler):
    """One case in each state, of two people."""
    other = make.worker("preparer", name="陈立")
    today = timezone.localdate()
    made = {
        "going": due(make.case("2.1", handler, "在办的"), today + 30 * DAY),
        "late": due(make.case("2.1", handler, "逾期的"), today - DAY),
        "waiting": due(waiting(make.case("2.3", handler, "送审的")), today),
        "held": make.act(make.case("4.1", other, "待补的"), "hold", reason="材料不齐", others="名单"),
        "closed": make.act(make.case("2.2", handler, "撤回的"), "withdraw", reason="对方取消"),
        "other": make.case("2.1", other, "别人的"),
    }
    return made


# -- views and filters ------------------------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("view", "found"),
    [
        ("mine", {"在办的", "逾期的", "送审的"}),
        ("department", {"在办的", "逾期的", "送审的", "待补的", "别人的"}),
        ("overdue", {"逾期的"}),
        ("held", {"待补的"}),
        ("closed", {"撤回的"}),
        ("", {"在办的", "逾期的", "送审的"}),
        ("nonsense", {"在办的", "逾期的", "送审的"}),
    ],
)
def test_each_saved_view_holds_its_cases(handler, cases, view, found):
    assert set(titles(make.client_of(handler), view=view)) == found


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ({"item": "2.1"}, {"在办的", "逾期的", "别人的"}),
        ({"state": "waiting"}, {"送审的"}),
        ({"state": "held"}, {"待补的"}),
        ({"state": "overdue"}, {"逾期的"}),
        ({"state": "closed"}, {"撤回的"}),
        ({"state": "any"}, {"在办的", "逾期的", "送审的", "待补的", "撤回的", "别人的"}),
        ({"due": "overdue"}, {"逾期的"}),
        ({"due": "today"}, {"送审的"}),
        ({"due": "none"}, {"待补的", "别人的"}),
        ({"q": "逾期"}, {"逾期的"}),
        ({"q": "yuqi"}, {"逾期的"}),
        ({"q": "逾"}, {"逾期的"}),
        ({"q": "2.3-"}, {"送审的"}),
        ({"q": "2.1", "item": "2.1", "due": "overdue"}, {"逾期的"}),
        ({"q": "没有这样的"}, set()),
        ({"item": "9.9"}, set()),
        ({"due_since": "x"}, set()),
    ],
)
def test_filters_narrow_the_list(handler, cases, query, found):
    assert set(titles(make.client_of(handler), view="department", **query)) == found


def test_the_list_is_narrowed_by_handler_and_by_days(handler, cases):
    client, today = make.client_of(handler), timezone.localdate()
    other = cases["other"].handler
    Case.objects.filter(pk=cases["other"].pk).update(opened_at=timezone.now() - 40 * DAY)

    assert set(titles(client, view="department", handler=other.username)) == {"待补的", "别人的"}
    assert set(titles(client, view="department", due_since=today, due_until=today + 40 * DAY)) == {"在办的", "送审的"}
    assert set(titles(client, view="department", due="week", due_until=today)) == {"送审的"}
    assert set(titles(client, view="department", due="none", due_until=today)) == {"待补的", "别人的"}
    assert titles(client, view="department", opened_until=today - 10 * DAY) == ["别人的"]
    assert "别人的" not in titles(client, view="department", opened_since=today)
    assert len(titles(client, view="department", opened_until=today)) == 5


def test_a_view_that_says_the_state_does_not_ask_for_it(handler, cases):
    client = make.client_of(handler)

    assert "state" not in client.get(LIST, {"view": "held"}).context["form"].fields
    assert titles(client, view="held", state="closed") == ["待补的"]


def test_every_filter_has_a_chip_that_takes_it_away_alone(handler, cases):
    client = make.client_of(handler)
    wanted = {"view": "department", "item": "2.1", "handler": handler.username, "state": "overdue", "due": "overdue", "q": "逾期", "after": "1"}

    chips = client.get(LIST, wanted).context["chips"]

    assert [chip.text for chip in chips] == ["名称或编号：逾期", "事项：2.1", f"承办人：{handler.name}", "状态：逾期", "期限：已逾期"]
    for name, chip in zip(("q", "item", "handler", "state", "due"), chips, strict=True):
        rest = dict(pair.split("=") for pair in chip.address.removeprefix("?").split("&"))
        assert set(rest) == set(wanted) - {name, "after"}
        assert client.get(LIST + chip.address).status_code == 200
    assert client.get(LIST, wanted).context["form"].address_of_all() == "?view=department"


def test_tabs_keep_the_filters_but_for_state_order_and_page(handler, cases):
    form = make.client_of(handler).get(LIST, {"view": "mine", "q": "x", "state": "any", "sort": "number", "after": "3"}).context["form"]

    assert form.tabs()[1] == ("?view=department&q=x", "部门", False)
    assert [current for _address, _label, current in form.tabs()] == [True, False, False, False, False]


# -- order, pages -------------------------------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("sort", "order"),
    [("due", ["乙", "甲", "丙"]), ("-due", ["甲", "乙", "丙"]), ("number", ["乙", "丙", "甲"]), ("-number", ["甲", "丙", "乙"]), ("x", ["乙", "甲", "丙"])],
)
def test_the_list_is_sorted_by_number_or_day_and_what_has_no_day_comes_last(handler, sort, order):
    today = timezone.localdate()
    for code, title, day in (("4.1", "甲", today + DAY), ("1.1", "乙", today), ("2.1", "丙", None)):
        due(make.case(code, handler, title), day)

    assert titles(make.client_of(handler), sort=sort) == order


@pytest.mark.parametrize("sort", ["due", "-due", "number", "-number"])
def test_pages_forth_and_back_hold_every_case_once(handler, monkeypatch, sort):
    monkeypatch.setattr(paging, "SIZES", (4, 8, 12))
    client, today = make.client_of(handler), timezone.localdate()
    for number in range(11):
        due(make.case("2.3", handler, str(number)), None if number % 3 == 2 else today + number % 4 * DAY)
    query = {"sort": sort, "rows": "4"}

    page = client.get(LIST, query).context["page"]
    forth = [page]
    while page.following:
        page = client.get(LIST, query | {"after": page.following}).context["page"]
        forth.append(page)
    back = [page]
    while page.previous:
        page = client.get(LIST, query | {"before": page.previous}).context["page"]
        back.append(page)

    assert [len(page.rows) for page in forth] == [4, 4, 3]
    assert len({case.pk for page in forth for case in page.rows}) == 11
    assert [page.rows for page in reversed(back)] == [page.rows for page in forth]


def test_pages_are_linked_and_counted(handler, monkeypatch):
    for number in range(21):
        make.case("2.3", handler, f"第{number}件")
    client = make.client_of(handler)

    shown = body(client, sort="number", q="第")
    following = re.search(r'rel="next"\s+href="([^"]*)"', shown)[1]

    assert "共 21 条" in shown
    assert 'rel="prev"' not in shown
    second = html.unescape(client.get(LIST + following).content.decode())
    assert "第20件" in second
    assert 'rel="prev"' in second
    assert 'rel="next"' not in second
    assert len(titles(client, rows="50")) == 21
    monkeypatch.setattr(paging, "COUNTED", 10)
    assert "超过 10 条" in body(client)


def test_rows_are_set_closer_by_the_setting_or_the_address(handler):
    make.case("2.3", handler)
    client = make.client_of(handler)
    assert "list compact" not in body(client)
    assert "list compact" in body(client, density="compact")

    type(handler).objects.filter(pk=handler.pk).update(density="compact")

    assert "list compact" in body(client)
    assert "list compact" not in body(client, density="standard")


# -- what a line shows --------------------------------------------------------------------------------------------------------------------------------------


def test_a_line_shows_the_steps_at_hand_in_published_words(handler):
    case = make.case("1.1", handler)
    StepRule.objects.filter(step__sheet=case.sheet).delete()
    shown = body(make.client_of(handler))

    assert "第 1 步" in shown
    assert "电话、邮件、传真往来" in shown
    assert case.number in shown


def test_the_states_are_told_in_words(handler, cases):
    client = make.client_of(handler)

    lines = client.get(LIST, {"view": "department", "state": "any"}).context["lines"]

    shown = {case.title: queries.state_of(case, timezone.localdate()) for case, _tasks in lines}
    assert shown == {"在办的": "going", "逾期的": "late", "送审的": "waiting", "待补的": "held", "撤回的": "closed", "别人的": "going"}
    words = {case.title: CASES.column("state").value(case) for case, _tasks in lines}
    assert words == {"在办的": "办理中", "逾期的": "逾期", "送审的": "待审签", "待补的": "待补正", "撤回的": "撤回", "别人的": "办理中"}
    text = body(client, view="department", state="any")
    assert [word for word in ("办理中", "逾期", "待审签", "待补正", "撤回") if f">{word}" not in text.replace("\n", "")] == []


def test_the_steps_begun_are_those_at_hand(handler):
    """What the list reads from the database is what the engine works out from the parts."""
    for code in DutyItem.objects.filter(sheets__status="published").values_list("pk", flat=True):
        make.case(code, handler)
    for number in (1, 2):
        rule = ProcessStep.objects.get(sheet__item="1.1", sheet__status="published", number=number)
        StepRule.objects.create(step=rule, need="one_of")
    make.case("1.1", handler)
    case = make.case("2.3", handler)
    make.act(case, "complete", "1")
    make.act(make.case("2.1", handler), "hold", reason="待补正", others="名单")

    begun = {case.pk: [step.pk for step in case.begun] for case in queries.with_steps(Case.objects.all())}

    assert begun == {case.pk: [step.pk for step in current_steps(case)] for case in Case.objects.with_parts()}


def test_tasks_that_were_given_stand_beside_the_case(handler):
    case = make.case("2.1", make.worker("preparer"), "别人的来访")
    make.act(case, "add_task", "1", title="订会议室", assignee=str(handler.pk), due_on="2026-12-01", is_required="on")

    assert "任务：订会议室（12-01）" in body(make.client_of(handler), view="mine")


def test_first_use_offers_the_items_and_no_match_a_way_out(edition):
    client = make.client_of(make.worker("preparer", "2.1"))

    assert reverse("cases:case-create", args=["2.1"]) in body(client)
    assert reverse("cases:case-create", args=["4.1"]) not in body(client)
    assert "清除筛选" in body(client, q="没有")
    assert "没有找到符合条件的办件" in body(client, due_since="x")
    assert "可以看看其他视图" in body(make.signed_in("leader"))


# -- who sees what ------------------------------------------------------------------------------------------------------------------------------------------


def test_only_what_is_in_scope_is_listed_and_counted(edition):
    own = make.worker("preparer", "2.1")
    secret = make.case("4.1", make.worker("preparer", "4.1"), "机密邀请函")
    make.case("2.1", own, "自己的")
    client = make.client_of(own)

    for query in ({}, {"view": "department", "state": "any"}, {"q": "机密", "view": "department"}, {"handler": secret.handler.username, "view": "department"}):
        assert secret.title not in body(client, **query).replace("名称或编号：机密", "")
        assert client.get(LIST, query).context["page"].total <= 1
    assert titles(make.signed_in("leader"), view="department") == [secret.title, "自己的"]


def test_the_search_field_of_the_bar_finds_cases_of_any_state(handler, cases):
    client = make.client_of(handler)
    address = re.search(r'<form role="search" method="get" action="([^"]*)"', body(client))[1]

    found = {case.title: client.get(address, {"q": case.number}).content.decode() for case in Case.objects.all()}

    assert len(found) > 3
    assert [title for title, shown in found.items() if Case.objects.get(title=title).get_absolute_url() not in shown] == []


def test_the_list_takes_the_same_queries_for_any_number_of_cases(handler):
    client = make.client_of(handler)
    make.case("2.3", handler)
    client.get(LIST)

    def asked(**query):
        with CaptureQueriesContext(connection) as made:
            client.get(LIST, {"view": "department", "sort": "number", "rows": "100"} | query)
        return len(made)

    few = asked()
    for _number in range(60):
        due(make.case("2.3", handler), timezone.localdate())
    make.act(make.case("2.1", handler), "hold", reason="待补正", others="名单")

    assert asked() == few
    assert few <= 20
    assert asked(sort="due") <= few + 1


# -- spans --------------------------------------------------------------------------------------------------------------------------------------------------


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(today=st.dates(date(2026, 1, 1), date(2027, 12, 31)), distance=st.none() | st.integers(-40, 40), name=st.sampled_from([*Due.values, ""]))
def test_a_span_holds_in_python_what_it_asks_of_the_database(db, today, distance, name):
    span = span_of(name, today)
    day = None if distance is None else today + distance * DAY
    conditions = span.conditions("due_on")

    asked = (
        (not conditions.get("due_on__isnull") or day is None)
        and ("due_on__gte" not in conditions or (day is not None and day >= conditions["due_on__gte"]))
        and ("due_on__lte" not in conditions or (day is not None and day <= conditions["due_on__lte"]))
    )

    assert span.holds(day) is asked


def test_a_week_ends_on_sunday():
    assert [queries.end_of_week(date(2026, 11, 23) + number * DAY) for number in range(8)] == [date(2026, 11, 29)] * 7 + [date(2026, 12, 6)]
    assert (Span(), ANY.holds(None), State.ANY.value, View.MINE.value) == (ANY, True, "any", "mine")
