"""Records that may be one and the same: which are, why, and what people said of it.

One function, `alike`, answers for what is being typed, for what is about to be saved and for the rows of an import; `contacts.finding` for all records.
Candidates come from the indexes of names and of ways to reach, never from a walk over all records.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from django.db.models import Q, QuerySet
from django.http import HttpRequest
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from accounts.audit import acting, record

from .matching import forms_of_body, forms_of_person, looked_up, meet
from .models import ContactPoint, Likeness, MatchKey, Organisation, Person
from .models.matches import Kind
from .text_values import folded_value

if TYPE_CHECKING:
    from accounts.models import User

Record = Organisation | Person
MODELS: dict[str, type[Record]] = {Kind.ORGANISATION: Organisation, Kind.CONTACT: Person}
# What each reason weighs. A name alone may be a coincidence; so may an address or a line, which several people share.
WEIGHTS = {"name": 5, "spelling": 4, "mail": 4, "mobile": 4, "line": 2, "body": 3, "country": 1, "domain": 1}
REASONS: dict[str, str | Promise] = {
    "name": _("名称相同"),
    "spelling": _("拼写或读音相同"),
    "mail": _("邮箱相同"),
    "mobile": _("手机或即时通信相同"),
    "line": _("电话或传真相同"),
    "body": _("在同一机构任职"),
    "country": _("国家（地区）相同"),
    "domain": _("邮箱域名相同"),
}
NAMED, LIKELY = 4, 7  # from which score on a pair is told at all, and is called likely
CANDIDATES = 60  # of one record that are compared
SHARED = 6  # a line that so many have is the switchboard's, and says nothing
PUBLIC_DOMAINS = frozenset({"qq.com", "163.com", "126.com", "139.com", "sina.com", "gmail.com", "hotmail.com", "outlook.com", "yahoo.com", "icloud.com"})
CLASS_OF = {ContactPoint.Kind.EMAIL: "mail", ContactPoint.Kind.MOBILE: "mobile", ContactPoint.Kind.MESSENGER: "mobile"}


@dataclass(frozen=True)
class Described:
    """What a record is compared by: forms of its names, (kind, folded value) of its points, country, and the bodies in which a person works."""

    kind: str
    forms: frozenset[str]
    points: frozenset[tuple[str, str]] = frozenset()
    country: int | None = None
    bodies: frozenset[int] = frozenset()
    pk: int | None = None


@dataclass(frozen=True)
class Alike:
    """A record that may be the one described."""

    record: Record
    reasons: tuple[str, ...]
    score: int = field(compare=False)

    @property
    def is_likely(self) -> bool:
        return self.score >= LIKELY

    @property
    def is_namesake(self) -> bool:
        return "name" in self.reasons

    @property
    def words(self) -> list[str]:
        return [str(REASONS[reason]) for reason in self.reasons]


# -- describing --------------------------------------------------------------------------------------------------------------------------------------------


def forms_of(record: Record) -> set[str]:
    """The forms of the names of a record."""
    if isinstance(record, Person):
        return forms_of_person(record.name, record.surname, record.given_names, record.name_native)
    return forms_of_body([record.name, record.name_en, record.name_native, record.short_name, *record.former_names.splitlines()])


def kind_of(record: Record) -> str:
    return Kind.CONTACT if isinstance(record, Person) else Kind.ORGANISATION


def described(record: Record) -> Described:
    """A stored record with what was prefetched of it (`with_parts`)."""
    points = frozenset((point.kind, point.folded) for point in record.points.all() if point.folded)
    if isinstance(record, Person):
        bodies = frozenset(position.organisation_id for position in record.positions.all() if position.until_on is None)
        return Described(Kind.CONTACT, frozenset(forms_of(record)), points, record.nationality_id, bodies, record.pk)
    return Described(Kind.ORGANISATION, frozenset(forms_of(record)), points, record.country_id, pk=record.pk)


def with_parts(kind: str, records: "QuerySet[Any]") -> "QuerySet[Any]":
    return records.prefetch_related("points", *(["positions"] if kind == Kind.CONTACT else []))


def typed(kind: str, data: Mapping[str, Any], *, pk: int | None = None) -> Described:
    """What stands in a form of a record: fields by the names of the model's, points as "…-value" beside "…-kind"; body or country by key."""
    text = {name: str(value)[:300] for name, value in data.items() if value is not None}
    keys = [name.removesuffix("-value") for name in text if name.endswith("-value")]
    pairs = [(text.get(f"{key}-kind", ""), text[f"{key}-value"]) for key in keys]
    points = frozenset((how, folded) for how, value in pairs if how and (folded := folded_value(how, value)))
    if kind == Kind.CONTACT:
        forms = forms_of_person(*(text.get(name, "") for name in ("name", "surname", "given_names", "name_native")))
        bodies = frozenset(_numbers(value for name, value in text.items() if name == "organisation" or name.endswith("-organisation")))
        return Described(kind, frozenset(forms), points, next(iter(_numbers([text.get("nationality", "")])), None), bodies, pk)
    names = [text.get(name, "") for name in ("name", "name_en", "name_native", "short_name")]
    forms = forms_of_body([*names, *text.get("former_names", "").splitlines()])
    return Described(kind, frozenset(forms), points, next(iter(_numbers([text.get("country", "")])), None), pk=pk)


