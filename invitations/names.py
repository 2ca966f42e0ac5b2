"""Names as passports give them: which signs they may have, and whether a typed name is the one of the machine-readable zone.

A name on a letter that differs from the passport by one look-alike letter is another name: the guest is sent back at the counter. So every sign
that is not a plain one is refused with its name and its place, and nothing is replaced in silence but width, typographic apostrophes, dashes and spaces.

The transliteration is table A of section 6 of ICAO Doc 9303 part 3 (recommended transliteration of Latin letters).
"""

import re
import unicodedata
from string import ascii_letters

from django.utils.translation import gettext as _

from core.signs import HAN, describe

MAX_LENGTH = 100  # signs; the machine-readable zone has room for 39
PLAIN = str.maketrans({"’": "'", "‘": "'", "ʼ": "'", "´": "'", "`": "'", "‐": "-", "‑": "-", "–": "-", "—": "-", "\u00a0": " ", "\u3000": " "})
# What looks like a letter of the Latin alphabet and is none.
LOOK_ALIKES = {
    **dict(zip("АВЕЅЗІЈКМНОРСТУХҮԚԜ", "ABES3IJKMHOPCTYXYQW", strict=True)),
    **dict(zip("авеѕіјкмнорстухԛԝһӏ", "abesijkmhopctyxqwhl", strict=True)),
    **dict(zip("ΑΒΕΖΗΙΚΜΝΟΡΤΥΧ", "ABEZHIKMNOPTYX", strict=True)),
    **dict(zip("αικνορτυχγ", "aikvoptuxy", strict=True)),
    **dict(zip("ՏՕՍԼ", "SOUL", strict=True)),
}
# What Doc 9303 writes for a letter; the first way is the recommended one, others are in use too.
TRANSLITERATION: dict[str, tuple[str, ...]] = {
    "Ä": ("AE", "A"),
    "Å": ("AA", "A"),
    "Æ": ("AE",),
    "Ð": ("D",),
    "Đ": ("D",),
    "Ħ": ("H",),
    "ı": ("I",),
    "Ĳ": ("IJ",),
    "Ł": ("L",),
    "Ŀ": ("L",),
    "Ñ": ("N", "NXX"),
    "Ŋ": ("N",),
    "Ö": ("OE", "O"),
    "Ø": ("OE", "O"),
    "Œ": ("OE",),
    "ß": ("SS",),
    "ẞ": ("SS",),
    "Ŧ": ("T",),
    "Ü": ("UE", "UXX", "U"),
    "Þ": ("TH",),
    "'": ("", "<"),  # left out (part 3, section 4.6); some states write a filler
    "-": ("<",),
    " ": ("<",),
}
MIDDLE_DOTS = str.maketrans(dict.fromkeys("•‧∙⋅・･.．", "·"))


class BadNameError(Exception):
    """A name that cannot stand in a passport or on a letter; `faults` are sentences that name the sign and its place."""

    def __init__(self, faults: list[str]) -> None:
        super().__init__("\n".join(faults))
        self.faults = faults


def is_letter(sign: str) -> bool:
    """Whether passports have this letter: A to Z, one of them with accents, or one of the table."""
    return unicodedata.normalize("NFD", sign)[0] in ascii_letters or (sign.isalpha() and bool({sign, sign.upper()} & TRANSLITERATION.keys()))


def _composed(text: str) -> str:
    """NFC, and full-width signs as plain ones."""
    narrow = "".join(unicodedata.normalize("NFKC", sign) if "\uff01" <= sign <= "\uff5e" else sign for sign in text)
    return unicodedata.normalize("NFC", narrow)


