"""What the database itself keeps of the search index on SQLite: the two-character pieces of each text, in step with the text.

PostgreSQL has an index over an expression for that (see the migration), which needs no trigger.
"""

from django.db.backends.base.base import BaseDatabaseWrapper

from . import triggers
from .models import SearchEntry
from .triggers import Trigger

TABLE = SearchEntry._meta.db_table
INDEX = "core_search_pieces"  # the full-text table; its tokens are the hex codes of two characters


def pieces(row: str) -> str:
    """SQL: the tokens of the text of `row` (NEW or OLD), separated by spaces."""
    numbers = f"WITH RECURSIVE place(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM place WHERE i < length({row}.text) - 1)"
    return f"({numbers} SELECT group_concat(hex(substr({row}.text, i, 2)), ' ') FROM place)"


@triggers.register
def search_triggers(connection: BaseDatabaseWrapper) -> list[Trigger]:
    """The triggers that keep the index, on SQLite."""
    if connection.vendor != "sqlite":
        return []
    add = f"INSERT INTO {INDEX}(rowid, pieces) VALUES (NEW.id, {pieces('NEW')});"
    remove = f"INSERT INTO {INDEX}({INDEX}, rowid, pieces) VALUES ('delete', OLD.id, {pieces('OLD')});"
    return [
        Trigger(f"{TABLE}_insert", TABLE, f"AFTER INSERT ON {TABLE} BEGIN {add} END"),
        Trigger(f"{TABLE}_update", TABLE, f"AFTER UPDATE ON {TABLE} WHEN NEW.text <> OLD.text OR NEW.id <> OLD.id BEGIN {remove} {add} END"),
        Trigger(f"{TABLE}_delete", TABLE, f"AFTER DELETE ON {TABLE} BEGIN {remove} END"),
    ]
