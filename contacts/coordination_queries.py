"""Coordination matters and yearly plans, as pages, lists and prints ask for them; each in a fixed number of queries."""

from dataclasses import dataclass
from datetime import date
from functools import cached_property
from typing import Any

from django.db.models import Count, Q, QuerySet

from accounts.models import User
from cases.models import Case
from cases.progress import current_steps
from cases.standing import standings_of

from .models import CoordinationMatter, PlanLine
from .models.coordination import facts_of
from .models.parts import sees_the_book

STATES = ("open", "late", "unanswered", "closed")


def matters(user: User) -> QuerySet[CoordinationMatter]:
    """The matters of the cases that this person sees."""
    return CoordinationMatter.objects.filter(case__in=Case.objects.visible_to(user))


def in_state(found: QuerySet[CoordinationMatter], state: str, today: date) -> QuerySet[CoordinationMatter]:
    """Those that are open, late by the day the counterpart wants, not answered yet, or closed; all for ""."""
    conditions = {
        "open": Q(case__closed_at=None),
        "late": Q(case__closed_at=None, due_on__lt=today),
        "unanswered": Q(case__closed_at=None, needs_reply=True, replied_on=None),
        "closed": Q(case__closed_at__isnull=False),
    }
    return found.filter(conditions[state]) if state in conditions else found


def plans(user: User) -> QuerySet[PlanLine]:
    return PlanLine.objects.visible_to(user).select_related("country", "case", "made_by", "struck_by")


def plan_tables(user: User) -> list[dict[str, Any]]:
    """(year, kind, how many lines stand, how many were struck out) of each table, the latest year first."""
    counted = PlanLine.objects.visible_to(user).order_by().values("year", "kind")
    counted = counted.annotate(total=Count("pk", filter=Q(struck_at=None)), struck=Count("pk", filter=Q(struck_at__isnull=False)))
    return [dict(row) for row in counted.order_by("-year", "kind")]


def keeps_plans(user: User) -> bool:
    """Whether this person enters and changes the plans: who keeps the book."""
    return sees_the_book(user, "contacts.change_contact")


@dataclass
class Panel:
    """The matter of one case, as its page shows it."""

    case: Case
    detail: CoordinationMatter
    person: User

    @cached_property
    def matter(self) -> CoordinationMatter:
        return CoordinationMatter.objects.select_related("counterpart", "contact", "proposed_by").get(pk=self.detail.pk)

    @cached_property
    def facts(self) -> list[tuple[str, Any]]:
        return [(name, value) for name, value in facts_of(self.matter) if value not in (self.matter.counterpart, self.matter.contact)]

    @cached_property
    def sees_book(self) -> bool:
        return sees_the_book(self.person)

    @cached_property
    def former_names(self) -> list[str]:
        body = self.matter.counterpart
        return [name for name in body.former_names.splitlines() if name.strip()] if body else []

    @cached_property
    def step(self) -> int:
        """The number of the step beside which the handler notes something now; 0 where nobody may."""
        case = self.case
        if case.is_closed or case.open_hold:
            return 0
        mine = any("cases.handle_case" in one.permissions and one.sees(case) and one.person.pk == case.handler_id for one in standings_of(self.person))
        found = next(iter(current_steps(case)), None)
        return found.number if mine and found else 0
