"""The index of the search: which entries of a kind contain a part, newest first, read no further than is asked for.

A text is cut into its pairs of characters, and where it is written in letters (ASCII: pinyin, initials, numbers), of which few differ, also into threes and
fours. An entry that contains a part contains the pieces of the part; those that hold them are checked for the part itself. Both databases keep the pieces
themselves, in an order that lets the newest be read first: SQLite in a full-text table whose row numbers are kind and object (`core.frozen`), PostgreSQL in
a GIN index whose keys are kind, span of objects and piece. A common part is met in the newest span; a rare one is quickly looked up in each.
"""

from typing import Any, NamedTuple

from django.db import connection

from .models import SearchEntry

TABLE = SearchEntry._meta.db_table
INDEX = "core_search_pieces"
KINDS = "core_search_kinds"  # SQLite: a number for each kind
KIND_BITS = 44  # SQLite: a row of the full-text table is number of the kind << 44 | object
SPAN_BITS = 14  # PostgreSQL: objects of a span
SPANS = 1024  # PostgreSQL: that are asked at once
READ = 1024  # PostgreSQL: newest entries that are read through before the index is asked
MOST_PIECES = 8  # of a part that are looked up
LAST = 2**KIND_BITS - 1


class Match(NamedTuple):
    """An entry that contains what was looked for."""

    object_pk: int
    title: str
    text: str


def pieces_of(part: str) -> list[str]:
    """What is looked up for `part` (two characters or more): the longest pieces of each place, as many as matter."""
    pieces, told = [], 0
    for place in range(len(part) - 1):
        size = next(size for size in (4, 3, 2) if size == 2 or (len(part) - place >= size and part[place : place + size].isascii()))
        if place + size > told:  # not within the piece before
            pieces.append(part[place : place + size])
            told = place + size
    unlike = list(dict.fromkeys(pieces))
    return unlike[:: -(-len(unlike) // MOST_PIECES)]


def newest(kind: str, part: str, most: int, *, below: int = LAST + 1) -> list[Match]:
    """At most so many of the newest entries of a kind whose text contains `part` (normalised, two characters or more); of objects before `below`."""
    return [Match(*row) for row in _found("object_pk, title, text", kind, part, most, below)]


def keys(kind: str, part: str, most: int, *, below: int = LAST + 1) -> list[int]:
    """The keys of the objects of these entries."""
    return [key for (key,) in _found("object_pk", kind, part, most, below)]


def _found(columns: str, kind: str, part: str, most: int, below: int) -> list[tuple[Any, ...]]:
    ask = _ask_sqlite if connection.vendor == "sqlite" else _ask_postgresql
    with connection.cursor() as cursor:
        return ask(cursor, columns, kind, part, most, below)


# Of a kind that has no entry yet: behind all others, where the walk from the end stops at once (past NULL it would go through everything).
FIRST = f"(COALESCE((SELECT id FROM {KINDS} WHERE kind = %s), {2 ** (63 - KIND_BITS) - 1}) << {KIND_BITS})"  # noqa: S608
SQLITE = f"""
    SELECT {{}} FROM {INDEX} CROSS JOIN {TABLE} AS entry ON entry.kind = %s AND entry.object_pk = {INDEX}.rowid & {LAST}
    WHERE {INDEX} MATCH %s AND instr(entry.text, %s) > 0
        AND {INDEX}.rowid >= {FIRST} AND {INDEX}.rowid < {FIRST} + %s
    ORDER BY {INDEX}.rowid DESC LIMIT %s
"""  # noqa: S608


def _ask_sqlite(cursor: Any, columns: str, kind: str, part: str, most: int, below: int) -> list[tuple[Any, ...]]:
    wanted = " ".join(piece.encode().hex().upper() for piece in pieces_of(part))
    cursor.execute(SQLITE.format(columns), [kind, wanted, part, kind, kind, below, most])
    return list(cursor.fetchall())


# Span by span, from the newest on, in one statement that stops where there is enough: the sort is over within each span. `+ 0`: in the order of keys
# PostgreSQL would walk all.
POSTGRESQL = f"""
    SELECT {{}} FROM (SELECT span FROM generate_series(%s, %s) AS span ORDER BY span DESC) AS spans
    CROSS JOIN LATERAL (SELECT array_agg(portal_piece(%s, span, piece)) AS pieces FROM unnest(%s::text[]) AS piece) AS wanted
    CROSS JOIN LATERAL (
        SELECT object_pk, title, text FROM {TABLE} WHERE portal_pieces(kind, object_pk, text) @> wanted.pieces COLLATE "C"
            AND object_pk + 0 < %s AND position(%s in text) > 0
        ORDER BY object_pk + 0 DESC LIMIT %s
    ) AS entry ORDER BY span DESC, object_pk DESC LIMIT %s
"""  # noqa: S608


READING = f"""
    SELECT {{}} FROM (SELECT * FROM {TABLE} WHERE kind = %s AND object_pk < %s ORDER BY object_pk DESC LIMIT %s) AS newest
    WHERE position(%s in text) > 0 ORDER BY object_pk DESC LIMIT %s
"""  # noqa: S608
KEY = f"SELECT object_pk FROM {TABLE} WHERE kind = %s AND object_pk < %s ORDER BY object_pk DESC OFFSET %s LIMIT 1"  # noqa: S608


def _ask_postgresql(cursor: Any, columns: str, kind: str, part: str, most: int, below: int) -> list[tuple[Any, ...]]:
    """The newest are read through; where these do not do, and there are more, the index is asked of the others."""

    def ask(statement: str, *asked: Any) -> list[tuple[Any, ...]]:
        cursor.execute(statement.format(columns), asked)
        return list(cursor.fetchall())

    found, read = ask(READING, kind, below, READ, part, most), READ
    # Each step begins at the newest key that there is: between keys that lie far apart there may be any number of empty spans.
    while len(found) < most and (keys := ask(KEY, kind, below, read)):
        [(key,)], wanted = keys, most - len(found)
        first = max((key >> SPAN_BITS) - SPANS, 0)
        found += ask(POSTGRESQL, first, key >> SPAN_BITS, kind, pieces_of(part), key + 1, part, wanted, wanted)
        below, read = first << SPAN_BITS, 0
    return found
