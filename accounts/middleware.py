"""What signed-in requests pass: the limits of a session, the change of an initial password, and the record of refusals."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any, cast

from django.conf import settings
from django.contrib import auth, messages
from django.contrib.auth.middleware import LoginRequiredMiddleware as DjangoLoginRequiredMiddleware
from django.contrib.auth.views import redirect_to_login
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone
from django.utils.http import url_has_allowed_host_and_scheme, urlencode
from django.utils.translation import gettext as _

from .audit import acting, record
from .models import User
from .sessions import SEEN, STARTED, stamp

GetResponse = Callable[[HttpRequest], HttpResponse]


def return_address(request: HttpRequest) -> str:
    """Where to go back to after signing in: this page, or for a form that was sent the page that it stood on."""
    if request.method in {"GET", "HEAD"}:
        return request.get_full_path()
    referer = request.headers.get("Referer", "").removeprefix(f"{request.scheme}://{request.get_host()}")
    return referer if url_has_allowed_host_and_scheme(referer, allowed_hosts=None) else settings.LOGIN_REDIRECT_URL


def signed_in(request: HttpRequest) -> User:
    """The person of a request that is known to be signed in."""
    return cast(User, request.user)


def is_public(view_func: Callable[..., HttpResponse]) -> bool:
    """Whether a view is open to anybody (`@login_not_required`)."""
    return not getattr(view_func, "login_required", True)


class LoginRequiredMiddleware(DjangoLoginRequiredMiddleware):
    """Django's, but it asks about the view before it asks who is there: public pages answer without session and database."""

    def process_view(self, request: HttpRequest, view_func: Callable[..., Any], view_args: Any, view_kwargs: Any) -> HttpResponseBase | None:
        return None if is_public(view_func) else super().process_view(request, view_func, view_args, view_kwargs)


class SessionLimitsMiddleware:
    """End a session that was idle for SESSION_IDLE_LIMIT or began SESSION_ABSOLUTE_LIMIT ago (ASVS 7.3). Public pages touch no session."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_view(self, request: HttpRequest, view_func: Callable[..., HttpResponse], args: object, kwargs: object) -> HttpResponse | None:
        if is_public(view_func) or settings.SESSION_COOKIE_NAME not in request.COOKIES or not request.user.is_authenticated:
            return None
        now = timezone.now()
        started, seen = (self.read(request, name, now) for name in (STARTED, SEEN))
        if now - seen > settings.SESSION_IDLE_LIMIT or now - started > settings.SESSION_ABSOLUTE_LIMIT:
            return self.expire(request)
        if STARTED not in request.session or now - seen >= timedelta(minutes=1):
            stamp(request.session, started=STARTED not in request.session)
        return None

    @staticmethod
    def expire(request: HttpRequest) -> HttpResponse:
        person, address = signed_in(request), return_address(request)
        with acting(person, request):
            record("session.expire", person)
            auth.logout(request)
        messages.info(request, _("登录已过期，请重新登录。"))
        return redirect_to_login(address)

    @staticmethod
    def read(request: HttpRequest, name: str, default: datetime) -> datetime:
        return datetime.fromtimestamp(request.session[name], UTC) if name in request.session else default


class PasswordChangeMiddleware:
    """Send whoever still has a password that somebody else set to the page where it is changed; public pages, signing out and the language stay."""

    OPEN = frozenset({"account_change_password", "account_logout", "accounts:set-language"})

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_view(self, request: HttpRequest, view_func: Callable[..., HttpResponse], args: object, kwargs: object) -> HttpResponse | None:
        name = request.resolver_match.view_name if request.resolver_match else ""
        if name in self.OPEN or is_public(view_func) or not signed_in(request).must_change_password:
            return None
        messages.info(request, _("现在的密码是别人设置的初始密码，请先改成自己的密码。"))
        return redirect(f"{reverse('account_change_password')}?{urlencode({'next': return_address(request)})}")


class RefusalMiddleware:
    """Record each 403 that a signed-in person gets, in a transaction of its own (ASVS 16.3.2)."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        if response.status_code == 403 and request.user.is_authenticated:
            with acting(signed_in(request), request):
                record("access.refuse", request.path[:80], method=request.method)
        return response
