"""What the department maintains for its letters: kinds, templates, the rules that an application is checked by."""

from datetime import date

from django.db import models
from django.db.models import F, Q
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.utils.translation import gettext_noop

from cases.models.rules import OperatingRule

from .units import perhaps


class LetterKind(models.Model):
    """A kind of letter under the name that it bears from one day to another: the official terms have changed several times."""

    class Overflow(models.TextChoices):
        SEVERAL = "several", _("另出一函")
        ANNEX = "annex", _("名单作附件")

    name = models.CharField(_("名称"), max_length=100)
    name_en = models.CharField(_("英文名称"), max_length=200)
    valid_from = models.DateField(_("启用日期"))
    valid_until = models.DateField(_("停用日期"), null=True, blank=True)
    series = models.SlugField(_("编号序列"), max_length=30, help_text=_("同一序列的函件每年连续编号，例如 yqh。"))
    pattern = models.CharField(
        _("编号格式"), max_length=60, default="邀函〔{year}〕{number}号", help_text=_("{year} 为年份，{number} 为顺序号，两者都必须写上。")
    )
    most = models.PositiveSmallIntegerField(_("每函最多人数"), default=5)
    overflow = models.CharField(_("超过时"), max_length=10, choices=Overflow, default=Overflow.SEVERAL)
    valid_days = models.PositiveSmallIntegerField(_("有效天数"), default=90, help_text=_("从签发之日起算；计划入境日期较早的，到入境日期为止。"))
    basis = models.CharField(_("规则来源"), max_length=300)

    class Meta:
        verbose_name = _("函件种类")
        verbose_name_plural = _("函件种类")
        ordering = ["name", "valid_from"]
        default_permissions = ()
        constraints = [
            models.CheckConstraint(
                condition=Q(valid_until=None) | Q(valid_until__gte=F("valid_from")),
                name="invitations_kind_ends_after_it_begins",
                violation_error_message=_("停用日期不能早于启用日期。"),
            ),
            models.CheckConstraint(
                condition=Q(most__gte=1, most__lte=50), name="invitations_kind_holds_people", violation_error_message=_("每函 1 至 50 人。")
            ),
            models.CheckConstraint(
                condition=Q(pattern__contains="{year}") & Q(pattern__contains="{number}"),
                name="invitations_pattern_tells_year_and_number",
                violation_error_message=_("编号格式里 {year} 和 {number} 都必须写上。"),
            ),
            models.CheckConstraint(
                condition=Q(valid_days__gte=1, valid_days__lte=366),
                name="invitations_kind_holds_for_days",
                violation_error_message=_("有效天数为 1 至 366 天。"),
            ),
        ]

    def __str__(self) -> str:
        return self.name

    def get_absolute_url(self) -> str:
        return reverse("invitations:kind-edit", args=[self.pk])

    def number_of(self, year: int, number: int) -> str:
        """The number as it stands on the letter: 邀函〔2026〕12号 (GB/T 9704-2012, 7.2.5: year in 〔〕, no leading zero)."""
        return self.pattern.replace("{year}", str(year)).replace("{number}", str(number))

    def is_used_on(self, day: date) -> bool:
        return self.valid_from <= day and (self.valid_until is None or day <= self.valid_until)


