"""Named selections of the book: organisations and people by text, by country; who is where now. Lists, pages, prints and exports ask here."""

from datetime import date
from typing import Any

from django.db.models import Count, Exists, OuterRef, Prefetch, Q, QuerySet, Subquery
from django.db.models.functions import Coalesce
from django.utils import timezone

from accounts.models import User
from core.chinese import normalise
from core.narrowing import Narrowed, Plain, narrowed
from core.search import SHORTEST, Source, candidates

from .models import ContactPoint, Country, Organisation, OrganisationAddress, Person, Position
from .search import ORGANISATIONS, PEOPLE


def current(today: date | None = None) -> Q:
    """What a span that is open today is asked for: positions, addresses."""
    return Q(until_on=None) | Q(until_on__gte=today or timezone.localdate())


def with_text(source: Source, rows: QuerySet[Any], text: str) -> Narrowed | Plain:
    """Those of these organisations or people that are found by `text`, in any script, by pinyin or by initials."""
    part = normalise(text)
    if len(part) < SHORTEST:
        return Plain(rows.filter(Q(name__icontains=text) | Q(name_native__icontains=text)))
    return narrowed(rows, source.kind, part)


def organisations_with(rows: QuerySet[Organisation], text: str) -> Narrowed | Plain:
    return with_text(ORGANISATIONS, rows, text)


def people_with(rows: QuerySet[Person], text: str) -> Narrowed | Plain:
    return with_text(PEOPLE, rows, text)


def bodies_like(text: str, user: User, limit: int = 10) -> list[Organisation]:
    """The organisations whose names contain `text` or read like it, those first whose name begins with it."""
    part = normalise(text)
    if len(part) < SHORTEST:
        return []
    visible = Organisation.objects.visible_to(user).current()
    keys = [entry.object_pk for entry in candidates(ORGANISATIONS, visible, part)]
    found = list(visible.filter(pk__in=keys).select_related("country"))
    return sorted(found, key=lambda body: (not normalise(body.name).startswith(part), len(body.name), body.pk))[:limit]


# -- people ------------------------------------------------------------------------------------------------------------------------------------------------


def held_now(today: date | None = None) -> QuerySet[Position]:
    """The positions that are held today, with their organisations."""
    return Position.objects.filter(current(today)).select_related("organisation__country")


def with_positions(people: QuerySet[Person], *, places: bool = False) -> QuerySet[Person]:
    """Bring the positions that each person holds today (`held`); with `places`, the addresses of the organisations too (`located`)."""
    held = held_now()
    if places:
        held = held.prefetch_related(Prefetch("organisation__addresses", OrganisationAddress.objects.filter(current()), to_attr="located"))
    return people.prefetch_related(Prefetch("positions", held, to_attr="held"))


def with_points(rows: QuerySet[Any]) -> QuerySet[Any]:
    """Bring the ways to reach each organisation or person that are in use (`reached`)."""
    return rows.prefetch_related(Prefetch("points", ContactPoint.objects.filter(ended_on=None), to_attr="reached"))


def with_addresses(rows: QuerySet[Organisation]) -> QuerySet[Organisation]:
    """Bring the addresses of each organisation that hold today (`located`)."""
    return rows.prefetch_related(Prefetch("addresses", OrganisationAddress.objects.filter(current()), to_attr="located"))


def with_staff(rows: QuerySet[Organisation]) -> QuerySet[Organisation]:
    """Count the people in use who hold a position in each organisation today (`staff`)."""
    held = Position.objects.filter(current(), organisation=OuterRef("pk"), person__archived_at=None).order_by().values("organisation")
    return rows.annotate(staff=Coalesce(Subquery(held.annotate(count=Count("person", distinct=True)).values("count")), 0))


def people_at(**condition: Any) -> Exists:
    """Whether a person holds a position today in an organisation of this kind: `people_at(country=norway)`."""
    asked = {f"organisation__{name}": value for name, value in condition.items()}
    return Exists(Position.objects.filter(current(), person=OuterRef("pk"), **asked))


def staff_of(organisation: Organisation, user: User) -> tuple[list[Position], list[Position]]:
    """The positions in an organisation held today, by precedence, and those of before; each with its person and how to reach them."""
    seen = Person.objects.visible_to(user).current()
    people = Prefetch("person", with_points(Person.objects.select_related("nationality")))
    rows = list(Position.objects.filter(organisation=organisation, person__in=seen).prefetch_related(people))
    today = timezone.localdate()
    now = [row for row in rows if row.until_on is None or row.until_on >= today]
    return now, [row for row in rows if row not in now]


# -- countries ---------------------------------------------------------------------------------------------------------------------------------------------


def organisations_of(country: Country, user: User) -> QuerySet[Organisation]:
    """The organisations of a country, in use."""
    return Organisation.objects.visible_to(user).current().filter(country=country)


def people_of(country: Country, user: User) -> QuerySet[Person]:
    """The people who hold a position today in an organisation of a country."""
    return Person.objects.visible_to(user).current().filter(people_at(country=country))
