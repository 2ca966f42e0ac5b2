"""Named selections of daily work: what is mine, what waits for me, what came back. Lists, counts and badges all ask here, so that they agree."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from django.db import models
from django.db.models import Count, Exists, F, OuterRef, Prefetch, Q, QuerySet
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from core.chinese import normalise
from core.narrowing import Narrowed, Plain, narrowed
from core.search import SHORTEST
from duties.models import DutyItem, ListEdition, ListEntry

from .models import Approval, Assignment, Case, CaseHold, CaseStep, CaseTask, Phrase, Substitution, Term
from .search import CASES
from .standing import Standing, standings_of

DAY = timedelta(days=1)
SOON = 3 * DAY  # what is due within these calendar days, today being the first before them, is due soon


class Due(models.TextChoices):
    """When something is due, seen from today."""

    OVERDUE = "overdue", _("已逾期")
    TODAY = "today", _("今天到期")
    WEEK = "week", _("本周到期")
    LATER = "later", _("本周以后")
    NONE = "none", _("没有期限")


@dataclass(frozen=True)
class Span:
    """The days from `since` to `until`, both included (None: without end); or no day at all (`is_empty`)."""

    since: date | None = None
    until: date | None = None
    is_empty: bool = False

    def conditions(self, column: str) -> dict[str, Any]:
        """What a query asks of `column`."""
        if self.is_empty:
            return {f"{column}__isnull": True}
        asked = {f"{column}__gte": self.since, f"{column}__lte": self.until}
        return {name: day for name, day in asked.items() if day is not None}

    def holds(self, day: date | None) -> bool:
        if self.is_empty or day is None:
            return day is None and (self.is_empty or self == ANY)
        return (self.since is None or day >= self.since) and (self.until is None or day <= self.until)


ANY = Span()


def end_of_week(today: date) -> date:
    """The Sunday of this week."""
    return today + (6 - today.weekday()) * DAY


def span_of(due: str, today: date) -> Span:
    """The days that a value of `Due` stands for; any for ""."""
    last = end_of_week(today)
    spans = {
        Due.OVERDUE: Span(until=today - DAY),
        Due.TODAY: Span(today, today),
        Due.WEEK: Span(today, last),
        Due.LATER: Span(since=last + DAY),
        Due.NONE: Span(is_empty=True),
    }
    return spans[Due(due)] if due else ANY


# -- mine -------------------------------------------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Mine:
    """What is up to one person: the cases that they, or those they stand in for, carry; and the tasks given to them in cases of others."""

    people: dict[int, User]
    tasks: list[CaseTask]

    def condition(self, span: Span = ANY) -> Q:
        """The cases among these in which something of theirs is due in `span`. Two lists of keys: a walk of two indexes, not of the table."""
        given = {task.case_id for task in self.tasks if span.holds(due_of(task))}
        return Q(handler__in=list(self.people), **span.conditions("due_on")) | Q(pk__in=sorted(given))

    def cases(self, span: Span = ANY) -> QuerySet[Case]:
        return Case.objects.open().filter(self.condition(span))


def due_of(task: CaseTask) -> date | None:
    """When a task is due; nothing is while the clock of its case stands."""
    return None if getattr(task, "is_held", False) else task.due_on


def seeing(user: User) -> list[Standing]:
    """The rights in which this person sees cases: their own, and those of whom they stand in for."""
    return [standing for standing in standings_of(user) if "cases.view_case" in standing.permissions]


def mine_of(user: User) -> Mine:
    """What is up to this person today; read once, then kept with the user for the rest of the request."""
    kept: Mine | None = getattr(user, "_mine", None)
    if kept is None:
        people = {standing.person.pk: standing.person for standing in seeing(user)}
        kept = Mine(people, list(_tasks_given(user, people)) if people else [])
        user._mine = kept  # type: ignore[attr-defined]
    return kept


def _tasks_given(user: User, people: Iterable[int]) -> QuerySet[CaseTask]:
    at_hand = CaseTask.objects.filter(assignee__in=list(people), status=CaseTask.Status.OPEN, case__closed_at=None)
    at_hand = at_hand.filter(step__status=CaseStep.Status.OPEN, step__started_at__isnull=False, case__in=Case.objects.visible_to(user))
    return at_hand.exclude(case__handler__in=list(people)).annotate(is_held=Exists(_open_hold("case"))).order_by("due_on", "pk")


def _open_hold(case: str) -> QuerySet[CaseHold]:
    return CaseHold.objects.filter(case=OuterRef(case), ended_at=None)


def count_by_due(cases: QuerySet[Case], today: date) -> dict[str, int]:
    """How many of these cases are due when: a figure for each of `Due`, and "all"."""
    asked = {due.value: Count("pk", filter=Q(**span_of(due, today).conditions("due_on"))) for due in Due}
    return cases.order_by().aggregate(all=Count("pk"), **asked)


def count_mine(user: User, today: date) -> dict[str, int]:
    """The same for what is up to this person, where the tasks given to them count by their own day. Each figure is that of the list it leads to."""
    mine = mine_of(user)
    found = count_by_due(Case.objects.open().filter(handler__in=list(mine.people)), today)
    for due in Due:
        span = span_of(due, today)
        found[due] += len({task.case_id for task in mine.tasks if span.holds(due_of(task))})
    found["all"] += len({task.case_id for task in mine.tasks})
    return found


def count_held(cases: QuerySet[Case]) -> int:
    """How many of these cases wait for something to be put right."""
    return cases.filter(Exists(_open_hold("pk"))).order_by().count()


# -- lists ------------------------------------------------------------------------------------------------------------------------------------------------


class View(models.TextChoices):
    """The saved views of the list of cases."""

    MINE = "mine", _("我的")
    DEPARTMENT = "department", _("部门")
    OVERDUE = "overdue", _("逾期")
    HELD = "held", _("待补正")
    CLOSED = "closed", _("已办结")


class State(models.TextChoices):
    """Where a case stands, as a filter of the list."""

    OPEN = "open", _("办理中")
    WAITING = "waiting", _("待审签")
    HELD = "held", _("待补正")
    IN_TIME = "in_time", _("正常")
    SOON = "soon", _("三天内到期")
    OVERDUE = "overdue", _("逾期")
    CLOSED = "closed", _("已办结")
    ANY = "any", _("不限")


def cases_of_view(user: User, view: str, today: date, span: Span = ANY) -> QuerySet[Case]:
    """The cases of a saved view that this person may see, those in which something is due in `span`."""
    if view == View.MINE:
        return Case.objects.visible_to(user).filter(mine_of(user).condition(span))
    cases = Case.objects.visible_to(user, is_walked=True)
    match View(view):
        case View.OVERDUE:
            return in_state(cases.filter(**span.conditions("due_on")), State.OVERDUE, today)
        case View.HELD:
            return in_state(cases.filter(**span.conditions("due_on")), State.HELD, today)
        case View.CLOSED:
            return in_state(cases.filter(**span.conditions("due_on")), State.CLOSED, today)
    return cases.filter(**span.conditions("due_on"))


def in_state(cases: QuerySet[Case], state: str, today: date) -> QuerySet[Case]:
    """Those of these cases that stand so."""
    if state == State.ANY:
        return cases
    if state == State.CLOSED:
        return cases.filter(closed_at__isnull=False)
    cases = cases.filter(closed_at=None)
    if state == State.HELD:
        return cases.filter(Exists(_open_hold("pk")), due_on=None)  # as is always so while the clock stands; said, so that none is looked for by day
    if state == State.WAITING:
        return cases.filter(pk__in=Approval.objects.open().values("case"))
    if state in RUNNING:
        return cases.filter(RUNNING[State(state)](today)).exclude(Exists(_open_hold("pk")))
    return cases


# Of the cases whose clock runs: each is one of these.
RUNNING = {
    State.IN_TIME: lambda today: Q(due_on__gt=today + SOON) | Q(due_on=None),
    State.SOON: lambda today: Q(due_on__gte=today, due_on__lte=today + SOON),
    State.OVERDUE: lambda today: Q(due_on__lt=today),
}


def with_text(cases: QuerySet[Case], text: str) -> Narrowed | Plain:
    """Those of these cases whose title or number contains `text`, or whose title reads so in pinyin."""
    part = normalise(text)
    if len(part) < SHORTEST:
        return Plain(cases.filter(Q(title__icontains=text) | Q(number__icontains=text)))
    return narrowed(cases, CASES.kind, part)


def with_steps(cases: QuerySet[Case]) -> QuerySet[Case]:
    """Bring the steps at hand of each case (`begun`)."""
    begun = CaseStep.objects.filter(status=CaseStep.Status.OPEN, started_at__isnull=False, step__sheet=F("case__sheet")).select_related("step")
    return cases.prefetch_related(Prefetch("steps", begun, to_attr="begun"))


def with_state(cases: QuerySet[Case]) -> QuerySet[Case]:
    """Bring what `state_of` looks at: an open hold (`held`), open approvals (`waiting`)."""
    held = Prefetch("holds", CaseHold.objects.filter(ended_at=None), to_attr="held")
    return cases.prefetch_related(held, Prefetch("approvals", Approval.objects.open(), to_attr="waiting"))


def items_of(user: User) -> list[ListEntry]:
    """The items on which this person may begin a case now, with their names, in the order of the list."""
    return list(listed_items().filter(item__in=Assignment.objects.filter(user=user, ended_at=None).values("item")))


def listed_items() -> QuerySet[ListEntry]:
    """Every item of the list in force."""
    return ListEntry.objects.filter(edition__status=ListEdition.Status.PUBLISHED).select_related("item", "sheet").order_by("position")


def items_seen_by(user: User) -> QuerySet[DutyItem]:
    """The items whose cases this person sees: those assigned, and those of the cases carried."""
    standings = seeing(user)
    if any("cases.view_all_cases" in standing.permissions for standing in standings):
        return DutyItem.objects.all()
    carried = Case.objects.filter(item=OuterRef("pk"), handler__in=[standing.person.pk for standing in standings])
    return DutyItem.objects.filter(Q(pk__in={item for standing in standings for item in standing.items}) | Q(Exists(carried)))


# -- approvals --------------------------------------------------------------------------------------------------------------------------------------------


def approvals_seen_by(user: User) -> QuerySet[Approval]:
    """Every question about a case that this person may see."""
    return Approval.objects.filter(case__in=Case.objects.visible_to(user))


def waiting_for(user: User) -> QuerySet[Approval]:
    """The open questions that this person may answer now, oldest first: theirs by right, and asked by somebody else."""
    answerable = Q(pk__in=[])
    for standing in seeing(user):
        rights = [right for right in Approval.Right if f"cases.{right}_case" in standing.permissions]
        if rights:
            answerable |= Q(right__in=rights) & _in_scope(standing) & _second_person({user.pk, standing.person.pk})
    found = Approval.objects.open().filter(answerable).filter(~Exists(_open_hold("case")))
    return found.order_by("submitted_at", "pk")


def _in_scope(standing: Standing) -> Q:
    if "cases.view_all_cases" in standing.permissions:
        return Q()
    return Q(case__item__in=standing.items) | Q(case__handler=standing.person)


def _second_person(people: set[int]) -> Q:
    """Submitted by none of these, and not approved by one of them at the level below."""
    free = ~Q(submitted_by__in=people)
    for column in ("submitted_for", "previous_by"):
        free &= Q(**{column: None}) | ~Q(**{f"{column}__in": people})
    below = Approval.objects.filter(step=OuterRef("step"), kind=OuterRef("kind"), decided_at=OuterRef("submitted_at"), decided_for__in=people)
    return free & Q(~Exists(below))


def submitted_by(user: User) -> QuerySet[Approval]:
    """What this person, or whom they stand in for today, has put to others and still waits for."""
    people = [standing.person for standing in standings_of(user)]
    own = Q(submitted_by__in=people) | Q(submitted_for__in=people)
    return approvals_seen_by(user).filter(own, decision="").order_by("submitted_at", "pk")


def decided_by(user: User) -> QuerySet[Approval]:
    """What this person, or somebody in their name, has answered, the last first."""
    answered = Q(decided_by=user) | Q(decided_for=user)
    return approvals_seen_by(user).filter(answered).exclude(decision__in=["", Approval.Decision.RECALLED]).order_by("-decided_at", "-pk")


def returned_to(user: User) -> QuerySet[Approval]:
    """What was sent back to those whose cases this person carries, and has not been put again since; the last first."""
    again = Approval.objects.filter(step=OuterRef("step"), kind=OuterRef("kind"), rule=OuterRef("rule"), pk__gt=OuterRef("pk"))
    again = again.filter(Q(material=OuterRef("material")) | Q(material=None))
    found = Approval.objects.filter(decision=Approval.Decision.RETURNED, case__closed_at=None, case__handler__in=list(mine_of(user).people))
    found = found.filter(step__status=CaseStep.Status.OPEN, submitted_at__gte=F("step__started_at"))
    return found.filter(Q(material=None) | Q(material__status="missing")).filter(~Exists(again)).order_by("-decided_at", "-pk")


def with_case(approvals: QuerySet[Approval]) -> QuerySet[Approval]:
    """Bring what a line of a list of approvals shows."""
    return approvals.select_related("case", "step__step", "material", "submitted_by", "submitted_for", "decided_by", "decided_for")


def phrases_for(user: User) -> list[str]:
    """The frequent phrases offered to this person: the maintained list, then their own, each once."""
    maintained = Term.objects.filter(kind=Term.Kind.PHRASE, archived_at=None).values_list("name", flat=True)
    return list(dict.fromkeys([*maintained, *Phrase.objects.filter(person=user).values_list("text", flat=True)]))


def substitutions_of(user: User) -> QuerySet[Substitution]:
    """The substitutions that this person gave or took over, the last first."""
    return Substitution.objects.filter(Q(person=user) | Q(substitute=user)).select_related("person", "substitute")


def state_of(case: Case, today: date) -> str:
    """The one word for a case that came by `with_state`: closed, held, late, waiting, going."""
    if case.is_closed:
        return "closed"
    if getattr(case, "held"):  # noqa: B009 - set by the query
        return "held"
    if case.due_on and case.due_on < today:
        return "late"
    return "waiting" if any(row.kind == Approval.Kind.STEP for row in getattr(case, "waiting")) else "going"  # noqa: B009
