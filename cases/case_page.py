"""What the page of a case shows: each part of the case together with what the person may do about it.

A `CasePage` is made of a case with its parts and asks the database for nothing but what a part of the page needs, once.
"""

from dataclasses import dataclass, field
from datetime import date
from functools import cached_property
from typing import Any

from django.db.models import Q
from django.forms import Form
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.models import User
from core.working_days import NotEnteredError, WorkingDays
from duties.models import Sheet

from . import annexes, approvals, documents, materials, process, steps, tasks
from .case_rows import (
    DECIDED_ELSEWHERE,
    ApprovalRow,
    Button,
    Deadline,
    DocumentRow,
    HoldRow,
    LinkRow,
    MaterialRow,
    StepChange,
    StepRow,
    TaskRow,
    button,
    compare,
)
from .chart import Chart, draw_steps
from .kinds import Move, kind_of
from .models import Approval, Case, CaseLink, CaseMaterial, CaseStep, CaseTask, Document, TimelineEntry
from .process import Offer
from .progress import closes, current_steps
from .standing import standings_of

RECENT = 5  # entries of the timeline on the first tab
STEP_ACTS = (approvals.SUBMIT,)  # beside what completes a step


@dataclass
class CasePage:
    """A case as one person sees it."""

    case: Case
    person: User
    today: date = field(default_factory=timezone.localdate)

    @cached_property
    def kind(self):  # type: ignore[no-untyped-def]
        return kind_of(self.case)

    @cached_property
    def detail(self):  # type: ignore[no-untyped-def]
        return self.kind.details_of([self.case]).get(self.case.pk)

    @cached_property
    def offers(self) -> list[Offer]:
        return process.offers(self.case, self.person, self.detail)

    @cached_property
    def buttons(self) -> dict[str, list[Button]]:
        """The buttons, by the part that they stand at ("" is the case itself)."""
        found: dict[str, list[Button]] = {}
        for offer in self.offers:
            if offer.action not in DECIDED_ELSEWHERE:
                found.setdefault(offer.key, []).append(button(self.case, offer))
        return found

    @cached_property
    def names(self) -> dict[int, str]:
        """The names of all who had a hand in the parts of the case, by primary key; one query."""
        case = self.case
        keys: set[int | None] = {case.opened_by_id, case.closed_by_id}
        keys |= {step.done_by_id for step in case.steps.all()} | {task.done_by_id for task in case.tasks.all()}
        keys |= {key for row in case.materials.all() for key in (row.received_by_id, row.verified_by_id)}
        keys |= {key for row in case.documents.all() for key in (row.added_by_id, row.withdrawn_by_id)}
        keys |= {key for row in case.holds.all() for key in (row.since_by_id, row.ended_by_id)}
        keys |= {key for row in case.approvals.all() for key in (row.submitted_for_id, row.decided_for_id)}
        return dict(User.objects.filter(pk__in=[key for key in keys if key]).values_list("pk", "name"))

    def name(self, key: int | None) -> str:
        return self.names.get(key, "") if key else ""

    # -- the head of the page ---------------------------------------------------------------------------------------------------------------------------

    @cached_property
    def status(self) -> str:
        """The one word of the case: closed, held, late, waiting (for somebody's decision), going."""
        case = self.case
        if case.is_closed:
            return "closed"
        if case.open_hold:
            return "held"
        if case.due_on and case.due_on < self.today:
            return "late"
        return "waiting" if any(row.is_open for row in case.approvals.all()) else "going"

    @property
    def outcome(self) -> str:
        """How the case ended, where not as it should."""
        return "" if self.case.outcome == Case.Outcome.COMPLETED else self.case.get_outcome_display()

    @cached_property
    def calendar(self) -> WorkingDays:
        return WorkingDays.since(self.today)

    def deadline(self, day: date | None, *, is_timed: bool = False) -> Deadline | None:
        """How `day` lies from today; without a day only where one is to be worked out (`is_timed`)."""
        if day is None:
            return Deadline(None) if is_timed else None
        left, working = (day - self.today).days, None
        if left > 0:
            try:
                working = self.calendar.between(self.today, day)
            except NotEnteredError:
                working = None
        return Deadline(day, left, working)

    @cached_property
    def due(self) -> Deadline | None:
        """When the next of what is at hand is due; without a day where none could be worked out yet."""
        return self.deadline(self.case.due_on, is_timed=self.lacks_calendar)

    @cached_property
    def lacks_calendar(self) -> bool:
        """Whether a date at hand waits for the holidays of a year to be entered."""
        case = self.case
        if case.is_closed or case.open_hold:
            return False
        begun = {step.pk: step for step in case.own_steps if step.is_open and step.started_at}
        timed = [step for step in begun.values() if step.due_days is not None and step.due_on is None]
        return bool(timed) or any(_waits(task) and task.step_id in begun for task in case.tasks.all())

    @cached_property
    def primary(self) -> Button | None:
        """The next act: what is missing first, then what brings the step on, then what ends the case; a decision comes before all."""
        free = [offer for offer in self.offers if not offer.blockers]
        for wanted in (_is_decision, _resumes, self._collects, self._ticks, _submits, _completes, _closes):
            for offer in free:
                if wanted(offer):
                    return button(self.case, offer)
        return None

    def _collects(self, offer: Offer) -> bool:
        keys = {step.pk for step in self.current}
        material = offer.target
        return (
            offer.action is materials.RECEIVE
            and isinstance(material, CaseMaterial)
            and material.is_missing
            and (material.needed_for_id in keys or any(closes(self.case, step) for step in self.current))
        )

    def _ticks(self, offer: Offer) -> bool:
        task = offer.target
        return offer.action is tasks.TICK and isinstance(task, CaseTask) and task.is_required and task.assignee_id in {None, offer.turn.standing.person.pk}

    @cached_property
    def primary_label(self) -> str:
        if self.primary is None:
            return ""
        offer, names = self.primary.offer, {"label": self.primary.label, "target": str(self.primary.offer.target)}
        if _is_decision(offer):
            return _("下一步：审签")
        if isinstance(offer.target, CaseMaterial):
            return _("下一步：收齐“%(target)s”") % names
        if isinstance(offer.target, CaseTask):
            return _("下一步：%(target)s") % names
        return _("下一步：%(label)s") % names

    @cached_property
    def more(self) -> list[Button]:
        """What may be done with the case as a whole."""
        return self.buttons.get("", [])

    # -- the steps --------------------------------------------------------------------------------------------------------------------------------------

    @cached_property
    def current(self) -> list[CaseStep]:
        return [] if self.case.is_closed else current_steps(self.case)

    def state(self, step: CaseStep) -> str:
        """Which of the four words of a step is true of it."""
        if step.status == CaseStep.Status.DONE:
            return "done"
        if step.status == CaseStep.Status.SKIPPED or self.case.is_closed:
            return "skipped"
        return "now" if step in self.current else "todo"

    @cached_property
    def steps(self) -> list[StepRow]:
        return [self._step(step) for step in self.case.own_steps]

    def _step(self, step: CaseStep) -> StepRow:
        buttons, running = self.buttons.get(str(step.number), []), step in self.current and not self.case.open_hold
        acts = [one for one in buttons if one.offer.action in STEP_ACTS or one.offer.action not in process.STANDARD or one.offer.action is steps.COMPLETE]
        return StepRow(
            step,
            self.state(step),
            self.name(step.done_by_id),
            self.deadline(step.due_on, is_timed=step.due_days is not None) if running else None,
            [self._task(task, running) for task in self.case.tasks.all() if task.step_id == step.pk],
            [self._approval(row) for row in self.case.approvals.all() if row.step_id == step.pk and row.kind != Approval.Kind.WAIVER],
            acts,
            [one for one in buttons if one not in acts],
        )

    def _task(self, task: CaseTask, running: bool) -> TaskRow:
        buttons = self.buttons.get(process.key_of(task), [])
        tick = next((one for one in buttons if one.offer.action is tasks.TICK), None)
        deadline = self.deadline(task.due_on, is_timed=_waits(task)) if running and task.status == CaseTask.Status.OPEN else None
        return TaskRow(task, self.name(task.done_by_id), deadline, tick, [one for one in buttons if one is not tick])

    def _approval(self, row: Approval) -> ApprovalRow:
        offers = [offer for offer in self.offers if offer.target is row]
        mine = any(offer.action in DECIDED_ELSEWHERE for offer in offers)
        recall = next((one for one in self.buttons.get(process.key_of(row), [])), None)
        return ApprovalRow(row, self.name(row.submitted_for_id), self.name(row.decided_for_id), row.get_absolute_url() if mine else "", recall)

    @cached_property
    def position(self) -> str:
        """Where the case stands, in words: 第 2 步，共 4 步."""
        total = len(self.case.own_steps)
        if not self.current:
            return _("共 %(total)d 步") % {"total": total}
        return _("第 %(number)s 步，共 %(total)d 步") % {"number": "、".join(str(step.number) for step in self.current), "total": total}

    @cached_property
    def chart(self) -> Chart:
        return draw_steps([(step.number, self.state(step), step.step.text) for step in self.case.own_steps])

    @cached_property
    def left_behind(self) -> list[CaseStep]:
        """The steps of editions on which the case ran before: history."""
        return [step for step in self.case.steps.all() if step.step.sheet_id != self.case.sheet_id]

    # -- the side ---------------------------------------------------------------------------------------------------------------------------------------

    @cached_property
    def materials(self) -> list[MaterialRow]:
        numbers = {step.pk: step.number for step in self.case.own_steps}
        return [self._material(material, numbers) for material in self.case.materials.all()]

    def _material(self, material: CaseMaterial, numbers: dict[int, int]) -> MaterialRow:
        buttons = self.buttons.get(process.key_of(material), [])
        act = next((one for one in buttons if one.offer.action in (materials.RECEIVE, materials.VERIFY)), None)
        asked = [row for row in self.case.approvals.all() if row.kind == Approval.Kind.WAIVER and row.material_id == material.pk]
        return MaterialRow(
            material,
            numbers.get(material.needed_for_id or 0),
            self.name(material.received_by_id),
            self.name(material.verified_by_id),
            self._approval(asked[-1]) if asked else None,
            act,
            [one for one in buttons if one is not act],
            sum(paper.material_id == material.pk for paper in self.case.papers),
        )

    @cached_property
    def documents(self) -> list[DocumentRow]:
        """The documents, that which was added or replaced last first."""
        rows = {document.pk: document for document in self.case.documents.all()}
        replaced = {document.replaces_id for document in rows.values()}
        names = {material.pk: material.name for material in self.case.materials.all()}
        return [self._document(rows, document, names) for document in reversed(rows.values()) if document.pk not in replaced]

    def _document(self, rows: dict[int, Document], document: Document, names: dict[int, str]) -> DocumentRow:
        older, before = [], document.replaces_id
        while before:
            older.append(self._version(rows[before], []))
            before = rows[before].replaces_id
        return self._version(document, older, names.get(document.material_id or 0, ""))

    def _version(self, document: Document, older: list[DocumentRow], material: str = "") -> DocumentRow:
        buttons = self.buttons.get(process.key_of(document), [])
        return DocumentRow(document, self.name(document.added_by_id), self.name(document.withdrawn_by_id), material, buttons, older)

    @cached_property
    def reads_documents(self) -> bool:
        """Whether this person may open them, or only sees that they are there."""
        return any("cases.read_documents" in standing.permissions and standing.sees(self.case) for standing in standings_of(self.person))

    @cached_property
    def upload(self) -> Form | None:
        """The form with which files are added to the case as a whole, if this person may now."""
        offer = next((one for one in self.offers if one.action is documents.ATTACH and one.target is None and not one.blockers), None)
        return documents.AttachForm(turn=offer.turn) if offer else None

    @cached_property
    def wanted(self) -> int:
        """How many materials the case needs."""
        return sum(row.is_required for row in self.case.materials.all())

    @cached_property
    def collected(self) -> int:
        """How many of them are there, or need not come."""
        return sum(row.is_required and not row.is_missing for row in self.case.materials.all())

    @cached_property
    def annexes(self) -> list[tuple[str, Any]]:
        """(template, what it shows) of each part of the page that another app adds."""
        return annexes.panels(self.case, self.person)

    @cached_property
    def holds(self) -> list[HoldRow]:
        return [HoldRow(hold, self.name(hold.since_by_id), self.name(hold.ended_by_id)) for hold in reversed(self.case.holds.all())]

    @cached_property
    def may_start(self) -> bool:
        """Whether the person may open cases: one that is started from this one."""
        return any("cases.handle_case" in standing.permissions for standing in standings_of(self.person))

    @cached_property
    def links(self) -> list[LinkRow]:
        """Links from and to this case, as far as the person sees the other one."""
        found = CaseLink.objects.filter(Q(case=self.case) | Q(other=self.case), removed_at=None).select_related("case", "other", "relation")
        pairs = [(link, link.other if link.case_id == self.case.pk else link.case) for link in found]
        seen = set(Case.objects.visible_to(self.person).filter(pk__in=[other.pk for _link, other in pairs]).values_list("pk", flat=True))
        return [
            LinkRow(link, other, link.case_id == self.case.pk, next(iter(self.buttons.get(process.key_of(link), [])), None))
            for link, other in pairs
            if other.pk in seen
        ]

    @cached_property
    def recent(self) -> list[TimelineEntry]:
        """The last entries of the timeline."""
        return list(self.case.timeline.select_related("by", "on_behalf_of")[:RECENT])

    @cached_property
    def notes(self) -> list[TimelineEntry]:
        """The last notes."""
        return list(self.case.timeline.filter(kind=steps.NOTE.name).select_related("by", "on_behalf_of")[:RECENT])

    # -- editions ---------------------------------------------------------------------------------------------------------------------------------------

    @cached_property
    def newer(self) -> Sheet | None:
        """The edition in force, where an open case runs on an earlier one."""
        case = self.case
        return None if case.is_closed or case.sheet.status == Sheet.Status.PUBLISHED else steps.new_edition(case)

    @cached_property
    def changes(self) -> list[StepChange]:
        """How the steps of the newer edition differ from those of the case."""
        if self.newer is None:
            return []
        return compare([step.step.text for step in self.case.own_steps], [step.text for step in self.newer.steps.all()])

    @cached_property
    def repin(self) -> Button | None:
        return next((one for one in self.more if one.offer.action is steps.REPIN), None)


def _waits(task: CaseTask) -> bool:
    return task.status == CaseTask.Status.OPEN and task.due_days is not None and task.due_on is None


def _is_decision(offer: Offer) -> bool:
    return offer.action in DECIDED_ELSEWHERE


def _resumes(offer: Offer) -> bool:
    return offer.action is steps.RESUME


def _submits(offer: Offer) -> bool:
    return offer.action is approvals.SUBMIT


def _completes(offer: Offer) -> bool:
    return offer.action.move is Move.COMPLETE or (isinstance(offer.target, CaseStep) and offer.action not in process.STANDARD)


def _closes(offer: Offer) -> bool:
    return offer.action is steps.CLOSE
