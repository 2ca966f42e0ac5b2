"""When a step and its tasks are due: working days after the step began, in which the clock stands still during holds."""

from datetime import date, datetime

from django.utils import timezone

from accounts.audit import record
from core.working_days import NotEnteredError, WorkingDays

from .models import Case, CaseStep, CaseTask
from .progress import current_steps, open_tasks


def start_steps(case: Case, at: datetime, *, afresh: bool = False) -> None:
    """Begin each step that has become current, work out what is due when, and note the earliest of it in the case (which the caller saves).

    With `afresh` the dates of steps that had begun are worked out again (after a hold, under another edition). A date beyond the days that are
    entered stays open.
    """
    case.due_on = None
    if case.is_closed or case.open_hold:
        return
    steps = current_steps(case)
    begun = [step for step in steps if step.started_at is None]
    put_off = [step for step in case.own_steps if step.is_open and step.started_at and step not in steps]  # something new comes before them
    for step in begun:
        step.started_at = at
    for step in put_off:
        step.started_at = step.due_on = None
    tasks = open_tasks(case, steps)
    anew = [task for task in tasks if task.step_id in {step.pk for step in begun} or task.due_on is None or afresh]
    timed: list[CaseStep | CaseTask] = [*(steps if afresh else begun), *anew]
    _work_out(case, steps, [row for row in timed if row.due_days is not None])
    CaseStep.objects.bulk_update([step for step in steps if afresh or step in begun] + put_off, ["started_at", "due_on"])
    days = [step.due_on for step in steps] + [task.due_on for task in tasks]
    case.due_on = min((day for day in days if day), default=None)


def _work_out(case: Case, steps: list[CaseStep], timed: list[CaseStep | CaseTask]) -> None:
    if not timed:
        return
    begun = {step.pk: timezone.localdate(step.started_at) for step in steps}
    still = [(timezone.localdate(hold.since_at), timezone.localdate(hold.ended_at)) for hold in case.holds.all() if hold.ended_at]
    calendar = WorkingDays.since(min(begun.values()))
    for row in timed:
        start = begun[row.pk if isinstance(row, CaseStep) else row.step_id]
        row.due_on = _after(calendar, start, row.due_days or 0, still)
    CaseTask.objects.bulk_update([row for row in timed if isinstance(row, CaseTask)], ["due_on"])


def _after(calendar: WorkingDays, start: date, days: int, still: list[tuple[date, date]]) -> date | None:
    try:
        return calendar.after(start, days, still=still)
    except NotEnteredError:
        return None


def catch_up() -> int:
    """Work out the dates that stayed open because their days were not entered; returns the number of cases changed. Call it inside `acting()`."""
    waiting = CaseStep.objects.filter(case__closed_at=None, status="open", started_at__isnull=False, due_days__isnull=False, due_on=None)
    tasks = CaseTask.objects.filter(case__closed_at=None, status="open", step__started_at__isnull=False, due_days__isnull=False, due_on=None)
    keys = set(waiting.values_list("case", flat=True)) | set(tasks.values_list("case", flat=True))
    changed = 0
    list(Case.objects.select_for_update(no_key=True).filter(pk__in=keys, closed_at=None).order_by("pk"))  # first and alone, as `process.load` does
    for case in Case.objects.with_parts().filter(pk__in=keys, closed_at=None):
        before = case.due_on
        start_steps(case, timezone.now(), afresh=True)
        if case.due_on != before:
            case.save(update_fields=["due_on"])
            record("case.catch_up", case, due_on=case.due_on)
            changed += 1
    return changed
