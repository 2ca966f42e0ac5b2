"""A case (办件) and its parts. `cases.process.perform` is the only writer of a case and its steps."""

from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.utils.translation import gettext_noop

from core.keys import given
from duties.models import DutyItem, ProcessStep, RequiredMaterial, Sheet

from ..standing import standings_of
from .rules import Need, TaskTemplate, Term

if TYPE_CHECKING:
    from accounts.models import User

    from .documents import Document


def _person(**options: Any) -> "models.ForeignKey[Any, Any]":
    return models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", **options)


def _perhaps() -> "models.ForeignKey[Any, Any]":
    return _person(null=True, blank=True)


FEW = 2_000  # cases that a person sees, up to which a list names them one by one


class Walked(models.Func):
    """A condition that SQLite checks on its way along an index. Left to itself it would gather all rows of an OR first, and sort them."""

    template = "(%(expressions)s) IS TRUE"
    output_field = models.BooleanField()

    def __init__(self, condition: Q) -> None:
        super().__init__(models.ExpressionWrapper(condition, models.BooleanField()))

    def as_postgresql(self, compiler: Any, connection: Any) -> Any:
        """PostgreSQL chooses by what it knows of the rows."""
        return self.as_sql(compiler, connection, template="%(expressions)s")


class CaseQuerySet(models.QuerySet["Case"]):
    def visible_to(self, user: "User", *rights: str, is_walked: bool = False) -> "CaseQuerySet":
        """The cases that this person may see: of the items assigned, or carried by them or by whom they stand in for; all, with the right to all.

        With `rights` ("cases.read_documents"): those that they see in a standing that holds these too. `is_walked`: they are asked for in an order
        that an index has, and only the first; of few that a person sees, a walk would pass by all others, so that these are told by their keys.
        """
        standings = [standing for standing in standings_of(user) if {"cases.view_case", *rights} <= standing.permissions]
        if any("cases.view_all_cases" in standing.permissions for standing in standings):
            return self
        items = {item for standing in standings for item in standing.items}
        seen = Q(item__in=items) | Q(handler__in=[standing.person.pk for standing in standings])
        if not is_walked:
            return self.filter(seen)
        keys = list(self.filter(seen).order_by().values_list("pk", flat=True)[: FEW + 1])
        return self.filter(pk__in=given(keys)) if len(keys) <= FEW else self.filter(Walked(seen))

    def open(self) -> "CaseQuerySet":
        return self.filter(closed_at=None)

    def with_parts(self) -> "CaseQuerySet":
        """Bring all that the engine looks at, in a fixed number of queries."""
        return self.select_related("sheet", "handler").prefetch_related(
            models.Prefetch("steps", CaseStep.objects.select_related("step")),
            "materials",
            "documents",
            "tasks__assignee",
            "holds",
            "approvals__submitted_by",
            "approvals__decided_by",
        )


