"""Mails: their subject and text, and what is attached to them."""

import email
import email.policy
from collections.abc import Iterator
from email.message import EmailMessage
from typing import Any

from . import RefusedError
from .archives import NESTED
from .signs import is_marked
from .texts import PAGE, strip

LEAVES = 200  # parts of a mail


def attachments(raw: bytes, depth: int = 0) -> Iterator[tuple[str, bytes]]:
    """Name and bytes of each attachment of a mail, and of the mails in it. Refuses what is no mail, or is marked."""
    message = email.message_from_bytes(raw, policy=email.policy.default)
    assert isinstance(message, EmailMessage)
    if not message.get("From") or not (message.get("Date") or message.get("Subject") or message.get("To")):
        raise RefusedError("mismatch")
    if depth > NESTED:
        raise RefusedError("bomb")
    if is_marked(str(message.get("Subject", ""))):
        raise RefusedError("secret")
    for count, part in enumerate(message.walk()):
        if count > LEAVES:
            raise RefusedError("bomb")
        if part.get_content_type() == "message/rfc822":
            for inner in part.iter_parts() if hasattr(part, "iter_parts") else ():
                yield from attachments(inner.as_bytes(), depth + 1)
        elif not part.is_multipart():
            yield from leaf(part)


def leaf(part: Any) -> Iterator[tuple[str, bytes]]:
    """A part by itself: an attachment, or a text that is read here."""
    name, kind = part.get_filename(), part.get_content_type()
    raw = part.get_payload(decode=True) or b""
    if not name and kind in ("text/plain", "text/html"):
        text = raw.decode(part.get_content_charset("utf-8").replace("gb2312", "gb18030"), "replace")
        if is_marked(strip(text)[:PAGE] if kind == "text/html" else text[:PAGE]):
            raise RefusedError("secret")
        return
    if is_marked(name or ""):
        raise RefusedError("secret")
    yield name or f".{kind.rpartition('/')[2]}", raw
