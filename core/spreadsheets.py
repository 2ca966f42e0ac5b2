"""Tables as files, written row by row: XLSX and CSV that open as what was written, at any size, in the same little memory.

Text stays text: in XLSX every string is a string cell, never a formula, not even after it is edited (quotePrefix); in CSV what a spreadsheet would take
for a formula gets an apostrophe before it. Days, moments, numbers and yes/no are typed in XLSX. Format: ECMA-376 part 1, §18 (inline strings, §18.3.1.53).
"""

import csv
import io
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import date, datetime, tzinfo
from decimal import Decimal
from html import escape
from itertools import chain, islice
from typing import IO, Any
from unicodedata import east_asian_width
from zipfile import ZIP_DEFLATED, ZipFile

from django.utils import timezone

Cell = str | int | float | Decimal | date | datetime | bool | None

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
CSV = "text/csv"

ROWS_OF_A_SHEET = 1_048_576  # the header among them
BYTES_OF_A_SHEET = 2_000_000_000  # below what a zip needs its 64-bit form for, which not every program reads
LONGEST_TEXT = 32_767  # UTF-16 units in a cell
LONGEST_TITLE = 31  # UTF-16 units in the name of a sheet
DIGITS = 15  # of a number that a spreadsheet keeps
WIDEST, NARROWEST = 60, 8  # of a column, in characters
LOOKED_AT = 100  # rows that say how wide the columns are
PIECE = 200  # rows compressed at once

CAREFUL = frozenset(["", *" =+-@＝＋－＠"])  # with which a text may begin that a spreadsheet takes for a formula
FORMULA = re.compile(r"\s*[=+\-@＝＋－＠]|[\t\r\n]")
UNREADABLE = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")  # what XML cannot hold
ESCAPE = re.compile("_(?=x[0-9A-Fa-f]{4}_)")
TITLE_SIGNS = re.compile(r"[\[\]:*?/\\'\x00-\x1f]")
FIRST_DAY = date(1900, 3, 1)  # before it Excel counts a day that never was
DAY_ZERO = date(1899, 12, 30).toordinal()


# -- XLSX ---------------------------------------------------------------------------------------------------------------------------------------------------

MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
RELATIONS = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
PACKAGE = "http://schemas.openxmlformats.org/package/2006"
DECLARATION = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n'
SHEET_TYPE = "application/vnd.openxmlformats-officedocument.spreadsheetml"
CONTENT_TYPES = (
    f'{DECLARATION}<Types xmlns="{PACKAGE}/content-types"><Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
    f'<Default Extension="xml" ContentType="{SHEET_TYPE}.worksheet+xml"/><Override PartName="/xl/workbook.xml" ContentType="{SHEET_TYPE}.sheet.main+xml"/>'
    f'<Override PartName="/xl/styles.xml" ContentType="{SHEET_TYPE}.styles+xml"/></Types>'
)
# 0 as it comes, 1 day, 2 moment, 3 amount, 4 header, 5 text that looks like a formula
STYLES = (
    f'{DECLARATION}<styleSheet xmlns="{MAIN}"><numFmts count="3"><numFmt numFmtId="164" formatCode="yyyy\\-mm\\-dd"/>'
    '<numFmt numFmtId="165" formatCode="yyyy\\-mm\\-dd\\ hh:mm"/><numFmt numFmtId="166" formatCode="#,##0.00####"/></numFmts>'
    '<fonts count="2"><font><sz val="11"/><name val="宋体"/></font><font><b/><sz val="11"/><name val="宋体"/></font></fonts>'
    '<fills count="3"><fill><patternFill patternType="none"/></fill><fill><patternFill patternType="gray125"/></fill>'
    '<fill><patternFill patternType="solid"><fgColor rgb="FFE8EDF3"/></patternFill></fill></fills>'
    '<borders count="1"><border><left/><right/><top/><bottom/><diagonal/></border></borders>'
    '<cellStyleXfs count="1"><xf numFmtId="0" fontId="0" fillId="0" borderId="0"/></cellStyleXfs><cellXfs count="6">'
    '<xf numFmtId="0" fontId="0" fillId="0" borderId="0" xfId="0"/>'
    '<xf numFmtId="164" fontId="0" fillId="0" borderId="0" xfId="0" applyNumberFormat="1"/>'
    '<xf numFmtId="165" fontId="0" fillId="0" borderId="0" xfId="0" applyNumberFormat="1"/>'
    '<xf numFmtId="166" fontId="0" fillId="0" borderId="0" xfId="0" applyNumberFormat="1"/>'
    '<xf numFmtId="0" fontId="1" fillId="2" borderId="0" xfId="0" applyFont="1" applyFill="1"/>'
    '<xf numFmtId="0" fontId="0" fillId="0" borderId="0" xfId="0" quotePrefix="1"/></cellXfs>'
    '<cellStyles count="1"><cellStyle name="Normal" xfId="0" builtinId="0"/></cellStyles></styleSheet>'
)
QUOTED, HEADING = ' s="5"', ' s="4"'


