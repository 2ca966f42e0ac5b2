"""Exporting sheets: asking for a file, and giving it to the person who asked. The worker makes it (duties/export_worker.py)."""

import contextlib
from collections.abc import Iterable
from pathlib import Path

from django.conf import settings
from django.db.models import QuerySet
from django.http import HttpRequest

from accounts.audit import acting, record
from accounts.models import User

from .models import ListEdition, ListEntry, SheetExport
from .tasks import make_sheet_export

CONTENT_TYPES = {
    SheetExport.Format.PDF: "application/pdf",
    SheetExport.Format.DOCX: "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
}


def folder() -> Path:
    """Where the files lie, under random names."""
    return Path(settings.VAR_DIR) / "exports"


def entries_in_force() -> "QuerySet[ListEntry]":
    """The lines of the list in force, in order, each knowing whether it has a sheet; one query."""
    return ListEntry.objects.filter(edition__status=ListEdition.Status.PUBLISHED)


def ask_for_export(*, codes: Iterable[str], format: str, with_cover: bool, by: User, request: HttpRequest) -> SheetExport:
    """Have the worker put the sheets of these items (codes, in the order of the list) into one file."""
    with acting(by, request):
        export = SheetExport.objects.create(asked_by=by, codes=list(codes), format=format, with_cover=with_cover)
        record("export.ask", export, codes=export.codes, format=format, with_cover=with_cover)
        make_sheet_export.enqueue(export.pk)
    return export


def read_export(export: SheetExport, *, by: User, request: HttpRequest) -> bytes | None:
    """The file of an export, noted as handed out; None where there is none (any more)."""
    body = None
    if export.content:
        with contextlib.suppress(FileNotFoundError):
            body = (folder() / export.content).read_bytes()
    if body is not None:
        with acting(by, request):
            record("export.download", export, sha256=export.sha256)
    return body
