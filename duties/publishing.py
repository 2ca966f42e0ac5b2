"""From a publication that was read to drafts, and from drafts to the list in force."""

from collections.abc import Iterator
from typing import Any, cast

from django.db.models import Field, Max
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.audit import acting, record
from accounts.models import User
from core import search

from .models import (
    DutyItem,
    LegalBasis,
    ListEdition,
    ListEntry,
    ProcessStep,
    RequiredMaterial,
    Responsibility,
    Revision,
    Sheet,
    SheetLegalBasis,
    SupervisionContact,
)
from .reading import Publication, ReadSheet
from .search import ITEMS
from .tasks import write_public_site

Status = Revision.Status


class NotReadyError(Exception):
    """An edition that cannot be published as it stands; the message says what is missing."""


def make_drafts(publication: Publication) -> ListEdition:
    """Store a publication as a draft edition with draft sheets, in one transaction; a sheet that is in force word for word is taken as it is.

    Returns the edition that already holds this very publication, if there is one.
    """
    with acting(None):
        known = ListEdition.objects.filter(source_sha256=publication.sha256).first()
        if known is not None:
            return known
        edition = ListEdition.objects.create(number=_next_number(ListEdition), source_sha256=publication.sha256)
        for position, entry in enumerate(publication.entries, 1):
            item, _created = DutyItem.objects.get_or_create(code=entry.code)
            read = publication.sheets.get(entry.code)
            ListEntry.objects.create(
                edition=edition,
                position=position,
                category_number=entry.category_number,
                category_name=entry.category_name,
                item=item,
                name=entry.name,
                page=entry.page,
                sheet=_sheet(item, read, publication.sha256) if read else None,
            )
        record("list.import", edition, number=edition.number, source_sha256=publication.sha256)
    return edition


def _next_number(model: type[ListEdition]) -> int:
    return (model.objects.aggregate(last=Max("number"))["last"] or 0) + 1


def _sheet(item: DutyItem, read: ReadSheet, sha256: str) -> Sheet:
    cells = {
        "heading": read.heading,
        "name": read.name,
        "implementing_body": read.implementing_body,
        "boundary": read.boundary,
        "legal_basis_cell": read.legal_basis_cell,
        "process_cell": read.process_cell,
        "materials_cell": read.materials_cell,
        "responsibilities_cell": read.responsibilities_cell,
        "supervision_cell": read.supervision_cell,
    }
    same = item.sheets.filter(status=Status.PUBLISHED, is_public=True, **cells).first()
    if same is not None:
        return same
    last = item.sheets.aggregate(last=Max("edition"))["last"] or 0
    sheet = Sheet.objects.create(item=item, edition=last + 1, source_sha256=sha256, materials_open=read.materials_open, **cells)
    add_parts(sheet, read)
    return sheet


def add_parts(sheet: Sheet, read: ReadSheet) -> None:
    """Store the parts of a sheet's cells."""
    for position, citation in enumerate(read.citations, 1):
        told = {"title": citation.title, "issuer": citation.issuer, "document_number": citation.document_number}
        basis, _created = LegalBasis.objects.get_or_create(text=citation.text, defaults=told)
        SheetLegalBasis.objects.create(sheet=sheet, position=position, number=citation.number, basis=basis, text=citation.text)
    ProcessStep.objects.bulk_create(ProcessStep(sheet=sheet, number=number, text=text) for number, text in read.steps)
    RequiredMaterial.objects.bulk_create(
        RequiredMaterial(sheet=sheet, position=position, name=name, separator=mark) for position, (name, mark) in enumerate(read.materials, 1)
    )
    Responsibility.objects.bulk_create(
        Responsibility(sheet=sheet, position=position, text=text, separator=mark) for position, (text, mark) in enumerate(read.responsibilities, 1)
    )
    SupervisionContact.objects.create(sheet=sheet, phone=read.contact.phone, address=read.contact.address, email=read.contact.email)


