"""今日工作: what is up to a person, what stands in the way, and counts that are those of the lists they lead to."""

import re
from datetime import date, timedelta
from urllib.parse import urlsplit

import pytest
from django.db import connection
from django.http import QueryDict
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from cases import agenda, queries
from cases.kinds import Action, Blocker, CaseKind, Move, Stage, register, unregister
from cases.list_forms import CaseFilterForm
from cases.models import Approval, Assignment, Case, StepRule, TaskTemplate
from cases.queries import Due
from duties.models import DutyItem, ProcessStep
from tests import factories as make

pytestmark = pytest.mark.django_db
TODAY = reverse("cases:today")
DAY = timedelta(days=1)


@pytest.fixture
def monday(monkeypatch):
    """Today is a Monday: the week lies ahead."""
    day = date(2026, 11, 23)
    monkeypatch.setattr("django.utils.timezone.localdate", lambda *args: day)
    return day


def due(case, day):
    Case.objects.filter(pk=case.pk).update(due_on=day)
    return case


def rule(code, number, **fields):
    return StepRule.objects.create(step=ProcessStep.objects.get(sheet__item=code, sheet__status="published", number=number), **fields)


def given(case, person, title="订会议室", day=None, by=None):
    """A task under the first step of somebody's case, for `person`."""
    Assignment.objects.get_or_create(user=person, item=case.item, ended_at=None)
    make.act(case, "add_task", "1", by=by, title=title, assignee=str(person.pk), due_on=str(day) if day else "", is_required="on")
    return case


def lines(user, **options):
    """(group, title, tag, act, in place of) of everything on the page."""
    found = agenda.agenda(type(user).objects.get(pk=user.pk), timezone.localdate(), **options)
    return [
        (group.slug, line.title, str(line.tag.text) if line.tag else "", str(line.act.label), line.in_place_of and line.in_place_of.name)
        for group in found
        for line in group.lines
    ]


def page(client, address=TODAY):
    return client.get(address).content.decode()


# -- lines --------------------------------------------------------------------------------------------------------------------------------------------------


def test_cases_stand_by_day_and_what_has_none_comes_last(handler, monday):
    days = {"甲": None, "乙": monday - DAY, "丙": monday + 20 * DAY, "丁": monday, "戊": monday + 6 * DAY, "己": monday - 5 * DAY}
    for title, day in days.items():
        due(make.case("2.3", handler, title), day)

    found = [(slug, title) for slug, title, *_rest in lines(handler)]

    assert found == [("overdue", "己"), ("overdue", "乙"), ("today", "丁"), ("week", "戊"), ("later", "丙"), ("none", "甲")]


def test_by_item_they_stand_in_the_order_of_the_list(handler, monday):
    for code, title in (("4.1", "甲"), ("1.1", "乙"), ("4.1", "丙")):
        due(make.case(code, handler, title), monday if title == "丙" else None)

    assert [(slug, title) for slug, title, *_rest in lines(handler, by_item=True)] == [("1.1", "乙"), ("4.1", "丙"), ("4.1", "甲")]


def test_what_is_over_or_carried_by_others_is_not_there(handler):
    other = make.worker("preparer")
    make.case("2.1", other, "别人的")
    make.act(make.case("2.1", handler, "撤回的"), "withdraw", reason="对方取消")

    assert lines(handler) == []


@pytest.mark.parametrize(
    ("state", "tag", "act"),
    [
        ("free", "", "办结本步"),
        ("material", "缺 1 份材料", "登记材料"),
        ("materials", "缺 2 份材料", "收齐材料"),
        ("task", "任务未完成", "完成任务"),
        ("unsubmitted", "待送审", "送审"),
        ("submitted", "待审签", "查看"),
        ("returned", "已退回", "送审"),
        ("changed", "须重新送审", "送审"),
        ("held", "待补正", "恢复办理"),
    ],
)
def test_a_line_tells_what_stands_in_the_way_and_the_next_act(handler, reviewer, state, tag, act):
    step = ProcessStep.objects.get(sheet__item="2.1", sheet__status="published", number=1)
    approves = state in {"unsubmitted", "submitted", "returned", "changed"}
    made = StepRule.objects.create(step=step, approval_levels=1 if approves else 0)
    made.materials.set(step.sheet.materials.all()[: {"material": 1, "materials": 2}.get(state, 0)])
    if state == "task":
        TaskTemplate.objects.create(step=step, position=1, title="确认名单")
    case = make.case("2.1", handler)
    if state in {"submitted", "returned", "changed"}:
        make.act(case, "submit", "1")
    if state in {"returned", "changed"}:
        key = f"approval:{case.approvals.get().pk}"
        make.act(case, "send_back" if state == "returned" else "approve", key, by=reviewer, note="请修改")
    if state == "changed":
        make.act(case, "edit", title="改了名称", sensitivity="internal")
    if state == "held":
        make.act(case, "hold", reason="待补正", others="补名单")

    ((_group, _title, found_tag, found_act, _other),) = lines(handler)

    assert (found_tag, found_act) == (tag, act)


