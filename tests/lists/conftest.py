import pytest

from tests import factories as make


@pytest.fixture
def edition(db):
    """The list as published on the first day, and years of working days."""
    make.working_days(2025, 2026, 2027, 2028)
    return make.duty_list()


@pytest.fixture
def handler(edition):
    return make.worker("preparer", "2.1", name="王敏")
