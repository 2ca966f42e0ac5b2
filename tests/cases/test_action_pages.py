"""The page of each action on a case: what it answers, and to whom."""

import re

import pytest
from django.urls import reverse

from cases.case_rows import address_of
from cases.models import Case, Need
from tests import factories as make

from .engine import rule
from .pages import absent, address, do, page_of, text_of

pytestmark = pytest.mark.django_db


def test_each_offered_action_has_a_page_that_says_what_it_is_about(handler):
    rule("2.1", 1, need=Need.IF_NEEDED, approval_levels=1)
    case = make.case("2.1", handler)
    make.act(case, "add_task", "1", title="订车", is_required="on")
    make.act(case, "ask_waiver", f"material:{case.materials.first().pk}", reason="原件留存")
    make.act(case, "link", number=make.case("4.1", handler).number, relation=str(make.relation().pk))
    make.sheet("2.1", ["决定", "反馈"], ["名单"])
    client = make.client_of(handler)
    offers = page_of(case, handler).offers
    assert len({offer.action.name for offer in offers}) > 15

    for offer in offers:
        response = client.get(address_of(case, offer))
        text = text_of(response)
        assert (offer.action.name, response.status_code) == (offer.action.name, 200)
        assert str(offer.action.label) in text
        assert case.title in text
        if offer.key.isdecimal():
            assert offer.target.step.text in text
        for blocker in offer.blockers:
            assert str(blocker.text) in text


def test_a_form_is_sent_and_leads_back_to_the_case_with_a_message(case, handler):
    client = make.client_of(handler)

    response = client.post(address(case, "complete", "1"), {"version": 1, "remark": "确定邀请"}, follow=True)

    assert response.redirect_chain == [(f"{case.get_absolute_url()}#step-1", 302)]
    assert "已办理：办结本步。" in text_of(response)
    assert case.steps.get(step__number=1).note == "确定邀请"


def test_the_end_of_a_case_is_told(case, handler):
    response = make.client_of(handler).post(address(case, "withdraw"), {"version": 1, "reason": "对方取消"}, follow=True)

    assert "办件已结束：撤回办件。" in text_of(response)


def test_who_hands_a_case_out_of_their_sight_is_led_to_todays_work(edition):
    was, now = make.person("preparer"), make.worker("preparer", "2.1")
    case = make.case("2.1", was)

    response = do(case, was, "hand_over", to=now.pk, reason="休假")

    assert (response.status_code, response["Location"]) == (302, reverse("cases:today"))


def test_where_nobody_else_carries_the_item_it_is_said_what_to_do(edition):
    case = make.case("2.1", make.person("preparer"))
    page = make.client_of(case.handler).get(address(case, "hand_over"))
    assert "请部门领导先在“人员分工”中安排" in text_of(page)

    make.worker("preparer", "2.1")
    assert "请部门领导先" not in text_of(make.client_of(case.handler).get(address(case, "hand_over")))


def test_what_was_typed_wrongly_comes_back_with_a_summary_and_a_marked_title(case, handler):
    response = do(case, handler, "hold", reason="", others="译文未盖章")

    body = response.content.decode()
    assert response.status_code == 200
    assert re.search(r"<title>\s*错误：", body)
    assert 'class="errsum"' in body
    assert 'href="#id_reason"' in body
    assert "译文未盖章" in body
    assert Case.objects.get().version == 1


def test_an_action_that_is_blocked_answers_409_with_the_reasons_and_what_was_typed(case, handler):
    make.act(case, "add_task", "1", title="订会议室", is_required="on")

    response = do(case, handler, "complete", "1", remark="已定")

    text = text_of(response)
    assert response.status_code == 409
    assert "任务未完成：订会议室" in text
    assert "TASK-01" in text
    assert "已定" in response.content.decode()
    assert "disabled" not in response.content.decode().split('class="cardx formx"')[1]  # it may be sent again once the task is done
    assert case.steps.get(step__number=1).status == "open"


