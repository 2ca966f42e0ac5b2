"""Read a publication of the duty list: the text layer of its PDF, or the open data of this portal.

What cannot be read fully is refused with line and reason.
"""

import hashlib
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from . import cells

MAX_BYTES = 1_000_000
SHEET_MARK = "职责事项信息表"
LABELS = ("序号", "名称", "法定依据", "实施机构", "职责边界", "运行流程", "运行要件", "责任事项", "监督方式")
CONTENTS_HEAD = "序号名称页码"


class UnreadableError(Exception):
    """A publication that cannot be read fully; `line` counts from 1 (None: the whole file)."""

    def __init__(self, reason: str, line: int | None = None) -> None:
        self.reason, self.line = reason, line
        super().__init__(f"第 {line} 行：{reason}" if line else reason)


@dataclass(frozen=True)
class Entry:
    """One line of the contents."""

    category_number: int
    category_name: str
    code: str
    name: str
    page: int


@dataclass(frozen=True)
class ReadSheet:
    """One information sheet: its cells word for word and their parts."""

    code: str
    heading: str
    name: str
    legal_basis_cell: str
    implementing_body: str
    boundary: str
    process_cell: str
    materials_cell: str
    responsibilities_cell: str
    supervision_cell: str
    citations: list[cells.Citation] = field(init=False, compare=False)
    steps: list[tuple[int, str]] = field(init=False, compare=False)
    materials: list[tuple[str, str]] = field(init=False, compare=False)
    responsibilities: list[tuple[str, str]] = field(init=False, compare=False)
    contact: cells.Contact = field(init=False, compare=False)

    PARTS = (
        ("法定依据", "citations", "legal_basis_cell", cells.split_citations),
        ("运行流程", "steps", "process_cell", cells.split_steps),
        ("运行要件", "materials", "materials_cell", cells.split_listed),
        ("责任事项", "responsibilities", "responsibilities_cell", cells.split_listed),
        ("监督方式", "contact", "supervision_cell", cells.read_contact),
    )

    def __post_init__(self) -> None:
        for label, part, cell, split in self.PARTS:
            try:
                object.__setattr__(self, part, split(getattr(self, cell)))
            except cells.UnreadableCellError as error:
                raise RowError(label, str(error)) from error
        for label, text in (("名称", self.name), ("实施机构", self.implementing_body), ("职责边界", self.boundary)):
            if not text:
                raise RowError(label, "没有内容")
        if re.search("[0-9。；]", self.implementing_body):
            raise RowError("实施机构", f"读到“{self.implementing_body}”，其中混有别的行")
        if self.heading not in {self.name.rstrip("。"), self.name.rstrip("。") + "信息表"}:
            raise RowError("标题", f"读到“{self.heading}”，与名称对不上")

    @property
    def materials_open(self) -> bool:
        """Whether the cell ends with 等: the list is open."""
        return self.materials[-1][1].startswith("等")


class RowError(Exception):
    """A row of a sheet that does not have its form."""

    def __init__(self, label: str, reason: str) -> None:
        self.label, self.reason = label, reason
        super().__init__(f"“{label}”一行：{reason}")


@dataclass(frozen=True)
class Publication:
    """A duty list as read: contents in order, sheets by item (3.2 has none in the source)."""

    entries: list[Entry]
    sheets: dict[str, ReadSheet]
    sha256: str


def read(content: bytes) -> Publication:
    """Read a publication from the bytes of a .txt or .json file. Raises UnreadableError."""
    if len(content) > MAX_BYTES:
        raise UnreadableError(f"文件有 {len(content):,} 字节，超过 {MAX_BYTES:,} 字节，不像是职责清单")
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise UnreadableError("不是 UTF-8 编码，请另存为 UTF-8 后再导入", content[: error.start].count(b"\n") + 1) from error
    if not text.strip():
        raise UnreadableError("文件是空的")
    if control := re.search(r"[\x00-\x08\x0b\x0e-\x1f\x7f\ufffd]", text):
        raise UnreadableError(f"有不能读的字符 U+{ord(control.group()):04X}", text.count("\n", 0, control.start()) + 1)
    sha256 = hashlib.sha256(content).hexdigest()
    if text.lstrip().startswith("{"):
        return _check(*_read_json(text), sha256)
    text = re.sub(r"\r\n?|[\f\t]", "\n", text)
    return _check(*_read_text(text), sha256)


