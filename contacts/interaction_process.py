"""How item 1.1 runs: a thread a body and year whose two published steps stay open all year, entries by way of the engine, visits, the year's end.

Both steps are open together, and go on as long as the year: the first call does not end the calls. An entry belongs to the step that its mode is; at the
year's end the steps that have entries are done, the others were not needed, and what is still to be done goes on in the thread of the new year.
"""

from dataclasses import replace
from typing import Any

from django import forms
from django.utils import timezone
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from accounts.audit import record
from cases import steps
from cases.forms import ActionForm, ReasonForm
from cases.kinds import Action, Move, Turn, anybody, handler
from cases.models import Case, CaseStep, CaseTask
from cases.process import NOT_OFFERED, BlockedError
from cases.progress import current_steps, missing_materials
from cases.steps import prefetch_again
from core import search

from .interaction_fields import FIELDS, InteractionFields, correction_reason
from .models import Interaction, InteractionLink, InteractionThread, Sensitivity, Visit
from .models.interactions import LOG
from .search import INTERACTIONS

SHOWN = 80  # characters of a summary in a line of the timeline


def of_thread(turn: Turn) -> bool:
    """Whoever holds the right, on the case of a thread."""
    return isinstance(turn.detail, InteractionThread)


def without_thread(turn: Turn) -> bool:
    """The person who carries a case of 1.1 that was opened by hand: it runs on its steps alone."""
    return turn.detail is None and handler(turn)


def thread_of(turn: Turn) -> InteractionThread:
    assert isinstance(turn.detail, InteractionThread)
    return turn.detail


def told(interaction: Interaction) -> str:
    """An interaction in a line."""
    summary = interaction.summary if len(interaction.summary) <= SHOWN else interaction.summary[:SHOWN] + "…"
    words = {"mode": interaction.get_mode_display(), "day": interaction.day, "who": interaction.thread.organisation, "summary": summary}
    return gettext("%(day)s %(mode)s %(who)s：%(summary)s") % words


def hidden_told(interaction: Interaction) -> str:
    """The same for the timeline of a case, which more people read than what is restricted."""
    if interaction.sensitivity == Sensitivity.RESTRICTED:
        words = {"mode": interaction.get_mode_display(), "day": interaction.day, "who": interaction.thread.organisation}
        return gettext("%(day)s %(mode)s %(who)s（工作敏感）") % words
    return told(interaction)


# -- registering -------------------------------------------------------------------------------------------------------------------------------------------


class ThreadFields(ActionForm, InteractionFields):
    """An interaction of this thread, in its year."""

    def fit(self, turn: Turn) -> None:
        self.offer(turn.by, thread_of(turn).organisation_id)

    def clean_happened_at(self) -> Any:
        at = super().clean_happened_at()
        year = thread_of(self.turn).year
        if timezone.localdate(at).year != year:
            raise forms.ValidationError(_("本办件只登记 %(year)d 年的往来，请从“登记往来”登记。") % {"year": year})
        return at


class LogForm(ThreadFields):
    """One more of them."""


def log(turn: Turn) -> str:
    interaction = make(turn, thread_of(turn), turn.data, turn.data["form_key"])
    if interaction.mode == Interaction.Mode.APPOINTMENT:
        visit = Visit.objects.create(
            thread=interaction.thread,
            asked=interaction,
            kind=turn.data["visit_kind"],
            starts_at=turn.data["starts_at"],
            ends_at=turn.data.get("ends_at"),
            place=turn.data.get("place") or "",
        )
        visit.task = add_task(turn, "meet", gettext("登记会见结果：%(who)s") % {"who": interaction.thread.organisation}, timezone.localdate(visit.starts_at))
        visit.save(update_fields=["task"])
        record("visit.ask", visit, starts_at=visit.starts_at, kind=visit.kind, place=visit.place)
    return hidden_told(interaction)


