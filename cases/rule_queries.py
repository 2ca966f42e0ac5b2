"""The operating rules as pages show them: by item and published step, in a fixed number of queries."""

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Prefetch, Q, QuerySet

from accounts.models import User
from accounts.roles import ROLES
from duties.models import DutyItem, ListEdition, ListEntry, ProcessStep, Sheet

from .kinds import stages_of
from .models import Assignment, StepRule, TaskTemplate, Term
from .models.rules import OperatingRule

WORKING_ROLES = [role.slug for role in ROLES.values() if "cases.view_case" in role.permissions]


@dataclass(frozen=True)
class RuleLine:
    """One step in force, and what the department adds to it: None and nothing where it runs by default."""

    step: ProcessStep
    rule: StepRule | None
    tasks: list[TaskTemplate]
    stage_label: str
    knows_stage: bool

    @property
    def rows(self) -> list[OperatingRule]:
        return [*([self.rule] if self.rule else []), *self.tasks]

    @property
    def is_confirmed(self) -> bool:
        return bool(self.rows) and all(row.is_confirmed for row in self.rows)

    @property
    def changed_by(self) -> set[User]:
        """Who changed what still waits for confirmation; none of them can confirm it."""
        return {row.changed_by for row in self.rows if row.changed_by and not row.is_confirmed}

    @property
    def changed_at(self) -> datetime | None:
        return max((row.changed_at for row in self.rows), default=None)

    @property
    def seen(self) -> str:
        return fingerprint(self.rows)


@dataclass(frozen=True)
class ItemRules:
    """One item of the list with the steps of its sheet in force."""

    code: str
    name: str
    sheet: Sheet | None
    lines: list[RuleLine]

    @property
    def waiting(self) -> int:
        """How many steps have rules that nobody has confirmed."""
        return sum(bool(line.rows) and not line.is_confirmed for line in self.lines)


def fingerprint(rows: Iterable[OperatingRule]) -> str:
    """What a page saw of these rows; another one once any of them was changed or confirmed, came or went."""
    told = [f"{row._meta.label_lower}:{row.pk}:{row.changed_at.timestamp()}:{row.confirmed_at}" for row in rows]
    return hashlib.sha256("\n".join(told).encode()).hexdigest()[:16]


def steps_in_force() -> QuerySet[ProcessStep]:
    """Published steps on which cases are opened now, with all that `line_of` tells."""
    active = TaskTemplate.objects.filter(archived_at=None).select_related("changed_by", "confirmed_by")
    return (
        ProcessStep.objects.filter(sheet__status=Sheet.Status.PUBLISHED)
        .select_related("sheet", "rule__changed_by", "rule__confirmed_by")
        .prefetch_related("rule__materials", Prefetch("task_templates", active, to_attr="active_templates"))
    )


def line_of(step: ProcessStep) -> RuleLine:
    """`step`, from `steps_in_force`, with its rule."""
    rule: StepRule | None = getattr(step, "rule", None)
    stages = {stage.slug: str(stage.label) for stage in stages_of(step.sheet.item_id)}
    slug = rule.stage if rule else ""
    return RuleLine(step, rule, getattr(step, "active_templates"), stages.get(slug, slug), slug in stages)  # noqa: B009 - set by the query


def names_of_items() -> dict[str, str]:
    """The items of the list in force, in its order, with the names that it gives them."""
    entries = ListEntry.objects.filter(edition__status=ListEdition.Status.PUBLISHED).order_by("position")
    return dict(entries.values_list("item", "name"))


def rules_by_item() -> list[ItemRules]:
    """Every item of the list in force, in its order; items that are not listed any more but still have a sheet in force come last."""
    names = names_of_items()
    sheets = {sheet.item_id: sheet for sheet in Sheet.objects.filter(status=Sheet.Status.PUBLISHED).order_by("item")}
    lines: dict[str, list[RuleLine]] = {}
    for step in steps_in_force().order_by("number"):
        lines.setdefault(step.sheet.item_id, []).append(line_of(step))
    return [ItemRules(code, names.get(code, ""), sheets.get(code), lines.get(code, [])) for code in {**names, **dict.fromkeys(sheets)}]


def terms_by_kind() -> list[tuple[str, str, list[Term], list[Term]]]:
    """(kind, label, entries in use, archived entries) of each maintained list."""
    terms = list(Term.objects.all())
    return [
        (
            kind,
            str(label),
            [term for term in terms if term.kind == kind and not term.archived_at],
            [term for term in terms if term.kind == kind and term.archived_at],
        )
        for kind, label in Term.Kind.choices
    ]


def people_and_items() -> tuple[list[User], list[str], set[tuple[int, str]]]:
    """Who can be given items, the items, and who has which: people at work with a role that sees cases, and whoever still has an item."""
    held = set(Assignment.objects.filter(ended_at=None).values_list("user", "item"))
    at_work = Q(is_active=True, groups__name__in=WORKING_ROLES)
    people = User.objects.filter(at_work | Q(pk__in={user for user, _item in held})).distinct().prefetch_related("groups").order_by("name", "username")
    return list(people), list(DutyItem.objects.values_list("code", flat=True)), held
