"""Memoranda on paper: the register (备忘录登记簿) and the sheet of one. Official forms: in Chinese whatever the interface speaks."""

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any

from django.conf import settings
from django.db.models import QuerySet
from django.template.loader import render_to_string
from django.utils import timezone, translation
from django.utils.html import format_html
from django.utils.safestring import SafeString

from accounts.models import User
from cases.printing import BODY, NONE, Cell, Table, moment, name, on, text
from core.printing import SCREEN, render
from duties.printing import typeset

from . import commitments
from . import memorandum_queries as queries
from .memorandum_lists import term_in_words
from .models import Memorandum

MOST = 300  # rows in one document
COLUMNS = (
    ("序号", "w16"),
    ("办件编号", "w26"),
    ("备忘录", "wide"),
    ("对方签署方", "w38"),
    ("签署人", "w34"),
    ("签署日期、地点", "w30"),
    ("届满日期", "w20"),
    ("期限和续期", "w26"),
    ("正本和存放地点", "w30"),
    ("状态", "w20"),
)


def printable(user: User) -> QuerySet[Memorandum]:
    """The memoranda that this person may print, with what a print tells."""
    related = ("case__handler", "kind", "approved_by", "occasion", "predecessor__case")
    return queries.with_lines(queries.with_parties(Memorandum.objects.visible_to(user).select_related(*related))).prefetch_related("signatories")


def register_pdf(by: User, year: int, at: datetime) -> bytes | None:
    """The memoranda signed in a year, as they stand: PDF/UA-1; None where there are none. Raises PrintRefusedError."""
    rows = list(printable(by).filter(signed_on__year=year).order_by("signed_on", "pk")[:MOST])
    if not rows:
        return None
    today, days = timezone.localdate(at), queries.alert_days()
    with translation.override(settings.LANGUAGE_CODE):
        context = {
            "title": f"{year}年度备忘录登记簿",
            "body": BODY,
            "columns": COLUMNS,
            "rows": [_row(number, row, today, days) for number, row in enumerate(rows, 1)],
            "total": f"本年度签署 {len(rows)} 份；登记至 {on(today)}。",
            "recorded_at": at.isoformat(),
            "printed": f"{moment(at)}　{by.name}　打印",
        }
        return render(render_to_string("print/register.html", context), variant=SCREEN)


def _row(number: int, memorandum: Any, today: date, days: int) -> list[Cell]:
    place = [f"{memorandum.originals} 份", memorandum.originals_place] if memorandum.filed_at else [NONE]
    return [
        [typeset(str(number))],
        [typeset(memorandum.case.number)],
        _titles(memorandum),
        [typeset(party.organisation.name) for party in queries.partners_of(memorandum)] or [typeset(NONE)],
        [typeset(str(one)) for one in memorandum.signatories.all() if one.removed_at is None] or [typeset(NONE)],
        [typeset(part) for part in (on(memorandum.signed_on), memorandum.signed_place) if part],
        [typeset(on(memorandum.holds_until()))],
        [typeset(term_in_words(memorandum))],
        [typeset(part) for part in place],
        [typeset(str(queries.state_of(memorandum, today, days).label))],
    ]


def _titles(memorandum: Memorandum) -> Cell:
    return [typeset(title) for title in (str(memorandum), memorandum.title_en, memorandum.title_other) if title]


def sheet_pdf(memorandum: Any, by: User, at: datetime) -> bytes:
    """One memorandum on a sheet; it comes from `printable(by)`. Raises PrintRefusedError."""
    today = timezone.localdate(at)
    lines = queries.lines_brought(memorandum, today)
    with translation.override(settings.LANGUAGE_CODE):
        context = {
            "title": f"备忘录摘要 {memorandum.case.number}",
            "heading": "合作备忘录摘要",
            "body": BODY,
            "number": memorandum.case.number,
            "facts": _facts(memorandum, today, lines),
            "tables": [table for table in (_parties(memorandum), _promises(lines)) if table.rows],
            "recorded_at": at.isoformat(),
            "printed": f"{moment(at)}　{by.name}　打印",
        }
        return render(render_to_string("print/memorandum.html", context), variant=SCREEN)


def _facts(memorandum: Any, today: date, lines: Sequence[commitments.Line]) -> list[tuple[str, Cell]]:
    state, rate = queries.state_of(memorandum, today, queries.alert_days()), commitments.rate_of(lines)
    approved = f"{on(timezone.localdate(memorandum.approved_at))}　{memorandum.approved_by.name}" if memorandum.approved_at else NONE
    filed = f"{memorandum.originals} 份，{memorandum.originals_place}" if memorandum.filed_at else NONE
    signed = "　".join(part for part in (on(memorandum.signed_on), memorandum.signed_place) if part)
    return [
        ("标题", _titles(memorandum)),
        ("种类", [typeset(str(memorandum.kind or NONE))]),
        ("作准文本", [typeset(str(memorandum.get_prevailing_display() or NONE))]),
        ("批准", [typeset(approved)]),
        ("签署", [typeset(signed or NONE)]),
        ("有效期", [typeset(f"{on(memorandum.effective_on)} 至 {on(memorandum.holds_until())}")] if memorandum.is_signed else [typeset(NONE)]),
        ("期限和续期", [typeset(term_in_words(memorandum) or NONE)]),
        ("正本", text(filed)),
        ("文本摘要", [_small(memorandum.signed_digest or memorandum.approved_digest or NONE)]),
        ("承办人", [name(memorandum.case.handler)]),
        ("状态", [typeset(str(state.label))]),
        ("履约率", [typeset(rate.words), _small(str(commitments.DEFINITION))] if rate.due else [typeset(NONE)]),
    ]


def _small(words: str) -> SafeString:
    return format_html('<span class="small">{}</span>', typeset(words))


def _parties(memorandum: Any) -> Table:
    signers = [one for one in memorandum.signatories.all() if one.removed_at is None]
    rows = [
        [
            text(party.organisation.name),
            [typeset("我方" if party.is_ours else party.organisation.country.name)],
            [typeset(party.role)],
            [typeset(str(one)) for one in signers if one.party_id == party.pk] or [typeset(NONE)],
        ]
        for party in memorandum.now_parties
    ]
    return Table("签署方", (("机构", "wide"), ("国家（地区）", "w27"), ("身份", "w20"), ("签署人", "w50")), rows)


def _promises(lines: Sequence[commitments.Line]) -> Table:
    rows = [
        [
            text(line.commitment.clause),
            text(line.commitment.item),
            [name(line.commitment.owner)],
            [typeset(str(line.commitment.get_frequency_display()))],
            [typeset(on(line.next))],
            [typeset(f"{line.done}/{len(line.due)}")],
        ]
        for line in lines
    ]
    return Table("合作事项", (("条款", "w27"), ("合作事项", "wide"), ("负责人", "w20"), ("频次", "w20"), ("下次期限", "w23"), ("已履行/已到期", "w27")), rows)
