"""Operating rules: what the department adds to the published steps, and the lists it maintains.

The published text is frozen; these rows stay editable. Each names its basis, and says whether the department has confirmed it.
"""

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.utils.translation import gettext_noop

from core.bilingual import spoken
from duties.models import ProcessStep, RequiredMaterial


class Need(models.TextChoices):
    """Whether a step must be gone through."""

    ALWAYS = "always", _("必经")
    IF_NEEDED = "if_needed", _("视需要")
    ONE_OF = "one_of", _("择一")


class OperatingRule(models.Model):
    """What every operating rule tells of itself. Whoever changed it last cannot be the one who confirms it."""

    basis = models.CharField(_("规则来源"), max_length=300, blank=True, help_text=_("写明这条规则从哪里来，例如文件名称、文号或本单位惯例。"))
    changed_at = models.DateTimeField(default=timezone.now)
    changed_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+")
    confirmed_at = models.DateTimeField(null=True, blank=True)
    confirmed_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+")

    class Meta:
        abstract = True
        constraints = [
            models.CheckConstraint(
                condition=Q(confirmed_at=None, confirmed_by=None) | Q(confirmed_at__isnull=False, confirmed_by__isnull=False),
                name="%(app_label)s_%(class)s_confirmed_all_or_none",
            ),
            models.CheckConstraint(
                condition=Q(confirmed_by=None) | Q(changed_by=None) | ~Q(confirmed_by=F("changed_by")),
                name="%(app_label)s_%(class)s_confirmed_by_another",
                violation_error_message=_("规则须由修改人以外的人确认。"),
            ),
        ]

    @property
    def is_confirmed(self) -> bool:
        return self.confirmed_at is not None


class StepRule(OperatingRule):
    """How one published step is worked: the bridge between the published text and the cases that run on it."""

    step = models.OneToOneField(ProcessStep, models.PROTECT, related_name="rule", verbose_name=_("运行流程"))
    stage = models.SlugField(_("业务环节"), blank=True, help_text=_("对应程序中的办理环节；留空则按“办结本步”办理。"))
    need = models.CharField(_("是否必经"), max_length=10, choices=Need, default=Need.ALWAYS)
    materials = models.ManyToManyField(RequiredMaterial, related_name="+", blank=True, verbose_name=_("办结本步前应收齐的要件"))
    due_days = models.PositiveSmallIntegerField(_("办理时限（工作日）"), null=True, blank=True, help_text=_("从本步开始之日的次日起算；留空表示不设时限。"))
    approval_levels = models.PositiveSmallIntegerField(_("审签级数"), choices=[(0, _("不需审签")), (1, _("一级：审核")), (2, _("两级：审核、签发"))], default=0)

    class Meta(OperatingRule.Meta):
        verbose_name = _("步骤规则")
        verbose_name_plural = _("步骤规则")
        ordering = ["step"]
        default_permissions = ()
        permissions = [("change_rules", gettext_noop("修改运行规则和字典")), ("confirm_rules", gettext_noop("确认他人修改的运行规则"))]
        constraints = [
            *OperatingRule.Meta.constraints,
            models.CheckConstraint(condition=Q(approval_levels__lte=2), name="cases_rule_two_levels_at_most"),
        ]

    def __str__(self) -> str:
        return str(self.step)


class TaskTemplate(OperatingRule):
    """A task that every new case gets under a published step, due so many working days after the step begins."""

    step = models.ForeignKey(ProcessStep, models.PROTECT, related_name="task_templates", verbose_name=_("运行流程"))
    position = models.PositiveSmallIntegerField(_("顺序"))
    title = models.CharField(_("任务"), max_length=200)
    due_days = models.PositiveSmallIntegerField(_("时限（工作日）"), null=True, blank=True, help_text=_("从本步开始之日的次日起算；留空表示不设时限。"))
    is_required = models.BooleanField(_("必须完成"), default=True, help_text=_("未完成时不能办结本步。"))
    archived_at = models.DateTimeField(null=True, blank=True)

    class Meta(OperatingRule.Meta):
        verbose_name = _("任务模板")
        verbose_name_plural = _("任务模板")
        ordering = ["step", "position", "pk"]
        default_permissions = ()

    def __str__(self) -> str:
        return self.title


class Term(models.Model):
    """One entry of a maintained list (字典). An entry in use is archived with a reason, never deleted."""

    class Kind(models.TextChoices):
        HOLD_REASON = "hold_reason", _("暂停原因")
        RELATION = "relation", _("办件之间的关系")
        PHRASE = "phrase", _("常用意见")
        MEDIUM = "medium", _("函电方式")
        LETTER_MATERIAL = "letter_material", _("登记函电即为收到的要件")
        ORGANISATION_TYPE = "organisation_type", _("机构类型")
        RELATION_LEVEL = "relation_level", _("机构关系等级")
        CONTACT_TAG = "contact_tag", _("联系人和机构标签")
        MEMORANDUM_KIND = "memorandum_kind", _("备忘录种类")

    kind = models.CharField(_("字典"), max_length=20, choices=Kind)
    name = models.CharField(_("名称"), max_length=100)
    name_en = models.CharField(_("英文名称"), max_length=200, blank=True)
    position = models.PositiveSmallIntegerField(_("顺序"), default=0)
    archived_at = models.DateTimeField(null=True, blank=True)
    archived_reason = models.CharField(_("停用理由"), max_length=200, blank=True)

    class Meta:
        verbose_name = _("字典条目")
        verbose_name_plural = _("字典条目")
        ordering = ["kind", "position", "pk"]
        default_permissions = ()
        constraints = [
            models.UniqueConstraint(
                fields=["kind", "name"], condition=Q(archived_at=None), name="cases_term_once", violation_error_message=_("这个字典里已有同名条目。")
            ),
            models.CheckConstraint(
                condition=Q(archived_at=None, archived_reason="") | (Q(archived_at__isnull=False) & ~Q(archived_reason="")),
                name="cases_term_archived_with_reason",
            ),
        ]

    def __str__(self) -> str:
        return spoken(self.name, self.name_en)
