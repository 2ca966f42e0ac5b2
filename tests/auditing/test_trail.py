"""The trail's page: what it shows in words, how it is narrowed, what it withholds, and that it changes nothing."""

import json
from datetime import date

import pytest
import time_machine
from django.db import connection
from django.http import QueryDict
from django.urls import reverse

from accounts import actions
from accounts.audit import ACTIONS, acting, record
from accounts.models import AuditEvent
from auditing import words
from auditing.lists import TRAIL, may_read
from core.working_days import enter_year
from tests import factories as make

pytestmark = pytest.mark.django_db


@pytest.fixture
def auditor():
    return make.signed_in("auditor", name="审计")


def numbers(response):
    return [event.number for event in response.context["page"].rows]


def note(action, subject="", *, by=None, at=None, **facts):
    """One event of the trail; its number."""
    if at:
        with time_machine.travel(at, tick=False):
            return note(action, subject, by=by, **facts)
    with acting(by):
        record(action, subject, **facts)
    return AuditEvent.objects.last().number


def found(client, query):
    return numbers(client.get(f"/audit/?{query}"))


def test_the_newest_event_comes_first(auditor):
    note("person.enable", "accounts.user:1", reason="<b>复职</b>")

    response = auditor.get("/audit/")

    assert numbers(response) == list(AuditEvent.objects.order_by("-number").values_list("number", flat=True))
    assert "启用账号" in response.content.decode()
    assert "&lt;b&gt;复职&lt;/b&gt;" in response.content.decode()


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("person=LI.NA", "a"),
        ("person=李娜", "a"),
        ("action=person.enable", "abd"),
        ("action=person.", "abd"),
        ("action=case.", "e"),
        ("subject=accounts.user:77", "b"),
        ("subject=li.na", "d"),
        ("since=2026-11-24", "bcde"),
        ("until=2026-11-23", "a"),
        ("since=2026-11-24&until=2026-11-24&action=person.enable", "bd"),
        ("q=复", "b"),
        ("q=title", ""),
        ("address=192.0.2.9", ""),
        ("only=refusals", "c"),
        ("only=disclosures", ""),
        ("role=editor", "a"),
    ],
)
def test_events_are_found(query, expected):
    with time_machine.travel("2026-11-22 09:00:00+08:00", tick=False):
        person = make.person("editor", username="li.na", name="李娜")
        auditor = make.person("auditor")
    made = {"a": note("person.enable", "x", by=person, at="2026-11-23 23:59:59+08:00")}
    made["b"] = note("person.enable", "accounts.user:77", at="2026-11-24 00:00:00+08:00", reason="复职")
    made["c"] = note("access.refuse", "/people/", at="2026-11-24 00:00:01+08:00")
    made["d"] = note("person.enable", f"accounts.user:{person.pk}", at="2026-11-24 00:00:02+08:00")
    made["e"] = note("case.open", "cases.case:5", at="2026-11-24 00:00:03+08:00", title="复")

    shown = found(make.client_of(auditor), query)

    assert "".join(mark for mark, number in made.items() if number in shown) == expected


def test_an_act_without_a_name_is_shown_by_its_dotted_name(auditor):
    note("unnamed.act", "x")

    assert "unnamed.act" in auditor.get("/audit/").content.decode()


def test_an_address_is_a_filter(auditor):
    auditor.get("/people/", REMOTE_ADDR="192.0.2.9")

    events = auditor.get("/audit/?address=192.0.2.9").context["page"].rows

    assert [(event.action, event.subject) for event in events] == [("access.refuse", "/people/")]


def test_a_case_number_finds_the_case_and_its_documents(auditor):
    make.working_days(2025, 2026, 2027)
    make.duty_list()
    case = make.case()
    document = make.attached(case)
    make.case()

    events = auditor.get(f"/audit/?subject={case.number}").context["page"].rows

    assert {event.subject for event in events} == {f"cases.case:{case.pk}", f"cases.document:{document.pk}"}


@pytest.mark.parametrize(
    ("at", "is_outside"),
    [
        ("2026-11-24 08:29:59+08:00", True),
        ("2026-11-24 08:30:00+08:00", False),
        ("2026-11-24 17:29:59+08:00", False),
        ("2026-11-24 17:30:00+08:00", True),
        ("2026-11-24 23:59:00+08:00", True),
        ("2026-11-25 00:30:00+08:00", True),
        ("2026-11-26 10:00:00+08:00", True),  # a day off
        ("2026-11-28 10:00:00+08:00", False),  # a Saturday worked for it
        ("2026-11-29 10:00:00+08:00", True),  # a Sunday
        ("2027-03-06 10:00:00+08:00", True),  # a Saturday of a year not entered
        ("2027-03-08 10:00:00+08:00", False),
    ],
)
def test_what_was_done_outside_working_hours(auditor, at, is_outside):
    enter_year(2026, {date(2026, 11, 26): "校庆"}, {date(2026, 11, 28): "调休"})
    number = note("person.enable", at=at)

    assert (number in found(auditor, "outside=on&action=person.enable")) is is_outside


