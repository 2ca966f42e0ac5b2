"""A case on paper: the form (办理单), the notice of gaps (一次性告知书) and the file (案卷). Official forms: in Chinese whatever the interface speaks.

Every stored text is set by the rules of the sheets (duties.printing.typeset), so that what is read from the PDF is what is stored. Nothing is kept.
"""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from itertools import groupby
from typing import Any

from django.conf import settings
from django.db.models import Exists, OuterRef, Prefetch
from django.template.loader import render_to_string
from django.utils import timezone, translation
from django.utils.html import format_html
from django.utils.safestring import SafeString

from accounts.models import User
from core.printing import SCREEN, render
from duties.models import ListEdition, ListEntry, Sheet
from duties.printing import balance, day, parts, typeset
from duties.templatetags.duty_list import as_title

from .chart import Chart, draw_steps
from .kinds import kind_of
from .models import Approval, Case, CaseHold, CaseLink, CaseMaterial, CaseStep, CaseTask, Need, TimelineEntry
from .progress import current_steps

BODY = "天津市贸促分会国际联络部"
NONE = "—"
MOST_DRAWN = 8  # steps; more are too small on paper
SIGNERS = ("承办人", "审核人", "签发人")
TICKS = {CaseTask.Status.OPEN: "", CaseTask.Status.DONE: "√", CaseTask.Status.NOT_NEEDED: "／"}

Cell = list[SafeString]  # its paragraphs


@dataclass(frozen=True)
class Table:
    """A part of a print: `columns` are labels with the class that gives the width (print/case.css). Without rows it is not printed."""

    heading: str
    columns: Sequence[tuple[str, str]]
    rows: Sequence[Sequence[Cell]]
    chart: Chart | None = None  # drawn above it


@dataclass(frozen=True)
class Chapter:
    """A part of the file: its name in the contents, and what is printed."""

    name: str
    html: SafeString


# -- Reading -----------------------------------------------------------------------------------------------------------------------------------------------


def printable(user: User) -> Any:
    """The cases that this person may print, with all that a print tells but the timeline, in a fixed number of queries."""
    seen = Case.objects.visible_to(user)
    links = CaseLink.objects.filter(removed_at=None).select_related("relation")
    return seen.select_related("sheet__supervision", "handler", "opened_by", "closed_by").prefetch_related(
        Prefetch("steps", CaseStep.objects.select_related("step__sheet", "done_by")),
        Prefetch("materials", CaseMaterial.objects.select_related("received_by", "verified_by")),
        Prefetch("tasks", CaseTask.objects.select_related("step__step", "assignee", "done_by")),
        Prefetch("holds", CaseHold.objects.select_related("since_by", "ended_by")),
        Prefetch(
            "approvals",
            Approval.objects.select_related("step__step", "material", "submitted_by", "submitted_for", "decided_by", "decided_for"),
        ),
        Prefetch("links", links.select_related("other").annotate(in_sight=Exists(seen.filter(pk=OuterRef("other"))))),
        Prefetch("linked_from", links.select_related("case").annotate(in_sight=Exists(seen.filter(pk=OuterRef("case"))))),
        "sheet__legal_bases",
    )


# -- Documents ---------------------------------------------------------------------------------------------------------------------------------------------


def form_pdf(case: Case, by: User, at: datetime) -> bytes:
    """The form of a case as it stands: PDF/UA-1. `case` comes from `printable(by)`. Raises PrintRefusedError."""
    with translation.override(settings.LANGUAGE_CODE):
        return case_pdf("print/case_form.html", f"办理单 {case.number}", case, by, at, _form(case))


def notice_pdf(case: Case, hold: CaseHold, by: User, at: datetime) -> bytes:
    """The notice of every gap that a hold waits for. Raises PrintRefusedError."""
    with translation.override(settings.LANGUAGE_CODE):
        return case_pdf("print/case_notice.html", f"一次性告知书 {case.number}", case, by, at, _notice(case, hold, _addressee(case)))


def file_pdf(case: Case, by: User, at: datetime) -> bytes:
    """Cover, contents, form, notices, approvals, timeline and list of materials. Raises PrintRefusedError, also where it is too much for one document."""
    with translation.override(settings.LANGUAGE_CODE):
        return case_pdf("print/case_file.html", f"案卷 {case.number}", case, by, at, {"cover": _cover(case), "chapters": list(_chapters(case))})


