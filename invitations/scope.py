"""Who sees what of invitation letters: letters are seen with their cases, units by whoever works on item 4.1."""

from django.db.models import QuerySet

from accounts.models import User
from cases.models import Case
from cases.standing import standings_of

from .models import Application, InvitationLetter, InvitingUnit

ITEM = "4.1"


def works_on_letters(user: User) -> bool:
    """Whether this person, or whom they stand in for today, sees the cases of item 4.1."""
    standings = [standing for standing in standings_of(user) if "cases.view_case" in standing.permissions]
    return any(ITEM in standing.items or "cases.view_all_cases" in standing.permissions for standing in standings)


def letters_seen_by(user: User, *rights: str) -> QuerySet[InvitationLetter]:
    """The letters of the cases that this person may see; with `rights`, in a standing that holds these too."""
    return InvitationLetter.objects.filter(application__case__in=Case.objects.visible_to(user, *rights))


def applications_seen_by(user: User, *rights: str) -> QuerySet[Application]:
    """The applications of the cases that this person may see; with `rights`, in a standing that holds these too."""
    return Application.objects.filter(case__in=Case.objects.visible_to(user, *rights))


def units_seen_by(user: User) -> QuerySet[InvitingUnit]:
    """Every unit, for whoever works on letters."""
    return InvitingUnit.objects.all() if works_on_letters(user) else InvitingUnit.objects.none()
