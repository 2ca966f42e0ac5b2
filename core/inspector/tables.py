"""Tables out of workbooks and CSV files: the cells of the first sheet as texts, row by row, written as lines of JSON."""

import csv
import io
import json
import zipfile
import zlib
from collections.abc import Iterable, Iterator
from datetime import date, datetime, time
from pathlib import Path
from typing import Any

from ..libraries import library
from . import RefusedError
from .texts import decode

COLUMNS, CELL = 80, 5000  # of what is more, nothing is read
DELIMITERS = ",;\t"


def read_table(path: Path, kind: str, out: str, most: str) -> dict[str, Any]:
    """Write the rows of a table that are not empty, `most` of them and the headings, to the file `out`, each with its number before it.

    Returns how many were written, and whether there are more.
    """
    try:
        return _write(_of_workbook(path) if kind == "xlsx" else _of_csv(path), out, int(most))
    except (zipfile.BadZipFile, zlib.error, EOFError, SyntaxError, csv.Error) as error:  # what the library raises for what is no workbook
        raise RefusedError("broken") from error


def _write(rows: Iterable[list[str]], out: str, most: int) -> dict[str, Any]:
    written, is_cut = 0, False
    with Path(out).open("x", encoding="utf-8") as lines:
        for number, cells in enumerate(rows, 1):
            while cells and not cells[-1]:
                cells.pop()
            if not cells:
                continue
            if written > most:
                is_cut = True
                break
            lines.write(json.dumps([number, cells], ensure_ascii=False) + "\n")
            written += 1
    return {"count": written, "is_cut": is_cut}


def _of_workbook(path: Path) -> Iterator[list[str]]:
    try:
        book = library("openpyxl.load_workbook")(path.open("rb"), read_only=True, data_only=True, keep_links=False)
    except OSError as error:  # so the library calls a workbook without its parts
        raise RefusedError("broken") from error
    sheets = [sheet for sheet in book.worksheets if sheet.sheet_state == "visible"]
    if not sheets:
        raise RefusedError("broken")
    sheets[0].reset_dimensions()  # what a file says of its own size is not believed
    for row in sheets[0].iter_rows(values_only=True):
        yield _texts(row)


def _of_csv(path: Path) -> Iterator[list[str]]:
    text = decode(path.read_bytes())
    first = text.split("\n", 1)[0]
    delimiter = max(DELIMITERS, key=first.count)
    csv.field_size_limit(1 << 20)
    for row in csv.reader(io.StringIO(text, newline=""), delimiter=delimiter):
        yield _texts(row)


def _texts(cells: Iterable[Any]) -> list[str]:
    return [_text(cell) for _place, cell in zip(range(COLUMNS), cells, strict=False)]


def _text(cell: Any) -> str:
    if cell is None:
        return ""
    if isinstance(cell, str):
        return cell.strip()[:CELL]
    if isinstance(cell, bool):
        return "TRUE" if cell else "FALSE"
    if isinstance(cell, float) and cell.is_integer() and abs(cell) < 1e15:
        return str(int(cell))
    if isinstance(cell, datetime):
        return str(cell.date() if cell.time() == time() else cell.replace(microsecond=0))
    if isinstance(cell, date | time):
        return cell.isoformat()
    return str(cell)[:CELL]
