"""Who works on which items, and who stands in for whom."""

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.utils.translation import gettext_noop

from duties.models import DutyItem


class Assignment(models.Model):
    """One person works on one duty item; ended, not deleted, when that is over."""

    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="assignments", verbose_name=_("人员"))
    item = models.ForeignKey(DutyItem, models.PROTECT, related_name="assignments", verbose_name=_("职责事项"))
    since_at = models.DateTimeField(default=timezone.now)
    since_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    ended_at = models.DateTimeField(null=True, blank=True)
    ended_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+")

    class Meta:
        verbose_name = _("人员分工")
        verbose_name_plural = _("人员分工")
        ordering = ["item", "user"]
        default_permissions = ()
        permissions = [("assign_items", gettext_noop("安排人员承办哪些事项"))]
        constraints = [
            models.UniqueConstraint(fields=["user", "item"], condition=Q(ended_at=None), name="cases_assigned_once"),
            models.CheckConstraint(
                condition=Q(ended_at=None, ended_by=None) | Q(ended_at__isnull=False, ended_by__isnull=False), name="cases_assignment_ended_all_or_none"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.item_id} {self.user}"


class Substitution(models.Model):
    """For these days `substitute` may do what `person` may; both names are recorded with what is done."""

    person = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="substitutions", verbose_name=_("委托人"))
    substitute = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", verbose_name=_("代办人"))
    from_on = models.DateField(_("从"))
    until_on = models.DateField(_("到"))
    reason = models.CharField(_("事由"), max_length=200)
    made_at = models.DateTimeField(default=timezone.now)
    revoked_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        verbose_name = _("委托代办")
        verbose_name_plural = _("委托代办")
        ordering = ["-from_on", "-pk"]
        default_permissions = ()
        constraints = [
            models.CheckConstraint(
                condition=Q(until_on__gte=F("from_on")),
                name="cases_substitution_ends_after_it_begins",
                violation_error_message=_("结束日期不能早于开始日期。"),
            ),
            models.CheckConstraint(
                condition=~Q(person=F("substitute")), name="cases_substitute_is_another", violation_error_message=_("代办人不能是委托人本人。")
            ),
        ]

    def __str__(self) -> str:
        return f"{self.person} → {self.substitute}"


class Phrase(models.Model):
    """One of a person's own frequent phrases (常用意见), beside those of the maintained list."""

    person = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="phrases")
    text = models.CharField(_("常用意见"), max_length=100)

    class Meta:
        verbose_name = _("常用意见")
        verbose_name_plural = _("常用意见")
        ordering = ["pk"]
        default_permissions = ()
        constraints = [models.UniqueConstraint(fields=["person", "text"], name="cases_phrase_once", violation_error_message=_("已有这条常用意见。"))]

    def __str__(self) -> str:
        return self.text