class Case(models.Model):
    """One run through one duty item, pinned to the edition of its sheet under which it was opened."""

    class Sensitivity(models.TextChoices):
        PUBLIC = "public", _("公开")
        INTERNAL = "internal", _("内部")

    class Outcome(models.TextChoices):
        COMPLETED = "completed", _("办结")
        DECLINED = "declined", _("未予办理")
        WITHDRAWN = "withdrawn", _("撤回")

    number = models.CharField(_("编号"), max_length=24, unique=True)
    item = models.ForeignKey(DutyItem, models.PROTECT, related_name="+", verbose_name=_("职责事项"))
    sheet = models.ForeignKey(Sheet, models.PROTECT, related_name="+")
    title = models.CharField(_("名称"), max_length=200)
    handler = _person(verbose_name=_("承办人"))
    sensitivity = models.CharField(_("敏感程度"), max_length=10, choices=Sensitivity, default=Sensitivity.INTERNAL, help_text=_("本系统不得录入任何涉密内容。"))
    version = models.PositiveIntegerField(default=1)
    due_on = models.DateField(_("期限"), null=True, blank=True)  # of what is at hand; NULL while the clock stands still or after the close
    opened_at = models.DateTimeField(_("立项时间"), default=timezone.now)
    opened_by = _person()
    outcome = models.CharField(_("办理结果"), max_length=10, choices=Outcome, blank=True)
    closed_at = models.DateTimeField(_("办结时间"), null=True, blank=True)
    closed_by = _perhaps()

    objects = CaseQuerySet.as_manager()

    class Meta:
        verbose_name = _("办件")
        verbose_name_plural = _("办件")
        ordering = ["-pk"]
        default_permissions = ()
        permissions = [
            ("view_case", gettext_noop("查看分工内的办件")),
            ("view_all_cases", gettext_noop("查看全部办件")),
            ("handle_case", gettext_noop("立项和办理自己承办的办件")),
            ("annotate_case", gettext_noop("在办件中写备注")),
            ("assign_case", gettext_noop("改派办件")),
        ]
        constraints = [
            models.CheckConstraint(
                condition=Q(outcome="", closed_at=None, closed_by=None) | (~Q(outcome="") & Q(closed_at__isnull=False, closed_by__isnull=False, due_on=None)),
                name="cases_closed_all_or_none",
            ),
        ]
        indexes = [
            # The list in each of its orders; by day, with what says who sees a case, so that a walk looks at the index alone.
            models.Index(fields=["due_on", "id", "item", "handler"], condition=Q(closed_at=None), name="cases_open_by_due"),
            models.Index(fields=["due_on", "id", "item", "handler", "closed_at"], condition=Q(due_on__isnull=False), name="cases_by_due"),
            models.Index(fields=["item", "due_on", "id"], condition=Q(closed_at=None), name="cases_open_of_item"),
            models.Index(fields=["item", "number"], name="cases_of_item_by_number"),
            models.Index(fields=["handler", "number"], name="cases_of_handler_by_number"),
            models.Index(fields=["opened_at", "id"], name="cases_by_opening"),
            models.Index(fields=["closed_at", "id"], condition=Q(closed_at__isnull=False), name="cases_by_close"),
            models.Index(fields=["handler", "due_on", "id"], condition=Q(closed_at=None), name="cases_open_of_handler"),
            models.Index(fields=["item", "id"], name="cases_of_item"),
            models.Index(fields=["handler", "id"], name="cases_of_handler"),
            models.Index(fields=["handler", "item"], name="cases_of_handler_and_item"),  # figures of what somebody carries beyond their items
        ]

    def __str__(self) -> str:
        return f"{self.number} {self.title}"

    def get_absolute_url(self) -> str:
        return reverse("cases:case-detail", args=[self.number])

    @property
    def is_closed(self) -> bool:
        return self.closed_at is not None

    @property
    def own_steps(self) -> "list[CaseStep]":
        """The steps of the edition on which the case runs now, in order; those of an edition it has left are history."""
        return [step for step in self.steps.all() if step.step.sheet_id == self.sheet_id]

    @property
    def papers(self) -> "list[Document]":
        """The documents in force: the newest version of each that was not withdrawn."""
        replaced = {document.replaces_id for document in self.documents.all()}
        return [document for document in self.documents.all() if document.pk not in replaced and not document.is_withdrawn]

    @property
    def open_hold(self) -> "CaseHold | None":
        """The hold that stops the clock now."""
        return next((hold for hold in self.holds.all() if hold.ended_at is None), None)


class CaseStep(models.Model):
    """One published step in one case: the sentence stays where it was published, this row says how far it has come."""

    class Status(models.TextChoices):
        OPEN = "open", _("未完成")
        DONE = "done", _("已完成")
        SKIPPED = "skipped", _("不适用")

    case = models.ForeignKey(Case, models.CASCADE, related_name="steps")
    step = models.ForeignKey(ProcessStep, models.PROTECT, related_name="+")
    stage = models.SlugField(blank=True)
    need = models.CharField(max_length=10, choices=Need, default=Need.ALWAYS)
    due_days = models.PositiveSmallIntegerField(null=True, blank=True)
    approval_levels = models.PositiveSmallIntegerField(default=0)
    status = models.CharField(max_length=10, choices=Status, default=Status.OPEN)
    is_final = models.BooleanField(default=False)  # done by an action that cannot be taken back
    started_at = models.DateTimeField(null=True, blank=True)  # when it (last) became current
    due_on = models.DateField(null=True, blank=True)
    done_at = models.DateTimeField(null=True, blank=True)
    done_by = _perhaps()
    note = models.TextField(blank=True)

    class Meta:
        verbose_name = _("办理步骤")
        verbose_name_plural = _("办理步骤")
        ordering = ["step__sheet_id", "step__number"]
        default_permissions = ()
        constraints = [
            models.UniqueConstraint(fields=["case", "step"], name="cases_step_once"),
            models.CheckConstraint(
                condition=Q(status="open", done_at=None, done_by=None) | (~Q(status="open") & Q(done_at__isnull=False, done_by__isnull=False)),
                name="cases_step_done_all_or_none",
            ),
            models.CheckConstraint(condition=Q(is_final=False) | Q(status="done"), name="cases_step_final_is_done"),
        ]

    def __str__(self) -> str:
        return str(self.step)

    @property
    def number(self) -> int:
        return self.step.number

    @property
    def is_open(self) -> bool:
        return self.status == self.Status.OPEN


