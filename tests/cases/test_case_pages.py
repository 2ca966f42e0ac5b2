"""The pages of a case: what each section shows, what each action page answers, who sees what, and drafts."""

import json
import re
from datetime import timedelta

import pytest
from django import forms
from django.urls import reverse
from django.utils import timezone

from accounts.models import User
from accounts.sessions import SEEN
from cases import drafts, process
from cases.case_page import CasePage
from cases.case_rows import address_of, compare
from cases.chart import draw_steps
from cases.kinds import CaseKind, register, unregister
from cases.models import Assignment, Case, Draft, Need, StepRule, TaskTemplate
from duties.models import DutyItem, ProcessStep, Sheet
from tests import factories as make

pytestmark = pytest.mark.django_db


def rule(code, number, **fields):
    step = ProcessStep.objects.get(sheet__item=code, sheet__status="published", number=number)
    needed = fields.pop("materials", [])
    made = StepRule.objects.create(step=step, **fields)
    made.materials.set(step.sheet.materials.filter(name__in=needed))
    return made


def page_of(case, person):
    return CasePage(process.load({"pk": case.pk}), User.objects.get(pk=person.pk))


def text_of(response):
    """What the page says, without tags, its spaces made single."""
    body = re.sub(r"<(script|style)[^>]*>.*?</\1>", "", response.content.decode(), flags=re.DOTALL)
    return re.sub(r"\s+", " ", re.sub(r"<[^>]*>", " ", body))


def look(case, person, query=""):
    return make.client_of(person).get(case.get_absolute_url() + query)


def do(case, person, action, key="", **typed):
    """Send the form of an action as the page of the case as it is now would."""
    typed.setdefault("version", Case.objects.get(pk=case.pk).version)
    return make.client_of(person).post(address(case, action, key), typed)


def address(case, action, key=""):
    if not key:
        return reverse("cases:case-do", args=[case.number, action])
    if ":" in key:
        part, pk = key.split(":")
        return reverse("cases:part-do", args=[case.number, part, pk, action])
    return reverse("cases:step-do", args=[case.number, key, action])


@pytest.fixture
def case(handler):
    return make.case("2.1", handler)


# -- the page ----------------------------------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("code", ["1.1", "1.2", "2.1", "2.2", "2.3", "3.1", "4.1"])
def test_each_published_sentence_stands_on_the_page_word_for_word_and_in_order(handler, code):
    case = make.case(code, handler)

    body = look(case, handler).content.decode()

    shown = re.findall(r'<span class="tx" lang="zh-CN">(.*?)</span>', body, re.DOTALL)
    assert shown == [step.text for step in Sheet.objects.get(item=code, status="published").steps.all()]


def test_each_step_has_one_of_four_words_and_the_current_one_is_marked(handler):
    rule("2.1", 2, need=Need.IF_NEEDED)
    case = make.collected(make.case("2.1", handler))
    make.act(case, "complete", "1", remark="确定邀请")
    make.act(case, "skip", "2", reason="对方自行安排")

    response = look(case, handler)

    page = response.context["page"]
    assert [row.state for row in page.steps] == ["done", "skipped", "now", "todo"]
    assert (page.position, page.chart.words) == ("第 3 步，共 4 步", "第 1 步已完成；第 2 步不适用；第 3 步进行中；第 4 步未开始")
    assert response.content.decode().count('aria-current="step"') == 1
    assert "确定邀请" in text_of(response)
    assert "对方自行安排" in text_of(response)
    assert f"林晓舟 {timezone.localtime(case.steps.get(step__number=1).done_at):%Y-%m-%d %H:%M}" in text_of(response)


def test_the_head_tells_number_handler_sensitivity_and_edition(case, handler):
    text = text_of(look(case, handler))

    assert "办理中" in text
    assert f"编号 {case.number}" in text
    assert "承办 林晓舟" in text
    assert "敏感程度 内部" in text
    assert "信息表 第 1 版" in text


def test_the_status_follows_the_case(handler, time_machine):
    time_machine.move_to("2026-11-23T09:00+08:00", tick=False)
    rule("2.1", 1, due_days=2, approval_levels=1)
    case = make.case("2.1", handler)
    seen = [page_of(case, handler).status]
    make.act(case, "submit", "1")
    seen.append(page_of(case, handler).status)
    time_machine.move_to("2026-11-27T09:00+08:00", tick=False)
    seen.append(page_of(case, handler).status)
    make.act(case, "hold", reason="待补正")
    seen.append(page_of(case, handler).status)
    make.act(case, "withdraw", reason="取消")
    seen.append(page_of(case, handler).status)

    assert seen == ["going", "waiting", "late", "held", "closed"]
    assert "已办结 ： 撤回" in text_of(look(case, handler)).replace("：", " ： ").replace("  ", " ")


