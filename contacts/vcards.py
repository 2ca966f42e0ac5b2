"""vCards, read and written: 2.1 with quoted-printable, 3.0 (RFC 2426), 4.0 (RFC 6350).

A file from outside is cut into cards before anything interprets it, pictures and keys are thrown away unread, and each card is parsed on its own: what is
wrong with one says so and leaves the others alone.
"""

import re
import string
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from operator import itemgetter
from pathlib import Path
from typing import Any

from django.utils.translation import gettext as _

from core.libraries import library
from core.signs import HAN

from .matching import TWO_CHARACTERS
from .models import ContactPoint, Person

LARGEST = 4_000_000  # bytes of a file, pictures included
MOST_CARDS = 500
MOST_LINES = 200  # of one card, when pictures are gone
LONGEST = 4_000  # characters of a line, when it is unfolded
BINARY = re.compile(r"(?i)^(?:[\w-]+\.)?(?:photo|logo|sound|key|agent)\b")
LATIN = re.compile(r"[A-Za-zÀ-ɏḀ-ỿ]")
FOLDED = re.compile(r"\r?\n[ \t]")
TEL_URI = re.compile(r"(?i)^tel:")
EXTENSION = re.compile(r"(?i);ext=(\d+)")
DOT = "·"
COMMA, QUOTED_COMMA = re.compile(r"(?<!\\),"), re.compile(r"(?<!\\)(?:,|=2C)")
PLAIN = re.compile(r"[ -~]{0,60}")
UNQUOTED = frozenset(string.ascii_letters + string.digits + " ,.;:()/+-@\\'")
VERSIONS = ("2.1", "3.0", "4.0")


class CardsRefusedError(Exception):
    """A file that is not taken at all; the message says why."""


class _BadCardError(Exception):
    """A card that is not taken."""


@dataclass
class Card:
    """What one card says, as the book takes it; `fault` says why it is not taken, if it is not."""

    number: int
    values: dict[str, str] = field(default_factory=dict)  # by the field names of a person
    points: list[tuple[str, str]] = field(default_factory=list)  # kind and value, the preferred ones first
    organisation: str = ""
    department: str = ""
    title: str = ""
    fault: str = ""


# -- reading -----------------------------------------------------------------------------------------------------------------------------------------------


def decoded(body: bytes) -> str:
    """The text of a file in whichever way it is encoded. Raises CardsRefusedError."""
    if len(body) > LARGEST:
        raise CardsRefusedError(_("文件超过 4 MB，请分成几份。"))
    encodings = ["utf-16"] if body[:2] in {b"\xff\xfe", b"\xfe\xff"} else ["utf-8-sig", "gb18030"]
    for encoding in encodings:
        try:
            return body.decode(encoding)
        except UnicodeDecodeError:
            continue
    raise CardsRefusedError(_("文件的编码读不出来，请导出为 UTF-8 的 vCard。"))


def text_of(path: Path) -> str:
    """The text of a file of cards. Raises CardsRefusedError."""
    return decoded(path.read_bytes()[: LARGEST + 1])


def read(text: str) -> list[Card]:
    """Every card of a text, in order. Raises CardsRefusedError where there is none, or there are too many."""
    blocks = list(_blocks(_without_pictures(text)))
    if not blocks:
        raise CardsRefusedError(_("里面没有 vCard 名片（以 BEGIN:VCARD 开头）。"))
    if len(blocks) > MOST_CARDS:
        raise CardsRefusedError(_("一次最多 %(most)d 张名片，请分成几份。") % {"most": MOST_CARDS})
    return [_card(number, lines) for number, lines in enumerate(blocks, 1)]


def _without_pictures(text: str) -> Iterator[str]:
    """The lines of cards without pictures, sounds and keys: these are neither read nor kept."""
    is_dropped = False
    for line in text.replace("\r\n", "\n").replace("\r", "\n").split("\n"):
        if line[:1] in {" ", "\t"} and is_dropped:
            continue
        is_dropped = bool(BINARY.match(line))
        if not is_dropped:
            yield line


def _blocks(lines: Iterable[str]) -> Iterator[list[str]]:
    """The lines of each card, from BEGIN to END; one that begins before the last has ended ends that one."""
    block: list[str] = []
    for line in lines:
        word = line.strip().upper()
        if word == "BEGIN:VCARD":
            if block:
                yield block
            block = [line]
        elif block:
            block.append(line)
            if word == "END:VCARD":
                yield block
                block = []
    if block:
        yield block


def _card(number: int, lines: Sequence[str]) -> Card:
    card = Card(number)
    try:
        _fill(card, _parsed(lines))
    except _BadCardError as error:
        card.fault = str(error)
    return card