def test_every_next_act_leads_to_a_page(handler):
    step = ProcessStep.objects.get(sheet__item="2.1", sheet__status="published", number=1)
    TaskTemplate.objects.create(step=step, position=1, title="确认名单")
    rule("2.3", 1, approval_levels=1)
    rule("2.2", 1).materials.set(ProcessStep.objects.get(sheet__item="2.2", sheet__status="published", number=1).sheet.materials.all()[:1])
    for code in ("2.1", "2.3", "2.2", "4.1"):
        make.case(code, handler)
    make.act(make.case("4.1", handler), "hold", reason="材料不齐")
    client = make.client_of(handler)

    acts = [line.act for group in agenda.agenda(handler, timezone.localdate()) for line in group.lines]

    assert {str(act.label) for act in acts} == {"完成任务", "送审", "登记材料", "办结本步", "恢复办理"}
    assert {client.get(act.address).status_code for act in acts} == {200}


@pytest.fixture
def kind_with_rules(edition):
    """4.1 with a stage whose first act a rule of the kind blocks, unless `free`; and a second act that only others have."""
    free: list[bool] = []

    def repeated(turn):
        return [] if free else [Blocker("INV-01", "本年第三次受邀", "邀请规则", "签发人")]

    check = Action("check", "核对", Move.COMPLETE, blockers=repeated)
    other = Action("other", "别人的", who=lambda turn: False)
    made = register(CaseKind(("4.1",), stages=(Stage("receive", "接件", (other, check)), Stage("closed", "无", (other,)))))
    yield free
    unregister(made)


def test_a_rule_of_the_kind_is_told_in_its_own_words(handler, kind_with_rules):
    rule("4.1", 1, stage="receive")
    make.case("4.1", handler)

    assert [line[2:4] for line in lines(handler)] == [("本年第三次受邀", "查看")]
    kind_with_rules.append(True)
    assert [line[2:4] for line in lines(handler)] == [("", "核对")]


def test_a_step_on_which_the_person_has_no_act_leads_to_the_case(handler, kind_with_rules):
    rule("4.1", 1, stage="closed")
    make.case("4.1", handler)

    assert [line[2:4] for line in lines(handler)] == [("", "查看")]


def test_a_case_with_nothing_left_open_is_to_be_closed(handler):
    rule("1.1", 1, need="one_of")
    rule("1.1", 2, need="one_of")
    case = make.collected(make.case("1.1", handler))
    make.act(case, "complete", "1")
    case = Case.objects.with_parts().get(pk=case.pk)

    standing = queries.seeing(handler)[0]
    tag, act = agenda.what_next(case, None, None, handler, standing)

    assert (tag, str(act.label), act.address) == (None, "办结", reverse("cases:case-do", args=[case.number, "close"]))


def test_a_task_that_was_given_is_a_line_of_its_own(handler, monday):
    other = make.worker("preparer", name="陈立")
    case = given(make.case("2.1", other, "代表团来访"), handler, "订会议室", monday)

    assert lines(handler) == [("today", "订会议室", "", "完成任务", None)]
    assert "任务 · 代表团来访" in page(make.client_of(handler))
    make.act(case, "hold", reason="待补正", others="名单")
    assert lines(handler) == [("none", "订会议室", "待补正", "完成任务", None)]


def test_tasks_of_one_case_due_at_one_time_are_one_line(handler, monday):
    case = make.case("2.1", make.worker("preparer"))
    for title, day in (("订会议室", monday), ("订车", monday), ("翻译", monday + DAY)):
        given(case, handler, title, day)

    assert [line[:2] for line in lines(handler)] == [("today", "订会议室、订车"), ("week", "翻译")]


