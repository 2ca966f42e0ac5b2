"""Plain texts, and the text in pages of XML or HTML."""

import contextlib
import html
import re
import unicodedata

from . import RefusedError
from .signs import LIVE_MARKUP, MARKUP, is_marked

PAGE = 3000  # characters of a text without pages that count as its first one


def decode(raw: bytes) -> str:
    for encoding in ("utf-16",) if raw.startswith((b"\xff\xfe", b"\xfe\xff")) else ("utf-8-sig", "gb18030"):
        with contextlib.suppress(UnicodeDecodeError):
            return raw.decode(encoding)
    raise RefusedError("mismatch")


def read_text(raw: bytes, called: str) -> None:
    """Refuse what is no text, runs somewhere, or is marked on its first page."""
    text = decode(raw)
    if not called.startswith("text/") and called not in {"application/csv", "message/rfc822", "application/octet-stream", "application/json"}:
        raise RefusedError("mismatch")
    if any(unicodedata.category(sign) == "Cc" and sign not in "\t\n\r\f\x1a" for sign in text):
        raise RefusedError("mismatch")
    if MARKUP.match(text) or LIVE_MARKUP.search(text[:PAGE]):
        raise RefusedError("script")
    if is_marked(text[:PAGE]):
        raise RefusedError("secret")


def strip(xml: str) -> str:
    """The text of a page of XML or HTML, a line for each paragraph."""
    broken = re.sub(r"</(?:\w+:)?(?:p|si|TextCode|tr|div|title|c)\s*>|<br[^>]*>", "\n", xml)
    return html.unescape(re.sub(r"<[^>]*>", "", broken))
