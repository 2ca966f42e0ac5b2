"""Letters that one signer has issued several at once: what was asked for, and what became of each."""

from django.db import models
from django.db.models import Q
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from cases.models import Approval
from jobs.models import Job

from .units import person


class IssueBatch(models.Model):
    """One act of asking: the password was typed, and the worker issues one application after another. It is never run a second time."""

    asked_at = models.DateTimeField(_("提出时间"), default=timezone.now)
    asked_by = person()
    note = models.CharField(_("意见"), max_length=500, blank=True)
    job = models.OneToOneField(Job, models.PROTECT, null=True, related_name="+")

    class Meta:
        verbose_name = _("批量签发")
        verbose_name_plural = _("批量签发")
        ordering = ["-pk"]
        default_permissions = ()

    def __str__(self) -> str:
        return f"{self.asked_by.name} {timezone.localtime(self.asked_at):%Y-%m-%d %H:%M}"

    def get_absolute_url(self) -> str:
        return reverse("invitations:batch-detail", args=[self.pk])


class BatchLine(models.Model):
    """One application of a batch: which question, in which state of its case, and once it was its turn why it was not issued ("" if it was)."""

    batch = models.ForeignKey(IssueBatch, models.PROTECT, related_name="lines")
    position = models.PositiveSmallIntegerField()
    approval = models.ForeignKey(Approval, models.PROTECT, related_name="+")
    version = models.PositiveIntegerField()  # of the case, on the page where it was ticked
    decided_at = models.DateTimeField(null=True, blank=True)
    reason = models.CharField(max_length=2000, blank=True)

    class Meta:
        verbose_name = _("批量签发的一件")
        verbose_name_plural = _("批量签发的各件")
        ordering = ["position"]
        default_permissions = ()
        constraints = [
            models.UniqueConstraint(fields=["batch", "approval"], name="invitations_once_in_a_batch"),
            models.CheckConstraint(condition=Q(reason="") | Q(decided_at__isnull=False), name="invitations_refused_when_decided"),
        ]

    def __str__(self) -> str:
        return f"{self.batch_id} {self.position}"

    @property
    def is_issued(self) -> bool:
        return self.decided_at is not None and not self.reason
