"""What a person does with a batch, up to what the worker does for it."""

import json
from collections.abc import Mapping
from typing import Any

from django.db.models import Q
from django.http import HttpRequest
from django.utils.translation import gettext as _

from accounts.actions import Refused
from accounts.audit import acting, record
from accounts.models import User
from cases.models import Term
from core import inspection
from core.files import keep, kept_with_the_act
from core.inspection import RefusedFileError, Table
from jobs.actions import ask
from jobs.models import Job

from .import_checking import check_again
from .import_columns import guess
from .jobs import CHECK, IMPORT, UNDO
from .models import Country, ImportBatch, ImportRow

SAMPLE = 5  # rows shown beside the columns
REMEMBERED = 20  # earlier batches whose mapping is looked at
KINDS = {"xlsx", "csv"}


def take(file: Any, *, by: User, request: HttpRequest | None = None) -> ImportBatch:
    """Keep a workbook or CSV file of contacts and read its headings. Raises RefusedFileError for what is none, or cannot be read."""
    inspection.examine(file)
    if file.refusal:
        raise file.refusal
    if file.finding is None or file.finding.kind not in KINDS:
        raise RefusedFileError("kind")
    table = inspection.read_table(file.finding.path, file.finding.kind, SAMPLE)
    try:
        lines = read_lines(table)
    finally:
        table.path.unlink(missing_ok=True)
    if len(lines) < 2:
        raise RefusedFileError("empty")
    headings, sample = lines[0], lines[1:]
    batch = ImportBatch(file_name=file.finding.name[:200], format=file.finding.kind, sha256=file.sha256, headings=headings, sample=sample, made_by=by)
    batch.mapping = guess(headings, remembered(by))
    with kept_with_the_act(), acting(by, request):
        batch.file = keep(file.finding.path)
        batch.save()
        record("contacts.upload_import", batch, sha256=batch.sha256, size=file.size)
    return batch


def read_lines(table: Table) -> list[list[str]]:
    """The cells of the rows of a short table."""
    return [json.loads(line)[1] for line in table.path.read_text().splitlines()]


def remembered(by: User) -> dict[str, str]:
    """What the columns were that this person last imported, by their headings."""
    found: dict[str, str] = {}
    for batch in ImportBatch.objects.filter(made_by=by, checked_at__isnull=False).order_by("-pk")[:REMEMBERED]:
        for place, heading in enumerate(batch.headings):
            found.setdefault(heading, batch.mapping.get(str(place), ""))
    return found


def map_columns(
    batch: ImportBatch, mapping: Mapping[str, str], *, country: Country | None, kind: Term | None, by: User, request: HttpRequest | None = None
) -> Job:
    """Say what the columns are, and have every row checked. What was corrected and chosen before is gone with it."""
    with acting(by, request):
        batch = _locked(batch)
        if batch.imported_at:
            raise Refused(_("这个文件已经导入。"))
        batch.mapping, batch.country, batch.kind, batch.checked_at = dict(mapping), country, kind, None
        batch.job = ask(CHECK.name, parameters={"batch": batch.pk}, title=_("检查：%s") % batch.file_name, by=by, total=batch.count)
        batch.save(update_fields=["mapping", "country", "kind", "checked_at", "job"])
        record("contacts.map_import", batch, mapping=batch.mapping)
    return batch.job


def _locked(batch: ImportBatch) -> ImportBatch:
    """The batch, locked. Raises Refused while the worker is at it."""
    found = ImportBatch.objects.select_for_update(no_key=True).get(pk=batch.pk)
    if found.is_working:
        raise Refused(_("后台正在处理这个文件，请等它结束。"))
    return found


def _ready(batch: ImportBatch) -> ImportBatch:
    """The batch, locked, between its check and its import."""
    batch = _locked(batch)
    if batch.imported_at or not batch.checked_at:
        raise Refused(_("这个文件还没有检查，或者已经导入。"))
    return batch


def correct(row: ImportRow, cells: Mapping[str, str], *, by: User, request: HttpRequest | None = None) -> ImportRow:
    """Put corrected texts into a row and check it again."""
    with acting(by, request):
        _ready(row.batch)
        row = check_again(row, {name: text for name, text in cells.items() if text})
        row.choice, row.target = "", None
        row.save()
        record("contacts.correct_import", row.batch, row=row.number, columns=sorted(row.cells))
    return row


def choose(row: ImportRow, choice: str, *, target: int | None = None, by: User, request: HttpRequest | None = None) -> None:
    """Say what becomes of a row. Raises Refused for one that cannot be imported, or a person that it is not like."""
    with acting(by, request):
        _ready(row.batch)
        if choice != ImportRow.Choice.SKIP and row.problems:
            raise Refused(_("这一行还有错误，请先改正，或者跳过。"))
        if choice == ImportRow.Choice.UPDATE and target not in [key for key, _reasons in row.alike]:
            raise Refused(_("请选择要更新的记录。"))
        row.choice, row.target_id = choice, target if choice == ImportRow.Choice.UPDATE else None
        row.save(update_fields=["choice", "target"])
        record("contacts.choose_import", row.batch, row=row.number, choice=choice, target=row.target_id)


def choose_for_all(batch: ImportBatch, what: str, choice: str, *, by: User, request: HttpRequest | None = None) -> int:
    """The same for all open rows at once: those with mistakes ("problems", to be skipped only), or those that may be there already ("alike")."""
    with acting(by, request):
        batch = _ready(batch)
        faulty = ~Q(problems={})
        rows = [row for row in batch.told.filter(faulty if what == "problems" else Q(problems={}), choice="") if row.is_open]
        if what == "problems" and choice != ImportRow.Choice.SKIP:
            raise Refused(_("有错误的行只能改正或跳过。"))
        for row in rows:
            row.choice = choice if choice != ImportRow.Choice.UPDATE or row.alike else ImportRow.Choice.SKIP
            row.target_id = row.alike[0][0] if row.choice == ImportRow.Choice.UPDATE else None
        ImportRow.objects.bulk_update(rows, ["choice", "target"], batch_size=500)
        record("contacts.choose_import", batch, what=what, choice=choice, count=len(rows))
    return len(rows)


def ask_for_import(batch: ImportBatch, *, by: User, request: HttpRequest | None = None) -> Job:
    """Have the checked rows imported. Raises Refused while rows are open."""
    with acting(by, request):
        batch = _ready(batch)
        if any(row.is_open for row in batch.told.all()):
            raise Refused(_("还有行没有改正或没有选择怎样处理，请先处理完。"))
        batch.job = ask(IMPORT.name, parameters={"batch": batch.pk}, title=_("导入：%s") % batch.file_name, by=by, total=batch.count)
        batch.save(update_fields=["job"])
    return batch.job


def ask_for_undoing(batch: ImportBatch, *, by: User, request: HttpRequest | None = None) -> Job:
    """Have an import undone."""
    with acting(by, request):
        batch = _locked(batch)
        if not batch.imported_at or batch.undone_at:
            raise Refused(_("这个文件没有导入，或者已经撤销。"))
        batch.job = ask(UNDO.name, parameters={"batch": batch.pk}, title=_("撤销导入：%s") % batch.file_name, by=by)
        batch.save(update_fields=["job"])
    return batch.job
