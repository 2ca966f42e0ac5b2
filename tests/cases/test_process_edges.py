"""The engine at its edges: dead ends, both languages, rights that must not pass from one person to another."""

import pytest
from django.contrib.auth.models import Group
from django.utils import timezone, translation
from django.utils.translation import gettext

from accounts import actions
from accounts.audit import acting, find_faults
from accounts.models import User
from cases import process
from cases.deadlines import catch_up
from cases.kinds import Action, Blocker, CaseKind, Move, Stage, register, unregister
from cases.models import Approval, Case, CaseMaterial, CaseStep, Need, StepRule, Substitution, TaskTemplate
from cases.process import BlockedError, ConflictError, InvalidError
from cases.standing import standings_of
from duties.models import ProcessStep, Sheet
from duties.publishing import publish_sheet
from tests import factories as make

from .engine import offered, rule, states

pytestmark = pytest.mark.django_db


@pytest.fixture
def kind():
    """Registers kinds for one test."""
    made = []

    def make_kind(code, *stages, **options):
        made.append(register(CaseKind((code,), stages=stages, **options)))
        return made[-1]

    yield make_kind
    for one in made:
        unregister(one)


def in_english(act):
    with translation.override("en"):
        assert gettext("退出登录") == "Sign out"  # the catalogue is there, so that texts do differ
        return act()


# -- repeats --------------------------------------------------------------------------------------------------------------------------------------------


def test_other_words_on_the_same_version_are_no_repeat(handler):
    case = make.case("2.1", handler)
    process.perform(case, "note", by=handler, version=1, data={"text": "第一条", "csrfmiddlewaretoken": "a"})
    process.perform(case, "note", by=handler, version=1, data={"text": "第一条", "csrfmiddlewaretoken": "b"})

    with pytest.raises(ConflictError):
        process.perform(case, "note", by=handler, version=1, data={"text": "第二条"})

    assert [entry.text for entry in case.timeline.filter(kind="note")] == ["第一条"]


def test_a_remark_may_be_as_long_as_its_form_allows(handler):
    case = make.case("2.1", handler)
    make.act(case, "add_task", "1", title="订会议室", is_required="on")
    make.act(case, "tick", f"task:{case.tasks.get().pk}", remark="议" * 500)

    assert case.tasks.get().note == "议" * 500


# -- dead ends ------------------------------------------------------------------------------------------------------------------------------------------


def test_of_steps_of_which_one_suffices_the_last_is_not_left_out(handler):
    for number in (1, 2):
        rule("1.1", number, need=Need.ONE_OF)
    case = make.collected(make.case("1.1", handler))
    make.act(case, "skip", "1", reason="不需要")

    with pytest.raises(BlockedError, match="至少要办结一个") as caught:
        make.act(case, "skip", "2", reason="不需要")

    assert [blocker.rule for blocker in caught.value.blockers] == ["ENG-04"]
    assert make.act(case, "complete", "2", outcome="completed").is_closed


def test_alternatives_that_stand_apart_are_no_dead_end(handler):
    make.sheet("1.1", ["接待", "记录", "走访"])
    for number in (1, 3):
        rule("1.1", number, need=Need.ONE_OF)
    case = make.case("1.1", handler)
    assert ("complete", "2") not in offered(case, handler)
    make.act(case, "skip", "1", reason="不需要")
    make.act(case, "complete", "2")

    assert make.act(case, "complete", "3", outcome="completed").is_closed


def test_a_case_whose_new_edition_is_all_done_can_be_closed(handler, reviewer):
    case = make.case("4.1", handler)
    for number in (1, 2, 3):
        make.act(case, "complete", str(number))
    make.sheet("4.1", ["接件", "审核", "签发"], ["委托函", "公示结果"])
    make.act(case, "repin", step_1="1", step_2="2", step_3="3", reason="新版施行")
    assert offered(case, handler)["close", ""] == ["MAT-01", "MAT-01"]

    material = case.materials.get(name="公示结果")
    make.act(case, "ask_waiver", f"material:{material.pk}", reason="新版才有")
    make.act(case, "approve", f"approval:{case.approvals.get().pk}", by=reviewer)
    case = make.act(make.collected(case), "close", outcome="completed")

    assert (states(case), case.outcome) == (["done"] * 3, "completed")


