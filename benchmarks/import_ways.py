"""What benchmarks/imports.py does, with Django set up: the same people written in both ways."""

from collections.abc import Callable, Iterable
from typing import Any

from django.core.management import call_command
from django.db import connection, transaction
from django.utils import timezone

from contacts import importing
from contacts.import_columns import know_countries
from contacts.import_rows import Bodies, made_row
from contacts.importing import COLUMNS, POINT, POST, Ready
from contacts.models import ContactPoint, MatchKey, Person, Position
from core import bulk
from core.models import SearchEntry
from tests import factories as make
from tests.contacts import rosters

from .imports import spent_by

NAMES = "name surname given_names sex nationality organisation organisation_country title mobile email".split()  # noqa: SIM905


class _Undone(Exception):  # noqa: N818 - no fault: ends a transaction
    pass


def measure(count: int, turns: int) -> dict[str, list[float]]:
    """Seconds of CPU of each way in each turn."""
    call_command("migrate", interactive=False, verbosity=0)
    by = make.person("preparer")
    make.country()
    know_countries()
    body = make.organisation().pk
    server = None
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_backend_pid()")
            server = cursor.fetchone()[0]
    ready = Ready()
    spent: dict[str, list[float]] = {"ready": [spent_by(lambda: prepare(ready, rosters.rows(count), by, body), server)]}
    for _turn in range(turns):
        for way, act in (("records ours", ours), ("records bulk_create", objects), ("indexed ours", ours_indexed), ("indexed bulk_create", objects_indexed)):
            spent.setdefault(way, []).append(spent_by(lambda act=act: undone(lambda: act(ready, by.pk)), server))  # type: ignore[misc]
    return spent


def prepare(ready: Ready, rows: Iterable[list[str]], by: Any, body: int) -> None:
    """What the worker does with each row of a roster before the transaction, but for the looking up of bodies."""
    bodies = Bodies(by)
    for number, cells in enumerate(rows):
        row = made_row(number, {name: text for name, text in zip(NAMES, cells[1:], strict=False) if text})
        bodies.found[row.body] = [body]
        importing.take(ready, row, bodies)


def undone(act: Callable[[], None]) -> None:
    try:
        with transaction.atomic():
            act()
            raise _Undone
    except _Undone:
        pass


def ours(ready: Ready, by: int) -> list[int]:
    people = list(bulk.reserve(Person, len(ready.people)))
    common = {"version": 1, "made_at": timezone.now(), "made_by": by, "archived_reason": ""}
    bulk.insert(Person, COLUMNS, (importing.columns_of(key, person) for key, person in zip(people, ready.people, strict=True)), common)
    posts, points = bulk.reserve(Position, len(ready.posts)), bulk.reserve(ContactPoint, len(ready.points))
    bulk.insert(Position, POST, ((key, people[post[0]], *post[1:]) for key, post in zip(posts, ready.posts, strict=True)), {"precedence": 100})
    bulk.insert(ContactPoint, POINT, ((key, people[point[0]], *point[1:]) for key, point in zip(points, ready.points, strict=True)), {"label": ""})
    return people


def objects(ready: Ready, by: int) -> list[int]:
    """Row objects made and written by the ORM, a thousand at once."""
    names = [name for name in COLUMNS if name not in {"id", "nationality"}]
    made = [Person(nationality_id=person.nationality_id, made_by_id=by, **{name: getattr(person, name) for name in names}) for person in ready.people]
    Person.objects.bulk_create(made, batch_size=1000)
    posts = (Position(person=made[place], organisation_id=body, department=unit, title=title, title_en=en) for place, body, unit, title, en in ready.posts)
    Position.objects.bulk_create(posts, batch_size=1000)  # type: ignore[arg-type]
    points = (
        ContactPoint(person=made[place], kind=kind, value=value, folded=folded, is_preferred=preferred)
        for place, kind, value, folded, preferred in ready.points
    )
    ContactPoint.objects.bulk_create(points, batch_size=1000)  # type: ignore[arg-type]
    return [person.pk for person in made]


def ours_indexed(ready: Ready, by: int) -> None:
    importing.write_index(ours(ready, by), ready)


def objects_indexed(ready: Ready, by: int) -> None:
    people = objects(ready, by)
    entries = (SearchEntry(kind="contact", object_pk=key, title=title, text=text) for key, (title, text) in zip(people, ready.entries, strict=True))
    SearchEntry.objects.bulk_create(entries, batch_size=1000)
    keys = (MatchKey(kind="contact", object_pk=key, key=number) for key, numbers in zip(people, ready.numbers, strict=True) for number in sorted(numbers))
    MatchKey.objects.bulk_create(keys, batch_size=1000)
