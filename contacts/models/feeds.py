"""Calendar feeds: private addresses from which a person's calendar program reads."""

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _


class CalendarFeed(models.Model):
    """One private address of one person. The address itself is shown once and kept nowhere: only the digest of its token is stored."""

    class Scope(models.TextChoices):
        OWN = "own", _("个人日程")
        DEPARTMENT = "department", _("部门日程")

    person = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    scope = models.CharField(_("范围"), max_length=10, choices=Scope)
    label = models.CharField(_("用在哪里"), max_length=60, help_text=_("例如：办公室电脑、手机。"))
    token_digest = models.CharField(max_length=64, unique=True)
    made_at = models.DateTimeField(default=timezone.now)
    fetched_on = models.DateField(null=True, blank=True)  # the last day on which a program read it
    revoked_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        verbose_name = _("日历订阅")
        verbose_name_plural = _("日历订阅")
        ordering = ["-pk"]
        default_permissions = ()
        constraints = [
            models.UniqueConstraint(
                fields=["person", "scope", "label"],
                condition=Q(revoked_at=None),
                name="contacts_feed_once",
                violation_error_message=_("已有这样一个订阅，请换一个名称。"),
            )
        ]

    def __str__(self) -> str:
        return f"{self.get_scope_display()} {self.label}"
