"""Search finds exactly what a plain scan would, on both databases."""

from collections.abc import Sequence
from dataclasses import dataclass

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

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
