"""The engine: each move, what blocks it, who may take it."""

import pytest
from django.db import IntegrityError, transaction
from django.utils import translation

from accounts.audit import find_faults
from accounts.models import AuditEvent, User
from cases import process
from cases.kinds import Action, Blocker, CaseKind, Move, Stage, register, unregister
from cases.models import Approval, Case, CaseMaterial, CaseStep, CaseTask, Need, StepRule, TaskTemplate
from cases.process import BlockedError, ConflictError, InvalidError
from duties.models import ProcessStep, Sheet
from tests import factories as make

pytestmark = pytest.mark.django_db


def states(case):
    case = process.load({"pk": case.pk})
    return [step.status for step in case.own_steps]


def rule(code, number, **fields):
    step = ProcessStep.objects.get(sheet__item=code, sheet__status="published", number=number)
    materials = fields.pop("materials", [])
    made = StepRule.objects.create(step=step, **fields)
    made.materials.set(step.sheet.materials.filter(name__in=materials))
    return made


def offered(case, by):
    case = process.load({"pk": case.pk})
    return {(offer.action.name, offer.key): [blocker.rule for blocker in offer.blockers] for offer in process.offers(case, User.objects.get(pk=by.pk))}


@pytest.fixture
def final_kind(edition):
    """4.1 with a third step whose action is final, and a second that somebody else must take."""

    def not_by_handler(turn):
        same = turn.case.handler_id in turn.people
        return [Blocker("T-SOD", "不能由承办人审核", "执行严格审核程序", "另一名工作人员")] if same else []

    issue = Action("issue", "签发", Move.COMPLETE, final=True)
    review = Action("pass_review", "审核通过", Move.COMPLETE, permission="cases.review_case", who=lambda turn: True, blockers=not_by_handler)
    kind = register(CaseKind(("4.1",), stages=(Stage("review", "审核", (review,)), Stage("issue", "签发", (issue,)))))
    rule("4.1", 2, stage="review")
    rule("4.1", 3, stage="issue")
    yield kind
    unregister(kind)


def test_a_case_opens_on_the_sheet_in_force_with_its_steps_and_materials(handler):
    case = make.case("4.1", handler)

    assert (case.number, case.item_id, case.version) == (f"4.1-{case.opened_at.year}-0001", "4.1", 1)
    assert [step.step.text for step in case.own_steps] == ["接件", "审核", "签发（纸质邀请函）", "网上提交（邀请函扫描件）"]
    assert [material.name for material in case.materials.all()] == [material.name for material in case.sheet.materials.all()]
    assert [step.started_at is not None for step in case.own_steps] == [True, False, False, False]


def test_completing_every_step_closes_the_case_with_an_outcome(handler):
    case = make.collected(make.case("4.1", handler))
    for number in (1, 2, 3):
        make.act(case, "complete", str(number))
    case = make.act(case, "complete", "4", outcome="completed", remark="已交付")

    assert states(case) == ["done"] * 4
    assert (case.outcome, case.closed_by, case.due_on) == ("completed", handler, None)
    assert list(find_faults()) == []


def test_the_last_step_asks_for_the_outcome(handler):
    case = make.collected(make.case("4.1", handler))
    for number in (1, 2, 3):
        make.act(case, "complete", str(number))

    with pytest.raises(InvalidError) as caught:
        make.act(case, "complete", "4")

    assert set(caught.value.form.errors) == {"outcome"}
    assert states(case) == ["done", "done", "done", "open"]


def test_only_the_current_step_is_offered(handler):
    case = make.case("4.1", handler)

    with pytest.raises(BlockedError, match="此操作现在不可用"):
        make.act(case, "complete", "2")
    assert ("complete", "1") in offered(case, handler)


def test_a_material_that_a_step_needs_blocks_it_and_is_named(handler):
    rule("4.1", 1, materials=["委托函"])
    case = make.case("4.1", handler)

    with pytest.raises(BlockedError, match="缺：委托函"):
        make.act(case, "complete", "1")
    material = case.materials.get(name="委托函")
    make.act(case, "receive", f"material:{material.pk}", number="津函〔2026〕3号")
    make.act(case, "complete", "1")

    material.refresh_from_db()
    assert (material.status, material.number, material.received_by) == ("received", "津函〔2026〕3号", handler)
    assert states(case)[0] == "done"


