"""Spreadsheets that are written row by row: what is read back is what was written, nothing is a formula, and memory stays as it is."""

import csv
import io
import re
import subprocess
import sys
from datetime import UTC, date, datetime
from decimal import Decimal
from zipfile import ZipFile

import openpyxl
import pytest
from django.conf import settings as django_settings
from django.utils import timezone
from django.utils.functional import lazystr
from hypothesis import given, settings
from hypothesis import strategies as st
from openpyxl.utils.escape import unescape

from core import spreadsheets
from core.spreadsheets import write_csv, write_xlsx

UNREADABLE = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")
DANGEROUS = ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", "\n=1", "  =1", "＝1", "＋1", "－1", "＠1", "　=1", '=HYPERLINK("http://x")']


def workbook(header, rows, title="办件"):
    out = io.BytesIO()
    count = write_xlsx(out, header, rows, title=title)
    return openpyxl.load_workbook(out), count


def read(rows, width=1):
    """The cells of these rows, read back from a workbook."""
    book, _count = workbook([f"列{place}" for place in range(width)], rows)
    return [[cell.value for cell in row] for row in book.active.iter_rows(min_row=2, max_col=width)]


def read_csv(rows):
    out = io.BytesIO()
    write_csv(out, ["列"], rows)
    return list(csv.reader(io.StringIO(out.getvalue().decode("utf-8-sig"), newline="")))[1:]


def as_read(value):
    """What a cell holds after it was written and read."""
    if isinstance(value, str):
        return UNREADABLE.sub("", value.replace("\r\n", "\n").replace("\r", "\n")) or None
    if isinstance(value, datetime):
        return timezone.localtime(value).replace(tzinfo=None)
    if isinstance(value, date):
        return datetime(value.year, value.month, value.day)
    return float(value) if isinstance(value, Decimal) else value


texts = st.one_of(
    st.text(max_size=60), st.sampled_from(DANGEROUS), st.from_regex(r"\A_x[0-9A-F]{4}_\Z"), st.text("=+-@\t\r\n\x00\x07_x0041<>&\"' 😀汉", max_size=12)
)
days = st.dates(date(1900, 3, 1), date(9999, 12, 30))
moments = st.datetimes(datetime(1901, 1, 1), datetime(9998, 1, 1), timezones=st.just(UTC)).map(lambda moment: moment.replace(microsecond=0))
numbers = st.one_of(st.integers(-(10**15) + 1, 10**15 - 1), st.booleans(), st.decimals(-10_000, 10_000, places=2))


@given(st.lists(st.one_of(texts, days, moments, numbers, st.none()), max_size=20))
@settings(deadline=None)
def test_what_is_read_from_a_workbook_is_what_was_written(values):
    found = [unescape(row[0]) if isinstance(row[0], str) else row[0] for row in read([[value] for value in values])]

    assert found == [as_read(value) for value in values]


@given(st.lists(texts.filter(bool), max_size=20))
@settings(deadline=None)
def test_what_is_read_from_csv_is_what_was_written_or_kept_from_being_a_formula(values):
    found = [row[0] if row else "" for row in read_csv([[value] for value in values])]
    plain = [UNREADABLE.sub("", value) for value in values]

    assert [text.removeprefix("'") if text[1:] == given else text for text, given in zip(found, plain, strict=True)] == plain
    assert [text for text in found if re.match(r"\s*[=+\-@＝＋－＠]|[\t\r\n]", text)] == []


@pytest.mark.parametrize("text", DANGEROUS)
def test_no_text_is_a_formula(text):
    book, _count = workbook(["=列"], [[text]])
    cells = [cell for row in book.active.iter_rows() for cell in row]

    assert [cell.data_type for cell in cells] == ["s", "s"]
    assert book.active["A2"].quotePrefix
    assert read_csv([[text]])[0][0].startswith("'")


def test_numbers_and_days_are_typed():
    moment = datetime(2026, 11, 23, 8, 30, tzinfo=UTC)
    book, _count = workbook(list("abcdef"), [[7, Decimal("1234.5"), 2.5, date(2026, 11, 23), moment, True]])

    row = next(iter(book.active.iter_rows(min_row=2)))
    assert [cell.value for cell in row] == [7, 1234.5, 2.5, datetime(2026, 11, 23), datetime(2026, 11, 23, 16, 30), True]
    assert [cell.is_date for cell in row] == [False, False, False, True, True, False]
    assert [cell.number_format for cell in row[1:5]] == ["#,##0.00####", "General", r"yyyy\-mm\-dd", r"yyyy\-mm\-dd\ hh:mm"]


def test_csv_says_days_moments_and_yes():
    row = [7, Decimal("1.50"), date(2026, 11, 23), datetime(2026, 11, 23, 8, 30, tzinfo=UTC), datetime(2026, 1, 2, 3, 4, 5), True, False, None, lazystr("在办")]

    assert read_csv([row]) == [["7", "1.50", "2026-11-23", "2026-11-23 16:30:00", "2026-01-02 03:04:05", "TRUE", "FALSE", "", "在办"]]


