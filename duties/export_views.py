"""The staff page on which sheets are chosen for export, and where one's exports are listed. How each goes is on the page of its job."""

from django.contrib.auth.decorators import permission_required
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods, require_safe

from jobs.queries import own, refresh_seconds

from .exports import ask_for_export, entries_in_force
from .forms import SheetExportForm
from .jobs import SHEET_EXPORT

SHOWN = 20  # exports on the list

exporter = permission_required("duties.export_sheets", raise_exception=True)


@exporter
@require_safe
def export_list(request):
    return _page(request, SheetExportForm(entries=list(entries_in_force())))


@exporter
@require_http_methods(["GET", "HEAD", "POST"])
def export_create(request):
    form = SheetExportForm(request.POST or None, entries=list(entries_in_force()))
    if form.is_valid():
        chosen = {name: form.cleaned_data[name] for name in ("codes", "format", "with_cover")}
        return redirect(ask_for_export(**chosen, by=request.user, request=request))
    return _page(request, form)


def _page(request, form):
    jobs = list(own(request.user).filter(kind=SHEET_EXPORT.name).order_by("-pk")[:SHOWN])
    return render(request, "duties/export_list.html", {"form": form, "jobs": jobs, "seconds": refresh_seconds(jobs)})
