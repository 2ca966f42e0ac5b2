"""What happens to a memorandum: its texts are compared and reviewed, other bodies countersign, and what it promises is carried out."""

from django.db import models
from django.db.models import F, Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from cases.models import Case, Document

from .interactions import Interaction
from .memoranda import MemorandumText, Part, of_memorandum
from .parts import by_whom, perhaps


class TextCheck(models.Model):
    """A person's word on one Chinese and one English text: what the portal found to differ, and what they say to it."""

    memorandum = of_memorandum("checks")
    chinese = models.ForeignKey(MemorandumText, models.PROTECT, related_name="+")
    english = models.ForeignKey(MemorandumText, models.PROTECT, related_name="+")
    differences = models.JSONField(default=list)
    note = models.CharField(_("核对意见"), max_length=500)
    made_at = models.DateTimeField(default=timezone.now)
    made_by = by_whom()

    class Meta:
        verbose_name = _("双语核对")
        verbose_name_plural = _("双语核对")
        ordering = ["-pk"]
        default_permissions = ()

    def __str__(self) -> str:
        return f"{self.chinese} / {self.english}"


class LegalReview(Part):
    """One opinion on the text, and what became of it."""

    class Adoption(models.TextChoices):
        WAITING = "", _("待处理")
        ADOPTED = "adopted", _("采纳")
        PARTLY = "partly", _("部分采纳")
        REJECTED = "rejected", _("未采纳")
        NONE = "none", _("无修改意见")

    memorandum = of_memorandum("reviews")
    reviewer = models.CharField(_("审查单位或人员"), max_length=150)
    reviewed_on = models.DateField(_("审查日期"))
    opinion = models.TextField(_("审查意见"), max_length=2000)
    adoption = models.CharField(_("采纳情况"), max_length=10, choices=Adoption, blank=True, default="")
    reason = models.CharField(_("未采纳的理由"), max_length=500, blank=True, help_text=_("部分采纳或未采纳的必填。"))

    class Meta(Part.Meta):
        verbose_name = _("法律审查意见")
        verbose_name_plural = _("法律审查意见")
        ordering = ["reviewed_on", "pk"]
        default_permissions = ()
        constraints = [
            *Part.Meta.constraints,
            models.CheckConstraint(
                condition=~Q(adoption__in=["partly", "rejected"]) | ~Q(reason=""),
                name="contacts_review_rejected_with_reason",
                violation_error_message=_("部分采纳或未采纳的，请写明理由。"),
            ),
        ]

    def __str__(self) -> str:
        return self.reviewer


class Countersignature(Part):
    """A body that was asked to countersign (会签), and its answer."""

    memorandum = of_memorandum("countersignatures")
    body = models.CharField(_("会签单位"), max_length=150, help_text=_("例如：市外办。"))
    sent_on = models.DateField(_("送会签日期"))
    answered_on = models.DateField(_("回复日期"), null=True, blank=True)
    number = models.CharField(_("回复文号"), max_length=80, blank=True)
    opinion = models.CharField(_("会签意见"), max_length=1000, blank=True)

    class Meta(Part.Meta):
        verbose_name = _("会签")
        verbose_name_plural = _("会签")
        ordering = ["sent_on", "pk"]
        default_permissions = ()
        constraints = [
            *Part.Meta.constraints,
            models.CheckConstraint(
                condition=Q(answered_on=None) | Q(answered_on__gte=F("sent_on")),
                name="contacts_countersignature_answered_after_sent",
                violation_error_message=_("回复日期不能早于送会签日期。"),
            ),
            models.CheckConstraint(
                condition=Q(answered_on=None, number="", opinion="") | (Q(answered_on__isnull=False) & ~Q(opinion="")),
                name="contacts_countersignature_answered_all_or_none",
                violation_error_message=_("有回复的，请填写回复日期和会签意见。"),
            ),
        ]

    def __str__(self) -> str:
        return self.body


