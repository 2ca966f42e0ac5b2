"""The list of memoranda, as saved filters, columns and exports know it."""

from typing import Any

from django.db.models import QuerySet
from django.http import QueryDict
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from cases.queries import seeing
from lists.kinds import Column, ListKind, register

from . import commitments
from . import memorandum_queries as queries
from .memorandum_filters import MemorandumFilterForm
from .models import Memorandum


def rows(user: User, query: QueryDict) -> QuerySet[Memorandum]:
    form = MemorandumFilterForm(query, user=user, today=timezone.localdate())
    return form.memoranda().order_by(*form.key.ordering)


def bring(memoranda: QuerySet[Memorandum]) -> QuerySet[Memorandum]:
    return queries.with_parties(memoranda.select_related("case__handler", "kind"))


def term_in_words(memorandum: Memorandum) -> str:
    """有效期和续期方式."""
    years = "" if memorandum.term_years is None else _("%(years)d 年") % {"years": memorandum.term_years}
    return "，".join(str(part) for part in (years, memorandum.get_renewal_display()) if part)


def rate_in_words(memorandum: Any) -> str:
    lines = queries.lines_brought(memorandum, timezone.localdate())
    return commitments.rate_of(lines).words if memorandum.is_signed else ""


COLUMNS = (
    Column("title", _("备忘录"), str, is_fixed=True),
    Column("number", _("办件编号"), lambda row: row.case.number, sort="-opened"),
    Column("partners", _("对方签署方"), lambda row: "、".join(party.organisation.name for party in queries.partners_of(row))),
    Column("countries", _("国家（地区）"), lambda row: "、".join(dict.fromkeys(str(party.organisation.country) for party in queries.partners_of(row)))),
    Column("signed_on", _("签署日期"), lambda row: row.signed_on, sort="-signed"),
    Column("expires_on", _("届满日期"), lambda row: row.holds_until(), sort="expires"),
    Column("state", _("状态"), lambda row: str(queries.state_of(row, timezone.localdate()).label)),
    Column("rate", _("履约率"), rate_in_words, bring=queries.with_lines),
    Column("handler", _("承办人"), lambda row: row.case.handler.name),
    Column("kind", _("文件种类"), lambda row: str(row.kind or ""), is_default=False),
    Column("title_en", _("英文标题"), lambda row: row.title_en, is_default=False),
    Column("level", _("签署级别"), lambda row: str(row.get_level_display()), is_default=False),
    Column("term", _("期限和续期"), term_in_words, is_default=False),
    Column("signed_place", _("签署地点"), lambda row: row.signed_place, is_default=False),
    Column("originals", _("正本份数"), lambda row: row.originals, is_default=False),
    Column("originals_place", _("存放地点"), lambda row: row.originals_place, is_default=False),
)

MEMORANDA = register(
    ListKind(
        name="memoranda",
        label=_("备忘录"),
        view="contacts:memorandum-list",
        rows=rows,
        bring=bring,
        columns=COLUMNS,
        may=lambda user: bool(seeing(user)),
        parameters=frozenset({*MemorandumFilterForm.base_fields, "sort"}),
    )
)
