"""What tests need to exist. Plain functions that reach a state through the real workflow; use as `from tests import factories as make`."""

from collections.abc import Sequence
from datetime import date
from itertools import count
from typing import Any

from django.conf import settings
from django.test import Client
from django.utils import timezone
from django.utils.datastructures import MultiValueDict

from accounts import actions
from accounts.models import User
from cases import documents, process
from cases.models import Assignment, Case, Document, Substitution, Term
from cases.opening import open_case
from contacts.indexing import index
from contacts.models import ContactPoint, Country, Organisation, Person, Position
from contacts.seeds import seed as seed_countries
from contacts.text_values import folded_value, sorting_of
from core.files import Received
from core.working_days import enter_year
from duties.models import DutyItem, ListEdition, ProcessStep, RequiredMaterial, Revision, Sheet
from duties.publishing import make_drafts, publish_edition, publish_sheet
from duties.reading import read

numbers = count(1)

PASSWORD = "correct horse 电池 staple"


def person(*roles: str, **fields: Any) -> User:
    """A person with these roles who has chosen PASSWORD; `disabled=True` for one whose account is closed."""
    disabled = fields.pop("disabled", False)
    fields = {"username": f"person{next(numbers)}", "name": "王敏"} | fields
    made, _password = actions.create_first_account(**fields, roles=roles)
    made.set_password(PASSWORD)
    made.must_change_password = False
    made.save(update_fields=["password", "must_change_password"])
    if disabled:
        actions.disable_person(person=made, reason="调离", by=person("system_admin"))
    return User.objects.get(pk=made.pk)


def signed_in(*roles: str, **fields: Any) -> Client:
    """A browser in which a person with these roles is signed in; the person is `client.person`."""
    return client_of(person(*roles, **fields))


def client_of(user: User, **options: Any) -> Client:
    """A browser in which `user` is signed in."""
    client = Client(**options)
    client.force_login(user)
    client.person = user
    return client


def duty_list() -> ListEdition:
    """The published list, as received."""
    source = settings.BASE_DIR / "fixtures/source/duty-list.txt"
    return publish_edition(make_drafts(read(source.read_bytes())), by=None)


def working_days(*years: int) -> None:
    """Years in which every weekday is worked and no weekend is."""
    for year in years:
        enter_year(year, {}, {})


def worker(role: str, *items: str, **fields: Any) -> User:
    """A person with this role who works on these items (all, if none is named)."""
    made = person(role, **fields)
    for item in DutyItem.objects.filter(pk__in=items) if items else DutyItem.objects.all():
        Assignment.objects.create(user=made, item=item)
    return made


def sheet(code: str, texts: Sequence[str], materials: Sequence[str] = (), *, materials_open: bool = True, publish: bool = True) -> Sheet:
    """One more edition of an item's sheet, with these steps and materials, written and published by three people."""
    item = DutyItem.objects.get_or_create(pk=code)[0]
    author, reviewer, publisher = (person(role) for role in ("editor", "publisher", "publisher"))
    made = Sheet.objects.create(item=item, edition=item.sheets.count() + 1, drafted_by=author, name=code, materials_open=materials_open)
    ProcessStep.objects.bulk_create(ProcessStep(sheet=made, number=number, text=text) for number, text in enumerate(texts, 1))
    RequiredMaterial.objects.bulk_create(RequiredMaterial(sheet=made, position=position, name=name) for position, name in enumerate(materials, 1))
    if not publish:
        return made
    Sheet.objects.filter(pk=made.pk).update(status=Revision.Status.IN_REVIEW)
    Sheet.objects.filter(pk=made.pk).update(status=Revision.Status.APPROVED, reviewed_by=reviewer, reviewed_at=timezone.now())
    return publish_sheet(Sheet.objects.get(pk=made.pk), by=publisher)


def case(code: str = "2.1", by: User | None = None, title: str = "神港市商工联合会代表团来访", **options: Any) -> Case:
    """A case of this item, opened by a person who works on it."""
    return open_case(DutyItem.objects.get(pk=code), by=by or worker("preparer", code), title=title, **options)


def act(case: Case, action: str, target: str = "", *, by: User | None = None, **data: Any) -> Case:
    """Take an action as somebody (its handler, if nobody is named) who has just looked at the case."""
    now = Case.objects.get(pk=case.pk)
    return process.perform(now, action, by=User.objects.get(pk=(by or now.handler).pk), version=now.version, target=target, data=data)


def collected(case: Case) -> Case:
    """The case with every material that it lacks received."""
    for material in case.materials.filter(status="missing"):
        act(case, "receive", f"material:{material.pk}")
    return process.load({"pk": case.pk})


def substitution(person: User, substitute: User, *, since: date | None = None, until: date | None = None) -> Substitution:
    """`substitute` stands in for `person`, today if no days are given."""
    today = timezone.localdate()
    return Substitution.objects.create(person=person, substitute=substitute, from_on=since or today, until_on=until or today, reason="出差")


def relation(name: str = "由此办件引起") -> Term:
    """A relation between cases, in the maintained list."""
    return Term.objects.get_or_create(kind=Term.Kind.RELATION, name=name)[0]


def received(name: str, body: bytes) -> Received:
    """A file as a request brings it."""
    file = Received(name)
    file.add(body)
    return file.finish()


def attached(case: Case, name: str = "来函.txt", body: bytes = "神港市商工联合会来函".encode(), *, target: str = "", by: User | None = None) -> Document:
    """A document of the case, handed in by its handler (or `by`): a new one, one of a material ("material:3"), or a new version ("document:3")."""
    now = Case.objects.get(pk=case.pk)
    by = User.objects.get(pk=(by or now.handler).pk)
    file, action = received(name, body), "new_version" if target.startswith("document:") else "attach"
    try:
        files = documents.look_through(MultiValueDict({"papers": [file]}), case=now, by=by)
        process.perform(now, action, by=by, version=now.version, target=target, data={"declared": "on"}, files=files)
    finally:
        file.close()
    return Document.objects.filter(case=case).latest("pk")


def country(code: str = "NOR") -> Country:
    """A country of the maintained list, which is stored if it is not there yet."""
    if not Country.objects.exists():
        seed_countries()
    return Country.objects.get(code=code)


def organisation(name: str = "北湾商会", by: User | None = None, **fields: Any) -> Organisation:
    """A body in the book, found by search and compared; `points={"phone": …}` for how it is reached."""
    kind = fields.pop("kind", None) or Term.objects.get_or_create(kind=Term.Kind.ORGANISATION_TYPE, name="海外商协会")[0]
    fields = {"country": country(), "made_by": by or person("preparer")} | fields
    points = fields.pop("points", {})
    made = Organisation(name=name, kind=kind, **fields)
    made.sorting = sorting_of(made)
    made.save()
    reached_at(points, organisation=made)
    index([made])
    return made


def contact(name: str = "贝明", by: User | None = None, *, at: Organisation | None = None, title: str = "秘书长", **fields: Any) -> Person:
    """A person in the book, with a position where `at` is given; `points` as of a body."""
    points = fields.pop("points", {})
    made = Person(name=name, made_by=by or person("preparer"), **fields)
    made.sorting = sorting_of(made)
    made.save()
    if at:
        Position.objects.create(person=made, organisation=at, title=title)
    reached_at(points, person=made)
    index([made])
    return made


def reached_at(points: dict[str, str], **owner: Any) -> None:
    """Ways to reach a record, by their kind."""
    for kind, value in points.items():
        ContactPoint.objects.create(kind=kind, value=value, folded=folded_value(kind, value), **owner)