def test_a_task_of_a_case_out_of_sight_is_not_shown(handler):
    case = given(make.case("2.1", make.worker("preparer")), handler)
    Assignment.objects.filter(user=handler, item="2.1").update(ended_at=timezone.now(), ended_by=handler)

    assert lines(handler) == []
    assert case.title not in page(make.client_of(handler))


def test_a_substitute_has_the_lines_of_both_and_is_told_whose(handler):
    other = make.worker("preparer", name="陈立")
    make.case("2.1", other, "陈立的")
    make.case("2.1", handler, "自己的")
    given(make.case("2.3", make.worker("preparer"), "别人的"), other, "陈立的任务")
    assert {line[1] for line in lines(handler)} == {"自己的"}

    make.substitution(other, handler)

    assert {(line[1], line[4]) for line in lines(handler)} == {("自己的", None), ("陈立的", "陈立"), ("陈立的任务", "陈立")}
    assert "代 陈立" in page(make.client_of(handler))
    assert "代办：</" not in page(make.client_of(other))


def test_a_group_is_cut_and_leads_to_the_list(handler, monkeypatch):
    monkeypatch.setattr(agenda, "SHOWN", 2)
    for _number in range(3):
        make.case("2.3", handler)

    (group,) = agenda.agenda(handler, timezone.localdate())

    assert (group.count, len(group.lines), group.is_cut) == (3, 2, True)
    assert "在列表中看全部 3 件" in page(make.client_of(handler))


# -- counts ---------------------------------------------------------------------------------------------------------------------------------------------------


def test_each_count_is_that_of_the_list_it_leads_to(handler, reviewer, monday):
    other = make.worker("preparer", name="陈立")
    make.substitution(other, handler)
    for number, owner in enumerate([handler, other, make.worker("preparer")] * 5):
        due(make.case("2.3", owner), [monday - DAY, monday, monday + 2 * DAY, monday + 9 * DAY, None][number % 5])
    third = make.worker("preparer")
    for day in (monday - DAY, monday, monday, monday + 3 * DAY):
        case = given(make.case("2.1", third), handler, day=day)
        given(case, other, "又一项", monday + DAY)

    counts = queries.count_mine(handler, monday)
    client = make.client_of(handler)

    for name in Due.values:
        response = client.get(reverse("cases:case-list"), {"view": "mine", "due": name})
        assert (name, response.context["page"].total) == (name, counts[name])
    assert client.get(reverse("cases:case-list"), {"view": "mine"}).context["page"].total == counts["all"]
    shown = dict(re.findall(r'href="([^"]*)"><b>(\d+)</b>', page(client).replace("&amp;", "&")))
    for address, number in shown.items():
        query = QueryDict(urlsplit(address).query)
        if query:
            form = CaseFilterForm(query, user=type(handler).objects.get(pk=handler.pk), today=monday)
            assert (address, form.cases().count()) == (address, int(number))
    assert len(shown) == 4


def test_the_groups_hold_as_many_lines_as_the_counts_say(handler, monday):
    for day in (monday - DAY, monday, monday, monday + 2 * DAY, None):
        due(make.case("2.3", handler), day)
        given(make.case("2.1", make.worker("preparer")), handler, day=day)
    counts = queries.count_mine(handler, monday)

    groups = {group.slug: group.count for group in agenda.agenda(handler, monday)}

    assert groups == {"overdue": counts["overdue"], "today": counts["today"], "week": counts["week"] - counts["today"], "none": counts["none"]}


def test_a_leader_sees_the_figures_of_the_department(handler, monday):
    due(make.case("2.3", handler), monday - DAY)
    due(make.case("2.3", handler), monday)
    make.act(make.case("2.3", handler), "hold", reason="待补正", others="名单")
    leader = make.signed_in("leader")

    response = leader.get(TODAY)

    figures = response.context["department"]
    assert (figures["all"], figures["overdue"], figures["today"], figures["held"]) == (3, 1, 1, 1)
    for query, number in (({"view": "department"}, 3), ({"view": "overdue"}, 1), ({"view": "department", "due": "today"}, 1), ({"view": "held"}, 1)):
        assert leader.get(reverse("cases:case-list"), query).context["page"].total == number
    assert make.client_of(handler).get(TODAY).context["department"] is None


