"""Keyset pages, on rows of a table that happens to be there: people, by a name that repeats and a day that may be missing."""

from datetime import UTC, date, datetime, timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from accounts.models import User
from core import paging
from core.paging import Key, paged

pytestmark = pytest.mark.django_db

START = datetime(2026, 1, 1, tzinfo=UTC)
KEYS = [
    Key("name"),
    Key("name", descending=True),
    Key("last_login", nullable=True),
    Key("last_login", descending=True, nullable=True),
    Key("pk"),
    Key("pk", descending=True),
]


def people(*values):
    """One person for each (name, day or None)."""
    User.objects.all().delete()
    User.objects.bulk_create(
        User(username=f"p{number}", name=name, last_login=None if day is None else START + timedelta(days=day)) for number, (name, day) in enumerate(values)
    )


def sorted_by(key):
    """All rows as the list should have them, sorted in Python."""
    rows = list(User.objects.all())
    value = {row.pk: key.field(User).value_from_object(row) for row in rows}
    dated = sorted((row for row in rows if value[row.pk] is not None), key=lambda row: (value[row.pk], row.pk), reverse=key.descending)
    empty = sorted((row for row in rows if value[row.pk] is None), key=lambda row: row.pk, reverse=key.descending)
    return dated + empty


def walk(key, size):
    """The pages from the first to the last, and those met on the way back."""
    page = paged(User.objects.all(), key, {}, size=size)
    forth = [page]
    while page.following:
        page = paged(User.objects.all(), key, {"after": page.following}, size=size)
        forth.append(page)
    back = [page]
    while page.previous:
        page = paged(User.objects.all(), key, {"before": page.previous}, size=size)
        back.append(page)
    return forth, back[::-1]


@pytest.mark.parametrize("key", KEYS, ids=str)
@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(values=st.lists(st.tuples(st.sampled_from("甲乙丙"), st.none() | st.integers(0, 3)), max_size=14), size=st.integers(1, 5))
def test_paging_forth_and_back_gives_the_sorted_list(db, key, values, size):
    people(*values)

    forth, back = walk(key, size)

    wanted = sorted_by(key)
    assert [row for page in forth for row in page.rows] == wanted
    assert [page.rows for page in back] == [page.rows for page in forth]
    assert {page.total for page in forth} == {len(wanted)}


@pytest.mark.parametrize("key", KEYS, ids=str)
@pytest.mark.parametrize("mark", ["x", "~", "-1", "１~甲", "9" * 30, f"{2**63}~甲", "1~\x00", "1~x", "0", "1~2026-99-99"])
def test_a_mark_that_says_nothing_leads_to_a_page(key, mark):
    people(("甲", 1), ("乙", None), ("丙", 2))

    for name in ("after", "before"):
        page = paged(User.objects.all(), key, {name: mark}, size=2)

        assert set(page.rows) <= set(User.objects.all())
        assert page.rows


def test_the_first_page_stands_in_where_the_rows_behind_a_mark_are_gone():
    people(*[("甲", None)] * 4)
    page = paged(User.objects.all(), Key("name"), {}, size=2)
    User.objects.exclude(pk__in=[row.pk for row in page.rows]).delete()

    again = paged(User.objects.all(), Key("name"), {"after": page.following}, size=2)

    assert (again.rows, again.previous, again.following) == (page.rows, "", "")


def test_the_way_back_ends_with_a_full_first_page():
    people(*[("甲", None)] * 5)
    third = sorted_by(Key("pk"))[2]

    page = paged(User.objects.all(), Key("pk"), {"before": f"{third.pk}~{third.pk}"}, size=3)

    assert (page.rows, page.previous) == (sorted_by(Key("pk"))[:3], "")


@pytest.mark.parametrize(("wanted", "size"), [("", 20), ("50", 50), ("100", 100), ("7", 20), ("１００", 20), ("-50", 20)])
def test_only_three_sizes_are_taken(wanted, size):
    people(*[("甲", None)] * 101)

    assert len(paged(User.objects.all(), Key("pk"), {"rows": wanted}).rows) == size


def test_rows_are_counted_up_to_a_limit(monkeypatch):
    monkeypatch.setattr(paging, "COUNTED", 3)
    people(*[("甲", None)] * 3)
    assert (paged(User.objects.all(), Key("pk"), {}).total, paged(User.objects.all(), Key("pk"), {}).is_uncounted) == (3, False)

    people(*[("甲", None)] * 5)
    assert (paged(User.objects.all(), Key("pk"), {}).total, paged(User.objects.all(), Key("pk"), {}).is_uncounted) == (4, True)


def test_the_condition_begins_with_the_range_and_skips_nothing():
    people(*[("甲", 1)] * 9)
    page = paged(User.objects.all(), Key("name"), {}, size=3)

    with CaptureQueriesContext(
        connection,
    ) as queries:
        paged(User.objects.all(), Key("name"), {"after": page.following}, size=3)

    asked = queries[-1]["sql"]
    assert "OFFSET" not in asked
    assert asked.index(">=") < asked.index(" OR ")


def test_a_list_with_and_without_days_takes_the_same_queries_for_any_number(django_assert_num_queries):
    key = Key("last_login", nullable=True)
    for number in (3, 300):
        people(*[("甲", date.today().day)] * 2, *[("乙", None)] * number)
        with django_assert_num_queries(3):
            paged(User.objects.all(), key, {})
