"""Documents handed out: whole as attachments, their first pages as pictures. Whoever may not read one finds nothing; each look is audited."""

import logging

from django.conf import settings
from django.http import FileResponse, Http404, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.views.decorators.http import require_GET

from accounts.audit import acting, record
from core.files import LostFileError, open_kept
from core.inspection import MEDIA_TYPES, RefusedFileError, drawn

from .access import right_required
from .models import Document

logger = logging.getLogger(__name__)

reader = right_required("cases.read_documents")
NOTHING_RUNS = "sandbox; default-src 'none'"


@reader
@require_GET
def document_download(request, number, pk):
    document = _readable_or_404(request.user, number, pk)
    if document.purged_at:
        return render(request, "cases/document_lost.html", {"document": document, "case": document.case}, status=410)
    try:
        file = open_kept(document.file, document.sha256)
    except LostFileError:
        logger.error("The file of document %s is not there, or not as it was kept.", document.pk)
        return render(request, "cases/document_lost.html", {"document": document, "case": document.case}, status=410)
    _note(request, "document.download", document)
    response = FileResponse(file, as_attachment=True, filename=document.name, content_type=MEDIA_TYPES[document.kind])
    return _shut(response)


@reader
@require_GET
def document_page(request, number, pk, page):
    """One of the first pages as a picture; not of a document that was withdrawn."""
    document = _readable_or_404(request.user, number, pk)
    if page not in document.previews or document.is_withdrawn:
        raise Http404
    try:
        picture = drawn(document.file, document.sha256, document.kind, page, settings.VAR_DIR / "previews")
    except (LostFileError, RefusedFileError) as error:
        raise Http404 from error
    _note(request, "document.preview", document, page=page)
    return _shut(HttpResponse(picture, content_type="image/png"))


def _readable_or_404(person, number, pk):
    return get_object_or_404(Document.objects.visible_to(person).select_related("case"), pk=pk, case__number=number)


def _note(request, what, document, **facts):
    with acting(request.user, request):
        record(what, document, number=document.case.number, sha256=document.sha256, **facts)


def _shut(response):
    """Nothing in it runs, whatever a browser takes it for."""
    response["Content-Security-Policy"] = NOTHING_RUNS
    response["X-Content-Type-Options"] = "nosniff"
    response["Cache-Control"] = "private, no-store"
    return response
