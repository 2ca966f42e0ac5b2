"""Finding things by any part of their text of two characters or more, by pinyin and by initials, in the same way on both databases.

An entry holds normalised lines; a query finds the entries whose text contains the normalised query. That is the whole meaning: an index
of two-character pieces only makes it quick, and its candidates are checked again.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any

from django.db.models import Lookup, QuerySet, TextField, Value
from django.db.models.functions import StrIndex
from django.db.models.sql.compiler import SQLCompiler
from django.utils.functional import Promise

from .chinese import normalise, sounds, spell
from .frozen import INDEX
from .models import SearchEntry

SHORTEST, LONGEST = 2, 100  # characters of a query that is answered
CHUNK = 1000  # objects written at once
CANDIDATES = 200  # newest matches among which the best are chosen
WINDOWS = (1_000, 16_000)  # newest objects that are read through before the index is asked


@TextField.register_lookup
class HasPart(Lookup):
    """`text__has_part=part`: whether the normalised text contains the normalised `part` (two characters or more), by way of the index."""

    lookup_name = "has_part"
    prepare_rhs = False

    def _pieces(self) -> list[str]:
        part = str(self.rhs)
        return sorted({part[place : place + 2] for place in range(len(part) - 1)})

    def as_sqlite(self, compiler: SQLCompiler, connection: Any) -> tuple[str, list[Any]]:
        column, params = self.process_lhs(compiler, connection)
        table = column.rpartition(".")[0]
        match = " AND ".join(f'"{piece.encode().hex().upper()}"' for piece in self._pieces())
        return (
            f"({table}.id IN (SELECT rowid FROM {INDEX} WHERE {INDEX} MATCH %s) AND instr({column}, %s) > 0)",  # noqa: S608
            [match, *params, str(self.rhs)],
        )

    def as_postgresql(self, compiler: SQLCompiler, connection: Any) -> tuple[str, list[Any]]:
        column, params = self.process_lhs(compiler, connection)
        return f"(portal_pieces({column}) @> %s::text[] AND position(%s in {column}) > 0)", [*params, self._pieces(), str(self.rhs), *params]


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
    entries = sorted(candidates(source, visible, part), key=lambda entry: _rank(entry, part))
    objects = visible.in_bulk([entry.object_pk for entry in entries[:limit]])
    shown = [(entry, objects[entry.object_pk]) for entry in entries[:limit] if entry.object_pk in objects]
    hits = [Hit(mark(entry.title, part), row.get_absolute_url(), source.about(row), row.pk) for entry, row in shown]
    return Group(source, hits, len(entries) > limit)


def candidates(source: Source, visible: QuerySet[Any], part: str) -> list[SearchEntry]:
    """The newest entries of what is visible whose text contains `part` (normalised).

    Of a common part the index would name half of all that there is, to be read and sorted for the newest; but enough of them are met among the newest
    objects. Those are read through first, further back where that promises enough; where it does not, the part is rare, and the index names few.
    """
    entries = SearchEntry.objects.filter(kind=source.kind).order_by("-object_pk")
    if visible.query.has_filters():
        entries = entries.filter(object_pk__in=visible.order_by().values("pk"))
    read = entries.alias(place=StrIndex("text", Value(part))).filter(place__gt=0)
    for window in WINDOWS:
        last = visible.order_by("-pk").values_list("pk", flat=True)[window - 1 : window].first()
        found: list[SearchEntry] = list((read.filter(object_pk__gte=last) if last else read)[:CANDIDATES])
        if last is None or len(found) == CANDIDATES:
            return found
        if len(found) * WINDOWS[-1] < CANDIDATES * window:
            break
    return list(entries.filter(text__has_part=part)[:CANDIDATES])


def _rank(entry: SearchEntry, part: str) -> int:
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