@pytest.mark.parametrize(
    ("day", "words"),
    [
        ("2026-11-23", "还有 7 天，5 个工作日"),
        ("2026-11-30", "今天到期"),
        ("2026-12-02", "已逾期 2 天"),
    ],
)
def test_the_deadline_is_told_in_calendar_and_working_days(handler, time_machine, day, words):
    time_machine.move_to("2026-11-23T09:00+08:00", tick=False)  # a Monday
    rule("2.1", 1, due_days=5)
    case = make.case("2.1", handler)

    time_machine.move_to(f"{day}T09:00+08:00", tick=False)

    assert f"2026-11-30 （{words}）" in text_of(look(case, handler))


def test_days_left_are_told_without_working_days_where_these_are_not_entered(handler, time_machine):
    time_machine.move_to("2027-12-27T09:00+08:00", tick=False)
    case = make.case("2.1", handler)
    make.act(case, "add_task", "1", title="订车", due_on="2028-01-05")

    assert "（还有 9 天）" in text_of(look(case, handler))


def test_a_date_that_cannot_be_worked_out_is_told_instead_of_guessed(handler, time_machine):
    rule("2.1", 1, due_days=5)
    TaskTemplate.objects.create(step=ProcessStep.objects.get(sheet__item="2.1", number=1), position=1, title="订车", due_days=9)
    time_machine.move_to("2027-12-29T09:00+08:00", tick=False)
    case = make.case("2.1", handler)

    text = text_of(look(case, handler))

    assert text.count("放假安排未录入，期限待算") == 3  # head, step, task
    assert "请规则编辑人员在“工作日历”中导入放假通知" in text


def test_tasks_stand_under_their_step_with_who_does_them_until_when(case, handler):
    colleague = make.worker("preparer", "2.1", name="陈办")
    make.act(case, "add_task", "1", title="订会议室", assignee=str(colleague.pk), due_on="2026-12-01", is_required="on")
    make.act(case, "add_task", "1", title="订车")
    make.act(case, "tick", f"task:{case.tasks.get(title='订车').pk}", remark="两辆")

    response = look(case, handler)

    first, second = response.context["page"].steps[0].tasks
    assert (first.task.title, first.deadline.day.isoformat(), first.tick.one_click) == ("订会议室", "2026-12-01", True)
    assert (second.done_by, second.tick) == ("林晓舟", None)
    assert "由陈办办理" in text_of(response)
    assert "两辆" in text_of(response)


def test_materials_show_how_many_are_there_and_the_facts_of_each(handler):
    rule("4.1", 1, materials=["委托函"])
    case = make.case("4.1", handler)
    letter = case.materials.get(name="委托函")
    make.act(case, "receive", f"material:{letter.pk}", number="津函〔2026〕3号", dated_on="2026-11-02", issuer="市外办")
    make.act(case, "verify", f"material:{letter.pk}")

    response = look(case, handler)

    page, text = response.context["page"], text_of(response)
    assert (page.collected, page.wanted) == (1, case.materials.count())
    assert "津函〔2026〕3号 2026-11-02 市外办" in text
    assert "办结第 1 步前收齐" in text
    assert text.count("办结前收齐") == case.materials.count() - 1
    assert f'max="{page.wanted}"' in response.content.decode()


def test_a_waiver_shows_who_asked_who_decided_and_why(case, handler, reviewer):
    material = case.materials.first()
    make.act(case, "ask_waiver", f"material:{material.pk}", reason="原件留存市外办")
    asked = case.approvals.get()
    make.act(case, "approve", f"approval:{asked.pk}", by=reviewer, note="同意免交")

    text = text_of(look(case, handler))

    assert "原件留存市外办" in text
    assert "周审" in text
    assert "同意免交" in text
    assert "免交" in text