# -- what else stands there ---------------------------------------------------------------------------------------------------------------------------------


def test_an_approver_sees_what_waits_and_a_handler_what_came_back(handler, reviewer):
    rule("2.1", 1, approval_levels=1)
    case = make.case("2.1", handler)
    make.act(case, "submit", "1")
    asked = case.approvals.get()

    assert [row.pk for row in make.client_of(reviewer).get(TODAY).context["waiting"]] == [asked.pk]
    assert make.client_of(handler).get(TODAY).context["waiting"] == []
    make.act(case, "send_back", f"approval:{asked.pk}", by=reviewer, note="请补充日程")
    assert [row.note for row in make.client_of(handler).get(TODAY).context["returned"]] == ["请补充日程"]
    assert "请补充日程" in page(make.client_of(handler))
    make.act(case, "submit", "1")
    assert make.client_of(handler).get(TODAY).context["returned"] == []


def test_a_returned_waiver_is_gone_once_the_material_is_there(handler, reviewer):
    case = make.case("4.1", handler)
    material = case.materials.first()
    make.act(case, "ask_waiver", f"material:{material.pk}", reason="原件留存")
    make.act(case, "send_back", f"approval:{case.approvals.get().pk}", by=reviewer, note="不能免")
    assert queries.returned_to(handler).count() == 1

    make.act(case, "receive", f"material:{material.pk}")

    assert queries.returned_to(handler).count() == 0


def test_nothing_due_says_so_and_names_what_comes_next(handler, monday):
    due(make.case("2.3", handler, "十二月外事活动"), monday + 3 * DAY)
    due(make.case("2.3", handler, "更晚的"), monday + 30 * DAY)

    shown = re.sub(r"\s+", " ", page(make.client_of(handler)))

    assert "今天没有到期事项" in shown
    assert "下一件 2026-11-26 到期：" in shown
    assert "十二月外事活动" in shown.split("下一件")[1][:200]


def test_nothing_at_all_offers_the_items_to_begin_with(edition):
    own = make.worker("preparer", "2.1", "4.1")

    shown = page(make.client_of(own))

    assert "今天没有到期事项" in shown
    assert {code for code in DutyItem.objects.values_list("pk", flat=True) if reverse("cases:case-create", args=[code]) in shown} == {"2.1", "4.1"}
    assert "也没有交办的任务" in page(make.signed_in("registrar"))


def test_the_page_takes_the_same_queries_for_10_and_200_cases_and_no_more_for_none(handler):
    other = make.worker("preparer", name="陈立")
    make.substitution(other, handler)
    rule("2.1", 1, approval_levels=1)
    client = make.client_of(handler)
    client.get(TODAY)  # stamps the session

    def asked():
        counts = []
        for address in (TODAY, f"{TODAY}?by=item"):
            with CaptureQueriesContext(connection) as made:
                client.get(address)
            counts.append(len(made))
        return counts

    none = asked()
    given(make.case("2.2", make.worker("preparer")), handler)
    for number in range(200):
        if number == 10:
            make.sheet("2.3", ["新的第一步", "新的第二步"])  # the cases so far are on an edition that is no longer in force
            ten = asked()
        due(make.case(["2.1", "2.3", "4.1"][number % 3], handler if number % 2 else other), timezone.localdate() + (number % 40 - 10) * DAY)

    assert asked() == ten
    assert all(few <= some for few, some in zip(none, ten, strict=True))
    assert max(ten) <= 30


def test_open_approvals_are_found_by_whoever_may_answer(handler, reviewer, signer):
    """`waiting_for` and the engine agree on who may say yes, at each level and for substitutes."""
    rule("2.1", 1, approval_levels=2)
    case = make.case("2.1", handler)
    make.act(case, "submit", "1")
    stand_in = make.worker("reviewer", name="代审")
    make.substitution(reviewer, stand_in)
    people = [handler, reviewer, signer, stand_in, make.person("leader"), make.person("reviewer")]

    def found():
        return [[row.pk for row in queries.waiting_for(type(person).objects.get(pk=person.pk))] for person in people]

    first = Approval.objects.get()
    assert found() == [[], [first.pk], [first.pk], [first.pk], [], []]
    make.act(case, "approve", f"approval:{first.pk}", by=stand_in)
    second = Approval.objects.get(level=2)
    assert found() == [[], [], [second.pk], [], [], []]
