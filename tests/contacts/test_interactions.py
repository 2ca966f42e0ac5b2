"""Interactions and their threads: one case a body and year, who reads what, what the database refuses, the year's end."""

from datetime import date, datetime, timedelta

import pytest
from django.db import IntegrityError, transaction
from django.utils import timezone

from accounts.actions import Refused
from accounts.models import AuditEvent
from cases import process
from cases.models import Case, CaseTask, TimelineEntry
from cases.process import InvalidError
from contacts import interaction_actions as actions
from contacts.models import Interaction, InteractionLink, InteractionThread, Visit
from core.search import search
from duties.models import DutyItem
from tests import factories as make

from .talks import act, asked, held, logged

pytestmark = pytest.mark.django_db
TODAY = timezone.localdate


def last_year(**more):
    return {"happened_at": timezone.make_aware(datetime(TODAY().year - 1, 12, 30, 10))} | more


# -- registering -------------------------------------------------------------------------------------------------------------------------------------------


def test_the_first_interaction_opens_the_case_of_the_year(clerk, body):
    made = logged(body, clerk)

    thread = InteractionThread.objects.get()
    assert made.thread == thread
    assert (thread.organisation, thread.year, thread.case.item_id) == (body, TODAY().year, "1.1")
    assert thread.case.title == f"与北湾商会的往来（{TODAY().year} 年）"
    assert (thread.case.handler, thread.case.opened_by) == (clerk, clerk)
    entry = TimelineEntry.objects.get(case=thread.case, kind="log_interaction")
    assert entry.text == f"{TODAY()} 电话 北湾商会：对方来电，确认下月来访"


def test_the_second_goes_into_the_same_case(clerk, colleague, body):
    first, second = logged(body, clerk), logged(body, colleague, mode="email")

    assert first.thread == second.thread
    assert Case.objects.count() == 1


def test_each_year_has_a_thread_of_its_own(clerk, body):
    logged(body, clerk)
    logged(body, clerk, **last_year())

    assert sorted(InteractionThread.objects.values_list("year", flat=True)) == [TODAY().year - 1, TODAY().year]


def test_the_owner_of_the_body_carries_its_case(clerk, colleague):
    body = make.organisation("东港商会", clerk, owner=colleague)

    assert logged(body, clerk).thread.case.handler == colleague


def test_an_owner_who_does_not_work_on_it_carries_nothing(clerk, stranger):
    body = make.organisation("东港商会", clerk, owner=stranger)

    assert logged(body, clerk).thread.case.handler == clerk


def test_a_substitute_opens_it_for_whom_they_stand_in_for(clerk, body):
    substitute = make.person("preparer")
    make.substitution(clerk, substitute)

    made = logged(body, substitute)

    assert (made.registered_by, made.thread.case.handler) == (substitute, clerk)


@pytest.mark.parametrize("role", ["reviewer", "leader", "registrar"])
def test_who_may_not_register_is_refused(role, body):
    with pytest.raises(Refused, match=r"1\.1"):
        logged(body, make.worker(role, "1.1"))


def test_who_works_on_another_item_is_refused(stranger, body):
    with pytest.raises(Refused, match=r"1\.1"):
        logged(body, stranger)


def test_without_a_procedure_nothing_is_registered(db):
    DutyItem.objects.create(pk="1.1")
    clerk = make.worker("preparer", "1.1")

    with pytest.raises(Refused, match="没有信息表"):
        logged(make.organisation(by=clerk), clerk)


@pytest.mark.parametrize(("mode", "step"), [("phone", 1), ("email", 1), ("fax", 1), ("call_on", 2), ("visit", 2), ("meeting", 2)])
def test_the_mode_says_which_published_step_it_is(clerk, body, mode, step):
    made = logged(body, clerk, mode=mode, next_on=TODAY() + timedelta(days=2), next_step="回电")

    assert made.follow_up.step.number == step


def test_the_steps_stay_open_all_year(clerk, body):
    logged(body, clerk)
    case = logged(body, clerk, mode="visit").thread.case

    assert [step.status for step in process.load({"pk": case.pk}).own_steps] == ["open", "open"]
    assert not Case.objects.get(pk=case.pk).is_closed


