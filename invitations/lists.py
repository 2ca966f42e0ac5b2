"""The register of letters, as saved filters, columns and exports know it. No passport number and no name of an invitee stands in it."""

from typing import Any

from django.db.models import F, QuerySet
from django.http import QueryDict
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from lists.kinds import Column, ListKind, register

from .models import InvitationLetter
from .register_forms import RegisterFilterForm
from .register_queries import may_view, remark


def rows(user: User, query: QueryDict) -> QuerySet[InvitationLetter]:
    form = RegisterFilterForm(query, user=user, today=timezone.localdate())
    column = F(form.key.column)
    return form.letters().order_by(column.desc() if form.key.descending else column.asc(), "-pk" if form.key.descending else "pk")


def _people(*names: str) -> Any:
    return lambda letters: letters.select_related(*names)


COLUMNS = (
    Column("number", _("发文编号"), lambda letter: letter.number, sort="-number", is_fixed=True),
    Column("issued", _("签发日期"), lambda letter: timezone.localdate(letter.issued_at), sort="-issued"),
    Column("kind", _("函件种类"), lambda letter: letter.kind.name),
    Column("unit", _("邀请单位"), lambda letter: letter.unit_name),
    Column("count", _("人数"), lambda letter: letter.count),
    Column("until", _("有效期至"), lambda letter: letter.valid_until, sort="until"),
    Column("case", _("办件"), lambda letter: letter.application.case.number),
    Column("issued_by", _("签发人"), lambda letter: letter.issued_by.name),
    Column("handed_over", _("交付时间"), lambda letter: letter.handed_over_at, is_default=False),
    Column("handed_over_to", _("领取人"), lambda letter: letter.handed_over_to),
    Column("submitted", _("网上提交日期"), lambda letter: letter.submitted_on),
    Column("receipt", _("对方系统受理编号"), lambda letter: letter.receipt_number, is_default=False),
    Column("state", _("状态"), lambda letter: remark(letter, timezone.localdate())),
    Column("handler", _("承办人"), lambda letter: letter.application.case.handler.name, is_default=False),
    Column("prepared_by", _("起草人"), lambda letter: letter.prepared_by.name, is_default=False, bring=_people("prepared_by")),
    Column("first_reviewed_by", _("初审人"), lambda letter: letter.first_reviewed_by.name, is_default=False, bring=_people("first_reviewed_by")),
    Column("reviewed_by", _("复核人"), lambda letter: letter.reviewed_by.name, is_default=False, bring=_people("reviewed_by")),
    Column("sealed", _("用印时间"), lambda letter: letter.sealed_at, is_default=False),
    Column("sha256", _("校验值（SHA-256）"), lambda letter: letter.sha256, is_default=False),
)

LETTERS = register(
    ListKind(
        name="letters",
        label=_("邀请函发文登记簿"),
        view="invitations:register",
        rows=rows,
        columns=COLUMNS,
        may=may_view,
        parameters=frozenset({*RegisterFilterForm.base_fields, "sort"}),
    )
)
