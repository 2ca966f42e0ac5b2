"""What duplicates are found by, and pairs of records that may be one and the same."""

from django.db import models
from django.db.models import F, Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from .parts import perhaps


class Kind(models.TextChoices):
    """The two kinds of records, named as core.search names them."""

    ORGANISATION = "organisation", _("机构")
    CONTACT = "contact", _("联系人")


class MatchKey(models.Model):
    """One form of one name of a record (contacts.matching), as a number: records with a number in common are compared.

    Written with the record, in its transaction, by `contacts.indexing.index`, as search entries are.
    """

    key = models.BigIntegerField()
    kind = models.CharField(max_length=12, choices=Kind)
    object_pk = models.BigIntegerField()

    class Meta:
        verbose_name = _("查重键")
        verbose_name_plural = _("查重键")
        ordering = ["pk"]
        default_permissions = ()
        indexes = [
            models.Index(fields=["key", "object_pk"], name="contacts_match_by_key"),
            models.Index(fields=["object_pk", "kind"], name="contacts_match_of_record"),
        ]

    def __str__(self) -> str:
        return f"{self.kind}:{self.object_pk}"


class Likeness(models.Model):
    """Two records that may be one and the same: why, how likely, and who said that they are not. A pair once dismissed stays so."""

    kind = models.CharField(max_length=12, choices=Kind)
    first = models.BigIntegerField()  # the older of the two
    second = models.BigIntegerField()
    reasons = models.CharField(max_length=100)  # names of contacts.likeness.Reason, with spaces between
    score = models.PositiveSmallIntegerField()
    found_at = models.DateTimeField(default=timezone.now)
    dismissed_at = models.DateTimeField(null=True, blank=True)
    dismissed_by = perhaps()

    class Meta:
        verbose_name = _("疑似重复")
        verbose_name_plural = _("疑似重复")
        ordering = ["-score", "-pk"]
        default_permissions = ()
        indexes = [
            models.Index(fields=["kind", "-score", "-id"], name="contacts_likeness_open", condition=Q(dismissed_at=None)),
            models.Index(fields=["kind", "second"], name="contacts_likeness_second"),
        ]
        constraints = [
            models.UniqueConstraint(fields=["kind", "first", "second"], name="contacts_likeness_once"),
            models.CheckConstraint(condition=Q(first__lt=F("second")), name="contacts_likeness_in_order"),
            models.CheckConstraint(
                condition=Q(dismissed_at=None, dismissed_by=None) | Q(dismissed_at__isnull=False, dismissed_by__isnull=False),
                name="contacts_likeness_dismissed_all_or_none",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.kind}:{self.first}={self.second}"