def test_a_follow_up_is_a_task_with_its_day(clerk, body):
    day = TODAY() + timedelta(days=3)

    made = logged(body, clerk, next_on=day, next_step="确认航班")

    assert (made.follow_up.title, made.follow_up.due_on, made.follow_up.assignee) == ("确认航班", day, clerk)
    assert Case.objects.get().due_on == day


def test_a_follow_up_is_ticked_in_the_case(clerk, body):
    made = logged(body, clerk, next_on=TODAY(), next_step="确认航班")

    make.act(made.thread.case, "tick", f"task:{made.follow_up_id}", by=clerk)

    assert CaseTask.objects.get(pk=made.follow_up_id).status == "done"
    assert Case.objects.get().due_on is None


def test_the_same_form_is_registered_once(clerk, body):
    first = logged(body, clerk, form_key="a" * 32)

    assert logged(body, clerk, form_key="a" * 32) == first
    assert Interaction.objects.count() == 1


def test_it_belongs_to_another_case_too(clerk, body):
    case = make.case("2.1", clerk)

    made = logged(body, clerk, cases=[case])

    assert [link.case for link in made.links.all()] == [case]
    assert TimelineEntry.objects.filter(case=case, kind="link_interaction").exists()


def test_it_is_found_by_words_pinyin_and_people(clerk, stranger, body):
    made = logged(body, clerk, people=[make.contact("贝明", clerk, at=body)])

    for query in ("确认下月", "beiwan", "bwsh", "贝明"):
        assert made.get_absolute_url() in [hit.url for group in search(query, clerk, kinds=["interaction"]) for hit in group.hits], query
    assert not search("确认下月", stranger, kinds=["interaction"])


def test_every_act_is_in_the_trail(clerk, body):
    made = logged(body, clerk)
    actions.withdraw(made, reason="登错了", by=clerk)

    assert list(AuditEvent.objects.filter(subject=f"contacts.interaction:{made.pk}").values_list("action", flat=True)) == [
        "interaction.log",
        "interaction.withdraw",
    ]


# -- who reads what ----------------------------------------------------------------------------------------------------------------------------------------


def sees(person, made):
    return Interaction.objects.visible_to(person).filter(pk=made.pk).exists()


def test_whoever_works_on_it_reads_it_and_who_sees_all(clerk, colleague, leader, body):
    made = logged(body, clerk)

    assert sees(colleague, made)
    assert sees(leader, made)


def test_out_of_scope_it_is_not_there(clerk, stranger, body):
    made = logged(body, clerk)

    assert not sees(stranger, made)
    assert not sees(make.person("auditor"), made)
    assert not sees(make.person("preparer"), made)


def test_who_was_there_reads_it_and_who_sees_a_case_of_it(clerk, stranger, body):
    present = logged(body, clerk, ours=[stranger])
    of_case = logged(body, clerk, cases=[])
    case = make.case("4.1", stranger, title="邀请函")
    InteractionLink.objects.create(interaction=of_case, case=case, made_by=clerk)

    assert sees(stranger, present)
    assert sees(stranger, of_case)


def test_what_is_restricted_is_for_those_involved(clerk, colleague, leader, body):
    made = logged(body, clerk, sensitivity="restricted", summary="不宜外传")
    with_colleague = logged(body, clerk, sensitivity="restricted", ours=[colleague])

    assert sees(clerk, made)
    assert sees(leader, made)
    assert not sees(colleague, made)
    assert sees(colleague, with_colleague)


def test_the_timeline_and_the_tasks_do_not_tell_what_is_restricted(clerk, body):
    made = logged(body, clerk, sensitivity="restricted", summary="不宜外传", next_on=TODAY(), next_step="请示")

    assert "不宜外传" not in TimelineEntry.objects.get(kind="log_interaction").text
    assert made.follow_up.title == "跟进工作敏感的往来"


# -- what is put right -------------------------------------------------------------------------------------------------------------------------------------


def corrected(made, by, **more):
    usual = {name: getattr(made, name) for name in ("mode", "summary", "happened_at", "sensitivity", "is_reported", "report_number")}
    actions.correct(made, usual | {"people": [], "ours": [], "reason": "登记有误"} | more, version=made.version, by=by)
    return Interaction.objects.get(pk=made.pk)


