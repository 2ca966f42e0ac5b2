"""When somebody who guesses passwords must wait (counted by axes, in the database)."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from axes.handlers.database import AxesDatabaseHandler
from axes.models import AccessAttempt
from django.conf import settings
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.crypto import salted_hmac

from .addresses import address_of
from .audit import acting, record
from .models import User


def digest_of(username: str) -> str:
    """How a sign-in name is written down where it may be anything that was typed, even a password: an HMAC, the same for Wang.Min and wang.min."""
    return salted_hmac("accounts.username", username.strip().lower(), algorithm="sha256").hexdigest()


def counted_name(request: HttpRequest, credentials: dict[str, Any] | None = None) -> str:
    """The name under which axes counts (settings.AXES_USERNAME_CALLABLE)."""
    return digest_of((credentials or {}).get("username") or "")


def counted_address(request: HttpRequest) -> str | None:
    """The address under which axes counts (settings.AXES_CLIENT_IP_CALLABLE)."""
    return address_of(request) or None


def recent_failures() -> QuerySet[AccessAttempt]:
    """Failures that still count, oldest first."""
    return AccessAttempt.objects.filter(attempt_time__gt=timezone.now() - settings.AXES_COOLOFF_TIME).order_by("attempt_time")


def locked_until(failures: Iterable[AccessAttempt], limit: int) -> datetime | None:
    """When enough of these failures (oldest first) will be forgotten that fewer than `limit` are left; None if that is so now."""
    failures = list(failures)
    left = sum(failure.failures_since_start for failure in failures)
    until = None
    for failure in failures:
        if left < limit:
            break
        left -= failure.failures_since_start
        until = failure.attempt_time + settings.AXES_COOLOFF_TIME
    return until


def account_lock(username: str, address: str | None) -> datetime | None:
    """Until when this name is locked for this address."""
    return locked_until(recent_failures().filter(username=digest_of(username), ip_address=address), settings.AXES_FAILURE_LIMIT)


def address_lock(address: str | None) -> datetime | None:
    """Until when this address is locked for every name."""
    return locked_until(recent_failures().filter(ip_address=address), settings.AXES_ADDRESS_FAILURE_LIMIT)


class LockoutHandler(AxesDatabaseHandler):
    """Counts per account and address as axes does, and per address whatever the account; every counted failure and every lock is audited."""

    def is_locked(self, request: HttpRequest, credentials: dict[str, Any] | None = None) -> bool:
        return super().is_locked(request, credentials) or address_lock(counted_address(request)) is not None

    def user_login_failed(self, sender: object, credentials: dict[str, Any], request: Any = None, **kwargs: Any) -> None:
        """Count and record the failure; while a lock lasts nothing is counted or recorded, so that nobody can stretch it or flood the trail."""
        if request is None or request.axes_locked_out:
            super().user_login_failed(sender, credentials, request, **kwargs)
            return
        username = credentials.get("username") or ""
        account = User.objects.filter(username=username.strip().lower()).first()
        again = account if account is not None and account == getattr(request, "user", None) else None  # asked for the password again
        with acting(again, request):
            super().user_login_failed(sender, credentials, request, **kwargs)
            record("sign_in.fail", account or "", name=digest_of(username))
            request.axes_locked_out = self.is_locked(request, credentials)
            request.axes_credentials = credentials
            if request.axes_locked_out:
                record("sign_in.lock", account or "", name=digest_of(username), scope="account" if super().is_locked(request, credentials) else "address")


def respond(request: HttpRequest, original_response: HttpResponse, credentials: dict[str, Any] | None) -> HttpResponse:
    """The page that a locked-out person sees (settings.AXES_LOCKOUT_CALLABLE): 429 with the time when the lock ends."""
    address = counted_address(request)
    whole_address = address_lock(address)
    until = whole_address or account_lock((credentials or {}).get("username") or "", address) or timezone.now()
    context = {"until": until, "whole_address": whole_address is not None, "minutes": settings.AXES_COOLOFF_TIME.seconds // 60}
    response = render(request, "account/locked.html", context, status=429)
    response["Retry-After"] = str(max(1, int((until - timezone.now()).total_seconds())))
    return response
