"""Several cases of the list to another person at once: each done whole or not at all, and what was not done is said."""

import threading

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from accounts.models import AuditEvent, User
from cases import reassigning
from cases.models import Case
from tests import factories as make

pytestmark = pytest.mark.django_db
LIST = reverse("cases:case-list")
REASSIGN = reverse("cases:case-reassign")


@pytest.fixture
def leader(edition):
    return make.signed_in("leader", name="李领导")


@pytest.fixture
def handler(edition):
    return make.worker("preparer", "2.1", name="王敏")


def pick(case):
    return f"{case.number}~{Case.objects.get(pk=case.pk).version}"


def sent(client, picks, to, reason="调整分工"):
    return client.post(REASSIGN, {"case": picks, "to": to.pk, "reason": reason})


def handlers(*cases):
    return [Case.objects.get(pk=case.pk).handler for case in cases]


def test_the_list_offers_ticks_to_whoever_may_reassign(leader, handler):
    case = make.case("2.1", handler)
    closed = make.act(make.case("2.1", handler), "withdraw", reason="对方取消")

    page = leader.get(LIST, {"view": "department", "state": "any"}).content.decode()

    assert f'value="{pick(case)}"' in page
    assert f'value="{pick(closed)}"' not in page
    assert 'data-all="case"' in page
    assert "data-all" not in make.client_of(handler).get(LIST).content.decode()


def test_ticked_cases_go_to_one_person_each_as_an_act_of_its_own(leader, handler):
    cases, to = [make.case("2.1", handler, f"第{number}件") for number in range(3)], make.worker("preparer", "2.1", name="陈立")
    page = leader.get(REASSIGN, {"case": [pick(case) for case in cases]})
    assert [choice.case for choice in page.context["picks"]] == cases
    assert set(page.context["form"].fields["to"].queryset) == {handler, to}

    page = sent(leader, [pick(case) for case in cases], to)

    assert handlers(*cases) == [to, to, to]
    assert "3 个已改派给 陈立" in page.content.decode()
    assert (len(page.context["done"]), page.context["left"]) == (3, [])
    assert AuditEvent.objects.filter(action="case.reassign", by=leader.person).count() == 3
    assert [case.timeline.get(kind="reassign").text for case in cases] == ["王敏 → 陈立：调整分工"] * 3


def test_what_cannot_be_reassigned_is_left_and_said_why(leader, handler):
    to = make.worker("preparer", "2.1", name="陈立")
    fine, changed, closed, theirs = (make.case("2.1", handler, title) for title in ("好的", "改过的", "办结的", "他的"))
    make.act(theirs, "hand_over", to=str(to.pk), reason="出差")
    picks = [pick(case) for case in (fine, changed, closed, theirs)]
    make.act(changed, "note", text="已电话联系")
    make.act(closed, "withdraw", reason="对方取消")
    current = f"{closed.number}~{Case.objects.get(pk=closed.pk).version}"

    page = sent(leader, [*picks[:2], current, picks[3]], to)

    assert handlers(fine, changed, closed, theirs) == [to, handler, handler, to]
    reasons = {row.case.title: row.reason for row in page.context["left"]}
    assert reasons.keys() == {"改过的", "办结的", "他的"}
    assert reasons["改过的"].startswith("打开列表之后，这个办件已有变化。")
    assert reasons["他的"] == "本来就由此人承办。"
    assert "3 个没有改派" in page.content.decode()


def test_only_who_works_on_every_item_is_offered(leader, handler):
    both = make.worker("preparer", "2.1", "2.3")
    make.worker("reviewer", "2.1", "2.3")
    cases = [make.case("2.1", handler), make.case("2.3", make.worker("preparer", "2.3"))]

    page = leader.get(REASSIGN, {"case": [pick(case) for case in cases]})

    assert list(page.context["form"].fields["to"].queryset) == [both]


def test_nobody_for_every_item_is_said(leader, handler):
    cases = [make.case("2.1", handler), make.case("2.3", make.worker("preparer", "2.3"))]

    page = leader.get(REASSIGN, {"case": [pick(case) for case in cases]}).content.decode()

    assert "没有人同时承办所选的全部事项" in page
    assert 'name="to"' not in page


