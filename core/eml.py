"""Mails taken apart: who wrote to whom, when, about what, and what is attached. Only the inspecting child does it (core.inspector).

Mails are read as they come, not as the standards (RFC 5322, 2045-2047, 2231) want them: an unknown charset, bytes without one, a header cut off in
the middle give what can be read of them. Nothing of HTML is shown: it is read as plain text.
"""

import binascii
import email.policy
import email.utils
import quopri
import re
import unicodedata
from collections.abc import Iterator
from datetime import UTC
from email.message import Message
from email.parser import BytesParser
from pathlib import Path
from typing import Any

from .inspector import RefusedError
from .inspector.signs import is_marked
from .inspector.texts import PAGE, strip

PARTS, DEPTH, ATTACHMENTS = 200, 20, 40
HEADERS, HEADER_SIGNS = 500, 10_000  # how many, and how long one is read
TEXT = 20_000  # characters of the text that are kept
HTML = 1 << 20  # characters of HTML that are read for it
NAMED, ADDRESSED = 200, 50  # characters of a name, addresses of a header
YEARS = range(1990, 2100)  # a date outside them is a mistake

ENCODED_WORDS = re.compile(r"=\?([^?\s]{1,40})\?([bq])\?([^?]*)\?=", re.IGNORECASE)
BETWEEN_WORDS = re.compile(r"(?<=\?=)\s+(?==\?[^?\s]{1,40}\?[bq]\?)", re.IGNORECASE)
UNSEEN_HTML = re.compile(r"<(style|script|head|title)\b.*?</\1\s*>|<!--.*?-->", re.IGNORECASE | re.DOTALL)
MESSAGE_ID = re.compile(r"<([^<>\s]{3,250})>")
FILE_NAME = re.compile(r"""\b(?:file)?name\*?\d*\*?=\s*"?([^";\r\n]+)""", re.IGNORECASE)
# What writers call a charset that stands for a larger one.
CHARSETS = {
    **dict.fromkeys(["gb2312", "gbk", "x-gbk", "gb_2312-80", "cp936", "csgb2312", "chinese", "euc-cn"], "gb18030"),
    **dict.fromkeys(["hz-gb-2312", "x-hz"], "hz"),
    **dict.fromkeys(["big5", "x-big5", "cp950", "csbig5"], "big5hkscs"),
    **dict.fromkeys(["iso-2022-jp", "csiso2022jp"], "iso2022_jp_ext"),
    **dict.fromkeys(["shift_jis", "x-sjis", "sjis"], "cp932"),
    **dict.fromkeys(["ks_c_5601-1987", "euc-kr"], "cp949"),
    **dict.fromkeys(["us-ascii", "ascii", "iso-8859-1"], "windows-1252"),
}


# -- reading what mails are written in ---------------------------------------------------------------------------------------------------------------------


def decode(raw: bytes, charset: str = "") -> str:
    """Bytes as text: by the charset they claim, else by those that they can be; with marks for what is none."""
    named = charset.strip().lower().partition("*")[0]  # RFC 2231: charset*language
    for candidate in (CHARSETS.get(named, named), "utf-8", "gb18030"):
        try:
            return raw.decode(candidate)
        except (LookupError, ValueError):
            continue
    return raw.decode(CHARSETS[named], "replace") if named in CHARSETS else raw.decode("utf-8", "replace")


def plain(text: str) -> str:
    """One line of it, without what is not seen."""
    seen = "".join(" " if sign.isspace() else sign for sign in text if sign.isspace() or unicodedata.category(sign)[0] != "C")
    return " ".join(seen.split())


def lines(text: str) -> str:
    """The same with its lines kept, no more than one of them empty at a time."""
    rows = [plain(row) for row in text.replace("\r\n", "\n").replace("\r", "\n").split("\n")]
    return re.sub(r"\n{3,}", "\n\n", "\n".join(rows)).strip()


def words(value: str) -> str:
    """A header as people read it: encoded words (RFC 2047) decoded, those that cut a character in two joined; bytes without a charset guessed."""
    value = BETWEEN_WORDS.sub("", as_text(value)[:HEADER_SIGNS])
    found: list[str] = []
    charset, pending, place = "", b"", 0
    for match in ENCODED_WORDS.finditer(value):
        if match.start() != place or match[1].lower() != charset:
            found += [decode(pending, charset), value[place : match.start()]]
            charset, pending = match[1].lower(), b""
        pending += _unpacked(match[2].lower(), match[3])
        place = match.end()
    return plain("".join([*found, decode(pending, charset), value[place:]]))


def _unpacked(way: str, packed: str) -> bytes:
    raw = packed.encode("utf-8", "replace")
    if way == "q":
        return quopri.decodestring(raw, header=True)
    letters = re.sub(rb"[^A-Za-z0-9+/]", b"", raw)
    return binascii.a2b_base64(letters[: len(letters) - (len(letters) % 4 == 1)] + b"=" * (-len(letters) % 4))


def as_text(value: str) -> str:
    """A header as the parser gives it, whose bytes beyond ASCII stand as surrogates."""
    return decode(value.encode("utf-8", "surrogateescape")) if any("\udc80" <= sign <= "\udcff" for sign in value) else value.encode(errors="replace").decode()


def addresses(values: list[str]) -> list[list[str]]:
    """(name, address) of each address in these headers; what is none stands as a name."""
    found = []
    for value in values:
        text = as_text(value)[:HEADER_SIGNS]
        pairs = [pair for pair in email.utils.getaddresses([text]) if "@" in pair[1]]
        pairs = pairs or [("", match) for match in re.findall(r"[^\s<>,;\"]+@[^\s<>,;\"]+", text)] or [(text, "")]
        found += [[words(name)[:NAMED], plain(address)[:NAMED]] for name, address in pairs]
    return found[:ADDRESSED]


