"""Search in the published list: every word of the query must stand somewhere in an item. And what staff find an item by."""

import unicodedata
from collections.abc import Iterable
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from core.search import Source, Words, register

from .models import ListEdition, ListEntry

MAX_QUERY = 100  # characters; nobody types more, and a longer one finds nothing


def fold(text: str) -> tuple[str, list[int]]:
    """Text without differences of width and case, and for each of its characters the place in `text` where it comes from."""
    folded, places = [], []
    for place, char in enumerate(text):
        for part in unicodedata.normalize("NFKC", char).casefold():
            folded.append(part)
            places.append(place)
    return "".join(folded), places


def words_of(query: str) -> list[str]:
    """The words of a query, folded, without control characters."""
    clean = "".join(" " if unicodedata.category(char) in {"Cc", "Cs"} else char for char in query[:MAX_QUERY])
    return fold(clean)[0].split()


def search(items: list[dict[str, Any]], query: str) -> list[dict[str, Any]] | None:
    """Items in which every word of `query` stands, with the rows that hold one; None for an empty query."""
    words = words_of(query)
    if not words:
        return None
    found = []
    for item in items:
        rows = list(_rows(item))
        folded = [fold(text)[0] for _label, text in rows]
        if all(any(word in text for text in folded) for word in words):
            matches = [{"label": label, "fragments": mark(text, words)} for label, text in rows if any(word in fold(text)[0] for word in words)]
            found.append({"item": item, "matches": matches})
    return found


def _rows(item: dict[str, Any]) -> Iterable[tuple[str, str]]:
    yield _("序号"), item["code"]
    yield _("类别"), item["category"]["name"]
    yield _("目录所列名称"), item["contents"]["name"]
    if item["sheet"]:
        labels = {
            "name": _("名称"),
            "legal_basis": _("法定依据"),
            "implementing_body": _("实施机构"),
            "boundary": _("职责边界"),
            "process": _("运行流程"),
            "materials": _("运行要件"),
            "responsibilities": _("责任事项"),
            "supervision": _("监督方式"),
        }
        for name, label in labels.items():
            yield label, item["sheet"]["cells"][name] or ""


def mark(text: str, words: list[str]) -> list[dict[str, Any]]:
    """`text` in pieces, those that match one of `words` marked; joined they are `text` again."""
    folded, places = fold(text)
    hit = [False] * len(text)
    for word in words:
        start = folded.find(word)
        while start >= 0:
            for place in places[start : start + len(word)]:
                hit[place] = True
            start = folded.find(word, start + 1)
    pieces: list[dict[str, Any]] = []
    for char, match in zip(text, hit, strict=True):
        if pieces and pieces[-1]["match"] == match:
            pieces[-1]["text"] += char
        else:
            pieces.append({"text": char, "match": match})
    return pieces


ITEMS = register(
    Source(
        kind="item",
        label=gettext_lazy("职责事项"),
        objects=lambda: ListEntry.objects.filter(edition__status=ListEdition.Status.PUBLISHED).select_related("item"),
        visible=lambda by: ListEntry.objects.filter(edition__status=ListEdition.Status.PUBLISHED).select_related("item"),
        words=lambda entry: Words(f"{entry.item_id} {entry.name}", [entry.category_name]),
        about=lambda entry: entry.category_name,
    )
)