def test_roles_are_those_of_the_time(auditor):
    with time_machine.travel("2026-11-20 09:00:00+08:00", tick=False):
        person = make.person("editor", username="li.na")
        before = note("person.enable", "x", by=person)
        role = person.groups.get()
        asked = actions.ask_for_role(person=person, role="editor", change="remove", reason="调岗", by=make.person("system_admin"))
        actions.decide_role(asked=asked, approve=True, by=make.person("security_admin"))
        between = note("person.enable", "x", by=person)
        person.groups.add(role)
        with acting(None):
            record("role.grant", person, role="editor")
        after = note("person.enable", "x", by=person)

    rows = {event.number: event for event in auditor.get("/audit/?person=li.na").context["page"].rows}

    assert {number: [str(name) for name in rows[number].line.roles] for number in (before, between, after)} == {
        before: ["内容编辑"],
        between: [],
        after: ["内容编辑"],
    }
    assert set(found(auditor, "role=editor&action=person.enable")) == {before, after}


def test_older_events_are_one_link_away(auditor):
    for _time in range(21):
        last = note("person.enable")

    first = auditor.get("/audit/?action=person.enable&rows=20")
    older = auditor.get("/audit/", QueryDict(f"action=person.enable&rows=20&after={first.context['page'].following}"))

    assert numbers(first) == list(range(last, last - 20, -1))
    assert numbers(older) == [last - 20]


@pytest.mark.parametrize(
    "query",
    ["action=nonsense", "since=yesterday", "person=nobody", "subject=%00", "since=0001-01-01", "until=9999-12-31", "address=x", "role=auditor&person=nobody"],
)
def test_a_search_without_result_says_what_to_do(auditor, query):
    response = auditor.get(f"/audit/?{query}")

    assert response.status_code == 200
    assert "没有找到符合条件的记录" in response.content.decode()


def test_what_is_typed_wrongly_is_told_beside_the_field(auditor):
    response = auditor.get("/audit/?address=10.0.0&person=li.na")

    assert list(response.context["form"].errors) == ["address"]
    assert 'value="li.na"' in response.content.decode()


def test_each_filter_can_be_taken_away(auditor):
    response = auditor.get("/audit/?person=li.na&action=case.&only=refusals&outside=on&since=2026-11-24")

    assert {chip.text: chip.address for chip in response.context["chips"]} == {
        "姓名或登录名：li.na": "?action=case.&only=refusals&outside=on&since=2026-11-24",
        "操作：办件：全部": "?person=li.na&only=refusals&outside=on&since=2026-11-24",
        "从：2026-11-24": "?person=li.na&action=case.&only=refusals&outside=on",
        "只看：被拒绝和失败的": "?person=li.na&action=case.&outside=on&since=2026-11-24",
        "只看工作时间以外": "?person=li.na&action=case.&only=refusals&since=2026-11-24",
    }


@pytest.mark.parametrize("query", ["rows=100&action=document.", "rows=100&action=case.", "rows=100&action=role."])
def test_the_page_takes_the_same_queries_for_any_number_of_events(auditor, django_assert_max_num_queries, query):
    make.working_days(2025, 2026, 2027)
    make.duty_list()
    taken = []
    for size in (1, 1, 12):
        for _time in range(size):
            make.attached(make.case())
        with django_assert_max_num_queries(20) as counted:
            shown = numbers(auditor.get(f"/audit/?{query}"))
        taken.append((len(counted), len(shown)))
    assert (taken[1][0], taken[1][1] < taken[2][1]) == (taken[2][0], True)


# -- what an auditor does not see ----------------------------------------------------------------------------------------------------------------


@pytest.fixture
def secret():
    """A case, a note and a document, each with words that an auditor must not meet."""
    make.working_days(2025, 2026, 2027)
    make.duty_list()
    case = make.case(title="CANARY-TITLE")
    make.act(case, "note", text="CANARY-NOTE")
    make.attached(case, "CANARY-NAME.txt")
    return case


