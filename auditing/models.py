"""What verifying the audit trail found, each time that it was done."""

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.urls import reverse
from django.utils.translation import gettext_lazy as _


class VerificationRun(models.Model):
    """One walk through the whole trail: how far, against how many anchors, and what was wrong. Added, never changed."""

    class Origin(models.TextChoices):
        PERSON = "person", _("本人提出")
        SCHEDULE = "schedule", _("每日自动")
        COMMAND = "command", _("命令行")

    KEPT = 500  # faults that are kept in words; all are counted

    origin = models.CharField(max_length=10, choices=Origin)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    started_at = models.DateTimeField()
    finished_at = models.DateTimeField()
    until_number = models.BigIntegerField()  # it begins at 1
    head_digest = models.CharField(max_length=64, blank=True)
    anchors = models.PositiveIntegerField()  # compared with
    fault_count = models.PositiveBigIntegerField()
    faults = models.JSONField(default=list)  # kind, number, text

    class Meta:
        verbose_name = _("审计日志核验")
        verbose_name_plural = _("审计日志核验")
        ordering = ["-pk"]
        default_permissions = ()
        constraints = [
            models.CheckConstraint(condition=Q(origin="person", by__isnull=False) | (~Q(origin="person") & Q(by=None)), name="auditing_run_by_a_person_or_not"),
        ]

    def __str__(self) -> str:
        return f"{self.until_number} {self.fault_count}"

    def get_absolute_url(self) -> str:
        return reverse("auditing:verification-detail", args=[self.pk])

    @property
    def is_sound(self) -> bool:
        return self.fault_count == 0

    @property
    def cut(self) -> int:
        """How many faults were counted and not kept in words."""
        return self.fault_count - len(self.faults)
