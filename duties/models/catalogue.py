"""The catalogue: the published duty list in editions, each item's information sheet, and what a sheet is made of.

What is missing in the publication is NULL and shown as not provided; it is never invented and never normalised in place.
"""

from datetime import datetime
from typing import Any

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.utils.translation import gettext_noop


def moment(at: datetime | None) -> str | None:
    """A moment as open data gives it: ISO 8601 to the second, with the offset of the portal's time zone."""
    return timezone.localtime(at).isoformat(timespec="seconds") if at else None


def _person() -> "models.ForeignKey[Any, Any]":
    return models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+")


class Revision(models.Model):
    """What a list edition and a sheet share: a text that is drafted, reviewed and published by three people, then frozen.

    A text taken over from a publication (`source_sha256` set) has no author and no reviewer here. Only a draft can be changed:
    triggers of `duties.frozen` hold everything else, and let the status move along legal transitions only.
    """

    class Status(models.TextChoices):
        DRAFT = "draft", _("草稿")
        IN_REVIEW = "in_review", _("待审核")
        APPROVED = "approved", _("已审核")
        PUBLISHED = "published", _("现行")
        SUPERSEDED = "superseded", _("已被替代")
        WITHDRAWN = "withdrawn", _("已撤销")

    PUBLIC_STATUSES = (Status.PUBLISHED, Status.SUPERSEDED, Status.WITHDRAWN)

    status = models.CharField(_("状态"), max_length=10, choices=Status, default=Status.DRAFT)
    source_sha256 = models.CharField(_("来源文件 SHA-256"), max_length=64, null=True, blank=True)  # noqa: DJ001 - NULL: written here, not taken over
    drafted_by = _person()
    reviewed_by = _person()
    reviewed_at = models.DateTimeField(null=True, blank=True)
    published_by = _person()
    published_at = models.DateTimeField(_("在本站发布的时间"), null=True, blank=True)

    class Meta:
        abstract = True
        constraints = [
            models.CheckConstraint(
                condition=Q(source_sha256=None, drafted_by__isnull=False) | Q(source_sha256__isnull=False, drafted_by=None, reviewed_by=None),
                name="%(app_label)s_%(class)s_has_author_or_source",
            ),
            models.CheckConstraint(
                condition=Q(reviewed_by=None, reviewed_at=None) | Q(reviewed_by__isnull=False, reviewed_at__isnull=False),
                name="%(app_label)s_%(class)s_review_all_or_none",
            ),
            models.CheckConstraint(
                condition=Q(status__in=["draft", "in_review"], reviewed_by=None, published_at=None, published_by=None)
                | Q(status="approved", reviewed_by__isnull=False, published_at=None, published_by=None)
                | Q(status__in=["published", "superseded", "withdrawn"], published_at__isnull=False)
                & (Q(source_sha256__isnull=False) | Q(reviewed_by__isnull=False, published_by__isnull=False)),
                name="%(app_label)s_%(class)s_published_after_review",
            ),
            models.CheckConstraint(
                condition=(Q(reviewed_by=None) | ~Q(reviewed_by=F("drafted_by")))
                & (Q(published_by=None) | Q(source_sha256__isnull=False) | (~Q(published_by=F("drafted_by")) & ~Q(published_by=F("reviewed_by")))),
                name="%(app_label)s_%(class)s_three_people",
                violation_error_message=_("起草、审核、发布须由三个人分别办理。"),
            ),
        ]


class DutyItem(models.Model):
    """One duty, known by its number in the list ("2.1"); what it is called and how it runs stands in its sheets."""

    code = models.CharField(_("序号"), max_length=8, primary_key=True)

    class Meta:
        verbose_name = _("职责事项")
        verbose_name_plural = _("职责事项")
        ordering = ["code"]
        default_permissions = ()
        permissions = [("export_sheets", gettext_noop("导出信息表"))]

    def __str__(self) -> str:
        return self.code

    def get_absolute_url(self) -> str:
        return reverse("duties:item", args=[self.code])

    def as_data(self, entry: "ListEntry") -> dict[str, Any]:
        """The item as an edition lists it (`entry`), for page, JSON, CSV and JSON-LD; "sheet" is None where there is none."""
        return {
            "code": self.code,
            "url": settings.PUBLIC_BASE_URL + self.get_absolute_url(),
            "category": {"number": entry.category_number, "name": entry.category_name},
            "contents": {"name": entry.name, "page": entry.page},
            "sheet": entry.sheet.as_data() if entry.sheet else None,
        }

    def sheet_in_force(self) -> "Sheet | None":
        """The sheet on which a case of this item runs now: the public one, else the internal procedure."""
        return self.sheets.filter(status=Sheet.Status.PUBLISHED).first()