def moment(value: str) -> str:
    """A date with its time zone (ISO 8601), in UTC where it names none; "" where it cannot be read."""
    try:
        at = email.utils.parsedate_to_datetime(plain(as_text(value)))
    except (ValueError, TypeError, IndexError, OverflowError):
        return ""
    at = at if at.tzinfo else at.replace(tzinfo=UTC)
    return at.isoformat() if at.year in YEARS else ""


def identifiers(value: str) -> list[str]:
    """The message identifiers in a header."""
    return MESSAGE_ID.findall(plain(as_text(value)[:HEADER_SIGNS]))


# -- taking a mail apart -----------------------------------------------------------------------------------------------------------------------------------


def headers(message: "Message[str, str]", name: str) -> list[str]:
    """Every header of this name, as it was written."""
    return [str(value) for key, value in message.raw_items() if key.lower() == name]


def first(message: "Message[str, str]", name: str) -> str:
    return next(iter(headers(message, name)), "")


def leaves(message: "Message[str, str]") -> Iterator["Message[str, str]"]:
    """The parts that hold no other parts, in order; a mail inside the mail is one."""
    waiting, count = [(message, 0)], 0
    while waiting:
        part, depth = waiting.pop(0)
        count += 1
        if count > PARTS or depth > DEPTH:
            raise RefusedError("bomb")
        inner = part.get_payload()
        if part.get_content_type() != "message/rfc822" and part.is_multipart() and isinstance(inner, list):
            waiting[:0] = [(piece, depth + 1) for piece in inner if isinstance(piece, Message)]
        else:
            yield part


def body(part: "Message[str, str]") -> bytes:
    """What a part holds; of a mail inside the mail, that mail."""
    inner = part.get_payload()
    if part.get_content_type() == "message/rfc822" and isinstance(inner, list):
        try:
            return b"".join(bytes(piece) for piece in inner if isinstance(piece, Message))
        except (ValueError, LookupError, TypeError, AttributeError):  # it cannot be written out again
            return b""
    held = part.get_payload(decode=True)
    return held if isinstance(held, bytes) else b""


def file_name(part: "Message[str, str]") -> str:
    """What a part calls itself as a file, after RFC 2231 or RFC 2047, in its usual breaches too; "" for what has no name."""
    written = first(part, "content-disposition") + ";" + first(part, "content-type")
    try:
        name = part.get_filename() if written.isascii() else None  # the parser has a mark for each byte beyond ASCII
    except (ValueError, TypeError, LookupError, AttributeError):
        name = None
    if name is None:
        match = FILE_NAME.search(as_text(written))
        name = match[1] if match else ""
    return words(name)[:NAMED]


def is_text(part: "Message[str, str]") -> bool:
    """Whether a part is what the mail says, not what is attached to it."""
    return part.get_content_type() in ("text/plain", "text/html") and not file_name(part) and part.get_content_disposition() != "attachment"


def text_of(part: "Message[str, str]") -> str:
    text = decode(body(part), str(part.get_param("charset") or ""))
    return lines(strip(UNSEEN_HTML.sub(" ", text[:HTML])) if part.get_content_type() == "text/html" else text)


def take_apart(path: Path) -> dict[str, Any]:
    """Read the mail at `path`, and write each of its attachments beside it (`path` and "-1", "-2" …). Refuses what is no mail, too much, or marked."""
    message = BytesParser(policy=email.policy.compat32).parsebytes(path.read_bytes())
    if len(message) > HEADERS:
        raise RefusedError("bomb")
    senders = addresses(headers(message, "from"))
    if not senders or not any(first(message, name) for name in ("date", "subject", "to")):
        raise RefusedError("mismatch")
    subject = words(first(message, "subject"))
    parts = list(leaves(message))
    said = [(part.get_content_type(), text_of(part)) for part in parts if is_text(part)]
    if any(is_marked(text[:PAGE]) for _kind, text in [("", subject), *said]):
        raise RefusedError("secret")
    attached = [part for part in parts if not is_text(part)]
    if len(attached) > ATTACHMENTS:
        raise RefusedError("bomb")
    text = next((text for kind, text in said if kind == "text/plain" and text), "") or next((text for _kind, text in said if text), "")
    return {
        "from": senders,
        "to": addresses(headers(message, "to")),
        "cc": addresses(headers(message, "cc")),
        "subject": subject[:NAMED],
        "date": moment(first(message, "date")),
        "message_id": next(iter(identifiers(first(message, "message-id"))), ""),
        "references": identifiers(first(message, "in-reply-to")) + identifiers(first(message, "references"))[::-1],
        "text": text[:TEXT],
        "attachments": [_written(path, number, part) for number, part in enumerate(attached, 1)],
    }


def _written(path: Path, number: int, part: "Message[str, str]") -> dict[str, Any]:
    name, kind = file_name(part), part.get_content_type()
    if is_marked(name):
        raise RefusedError("secret")
    place, raw = path.with_name(f"{path.name}-{number}"), body(part)
    place.write_bytes(raw)
    ending = "eml" if kind == "message/rfc822" else kind.rpartition("/")[2]
    is_shown = part.get_content_disposition() == "inline" or bool(first(part, "content-id"))  # a picture in the text
    return {"name": name or f"{number}.{ending}", "file": place.name, "size": len(raw), "is_inline": is_shown and kind.startswith("image/")}
