"""How long personal data is kept, what was purged, and what one person may ask for: a copy of what is held on them, or its end."""

from django.db import models
from django.db.models import F, Q
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.utils.translation import gettext_noop

from cases.models.rules import OperatingRule

from .applications import Invitee
from .units import perhaps, person


class RetentionRule(OperatingRule):
    """How many months one kind of personal data is kept after a visit is over: counted from the planned exit or the close of the case, the later of both."""

    class What(models.TextChoices):
        SCANS = "scans", _("扫描件")
        NUMBERS = "numbers", _("护照号码")

    what = models.CharField(_("内容"), max_length=10, choices=What, unique=True)
    text = models.CharField(_("范围"), max_length=300)
    months = models.PositiveSmallIntegerField(_("保存期（月）"), null=True, blank=True, help_text=_("1 至 120；留空表示不自动清除。"))
    papers = models.CharField(
        _("按扫描件清除的材料"), max_length=300, blank=True, help_text=_("运行要件的名称，用顿号分开；这些要件下的文件随扫描件一并清除。")
    )

    class Meta(OperatingRule.Meta):
        verbose_name = _("保存期规则")
        verbose_name_plural = _("保存期规则")
        ordering = ["-what"]
        default_permissions = ()
        constraints = [
            *OperatingRule.Meta.constraints,
            models.CheckConstraint(condition=Q(months=None) | Q(months__range=(1, 120)), name="invitations_kept_one_month_to_ten_years"),
        ]

    def __str__(self) -> str:
        return self.get_what_display()

    @property
    def paper_names(self) -> list[str]:
        """The materials whose documents are purged with the scans."""
        return [name.strip() for name in self.papers.split("、") if name.strip()]


class PersonRequest(models.Model):
    """What a person has asked for, or somebody in their name: all that is held on them, or that it be purged. Written down by one, decided by another."""

    class Kind(models.TextChoices):
        EXPORT = "export", _("查阅、复制")
        PURGE = "purge", _("删除")

    class Decision(models.TextChoices):
        APPROVED = "approved", _("同意")
        REFUSED = "refused", _("不同意")

    invitee = models.ForeignKey(Invitee, models.PROTECT, related_name="requests", verbose_name=_("被邀请人"))
    kind = models.CharField(_("请求"), max_length=10, choices=Kind)
    with_passport = models.BooleanField(_("包括完整护照号码"), default=False)
    applicant = models.CharField(_("提出人"), max_length=100, help_text=_("本人，或受其委托的人。"))
    ground = models.CharField(_("身份核实和依据"), max_length=500, help_text=_("写明怎样核实了身份、依据什么提出，例如：本人邮件，附护照资料页。"))
    asked_at = models.DateTimeField(default=timezone.now)
    asked_by = person()
    decision = models.CharField(max_length=10, choices=Decision, blank=True)
    decided_at = models.DateTimeField(null=True, blank=True)
    decided_by = perhaps()
    note = models.CharField(_("意见"), max_length=500, blank=True)

    class Meta:
        verbose_name = _("个人信息请求")
        verbose_name_plural = _("个人信息请求")
        ordering = ["-pk"]
        default_permissions = ()
        permissions = [
            ("ask_personal", gettext_noop("登记查阅、删除个人信息的请求")),
            ("decide_personal", gettext_noop("决定他人登记的个人信息请求")),
        ]
        constraints = [
            models.UniqueConstraint(fields=["invitee", "kind"], condition=Q(decision=""), name="invitations_one_open_request"),
            models.CheckConstraint(
                condition=Q(decision="", decided_at=None, decided_by=None) | (~Q(decision="") & Q(decided_at__isnull=False, decided_by__isnull=False)),
                name="invitations_request_decided_all_or_none",
            ),
            models.CheckConstraint(
                condition=Q(decided_by=None) | ~Q(decided_by=F("asked_by")),
                name="invitations_request_decided_by_another",
                violation_error_message=_("请求须由登记人以外的人决定。"),
            ),
            models.CheckConstraint(condition=Q(kind="export") | Q(with_passport=False), name="invitations_only_a_copy_has_the_passport"),
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} {self.pk}"

    def get_absolute_url(self) -> str:
        return reverse("invitations:request-detail", args=[self.pk])


class Purge(models.Model):
    """The certificate of one purge: which rule or request, when, what of which cases and how many. Never whose: it holds no name and no passport number."""

    year = models.PositiveSmallIntegerField()
    serial = models.PositiveIntegerField()
    at = models.DateTimeField(default=timezone.now)
    by = perhaps()  # who decided a request; NULL: the portal, by the rule
    rule = models.ForeignKey(RetentionRule, models.PROTECT, null=True, blank=True, related_name="+")
    request = models.OneToOneField(PersonRequest, models.PROTECT, null=True, blank=True, related_name="purge")
    ground = models.TextField()  # the rule or the request as it was then
    people = models.PositiveIntegerField()
    letters = models.PositiveIntegerField()  # whose words and PDF are gone
    scans = models.PositiveIntegerField()  # of letters
    documents = models.PositiveIntegerField()  # of cases
    cases = models.JSONField(default=list)  # [{"number", "people", "letters": [number …], "scans": [number …], "documents"}]

    class Meta:
        verbose_name = _("清除凭证")
        verbose_name_plural = _("清除凭证")
        ordering = ["-pk"]
        default_permissions = ()
        constraints = [
            models.UniqueConstraint(fields=["year", "serial"], name="invitations_purge_numbered_once"),
            models.CheckConstraint(
                condition=Q(rule__isnull=False, request=None, by=None) | Q(rule=None, request__isnull=False, by__isnull=False),
                name="invitations_purged_by_rule_or_request",
            ),
        ]

    def __str__(self) -> str:
        return self.number

    @property
    def number(self) -> str:
        return f"清〔{self.year}〕{self.serial}号"

    def get_absolute_url(self) -> str:
        return reverse("invitations:purge-detail", args=[self.pk])