def _parsed(lines: Sequence[str]) -> dict[str, list[Any]]:
    """The properties of a card by name, in lower case."""
    if len(lines) > MOST_LINES:
        raise _BadCardError(_("超过 %(most)d 行，不像一张名片。") % {"most": MOST_LINES})
    if lines[-1].strip().upper() != "END:VCARD":
        raise _BadCardError(_("没有结尾（END:VCARD），文件可能不完整。"))
    if any(line.strip().upper() == "VERSION:2.1" for line in lines):
        lines = _with_commas(lines)
    if any(line.strip().upper().startswith(("BEGIN:", "END:")) for line in lines[1:-1]):
        raise _BadCardError(_("名片里还套着别的内容。"))
    text = "\r\n".join(lines) + "\r\n"
    if any(len(line) > LONGEST for line in FOLDED.sub("", text).split("\r\n")):
        raise _BadCardError(_("有一行超过 %(most)d 个字符。") % {"most": LONGEST})
    try:
        found = next(library("vobject.readComponents")(text, allowQP=True))
    except Exception as error:
        raise _BadCardError(_("写法有误，读不出来。")) from error
    return dict(found.contents)


def _with_commas(lines: Sequence[str]) -> list[str]:
    """The lines of a card of 2.1, where a comma is a comma, as the parser reads them: there it parts values, unless a backslash stands before it."""
    is_quoted, before, told = False, "", []
    for line in lines:
        start, value = "", line
        if line[:1] not in {" ", "\t"} and not (before.endswith("=") and is_quoted):
            start, colon, value = line.partition(":")
            is_quoted = "QUOTED-PRINTABLE" in start.upper()
            start += colon
        told.append(start + (QUOTED_COMMA if is_quoted else COMMA).sub(r"\\\g<0>", value))
        before = line
    return told


def _fill(card: Card, said: dict[str, list[Any]]) -> None:
    names: dict[str, str] = {}
    for line in said.get("n", []):
        _take_parts(names, line.value)
    for line in (*said.get("fn", []), *said.get("nickname", []), *said.get("x-fn-native", [])):
        for whole in line.value if isinstance(line.value, list) else [line.value]:
            _take_whole(names, _text(whole))
    if not names:
        raise _BadCardError(_("没有姓名。"))
    card.values = dict(names)
    body = said.get("org", [])
    units = [_text(part) for part in (body[0].value if body else [])] if body and isinstance(body[0].value, list) else [_first(said, "org")]
    card.organisation, card.department = units[0], " ".join(units[1:])
    card.title = _first(said, "title") or _first(said, "role")
    card.values |= {"languages": "、".join(_text(line.value) for line in said.get("lang", []))}
    addresses = [" ".join(word for word in str(line.value).split() if word) for line in said.get("adr", [])]
    notes = [*(_text(line.value) for line in said.get("note", [])), *(_("地址：%s") % address for address in addresses if address)]
    card.values["note"] = "\n".join(note for note in notes if note)
    card.points = [(kind, value) for _is_other, kind, value in sorted(_points(said), key=itemgetter(0))]


def _text(value: Any) -> str:
    return str(value).replace("\r\n", "\n").strip()


def _first(said: dict[str, list[Any]], name: str) -> str:
    lines = said.get(name, [])
    value = lines[0].value if lines else ""
    return _text(" ".join(map(str, value)) if isinstance(value, list) else value)


def _take_parts(names: dict[str, str], value: Any) -> None:
    """A name in parts: in Chinese without spaces, in passport spelling, or in another script."""
    family, given, more, prefix = (
        _text(" ".join(part) if isinstance(part, list) else part) for part in (value.family, value.given, value.additional, value.prefix)
    )
    if prefix:
        names.setdefault("honorific", prefix)
    whole = " ".join(part for part in (given, more, family) if part)
    if not whole:
        return
    if HAN.search(whole):
        names.setdefault("name", f"{family}{more}{given}".replace(" ", ""))
    elif LATIN.search(whole):
        names.setdefault("surname", family)
        names.setdefault("given_names", " ".join(part for part in (given, more) if part))
    else:
        names.setdefault("name_native", whole)


def _take_whole(names: dict[str, str], whole: str) -> None:
    """A name of which nobody said which part is the surname: the word in capitals, else the last one."""
    if not whole:
        return
    if HAN.search(whole):
        if DOT in whole:  # spelt from abroad: the parts stand in the other order
            names.pop("name", None)
        names.setdefault("name", whole.replace(" ", ""))
    elif not LATIN.search(whole):
        names.setdefault("name_native", whole)
    elif not names.get("surname") and not names.get("given_names"):
        words = whole.split()
        surname = next((word for word in words if word.isupper() and len(word) > 1), words[-1])
        names["surname"] = surname
        names["given_names"] = " ".join(word for word in words if word is not surname)


def _points(said: dict[str, list[Any]]) -> Iterator[tuple[bool, str, str]]:
    """(whether others are preferred to it, kind, value) of each."""
    for name in ("tel", "email", "impp", "x-qq", "x-wechat"):
        for line in said.get(name, []):
            kinds = _kinds(line)
            value = EXTENSION.sub(r" 转 \1", TEL_URI.sub("", _text(line.value))).partition(";")[0] if name == "tel" else _text(line.value)
            if value:
                yield not {"PREF", "1"} & kinds, _kind_of(name, kinds), value.removeprefix("mailto:")


