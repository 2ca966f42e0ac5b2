"""The register of a year on paper: A4 across, every number in order, cancelled ones too. An official form: in Chinese whatever the interface speaks."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.conf import settings
from django.template.loader import render_to_string
from django.utils import timezone, translation
from django.utils.safestring import SafeString

from accounts.models import User
from cases.printing import BODY, NONE, name, on, text
from core.printing import SCREEN, render
from duties.printing import typeset

from .models import Direction
from .queries import register_of

PART = 300  # numbers in one volume: more are too much for one document
TITLES = {Direction.IN: "收文登记簿", Direction.OUT: "发文登记簿"}
COLUMNS = {
    Direction.IN: (
        ("收文号", "w26"),
        ("收文日期", "w20"),
        ("来文单位", "w38"),
        ("来文字号、日期", "w34"),
        ("事由", "wide"),
        ("方式", "w16"),
        ("承办人", "w16"),
        ("办件", "w26"),
        ("复函", "w30"),
        ("备注", "w26"),
    ),
    Direction.OUT: (
        ("发文号", "w26"),
        ("发文日期", "w20"),
        ("主送单位", "w38"),
        ("发文字号", "w34"),
        ("事由", "wide"),
        ("方式", "w16"),
        ("承办人", "w16"),
        ("办件", "w26"),
        ("复函", "w30"),
        ("备注", "w26"),
    ),
}

Cell = list[SafeString]


@dataclass(frozen=True)
class Volume:
    """The numbers of a register that are printed together."""

    number: int
    first: int
    last: int


def volumes_of(total: int) -> list[Volume]:
    """How a register of so many numbers is bound."""
    return [Volume(place + 1, place * PART + 1, min(total, (place + 1) * PART)) for place in range((total + PART - 1) // PART)]


def register_pdf(year: int, direction: str, volume: int, by: User, at: datetime) -> bytes | None:
    """One volume (from 1) of a year's register: PDF/UA-1; None where there is none. Raises PrintRefusedError."""
    entries = register_of(year, direction, by)
    total, cancelled = entries.count(), entries.filter(cancelled_at__isnull=False).count()
    bound = next((one for one in volumes_of(total) if one.number == volume), None)
    if bound is None:
        return None
    with translation.override(settings.LANGUAGE_CODE):
        title = f"{year}年度{TITLES[Direction(direction)]}"
        context = {
            "title": title,
            "body": BODY,
            "volume": f"第 {bound.number} 册（第 {bound.first} 号至第 {bound.last} 号）" if total > PART else "",
            "columns": COLUMNS[Direction(direction)],
            "rows": [_row(entry) for entry in entries.filter(serial__gte=bound.first, serial__lte=bound.last)],
            "total": f"本年度共 {total} 件，其中作废 {cancelled} 件；登记至 {on(timezone.localdate(at))}。",
            "recorded_at": at.isoformat(),
            "printed": f"{timezone.localtime(at):%Y-%m-%d %H:%M}　{by.name}　打印",
        }
        return render(render_to_string("print/register.html", context), variant=SCREEN)


def _row(entry: Any) -> list[Cell]:
    """One line; of an entry out of sight its number, its day and that it is so."""
    head = [[typeset(entry.number)], [typeset(on(entry.exchanged_on))]]
    if not entry.is_shown:
        return [*head, *[[typeset(NONE)]] * 7, [typeset("不在查看范围"), *([typeset("作废")] if entry.is_cancelled else [])]]
    return [
        *head,
        text(entry.counterpart),
        _numbers(entry),
        text(entry.subject),
        [typeset(entry.medium.name)],
        [name(entry.handler)],
        [typeset(link.case.number) for link in entry.shown_links] or [typeset(NONE)],
        _reply(entry),
        _remarks(entry),
    ]


def _numbers(entry: Any) -> Cell:
    """The number that the paper itself bears, and its day where that is not the day on which it went."""
    number = entry.counterpart_number if entry.is_incoming else entry.own_number
    shown = [fact for fact in (number, on(entry.dated_on, "") if entry.is_incoming or entry.dated_on != entry.exchanged_on else "") if fact]
    return [typeset(fact) for fact in shown] or [typeset(NONE)]


def _reply(entry: Any) -> Cell:
    answers: Sequence[Any] = [answer for answer in entry.answers if answer.direction != entry.direction]
    if answers:
        return [typeset(f"{answer.number}　{_short(answer.exchanged_on)}") for answer in answers]
    if entry.needs_reply:
        return [typeset(f"待复{'，' + on(entry.reply_due_on) + ' 前' if entry.reply_due_on else ''}")]
    return [typeset(NONE)]


def _short(day: date) -> str:
    return f"{day:%m-%d}"


def _remarks(entry: Any) -> Cell:
    if entry.is_cancelled:
        return [typeset("作废"), *text(entry.cancel_reason)]
    answers = [typeset(f"答复 {entry.replies_to.number}")] if entry.replies_to else []
    return [*answers, *([typeset("内部")] if entry.sensitivity == "internal" else [])] or [typeset(NONE)]