def case_pdf(template: str, title: str, case: Case, by: User, at: datetime, context: dict[str, Any]) -> bytes:
    """A print of a case, its foot with the number of the case, the moment and who prints. Raises PrintRefusedError."""
    stamp = {"title": title, "recorded_at": at.isoformat(), "number": case.number, "printed": f"{moment(at)}　{by.name}　打印"}
    return render(render_to_string(template, stamp | context), variant=SCREEN)


def _form(case: Case) -> dict[str, Any]:
    own = {step.pk for step in case.own_steps}
    left = groupby((step for step in case.steps.all() if step.pk not in own), key=lambda step: step.step.sheet)
    tables = [
        _steps("运行流程", case, case.own_steps, is_own=True),
        *[_steps(f"运行流程（原{procedure(sheet)}）", case, list(steps)) for sheet, steps in left],
        _tasks(case),
        _materials(case),
        _approvals("审签", case),
        _holds(case),
        _links(case),
    ]
    return {"facts": _facts(case), "tables": [table for table in tables if table.rows], "signers": SIGNERS}


def _addressee(case: Case) -> str:
    """Whom a notice is written to: who asked for what the case is about; "" where that is not known."""
    kind = kind_of(case)
    return kind.addressee(case, kind.details_of([case]).get(case.pk))


def _notice(case: Case, hold: CaseHold, to: str) -> dict[str, Any]:
    contact = getattr(case.sheet, "supervision", None)
    facts = [
        ("职责事项", [typeset(f"{case.item_id} {item_name(case)}")]),
        ("法定依据", _legal_bases(case.sheet)),
        ("联系人", [name(case.handler)]),
        ("监督电话", [typeset(contact.phone)] if contact else []),
    ]
    return {
        "number": case.number,
        "to": typeset(to),
        "case_title": typeset(case.title),
        "gaps": [prose(f"{number}.{gap}") for number, gap in enumerate(hold.gaps, 1)],
        "reason": typeset(_line(hold.reason)),
        "since": prose_day(hold.since_at),
        "notice_facts": [fact for fact in facts if fact[1]],
        "signed": typeset(case.sheet.implementing_body or BODY),
    }


def _chapters(case: Case) -> Iterable[Chapter]:
    yield Chapter("办理单", render_to_string("print/_case_form.html", _form(case)))
    to = _addressee(case)
    for hold in case.holds.all():
        if hold.gaps:
            yield Chapter(f"一次性告知书（{prose_day(hold.since_at)}）", render_to_string("print/_case_notice.html", _notice(case, hold, to)))
    for title, tables in (
        ("审签记录", [_approvals("", case, in_full=True)]),
        ("办理经过", _timeline(case)),
        ("材料目录", [_material_list(case)]),
    ):
        if any(table.rows for table in tables):
            yield Chapter(title, render_to_string("print/_case_record.html", {"record": title, "tables": tables}))


def _cover(case: Case) -> dict[str, Any]:
    width, lines = balance(case.title, (24,))
    facts = [
        ("编号", [typeset(case.number)]),
        ("职责事项", [typeset(f"{case.item_id} {item_name(case)}"), typeset(procedure(case.sheet))]),
        ("承办人", [name(case.handler)]),
        ("立项", [typeset(prose_day(case.opened_at))]),
        ("办理状态", _state(case)),
        ("敏感程度", [typeset(case.get_sensitivity_display())]),
    ]
    return {"title": [typeset(line) for line in lines], "long": len(lines) == 1 and len(case.title) > width, "facts": facts}


# -- Parts -------------------------------------------------------------------------------------------------------------------------------------------------


def _facts(case: Case) -> dict[str, Cell]:
    return {
        "number": [typeset(case.number)],
        "sensitivity": [typeset(case.get_sensitivity_display())],
        "title": text(case.title),
        "item": [typeset(f"{case.item_id} {item_name(case)}"), typeset(procedure(case.sheet))],
        "handler": [name(case.handler)],
        "opened": [format_html("{}　{}", name(case.opened_by), on(timezone.localdate(case.opened_at)))],
        "due": [typeset(on(case.due_on))],
        "state": _state(case),
    }


def _state(case: Case) -> Cell:
    if case.closed_by and case.closed_at:
        return [typeset(case.get_outcome_display()), *_done(case.closed_by, case.closed_at)]
    if case.open_hold:
        return [typeset(f"暂停计时（{on(timezone.localdate(case.open_hold.since_at))}起）")]
    return [typeset("办理中")]


