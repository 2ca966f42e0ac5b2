"""The bar above every list: saved filters, columns, exports."""

import re

import pytest
from django.urls import reverse

from accounts.roles import ROLES
from lists import kinds
from tests import factories as make


@pytest.mark.parametrize("name", sorted(kinds._kinds))
def test_a_list_with_the_bar_loads_its_looks(edition, name):
    kind = kinds.kind_named(name)
    people = [make.worker(role, "1.1", "4.1") for role in ROLES]
    person = next(person for person in people if kind.may(person))

    page = make.client_of(person).get(reverse(kind.view)).content.decode()

    assert reverse("lists:columns-edit", args=[name]) in page
    assert re.search(r'href="[^"]*css/lists[^"]*\.css"', page)