class Commitment(Part):
    """One thing that a memorandum promises (合作事项): under which clause, who sees to it, how often, and when first."""

    class Frequency(models.TextChoices):
        ONCE = "once", _("一次")
        QUARTERLY = "quarterly", _("每季度")
        HALF_YEARLY = "half_yearly", _("每半年")
        YEARLY = "yearly", _("每年")
        AS_NEEDED = "as_needed", _("视需要")

    memorandum = of_memorandum("commitments")
    clause = models.CharField(_("条款"), max_length=60, help_text=_("例如：第三条第（二）项。"))
    item = models.CharField(_("合作事项"), max_length=300)
    owner = by_whom(verbose_name=_("负责人"))
    frequency = models.CharField(_("频次"), max_length=12, choices=Frequency)
    first_due_on = models.DateField(_("首次期限"), null=True, blank=True, help_text=_("视需要的留空；其余从这一天起按频次推算。"))

    class Meta(Part.Meta):
        verbose_name = _("合作事项")
        verbose_name_plural = _("合作事项")
        ordering = ["pk"]
        default_permissions = ()
        constraints = [
            *Part.Meta.constraints,
            models.CheckConstraint(
                condition=Q(frequency="as_needed", first_due_on=None) | (~Q(frequency="as_needed") & Q(first_due_on__isnull=False)),
                name="contacts_commitment_is_due_or_as_needed",
                violation_error_message=_("视需要的不填首次期限，其余须填。"),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.clause} {self.item}"


class Fulfilment(Part):
    """That a commitment was carried out, for the day on which it was due, with what shows it."""

    commitment = models.ForeignKey(Commitment, models.CASCADE, related_name="fulfilments")
    due_on = models.DateField(_("对应期限"), null=True, blank=True)
    done_on = models.DateField(_("完成日期"))
    case = models.ForeignKey(Case, models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("凭证办件"))
    document = models.ForeignKey(Document, models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("凭证文件"))
    interaction = models.ForeignKey(Interaction, models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("凭证往来"))
    note = models.CharField(_("完成情况"), max_length=500, blank=True)

    class Meta(Part.Meta):
        verbose_name = _("履行记录")
        verbose_name_plural = _("履行记录")
        ordering = ["done_on", "pk"]
        default_permissions = ()
        constraints = [
            *Part.Meta.constraints,
            models.CheckConstraint(
                condition=Q(case__isnull=False) | Q(document__isnull=False) | Q(interaction__isnull=False),
                name="contacts_fulfilment_has_evidence",
                violation_error_message=_("请填写凭证：相关办件的编号、登记过的往来，或本办件中的文件。"),
            ),
            models.UniqueConstraint(
                fields=["commitment", "due_on"],
                condition=Q(removed_at=None, due_on__isnull=False),
                name="contacts_fulfilled_once",
                violation_error_message=_("这一期已经登记履行。"),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.commitment} {self.done_on}"


class YearlyReview(Part):
    """What a look at a year's carrying out found (年度检查), with the figures as they stood."""

    memorandum = of_memorandum("yearly_reviews")
    year = models.PositiveSmallIntegerField(_("年度"))
    reviewed_on = models.DateField(_("检查日期"))
    summary = models.TextField(_("执行情况"), max_length=3000)
    due = models.PositiveSmallIntegerField(default=0)  # commitments due up to that day
    done = models.PositiveSmallIntegerField(default=0)  # of them, carried out

    class Meta(Part.Meta):
        verbose_name = _("年度检查")
        verbose_name_plural = _("年度检查")
        ordering = ["-year"]
        default_permissions = ()
        constraints = [
            *Part.Meta.constraints,
            models.UniqueConstraint(
                fields=["memorandum", "year"],
                condition=Q(removed_at=None),
                name="contacts_reviewed_once_a_year",
                violation_error_message=_("这一年度已有检查记录。"),
            ),
            models.CheckConstraint(condition=Q(done__lte=F("due")), name="contacts_review_done_of_due"),
        ]

    def __str__(self) -> str:
        return str(self.year)


class MemorandumExtension(models.Model):
    """That a memorandum went on by itself when its term ended (自动顺延)."""

    memorandum = of_memorandum("extensions")
    expired_on = models.DateField()
    expires_on = models.DateField()
    at = models.DateTimeField(default=timezone.now)
    by = perhaps()  # NULL: the portal

    class Meta:
        verbose_name = _("自动顺延")
        verbose_name_plural = _("自动顺延")
        ordering = ["-pk"]
        default_permissions = ()
        constraints = [models.CheckConstraint(condition=Q(expires_on__gt=F("expired_on")), name="contacts_extension_is_later")]

    def __str__(self) -> str:
        return str(self.expires_on)
