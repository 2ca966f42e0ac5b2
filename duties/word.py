"""The sheets and the booklet as Word documents, filled into duties/word_templates/duty_list.docx, which the office may change in Word.

docxtpl costs memory and time to load, and nothing that answers a request needs it: no module that a web process loads imports this one
(a test holds it to that). It is named by its dotted path where background work and commands use it.
"""

import io
import re
import zipfile
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from django.utils import timezone
from docxtpl import DocxTemplate
from markupsafe import Markup, escape

from .open_data import items_of

TEMPLATE = Path(__file__).parent / "word_templates" / "duty_list.docx"
NOT_IN_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")  # XML 1.0 §2.2
BRACES = {ord(sign): f"&#{ord(sign)};" for sign in "{}%"}
MAX_TITLE = 255  # characters that a document property holds (ECMA-376)
NOT_SAID = "—"
CLOSING, OPENING = "，。、；：？！）》】”’>", "（《【“‘<"
TITLE_SIZES = {22: 20, 21: 21}  # points, and how many characters of that size a line of 156 mm holds
CATEGORY_SIZES = {14: 5}


def sheet_docx(item: dict[str, Any]) -> bytes:
    """The sheet of one item (as `duties.open_data` tells it) as a Word document of one page, bearing the item's page number."""
    recorded_at = item["sheet"]["recorded_at"] if item["sheet"] else None
    context = {"items": _lines_of([item]), "with_cover": False, "first_page": item["contents"]["page"]}
    return _document(context, title=_title(item), recorded_at=recorded_at)


def booklet_docx(data: dict[str, Any], *, cover: bool = True) -> bytes:
    """The list (as `duties.open_data.list_as_data` tells it) as one Word document: cover, contents and each sheet on its own page.

    Without `cover` the sheets only. The same list gives the same bytes.
    """
    recorded_at = data["edition"]["recorded_at"]
    context = {
        "items": _lines_of(items_of(data)),
        "with_cover": cover,
        "first_page": 1,
        "number": data["edition"]["number"],
        "recorded_on": _day(recorded_at),
    }
    return _document(context, title="国际联络部职责清单", recorded_at=recorded_at)


def _lines_of(items: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """What the template says of each item, in the published words."""
    lines, category = [], None
    for item in items:
        size, title_lines = break_lines(_title(item), TITLE_SIZES)
        _size, category_lines = break_lines(item["category"]["name"], CATEGORY_SIZES)
        begins, category = item["category"]["number"] != category, item["category"]["number"]
        lines.append(
            {
                "code": _text(item["code"]),
                "merge": "restart" if begins else "continue",
                "category_number": category if begins else "",
                "category_name": _text("\n".join(category_lines)) if begins else "",
                "contents_name": _text(item["contents"]["name"]),
                "page": item["contents"]["page"],
                "bookmark": _text("item_" + re.sub(r"\W", "_", item["code"])),
                "title": _text(_title(item)),
                "title_lines": _text("\n".join(title_lines)),
                "title_size": size,
                "rows": {name: [_text(line) for line in rows] for name, rows in _rows(item["sheet"])} if item["sheet"] else None,
                "foot": _text(_foot(item)),
            }
        )
    return lines


def _title(item: dict[str, Any]) -> str:
    name = item["contents"]["name"].removesuffix("。")
    return (item["sheet"]["heading"] or name) if item["sheet"] else name


def break_lines(text: str, sizes: dict[int, int]) -> tuple[int, list[str]]:
    """The size in points and the lines of a heading: whole on one line, else on two, broken where the sense allows and near the middle.

    `sizes` says how many characters fit on a line, the wanted size first. What two lines do not hold is left to Word.
    Source of the rule: GB/T 9704-2012 7.3.1 (回行时词意完整、排列对称、长短适宜).
    """
    wanted = next(iter(sizes))
    breaks = [(_cost(text, at) + (wanted - size), -at, size) for size, fits in sizes.items() for at in range(1, len(text)) if max(at, len(text) - at) <= fits]
    if len(text) <= sizes[wanted] or not breaks:
        return wanted, [text]
    _least, place, size = min(breaks)
    return size, [text[:-place], text[-place:]]


def _cost(text: str, at: int) -> float:
    """How ill a break before the character `at` reads; a mark never begins a line."""
    before, after = text[at - 1], text[at:]
    if after[0] in CLOSING or before in OPENING:
        return 100
    sense = 0 if before == "、" else 1 if before == "的" or after.startswith("共同") else 2 if after[0] in "和及与" else 6
    return sense + 0.4 * abs(len(text) - 2 * at)


def _foot(item: dict[str, Any]) -> str:
    address = f"现行版本：{item['url']}"
    sheet = item["sheet"]
    return f"第 {sheet['edition']} 版　录入本站时间 {_day(sheet['recorded_at'])}　{address}" if sheet else address


def _rows(sheet: dict[str, Any]) -> Iterator[tuple[str, list[str]]]:
    """Each cell in the lines that its parts make; joined they are the cell again."""
    contact = sheet["supervision"]
    parts = {
        "legal_basis": [f"{basis['number']}.{basis['text']}" if basis["number"] else basis["text"] for basis in sheet["legal_bases"]],
        "process": [f"{step['number']}.{step['text']}" for step in sheet["steps"]],
        "supervision": [f"电话：{contact['phone']}", f"地址：{contact['address']}", f"邮箱：{contact['email']}"],
    }
    for name, cell in sheet["cells"].items():
        lines = parts.get(name, [])
        yield name, lines if "".join(lines) == cell else [cell or NOT_SAID]


def _day(moment: str) -> str:
    day = timezone.localtime(datetime.fromisoformat(moment))
    return f"{day.year} 年 {day.month} 月 {day.day} 日"


def _text(text: str) -> Markup:
    """Text as it stands in the XML of a document. A brace as a reference, for docxtpl takes "{_{" for a brace of its own even in what it filled in."""
    return Markup(str(escape(NOT_IN_XML.sub("", text))).translate(BRACES))  # noqa: S704 - escaped


def _document(context: dict[str, Any], *, title: str, recorded_at: str | None) -> bytes:
    template = DocxTemplate(TEMPLATE)
    template.render(context, autoescape=True)  # without autoescape, text with < and & vanishes silently
    properties = template.docx.core_properties
    properties.title, properties.language = NOT_IN_XML.sub("", title)[:MAX_TITLE], "zh-CN"
    if recorded_at:
        properties.created = properties.modified = datetime.fromisoformat(recorded_at).astimezone(UTC).replace(tzinfo=None)
    file = io.BytesIO()
    template.save(file)
    return _without_times(file)


def _without_times(file: io.BytesIO) -> bytes:
    """The package with its parts in order and no times of day: the same content gives the same bytes."""
    packed = io.BytesIO()
    with zipfile.ZipFile(file) as package, zipfile.ZipFile(packed, "w") as again:
        for name in sorted(package.namelist()):
            again.writestr(zipfile.ZipInfo(name), package.read(name), zipfile.ZIP_DEFLATED)
    return packed.getvalue()
