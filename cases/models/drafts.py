"""What somebody has typed into a form and not sent yet."""

from django.conf import settings
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _


class Draft(models.Model):
    """What one person has typed into the form at one address, saved while they type; gone when it is sent, discarded or old."""

    person = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="+")
    address = models.CharField(max_length=200)
    fields = models.JSONField()  # pairs of name and value, in the order of the form; a name may come more than once
    saved_at = models.DateTimeField(default=timezone.now, db_index=True)

    class Meta:
        verbose_name = _("草稿")
        verbose_name_plural = _("草稿")
        ordering = ["-saved_at"]
        default_permissions = ()
        constraints = [models.UniqueConstraint(fields=["person", "address"], name="cases_one_draft_a_person_and_address")]

    def __str__(self) -> str:
        return self.address
