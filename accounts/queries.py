"""What the account pages show: people, their sessions, locks and sign-ins."""

from datetime import date, datetime, time
from itertools import groupby
from typing import Any

from django.conf import settings
from django.contrib.auth.models import Permission
from django.db.models import Q, QuerySet
from django.utils import timezone
from django.utils.translation import gettext

from .audit import name_of
from .lockout import digest_of, locked_until, recent_failures
from .models import AuditEvent, RoleRequest, User
from .roles import ROLES, Role
from .sessions import Session

SIGN_INS = ("sign_in", "sign_in.fail", "sign_in.lock")


def people(*, q: str = "", role: str = "", state: str = "") -> QuerySet[User]:
    """People whose name or sign-in name contains `q`, who hold the role with the slug `role` and are "active" or "disabled"; "" means any."""
    found = User.objects.prefetch_related("groups")
    if q:
        found = found.filter(Q(name__icontains=q.strip()) | Q(username__icontains=q.strip()))
    if role:
        found = found.filter(groups__name=role)
    if state:
        found = found.filter(is_active=state == "active")
    return found


def sessions_of(person: User) -> QuerySet[Session]:
    """Sessions in which the person is signed in and that are within the limits, the last used first."""
    now = timezone.now()
    alive = Q(expire_date__gt=now, seen_at__gte=now - settings.SESSION_IDLE_LIMIT, started_at__gte=now - settings.SESSION_ABSOLUTE_LIMIT)
    return Session.objects.filter(alive, person=person).defer("session_data").order_by("-seen_at")


def locks_of(person: User) -> list[tuple[str, datetime]]:
    """(address, until) of each address from which the person is locked out now."""
    failures = sorted(recent_failures().filter(username=digest_of(person.username)), key=lambda failure: (failure.ip_address or "", failure.attempt_time))
    by_address = groupby(failures, key=lambda failure: failure.ip_address or "")
    locks = [(address, locked_until(group, settings.AXES_FAILURE_LIMIT)) for address, group in by_address]
    return [(address, until) for address, until in locks if until]


def locked_among(persons: list[User]) -> set[int]:
    """Primary keys of those who are locked out from some address; one query for all."""
    counts: dict[tuple[str, Any], int] = {}
    for username, address, failures in recent_failures().values_list("username", "ip_address", "failures_since_start"):
        counts[username, address] = counts.get((username, address), 0) + failures
    locked = {username for (username, _address), count in counts.items() if count >= settings.AXES_FAILURE_LIMIT}
    return {person.pk for person in persons if digest_of(person.username) in locked}


def sign_ins_of(person: User, number: int = 10) -> QuerySet[AuditEvent]:
    """The person's last sign-ins, failures and locks."""
    return AuditEvent.objects.filter(subject=name_of(person), action__in=SIGN_INS).order_by("-number")[:number]


def start_of(day: date) -> datetime:
    """Midnight at which the day begins here."""
    return timezone.make_aware(datetime.combine(day, time.min))


def role_requests() -> QuerySet[RoleRequest]:
    """All requests for roles with the people in them."""
    return RoleRequest.objects.select_related("person", "role", "asked_by", "decided_by")


def roles_with_permissions() -> list[tuple[Role, list[str]]]:
    """Each role with what it may do, in the words of the permissions; one query."""
    found = Permission.objects.values_list("content_type__app_label", "codename", "name")
    words = {f"{app}.{codename}": name for app, codename, name in found}
    return [(role, [gettext(words[name]) for name in role.permissions if name in words]) for role in ROLES.values()]
