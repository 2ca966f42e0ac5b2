"""审签: what waits for whom, what the page shows, and deciding there and nowhere else."""

import html

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from accounts.models import User
from cases import process, queries
from cases.kinds import Action, Blocker, CaseKind, Move, Stage, register, unregister
from cases.models import Approval, Case, Phrase, StepRule, TaskTemplate, Term
from duties.models import ProcessStep
from tests import factories as make

pytestmark = pytest.mark.django_db
LIST = reverse("cases:approval-list")


def text(response):
    return html.unescape(response.content.decode())


@pytest.fixture
def asked(handler):
    """A step that was submitted by 林晓舟, with a material and a task."""
    step = ProcessStep.objects.get(sheet__item="2.1", sheet__status="published", number=1)
    rule = StepRule.objects.create(step=step, approval_levels=2)
    rule.materials.set(step.sheet.materials.all()[:1])
    TaskTemplate.objects.create(step=step, position=1, title="确认人员名单")
    case = make.case("2.1", handler, "神港代表团来访")
    material = case.materials.get(needed_for__isnull=False)
    make.act(case, "receive", f"material:{material.pk}", number="津贸促函〔2026〕7号", dated_on="2026-11-02", issuer="神港商会")
    make.act(case, "tick", f"task:{case.tasks.get().pk}")
    make.act(case, "submit", "1", remark="请审核。")
    return case.approvals.get()


def address(approval):
    return reverse("cases:approval-detail", args=[approval.pk])


def decide(client, approval, decision, *, version=None, **data):
    version = Case.objects.get(pk=approval.case_id).version if version is None else version
    return client.post(address(approval), {"decision": decision, "version": version} | data)


# -- lists ------------------------------------------------------------------------------------------------------------------------------------------------


def test_what_waits_is_listed_oldest_first_for_whoever_may_answer(handler, reviewer, asked):
    second = make.case("4.1", handler, "第二件")
    make.act(second, "ask_waiver", f"material:{second.materials.first().pk}", reason="原件留存")

    context = make.client_of(reviewer).get(LIST).context

    assert [row.pk for row in context["waiting"]] == [asked.pk, second.approvals.get().pk]
    assert [str(row.question) for row in context["waiting"]] == ["待审核", "要件免交"]
    mine = make.client_of(handler).get(LIST).context
    assert (list(mine["waiting"]), [row.pk for row in mine["submitted"]]) == ([], [asked.pk, second.approvals.get().pk])


def test_what_was_decided_is_listed_last_first(reviewer, asked):
    client = make.client_of(reviewer)
    assert "没有待审签" not in text(client.get(LIST))

    decide(client, asked, "send_back", note="请补充日程。")

    response = client.get(LIST)
    assert [row.pk for row in response.context["decided"]] == [asked.pk]
    assert "没有待审签" in text(response)


def test_a_held_case_does_not_wait_for_an_answer(handler, reviewer, asked):
    make.act(asked.case, "hold", reason="待补正", others="名单")

    assert list(queries.waiting_for(reviewer)) == []
    assert "恢复办理后再审签" in text(make.client_of(reviewer).get(address(asked)))


def test_the_badge_counts_what_waits_and_what_is_open(handler, reviewer, asked):
    assert '<span class="n hot">1</span>' in text(make.client_of(reviewer).get(LIST))
    assert '<span class="n">1</span>' in text(make.client_of(handler).get(LIST))
    assert '<span class="n' not in text(make.signed_in("leader").get(LIST))


@pytest.mark.parametrize(("decision", "note"), [("approve", "退回，请补齐材料。"), ("approve", "Returned: please"), ("send_back", "同意。")])
def test_an_opinion_that_says_the_contrary_is_asked_about(reviewer, asked, decision, note):
    typed = {"decision": decision, "phrase": note, "note": "", "version": asked.case.version}

    response = make.client_of(reviewer).post(address(asked), typed)

    assert "没有办理" in response.context["form"].errors["note"][0]
    assert not type(asked).objects.get().decision


