"""Cards of a file as they are offered for the book: what would be stored, what is wrong, whether the person is known already. Nothing is stored before."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.db.models import Q
from django.http import HttpRequest, QueryDict
from django.utils.translation import gettext as _

from accounts.audit import acting, record
from accounts.models import User

from . import book_actions, likeness
from .book_forms import PersonForm, PointRow
from .likeness import Alike
from .models import Organisation, Person
from .models.matches import Kind
from .vcards import Card

LONGEST = 150  # characters of a post or a department


@dataclass
class Offer:
    """One card: the sound values of the person and of each way to reach them, the body of the book that it names, and records that it may be."""

    card: Card
    values: dict[str, Any] = field(default_factory=dict)
    points: list[dict[str, Any]] = field(default_factory=list)
    body: Organisation | None = None
    known: Sequence[Alike] = ()
    faults: list[str] = field(default_factory=list)  # for which it is not taken
    left_out: list[str] = field(default_factory=list)  # what of it is not taken, and why

    @property
    def is_new(self) -> bool:
        return not any(hit.is_likely for hit in self.known)


def offers(cards: Sequence[Card], by: User) -> list[Offer]:
    """What these cards offer, in a number of queries that does not grow with them."""
    found = [_offer(card) for card in cards]
    bodies = _bodies({card.organisation for card in cards if card.organisation}, by)
    sound = [offer for offer in found if not offer.faults]
    for offer in sound:
        offer.body = bodies.get(offer.card.organisation.casefold())
    hits = likeness.alike_to_many([_sought(offer) for offer in sound], by=by)
    for offer, known in zip(sound, hits, strict=True):
        offer.known = known
    return found


def _offer(card: Card) -> Offer:
    if card.fault:
        return Offer(card, faults=[card.fault])
    data = QueryDict(mutable=True)
    data.update(card.values)
    form, offer = PersonForm(data, instance=Person()), Offer(card)
    if not form.is_valid():
        offer.faults = [f"{form.fields[name].label}：{error}" for name, errors in form.errors.items() for error in errors]
    if max(len(card.title), len(card.department)) > LONGEST:
        offer.faults.append(_("职务或部门超过 %(most)d 个字符。") % {"most": LONGEST})
    offer.values = form.cleaned_data
    for typed in card.points:
        row = PointRow(typed)
        if row.is_valid():
            offer.points.append(row.cleaned_data)
        else:
            offer.left_out.append(f"{typed['value'][:50]}：{next(iter(row.errors.values()))[0]}")
    return offer


def _bodies(names: Collection[str], by: User) -> dict[str, Organisation]:
    """The organisations of the book with these names, by the name in one case; none where several bear it."""
    rows = Organisation.objects.visible_to(by).current().filter(Q(name__in=names) | Q(name_en__in=names) | Q(short_name__in=names))
    found: dict[str, list[Organisation]] = {}
    for body in rows:
        for name in {body.name.casefold(), body.name_en.casefold(), body.short_name.casefold()} - {""}:
            found.setdefault(name, []).append(body)
    return {name: bodies[0] for name, bodies in found.items() if len(bodies) == 1}


def _sought(offer: Offer) -> likeness.Described:
    typed: dict[str, Any] = {name: offer.values.get(name, "") for name in ("name", "surname", "given_names", "name_native")}
    for place, point in enumerate(offer.points):
        typed |= {f"{place}-kind": point["kind"], f"{place}-value": point["value"]}
    if offer.body:
        typed["organisation"] = str(offer.body.pk)
    return likeness.typed(Kind.CONTACT, typed)


def store(chosen: Sequence[Offer], *, by: User, request: HttpRequest | None = None) -> list[Person]:
    """Register the people of these offers, all of them or none."""
    made = []
    with acting(by, request):
        for offer in chosen:
            person = Person()
            book_actions.register(person, _values(offer), {"points": offer.points, "positions": _positions(offer)}, by=by)
            made.append(person)
        record("contact.read_cards", "contacts.person", count=len(made), people=[person.pk for person in made])
    return made


def _positions(offer: Offer) -> list[dict[str, Any]]:
    if offer.body is None:
        return []
    title = offer.card.title or _("（职务未注明）")
    return [{"body": offer.body, "title": title, "department": offer.card.department}]


def _values(offer: Offer) -> dict[str, Any]:
    """The person's values; a body that is not in the book stands in the note, with what they are there."""
    card, note = offer.card, offer.values["note"]
    told = " ".join(word for word in (card.organisation, card.department, card.title) if word)
    if offer.body is None and told:
        note = "\n".join(line for line in (_("名片上的单位和职务：%s") % told, note) if line)
    return offer.values | {"note": note}