def test_a_returned_submission_shows_the_reason_and_an_approved_one_the_approval(handler, reviewer):
    rule("2.1", 1, approval_levels=1)
    case = make.case("2.1", handler)
    make.act(case, "submit", "1", remark="请审")
    make.act(case, "send_back", f"approval:{case.approvals.get().pk}", by=reviewer, note="名单缺一人")
    make.act(case, "submit", "1", remark="已补齐")
    make.act(case, "approve", f"approval:{case.approvals.last().pk}", by=reviewer, note="同意邀请")

    response = look(case, handler)

    rows = response.context["page"].steps[0].approvals
    assert [(row.approval.decision, row.approval.note) for row in rows] == [("returned", "名单缺一人"), ("approved", "同意邀请")]
    assert all(words in text_of(response) for words in ("请审", "已退回" if "已退回" in text_of(response) else "退回", "名单缺一人", "已补齐", "同意邀请"))


def test_an_approval_leads_the_second_person_to_its_page_and_offers_the_handler_to_recall_it(handler, reviewer):
    rule("2.1", 1, approval_levels=1)
    case = make.case("2.1", handler)
    make.act(case, "submit", "1")
    asked = case.approvals.get()

    theirs, mine = look(case, reviewer), look(case, handler)

    assert f'href="{asked.get_absolute_url()}"' in theirs.content.decode()
    assert theirs.context["page"].primary_label == "下一步：审签"
    assert f'href="{asked.get_absolute_url()}"' not in mine.content.decode()
    assert address(case, "recall", f"approval:{asked.pk}") in mine.content.decode()


def test_a_hold_shows_every_gap_and_leads_to_its_notice(case, handler):
    make.act(case, "hold", reason="材料不齐", missing=[case.materials.first().name], others="译文未盖章")

    response = look(case, handler)

    text = text_of(response)
    assert "待补正（计时暂停）" in text
    assert f"{case.materials.first().name} 译文未盖章" in text
    assert reverse("cases:hold-notice", args=[case.number, case.holds.get().pk]) in response.content.decode()
    make.act(case, "resume")
    assert "已恢复" in text_of(look(case, handler))


def test_links_show_both_ways_and_only_cases_that_one_sees(handler):
    mine = make.worker("preparer", "2.1")
    case, seen, hidden = make.case("2.1", handler), make.case("2.1", handler, title="看得见"), make.case("4.1", handler, title="看不见的事")
    relation = make.relation()
    for other in (seen, hidden):
        make.act(case, "link", number=other.number, relation=str(relation.pk))

    links = look(case, mine).context["page"].links

    assert [(row.other, row.is_ours) for row in links] == [(seen, True)]
    assert "看不见的事" not in text_of(look(case, mine))
    assert [row.is_ours for row in page_of(seen, handler).links] == [False]
    assert f"由该办件关联：{relation.name}" in text_of(look(seen, handler))


def test_responsibilities_stand_there_word_for_word(case, handler):
    assert case.sheet.responsibilities_cell in look(case, handler).content.decode()


def internal_procedure(code="3.2", steps=("接到主办单位通知", "组织企业报名", "总结")):
    """An internal procedure in force, written and published by three people."""
    sheet = make.sheet(code, steps, publish=False)
    author_fields = {"is_public": False, "name": None}
    Sheet.objects.filter(pk=sheet.pk).update(**author_fields)
    Sheet.objects.filter(pk=sheet.pk).update(status="in_review")
    Sheet.objects.filter(pk=sheet.pk).update(status="approved", reviewed_by=make.person("publisher"), reviewed_at=timezone.now())
    Sheet.objects.filter(pk=sheet.pk).update(status="published", published_by=make.person("publisher"), published_at=timezone.now())
    return Sheet.objects.get(pk=sheet.pk)


def test_an_internal_procedure_is_called_one(handler):
    internal_procedure()
    case = make.case("3.2", handler)

    text = text_of(look(case, handler))

    assert "内部办理程序" in text
    assert "没有公布的责任事项" in text


def test_a_newer_edition_is_compared_and_offered_and_the_case_stays(handler):
    case = make.case("4.1", handler)
    make.sheet("4.1", ["接件", "公示", "审核", "网上提交（扫描件）"], ["委托函"])

    response = look(case, handler)

    page, text = response.context["page"], text_of(response)
    assert "本事项已有第 2 版信息表。本办件仍按第 1 版办理，不受影响。" in text
    assert [(change.kind, change.old, change.new) for change in page.changes] == [
        ("same", "接件", "接件"),
        ("added", "", "公示"),
        ("same", "审核", "审核"),
        ("changed", "签发（纸质邀请函）", "网上提交（扫描件）"),
        ("removed", "网上提交（邀请函扫描件）", ""),
    ]
    assert [row.step.step.text for row in page.steps] == ["接件", "审核", "签发（纸质邀请函）", "网上提交（邀请函扫描件）"]
    assert page.repin.blockers == ()
    assert "已有第 2 版" in text_of(look(case, make.worker("reviewer", "4.1")))  # who cannot change it is told too


