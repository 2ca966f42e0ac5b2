"""The actions on tasks: added under a step, changed, ticked off, found not to be needed, opened again."""

from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from .forms import ReasonForm, RemarkForm, TaskForm
from .kinds import Action, Blocker, Turn
from .models import CaseStep, CaseTask
from .steps import prefetch_again


def assignee(turn: Turn) -> bool:
    """Whoever the task was given to, and the person who carries the case."""
    assert isinstance(turn.target, CaseTask)
    return turn.standing.person.pk in {turn.target.assignee_id, turn.case.handler_id}


def _task(turn: Turn) -> CaseTask:
    assert isinstance(turn.target, CaseTask)
    return turn.target


def add(turn: Turn) -> str:
    assert isinstance(turn.target, CaseStep)
    CaseTask.objects.create(case=turn.case, step=turn.target, **turn.data)
    prefetch_again(turn.case, "tasks")
    return str(turn.data["title"])


def change(turn: Turn) -> str:
    task = _task(turn)
    if turn.data.get("due_on", task.due_on) != task.due_on:
        task.due_days = None  # set by hand from now on
    for name, value in turn.data.items():
        setattr(task, name, value)
    task.save(update_fields=["title", "assignee", "due_on", "due_days", "is_required"])
    return task.title


def _finish(turn: Turn, status: str) -> str:
    task = _task(turn)
    task.status, task.done_at, task.done_by = status, turn.at, turn.by
    task.note = turn.data.get("reason") or turn.data.get("remark") or ""
    task.save(update_fields=["status", "done_at", "done_by", "note"])
    return f"{task.title}：{task.note}" if task.note else task.title


def tick(turn: Turn) -> str:
    return _finish(turn, CaseTask.Status.DONE)


def leave_out(turn: Turn) -> str:
    return _finish(turn, CaseTask.Status.NOT_NEEDED)


def leave_out_blockers(turn: Turn) -> list[Blocker]:
    if not _task(turn).is_ruled:
        return []
    return [Blocker("TASK-02", gettext("运行规则要求完成的任务，不能由承办人自行取消"), _("运行规则中的任务"), _("承办人在本步申请特批，由第二人批准"))]


def untick(turn: Turn) -> str:
    task = _task(turn)
    task.status, task.done_at, task.done_by, task.note = CaseTask.Status.OPEN, None, None, ""
    if task.due_days is not None:
        task.due_on = None  # worked out again: its step may have begun anew since
    task.save(update_fields=["status", "done_at", "done_by", "note", "due_on"])
    return task.title


ADD_TASK = Action("add_task", _("添加任务"), effect=add, form=TaskForm)
CHANGE_TASK = Action("change", _("修改任务"), effect=change, form=TaskForm)
TICK = Action("tick", _("完成任务"), permission="cases.annotate_case", who=assignee, effect=tick, form=RemarkForm)
LEAVE_OUT = Action("leave_out", _("不需要"), blockers=leave_out_blockers, effect=leave_out, form=ReasonForm)
UNTICK = Action("untick", _("重新打开任务"), effect=untick)

BY_STATUS = {
    CaseTask.Status.OPEN: (TICK, CHANGE_TASK, LEAVE_OUT),
    CaseTask.Status.DONE: (UNTICK,),
    CaseTask.Status.NOT_NEEDED: (UNTICK,),
}
