"""The list of coordination matters and that of the yearly plans, with the filters that stand in their addresses."""

from datetime import date
from typing import Any

from django import forms
from django.db.models import Q, QuerySet
from django.http import QueryDict
from django.utils import timezone
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from core.paging import Key
from lists.filters import FilterForm
from lists.kinds import Column, ListKind, register

from . import coordination_queries as queries
from .models import CoordinationMatter, PlanLine
from .models.parts import sees_the_book

ALL = ("", _("全部"))


class MatterFilterForm(FilterForm):
    """What the matters may be narrowed by."""

    orders = {"-number": Key("pk", descending=True), "number": Key("pk"), "due": Key("due_on", nullable=True), "-due": Key("due_on", True, nullable=True)}

    q = forms.CharField(label=_("名称、文号或对接单位"), max_length=100, required=False, widget=forms.SearchInput)
    state = forms.ChoiceField(
        label=_("状态"),
        choices=[ALL, ("open", _("办理中")), ("late", _("已超过要求的日期")), ("unanswered", _("尚未答复")), ("closed", _("已结束"))],
        required=False,
    )
    direction = forms.ChoiceField(label=_("由谁提出"), choices=[ALL, *CoordinationMatter.Direction.choices], required=False)
    year = forms.IntegerField(label=_("立项年度"), min_value=2000, max_value=2999, required=False)

    def __init__(self, query: QueryDict, *, user: User, today: date) -> None:
        super().__init__(query)
        self.user, self.today = user, today

    def rows(self) -> QuerySet[CoordinationMatter]:
        """The matters that the filters leave; none where one cannot be read."""
        if not self.is_valid():
            return CoordinationMatter.objects.none()
        wanted = self.cleaned_data
        found = queries.in_state(queries.matters(self.user), wanted["state"], self.today)
        if wanted["direction"]:
            found = found.filter(direction=wanted["direction"])
        if wanted["year"]:
            found = found.filter(case__opened_at__year=wanted["year"])
        if text := wanted["q"].strip():
            body = Q(counterpart__name__icontains=text) | Q(counterpart__former_names__icontains=text)
            found = found.filter(Q(case__title__icontains=text) | Q(document_number__icontains=text) | Q(reply_number__icontains=text) | body)
        return found


def matters(user: User, query: QueryDict) -> QuerySet[CoordinationMatter]:
    form = MatterFilterForm(query, user=user, today=timezone.localdate())
    return form.rows().order_by(*form.key.ordering)


def state_in_words(matter: CoordinationMatter) -> str:
    """The one word of a matter: how its case stands, and whether it was answered."""
    if matter.case.is_closed:
        return matter.case.get_outcome_display()
    if matter.due_on and matter.due_on < timezone.localdate():
        return gettext("已超过要求的日期")
    return gettext("已答复") if matter.replied_on else gettext("办理中")


MATTERS = register(
    ListKind(
        name="matters",
        label=_("对接事项"),
        view="contacts:matter-list",
        rows=matters,
        bring=lambda rows: rows.select_related("case__handler", "counterpart"),
        columns=(
            Column("number", _("办件编号"), lambda row: row.case.number, sort="-number", is_fixed=True),
            Column("title", _("名称"), lambda row: row.case.title),
            Column("counterpart", _("对接单位"), lambda row: str(row.counterpart or "")),
            Column("direction", _("由谁提出"), lambda row: str(row.get_direction_display())),
            Column("document_number", _("来文（去文）文号"), lambda row: row.document_number),
            Column("dated_on", _("来文（去文）日期"), lambda row: row.dated_on, is_default=False),
            Column("help_requested", _("商请协助的事项"), lambda row: row.help_requested, is_default=False),
            Column("due_on", _("要求办结的日期"), lambda row: row.due_on, sort="due"),
            Column("co_workers", _("协办部门和人员"), lambda row: row.co_workers, is_default=False),
            Column("instruction", _("批示"), lambda row: row.instruction, is_default=False),
            Column("result", _("办理结果"), lambda row: row.result, is_default=False),
            Column("replied_on", _("答复日期"), lambda row: row.replied_on, is_default=False),
            Column("reply_number", _("复函文号或方式"), lambda row: row.reply_number, is_default=False),
            Column("handler", _("承办人"), lambda row: row.case.handler.name),
            Column("state", _("状态"), state_in_words),
        ),
        may=lambda user: user.has_perm("cases.view_case"),
        parameters=frozenset({*MatterFilterForm.base_fields, "sort"}),
    )
)


class PlanFilterForm(FilterForm):
    """What the plans may be narrowed by."""

    orders = {"-year": Key("year", descending=True), "year": Key("year")}

    q = forms.CharField(label=_("名称或内容"), max_length=100, required=False, widget=forms.SearchInput)
    year = forms.IntegerField(label=_("年度"), min_value=2000, max_value=2999, required=False)
    kind = forms.ChoiceField(label=_("计划表"), choices=[ALL, *PlanLine.Kind.choices], required=False)
    state = forms.ChoiceField(label=_("状态"), choices=[ALL, ("stands", _("在列")), ("struck", _("已取消"))], required=False)

    def __init__(self, query: QueryDict, *, user: User) -> None:
        super().__init__(query)
        self.user = user

    def rows(self) -> QuerySet[PlanLine]:
        """The lines that the filters leave; none where one cannot be read."""
        if not self.is_valid():
            return PlanLine.objects.none()
        wanted = self.cleaned_data
        found = queries.plans(self.user).filter(**{name: wanted[name] for name in ("year", "kind") if wanted[name]})
        if wanted["state"]:
            found = found.filter(struck_at__isnull=wanted["state"] == "stands")
        if text := wanted["q"].strip():
            found = found.filter(Q(name__icontains=text) | Q(purpose__icontains=text) | Q(leader__icontains=text))
        return found


def plan_lines(user: User, query: QueryDict) -> QuerySet[PlanLine]:
    form = PlanFilterForm(query, user=user)
    return form.rows().order_by(*form.key.ordering)


def _plan_state(line: Any) -> str:
    return gettext("已取消：%(reason)s") % {"reason": line.strike_reason} if line.is_struck else gettext("在列")


PLANS = register(
    ListKind(
        name="plans",
        label=_("年度计划"),
        view="contacts:plan-list",
        rows=plan_lines,
        columns=(
            Column("name", _("团组或会议名称"), lambda row: row.name, is_fixed=True),
            Column("year", _("年度"), lambda row: row.year, sort="-year"),
            Column("kind", _("计划表"), lambda row: str(row.get_kind_display())),
            Column("country", _("国家（地区）"), lambda row: str(row.country or "")),
            Column("period", _("拟定时间"), lambda row: row.period),
            Column("leader", _("团长或主办方"), lambda row: row.leader),
            Column("size", _("人数"), lambda row: row.size),
            Column("purpose", _("目的和主要内容"), lambda row: row.purpose, is_default=False),
            Column("funding", _("经费来源"), lambda row: row.funding, is_default=False),
            Column("case", _("办件编号"), lambda row: row.case.number if row.case else ""),
            Column("state", _("状态"), _plan_state),
        ),
        may=sees_the_book,
        parameters=frozenset({*PlanFilterForm.base_fields, "sort"}),
    )
)
