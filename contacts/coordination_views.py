"""工作对接: the list of coordination matters, and the yearly plans."""

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.http import content_disposition_header
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from accounts.actions import Refused
from accounts.audit import acting, record
from cases.access import case_worker, right_required
from core.paging import paged
from core.printing import PrintRefusedError
from lists.toolbar import first_address, toolbar

from . import coordination_queries as queries
from . import plan_actions as actions
from .coordination_forms import PlanForm, StrikeForm
from .coordination_lists import MATTERS, PLANS, MatterFilterForm, PlanFilterForm
from .models import PlanLine
from .plan_printing import TITLES, plan_pdf

reader = right_required("contacts.view_contact")
keeper = right_required("contacts.change_contact")
printer = right_required("contacts.print_plans")
page = require_http_methods(["GET", "HEAD", "POST"])


# -- lists -------------------------------------------------------------------------------------------------------------------------------------------------


@case_worker
@require_safe
def matter_list(request):
    form = MatterFilterForm(request.GET, user=request.user, today=timezone.localdate())
    return _list(request, MATTERS, form, "contacts/matter_list.html")


@reader
@require_safe
def plan_list(request):
    form = PlanFilterForm(request.GET, user=request.user)
    return _list(request, PLANS, form, "contacts/plan_list.html", tables=_tables(request.user), may_change=queries.keeps_plans(request.user))


def _tables(user):
    """(year, name, kind, lines) of each table that can be printed."""
    return [(row, PlanLine.Kind(row["kind"]).label) for row in queries.plan_tables(user)] if user.has_perm("contacts.print_plans") else []


def _list(request, kind, form, template, **more):
    if address := first_address(kind, request):
        return redirect(address)
    bar = toolbar(kind, request, sort=form.sort)
    density = request.GET.get("density", request.user.density)
    context = {
        "form": form,
        "page": paged(kind.with_columns(form.rows(), bar.columns), form.key, request.GET),
        "chips": form.chips(),
        "toolbar": bar,
        "is_compact": density == request.user.Density.COMPACT,
    }
    return render(request, template, context | more)


# -- plans -------------------------------------------------------------------------------------------------------------------------------------------------


@keeper
@page
def plan_create(request):
    if not queries.keeps_plans(request.user):
        raise Http404
    form = PlanForm(request.POST or None, user=request.user, instance=PlanLine(year=timezone.localdate().year))
    if form.is_valid():
        line = actions.add(form.cleaned_data, by=request.user, request=request)
        messages.success(request, _("已列入计划：%(name)s。") % {"name": line.name})
        return redirect("contacts:plan-list")
    return render(request, "contacts/plan_form.html", {"form": form})


@keeper
@page
def plan_edit(request, pk):
    line, instance = (_line_or_404(request, pk) for _which in range(2))  # the form writes what was typed into its own
    form = PlanForm(request.POST or None, user=request.user, instance=instance)
    if form.is_valid():
        return _kept(request, form, line, lambda version: actions.change(line, form.cleaned_data, version=version, by=request.user, request=request))
    return _form(request, form, line)


@keeper
@page
def plan_strike(request, pk):
    line, form = _line_or_404(request, pk), StrikeForm(request.POST or None)
    if form.is_valid():
        reason = form.cleaned_data["reason"]
        return _kept(request, form, line, lambda version: actions.strike(line, reason, version=version, by=request.user, request=request), is_strike=True)
    return _form(request, form, line, is_strike=True)


def _kept(request, form, line, act, **more):
    told = request.POST.get("version", "")
    try:
        act(int(told) if told.isdecimal() and len(told) < 10 else 0)
    except Refused as refusal:
        form.add_error(None, str(refusal))
        return _form(request, form, _line_or_404(request, line.pk, is_struck=None), status=409, **more)
    messages.success(request, _("已修改。"))
    return redirect("contacts:plan-list")


def _form(request, form, line, *, status=200, is_strike=False):
    return render(request, "contacts/plan_form.html", {"form": form, "line": line, "is_strike": is_strike}, status=status)


def _line_or_404(request, pk, *, is_struck=False):
    if not queries.keeps_plans(request.user):
        raise Http404
    found = queries.plans(request.user)
    return get_object_or_404(found if is_struck is None else found.filter(struck_at__isnull=not is_struck), pk=pk)


@printer
@require_safe
def plan_print(request, year, plan):
    if plan not in PlanLine.Kind.values:
        raise Http404
    name = f"{year}年度{TITLES[PlanLine.Kind(plan)]}"
    try:
        body = plan_pdf(year, plan, request.user, timezone.now())
    except PrintRefusedError as refusal:
        return render(request, "contacts/plan_refused.html", {"name": name, "refusal": str(refusal)}, status=422)
    if body is None:
        raise Http404
    with acting(request.user, request):
        record("plan.print", "contacts.planline", year=year, kind=plan)
    response = HttpResponse(body, content_type="application/pdf")
    response["Content-Disposition"] = content_disposition_header(as_attachment=False, filename=f"{name}.pdf") or "inline"
    response["Cache-Control"] = "private, no-store"
    return response
