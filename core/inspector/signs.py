"""What gives a file away: its first bytes, markup, and the marks of secrecy."""

import re
import unicodedata

OLE, ZIP, MZ, ELF = b"\xd0\xcf\x11\xe0", b"PK\x03\x04", b"MZ", b"\x7fELF"
MARKUP = re.compile(r"\s*(?:<\?(?:php|xml)|<!doctype|<!--|#!|<(?:html|head|body|script|svg|iframe|object|embed|meta|form|img|style)\b)", re.IGNORECASE)
LIVE_MARKUP = re.compile(r"<\s*(?:script|svg|iframe|object|embed)\b", re.IGNORECASE)

LEVEL = re.compile("秘密|机密|绝密")
STAR = re.compile("[★⭐]")
# Ordinary words that are no mark: removed before looking.
NO_MARK = re.compile("(?:商业|技术|工作|国家|个人|通信)(?:秘密|机密)|(?:保守|泄露|泄漏|涉及)秘密|机密性|秘密投票")
UNSEEN = re.compile("[\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff\u00ad]")


def is_marked(text: str) -> bool:
    """Whether a text bears a mark of secrecy: a level, spaced out or not, or the star. Words such as 商业秘密 are none."""
    plain = UNSEEN.sub("", unicodedata.normalize("NFKC", text))
    if STAR.search(plain):
        return True
    lines = ["".join(line.split()) for line in plain.splitlines()]
    upright = "".join(line if len(line) == 1 else "\n" for line in lines)  # one character a line
    return any(LEVEL.search(NO_MARK.sub("\n", line)) for line in [*lines, *upright.split("\n")])
