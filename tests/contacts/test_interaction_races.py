"""Several people at the same moment: one thread and one case a body and year, no entry lost, no visit twice."""

import pytest
from django.utils import timezone

from accounts.audit import find_faults
from accounts.models import User
from cases.models import Case, CaseTask
from cases.process import BlockedError, ConflictError
from contacts import interaction_actions as actions
from contacts.models import Interaction, InteractionThread, Visit
from core.models import Serial
from tests import factories as make
from tests.cases.census import at_once, faults_of

from .talks import act, asked, logged, values

pytestmark = pytest.mark.django_db(transaction=True)
PEOPLE = 6


@pytest.fixture
def clerk():
    make.working_days(*range(timezone.localdate().year - 1, timezone.localdate().year + 3))
    make.sheet("1.1", ["往来", "会见"], ["联系方式"])
    make.sheet("2.1", ["决定", "准备"])
    yield make.worker("preparer", "1.1", "2.1", name="林晓舟")
    assert list(find_faults()) == []
    assert [fault for case in Case.objects.all() for fault in faults_of(case)] == []


def test_entries_at_once_make_one_thread_and_one_case(clerk):
    people, body = [make.worker("preparer", "1.1") for _number in range(PEOPLE)], make.organisation(by=clerk)

    results = at_once(*(lambda person=person: logged(body, person) for person in people))

    assert [type(result) for result in results] == [Interaction] * PEOPLE
    assert InteractionThread.objects.count() == Case.objects.count() == Serial.objects.get(series="case 1.1").last == 1
    assert Case.objects.get().version == 1 + PEOPLE


def test_entries_of_several_bodies_linked_to_one_case(clerk):
    bodies, case = [make.organisation(f"商会{number}", clerk) for number in range(PEOPLE)], make.case("2.1", clerk)

    results = at_once(*(lambda body=body: logged(body, clerk, cases=[case]) for body in bodies))

    assert [type(result) for result in results] == [Interaction] * PEOPLE
    assert Case.objects.get(pk=case.pk).version == 1 + PEOPLE


def test_one_form_sent_several_times_is_one_entry(clerk):
    body, sent = make.organisation(by=clerk), values()

    results = at_once(*(lambda: actions.register(body, sent, by=User.objects.get(pk=clerk.pk)) for _time in range(PEOPLE)))

    assert results == [Interaction.objects.get()] * PEOPLE


def test_a_visit_is_confirmed_or_cancelled_by_one(clerk):
    visit = asked(make.organisation(by=clerk), clerk)

    results = at_once(
        lambda: act(visit, "cancel_visit", clerk, reason="行程取消"),
        lambda: act(visit, "confirm_visit", clerk),
        lambda: act(visit, "cancel_visit", clerk, reason="改期"),
    )

    assert all(isinstance(result, Visit | BlockedError | ConflictError) for result in results)
    assert any(isinstance(result, Visit) for result in results)
    assert Case.objects.get().version in {3, 4}


def test_the_years_end_beside_an_entry(clerk):
    body = make.organisation(by=clerk)
    past = timezone.now().replace(year=timezone.localdate().year - 1, month=6, day=1)
    logged(body, clerk, happened_at=past, next_on=timezone.localdate(), next_step="续")

    results = at_once(actions.close_threads, lambda: logged(body, clerk), actions.close_threads, lambda: logged(body, clerk, happened_at=past))

    assert [result for result in results if isinstance(result, Exception)] == []
    assert Case.objects.filter(closed_at__isnull=False).count() == 1
    assert InteractionThread.objects.count() == 2
    assert CaseTask.objects.filter(status="open").count() == 1
