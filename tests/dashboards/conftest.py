from datetime import timedelta

import pytest
import time_machine
from django.utils import timezone

from cases.models import Case, StepRule
from tests import factories as make

NOW = "2026-11-23T10:20+08:00"
DAY = timedelta(days=1)


def due(case, days):
    """The case with something due so many days from today."""
    Case.objects.filter(pk=case.pk).update(due_on=timezone.localdate() + days * DAY)
    return case


def submitted(case):
    """The case with its first step put to a second person."""
    step = case.steps.first()
    StepRule.objects.get_or_create(step=step.step, defaults={"approval_levels": 1})
    case.steps.filter(pk=step.pk).update(approval_levels=1)
    return make.act(case, "submit", "1")


@pytest.fixture
def clock():
    with time_machine.travel(NOW, tick=False) as travelled:
        yield travelled


@pytest.fixture
def edition(clock, db):
    make.working_days(2025, 2026, 2027)
    return make.duty_list()


@pytest.fixture
def handler(edition):
    """Carries cases of all items, but works on 2.1 and 2.3 only by now."""
    return make.worker("preparer", name="林晓舟")


@pytest.fixture
def other(edition):
    return make.worker("preparer", "2.1", "4.1", name="陈立")


@pytest.fixture
def leader(edition):
    return make.person("leader", name="周部长")