# -- the page -----------------------------------------------------------------------------------------------------------------------------------------------


def test_the_page_shows_what_is_decided_on(reviewer, asked):
    shown = text(make.client_of(reviewer).get(address(asked)))

    for words in (
        "神港代表团来访",
        "待审核",
        "第 1 步，共 4 步",
        asked.step.step.text,
        "林晓舟",
        "请审核。",
        "津贸促函〔2026〕7号",
        "2026-11-02",
        "神港商会",
        "确认人员名单",
        "运行要件 1 份齐备",
        "必须完成的任务都已完成",
        "内容与送审时一致",
        "审签人不是送审人，也没有审签过上一级",
    ):
        assert words in shown


def test_who_may_not_decide_sees_the_page_without_buttons(handler, asked):
    for person in (handler, make.worker("registrar"), make.person("leader"), make.worker("preparer")):
        shown = text(make.client_of(person).get(address(asked)))
        assert "神港代表团来访" in shown
        assert 'name="decision"' not in shown
        assert "由审核人或签发人审签" in shown


def test_a_reviewer_does_not_decide_what_they_submitted(edition):
    both = make.worker("reviewer")
    both.groups.add(make.person("preparer").groups.get())
    both = User.objects.get(pk=both.pk)
    case = make.case("4.1", both)
    make.act(case, "ask_waiver", f"material:{case.materials.first().pk}", reason="原件留存", by=both)

    shown = text(make.client_of(both).get(address(case.approvals.get())))

    assert "为什么不能同意" in shown
    assert "SOD-01" in shown
    assert 'name="decision"' not in shown
    assert list(queries.waiting_for(both)) == []


def test_a_waiver_shows_its_material_and_reason(handler, reviewer):
    case = make.case("4.1", handler)
    material = case.materials.first()
    make.act(case, "ask_waiver", f"material:{material.pk}", reason="原件由市外办留存")

    response = make.client_of(reviewer).get(address(case.approvals.get()))

    assert response.context["page"].materials == [material]
    assert "原件由市外办留存" in text(response)
    assert "份齐备" not in text(response)


@pytest.fixture
def kind(edition):
    """2.3 with facts of its own and a rule that a second person may override."""
    blocker = Blocker("INV-01", "本年第三次受邀", "邀请规则", "签发人", can_override=True)
    check = Action("check", "核对", Move.COMPLETE, blockers=lambda turn: [blocker])
    made = register(CaseKind(("2.3",), stages=(Stage("check", "核对", (check,)),), snapshot=lambda case, detail: {"人数": 6}))
    StepRule.objects.create(step=ProcessStep.objects.get(sheet__item="2.3", sheet__status="published", number=1), stage="check")
    yield made
    unregister(made)


def test_an_override_shows_the_rule_and_the_facts_of_the_kind(handler, reviewer, kind):
    case = make.case("2.3", handler)
    make.act(case, "ask_override", "1", rule="INV-01", reason="市领导已同意")

    shown = text(make.client_of(reviewer).get(address(case.approvals.get())))

    for words in ("特别批准", "INV-01", "本年第三次受邀", "市领导已同意", "人数", "6"):
        assert words in shown


def test_what_lacks_is_told_where_things_changed_after_the_submission(handler, reviewer, asked):
    case = asked.case
    material = case.materials.get(needed_for__isnull=False)
    make.act(case, "take_back", f"material:{material.pk}", reason="盖章不清")
    make.act(case, "untick", f"task:{case.tasks.get().pk}")

    shown = text(make.client_of(reviewer).get(address(asked)))

    assert "缺 1 份材料" in shown
    assert "有 1 项任务未完成" in shown


def test_a_page_out_of_scope_is_as_absent_as_one_that_never_was(handler, asked):
    elsewhere = make.client_of(make.worker("reviewer", "4.1"))

    hidden, absent = elsewhere.get(address(asked)), elsewhere.get(reverse("cases:approval-detail", args=[asked.pk + 99]))

    assert (hidden.status_code, absent.status_code) == (404, 404)
    assert hidden.content == absent.content
    assert decide(elsewhere, asked, "approve").status_code == 404
    assert Approval.objects.get().decision == ""