def test_it_is_corrected_with_a_trail(clerk, body):
    made = logged(body, clerk)

    now = corrected(made, clerk, summary="改期到二月", is_reported=True, report_number="津外〔2026〕3号")

    assert (now.summary, now.report_number, now.version) == ("改期到二月", "津外〔2026〕3号", 2)
    event = AuditEvent.objects.get(action="interaction.correct")
    assert '"summary": ["对方来电，确认下月来访", "改期到二月"]' in event.facts
    assert "登记有误" in event.facts
    assert TimelineEntry.objects.get(kind="correct_interaction").text.endswith("理由：登记有误")


def test_who_has_not_seen_a_correction_corrects_nothing(clerk, body):
    made = logged(body, clerk)
    corrected(made, clerk, summary="改期到二月")

    with pytest.raises(actions.Refused, match="已由他人更正"):
        corrected(made, clerk, summary="改期到三月")

    assert Interaction.objects.get().summary == "改期到二月"


def test_it_stays_in_its_year(clerk, body):
    with pytest.raises(InvalidError, match="年的往来"):
        corrected(logged(body, clerk), clerk, **last_year())


def test_withdrawn_it_needs_no_follow_up(clerk, body):
    made = logged(body, clerk, next_on=TODAY(), next_step="回电")

    actions.withdraw(made, reason="登错了", by=clerk)

    now = Interaction.objects.get(pk=made.pk)
    assert (now.withdraw_reason, now.withdrawn_by, now.follow_up.status) == ("登错了", clerk, "not_needed")
    with pytest.raises(InvalidError, match="没有找到"):
        actions.withdraw(now, reason="再撤", by=clerk)


def test_a_withdrawn_appointment_cancels_its_visit(clerk, body):
    visit = asked(body, clerk)

    actions.withdraw(visit.asked, reason="登错了", by=clerk)

    assert Visit.objects.get().state == Visit.State.CANCELLED
    assert Visit.objects.get().task.status == "not_needed"


def test_links_are_made_once_and_removed_with_a_reason(clerk, body):
    made, case = logged(body, clerk), make.case("2.1", clerk)
    actions.link(made, case, by=clerk)

    with pytest.raises(InvalidError, match="已经关联"):
        actions.link(made, case, by=clerk)
    actions.unlink(made, case, reason="不是这件", by=clerk)
    with pytest.raises(InvalidError, match="没有关联"):
        actions.unlink(made, case, reason="不是这件", by=clerk)
    with pytest.raises(InvalidError, match="就登记在本办件"):
        actions.link(made, made.thread.case, by=clerk)
    link = InteractionLink.objects.get()
    assert link.removed_by == clerk


def test_what_is_out_of_sight_is_linked_by_nobody(clerk, colleague, body):
    made, case = logged(body, clerk, sensitivity="restricted"), make.case("1.1", colleague, title="办件")

    with pytest.raises(InvalidError, match="没有找到"):
        actions.link(made, case, by=colleague)


# -- visits ------------------------------------------------------------------------------------------------------------------------------------------------


def test_a_visit_is_asked_for_confirmed_and_held_with_minutes(clerk, body):
    visit = asked(body, clerk)
    assert (visit.state, visit.task.due_on) == (Visit.State.REQUESTED, timezone.localdate(visit.starts_at))
    visit = act(visit, "confirm_visit", clerk, remark="对方回信同意")
    assert (visit.state, visit.confirmed_by) == (Visit.State.CONFIRMED, clerk)

    minutes = {"summary": "双方商定互派团组", "happened_at": timezone.localtime().strftime("%Y-%m-%dT%H:%M"), "sensitivity": "internal"}
    visit = act(visit, "hold_visit", clerk, form_key="h" * 32, ours=[clerk.pk], next_on=str(TODAY()), next_step="寄送照片", **minutes)

    assert visit.state == Visit.State.HELD
    assert (visit.held_as.mode, visit.held_as.summary, visit.held_as.thread) == ("visit", "双方商定互派团组", visit.thread)
    assert [person.pk for person in visit.held_as.ours.all()] == [clerk.pk]
    assert CaseTask.objects.get(pk=visit.task_id).status == "done"
    assert visit.held_as.follow_up.title == "寄送照片"


