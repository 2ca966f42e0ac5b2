"""Several people at the same moment, on a real file or server: one wins, the others are told, nobody's words are lost."""

from collections import Counter

import pytest
from django.utils import timezone

from accounts.audit import acting, find_faults
from accounts.models import User
from cases import process
from cases.models import Case, StepRule
from cases.process import BlockedError, ConflictError
from core.models import Serial
from duties.models import ProcessStep, Sheet
from duties.publishing import publish_sheet
from tests import factories as make

from .census import at_once, faults_of

pytestmark = pytest.mark.django_db(transaction=True)
ROUNDS = 5


@pytest.fixture
def sheet():
    make.working_days(*range(timezone.localdate().year - 1, timezone.localdate().year + 3))
    made = make.sheet("2.1", ["决定", "准备", "反馈"], ["名单"])
    yield made
    assert list(find_faults()) == []
    assert [fault for case in Case.objects.all() for fault in faults_of(case)] == []


@pytest.fixture
def handler(sheet):
    return make.worker("preparer", "2.1", name="林晓舟")


def approved_at_one_level(number=1):
    StepRule.objects.create(step=ProcessStep.objects.get(sheet__item="2.1", sheet__status="published", number=number), approval_levels=1)


def act(case, action, target="", *, by, version, **data):
    """An act of a person who looked at this version of the case."""
    return lambda: process.perform(case, action, by=User.objects.get(pk=by.pk), version=version, target=target, data=data)


def count(results):
    return Counter(type(result).__name__ for result in results)


def test_of_eight_approvers_one_decides(handler):
    approved_at_one_level()
    reviewers = [make.worker("reviewer", "2.1") for _number in range(8)]
    for _round in range(ROUNDS):
        case = make.act(make.case("2.1", handler), "submit", "1")
        key = f"approval:{case.approvals.get().pk}"

        results = at_once(*(act(case, "approve", key, by=reviewer, version=2, note=f"{reviewer.pk}") for reviewer in reviewers))

        assert count(results) == {"Case": 1, "ConflictError": 7}
        decided = case.approvals.get()
        assert decided.note == f"{decided.decided_by_id}"
        assert {(change.kind, change.by_id) for result in results if isinstance(result, ConflictError) for change in result.changes} == {
            ("approve", decided.decided_by_id)
        }


def test_one_approves_while_another_sends_back(handler):
    approved_at_one_level()
    reviewers = [make.worker("reviewer", "2.1") for _number in range(8)]
    for _round in range(ROUNDS):
        case = make.act(make.case("2.1", handler), "submit", "1")
        key = f"approval:{case.approvals.get().pk}"

        acts = [act(case, "approve" if number % 2 else "send_back", key, by=by, version=2, note=f"意见{number}") for number, by in enumerate(reviewers)]
        results = at_once(*acts)

        assert count(results) == {"Case": 1, "ConflictError": 7}
        winner = next(number for number, result in enumerate(results) if isinstance(result, Case))
        assert (case.approvals.get().decision, case.approvals.get().note) == ("approved" if winner % 2 else "returned", f"意见{winner}")


def test_whoever_sees_the_new_version_is_told_that_it_is_decided(handler):
    approved_at_one_level()
    case = make.act(make.case("2.1", handler), "submit", "1")
    key = f"approval:{case.approvals.get().pk}"
    first, second = (make.worker("reviewer", "2.1") for _number in range(2))
    make.act(case, "approve", key, by=first)

    with pytest.raises(BlockedError, match="不可用"):
        act(case, "approve", key, by=second, version=3)()


def test_handler_and_substitute_finish_one_step(handler):
    substitute = make.person("preparer")
    make.substitution(handler, substitute)
    for _round in range(ROUNDS):
        case = make.case("2.1", handler)

        results = at_once(*(act(case, "complete", "1", by=by, version=1, remark=by.name) for by in (handler, substitute) * 4))

        entry = case.timeline.get(kind="complete")
        assert [isinstance(result, Case) for result in results] == [by.pk == entry.by_id for by in (handler, substitute) * 4]
        assert count(results) == {"Case": 4, "ConflictError": 4}  # the winner's repeats count as done
        assert [step.status for step in process.load({"pk": case.pk}).own_steps] == ["done", "open", "open"]


def test_a_double_submission_is_done_once(handler):
    for _round in range(ROUNDS):
        case = make.case("2.1", handler)

        results = at_once(*[act(case, "note", by=handler, version=1, text="对方来电，改为下周二")] * 8)

        assert count(results) == {"Case": 8}
        assert case.timeline.filter(kind="note").count() == 1
        assert Case.objects.get(pk=case.pk).version == 2


def test_of_eight_different_notes_on_one_version_none_is_lost(handler):
    case = make.case("2.1", handler)

    results = at_once(*(act(case, "note", by=handler, version=1, text=f"备注{number}") for number in range(8)))

    assert count(results) == {"Case": 1, "ConflictError": 7}
    winner = next(number for number, result in enumerate(results) if isinstance(result, Case))
    assert [entry.text for entry in case.timeline.filter(kind="note")] == [f"备注{winner}"]