# -- deciding -------------------------------------------------------------------------------------------------------------------------------------------------


def test_yes_goes_up_a_level_and_then_on_to_the_next(handler, reviewer, signer, asked):
    case = make.case("4.1", handler, "第二件")
    make.act(case, "ask_waiver", f"material:{case.materials.first().pk}", reason="原件留存")
    waiver = case.approvals.get()

    response = decide(make.client_of(reviewer), asked, "approve", note="材料齐备。")

    assert response["Location"] == address(waiver)
    asked.refresh_from_db()
    assert (asked.decision, asked.decided_by, asked.note) == ("approved", reviewer, "材料齐备。")
    second = Approval.objects.get(level=2)
    assert "待签发" in text(make.client_of(signer).get(address(second)))
    decide(make.client_of(signer), waiver, "approve")
    done = decide(make.client_of(signer), second, "approve")
    assert done["Location"] == LIST
    assert Approval.objects.filter(decision="").count() == 0


def test_no_needs_a_reason_and_loses_nothing(reviewer, asked):
    client = make.client_of(reviewer)

    response = decide(client, asked, "send_back")

    shown = text(response)
    assert response.status_code == 200
    assert "退回必须写明理由" in shown
    assert 'id="id_note_error"' in shown
    assert "<title>错误：" in shown
    asked.refresh_from_db()
    assert asked.decision == ""
    decide(client, asked, "send_back", note="请补充日程。")
    asked.refresh_from_db()
    assert (asked.decision, asked.note) == ("returned", "请补充日程。")


def test_too_much_is_refused_and_kept(reviewer, asked):
    response = decide(make.client_of(reviewer), asked, "approve", note="好" * 1001)

    assert response.status_code == 200
    assert "好" * 1001 in text(response)
    asked.refresh_from_db()
    assert asked.decision == ""


def test_a_phrase_is_the_opinion_unless_another_is_written(handler, reviewer, asked):
    Term.objects.create(kind=Term.Kind.PHRASE, name="同意。")
    Phrase.objects.create(person=reviewer, text="请补充材料后再报。")
    Phrase.objects.create(person=reviewer, text="同意。")
    client = make.client_of(reviewer)
    assert client.get(address(asked)).context["phrases"] == ["同意。", "请补充材料后再报。"]

    decide(client, asked, "send_back", phrase="请补充材料后再报。", note=" ")

    asked.refresh_from_db()
    assert asked.note == "请补充材料后再报。"
    make.act(asked.case, "submit", "1")
    again = Approval.objects.get(decision="")
    decide(client, again, "send_back", phrase="请补充材料后再报。", note="改日程")
    again.refresh_from_db()
    assert again.note == "改日程"


def test_content_that_changed_leaves_only_the_way_back(handler, reviewer, asked):
    make.act(asked.case, "edit", title="改了名称", sensitivity="internal")
    client = make.client_of(reviewer)

    shown = text(client.get(address(asked)))
    assert "送审之后内容有变化" in shown
    assert 'value="approve"' not in shown
    assert 'value="send_back"' in shown

    refused = decide(client, asked, "approve", note="同意。")
    assert refused.status_code == 409
    assert "同意。</textarea>" in text(refused)
    asked.refresh_from_db()
    assert asked.decision == ""
    assert decide(client, asked, "send_back", note="内容有变").status_code == 302


def test_a_change_by_another_meanwhile_is_shown_and_what_was_typed_is_kept(handler, reviewer, asked):
    client = make.client_of(reviewer)
    seen = Case.objects.get(pk=asked.case_id).version
    make.act(asked.case, "note", text="对方来电改期", by=handler)

    response = decide(client, asked, "approve", version=seen, note="材料齐备。")

    shown = text(response)
    assert response.status_code == 409
    assert "打开页面之后的变化" in shown
    assert "对方来电改期" in shown
    assert "材料齐备。</textarea>" in shown
    assert f'name="version" value="{seen + 1}"' in shown
    asked.refresh_from_db()
    assert asked.decision == ""
    assert decide(client, asked, "approve", note="材料齐备。").status_code == 302