def write_xlsx(out: IO[bytes], header: Sequence[str], rows: Iterable[Sequence[Cell]], *, title: str) -> int:
    """Write a workbook with a frozen header row that filters to the binary file `out`. Returns how many rows were written.

    `title` names the sheet; what does not fit on one sheet goes on to further ones. Text is cut where a cell can hold no more, characters that XML
    cannot hold are left out, line breaks become LF; moments are those of the office's clock.
    """
    remaining, ahead = iter(rows), list[Sequence[Cell]]()
    count, sheets = 0, 0
    with ZipFile(out, "w", ZIP_DEFLATED, compresslevel=1) as archive:
        archive.writestr("[Content_Types].xml", CONTENT_TYPES)
        archive.writestr("_rels/.rels", _relations([("officeDocument", "xl/workbook.xml")]))
        archive.writestr("xl/styles.xml", STYLES)
        while sheets == 0 or (ahead := list(islice(remaining, 1))):
            sheets += 1
            with archive.open(f"xl/worksheets/sheet{sheets}.xml", "w") as sheet:
                count += _write_sheet(sheet, header, chain(ahead, remaining), is_first=sheets == 1)
        archive.writestr("xl/workbook.xml", _workbook(title, sheets))
        parts = [("worksheet", f"worksheets/sheet{number}.xml") for number in range(1, sheets + 1)]
        archive.writestr("xl/_rels/workbook.xml.rels", _relations([*parts, ("styles", "styles.xml")]))
    return count


def _write_sheet(sheet: IO[bytes], header: Sequence[str], rows: Iterator[Sequence[Cell]], *, is_first: bool) -> int:
    """Write one worksheet with as many of `rows` as fit. Returns how many."""
    looked_at = list(islice(rows, min(LOOKED_AT, ROWS_OF_A_SHEET - 1)))
    sheet.write(_head_of_sheet(header, looked_at, is_first=is_first).encode())
    size = sheet.write(_row_of([_inline(_escaped(_cut(str(name))), HEADING) for name in header]).encode())
    written, rows = 0, chain(looked_at, rows)
    writers = _writers(timezone.get_current_timezone())
    while size < BYTES_OF_A_SHEET and (piece := list(islice(rows, min(PIECE, ROWS_OF_A_SHEET - 1 - written)))):
        size += sheet.write("".join([_row_of([writers.get(type(value), _other)(value) for value in row]) for row in piece]).encode())
        written += len(piece)
    last = _letters(len(header)) + str(written + 1)
    sheet.write(f'</sheetData><autoFilter ref="A1:{last}"/></worksheet>'.encode() if header else b"</sheetData></worksheet>")
    return written


def _row_of(cells: list[str]) -> str:
    return f"<row>{''.join(cells)}</row>"


def _head_of_sheet(header: Sequence[str], rows: list[Sequence[Cell]], *, is_first: bool) -> str:
    pane = '<pane ySplit="1" topLeftCell="A2" activePane="bottomLeft" state="frozen"/>'
    selected = ' tabSelected="1"' if is_first else ""
    widths = [_width([name, *(row[place] for row in rows if place < len(row))]) for place, name in enumerate(header)]
    columns = "".join(f'<col min="{place}" max="{place}" width="{width}" customWidth="1"/>' for place, width in enumerate(widths, 1))
    view = f'<sheetViews><sheetView{selected} workbookViewId="0">{pane}</sheetView></sheetViews>'
    return f'{DECLARATION}<worksheet xmlns="{MAIN}">{view}{f"<cols>{columns}</cols>" if columns else ""}<sheetData>'


def _width(cells: Iterable[Cell]) -> int:
    """Characters that the widest of these cells takes, Chinese ones counting double; within bounds."""
    return min(max(max(sum(2 if east_asian_width(sign) in "WF" else 1 for sign in _shown(cell)) for cell in cells) + 2, NARROWEST), WIDEST)


def _shown(cell: Cell) -> str:
    if isinstance(cell, datetime):
        return "2026-11-23 08:30"
    return "" if cell is None else str(cell)[:WIDEST]


def _writers(zone: tzinfo) -> dict[type, Callable[[Any], str]]:
    """How the cells of each type are written; moments by the clock of `zone`."""

    def moment(value: datetime) -> str:
        local = value.astimezone(zone) if value.tzinfo else value
        if local.date() < FIRST_DAY:
            return _text(local.isoformat(" ", "seconds"))
        seconds = local.hour * 3600 + local.minute * 60 + local.second + local.microsecond / 1e6
        return f'<c s="2"><v>{local.toordinal() - DAY_ZERO + seconds / 86400:.10f}</v></c>'

    return {
        str: _text,
        type(None): lambda value: "<c/>",
        bool: lambda value: f'<c t="b"><v>{value:d}</v></c>',
        int: lambda value: f"<c><v>{value}</v></c>" if -(10**DIGITS) < value < 10**DIGITS else _text(str(value)),
        float: lambda value: f"<c><v>{value!r}</v></c>" if value - value == 0 else _text(str(value)),
        Decimal: _amount,
        date: lambda value: f'<c s="1"><v>{value.toordinal() - DAY_ZERO}</v></c>' if value >= FIRST_DAY else _text(value.isoformat()),
        datetime: moment,
    }


