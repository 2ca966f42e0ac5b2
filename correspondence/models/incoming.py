"""What a person has handed in and not registered yet: files that were looked through, and what a mail said.

The files lie in the folder of what comes in, where `core.files.sweep` removes what nobody has touched for an hour. These rows are their person's
alone and change nothing but themselves, as drafts do.
"""

from pathlib import Path

from django.conf import settings
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from core.files import folder
from core.inspection import MEDIA_TYPES, REASONS


class Incoming(models.Model):
    """What was handed in with one form."""

    person = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="+")
    made_at = models.DateTimeField(default=timezone.now)
    letter = models.JSONField(null=True, blank=True)  # what a mail says (core.eml); None where files were handed in by themselves

    class Meta:
        verbose_name = _("待登记的函电")
        verbose_name_plural = _("待登记的函电")
        ordering = ["pk"]
        default_permissions = ()

    def __str__(self) -> str:
        return f"{self.person} {self.made_at}"


class IncomingFile(models.Model):
    """One of its files: `place` names it in the folder of what comes in; `refusal` says why it is not there (a key of core.inspection.REASONS)."""

    incoming = models.ForeignKey(Incoming, models.CASCADE, related_name="files")
    name = models.CharField(max_length=200)
    is_message = models.BooleanField(default=False)
    is_inline = models.BooleanField(default=False)  # a picture within the text of the mail
    refusal = models.CharField(max_length=20, blank=True)
    kind = models.CharField(max_length=10, choices=[(kind, kind) for kind in MEDIA_TYPES], blank=True)
    pages = models.PositiveIntegerField(null=True, blank=True)
    size = models.PositiveBigIntegerField(default=0)
    sha256 = models.CharField(max_length=64, blank=True)
    place = models.CharField(max_length=32, blank=True)

    class Meta:
        verbose_name = _("待登记的文件")
        verbose_name_plural = _("待登记的文件")
        ordering = ["pk"]
        default_permissions = ()

    def __str__(self) -> str:
        return self.name

    @property
    def path(self) -> Path:
        return folder("incoming") / self.place

    @property
    def reason(self) -> str:
        return str(REASONS[self.refusal])
