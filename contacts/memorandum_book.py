"""What memoranda show elsewhere: beside an organisation and a country, in the background brief, in the network table, beside today's work."""

from collections.abc import Mapping, Sequence
from typing import Any

from django.db.models import Count, Exists, OuterRef
from django.urls import reverse
from django.utils import timezone
from django.utils.http import urlencode
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from cases import annexes

from . import memorandum_queries as queries
from .models import Country, Memorandum, MemorandumParty, Organisation
from .panels import Figure, Line, Panel, Section, add_figure, add_panel, add_section

SHOWN = 20


def _rows(memoranda: Any) -> list[tuple[Memorandum, queries.State]] | None:
    """The memoranda with their states, in two queries; None where there are none."""
    today, found = timezone.localdate(), list(memoranda[:SHOWN])
    if not found:
        return None
    days = queries.alert_days()
    return [(memorandum, queries.state_of(memorandum, today, days)) for memorandum in found]


def of_organisation(organisation: Organisation, user: User) -> list[tuple[Memorandum, queries.State]] | None:
    return _rows(queries.of_party(organisation, user))


def of_country(country: Country, user: User) -> list[tuple[Memorandum, queries.State]] | None:
    party = MemorandumParty.objects.filter(memorandum=OuterRef("pk"), organisation__country=country, removed_at=None, is_ours=False)
    return _rows(Memorandum.objects.visible_to(user).filter(Exists(party)).select_related("case").order_by("-signed_on", "-pk"))


def of_brief(organisation: Organisation, user: User) -> Sequence[Line]:
    """The memoranda that are signed, and under each what is promised and not done yet."""
    today = timezone.localdate()
    lines: list[Line] = []
    for memorandum in queries.with_lines(queries.of_party(organisation, user).filter(signed_on__isnull=False))[:SHOWN]:
        state, last = queries.state_of(memorandum, today), memorandum.holds_until()
        until = f"至 {last:%Y-%m-%d}" if last else "无固定期限"
        lines.append(Line(str(memorandum), f"{memorandum.signed_on:%Y-%m-%d} 签署，{until}，{state.label}"))
        for line in queries.lines_brought(memorandum, today):
            if line.next and state in {queries.State.IN_FORCE, queries.State.EXPIRING}:
                late = "，已逾期" if line.next < today else ""
                lines.append(Line("", f"待履行：{line.commitment.clause} {line.commitment.item}（{line.next:%Y-%m-%d}{late}）"))
    return lines


def in_force_by_country(user: User) -> Mapping[int, int]:
    """How many memoranda in force there are with each country, by its primary key; one with partners of two countries counts for both."""
    memoranda = Memorandum.objects.visible_to(user).in_force(timezone.localdate())
    parties = MemorandumParty.objects.filter(memorandum__in=memoranda, removed_at=None, is_ours=False)
    rows = parties.values("organisation__country").order_by().annotate(count=Count("memorandum", distinct=True))
    return {row["organisation__country"]: row["count"] for row in rows}


def address_of(code: str) -> str:
    """The list of exactly these: in force, those about to run out among them."""
    return f"{reverse('contacts:memorandum-list')}?{urlencode({'country': code, 'state': queries.HOLDING})}"


add_panel(Panel("memoranda", Organisation, "contacts/_memoranda_of_subject.html", of_organisation, place=40))
add_panel(Panel("memoranda", Country, "contacts/_memoranda_of_subject.html", of_country, place=40))
add_section(Section("memoranda", "合作备忘录", of_brief, place=40))
add_figure(
    Figure(
        "memoranda",
        _("有效的备忘录"),
        _("已签署、当日没有届满、终止或续签的合作备忘录；一份备忘录的对方签署方属几个国家的，各计一份。"),
        in_force_by_country,
        address_of,
        place=40,
    )
)
annexes.today.add("contacts/_memorandum_reminders.html", queries.reminders_for)