def read_latin_name(typed: str) -> str:
    """A surname or given names as the passport prints them, spaces put right; letters keep their accents and case. Raises BadNameError.

    Letters, hyphen, apostrophe and space may stand in it. A letter typed as two signs (NFD) becomes one; what cannot is refused.
    """
    text = _composed(typed).translate(PLAIN)
    name = re.sub(" +", " ", text).strip(" ")
    faults = _too_long(name) or [fault for place, sign in enumerate(text, 1) if (fault := _fault_of_latin(place, sign))]
    if not faults and not any(sign.isalpha() for sign in name):
        faults = [_("没有一个字母。请照护照上的拼写填写。")]
    if not faults and "-" in {name[0], name[-1]}:
        faults = [_("不能以连字符开头或结尾。")]
    if faults:
        raise BadNameError(faults)
    return name


def _too_long(name: str) -> list[str]:
    if len(name) <= MAX_LENGTH:
        return []
    return [_("有 %(count)d 个字符，最多 %(most)d 个。请只填护照上的姓名。") % {"count": len(name), "most": MAX_LENGTH}]


def _fault_of_latin(place: int, sign: str) -> str:
    named = {"place": place, "sign": describe(sign), "alike": LOOK_ALIKES.get(sign)}
    if sign in LOOK_ALIKES:
        return _("第 %(place)d 个字符是%(sign)s，不是英文字母 %(alike)s，只是看起来一样。请切换到英文输入法重新输入。") % named
    if sign not in "-' " and not is_letter(sign):
        return _("第 %(place)d 个字符是%(sign)s，护照姓名里只能有拉丁字母、空格、连字符和撇号。请删去或改正。") % named
    return ""


def read_chinese_name(typed: str) -> str:
    """A name in Chinese characters, rare ones (䶮, 𬭎, 㛃) included, with · between the parts of a transcribed one. Raises BadNameError."""
    text = _composed(typed).translate(MIDDLE_DOTS)
    name = text.strip()
    faults = _too_long(name) or [fault for place, sign in enumerate(text, 1) if (fault := _fault_of_chinese(place, sign))]
    if not faults and not HAN.search(name):
        faults = [_("没有一个汉字。没有中文姓名的请留空。")]
    if not faults and "·" in {name[0], name[-1]}:
        faults = [_("间隔号“·”只能在两个汉字之间。")]
    if faults:
        raise BadNameError(faults)
    return name


def _fault_of_chinese(place: int, sign: str) -> str:
    named = {"place": place, "sign": describe(sign)}
    if unicodedata.category(sign) == "Co":
        return _("第 %(place)d 个字符是%(sign)s，别的电脑上看不到它。请用输入法的生僻字功能输入标准汉字。") % named
    meant = unicodedata.normalize("NFKC", sign)
    if meant != sign and HAN.fullmatch(meant):
        return _("第 %(place)d 个字符是%(sign)s，不是汉字“%(meant)s”，只是看起来一样。请重新输入。") % {**named, "meant": meant}
    if not (HAN.fullmatch(sign) or sign == "·" or sign.isspace()):
        return _("第 %(place)d 个字符是%(sign)s，中文姓名里只能有汉字和间隔号“·”。请删去或改正。") % named
    return ""


# -- the machine-readable zone -----------------------------------------------------------------------------------------------------------------------------


def _ways(sign: str) -> tuple[str, ...]:
    """How the machine-readable zone may write a sign, the recommended way first."""
    found = TRANSLITERATION.get(sign) or TRANSLITERATION.get(sign.upper())
    return found or (unicodedata.normalize("NFD", sign)[0].upper(),)


def mrz_form(name: str) -> str:
    """A name as Doc 9303 recommends to write it: "Müller-O'Brien" as "MUELLER<OBRIEN"."""
    return "".join(_ways(sign)[0] for sign in name)


def is_written(name: str, zone: str, *, is_cut: bool = False) -> bool:
    """Whether `zone` ("MUELLER<OBRIEN") is one of the ways to write a typed name, or where it `is_cut` the beginning of one."""
    reached = {0}
    for sign in name:
        if is_cut and len(zone) in reached:
            return True
        steps = {(place, way) for place in reached for way in _ways(sign)}
        ends = {place + len(way) for place, way in steps if zone.startswith(way, place)}
        if is_cut and any(way.startswith(zone[place:]) for place, way in steps):
            return True
        reached = ends
    return len(zone) in reached