def test_a_step_that_must_be_done_now_is_not_carried_over_as_left_out(handler):
    rule("2.1", 1, need=Need.IF_NEEDED)
    case = make.case("2.1", handler)
    make.act(case, "skip", "1", reason="不需要")
    sheet = make.sheet("2.1", ["决定", "准备", "反馈"], publish=False)
    StepRule.objects.create(step=sheet.steps.get(number=2), need=Need.IF_NEEDED)
    publish(sheet)

    make.act(case, "repin", step_1="1", reason="新版施行")

    assert states(case) == ["open"] * 3


def test_a_step_that_may_be_left_out_is_carried_over_as_it_is(handler):
    rule("2.1", 1, need=Need.IF_NEEDED)
    case = make.case("2.1", handler)
    make.act(case, "skip", "1", reason="不需要")
    sheet = make.sheet("2.1", ["决定", "准备", "反馈"], publish=False)
    StepRule.objects.create(step=sheet.steps.get(number=2), need=Need.IF_NEEDED)
    publish(sheet)

    make.act(case, "repin", step_2="1", reason="新版施行")

    assert states(case) == ["open", "skipped", "open"]


def publish(sheet):
    Sheet.objects.filter(pk=sheet.pk).update(status=Sheet.Status.IN_REVIEW)
    Sheet.objects.filter(pk=sheet.pk).update(status=Sheet.Status.APPROVED, reviewed_by=make.person("publisher"), reviewed_at=timezone.now())
    publish_sheet(Sheet.objects.get(pk=sheet.pk), by=make.person("publisher"))


# -- questions that are still open ----------------------------------------------------------------------------------------------------------------------


def test_what_is_asked_about_a_step_ends_with_it(handler):
    rule("2.1", 1, need=Need.IF_NEEDED, approval_levels=1)
    case = make.case("2.1", handler)
    make.act(case, "ask_waiver", f"material:{case.materials.first().pk}", reason="原件留存")
    make.act(case, "submit", "1")

    make.act(case, "skip", "1", reason="不需要")

    assert {row.kind: row.decision for row in case.approvals.all()} == {"waiver": "", "step": "recalled"}


def test_an_override_that_is_no_longer_needed_ends_with_the_step(handler):
    case = make.case("2.1", handler)
    make.act(case, "add_task", "1", title="订会议室", is_required="on")
    make.act(case, "ask_override", "1", rule="TASK-01", reason="领导临时改期")
    make.act(case, "tick", f"task:{case.tasks.get().pk}")

    make.act(case, "complete", "1")

    assert case.approvals.get().decision == "recalled"


# -- both languages -------------------------------------------------------------------------------------------------------------------------------------


@pytest.fixture
def language_kind(kind):
    """2.1 with a rule and a fact that read otherwise in English."""
    late = Action("late", "办结", Move.COMPLETE, blockers=lambda turn: [Blocker("T-LATE", gettext("退出登录"), can_override=True)])
    return kind("2.1", Stage("late", "迟办", (late,)), snapshot=lambda case, detail: {"label": case.get_sensitivity_display()})


def test_an_override_counts_whatever_the_language_of_who_reads_it(language_kind, handler, reviewer):
    rule("2.1", 1, stage="late")
    case = make.case("2.1", handler)
    make.act(case, "ask_override", "1", rule="T-LATE", reason="领导临时改期")

    in_english(lambda: make.act(case, "approve", f"approval:{case.approvals.get().pk}", by=reviewer))
    in_english(lambda: make.act(case, "late", "1"))

    assert states(case)[0] == "done"


def test_a_submission_counts_whatever_the_language_of_who_reads_it(language_kind, handler, reviewer):
    rule("2.1", 1, approval_levels=1)
    case = make.case("2.1", handler)
    in_english(lambda: make.act(case, "submit", "1"))
    make.act(case, "approve", f"approval:{case.approvals.get().pk}", by=reviewer)

    in_english(lambda: make.act(case, "complete", "1"))

    assert states(case)[0] == "done"


