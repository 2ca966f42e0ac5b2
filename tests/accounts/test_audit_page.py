"""The auditor's page: what it shows, how it is searched, and that it changes nothing."""

import pytest
import time_machine

from accounts.audit import ACTIONS, acting, record
from accounts.models import AuditEvent
from tests import factories as make

pytestmark = pytest.mark.django_db


@pytest.fixture
def auditor():
    return make.signed_in("auditor", name="审计")


def numbers(response):
    return [event.number for event, _label in response.context["rows"]]


def test_the_newest_event_comes_first(auditor):
    with acting(auditor.person):
        record("person.enable", "accounts.user:1", reason="<b>复职</b>")

    response = auditor.get("/audit/")

    assert numbers(response) == list(AuditEvent.objects.order_by("-number").values_list("number", flat=True))
    assert "启用账号" in response.content.decode()
    assert "&lt;b&gt;复职&lt;/b&gt;" in response.content.decode()


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("person=LI.NA", {"a"}),
        ("action=person.enable", {"a", "b"}),
        ("subject=accounts.user:77", {"b"}),
        ("since=2026-11-24", {"b", "c"}),
        ("until=2026-11-23", {"a"}),
        ("since=2026-11-24&until=2026-11-24&action=person.enable", {"b"}),
    ],
)
def test_events_are_found(query, expected):
    with time_machine.travel("2026-11-22 09:00:00+08:00", tick=False):
        person = make.person(username="li.na")
        auditor = make.person("auditor")
    with time_machine.travel("2026-11-23 23:59:59+08:00", tick=False), acting(person):
        record("person.enable", "x", mark="a")
    with time_machine.travel("2026-11-24 00:00:00+08:00", tick=False), acting(None):
        record("person.enable", "accounts.user:77", mark="b")
        record("unnamed.act", "x", mark="c")

    shown = make.client_of(auditor).get(f"/audit/?{query}").content.decode()

    assert {mark for mark in "abc" if f"&quot;mark&quot;: &quot;{mark}&quot;" in shown} == expected
    assert ("unnamed.act" in shown) == ("c" in expected)


def test_older_events_are_one_link_away(auditor, monkeypatch):
    monkeypatch.setattr("accounts.views.PAGE_SIZE", 2)
    with acting(None):
        for _time in range(3):
            record("person.enable")
    last = AuditEvent.objects.last().number

    first = auditor.get("/audit/?action=person.enable")
    assert numbers(first) == [last, last - 1]
    assert f'href="?action=person.enable&amp;before={last - 1}"' in first.content.decode()

    assert numbers(auditor.get(f"/audit/?action=person.enable&before={last - 1}")) == [last - 2]


@pytest.mark.parametrize(
    "query",
    [
        "action=nonsense",
        "since=yesterday",
        "person=nobody",
        "subject=%00",
        "since=0001-01-01",
        "until=9999-12-31",
        "before=x",
        "before=99999999999999999999999",
    ],
)
def test_a_search_without_result_says_what_to_do(auditor, query):
    response = auditor.get(f"/audit/?{query}")

    assert response.status_code == 200
    assert "没有找到符合条件的记录" in response.content.decode()


def test_the_page_takes_the_same_queries_for_any_number_of_events(auditor, django_assert_num_queries):
    auditor.get("/audit/")
    counted = []
    for _round in range(2):
        with acting(None):
            for _time in range(3):
                record("person.enable")
        with django_assert_num_queries(6):  # two of them ask whom the person stands in for
            auditor.get("/audit/")
        counted.append(AuditEvent.objects.count())
    assert counted[1] > counted[0]


def test_every_act_of_accounts_has_a_name(settings):
    code = "".join(path.read_text() for path in (settings.BASE_DIR / "accounts").glob("*.py"))

    assert {part.split('"')[0] for part in code.split('record("')[1:]} <= set(ACTIONS)