def _numbers(values: Iterable[str]) -> set[int]:
    return {int(value) for value in values if value.isdecimal() and len(value) < 19}


# -- comparing ---------------------------------------------------------------------------------------------------------------------------------------------


def compare(one: Described, other: Described) -> tuple[tuple[str, ...], int]:
    """Why the two may be one and the same, and how much that weighs; ((), 0) where nothing but circumstances speaks for it."""
    found = [meet(one.forms, other.forms)]
    for kind in sorted({CLASS_OF.get(how, "line") for how, _value in one.points & other.points}):  # type: ignore[call-overload]
        found.append(kind)
    if not set(found) - {"", *(["line"] if one.kind == Kind.CONTACT else [])}:
        return (), 0
    if one.bodies & other.bodies:
        found.append("body")
    if one.country and one.country == other.country:
        found.append("country")
    if "mail" not in found and _domains(one) & _domains(other):
        found.append("domain")
    reasons = tuple(reason for reason in found if reason)
    return reasons, sum(WEIGHTS[reason] for reason in reasons)


def _domains(one: Described) -> set[str]:
    return {value.rpartition("@")[2] for how, value in one.points if how == ContactPoint.Kind.EMAIL} - PUBLIC_DOMAINS


# -- finding -----------------------------------------------------------------------------------------------------------------------------------------------


def alike(sought: Described, *, by: "User", most: int = 5) -> list[Alike]:
    """The records in use that may be the one described, likeliest first, without those that somebody said are not. A fixed number of queries."""
    return alike_to_many([sought], by=by, most=most)[0]


def alike_to_many(sought: Sequence[Described], *, by: "User", most: int = 5) -> list[list[Alike]]:
    """The same for several of one kind at once, in the same number of queries."""
    if not sought:
        return []
    kind = sought[0].kind
    numbers = [looked_up(kind, one.forms) for one in sought]
    met = _by_number(kind, set().union(*numbers))
    reached = _by_point(kind, set().union(*(one.points for one in sought)))
    near = [_near(one, wanted, met, reached) for one, wanted in zip(sought, numbers, strict=True)]
    records = MODELS[kind].objects.visible_to(by).current()  # type: ignore[attr-defined]
    found = with_parts(kind, records).select_related("nationality" if kind == Kind.CONTACT else "country").in_bulk(set().union(*near))
    others = {pk: described(row) for pk, row in found.items()}
    denied = dismissed(kind, [one.pk for one in sought if one.pk])
    answers = []
    for one, pks in zip(sought, near, strict=True):
        pairs = [(others[pk], compare(one, others[pk])) for pk in pks if pk in others and pk not in denied.get(one.pk or 0, ())]
        hits = [Alike(found[other.pk], reasons, score) for other, (reasons, score) in pairs if other.pk and score >= NAMED]
        answers.append(sorted(hits, key=lambda hit: (-hit.score, hit.record.pk))[:most])
    return answers