def test_steps_of_an_edition_that_was_left_are_kept_as_history(handler):
    case = make.case("4.1", handler)
    make.act(case, "complete", "1")
    make.sheet("4.1", ["接件", "公示"], ["委托函"])
    make.act(case, "repin", step_1="1", reason="新版施行")

    response = look(case, handler)

    assert len(response.context["page"].left_behind) == 4
    assert "改用新版以前的步骤" in text_of(response)
    assert "现行信息表不再要求" in text_of(response)
    assert response.context["page"].newer is None


def test_each_disabled_button_says_why_by_which_rule_and_who_can_clear_it(handler):
    rule("4.1", 1, materials=["委托函"], approval_levels=1)
    case = make.case("4.1", handler)

    response = look(case, handler)

    body = response.content.decode()
    blocked = [one for buttons in response.context["page"].buttons.values() for one in buttons if one.blockers]
    assert {one.offer.action.name for one in blocked} == {"complete", "submit"}
    assert len(re.findall(r"disabled\s+aria-describedby", body)) == len(blocked)
    for one in blocked:
        beside = body[body.index(f'id="why-{one.id}"') :].split("</details>")[0]
        assert f'disabled aria-describedby="why-{one.id}"' in re.sub(r"\s+", " ", body)
        for blocker in one.blockers:
            assert all(str(words) in beside for words in (blocker.rule, blocker.text, blocker.basis, blocker.cleared_by))


def test_the_next_act_goes_from_what_is_missing_to_the_close(handler, reviewer):
    rule("2.1", 1, materials=["背景资料"], approval_levels=1)
    case = make.case("2.1", handler)
    make.act(case, "add_task", "1", title="核对名单", is_required="on")
    labels = []

    def see(person=handler):
        labels.append(page_of(case, person).primary_label)

    see()
    make.act(case, "receive", f"material:{case.materials.get(name='背景资料').pk}")
    see()
    make.act(case, "tick", f"task:{case.tasks.get().pk}")
    see()
    make.act(case, "submit", "1")
    see()
    make.act(case, "approve", f"approval:{case.approvals.get().pk}", by=reviewer)
    see()
    make.act(case, "hold", reason="待补正")
    see()
    make.act(case, "resume")
    make.act(case, "complete", "1")
    for number in (2, 3):
        make.act(case, "complete", str(number))
    see()
    make.collected(case)
    see()
    make.act(case, "complete", "4", outcome="completed")
    see()

    last = f"下一步：收齐“{case.materials.exclude(name='背景资料').first().name}”"
    assert labels == [
        "下一步：收齐“背景资料”",
        "下一步：核对名单",
        "下一步：送审",
        "",
        "下一步：办结本步",
        "下一步：恢复办理",
        last,
        "下一步：办结本步",
        "",
    ]


def test_a_case_of_which_one_step_sufficed_is_closed_next(handler):
    for number in (1, 2):
        rule("1.1", number, need=Need.ONE_OF)
    case = make.collected(make.case("1.1", handler))
    make.act(case, "complete", "1")

    page = page_of(case, handler)

    assert [page.primary.offer.action.name, page.position] == ["complete", "第 2 步，共 2 步"]
    assert "close" in {one.offer.action.name for one in page.more}


def test_what_asks_for_nothing_is_done_by_one_click_on_the_page(handler):
    case = make.case("2.1", handler)
    make.act(case, "add_task", "1", title="订车")
    client = make.client_of(handler)
    body = client.get(case.get_absolute_url()).content.decode()
    tick = re.search(r'<form method="post"\s+action="([^"]*/do/tick/)".*?name="version" value="(\d+)"', body, re.DOTALL)

    response = client.post(tick[1], {"version": tick[2]})

    task = case.tasks.get()
    assert (response.status_code, response["Location"]) == (302, f"{case.get_absolute_url()}#task-{task.pk}")
    assert (task.status, task.done_by) == ("done", handler)


