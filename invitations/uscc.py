"""统一社会信用代码: the 18 signs that name a Chinese organisation, with what is wrong with one in words.

GB 32100-2015: registering department (1), kind of organisation (1), administrative division (6), organisation code (9, with its own check sign by
GB 11714-1997), check sign. The alphabet has no I, O, S, V, Z. The check sign is 31 less the sum of values times 3^place, modulo 31.
"""

import unicodedata

from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

from core.signs import describe

ALPHABET = "0123456789ABCDEFGHJKLMNPQRTUWXY"
LENGTH = 18
DEPARTMENTS = "123456789ANY"  # who registered it: 9 commerce, 1 institutions, 5 civil affairs …
ORGANISATION = slice(8, 17)
ORGANISATION_WEIGHTS = (3, 7, 9, 10, 5, 8, 4, 2)  # GB 11714-1997
INSTEAD = {"O": "0", "I": "1", "Z": "2", "S": "5", "V": "U"}


def check_sign(code: str) -> str:
    """The last sign of a code, from its first 17."""
    return ALPHABET[-sum(ALPHABET.index(sign) * pow(3, place, 31) for place, sign in enumerate(code[:17])) % 31]


def organisation_check_sign(code: str) -> str:
    """The check sign of an organisation code, from its first 8 signs."""
    return "0123456789X"[-sum(int(sign, 36) * weight for sign, weight in zip(code[:8], ORGANISATION_WEIGHTS, strict=True)) % 11]


def read_uscc(typed: str) -> str:
    """The code that somebody typed; case, width, spaces and dashes do not matter. Raises ValidationError."""
    code = "".join(unicodedata.normalize("NFKC", typed).upper().split()).replace("-", "")
    for place, sign in enumerate(code, 1):
        if sign in INSTEAD:
            named = {"place": place, "sign": sign, "instead": INSTEAD[sign]}
            raise ValidationError(_("第 %(place)d 位是字母 %(sign)s，代码里没有这个字母，是不是 %(instead)s？") % named, code="sign")
        if sign not in ALPHABET:
            raise ValidationError(_("第 %(place)d 位是%(sign)s，代码只由数字和大写字母组成。") % {"place": place, "sign": describe(sign)}, code="sign")
    if len(code) != LENGTH:
        raise ValidationError(_("统一社会信用代码有 18 位，这里有 %(count)d 位。") % {"count": len(code)}, code="length")
    if code[0] not in DEPARTMENTS:
        raise ValidationError(_("第 1 位（登记管理部门）不会是 %(sign)s，请核对。") % {"sign": code[0]}, code="department")
    if not code[2:8].isdigit():
        raise ValidationError(_("第 3 至 8 位（行政区划码）应是数字，请核对。"), code="division")
    if code[-1] != check_sign(code) or code[ORGANISATION][-1] != organisation_check_sign(code[ORGANISATION]):
        raise ValidationError(_("校验位不符：有一位输错，或者两位颠倒。请照营业执照核对。"), code="check")
    return code
