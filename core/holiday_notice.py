"""Read the State Council's yearly notice of days off (国务院办公厅关于某年部分节假日安排的通知).

It says, a numbered line for each festival, “1月1日（周四）至3日（周六）放假调休，共3天。1月4日（周日）上班。” What is not understood fully is
refused with the line: a wrong calendar would shift deadlines without anybody noticing. Weekdays and counts that the notice gives are checked.
"""

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, timedelta

from django.utils.translation import gettext as _

MAX_LENGTH = 20_000  # signs; a notice has about 700
WEEKDAYS = "一二三四五六日"
YEAR = re.compile(r"(\d{4})年(?:部分)?(?:节假日|放假|元旦)")
ITEM = re.compile(r"[一二三四五六七八九十]+、([^:。,0-9]{1,20}):(.*)")
ITEM_IN_PARAGRAPH = re.compile(r"(?<=。)(?=[一二三四五六七八九十]+、[^:。,0-9]{1,20}:)")
DAY = re.compile(r"(?:(?:(\d{4})年)?(\d{1,2})月)?(\d{1,2})日(?:\(([^)]*)\))?")
WEEKDAY = re.compile(r"(?:周|星期)([一二三四五六日天])")
COUNT = re.compile(r"(?:共|放假)(\d{1,2})天")
CLOSING = "节假日期间,"  # what follows is about being on duty, and the signature
HAS_DAY = re.compile(r"\d月\d{1,2}日")
SIGNED_ON = re.compile(r"\d{4}年\d{1,2}月\d{1,2}日")
OFF, ON, ADVICE = re.compile("放假|补休"), re.compile("上班"), re.compile("鼓励|建议")


class UnreadableNoticeError(Exception):
    """A notice that cannot be read fully; its text names the line and says what to do."""


@dataclass
class Reading:
    """What has been read so far; `line` is the number and text of the line at hand, for what has to be said about it."""

    year: int
    days_off: dict[date, str] = field(default_factory=dict)
    days_on: dict[date, str] = field(default_factory=dict)
    line: tuple[int, str] = (0, "")

    def refuse(self, reason: str) -> UnreadableNoticeError:
        number, text = self.line
        shown = text if len(text) <= 60 else text[:60] + "…"
        return UnreadableNoticeError(_("第 %(number)d 行“%(line)s”：%(reason)s") % {"number": number, "line": shown, "reason": reason})


def read_notice(text: str) -> tuple[int, dict[date, str], dict[date, str]]:
    """Read a notice as copied from its web page: (year, days off, weekend days worked on), days with the festival's name.

    Days may lie at the edges of the neighbouring years. Raises UnreadableNoticeError.
    """
    if len(text) > MAX_LENGTH:
        raise UnreadableNoticeError(_("这段文字太长，不像是放假通知。请只粘贴通知正文。"))
    said = unicodedata.normalize("NFKC", text).split(CLOSING)[0]
    lines = [(number, re.sub(r"\s", "", line)) for number, line in enumerate(said.splitlines(), 1)]
    lines = [(number, part) for number, line in lines for part in ITEM_IN_PARAGRAPH.split(line) if part]
    title = next((match for _number, line in lines if (match := YEAR.search(line))), None)
    if title is None:
        raise UnreadableNoticeError(_("没有找到年份。请连同标题“国务院办公厅关于某年部分节假日安排的通知”一起粘贴。"))
    reading = Reading(int(title[1]))
    if not 1990 <= reading.year <= 2999:
        raise UnreadableNoticeError(_("年份 %(year)d 不对，请核对标题。") % {"year": reading.year})
    for number, name, said in _items(lines, reading):
        reading.line = number, said
        _read_item(reading, name, said)
    if not reading.days_off:
        raise UnreadableNoticeError(_("没有找到放假安排。每个节日应有一行，例如“一、元旦：1月1日（周四）至3日（周六）放假调休，共3天。”"))
    return reading.year, reading.days_off, reading.days_on


