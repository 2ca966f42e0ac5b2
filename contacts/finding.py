"""The search for duplicates among all records, in the background: a walk along the index of names and that of points, where equal values stand together."""

from collections.abc import Iterator
from datetime import datetime
from itertools import combinations, groupby, islice
from typing import Any

from django.db.models import Exists, OuterRef, QuerySet
from django.utils import timezone

from accounts.audit import acting, record
from jobs.models import Job

from .likeness import MODELS, NAMED, SHARED, compare, described, dismissed, with_parts
from .models import ContactPoint, Likeness, MatchKey, Position
from .models.matches import Kind

PIECE = 500  # pairs compared at once
COMMON = 12  # of a name that more records have, only those in one body are compared
MOST = 200_000  # pairs that are looked at in one go


def find_all(job: Job, progress: Any) -> None:
    """Compare what may be alike and keep the pairs found; what is alike no more goes, what was dismissed stays dismissed."""
    begun, count, done = timezone.now(), 0, 0
    wanted = [(kind, list(dict.fromkeys(islice(_pairs(kind), MOST)))) for kind in MODELS]
    total = sum(len(pairs) for _kind, pairs in wanted)
    for kind, pairs in wanted:
        for start in range(0, len(pairs), PIECE):
            count += _keep(kind, pairs[start : start + PIECE], begun)
            done += len(pairs[start : start + PIECE])
            progress(done, total)
    with acting(job.asked_by):
        Likeness.objects.filter(dismissed_at=None, found_at__lt=begun).delete()
        record("contacts.find_duplicates", count=count)


def _pairs(kind: str) -> Iterator[tuple[int, int]]:
    """Pairs of records in use, the older one first, that have a name or a point in common; one pair may come several times."""
    names = _current(kind, MatchKey.objects.filter(kind=kind), "object_pk").order_by("key", "object_pk").values_list("key", "object_pk")
    for _number, group in groupby(names.iterator(chunk_size=5000), key=lambda row: row[0] >> 1):
        yield from _pairs_of_name(kind, list(group))
    owner = "person_id" if kind == Kind.CONTACT else "organisation_id"
    points = ContactPoint.objects.filter(**{f"{owner}__isnull": False}).exclude(folded="").order_by("folded", owner)
    for _value, group in groupby(_current(kind, points, owner).values_list("folded", owner).iterator(chunk_size=5000), key=lambda row: row[0]):
        pks = sorted({pk for _value, pk in group})
        yield from combinations(pks, 2) if len(pks) <= SHARED else ()


def _current(kind: str, rows: QuerySet[Any], column: str) -> QuerySet[Any]:
    return rows.filter(Exists(MODELS[kind].objects.current().filter(pk=OuterRef(column))))  # type: ignore[attr-defined]


def _pairs_of_name(kind: str, rows: list[tuple[int, int]]) -> Iterator[tuple[int, int]]:
    """Of those with one name: all pairs but those that only read alike; of a common name, those who work in one body."""
    read = {pk for number, pk in rows if number & 1}
    written = {pk for number, pk in rows if not number & 1}
    if len(written) * len(read | written) > COMMON * COMMON:
        yield from _in_one_body(kind, written)
        return
    yield from combinations(sorted(written), 2)
    yield from ((min(one, other), max(one, other)) for one in sorted(written) for other in sorted(read - written))


def _in_one_body(kind: str, pks: set[int]) -> Iterator[tuple[int, int]]:
    held = Position.objects.filter(person__in=pks, until_on=None).order_by("organisation", "person") if kind == Kind.CONTACT else Position.objects.none()
    for _body, group in groupby(held.values_list("organisation", "person"), key=lambda row: row[0]):
        yield from combinations(sorted({pk for _body, pk in group}), 2)


def _keep(kind: str, pairs: list[tuple[int, int]], at: datetime) -> int:
    """Compare these pairs and keep those that are alike. Returns how many."""
    pks = sorted({pk for pair in pairs for pk in pair})
    records = {row.pk: described(row) for row in with_parts(kind, MODELS[kind].objects.filter(pk__in=pks))}
    denied, found = dismissed(kind, pks), []
    for first, second in pairs:
        reasons, score = compare(records[first], records[second])
        if score >= NAMED and second not in denied.get(first, ()):
            found.append(Likeness(kind=kind, first=first, second=second, reasons=" ".join(reasons), score=score, found_at=at))
    with acting(None):
        unique = ["kind", "first", "second"]
        Likeness.objects.bulk_create(found, update_conflicts=True, unique_fields=unique, update_fields=["reasons", "score", "found_at"])
    return len(found)
