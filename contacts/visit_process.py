"""Visits of a thread: asked for with an appointment, confirmed, moved, then held with minutes, or cancelled."""

from collections.abc import Iterable, Sequence
from typing import Any

from django import forms
from django.utils import timezone
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from accounts.audit import record
from cases.forms import ReasonForm, RemarkForm
from cases.kinds import Action, Blocker, Turn
from cases.models import CaseTask
from cases.steps import prefetch_again

from .interaction_fields import moment
from .interaction_process import ThreadFields, end_task, hidden_told, make, of_thread, thread_of
from .models import Visit
from .models.interactions import LOG


def _visit(turn: Turn) -> Visit:
    assert isinstance(turn.target, Visit)
    return turn.target


def when(visit: Visit) -> str:
    """When and where, in words."""
    starts = timezone.localtime(visit.starts_at)
    until = f"-{timezone.localtime(visit.ends_at):%H:%M}" if visit.ends_at else ""
    return " ".join(part for part in (f"{starts:%Y-%m-%d %H:%M}{until}", visit.get_kind_display(), visit.place) if part)


# -- confirming, moving ------------------------------------------------------------------------------------------------------------------------------------


def confirm(turn: Turn) -> str:
    visit = _visit(turn)
    visit.confirmed_at, visit.confirmed_by = turn.at, turn.by
    visit.save(update_fields=["confirmed_at", "confirmed_by"])
    record("visit.confirm", visit)
    return "\n".join(part for part in (when(visit), turn.data["remark"]) if part)


class MoveForm(RemarkForm):
    """Another time or place; what was confirmed is to be confirmed again."""

    starts_at = moment(label=_("会见时间"))
    ends_at = moment(label=_("结束时间"), required=False)
    place = forms.CharField(label=_("地点"), max_length=200, required=False)

    field_order = ["starts_at", "ends_at", "place", "remark"]

    def fit(self, turn: Turn) -> None:
        for name in ("starts_at", "ends_at"):
            at = getattr(_visit(turn), name)
            self.fields[name].initial = timezone.localtime(at).replace(tzinfo=None) if at else None
        self.fields["place"].initial = _visit(turn).place

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        starts, ends = cleaned.get("starts_at"), cleaned.get("ends_at")
        if starts and starts < _visit(self.turn).asked.happened_at:
            self.add_error("starts_at", _("约定的会见时间不能早于预约的时间。"))
        if starts and ends and ends < starts:
            self.add_error("ends_at", _("结束时间不能早于开始时间。"))
        return cleaned


def move(turn: Turn) -> str:
    visit = _visit(turn)
    before = when(visit)
    for name in ("starts_at", "ends_at", "place"):
        setattr(visit, name, turn.data[name])
    visit.confirmed_at = visit.confirmed_by = None
    visit.save(update_fields=["starts_at", "ends_at", "place", "confirmed_at", "confirmed_by"])
    if visit.task and visit.task.status == CaseTask.Status.OPEN:
        visit.task.due_on = timezone.localdate(visit.starts_at)
        visit.task.save(update_fields=["due_on"])
        prefetch_again(turn.case, "tasks")
    record("visit.move", visit, before=before, after=when(visit))
    return "\n".join(part for part in (f"{before} → {when(visit)}", turn.data["remark"]) if part)


# -- the end -----------------------------------------------------------------------------------------------------------------------------------------------


class HeldForm(ThreadFields):
    """The visit as it was: who was there, and the minutes."""

    mode = visit_kind = starts_at = ends_at = place = None  # type: ignore[assignment]

    def fit(self, turn: Turn) -> None:
        visit = _visit(turn)
        self.initial.setdefault("people", [person.pk for person in visit.asked.people.all()])
        super().fit(turn)
        self.fields["summary"].label, self.fields["summary"].widget = _("会见纪要"), forms.Textarea(attrs={"rows": 8})
        self.fields["happened_at"].label = _("会见时间")
        begun = min(visit.starts_at, turn.at)
        self.fields["happened_at"].initial = timezone.localtime(begun).replace(second=0, microsecond=0, tzinfo=None)
        ours = [person.pk for person in visit.asked.ours.all()]
        self.fields["ours"].initial = ours or [turn.by.pk]
        self.fields["sensitivity"].initial = visit.asked.sensitivity

    def clean(self) -> dict[str, Any]:
        return (super().clean() or {}) | {"mode": _visit(self.turn).kind}


def held_blockers(turn: Turn) -> Sequence[Blocker]:
    if _visit(turn).confirmed_at is None:
        return [Blocker("INT-02", gettext("会见还没有确认"), _("业务惯例：预约、确认、会见、纪要"), _("承办人先“确认会见”"))]
    return []


def hold(turn: Turn) -> str:
    visit = _visit(turn)
    held = make(turn, thread_of(turn), turn.data, turn.data["form_key"])
    visit.held_at, visit.held_by, visit.held_as = turn.at, turn.by, held
    visit.save(update_fields=["held_at", "held_by", "held_as"])
    end_task(turn, visit.task, CaseTask.Status.DONE)
    record("visit.hold", visit, interaction=held.pk)
    return hidden_told(held)


def cancel(turn: Turn) -> str:
    visit = _visit(turn)
    visit.cancelled_at, visit.cancelled_by, visit.cancel_reason = turn.at, turn.by, turn.data["reason"][:300]
    visit.save(update_fields=["cancelled_at", "cancelled_by", "cancel_reason"])
    end_task(turn, visit.task, CaseTask.Status.NOT_NEEDED, turn.data["reason"])
    record("visit.cancel", visit, reason=turn.data["reason"])
    return "\n".join((when(visit), turn.data["reason"]))


CONFIRM_VISIT = Action("confirm_visit", _("确认会见"), permission=LOG, who=of_thread, form=RemarkForm, effect=confirm)
MOVE_VISIT = Action("move_visit", _("改时间地点"), permission=LOG, who=of_thread, form=MoveForm, effect=move)
HOLD_VISIT = Action("hold_visit", _("登记会见和纪要"), permission=LOG, who=of_thread, blockers=held_blockers, form=HeldForm, effect=hold)
CANCEL_VISIT = Action("cancel_visit", _("取消会见"), permission=LOG, who=of_thread, form=ReasonForm, effect=cancel)
VISIT_ACTIONS = (CONFIRM_VISIT, MOVE_VISIT, HOLD_VISIT, CANCEL_VISIT)


def acts_of(visit: Visit) -> Iterable[Action]:
    """What can be done about a visit that is ahead."""
    if visit.confirmed_at is None:
        yield CONFIRM_VISIT
    yield from (HOLD_VISIT, MOVE_VISIT, CANCEL_VISIT)
