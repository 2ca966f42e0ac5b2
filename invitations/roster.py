"""A roster of invitees pasted from Excel: what each row says, and what is wrong with it, cell by cell.

Excel puts cells on the clipboard with tabs between, a cell that holds a tab, a line break or a quotation mark in quotation marks. A line of headings
in Chinese or English is recognised in any order; without one the columns stand in the order of COLUMNS, and no others are read. Nothing is lost: what
cannot be read stays as it was typed, and what stands in a column that nobody asked for is kept with its heading.
"""

import csv
import io
import re
import unicodedata
from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from contacts.countries import CountryRow, find
from core import dates
from core.encryption import plain_number
from core.signs import HAN, describe

from .names import BadNameError, read_chinese_name, read_latin_name

MAX_ROWS = 200
MAX_LENGTH = 200_000  # signs of the whole text
NOTE = re.compile(r"\([^)]*\)|【[^】]*】")
SEXES = {"M": "男 男性 先生 m male man mr", "F": "女 女性 女士 f female woman ms mrs", "X": "x 未注明 unspecified"}
SEX_OF = {word: sex for sex, words in SEXES.items() for word in words.split()}
YES_OR_NO = dict.fromkeys(["是", "有", "y", "yes", "true", "√", "✓", "1"], True) | dict.fromkeys(["否", "无", "没有", "n", "no", "false", "×", "0"], False)
UNSEEN = {"Cc", "Cf", "Cn", "Co", "Cs"}
NUMBER = re.compile(r"[A-Z0-9]{5,12}")
SCIENTIFIC = re.compile(r"\d(\.\d+)?E\+\d+", re.IGNORECASE)


class CellError(Exception):
    """A cell that cannot be read; its text says why."""


class RosterError(Exception):
    """A text that cannot be read as a roster at all; its text says what to do."""


@dataclass
class RosterRow:
    """One invitee. `typed` has every cell as it was, `values` what could be read, `errors` a sentence for what could not, all by column."""

    number: int  # of the row as pasted, headings and empty rows counted
    typed: dict[str, str] = field(default_factory=dict, repr=False)  # not in logs: passport numbers
    values: dict[str, Any] = field(default_factory=dict, repr=False)
    errors: dict[str, str] = field(default_factory=dict, repr=False)
    others: dict[str, str] = field(default_factory=dict, repr=False)  # heading to cell, for columns that are not ours


@dataclass
class Roster:
    """All rows, and what is to be said of the whole."""

    rows: list[RosterRow] = field(default_factory=list)
    hints: list[str] = field(default_factory=list)

    @property
    def is_sound(self) -> bool:
        return not any(row.errors for row in self.rows)


# -- cells -------------------------------------------------------------------------------------------------------------------------------------------------


def _read_latin(text: str, _today: date) -> str:
    try:
        return read_latin_name(text)
    except BadNameError as error:
        raise CellError(str(error)) from error


def _read_chinese(text: str, _today: date) -> str:
    try:
        return read_chinese_name(text)
    except BadNameError as error:
        raise CellError(str(error)) from error


def _read_sex(text: str, _today: date) -> str:
    sex = SEX_OF.get(unicodedata.normalize("NFKC", text).casefold().strip(" ."))
    if sex is None:
        raise CellError(_("“%(text)s”不是性别。请填 男、女，或 M、F。") % {"text": text})
    return sex


def _read_nationality(text: str, _today: date) -> CountryRow:
    country = find(text)
    if country is None:
        raise CellError(_("没有“%(text)s”这个国家（地区）。请填中文或英文名称，或者护照上的三字母代码。") % {"text": text})
    return country


def _read_number(text: str, _today: date) -> str:
    if SCIENTIFIC.fullmatch(text):
        raise CellError(_("Excel 把号码变成了“%(text)s”，后几位已经丢失。请把这一列设为“文本”格式，重新填写后再复制。") % {"text": text})
    number = plain_number(text)
    if not NUMBER.fullmatch(number) or set(unicodedata.normalize("NFKC", text)) - set(" -'") - set(number + number.lower()):
        raise CellError(_("“%(text)s”不是护照号码：只由 5 至 12 位字母和数字组成。") % {"text": text})
    return number


def _reader_of_day(century: str) -> Callable[[str, date], date]:
    def read(text: str, today: date) -> date:
        try:
            return dates.read_day(text, today, century=century)
        except dates.BadDayError as error:
            raise CellError(str(error)) from error

    return read


def _read_words(text: str, _today: date) -> str:
    for place, sign in enumerate(text, 1):
        if unicodedata.category(sign) in UNSEEN:
            raise CellError(_("第 %(place)d 个字符是%(sign)s，请删去。") % {"place": place, "sign": describe(sign)})
    return text


def _read_yes(text: str, _today: date) -> bool:
    answer = YES_OR_NO.get(unicodedata.normalize("NFKC", text).casefold().strip(" ."))
    if answer is None:
        raise CellError(_("“%(text)s”看不出是或否。请填 是、否，或 Y、N。") % {"text": text})
    return answer