def test_a_material_without_a_rule_blocks_the_close_only(handler):
    case = make.case("4.1", handler)
    for number in (1, 2, 3):
        make.act(case, "complete", str(number))

    with pytest.raises(BlockedError) as caught:
        make.act(case, "complete", "4", outcome="completed")

    assert {blocker.rule for blocker in caught.value.blockers} == {"MAT-01"}
    assert len(caught.value.blockers) == case.materials.count()


def test_a_material_is_verified_and_taken_back_with_a_reason(handler):
    case = make.case("4.1", handler)
    key = f"material:{case.materials.first().pk}"
    make.act(case, "receive", key)
    make.act(case, "verify", key)
    assert case.materials.get(pk=case.materials.first().pk).status == "verified"

    with pytest.raises(InvalidError):
        make.act(case, "take_back", key)
    make.act(case, "take_back", key, reason="盖章不清")

    material = CaseMaterial.objects.get(case=case, pk=key.split(":")[1])
    assert (material.status, material.received_at, material.verified_at) == ("missing", None, None)


def test_a_list_that_ends_open_takes_one_more_material(handler):
    case = make.case("4.1", handler)
    make.act(case, "add_material", name="在职证明", now="on")

    assert case.materials.get(name="在职证明").needed_for.number == 1
    with pytest.raises(BlockedError, match="在职证明"):
        make.act(case, "complete", "1")
    with pytest.raises(InvalidError):
        make.act(case, "add_material", name="在职证明")


def test_a_closed_list_takes_no_more_material(handler):
    make.sheet("2.1", ["决定", "反馈"], ["名单"], materials_open=False)
    case = make.case("2.1", handler)

    with pytest.raises(BlockedError, match="不能增列"):
        make.act(case, "add_material", name="在职证明")


def test_a_waiver_takes_a_reason_and_a_second_person(handler, reviewer):
    case = make.case("4.1", handler)
    material = case.materials.first()
    with pytest.raises(InvalidError):
        make.act(case, "ask_waiver", f"material:{material.pk}")
    make.act(case, "ask_waiver", f"material:{material.pk}", reason="原件由市外办留存")
    asked = case.approvals.get()

    assert ("approve", f"approval:{asked.pk}") not in offered(case, handler)
    make.act(case, "approve", f"approval:{asked.pk}", by=reviewer, note="同意。")

    material.refresh_from_db()
    asked.refresh_from_db()
    assert material.status == "waived"
    assert (asked.decided_by, asked.decision, asked.note) == (reviewer, "approved", "同意。")


def test_a_material_that_arrived_meanwhile_is_not_waived(handler, reviewer):
    case = make.case("4.1", handler)
    key = f"material:{case.materials.first().pk}"
    make.act(case, "ask_waiver", key, reason="原件留存")
    make.act(case, "receive", key)

    with pytest.raises(BlockedError, match="送审之后内容有变化"):
        make.act(case, "approve", f"approval:{case.approvals.get().pk}", by=reviewer)


def test_a_required_task_blocks_its_step_until_it_is_ticked(handler):
    TaskTemplate.objects.create(step=ProcessStep.objects.get(sheet__item="2.1", number=1), position=1, title="确认人员名单", due_days=3)
    case = make.case("2.1", handler)
    task = case.tasks.get()
    with pytest.raises(BlockedError, match="任务未完成：确认人员名单"):
        make.act(case, "complete", "1")

    make.act(case, "tick", f"task:{task.pk}", remark="6 人")
    make.act(case, "complete", "1")

    task.refresh_from_db()
    assert (task.status, task.done_by, task.note) == ("done", handler, "6 人")
    assert states(case)[0] == "done"


