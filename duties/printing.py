"""The duty list on paper: a sheet (信息表) and the booklet, from the list as data (duties.open_data), in the published words.

Lines are broken by the rules of Chinese typesetting with spans alone: what is copied or read from the PDF is the stored text, character by character.
"""

import io
import json
import math
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from functools import cache, lru_cache
from itertools import groupby
from typing import Any

from django.template.loader import render_to_string
from django.utils import timezone
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

from core.libraries import library
from core.printing import ARCHIVE, SCREEN, printed

from . import open_data
from .templatetags.duty_list import as_title

DENSITIES = ("roomy", "normal", "compact")
NOT_PROVIDED = "信息表未随源文件提供"
LABELS = {
    "name": "名称",
    "legal_basis": "法定依据",
    "implementing_body": "实施机构",
    "boundary": "职责边界",
    "process": "运行流程",
    "materials": "运行要件",
    "responsibilities": "责任事项",
    "supervision": "监督方式",
}
BODY = '<body class="{} '
BLANKS = re.compile(r"\s*\n\s*(?=</?(?:table|tr|th|td|p|h1|section|div)\b)")  # of the templates; they show nothing, and reading them takes time
HEIGHTS = {"implementing_body": "x", "boundary": "x", "process": "z"}  # classes of rows in print.css; the others: y

# -- Lines ---------------------------------------------------------------------
CLOSING, OPENING = "，。、；：？！）》】”’>", "（《【“‘<"
# What no line is broken in: > and < side by side, a sign with its neighbour (ASCII signs are letters to the line breaker), document and house numbers,
# a number and its unit with a space between them ("5 月").
TOGETHER = re.compile(rf".?> ?<.?|<.|.?>[{CLOSING}]*|\[\d{{4}}\]\d+号?|\d+号|【\d{{4}}】\d+号?|\d+ [一-鿿]")
MOST_LINES = 6  # of a title
LONG = 24  # characters in a full line of a cell
LAST = 4  # that many of a longer text stay together at its end
PHRASE = re.compile(rf"[^{CLOSING}{OPENING}\s\x21-\x7e—…·]+")
# Words of titles that a line must not be broken in; it cannot be known of every word.
WORDS = re.findall(
    r"\w+",
    "负责 国外 国际 国家 相关 部门 举办 我市 我会 参与 经贸 活动 组织 工作 驻华 使馆 使领馆 海外 工商 机构 办事 日常 联系 联络 多双边 合作 机制 建立 "
    "建设 实施 邀请 接待 代表团 来访 出访 重要 公务 外事 进行 对接 共同策划 促进 贸促会 对外 函电 邀请函 通知 签证 审签 管理 信息表 职责 事项 往来",
)


def typeset(text: str) -> SafeString:
    """A text with spans round what a line must not be broken in, and round phrases that go into 楷体 whole.

    Without its tags it is `text`. A phrase with a character that 仿宋 does not have is set in one face, so that a rare name does not look patched.
    """
    kai = [False] * len(text)
    for phrase in PHRASE.finditer(text):
        if not all(map(in_fang, phrase[0])):
            kai[phrase.start() : phrase.end()] = [True] * len(phrase[0])
    pieces, position = [], 0
    for start, end in [*unbroken(text), (len(text), len(text))]:
        pieces.append(_faces(text, kai, position, start))
        if end > start:
            pieces.append(format_html('<span class="nb">{}</span>', _faces(text, kai, start, end)))
        position = end
    hung = text[:1] in tuple("《（【")
    return format_html('<span class="hung"></span>{}', _joined(pieces)) if hung else _joined(pieces)


def unbroken(text: str) -> list[tuple[int, int]]:
    """Where `text` is not broken: [(start, end)], in order, apart from each other."""
    found = [match.span() for match in TOGETHER.finditer(text)]
    if len(text) > LONG:
        end = len(text.rstrip(CLOSING))
        found.append((max(end - LAST + 1, 0), len(text)))
    spans: list[tuple[int, int]] = []
    for start, end in sorted(found):
        while end < len(text) and text[end] in CLOSING:
            end += 1
        while start > 0 and text[start - 1] in OPENING:
            start -= 1
        if spans and start <= spans[-1][1]:
            spans[-1] = spans[-1][0], max(end, spans[-1][1])
        else:
            spans.append((start, end))
    return spans


def in_fang(char: str) -> bool:
    """Whether FandolFang has a character: GB 2312 and nothing more (Python knows two of its signs by other names)."""
    if char in "—·":
        return True
    try:
        char.encode("gb2312")
    except UnicodeEncodeError:
        return False
    return True


def _faces(text: str, kai: list[bool], start: int, end: int) -> SafeString:
    runs = ((rare, "".join(text[place] for place in places)) for rare, places in groupby(range(start, end), key=lambda place: kai[place]))
    return _joined([format_html('<span class="kai">{}</span>', run) if rare else format_html("{}", run) for rare, run in runs])


