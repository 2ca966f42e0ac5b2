"""The list of the register, as saved filters, columns and exports know it."""

from typing import Any

from django.db.models import F, QuerySet
from django.http import QueryDict
from django.utils import timezone
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from cases.queries import seeing
from lists.kinds import Column, ListKind, register

from . import queries
from .list_forms import EntryFilterForm
from .models import Entry


def state_in_words(entry: Any) -> str:
    words = {"cancelled": gettext("已作废"), "late": gettext("复函逾期"), "waiting": gettext("待复函"), "answered": gettext("已答复"), "plain": ""}
    return words[queries.state_of(entry, timezone.localdate())]


def rows(user: User, query: QueryDict) -> QuerySet[Entry]:
    form = EntryFilterForm(query, user=user, today=timezone.localdate())
    key = form.key
    column = F(key.column)
    order = column.desc(nulls_last=True) if key.descending else column.asc(nulls_last=True)
    return queries.for_list(form.entries(), user).order_by(order, "-pk" if key.descending else "pk")


COLUMNS = (
    Column("number", _("登记号"), lambda entry: entry.number, sort="number"),
    Column("exchanged_on", _("收发日期"), lambda entry: entry.exchanged_on, sort="day"),
    Column("counterpart", _("对方单位或人员"), lambda entry: entry.counterpart),
    Column("subject", _("事由"), lambda entry: entry.subject),
    Column("counterpart_number", _("对方文号"), lambda entry: entry.counterpart_number),
    Column("own_number", _("本方文号"), lambda entry: entry.own_number, is_default=False),
    Column("dated_on", _("成文日期"), lambda entry: entry.dated_on, is_default=False),
    Column("medium", _("方式"), lambda entry: str(entry.medium)),
    Column("items", _("事项"), lambda entry: "、".join(item.pk for item in entry.items.all()), is_default=False),
    Column("cases", _("办件"), lambda entry: "、".join(link.case.number for link in entry.shown_links)),
    Column("handler", _("承办人"), lambda entry: entry.handler.name),
    Column("reply_due_on", _("复函期限"), lambda entry: entry.reply_due_on, sort="due"),
    Column("state", _("状态"), state_in_words),
    Column("direction", _("收发"), lambda entry: str(entry.get_direction_display()), is_default=False),
    Column("sensitivity", _("敏感程度"), lambda entry: str(entry.get_sensitivity_display()), is_default=False),
    Column("cancel_reason", _("作废理由"), lambda entry: entry.cancel_reason, is_default=False),
    Column("registered_at", _("登记时间"), lambda entry: entry.registered_at, is_default=False),
)

ENTRIES = register(
    ListKind(
        name="correspondence",
        label=_("往来函电"),
        view="correspondence:entry-list",
        rows=rows,
        columns=COLUMNS,
        may=lambda user: bool(seeing(user)),
        parameters=frozenset({*EntryFilterForm.base_fields, "sort"}),
    )
)
