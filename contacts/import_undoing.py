"""Undoing an import: what it made is archived, what it changed gets its earlier values back, each where nobody has gone on with it since."""

from collections.abc import Sequence
from itertools import chain
from typing import Any

from django.db.models import F, Model, Q, QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.audit import acting, record
from accounts.models import User
from jobs.models import Job

from .indexing import reindex
from .likeness import Record
from .links import links_of
from .models import ContactPoint, ImportBatch, ImportRow, Organisation, Person, Position
from .text_values import sorting_of

PARTS: dict[str, type[ContactPoint] | type[Position]] = {"contactpoint": ContactPoint, "position": Position}


def run(job: Job, progress: Any) -> None:
    """Undo the batch of a job. What is left as it is stands in the batch: ["person", key] made and used since, ["fields", key, names] changed since."""
    assert job.asked_by is not None
    with acting(job.asked_by):
        batch = ImportBatch.objects.select_for_update(no_key=True).get(pk=job.parameters["batch"])
        if batch.imported_at is None or batch.undone_at:
            return
        left: list[Any] = []
        for row in batch.told.filter(target__isnull=False).order_by("-number"):
            left += put_back(row)
        for model in (Person, Organisation):  # a body whose people are archived is used by nobody
            left += [[model._meta.model_name, key] for key in archive(batch, model, job.asked_by)]
        batch.undone_at, batch.undone_by, batch.left = timezone.now(), job.asked_by, left
        batch.save(update_fields=["undone_at", "undone_by", "left"])
        record("contacts.undo_import", batch, left=left)


def put_back(row: ImportRow) -> list[Any]:
    """Give a person that a row changed the earlier values back. Returns what somebody changed since."""
    assert row.target_id is not None
    person = Person.objects.select_for_update(no_key=True).get(pk=row.target_id)
    kept, changes = [], {}
    for name, (before, after) in row.changes.get("fields", {}).items():
        if getattr(person, name) == after:
            setattr(person, name, before)
            changes[name] = [after, before]
        else:
            kept.append(name)
    removed = [[name, pk] for name, pk in row.changes.get("added", []) if PARTS[name].objects.filter(pk=pk, person=person).delete()[0]]
    if changes or removed:
        person.version += 1
        person.sorting = sorting_of(person)
        person.save()
        reindex([person])
        record("contact.change", person, batch=row.batch_id, row=row.number, changes=changes, removed=removed)
    return [["fields", person.pk, kept]] if kept else []


def made_of(batch: ImportBatch, model: type[Model]) -> Q:
    """The rows of this table that the batch made."""
    found = Q(pk__in=[])
    for first, last in batch.made.get(model._meta.model_name or "", []):
        found |= Q(pk__range=(first, last))
    return found


def archive(batch: ImportBatch, model: type[Record], by: User) -> list[int]:
    """Archive what the batch made and nobody has changed, archived or referred to since. Returns the keys of what is left."""
    made = model.objects.filter(made_of(batch, model))
    used = set(chain.from_iterable(_used(batch, model, made)))
    used |= set(made.filter(version__gt=1).values_list("pk", flat=True))
    reason = _("撤销导入：%(name)s") % {"name": batch.file_name[:200]}
    made.filter(archived_at=None).exclude(pk__in=used).update(archived_at=timezone.now(), archived_by=by, archived_reason=reason, version=F("version") + 1)
    return sorted(used)


def _used(batch: ImportBatch, model: type[Record], made: "QuerySet[Any]") -> Sequence[set[int]]:
    """Of what the batch made, the keys to which something points that it did not make itself."""
    found = []
    for link in links_of(model):
        if link.name in {"contacts.organisation_tags.organisation", "contacts.importrow.target"}:
            continue
        rows = link.model._base_manager.filter(**{f"{link.field.name}__in": made.values("pk")})
        own = made_of(batch, link.model)
        if link.model is Position and model is Organisation:  # those of people who are archived by now hold nothing
            own = Q(person__archived_at__isnull=False)
        if link.name == "contacts.organisationaddress.organisation":
            own |= Q(organisation__version=1)
        found.append(set(rows.exclude(own).values_list(link.field.attname, flat=True)))
    return found
