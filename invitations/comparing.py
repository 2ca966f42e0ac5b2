"""Two versions of a text, sign by sign in Chinese and word by word in English: what is new, what is gone, what stayed."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from difflib import SequenceMatcher

PIECE = re.compile(r"\{[^{}]*\}|[A-Za-z0-9’'-]+|\s+|.", re.DOTALL)
MOST = 6000  # signs; beyond that texts are shown whole


@dataclass(frozen=True)
class Part:
    """A run of a text: `kind` is same, gone or new."""

    kind: str
    text: str


def compare(old: str, new: str) -> list[Part]:
    """The parts that both texts are made of, in order."""
    if old == new:
        return [Part("same", new)] if new else []
    if len(old) + len(new) > MOST:
        return [Part(kind, text) for kind, text in (("gone", old), ("new", new)) if text]
    return list(_parts(PIECE.findall(old), PIECE.findall(new)))


def _parts(old: list[str], new: list[str]) -> Iterator[Part]:
    for operation, a, b, c, d in SequenceMatcher(None, old, new, autojunk=False).get_opcodes():
        if operation == "equal":
            yield Part("same", "".join(new[c:d]))
            continue
        yield from (Part(kind, text) for kind, text in (("gone", "".join(old[a:b])), ("new", "".join(new[c:d]))) if text)
