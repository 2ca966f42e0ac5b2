"""The engine: materials and tasks, and how they hold a step up."""

import pytest

from cases.models import CaseMaterial, TaskTemplate
from cases.process import BlockedError, InvalidError
from duties.models import ProcessStep
from tests import factories as make

from .engine import offered, rule, states

pytestmark = pytest.mark.django_db


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


def test_a_material_that_was_added_by_mistake_is_waited_for_no_longer(handler, reviewer):
    case = make.case("4.1", handler)
    make.act(case, "add_material", name="在职证明", now="on")
    key = f"material:{case.materials.get(name='在职证明').pk}"

    with pytest.raises(InvalidError):
        make.act(case, "drop_material", key)
    make.act(case, "drop_material", key, reason="对方不需要")
    material = CaseMaterial.objects.get(case=case, name="在职证明")
    assert (material.state, material.is_missing, material.needed_for) == ("不再要求", False, None)
    assert case.timeline.latest("pk").text == "在职证明：对方不需要"

    make.act(case, "add_material", name="在职证明")
    material.refresh_from_db()
    assert (material.state, material.is_missing) == ("缺", True)
    make.act(case, "ask_waiver", key, reason="原件留存")
    for wanted in (key, f"material:{case.materials.first().pk}"):  # a waiver waits for it; the sheet wants the other
        with pytest.raises(BlockedError, match="不可用"):
            make.act(case, "drop_material", wanted, reason="对方不需要")


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
