"""The sheets and the booklet as Word documents, filled into duties/word_templates/duty_list.docx, which the office may change in Word.

docxtpl costs memory and time to load, and nothing that answers a request needs it: no module that a web process loads imports this one
(tests/test_start.py holds it to that). A task names it by a dotted path instead of importing it.
"""

import io
import re
import zipfile
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from docxtpl import DocxTemplate
from markupsafe import Markup, escape

from .open_data import items_of
from .printing import LABELS, balance, day, heading, parts, title_lines

TEMPLATE = Path(__file__).parent / "word_templates" / "duty_list.docx"
NOT_IN_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")  # XML 1.0 §2.2
BRACES = {ord(sign): f"&#{ord(sign)};" for sign in "{}%"}
MAX_TITLE = 255  # characters that a document property holds (ECMA-376)
TITLE_SIZES = {20: 22, 21: 21}  # points of a title, by the characters that a line of 156 mm holds then
CATEGORY_WIDTH = 5  # characters of a category in the contents


def sheet_docx(item: dict[str, Any]) -> bytes:
    """The sheet of one item (as `duties.open_data` tells it) as a Word document of one page, bearing the item's page number."""
    recorded_at = item["sheet"]["recorded_at"] if item["sheet"] else None
    context = {"items": _lines_of([item]), "with_cover": False, "first_page": item["contents"]["page"]}
    return fill(TEMPLATE, context, title=heading(item), recorded_at=recorded_at)


def booklet_docx(data: dict[str, Any], *, cover: bool = True, each: Callable[[], object] = lambda: None) -> bytes:
    """The list (as `duties.open_data.list_as_data` tells it) as one Word document: cover, contents and each sheet on its own page.

    Without `cover` the sheets only. The same list gives the same bytes. `each` is called after each item is laid out.
    """
    recorded_at = data["edition"]["recorded_at"]
    context = {
        "items": _lines_of(items_of(data), each),
        "with_cover": cover,
        "first_page": 1,
        "number": data["edition"]["number"],
        "recorded_on": day(recorded_at),
    }
    return fill(TEMPLATE, context, title="天津市贸促分会国际联络部职责清单", recorded_at=recorded_at)


def _lines_of(items: list[dict[str, Any]], each: Callable[[], object] = lambda: None) -> list[dict[str, Any]]:
    """What the template says of each item, in the published words."""
    lines, category = [], None
    for item in items:
        width, lines_of_title = title_lines(item)
        begins, category = item["category"]["number"] != category, item["category"]["number"]
        lines.append(
            {
                "code": as_text(item["code"]),
                "merge": "restart" if begins else "continue",
                "category_number": category if begins else "",
                "category_name": as_text("\n".join(balance(item["category"]["name"], (CATEGORY_WIDTH,))[1])) if begins else "",
                "contents_name": as_text(item["contents"]["name"]),
                "page": item["contents"]["page"],
                "bookmark": as_text("item_" + re.sub(r"\W", "_", item["code"])),
                "title": as_text(heading(item)),
                "title_lines": as_text("\n".join(lines_of_title)),
                "title_size": TITLE_SIZES[width],
                "rows": {name: [as_text(line) for line in parts(name, item["sheet"])] for name in LABELS} if item["sheet"] else None,
                "foot": as_text(_foot(item)),
            }
        )
        each()
    return lines


def _foot(item: dict[str, Any]) -> str:
    address, sheet = f"现行版本：{item['url']}", item["sheet"]
    return f"第 {sheet['edition']} 版　{day(sheet['recorded_at'])}录入本站　{address}" if sheet else address


def as_text(text: str) -> Markup:
    """Text as it stands in the XML of a document. A brace as a reference, for docxtpl takes "{_{" for a brace of its own even in what it filled in."""
    return Markup(str(escape(NOT_IN_XML.sub("", text))).translate(BRACES))  # noqa: S704 - escaped


def fill(path: Path, context: dict[str, Any], *, title: str, recorded_at: str | None) -> bytes:
    """The template at `path`, filled in with texts that went through `as_text`. `recorded_at` (ISO 8601) is told as its time of making."""
    template = DocxTemplate(path)
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