@dataclass(frozen=True)
class Column:
    """One column: its name in `values`, what it is called, what may stand as its heading, and how a cell of it is read."""

    name: str
    label: str | Promise
    headings: str  # with | between, compared without case, spaces and signs
    read: Callable[[str, date], Any]
    is_required: bool = False


COLUMNS = [
    Column("surname", gettext_lazy("护照上的姓"), "护照上的姓|姓|姓氏|英文姓|外文姓|拼音姓|surname|last name|family name", _read_latin),
    Column("given_names", gettext_lazy("护照上的名"), "护照上的名|名|名字|英文名|外文名|given name|given names|first name|forename|forenames", _read_latin),
    Column("chinese_name", gettext_lazy("中文姓名"), "中文姓名|中文名|中文名字|汉语姓名|chinese name|name in chinese", _read_chinese),
    Column("sex", gettext_lazy("性别"), "性别|sex|gender", _read_sex, is_required=True),
    Column(
        "birth_on",
        gettext_lazy("出生日期"),
        "出生日期|出生年月日|出生年月|生日|date of birth|birth date|birthdate|dob|birthday",
        _reader_of_day("past"),
        is_required=True,
    ),
    Column("nationality", gettext_lazy("国籍"), "国籍|国家|国家地区|国籍地区|nationality|citizenship|country", _read_nationality, is_required=True),
    Column(
        "passport_number", gettext_lazy("护照号码"), "护照号码|护照号|护照|证件号码|证件号|passport no|passport number|passport", _read_number, is_required=True
    ),
    Column(
        "passport_issued_on",
        gettext_lazy("签发日期"),
        "签发日期|发证日期|护照签发日期|date of issue|issue date|issued on|passport issue date",
        _reader_of_day("past"),
    ),
    Column(
        "passport_expires_on",
        gettext_lazy("有效期至"),
        "有效期至|有效期|护照有效期|护照有效期至|有效期限|失效日期|到期日|date of expiry|expiry date|expiry|expiration date|valid until|expires on",
        _reader_of_day("near"),
        is_required=True,
    ),
    Column("employer", gettext_lazy("工作单位"), "工作单位|单位|单位名称|公司|公司名称|employer|company|organisation|organization|company name", _read_words),
    Column("job", gettext_lazy("职务"), "职务|职位|职业|岗位|job|job title|title|position|occupation|post", _read_words),
]
BY_HEADING = [  # never by their place
    Column("employer_en", gettext_lazy("工作单位（英文）"), "工作单位英文|英文工作单位|单位英文名称|employer english|employer in english", _read_words),
    Column("job_en", gettext_lazy("职务（英文）"), "职务英文|英文职务|职位英文|英文职位|position english|position in english|job title english", _read_words),
    Column("has_visited", gettext_lazy("曾来华"), "曾来华|是否曾来华|来过中国|是否来过中国|has visited china|visited china|been to china", _read_yes),
    Column("is_in_china", gettext_lazy("现在境内"), "现在境内|是否在境内|在华|in china|in china now|now in china", _read_yes),
]
ASKED = (*COLUMNS, *BY_HEADING)
WHOLE_NAME = Column("name", gettext_lazy("姓名"), "姓名|英文姓名|外文姓名|护照姓名|name|full name|name in passport|name as in passport", _read_words)
COUNTER = Column("counter", gettext_lazy("序号"), "序号|编号|no|number|nr|#|s n|sn", _read_words)


def _key(heading: str) -> str:
    return re.sub(r"[\W_]+", "", unicodedata.normalize("NFKC", heading).casefold()) or heading.strip()


COLUMN_OF = {_key(heading): column for column in (*ASKED, WHOLE_NAME, COUNTER) for heading in column.headings.split("|")}


def _column_of(heading: str) -> Column | None:
    """The column with this heading, as it stands or with notes in brackets left out; of a heading in two languages either may do."""
    whole = unicodedata.normalize("NFKC", heading)
    plain = NOTE.sub("", whole)
    ways = (whole, plain, "".join(HAN.findall(plain)), HAN.sub("", plain))
    return next((COLUMN_OF[_key(way)] for way in ways if _key(way) in COLUMN_OF), None)


# -- the whole ---------------------------------------------------------------------------------------------------------------------------------------------


def read_roster(pasted: str, today: date) -> Roster:
    """Read a pasted roster. Raises RosterError where it is none, or has more than MAX_ROWS rows."""
    table = _cells(pasted)
    if not table:
        raise RosterError(_("没有内容。请在 Excel 里选中名单，复制，再粘贴到这里。"))
    if max(len(cells) for _number, cells in table) < 3:
        raise RosterError(_("没有分出列来。请在 Excel 里选中整块单元格复制，不要从 PDF 或网页上复制文字。"))
    roster = Roster()
    columns, headings = _columns(table, roster)
    if len(table) > MAX_ROWS:
        raise RosterError(_("有 %(count)d 行，一次最多 %(most)d 行。请分几次粘贴。") % {"count": len(table), "most": MAX_ROWS})
    roster.rows = [_row(number, cells, columns, headings, today) for number, cells in table]
    _mark_twins(roster.rows)
    return roster


