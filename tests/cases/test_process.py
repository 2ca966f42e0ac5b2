"""The engine: each move, what blocks it, who may take it."""

import pytest
from django.db import IntegrityError, transaction
from django.utils import translation

from accounts.audit import find_faults
from accounts.models import AuditEvent
from cases import process
from cases.models import Case, CaseStep, CaseTask, Need, TaskTemplate
from cases.process import BlockedError, ConflictError, InvalidError
from duties.models import ProcessStep
from tests import factories as make

from .engine import offered, rule, states

pytestmark = pytest.mark.django_db


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