def make(turn: Turn, thread: InteractionThread, values: Any, form_key: str) -> Interaction:
    """Store an interaction with its people and its next step, found by search and told in the trail."""
    interaction = Interaction(thread=thread, form_key=form_key, registered_at=turn.at, registered_by=turn.by, next_step=values.get("next_step") or "")
    for name in FIELDS:
        setattr(interaction, name, values[name])
    if values.get("next_on"):
        is_restricted = interaction.sensitivity == Sensitivity.RESTRICTED  # whoever sees the case sees its tasks
        title = gettext("跟进工作敏感的往来") if is_restricted else interaction.next_step
        interaction.follow_up = add_task(turn, interaction.stage, title, values["next_on"])
    interaction.save(force_insert=True)
    interaction.people.set(values["people"])
    interaction.ours.set(values["ours"])
    search.put(INTERACTIONS, [interaction])
    record("interaction.log", interaction, facts=audited(interaction), follow_up=values.get("next_on"))
    return interaction


def audited(interaction: Interaction) -> dict[str, Any]:
    """The facts of an interaction as the audit trail tells them."""
    facts = {name: getattr(interaction, name) for name in (*FIELDS, "next_step")}
    people = sorted(interaction.people.values_list("pk", flat=True))
    return facts | {"thread": interaction.thread_id, "people": people, "ours": sorted(person.username for person in interaction.ours.all())}


def step_of(case: Case, stage: str) -> CaseStep | None:
    """The step of this case that stands for the stage: by its rule; without rules the first step is correspondence, the last the visits."""
    own = case.own_steps
    named = next((step for step in own if step.stage == stage), None)
    return named or (own[0 if stage == "correspond" else -1] if own else None)


def add_task(turn: Turn, stage: str, title: str, due_on: Any) -> CaseTask:
    """Something to be done under the step, by the person who acts. Raises BlockedError where the case has ended."""
    current = [] if turn.case.is_closed else current_steps(turn.case)
    if not current:
        raise BlockedError([replace(NOT_OFFERED, text=gettext("这个机构本年度的往来已经办结，不能再安排跟进；请去掉跟进日期。"))])
    step = step_of(turn.case, stage)
    task = CaseTask.objects.create(
        case=turn.case,
        step=step if step in current else current[0],
        title=title[:200],
        assignee=turn.standing.person,
        is_required=False,
        due_on=due_on,
    )
    prefetch_again(turn.case, "tasks")
    return task


def end_task(turn: Turn, task: CaseTask | None, status: str, note: str = "") -> None:
    """End a task that was open, if there is one."""
    if task is None or task.status != CaseTask.Status.OPEN:
        return
    task.status, task.done_at, task.done_by, task.note = status, turn.at, turn.by, note
    task.save(update_fields=["status", "done_at", "done_by", "note"])
    prefetch_again(turn.case, "tasks")


# -- correcting, withdrawing -------------------------------------------------------------------------------------------------------------------------------


class OfThreadForm(ActionForm):
    """An act on one interaction of the thread: `interaction` names it."""

    interaction = forms.IntegerField(label=_("往来序号"), min_value=1)

    def clean_interaction(self) -> Interaction:
        found = Interaction.objects.visible_to(self.turn.by, LOG).valid().filter(thread__case=self.turn.case, pk=self.cleaned_data["interaction"]).first()
        if found is None:
            raise forms.ValidationError(_("没有找到这次往来。"))
        return found


class CorrectForm(OfThreadForm, ThreadFields):
    """Putting right what was entered; the next step stays with its task, a visit with its own acts."""

    next_on = next_step = visit_kind = starts_at = ends_at = place = form_key = None  # type: ignore[assignment]
    reason = correction_reason()