def publish_edition(edition: ListEdition, *, by: User | None) -> ListEdition:
    """Put an edition in force with its sheets: what it replaces is superseded, what it no longer holds is withdrawn, the site is written anew.

    `by` is None only for an edition taken over from a publication, which is published as received: without author and reviewer.
    Raises NotReadyError if the edition or one of its sheets has not got so far.
    """
    with acting(by):
        edition = ListEdition.objects.select_for_update().get(pk=edition.pk)
        _require_ready(edition)
        entries = list(edition.entries.select_related("sheet", "item"))
        before = ListEdition.objects.select_for_update().filter(status=Status.PUBLISHED).first()
        if before is not None:
            kept = [entry.sheet_id for entry in entries if entry.sheet_id]
            replaced = [entry.item_id for entry in entries if entry.sheet_id]
            gone = Sheet.objects.filter(entries__edition=before, status=Status.PUBLISHED).exclude(pk__in=kept).exclude(item__in=replaced)
            for sheet in gone:
                _set_status(sheet, Status.WITHDRAWN)
            _set_status(before, Status.SUPERSEDED)
        for entry in entries:
            if entry.sheet and entry.sheet.status != Status.PUBLISHED:
                publish_sheet(entry.sheet, by=by)
        _put_in_force(edition, by)
        record("list.publish", edition, number=edition.number, as_received=edition.source_sha256 is not None)
        search.put(ITEMS, entries)
        write_public_site.enqueue()
    return edition


def publish_sheet(sheet: Sheet, *, by: User | None) -> Sheet:
    """Put one sheet in force in place of the item's present one. Raises NotReadyError."""
    with acting(by):
        DutyItem.objects.select_for_update().get(pk=sheet.item_id)
        _require_ready(sheet)
        for before in Sheet.objects.filter(item=sheet.item_id, status=Status.PUBLISHED):
            _set_status(before, Status.SUPERSEDED)
        _put_in_force(sheet, by)
        record("sheet.publish", sheet, item=sheet.item_id, edition=sheet.edition)
    return sheet


def _require_ready(revision: Revision) -> None:
    ready = Status.DRAFT if revision.source_sha256 else Status.APPROVED
    if revision.status != ready:
        raise NotReadyError(_("%(what)s现在是“%(status)s”，不能发布。") % {"what": revision, "status": revision.get_status_display()})


def _put_in_force(revision: Revision, by: User | None) -> None:
    revision.status, revision.published_at, revision.published_by = Status.PUBLISHED, timezone.now(), by
    revision.save(update_fields=["status", "published_at", "published_by"])


def _set_status(revision: Revision, status: Status) -> None:
    revision.status = status
    revision.save(update_fields=["status"])


def differences(publication: Publication) -> Iterator[str]:
    """One line for each place where the list in force is not what `publication` says."""
    edition = ListEdition.objects.filter(status=Status.PUBLISHED).first()
    if edition is None:
        yield _("还没有发布过清单")
        return
    stored = {entry.item_id: entry for entry in edition.entries.select_related("sheet")}
    for entry in publication.entries:
        if entry.code not in stored:
            yield _("%(code)s：文件里有，本站没有") % {"code": entry.code}
            continue
        row = stored.pop(entry.code)
        told: dict[str, Any] = {"category_number": entry.category_number, "category_name": entry.category_name, "name": entry.name, "page": entry.page}
        yield from _different(entry.code, _("目录"), told, row)
        yield from _sheet_differences(entry.code, publication.sheets.get(entry.code), row.sheet)
    for code in stored:
        yield _("%(code)s：本站有，文件里没有") % {"code": code}


def _sheet_differences(code: str, read: ReadSheet | None, sheet: Sheet | None) -> Iterator[str]:
    if read is None or sheet is None:
        if read is not None or sheet is not None:
            yield _("%(code)s：信息表只在%(where)s") % {"code": code, "where": _("文件里") if read else _("本站")}
        return
    names = [name for name in vars(read) if hasattr(sheet, name) and isinstance(getattr(read, name), str) and name != "code"]
    yield from _different(code, _("信息表"), {name: getattr(read, name) for name in names}, sheet)


def _different(code: str, where: str, told: dict[str, Any], row: ListEntry | Sheet) -> Iterator[str]:
    for name, value in told.items():
        if getattr(row, name) != value:
            label = cast(Field, row._meta.get_field(name)).verbose_name
            words = {"code": code, "where": where, "label": label, "here": getattr(row, name), "there": value}
            yield _("%(code)s %(where)s“%(label)s”：本站“%(here)s”，文件“%(there)s”") % words
