"""Changing and confirming operating rules, lists, assignments and the working calendar. Each act is one transaction with its audit rows."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from typing import Any

from django.db import IntegrityError
from django.db.models import Max
from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.actions import Refused
from accounts.audit import acting, record
from accounts.models import User
from core.models import CalendarDay
from core.working_days import enter_year
from duties.models import ProcessStep, RequiredMaterial

from .deadlines import catch_up
from .models import Assignment, StepRule, TaskTemplate, Term
from .models.rules import OperatingRule
from .rule_queries import fingerprint

RULE_FIELDS = ("stage", "need", "due_days", "approval_levels", "basis")
TASK_FIELDS = ("title", "due_days", "is_required", "basis")


class ChangedMeanwhileError(Refused):
    """Somebody else changed the rows after the page was made."""

    def __init__(self, rows: Sequence[OperatingRule]) -> None:
        self.seen = fingerprint(rows)
        last = max(rows, key=lambda row: row.changed_at, default=None)
        words = {
            "person": last.changed_by if last and last.changed_by else _("系统"),
            "at": timezone.localtime(last.changed_at).strftime("%Y-%m-%d %H:%M") if last else "-",
        }
        super().__init__(_("打开页面之后，内容已有变化（%(person)s，%(at)s）。请对照下方“现在的内容”；再保存一次，以这次填写的为准。") % words)


def _locked_step(step: ProcessStep) -> ProcessStep:
    """The step's row is the lock for its rule and task templates, which may not exist yet."""
    return ProcessStep.objects.select_for_update(no_key=True).get(pk=step.pk)


def facts_of(rule: StepRule | None) -> dict[str, Any] | None:
    """A rule as the audit trail tells it."""
    if rule is None:
        return None
    return {name: getattr(rule, name) for name in RULE_FIELDS} | {"materials": [material.name for material in rule.materials.order_by("position")]}


def task_facts(task: TaskTemplate) -> dict[str, Any]:
    """A task template as the audit trail tells it."""
    return {name: getattr(task, name) for name in (*TASK_FIELDS, "position")}


def change_rule(
    step: ProcessStep,
    values: Mapping[str, Any],
    *,
    materials: Iterable[RequiredMaterial],
    seen: str,
    by: User,
    request: HttpRequest | None = None,
) -> bool:
    """Set the rule of a step, making it if there is none; it waits for confirmation then. Returns whether anything was changed.

    Raises ChangedMeanwhileError where the rule is not what the page saw (`seen`).
    """
    with acting(by, request):
        _locked_step(step)
        rule = StepRule.objects.filter(step=step).first()
        if fingerprint([rule] if rule else []) != seen:
            raise ChangedMeanwhileError([rule] if rule else [])
        before = facts_of(rule)
        names = [material.name for material in sorted(materials, key=lambda material: material.position)]
        after = {name: values[name] for name in RULE_FIELDS} | {"materials": names}
        if before == after:
            return False
        rule = rule or StepRule(step=step)
        for name in RULE_FIELDS:
            setattr(rule, name, values[name])
        mark_changed(rule, by)
        rule.save()
        rule.materials.set(materials)
        record("rule.change", rule, item=step.sheet.item_id, step=step.number, before=before, after=after)
    return True


def mark_changed(row: OperatingRule, by: User) -> None:
    """Note who changed a rule, which has to be confirmed again."""
    row.changed_at, row.changed_by = timezone.now(), by
    row.confirmed_at = row.confirmed_by = None


def change_tasks(step: ProcessStep, wanted: Sequence[Mapping[str, Any]], *, seen: str, by: User, request: HttpRequest | None = None) -> bool:
    """Make the task templates of a step those `wanted`, in this order; `pk` names one that is there, what is not named is archived.

    A template whose words or terms change waits for confirmation again; its place alone may change without. Returns whether anything was changed.
    Raises ChangedMeanwhileError.
    """
    with acting(by, request):
        _locked_step(step)
        present = list(TaskTemplate.objects.filter(step=step, archived_at=None))
        if fingerprint(present) != seen:
            raise ChangedMeanwhileError(present)
        before = [task_facts(task) for task in present]
        by_pk = {task.pk: task for task in present}
        after = [_store_task(step, by_pk.pop(row["pk"], None), row, position, by) for position, row in enumerate(wanted, 1)]
        for task in by_pk.values():
            task.archived_at = timezone.now()
            mark_changed(task, by)
            task.save()
        if before == after and not by_pk:
            return False
        record("task_template.change", step, item=step.sheet.item_id, step=step.number, before=before, after=after)
    return True


