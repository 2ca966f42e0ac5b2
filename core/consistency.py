"""Whether a Chinese and an English text state the same facts: dates, durations, amounts of money, how often one may enter, other numbers, names.

Only what can be compared without understanding is compared. Each text is read from its beginning; what was read as a date is not read again as a
number. Facts are compared as sets: a text may repeat what it says, but what stands in one of the two only is told, as it is written there. Of texts
that have articles (第三条, Article 3, 三、, III.), these are compared too, and read first.
"""

import re
import unicodedata
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from django.utils.translation import gettext as _

from .dates import MONTH, month_of

DIGITS = {sign: value for value, sign in enumerate("零一二三四五六七八九")} | {"〇": 0, "两": 2, "双": 2}
PLACES = {"十": 10, "百": 100, "千": 1000}
MYRIADS = {"万": 10_000, "亿": 100_000_000}
HAN_NUMBER = "[零〇一二三四五六七八九十百千万亿两双]"
FIGURE = r"\d{1,3}(?:,\d{3})+(?:\.\d+)?|\d+(?:\.\d+)?"
SMALL = ["zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve", "thirteen", "fourteen", "fifteen"]
SMALL += ["sixteen", "seventeen", "eighteen", "nineteen"]
TENS = ["twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety"]
WORDS = {word: value for value, word in enumerate(SMALL)} | {word: 10 * value for value, word in enumerate(TENS, 2)}
WORD = rf"(?:{'|'.join(sorted(WORDS, key=len, reverse=True))})"
ENGLISH_NUMBER = rf"(?:{FIGURE}|{WORD}(?:-{WORD})?)"
MULTIPLES = {"thousand": 1000, "million": 1_000_000, "billion": 1_000_000_000}
UNITS = {"日": "day", "天": "day", "周": "week", "星期": "week", "个月": "month", "年": "year"}
CURRENCIES = {
    "人民币": "CNY",
    "元": "CNY",
    "cny": "CNY",
    "rmb": "CNY",
    "yuan": "CNY",
    "¥": "CNY",
    "美元": "USD",
    "usd": "USD",
    "us$": "USD",
    "$": "USD",
    "欧元": "EUR",
    "eur": "EUR",
    "euro": "EUR",
    "euros": "EUR",
    "€": "EUR",
    "us dollars": "USD",
}
MANY = 0  # how often "multiple" is
TIMES = {"single": 1, "once": 1, "double": 2, "twice": 2, "multiple": MANY, "multi": MANY, "多": MANY}


@dataclass(frozen=True)
class Fact:
    """One thing that a text states, in a form that does not depend on the language."""

    kind: str  # date, day, month, span, money, entries, people, number, name, article
    value: object


Found = dict[Fact, str]  # each fact, and how the text writes it
Reader = tuple[re.Pattern[str], Callable[[re.Match[str]], Fact | None]]


def read_han_number(text: str) -> int:
    """The value of a Chinese numeral: 三十 30, 二〇二六 2026, 一万二千 12000, 两 2."""
    if not set(text) & {*PLACES, *MYRIADS}:
        return int("".join(str(DIGITS[sign]) for sign in text))
    total = part = digit = 0
    for sign in text:
        if sign in PLACES:
            part, digit = part + (digit or 1) * PLACES[sign], 0
        elif sign == "万":
            total, part, digit = total + (part + digit) * 10_000, 0, 0
        elif sign == "亿":
            total, part, digit = (total + part + digit) * 100_000_000, 0, 0
        else:
            digit = DIGITS[sign]
    return total + part + digit


def _number(text: str) -> Decimal:
    """The value of a number in figures, Chinese or English words, 万 and 亿 included."""
    text = text.strip().casefold().replace(",", "")
    if text[-1] in MYRIADS and text[0].isascii():
        return Decimal(text[:-1]) * MYRIADS[text[-1]]
    if text[0].isdigit() and text[0].isascii():
        return Decimal(text)
    if text[0].isascii():
        return Decimal(sum(WORDS[word] for word in text.split("-")))
    return Decimal(read_han_number(text))


# -- what is read ------------------------------------------------------------------------------------------------------------------------------------------


def _date(year: str, month: int, day: str) -> Fact | None:
    try:
        return Fact("date", date(int(_number(year)), month, int(_number(day))))
    except ValueError:
        return None


def _money(number: str, multiple: str | None, currency: str) -> Fact:
    factor = MULTIPLES[multiple.strip().casefold()] if multiple else 1
    return Fact("money", (_number(number) * factor, CURRENCIES[currency.strip().casefold()]))