def _near(one: Described, numbers: set[int], met: Mapping[int, list[int]], reached: Mapping[tuple[str, str], list[int]]) -> set[int]:
    """Keys of records that share a form or a point with this one: those with most in common first, CANDIDATES at most."""
    counted: dict[int, int] = defaultdict(int)
    for pks in [met.get(number, []) for number in numbers] + [reached.get(point, []) for point in one.points]:
        for pk in pks:
            counted[pk] += 1
    counted.pop(one.pk or 0, None)
    return set(sorted(counted, key=lambda pk: (-counted[pk], -pk))[:CANDIDATES])


def _by_number(kind: str, numbers: set[int]) -> dict[int, list[int]]:
    found: dict[int, list[int]] = defaultdict(list)
    rows = MatchKey.objects.filter(key__in=numbers, kind=kind) if numbers else MatchKey.objects.none()
    for number, pk in rows.values_list("key", "object_pk").order_by("key", "-object_pk"):
        if len(found[number]) < CANDIDATES:
            found[number].append(pk)
    return found


def _by_point(kind: str, points: set[tuple[str, str]]) -> dict[tuple[str, str], list[int]]:
    owner = "person" if kind == Kind.CONTACT else "organisation"
    found: dict[tuple[str, str], list[int]] = defaultdict(list)
    rows = ContactPoint.objects.filter(folded__in={folded for _how, folded in points}, **{f"{owner}__isnull": False}) if points else ContactPoint.objects.none()
    for how, folded, pk in rows.order_by("-pk").values_list("kind", "folded", owner):
        if (how, folded) in points:
            found[how, folded].append(pk)
    return {point: pks for point, pks in found.items() if len(set(pks)) <= SHARED}


# -- what people said of it --------------------------------------------------------------------------------------------------------------------------------


def dismissed(kind: str, pks: Sequence[int]) -> dict[int, set[int]]:
    """For each of these records the keys of those that somebody said are other ones; what was said of a record merged into it counts too."""
    if not pks:
        return {}
    names = {pk: pk for pk in pks}
    merged: Iterable[tuple[int, Any]] = MODELS[kind].objects.filter(merged_into__in=pks).values_list("pk", "merged_into")  # type: ignore[attr-defined]
    names |= dict(merged)
    said = Likeness.objects.filter(Q(first__in=names) | Q(second__in=names), kind=kind, dismissed_at__isnull=False)
    found: dict[int, set[int]] = defaultdict(set)
    for first, second in said.values_list("first", "second"):
        for one, other in ((first, second), (second, first)):
            if one in names:
                found[names[one]].add(other)
    return found


def dismiss(one: Record, other: Record, *, by: "User", request: HttpRequest | None = None) -> Likeness:
    """Note that the two are not the same: they are not told of again."""
    first, second = sorted((one.pk, other.pk))
    with acting(by, request):
        pair, _made = Likeness.objects.select_for_update().get_or_create(kind=kind_of(one), first=first, second=second, defaults={"score": 0, "reasons": ""})
        if pair.dismissed_at is None:
            pair.dismissed_at, pair.dismissed_by = timezone.now(), by
            pair.save(update_fields=["dismissed_at", "dismissed_by"])
            record(f"{pair.kind}.not_the_same", one, other=other.pk)
    return pair


def take_back(pair: Likeness, *, by: "User", request: HttpRequest | None = None) -> None:
    """They may be the same after all."""
    with acting(by, request):
        if Likeness.objects.filter(pk=pair.pk, dismissed_at__isnull=False).update(dismissed_at=None, dismissed_by=None):
            record(f"{pair.kind}.perhaps_the_same", MODELS[pair.kind](pk=pair.first), other=pair.second)
