"""The papers of an entry as files, kept as those of cases are (cases.models.Document)."""

from pathlib import Path
from typing import TYPE_CHECKING

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from core.files import path_of
from core.inspection import MEDIA_TYPES, PREVIEWED

from .entries import Entry

if TYPE_CHECKING:
    from accounts.models import User


class EntryDocumentQuerySet(models.QuerySet["EntryDocument"]):
    def visible_to(self, user: "User") -> "EntryDocumentQuerySet":
        """What this person may read: of the entries that they see, with the right to documents in the same standing."""
        return self.filter(entry__in=Entry.objects.visible_to(user, "cases.read_documents"))


class EntryDocument(models.Model):
    """One file of an entry, as it is kept: whoever added it declared that it is not classified (非涉密)."""

    entry = models.ForeignKey(Entry, models.PROTECT, related_name="documents")
    is_message = models.BooleanField(default=False)  # the mail itself, as it came
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

    objects = EntryDocumentQuerySet.as_manager()

    class Meta:
        verbose_name = _("函电文件")
        verbose_name_plural = _("函电文件")
        ordering = ["pk"]
        default_permissions = ()
        constraints = [
            models.CheckConstraint(
                condition=Q(withdrawn_at=None, withdrawn_by=None, withdraw_reason="")
                | (Q(withdrawn_at__isnull=False, withdrawn_by__isnull=False) & ~Q(withdraw_reason="")),
                name="correspondence_document_withdrawn_all_or_none",
            ),
            models.CheckConstraint(condition=Q(size__gt=0), name="correspondence_document_is_not_empty"),
        ]
        indexes = [models.Index(fields=["added_by"], include=["size"], name="correspondence_of_person")]

    def __str__(self) -> str:
        return self.name

    def get_absolute_url(self) -> str:
        return f"{reverse('correspondence:entry-detail', args=[self.entry_id])}#document-{self.pk}"

    @property
    def path(self) -> Path:
        return path_of(self.file)

    @property
    def is_withdrawn(self) -> bool:
        return self.withdrawn_at is not None

    @property
    def previews(self) -> range:
        """The pages (from 1) that can be looked at without downloading."""
        return range(1, min(self.pages or 1, PREVIEWED.get(self.kind, 0)) + 1)
