"""核验函件: the public pages. No session, no person, no CSRF token: nothing is changed here for anybody."""

from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.http import Http404, HttpResponse
from django.utils import translation
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods

from accounts.addresses import address_of
from duties.public_site import public_page, variant_of

from . import verification
from .verify_forms import LetterCheckForm, PassportCheckForm

WAIT_SECONDS = int(verification.WINDOW.total_seconds())


@login_not_required
@csrf_exempt
@require_http_methods(["GET", "HEAD", "POST"])
def verify(request):
    """By number and code. What is typed is posted: it stands in no address and no log."""
    with translation.override(variant_of(request.path).language):
        form = LetterCheckForm(request.POST if request.method == "POST" else None)
        if not form.is_bound or not form.is_valid():
            return _page(request, {"form": form})
        told = {"form": form, "asked_passport": form.cleaned_data["passport"]}
        return _told(request, told, lambda: verification.by_number(**form.cleaned_data))


@login_not_required
@csrf_exempt
@require_http_methods(["GET", "HEAD", "POST"])
def verify_token(request, token):
    """By the QR code; a passport number may be compared."""
    with translation.override(variant_of(request.path).language):
        form = PassportCheckForm(request.POST if request.method == "POST" else None)
        passport = form.cleaned_data["passport"] if form.is_bound and form.is_valid() else ""
        told = {"form": form, "by_token": True, "asked_passport": passport}
        return _told(request, told, lambda: verification.by_token(token, passport))


def _told(request, told, look):
    address = address_of(request)
    if request.method == "POST" and verification.is_too_often(address):  # nobody guesses a token: who scans the paper is always answered
        response = _page(request, told | {"too_often": True}, status=429)
        response["Retry-After"] = str(WAIT_SECONDS)
        return response
    answer = look()
    if request.method == "POST" and (answer is None or answer.passport is False):  # a token is not guessed, and a GET writes nothing
        verification.note_failure(address)
    return _page(request, told | {"answer": answer, "asked": True}, status=404 if answer is None and "by_token" in told else 200)


def _page(request, told, status=200):
    host = settings.PUBLIC_BASE_URL.partition("//")[2]
    body = public_page("verify", request.path, "verify", told | {"host": host, "minutes": WAIT_SECONDS // 60})
    if body is None:
        raise Http404
    response = HttpResponse(body, status=status)
    response["X-Robots-Tag"] = "noindex"
    return response
