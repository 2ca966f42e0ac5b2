"""Makes the file of a list: in the worker, as the person who asked, whatever the size in the same little memory.

Which rows, and in which order, is decided by one query when the job runs; their keys go to a temporary file. The rows are then read in pieces, each by
a short query: nothing stays open meanwhile, on either database, and a row that moves in the list is still written once.
"""

import secrets
from array import array
from collections.abc import Callable, Iterator
from pathlib import Path
from tempfile import TemporaryFile
from typing import IO, Any

from django.db.models import QuerySet
from django.http import QueryDict
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.audit import acting, record
from accounts.models import User
from core.files import digest_of, folder
from core.spreadsheets import CSV, XLSX, Cell, write_csv, write_xlsx
from jobs.kinds import JobFailedError, Produced
from jobs.models import Job

from .kinds import Column, ListKind, kind_named

PIECE = 500  # rows read at once
KEY = "q"  # a key takes eight bytes

Progress = Callable[..., None]


def make(job: Job, progress: Progress) -> Produced:
    """Write the list that `job` asks for. Raises JobFailedError where the rights of the person change meanwhile."""
    asked = job.parameters
    kind = kind_named(asked["list"])
    assert kind is not None, "asked before it runs (may_have)"
    columns, is_csv = kind.columns_named(asked["columns"]), asked["format"] == "csv"
    asked["standing"] = _standing(kind, job)
    Job.objects.filter(pk=job.pk, attempts=job.attempts).update(parameters=asked)
    path = folder("incoming") / secrets.token_hex(16)
    try:
        with TemporaryFile(dir=folder("incoming")) as keys, path.open("xb") as out:
            total = _note_keys(kind.rows_to_export(_person(job), QueryDict(asked["query"])), keys)
            if _standing(kind, job) != asked["standing"]:
                raise JobFailedError(_("导出过程中您的权限有了变更，请重新导出。"))
            cells = _cells(kind, _person(job), asked["query"], keys, columns, lambda done: progress(done, total))
            header = [str(column.label) for column in columns]
            count = write_csv(out, header, cells) if is_csv else write_xlsx(out, header, cells, title=str(kind.label))
        _record(job, path, count)
    except BaseException:
        path.unlink(missing_ok=True)
        raise
    name = f"{kind.label}-{timezone.localdate()}.{asked['format']}"
    return Produced(path, name, CSV if is_csv else XLSX)


def _person(job: Job) -> User:
    """The person who asked, read afresh: what they may do is kept with the object."""
    assert job.asked_by_id is not None, "the schedule exports no lists"
    return User.objects.get(pk=job.asked_by_id)


def _standing(kind: ListKind, job: Job) -> list[str]:
    return sorted(kind.standing(_person(job)))


def _note_keys(rows: QuerySet[Any], keys: IO[bytes]) -> int:
    """Write the keys of these rows to a file, in their order. Returns how many."""
    ordered = rows if rows.ordered else rows.order_by("pk")
    piece, count = array(KEY), 0
    for key in ordered.prefetch_related(None).values_list("pk", flat=True).iterator(chunk_size=5000):
        piece.append(key)
        count += 1
        if len(piece) == 5000:
            keys.write(piece.tobytes())
            del piece[:]
    keys.write(piece.tobytes())
    keys.seek(0)
    return count


def _cells(kind: ListKind, user: User, query: str, keys: IO[bytes], columns: list[Column], told: Callable[[int], None]) -> Iterator[list[Cell]]:
    """The cells of each row whose key stands in `keys`."""
    done, values = 0, [kind.value_for(user, column) for column in columns]
    told(done)
    while read := keys.read(PIECE * 8):
        wanted = array(KEY, read)
        rows = kind.rows_to_export(user, QueryDict(query))
        rows = rows.model._default_manager.filter(pk__in=wanted) if kind.bring else rows.filter(pk__in=wanted).order_by()
        by_key = {row.pk: row for row in kind.with_columns(rows, columns)}
        yield from ([value(by_key[key]) for value in values] for key in wanted if key in by_key)
        done += len(wanted)
        told(done)


def _record(job: Job, path: Path, count: int) -> None:
    """Note in the audit trail what was taken out of the portal."""
    asked = job.parameters
    facts = {"list": asked["list"], "filter": asked["query"], "columns": asked["columns"], "format": asked["format"], "count": count}
    with acting(_person(job)):
        record("list.export", job, **facts, sha256=digest_of(path))
