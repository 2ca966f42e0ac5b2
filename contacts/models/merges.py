"""Merges of two records into one, with all that is needed to undo them."""

from django.db import models
from django.db.models import F, Q
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from .matches import Kind
from .parts import by_whom, perhaps


class Merge(models.Model):
    """One record merged into another: which fields of the survivor changed, which rows were moved to it, and which stayed with the loser.

    `fields` has by name [value before, value after]; `moved` and `stayed` lists of [link (contacts.links), keys of rows]; `left`, once it is undone,
    what could not be put back, in the same form, fields with the link "". The database keeps all but the facts of undoing as they are.
    """

    kind = models.CharField(max_length=12, choices=Kind)
    survivor = models.BigIntegerField()
    loser = models.BigIntegerField()
    fields = models.JSONField(default=dict)
    moved = models.JSONField(default=list)
    stayed = models.JSONField(default=list)
    made_at = models.DateTimeField(_("合并时间"), default=timezone.now)
    made_by = by_whom(verbose_name=_("合并人"))
    undone_at = models.DateTimeField(_("撤销时间"), null=True, blank=True)
    undone_by = perhaps()
    left = models.JSONField(default=list)

    class Meta:
        verbose_name = _("合并记录")
        verbose_name_plural = _("合并记录")
        ordering = ["-pk"]
        default_permissions = ()
        indexes = [models.Index(fields=["kind", "survivor"], name="contacts_merge_of_survivor")]
        constraints = [
            models.CheckConstraint(condition=~Q(survivor=F("loser")), name="contacts_merge_of_two"),
            models.CheckConstraint(
                condition=Q(undone_at=None, undone_by=None) | Q(undone_at__isnull=False, undone_by__isnull=False), name="contacts_merge_undone_all_or_none"
            ),
            models.UniqueConstraint(fields=["kind", "loser"], condition=Q(undone_at=None), name="contacts_merged_once"),
        ]

    def __str__(self) -> str:
        return f"{self.kind}:{self.loser}→{self.survivor}"

    def get_absolute_url(self) -> str:
        return reverse("contacts:merge-detail", args=[self.pk])
