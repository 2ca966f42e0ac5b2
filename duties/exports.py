"""Exporting sheets: asking for a file of them. It is background work (duties/export_worker.py), and is fetched on the page of the job."""

from collections.abc import Iterable

from django.db import models
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from jobs.actions import ask
from jobs.models import Job

from .jobs import SHEET_EXPORT
from .models import ListEdition, ListEntry


class Format(models.TextChoices):
    """The kinds of file in which sheets are exported."""

    PDF = "pdf", _("PDF（打印、存档）")
    DOCX = "docx", _("Word（DOCX，可修改）")


def entries_in_force() -> "QuerySet[ListEntry]":
    """The lines of the list in force, in order, each knowing whether it has a sheet; one query."""
    return ListEntry.objects.filter(edition__status=ListEdition.Status.PUBLISHED)


def ask_for_export(*, codes: Iterable[str], format: str, with_cover: bool, by: User, request: HttpRequest) -> Job:
    """Have the worker put the sheets of these items (codes, in the order of the list) into one file."""
    codes = list(codes)
    words = {"codes": "、".join(codes), "format": format.upper()}
    title = gettext("信息表 %(codes)s（%(format)s，带封面和目录）") if with_cover else gettext("信息表 %(codes)s（%(format)s）")
    parameters = {"codes": codes, "format": format, "with_cover": with_cover}
    return ask(SHEET_EXPORT.name, parameters=parameters, title=title % words, total=len(codes), by=by, request=request)
