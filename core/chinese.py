"""How Chinese text is read and written for searching: pinyin, initials, surnames, traditional and simplified forms."""

import re
import unicodedata
from functools import cache

from .libraries import library

HAN = [range(0x3400, 0x4DC0), range(0x4E00, 0xA000), range(0xF900, 0xFB00)]
HAN_RUN = re.compile(f"[{''.join(f'{chr(codes.start)}-{chr(codes.stop - 1)}' for codes in HAN)}]+")
RUNS = re.compile(f"{HAN_RUN.pattern}|[^{HAN_RUN.pattern[1:-2]}]+")
# Surnames that are usually not read as the same characters are elsewhere; names are found by either reading.
SURNAMES = {
    "单": "shan",
    "曾": "zeng",
    "解": "xie",
    "仇": "qiu",
    "区": "ou",
    "查": "zha",
    "朴": "piao",
    "盖": "ge",
    "翟": "zhai",
    "乐": "yue",
    "员": "yun",
    "繁": "po",
    "缪": "miao",
    "召": "shao",
    "黑": "he",
    "牟": "mu",
    "覃": "qin",
    "郇": "xun",
    "隗": "wei",
    "佴": "nai",
    "句": "gou",
    "祭": "zhai",
}


@cache
def _simplified() -> dict[int, int]:
    """Each traditional character to its simplified one, character by character, so that a part of a text stays a part of it."""
    characters = [chr(code) for codes in HAN for code in codes]
    converted = library("opencc.OpenCC")("t2s").convert("\n".join(characters)).split("\n")
    return {ord(old): ord(new) for old, new in zip(characters, converted, strict=True) if len(new) == 1 and new != old}


def normalise(text: str) -> str:
    """What texts and queries are compared by: width, case, accents, traditional forms and runs of space do not matter; control characters go."""
    text = unicodedata.normalize("NFD", unicodedata.normalize("NFKC", text).casefold())
    kept = "".join(character for character in text if unicodedata.category(character) not in {"Mn", "Cf", "Cs"})
    spaced = "".join(" " if unicodedata.category(character) == "Cc" else character for character in unicodedata.normalize("NFC", kept))
    return " ".join(spaced.translate(_simplified()).split())


def sounds(text: str) -> list[str]:
    """For each character how it is read: the pinyin of a Chinese one without tone, the normalised form of any other."""
    found: list[str] = []
    for run in RUNS.findall(text):
        if HAN_RUN.match(run):
            found += library("pypinyin.lazy_pinyin")(run, errors=list)
        else:
            found += [normalise(sign) for sign in run]
    return found


def spell(text: str, *, name: bool = False) -> list[str]:
    """The pinyin of a text without tones, and its initials: ["shengangshi", "sgs"]. With `name`, a surname is read as a surname."""
    read = sounds(text)
    if name:
        surname = next((part for part in sorted(SURNAMES, key=len, reverse=True) if text.startswith(part)), "")
        read[: len(surname)] = SURNAMES.get(surname, "").split()
    lines = ("".join(read), "".join(sound[:1] for sound in read))
    return [line for line in lines if line]
