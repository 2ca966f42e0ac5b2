"""How allauth signs people in and out here: in the audit trail, and with local addresses only."""

from typing import Any, cast

from allauth.account.adapter import DefaultAccountAdapter, get_adapter
from allauth.core import context
from django.contrib import auth
from django.http import HttpRequest
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext_lazy as _

from . import actions
from .addresses import address_of
from .audit import acting, record
from .models import User
from .sessions import ADDRESS, BROWSER, stamp


class AccountAdapter(DefaultAccountAdapter):
    error_messages = {
        **DefaultAccountAdapter.error_messages,
        "username_password_mismatch": _("登录名或密码不正确，或者账号已停用。请核对后再试；仍不能登录的，请联系系统管理员。"),
        "enter_current_password": _("当前密码不正确，请重新输入。"),
        "incorrect_password": _("密码不正确，请重新输入。"),
    }

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        """Accounts are made by the system administrator only."""
        return False

    def is_ajax(self, request: HttpRequest) -> bool:
        """Pages only: no second way to ask."""
        return False

    def is_safe_url(self, url: str) -> bool:
        """Only addresses without a host, whatever ALLOWED_HOSTS says."""
        return url_has_allowed_host_and_scheme(url, allowed_hosts=None)

    def authenticate(self, request: HttpRequest, **credentials: Any) -> User | None:
        """Check name and password; a failure is counted and recorded by the lock-out."""
        return auth.authenticate(request, **credentials)

    def login(self, request: HttpRequest, user: User) -> None:
        with acting(user, request):
            super().login(request, user)
            request.session[ADDRESS] = address_of(request)
            request.session[BROWSER] = request.headers.get("User-Agent", "")[:200]
            stamp(request.session, started=True)
            record("sign_in", user)

    def logout(self, request: HttpRequest) -> None:
        person = cast(User, request.user)
        with acting(person, request):
            record("sign_out", person)
            super().logout(request)

    def reauthenticate(self, user: User, password: str) -> bool:
        """Ask for the password again; the session gets a new key (ASVS 7.2.4)."""
        request = context.request
        if self.authenticate(request, username=user.username, password=password) != user:
            return False
        with acting(user, request):
            request.session.cycle_key()
            record("sign_in.again", user)
        return True

    def set_password(self, user: User, password: str) -> None:
        actions.change_password(person=user, password=password, request=context.request)

    def get_password_change_redirect_url(self, request: HttpRequest) -> str:
        return reverse("accounts:account")


def is_password_of(request: HttpRequest, password: str) -> bool:
    """Whether whoever is signed in typed their password again; a wrong guess counts as a failed sign-in, and with enough of them the account is locked.

    None at all is no guess.
    """
    return bool(password) and bool(get_adapter(request).reauthenticate(cast(User, request.user), password))