def _store_task(step: ProcessStep, task: TaskTemplate | None, row: Mapping[str, Any], position: int, by: User) -> dict[str, Any]:
    changed = task is None or any(getattr(task, name) != row[name] for name in TASK_FIELDS)
    task = task or TaskTemplate(step=step, position=position)
    if changed:
        for name in TASK_FIELDS:
            setattr(task, name, row[name])
        mark_changed(task, by)
    if changed or task.position != position:
        task.position = position
        task.save()
    return task_facts(task)


def confirm(step: ProcessStep, *, seen: str, by: User, request: HttpRequest | None = None) -> int:
    """Confirm the rule of a step and its task templates as they stand. Returns how many rows were confirmed.

    Raises ChangedMeanwhileError where they are not what the page saw, and Refused where there is nothing to confirm or where `by` changed
    one of them last.
    """
    with acting(by, request):
        _locked_step(step)
        rows: list[OperatingRule] = [*StepRule.objects.filter(step=step), *TaskTemplate.objects.filter(step=step, archived_at=None)]
        waiting = confirm_rows(rows, seen=seen, by=by)
        tasks = [task_facts(row) for row in waiting if isinstance(row, TaskTemplate)]
        rule = next((facts_of(row) for row in waiting if isinstance(row, StepRule)), None)
        record("rule.confirm", step, item=step.sheet.item_id, step=step.number, rule=rule, tasks=tasks)
    return len(waiting)


def confirm_rows(rows: Sequence[OperatingRule], *, seen: str, by: User) -> list[OperatingRule]:
    """Confirm those of these rows, locked, that wait for it; returns them. Raises ChangedMeanwhileError and Refused."""
    if fingerprint(rows) != seen:
        raise ChangedMeanwhileError(rows)
    waiting = [row for row in rows if not row.is_confirmed]
    if not waiting:
        raise Refused(_("没有待确认的规则。"))
    if any(row.changed_by_id == by.pk for row in waiting):
        raise Refused(_("规则须由修改人以外的人确认，请另一位有确认权限的人办理。"))
    for row in waiting:
        row.confirmed_at, row.confirmed_by = timezone.now(), by
        row.save(update_fields=["confirmed_at", "confirmed_by"])
    return waiting


# -- lists -----------------------------------------------------------------------
def save_term(term: Term, *, by: User, request: HttpRequest | None = None) -> None:
    """Add an entry at the end of its list, or rename one. Raises Refused where the list has that name already."""
    try:
        _save_term(term, by, request)
    except IntegrityError as error:
        raise Refused(_("这个字典里已有同名条目。")) from error


def _save_term(term: Term, by: User, request: HttpRequest | None) -> None:
    with acting(by, request):
        old = Term.objects.select_for_update(no_key=True).filter(pk=term.pk).first()
        if old is None:
            last = Term.objects.filter(kind=term.kind, archived_at=None).aggregate(last=Max("position"))["last"]
            term.position = (last or 0) + 1
        term.save()
        before = {"name": old.name, "name_en": old.name_en} if old else None
        record("term.change" if old else "term.add", term, kind=term.kind, before=before, after={"name": term.name, "name_en": term.name_en})


def move_term(term: Term, *, up: bool, by: User, request: HttpRequest | None = None) -> None:
    """Move an entry one place up or down in its list; at the end of the list nothing happens."""
    with acting(by, request):
        terms = list(Term.objects.select_for_update(no_key=True).filter(kind=term.kind, archived_at=None))
        before = [row.name for row in terms]
        place = next((number for number, row in enumerate(terms) if row.pk == term.pk), None)
        other = -1 if place is None else place + (-1 if up else 1)
        if place is None or not 0 <= other < len(terms):
            return
        terms[place], terms[other] = terms[other], terms[place]
        for position, row in enumerate(terms, 1):
            row.position = position
        Term.objects.bulk_update(terms, ["position"])
        record("term.move", term, kind=term.kind, before=before, after=[row.name for row in terms])


