"""Several people at the register at the same moment: no number twice, none left out, no letter lost."""

import pytest
from django.utils import timezone

from accounts.actions import Refused
from accounts.audit import find_faults
from accounts.models import User
from cases.models import Case, Term
from core.models import Serial
from correspondence import actions
from correspondence.models import Entry, EntryLink
from tests import factories as make
from tests.cases.census import at_once, faults_of

from .letters import registered, values

pytestmark = pytest.mark.django_db(transaction=True)
PEOPLE = 8


@pytest.fixture
def handler():
    make.working_days(*range(timezone.localdate().year - 1, timezone.localdate().year + 3))
    make.sheet("2.1", ["决定", "准备"], ["往来函电"])
    Term.objects.create(kind=Term.Kind.MEDIUM, name="信函")
    Term.objects.create(kind=Term.Kind.LETTER_MATERIAL, name="往来函电")
    yield make.worker("preparer", "2.1", name="林晓舟")
    assert list(find_faults()) == []
    assert [fault for case in Case.objects.all() for fault in faults_of(case)] == []


def test_numbers_are_given_once_and_without_a_gap(handler):
    people = [make.worker("preparer", "2.1") for _number in range(PEOPLE)]

    def register(person, fails):
        def act():
            entry = registered(person, direction="in")
            if fails:
                actions.correct(entry, values(person), reason="无", version=1, by=person)
            return entry

        return act

    results = at_once(*(register(person, place % 2) for place, person in enumerate(people)))

    assert sum(isinstance(result, Refused) for result in results) == PEOPLE // 2
    assert sorted(Entry.objects.values_list("serial", flat=True)) == list(range(1, PEOPLE + 1))
    assert Serial.objects.get(series="letter.in").last == PEOPLE


def test_one_form_sent_eight_times_is_one_entry(handler):
    results = at_once(*(lambda: registered(handler, form_key="e" * 32) for _time in range(PEOPLE)))

    assert results == [Entry.objects.get()] * PEOPLE
    assert Serial.objects.get(series="letter.in").last == 1


def test_letters_of_one_case_and_of_two_cases_crosswise(handler):
    first, second = make.case("2.1", handler, title="甲"), make.case("2.1", handler, title="乙")

    results = at_once(*(lambda place=place: registered(handler, cases=[first, second] if place % 2 else [second, first]) for place in range(PEOPLE)))

    assert [type(result) for result in results] == [Entry] * PEOPLE
    assert EntryLink.objects.filter(removed_at=None).count() == 2 * PEOPLE
    assert Case.objects.get(pk=first.pk).version == 1 + PEOPLE


def test_cancelling_while_others_link_and_correct(handler):
    case = make.case("2.1", handler)
    for _round in range(3):
        entry = registered(handler)
        acts = [
            lambda entry=entry: actions.cancel(entry, reason="登错了", version=1, by=User.objects.get(pk=handler.pk)),
            lambda entry=entry: actions.link(entry, case, by=User.objects.get(pk=handler.pk)),
            lambda entry=entry: actions.correct(entry, values(handler, subject="改"), reason="改", version=1, by=User.objects.get(pk=handler.pk)),
        ]

        results = at_once(*acts)

        assert not [result for result in results if isinstance(result, Exception) and "deadlock" in str(result)]
        now = Entry.objects.get(pk=entry.pk)
        assert not (now.is_cancelled and EntryLink.objects.filter(entry=now, removed_at=None).exists())
