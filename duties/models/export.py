"""What staff have made from the catalogue: files of exported sheets."""

from datetime import timedelta

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.utils.translation import gettext_noop


class SheetExport(models.Model):
    """One file of sheets that somebody asked for: made by the worker, kept for a week, given to that person only.

    `content` names the file in `duties.exports.folder()`; it is empty until there is one, and again when it was cleared away.
    """

    class Format(models.TextChoices):
        PDF = "pdf", _("PDF（打印、存档）")
        DOCX = "docx", _("Word（DOCX，可修改）")

    class State(models.TextChoices):
        RUNNING = "running", _("正在生成")
        LATE = "late", _("未能完成")
        FAILED = "failed", _("未能生成")
        READY = "ready", _("已生成")
        CLEARED = "cleared", _("已清理")

    OVERDUE = timedelta(minutes=10)  # a worker that was killed leaves its work unfinished and says nothing

    asked_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    asked_at = models.DateTimeField(_("提出时间"), auto_now_add=True)
    codes = models.JSONField(_("事项"))
    format = models.CharField(_("格式"), max_length=4, choices=Format)
    with_cover = models.BooleanField(_("封面和目录"))
    done = models.PositiveSmallIntegerField(default=0)  # items laid out
    finished_at = models.DateTimeField(_("完成时间"), null=True, blank=True)
    failure = models.TextField(blank=True)
    content = models.CharField(max_length=64, blank=True)
    sha256 = models.CharField(max_length=64, blank=True)

    class Meta:
        verbose_name = _("信息表导出")
        verbose_name_plural = _("信息表导出")
        ordering = ["-pk"]
        default_permissions = ()
        permissions = [("export_sheets", gettext_noop("导出信息表"))]
        constraints = [
            models.CheckConstraint(
                condition=Q(finished_at__isnull=False) | Q(failure="", content="", sha256=""), name="duties_export_has_an_outcome_when_finished"
            ),
            models.CheckConstraint(condition=Q(failure="") | Q(content="", sha256=""), name="duties_export_failed_or_has_a_file"),
        ]

    def __str__(self) -> str:
        return "、".join(self.codes)

    def get_absolute_url(self) -> str:
        return reverse("duties:export-detail", args=[self.pk])

    @property
    def state(self) -> State:
        if self.finished_at is None:
            return self.State.LATE if timezone.now() - self.asked_at > self.OVERDUE else self.State.RUNNING
        if self.failure:
            return self.State.FAILED
        return self.State.READY if self.content else self.State.CLEARED

    @property
    def total(self) -> int:
        """How many items there are to lay out."""
        return len(self.codes)

    @property
    def file_name(self) -> str:
        """What the file is called where it is downloaded: 职责事项信息表-2.1-4.1-2026-11-23.pdf."""
        named = "-".join(self.codes) if len(self.codes) <= 3 else f"{len(self.codes)}项"
        return f"职责事项信息表-{named}-{timezone.localdate(self.asked_at)}.{self.format}"