class CaseMaterial(models.Model):
    """One required material (运行要件) in one case, or one more that the closing 等 leaves room for."""

    class Status(models.TextChoices):
        MISSING = "missing", _("缺")
        RECEIVED = "received", _("已收")
        VERIFIED = "verified", _("已核")
        WAIVED = "waived", _("免交")

    case = models.ForeignKey(Case, models.CASCADE, related_name="materials")
    material = models.ForeignKey(RequiredMaterial, models.PROTECT, null=True, blank=True, related_name="+")
    needed_for = models.ForeignKey(CaseStep, models.PROTECT, null=True, blank=True, related_name="+")  # NULL: by the close
    is_required = models.BooleanField(default=True)
    name = models.CharField(_("要件名称"), max_length=300)
    status = models.CharField(max_length=10, choices=Status, default=Status.MISSING)
    number = models.CharField(_("文号"), max_length=80, blank=True)
    dated_on = models.DateField(_("日期"), null=True, blank=True)
    issuer = models.CharField(_("出具单位"), max_length=200, blank=True)
    received_at = models.DateTimeField(null=True, blank=True)
    received_by = _perhaps()
    verified_at = models.DateTimeField(null=True, blank=True)
    verified_by = _perhaps()

    class Meta:
        verbose_name = _("运行要件")
        verbose_name_plural = _("运行要件")
        ordering = ["pk"]
        default_permissions = ()
        constraints = [
            models.UniqueConstraint(fields=["case", "name"], name="cases_material_once", violation_error_message=_("本办件已有同名要件。")),
            models.CheckConstraint(
                condition=Q(received_at=None, received_by=None) | Q(received_at__isnull=False, received_by__isnull=False),
                name="cases_material_received_all_or_none",
            ),
            models.CheckConstraint(
                condition=Q(verified_at=None, verified_by=None) | Q(verified_at__isnull=False, verified_by__isnull=False),
                name="cases_material_verified_all_or_none",
            ),
            models.CheckConstraint(
                condition=Q(status__in=["missing", "waived"], received_at=None, verified_at=None)
                | Q(status="received", received_at__isnull=False, verified_at=None)
                | Q(status="verified", received_at__isnull=False, verified_at__isnull=False),
                name="cases_material_status_follows_facts",
            ),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def is_missing(self) -> bool:
        """Whether it stands in the way of the step or the close that it is needed for."""
        return self.is_required and self.status == self.Status.MISSING

    @property
    def is_wanted(self) -> bool:
        """Whether it is still asked for, or has come: not what a later sheet, or the year's end, or whoever added it let go."""
        return self.is_required or self.status != self.Status.MISSING

    @property
    def state(self) -> str:
        """Where it stands, in a word."""
        return str(self.get_status_display() if self.is_wanted else _("不再要求"))


class CaseTask(models.Model):
    """Something to be done under a step, by somebody, by a day."""

    class Status(models.TextChoices):
        OPEN = "open", _("未完成")
        DONE = "done", _("已完成")
        NOT_NEEDED = "not_needed", _("不需要")

    case = models.ForeignKey(Case, models.CASCADE, related_name="tasks")
    step = models.ForeignKey(CaseStep, models.PROTECT, related_name="+")
    template = models.ForeignKey(TaskTemplate, models.PROTECT, null=True, blank=True, related_name="+")  # the rule that asks for it; NULL: added by hand
    title = models.CharField(_("任务"), max_length=200)
    assignee = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("由谁办理"))
    is_required = models.BooleanField(_("必须完成"), default=True)
    due_days = models.PositiveSmallIntegerField(null=True, blank=True)  # working days after the step begins; NULL: the day was set by hand, or none
    due_on = models.DateField(_("期限"), null=True, blank=True)
    status = models.CharField(max_length=10, choices=Status, default=Status.OPEN)
    done_at = models.DateTimeField(null=True, blank=True)
    done_by = _perhaps()
    note = models.TextField(blank=True)

    class Meta:
        verbose_name = _("任务")
        verbose_name_plural = _("任务")
        ordering = ["pk"]
        default_permissions = ()
        constraints = [
            models.CheckConstraint(
                condition=Q(status="open", done_at=None, done_by=None) | (~Q(status="open") & Q(done_at__isnull=False, done_by__isnull=False)),
                name="cases_task_done_all_or_none",
            ),
        ]
        indexes = [models.Index(fields=["assignee", "due_on"], condition=Q(status="open"), name="cases_open_task_of_assignee")]

    def __str__(self) -> str:
        return self.title

    @property
    def is_ruled(self) -> bool:
        """Whether an operating rule wants it done: the handler alone cannot drop it."""
        return self.template_id is not None and self.is_required


