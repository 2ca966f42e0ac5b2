"""What the trail's subjects stand for ("cases.case:12"): how an auditor knows an object, and what belongs to it. Never with its business content."""

from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass

from django.apps import apps
from django.db.models import CharField, Model
from django.urls import NoReverseMatch, reverse
from django.utils.functional import Promise
from django.utils.translation import gettext as _

from accounts.models import User
from cases.models import Case, Document, StepRule, Substitution, Term
from duties.models import ListEdition, ProcessStep, Sheet
from invitations.models import InvitationLetter, Invitee, PersonRequest

Titles = Callable[[Collection[str]], dict[str, str]]
LONGEST_KEY = 18  # digits of a primary key


@dataclass(frozen=True)
class Subject:
    """An object of the trail: what kind of thing it is, what it is known by, and the page of its history ("" where it can have none)."""

    name: str
    kind: str | Promise
    title: str
    url: str

    def __str__(self) -> str:
        return f"{self.kind} {self.title}".strip()


def _people(keys: Collection[str]) -> dict[str, str]:
    return {str(pk): f"{name}（{username}）" for pk, name, username in User.objects.filter(pk__in=keys).values_list("pk", "name", "username")}


def _cases(keys: Collection[str]) -> dict[str, str]:
    return {str(pk): number for pk, number in Case.objects.filter(pk__in=keys).values_list("pk", "number")}


def _documents(keys: Collection[str]) -> dict[str, str]:
    rows = Document.objects.filter(pk__in=keys).values_list("pk", "case__number", "version")
    return {str(pk): _("%(case)s 第 %(pk)d 号（第 %(version)d 版）") % {"case": number, "pk": pk, "version": version} for pk, number, version in rows}


def _sheets(keys: Collection[str]) -> dict[str, str]:
    rows = Sheet.objects.filter(pk__in=keys).values_list("pk", "item", "edition")
    return {str(pk): _("%(item)s 第 %(edition)d 版") % {"item": item, "edition": edition} for pk, item, edition in rows}


def _editions(keys: Collection[str]) -> dict[str, str]:
    return {str(pk): _("第 %(number)d 版") % {"number": number} for pk, number in ListEdition.objects.filter(pk__in=keys).values_list("pk", "number")}


def _steps(keys: Collection[str]) -> dict[str, str]:
    rows = ProcessStep.objects.filter(pk__in=keys).values_list("pk", "sheet__item", "number")
    return {str(pk): _("%(item)s 第 %(number)d 步") % {"item": item, "number": number} for pk, item, number in rows}


def _rules(keys: Collection[str]) -> dict[str, str]:
    rows = StepRule.objects.filter(pk__in=keys).values_list("pk", "step__sheet__item", "step__number")
    return {str(pk): _("%(item)s 第 %(number)d 步") % {"item": item, "number": number} for pk, item, number in rows}


def _terms(keys: Collection[str]) -> dict[str, str]:
    return {str(pk): name for pk, name in Term.objects.filter(pk__in=keys).values_list("pk", "name")}


def _substitutions(keys: Collection[str]) -> dict[str, str]:
    rows = Substitution.objects.filter(pk__in=keys).values_list("pk", "person__name", "substitute__name")
    return {str(pk): f"{person} → {substitute}" for pk, person, substitute in rows}


def _invitees(keys: Collection[str]) -> dict[str, str]:
    rows = Invitee.objects.filter(pk__in=keys).values_list("pk", "application__case__number", "position")
    return {str(pk): _("%(case)s 第 %(position)d 位") % {"case": number, "position": position} for pk, number, position in rows}


TITLES: dict[str, Titles] = {
    "accounts.user": _people,
    "cases.case": _cases,
    "cases.document": _documents,
    "cases.steprule": _rules,
    "cases.substitution": _substitutions,
    "cases.term": _terms,
    "invitations.invitee": _invitees,
    "duties.listedition": _editions,
    "duties.processstep": _steps,
    "duties.sheet": _sheets,
}


def _titles_of(label: str) -> Titles | None:
    """How objects of this model are told: as TITLES says, or by their number where they have one."""
    if label in TITLES:
        return TITLES[label]
    model, _key = model_of(f"{label}:1")
    if model is None or not any(field.name == "number" and isinstance(field, CharField) for field in model._meta.fields):
        return None
    return lambda keys: {str(pk): number for pk, number in model._default_manager.filter(pk__in=keys).values_list("pk", "number") if number}


def model_of(name: str) -> tuple[type[Model] | None, str]:
    """The model and the key that a subject names; None where it names something else."""
    label, colon, key = name.partition(":")
    app, dot, model = label.partition(".")
    if not (colon and dot and key) or not apps.is_installed(app) or model not in apps.all_models[app]:
        return None, ""
    return apps.get_model(app, model), key


def _is_key(text: str) -> bool:
    """Whether `text` can be a primary key that is a number."""
    return text.isascii() and text.isdigit() and len(text) <= LONGEST_KEY


def described(names: Iterable[str]) -> dict[str, Subject]:
    """What each of these subjects stands for; one query for each kind of object among them."""
    wanted: dict[str, list[str]] = {}
    names = set(names)
    for name in names:
        label, _colon, key = name.partition(":")
        if _is_key(key):
            wanted.setdefault(label, []).append(key)
    titles = {label: told(keys) for label, keys in wanted.items() if (told := _titles_of(label))}
    return {name: _describe(name, titles) for name in names}


def _describe(name: str, titles: dict[str, dict[str, str]]) -> Subject:
    model, key = model_of(name)
    if model is None:
        return Subject(name, "", name, "")
    label = name.partition(":")[0]
    title = titles.get(label, {}).get(key) or (key if not key.isdigit() else f"#{key}")
    return Subject(name, model._meta.verbose_name or label, title, _address(name))


def _address(name: str) -> str:
    try:
        return reverse("auditing:object-history", args=[name])
    except NoReverseMatch:
        return ""


def belonging_to(name: str) -> list[str]:
    """The subject and all that belongs to it: of a case its documents, its letters, those invited and what they asked for."""
    model, key = model_of(name)
    if model is not Case or not _is_key(key):
        return [name]
    parts = (
        Document.objects.filter(case=int(key)),
        InvitationLetter.objects.filter(application__case=int(key)),
        Invitee.objects.filter(application__case=int(key)),
        PersonRequest.objects.filter(invitee__application__case=int(key)),
    )
    return [name, *(f"{part.model._meta.label_lower}:{pk}" for part in parts for pk in part.values_list("pk", flat=True))]


def subjects_called(text: str) -> list[str]:
    """The subjects that somebody means who types `text`: the number of a case, a sign-in name, or a subject as the trail writes it."""
    if case := Case.objects.filter(number=text).values_list("pk", flat=True).first():
        return belonging_to(f"cases.case:{case}")
    if person := User.objects.filter(username=text.lower()).values_list("pk", flat=True).first():
        return [f"accounts.user:{person}"]
    return [text]
