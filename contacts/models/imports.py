"""Imports of organisations and people: the file, what its columns are, what is wrong with which row, and what was made of it."""

from django.db import models
from django.db.models import Q
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from core import files
from jobs.models import Job

from .countries import Country
from .parts import by_whom, perhaps
from .people import Person


class ImportBatch(models.Model):
    """One file handed in, from its columns to the undoing of what was made of it.

    `file` and `rows` name kept files (core.files): the file itself, and its rows as lines of JSON. `mapping` says by the place of a column what it is
    (contacts.import_columns). `made` has by table the runs of keys that were given out, [[first, last], …]; `left` what undoing could not undo.
    """

    class State(models.TextChoices):
        MAPPING = "mapping", _("待对应列")
        CHECKING = "checking", _("检查中")
        CHECKED = "checked", _("待导入")
        IMPORTING = "importing", _("导入中")
        IMPORTED = "imported", _("已导入")
        UNDOING = "undoing", _("撤销中")
        UNDONE = "undone", _("已撤销")

    file = models.CharField(max_length=32)
    sha256 = models.CharField(max_length=64)
    file_name = models.CharField(_("文件名"), max_length=200)
    format = models.CharField(max_length=4, choices=[("xlsx", "XLSX"), ("csv", "CSV")])
    headings = models.JSONField(default=list)
    sample = models.JSONField(default=list)  # the first rows
    mapping = models.JSONField(default=dict)
    country = models.ForeignKey(Country, models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("新机构的国家（地区）"))
    kind = models.ForeignKey("cases.Term", models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("新机构的类型"))
    rows = models.CharField(max_length=32, blank=True)
    rows_sha256 = models.CharField(max_length=64, blank=True)
    count = models.PositiveIntegerField(_("行数"), null=True, blank=True)
    job = models.ForeignKey(Job, models.SET_NULL, null=True, blank=True, related_name="+")  # the last one asked for
    made_at = models.DateTimeField(_("上传时间"), default=timezone.now)
    made_by = by_whom(verbose_name=_("上传人"))
    checked_at = models.DateTimeField(null=True, blank=True)
    imported_at = models.DateTimeField(_("导入时间"), null=True, blank=True)
    imported_by = perhaps()
    undone_at = models.DateTimeField(_("撤销时间"), null=True, blank=True)
    undone_by = perhaps()
    made = models.JSONField(default=dict)
    left = models.JSONField(default=list)

    class Meta:
        verbose_name = _("导入批次")
        verbose_name_plural = _("导入批次")
        ordering = ["-pk"]
        default_permissions = ()
        constraints = [
            models.CheckConstraint(
                condition=Q(imported_at=None, imported_by=None) | Q(imported_at__isnull=False, imported_by__isnull=False, checked_at__isnull=False),
                name="contacts_import_all_or_none",
            ),
            models.CheckConstraint(
                condition=Q(undone_at=None, undone_by=None) | Q(undone_at__isnull=False, undone_by__isnull=False, imported_at__isnull=False),
                name="contacts_import_undone_all_or_none",
            ),
        ]

    def __str__(self) -> str:
        return self.file_name

    def get_absolute_url(self) -> str:
        return reverse("contacts:import-detail", args=[self.pk])

    @property
    def is_working(self) -> bool:
        """Whether the worker has something to do for it."""
        return self.job is not None and not self.job.is_finished

    @property
    def state(self) -> State:
        if self.undone_at:
            return self.State.UNDONE
        if self.imported_at:
            return self.State.UNDOING if self.is_working else self.State.IMPORTED
        if self.checked_at:
            return self.State.IMPORTING if self.is_working else self.State.CHECKED
        return self.State.CHECKING if self.is_working else self.State.MAPPING


files.register(lambda names: set(ImportBatch.objects.filter(file__in=list(names)).values_list("file", flat=True)))
files.register(lambda names: set(ImportBatch.objects.filter(rows__in=list(names)).values_list("rows", flat=True)))


class ImportRow(models.Model):
    """A row of a batch of which there is something to say: what is wrong with it, whom it may be, what somebody corrected or chose.

    `cells` are its texts by the name of the column, as they are now. After the import `target` names the person it went into, `changes` what that one
    had before and has since, by field [before, after].
    """

    class Choice(models.TextChoices):
        SKIP = "skip", _("跳过")
        UPDATE = "update", _("更新已有的")
        NEW = "new", _("另建一条")

    batch = models.ForeignKey(ImportBatch, models.CASCADE, related_name="told")
    number = models.PositiveIntegerField(_("行"))
    cells = models.JSONField(default=dict)
    problems = models.JSONField(default=dict)  # sentences by the name of the column
    alike = models.JSONField(default=list)  # [[key of a person, reasons], …], likeliest first
    twin = models.PositiveIntegerField(null=True, blank=True)  # an earlier row of the same person
    choice = models.CharField(max_length=6, choices=Choice, blank=True)
    is_corrected = models.BooleanField(default=False)
    target = models.ForeignKey(Person, models.PROTECT, null=True, blank=True, related_name="+")
    changes = models.JSONField(default=dict)

    class Meta:
        verbose_name = _("导入的行")
        verbose_name_plural = _("导入的行")
        ordering = ["number"]
        default_permissions = ()
        constraints = [models.UniqueConstraint(fields=["batch", "number"], name="contacts_import_row_once")]

    def __str__(self) -> str:
        return f"{self.batch_id}:{self.number}"

    @property
    def is_open(self) -> bool:
        """Whether somebody has to correct it or to choose."""
        return self.choice != self.Choice.SKIP and bool(self.problems or ((self.alike or self.twin) and not self.choice))
