"""Background work: each job that somebody or the schedule asked for, and the worker processes that do it."""

from datetime import datetime, timedelta

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Now
from django.urls import reverse
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from django.utils.translation import gettext_noop

from core import files

from .kinds import kind_of, label_of


class Job(models.Model):
    """One piece of work for the worker: who asked for it, how far it is, how it ended, and the file that it made.

    `attempts` numbers the runs; a run that is not the last one any more can change nothing. `file` names the kept file (core.files);
    it is empty until there is one, and again when it was cleared away. A job without `asked_by` was due at `due_at`.
    """

    class Outcome(models.TextChoices):
        DONE = "done", _("已完成")
        FAILED = "failed", _("未能完成")
        CANCELLED = "cancelled", _("已取消")

    class State(models.TextChoices):
        QUEUED = "queued", _("排队中")
        RUNNING = "running", _("进行中")
        CANCELLING = "cancelling", _("正在取消")
        DONE = "done", _("已完成")
        CLEARED = "cleared", _("文件已清理")
        FAILED = "failed", _("未能完成")
        CANCELLED = "cancelled", _("已取消")

    kind = models.CharField(_("任务"), max_length=50)
    title = models.CharField(_("内容"), max_length=500)
    parameters = models.JSONField(default=dict)
    language = models.CharField(max_length=10, blank=True)  # in which the person asked, and is answered
    asked_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", null=True, blank=True)
    asked_at = models.DateTimeField(_("提出时间"), default=timezone.now)
    due_at = models.DateTimeField(null=True, blank=True)
    task = models.UUIDField(null=True, blank=True, unique=True)  # the entry of the queue
    started_at = models.DateTimeField(_("开始时间"), null=True, blank=True)
    attempts = models.PositiveSmallIntegerField(_("次数"), default=0)
    done = models.PositiveIntegerField(default=0)
    total = models.PositiveIntegerField(null=True, blank=True)
    cancel_asked_at = models.DateTimeField(null=True, blank=True)
    cancel_asked_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", null=True, blank=True)
    finished_at = models.DateTimeField(_("完成时间"), null=True, blank=True)
    outcome = models.CharField(max_length=10, choices=Outcome, blank=True)
    failure = models.TextField(blank=True)
    fault = models.CharField(max_length=200, blank=True)  # class of the error that ended it, for whoever looks after the worker
    file = models.CharField(max_length=32, blank=True)
    file_name = models.CharField(_("文件名"), max_length=200, blank=True)
    media_type = models.CharField(max_length=100, blank=True)
    sha256 = models.CharField(max_length=64, blank=True)
    size = models.PositiveBigIntegerField(_("大小"), null=True, blank=True)
    fetched_at = models.DateTimeField(null=True, blank=True)  # when the person first fetched the file

    class Meta:
        verbose_name = _("后台任务")
        verbose_name_plural = _("后台任务")
        ordering = ["-pk"]
        default_permissions = ()
        permissions = [("watch_jobs", gettext_noop("查看后台任务的运行情况"))]
        indexes = [
            models.Index(fields=["asked_by", "-id"], name="jobs_job_own"),
            models.Index(fields=["asked_by", "kind", "-id"], name="jobs_job_own_kind"),
            models.Index(fields=["asked_by"], name="jobs_job_unfetched", condition=Q(fetched_at=None) & ~Q(file="")),
            models.Index(fields=["file"], name="jobs_job_file", condition=~Q(file="")),
        ]
        constraints = [
            models.UniqueConstraint(fields=["kind", "due_at"], name="jobs_job_once_when_due"),
            models.CheckConstraint(
                condition=Q(finished_at__isnull=False) & ~Q(outcome="") | Q(finished_at=None, outcome=""), name="jobs_job_has_an_outcome_when_finished"
            ),
            models.CheckConstraint(
                condition=Q(failure="", fault="") & ~Q(outcome="failed") | Q(outcome="failed") & ~Q(failure=""), name="jobs_job_says_why_it_failed"
            ),
            models.CheckConstraint(
                condition=Q(file="", sha256="", size=None) | Q(outcome="done", size__isnull=False) & ~Q(sha256=""), name="jobs_job_has_a_file_when_done"
            ),
            models.CheckConstraint(condition=Q(asked_by=None) | Q(due_at=None), name="jobs_job_is_asked_for_or_due"),
        ]

    def __str__(self) -> str:
        return self.title

    def get_absolute_url(self) -> str:
        return reverse("jobs:job-detail", args=[self.pk])

    @property
    def label(self) -> str | Promise:
        """What this kind of job is called."""
        return label_of(self.kind)

    @property
    def page(self) -> str:
        """The address of the page that tells what came of it; "" where there is none."""
        kind = kind_of(self.kind)
        return kind.page(self.parameters) if kind and kind.page else ""

    @property
    def state(self) -> State:
        if self.outcome == self.Outcome.DONE and self.sha256 and not self.file:
            return self.State.CLEARED
        if self.outcome:
            return self.State(self.outcome)
        if self.started_at is None:
            return self.State.QUEUED
        return self.State.CANCELLING if self.cancel_asked_at else self.State.RUNNING

    @property
    def bar_id(self) -> str:
        """The id of its bar on a page with several."""
        return f"job-{self.pk}"

    @property
    def is_finished(self) -> bool:
        return self.finished_at is not None

    @property
    def is_cancellable(self) -> bool:
        return not self.is_finished and self.cancel_asked_at is None


files.register(lambda names: set(Job.objects.filter(file__in=list(names)).values_list("file", flat=True)))


class WorkerQuerySet(models.QuerySet["Worker"]):
    def dead(self) -> "WorkerQuerySet":
        """Those that ended, and those that have not been heard of for too long by the clock of the database."""
        return self.filter(Q(ended_at__isnull=False) | Q(seen_at__lt=Now() - Worker.SILENCE))


class Worker(models.Model):
    """One worker process and when it was last heard of."""

    class State(models.TextChoices):
        ALIVE = "alive", _("运行中")
        SILENT = "silent", _("没有响应")
        ENDED = "ended", _("已停止")

    SILENCE = timedelta(seconds=60)  # after that it counts as dead
    SHOWN = timedelta(days=1)  # for so long after it was last heard of

    name = models.CharField(max_length=64, unique=True)
    host = models.CharField(_("主机"), max_length=255)
    process = models.PositiveIntegerField(_("进程"))
    started_at = models.DateTimeField(_("启动时间"), db_default=Now())
    seen_at = models.DateTimeField(_("最近一次心跳"), db_default=Now())
    ended_at = models.DateTimeField(null=True, blank=True)

    objects = WorkerQuerySet.as_manager()

    class Meta:
        verbose_name = _("后台进程")
        verbose_name_plural = _("后台进程")
        ordering = ["-seen_at"]
        default_permissions = ()
        constraints = [
            models.CheckConstraint(condition=Q(ended_at=None) | Q(ended_at__gte=F("started_at")), name="jobs_worker_ends_after_it_starts"),
        ]

    def __str__(self) -> str:
        return f"{self.host}:{self.process}"

    def state(self, now: datetime) -> State:
        """Whether it was alive at `now`, as far as is known."""
        if self.ended_at:
            return self.State.ENDED
        return self.State.ALIVE if now - self.seen_at <= self.SILENCE else self.State.SILENT
