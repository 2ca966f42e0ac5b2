"""Whom an interaction is with: what was typed becomes a body of the book, and a person where one was meant; made on the spot where there is none."""

from dataclasses import dataclass
from typing import Any

from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.actions import Refused
from accounts.audit import record
from accounts.models import User
from cases.models import Case, Term
from core import search
from core.chinese import normalise
from correspondence.models import EntryLink

from .indexing import index
from .models import Country, InteractionLink, Organisation, Person, Position
from .models.interactions import ITEM, LOG
from .search import ORGANISATIONS, PEOPLE
from .text_values import sorting_of

UNKNOWN_COUNTRY = "XXX"  # ICAO 9303-3: unspecified
OTHER = "其他"
FOUND = 8
GUESSED = 5


@dataclass(frozen=True)
class Found:
    """One thing of the book that goes by what was typed: how forms name it, and what a line shows of it."""

    key: str
    name: str
    kind: str
    about: str
    marked: tuple[str, str, str]


def find(text: str, by: User, *, kinds: tuple[str, ...] = ("organisation", "contact")) -> list[Found]:
    """What of the book goes by this text, in any script, by pinyin or initials, the best first."""
    groups = search.search(text, by, kinds=kinds, limit=FOUND)
    people = [hit.pk for group in groups if group.source is PEOPLE for hit in group.hits]
    bodies = {person: body for person, (_key, body) in bodies_of(people).items()}
    return [
        Found(f"{group.source.kind}:{hit.pk}", "".join(hit.title), str(group.source.label), _about(group.source, hit, bodies), hit.title)
        for group in groups
        for hit in group.hits
    ]


def _about(source: search.Source, hit: search.Hit, bodies: dict[int, str]) -> str:
    return bodies.get(hit.pk, hit.about) if source is PEOPLE else hit.about


def bodies_of(people: list[int]) -> dict[int, tuple[int, str]]:
    """The body in which each of these people is in office now: its key and name; the first by precedence."""
    today = timezone.localdate()
    rows = Position.objects.filter(person__in=people).filter(Q(until_on=None) | Q(until_on__gte=today)).order_by("-precedence", "-pk")
    return {row[0]: (row[1], row[2]) for row in rows.values_list("person", "organisation", "organisation__name")}


def named(key: str, by: User) -> Organisation | Person | None:
    """What a form names by this key, if the person sees it in the book and it is not archived."""
    kind, _colon, number = key.partition(":")
    models: dict[str, Any] = {ORGANISATIONS.kind: Organisation, PEOPLE.kind: Person}
    if kind not in models or not number.isdecimal() or len(number) > 18:
        return None
    found: Organisation | Person | None = models[kind].objects.visible_to(by).current().filter(pk=number).first()
    return found


def exactly(text: str, found: list[Found]) -> list[Found]:
    """Those of these that are called exactly so."""
    part = normalise(text)
    return [one for one in found if normalise(one.name) == part]


# -- made on the spot --------------------------------------------------------------------------------------------------------------------------------------


def make_body(name: str, country: Country | None, by: User) -> Organisation:
    """A body of which no more is known yet than its name (and country); to be filled in later. Call it inside `acting()`."""
    kinds = Term.objects.filter(kind=Term.Kind.ORGANISATION_TYPE, archived_at=None)
    kind = kinds.filter(name=OTHER).first() or kinds.last()
    country = country or Country.objects.filter(code=UNKNOWN_COUNTRY).first()
    if kind is None or country is None:
        raise Refused(_("字典里还没有机构类型，或没有录入国家（地区），现在不能新建机构。"))
    made = Organisation.objects.create(name=name, kind=kind, country=country, made_by=by)
    index([made])
    record("organisation.add", made, name=name)
    return made


def make_person(name: str, body: Organisation, by: User) -> Person:
    """A person of whom no more is known yet than the name and the body. Call it inside `acting()`."""
    is_chinese = any("\u3400" <= sign <= "\u9fff" for sign in name)
    made = Person(made_by=by, **({"name": name} if is_chinese else {"name_native": name}))
    made.sorting = sorting_of(made)
    made.save()
    Position.objects.create(person=made, organisation=body, title=_("职务待补"))
    index([made])
    record("contact.add", made, name=name, organisation=body.pk)
    return made


# -- which case it may be about ----------------------------------------------------------------------------------------------------------------------------


def guess(body: Organisation, by: User) -> list[Case]:
    """Open cases that this person sees and that have to do with the body, the likeliest first: linked to its interactions or letters, or named after it."""
    linked = InteractionLink.objects.filter(interaction__thread__organisation=body, removed_at=None).values("case")
    letters = EntryLink.objects.filter(entry__counterpart=body.name, removed_at=None).values("case")
    words = [word for word in (body.name, body.short_name) if len(word) > 1]
    about = Q(pk__in=linked) | Q(pk__in=letters)
    for word in words:
        about |= Q(title__contains=word)
    return list(Case.objects.visible_to(by, LOG).open().exclude(item=ITEM).filter(about).order_by("-pk")[:GUESSED])