def test_a_task_is_found_not_to_be_needed_and_opened_again(handler):
    case = make.case("2.1", handler)
    make.act(case, "add_task", "1", title="订会议室", due_on="2026-12-01", is_required="on")
    task = case.tasks.get()
    make.act(case, "leave_out", f"task:{task.pk}", reason="改为线上")
    assert states(make.act(case, "complete", "1"))[0] == "done"

    case = make.case("2.1", handler)
    make.act(case, "add_task", "1", title="订会议室", is_required="on")
    task = case.tasks.get()
    make.act(case, "tick", f"task:{task.pk}")
    make.act(case, "untick", f"task:{task.pk}")
    make.act(case, "change", f"task:{task.pk}", title="订小会议室", due_on="2026-12-02")

    task.refresh_from_db()
    assert (task.title, task.status, str(task.due_on), task.is_required) == ("订小会议室", "open", "2026-12-02", False)


def test_a_task_that_a_rule_wants_is_not_dropped_by_the_handler_alone(handler, reviewer):
    TaskTemplate.objects.create(step=ProcessStep.objects.get(sheet__item="2.1", number=1), position=1, title="确认人员名单", due_days=3)
    case = make.case("2.1", handler)
    key = f"task:{case.tasks.get().pk}"
    with pytest.raises(BlockedError, match="不能由承办人自行取消"):
        make.act(case, "leave_out", key, reason="没空")
    make.act(case, "change", key, title="随便看看", is_required="", due_on="2027-12-01", assignee="")
    task = case.tasks.get()
    assert (task.title, task.is_required, task.due_days) == ("确认人员名单", True, 3)

    make.act(case, "ask_override", "1", rule="TASK-01", reason="名单已由市外办核对")
    make.act(case, "approve", f"approval:{case.approvals.get().pk}", by=reviewer)
    make.act(case, "complete", "1")

    assert states(case)[0] == "done"


def test_the_person_who_was_given_a_task_ticks_it_and_nothing_else(handler):
    colleague = make.worker("preparer", "2.1")
    case = make.case("2.1", handler)
    make.act(case, "add_task", "1", title="订会议室", assignee=str(colleague.pk))
    task = case.tasks.get()

    mine = {name for name, key in offered(case, colleague) if key == f"task:{task.pk}"}

    assert mine == {"tick"}


def test_an_open_task_is_overridden_by_a_second_person_with_a_reason(handler, reviewer):
    case = make.case("2.1", handler)
    make.act(case, "add_task", "1", title="订会议室", is_required="on")
    make.act(case, "ask_override", "1", rule="TASK-01", reason="领导临时改期")
    with pytest.raises(BlockedError):
        make.act(case, "complete", "1")
    make.act(case, "approve", f"approval:{case.approvals.get().pk}", by=reviewer)

    make.act(case, "complete", "1")

    assert states(case)[0] == "done"


def test_an_override_does_not_cover_what_came_later(handler, reviewer):
    case = make.case("2.1", handler)
    make.act(case, "add_task", "1", title="订会议室", is_required="on")
    make.act(case, "ask_override", "1", rule="TASK-01", reason="领导临时改期")
    make.act(case, "approve", f"approval:{case.approvals.get().pk}", by=reviewer)
    make.act(case, "add_task", "1", title="订车", is_required="on")

    with pytest.raises(BlockedError, match=r"订会议室.*订车"):
        make.act(case, "complete", "1")


def test_a_step_that_needs_approval_waits_for_another_person(handler, reviewer):
    rule("2.1", 1, approval_levels=1)
    case = make.case("2.1", handler)
    with pytest.raises(BlockedError, match="本步须经审签"):
        make.act(case, "complete", "1")
    make.act(case, "submit", "1", remark="请审")
    with pytest.raises(BlockedError, match="等待审核"):
        make.act(case, "complete", "1")
    make.act(case, "approve", f"approval:{case.approvals.get().pk}", by=reviewer)

    make.act(case, "complete", "1")

    assert states(case)[0] == "done"


def test_what_changes_after_the_approval_must_be_submitted_again(handler, reviewer):
    rule("2.1", 1, approval_levels=1)
    case = make.case("2.1", handler)
    make.act(case, "submit", "1")
    make.act(case, "approve", f"approval:{case.approvals.get().pk}", by=reviewer)
    make.act(case, "edit", title="另一个名称", sensitivity="internal")

    with pytest.raises(BlockedError, match="需要重新送审"):
        make.act(case, "complete", "1")