def _span(number: str, unit: str) -> Fact:
    return Fact("span", (_number(number), unit))


def _entries(word: str) -> Fact:
    return Fact("entries", TIMES[word] if word in TIMES else int(_number(word)))


def _people(number: str) -> Fact | None:
    """How many persons; one alone is as often an article ("a guest", 一名)."""
    count = int(_number(number))
    return Fact("people", count) if count != 1 else None


BELOW = Fact("below", "")


def _article(number: str) -> Fact:
    letters = number.upper()
    if set(letters) <= set(ROMAN):
        values = [ROMAN[letter] for letter in letters]
        return Fact("article", Decimal(sum(-value if value < max(values[place:]) else value for place, value in enumerate(values))))
    return Fact("article", _number(number))


def _plain(number: str) -> Fact:
    return Fact("number", _number(number))


HAN_OR_FIGURE = rf"(?:(?:{FIGURE})\s*[万亿]?|{HAN_NUMBER}{{1,20}})"
CLOSED = r"(?<![A-Za-z\d.])"  # what stands before a number that is no part of a word
BIG = r"(\s*(?:thousand|million|billion))?"
BY_WORDS = rf"(?:{'|'.join(TIMES)}|{ENGLISH_NUMBER})"
ORDINAL = "(?:st|nd|rd|th)?"


def compiled(pattern: str) -> re.Pattern[str]:
    """A pattern in which case does not matter, and in which only Latin letters make words: Chinese stands beside them without spaces."""
    return re.compile(pattern, re.IGNORECASE | re.ASCII)