def _check(entries: list[Entry], sheets: list[tuple[int | None, ReadSheet]], sha256: str) -> Publication:
    listed, by_code = {entry.code for entry in entries}, {}
    for line, sheet in sheets:
        if sheet.code not in listed:
            raise UnreadableError(f"信息表 {sheet.code} 不在目录里", line)
        if sheet.code in by_code:
            raise UnreadableError(f"信息表 {sheet.code} 出现了两次", line)
        by_code[sheet.code] = sheet
    return Publication(entries, by_code, sha256)


# -- text layer ----------------------------------------------------------------
@dataclass(frozen=True)
class Compact:
    """A text without its white space, that knows where each character stood."""

    raw: str
    chars: str
    at: list[int]

    @classmethod
    def of(cls, raw: str) -> "Compact":
        at = [index for index, char in enumerate(raw) if not char.isspace() or char == "\u3000"]
        return cls(raw, "".join(raw[index] for index in at), at)

    def starts_line(self, index: int) -> bool:
        return not self.raw[self.raw.rfind("\n", 0, self.at[index]) + 1 : self.at[index]].strip()

    def followed_by_space(self, index: int) -> bool:
        end = self.at[index] + 1
        return end == len(self.raw) or self.raw[end].isspace()

    def ends_line(self, index: int) -> bool:
        rest = self.raw[self.at[index] + 1 :]
        return not rest.split("\n", 1)[0].strip()

    def find(self, word: str, start: int = 0) -> int:
        """Where `word` stands as the label of a row, from `start`: at the begin of a line and followed by white space; -1: nowhere."""
        index = self.chars.find(word, start)
        while index >= 0 and not (self.starts_line(index) and self.followed_by_space(index + len(word) - 1)):
            index = self.chars.find(word, index + 1)
        return index


def _read_text(text: str) -> tuple[list[Entry], list[tuple[int | None, ReadSheet]]]:
    compact = Compact.of(text)
    starts, index = [], compact.find(SHEET_MARK)
    while index >= 0:
        if compact.ends_line(index + len(SHEET_MARK) - 1):
            starts.append(index)
        index = compact.find(SHEET_MARK, index + 1)
    if not starts:
        raise UnreadableError(f"没有找到“{SHEET_MARK}”")
    edges = [compact.at[start] for start in starts] + [len(text)]
    entries = _read_contents(text[: edges[0]])
    sheets: list[tuple[int | None, ReadSheet]] = []
    for number, begin in enumerate(edges[:-1]):
        body = compact.at[starts[number] + len(SHEET_MARK) - 1] + 1
        line = text.count("\n", 0, begin) + 1
        sheets.append((line, _read_sheet(text[body : edges[number + 1]], text.count("\n", 0, body) + 1)))
    return entries, sheets


def _read_contents(text: str) -> list[Entry]:
    tokens = [(line, token) for line, row in enumerate(text.split("\n"), 1) for token in row.split(" ") if token.strip()]
    head = ""
    while tokens and len(head) < len(CONTENTS_HEAD):
        head += tokens.pop(0)[1].strip()
    if head != CONTENTS_HEAD:
        raise UnreadableError("目录须以“序号 名称 页码”开头", 1)
    entries = list(_entries(tokens))
    if not entries:
        raise UnreadableError("目录里没有事项", 1)
    for entry in entries:
        if [other.code for other in entries].count(entry.code) > 1:
            raise UnreadableError(f"目录里 {entry.code} 出现了两次")
        if not entry.code.startswith(f"{entry.category_number}."):
            raise UnreadableError(f"目录里 {entry.code} 列在第 {entry.category_number} 类之下")
    return entries


def _entries(tokens: list[tuple[int, str]]) -> Iterator[Entry]:
    category, category_name, code, name = 0, "", "", ""
    line = 1
    for line, token in tokens:
        if re.fullmatch(r"[0-9]+\.[0-9]+", token):
            if code:
                raise UnreadableError(f"目录里 {code} 没有页码", line)
            if not category_name:
                raise UnreadableError(f"目录里 {token} 前面没有类别", line)
            code, name = token, ""
        elif token.isdecimal() and name.endswith("。"):
            yield Entry(category, cells.normalise(category_name), code, cells.normalise(name), int(token))
            code, name = "", ""
        elif token.isdecimal() and not code:
            category, category_name = int(token), ""
        elif code:
            name += token
        elif category:
            category_name += token
        else:
            raise UnreadableError(f"目录里读不懂“{token}”", line)
    if code:
        raise UnreadableError(f"目录里 {code} 的名称没有以句号和页码结束", line)


