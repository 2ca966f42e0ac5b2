"""The page of a case: what each section shows, and what it costs."""

import re

import pytest
from django.urls import reverse
from django.utils import timezone

from cases.case_rows import compare
from cases.chart import draw_steps
from cases.kinds import CaseKind, register, unregister
from cases.models import Need, TaskTemplate
from duties.models import ProcessStep, Sheet
from tests import factories as make

from .engine import rule
from .pages import address, internal_procedure, look, page_of, text_of

pytestmark = pytest.mark.django_db


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
    assert "不再要求" in text_of(response)
    assert response.context["page"].newer is None


@pytest.mark.parametrize(("language", "tree"), [("zh-hans", "/"), ("en", "/en/")])
def test_a_case_leads_to_the_published_list_in_the_language_at_hand(handler, settings, language, tree):
    client, case = make.client_of(handler), make.case("4.1", handler)
    client.cookies[settings.LANGUAGE_COOKIE_NAME] = language

    page = client.get(case.get_absolute_url()).content.decode()

    assert f'<a href="{tree}duties/4.1/">' in page
    assert len(re.findall(rf'href="{tree}"', page)) == 1  # the entry of the menu


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


DETAIL_QUERIES, LOG_QUERIES, ASK_QUERIES, NEW_QUERIES = 30, 26, 23, 10


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