class CaseHold(models.Model):
    """A time in which the clock stands still: why, and every gap that the applicant was told of in one notice (一次性告知)."""

    case = models.ForeignKey(Case, models.CASCADE, related_name="holds")
    reason = models.CharField(_("暂停原因"), max_length=300)
    gaps = models.JSONField(_("需要补正的内容"), default=list, blank=True)
    since_at = models.DateTimeField(default=timezone.now)
    since_by = _person()
    ended_at = models.DateTimeField(null=True, blank=True)
    ended_by = _perhaps()

    class Meta:
        verbose_name = _("暂停")
        verbose_name_plural = _("暂停")
        ordering = ["pk"]
        default_permissions = ()
        constraints = [
            models.UniqueConstraint(fields=["case"], condition=Q(ended_at=None), name="cases_one_open_hold"),
            models.CheckConstraint(
                condition=Q(ended_at=None, ended_by=None) | Q(ended_at__isnull=False, ended_by__isnull=False), name="cases_hold_ended_all_or_none"
            ),
        ]

    def __str__(self) -> str:
        return self.reason


class CaseLink(models.Model):
    """Two cases that belong together; removed, it stays as history."""

    case = models.ForeignKey(Case, models.CASCADE, related_name="links")
    other = models.ForeignKey(Case, models.CASCADE, related_name="linked_from", verbose_name=_("关联的办件"))
    relation = models.ForeignKey(Term, models.PROTECT, related_name="+", verbose_name=_("关系"))
    made_at = models.DateTimeField(default=timezone.now)
    made_by = _person()
    removed_at = models.DateTimeField(null=True, blank=True)
    removed_by = _perhaps()

    class Meta:
        verbose_name = _("关联")
        verbose_name_plural = _("关联")
        ordering = ["pk"]
        default_permissions = ()
        constraints = [
            models.UniqueConstraint(fields=["case", "other"], condition=Q(removed_at=None), name="cases_linked_once"),
            models.CheckConstraint(condition=~Q(case=F("other")), name="cases_link_joins_two"),
            models.CheckConstraint(
                condition=Q(removed_at=None, removed_by=None) | Q(removed_at__isnull=False, removed_by__isnull=False),
                name="cases_link_removed_all_or_none",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.case_id} - {self.other_id}"


class TimelineEntry(models.Model):
    """One thing that happened to a case, in the words of the page; added, never changed. The audit trail holds the same act as evidence."""

    case = models.ForeignKey(Case, models.CASCADE, related_name="timeline")
    at = models.DateTimeField(default=timezone.now)
    by = _person()
    on_behalf_of = _perhaps()
    kind = models.CharField(max_length=40)  # the action's name
    target = models.CharField(max_length=40, blank=True)  # "step:3", "material:12" … as in the address of the action
    label = models.CharField(max_length=200)
    text = models.TextField(blank=True)
    version = models.PositiveIntegerField()  # of the case, after it
    typed = models.CharField(max_length=64, blank=True)  # HMAC of what the form was given: by it a repeat is known

    class Meta:
        verbose_name = _("经过")
        verbose_name_plural = _("经过")
        ordering = ["-pk"]
        default_permissions = ()

    def __str__(self) -> str:
        return f"{self.label} {self.text}"
