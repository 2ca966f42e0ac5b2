"""今日工作: what is up to one person, by day or by item; of each line what stands in its way and the one act that comes next.

Made of cases that were loaded with their parts; beside that it asks the database for nothing that grows with their number.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import date, datetime
from urllib.parse import urlencode

from django.db.models import F, Model, Q
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.models import User

from . import approvals, steps
from .kinds import Action, Blocker, CaseKind, Move, Text, Turn, kind_of, quiet_cases
from .models import Approval, Case, CaseMaterial, CaseStep, CaseTask
from .progress import current_steps, open_tasks
from .queries import Due, Mine, due_of, listed_items, mine_of, span_of
from .standing import Standing, standings_of

SHOWN = 50  # lines a group; the rest stands in the list
LOADED = 1000  # cases that are sorted into groups


@dataclass(frozen=True)
class Tag:
    """What stands in the way, in a few words. `kind` names its look."""

    kind: str
    text: Text


@dataclass(frozen=True)
class Act:
    """The one thing to do next, and where."""

    label: Text
    address: str


@dataclass(frozen=True)
class Line:
    """One case that this person carries, or the tasks that they were given in another's."""

    case: Case
    due: date | None
    tasks: list[CaseTask]  # of another's case; none where the person carries it
    step: CaseStep | None
    tag: Tag | None
    act: Act
    in_place_of: User | None
    today: date

    @property
    def title(self) -> str:
        return "、".join(task.title for task in self.tasks) or self.case.title

    @property
    def days_late(self) -> int:
        return (self.today - self.due).days if self.due and self.due < self.today else 0

    @property
    def is_today(self) -> bool:
        return self.due == self.today


@dataclass(frozen=True)
class Group:
    """Lines under one heading, how many there are in all, and the list that shows them all."""

    slug: str
    label: Text
    count: int
    lines: list[Line]
    address: str

    @property
    def is_cut(self) -> bool:
        return self.count > len(self.lines)


@dataclass
class Entry:
    """A line before its case is loaded."""

    case: int
    item: str
    due: date | None
    tasks: list[CaseTask] = field(default_factory=list)


def list_address(**filters: str) -> str:
    """The list of cases with these filters."""
    return f"{reverse('cases:case-list')}?{urlencode(filters)}"


def agenda(user: User, today: date, *, by_item: bool = False) -> list[Group]:
    """What is up to this person, in groups; a fixed number of queries for any number of cases."""
    mine = mine_of(user)
    groups = _by_item(mine, today) if by_item else _by_due(mine, today)
    shown = {entry.case for _slug, _label, entries, _address in groups for entry in entries[:SHOWN]}
    cases = {case.pk: case for case in Case.objects.visible_to(user).with_parts().filter(pk__in=shown)}
    details = details_of(cases.values())
    made = []
    for slug, label, entries, address in groups:
        lines = [_line(cases[entry.case], entry, details.get(entry.case), user, today) for entry in entries[:SHOWN] if entry.case in cases]
        made.append(Group(slug, label, len(entries), lines, address))
    return made


def details_of(cases: Iterable[Case]) -> dict[int, Model]:
    """The detail records of cases of several kinds, by the case's primary key; one query a kind."""
    by_kind: dict[int, tuple[CaseKind, list[Case]]] = {}
    for case in cases:
        kind = kind_of(case)
        by_kind.setdefault(id(kind), (kind, []))[1].append(case)
    return {key: detail for kind, some in by_kind.values() for key, detail in kind.details_of(some).items()}


Sorted = list[tuple[str, Text, list[Entry], str]]


def _by_due(mine: Mine, today: date) -> Sorted:
    entries = list(_entries(mine, lambda task: group_of(due_of(task), today)))
    groups = ((Due.OVERDUE, _("已逾期")), (Due.TODAY, _("今天")), (Due.WEEK, _("本周")), (Due.LATER, _("其后")), (Due.NONE, _("没有期限")))
    found = [(due.value, label, [entry for entry in entries if group_of(entry.due, today) == due]) for due, label in groups]
    return [(slug, label, some, list_address(view="mine", due=slug)) for slug, label, some in found if some]


def group_of(day: date | None, today: date) -> Due:
    """Under which heading something due on `day` stands; what is due today is not told again under this week."""
    order = (Due.OVERDUE, Due.TODAY, Due.WEEK, Due.LATER, Due.NONE)
    return next(due for due in order if span_of(due, today).holds(day))


def _by_item(mine: Mine, today: date) -> Sorted:
    entries: dict[str, list[Entry]] = defaultdict(list)
    for entry in _entries(mine, lambda task: None):
        entries[entry.item].append(entry)
    names = {entry.item_id: entry.name for entry in listed_items()}
    order = [*names, *sorted(set(entries) - set(names))]
    return [(item, f"{item} {names.get(item, '')}", entries[item], list_address(view="mine", item=item)) for item in order if item in entries]


def _entries(mine: Mine, bundle) -> Iterator[Entry]:  # type: ignore[no-untyped-def]
    """What is to be done, by day, what has none last. Tasks of one case that `bundle` gives the same key are one entry."""
    handled = Case.objects.open().filter(handler__in=list(mine.people)).exclude(Q(due_on=None) & quiet_cases())
    handled = handled.order_by(F("due_on").asc(nulls_last=True), "pk")
    entries = [Entry(pk, item, due) for pk, item, due in handled.values_list("pk", "item", "due_on")[:LOADED]]
    given: dict[tuple[int, object], Entry] = {}
    for task in mine.tasks:
        key = task.case_id, bundle(task)
        entry = given.setdefault(key, Entry(task.case_id, task.case.item_id, due_of(task)))
        entry.tasks.append(task)
    return iter(sorted([*entries, *given.values()], key=lambda entry: (entry.due is None, entry.due or date.min, entry.case)))