@pytest.mark.parametrize("version", ["", "x", "１", "-1", "0", "9" * 30])
def test_a_version_that_cannot_be_read_decides_nothing(reviewer, asked, version):
    response = decide(make.client_of(reviewer), asked, "approve", version=version)

    assert response.status_code == 409
    asked.refresh_from_db()
    assert asked.decision == ""


@pytest.mark.parametrize("decision", ["", "recall", "complete", "x"])
def test_only_yes_and_no_are_decisions(reviewer, asked, decision):
    response = decide(make.client_of(reviewer), asked, decision, note="想好的话")

    assert "请选择同意或退回" in text(response)
    assert "想好的话</textarea>" in text(response)
    asked.refresh_from_db()
    assert asked.decision == ""


@pytest.mark.parametrize("role", ["preparer", "registrar", "leader"])
def test_who_may_not_decide_cannot_post_either(asked, role):
    response = decide(make.client_of(make.worker(role)), asked, "approve")

    assert response.status_code == 409
    asked.refresh_from_db()
    assert asked.decision == ""


def test_what_is_decided_says_who_and_when(reviewer, signer, asked):
    decide(make.client_of(reviewer), asked, "send_back", note="请补充日程。")
    asked.refresh_from_db()

    shown = text(make.client_of(signer).get(address(asked)))
    assert "审签结果" in shown
    assert "周审" in shown
    assert "请补充日程。" in shown
    assert 'name="decision"' not in shown

    late = decide(make.client_of(signer), asked, "approve", note="同意。")
    assert late.status_code == 409
    asked.refresh_from_db()
    assert asked.decision == "returned"


def test_a_repeat_counts_as_done(reviewer, asked):
    client, seen = make.client_of(reviewer), Case.objects.get(pk=asked.case_id).version

    first = decide(client, asked, "approve", version=seen, note="齐备。")
    again = decide(client, asked, "approve", version=seen, note="齐备。")

    assert (first.status_code, again.status_code) == (302, 302)
    assert Approval.objects.count() == 2


def test_both_names_are_told_where_a_substitute_decides(reviewer, signer, asked):
    stand_in = make.worker("preparer", "4.1", name="代审")
    make.substitution(reviewer, stand_in)
    client = make.client_of(stand_in)
    assert "代 周审 审签" in text(client.get(address(asked)))

    decide(client, asked, "approve", note="齐备。")

    asked.refresh_from_db()
    assert (asked.decided_by, asked.decided_for) == (stand_in, reviewer)
    shown = text(make.client_of(signer).get(address(asked)))
    assert shown.count("代审（代 周审）") == 2  # the result, the timeline


def test_approving_is_offered_on_its_own_page_alone(reviewer, asked):
    client = make.client_of(reviewer)
    address_of_act = reverse("cases:part-do", args=[asked.case.number, "approval", asked.pk, "approve"])

    assert client.get(address_of_act).status_code == 404
    assert client.post(address_of_act, {"version": asked.case.version}).status_code == 404
    asked.refresh_from_db()
    assert asked.decision == ""


def test_the_pages_take_the_same_queries_for_any_number(handler, reviewer, asked):
    client = make.client_of(reviewer)
    client.get(LIST)

    def count(url):
        with CaptureQueriesContext(connection) as made:
            client.get(url)
        return len(made)

    few = [count(LIST), count(address(asked))]
    for _number in range(6):
        case = make.case("4.1", handler)
        make.act(case, "ask_waiver", f"material:{case.materials.first().pk}", reason="原件留存")
    for _number in range(6):
        make.act(asked.case, "note", text="来电", by=handler)

    assert [count(LIST), count(address(asked))] == few
    assert max(few) <= 36
    assert process.load({"pk": asked.case_id}).version > 1