def _other(value: Any) -> str:
    """Words of a translation, members of an enumeration, marked text: as the text that they are."""
    return _text(str(value))


def _amount(value: Decimal) -> str:
    if not value.is_finite() or len(value.as_tuple().digits) > DIGITS or abs(value.adjusted()) > DIGITS:
        return _text(str(value))
    return f'<c s="3"><v>{value:f}</v></c>'


def _text(value: str) -> str:
    if is_plain(value) and not ("&" in value or "<" in value or ">" in value or "_x" in value):  # nearly always
        return _inline(value)
    value = _cut(value)
    return _inline(_escaped(value), QUOTED if FORMULA.match(value) else "") if value else "<c/>"


def _inline(text: str, style: str = "") -> str:
    return f'<c{style} t="inlineStr"><is><t xml:space="preserve">{text}</t></is></c>'


def is_plain(value: str) -> bool:
    """Whether a text is short, has only signs that can be printed, and begins like no formula. The quick way to know what needs no care."""
    return value.isprintable() and value[:1] not in CAREFUL and len(value) <= LONGEST_TEXT // 2


def _cut(value: str) -> str:
    """As much of a text as a cell can hold, without signs that XML forbids, with an ellipsis where it goes on."""
    value = UNREADABLE.sub("", value.replace("\r\n", "\n").replace("\r", "\n"))
    units = value.encode("utf-16-le", "surrogatepass")
    if len(units) <= 2 * LONGEST_TEXT:
        return value
    return units[: 2 * (LONGEST_TEXT - 1)].decode("utf-16-le", "ignore") + "…"


def _escaped(value: str) -> str:
    value = ESCAPE.sub("_x005F_", value)  # "_x0041_" would be read as "A"
    return value.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def _letters(number: int) -> str:
    """The name of a column: A is 1, AA is 27."""
    letters = ""
    while number:
        number, place = divmod(number - 1, 26)
        letters = chr(65 + place) + letters
    return letters


def _workbook(title: str, sheets: int) -> str:
    plain = TITLE_SIGNS.sub(" ", UNREADABLE.sub("", title)).encode("utf-16-le")[: 2 * (LONGEST_TITLE - 4)].decode("utf-16-le", "ignore").strip() or "Sheet"
    names = [plain] + [f"{plain} {number}" for number in range(2, sheets + 1)]
    listed = "".join(f'<sheet name="{escape(name, quote=True)}" sheetId="{place}" r:id="rId{place}"/>' for place, name in enumerate(names, 1))
    return f'{DECLARATION}<workbook xmlns="{MAIN}" xmlns:r="{RELATIONS}"><sheets>{listed}</sheets></workbook>'


def _relations(parts: Sequence[tuple[str, str]]) -> str:
    listed = "".join(f'<Relationship Id="rId{place}" Type="{RELATIONS}/{kind}" Target="{part}"/>' for place, (kind, part) in enumerate(parts, 1))
    return f'{DECLARATION}<Relationships xmlns="{PACKAGE}/relationships">{listed}</Relationships>'


# -- CSV ----------------------------------------------------------------------------------------------------------------------------------------------------


def write_csv(out: IO[bytes], header: Sequence[str], rows: Iterable[Sequence[Cell]]) -> int:
    """Write the same as CSV (RFC 4180) in UTF-8 with a byte order mark, which Excel wants, to the binary file `out`. Returns how many rows were written.

    What begins like a formula (after spaces too, and in full width) gets an apostrophe before it (OWASP: CSV injection); numbers stay numbers.
    """
    text = io.TextIOWrapper(out, "utf-8-sig", newline="", write_through=False)
    writer, count, zone = csv.writer(text), 0, timezone.get_current_timezone()
    writer.writerow([_plain(str(name), zone) for name in header])
    for row in rows:
        writer.writerow([_plain(cell, zone) for cell in row])
        count += 1
    text.flush()
    text.detach()
    return count


def _plain(cell: Cell, zone: tzinfo) -> Any:
    if isinstance(cell, str):
        if is_plain(cell):
            return cell
        cell = UNREADABLE.sub("", cell)
        return f"'{cell}" if FORMULA.match(cell) else cell
    if isinstance(cell, datetime):
        return (cell.astimezone(zone) if cell.tzinfo else cell).strftime("%Y-%m-%d %H:%M:%S")
    if isinstance(cell, bool):
        return "TRUE" if cell else "FALSE"
    return cell if cell is None or isinstance(cell, int | float | Decimal | date) else _plain(str(cell), zone)