def _cells(pasted: str) -> list[tuple[int, list[str]]]:
    """The rows that are not empty, with their numbers; cells with runs of space as one."""
    if len(pasted) > MAX_LENGTH:
        raise RosterError(_("这段文字太长，不像是名单。一次最多粘贴 %(most)d 行。") % {"most": MAX_ROWS})
    quote = '"' if pasted.count('"') % 2 == 0 else None  # a lone quotation mark opens nothing
    lines = csv.reader(io.StringIO(pasted, newline=""), delimiter="\t", quotechar=quote, quoting=csv.QUOTE_MINIMAL if quote else csv.QUOTE_NONE)
    rows = [(number, [" ".join(cell.split()) for cell in cells]) for number, cells in enumerate(lines, 1)]
    return [(number, cells) for number, cells in rows if any(cells)]


def _columns(table: list[tuple[int, list[str]]], roster: Roster) -> tuple[list[Column | None], list[str]]:
    """What the columns are, and what to call them; a line of headings is taken off the table."""
    first = table[0][1]
    found = [_column_of(cell) if cell else None for cell in first]
    if sum(column is not None for column in found) >= 2:
        table.pop(0)
        named = [column for column in found if column]
        has_name = WHOLE_NAME in named
        missing = [str(column.label) for column in COLUMNS if column.is_required and column not in named]
        if missing:
            roster.hints.append(_("名单里没有这几列：%(columns)s。") % {"columns": "、".join(missing)})
        if not has_name and not {"surname", "given_names"} & {column.name for column in named}:
            roster.hints.append(_("名单里没有护照姓名。"))
        return [column if column not in found[:place] else None for place, column in enumerate(found)], first
    roster.hints.append(_("没有标题行，按这个顺序读取：%(columns)s。") % {"columns": "、".join(str(column.label) for column in COLUMNS)})
    is_counted = len(table) > 1 and [cells[0].rstrip(".、") for _number, cells in table] == [str(count) for count in range(1, len(table) + 1)]
    return [*([COUNTER] if is_counted else []), *COLUMNS], []


def _row(number: int, cells: list[str], columns: list[Column | None], headings: list[str], today: date) -> RosterRow:
    row = RosterRow(number)
    for place, text in enumerate(cells):
        column = columns[place] if place < len(columns) else None
        if column is None and text:
            heading = headings[place] if place < len(headings) and headings[place] else _("第 %(place)d 列") % {"place": place + 1}
            row.others[heading] = text
        elif column is not None and column is not COUNTER:
            row.typed[column.name] = text
    if WHOLE_NAME.name in row.typed:
        _part_name(row)
    for column in ASKED:
        _read_cell(row, column, row.typed.get(column.name, ""), today)
    if not {"surname", "given_names"} & {*row.values, *row.errors}:
        row.errors["surname"] = _("没有填写护照上的姓名。")
    return row


def _read_cell(row: RosterRow, column: Column, text: str, today: date) -> None:
    if not text:
        if column.is_required:
            row.errors[column.name] = _("没有填写。")
        return
    try:
        row.values[column.name] = column.read(text, today)
    except CellError as error:
        row.errors[column.name] = str(error)


def _part_name(row: RosterRow) -> None:
    """Put a name in one cell where it belongs: "SMITH, John", "John SMITH", "王敏". One that cannot be parted stays as the surname, with an error."""
    text = row.typed[WHOLE_NAME.name]
    if HAN.search(text):
        row.typed["chinese_name"] = row.typed.get("chinese_name") or text
        return
    if row.typed.get("surname") or row.typed.get("given_names"):
        return
    surname, given = _parts_of(text)
    row.typed["surname"], row.typed["given_names"] = surname, given
    if text and not given:
        row.errors["given_names"] = _("分不清哪个是姓、哪个是名。请分成两列，或者写成“姓, 名”。")


def _parts_of(text: str) -> tuple[str, str]:
    """Surname and given names: parted by a comma, or the surname by its capitals."""
    before, comma, after = text.partition(",")
    if comma:
        return before.strip(), after.strip()
    words = text.split()
    capitals = [word for word in words if word.isupper() and len(word) > 1]
    others = [word for word in words if word not in capitals]
    if capitals and others and words in ([*capitals, *others], [*others, *capitals]):
        return " ".join(capitals), " ".join(others)
    return text, ""


def _mark_twins(rows: list[RosterRow]) -> None:
    """Say of rows with one passport number which they are."""
    by_number = defaultdict(list)
    for row in rows:
        if number := row.values.get("passport_number"):
            by_number[number].append(row)
    for twins in by_number.values():
        for row in twins if len(twins) > 1 else []:
            others = "、".join(str(twin.number) for twin in twins if twin is not row)
            row.errors["passport_number"] = _("与第 %(rows)s 行的护照号码相同。") % {"rows": others}
