"""What tests of interactions need: the list in force with its operating rules, bodies of the book, people who work on 1.1 and who do not."""

import pytest
from django.core.management import call_command

from tests import factories as make


@pytest.fixture
def edition(db):
    """The list as published on the first day, worked by the rules that it begins with."""
    make.working_days(2025, 2026, 2027)
    made = make.duty_list()
    call_command("seed_operating_rules", verbosity=0)
    make.country()
    return made


@pytest.fixture
def clerk(edition):
    """A preparer of 1.1 and 2.1."""
    return make.worker("preparer", "1.1", "2.1", name="林晓舟")


@pytest.fixture
def colleague(edition):
    return make.worker("preparer", "1.1", name="周同")


@pytest.fixture
def stranger(edition):
    """A preparer of another item."""
    return make.worker("preparer", "4.1", name="路远")


@pytest.fixture
def leader(edition):
    return make.person("leader", name="郑领")


@pytest.fixture
def body(clerk):
    return make.organisation("北湾商会", clerk)


@pytest.fixture
def client(clerk):
    return make.client_of(clerk)
