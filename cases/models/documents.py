"""The papers of a case as files. `cases.process.perform` adds and withdraws them; nothing deletes one, nothing changes what one is."""

from pathlib import Path
from typing import TYPE_CHECKING

from django.conf import settings
from django.db import models
from django.db.models import Exists, F, OuterRef, Q
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.utils.translation import gettext_noop

from core.files import path_of
from core.inspection import MEDIA_TYPES, PREVIEWED

from .cases import Case, CaseMaterial

if TYPE_CHECKING:
    from accounts.models import User


class DocumentQuerySet(models.QuerySet["Document"]):
    def visible_to(self, user: "User") -> "DocumentQuerySet":
        """What this person may read: of the cases that they see, with the right to documents in the same standing.

        Asked document by document: for a list of keys SQLite would gather every case that they see first.
        """
        cases = Case.objects.visible_to(user, "cases.read_documents")
        return self.filter(Exists(cases.filter(pk=OuterRef("case")))) if cases.query.where else self

    def current(self) -> "DocumentQuerySet":
        """Neither replaced by a newer version nor withdrawn. (Asked by a join, PostgreSQL expects one row and reads all.)"""
        return self.filter(~Exists(Document.objects.filter(replaces=OuterRef("pk"))), withdrawn_at=None)


class Document(models.Model):
    """One version of one document of a case, as it is kept: whoever added it declared that it is not classified (非涉密)."""

    case = models.ForeignKey(Case, models.CASCADE, related_name="documents")
    material = models.ForeignKey(CaseMaterial, models.PROTECT, null=True, blank=True, related_name="documents", verbose_name=_("运行要件"))
    replaces = models.OneToOneField("self", models.PROTECT, null=True, blank=True, related_name="replaced_by")
    version = models.PositiveIntegerField(default=1)
    name = models.CharField(_("文件名"), max_length=200)
    kind = models.CharField(max_length=10, choices=[(kind, kind) for kind in MEDIA_TYPES])
    pages = models.PositiveIntegerField(null=True, blank=True)
    size = models.PositiveBigIntegerField()  # bytes
    sha256 = models.CharField(max_length=64)  # of what is kept
    file = models.CharField(max_length=32, unique=True)  # its random name in the store
    added_at = models.DateTimeField(default=timezone.now)
    added_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    withdrawn_at = models.DateTimeField(null=True, blank=True)
    withdrawn_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+")
    withdraw_reason = models.CharField(_("撤回理由"), max_length=500, blank=True)
    purged_at = models.DateTimeField(null=True, blank=True)  # its time is over: what it was is known, the file is gone

    objects = DocumentQuerySet.as_manager()

    class Meta:
        verbose_name = _("文件")
        verbose_name_plural = _("文件")
        ordering = ["pk"]
        default_permissions = ()
        permissions = [("read_documents", gettext_noop("查看和下载办件中的文件"))]
        constraints = [
            models.CheckConstraint(
                condition=Q(withdrawn_at=None, withdrawn_by=None, withdraw_reason="")
                | (Q(withdrawn_at__isnull=False, withdrawn_by__isnull=False) & ~Q(withdraw_reason="")),
                name="cases_document_withdrawn_all_or_none",
            ),
            models.CheckConstraint(
                condition=Q(replaces=None, version=1) | Q(replaces__isnull=False, version__gt=1), name="cases_document_first_version_replaces_none"
            ),
            models.CheckConstraint(condition=Q(size__gt=0), name="cases_document_is_not_empty"),
            models.CheckConstraint(condition=~Q(replaces=F("id")), name="cases_document_replaces_another"),
        ]
        indexes = [models.Index(fields=["added_by"], include=["size"], name="cases_documents_of_person")]

    def __str__(self) -> str:
        return self.name

    def get_absolute_url(self) -> str:
        return f"{reverse('cases:case-detail', args=[self.case.number])}#document-{self.pk}"

    @property
    def path(self) -> Path:
        return path_of(self.file)

    @property
    def is_withdrawn(self) -> bool:
        return self.withdrawn_at is not None

    @property
    def previews(self) -> range:
        """The pages (from 1) that can be looked at without downloading."""
        shown = 0 if self.purged_at else min(self.pages or 1, PREVIEWED.get(self.kind, 0))
        return range(1, shown + 1)
