"""Pages about the people on letters: a passport number shown once, for a reason; and what became of them."""

from django.contrib import messages
from django.http import Http404
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods, require_safe

from accounts.audit import acting, record
from cases.access import case_worker, right_required
from cases.models import Case

from . import visits
from .models import Application, Invitee
from .people_forms import RevealForm, VisitForm
from .scope import REVEAL, applications_seen_by, may_handle, may_reveal, works_on_letters

page = require_http_methods(["GET", "HEAD", "POST"])


@right_required(REVEAL)
@page
def invitee_reveal(request, number, pk):
    """Ask why, note it, then show the number on this one answer: it stands in no address, no log and no cache, and the next look asks again."""
    seen = Invitee.objects.filter(application__in=applications_seen_by(request.user, REVEAL), application__case__number=number)
    invitee = get_object_or_404(seen.select_related("application__case", "nationality"), pk=pk)
    case = invitee.application.case
    if not may_reveal(request.user, case):
        raise Http404
    form, shown = RevealForm(request.POST or None), ""
    if invitee.passport_number and form.is_valid():
        with acting(request.user, request):
            record("invitation.reveal", invitee, case=number, reason=form.cleaned_data["reason"])
        shown = invitee.passport
    context = {"form": form, "invitee": invitee, "case": case, "shown": shown}
    response = render(request, "invitations/invitee_reveal.html", context)
    response["Cache-Control"] = "private, no-store"
    return response


# -- what became of them -----------------------------------------------------------------------------------------------------------------------------------


@case_worker
@require_safe
def visit_list(request):
    """Whose results are awaited, and the results by country and unit, of the cases that the person sees."""
    today, cases = timezone.localdate(), Case.objects.visible_to(request.user)
    rows = visits.awaited_of(cases, today)
    context = {
        "works": works_on_letters(request.user),
        "lines": [(row, row.is_late(today)) for row in rows],
        "late": sum(row.count for row in rows if row.is_late(today)),
        "clock": visits.clock_on(today),
        "tables": [(_("按国家（地区）"), visits.results(cases, "country")), (_("按邀请单位"), visits.results(cases, "unit"))],
    }
    return render(request, "invitations/visit_list.html", context)


@case_worker
@page
def visit_edit(request, number):
    """What became of each person of an application: seen by whoever sees the case, told by whoever prepares letters."""
    applications = applications_seen_by(request.user).select_related("case__handler", "unit")
    application = get_object_or_404(applications.filter(letters__isnull=False).distinct(), case__number=number)
    may_tell, today = may_handle(request.user, application.case), timezone.localdate()
    if request.method == "POST" and not may_tell:
        raise Http404
    forms = _forms(request, application, today)
    are_valid = [form.is_valid() for form in forms]  # each says what is wrong
    if request.method == "POST" and all(are_valid):
        told = {form.invitee: {name: form.cleaned_data[name] for name in form.fields} for form in forms if form.is_to_be_kept}
        count = visits.tell(told, by=request.user, request=request)
        if count:
            messages.success(request, ngettext("已登记 %(count)d 人。", "已登记 %(count)d 人。", count) % {"count": count})
        else:
            messages.info(request, _("没有改动，未保存。"))
        return redirect("invitations:visit-edit", number)
    clock = visits.clock_on(today)
    due_on = clock.due_on(application.exit_on) if application.exit_on else None
    context = {
        "application": application,
        "case": application.case,
        "forms": forms,
        "may_tell": may_tell,
        "due_on": due_on,
        "clock": clock,
        "is_late": bool(due_on and due_on < today) and any(form.is_awaited for form in forms),
    }
    return render(request, "invitations/visit_edit.html", context)


def _forms(request, application: Application, today):
    people = application.invitees.filter(removed_at=None).select_related("nationality", "visit")
    for invitee in people:
        invitee.application = application
    return [VisitForm(request.POST if request.method == "POST" else None, invitee=invitee, today=today) for invitee in people]