class SheetQuerySet(models.QuerySet["Sheet"]):
    def public(self) -> "SheetQuerySet":
        """Sheets that anybody may read: published now or earlier, and no internal procedure. Every public query goes through here."""
        return self.filter(is_public=True, status__in=Revision.PUBLIC_STATUSES)

    def with_parts(self) -> "SheetQuerySet":
        """Bring all that `Sheet.as_data` tells, in a fixed number of queries."""
        return self.select_related("supervision").prefetch_related("legal_bases__basis", "steps", "materials", "responsibilities")


class Sheet(Revision):
    """One edition of the information sheet (信息表) of a duty item: its cells word for word, and the parts they are made of.

    With `is_public` off it is an internal procedure: it has steps and materials to work by, and claims no published text.
    """

    item = models.ForeignKey(DutyItem, models.PROTECT, related_name="sheets")
    edition = models.PositiveSmallIntegerField(_("版次"))
    is_public = models.BooleanField(_("公开"), default=True)
    heading = models.TextField(_("标题"), null=True, blank=True)  # noqa: DJ001 - NULL: the publication does not give it
    name = models.TextField(_("名称"), null=True, blank=True)  # noqa: DJ001
    implementing_body = models.TextField(_("实施机构"), null=True, blank=True)  # noqa: DJ001
    boundary = models.TextField(_("职责边界"), null=True, blank=True)  # noqa: DJ001
    legal_basis_cell = models.TextField(_("法定依据"), null=True, blank=True)  # noqa: DJ001
    process_cell = models.TextField(_("运行流程"), null=True, blank=True)  # noqa: DJ001
    materials_cell = models.TextField(_("运行要件"), null=True, blank=True)  # noqa: DJ001
    responsibilities_cell = models.TextField(_("责任事项"), null=True, blank=True)  # noqa: DJ001
    supervision_cell = models.TextField(_("监督方式"), null=True, blank=True)  # noqa: DJ001
    materials_open = models.BooleanField(_("运行要件以“等”结尾"), default=False)

    objects = SheetQuerySet.as_manager()

    class Meta(Revision.Meta):
        verbose_name = _("信息表")
        verbose_name_plural = _("信息表")
        ordering = ["item", "edition"]
        default_permissions = ()
        constraints = [
            *Revision.Meta.constraints,
            models.UniqueConstraint(fields=["item", "edition"], name="duties_one_sheet_an_edition"),
            models.UniqueConstraint(fields=["item"], condition=Q(status="published"), name="duties_one_sheet_in_force"),
            models.CheckConstraint(
                condition=Q(is_public=True) | Q(heading=None, name=None, boundary=None),
                name="duties_internal_procedure_claims_no_text",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.item_id} 第 {self.edition} 版"

    def as_data(self) -> dict[str, Any]:
        """A sheet's cells word for word, and its parts."""
        contact = self.supervision
        return {
            "edition": self.edition,
            "recorded_at": moment(self.published_at),
            "heading": self.heading,
            "cells": {
                "name": self.name,
                "legal_basis": self.legal_basis_cell,
                "implementing_body": self.implementing_body,
                "boundary": self.boundary,
                "process": self.process_cell,
                "materials": self.materials_cell,
                "responsibilities": self.responsibilities_cell,
                "supervision": self.supervision_cell,
            },
            "legal_bases": [
                {
                    "number": citation.number,
                    "text": citation.text,
                    "title": citation.basis.title,
                    "issuer": citation.basis.issuer,
                    "document_number": citation.basis.document_number,
                }
                for citation in self.legal_bases.all()
            ],
            "steps": [{"number": step.number, "text": step.text} for step in self.steps.all()],
            "materials": [{"position": material.position, "name": material.name} for material in self.materials.all()],
            "materials_open": self.materials_open,
            "responsibilities": [{"position": duty.position, "text": duty.text} for duty in self.responsibilities.all()],
            "supervision": {"phone": contact.phone, "address": contact.address, "email": contact.email},
        }


class LegalBasis(models.Model):
    """One document that duties rest on, as the sheets cite it; what can be read off the citation stands beside it."""

    text = models.TextField(_("引用原文"), unique=True)
    title = models.TextField(_("标题"), null=True, blank=True)  # noqa: DJ001
    issuer = models.TextField(_("发文机关"), null=True, blank=True)  # noqa: DJ001
    document_number = models.CharField(_("文号"), max_length=80, null=True, blank=True)  # noqa: DJ001

    class Meta:
        verbose_name = _("法定依据")
        verbose_name_plural = _("法定依据")
        ordering = ["pk"]
        default_permissions = ()

    def __str__(self) -> str:
        return self.document_number or self.text


class SheetLegalBasis(models.Model):
    """One citation in the 法定依据 cell; the number is NULL where the sheet gives none."""

    sheet = models.ForeignKey(Sheet, models.CASCADE, related_name="legal_bases")
    position = models.PositiveSmallIntegerField()
    number = models.PositiveSmallIntegerField(null=True, blank=True)
    basis = models.ForeignKey(LegalBasis, models.PROTECT, related_name="citations")
    text = models.TextField()

    class Meta:
        ordering = ["position"]
        default_permissions = ()
        constraints = [models.UniqueConstraint(fields=["sheet", "position"], name="duties_basis_position")]

    def __str__(self) -> str:
        return self.text


class ProcessStep(models.Model):
    """One step of the 运行流程, in the published words, full stop included where there is one."""

    sheet = models.ForeignKey(Sheet, models.CASCADE, related_name="steps")
    number = models.PositiveSmallIntegerField()
    text = models.TextField()

    class Meta:
        ordering = ["number"]
        default_permissions = ()
        constraints = [models.UniqueConstraint(fields=["sheet", "number"], name="duties_step_number")]

    def __str__(self) -> str:
        return f"{self.number}.{self.text}"


class RequiredMaterial(models.Model):
    """One of the 运行要件, and the mark that follows it in the cell."""

    sheet = models.ForeignKey(Sheet, models.CASCADE, related_name="materials")
    position = models.PositiveSmallIntegerField()
    name = models.TextField()
    separator = models.CharField(max_length=2, blank=True)

    class Meta:
        ordering = ["position"]
        default_permissions = ()
        constraints = [models.UniqueConstraint(fields=["sheet", "position"], name="duties_material_position")]

    def __str__(self) -> str:
        return self.name


class Responsibility(models.Model):
    """One of the 责任事项, and the mark that follows it in the cell."""

    sheet = models.ForeignKey(Sheet, models.CASCADE, related_name="responsibilities")
    position = models.PositiveSmallIntegerField()
    text = models.TextField()
    separator = models.CharField(max_length=2, blank=True)

    class Meta:
        ordering = ["position"]
        default_permissions = ()
        constraints = [models.UniqueConstraint(fields=["sheet", "position"], name="duties_responsibility_position")]

    def __str__(self) -> str:
        return self.text


class SupervisionContact(models.Model):
    """The 监督方式 of a sheet: telephone, address and mailbox as published."""

    sheet = models.OneToOneField(Sheet, models.CASCADE, related_name="supervision")
    phone = models.TextField()
    address = models.TextField()
    email = models.TextField()

    class Meta:
        default_permissions = ()

    def __str__(self) -> str:
        return self.phone


class ListEdition(Revision):
    """One edition of the duty list (职责清单): which items it lists, under which names, with which sheets."""

    number = models.PositiveSmallIntegerField(_("版次"), unique=True)

    class Meta(Revision.Meta):
        verbose_name = _("职责清单")
        verbose_name_plural = _("职责清单")
        ordering = ["number"]
        default_permissions = ()
        constraints = [
            *Revision.Meta.constraints,
            models.UniqueConstraint(fields=["status"], condition=Q(status="published"), name="duties_one_list_in_force"),
        ]

    def __str__(self) -> str:
        return f"第 {self.number} 版"


class ListEntry(models.Model):
    """One line of the contents of a list edition, and the sheet behind it: NULL where the publication has none."""

    edition = models.ForeignKey(ListEdition, models.CASCADE, related_name="entries")
    position = models.PositiveSmallIntegerField()
    category_number = models.PositiveSmallIntegerField(_("类别序号"))
    category_name = models.TextField(_("类别"))
    item = models.ForeignKey(DutyItem, models.PROTECT, related_name="entries")
    name = models.TextField(_("目录所列名称"))
    page = models.PositiveSmallIntegerField(_("页码"))
    sheet = models.ForeignKey(Sheet, models.PROTECT, null=True, blank=True, related_name="entries")

    class Meta:
        ordering = ["position"]
        default_permissions = ()
        constraints = [
            models.UniqueConstraint(fields=["edition", "item"], name="duties_item_listed_once"),
            models.UniqueConstraint(fields=["edition", "position"], name="duties_entry_position"),
        ]

    def __str__(self) -> str:
        return f"{self.item_id} {self.name}"

    def get_absolute_url(self) -> str:
        return self.item.get_absolute_url()
