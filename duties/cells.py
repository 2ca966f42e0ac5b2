"""Cells of an information sheet: the one normalisation of extracted text, and the parts that a cell is made of.

The parts of a cell, each with what separated it, join to the cell again; a cell for which that does not hold is refused.
"""

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass


class UnreadableCellError(ValueError):
    """A cell that does not have the form of its row; the message says why, in the words of the interface."""


@dataclass(frozen=True)
class Citation:
    """One legal basis as cited: what the citation says (`text`), and what can be read off it (None: not said)."""

    number: int | None
    text: str
    title: str | None
    issuer: str | None
    document_number: str | None


@dataclass(frozen=True)
class Contact:
    phone: str
    address: str
    email: str


def normalise(raw: str) -> str:
    """The words of a cell as they were before the PDF's text layer wrapped and spaced them.

    A line end is joined without anything between; a space that touches a digit, a Chinese character or a full-width sign is dropped;
    the space between > and < stays. Nothing else changes.
    """
    joined = re.sub(r">[ \r\n\f]+<", "> <", raw)
    joined = re.sub(r"[\r\n\f]", "", joined).strip(" ")
    return re.sub(r" +", lambda space: "" if _touches_wide(joined, space) else space.group(), joined)


def _touches_wide(text: str, space: re.Match[str]) -> bool:
    neighbours = text[max(space.start() - 1, 0) : space.start()] + text[space.end() : space.end() + 1]
    return any(char in "0123456789" or unicodedata.east_asian_width(char) in "WFA" for char in neighbours)


def split_steps(cell: str) -> list[tuple[int, str]]:
    """Steps of a 运行流程 cell: "1.接件2.审核" becomes [(1, "接件"), (2, "审核")]."""
    parts = _split_numbered(cell)
    if not parts or any(not text for _, text in parts):
        raise UnreadableCellError("步骤须依次以“1.”“2.”……开头，每步都要有文字")
    return parts


def split_citations(cell: str) -> list[Citation]:
    """Citations of a 法定依据 cell, numbered or a single one without number."""
    numbered: Sequence[tuple[int | None, str]] = _split_numbered(cell) or [(None, cell)]
    return [_citation(number, text) for number, text in numbered]


def split_listed(cell: str) -> list[tuple[str, str]]:
    """Parts of a cell that lists by 、, each with the mark behind it: "甲、乙等" becomes [("甲", "、"), ("乙", "等")]."""
    closing = next((mark for mark in ("等。", "等", "。") if cell.endswith(mark)), "")
    body = cell.removesuffix(closing)
    texts = _split_outside_brackets(body)
    if not all(texts) or re.search("[。；]", body) or re.search("等(?!、)", body):
        raise UnreadableCellError("各项须以“、”隔开，以“等”或“。”结尾")
    return [(text, "、") for text in texts[:-1]] + [(texts[-1], closing)]


def read_contact(cell: str) -> Contact:
    """Telephone, address and mailbox of a 监督方式 cell."""
    found = re.fullmatch(r"电话：(?P<phone>[0-9（）()+\-]+)地址：(?P<address>[^：]+)邮箱：(?P<email>[A-Za-z0-9._+-]+@[A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)+)", cell)
    if not found:
        raise UnreadableCellError("须依次写明“电话：”“地址：”“邮箱：”")
    return Contact(**found.groupdict())


def join_contact(contact: Contact) -> str:
    return f"电话：{contact.phone}地址：{contact.address}邮箱：{contact.email}"


def _split_numbered(cell: str) -> list[tuple[int, str]]:
    parts: list[tuple[int, str]] = []
    rest = cell
    if not rest.startswith("1."):
        return parts
    rest, number = rest.removeprefix("1."), 1
    while found := re.search(rf"(?<![0-9.]){number + 1}\.(?![0-9])", rest):
        parts.append((number, rest[: found.start()]))
        rest, number = rest[found.end() :], number + 1
    return [*parts, (number, rest)]


def _split_outside_brackets(text: str) -> list[str]:
    parts, depth = [""], 0
    for char in text:
        depth += (char in "（《“") - (char in "）》”")
        if char == "、" and depth == 0:
            parts.append("")
        else:
            parts[-1] += char
    return parts


def _citation(number: int | None, text: str) -> Citation:
    found = re.fullmatch(r"(?P<title>《.+》)?(?P<issuer>[^《》（）]*)（(?P<document_number>[^（）]+)）", text)
    if not found or not (found["title"] or found["issuer"]):
        raise UnreadableCellError("每条依据须写明文件标题或发文机关，并以括号内的文号结尾")
    return Citation(number, text, found["title"] or None, found["issuer"] or None, found["document_number"])