def test_after_a_tick_the_next_open_task_of_the_step_is_at_hand(case, handler):
    colleague = make.worker("preparer", "2.1")
    for title in ("订车", "订会议室", "订餐"):
        make.act(case, "add_task", "1", title=title, assignee=str(colleague.pk) if title == "订会议室" else "")
    first, second, third = case.tasks.order_by("pk")
    make.act(case, "tick", f"task:{second.pk}")

    assert do(case, handler, "tick", f"task:{first.pk}")["Location"].endswith(f"#tick-{third.pk}")
    assert f'id="tick-{third.pk}"' in look(case, handler).content.decode()
    assert do(case, handler, "tick", f"task:{third.pk}")["Location"].endswith(f"#task-{third.pk}")


@pytest.mark.parametrize("typed", [{}, {"number": "1 号"}])
def test_a_paper_that_was_known_before_is_looked_at_again(case, handler, typed):
    key = f"material:{case.materials.first().pk}"
    make.act(case, "receive", key, **typed)
    make.act(case, "take_back", key, reason="盖章不清")

    row = page_of(case, handler).materials[0]

    assert (row.act.offer.action.name, row.act.one_click) == ("receive", not typed)


def test_the_last_step_is_not_completed_by_one_click(handler):
    case = make.collected(make.case("2.1", handler))
    clicks = []
    for number in ("1", "2", "3", "4"):
        clicks.append([one.one_click for one in page_of(case, handler).buttons[number] if one.offer.action.name == "complete"])
        make.act(case, "complete", number, outcome="completed")

    assert clicks == [[True], [True], [True], [False]]


def test_who_only_looks_on_has_no_buttons(case):
    registrar = make.worker("registrar", "2.1")

    page = page_of(case, registrar)

    assert {one.offer.action.name for buttons in page.buttons.values() for one in buttons} == {"note"}
    assert page.primary is None


def test_the_leader_may_reassign(case):
    page = page_of(case, make.person("leader"))

    assert {one.offer.action.name for buttons in page.buttons.values() for one in buttons} == {"reassign"}


def test_the_panel_of_a_kind_stands_at_the_side(handler):
    kind = register(CaseKind(("2.1",), panel="components/_contrast.html"))
    try:
        body = look(make.case("2.1", handler), handler).content.decode()
    finally:
        unregister(kind)

    assert body.count('id="contrast"') == 2  # one is the switch of the menu


def test_notes_and_the_last_entries_are_shown(case, handler):
    for number in range(7):
        make.act(case, "note", text=f"备注 {number}")

    page = page_of(case, handler)

    assert [entry.text for entry in page.notes] == [f"备注 {number}" for number in (6, 5, 4, 3, 2)]
    assert len(page.recent) == 5


# -- the timeline ------------------------------------------------------------------------------------------------------------------------------------------


def test_the_timeline_is_filtered_by_kind_and_person_in_the_address(case, handler, reviewer):
    make.act(case, "note", text="甲说")
    make.act(case, "note", text="乙说", by=reviewer)
    make.act(case, "complete", "1")

    def texts(query):
        return [entry.text for entry in look(case, handler, f"?tab=log{query}").context["entries"].rows]

    assert texts("&kind=note") == ["乙说", "甲说"]
    assert texts(f"&kind=note&by={reviewer.pk}") == ["乙说"]
    assert texts(f"&by={reviewer.pk}") == ["乙说"]
    assert len(texts("&kind=nonsense")) == 4
    assert "没有符合条件的记录" in text_of(look(case, handler, f"?tab=log&kind=complete&by={reviewer.pk}"))


def test_the_timeline_is_paged_by_key(case, handler):
    for number in range(60):
        make.act(case, "note", text=f"备注 {number}")

    first = look(case, handler, "?tab=log").context["entries"]
    second = look(case, handler, f"?tab=log&after={first.following}").context["entries"]

    assert (len(first.rows), len(second.rows), second.rows[-1].kind) == (50, 11, "open")


def test_an_act_for_somebody_else_names_both(case, handler):
    substitute = make.person("preparer", name="代某")
    make.substitution(handler, substitute)
    make.act(case, "note", text="代为记录", by=substitute)

    assert "代某 （代林晓舟）" in text_of(look(case, handler, "?tab=log")).replace("代某（", "代某 （")


# -- action pages ------------------------------------------------------------------------------------------------------------------------------------------


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


def absent(client):
    return client.get("/cases/9.9-2026-9999/").content


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


