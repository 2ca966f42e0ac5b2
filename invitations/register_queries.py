"""发文登记簿: the letters of the years, as lists, prints and exports show them."""

from datetime import date
from typing import Any

from django.db import models
from django.db.models import Count, Prefetch, Q, QuerySet
from django.db.models.functions import ExtractMonth
from django.utils.translation import gettext as _

from accounts.models import User
from cases.standing import standings_of

from .models import Cancellation, InvitationLetter
from .scope import letters_seen_by

VIEW = "invitations.view_register"
State = InvitationLetter.State


def may_view(user: User) -> bool:
    """Whether this person, in some standing of theirs, reads the register."""
    return any(VIEW in standing.permissions for standing in standings_of(user))


def register_of(user: User) -> QuerySet[InvitationLetter]:
    """The letters that this person sees in the register, with what a line tells."""
    return for_lines(letters_seen_by(user, VIEW))


def for_lines(letters: QuerySet[InvitationLetter]) -> QuerySet[InvitationLetter]:
    """Bring what a line of the register tells; `voided` is the cancellation that was agreed to."""
    voided = Cancellation.objects.filter(decision=Cancellation.Decision.APPROVED)
    people = ("kind", "replaced_by", "application__case__handler", "issued_by")
    return letters.select_related(*people).prefetch_related(Prefetch("cancellations", voided, to_attr="voided"))


def in_state(letters: QuerySet[InvitationLetter], state: str, today: date) -> QuerySet[InvitationLetter]:
    """Those of these letters that stand so today; all for ""."""
    if not state:
        return letters
    if state == State.CANCELLED:
        return letters.filter(cancelled_at__isnull=False)
    standing = letters.filter(cancelled_at=None)
    if state == State.REPLACED:
        return standing.filter(replaced_by__isnull=False)
    standing = standing.filter(replaced_by=None)
    return standing.filter(valid_until__gte=today) if state == State.VALID else standing.filter(valid_until__lt=today)


def remark(letter: Any, today: date) -> str:
    """How a letter stands, in words: 有效, 作废 and why, by which it was replaced, since when it is over."""
    state = State(letter.state_on(today))
    if state == State.CANCELLED:
        why = letter.voided[0].reason if letter.voided else ""
        return _("已作废：%(why)s") % {"why": why} if why else str(state.label)
    if state == State.REPLACED:
        return _("已被 %(number)s 替代") % {"number": letter.replaced_by.number}
    if state == State.EXPIRED:
        return _("已过期（%(day)s）") % {"day": letter.valid_until}
    return str(state.label)


def months() -> list[dict[str, Any]]:
    """(year, month, how many, cancelled, replaced) of each month with letters, the latest first."""
    counted = InvitationLetter.objects.order_by().annotate(month=ExtractMonth("issued_at")).values("year", "month")
    facts = {
        "total": Count("pk"),
        "cancelled": Count("pk", filter=Q(cancelled_at__isnull=False)),
        "replaced": Count("pk", filter=Q(cancelled_at=None, replaced_by__isnull=False)),
    }
    return [dict(row) for row in counted.annotate(**facts).order_by("-year", "-month")]


def letters_to_print(user: User, year: int, month: int | None) -> QuerySet[InvitationLetter]:
    """Every letter of a year, or of a month of it, in the order of its numbers; `is_shown` says whether this person may see what it says."""
    seen = letters_seen_by(user, VIEW).order_by().values("pk")
    shown = models.Case(models.When(pk__in=seen, then=True), default=False, output_field=models.BooleanField())
    letters = InvitationLetter.objects.filter(year=year) if month is None else InvitationLetter.objects.filter(year=year, issued_at__month=month)
    return for_lines(letters.annotate(is_shown=shown)).order_by("kind__series", "serial", "pk")
