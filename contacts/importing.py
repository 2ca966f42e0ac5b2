"""The import itself: what the checked rows say becomes records, in one act of which nothing is stored unless all is.

First everything is made ready, with progress to be seen; then it is written: new records all at once (core.bulk), changes of old ones one by one. A worker
that is killed in between leaves nothing behind; one that comes again finds the batch imported, or begins anew.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from itertools import chain
from operator import attrgetter
from typing import Any

from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.audit import acting, record
from accounts.models import User
from core import bulk, search
from core.files import LostFileError
from core.models import SearchEntry
from jobs.kinds import JobFailedError
from jobs.models import Job

from .import_checking import LOST
from .import_columns import points_of
from .import_rows import Bodies, Row, person_fields, pieces, rows_of
from .indexing import index, reindex
from .likeness import forms_of
from .matching import number_of
from .models import ContactPoint, ImportBatch, ImportRow, MatchKey, Organisation, OrganisationAddress, Person, Position
from .models.matches import Kind
from .search import PEOPLE, words_of_person
from .text_values import sorting_of

COLUMNS = ("id", "name", "surname", "given_names", "name_native", "order", "honorific", "sorting", "sex", "nationality", "languages", "taboos", "note")
_VALUES = attrgetter(*("nationality_id" if name == "nationality" else name for name in COLUMNS[1:]))
POST = ("id", "person", "organisation", "department", "title", "title_en")
POINT = ("id", "person", "kind", "value", "folded", "is_preferred")


@dataclass
class Ready:
    """What is to be written. A body that is new is named by its key within the batch, a person that is new by its place in `people`."""

    bodies: dict[str, dict[str, Any]] = field(default_factory=dict)
    people: list[Person] = field(default_factory=list)
    entries: list[tuple[str, str]] = field(default_factory=list)  # title and text that each person is found by
    numbers: list[set[int]] = field(default_factory=list)  # what each is compared by
    posts: list[tuple[int, str | int, str, str, str]] = field(default_factory=list)  # place of the person, body, department, title, English title
    points: list[tuple[int, str, str, str, bool]] = field(default_factory=list)
    updates: list[Row] = field(default_factory=list)
    skipped: int = 0


def run(job: Job, progress: Any) -> None:
    """Import the batch of a job. Raises JobFailedError where rows are open, or the file is gone."""
    batch = ImportBatch.objects.get(pk=job.parameters["batch"])
    if batch.imported_at:
        return
    assert job.asked_by is not None
    told = {row.number: row for row in batch.told.all()}
    if any(row.is_open for row in told.values()):
        raise JobFailedError(_("还有行没有改正或没有选择怎样处理，请先处理完。"))
    bodies, ready, done = Bodies(job.asked_by), Ready(), 0
    try:
        for piece in pieces(rows_of(batch, told)):
            bodies.look_up(piece)
            for row in piece:
                take(ready, row, bodies)
            done += len(piece)
            progress(done, batch.count)
    except LostFileError as error:
        raise JobFailedError(str(LOST)) from error
    with acting(job.asked_by):
        batch = ImportBatch.objects.select_for_update(no_key=True).get(pk=batch.pk)
        if batch.imported_at is None:
            write(batch, ready, by=job.asked_by)


# -- making ready ------------------------------------------------------------------------------------------------------------------------------------------


def take(ready: Ready, row: Row, bodies: Bodies) -> None:
    """Note what a row adds."""
    if row.choice == ImportRow.Choice.SKIP:
        ready.skipped += 1
        return
    body: str | int = bodies.key_of(row) or row.body
    if isinstance(body, str) and body:
        _take_body(ready.bodies.setdefault(body, {}), row)
    if row.choice == ImportRow.Choice.UPDATE and row.told and row.told.alike:
        ready.updates.append(row)
    elif row.is_person:
        _take_person(ready, row, body)


def _take_body(known: dict[str, Any], row: Row) -> None:
    """What a row says of a new organisation, where no row before did."""
    values = row.read.values
    for name in ("organisation", "organisation_en", "organisation_country", "website", "address"):
        if values.get(name):
            known.setdefault(name, values[name])


def _take_person(ready: Ready, row: Row, body: str | int) -> None:
    person, place = Person(**person_fields(row)), len(ready.people)
    person.sorting = sorting_of(person)
    points = points_of(row.read.values)
    ready.people.append(person)
    entry = search.entry(PEOPLE.kind, 0, words_of_person(person, [value for _kind, value, _folded in points]))
    ready.entries.append((entry.title, entry.text))
    ready.numbers.append({number_of(Kind.CONTACT, form) for form in forms_of(person)})
    if body:
        ready.posts.append((place, body, *_post(row)))
    preferred: set[str] = set()
    for kind, value, folded in points:
        ready.points.append((place, kind, value, folded, kind not in preferred))
        preferred.add(kind)


def _post(row: Row) -> tuple[str, str, str]:
    department, title, title_en = (row.read.values.get(name, "") for name in ("department", "title", "title_en"))
    return department, title, title_en


# -- writing -----------------------------------------------------------------------------------------------------------------------------------------------


def write(batch: ImportBatch, ready: Ready, *, by: User) -> None:
    """Write all that is ready, in the transaction at hand."""
    bodies = _write_bodies(batch, ready.bodies, by)
    people = bulk.reserve(Person, len(ready.people))
    posts, points = bulk.reserve(Position, len(ready.posts)), bulk.reserve(ContactPoint, len(ready.points))
    common = {"version": 1, "made_at": timezone.now(), "made_by": by.pk, "archived_reason": ""}
    bulk.insert(Person, COLUMNS, (columns_of(key, person) for key, person in zip(people, ready.people, strict=True)), common)
    posted = (
        (key, people[place], bodies[body] if isinstance(body, str) else body, *rest) for key, (place, body, *rest) in zip(posts, ready.posts, strict=True)
    )
    bulk.insert(Position, POST, posted, {"precedence": 100})
    reached = ((key, people[point[0]], *point[1:]) for key, point in zip(points, ready.points, strict=True))
    bulk.insert(ContactPoint, POINT, reached, {"label": ""})
    write_index(people, ready)
    made = {Organisation: sorted(bodies.values()), Person: people, Position: posts, ContactPoint: points}
    batch.made = {model._meta.model_name: runs(keys) for model, keys in made.items()}
    updated = sum(update(batch, row, bodies, by=by) for row in ready.updates)
    batch.imported_at, batch.imported_by = timezone.now(), by
    batch.save(update_fields=["made", "imported_at", "imported_by"])
    facts = {"sha256": batch.sha256, "made": batch.made, "organisations": len(bodies), "people": len(people), "updated": updated, "skipped": ready.skipped}
    record("contacts.import", batch, **facts)


def columns_of(key: int, person: Person) -> tuple[Any, ...]:
    """The values of a person for COLUMNS."""
    return (key, *_VALUES(person))


def write_index(people: Iterable[int], ready: Ready) -> None:
    """What the new people are found by and compared by."""
    keyed = list(people)
    found = ((key, title, text) for key, (title, text) in zip(keyed, ready.entries, strict=True))
    bulk.insert(SearchEntry, ("object_pk", "title", "text"), found, {"kind": PEOPLE.kind})
    compared = chain.from_iterable(((key, number) for number in sorted(numbers)) for key, numbers in zip(keyed, ready.numbers, strict=True))
    bulk.insert(MatchKey, ("object_pk", "key"), compared, {"kind": Kind.CONTACT.value})


def _write_bodies(batch: ImportBatch, bodies: Mapping[str, dict[str, Any]], by: User) -> dict[str, int]:
    """Store the new organisations; their keys by the names that they have within the batch."""
    made = {}
    for key, known in bodies.items():
        country = known.get("organisation_country") or batch.country_id
        assert country, "the check asks for it"
        assert batch.kind_id, "the check asks for it"
        made[key] = Organisation(
            name=known.get("organisation") or known["organisation_en"][:200],
            name_en=known.get("organisation_en", ""),
            website=known.get("website", ""),
            country_id=country,
            kind_id=batch.kind_id,
            made_by=by,
        )
        made[key].sorting = sorting_of(made[key])
    Organisation.objects.bulk_create(made.values(), batch_size=1000)
    places = [(made[key], known["address"]) for key, known in bodies.items() if "address" in known]
    OrganisationAddress.objects.bulk_create(OrganisationAddress(organisation=body, text=text) for body, text in places)
    rows = list(made.values())
    for start in range(0, len(rows), 1000):
        index(list(Organisation.objects.filter(pk__in=[row.pk for row in rows[start : start + 1000]]).prefetch_related("points")))
    return {key: row.pk for key, row in made.items()}


def runs(keys: Iterable[int]) -> list[list[int]]:
    """Ascending keys as runs: [1, 2, 3, 7] as [[1, 3], [7, 7]]."""
    found: list[list[int]] = []
    for key in keys:
        if found and key == found[-1][1] + 1:
            found[-1][1] = key
        else:
            found.append([key, key])
    return found


# -- changing what is there --------------------------------------------------------------------------------------------------------------------------------


def update(batch: ImportBatch, row: Row, bodies: Mapping[str, int], *, by: User) -> int:
    """Put what a row says into the person that was chosen for it: what is empty in the row stays as it is. Returns 1, or 0 where nothing changed."""
    assert row.told is not None
    person = Person.objects.select_for_update(no_key=True).get(pk=row.told.target_id or row.told.alike[0][0])
    if person.is_archived:
        raise JobFailedError(_("第 %(number)d 行要更新的“%(name)s”已被归档或合并，请重新选择。") % {"number": row.number, "name": person})
    changes = {}
    for name, value in person_fields(row).items():
        before = getattr(person, name)
        if value != before:
            setattr(person, name, value)
            changes[name] = [before, value]
    known = set(person.points.values_list("kind", "folded"))
    points = [ContactPoint(person=person, kind=kind, value=value, folded=folded) for kind, value, folded in points_of(row.read.values)]
    added: list[Any] = [point for point in points if (point.kind, point.folded) not in known]
    added += _new_post(person, row, bodies, by)
    for one in added:
        one.save()
    row.told.target = person
    row.told.changes = {"fields": changes, "added": [[one._meta.model_name, one.pk] for one in added]}
    row.told.save(update_fields=["target", "changes"])
    if not changes and not added:
        return 0
    person.version += 1
    person.sorting = sorting_of(person)
    person.save()
    reindex([person])
    record("contact.change", person, batch=batch.pk, row=row.number, changes=changes, added=row.told.changes["added"])
    return 1


def _new_post(person: Person, row: Row, bodies: Mapping[str, int], by: User) -> list[Position]:
    body = bodies.get(row.body)
    if body is None and row.body:
        found = Bodies(by)
        found.look_up([row])
        body = found.key_of(row)
    department, title, title_en = _post(row)
    if body is None or person.positions.filter(organisation=body, until_on=None).exists():
        return []
    return [Position(person=person, organisation_id=body, department=department, title=title, title_en=title_en)]