def _read_sheet(raw: str, first_line: int) -> ReadSheet:
    """One sheet from the text behind its mark; `first_line` is the number of the line on which that text begins."""

    def line_at(position: int) -> int:
        return first_line + raw.count("\n", 0, position)

    compact = Compact.of(raw)
    found: list[tuple[str, int, int]] = []  # label, where it begins, where its cell begins
    end = 0
    for label in LABELS:
        index = compact.find(label, end)
        if index < 0:
            raise UnreadableError(f"这张信息表缺“{label}”一行", line_at(found[-1][1]) if found else first_line)
        end = index + len(label)
        found.append((label, compact.at[index], compact.at[end - 1] + 1))
    stops = [begin for _, begin, _ in found[1:]] + [len(raw)]
    for (label, _, begin), stop in zip(found, stops, strict=True):
        _refuse_unknown_rows(raw[begin:stop], line_at(begin), label, max(len(row) for row in raw.split("\n")))
    values = [cells.normalise(raw[begin:stop]) for (_, _, begin), stop in zip(found, stops, strict=True)]
    if not re.fullmatch(r"[0-9]+\.[0-9]+", values[0]):
        raise UnreadableError(f"序号“{values[0]}”不是“1.1”这样的编号", line_at(found[0][1]))
    code, name, legal_basis, body, boundary, process, materials, responsibilities, supervision = values
    heading = cells.normalise(raw[: found[0][1]])
    try:
        return ReadSheet(code, heading, name, legal_basis, body, boundary, process, materials, responsibilities, supervision)
    except RowError as error:
        begins = {label: begin for label, begin, _ in found}
        raise UnreadableError(f"信息表 {code} {error}", line_at(begins.get(error.label, 0))) from error


def _refuse_unknown_rows(cell: str, first_line: int, label: str, widest: int) -> None:
    """Find a line that looks like the label of a row that we do not know: some Chinese characters and a gap, or alone on a short line."""
    lines = [(number, row.strip()) for number, row in enumerate(cell.split("\n"), first_line) if row.strip()]
    for place, (number, row) in enumerate(lines):
        if number == first_line:
            continue
        gap = re.match(r"([\u4e00-\u9fff]{2,6}) +(?=[\u4e00-\u9fff《“（]|[0-9]+(?![0-9.])(?! ?号))", row)
        alone = re.fullmatch(r"[\u4e00-\u9fff]{2,6}", row) if place < len(lines) - 1 and len(row) * 2 < widest and place else None
        if word := gap or alone:
            raise UnreadableError(f"“{label}”之后有不认识的行名“{word.group().strip()}”", number)


# -- open data -----------------------------------------------------------------
def _read_json(text: str) -> tuple[list[Entry], list[tuple[int | None, ReadSheet]]]:
    try:
        document = json.loads(text)
    except ValueError as error:
        raise UnreadableError(f"不是完整的 JSON：{error}", getattr(error, "lineno", None)) from error
    try:
        rows = [(category, item) for category in document["categories"] for item in category["items"]]
        entries = [
            Entry(int(category["number"]), str(category["name"]), str(item["code"]), str(item["contents"]["name"]), int(item["contents"]["page"]))
            for category, item in rows
        ]
        sheets = [(None, _sheet_from(item)) for _, item in rows if item["sheet"] is not None]
    except (KeyError, TypeError, ValueError) as error:
        raise UnreadableError(f"JSON 的结构不是本站公开数据的结构（{error}）") from error
    if not entries or len({entry.code for entry in entries}) < len(entries):
        raise UnreadableError("JSON 里没有事项，或事项重复")
    return entries, [(line, sheet) for line, sheet in sheets]


def _sheet_from(item: dict[str, Any]) -> ReadSheet:
    sheet = item["sheet"]
    words = sheet["cells"]
    texts = [
        item["code"],
        sheet["heading"],
        words["name"],
        words["legal_basis"],
        words["implementing_body"],
        words["boundary"],
        words["process"],
        words["materials"],
        words["responsibilities"],
        words["supervision"],
    ]
    if not all(isinstance(value, str) for value in texts):
        raise TypeError(f"{item['code']} 有一格不是文字")
    try:
        made = ReadSheet(*texts)
    except RowError as error:
        raise UnreadableError(f"信息表 {item['code']} {error}") from error
    told = [step["text"] for step in sheet["steps"]], [material["name"] for material in sheet["materials"]]
    if told != ([step for _, step in made.steps], [name for name, _ in made.materials]):
        raise UnreadableError(f"信息表 {item['code']} 的步骤或要件与原文不一致")
    return made
