"""What the database itself keeps of the search index on SQLite: the pieces of each text (`core.index`), in step with the text.

PostgreSQL has an index over an expression for that (see the migration), which needs no trigger.
"""

from django.db.backends.base.base import BaseDatabaseWrapper

from . import triggers
from .index import INDEX, KIND_BITS, KINDS, TABLE
from .triggers import Trigger


def pieces(row: str) -> str:
    """SQL: the tokens of the text of `row` (NEW or OLD), separated by spaces: hex codes of its pairs, and of its triples and fours of letters."""
    places = f"WITH RECURSIVE place(rest) AS (SELECT {row}.text UNION ALL SELECT substr(rest, 2) FROM place WHERE length(rest) > 2)"
    longer = " || ".join(f"CASE WHEN rest GLOB '{'[ -~]' * size}*' THEN ' ' || hex(substr(rest, 1, {size})) ELSE '' END" for size in (3, 4))
    return f"({places} SELECT group_concat(hex(substr(rest, 1, 2)) || {longer}, ' ') FROM place)"


def rowid(row: str) -> str:
    """SQL: the number of `row` in the full-text table, by kind and object."""
    return f"(SELECT id << {KIND_BITS} FROM {KINDS} WHERE kind = {row}.kind) + {row}.object_pk"


@triggers.register
def search_triggers(connection: BaseDatabaseWrapper) -> list[Trigger]:
    """The triggers that keep the index, on SQLite."""
    if connection.vendor != "sqlite":
        return []
    number = f"INSERT INTO {KINDS}(kind) SELECT NEW.kind WHERE NOT EXISTS (SELECT 1 FROM {KINDS} WHERE kind = NEW.kind);"
    add = f"{number} INSERT INTO {INDEX}(rowid, pieces) VALUES ({rowid('NEW')}, {pieces('NEW')});"
    remove = f"INSERT INTO {INDEX}({INDEX}, rowid, pieces) VALUES ('delete', {rowid('OLD')}, {pieces('OLD')});"
    changes = "NEW.text <> OLD.text OR NEW.kind <> OLD.kind OR NEW.object_pk <> OLD.object_pk"
    return [
        Trigger(f"{TABLE}_insert", TABLE, f"AFTER INSERT ON {TABLE} BEGIN {add} END"),
        Trigger(f"{TABLE}_update", TABLE, f"AFTER UPDATE ON {TABLE} WHEN {changes} BEGIN {remove} {add} END"),
        Trigger(f"{TABLE}_delete", TABLE, f"AFTER DELETE ON {TABLE} BEGIN {remove} END"),
    ]
