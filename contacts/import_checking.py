"""The dry run of an import: every row read, all that is wrong told at once, and whom each may already be. Stores nothing in the book."""

from collections.abc import Iterable
from typing import Any

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.audit import acting, record
from core import inspection
from core.files import LostFileError, digest_of, keep, kept_with_the_act, open_kept, path_of
from core.inspection import RefusedFileError
from core.turns import turn
from jobs.kinds import JobFailedError
from jobs.models import Job

from . import likeness
from .import_columns import know_countries, points_of
from .import_rows import Bodies, Row, described_person, made_row, pieces, rows_of
from .models import ImportBatch, ImportRow

MOST_ROWS = 200_000
MOST_TOLD = 20_000  # rows with something to say; of a file with more, the mapping is wrong
OTHER = {"p": "l", "l": "p"}
LOST = gettext_lazy("上传的文件已经不在，请重新上传。")


def check(job: Job, progress: Any) -> None:
    """Read the file of a batch and say of each row what is wrong with it. Raises JobFailedError where the file cannot be read, or is too long."""
    batch = ImportBatch.objects.select_related("made_by").get(pk=job.parameters["batch"])
    if batch.imported_at:
        return
    count = _read(batch)
    told, done = [], 0
    checker = Checker(batch)
    for piece in pieces(rows_of(batch)):
        told += checker.check(piece)
        done += len(piece)
        progress(done, count)
        if len(told) > MOST_TOLD:
            raise JobFailedError(_("超过 %(most)d 行有问题，多半是列没有对应好，请检查后再试。") % {"most": MOST_TOLD})
    with acting(job.asked_by):
        batch.told.all().delete()
        ImportRow.objects.bulk_create(told, batch_size=500)
        batch.checked_at, batch.count = timezone.now(), done
        batch.save(update_fields=["checked_at", "count"])
        record("contacts.check_import", batch, count=done, told=len(told), sha256=batch.sha256)


def _read(batch: ImportBatch) -> int:
    """Have the child read every row of the file, once. Returns how many there are."""
    if batch.rows:
        return batch.count or 0
    try:
        open_kept(batch.file, batch.sha256).close()
        table = inspection.read_table(path_of(batch.file), batch.format, MOST_ROWS)
    except RefusedFileError as refusal:
        raise JobFailedError(str(refusal)) from refusal
    except LostFileError as error:
        raise JobFailedError(str(LOST)) from error
    try:
        if table.is_cut:
            raise JobFailedError(_("超过 %(most)d 行，请分成几个文件。") % {"most": MOST_ROWS})
        batch.rows_sha256, batch.count = digest_of(table.path), table.count - 1
        with kept_with_the_act(), turn(), transaction.atomic():
            batch.rows = keep(table.path)
            batch.save(update_fields=["rows", "rows_sha256", "count"])
    finally:
        table.path.unlink(missing_ok=True)
    return batch.count


class Checker:
    """Says of rows what is wrong with them and whom they may be; remembers those that came before, to know twins within the file."""

    def __init__(self, batch: ImportBatch) -> None:
        assert batch.made_by is not None
        self.batch, self.bodies = batch, Bodies(batch.made_by)
        self.seen: dict[Any, int] = {}

    def check(self, rows: list[Row]) -> list[ImportRow]:
        """What is to be told of these rows; of most, nothing."""
        self.bodies.look_up(rows)
        for row in rows:
            self._check_body(row)
        people = [row for row in rows if row.is_person]
        found = likeness.alike_to_many([described_person(row, self.bodies.key_of(row)) for row in people], by=self.batch.made_by)
        alike = {row.number: [[hit.record.pk, list(hit.reasons)] for hit in hits] for row, hits in zip(people, found, strict=True)}
        told = []
        for row in rows:
            twin, hits = self._twin(row) if row.is_person else None, alike.get(row.number, [])
            if row.read.problems or hits or twin:
                told.append(ImportRow(batch=self.batch, number=row.number, cells=row.cells, problems=row.read.problems, alike=hits, twin=twin))
        return told

    def _check_body(self, row: Row) -> None:
        """An organisation that is new needs a country, one that is there must be told from others."""
        found = self.bodies.found.get(row.body, [])
        if len(found) > 1:
            numbers = "、".join(f"#{number}" for number in found[:6])
            text = _("库里有几个机构叫这个名称，请在名称后写明编号（%(numbers)s），或先合并重复的机构。") % {"numbers": numbers}
            row.read.problems.setdefault("organisation", text)
        elif row.body in self.bodies.numbered and not found:
            row.read.problems.setdefault("organisation", _("没有编号是 %(key)s 的机构。") % {"key": self.bodies.numbered[row.body]})
        elif row.body and not found:
            if not (row.read.values.get("organisation_country") or self.batch.country_id):
                row.read.problems.setdefault("organisation_country", _("这是新机构，请填写所在国家（地区）。"))
            if not self.batch.kind_id:
                row.read.problems.setdefault("organisation", _("这是新机构，请在上一步选择新机构的类型。"))

    def _twin(self, row: Row) -> int | None:
        """The first row of the file that is of the same person: by mail or mobile number, or by name within one organisation."""
        one = described_person(row, None)
        own: list[Any] = [(kind, folded) for kind, _value, folded in points_of(row.read.values) if kind in {"email", "mobile"}]
        own += [(form, row.body) for form in one.forms]
        across = [(OTHER[form[0]] + form[1:], row.body) for form in one.forms if form[0] in OTHER]  # a reading and the spelling of another
        earlier = [self.seen[key] for key in [*(key for key in own if not key[0].startswith("p:")), *across] if key in self.seen]
        for key in own:
            self.seen.setdefault(key, row.number)
        return min(earlier, default=None)


def check_again(told: ImportRow, cells: dict[str, str]) -> ImportRow:
    """Put corrected texts into a row and say what is wrong with it now; not stored. Twins are not looked for again but where they were."""
    know_countries()  # the process of a page has read no table
    told.cells, told.is_corrected = cells, True
    row = made_row(told.number, cells, told)
    checker = Checker(told.batch)
    fresh = checker.check([row])
    told.problems = row.read.problems
    told.alike = fresh[0].alike if fresh else []
    return told


def open_rows(batch: ImportBatch) -> Iterable[ImportRow]:
    """The rows that somebody has to correct, or to choose for."""
    return [row for row in batch.told.all() if row.is_open]
