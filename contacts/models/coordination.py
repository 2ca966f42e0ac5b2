"""Coordination matters (2.3 工作对接): what the city's foreign-affairs bodies ask of the department or it asks of them, and the yearly plan tables."""

from typing import TYPE_CHECKING, Any

from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.utils.translation import gettext_noop

from cases.models import Case, CaseTask

from .countries import Country
from .organisations import Organisation
from .parts import by_whom, perhaps, sees_the_book
from .people import Person

if TYPE_CHECKING:
    from accounts.models import User


class CoordinationMatter(models.Model):
    """What one case of item 2.3 is about; one to one with it."""

    class Direction(models.TextChoices):
        INCOMING = "incoming", _("对方商请我会")
        OUTGOING = "outgoing", _("我会商请对方")

    case = models.OneToOneField(Case, models.CASCADE, related_name="coordination_matter")
    counterpart = models.ForeignKey(Organisation, models.PROTECT, null=True, blank=True, related_name="matters", verbose_name=_("对接单位"))
    contact = models.ForeignKey(Person, models.PROTECT, null=True, blank=True, related_name="matters", verbose_name=_("对方联系人"))
    direction = models.CharField(_("由谁提出"), max_length=10, choices=Direction, default=Direction.INCOMING)
    document_number = models.CharField(_("来文（去文）文号"), max_length=80, blank=True)
    dated_on = models.DateField(_("来文（去文）日期"), null=True, blank=True, help_text=_("格式如 2026-11-23。"))
    help_requested = models.TextField(_("商请协助的事项"), max_length=3000, blank=True, help_text=_("本系统不得录入任何涉密内容；涉密来文只在专用登记簿登记。"))
    due_on = models.DateField(_("要求办结的日期"), null=True, blank=True, help_text=_("格式如 2026-11-23。填写后列入期限提醒。"))
    needs_reply = models.BooleanField(_("办结后须答复"), default=True)
    co_workers = models.CharField(_("协办部门和人员"), max_length=300, blank=True)
    proposal = models.TextField(_("拟办意见"), max_length=2000, blank=True)
    proposed_at = models.DateTimeField(null=True, blank=True)
    proposed_by = perhaps()
    instruction = models.TextField(_("批示"), max_length=2000, blank=True)
    instructed_on = models.DateField(_("批示日期"), null=True, blank=True)
    instructed_by = models.CharField(_("批示人和职务"), max_length=100, blank=True)
    result = models.TextField(_("办理结果"), max_length=3000, blank=True)
    replied_on = models.DateField(_("答复日期"), null=True, blank=True)
    reply_number = models.CharField(_("复函文号或方式"), max_length=100, blank=True)
    due_task = models.ForeignKey(CaseTask, models.PROTECT, null=True, blank=True, related_name="+")  # by which the day stands among the case's deadlines

    class Meta:
        verbose_name = _("对接事项")
        verbose_name_plural = _("对接事项")
        default_permissions = ()
        constraints = [
            models.CheckConstraint(
                condition=Q(proposed_at=None, proposed_by=None, proposal="") | (Q(proposed_at__isnull=False, proposed_by__isnull=False) & ~Q(proposal="")),
                name="contacts_matter_proposed_all_or_none",
            ),
            models.CheckConstraint(
                condition=Q(instructed_on=None, instructed_by="", instruction="")
                | (Q(instructed_on__isnull=False) & ~Q(instructed_by="") & ~Q(instruction="")),
                name="contacts_matter_instructed_all_or_none",
            ),
            models.CheckConstraint(
                condition=Q(replied_on=None, reply_number="") | (Q(replied_on__isnull=False) & ~Q(reply_number="")),
                name="contacts_matter_replied_all_or_none",
            ),
        ]

    def __str__(self) -> str:
        return self.case.number


class PlanQuerySet(models.QuerySet["PlanLine"]):
    def visible_to(self, user: "User") -> "PlanQuerySet":
        """Every line, for whoever sees the book."""
        return self if sees_the_book(user) else self.none()


class PlanLine(models.Model):
    """One line of a yearly plan that is reported to the city's foreign-affairs office. Struck out with a reason, never deleted."""

    class Kind(models.TextChoices):
        OUTGOING = "outgoing", _("出访计划")
        INCOMING = "incoming", _("来访计划")
        MEETING = "meeting", _("国际会议计划")

    kind = models.CharField(_("计划表"), max_length=10, choices=Kind)
    year = models.PositiveSmallIntegerField(_("年度"))
    name = models.CharField(_("团组或会议名称"), max_length=200)
    country = models.ForeignKey(Country, models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("国家（地区）"))
    period = models.CharField(_("拟定时间"), max_length=100, help_text=_("例如：5 月中旬，6 天。"))
    leader = models.CharField(_("团长或主办方"), max_length=150, blank=True)
    size = models.PositiveSmallIntegerField(_("人数"), null=True, blank=True)
    purpose = models.TextField(_("目的和主要内容"), max_length=1000)
    funding = models.CharField(_("经费来源"), max_length=200, blank=True)
    case = models.ForeignKey(Case, models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("办件"))
    version = models.PositiveIntegerField(default=1)
    made_at = models.DateTimeField(default=timezone.now)
    made_by = by_whom()
    struck_at = models.DateTimeField(null=True, blank=True)
    struck_by = perhaps()
    strike_reason = models.CharField(_("取消理由"), max_length=300, blank=True)

    objects = PlanQuerySet.as_manager()

    class Meta:
        verbose_name = _("年度计划")
        verbose_name_plural = _("年度计划")
        ordering = ["-year", "kind", "pk"]
        default_permissions = ()
        permissions = [("print_plans", gettext_noop("打印年度计划表"))]
        constraints = [
            models.CheckConstraint(
                condition=Q(struck_at=None, struck_by=None, strike_reason="") | (Q(struck_at__isnull=False, struck_by__isnull=False) & ~Q(strike_reason="")),
                name="contacts_plan_struck_all_or_none",
            ),
            models.CheckConstraint(
                condition=Q(year__gte=2000, year__lte=2999), name="contacts_plan_of_this_age", violation_error_message=_("请填写四位数的年度。")
            ),
        ]
        indexes = [models.Index(fields=["year", "kind", "id"], name="contacts_plans_of_year")]

    def __str__(self) -> str:
        return self.name

    @property
    def is_struck(self) -> bool:
        return self.struck_at is not None


FACTS: tuple[str, ...] = (
    "counterpart",
    "contact",
    "direction",
    "document_number",
    "dated_on",
    "help_requested",
    "due_on",
    "needs_reply",
    "co_workers",
)


def facts_of(matter: CoordinationMatter) -> list[tuple[str, Any]]:
    """(name, value) of each fact of a matter that is known, in the order of its form."""
    shown: list[tuple[str, Any]] = []
    for name in (*FACTS, "proposal", "instruction", "instructed_on", "instructed_by", "result", "replied_on", "reply_number"):
        field = matter._meta.get_field(name)
        display = getattr(matter, f"get_{name}_display", None)
        value = display() if display else getattr(matter, name)
        if isinstance(value, bool):
            value = _("是") if value else _("否")
        if value not in (None, ""):
            shown.append((str(field.verbose_name), value))  # type: ignore[union-attr]
    return shown
