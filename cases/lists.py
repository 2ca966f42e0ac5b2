"""The list of cases: its columns, and who may take it along."""

from collections.abc import Iterator

from django.db.models import Prefetch, QuerySet
from django.http import QueryDict
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.models import User
from lists.kinds import Column, ListKind, register

from . import queries
from .list_forms import CaseFilterForm
from .models import Case, CaseMaterial
from .standing import Standing

EXPORT = "lists.export_list"
STATES = {
    "held": gettext_lazy("待补正"),
    "late": gettext_lazy("逾期"),
    "waiting": gettext_lazy("待审签"),
    "going": gettext_lazy("办理中"),
}


def rows(user: User, query: QueryDict) -> QuerySet[Case]:
    """The cases that the filter in this query leaves, in its order."""
    form = CaseFilterForm(query, user=user, today=timezone.localdate())
    return form.cases().order_by(*form.key.ordering)


def _rows_to_export(user: User, query: QueryDict) -> QuerySet[Case]:
    return rows(user, query).visible_to(user, EXPORT)  # type: ignore[attr-defined]


def _exporting(user: User) -> list[Standing]:
    return [standing for standing in queries.seeing(user) if EXPORT in standing.permissions]


def _standing(user: User) -> Iterator[str]:
    """All that lets this person take cases along: the right to all; the items and the people in whose right; and, one by one, the cases of other items
    that these people carry."""
    standings = _exporting(user)
    if any("cases.view_all_cases" in standing.permissions for standing in standings):
        yield "all"
        return
    items = {item for standing in standings for item in standing.items}
    people = {standing.person.pk for standing in standings}
    yield from (f"item:{item}" for item in items)
    yield from (f"person:{person}" for person in people)
    carried = Case.objects.filter(handler__in=people).exclude(item__in=items)
    yield from (f"case:{key}" for key in carried.values_list("pk", flat=True))


def _state(case: Case) -> str:
    state = queries.state_of(case, timezone.localdate())
    return case.get_outcome_display() if state == "closed" else str(STATES[state])


def _steps(case: Case) -> str:
    begun = [] if case.is_closed else getattr(case, "begun")  # noqa: B009 - set by the query
    return "；".join(_("第 %(number)d 步 %(text)s") % {"number": step.number, "text": step.step.text} for step in begun)


def _lacking(cases: QuerySet[Case]) -> QuerySet[Case]:
    missing = CaseMaterial.objects.filter(status=CaseMaterial.Status.MISSING, is_required=True).order_by("pk")
    return cases.prefetch_related(Prefetch("materials", missing, to_attr="lacking"))


def _materials(case: Case) -> str:
    return "、".join(material.name for material in getattr(case, "lacking"))  # noqa: B009 - set by the query


CASES = register(
    ListKind(
        name="cases",
        label=gettext_lazy("办件"),
        view="cases:case-list",
        rows=rows,
        bring=lambda cases: cases,
        columns=[
            Column("number", gettext_lazy("编号"), lambda case: case.number, sort="-number"),
            Column("title", gettext_lazy("名称"), lambda case: case.title, is_fixed=True),
            Column("item", gettext_lazy("事项"), lambda case: case.item_id),
            Column("steps", gettext_lazy("步骤"), _steps, bring=queries.with_steps),
            Column("handler", gettext_lazy("承办"), lambda case: case.handler.name, bring=lambda cases: cases.select_related("handler")),
            Column("due", gettext_lazy("期限"), lambda case: case.due_on, sort="due"),
            Column("state", gettext_lazy("状态"), _state, bring=queries.with_state),
            Column("opened", gettext_lazy("立项时间"), lambda case: case.opened_at, False),
            Column("opened_by", gettext_lazy("立项人"), lambda case: case.opened_by.name, False, bring=lambda cases: cases.select_related("opened_by")),
            Column("closed", gettext_lazy("办结时间"), lambda case: case.closed_at, False),
            Column("outcome", gettext_lazy("办理结果"), lambda case: case.get_outcome_display(), False),
            Column("materials", gettext_lazy("缺少的要件"), _materials, False, bring=_lacking),
            Column("sensitivity", gettext_lazy("敏感程度"), lambda case: case.get_sensitivity_display(), False),
            Column("sheet", gettext_lazy("信息表名称"), lambda case: case.sheet.name or "", False, bring=lambda cases: cases.select_related("sheet")),
        ],
        may=lambda user: user.has_perm("cases.view_case") or bool(queries.seeing(user)),
        may_export=lambda user: bool(_exporting(user)),
        export_rows=_rows_to_export,
        standing=_standing,
    )
)