def test_a_person_without_the_item_is_refused(leader, handler):
    case, stranger = make.case("2.1", handler), make.worker("preparer", "2.3")

    page = sent(leader, [pick(case)], stranger)

    assert page.context["form"].errors.keys() == {"to"}
    assert page.context["form"]["reason"].value() == "调整分工"
    assert handlers(case) == [handler]


def test_a_reason_is_needed(leader, handler):
    case, to = make.case("2.1", handler), make.worker("preparer", "2.1")

    assert sent(leader, [pick(case)], to, reason="").context["form"].errors.keys() == {"reason"}
    assert handlers(case) == [handler]


@pytest.mark.parametrize("picks", [[], ["x"], ["2.1-2026-0001"], ["2.1-2026-9999~1"], ["2.1-2026-0001~x"]])
def test_nothing_ticked_is_said(leader, picks):
    assert "没有选中办件" in leader.get(REASSIGN, {"case": picks}).content.decode()
    assert "没有选中办件" in leader.post(REASSIGN, {"case": picks}).content.decode()


def test_no_more_than_a_page_is_taken(leader, handler, monkeypatch):
    monkeypatch.setattr(reassigning, "MOST", 2)
    cases = [make.case("2.1", handler) for _number in range(3)]

    assert len(leader.get(REASSIGN, {"case": [pick(case) for case in cases]}).context["picks"]) == 2


def test_a_repeat_does_nothing_twice(leader, handler):
    case, to = make.case("2.1", handler), make.worker("preparer", "2.1")
    picks = [pick(case)]
    sent(leader, picks, to)

    page = sent(leader, picks, to)

    assert [row.reason for row in page.context["left"]] == ["本来就由此人承办。"]
    assert Case.objects.get(pk=case.pk).version == 2


def test_what_the_form_of_the_case_refuses_is_told(leader, handler):
    case, stranger = make.case("2.1", handler), make.worker("preparer", "2.3")

    results = reassigning.reassign(reassigning.picked([pick(case)], leader.person), data={"to": str(stranger.pk), "reason": "调整"}, by=leader.person)

    assert [row.reason for row in results] == ["请从列出的选项中选择。"]
    assert handlers(case) == [handler]


@pytest.mark.parametrize("number", [1, 8])
def test_the_page_takes_the_same_queries_for_any_number(leader, handler, number):
    picks = [pick(make.case("2.1", handler)) for _number in range(number)]
    leader.get(REASSIGN, {"case": picks})

    with CaptureQueriesContext(connection) as asked:
        leader.get(REASSIGN, {"case": picks})

    assert len(asked) == 11


@pytest.mark.django_db(transaction=True)
def test_two_leaders_at_once_give_each_case_to_one(transactional_db):
    make.working_days(2025, 2026, 2027)
    make.duty_list()
    handler = make.worker("preparer", "2.1")
    cases = [make.case("2.1", handler, f"第{number}件") for number in range(4)]
    picks, gate, results = [pick(case) for case in cases], threading.Barrier(2), {}
    receivers = {make.person("leader").pk: make.worker("preparer", "2.1") for _number in range(2)}

    def give(leader, to):
        try:
            by = User.objects.get(pk=leader)
            chosen = reassigning.picked(picks, by)
            gate.wait()
            results[to.pk] = reassigning.reassign(chosen, data={"to": str(to.pk), "reason": "调整"}, by=by)
        finally:
            connection.close()

    threads = [threading.Thread(target=give, args=pair) for pair in receivers.items()]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    won = {row.case.pk: to for to, rows in results.items() for row in rows if not row.reason}
    assert {case.pk: Case.objects.get(pk=case.pk).handler_id for case in cases} == won
    assert sorted(bool(row.reason) for rows in results.values() for row in rows) == [False] * 4 + [True] * 4
    assert [Case.objects.get(pk=case.pk).version for case in cases] == [2] * 4