def test_it_is_not_held_before_it_is_confirmed(clerk, body):
    visit = asked(body, clerk)

    with pytest.raises(process.BlockedError, match="还没有确认"):
        act(visit, "hold_visit", clerk, summary="纪要")


def test_a_visit_that_is_moved_is_to_be_confirmed_again(clerk, body):
    visit = act(asked(body, clerk), "confirm_visit", clerk)
    later = visit.starts_at + timedelta(days=2)

    visit = act(visit, "move_visit", clerk, starts_at=timezone.localtime(later).strftime("%Y-%m-%dT%H:%M"), place="一楼", remark="对方改期")

    assert (visit.starts_at, visit.place, visit.state) == (later, "一楼", Visit.State.REQUESTED)
    assert visit.task.due_on == timezone.localdate(later)


@pytest.mark.parametrize(("starts", "ends", "words"), [(-90, "", "不能早于预约"), (3, 2, "结束时间不能早于"), ("", "", "starts_at")])
def test_a_visit_is_moved_to_a_time_that_can_be(clerk, body, starts, ends, words):
    def at(days):
        return "" if days == "" else (timezone.localtime() + timedelta(days=days)).strftime("%Y-%m-%dT%H:%M")

    with pytest.raises(InvalidError, match=words):
        act(asked(body, clerk), "move_visit", clerk, starts_at=at(starts), ends_at=at(ends))


def test_a_visit_is_cancelled_with_a_reason(clerk, body):
    visit = act(asked(body, clerk), "cancel_visit", clerk, reason="行程取消")

    assert (visit.state, visit.cancel_reason, visit.task.status) == (Visit.State.CANCELLED, "行程取消", "not_needed")
    assert process.find(Case.objects.with_parts().get(), clerk, "confirm_visit", f"visit:{visit.pk}", visit.thread) is None


def test_an_appointment_wants_its_time(clerk, body):
    with pytest.raises(InvalidError, match="约定的会见时间"):
        logged(body, clerk, mode="appointment")


# -- what the database refuses -----------------------------------------------------------------------------------------------------------------------------


def test_a_body_has_one_thread_a_year(clerk, body):
    made = logged(body, clerk)

    with pytest.raises(IntegrityError):
        InteractionThread.objects.create(case=make.case("2.1", clerk), organisation=body, year=made.thread.year)


@pytest.mark.parametrize(
    ("fields", "name"),
    [
        ({"withdrawn_at": timezone.now()}, "contacts_interaction_withdrawn_all_or_none"),
        ({"report_number": "3号"}, "contacts_report_number_where_reported"),
        ({"form_key": "x"}, "stays as it is"),
        ({"registered_at": timezone.now()}, "stays as it is"),
    ],
)
def test_an_interaction_keeps_together_what_belongs_together(clerk, body, fields, name):
    made = logged(body, clerk)

    with pytest.raises(IntegrityError, match=name):
        Interaction.objects.filter(pk=made.pk).update(**fields)


@pytest.mark.parametrize(
    ("fields", "name"),
    [
        ({"held_at": timezone.now()}, "contacts_visit_held_as_confirmed"),
        ({"confirmed_at": timezone.now()}, "contacts_visit_confirmed_all_or_none"),
        ({"cancelled_at": timezone.now()}, "contacts_visit_cancelled_all_or_none"),
        ({"ends_at": timezone.now() - timedelta(days=9)}, "contacts_visit_ends_after_it_begins"),
    ],
)
def test_a_visit_keeps_together_what_belongs_together(clerk, body, fields, name):
    visit = asked(body, clerk)

    with pytest.raises(IntegrityError, match=name):
        Visit.objects.filter(pk=visit.pk).update(**fields)


def test_what_has_ended_stays_as_it_was(clerk, body):
    visit = held(asked(body, clerk, days=0), clerk)
    withdrawn = logged(body, clerk)
    actions.withdraw(withdrawn, reason="登错了", by=clerk)

    for rows, change in ((Visit.objects.filter(pk=visit.pk), {"starts_at": timezone.now()}), (Interaction.objects.filter(pk=withdrawn.pk), {"summary": "改"})):
        with pytest.raises(IntegrityError, match="stays as it is"), transaction.atomic():
            rows.update(**change)


