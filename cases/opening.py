"""Opening a case: it is pinned to the sheet in force and copies the operating rules as they are now."""

from collections.abc import Mapping
from typing import Any

from django.conf import settings
from django.db.models import prefetch_related_objects
from django.http import HttpRequest
from django.utils import timezone, translation
from django.utils.translation import gettext as _

from accounts.audit import acting, record
from accounts.models import User
from core import search
from core.numbering import take_number
from duties.models import DutyItem, ProcessStep, Sheet

from .deadlines import start_steps
from .kinds import kind_of
from .models import Case, CaseMaterial, CaseStep, CaseTask, Need, StepRule, TaskTemplate, TimelineEntry
from .search import CASES


class NoProcedureError(Exception):
    """An item without a sheet in force: there are no steps to work by."""


def open_case(
    item: DutyItem,
    *,
    by: User,
    title: str,
    sensitivity: str = Case.Sensitivity.INTERNAL,
    facts: Mapping[str, Any] | None = None,
    handler: User | None = None,
    request: HttpRequest | None = None,
) -> Case:
    """Open a case of `item` for `by`, or for `handler`; `facts` are the fields of its detail record.

    The number is "2.1-2026-0001": item, year, and the serial of both, without a gap. Raises NoProcedureError.
    """
    with acting(by, request):
        sheet = item.sheet_in_force()
        if sheet is None:
            raise NoProcedureError(_("事项 %(code)s 没有信息表，也没有内部办理程序，暂时不能立项。") % {"code": item.code})
        now = timezone.now()
        year = timezone.localdate(now).year
        case = Case.objects.create(
            number=f"{item.code}-{year}-{take_number(f'case {item.code}', year):04d}",
            item=item,
            sheet=sheet,
            title=title,
            sensitivity=sensitivity,
            handler=handler or by,
            opened_at=now,
            opened_by=by,
        )
        add_parts(case, sheet)
        kind = kind_of(case)
        if kind.detail and (kind.needs_detail or facts):
            kind.opened(case, kind.detail._default_manager.create(case=case, **(facts or {})))
        prefetch_related_objects([case], "steps__step", "materials", "tasks", "holds")
        start_steps(case, now)
        case.save(update_fields=["due_on"])
        with translation.override(settings.LANGUAGE_CODE):
            TimelineEntry.objects.create(case=case, at=now, by=by, kind="open", label=_("立项"), text=title, version=case.version)
        search.put(CASES, [case])
        record("case.open", case, number=case.number, sheet=sheet.pk, title=title)
    return case


CARRIED = ("status", "is_final", "started_at", "due_on", "done_at", "done_by", "note")


def add_parts(case: Case, sheet: Sheet, carried: Mapping[int, CaseStep] | None = None) -> None:
    """Give the case the steps, materials and tasks of `sheet` by the rules as they are now.

    `carried` maps numbers of its steps to steps of an earlier edition whose state and tasks they take over.
    A material that the case has already is used again, by name.
    """
    carried = carried or {}
    published = list(sheet.steps.all())
    rules = {rule.step_id: rule for rule in StepRule.objects.filter(step__in=published).prefetch_related("materials")}
    steps = CaseStep.objects.bulk_create([_step(case, step, rules.get(step.pk), carried.get(step.number)) for step in published])
    by_step = {step.step_id: step for step in steps}
    gates = {material.pk: by_step[step.pk] for step in reversed(published) if step.pk in rules for material in rules[step.pk].materials.all()}
    _add_materials(case, sheet, gates)
    for step in steps:
        if was := carried.get(step.step.number):
            CaseTask.objects.filter(step=was).update(step=step)
    templates = TaskTemplate.objects.filter(step__in=published, archived_at=None).order_by("step__number", "position", "pk").select_related("step")
    CaseTask.objects.bulk_create(
        CaseTask(
            case=case,
            step=by_step[template.step_id],
            template=template,
            title=template.title,
            due_days=template.due_days,
            is_required=template.is_required,
        )
        for template in templates
        if template.step.number not in carried
    )


def _step(case: Case, step: ProcessStep, rule: StepRule | None, was: CaseStep | None) -> CaseStep:
    row = CaseStep(case=case, step=step, need=Need.ALWAYS)
    if rule:
        stage = kind_of(case).stage(rule.stage)
        row.stage, row.need, row.due_days = rule.stage, rule.need, rule.due_days
        row.approval_levels = len(stage.levels) if stage and stage.levels else rule.approval_levels
    if was and (was.status != CaseStep.Status.SKIPPED or row.need == Need.IF_NEEDED):  # what must be done now is not left out
        for name in CARRIED:
            setattr(row, name, getattr(was, name))
        if row.is_open:
            row.due_on = None  # it is due by the rule as it is now
    return row


def _add_materials(case: Case, sheet: Sheet, gates: Mapping[int, CaseStep]) -> None:
    have = {material.name: material for material in case.materials.all()}
    new: list[CaseMaterial] = []
    kept: list[CaseMaterial] = []
    for material in sheet.materials.all():
        row = have.get(material.name) or CaseMaterial(case=case, name=material.name)
        row.material, row.needed_for, row.is_required = material, gates.get(material.pk), True
        (kept if row.pk else new).append(row)
    CaseMaterial.objects.bulk_update(kept, ["material", "needed_for", "is_required"])
    CaseMaterial.objects.bulk_create(new)
