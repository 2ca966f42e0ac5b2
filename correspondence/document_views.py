"""Documents of entries handed out, as those of cases are: whole as attachments, their first pages as pictures; each look is audited."""

import logging

from django.conf import settings
from django.http import FileResponse, Http404, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.views.decorators.http import require_GET

from accounts.audit import acting, record
from core.files import LostFileError, open_kept
from core.inspection import MEDIA_TYPES, RefusedFileError, drawn

from .access import paper_reader
from .models import EntryDocument

logger = logging.getLogger(__name__)

NOTHING_RUNS = "sandbox; default-src 'none'"


@paper_reader
@require_GET
def document_download(request, pk, document):
    found = _readable_or_404(request.user, pk, document)
    try:
        file = open_kept(found.file, found.sha256)
    except LostFileError:
        logger.error("The file of document %s of an entry is not there, or not as it was kept.", found.pk)
        return render(request, "correspondence/document_lost.html", {"document": found, "entry": found.entry}, status=410)
    _note(request, "letter.download", found)
    return _shut(FileResponse(file, as_attachment=True, filename=found.name, content_type=MEDIA_TYPES[found.kind]))


@paper_reader
@require_GET
def document_page(request, pk, document, page):
    """One of the first pages as a picture; not of a document that was withdrawn."""
    found = _readable_or_404(request.user, pk, document)
    if page not in found.previews or found.is_withdrawn:
        raise Http404
    try:
        picture = drawn(found.file, found.sha256, found.kind, page, settings.VAR_DIR / "previews")
    except (LostFileError, RefusedFileError) as error:
        raise Http404 from error
    _note(request, "letter.preview", found, page=page)
    return _shut(HttpResponse(picture, content_type="image/png"))


def _readable_or_404(person, pk, document):
    return get_object_or_404(EntryDocument.objects.visible_to(person).select_related("entry"), pk=document, entry=pk)


def _note(request, what, document, **facts):
    with acting(request.user, request):
        record(what, document, number=document.entry.number, sha256=document.sha256, **facts)


def _shut(response):
    """Nothing in it runs, whatever a browser takes it for."""
    response["Content-Security-Policy"] = NOTHING_RUNS
    response["X-Content-Type-Options"] = "nosniff"
    response["Cache-Control"] = "private, no-store"
    return response