def correct(turn: Turn) -> str:
    interaction = Interaction.objects.select_for_update(no_key=True, of=("self",)).get(pk=turn.data["interaction"].pk)
    before = audited(interaction)
    for name in FIELDS:
        setattr(interaction, name, turn.data[name])
    interaction.version += 1
    interaction.save(update_fields=[*FIELDS, "version"])
    interaction.people.set(turn.data["people"])
    interaction.ours.set(turn.data["ours"])
    search.put(INTERACTIONS, [interaction])
    after = audited(interaction)
    changed = {name: [before[name], after[name]] for name in after if before[name] != after[name]}
    record("interaction.correct", interaction, changes=changed, reason=turn.data["reason"])
    return gettext("%(told)s\n理由：%(reason)s") % {"told": hidden_told(interaction), "reason": turn.data["reason"]}


class WithdrawForm(OfThreadForm, ReasonForm):
    field_order = ["interaction", "reason"]


def withdraw(turn: Turn) -> str:
    interaction = turn.data["interaction"]
    visit = Visit.objects.filter(asked=interaction, held_at=None, cancelled_at=None).select_related("task").first()
    if visit:
        visit.cancelled_at, visit.cancelled_by, visit.cancel_reason = turn.at, turn.by, turn.data["reason"][:300]
        visit.save(update_fields=["cancelled_at", "cancelled_by", "cancel_reason"])
        end_task(turn, visit.task, CaseTask.Status.NOT_NEEDED, turn.data["reason"])
    end_task(turn, interaction.follow_up, CaseTask.Status.NOT_NEEDED, turn.data["reason"])
    interaction.withdrawn_at, interaction.withdrawn_by, interaction.withdraw_reason = turn.at, turn.by, turn.data["reason"]
    interaction.version += 1
    interaction.save(update_fields=["withdrawn_at", "withdrawn_by", "withdraw_reason", "version"])
    record("interaction.withdraw", interaction, reason=turn.data["reason"])
    return gettext("%(told)s\n理由：%(reason)s") % {"told": hidden_told(interaction), "reason": turn.data["reason"]}


# -- other cases -------------------------------------------------------------------------------------------------------------------------------------------


class OfCaseForm(ActionForm):
    """An interaction that belongs, or is to belong, to this case: `interaction` names it."""

    interaction = forms.IntegerField(label=_("往来序号"), min_value=1, help_text=_("往来页面上写有序号。"))
    is_linked = False

    def clean_interaction(self) -> Interaction:
        found = Interaction.objects.visible_to(self.turn.by, LOG).valid().filter(pk=self.cleaned_data["interaction"]).select_related("thread").first()
        if found is None:
            raise forms.ValidationError(_("没有找到这次往来。"))
        if found.thread.case_id == self.turn.case.pk:
            raise forms.ValidationError(_("这次往来就登记在本办件。"))
        if found.links.filter(case=self.turn.case, removed_at=None).exists() != self.is_linked:
            raise forms.ValidationError(_("这次往来没有关联本办件。") if self.is_linked else _("这次往来已经关联本办件。"))
        return found


class UnlinkForm(OfCaseForm, ReasonForm):
    field_order = ["interaction", "reason"]
    is_linked = True


def link(turn: Turn) -> str:
    interaction = turn.data["interaction"]
    InteractionLink.objects.create(interaction=interaction, case=turn.case, made_at=turn.at, made_by=turn.by)
    record("interaction.link", interaction, case=turn.case.number)
    return hidden_told(interaction)


def unlink(turn: Turn) -> str:
    interaction = turn.data["interaction"]
    made = InteractionLink.objects.select_for_update(no_key=True).get(interaction=interaction, case=turn.case, removed_at=None)
    made.removed_at, made.removed_by = turn.at, turn.by
    made.save(update_fields=["removed_at", "removed_by"])
    record("interaction.unlink", interaction, case=turn.case.number, reason=turn.data["reason"])
    return gettext("%(told)s\n理由：%(reason)s") % {"told": hidden_told(interaction), "reason": turn.data["reason"]}


# -- the year's end ----------------------------------------------------------------------------------------------------------------------------------------


