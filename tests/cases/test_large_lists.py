"""What lists and counts ask of the database so that they stay quick however much there is."""

from unittest import mock

import pytest
from django.db import connection
from django.template import Context
from django.test import RequestFactory
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from cases import queries
from cases.models import Case
from cases.models import cases as case_models
from cases.templatetags.daily import daily_work
from tests import factories as make

pytestmark = pytest.mark.django_db


@pytest.fixture
def cases():
    """Five cases of one person, two of them with one word in the title."""
    make.sheet("2.1", ["决定", "准备"])
    handler = make.worker("preparer", "2.1")
    return [make.case("2.1", handler, title=title) for title in ("神港来访", "北湾来访", "神港考察", "北湾会谈", "南浦会谈")]


@pytest.mark.parametrize(("few", "as_keys"), [(5, True), (4, False)])
def test_few_cases_that_a_person_sees_are_asked_for_by_their_keys(cases, few, as_keys):
    make.sheet("4.1", ["受理"])
    make.case("4.1", make.worker("preparer", "4.1"))
    with mock.patch.object(case_models, "FEW", few):
        seen = Case.objects.visible_to(cases[0].handler, is_walked=True)

    assert set(seen) == set(cases)
    assert (" OR " not in str(seen.query)) == as_keys


def test_held_cases_are_not_looked_for_among_those_with_a_day(cases):
    make.act(cases[1], "hold", reason="等对方补来名单", others="名单")
    held = queries.in_state(Case.objects.all(), queries.State.HELD, timezone.localdate())

    assert list(held) == [cases[1]]
    assert '"due_on" IS NULL' in str(held.query)


def test_the_menu_counts_no_further_than_it_tells(cases):
    request = RequestFactory().get("/today/")
    request.user = cases[0].handler

    with mock.patch("cases.templatetags.daily.MOST", 2), CaptureQueriesContext(connection) as captured:
        work = daily_work(Context({"request": request}))

    assert (work.cases, work.waiting) == (3, 0)
    assert any("LIMIT 3" in query["sql"] for query in captured.captured_queries)