def _items(lines: list[tuple[int, str]], reading: Reading) -> Iterator[tuple[int, str, str]]:
    """(line, festival, what is said of it); a line that goes on from the one before is joined to it, what is around the items is left out."""
    item: tuple[int, str, str] | None = None
    for number, line in lines:
        begins = ITEM.fullmatch(line)
        if begins is None and item and (not item[2].endswith("。") or (HAS_DAY.search(line) and not SIGNED_ON.fullmatch(line))):
            item = (*item[:2], item[2] + line)
        elif begins:
            if item:
                yield item
            item = number, begins[1], begins[2]
        elif HAS_DAY.search(line) and not SIGNED_ON.fullmatch(line):
            reading.line = number, line
            raise reading.refuse(_("这一行有日期，但不是以“一、节日：”开头的一项。请把各项分行粘贴。"))
    if item:
        yield item


def _read_item(reading: Reading, name: str, said: str) -> None:
    if not said.endswith("。"):
        raise reading.refuse(_("这一项没有以句号结束，可能没有粘贴完整。"))
    for sentence in said.split("。"):
        waiting: list[date] = []  # days of which it has not been said yet what they are
        off: list[date] = []
        for clause in re.split("[,;]", sentence):
            if ADVICE.match(clause):
                break  # to rest on a day is recommended there, not ordered
            waiting += _days(reading, clause)
            if ON.search(clause):
                _put_on(reading, name, waiting)
                waiting = []
            elif OFF.search(clause):
                off += waiting
                reading.days_off |= dict.fromkeys(waiting, name)
                waiting = []
            if (count := COUNT.search(clause)) and int(count[1]) != len(off):
                raise reading.refuse(_("写明共 %(said)s 天，按日期算是 %(found)d 天。") % {"said": count[1], "found": len(off)})
        if waiting:
            raise reading.refuse(_("%(day)s 放假还是上班，没有读懂。") % {"day": waiting[0]})
    if both := sorted(reading.days_off.keys() & reading.days_on.keys()):
        raise reading.refuse(_("%(day)s 既放假又上班，请核对。") % {"day": both[0]})


def _put_on(reading: Reading, name: str, days: list[date]) -> None:
    for day in days:
        if day.weekday() < 5:
            raise reading.refuse(_("%(day)s 不是周末，本来就上班，请核对。") % {"day": day})
    reading.days_on |= dict.fromkeys(days, name)


def _days(reading: Reading, clause: str) -> list[date]:
    """The days that a clause names: single ones, and ranges (至); a date without month has the month of the one before."""
    found: list[date] = []
    year, month, end = reading.year, 0, 0
    for match in DAY.finditer(clause):
        if match[1]:
            year = int(match[1])
        elif match[2] and int(match[2]) < month:
            year = reading.year  # “2022年12月31日至1月2日”
        month = int(match[2] or month)
        day = _day(reading, year, month, match)
        if found and clause[end : match.start()] in {"至", "到", "-", "—", "~"}:
            if not timedelta(0) < day - found[-1] < timedelta(days=20):
                raise reading.refuse(_("%(first)s 至 %(last)s 不像一段假期，请核对。") % {"first": found[-1], "last": day})
            found += [found[-1] + timedelta(days=number) for number in range(1, (day - found[-1]).days + 1)]
        else:
            found.append(day)
        end = match.end()
    return found


def _day(reading: Reading, year: int, month: int, match: re.Match[str]) -> date:
    try:
        day = date(year, month, int(match[3]))
    except ValueError as error:
        raise reading.refuse(_("没有“%(day)s”这一天。") % {"day": match[0]}) from error
    if abs(year - reading.year) > 1:
        raise reading.refuse(_("%(day)s 不在 %(year)d 年前后，请核对。") % {"day": day, "year": reading.year})
    told = WEEKDAY.search(match[4] or "")
    if told and WEEKDAYS[day.weekday()] != told[1].replace("天", "日"):
        wrong = {"day": day, "said": told[0], "found": "周" + WEEKDAYS[day.weekday()]}
        raise reading.refuse(_("%(day)s 写的是%(said)s，实际是%(found)s。") % wrong)
    return day