def test_a_change_by_another_answers_409_with_both_and_the_form_can_be_sent_again(case, handler, reviewer):
    make.act(case, "note", text="对方来电改期", by=reviewer)
    make.act(case, "edit", title="神港市代表团来访（改期）", sensitivity="public")

    response = do(case, handler, "edit", version=1, title="神港市商会来访", sensitivity="internal")

    text, body = text_of(response), response.content.decode()
    assert response.status_code == 409
    assert "对方来电改期" in text
    assert [list(map(str, row)) for row in response.context["differences"]] == [
        ["名称", "神港市代表团来访（改期）", "神港市商会来访"],
        ["敏感程度", "公开", "内部"],
    ]
    assert 'name="version" value="3"' in body
    assert 'value="神港市商会来访"' in body
    assert do(case, handler, "edit", version=3, title="神港市商会来访", sensitivity="internal").status_code == 302
    assert Case.objects.get(pk=case.pk).title == "神港市商会来访"


def test_what_was_typed_for_an_action_that_is_gone_is_shown_to_be_kept(case, handler):
    make.act(case, "hold", reason="待补正")
    make.act(case, "note", text="已告知对方")

    response = do(case, handler, "complete", "1", version=1, remark="一段很长的说明")

    assert response.status_code == 409
    assert "一段很长的说明" in text_of(response)
    assert '<form method="post"\n            class="cardx formx"' not in response.content.decode()


def test_the_same_form_sent_twice_counts_once(case, handler):
    answers = [do(case, handler, "complete", "1", version=1, remark="已定") for _time in range(2)]

    assert [answer.status_code for answer in answers] == [302, 302]
    assert Case.objects.get(pk=case.pk).version == 2


@pytest.mark.parametrize("version", ["", "0", "abc", "-1", "9" * 30, "²"])
def test_a_form_that_does_not_say_what_it_saw_changes_nothing(case, handler, version):
    assert do(case, handler, "complete", "1", version=version).status_code == 409
    assert Case.objects.get(pk=case.pk).version == 1


@pytest.mark.parametrize(
    ("action", "key"),
    [
        ("complete", "2"),
        ("complete", "9"),
        ("complete", ""),
        ("nonsense", ""),
        ("resume", ""),
        ("verify", "material:{material}"),
        ("receive", "material:999999"),
    ],
)
def test_what_is_not_offered_is_absent(case, handler, action, key):
    key = key.format(material=case.materials.first().pk)
    client = make.client_of(handler)

    for response in (client.get(address(case, action, key)), client.post(address(case, action, key), {"version": 1})):
        assert (response.status_code, response.content) == (404, absent(client))


@pytest.mark.parametrize("action", ["approve", "send_back"])
def test_decisions_are_not_taken_here(handler, reviewer, action):
    rule("2.1", 1, approval_levels=1)
    case = make.case("2.1", handler)
    make.act(case, "submit", "1")
    key, client = f"approval:{case.approvals.get().pk}", make.client_of(reviewer)

    for response in (client.get(address(case, action, key)), client.post(address(case, action, key), {"version": 2, "note": "同意"})):
        assert (response.status_code, response.content) == (404, absent(client))
    assert case.approvals.get().is_open


def test_a_case_out_of_scope_is_as_absent_as_none(case):
    client = make.client_of(make.worker("preparer", "4.1"))
    addresses = [
        case.get_absolute_url(),
        address(case, "note"),
        address(case, "complete", "1"),
        address(case, "receive", f"material:{case.materials.first().pk}"),
    ]

    for path in addresses:
        for response in (client.get(path), client.post(path, {"version": 1}) if "/do/" in path else client.get(f"{path}?tab=log")):
            assert (path, response.status_code, response.content) == (path, 404, absent(client))
    assert Case.objects.get().version == 1


def test_who_may_look_but_not_act_finds_no_action(case):
    leader = make.client_of(make.person("leader"))

    for version in (1, 0):  # as the page says, and as an old page would
        response = leader.post(address(case, "complete", "1"), {"version": version})
        assert (response.status_code, response.content) == (404, absent(leader))


def test_other_methods_are_refused(case, handler):
    client = make.client_of(handler)

    assert [client.put(path).status_code for path in (case.get_absolute_url(), address(case, "note"), "/cases/new/", "/cases/new/2.1/", "/drafts/")] == [
        405
    ] * 5


def test_who_stands_in_for_a_preparer_comes_to_their_cases(case, handler):
    editor = make.person("editor")
    assert make.client_of(editor).get(case.get_absolute_url()).status_code == 403
    make.substitution(handler, editor)

    response = make.client_of(editor).get(address(case, "complete", "1"))

    assert response.status_code == 200
    assert "您受托代林晓舟办理" in text_of(response)
