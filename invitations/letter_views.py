"""Pages of issued letters, and how a letter would look before it is issued. Letters hold passport numbers: each PDF handed out is audited."""

import logging

from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils import timezone
from django.utils.http import content_disposition_header
from django.views.decorators.http import require_GET, require_safe

from accounts.audit import acting, record
from cases.access import case_worker, right_required
from cases.process import load
from core.encryption import UnreadableSecretError
from core.files import LostFileError
from core.inspection import RefusedFileError
from core.printing import PrintRefusedError

from .checks import current_invitees, missing_facts
from .drawing import current_pdf, pictured, specimen_pdf
from .issuing import content_of, parts_of
from .letter_page import LetterPage, with_people
from .scope import applications_seen_by, letters_seen_by, may_print
from .visits import people_of
from .wording import template_in_force

logger = logging.getLogger(__name__)

READ = "cases.read_documents"
reader = right_required(READ)


@case_worker
@require_safe
def letter_detail(request, pk):
    """What is known of a letter: where it stands, and who did what to it."""
    people = ("prepared_by", "first_reviewed_by", "reviewed_by", "issued_by", "sealed_by", "handed_over_by", "scanned_by", "submitted_by")
    found = letters_seen_by(request.user).select_related("application__case", "application__replaces", "kind", "template", "replaced_by", *people)
    letter = get_object_or_404(found.prefetch_related(*with_people()), pk=pk)
    page = LetterPage(letter, load({"pk": letter.application.case_id}), request.user, timezone.localdate())
    context = {
        "people": people_of(letter),
        "letter": letter,
        "page": page,
        "case": page.case,
        "state": page.state,
        "may_read": may_print(request.user, page.case),
    }
    return render(request, "invitations/letter_detail.html", context)


@reader
@require_GET
def letter_download(request, pk):
    """The PDF as it was drawn when the letter was issued; of one that is void or replaced, with a stamp that says so."""
    letter = get_object_or_404(letters_seen_by(request.user, READ).select_related("application__case", "replaced_by"), pk=pk)
    if not letter.file or not may_print(request.user, letter.application.case):
        raise Http404
    try:
        body = current_pdf(letter)
    except (LostFileError, UnreadableSecretError, RefusedFileError):
        logger.exception("The PDF of letter %s is not there, or not as it was kept.", letter.pk)
        return render(request, "invitations/letter_lost.html", {"letter": letter}, status=410)
    with acting(request.user, request):
        record("invitation.download", letter, number=letter.number, case=letter.application.case.number, sha256=letter.sha256)
    return pdf_answer(body, f"{letter.number}.pdf")


@reader
@require_GET
def specimen(request, number):
    """One of the letters that an application would lead to (`?part=`, the first by default), as a specimen (样张)."""
    application, missing, template = _application_or_404(request, number)
    try:
        if missing or template is None:
            return _refused(request, application, missing)
        body = _specimen(request, application, template)
    except PrintRefusedError as refusal:
        return _refused(request, application, [], str(refusal))
    return pdf_answer(body, f"样张 {number}.pdf")


@reader
@require_GET
def specimen_picture(request, number):
    """The same as a picture, for the page of the case and of the approval."""
    application, missing, template = _application_or_404(request, number)
    if missing or template is None:
        raise Http404
    try:
        return picture_answer(pictured(_specimen(request, application, template)))
    except PrintRefusedError as refusal:
        raise Http404 from refusal


def _application_or_404(request, number):
    """The application, what is missing in it, and the words for it."""
    found = applications_seen_by(request.user, READ).select_related("case__sheet__supervision", "case__handler", "unit", "kind")
    application = get_object_or_404(found, case__number=number)
    return application, missing_facts(application, current_invitees(application)), template_in_force(application)


def _specimen(request, application, template):
    """The specimen of the part that is asked for, noted as looked at. Raises PrintRefusedError and Http404."""
    parts, part = parts_of(application, current_invitees(application)), request.GET.get("part", "1")
    if not (part.isascii() and part.isdecimal() and 0 < int(part[:4]) <= len(parts)):
        raise Http404
    body = specimen_pdf(content_of(application, parts[int(part[:4]) - 1], template, number="", on=timezone.localdate()))
    with acting(request.user, request):
        record("invitation.preview", application.case, number=application.case.number, part=int(part[:4]))
    return body


def _refused(request, application, missing, refusal=""):
    return render(request, "invitations/specimen_refused.html", {"case": application.case, "missing": missing, "refusal": refusal}, status=422)


def pdf_answer(body, name):
    """A PDF to be looked at in the browser, and kept nowhere on the way."""
    response = HttpResponse(body, content_type="application/pdf")
    response["Content-Disposition"] = content_disposition_header(as_attachment=False, filename=name) or "inline"
    response["Cache-Control"] = "private, no-store"
    return response


def picture_answer(body):
    """A picture for a page, kept nowhere on the way."""
    return HttpResponse(body, content_type="image/png", headers={"Cache-Control": "private, no-store", "X-Content-Type-Options": "nosniff"})