def test_what_changes_after_the_submission_is_not_approved(handler, reviewer):
    rule("2.1", 1, approval_levels=1)
    case = make.case("2.1", handler)
    make.act(case, "submit", "1")
    make.act(case, "edit", title="另一个名称", sensitivity="internal")

    with pytest.raises(BlockedError, match="送审之后内容有变化"):
        make.act(case, "approve", f"approval:{case.approvals.get().pk}", by=reviewer)


def test_sending_back_needs_a_reason_and_leaves_the_step_open(handler, reviewer):
    rule("2.1", 1, approval_levels=1)
    case = make.case("2.1", handler)
    make.act(case, "submit", "1")
    key = f"approval:{case.approvals.get().pk}"
    with pytest.raises(InvalidError) as caught:
        make.act(case, "send_back", key, by=reviewer, note="  ")
    assert set(caught.value.form.errors) == {"note"}

    make.act(case, "send_back", key, by=reviewer, note="名单缺一人")

    assert case.approvals.get().decision == "returned"
    assert ("submit", "1") in offered(case, handler)


def test_two_levels_take_three_people(handler, reviewer, signer):
    rule("2.1", 1, approval_levels=2)
    case = make.case("2.1", handler)
    make.act(case, "submit", "1")
    make.act(case, "approve", f"approval:{case.approvals.get().pk}", by=signer)
    second = case.approvals.get(level=2)
    with pytest.raises(BlockedError, match="上一级是同一人审签的"):
        make.act(case, "approve", f"approval:{second.pk}", by=signer)
    with pytest.raises(BlockedError, match="不可用"):
        make.act(case, "approve", f"approval:{second.pk}", by=reviewer)

    make.act(case, "approve", f"approval:{second.pk}", by=make.person("signer"))
    make.act(case, "complete", "1")

    assert states(case)[0] == "done"


def test_a_submission_is_recalled(handler):
    rule("2.1", 1, approval_levels=1)
    case = make.case("2.1", handler)
    make.act(case, "submit", "1")
    make.act(case, "recall", f"approval:{case.approvals.get().pk}")

    assert case.approvals.get().decision == "recalled"


def test_the_database_refuses_a_decision_by_the_submitter(handler):
    rule("2.1", 1, approval_levels=1)
    case = make.case("2.1", handler)
    make.act(case, "submit", "1")

    with pytest.raises(IntegrityError, match="second_person"), transaction.atomic():
        Approval.objects.update(decision="approved", decided_by=handler, decided_at=case.opened_at)


def test_a_decided_approval_is_frozen(handler, reviewer):
    rule("2.1", 1, approval_levels=1)
    case = make.case("2.1", handler)
    make.act(case, "submit", "1")
    make.act(case, "approve", f"approval:{case.approvals.get().pk}", by=reviewer)

    with pytest.raises(IntegrityError, match="decided"), transaction.atomic():
        Approval.objects.update(note="改")
    with pytest.raises(IntegrityError, match="not deleted"), transaction.atomic():
        Approval.objects.all()._raw_delete("default")


def test_a_hold_stops_all_but_resuming_and_collecting(handler):
    case = make.case("4.1", handler)
    missing = [material.name for material in case.materials.all()]
    make.act(case, "hold", reason="材料不齐", missing=missing, others="译文未盖章\n\n 行程不详 ")

    held = case.holds.get()
    assert held.gaps == [*missing, "译文未盖章", "行程不详"]
    assert ("complete", "1") not in offered(case, handler)
    make.act(case, "receive", f"material:{case.materials.first().pk}")
    make.act(case, "resume")
    assert ("complete", "1") in offered(case, handler)
    assert case.holds.get().ended_by == handler


def test_the_clock_stands_still_during_a_hold(handler, time_machine):
    rule("4.1", 1, due_days=5)
    time_machine.move_to("2026-11-23T09:00+08:00", tick=False)  # a Monday
    case = make.case("4.1", handler)
    assert str(Case.objects.get().due_on) == "2026-11-30"

    time_machine.move_to("2026-11-25T09:00+08:00", tick=False)
    assert make.act(case, "hold", reason="待补正").due_on is None
    time_machine.move_to("2026-11-30T09:00+08:00", tick=False)
    make.act(case, "resume")

    assert str(Case.objects.get().due_on) == "2026-12-03"