# -- one line ---------------------------------------------------------------------------------------------------------------------------------------------


def _line(case: Case, entry: Entry, detail: Model | None, user: User, today: date) -> Line:
    if entry.tasks:
        task = entry.tasks[0]
        owner = next((standing.person for standing in standings_of(user) if standing.person.pk == task.assignee_id), user)
        step = next((step for step in case.steps.all() if step.pk == task.step_id), None)
        tag = Tag("held", _("待补正")) if case.open_hold else None
        return Line(case, entry.due, entry.tasks, step, tag, _tick(case, task), _other(owner, user), today)
    standing = next(standing for standing in standings_of(user) if standing.person.pk == case.handler_id)
    step = _step_at_hand(case)
    tag, act = what_next(case, detail, step, user, standing)
    return Line(case, entry.due, [], step, tag, act, _other(standing.person, user), today)


def _step_at_hand(case: Case) -> CaseStep | None:
    """Of the steps that may be worked on, the first under which the day of the case falls, else the first."""
    current = current_steps(case)
    due = {task.step_id for task in open_tasks(case, current) if task.due_on == case.due_on}
    fitting = [step for step in current if case.due_on and (step.due_on == case.due_on or step.pk in due)]
    return next(iter(fitting or current), None)


def _other(person: User, user: User) -> User | None:
    return None if person.pk == user.pk else person


def _tick(case: Case, task: CaseTask) -> Act:
    return Act(_("完成任务"), reverse("cases:part-do", args=[case.number, "task", task.pk, "tick"]))


def what_next(case: Case, detail: Model | None, step: CaseStep | None, user: User, standing: Standing) -> tuple[Tag | None, Act]:
    """What stands in the way of a case that is carried in this standing, and the act that comes next."""
    look = Act(_("查看"), case.get_absolute_url())
    if case.open_hold:
        return Tag("held", _("待补正")), Act(_("恢复办理"), reverse("cases:case-do", args=[case.number, "resume"]))
    if step is None:
        return None, Act(_("办结"), reverse("cases:case-do", args=[case.number, "close"]))
    turn = Turn(case, detail, step, user, standing, timezone.now())
    action, blockers = _main_action(turn)
    if action is None or action.move is Move.STAY:
        due = next((task for task in case.tasks.all() if case.due_on and task.status == CaseTask.Status.OPEN and task.due_on == case.due_on), None)
        if due:
            return Tag("task", due.title), _tick(case, due)
    if action is None:
        return None, look
    if not blockers:
        return None, Act(action.label, reverse("cases:step-do", args=[case.number, step.number, action.name]))
    return _in_the_way(turn, step, blockers) or (Tag("other", blockers[0].text), look)


def _main_action(turn: Turn) -> tuple[Action | None, list[Blocker]]:
    """The act that brings the step on: of those that the person has, the first that nothing blocks, else the first."""
    assert isinstance(turn.target, CaseStep)
    stage = kind_of(turn.case).stage(turn.target.stage)
    tried: list[tuple[Action, list[Blocker]]] = []
    for action in stage.actions if stage else (steps.COMPLETE,):
        if action.permission_for(turn.target) in turn.standing.permissions and action.who(turn):
            own = action.blockers(turn)
            tried.append((action, list(steps.completion_blockers(turn, own) if action.move is Move.COMPLETE else own)))
    return next((pair for pair in tried if not pair[1]), tried[0] if tried else (None, []))


def _in_the_way(turn: Turn, step: CaseStep, blockers: list[Blocker]) -> tuple[Tag, Act] | None:
    """The tag and the act for what the engine itself blocks with; None for a rule of the kind of case."""
    case = turn.case
    match blockers[0].rule:
        case "MAT-01":
            count = sum(blocker.rule == "MAT-01" for blocker in blockers)
            return Tag("materials", _("缺 %(count)d 份材料") % {"count": count}), _collect(case, step, count)
        case "TASK-01":
            tasks = [task for task in case.tasks.all() if task.step_id == step.pk and task.is_required and task.status == CaseTask.Status.OPEN]
            return Tag("task", _("任务未完成")), _tick(case, tasks[0])
        case "APP-01":
            return _to_approval(case, step)
    return None


def _collect(case: Case, step: CaseStep, count: int) -> Act:
    missing = [material for material in case.materials.all() if material.is_missing]
    first = next((material for material in missing if material.needed_for_id == step.pk), missing[0])
    if count == 1 and first.status == CaseMaterial.Status.MISSING:
        return Act(_("登记材料"), reverse("cases:part-do", args=[case.number, "material", first.pk, "receive"]))
    return Act(_("收齐材料"), case.get_absolute_url())


def _to_approval(case: Case, step: CaseStep) -> tuple[Tag, Act]:
    waiting = approvals.open_approval(case, step)
    if waiting:
        return Tag("waiting", _("待审签")), Act(_("查看"), waiting.get_absolute_url())
    submit = Act(_("送审"), reverse("cases:step-do", args=[case.number, step.number, "submit"]))
    asked = approvals.approvals_of(case, step, Approval.Kind.STEP)
    if asked and asked[-1].decision == Approval.Decision.RETURNED:
        return Tag("returned", _("已退回")), submit
    if asked and asked[-1].decision == Approval.Decision.APPROVED:
        return Tag("returned", _("须重新送审")), submit
    return Tag("submit", _("待送审")), submit


def next_due(groups: Iterable[Group]) -> Line | None:
    """The first line that is due after today."""
    lines = [line for group in groups for line in group.lines if line.due and line.due > line.today]
    return min(lines, key=lambda line: (line.due or datetime.max.date(), line.case.pk), default=None)