def _steps(heading: str, case: Case, steps: Sequence[CaseStep], *, is_own: bool = False) -> Table:
    current = set() if case.is_closed else {step.pk for step in current_steps(case)}
    rows = [
        [
            [typeset(str(step.number))],
            [*text(step.step.text), *_remark(step.note)],
            [typeset(word) for word in (_step_state(case, step, step.pk in current), "" if step.need == Need.ALWAYS else step.get_need_display()) if word],
            [typeset(on(step.due_on))],
            _done(step.done_by, step.done_at, with_time=False),
        ]
        for step in steps
    ]
    columns = [("步骤", "w11"), ("运行流程", "wide"), ("状态", "w17"), ("期限", "w23"), ("办理人、日期", "w27")]
    broken_off = case.is_closed and any(step.is_open for step in steps)
    return Table(heading, columns, rows, _drawn(steps, current) if is_own and not broken_off and len(steps) <= MOST_DRAWN else None)


def _drawn(steps: Sequence[CaseStep], current: Collection[int]) -> Chart:
    states = {CaseStep.Status.DONE: "done", CaseStep.Status.SKIPPED: "skipped"}
    return draw_steps([(step.number, states.get(CaseStep.Status(step.status), "now" if step.pk in current else "todo"), step.step.text) for step in steps])


def _step_state(case: Case, step: CaseStep, is_current: bool) -> str:
    if not step.is_open:
        return str(step.get_status_display())
    if case.is_closed:
        return "未办理"
    return "进行中" if is_current else "未开始"


def _tasks(case: Case) -> Table:
    rows = [
        [
            [format_html('<span class="tick">{}</span>{}', TICKS[CaseTask.Status(task.status)], task.get_status_display())],
            [*text(task.title), *_remark(task.note)],
            [typeset(str(task.step.number))],
            [name(task.assignee or case.handler)],
            [typeset(on(task.due_on))],
            _done(task.done_by, task.done_at, with_time=False),
        ]
        for task in case.tasks.all()
    ]
    return Table("任务", [("状态", "w23"), ("任务", "wide"), ("步骤", "w11"), ("由谁办理", "w20"), ("期限", "w23"), ("办理人、日期", "w27")], rows)


def _materials(case: Case) -> Table:
    rows = [
        [
            [typeset(str(place))],
            text(material.name),
            [typeset(material.state)],
            text(material.number or NONE),
            [typeset(on(material.dated_on))],
            text(material.issuer or NONE),
        ]
        for place, material in enumerate(case.materials.all(), 1)
    ]
    return Table("运行要件", [("序号", "w11"), ("要件名称", "wide"), ("状态", "w13"), ("文号", "w33"), ("日期", "w23"), ("出具单位", "w33")], rows)


def _material_list(case: Case) -> Table:
    rows = [
        [
            [typeset(str(place))],
            [*text(material.name), *[typeset(fact) for fact in (material.number, material.issuer, on(material.dated_on, "")) if fact]],
            [typeset(material.state)],
            _done(material.received_by, material.received_at),
            _done(material.verified_by, material.verified_at),
        ]
        for place, material in enumerate(case.materials.all(), 1)
    ]
    return Table("", [("序号", "w11"), ("要件名称、文号、出具单位、日期", "wide"), ("状态", "w13"), ("收到", "w33"), ("核对", "w33")], rows)


def _approvals(heading: str, case: Case, *, in_full: bool = False) -> Table:
    rows = [
        [
            [typeset(str(place))],
            [*text(asked_for(approval)), *_remark(approval.reason), *([_digest(approval)] if in_full else [])],
            _done(approval.submitted_by, approval.submitted_at, approval.submitted_for),
            [
                typeset(approval.get_decision_display() or "待审签"),
                *_remark(approval.note, "意见"),
                *_done(approval.decided_by, approval.decided_at, approval.decided_for, ""),
            ],
        ]
        for place, approval in enumerate(case.approvals.all(), 1)
    ]
    return Table(heading, [("序号", "w11"), ("送审内容", "wide"), ("送审人、时间", "w33"), ("审签结果", "w50")], rows)


def asked_for(approval: Approval) -> str:
    """What an approval is about, in words."""
    if approval.kind == Approval.Kind.WAIVER and approval.material:
        return f"要件免交：{approval.material.name}"
    if approval.kind == Approval.Kind.OVERRIDE:
        return f"第 {approval.step.number} 步特别批准：规则 {approval.rule}"
    act = "签发" if approval.right == Approval.Right.SIGN else "复核" if approval.is_second_review else "审核"
    return f"第 {approval.step.number} 步{act}"