def test_an_override_holds_for_each_action_of_the_step(kind, handler, reviewer):
    def late(text):
        return lambda turn: [Blocker("T-LATE", text, can_override=True)]

    kind("2.1", Stage("late", "迟办", (Action("yes", "同意", Move.COMPLETE, blockers=late("甲")), Action("no", "不同意", Move.COMPLETE, blockers=late("乙")))))
    rule("2.1", 1, stage="late")
    case = make.case("2.1", handler)
    make.act(case, "ask_override", "1", rule="T-LATE", reason="领导临时改期")
    make.act(case, "approve", f"approval:{case.approvals.get().pk}", by=reviewer)

    assert (offered(case, handler)["yes", "1"], offered(case, handler)["no", "1"]) == ([], [])


# -- rights ---------------------------------------------------------------------------------------------------------------------------------------------


def test_who_took_the_case_over_does_not_approve_it(handler):
    rule("2.1", 1, approval_levels=1)
    both = make.worker("preparer", "2.1")
    both.groups.add(Group.objects.get(name="reviewer"))
    case = make.case("2.1", handler)
    make.act(case, "submit", "1")
    make.act(case, "hand_over", to=str(both.pk), reason="休假")

    key = f"approval:{case.approvals.get().pk}"

    assert (offered(case, both)["approve", key], offered(case, both)["send_back", key]) == (["SOD-03"], ["SOD-03"])


@pytest.mark.parametrize("role", ["system_admin", "security_admin", "auditor"])
def test_an_administrator_stands_in_for_nobody(handler, role):
    case = make.case("2.1", handler)
    administrator = make.person(role)
    make.substitution(handler, administrator)

    assert offered(case, administrator) == {}
    assert not Case.objects.visible_to(administrator).exists()


def test_nobody_stands_in_for_an_administrator(handler):
    make.substitution(make.person("system_admin"), handler)

    assert len(standings_of(User.objects.get(pk=handler.pk))) == 1


def test_a_disabled_person_does_nothing_in_nobodys_right(handler):
    case = make.case("2.1", handler)
    substitute = make.person("preparer")
    make.substitution(handler, substitute)
    actions.disable_person(person=substitute, reason="调离", by=make.person("system_admin"))
    actions_of_handler = set(offered(case, handler))

    assert offered(case, substitute) == {}
    assert ("complete", "1") in actions_of_handler
    with pytest.raises(BlockedError, match="不可用"):
        make.act(case, "complete", "1", by=substitute)


def test_a_substitution_outside_its_days_or_revoked_gives_nothing(handler):
    case = make.case("2.1", handler)
    early, late, gone = (make.person("preparer") for _number in range(3))
    today = case.opened_at.date()
    make.substitution(handler, early, since=today.replace(year=today.year - 1), until=today.replace(year=today.year - 1))
    make.substitution(handler, late, since=today.replace(year=today.year + 1), until=today.replace(year=today.year + 1))
    row = make.substitution(handler, gone)
    Substitution.objects.filter(pk=row.pk).update(revoked_at=case.opened_at)

    assert [offered(case, person) for person in (early, late, gone)] == [{}, {}, {}]


# -- kinds that bring moves of their own -----------------------------------------------------------------------------------------------------------------


def test_a_kinds_own_way_to_leave_a_step_out_does_not_slip_past_the_close(kind, handler):
    kind("2.1", Stage("quick", "快办", (Action("drop", "不办", Move.SKIP), Action("end", "了结", Move.CLOSE))))
    make.sheet("2.1", ["决定"], ["名单"])
    rule("2.1", 1, stage="quick")
    case = make.case("2.1", handler)

    assert (offered(case, handler)["drop", "1"], offered(case, handler)["end", "1"]) == (["MAT-01"], ["MAT-01"])
    make.collected(case)
    case = make.act(case, "drop", "1")

    assert (case.outcome, states(case)) == ("completed", ["skipped"])


def test_a_kinds_own_return_does_not_reopen_a_final_step(kind, handler):
    back = Action("back", "退回修改", Move.RETURN)
    kind("2.1", Stage("issue", "签发", (Action("issue", "签发", Move.COMPLETE, final=True),)), Stage("back", "退", (back,)))
    rule("2.1", 1, stage="issue")
    rule("2.1", 2, stage="back")
    case = make.case("2.1", handler)
    make.act(case, "issue", "1")

    assert offered(case, handler)["back", "2"] == ["ENG-03"]


