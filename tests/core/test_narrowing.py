"""Lists narrowed by a part of a text: the same rows by keys and on the way along the list, counted no further than is told."""

from unittest import mock

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from accounts.models import User
from core import narrowing
from core.models import SearchEntry
from core.narrowing import narrowed
from core.paging import COUNTED, Count, Key, paged
from core.search import Source, Words, put

pytestmark = pytest.mark.django_db


def people(*names):
    """One person for each name, who is found by it."""
    User.objects.all().delete()
    User.objects.bulk_create(User(pk=number, username=f"p{number}", name=name) for number, name in enumerate(names, 1))
    put(Source("thing", "物", User.objects.all, lambda by: User.objects.all(), lambda person: Words(person.name), str), User.objects.all())


@pytest.mark.parametrize(("few", "as_keys"), [(3, True), (2, False)])
def test_few_are_told_by_their_keys_and_many_met_on_the_way(few, as_keys):
    people("神港市", "北湾", "港市", "北湾", "市港市")

    with mock.patch.object(narrowing, "FEW", few):
        rows = narrowed(User.objects.order_by("pk"), "thing", "港市").rows

    assert [row.pk for row in rows] == [1, 3, 5]
    assert ("core_searchentry" not in str(rows.query)) == as_keys


@pytest.mark.parametrize(
    ("few", "many", "most", "seen", "count"),
    [
        (6, 9, 3, range(1, 9), Count(6, COUNTED)),  # few are counted as any list is
        (2, 9, 3, range(1, 9), Count(4, 3)),  # of a list that is not long
        (2, 3, 2, range(1, 9), Count(3, 2)),  # enough among the newest
        (2, 3, 9, range(1, 9), Count(6, 9)),  # all, piece by piece
        (2, 3, 9, (1, 2, 3), Count(2, 9)),
        (2, 1, 9, (2, 4), Count(0, 9)),
    ],
)
def test_of_many_no_more_are_counted_than_are_told(few, many, most, seen, count):
    people("神港市", "北湾", "港市", "北湾", *["神港市"] * 4)

    with mock.patch.multiple(narrowing, FEW=few, MANY=many, MOST=most):
        assert narrowed(User.objects.filter(pk__in=seen), "thing", "港市").count() == count


def test_a_narrowed_list_takes_the_same_queries_for_any_number():
    taken = set()
    for number in (10, 40):
        people(*["神港市"] * number)
        with mock.patch.multiple(narrowing, FEW=5, MOST=5), CaptureQueriesContext(connection) as captured:
            found = narrowed(User.objects.all(), "thing", "港市")
            page = paged(found.rows, Key("name"), {}, size=3, count=found.count())
        assert (len(page.rows), page.is_uncounted, page.counted) == (3, True, 5)
        taken.add(len(captured))

    assert len(taken) == 1


def test_whose_entry_is_missing_is_not_found():
    people("神港市", "神港市", "神港市")
    SearchEntry.objects.filter(object_pk=2).delete()

    with mock.patch.object(narrowing, "FEW", 1):
        assert [row.pk for row in narrowed(User.objects.order_by("pk"), "thing", "港市").rows] == [1, 3]
