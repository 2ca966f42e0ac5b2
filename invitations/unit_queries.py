"""The lists of units and applications, and how a unit stands; each in a fixed number of queries."""

from dataclasses import dataclass
from datetime import date

from django.db.models import Count, Exists, OuterRef, Q, QuerySet

from accounts.models import User
from cases.models import Case

from .models import Application, InvitationLetter, Invitee, InvitingUnit, UnitFiling, UnitHold
from .scope import applications_seen_by, letters_seen_by, units_seen_by
from .visits import awaited, overdue


def units(person: User, today: date, *, q: str = "", state: str = "") -> QuerySet[InvitingUnit]:
    """The units that the person sees, with their filings and holds."""
    found = units_seen_by(person).prefetch_related("filings", "holds")
    if q:
        found = found.filter(Q(name__icontains=q) | Q(name_en__icontains=q) | Q(uscc__icontains=q.replace(" ", "")) | Q(contact__icontains=q))
    filed = Exists(UnitFiling.objects.filter(unit=OuterRef("pk"), year=today.year, withdrawn_at=None))
    if state == "held":
        return found.filter(Exists(UnitHold.objects.filter(unit=OuterRef("pk"), ended_at=None)))
    return found.filter(filed) if state == "filed" else found.filter(~filed) if state == "unfiled" else found


def applications(person: User, *, q: str = "", state: str = "") -> QuerySet[Application]:
    """The applications that the person sees: those in hand, or all."""
    found = applications_seen_by(person).select_related("case__handler", "unit").prefetch_related("letters")
    found = found.annotate(count=Count("invitees", filter=Q(invitees__removed_at=None), distinct=True))
    if state != "all":
        found = found.filter(case__closed_at=None)
    if q:
        of_person = Exists(Invitee.objects.filter(_named(q), application=OuterRef("pk"), removed_at=None))
        of_letter = Exists(InvitationLetter.objects.filter(application=OuterRef("pk"), number__icontains=q))
        found = found.filter(Q(case__number__icontains=q) | Q(case__title__icontains=q) | Q(unit__name__icontains=q) | Q(of_person) | Q(of_letter))
    return found


def _named(q: str) -> Q:
    """Every word of the query is in one of the names."""
    wanted = Q()
    for word in q.split():
        wanted &= Q(surname__icontains=word) | Q(given_names__icontains=word) | Q(chinese_name__icontains=word)
    return wanted


@dataclass(frozen=True)
class Standing:
    """How a unit stands today, in figures: what it asks for, what it was given, what it owes."""

    in_hand: int
    issued: int
    cancelled: int
    awaited: int  # guests whose stay is over and of whom it is not known what became of them
    late: int  # of these, whose departure should have been registered by now, of any case


def standing_of(unit: InvitingUnit, person: User, today: date) -> Standing:
    """The figures of a unit, as far as the person sees its cases."""
    letters = letters_seen_by(person).filter(application__unit=unit)
    told = letters.aggregate(issued=Count("pk"), cancelled=Count("pk", filter=Q(cancelled_at__isnull=False)))
    open_cases = Case.objects.visible_to(person).filter(invitation_application__unit=unit, closed_at=None)
    owed = awaited(today).filter(application__in=applications_seen_by(person).filter(unit=unit))
    return Standing(open_cases.count(), told["issued"], told["cancelled"], owed.count(), overdue(today, [unit.pk]).count())


def letters_of(unit: InvitingUnit, person: User) -> QuerySet[InvitationLetter]:
    """The letters that a unit was given, as far as the person sees them."""
    return letters_seen_by(person).filter(application__unit=unit).select_related("application__case")