# -- repinning ------------------------------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("days", "due"), [(None, None), (1, "2026-11-24"), (7, "2026-12-02")])
def test_a_step_at_hand_is_due_by_the_rule_of_the_new_edition(handler, time_machine, days, due):
    time_machine.move_to("2026-11-23T09:00+08:00", tick=False)  # a Monday
    rule("2.1", 1, due_days=3)
    case = make.case("2.1", handler)
    sheet = make.sheet("2.1", ["决定", "反馈"], publish=False)
    StepRule.objects.create(step=sheet.steps.get(number=1), due_days=days)
    publish(sheet)
    time_machine.move_to("2026-11-24T09:00+08:00", tick=False)

    case = make.act(case, "repin", step_1="1", reason="新版施行")

    assert str(case.due_on) == str(due)
    assert str(CaseStep.objects.get(case=case, step__sheet=sheet, step__number=1).due_on) == str(due)


def test_a_step_before_which_a_new_one_comes_begins_when_that_is_done(handler, time_machine):
    time_machine.move_to("2026-11-23T09:00+08:00", tick=False)  # a Monday
    case = make.case("2.1", handler)
    sheet = make.sheet("2.1", ["公示", "决定"], publish=False)
    StepRule.objects.create(step=sheet.steps.get(number=2), due_days=3)
    publish(sheet)
    make.act(case, "repin", step_2="1", reason="新版施行")
    time_machine.move_to("2026-11-25T09:00+08:00", tick=False)

    case = make.act(case, "complete", "1")

    assert str(case.due_on) == "2026-11-30"


def test_a_task_that_is_opened_again_is_due_by_when_its_step_began_last(handler, time_machine):
    time_machine.move_to("2026-11-23T09:00+08:00", tick=False)  # a Monday
    TaskTemplate.objects.create(step=ProcessStep.objects.get(sheet__item="2.1", number=1), position=1, title="确认名单", due_days=2)
    case = make.case("2.1", handler)
    task = case.tasks.get()
    make.act(case, "tick", f"task:{task.pk}")
    make.act(case, "complete", "1")
    time_machine.move_to("2026-11-30T09:00+08:00", tick=False)
    make.act(case, "return", "2", to=str(case.steps.get(step__number=1).pk), reason="名单有误")

    case = make.act(case, "untick", f"task:{task.pk}")

    task.refresh_from_db()
    assert (str(task.due_on), str(case.due_on)) == ("2026-12-02", "2026-12-02")


def test_a_material_that_comes_back_with_a_later_edition_is_wanted_again(handler):
    case = make.case("4.1", handler)
    name = next(material.name for material in case.materials.all() if material.name != "委托函")
    make.sheet("4.1", ["接件", "公示"], ["委托函"])
    make.act(case, "repin", reason="新版施行")
    assert not CaseMaterial.objects.get(case=case, name=name).is_required
    make.sheet("4.1", ["接件", "公示", "签发"], [name])
    make.act(case, "repin", reason="新版施行")

    assert CaseMaterial.objects.get(case=case, name=name).is_required
    assert CaseStep.objects.filter(case=case).count() == 4 + 2 + 3


def test_a_form_that_does_not_do_changes_nothing_and_keeps_the_words(handler):
    case = make.case("2.1", handler)

    with pytest.raises(InvalidError) as caught:
        make.act(case, "hold", reason="", others="译文未盖章")

    assert caught.value.form.data["others"] == "译文未盖章"
    assert not case.holds.exists()
    assert not Approval.objects.exists()


def test_dates_are_caught_up_with_when_their_year_is_entered(handler, time_machine):
    time_machine.move_to("2027-12-29T09:00+08:00", tick=False)  # a Wednesday; 2028 is not entered
    rule("2.1", 1, due_days=5)
    case, withdrawn = make.case("2.1", handler), make.case("2.1", handler)
    make.act(withdrawn, "withdraw", reason="对方取消来访")
    with acting(None):
        assert catch_up() == 0
    make.working_days(2028)

    with acting(None):
        assert catch_up() == 1
        assert catch_up() == 0

    case.refresh_from_db()
    assert (str(case.due_on), case.version) == ("2028-01-05", 1)
    assert list(find_faults()) == []