def _kinds(line: Any) -> set[str]:
    """What a line says of itself: TYPE, the words of 2.1, and PREF=1."""
    told = [word for values in (line.params.get("TYPE", []), line.singletonparams) for value in values for word in str(value).split(",")]
    told += [str(value) for value in line.params.get("PREF", [])]
    return {word.strip().upper() for word in told}


def _kind_of(name: str, kinds: set[str]) -> str:
    if name == "email":
        return ContactPoint.Kind.EMAIL
    if name != "tel":
        return ContactPoint.Kind.MESSENGER
    return ContactPoint.Kind.FAX if "FAX" in kinds else ContactPoint.Kind.MOBILE if {"CELL", "TEXT"} & kinds else ContactPoint.Kind.PHONE


# -- writing -----------------------------------------------------------------------------------------------------------------------------------------------

WORDS = {"mobile": ["CELL"], "fax": ["FAX"], "phone": ["VOICE"], "email": ["INTERNET"]}


def write(people: Iterable[Person], version: str) -> str:
    """These people (with `held` positions and points in use as `reached`, of contacts.book_queries) as cards of this version, one after another."""
    return "".join(_written(person, version) for person in people)


def _written(person: Any, version: str) -> str:
    card = library("vobject.vCard")()
    card.add("version").value = version
    others = [name for name in dict.fromkeys((person.latin_name, person.name_native)) if name and name != str(person)]
    _add_names(card, person, others, version)
    for place, position in enumerate(person.held):
        if place == 0:
            card.add("org").value = [part for part in (position.organisation.name, position.department) if part]
            card.add("title").value = position.title
    for point in person.reached:
        line = card.add("email" if point.kind == "email" else "tel" if point.kind in WORDS else "impp")
        line.value = point.value
        words = [word for word in WORDS.get(point.kind, []) if version != "4.0" or word != "INTERNET"]
        if point.is_preferred and version != "4.0":
            words = [*words, "PREF"]
        if words:
            line.params["TYPE"] = words
        if point.is_preferred and version == "4.0":
            line.params["PREF"] = ["1"]
    if person.note:
        card.add("note").value = person.note
    if version == "2.1":
        return "".join(f"{line}\r\n" for line in ("BEGIN:VCARD", *(_quoted(line) for line in card.getSortedChildren()), "END:VCARD"))
    text: str = card.serialize(validate=version == "3.0")
    return text


def _quoted(line: Any) -> str:
    """A line as 2.1 has it: parts between semicolons, and what is not plain ASCII in quoted-printable, cut into lines of 76 characters (RFC 1521 5.1)."""
    value = line.value
    parts = [value.family, value.given, value.additional, value.prefix, value.suffix] if line.name == "N" else value if isinstance(value, list) else [value]
    text = ";".join(str(part).replace(";", r"\;") for part in parts)
    head = ";".join([line.name, *line.params.get("TYPE", [])])
    if PLAIN.fullmatch(text):
        return f"{head}:{text}"
    signs = [chr(byte) if chr(byte) in UNQUOTED else f"={byte:02X}" for byte in text.replace("\n", "\r\n").encode()]
    rows, row = [], f"{head};CHARSET=UTF-8;ENCODING=QUOTED-PRINTABLE:"
    for sign in signs:
        if len(row) + len(sign) > 75:
            rows.append(f"{row}=")
            row = ""
        row += sign
    return "\r\n".join([*rows, row])


def _parted(person: Any) -> tuple[str, str]:
    """Surname and given names of the name that the department uses. In one with a dot (拉尔斯·贝里) the surname, if any, is last."""
    if not person.name:
        return (person.surname, person.given_names) if person.surname or person.given_names else ("", person.name_native)
    if DOT in person.name:
        given, _dot, family = person.name.rpartition(DOT)
        return (family, given) if person.surname else ("", person.name)
    long = 2 if len(person.name) > 2 and person.name[:2] in TWO_CHARACTERS else 1  # characters of the surname
    return person.name[:long], person.name[long:]


def _add_names(card: Any, person: Any, others: Sequence[str], version: str) -> None:
    """The name that the department uses as FN and N; the other scripts as alternatives of it (4.0), or as nicknames, where 3.0 has no better place."""
    name = library("vobject.vcard.Name")
    family, given = _parted(person)
    card.add("n").value = name(family=family, given=given, prefix=person.honorific)
    first = card.add("fn")
    first.value = str(person)
    if version != "4.0":
        if person.sorting and version == "3.0":
            card.add("sort-string").value = person.sorting
        for other in others:
            card.add("nickname").value = other
        return
    if others:
        first.params["ALTID"] = ["1"]
        for other in others:
            line = card.add("fn")
            line.value, line.params["ALTID"] = other, ["1"]
