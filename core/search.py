"""Finding things by any part of their text of two characters or more, by pinyin and by initials, in the same way on both databases.

An entry holds normalised lines; a query finds the entries whose text contains the normalised query. That is the whole meaning: an index
of their pieces (`core.index`) only makes it quick, and what it names is checked again.
"""

import json
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any

from django.core.exceptions import EmptyResultSet
from django.db import connection
from django.db.models import F, QuerySet, Value
from django.db.models.functions import StrIndex
from django.utils.functional import Promise

from . import index
from .chinese import normalise, sounds, spell
from .index import Match
from .keys import given
from .models import SearchEntry

SHORTEST, LONGEST = 2, 100  # characters of a query that is answered
CHUNK = 1000  # objects written at once
CANDIDATES = 100  # newest matches among which the best are chosen
FEW = 1_000  # visible objects that are read through, each, where the index names many that cannot be seen
MANY = 10_000  # matches asked of the index at once


@dataclass(frozen=True)
class Hit:
    """One thing found: its title cut where the match is (None if it was found by something else), where it is, and a line about it."""

    title: tuple[str, str, str]
    url: str
    about: str = ""
    pk: int = 0  # of the object; 0 for what is kept in no table


@dataclass(frozen=True)
class Words:
    """What an object can be found by: its title, other words, and names of people, which are read in either way."""

    title: str
    words: Sequence[str] = ()
    names: Sequence[str] = ()


@dataclass(frozen=True)
class Source:
    """A kind of thing that can be found: all objects, those that a person may see, what each is found by, and a line about it."""

    kind: str
    label: str | Promise
    objects: Callable[[], QuerySet[Any]]
    visible: Callable[[Any], QuerySet[Any]]
    words: Callable[[Any], Words]
    about: Callable[[Any], str]


@dataclass(frozen=True)
class Group:
    """What was found of one source: the best first, and whether there is more."""

    source: Source
    hits: Sequence[Hit]
    more: bool


_sources: dict[str, Source] = {}


def register(source: Source) -> Source:
    """Add a source; the app that owns the objects does so in its `search.py`, and calls `put` whenever one changes."""
    assert source.kind not in _sources, f"two sources of the kind {source.kind}"
    _sources[source.kind] = source
    return source


def put(source: Source, objects: Iterable[Any]) -> None:
    """Note what these objects can be found by, in the transaction that changes them."""
    entries = [entry(source.kind, row.pk, source.words(row)) for row in objects]
    SearchEntry.objects.bulk_create(entries, update_conflicts=True, unique_fields=["kind", "object_pk"], update_fields=["title", "text"])


def entry(kind: str, object_pk: int, words: Words) -> SearchEntry:
    """The entry of one object, not stored: for whoever writes many at once."""
    lines = [normalise(line) for line in [words.title, *words.words, *words.names]]
    lines += spell(words.title) + [line for name in words.names for as_name in (False, True) for line in spell(name, name=as_name)]
    return SearchEntry(kind=kind, object_pk=object_pk, title=words.title, text="\n".join(dict.fromkeys(line for line in lines if line)))


def read_as(title: str, part: str) -> bool:
    """Whether something that is called `title`, and is kept in no table, is found by `part` (normalised)."""
    return any(part in line for line in [normalise(title), *spell(title)])


def rebuild() -> int:
    """Write every entry anew, and drop those whose object is gone; returns how many there are. For an upgrade, and after a restore."""
    total = 0
    for source in _sources.values():
        objects = source.objects()
        SearchEntry.objects.filter(kind=source.kind).exclude(object_pk__in=objects.order_by().values("pk")).delete()
        rows = objects.iterator(chunk_size=CHUNK)
        while chunk := list(islice(rows, CHUNK)):
            put(source, chunk)
            total += len(chunk)
    return total


def search(query: str, by: Any, *, kinds: Iterable[str] | None = None, limit: int = 10) -> list[Group]:
    """What `by` may see of what contains `query`, by source, at most `limit` of each; nothing for a query that is too short or too long."""
    part = normalise(query)
    if not SHORTEST <= len(part) <= LONGEST:
        return []
    wanted = [source for kind, source in _sources.items() if kinds is None or kind in kinds]
    groups = (_group(source, part, by, limit) for source in wanted)
    return [group for group in groups if group.hits]


