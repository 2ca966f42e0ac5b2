"""邀请函: the applications in hand, and the pages of inviting units."""

from django.contrib import messages
from django.http import Http404
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from accounts.actions import Refused
from cases.access import case_worker, right_required
from core.paging import Key, paged

from . import unit_actions as actions
from . import unit_queries as queries
from .letter_page import waiting_for
from .models import InvitationLetter, UnitFiling
from .scope import units_seen_by, works_on_letters
from .unit_forms import ApplicationSearchForm, FilingForm, ReasonForm, UnitForm, UnitSearchForm
from .visits import clock_on, in_default

page = require_http_methods(["GET", "HEAD", "POST"])
keeper = right_required("invitations.change_unit")
holder = right_required("invitations.hold_unit")


# -- lists -------------------------------------------------------------------------------------------------------------------------------------------------


@case_worker
@require_safe
def home(request):
    form = ApplicationSearchForm(request.GET)
    asked = form.cleaned_data if form.is_valid() else {}
    rows = paged(queries.applications(request.user, **asked), Key("pk", descending=True), request.GET)
    today = timezone.localdate()
    lines = [(row, [(letter, _state(letter, today)) for letter in row.letters.all()]) for row in rows.rows]
    context = {
        "form": form,
        "page": rows,
        "lines": lines,
        "is_filtered": any(asked.values()),
        "works": works_on_letters(request.user),
        "waiting": waiting_for(request.user),
    }
    return render(request, "invitations/home.html", context)


def _state(letter, today):
    return InvitationLetter.State(letter.state_on(today))


@case_worker
@require_safe
def unit_list(request):
    form, today = UnitSearchForm(request.GET), timezone.localdate()
    asked = form.cleaned_data if form.is_valid() else {}
    rows = paged(queries.units(request.user, today, **asked), Key("name"), request.GET)
    late = in_default(rows.rows, today)
    lines = [(unit, unit.filing_on(today), unit.open_hold, late.get(unit.pk, 0)) for unit in rows.rows]
    context = {"form": form, "page": rows, "lines": lines, "today": today, "is_filtered": any(asked.values())}
    return render(request, "invitations/unit_list.html", context)


@case_worker
@require_safe
def unit_detail(request, pk):
    unit, today = _unit_or_404(request, pk), timezone.localdate()
    letters = paged(queries.letters_of(unit, request.user), Key("pk", descending=True), request.GET)
    context = {
        "unit": unit,
        "today": today,
        "filing": unit.filing_on(today),
        "hold": unit.open_hold,
        "filings": unit.filings.all(),
        "holds": unit.holds.all(),
        "standing": queries.standing_of(unit, request.user, today),
        "clock": clock_on(today),
        "page": letters,
        "lines": [(letter, _state(letter, today)) for letter in letters.rows],
    }
    return render(request, "invitations/unit_detail.html", context)


def _unit_or_404(request, pk):
    found = units_seen_by(request.user).select_related("made_by")
    return get_object_or_404(found.prefetch_related("filings__filed_by", "filings__withdrawn_by", "holds__since_by", "holds__ended_by"), pk=pk)


# -- registering and changing ------------------------------------------------------------------------------------------------------------------------------


@keeper
@page
def unit_create(request):
    if not works_on_letters(request.user):
        raise Http404
    form = UnitForm(request.POST or None)
    alike = form.alike() if form.is_valid() and "sure" not in request.POST else []
    if form.is_valid() and not alike:
        try:
            unit = actions.register(form.cleaned_data, by=request.user, request=request)
        except Refused as refusal:
            form.add_error("uscc", str(refusal))
        else:
            messages.success(request, _("已登记%(name)s。") % {"name": unit.name})
            return redirect(unit)
    return render(request, "invitations/unit_form.html", {"form": form, "alike": alike})


@keeper
@page
def unit_edit(request, pk):
    unit, instance = (_unit_or_404(request, pk) for _which in range(2))  # the form writes what was typed into its own
    form, status = UnitForm(request.POST or None, instance=instance), 200
    if form.is_valid():
        try:
            actions.change(unit, form.cleaned_data, version=_version(request), by=request.user, request=request)
        except Refused as refusal:
            form.add_error(None, str(refusal))
            status = 409
        else:
            messages.success(request, _("已修改。"))
            return redirect(unit)
    return render(request, "invitations/unit_form.html", {"form": form, "unit": unit, "is_changed": status == 409}, status=status)


def _version(request):
    told = request.POST.get("version", "")
    return int(told) if told.isdecimal() and len(told) < 10 else 0


# -- filing and holding ------------------------------------------------------------------------------------------------------------------------------------


@keeper
@page
def unit_file(request, pk):
    unit = _unit_or_404(request, pk)
    form = FilingForm(request.POST or None, unit=unit)
    return _act(request, unit, form, _("登记年度备案"), lambda values: actions.enter_filing(unit, values, by=request.user, request=request))


@keeper
@page
def filing_withdraw(request, pk):
    filing = get_object_or_404(UnitFiling.objects.select_related("unit").filter(unit__in=units_seen_by(request.user), withdrawn_at=None), pk=pk)
    form, label = ReasonForm(request.POST or None), _("撤销 %(year)d 年度备案") % {"year": filing.year}
    return _act(request, filing.unit, form, label, lambda values: actions.withdraw_filing(filing, **values, by=request.user, request=request))


@holder
@page
def unit_hold(request, pk):
    unit = _unit_or_404(request, pk)
    act, label = (actions.resume, _("恢复受理")) if unit.open_hold else (actions.hold, _("暂停受理"))
    form = ReasonForm(request.POST or None)
    wanted = request.POST.get("act", "")
    if form.is_bound and wanted != act.__name__:
        form.add_error(None, _("打开页面之后，这个单位的状态已有变化，请核对后再办。"))
    return _act(request, unit, form, label, lambda values: act(unit, **values, by=request.user, request=request), name=act.__name__)


def _act(request, unit, form, label, act, *, name=""):
    """Ask, then do: the page of one act on a unit."""
    if form.is_valid():
        try:
            act(form.cleaned_data)
        except Refused as refusal:
            form.add_error(None, str(refusal))
        else:
            messages.success(request, _("已办理：%(label)s。") % {"label": label})
            return redirect(unit)
    return render(request, "invitations/unit_act.html", {"unit": unit, "form": form, "label": label, "name": name})