ISO: Reader = (compiled(r"(?<!\d)(\d{4})[-/.](\d{1,2})[-/.](\d{1,2})(?!\d)"), lambda match: _date(match[1], int(match[2]), match[3]))
SIGNED_MONEY: Reader = (
    compiled(rf"(US\$|\$|€|¥|RMB|CNY|USD|EUR)\s*({FIGURE}){BIG}(?!\s*[万亿\d])"),
    lambda match: _money(match[2], match[3], match[1]),
)
NUMBER: Reader = (compiled(rf"{CLOSED}((?:{FIGURE})\s*[万亿]?)"), lambda match: _plain(match[1]))
CHINESE: list[Reader] = [
    (
        compiled(rf"(\d{{4}}|[零〇一二三四五六七八九]{{4}})\s*年\s*(\d{{1,2}}|{HAN_NUMBER}{{1,2}})\s*月\s*(\d{{1,2}}|{HAN_NUMBER}{{1,3}})\s*日"),
        lambda match: _date(match[1], int(_number(match[2])), match[3]),
    ),
    ISO,
    (compiled(r"(\d{4})\s*年\s*(\d{1,2})\s*月"), lambda match: Fact("month", (int(match[1]), int(match[2])))),
    (compiled(r"(?<!\d)(\d{1,2})\s*月\s*(\d{1,2})\s*日"), lambda match: Fact("day", (int(match[1]), int(match[2])))),
    (compiled(r"(\d{4}|[零〇一二三四五六七八九]{4})\s*年"), lambda match: _plain(match[1])),
    SIGNED_MONEY,
    (compiled(rf"(?:人民币|¥)\s*({HAN_OR_FIGURE})\s*元?"), lambda match: _money(match[1], None, "元")),
    (compiled(rf"({HAN_OR_FIGURE})\s*(美元|欧元|元)"), lambda match: _money(match[1], None, match[2])),
    (compiled("半年"), lambda match: _span("6", "month")),
    (compiled(rf"({HAN_OR_FIGURE})\s*(个月|星期|周|天|日|年)"), lambda match: _span(match[1], UNITS[match[2]])),
    (compiled(rf"(多|{HAN_NUMBER}|\d+)次(?:入境|出入境|往返|有效)|入境(?:次数)?[为:]?\s*({HAN_NUMBER}|\d+)次|(多)次"), lambda match: _entries(_first(match))),
    (compiled(rf"({HAN_OR_FIGURE})\s*(?:人|名|位)"), lambda match: _people(match[1])),
    (compiled(rf"第({HAN_NUMBER}{{1,20}})(?=[届次期轮号])"), lambda match: _plain(match[1])),
    NUMBER,
]
ENGLISH: list[Reader] = [
    (compiled(rf"(?<!\d)(\d{{1,2}}){ORDINAL}\s+({MONTH})\.?,?\s+(\d{{4}})"), lambda match: _date(match[3], month_of(match[2]), match[1])),
    (compiled(rf"\b({MONTH})\.?\s+(\d{{1,2}}){ORDINAL},?\s+(\d{{4}})"), lambda match: _date(match[3], month_of(match[1]), match[2])),
    ISO,
    (compiled(rf"\b({MONTH})\.?,?\s+(\d{{4}})"), lambda match: Fact("month", (int(match[2]), month_of(match[1])))),
    (compiled(rf"(?<!\d)(\d{{1,2}}){ORDINAL}\s+({MONTH})\b"), lambda match: Fact("day", (month_of(match[2]), int(match[1])))),
    (compiled(rf"\b({MONTH})\.?\s+(\d{{1,2}})(?!\d)"), lambda match: Fact("day", (month_of(match[1]), int(match[2])))),
    SIGNED_MONEY,
    (
        compiled(rf"{CLOSED}({ENGLISH_NUMBER}){BIG}\s*(US dollars|USD|RMB|CNY|yuan|EUR|euros?)\b"),
        lambda match: _money(match[1], match[2], match[3]),
    ),
    (compiled(r"\bhalf (?:a|of a) year\b|\bhalf-year\b"), lambda match: _span("6", "month")),
    (
        compiled(rf"{CLOSED}({ENGLISH_NUMBER})[\s-]+(?:calendar\s+)?(day|week|month|year)s?\b"),
        lambda match: _span(match[1], match[2].casefold()),
    ),
    (
        compiled(rf"\b({BY_WORDS})[\s-]+(?:entry|entries)\b|\b(?:enter|entry|entries)\W+({BY_WORDS})\b"),
        lambda match: _entries(_first(match).casefold()),
    ),
    (
        compiled(rf"{CLOSED}({ENGLISH_NUMBER})\s+(?:persons?|people|invitees?|guests?|members?|representatives?|delegates?|visitors?)\b"),
        lambda match: _people(match[1]),
    ),
    NUMBER,
]
# How articles are numbered: by their word anywhere, or by a figure at the beginning of a line. Figures of what stands below an article are no facts.
ROMAN = {"I": 1, "V": 5, "X": 10, "L": 50}
CHINESE_ARTICLES: list[Reader] = [
    (compiled(rf"第\s*({HAN_NUMBER}{{1,6}}|\d{{1,3}})\s*条"), lambda match: _article(match[1])),
    (compiled(rf"(?m)^\s*({HAN_NUMBER}{{1,3}})[、.]"), lambda match: _article(match[1])),
    (compiled(rf"(?m)^\s*(?:\((?:{HAN_NUMBER}{{1,3}}|\d{{1,2}})\)|\d{{1,2}}(?:\.\d{{1,2}})*[.、)])"), lambda match: BELOW),
]
ENGLISH_ARTICLES: list[Reader] = [
    (compiled(rf"\bArticle\s+(\d{{1,3}}|[IVXL]{{1,8}}|{WORD}(?:-{WORD})?)\b"), lambda match: _article(match[1])),
    (compiled(r"(?m)^\s*([IVXL]{1,8})[.、]\s"), lambda match: _article(match[1])),
    (compiled(r"(?m)^\s*(\d{1,2})[.、]\s"), lambda match: _article(match[1])),
    (compiled(r"(?m)^\s*(?:\(?(?:[a-z]|[ivx]{1,4}|\d{1,2})\)|\d{1,2}(?:\.\d{1,2})+\.?)\s"), lambda match: BELOW),
]
# A span of days names its month or year once; a number in words repeats itself in figures. Both are written out before anything is read.
TO = r"\s*(?:至|到|-|–|—|~|to|until)\s*"
WRITTEN_OUT: list[tuple[re.Pattern[str], str]] = [
    (compiled(rf"(\d{{4}})年(\d{{1,2}})月(\d{{1,2}})日{TO}(\d{{1,2}})日"), r"\1年\2月\3日至\1年\2月\4日"),
    (compiled(rf"(\d{{4}})年(\d{{1,2}})月(\d{{1,2}})日{TO}(\d{{1,2}})月(\d{{1,2}})日"), r"\1年\2月\3日至\1年\4月\5日"),
    (compiled(rf"\b(\d{{1,2}}){ORDINAL}{TO}(\d{{1,2}}){ORDINAL}\s+({MONTH})\.?,?\s+(\d{{4}})"), r"\1 \3 \4 to \2 \3 \4"),
    (compiled(rf"\b(\d{{1,2}}){ORDINAL}\s+({MONTH}){TO}(\d{{1,2}}){ORDINAL}\s+({MONTH})\.?,?\s+(\d{{4}})"), r"\1 \2 \5 to \3 \4 \5"),
    (compiled(rf"\b({MONTH})\.?\s+(\d{{1,2}}){TO}(\d{{1,2}}),?\s+(\d{{4}})"), r"\1 \2, \4 to \1 \3, \4"),
    (compiled(rf"\b({MONTH})\.?\s+(\d{{1,2}}){TO}({MONTH})\.?\s+(\d{{1,2}}),?\s+(\d{{4}})"), r"\1 \2, \5 to \3 \4, \5"),
    (compiled(rf"(?:\b{WORD}(?:-{WORD})?|{HAN_NUMBER}{{1,20}})\s*\(({FIGURE})\)"), r"\1"),
]


