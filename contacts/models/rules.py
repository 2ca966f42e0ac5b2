"""Operating rules of liaison work: what is checked or called to mind, how strictly, with which figure. The check itself is code of the same name."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from cases.models.rules import OperatingRule


class LiaisonRule(OperatingRule):
    """One rule of the catalogue of liaison work (MEM-01, NGO-01 …)."""

    class Strictness(models.TextChoices):
        OFF = "off", _("不检查")
        WARN = "warn", _("提醒")
        BLOCK = "block", _("阻止")

    code = models.CharField(_("编号"), max_length=10, unique=True)
    text = models.CharField(_("规则"), max_length=300)
    strictness = models.CharField(_("执行方式"), max_length=10, choices=Strictness)
    figure = models.PositiveSmallIntegerField(_("数值"), null=True, blank=True)
    unit = models.CharField(_("数值单位"), max_length=40, blank=True)

    class Meta(OperatingRule.Meta):
        verbose_name = _("联络工作规则")
        verbose_name_plural = _("联络工作规则")
        ordering = ["code"]
        default_permissions = ()
        constraints = [*OperatingRule.Meta.constraints]

    def __str__(self) -> str:
        return f"{self.code} {self.text}"

    @property
    def is_used(self) -> bool:
        return self.strictness != self.Strictness.OFF
