"""The auditor's pages: the trail, one object's history, who saw what, and whether the trail is what was written."""

from collections.abc import Callable
from functools import wraps

from django.contrib import messages
from django.contrib.auth.decorators import permission_required
from django.core.exceptions import PermissionDenied
from django.core.paginator import Paginator
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from accounts.audit import FaultKind
from accounts.models import AuditEvent
from core.paging import Key, paged
from jobs.actions import ask
from lists.toolbar import first_address, toolbar

from .forms import SightingsForm, TrailForm
from .jobs import VERIFICATION
from .lines import worded
from .lists import TRAIL, may_read, trail_rows
from .models import VerificationRun
from .objects import belonging_to, described
from .sightings import Search
from .words import MEANINGS

NEWEST_FIRST = Key("number", descending=True)
RUNS, PAGE_SIZE = 30, 50

verifier = permission_required("accounts.verify_audit", raise_exception=True)


def reader(view: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
    """Let in who may read the trail, or their own acts in it."""

    @wraps(view)
    def checked(request, *args, **kwargs):
        if not may_read(request.user):
            raise PermissionDenied
        return view(request, *args, **kwargs)

    return checked


@reader
@require_safe
def event_list(request):
    if address := first_address(TRAIL, request):
        return redirect(address)
    form = TrailForm(request.GET)
    context = {
        "form": form,
        "chips": form.chips(),
        "page": paged(trail_rows(request.user, request.GET), NEWEST_FIRST, request.GET, size=PAGE_SIZE),
        "toolbar": toolbar(TRAIL, request),
        "run": VerificationRun.objects.select_related("by").first(),
    }
    return render(request, "auditing/event_list.html", context)


@reader
@require_safe
def object_history(request, subject):
    subjects = belonging_to(subject)
    found = worded(AuditEvent.objects.visible_to(request.user).filter(subject__in=subjects))
    page = paged(found, NEWEST_FIRST, request.GET, size=PAGE_SIZE)
    if not page.rows:
        raise Http404
    context = {"page": page, "subject": described([subject])[subject], "parts": len(subjects) - 1}
    return render(request, "auditing/object_history.html", context)


@permission_required("accounts.view_auditevent", raise_exception=True)
@require_safe
def sighting_list(request):
    form = SightingsForm(request.GET)
    search = Search(request.user, form)
    page = Paginator(search.rows(), PAGE_SIZE).get_page(request.GET.get("page"))
    context = {"form": form, "chips": form.chips(), "search": search, "page": page, "sightings": search.in_words(list(page))}
    return render(request, "auditing/sighting_list.html", context)


@verifier
@require_safe
def verification_list(request):
    runs = VerificationRun.objects.select_related("by").defer("faults")[:RUNS]
    return render(request, "auditing/verification_list.html", {"runs": runs})


@verifier
@require_POST
def verification_create(request):
    title = _("核验审计日志 %(at)s") % {"at": timezone.localtime().strftime("%Y-%m-%d %H:%M")}
    job = ask(VERIFICATION.name, parameters={}, title=title, by=request.user, request=request)
    messages.success(request, _("已开始核验。进度在本页显示，结果存入“核验结果”。"))
    return redirect(job)


@verifier
@require_safe
def verification_detail(request, pk):
    run = get_object_or_404(VerificationRun.objects.select_related("by"), pk=pk)
    kinds = dict.fromkeys(fault["kind"] for fault in run.faults)
    meanings = [(FaultKind(kind).label, MEANINGS[kind]) for kind in kinds]
    return render(request, "auditing/verification_detail.html", {"run": run, "meanings": meanings})