def test_beyond_the_days_that_are_entered_there_is_no_guess(handler, time_machine):
    rule("4.1", 1, due_days=5)
    time_machine.move_to("2027-12-29T09:00+08:00", tick=False)

    case = make.case("4.1", handler)

    assert (case.due_on, case.own_steps[0].due_days) == (None, 5)


def test_a_return_names_the_earlier_step_and_opens_all_from_there(handler):
    case = make.case("4.1", handler)
    for number in (1, 2):
        make.act(case, "complete", str(number))
    first = case.steps.get(step__number=1)

    make.act(case, "return", "3", to=str(first.pk), reason="名单有误")

    assert states(case) == ["open"] * 4
    assert ("complete", "1") in offered(case, handler)


def test_a_final_step_is_never_reopened(final_kind, handler, reviewer):
    case = make.case("4.1", handler)
    make.act(case, "complete", "1")
    make.act(case, "pass_review", "2", by=reviewer)
    make.act(case, "issue", "3")
    first = case.steps.get(step__number=1)

    with pytest.raises(BlockedError, match="已经生效"):
        make.act(case, "return", "4", to=str(first.pk), reason="名单有误")
    with pytest.raises(IntegrityError, match="final"), transaction.atomic():
        CaseStep.objects.filter(case=case, step__number=3).update(status="open", is_final=False, done_at=None, done_by=None)


def test_an_action_of_a_kind_names_who_can_clear_its_block(final_kind, handler, reviewer):
    case = make.case("4.1", handler)
    make.act(case, "complete", "1")

    assert ("pass_review", "2") not in offered(case, handler)  # it takes the reviewer's right
    assert offered(case, reviewer)["pass_review", "2"] == []


def test_a_step_that_is_not_always_needed_is_skipped_with_a_reason(handler):
    rule("2.1", 3, need=Need.IF_NEEDED)
    case = make.collected(make.case("2.1", handler))
    for number in (1, 2):
        make.act(case, "complete", str(number))
    with pytest.raises(InvalidError):
        make.act(case, "skip", "3")

    make.act(case, "skip", "3", reason="对方自行安排")

    assert states(case) == ["done", "done", "skipped", "open"]


def test_of_steps_of_which_one_suffices_all_are_open_at_once(handler):
    for number in (1, 2):
        rule("1.1", number, need=Need.ONE_OF)
    case = make.collected(make.case("1.1", handler))
    assert {("complete", "1"), ("complete", "2")} <= set(offered(case, handler))
    assert ("close", "") not in offered(case, handler)

    make.act(case, "complete", "2")
    case = make.act(case, "close", outcome="completed")

    assert states(case) == ["skipped", "done"]
    assert case.outcome == "completed"


def test_a_case_is_handed_over_by_its_handler_and_reassigned_by_the_leader(handler):
    colleague, leader = make.worker("preparer", "2.1"), make.person("leader")
    case = make.case("2.1", handler)
    make.act(case, "hand_over", to=str(colleague.pk), reason="休假")
    assert Case.objects.get().handler == colleague
    assert ("complete", "1") not in offered(case, handler)

    make.act(case, "reassign", by=leader, to=str(handler.pk), reason="回岗")

    assert Case.objects.get().handler == handler


def test_a_case_is_given_only_to_who_works_on_its_item(handler):
    stranger = make.worker("preparer", "1.2")
    case = make.case("2.1", handler)

    with pytest.raises(InvalidError) as caught:
        make.act(case, "hand_over", to=str(stranger.pk), reason="休假")

    assert set(caught.value.form.errors) == {"to"}


