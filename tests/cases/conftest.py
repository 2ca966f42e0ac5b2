import pytest

from tests import factories as make


@pytest.fixture
def edition(db):
    """The list as published on the first day, and two years of working days."""
    make.working_days(2025, 2026, 2027)
    return make.duty_list()


@pytest.fixture
def handler(edition):
    """A person who works on all items."""
    return make.worker("preparer", name="林晓舟")


@pytest.fixture
def reviewer(edition):
    return make.worker("reviewer", name="周审")


@pytest.fixture
def signer(edition):
    return make.worker("signer", name="郑签")