def _digest(approval: Approval) -> SafeString:
    return format_html('<span class="small">送审内容校验值（SHA-256）：{}</span>', approval.digest)


def _holds(case: Case) -> Table:
    rows = [
        [
            [*text(hold.reason), *[prose(f"{number}.{gap}") for number, gap in enumerate(hold.gaps, 1)]],
            _done(hold.since_by, hold.since_at),
            _done(hold.ended_by, hold.ended_at),
        ]
        for hold in case.holds.all()
    ]
    return Table("暂停计时", [("原因和需要补正的内容", "wide"), ("暂停", "w33"), ("恢复", "w33")], rows)


def _links(case: Case) -> Table:
    """The linked cases: their numbers stand in both timelines; the title only where the person may see the case."""
    pairs = [(link.other, link.relation.name, link.in_sight) for link in case.links.all()]  # type: ignore[attr-defined]
    pairs += [(link.case, f"{link.relation.name}（由对方登记）", link.in_sight) for link in case.linked_from.all()]  # type: ignore[attr-defined]
    rows = [[text(relation), [typeset(other.number)], text(other.title if in_sight else NONE)] for other, relation, in_sight in pairs]
    return Table("关联办件", [("关系", "w50"), ("编号", "w33"), ("名称", "wide")], rows)


def _timeline(case: Case) -> list[Table]:
    """All entries, oldest first, a table a month."""
    entries = TimelineEntry.objects.filter(case=case).order_by("pk").select_related("by", "on_behalf_of")
    months = groupby(entries, key=lambda entry: (timezone.localtime(entry.at).year, timezone.localtime(entry.at).month))
    columns = [("时间", "w33"), ("办理人", "w27"), ("事项、内容", "wide")]
    return [
        Table(f"{year}年{month}月", columns, [[[typeset(moment(row.at))], [name(row.by, row.on_behalf_of)], _told(row)] for row in rows])
        for (year, month), rows in months
    ]


def _told(entry: TimelineEntry) -> Cell:
    """What was done, and the words to it: in one paragraph where they are one line, which is sooner laid out."""
    lines = entry.text.splitlines()
    return [typeset(f"{entry.label}　{lines[0]}")] if len(lines) == 1 else [*text(entry.label), *(text(entry.text) if lines else [])]


# -- Words -------------------------------------------------------------------------------------------------------------------------------------------------


def text(value: str) -> Cell:
    """A stored text: a paragraph for each of its lines."""
    return [typeset(line) for line in value.splitlines() if line.strip()] or [typeset(NONE)]


def prose(value: str) -> SafeString:
    return typeset(_line(value))


def _line(value: str) -> str:
    return " ".join(value.splitlines())


def name(person: User, on_behalf_of: User | None = None) -> SafeString:
    """A person's name, whole in 楷体, and in whose place they acted."""
    behalf = f"（代{on_behalf_of.name}）" if on_behalf_of else ""
    return format_html('<span class="kai">{}{}</span>', person.name, behalf)


def moment(at: datetime) -> str:
    return f"{timezone.localtime(at):%Y-%m-%d %H:%M}"


def on(value: date | None, none: str = NONE) -> str:
    return value.isoformat() if value else none


def prose_day(at: datetime) -> str:
    return day(at.isoformat())


def _remark(note: str, label: str = "说明") -> Cell:
    return text(f"{label}：{note}") if note.strip() else []


def _done(by: User | None, at: datetime | None, on_behalf_of: User | None = None, none: str = NONE, *, with_time: bool = True) -> Cell:
    if by is None or at is None:
        return [typeset(none)] if none else []
    return [name(by, on_behalf_of), typeset(moment(at) if with_time else on(timezone.localdate(at)))]


def procedure(sheet: Sheet) -> str:
    """By which edition a case is worked."""
    return f"{'信息表' if sheet.is_public else '内部办理程序'}第 {sheet.edition} 版"


def item_name(case: Case) -> str:
    """The item's name as its sheet gives it; as the contents list it where there is none."""
    listed = ListEntry.objects.filter(item=case.item_id, edition__status=ListEdition.Status.PUBLISHED).values_list("name", flat=True)
    return as_title(case.sheet.name or listed.first() or "")


def _legal_bases(sheet: Sheet) -> Cell:
    if not sheet.legal_basis_cell:
        return []
    cited = [{"number": basis.number, "text": basis.text} for basis in sheet.legal_bases.all()]
    return [typeset(part) for part in parts("legal_basis", {"cells": {"legal_basis": sheet.legal_basis_cell}, "legal_bases": cited})]