def test_withdrawing_closes_and_takes_back_what_was_asked(handler):
    rule("2.1", 1, approval_levels=1)
    case = make.case("2.1", handler)
    make.act(case, "submit", "1")

    case = make.act(case, "withdraw", reason="对方取消来访")

    assert case.outcome == "withdrawn"
    assert case.approvals.get().decision == "recalled"
    assert set(offered(case, handler)) == {("note", ""), ("link", "")}
    with pytest.raises(IntegrityError, match="not reopened"), transaction.atomic():
        Case.objects.update(outcome="", closed_at=None, closed_by=None)


def test_editions_run_side_by_side_and_a_step_that_nobody_foresaw_runs(handler):
    old = make.collected(make.case("4.1", handler))
    make.sheet("4.1", ["接件", "公示", "审核", "签发", "网上提交"], ["委托函"])
    new = make.collected(make.case("4.1", handler))

    for number in range(1, 5):
        make.act(old, "complete", str(number), outcome="completed")
    for number in range(1, 6):
        make.act(new, "complete", str(number), outcome="completed")

    assert (states(old), states(new)) == (["done"] * 4, ["done"] * 5)
    assert set(Case.objects.values_list("outcome", flat=True)) == {"completed"}


def test_a_case_goes_over_to_a_new_edition_by_an_explicit_map(handler):
    case = make.case("4.1", handler)
    make.act(case, "complete", "1")
    make.act(case, "add_task", "2", title="核对护照")
    make.sheet("4.1", ["接件", "公示", "审核", "签发", "网上提交"], ["委托函", "公示结果"])

    make.act(case, "repin", step_1="1", step_3="2", step_4="3", step_5="4", reason="新版施行")

    case = process.load({"pk": case.pk})
    assert case.sheet == Sheet.objects.get(item="4.1", status="published")
    assert states(case) == ["done", "open", "open", "open", "open"]
    assert case.steps.count() == 9
    assert [task.step.number for task in case.tasks.all()] == [3]
    assert {material.name for material in case.materials.all() if material.is_required} == {"委托函", "公示结果"}
    assert ("complete", "2") in offered(case, handler)


def test_a_map_that_gives_one_old_step_to_two_is_refused(handler):
    case = make.case("4.1", handler)
    make.sheet("4.1", ["接件", "公示"], ["委托函"])

    with pytest.raises(InvalidError, match="只能由新版的一个步骤承接"):
        make.act(case, "repin", step_1="1", step_2="1", reason="新版施行")


def test_a_map_that_drops_a_final_step_is_refused(final_kind, handler, reviewer):
    case = make.case("4.1", handler)
    make.act(case, "complete", "1")
    make.act(case, "pass_review", "2", by=reviewer)
    make.act(case, "issue", "3")
    make.sheet("4.1", ["接件", "公示"], ["委托函"])

    with pytest.raises(InvalidError, match="已经生效"):
        make.act(case, "repin", step_1="1", reason="新版施行")


def test_a_case_under_approval_does_not_change_its_edition(handler):
    rule("4.1", 1, approval_levels=1)
    case = make.case("4.1", handler)
    make.act(case, "submit", "1")
    make.sheet("4.1", ["接件", "公示"], ["委托函"])

    assert offered(case, handler)["repin", ""] == ["APP-03"]


def test_without_a_new_edition_there_is_nothing_to_change_to(handler):
    assert ("repin", "") not in offered(make.case("4.1", handler), handler)


def test_a_repeat_on_the_same_version_counts_as_done(handler):
    case = make.case("4.1", handler)
    process.perform(case, "complete", by=handler, version=1, target="1")

    again = process.perform(case, "complete", by=handler, version=1, target="1")

    assert (again.version, states(case)) == (2, ["done", "open", "open", "open"])
    assert case.timeline.filter(kind="complete").count() == 1


def test_a_change_by_another_is_shown_instead(handler):
    case = make.case("4.1", handler)
    make.act(case, "note", text="对方来电", by=make.worker("reviewer"))

    with pytest.raises(ConflictError) as caught:
        process.perform(case, "complete", by=handler, version=1, target="1")

    assert [(entry.kind, entry.text) for entry in caught.value.changes] == [("note", "对方来电")]
    assert states(case)[0] == "open"


