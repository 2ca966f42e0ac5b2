"""The operating rules to begin with: stored once an item, never again, so that whatever staff have made of them stays."""

import hashlib
import tomllib
from collections.abc import Iterator, Mapping
from typing import Any

from django.db.models import Max

from accounts.audit import acting, record
from duties.models import DutyItem, ProcessStep, RequiredMaterial, Sheet
from duties.publishing import publish_sheet

from .models import Need, StepRule, TaskTemplate, Term


def seed(content: bytes) -> list[str]:
    """Store the rules of a TOML file (fixtures/operating_rules.toml tells its form) for every item that has none yet, unconfirmed.

    A step whose sentence in force is not the one in the file is left out. Returns one line for each thing done or left out.
    """
    read = tomllib.loads(content.decode())
    sha256 = hashlib.sha256(content).hexdigest()
    with acting(None):
        told = [line for item in read["items"] for line in _seed_item(item, sha256)]
        return told + list(_seed_terms(read["terms"]))


def _seed_item(told: Mapping[str, Any], sha256: str) -> Iterator[str]:
    item = DutyItem.objects.select_for_update(no_key=True).filter(pk=told["code"]).first()
    if item is None:
        yield f"事项 {told['code']}：清单里没有，未录入。"
        return
    if StepRule.objects.filter(step__sheet__item=item).exists():
        return
    if "procedure" in told and not item.sheets.exists():
        _make_procedure(item, told, sha256)
        yield f"事项 {item}：建立内部办理程序（不公开）。"
    sheet = item.sheet_in_force()
    if sheet is None:
        yield f"事项 {item}：没有现行信息表，未录入。"
        return
    steps = {(step.number, step.text): step for step in sheet.steps.all()}
    materials = {material.name: material for material in sheet.materials.all()}
    stored = 0
    for rule in told["steps"]:
        step = steps.get((rule["number"], rule["text"]))
        if step is None:
            yield f"事项 {item} 第 {rule['number']} 步：现行文字不同，未录入。"
            continue
        _store(step, rule, [materials[name] for name in rule.get("materials", []) if name in materials])
        stored += 1
    record("rule.seed", item, sheet=sheet.pk, steps=stored, source_sha256=sha256)
    yield f"事项 {item}：录入 {stored} 个步骤的运行规则，待本单位确认。"


def _store(step: ProcessStep, told: Mapping[str, Any], materials: list[RequiredMaterial]) -> None:
    rule = StepRule.objects.create(
        step=step,
        stage=told["stage"],
        need=Need(told.get("need", Need.ALWAYS)),
        due_days=told.get("due_days"),
        approval_levels=told.get("approval_levels", 0),
        basis=told["basis"],
    )
    rule.materials.set(materials)
    TaskTemplate.objects.bulk_create(
        TaskTemplate(
            step=step,
            position=position,
            title=task["title"],
            due_days=task.get("due_days"),
            is_required=task.get("required", True),
            basis=task["basis"],
        )
        for position, task in enumerate(told.get("tasks", []), 1)
    )


def _make_procedure(item: DutyItem, told: Mapping[str, Any], sha256: str) -> None:
    """Put an internal procedure in force for an item without a sheet: steps and materials to work by, no published text.

    The file is its source, so it has neither author nor reviewer; a public sheet will supersede it.
    """
    procedure = told["procedure"]
    edition = (item.sheets.aggregate(last=Max("edition"))["last"] or 0) + 1
    sheet = Sheet.objects.create(item=item, edition=edition, is_public=False, source_sha256=sha256, materials_open=procedure["materials_open"])
    ProcessStep.objects.bulk_create(ProcessStep(sheet=sheet, number=step["number"], text=step["text"]) for step in told["steps"])
    RequiredMaterial.objects.bulk_create(RequiredMaterial(sheet=sheet, position=position, name=name) for position, name in enumerate(procedure["materials"], 1))
    publish_sheet(sheet, by=None)


def _seed_terms(told: Mapping[str, Any]) -> Iterator[str]:
    kept = set(Term.objects.values_list("kind", flat=True))
    for kind, terms in told.items():
        if kind not in kept:
            Term.objects.bulk_create(Term(kind=Term.Kind(kind), position=position, **term) for position, term in enumerate(terms, 1))
            record("term.seed", kind, names=[term["name"] for term in terms])
            yield f"字典“{Term.Kind(kind).label}”：录入 {len(terms)} 条。"