def _group(source: Source, part: str, by: Any, limit: int) -> Group:
    visible = source.visible(by)
    matches = sorted(candidates(source, visible, part), key=lambda match: _rank(match, part))
    objects = source.objects().in_bulk([match.object_pk for match in matches[:limit]])
    shown = [(match, objects[match.object_pk]) for match in matches[:limit] if match.object_pk in objects]
    hits = [Hit(mark(match.title, part), row.get_absolute_url(), source.about(row), row.pk) for match, row in shown]
    return Group(source, hits, len(matches) > limit)


def candidates(source: Source, visible: QuerySet[Any], part: str) -> list[Match]:
    """The newest entries of what is visible whose text contains `part` (normalised).

    What the index names is looked through from the newest on, until enough of it may be seen. Whoever sees little would pass by much that they
    may not see: what they see is then read through instead.
    """
    if visible.query.is_empty():
        return []
    found: list[Match] = []
    asked, read, below, is_asked_for_few = CANDIDATES, 0, index.LAST + 1, False
    while True:
        matches = index.newest(source.kind, part, asked, below=below)
        found += _seen(visible, matches)
        if len(found) >= CANDIDATES or len(matches) < asked:
            return found[:CANDIDATES]
        read, below = read + asked, matches[-1].object_pk
        needed = 3 * (CANDIDATES - len(found)) * read // (2 * len(found)) if found else MANY
        if max(needed, read) >= FEW and not is_asked_for_few:
            if (few := _few(visible)) is not None:
                return _among(source, few, part)
            is_asked_for_few = True
        asked = min(max(needed, 2 * asked), MANY)


def _seen(visible: QuerySet[Any], matches: list[Match]) -> list[Match]:
    """Those of these matches whose object is visible."""
    if not matches or not visible.query.has_filters():
        return matches
    look_up = _seen_one_by_one if connection.vendor == "sqlite" else _seen_at_once
    seen = look_up(visible, [match.object_pk for match in matches])
    return [match for match in matches if match.object_pk in seen]


def _seen_at_once(visible: QuerySet[Any], keys: list[int]) -> set[int]:
    return set(visible.order_by().filter(pk__in=given(keys)).values_list("pk", flat=True))


def _seen_one_by_one(visible: QuerySet[Any], keys: list[int]) -> set[int]:
    """Those of these keys that are visible, each looked up: left to itself SQLite would gather all that is visible first, by other indexes.

    Written around the statement of what is visible: the same made with the ORM takes Django longer than SQLite takes for the whole search.
    """
    try:
        statement, parameters = visible.order_by().values(key=F("pk")).query.sql_with_params()
    except EmptyResultSet:
        return set()
    with connection.cursor() as cursor:
        looked_up = f"SELECT value FROM json_each(%s) WHERE EXISTS (SELECT 1 FROM ({statement}) AS seen WHERE seen.key = value)"  # noqa: S608
        cursor.execute(looked_up, [json.dumps(keys), *parameters])
        return {key for (key,) in cursor.fetchall()}


def _few(visible: QuerySet[Any]) -> list[int] | None:
    """The keys of all that is visible, where they are few."""
    keys = list(visible.order_by().values_list("pk", flat=True)[: FEW + 1])
    return keys if len(keys) <= FEW else None


def _among(source: Source, keys: list[int], part: str) -> list[Match]:
    """The newest of these objects whose text contains `part`."""
    entries = SearchEntry.objects.filter(kind=source.kind, object_pk__in=given(keys)).order_by("-object_pk")
    entries = entries.alias(place=StrIndex("text", Value(part))).filter(place__gt=0)
    return [Match(*row) for row in entries.values_list("object_pk", "title", "text")[:CANDIDATES]]


def _rank(entry: Match, part: str) -> int:
    """0: a line is the query or begins with it; 1: the title contains it; 2: anything else."""
    lines = entry.text.split("\n")
    if any(line.startswith(part) for line in lines):
        return 0
    return 1 if part in lines[0] else 2


def mark(title: str, part: str) -> tuple[str, str, str]:
    """The title cut before and behind the first place that reads like `part` (normalised), as written or as spelt; (title, "", "") if there is none."""
    read = sounds(title)
    for forms in ([normalise(sign) for sign in title], [sound[:1] for sound in read], read):
        for start in range(len(title)):
            if not forms[start] or not _reads(forms, start, part):
                continue
            end = next(end for end in range(start + 1, len(title) + 1) if len(_joined(forms, start, end)) >= len(part))
            return title[:start], title[start:end], title[end:]
    return title, "", ""


def _reads(forms: list[str], start: int, part: str) -> bool:
    return _joined(forms, start, start + len(part) + 2 * SHORTEST).startswith(part)


def _joined(forms: list[str], start: int, end: int) -> str:
    return "".join(form or " " for form in forms[start:end])