@pytest.mark.parametrize("model", [Interaction, InteractionThread, Visit, InteractionLink])
def test_nothing_is_deleted(clerk, body, model):
    visit, case = asked(body, clerk), make.case("2.1", clerk)
    actions.link(visit.asked, case, by=clerk)

    with pytest.raises(IntegrityError, match="is not deleted"):
        model.objects.all()._raw_delete("default")


# -- the year's end ----------------------------------------------------------------------------------------------------------------------------------------


def test_the_years_end_closes_the_thread(clerk, body):
    case = logged(body, clerk, **last_year()).thread.case

    assert actions.close_threads() == 1

    case = process.load({"pk": case.pk})
    assert (case.is_closed, case.outcome, case.closed_by) == (True, "completed", clerk)
    assert [step.status for step in case.own_steps] == ["done", "skipped"]
    text = case.timeline.get(kind="close_year").text
    assert "全年往来 1 次" in text
    assert "未收到的要件：联系方式" in text
    assert AuditEvent.objects.get(action="case.close_year").by is None
    assert actions.close_threads() == 0


def test_this_year_stays_open(clerk, body):
    logged(body, clerk)

    assert actions.close_threads() == 0
    assert actions.close_threads(date(TODAY().year + 1, 1, 1)) == 1


def test_a_thread_whose_only_entry_was_withdrawn_ends_withdrawn(clerk, body):
    made = logged(body, clerk, **last_year())
    actions.withdraw(made, reason="登错了", by=clerk)

    actions.close_threads()

    assert Case.objects.get().outcome == "withdrawn"


def test_what_is_still_to_be_done_goes_on_in_the_new_year(clerk, body):
    old = logged(body, clerk, **last_year(next_on=TODAY() + timedelta(days=1), next_step="寄送资料"))
    ahead = asked(body, clerk, **last_year())

    actions.close_threads()

    thread = InteractionThread.objects.get(year=TODAY().year)
    now = Interaction.objects.get(pk=old.pk)
    assert (now.thread, now.follow_up.case, now.follow_up.title, now.follow_up.assignee) == (old.thread, thread.case, "寄送资料", clerk)
    assert Visit.objects.get(pk=ahead.pk).thread == thread
    assert Visit.objects.get(pk=ahead.pk).task.case == thread.case
    assert set(CaseTask.objects.filter(case=old.thread.case).values_list("status", flat=True)) == {"not_needed"}
    assert thread.case.timeline.get(kind="carry_over").text == f"从 {old.thread.case.number} 转入未完成的跟进和会见 2 项。"
    assert Case.objects.get(pk=thread.case.pk).due_on == TODAY() + timedelta(days=1)


def test_a_handler_who_has_left_stands_in_nobodys_way(clerk, body):
    logged(body, clerk, **last_year())
    make.actions.disable_person(person=clerk, reason="调离", by=make.person("system_admin"))

    assert actions.close_threads() == 1
    assert Case.objects.get().is_closed


def test_an_interaction_of_a_closed_year_is_still_registered_without_a_follow_up(clerk, body):
    logged(body, clerk, **last_year())
    actions.close_threads()

    late = logged(body, clerk, **last_year(summary="补登"))

    assert late.thread.case.is_closed
    assert late.thread.case.timeline.filter(kind="log_interaction").count() == 2
    with pytest.raises(process.BlockedError, match="已经办结"):
        logged(body, clerk, **last_year(next_on=TODAY(), next_step="回电"))


def test_a_case_closed_meanwhile_stays_as_it_is(clerk, body):
    case = logged(body, clerk, **last_year()).thread.case
    make.act(case, "withdraw", by=clerk, reason="重复")

    assert process.run_out(case, actions.CLOSE_YEAR).outcome == "withdrawn"


def test_a_case_opened_by_hand_runs_on_its_steps(clerk):
    case = make.case("1.1", clerk, title="一般联络")

    case = make.act(case, "complete", "1", by=clerk)

    assert process.load({"pk": case.pk}).own_steps[0].status == "done"
    assert actions.close_threads() == 0


def test_a_thread_offers_its_steps_no_completing(clerk, body):
    case = logged(body, clerk).thread.case

    names = {offer.action.name for offer in process.offers(process.load({"pk": case.pk}), clerk, InteractionThread.objects.get())}

    assert "log_interaction" in names
    assert "complete" not in names
    assert "close" not in names