def _first(match: re.Match[str]) -> str:
    return next(group for group in match.groups() if group)


def facts_of(text: str, readers: Iterable[Reader], names: Iterable[str] = ()) -> Found:
    """The facts that a text states, each with its words. `names` are looked for first, so that figures in them are not read as numbers."""
    text = unicodedata.normalize("NFKC", text)
    found: Found = {}
    for name in sorted(filter(None, names), key=len, reverse=True):
        text, count = _pattern_of(name).subn("\x00", text)
        if count:
            found[Fact("name", name)] = name
    for short, long in WRITTEN_OUT:
        text = short.sub(long, text)
    for pattern, read in readers:
        for match in pattern.finditer(text):
            if fact := read(match):
                found.setdefault(fact, " ".join(match[0].split()))
                text = text[: match.start()] + "\x00" * len(match[0]) + text[match.end() :]
    return found


def _pattern_of(name: str) -> re.Pattern[str]:
    """A name whatever its case and spaces, but not as a part of a longer Latin word or number."""
    words = r"\s+".join(map(re.escape, unicodedata.normalize("NFKC", name).split()))
    return compiled(rf"(?<![A-Za-z0-9]){words}(?![A-Za-z0-9])")


# -- what differs ------------------------------------------------------------------------------------------------------------------------------------------


def differences(chinese: str, english: str, names: Iterable[tuple[str, str]] = (), *, with_articles: bool = False) -> list[str]:
    """What stands in one of the two texts only, a sentence each; nothing where they state the same.

    `with_articles`: they are divided into articles, which are compared too. `names` are pairs of what a person, place or document is called in the
    Chinese and in the English text ("" where it need not stand).
    """
    pairs = list(names)
    readers = (CHINESE_ARTICLES + CHINESE, ENGLISH_ARTICLES + ENGLISH) if with_articles else (CHINESE, ENGLISH)
    in_chinese = facts_of(chinese, readers[0], (name for name, _other in pairs))
    in_english = facts_of(english, readers[1], (name for _other, name in pairs))
    return [*_counts_of_articles(in_chinese, in_english), *_missing_names(pairs, in_chinese, in_english), *_one_sided(in_chinese, in_english)]


def _missing_names(pairs: list[tuple[str, str]], in_chinese: Found, in_english: Found) -> Iterator[str]:
    for chinese, english in pairs:
        if chinese and Fact("name", chinese) not in in_chinese:
            yield _("中文文本里没有“%(name)s”。") % {"name": chinese}
        if english and Fact("name", english) not in in_english:
            yield _("英文文本里没有“%(name)s”。") % {"name": english}


def _counts_of_articles(in_chinese: Found, in_english: Found) -> Iterator[str]:
    """Said first where the numbers of articles differ."""
    counts = [sum(fact.kind == "article" for fact in found) for found in (in_chinese, in_english)]
    if counts[0] != counts[1]:
        yield _("中文文本有 %(chinese)d 条，英文文本有 %(english)d 条。") % {"chinese": counts[0], "english": counts[1]}


UNTOLD = {"name", "below"}


def _one_sided(in_chinese: Found, in_english: Found) -> Iterator[str]:
    for fact, words in in_chinese.items():
        if fact.kind not in UNTOLD and fact not in in_english:
            yield _("中文文本写有%(kind)s“%(words)s”，英文文本里没有。") % {"kind": _kind(fact), "words": words}
    for fact, words in in_english.items():
        if fact.kind not in UNTOLD and fact not in in_chinese:
            yield _("英文文本写有%(kind)s“%(words)s”，中文文本里没有。") % {"kind": _kind(fact), "words": words}


def _kind(fact: Fact) -> str:
    return {
        "date": _("日期"),
        "day": _("日期"),
        "month": _("月份"),
        "span": _("期限"),
        "money": _("金额"),
        "entries": _("入境次数"),
        "people": _("人数"),
        "number": _("数字"),
        "article": _("条款"),
    }[fact.kind]