def test_eight_people_act_until_each_has_been_heard(handler):
    """What a refused person typed goes through on the next try: nothing is lost, nothing is written twice."""
    case = make.case("2.1", handler)
    people = [make.worker("reviewer", "2.1") for _number in range(8)]

    def insist(by):
        def run():
            for number in range(5):
                while True:
                    try:
                        act(case, "note", by=by, version=Case.objects.get(pk=case.pk).version, text=f"{by.pk}-{number}")()
                    except ConflictError:
                        continue
                    break

        return run

    assert at_once(*(insist(by) for by in people)) == [None] * 8
    assert sorted(case.timeline.filter(kind="note").values_list("text", flat=True)) == sorted(f"{by.pk}-{number}" for by in people for number in range(5))
    assert Case.objects.get(pk=case.pk).version == 41


def test_numbers_are_unique_and_without_a_gap_whatever_is_rolled_back(handler):
    class GiveUpError(Exception):
        pass

    def open_some():
        kept = []
        by = User.objects.get(pk=handler.pk)
        for turn in range(6):
            try:
                with acting(by):
                    case = make.case("2.1", by)
                    if turn % 3 == 0:
                        raise GiveUpError
            except GiveUpError:
                continue
            kept.append(case.number)
        return kept

    results = at_once(*[open_some] * 8)

    year = timezone.localdate().year
    assert all(isinstance(result, list) for result in results), results
    assert sorted(number for kept in results for number in kept) == [f"2.1-{year}-{number:04d}" for number in range(1, 33)]
    assert Serial.objects.get(series="case 2.1", year=year).last == Case.objects.count() == 32


def test_a_case_is_handed_over_while_a_step_is_finished(handler):
    colleague = make.worker("preparer", "2.1")
    for _round in range(ROUNDS):
        case = make.case("2.1", handler)

        acts = [act(case, "complete", "1", by=handler, version=1, remark="已定")] * 4
        acts += [act(case, "hand_over", by=handler, version=1, to=str(colleague.pk), reason="休假")] * 4
        results = at_once(*acts)

        first = case.timeline.get(version=2).kind
        done = 4 * [first == "complete"] + 4 * [first == "hand_over"]
        assert [isinstance(result, Case) for result in results] == done, results
        assert [isinstance(result, ConflictError) for result in results] == [not one for one in done], results
        now = process.load({"pk": case.pk})
        assert (now.handler_id == colleague.pk, now.own_steps[0].status == "done") == (first == "hand_over", first == "complete")


def test_a_leader_reassigns_while_the_handler_works(handler):
    """The row of the case is locked before anything that hangs on it is read: who waits for it sees the new handler."""
    leader, colleague = make.person("leader"), make.worker("preparer", "2.1")
    for _round in range(ROUNDS):
        case = make.case("2.1", handler)

        acts = [act(case, "note", by=handler, version=1, text=f"备注{number}") for number in range(7)]
        results = at_once(act(case, "reassign", by=leader, version=1, to=str(colleague.pk), reason="调整"), *acts)

        assert count(results) == {"Case": 1, "ConflictError": 7}, results


def test_an_edition_is_published_while_cases_are_opened(handler):
    """Each case has the steps of one edition, whole."""
    draft = make.sheet("2.1", ["决定", "公示", "准备", "反馈"], ["名单", "公示结果"], publish=False)
    reviewer, publisher = make.person("publisher"), make.person("publisher")
    Sheet.objects.filter(pk=draft.pk).update(status=Sheet.Status.IN_REVIEW)
    Sheet.objects.filter(pk=draft.pk).update(status=Sheet.Status.APPROVED, reviewed_by=reviewer, reviewed_at=timezone.now())

    def open_some():
        return [make.case("2.1", User.objects.get(pk=handler.pk)).pk for _number in range(4)]

    results = at_once(*[open_some] * 7, lambda: publish_sheet(Sheet.objects.get(pk=draft.pk), by=User.objects.get(pk=publisher.pk)))

    assert not [result for result in results if isinstance(result, Exception)], results
    make.case("2.1", handler)
    for case in Case.objects.all():
        assert [step.step_id for step in case.steps.all()] == list(case.sheet.steps.values_list("pk", flat=True))
        assert {material.material.sheet_id for material in case.materials.all()} == {case.sheet_id}
    assert Case.objects.first().sheet_id == draft.pk
    assert {case.sheet.edition for case in Case.objects.all()} <= {1, 2}


def test_two_first_questions_about_one_material_leave_one(handler):
    for _round in range(ROUNDS):
        case = make.case("2.1", handler)
        key = f"material:{case.materials.get().pk}"

        results = at_once(*(act(case, "ask_waiver", key, by=handler, version=1, reason=f"理由{number}") for number in range(8)))

        assert count(results) == {"Case": 1, "ConflictError": 7}
        assert case.approvals.count() == 1
