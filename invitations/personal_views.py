"""个人信息: how long it is kept, what was purged, and what people asked for."""

from functools import wraps

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.http import content_disposition_header
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts.actions import Refused
from accounts.audit import acting, record
from cases.access import right_required
from cases.rule_queries import fingerprint
from cases.rule_views import rule_changer, rule_confirmer, rule_reader
from cases.standing import standings_of
from core.paging import Key, paged
from core.printing import PrintRefusedError

from . import personal, retention
from .models import Invitee, Purge, RetentionRule
from .people_forms import DecideForm, PersonRequestForm, RetentionForm
from .person_data import as_json, as_pdf, certificate_pdf
from .scope import applications_seen_by, works_on_letters

page = require_http_methods(["GET", "HEAD", "POST"])
asker = right_required(personal.ASK)
FORMATS = {"json": "application/json", "pdf": "application/pdf"}


# -- rules and certificates --------------------------------------------------------------------------------------------------------------------------------


@rule_reader
@require_safe
def personal_home(request):
    today = timezone.localdate()
    rules = RetentionRule.objects.select_related("changed_by", "confirmed_by")
    purges = paged(_certificates(request.user), Key("pk", descending=True), request.GET)
    context = {
        "rules": [(rule, personal.due(rule, today).count(), fingerprint([rule])) for rule in rules],
        "page": purges,
        "requests": personal.requests_seen_by(request.user)[:20],
        "may_change": request.user.has_perm("cases.change_rules"),
        "may_confirm": request.user.has_perm("cases.confirm_rules"),
    }
    return render(request, "invitations/personal_home.html", context)


def _certificates(person):
    """Of the purges, for whoever works on letters or on rules: they name cases and letters."""
    of_rules = person.has_perm("cases.change_rules") or person.has_perm("cases.confirm_rules")
    return Purge.objects.select_related("by") if of_rules or works_on_letters(person) else Purge.objects.none()


@rule_changer
@page
def retention_edit(request, what):
    rule, instance = (get_object_or_404(RetentionRule, what=what) for _which in range(2))  # the form writes what was typed into its own
    form = RetentionForm(request.POST or None, instance=instance)
    seen, status = request.POST.get("seen") or fingerprint([rule]), 200
    if form.is_valid():
        try:
            changed = retention.change(rule, form.cleaned_data, seen=seen, by=request.user, request=request)
        except Refused as refusal:
            form.add_error(None, str(refusal))
            rule = RetentionRule.objects.get(pk=rule.pk)
            seen, status = fingerprint([rule]), 409
        else:
            messages.success(request, _("已保存，待另一人确认；确认之前不自动清除。")) if changed else messages.info(request, _("没有改动，未保存。"))
            return redirect("invitations:personal-home")
    return render(request, "invitations/retention_form.html", {"form": form, "rule": rule, "seen": seen}, status=status)


@rule_confirmer
@require_POST
def retention_confirm(request, what):
    rule = get_object_or_404(RetentionRule, what=what)
    try:
        retention.confirm(rule, seen=request.POST.get("seen", ""), by=request.user, request=request)
    except Refused as refusal:
        messages.error(request, str(refusal))
    else:
        messages.success(request, _("已确认，从下一次定时任务起按此清除。"))
    return redirect("invitations:personal-home")


@rule_reader
@require_safe
def purge_detail(request, pk):
    purge = get_object_or_404(_certificates(request.user), pk=pk)
    return render(request, "invitations/purge_detail.html", {"purge": purge})


@rule_reader
@require_safe
def purge_print(request, pk):
    purge = get_object_or_404(_certificates(request.user), pk=pk)
    try:
        body = certificate_pdf(purge, request.user, timezone.now())
    except PrintRefusedError as refusal:
        return render(request, "invitations/purge_detail.html", {"purge": purge, "refusal": str(refusal)}, status=422)
    return _file(body, f"清除凭证 {purge.number}.pdf", "pdf", attached=False)


# -- requests ----------------------------------------------------------------------------------------------------------------------------------------------


@asker
@page
def request_create(request, number, pk):
    seen = Invitee.objects.filter(application__in=applications_seen_by(request.user, personal.ASK), application__case__number=number)
    invitee = get_object_or_404(seen.select_related("application__case", "nationality"), pk=pk)
    form = PersonRequestForm(request.POST or None, invitee=invitee)
    if form.is_valid():
        try:
            made = personal.ask(invitee, form.cleaned_data, by=request.user, request=request)
        except Refused as refusal:
            form.add_error("kind", str(refusal))
        else:
            messages.success(request, _("已登记，请签发人决定。"))
            return redirect(made)
    return render(request, "invitations/request_form.html", {"form": form, "invitee": invitee, "case": invitee.application.case})


def handles_requests(view):
    """Let in whoever writes requests down or decides them, in their own right or in that of somebody they stand in for."""

    @wraps(view)
    def checked(request, *args, **kwargs):
        if not any({personal.ASK, personal.DECIDE} & standing.permissions for standing in standings_of(request.user)):
            raise PermissionDenied
        return view(request, *args, **kwargs)

    return checked


@handles_requests
@page
def request_detail(request, pk):
    """What was asked for, what stands against it, and the decision, by another than who wrote it down."""
    asked = get_object_or_404(personal.requests_seen_by(request.user), pk=pk)
    may_decide = not asked.decision and asked.asked_by_id != request.user.pk and request.user.has_perm(personal.DECIDE)
    form = DecideForm(request.POST or None) if may_decide else None
    if request.method == "POST" and form is None:
        raise Http404
    if form and form.is_valid():
        approve = form.cleaned_data["decision"] == asked.Decision.APPROVED
        try:
            personal.decide(asked, approve=approve, note=form.cleaned_data["note"], by=request.user, request=request)
        except Refused as refusal:
            form.add_error(None, str(refusal))
        else:
            messages.success(request, _("已决定。"))
            return redirect(asked)
    context = {
        "asked": asked,
        "case": asked.invitee.application.case,
        "form": form,
        "why_not": personal.why_not_yet(asked.invitee) if asked.kind == asked.Kind.PURGE and not asked.decision else [],
        "cases": sorted({row.application.case.number for row in personal.records_of(asked.invitee)}),
        "may_fetch": personal.may_fetch(asked, request.user),
    }
    return render(request, "invitations/request_detail.html", context)


@handles_requests
@require_safe
def request_data(request, pk, format):
    """The copy that was approved: for who asked and who decided, for a week; each is noted."""
    asked = get_object_or_404(personal.requests_seen_by(request.user), pk=pk)
    if format not in FORMATS or not personal.may_fetch(asked, request.user):
        raise Http404
    at = timezone.now()
    try:
        body = as_json(asked, at) if format == "json" else as_pdf(asked, request.user, at)
    except PrintRefusedError as refusal:
        messages.error(request, str(refusal))
        return redirect(asked)
    with acting(request.user, request):
        record("personal.export", asked, case=asked.invitee.application.case.number, format=format, with_passport=asked.with_passport)
    return _file(body, f"个人信息副本 {asked.pk}.{format}", format, attached=True)


def _file(body, name, format, *, attached):
    response = HttpResponse(body, content_type=FORMATS[format])
    response["Content-Disposition"] = content_disposition_header(as_attachment=attached, filename=name) or "inline"
    response["Cache-Control"] = "private, no-store"
    return response
