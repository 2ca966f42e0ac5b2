"""Operating rules, maintained lists and assignments. Every role that works on cases may read the rules; changing and confirming are two rights."""

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import permission_required
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts.actions import Refused

from . import rule_actions as actions
from . import rule_queries as queries
from .models import Term
from .rule_forms import ArchiveForm, AssignmentForm, FormsAsOne, StepRuleForm, TaskFormSet, TermForm, typed_rows

View = Callable[..., HttpResponse]
READERS = ("cases.view_case", "cases.change_rules", "cases.confirm_rules")


def rule_reader(view: View) -> View:
    """Let in whoever works on cases or on their rules."""

    @wraps(view)
    def checked(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if not any(request.user.has_perm(name) for name in READERS):  # type: ignore[union-attr]
            raise PermissionDenied
        return view(request, *args, **kwargs)

    return checked


rule_changer = permission_required("cases.change_rules", raise_exception=True)
rule_confirmer = permission_required("cases.confirm_rules", raise_exception=True)
assigner = permission_required("cases.assign_items", raise_exception=True)
page = require_http_methods(["GET", "HEAD", "POST"])


@rule_reader
@require_safe
def rule_list(request):
    return render(request, "cases/rules/rule_list.html", {"items": queries.rules_by_item()})


@rule_reader
@require_safe
def rule_detail(request, published_step):
    return render(request, "cases/rules/rule_detail.html", {"line": _line_or_404(published_step)})


def _line_or_404(published_step: int) -> queries.RuleLine:
    return queries.line_of(get_object_or_404(queries.steps_in_force(), pk=published_step))


@rule_changer
@page
def rule_edit(request, published_step):
    line = _line_or_404(published_step)
    form = StepRuleForm(request.POST or None, line=line)
    conflict = False
    if form.is_valid():
        values = form.cleaned_data
        try:
            changed = actions.change_rule(line.step, values, materials=values["materials"], seen=values["seen"], by=request.user, request=request)
        except actions.ChangedMeanwhileError as refusal:
            data = request.POST.copy()
            data["seen"] = refusal.seen
            form.data = data
            form.add_error(None, str(refusal))
            line, conflict = _line_or_404(published_step), True  # as it is now: the form has put what was typed into the row
        else:
            _tell(request, changed)
            return redirect("cases:rule-detail", published_step)
    return render(request, "cases/rules/rule_form.html", {"form": form, "line": line, "conflict": conflict})


def _tell(request: HttpRequest, changed: bool) -> None:
    if changed:
        messages.success(request, _("已保存，待另一人确认。正在办理的办件不受影响，新立项的按新规则办理。"))
    else:
        messages.info(request, _("没有改动，未保存。"))


@rule_changer
@page
def task_templates_edit(request, published_step):
    line = _line_or_404(published_step)
    seen, refusal = queries.fingerprint(line.tasks), ""
    if request.method != "POST":
        formset = TaskFormSet(initial=[_as_row(task) for task in line.tasks])
    elif move := request.POST.get("move"):
        seen = request.POST.get("seen", "")
        formset = TaskFormSet(initial=_moved(typed_rows(TaskFormSet(request.POST)), move))
    else:
        formset = TaskFormSet(request.POST)
        if formset.is_valid():
            try:
                wanted = [form.cleaned_data for form in formset.forms]
                changed = actions.change_tasks(line.step, wanted, seen=request.POST.get("seen", ""), by=request.user, request=request)
            except actions.ChangedMeanwhileError as error:
                refusal = str(error)
            else:
                _tell(request, changed)
                return redirect("cases:rule-detail", published_step)
        else:
            seen = request.POST.get("seen", "")
    context = {"form": FormsAsOne(formset, refusal), "formset": formset, "line": line, "seen": seen, "conflict": bool(refusal)}
    return render(request, "cases/rules/task_templates_form.html", context)


def _as_row(task: Any) -> dict[str, Any]:
    return {name: getattr(task, name) for name in (*actions.TASK_FIELDS, "pk")}


def _moved(rows: list[dict[str, Any]], move: str) -> list[dict[str, Any]]:
    """The rows after one button was pressed: "add", "remove-2", "up-2" or "down-2", counted from 0; what does not fit changes nothing."""
    if move == "add":
        return [*rows, {"is_required": True}]
    what, _dash, number = move.partition("-")
    place = int(number) if number.isdecimal() and len(number) < 4 else len(rows)
    if place >= len(rows):
        return rows
    row = rows.pop(place)
    if what != "remove":
        rows.insert(max(0, place + (-1 if what == "up" else 1)), row)
    return rows


@rule_confirmer
@require_POST
def rule_confirm(request, published_step):
    line = _line_or_404(published_step)
    try:
        count = actions.confirm(line.step, seen=request.POST.get("seen", ""), by=request.user, request=request)
    except actions.ChangedMeanwhileError:
        messages.error(request, _("打开页面之后规则已有变化，没有确认。请看过现在的内容再确认。"))
    except Refused as refusal:
        messages.error(request, str(refusal))
    else:
        messages.success(request, _("已确认 %(count)d 条规则。") % {"count": count})
    return redirect("cases:rule-detail", published_step)


# -- lists -----------------------------------------------------------------------
@rule_changer
@require_safe
def term_list(request):
    return render(request, "cases/rules/term_list.html", {"kinds": queries.terms_by_kind()})


@rule_changer
@page
def term_create(request, kind):
    if kind not in Term.Kind.values:
        raise Http404
    return _term_form(request, Term(kind=kind))


@rule_changer
@page
def term_edit(request, term):
    return _term_form(request, get_object_or_404(Term, pk=term, archived_at=None))


def _term_form(request: HttpRequest, term: Term) -> HttpResponse:
    form = TermForm(request.POST or None, instance=term)
    if form.is_valid():
        try:
            actions.save_term(term, by=request.user, request=request)  # type: ignore[arg-type]
        except Refused as refusal:
            form.add_error("name", str(refusal))
        else:
            messages.success(request, _("已保存。"))
            return redirect("cases:term-list")
    return render(request, "cases/rules/term_form.html", {"form": form, "term": term})


@rule_changer
@require_POST
def term_move(request, term):
    actions.move_term(get_object_or_404(Term, pk=term, archived_at=None), up=request.POST.get("to") == "up", by=request.user, request=request)
    return redirect("cases:term-list")


@rule_changer
@page
def term_archive(request, term):
    row = get_object_or_404(Term, pk=term, archived_at=None)
    form = ArchiveForm(request.POST or None)
    if form.is_valid():
        try:
            actions.archive_term(row, reason=form.cleaned_data["reason"], by=request.user, request=request)
        except Refused as refusal:
            form.add_error(None, str(refusal))
        else:
            messages.success(request, _("已停用。"))
            return redirect("cases:term-list")
    return render(request, "cases/rules/term_archive.html", {"form": form, "term": row})


# -- who works on what -------------------------------------------------------------
@assigner
@page
def assignment_list(request):
    people, codes, held = queries.people_and_items()
    form = AssignmentForm(request.POST if request.method == "POST" else None, people, codes, held)
    if form.is_valid():
        changed = actions.assign(form.changes(), by=request.user, request=request)
        if changed:
            messages.success(request, _("已保存 %(count)d 处变动。") % {"count": changed})
        else:
            messages.info(request, _("没有改动，未保存。"))
        return redirect("cases:assignment-list")
    names = queries.names_of_items()
    return render(request, "cases/rules/assignment_list.html", {"form": form, "items": [(code, names.get(code, "")) for code in codes]})