def test_business_content_is_withheld(auditor, secret):
    pages = ["/audit/", f"/audit/?subject={secret.number}", reverse("auditing:object-history", args=[f"cases.case:{secret.pk}"])]
    for page in pages:
        shown = auditor.get(page).content.decode()
        assert (secret.number in shown, "不向审计员显示" in shown, "CANARY" in shown) == (True, True, False)


def test_business_content_is_not_exported(auditor, secret):
    rows = TRAIL.rows(auditor.person, QueryDict(""))

    cells = [str(column.value(row)) for row in rows for column in TRAIL.columns]

    assert any(secret.number in cell for cell in cells)
    assert not [cell for cell in cells if "CANARY" in cell]


def test_business_content_cannot_be_searched(auditor, secret):
    assert found(auditor, "q=CANARY") == []


def test_what_an_app_adds_is_withheld_until_it_is_named():
    shown = words.shown_facts("letter.sign", json.dumps({"number": "L-1", "passport": "E123", "count": 3, "persons": ["甲"]}))

    assert shown == {"number": "L-1", "passport": str(words.WITHHELD), "count": 3, "persons": str(words.WITHHELD)}


# -- own acts ------------------------------------------------------------------------------------------------------------------------------------


def test_a_security_administrator_reads_own_acts_only():
    security = make.signed_in("security_admin")
    own = note("person.unlock", "accounts.user:1", by=security.person)
    other = note("person.unlock", "accounts.user:1")

    shown = security.get("/audit/")

    assert numbers(shown) == [own]
    assert "本人的操作记录" in shown.content.decode()
    assert other not in numbers(security.get(reverse("auditing:object-history", args=["accounts.user:1"])))
    assert security.get("/audit/seen/").status_code == 403
    assert security.post("/audit/verifications/new/").status_code == 403


def test_who_may_read_neither_reads_nothing():
    person = make.person("signer")

    assert (may_read(person), AuditEvent.objects.visible_to(person).count()) == (False, 0)


# -- words ---------------------------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("key", "value", "told"),
    [
        ("reason", None, "（空）"),
        ("declared", True, "是"),
        ("declared", False, "否"),
        ("target", "3", "第 3 步"),
        ("target", "material:12", "运行要件 12"),
        ("target", "odd:1", "odd 1"),
        ("role", "preparer", "经办人"),
        ("print", "notice:5", "一次性告知书 5"),
        ("print", "form", "办理单"),
        ("names", ["甲", "乙"], "甲、乙"),
        ("names", [], "（空）"),
        ("parameters", {"name": "甲", "x": 1}, "名称 甲；x 1"),
        ("size", 5, "5"),
    ],
)
def test_values_in_words(key, value, told):
    assert str(words.value_in_words(key, value)) == told


def test_changes_stand_beside_what_was_before():
    facts = {"before": {"due_on": None, "name": "甲", "same": 1}, "after": {"due_on": 5, "name": "乙", "same": 1}, "item": "2.1"}

    assert [(str(change.label), str(change.before), str(change.after)) for change in words.changes_of(facts)] == [
        ("期限", "（空）", "5"),
        ("名称", "甲", "乙"),
    ]
    assert [str(fact.label) for fact in words.facts_of(facts)] == ["职责事项"]


def test_lists_that_changed_are_told_whole():
    assert [(change.before, change.after) for change in words.changes_of({"before": ["甲"], "after": ["乙"]})] == [("甲", "乙")]
    assert words.changes_of({"before": ["甲"], "after": ["甲"]}) == []


def test_every_act_has_a_name_and_every_group_a_label(settings):
    ours = [settings.BASE_DIR / name for name in settings.INSTALLED_APPS]
    code = "".join(path.read_text() for app in ours for path in app.rglob("*.py") if "migrations" not in path.parts)
    recorded = {part.split('"')[0] for part in code.split('record("')[1:]}

    assert recorded <= set(ACTIONS)
    assert {words.group_of(name) for name in ACTIONS} <= set(words.GROUPS)


def test_the_indexes_are_used(auditor):
    note("person.enable", "accounts.user:1", by=auditor.person)
    asked = {
        "accounts_audit_subject": AuditEvent.objects.filter(subject="accounts.user:1"),
        "accounts_audit_by": AuditEvent.objects.filter(by=auditor.person),
        "accounts_audit_action": AuditEvent.objects.filter(action="access.refuse"),
        "accounts_audit_address": AuditEvent.objects.filter(address="10.0.0.1"),
    }
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute("SET LOCAL enable_seqscan = off")
            cursor.execute("SET LOCAL enable_bitmapscan = off")
    for index, rows in asked.items():
        plan = rows.order_by("-number")[:50].explain()
        assert index in plan or connection.vendor == "postgresql", plan
