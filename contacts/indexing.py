"""What a record can be found by and compared by, written in the transaction of the change: call `index` for a new record, `reindex` whenever its names
or points change, or what belongs to it."""

from collections.abc import Sequence

from django.db.models import Model, QuerySet

from core import search

from .likeness import MODELS, Record, forms_of, kind_of
from .matching import number_of
from .memorandum_search import MEMORANDA
from .models import MatchKey
from .search import INTERACTIONS, ORGANISATIONS, PEOPLE

SOURCES = {source.kind: source for source in (ORGANISATIONS, PEOPLE)}
CHUNK = 1000


def index(records: Sequence[Record]) -> None:
    """Note what these records, all of one kind, are found by and compared by."""
    if records:
        search.put(SOURCES[kind_of(records[0])], records)
        put_keys(records)


def reindex(records: Sequence[Record]) -> None:
    """The same, and what is found by the names of these records: what was talked about with them, and memoranda to which they are party."""
    index(records)
    if kind_of(records[0]) == "organisation":
        search.put(INTERACTIONS, INTERACTIONS.objects().filter(thread__organisation__in=records))
        search.put(MEMORANDA, MEMORANDA.objects().filter(parties__organisation__in=records).distinct())
    else:
        search.put(INTERACTIONS, INTERACTIONS.objects().filter(people__in=records).distinct())


def put_keys(records: Sequence[Record]) -> None:
    """Note what these records, all of one kind, are compared by."""
    kind = kind_of(records[0])
    MatchKey.objects.filter(kind=kind, object_pk__in=[record.pk for record in records]).delete()
    MatchKey.objects.bulk_create(
        MatchKey(kind=kind, object_pk=record.pk, key=number) for record in records for number in sorted({number_of(kind, form) for form in forms_of(record)})
    )


def rebuild() -> int:
    """Write all that records are compared by anew; returns of how many. After an upgrade that compares otherwise."""
    total = 0
    for model in MODELS.values():
        last = 0
        while records := list(_behind(model, last)[:CHUNK]):
            put_keys(records)
            last, total = records[-1].pk, total + len(records)
    return total


def _behind(model: type[Model], last: int) -> "QuerySet[Record]":
    return model._default_manager.filter(pk__gt=last).order_by("pk")  # type: ignore[return-value]
