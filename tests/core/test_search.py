"""Search finds exactly what a plain scan would, on both databases."""

from collections.abc import Sequence
from dataclasses import dataclass
from unittest import mock

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from accounts.models import User
from core import search
from core.chinese import normalise, spell
from core.models import SearchEntry

pytestmark = pytest.mark.django_db
SIGNS = "神港市商工联合会臺台灣湾%_'\"\\ aAéÉÅß１2-\n😀𬭎䶮ﬁ"
TITLES, QUERIES = st.text(st.sampled_from(SIGNS), max_size=12), st.text(st.sampled_from(SIGNS + "\x00"), max_size=6)


@dataclass
class Thing:
    pk: int
    words: search.Words


def put(pk: int, title: str, words: Sequence[str] = (), names: Sequence[str] = ()) -> None:
    nothing = SearchEntry.objects.none
    source = search.Source("thing", "物", nothing, lambda by: nothing(), lambda thing: thing.words, str)
    search.put(source, [Thing(pk, search.Words(title, words, names))])


def found(query: str) -> set[int]:
    part = normalise(query)
    return set(SearchEntry.objects.filter(text__has_part=part).values_list("object_pk", flat=True)) if len(part) >= search.SHORTEST else set()


@settings(max_examples=60, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(titles=st.lists(TITLES, min_size=1, max_size=6), query=QUERIES)
def test_it_finds_what_a_scan_finds(titles, query):
    SearchEntry.objects.all().delete()
    for number, title in enumerate(titles):
        put(number, title)
    part = normalise(query)

    scanned = {entry.object_pk for entry in SearchEntry.objects.all() if len(part) >= search.SHORTEST and part in entry.text}

    assert found(query) == scanned


@pytest.mark.parametrize(
    "query",
    [
        "港市",
        "神港",
        "shengang",
        "SGSS",
        "ｓｇｓ",
        "sgssglhh",
        "神港市商工聯合會",
        "2.1-2026",
        "0014",
        "王䶮",
        "wangyan",
        "wy",
        "单雄",
        "shanxiong",
        "danxiong",
    ],
)
def test_a_case_is_found_by_any_of_its_parts(query):
    put(7, "神港市商工联合会代表团来访", ["2.1-2026-0014"], ["王䶮", "单雄信"])

    assert found(query) == {7}


@pytest.mark.parametrize("query", ["港神", "商会", "sgg", "", "港", " ", "\x00", "%%", "__", "x" * 200_000])
def test_what_is_not_there_is_not_found(query):
    put(7, "神港市商工联合会代表团来访")

    assert found(query) == set()


def people(titles: Sequence[str]) -> search.Source:
    """One person for each title, who is found by it."""
    User.objects.all().delete()
    SearchEntry.objects.all().delete()
    User.objects.bulk_create(User(pk=number, username=f"p{number}", name=title) for number, title in enumerate(titles, 1))
    for person in User.objects.all():
        put(person.pk, person.name)
    return search.Source("thing", "物", User.objects.all, lambda by: User.objects.all(), lambda person: search.Words(person.name), str)


@settings(max_examples=60, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(titles=st.lists(st.text(st.sampled_from("神港市商"), max_size=4), min_size=1, max_size=12), seen=st.none() | st.sets(st.integers(1, 12)))
def test_the_newest_matches_are_found_however_far_is_read_before_the_index_is_asked(db, titles, seen):
    source = people(titles)
    visible = User.objects.all() if seen is None else User.objects.filter(pk__in=seen)
    wanted = [number for number, title in reversed(list(enumerate(titles, 1))) if "港市" in title and (seen is None or number in seen)]

    with mock.patch.object(search, "WINDOWS", (2, 4)), mock.patch.object(search, "CANDIDATES", 2):
        found = search.candidates(source, visible, "港市")

    assert [entry.object_pk for entry in found] == wanted[:2]


@pytest.mark.parametrize(
    ("titles", "queries", "asks_the_index"),
    [
        (["神港市"] * 3, 2, False),  # fewer things than are read through: that is all
        (["神港市"] * 40, 2, False),  # so common that enough are met at once
        (["神港市", "北湾"] * 20, 4, False),  # enough further back
        (["神港市"] + ["北湾"] * 40, 3, True),  # rare
    ],
)
def test_common_parts_are_met_among_the_newest_and_rare_ones_asked_of_the_index(titles, queries, asks_the_index):
    source = people(titles)

    with mock.patch.object(search, "WINDOWS", (4, 16)), mock.patch.object(search, "CANDIDATES", 4), CaptureQueriesContext(connection) as captured:
        found = search.candidates(source, User.objects.all(), "港市")

    assert {entry.title for entry in found} == {"神港市"}
    assert len(captured) == queries
    assert ("pieces" in captured.captured_queries[-1]["sql"]) == asks_the_index


def test_a_change_is_found_and_what_it_replaced_is_not():
    put(7, "神港市商工联合会")
    put(7, "北湾机械展览公司")

    assert (found("神港"), found("北湾")) == (set(), {7})
    assert SearchEntry.objects.count() == 1


def test_what_is_deleted_is_not_found():
    put(7, "神港市商工联合会")
    SearchEntry.objects.all().delete()
    put(8, "北湾")

    assert (found("神港"), found("北湾")) == (set(), {8})


@pytest.mark.parametrize(
    ("title", "query", "marked"),
    [
        ("神港市商工聯合會", "商工联合", ("神港市", "商工聯合", "會")),
        ("ＡＨＫ 商会", "ahk", ("", "ＡＨＫ", " 商会")),
        ("Ångström", "ngs", ("Å", "ngs", "tröm")),
        ("赴神港市", "sgs", ("赴", "神港市", "")),
        ("赴神港市", "gangs", ("赴神", "港市", "")),
        ("赴神港市", "2.1", ("赴神港市", "", "")),
        ("北 湾 公司", "北 湾", ("", "北 湾", " 公司")),
    ],
)
def test_the_match_is_marked_in_the_title_as_it_is_shown(title, query, marked):
    assert search.mark(title, normalise(query)) == marked


@pytest.mark.parametrize(
    ("text", "as_name", "spelt"),
    [
        ("重庆", False, ["chongqing", "cq"]),
        ("曾国藩", True, ["zengguofan", "zgf"]),
        ("尉迟恭", True, ["yuchigong", "ycg"]),
        ("AHK 商会-2", False, ["ahkshanghui-2", "ahksh-2"]),
        ("", False, []),
    ],
)
def test_texts_are_spelt(text, as_name, spelt):
    assert spell(text, name=as_name) == spelt