# -- opening a case ----------------------------------------------------------------------------------------------------------------------------------------


def test_the_items_are_listed_and_begin_a_case_for_whom_they_are_assigned(edition):
    client = make.client_of(make.worker("preparer", "2.1", "3.2"))

    response = client.get(reverse("cases:case-new"))

    body = response.content.decode()
    assert [code for code in ("1.1", "1.2", "2.1", "2.2", "2.3", "3.1", "3.2", "4.1") if f'href="/cases/new/{code}/"' in body] == ["2.1"]
    assert len(response.context["rows"]) == 8
    assert "没有信息表，也没有内部办理程序" in text_of(response)


def test_without_a_list_there_is_nothing_to_begin(db):
    assert "还没有职责清单" in text_of(make.signed_in("preparer").get(reverse("cases:case-new")))


def test_a_case_is_opened_and_its_page_comes(handler):
    client = make.client_of(handler)

    response = client.post("/cases/new/2.1/", {"title": "神港市商会来访", "sensitivity": "public"}, follow=True)

    case = Case.objects.get()
    assert response.redirect_chain == [(case.get_absolute_url(), 302)]
    assert (case.title, case.sensitivity, case.handler) == ("神港市商会来访", "public", handler)
    assert f"已立项，编号 {case.number}。" in text_of(response)


def test_an_untitled_case_is_not_opened(handler):
    response = make.client_of(handler).post("/cases/new/2.1/", {"title": " ", "sensitivity": "internal"})

    assert 'class="errsum"' in response.content.decode()
    assert not Case.objects.exists()


def test_a_case_that_seems_to_be_open_already_is_looked_at_first(case, handler):
    client, typed = make.client_of(handler), {"title": case.title, "sensitivity": "internal"}

    warned = client.post("/cases/new/2.1/", typed)

    assert f'href="{case.get_absolute_url()}"' in warned.content.decode()
    assert Case.objects.count() == 1
    client.post("/cases/new/2.1/", typed | {"sure": "1"})
    assert Case.objects.count() == 2


@pytest.mark.parametrize(("code", "role"), [("4.1", "preparer"), ("9.9", "preparer")])
def test_an_item_that_is_not_ones_own_is_absent(edition, code, role):
    client = make.client_of(make.worker(role, "2.1"))

    response = client.get(f"/cases/new/{code}/")

    assert (response.status_code, response.content) == (404, absent(client))


def test_an_item_without_a_procedure_says_so_and_runs_with_an_internal_one(handler):
    client = make.client_of(handler)
    before = client.post("/cases/new/3.2/", {"title": "全国展会", "sensitivity": "internal"})
    assert "暂时不能立项" in text_of(before)
    assert not Case.objects.exists()
    internal_procedure()

    assert "内部办理程序" in text_of(client.get("/cases/new/3.2/"))
    client.post("/cases/new/3.2/", {"title": "全国展会", "sensitivity": "internal"})

    assert Case.objects.get().number.startswith("3.2-")


def test_a_substitute_opens_cases_for_whom_they_stand_in(handler):
    substitute = make.person("preparer")
    make.substitution(handler, substitute)

    make.client_of(substitute).post("/cases/new/2.1/", {"title": "来访", "sensitivity": "internal"})

    assert (Case.objects.get().handler, Case.objects.get().opened_by) == (handler, substitute)


class PlaceForm(forms.Form):
    place = forms.CharField(label="地点", max_length=10)

    def clean(self):
        if self.cleaned_data.get("place") == "天外":
            raise forms.ValidationError("没有这个地点。")
        return self.cleaned_data


def test_opening_asks_for_the_first_facts_of_the_kind(handler):
    kind = register(CaseKind(("3.1",), form=PlaceForm))
    client, typed = make.client_of(handler), {"title": "经贸活动", "sensitivity": "internal"}
    try:
        assert "地点" in text_of(client.get("/cases/new/3.1/"))
        assert "地点" in text_of(client.post("/cases/new/3.1/", typed)).split("立项并开始办理")[0]
        assert "没有这个地点。" in text_of(client.post("/cases/new/3.1/", typed | {"place": "天外"}))
        assert not Case.objects.exists()
        client.post("/cases/new/3.1/", typed | {"place": "天津"})
    finally:
        unregister(kind)

    assert Case.objects.get().item_id == "3.1"


# -- drafts ------------------------------------------------------------------------------------------------------------------------------------------------