def test_cases_are_linked_and_unlinked(handler):
    from_case, to_case = make.case("2.1", handler), make.case("4.1", handler)
    relation = make.relation()
    make.act(from_case, "link", number=to_case.number, relation=str(relation.pk))
    link = from_case.links.get()
    assert link.other == to_case

    make.act(from_case, "unlink", f"link:{link.pk}")

    link.refresh_from_db()
    assert link.removed_by == handler


def test_a_case_out_of_scope_cannot_be_linked(handler):
    mine = make.worker("preparer", "2.1")
    other = make.case("4.1", make.worker("preparer", "4.1"))
    make.relation()

    with pytest.raises(InvalidError, match="没有找到这个编号的办件"):
        make.act(make.case("2.1", mine), "link", number=other.number)


def test_a_substitute_acts_for_whom_they_stand_in_and_both_are_named(handler):
    case = make.case("2.1", handler)
    substitute = make.person("preparer")
    make.substitution(handler, substitute)

    make.act(case, "complete", "1", by=substitute)

    entry = case.timeline.first()
    assert (entry.by, entry.on_behalf_of) == (substitute, handler)
    assert f'"on_behalf_of": "{handler.username}"' in AuditEvent.objects.last().facts


def test_a_substitute_of_the_submitter_cannot_approve(handler, reviewer):
    rule("2.1", 1, approval_levels=1)
    case = make.case("2.1", handler)
    make.act(case, "submit", "1")
    make.substitution(reviewer, handler)

    key = f"approval:{case.approvals.get().pk}"

    assert offered(case, handler)["approve", key] == ["SOD-01"]


def test_who_does_not_work_on_the_item_sees_and_does_nothing(handler):
    case = make.case("2.1", handler)
    stranger = make.worker("preparer", "4.1")

    assert not Case.objects.visible_to(stranger).exists()
    assert offered(case, stranger) == {}


def test_leaders_and_signers_see_all_cases(handler):
    case = make.case("2.1", handler)

    assert [Case.objects.visible_to(make.person(role)).get() for role in ("leader", "signer")] == [case, case]
    assert [Case.objects.visible_to(make.person(role)).exists() for role in ("editor", "publisher", "system_admin", "auditor")] == [False] * 4


def test_each_act_leaves_a_timeline_entry_and_an_audit_row(handler):
    case = make.case("2.1", handler)
    make.act(case, "complete", "1", remark="已定")

    entry = case.timeline.first()
    assert (entry.label, entry.text, entry.version) == ("第 1 步：办结本步", "已定", 2)
    assert AuditEvent.objects.last().action == "case.complete"
    with pytest.raises(IntegrityError, match="added to"), transaction.atomic():
        case.timeline.update(text="改")


def test_an_item_without_a_procedure_has_no_cases(handler):
    with pytest.raises(Exception, match="暂时不能立项"):
        make.case("3.2", handler)


def test_tasks_of_the_next_step_begin_with_it(handler, time_machine):
    for number, days in ((1, 2), (2, 3)):
        step = ProcessStep.objects.get(sheet__item="2.1", number=number)
        TaskTemplate.objects.create(step=step, position=1, title=f"任务{number}", due_days=days, is_required=False)
    time_machine.move_to("2026-11-23T09:00+08:00", tick=False)
    case = make.case("2.1", handler)
    assert [str(task.due_on) for task in CaseTask.objects.order_by("pk")] == ["2026-11-25", "None"]

    time_machine.move_to("2026-11-24T09:00+08:00", tick=False)
    case = make.act(case, "complete", "1")

    assert [str(task.due_on) for task in CaseTask.objects.order_by("pk")] == ["2026-11-25", "2026-11-27"]
    assert str(case.due_on) == "2026-11-27"


def test_what_is_stored_is_in_the_department_s_language_whoever_acts(handler, reviewer):
    rule("2.1", 1, approval_levels=1)
    with translation.override("en"):
        case = make.case("2.1", handler)
        make.act(case, "submit", "1", remark="please")
        make.act(case, "approve", f"approval:{case.approvals.get().pk}", by=reviewer)

    assert [entry.label for entry in case.timeline.all()] == ["同意：送审（第 1 步）", "第 1 步：送审", "立项"]