def test_csv_begins_with_a_byte_order_mark():
    out = io.BytesIO()

    assert write_csv(out, ["编号", "=名称"], [["1", "甲"]]) == 1
    assert out.getvalue().decode() == "\ufeff编号,'=名称\r\n1,甲\r\n"


@pytest.mark.parametrize(
    ("value", "kept"),
    [
        (10**15, "1000000000000000"),
        (float("nan"), "nan"),
        (Decimal("NaN"), "NaN"),
        (Decimal("1234567890.1234567"), "1234567890.1234567"),
        (date(1900, 2, 28), "1900-02-28"),
        (datetime(1899, 1, 1, 8, 0), "1899-01-01 08:00:00"),
        (lazystr("在办"), "在办"),
    ],
)
def test_what_a_number_cannot_hold_is_text(value, kept):
    assert read([[value]]) == [[kept]]


def test_a_long_text_is_cut_where_a_cell_ends():
    [[han], [emoji], [fits]] = read([["汉" * 40_000], ["😀" * 20_000], ["a" * 32_767]])

    assert (len(han), han[-2:]) == (32_767, "汉…")
    assert len(emoji.encode("utf-16-le")) // 2 <= 32_767
    assert emoji == "😀" * 16_383 + "…"
    assert fits == "a" * 32_767
    assert read_csv([["汉" * 40_000]]) == [["汉" * 40_000]]


def test_header_is_frozen_and_filters_and_columns_are_as_wide_as_what_they_hold():
    book, count = workbook(["编号", "名称", "空"], [["2.1-2026-0001", "神港市商工联合会代表团来访", None], ["2.1-2026-0002"]])
    sheet = book.active

    assert count == 2
    assert (sheet.freeze_panes, sheet.auto_filter.ref) == ("A2", "A1:C3")
    assert sheet["A1"].font.b
    assert [sheet.column_dimensions[letter].width for letter in "ABC"] == [15, 28, 8]


def test_a_workbook_may_be_empty():
    book, count = workbook([], [])

    assert (count, [[cell.value for cell in row] for row in book.active.iter_rows()]) == (0, [])


def test_many_columns_have_two_letters():
    book, _count = workbook([str(number) for number in range(30)], [])

    assert book.active.auto_filter.ref == "A1:AD1"


@pytest.mark.parametrize("limit", ["ROWS_OF_A_SHEET", "BYTES_OF_A_SHEET"])
def test_what_does_not_fit_goes_on_to_further_sheets(monkeypatch, limit):
    monkeypatch.setattr(spreadsheets, limit, 251 if limit == "ROWS_OF_A_SHEET" else 200)
    pieces = 250 if limit == "ROWS_OF_A_SHEET" else spreadsheets.PIECE

    book, count = workbook(["号"], [[number] for number in range(3 * pieces)])

    assert count == 3 * pieces
    assert book.sheetnames == ["办件", "办件 2", "办件 3"]
    assert [row[0].value for sheet in book for row in sheet.iter_rows(min_row=2)] == list(range(3 * pieces))
    assert [sheet["A1"].value for sheet in book] == ["号"] * 3


@pytest.mark.parametrize(
    ("title", "name"),
    [("办件", "办件"), ("[2026]:*?/\\'", "2026"), ("", "Sheet"), ("\x00", "Sheet"), ('甲 & "乙"', '甲 & "乙"'), ("汉" * 50, "汉" * 27), ("😀" * 40, "😀" * 13)],
)
def test_a_sheet_has_a_name_that_every_program_takes(title, name):
    book, _count = workbook(["号"], [], title=title)

    assert book.sheetnames == [name]


def test_a_workbook_is_known_by_its_first_parts():
    out = io.BytesIO()
    write_xlsx(out, ["号"], [], title="办件")

    assert ZipFile(out).namelist()[:3] == ["[Content_Types].xml", "_rels/.rels", "xl/styles.xml"]
    assert ZipFile(out).testzip() is None


MEASURE = """
import resource, sys
from datetime import date, timedelta
import django
django.setup()
from core.spreadsheets import write_csv, write_xlsx
def rows(number):
    for place in range(number):
        yield [f"2.1-2026-{place:06}", f"来访团组接待方案 {place}", date(2026, 1, 1) + timedelta(place % 900), place, None, "办理中"]
def write(number):
    with open(sys.argv[1], "wb") as out:
        return write_csv(out, list("abcdef"), rows(number)) if sys.argv[2] == "csv" else write_xlsx(out, list("abcdef"), rows(number), title="x")
write(1000)
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
assert write(300_000) == 300_000
print((resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) // 1024)
"""


@pytest.mark.parametrize("format", ["csv", "xlsx"])
def test_memory_does_not_grow_with_the_table(tmp_path, format):
    command = [sys.executable, "-c", MEASURE, str(tmp_path / "out"), format]

    done = subprocess.run(command, cwd=django_settings.BASE_DIR, capture_output=True, text=True, check=False, timeout=300)

    assert done.returncode == 0, done.stderr
    assert int(done.stdout) <= 20