def keep(client, path, **typed):
    return client.post("/drafts/", {"address": path, "fields": json.dumps(list(typed.items()))})


def test_a_draft_is_offered_restored_and_gone_when_the_form_is_sent(case, handler):
    client, path = make.client_of(handler), address(case, "hold")
    answer = keep(client, path, reason="缺译文", others="译文", missing=case.materials.last().name, csrfmiddlewaretoken="secret", version="1")
    assert re.fullmatch(r"\d\d:\d\d", answer.json()["at"])
    assert dict(Draft.objects.get().fields).keys() == {"reason", "others", "missing"}

    offered, restored = client.get(path), client.get(f"{path}?draft=1")

    assert "恢复草稿" in text_of(offered)
    assert "缺译文" not in offered.content.decode()
    form = restored.context["form"]
    assert (form["reason"].value(), form["others"].value(), form["missing"].value()) == ("缺译文", "译文", [case.materials.last().name])
    assert not form.errors
    client.post(path, {"version": 1, "reason": "材料不齐"})
    assert not Draft.objects.exists()


def test_a_draft_of_a_new_case_is_restored_too(handler):
    client = make.client_of(handler)
    keep(client, "/cases/new/2.1/", title="神港市", sensitivity="public")

    form = client.get("/cases/new/2.1/?draft=1").context["form"]

    assert (form["title"].value(), form["sensitivity"].value()) == ("神港市", "public")
    client.post("/cases/new/2.1/", {"title": "神港市", "sensitivity": "public"})
    assert not Draft.objects.exists()


def test_a_draft_is_kept_without_scripts_by_a_button(case, handler):
    client, path = make.client_of(handler), address(case, "note")

    response = client.post("/drafts/", {"address": path, "text": "写到一半", "version": 1}, follow=True)

    assert response.redirect_chain == [(f"{path}?draft=1", 302)]
    assert response.context["form"]["text"].value() == "写到一半"
    assert "草稿已保存" in text_of(response)


def test_drafts_are_each_persons_own(case, handler):
    path = address(case, "note")
    keep(make.client_of(handler), path, text="只给自己看")

    response = make.client_of(make.worker("preparer", "2.1")).get(f"{path}?draft=1")

    assert "草稿" not in text_of(response).replace("存为草稿", "")
    assert "只给自己看" not in response.content.decode()


def test_a_draft_is_discarded_and_replaced(case, handler):
    client, path = make.client_of(handler), address(case, "note")
    keep(client, path, text="一")
    keep(client, path, text="二")
    assert Draft.objects.get().fields == [["text", "二"]]

    response = client.post("/drafts/", {"address": path, "discard": "1"})

    assert (response.status_code, response["Location"]) == (302, path)
    assert not Draft.objects.exists()


@pytest.mark.parametrize(
    "typed",
    [
        {"address": "/nowhere/", "fields": "[]"},
        {"address": "https://example.com/", "fields": "[]"},
        {"address": "/cases/" + "9" * 200 + "/do/note/", "fields": "[]"},
        {"address": "/cases/1/do/note/", "fields": "{"},
        {"address": "/cases/1/do/note/", "fields": '{"a": 1}'},
        {"address": "/cases/1/do/note/", "fields": '[["a"]]'},
        {"address": "/cases/1/do/note/", "fields": json.dumps([["text", "长" * 60_001]])},
    ],
)
def test_what_is_no_draft_is_refused(typed, db):
    assert make.signed_in("preparer").post("/drafts/", typed).status_code == 400
    assert not Draft.objects.exists()


def test_a_draft_too_long_is_told_without_scripts_too(case, handler):
    response = make.client_of(handler).post("/drafts/", {"address": address(case, "note"), "text": "长" * 60_001}, follow=True)

    assert "内容太长，草稿没有保存" in text_of(response)


def test_discarding_does_not_lead_away_from_the_portal(db):
    response = make.signed_in("preparer").post("/drafts/", {"address": "https://example.com/", "discard": "1"})

    assert response["Location"] == reverse("cases:today")


def test_old_drafts_and_too_many_of_one_person_go(handler, monkeypatch):
    monkeypatch.setattr(drafts, "MAX_DRAFTS", 3)
    stranger = make.person("preparer")
    drafts.save(stranger, "/cases/1/do/note/", [("text", "旧")])
    Draft.objects.update(saved_at=timezone.now() - drafts.KEPT - timedelta(minutes=1))
    assert drafts.find(stranger, "/cases/1/do/note/") is None

    for number in range(5):
        drafts.save(handler, f"/cases/{number}/do/note/", [("text", str(number))])

    assert sorted(Draft.objects.values_list("address", flat=True)) == [f"/cases/{number}/do/note/" for number in (2, 3, 4)]


