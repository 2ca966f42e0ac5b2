"""Tokens for addresses and codes that people type from paper; the database holds only keyed digests of either.

The alphabet is Crockford's base 32 (https://www.crockford.com/base32.html): no I, L, O, U; what is typed for them is read as 1, 1 and 0.

A code has 13 signs in groups of 4-5-4: twelve drawn at random (60 bits), and one to check them. Signs are elements of the field GF(32), and a
code is right when the sum of its signs, each times a weight of its own place, is zero. As weights are neither zero nor alike, one wrong sign
and any two swapped signs always show, before anything is looked up.
"""

import hashlib
import hmac
import re
import secrets
import unicodedata

from django.conf import settings
from django.utils.translation import gettext as _

from .signs import describe

ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
TOKEN_LENGTH = 26  # 130 bits
CODE_LENGTH = 13
GROUPS = (4, 9)  # where a code is parted
MODULUS = 0b100101  # x⁵+x²+1, irreducible and primitive over GF(2)
LOOK_ALIKES = str.maketrans("OIL", "011")
BETWEEN = re.compile(r"[\s\-‐‑‒–—―−_.·]+")


class BadCodeError(Exception):
    """A typed text that cannot be a code; its message says why."""


def _powers() -> list[int]:
    """The 31 elements of GF(32) except zero, as powers of x."""
    found = [1]
    while len(found) < 31:
        doubled = found[-1] << 1
        found.append(doubled ^ MODULUS if doubled & 0b100000 else doubled)
    return found


POWERS = _powers()
LOGARITHMS = {element: power for power, element in enumerate(POWERS)}
WEIGHTS = POWERS[CODE_LENGTH - 1 :: -1]  # the last sign, which checks, weighs 1


def _times(first: int, second: int) -> int:
    """The product of two elements of GF(32)."""
    return POWERS[(LOGARITHMS[first] + LOGARITHMS[second]) % 31] if first and second else 0


def _sum(signs: str) -> int:
    total = 0
    for sign, weight in zip(signs, WEIGHTS, strict=False):
        total ^= _times(ALPHABET.index(sign), weight)
    return total


def new_token() -> str:
    """A random name for an address: 26 signs in lower case, nothing in it that ends a link or is cut off by a mail program."""
    return "".join(secrets.choice(ALPHABET) for _sign in range(TOKEN_LENGTH)).lower()


def new_code() -> str:
    """A random code of 13 signs, as it is digested; print it with `grouped`."""
    drawn = "".join(secrets.choice(ALPHABET) for _sign in range(CODE_LENGTH - 1))
    return drawn + ALPHABET[_sum(drawn)]


def grouped(code: str) -> str:
    """A code as it is printed: "7K3M-9QX2A-TB4W"."""
    first, second = GROUPS
    return f"{code[:first]}-{code[first:second]}-{code[second:]}"


def read_code(typed: str) -> str:
    """The code that somebody typed; case, width, spaces, dashes and look-alikes do not matter. Raises BadCodeError."""
    code = BETWEEN.sub("", unicodedata.normalize("NFKC", typed)).upper().translate(LOOK_ALIKES)
    wrong = next((sign for sign in code if sign not in ALPHABET), None)
    if wrong is not None:
        raise BadCodeError(_("核验码里不会有%(sign)s，请对照函件核对。") % {"sign": describe(wrong)})
    if len(code) != CODE_LENGTH:
        raise BadCodeError(_("核验码有 13 位，您输入了 %(count)d 位。") % {"count": len(code)})
    if _sum(code):
        raise BadCodeError(_("核验码有误：有一位输错，或者两位颠倒。请对照函件核对。"))
    return code


def digest(text: str) -> str:
    """The digest of a token or code for the database (HMAC-SHA-256, 64 signs).

    With the key that is never changed, because what is printed is not either: without settings.AUDIT_KEY no printed code can be checked again.
    """
    return hmac.new(settings.AUDIT_KEY.encode(), b"liaison-portal code\0" + text.encode(), hashlib.sha256).hexdigest()


def matches(text: str, kept: str | None) -> bool:
    """Whether `text` has this digest, told in the same time whatever differs; None (there is nothing to compare with) costs as much and is False."""
    return hmac.compare_digest(digest(text), kept or "0" * 64)