def archive_term(term: Term, *, reason: str, by: User, request: HttpRequest | None = None) -> None:
    """Take an entry out of use; what refers to it keeps it. Raises Refused where that has been done."""
    with acting(by, request):
        term = Term.objects.select_for_update(no_key=True).get(pk=term.pk)
        if term.archived_at:
            raise Refused(_("这一条已经停用。"))
        term.archived_at, term.archived_reason = timezone.now(), reason
        term.save(update_fields=["archived_at", "archived_reason"])
        record("term.archive", term, kind=term.kind, name=term.name, reason=reason)


# -- who works on what -------------------------------------------------------------
def assign(changes: Mapping[tuple[int, str], bool], *, by: User | None, request: HttpRequest | None = None) -> int:
    """Give items to people and take them away: (person's key, item's code) to whether it is theirs. Returns how many changed.

    What somebody else has done already is left as it is.
    """
    changed = 0
    with acting(by, request):
        people = {person.pk: person for person in User.objects.select_for_update(no_key=True).filter(pk__in={user for user, _item in changes}).order_by("pk")}
        open_now = {(row.user_id, row.item_id): row for row in Assignment.objects.filter(user__in=people, ended_at=None)}
        for (user, item), wanted in changes.items():
            row = open_now.get((user, item))
            if wanted == (row is not None):
                continue
            if row is None:
                Assignment.objects.create(user=people[user], item_id=item, since_by=by)
            else:
                row.ended_at, row.ended_by = timezone.now(), by
                row.save(update_fields=["ended_at", "ended_by"])
            record("assignment.start" if wanted else "assignment.end", people[user], item=item)
            changed += 1
    return changed


# -- the working calendar ------------------------------------------------------------
def day_facts(row: CalendarDay) -> dict[str, Any]:
    """A day as the audit trail tells it."""
    return {"day": row.day, "is_working": row.is_working, "name": row.name}


def change_day(day: date, *, is_working: bool, name: str, by: User, request: HttpRequest | None = None) -> bool:
    """Change one entered day. Returns whether anything was changed; dates that were worked out already stay."""
    with acting(by, request):
        row = CalendarDay.objects.select_for_update(no_key=True).get(day=day)
        before = day_facts(row)
        row.is_working, row.name = is_working, name
        if before == day_facts(row):
            return False
        row.save(update_fields=["is_working", "name"])
        record("calendar.change", row, before=before, after=day_facts(row))
    return True


def differences(days: Sequence[CalendarDay]) -> list[tuple[CalendarDay | None, CalendarDay]]:
    """(what is stored, what it would become) of each day that is not entered yet and no plain day of the week, or that would change."""
    stored = CalendarDay.objects.in_bulk([row.day for row in days])
    pairs = [(stored.get(row.day), row) for row in days]
    return [(old, new) for old, new in pairs if (day_facts(old) != day_facts(new) if old else new.name or new.is_shifted)]


def import_notice(year: int, days_off: Mapping[date, str], days_on: Mapping[date, str], *, by: User, request: HttpRequest | None = None) -> int:
    """Enter a year by the State Council's notice, and work out the deadlines that waited for it. Returns how many cases got theirs.

    Raises NotEnteredError where the notice moves days of a neighbouring year that is not entered.
    """
    with acting(by, request):
        before = [day_facts(row) for row in CalendarDay.objects.filter(day__year=year).order_by("day") if row.name or row.is_shifted]
        enter_year(year, days_off, days_on)
        record("calendar.import", f"core.calendarday:{year}", before=before, days_off=_listed(days_off), days_on=_listed(days_on))
        return catch_up()


def _listed(days: Mapping[date, str]) -> list[list[str]]:
    return [[day.isoformat(), name] for day, name in sorted(days.items())]
