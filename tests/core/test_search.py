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
from core import index, search
from core.chinese import normalise, spell
from core.models import SearchEntry

pytestmark = pytest.mark.django_db
SIGNS = "神港市商工联合会臺台灣湾%_'\"\\ aAéÉÅß１2-\n😀𬭎䶮ﬁ"
TITLES, QUERIES = st.text(st.sampled_from(SIGNS), max_size=12), st.text(st.sampled_from(SIGNS + "\x00"), max_size=6)


@dataclass
class Thing:
    pk: int
    words: search.Words


def put(pk: int, title: str, words: Sequence[str] = (), names: Sequence[str] = (), kind: str = "thing") -> None:
    nothing = SearchEntry.objects.none
    source = search.Source(kind, "物", nothing, lambda by: nothing(), lambda thing: thing.words, str)
    search.put(source, [Thing(pk, search.Words(title, words, names))])


def found(query: str) -> set[int]:
    part = normalise(query)
    return {match.object_pk for match in index.newest("thing", part, 1_000)} if search.SHORTEST <= len(part) <= search.LONGEST else set()


@pytest.fixture(autouse=True, params=[2, index.READ] if connection.vendor == "postgresql" else [index.READ])
def _read_through(monkeypatch, request):
    """How many are read through before PostgreSQL's index is asked: with the usual number it would be asked of nothing here."""
    monkeypatch.setattr(index, "READ", request.param)


SPAN = 2**index.SPAN_BITS
NEAR_AND_FAR = (0, 1, 7, SPAN - 1, SPAN, 3 * SPAN, 9 * SPAN + 5, 80 * SPAN, 81 * SPAN, index.LAST)


@settings(max_examples=60, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(titles=st.lists(TITLES, min_size=1, max_size=len(NEAR_AND_FAR)), query=QUERIES, most=st.integers(1, 4))
def test_it_finds_what_a_scan_finds_the_newest_first(titles, query, most):
    SearchEntry.objects.all().delete()
    for pk, title in zip(NEAR_AND_FAR, titles, strict=False):
        put(pk, title)
        put(pk, title[::-1], kind="thing 1")
    part = normalise(query)
    if len(part) < search.SHORTEST:
        return

    scanned = [entry for entry in SearchEntry.objects.filter(kind="thing").order_by("-object_pk") if part in entry.text]

    rows, below = [], index.LAST + 1
    while matches := index.newest("thing", part, most, below=below):
        rows += matches
        below = matches[-1].object_pk
    assert rows == [(entry.object_pk, entry.title, entry.text) for entry in scanned]


LETTERS = st.text(st.sampled_from("ahnuz-2"), max_size=14)


@settings(max_examples=60, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(titles=st.lists(LETTERS, min_size=1, max_size=8), query=st.text(st.sampled_from("ahnuz-2"), min_size=2, max_size=12))
def test_letters_are_found_as_a_scan_finds_them(titles, query):
    SearchEntry.objects.all().delete()
    for pk, title in enumerate(titles):
        put(pk, title)

    assert found(query) == {pk for pk, title in enumerate(titles) if query in title}


@pytest.mark.parametrize(
    ("part", "pieces"),
    [
        ("商会", ["商会"]),
        ("青港市商", ["青港", "港市", "市商"]),
        ("zh", ["zh"]),
        ("qgs", ["qgs"]),
        ("zhuhuan", ["zhuh", "huhu", "uhua", "huan"]),
        ("ab会", ["ab", "b会"]),
        ("青港abcd", ["青港", "港a", "abcd"]),
        ("商商商商", ["商商"]),
        ("abcdefghijklmno", ["abcd", "cdef", "efgh", "ghij", "ijkl", "klmn"]),  # every second: more tell nothing new
    ],
)
def test_a_part_is_looked_up_by_its_longest_pieces(part, pieces):
    assert index.pieces_of(part) == pieces


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
@given(
    titles=st.lists(st.text(st.sampled_from("神港市商"), max_size=4), min_size=1, max_size=12),
    seen=st.none() | st.sets(st.integers(1, 12)),
    few=st.integers(0, 3),
)
def test_the_newest_matches_are_found_whoever_looks(db, titles, seen, few):
    source = people(titles)
    visible = User.objects.all() if seen is None else User.objects.filter(pk__in=seen)
    wanted = [number for number, title in reversed(list(enumerate(titles, 1))) if "港市" in title and (seen is None or number in seen)]

    with mock.patch.multiple(search, CANDIDATES=2, FEW=few, MANY=3):
        found = search.candidates(source, visible, "港市")

    assert [match.object_pk for match in found] == wanted[:2]


@pytest.mark.parametrize(
    ("titles", "seen", "newest", "queries"),
    [
        (["神港市"] * 40, None, 40, 0),  # whoever sees all is asked for nothing
        (["神港市"] * 40, range(1, 41), 40, 1),
        (["神港市"] * 40, range(1, 41, 2), 39, 2),  # half of it: enough among more
        (["神港市"] * 40, range(1, 5), 4, 2),  # little of it: that is read through
        (["神港市"] * 40, range(1, 31), 30, 3),  # none of the newest
        (["神港市"] * 3 + ["北湾"] * 40, range(1, 3), 2, 1),  # rare
    ],
)
def test_what_is_visible_is_asked_for_in_few_queries(titles, seen, newest, queries):
    source = people(titles)
    visible = User.objects.all() if seen is None else User.objects.filter(pk__in=list(seen))

    with mock.patch.multiple(search, CANDIDATES=4, FEW=10, MANY=20), CaptureQueriesContext(connection) as captured:
        found = search.candidates(source, visible, "港市")

    assert [found[0].object_pk, len(found)] == [newest, min(4, len([pk for pk, title in enumerate(titles, 1) if "港市" in title and (not seen or pk in seen)]))]
    assert len([query for query in captured if "accounts_user" in query["sql"]]) == queries


def test_nothing_is_asked_for_whoever_sees_nothing(django_assert_num_queries):
    source = people(["神港市"])

    with django_assert_num_queries(0):
        assert search.candidates(source, User.objects.none(), "港市") == []


def test_of_a_common_part_no_more_is_read_than_is_wanted(django_assert_num_queries):
    people(["神港市"] * 40)

    with mock.patch.object(index, "READ", 4), django_assert_num_queries(1):
        assert [match.object_pk for match in index.newest("thing", "港市", 3)] == [40, 39, 38]


def test_two_sources_cannot_share_a_kind():
    source = search.Source("case", "物", User.objects.all, lambda by: User.objects.all(), lambda person: search.Words(person.name), str)

    with pytest.raises(AssertionError, match="two sources of the kind case"):
        search.register(source)


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