def test_a_draft_outlives_the_session_in_which_it_was_typed(case, handler):
    client, path = make.client_of(handler), address(case, "note")
    keep(client, path, text="还没写完")
    session = client.session
    session[SEEN] = (timezone.now() - timedelta(days=2)).timestamp()
    session.save()
    assert client.post(path, {"version": 1, "text": "还没写完"}, headers={"Referer": f"http://testserver{path}"})["Location"] == f"/accounts/login/?next={path}"

    again = make.client_of(handler).get(f"{path}?draft=1")

    assert again.context["form"]["text"].value() == "还没写完"
    assert not case.timeline.filter(kind="note").exists()


# -- how much it costs -------------------------------------------------------------------------------------------------------------------------------------


def filled(handler, reviewer, much):
    """A case with some of everything, or much of it."""
    case = make.case("2.1", handler)
    others = [make.case("4.1", handler, title=f"关联 {number}") for number in range(6 if much else 1)]
    relation = make.relation()
    for other in others:
        make.act(case, "link", number=other.number, relation=str(relation.pk))
    for number in range(30 if much else 1):
        make.act(case, "add_task", "1", title=f"任务 {number}", assignee=str(handler.pk), due_on="2099-12-01")
        make.act(case, "note", text=f"备注 {number}", by=reviewer)
    for material in list(case.materials.all())[: 4 if much else 1]:
        make.act(case, "ask_waiver", f"material:{material.pk}", reason="留存")
        make.act(case, "approve", f"approval:{case.approvals.last().pk}", by=reviewer)
    for _time in range(3 if much else 1):
        make.act(case, "hold", reason="待补正", others="译文")
        make.act(case, "resume")
    make.act(case, "complete", "1")
    if much:
        make.act(case, "complete", "2")
    return case


@pytest.mark.parametrize("much", [False, True], ids=["little", "much"])
def test_the_page_asks_a_fixed_number_of_queries(handler, reviewer, django_assert_num_queries, much):
    case, client = filled(handler, reviewer, much), make.client_of(handler)
    client.get(case.get_absolute_url())  # the first request stamps the session

    with django_assert_num_queries(DETAIL_QUERIES):
        client.get(case.get_absolute_url())
    with django_assert_num_queries(LOG_QUERIES):
        client.get(f"{case.get_absolute_url()}?tab=log")
    with django_assert_num_queries(ASK_QUERIES):
        client.get(address(case, "hold"))
    with django_assert_num_queries(NEW_QUERIES):
        client.get(reverse("cases:case-new"))


DETAIL_QUERIES, LOG_QUERIES, ASK_QUERIES, NEW_QUERIES = 27, 26, 23, 9


# -- small parts -------------------------------------------------------------------------------------------------------------------------------------------


def test_two_editions_side_by_side():
    assert [change.kind for change in compare(["a", "b"], ["a", "b"])] == ["same", "same"]
    assert [change.kind for change in compare([], ["a"])] == ["added"]
    assert [change.kind for change in compare(["a", "b"], ["c"])] == ["changed", "removed"]


def test_the_drawing_says_in_signs_and_words_what_it_shows():
    chart = draw_steps([(1, "done", "a"), (2, "skipped", "b"), (3, "now", "c"), (4, "todo", "d")])

    assert [node.word for node in chart.nodes] == ["已完成", "不适用", "进行中", "未开始"]
    assert [line.is_done for line in chart.lines] == [True, True, False]
    assert all(left.end <= right.start for left, right in zip(chart.lines, chart.lines[1:], strict=False))
    assert not chart.is_long
    assert draw_steps([(number, "todo", "a") for number in range(5)]).is_long


def test_a_draft_reads_as_its_address():
    assert str(Draft(address="/cases/1/do/note/")) == "/cases/1/do/note/"


def test_the_items_of_a_person_may_end(handler):
    Assignment.objects.filter(user=handler, item=DutyItem.objects.get(pk="2.1")).update(ended_at=timezone.now(), ended_by=handler)

    assert make.client_of(handler).get("/cases/new/2.1/").status_code == 404
