"""Many rows written at once, past the ORM: COPY on PostgreSQL, executemany on SQLite. Constraints and triggers hold as for any other row.

For rows that were checked before, in the transaction of their act; a few rows are written with `bulk_create`, which costs several times as much for each.
"""

import csv
import io
from collections.abc import Iterable, Mapping, Sequence
from itertools import islice
from typing import Any

from django.db import connection
from django.db.models import Model

PIECE = 5000  # rows sent at once


def reserve(model: type[Model], count: int) -> Sequence[int]:
    """Keys that no other row has or gets: for rows to be written with `insert` in the transaction at hand."""
    table = model._meta.db_table
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute("SELECT nextval(pg_get_serial_sequence(%s, 'id')) FROM generate_series(1, %s)", [table, count])
            return [key for (key,) in cursor.fetchall()]
        cursor.execute("SELECT max(coalesce((SELECT seq FROM sqlite_sequence WHERE name = %s), 0), coalesce(max(id), 0)) FROM " + table, [table])  # noqa: S608
        last = cursor.fetchone()[0]
        return range(last + 1, last + 1 + count)


def insert(model: type[Model], columns: Sequence[str], rows: Iterable[Sequence[Any]], constants: Mapping[str, Any] | None = None) -> int:
    """Write rows of plain values (text, whole numbers, None) for `columns` (names of fields); `constants` are the same in all. Returns how many."""
    fixed = {name: _plain(model, name, value) for name, value in (constants or {}).items()}
    fields: list[Any] = [model._meta.get_field(name) for name in [*columns, *fixed]]
    table, names = model._meta.db_table, ", ".join(f'"{field.column}"' for field in fields)
    nullable = ", ".join(f'"{field.column}"' for field in fields if field.null)
    places = ", ".join(["%s"] * len(fields))
    rest, remaining, count = tuple(fixed.values()), iter(rows), 0
    with connection.cursor() as cursor:
        while piece := [(*row, *rest) for row in islice(remaining, PIECE)]:
            if connection.vendor == "postgresql":
                told = f", FORCE_NULL ({nullable})" if nullable else ""
                cursor.copy_expert(f'COPY "{table}" ({names}) FROM STDIN (FORMAT csv{told})', _lines(piece))  # type: ignore[attr-defined]
            else:
                cursor.executemany(f'INSERT INTO "{table}" ({names}) VALUES ({places})', piece)  # noqa: S608
            count += len(piece)
    return count


def _plain(model: type[Model], name: str, value: Any) -> Any:
    """A value as the database takes it."""
    return model._meta.get_field(name).get_db_prep_save(value, connection)  # type: ignore[union-attr]


def _lines(rows: Iterable[Sequence[Any]]) -> io.StringIO:
    """Rows for COPY, written by the csv module: all but numbers in quotation marks, None as empty text, which is NULL where a column may be (FORCE_NULL)."""
    out = io.StringIO()
    csv.writer(out, quoting=csv.QUOTE_NONNUMERIC, lineterminator="\n").writerows(rows)
    out.seek(0)
    return out