def close_year(turn: Turn) -> str:
    """The steps with entries are done, the others were not needed; papers that never came are named, and waited for no longer."""
    thread = thread_of(turn)
    entries = list(thread.interactions.valid())  # type: ignore[attr-defined]
    for stage in {entry.stage for entry in entries}:
        step = step_of(turn.case, stage)
        if step and step.is_open:
            step.status, step.done_at, step.done_by = CaseStep.Status.DONE, turn.at, turn.by
            step.save(update_fields=["status", "done_at", "done_by"])
    missing = missing_materials(turn.case)
    for material in missing:
        material.is_required = False
        material.save(update_fields=["is_required"])
    for task in turn.case.tasks.all():
        end_task(turn, task, CaseTask.Status.NOT_NEEDED, gettext("年度终了"))
    turn.data = {"outcome": Case.Outcome.COMPLETED if entries else Case.Outcome.WITHDRAWN}
    lines = [gettext("%(year)d 年度终了，系统自动办结；全年往来 %(count)d 次。") % {"year": thread.year, "count": len(entries)}]
    if missing:
        lines.append(gettext("未收到的要件：%(names)s") % {"names": "、".join(material.name for material in missing)})
    return "\n".join(lines)


def carry_over(turn: Turn, old: InteractionThread) -> str:
    """Take over from last year's thread what is still to be done: follow-ups and visits ahead, each with a task in this case."""
    thread, count = thread_of(turn), 0
    for interaction in old.interactions.valid().filter(follow_up__status=CaseTask.Status.OPEN).select_related("follow_up"):  # type: ignore[attr-defined]
        assert interaction.follow_up, "asked for by it"
        interaction.follow_up = moved(turn, interaction.stage, interaction.follow_up)
        interaction.save(update_fields=["follow_up"])
        count += 1
    for visit in old.visits.ahead().select_related("task"):  # type: ignore[attr-defined]
        visit.thread, visit.task = thread, moved(turn, "meet", visit.task) if visit.task else None
        visit.save(update_fields=["thread", "task"])
        count += 1
    return gettext("从 %(number)s 转入未完成的跟进和会见 %(count)d 项。") % {"number": old.case.number, "count": count}


def moved(turn: Turn, stage: str, task: CaseTask) -> CaseTask:
    """The same task in this case, given to the same person."""
    made = add_task(turn, stage, task.title, task.due_on)
    made.assignee = task.assignee
    made.save(update_fields=["assignee"])
    prefetch_again(turn.case, "tasks")
    return made


# -- the acts ----------------------------------------------------------------------------------------------------------------------------------------------

LOG_INTERACTION = Action("log_interaction", _("登记往来"), permission=LOG, who=of_thread, form=LogForm, effect=log)
CORRECT_INTERACTION = Action("correct_interaction", _("更正往来"), permission=LOG, who=of_thread, form=CorrectForm, effect=correct)
WITHDRAW_INTERACTION = Action("withdraw_interaction", _("撤销往来"), permission=LOG, who=of_thread, form=WithdrawForm, effect=withdraw)
LINK_INTERACTION = Action("link_interaction", _("关联往来"), permission=LOG, who=anybody, form=OfCaseForm, effect=link)
UNLINK_INTERACTION = Action("unlink_interaction", _("取消关联往来"), permission=LOG, who=anybody, form=UnlinkForm, effect=unlink)
FINISH = replace(steps.COMPLETE, who=without_thread)
CLOSE_YEAR = Action("close_year", _("年度终了办结"), Move.CLOSE, who=lambda turn: False, effect=close_year)
CARRY_OVER = Action("carry_over", _("转入上年度未完成事项"), who=lambda turn: False)
OF_CASES = (LOG_INTERACTION, CORRECT_INTERACTION, WITHDRAW_INTERACTION, LINK_INTERACTION, UNLINK_INTERACTION)