def _joined(pieces: list[SafeString]) -> SafeString:
    return format_html_join("", "{}", ((piece,) for piece in pieces))


def balance(text: str, widths: tuple[int, ...]) -> tuple[int, list[str]]:
    """Lines of a title, broken where its sense allows (梯形、菱形), and the width taken, of `widths` in characters, best first.

    A break is best after 、, then after 的, then before 和 及 与, and never inside a word that is known. A text of more than MOST_LINES is left as it is.
    """
    choices = []
    if measure(text) > MOST_LINES * min(widths):
        return widths[-1], [text]
    for narrower, width in enumerate(widths):
        lines = math.ceil(measure(text) / width)
        cost, breaks = _best_breaks(text, width, max(lines, 1))
        choices.append((lines * 100 + cost + 2 * narrower, width, breaks))
    _cost, width, breaks = min(choices)
    return width, [text[start:end] for start, end in zip([0, *breaks], [*breaks, len(text)], strict=True)]


def _best_breaks(text: str, width: int, lines: int) -> tuple[float, list[int]]:
    mean = measure(text) / lines

    @cache
    def best(start: int, left: int) -> tuple[float, list[int]]:
        if left == 1:
            over = max(measure(text[start:]) - width, 0)
            return 1000 * over + abs(measure(text[start:]) - mean) / 2, []
        found: list[tuple[float, list[int]]] = []
        for end in range(start + 1, len(text)):
            length = measure(text[start:end])
            if length > width:
                break
            cost, breaks = best(end, left - 1)
            found.append((cost + _break_cost(text, end) + abs(length - mean) / 2, [end, *breaks]))
        return min(found, default=(1e9, []))

    return best(0, lines)


def _break_cost(text: str, place: int) -> float:
    before, after = text[place - 1], text[place]
    if after in CLOSING or before in OPENING or (before.isascii() and after.isascii()):
        return 500
    if any(word in text[max(place - len(word) + 1, 0) : place + len(word) - 1] for word in WORDS):
        return 50
    if before in "、，；：":
        return 0
    if before == "的":
        return 2
    return 4 if after in "和及与" else 8


def measure(text: str) -> float:
    """How wide a text is, in Chinese characters."""
    return sum(0.5 if char.isascii() else 1 for char in text)


# -- Sheets --------------------------------------------------------------------
@dataclass(frozen=True)
class Row:
    """A row of a sheet: `height` is its class in print.css; no paragraphs where the cell above spans it."""

    label: str
    paragraphs: list[SafeString]
    height: str = "y"
    numbered: bool = False
    span: int = 0
    lines: int = 1


def rows(item: dict[str, Any]) -> Iterator[Row]:
    """The nine rows in their published order; one note in place of those that were not published."""
    yield Row("序号", [typeset(item["code"])], "x")
    sheet = item["sheet"]
    if sheet is None:
        yield _row("name", [item["contents"]["name"]])
        missing = list(LABELS.values())[1:]
        yield Row(missing[0], [typeset(NOT_PROVIDED)], "x", span=len(missing))
        yield from (Row(label, [], "x") for label in missing[1:])
        return
    for name in LABELS:
        yield _row(name, parts(name, sheet))


def _row(name: str, texts: list[str]) -> Row:
    numbered = len(texts) > 1 and name in ("process", "legal_basis")
    lines = sum(math.ceil((measure(text) + 0.75 * numbered) / LONG) for text in texts)
    return Row(LABELS[name], [typeset(text) for text in texts], HEIGHTS.get(name, "y"), numbered, lines=lines)


def parts(name: str, sheet: dict[str, Any]) -> list[str]:
    """The paragraphs of a cell: a line for each number or kind of contact, if they join to the cell again; else the cell as it is."""
    cell = sheet["cells"][name]
    split: list[str] = []
    if name in ("process", "legal_basis"):
        listed = sheet["steps"] if name == "process" else sheet["legal_bases"]
        split = [(f"{part['number']}." if part["number"] else "") + part["text"] for part in listed]
    elif name == "supervision":
        contact = sheet["supervision"]
        split = [f"电话：{contact['phone']}", f"地址：{contact['address']}", f"邮箱：{contact['email']}"]
    return split if cell and "".join(split) == cell else [cell or "—"]


def loosest(item: dict[str, Any]) -> int:
    """The density (its place in DENSITIES) that should fit a page: a count of lines, so that few trials are laid out in vain."""
    needed = list(rows(item))
    room = 638 - 23 - 11 - 31 * math.ceil(measure(heading(item)) / 21)
    for density, (padding, line, heights) in enumerate([(9.8, 21.0, {"x": 22, "y": 54, "z": 86}), (9.8, 21.0, {"x": 22, "y": 44, "z": 70})]):
        if sum(max(row.lines * line, heights[row.height]) + padding for row in needed) <= room:
            return density
    return len(DENSITIES) - 1


