"""Who sees what of invitation letters: letters are seen with their cases, units by whoever works on item 4.1."""

from django.db.models import QuerySet

from accounts.models import User
from cases.models import Case
from cases.standing import standings_of

from .models import Application, InvitationLetter, InvitingUnit

ITEM = "4.1"
BESIDES = {"cases.review_case", "invitations.register_scan"}  # for whom a case need not be their own
REVEAL = "invitations.reveal_passports"


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


def may_reveal(person: User, case: Case) -> bool:
    """Whether this person, or whom they stand in for, may be shown passport numbers of this case: preparers of their own, reviewers and signers as they see."""
    return any(
        REVEAL in one.permissions and one.sees(case) and ("cases.review_case" in one.permissions or one.person.pk == case.handler_id)
        for one in standings_of(person)
    )


def may_print(person: User, case: Case) -> bool:
    """Whether this person, or whom they stand in for, may open the issued letters of this case, which hold passport numbers: preparers their own."""
    return any(
        "cases.read_documents" in one.permissions
        and one.sees(case)
        and ("cases.handle_case" not in one.permissions or bool(BESIDES & one.permissions) or one.person.pk == case.handler_id)
        for one in standings_of(person)
    )


def may_handle(person: User, case: Case) -> bool:
    """Whether this person, or whom they stand in for, prepares letters and sees this case: what is done after its close is not its handler's alone."""
    return any("cases.handle_case" in one.permissions and one.sees(case) for one in standings_of(person))