class LetterTemplate(models.Model):
    """One version of the words of a kind of letter, Chinese and English; only placeholders, no code. Approved, it is frozen."""

    kind = models.ForeignKey(LetterKind, models.PROTECT, related_name="templates", verbose_name=_("函件种类"))
    version = models.PositiveSmallIntegerField(_("版本"))
    title = models.CharField(_("标题"), max_length=100)
    title_en = models.CharField(_("英文标题"), max_length=200)
    body = models.TextField(_("正文"), max_length=3000)
    body_en = models.TextField(_("英文正文"), max_length=5000)
    reason = models.CharField(_("修改说明"), max_length=300)
    drafted_at = models.DateTimeField(default=timezone.now)
    drafted_by = perhaps()  # NULL: brought with the portal
    approved_at = models.DateTimeField(null=True, blank=True)
    approved_by = perhaps()
    superseded_at = models.DateTimeField(null=True, blank=True)
    returned_at = models.DateTimeField(null=True, blank=True)  # sent back, and not changed since
    returned_by = perhaps()
    return_reason = models.CharField(_("退回理由"), max_length=300, blank=True)

    class Meta:
        verbose_name = _("函件模板")
        verbose_name_plural = _("函件模板")
        ordering = ["kind", "-version"]
        default_permissions = ()
        permissions = [("change_templates", gettext_noop("起草函件模板")), ("approve_templates", gettext_noop("批准他人起草的函件模板"))]
        constraints = [
            models.UniqueConstraint(fields=["kind", "version"], name="invitations_template_version_once"),
            models.UniqueConstraint(fields=["kind"], condition=Q(approved_at__isnull=False, superseded_at=None), name="invitations_one_template_in_force"),
            models.CheckConstraint(
                condition=Q(approved_by=None) | Q(drafted_by=None) | ~Q(approved_by=F("drafted_by")),
                name="invitations_template_approved_by_another",
                violation_error_message=_("模板须由起草人以外的人批准。"),
            ),
            models.CheckConstraint(condition=Q(superseded_at=None) | Q(approved_at__isnull=False), name="invitations_template_superseded_was_approved"),
            models.UniqueConstraint(
                fields=["kind"],
                condition=Q(approved_at=None),
                name="invitations_one_template_drafted",
                violation_error_message=_("这种函件已有一份草稿，请在那份草稿上修改。"),
            ),
            models.CheckConstraint(
                condition=Q(returned_at=None, returned_by=None, return_reason="")
                | (Q(returned_at__isnull=False, returned_by__isnull=False, approved_at=None) & ~Q(return_reason="")),
                name="invitations_template_returned_all_or_none",
            ),
            models.CheckConstraint(
                condition=Q(returned_by=None) | Q(drafted_by=None) | ~Q(returned_by=F("drafted_by")),
                name="invitations_template_returned_by_another",
                violation_error_message=_("模板须由起草人以外的人批准或退回。"),
            ),
        ]

    class State(models.TextChoices):
        DRAFT = "draft", _("待批准")
        RETURNED = "returned", _("已退回")
        IN_FORCE = "in_force", _("使用中")
        SUPERSEDED = "superseded", _("已停用")

    def __str__(self) -> str:
        return f"{self.kind} {self.version}"

    def get_absolute_url(self) -> str:
        return reverse("invitations:template-detail", args=[self.pk])

    @property
    def is_draft(self) -> bool:
        return self.approved_at is None

    @property
    def state(self) -> State:
        """Where this version stands, by its facts."""
        if self.approved_at:
            return self.State.SUPERSEDED if self.superseded_at else self.State.IN_FORCE
        return self.State.RETURNED if self.returned_at else self.State.DRAFT


class CheckRule(OperatingRule):
    """One rule of the catalogue (INV-01 …): how strictly it is applied, with which figure, from when to when. The check itself is code of the same name."""

    class Strictness(models.TextChoices):
        OFF = "off", _("不检查")
        HINT = "hint", _("仅提示")
        WARN = "warn", _("提醒")
        BLOCK = "block", _("阻止")

    code = models.CharField(_("编号"), max_length=10, unique=True)
    text = models.CharField(_("规则"), max_length=300)
    strictness = models.CharField(_("执行方式"), max_length=10, choices=Strictness)
    figure = models.PositiveSmallIntegerField(_("数值"), null=True, blank=True)
    unit = models.CharField(_("数值单位"), max_length=40, blank=True)
    paper = models.CharField(_("须有的材料"), max_length=100, blank=True, help_text=_("办件的运行要件中须有这个名称的材料，且已收、已核或免交。"))
    valid_from = models.DateField(_("启用日期"), null=True, blank=True)
    valid_until = models.DateField(_("停用日期"), null=True, blank=True)

    class Meta(OperatingRule.Meta):
        verbose_name = _("核对规则")
        verbose_name_plural = _("核对规则")
        ordering = ["code"]
        default_permissions = ()
        constraints = [
            *OperatingRule.Meta.constraints,
            models.CheckConstraint(
                condition=Q(valid_from=None) | Q(valid_until=None) | Q(valid_until__gte=F("valid_from")),
                name="invitations_rule_ends_after_it_begins",
                violation_error_message=_("停用日期不能早于启用日期。"),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.code} {self.text}"

    def get_absolute_url(self) -> str:
        return reverse("invitations:check-rule-detail", args=[self.code])

    def is_used_on(self, day: date) -> bool:
        """Whether applications of this day are checked by it."""
        since, until = self.valid_from or day, self.valid_until or day
        return self.strictness != self.Strictness.OFF and since <= day <= until
