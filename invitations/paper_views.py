"""What is handed out beside a letter: the registrar's slip, and its scan with the name of who looks at it over every page. Each is audited."""

import logging

from django.http import Http404
from django.shortcuts import get_object_or_404, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from accounts.audit import acting, record
from cases.access import right_required
from core.encryption import UnreadableSecretError
from core.files import LostFileError
from core.inspection import RefusedFileError
from core.printing import PrintRefusedError

from .letter_views import pdf_answer
from .models import Scan
from .paper import KEEPER, OPENER
from .scans import shown
from .scope import letters_seen_by
from .slip import slip_pdf

logger = logging.getLogger(__name__)

keeper = right_required(KEEPER)
opener = right_required(OPENER)


@keeper
@require_GET
def letter_slip(request, pk):
    """The slip that goes with the paper: signed, sealed, handed over."""
    found = letters_seen_by(request.user, KEEPER).filter(cancelled_at=None, replaced_by=None, rendered_at__isnull=False)
    letter = get_object_or_404(found.select_related("application__case", "kind", "issued_by"), pk=pk)
    try:
        body = slip_pdf(letter, request.user, timezone.now())
    except PrintRefusedError as refusal:
        context = {"case": letter.application.case, "name": _("用印交付单"), "refusal": str(refusal)}
        return render(request, "cases/print_refused.html", context, status=422)
    with acting(request.user, request):
        record("invitation.print_slip", letter, number=letter.number)
    return pdf_answer(body, f"用印交付单 {letter.number}.pdf")


@opener
@require_GET
def scan_open(request, pk):
    """The scan that was taken for a letter."""
    letter = get_object_or_404(letters_seen_by(request.user, OPENER).select_related("application__case"), pk=pk)
    return _opened(request, letter, letter.scan, letter.scan_sha256)


@opener
@require_GET
def scan_compare(request, pk):
    """A scan that waits for a second person."""
    scans = Scan.objects.filter(letter__in=letters_seen_by(request.user, OPENER), decision="")
    scan = get_object_or_404(scans.select_related("letter__application__case"), pk=pk)
    return _opened(request, scan.letter, scan.file, scan.sealed_sha256)


def _opened(request, letter, name, sealed_sha256):
    if not name:
        raise Http404
    with acting(request.user, request):  # before it is drawn: whoever sees it is in the trail
        record("invitation.open_scan", letter, number=letter.number, case=letter.application.case.number, sealed_sha256=sealed_sha256)
    try:
        body = shown(letter, name, sealed_sha256, request.user, timezone.now())
    except (LostFileError, UnreadableSecretError, RefusedFileError):
        logger.exception("The scan of letter %s is not there, or not as it was kept.", letter.pk)
        return render(request, "invitations/letter_lost.html", {"letter": letter}, status=410)
    return pdf_answer(body, f"扫描件 {letter.number}.pdf")