def title_lines(item: dict[str, Any]) -> tuple[int, list[str]]:
    """The title of a sheet in lines, and its width in characters: 20 at 22 pt, 21 at 21 pt."""
    return balance(heading(item), (20, 21))


def heading(item: dict[str, Any]) -> str:
    sheet = item["sheet"]
    text: str = (sheet and (sheet["heading"] or sheet["cells"]["name"])) or as_title(item["contents"]["name"])
    return text


def sheet_context(item: dict[str, Any], place: int = 1) -> dict[str, Any]:
    """What templates/print/_sheet.html shows; `place` is the sheet's among those of the document, from 1."""
    sheet, (width, lines) = item["sheet"], title_lines(item)
    return {
        "code": item["code"],
        "place": place,
        "bookmark": f"{item['code']} {as_title(item['contents']['name'])}",
        "title": [typeset(line) for line in lines],
        "narrow": width == 21,
        "again": f"{heading(item)[:60]}（续）",
        "rows": list(rows(item)),
        "listed": typeset(item["contents"]["name"]),
        "edition": sheet and sheet["edition"],
        "recorded": sheet and day(sheet["recorded_at"]),
    }


def day(moment: str) -> str:
    at = timezone.localtime(datetime.fromisoformat(moment))
    return f"{at.year}年{at.month}月{at.day}日"


@lru_cache(maxsize=256)
def qr_png(address: str) -> bytes:
    """A QR code (ISO/IEC 18004, error correction M, quiet zone of 4 modules)."""
    file = io.BytesIO()
    library("segno.make")(address, error="m", micro=False).save(file, kind="png", scale=4, border=4)
    return file.getvalue()


# -- Documents -----------------------------------------------------------------
def sheet_pdf(item: dict[str, Any], *, archive: bool = False) -> bytes:
    """The sheet of an item (of duties.open_data.items_of): one A4 page, PDF/UA-1; more pages only if even the tightest setting needs them.

    With `archive`, PDF/A-3a with the item's data embedded as JSON. Raises core.printing.PrintRefusedError.
    """
    sheet = item["sheet"]
    context = {
        "title": heading(item),
        "recorded_at": sheet and sheet["recorded_at"],
        "binding": "alone",
        "page": item["contents"]["page"],
        "sheets": [sheet_context(item)],
    }
    documents = _in_densities("print/sheet.html", context, [item])
    return printed(*documents, pages=1, files=_codes([item]), **_variant(f"{item['code']}.json", item, archive=archive))


def booklet_pdf(data: dict[str, Any], *, screen: bool = False, cover: bool = True, archive: bool = False) -> bytes:
    """The list (of duties.open_data.list_as_data): cover, contents and every sheet, in one density; PDF/UA-1.

    For duplex printing, with a blank page behind cover and contents; with `screen` without. Without `cover` the sheets only.
    With `archive` as sheet_pdf.
    """
    items = open_data.items_of(data)
    sheets = {item["code"]: sheet_context(item, place) for place, item in enumerate(items, 1)}
    context = {
        "title": "天津市贸促分会国际联络部职责清单",
        "recorded_at": data["edition"]["recorded_at"],
        "recorded": day(data["edition"]["recorded_at"]),
        "edition": data["edition"]["number"],
        "binding": "screen" if screen else "duplex",
        "cover": cover,
        "sheets": list(sheets.values()),
        "categories": [
            {
                "number": category["number"],
                "name": category["name"],
                "lines": balance(category["name"], (6,))[1],
                "sheets": [sheets[item["code"]] for item in category["items"]],
            }
            for category in data["categories"]
        ],
    }
    documents = _in_densities("print/booklet.html", context, items)
    documents.append(documents[-1].replace(BODY.format("compact"), BODY.format("compact long"), 1))
    front = (2 if screen else 4) if cover else 0
    return printed(*documents, pages=front + len(items), files=_codes(items), **_variant("duties.json", data, archive=archive))


def _in_densities(template: str, context: dict[str, Any], items: list[dict[str, Any]]) -> list[str]:
    """The document in the densities that may fit, which differ in the class of its body and in nothing else."""
    first, *tighter = DENSITIES[max(map(loosest, items)) :]
    document = BLANKS.sub("", render_to_string(template, context | {"density": first}))
    return [document, *(document.replace(BODY.format(first), BODY.format(density), 1) for density in tighter)]


def _codes(items: list[dict[str, Any]]) -> dict[str, bytes]:
    return {f"{item['code']}.png": qr_png(item["url"]) for item in items}


def _variant(name: str, made_from: dict[str, Any], *, archive: bool) -> dict[str, Any]:
    if not archive:
        return {"variant": SCREEN}
    return {"variant": ARCHIVE, "attachments": {name: json.dumps(made_from, ensure_ascii=False, indent=1).encode()}}
