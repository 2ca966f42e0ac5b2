"""The lists of interactions and of bodies that nobody talked to, as saved filters, columns and exports know them."""

from typing import Any

from django.db.models import QuerySet
from django.http import QueryDict
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from lists.kinds import Column, ListKind, register

from .interaction_filters import InteractionFilterForm, QuietFilterForm
from .interaction_panel import with_cases
from .models import Interaction, Organisation
from .models.interactions import reading

# -- interactions


def interaction_rows(user: User, query: QueryDict) -> QuerySet[Interaction]:
    form = InteractionFilterForm(query, user=user, today=timezone.localdate())
    return with_cases(form.interactions(), user).order_by(*form.key.ordering)  # type: ignore[no-any-return]


def _names(people: Any) -> str:
    return "、".join(str(person) for person in people.all())


INTERACTIONS = register(
    ListKind(
        name="interactions",
        label=_("往来"),
        view="contacts:interaction-list",
        rows=interaction_rows,
        columns=(
            Column("happened_at", _("时间"), lambda row: row.happened_at, sort="-time"),
            Column("mode", _("方式"), lambda row: str(row.get_mode_display())),
            Column("organisation", _("机构"), lambda row: row.thread.organisation.name),
            Column("country", _("国家（地区）"), lambda row: str(row.thread.organisation.country), is_default=False),
            Column("summary", _("摘要"), lambda row: row.summary, is_fixed=True),
            Column("people", _("对方人员"), lambda row: _names(row.people)),
            Column("ours", _("我方人员"), lambda row: "、".join(person.name for person in row.ours.all())),
            Column("next_step", _("下一步"), lambda row: row.next_step),
            Column("next_on", _("跟进日期"), lambda row: row.follow_up.due_on if row.follow_up else None),
            Column("cases", _("关联办件"), lambda row: "、".join(link.case.number for link in row.shown_links), is_default=False),
            Column("thread", _("年度办件"), lambda row: row.thread.case.number, is_default=False),
            Column("sensitivity", _("敏感程度"), lambda row: str(row.get_sensitivity_display()), is_default=False),
            Column("is_reported", _("已报外办"), lambda row: row.is_reported, is_default=False),
            Column("report_number", _("报外办文号"), lambda row: row.report_number, is_default=False),
            Column("registered_by", _("登记人"), lambda row: row.registered_by.name, is_default=False),
            Column("registered_at", _("登记时间"), lambda row: row.registered_at, is_default=False),
            Column("withdraw_reason", _("撤销理由"), lambda row: row.withdraw_reason, is_default=False),
        ),
        may=lambda user: bool(reading(user)),
        parameters=frozenset({*InteractionFilterForm.base_fields, "sort"}),
    )
)

# -- bodies that nobody talked to


def quiet_rows(user: User, query: QueryDict) -> QuerySet[Organisation]:
    form = QuietFilterForm(query, user=user, today=timezone.localdate())
    return form.bodies().select_related("country", "kind", "owner", "deputy").order_by("name", "pk")


QUIET = register(
    ListKind(
        name="quiet_bodies",
        label=_("久未往来的机构"),
        view="contacts:quiet-list",
        rows=quiet_rows,
        columns=(
            Column("name", _("机构"), lambda row: row.name, is_fixed=True),
            Column("country", _("国家（地区）"), lambda row: str(row.country)),
            Column("kind", _("机构类型"), lambda row: str(row.kind)),
            Column("owner", _("本部门联系人"), lambda row: row.owner.name if row.owner else ""),
            Column("deputy", _("替补联系人"), lambda row: row.deputy.name if row.deputy else "", is_default=False),
            Column("last_at", _("最近一次往来"), lambda row: timezone.localdate(row.last_at) if row.last_at else None),
        ),
        may=lambda user: bool(reading(user)),
        parameters=frozenset(QuietFilterForm.base_fields),
    )
)
