"""Staff pages of exported sheets. Each person sees their own; another's is as absent as one that never was."""

from django.contrib.auth.decorators import permission_required
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.http import content_disposition_header
from django.views.decorators.http import require_GET, require_http_methods, require_safe

from .exports import CONTENT_TYPES, ask_for_export, entries_in_force, read_export
from .forms import SheetExportForm
from .models import SheetExport

SHOWN = 20  # exports on the list
REFRESH_SECONDS = 2  # between two looks at an export under way

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
    exports = SheetExport.objects.filter(asked_by=request.user)[:SHOWN]
    return render(request, "duties/export_list.html", {"form": form, "exports": exports})


@exporter
@require_safe
def export_detail(request, export):
    export = get_object_or_404(SheetExport, pk=export, asked_by=request.user)
    response = render(request, "duties/export_detail.html", {"export": export, "state": export.state, "seconds": REFRESH_SECONDS})
    if export.state == SheetExport.State.RUNNING:
        response["Refresh"] = str(REFRESH_SECONDS)
    return response


@exporter
@require_GET
def export_download(request, export):
    export = get_object_or_404(SheetExport, pk=export, asked_by=request.user)
    body = read_export(export, by=request.user, request=request)
    if body is None:
        raise Http404
    response = HttpResponse(body, content_type=CONTENT_TYPES[SheetExport.Format(export.format)])
    response["Content-Disposition"] = content_disposition_header(as_attachment=True, filename=export.file_name)
    response["X-Content-Type-Options"] = "nosniff"
    return response
