"""What the register needs: the list in force, the maintained lists, people who work on some items, and a case."""

import pytest

from cases.models import Term
from tests import factories as make

from . import letters


@pytest.fixture
def edition(db):
    """The list as published on the first day, working days, media, and the materials that letters are."""
    make.working_days(2025, 2026, 2027)
    for position, name in enumerate(["信函", "传真", "电子邮件", "电话记录"]):
        Term.objects.create(kind=Term.Kind.MEDIUM, name=name, position=position)
    for name in ("往来函电", "邀请单位与被邀请人往来函电"):
        Term.objects.create(kind=Term.Kind.LETTER_MATERIAL, name=name)
    return make.duty_list()


@pytest.fixture
def handler(edition):
    """A preparer of item 2.1 (and 1.1)."""
    return make.worker("preparer", "1.1", "2.1", name="林晓舟")


@pytest.fixture
def colleague(edition):
    return make.worker("preparer", "2.1", name="周同")


@pytest.fixture
def stranger(edition):
    """A preparer of another item."""
    return make.worker("preparer", "4.1", name="路远")


@pytest.fixture
def keeper(edition):
    """A registrar of item 2.1."""
    return make.worker("registrar", "2.1", name="沈档")


@pytest.fixture
def leader(edition):
    return make.person("leader", name="郑领")


@pytest.fixture
def case(handler):
    return make.case("2.1", handler)


@pytest.fixture
def entry(handler):
    return letters.registered(handler)


@pytest.fixture
def client(handler):
    return make.client_of(handler)
