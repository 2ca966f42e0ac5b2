"""What a second person decides: a step that was submitted, a material to be waived, a block to be overridden."""

from typing import Any

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.utils.translation import gettext_noop

from .cases import Case, CaseMaterial, CaseStep


def _perhaps() -> "models.ForeignKey[Any, Any]":
    return models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+")


class ApprovalQuerySet(models.QuerySet["Approval"]):
    def open(self) -> "ApprovalQuerySet":
        return self.filter(decision="")


class Approval(models.Model):
    """One question put to a second person, and the answer. Decided, the row is frozen."""

    class Kind(models.TextChoices):
        STEP = "step", _("送审")
        WAIVER = "waiver", _("要件免交")
        OVERRIDE = "override", _("特别批准")

    class Right(models.TextChoices):
        REVIEW = "review", _("审核")
        SIGN = "sign", _("签发")

    class Decision(models.TextChoices):
        APPROVED = "approved", _("同意")
        RETURNED = "returned", _("退回")
        RECALLED = "recalled", _("已撤回")

    case = models.ForeignKey(Case, models.CASCADE, related_name="approvals")
    kind = models.CharField(max_length=10, choices=Kind)
    step = models.ForeignKey(CaseStep, models.PROTECT, related_name="+")
    material = models.ForeignKey(CaseMaterial, models.PROTECT, null=True, blank=True, related_name="+")  # of a waiver
    rule = models.CharField(max_length=40, blank=True)  # of an override: the code of the rule that blocks
    level = models.PositiveSmallIntegerField(default=1)
    right = models.CharField(max_length=10, choices=Right, default=Right.REVIEW)  # that deciding it takes
    reason = models.TextField(_("送审说明"), blank=True)
    digest = models.CharField(max_length=64)  # SHA-256 of what was submitted
    submitted_at = models.DateTimeField(default=timezone.now)
    submitted_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    submitted_for = _perhaps()
    previous_by = _perhaps()  # who approved the level below
    decision = models.CharField(max_length=10, choices=Decision, blank=True)
    decided_at = models.DateTimeField(null=True, blank=True)
    decided_by = _perhaps()
    decided_for = _perhaps()
    note = models.TextField(_("意见"), blank=True)

    objects = ApprovalQuerySet.as_manager()

    class Meta:
        verbose_name = _("审签")
        verbose_name_plural = _("审签")
        ordering = ["pk"]
        default_permissions = ()
        permissions = [("review_case", gettext_noop("审核送审的办件、批准免交和特批")), ("sign_case", gettext_noop("签发审核通过的办件"))]
        constraints = [
            models.UniqueConstraint(fields=["step", "level"], condition=Q(decision="", kind="step"), name="cases_one_open_submission"),
            models.UniqueConstraint(fields=["material"], condition=Q(decision="", kind="waiver"), name="cases_one_open_waiver"),
            models.UniqueConstraint(fields=["step", "rule"], condition=Q(decision="", kind="override"), name="cases_one_open_override"),
            models.CheckConstraint(
                condition=Q(kind="step", material=None, rule="")
                | (Q(kind="waiver", material__isnull=False, rule="", level=1) & ~Q(reason=""))
                | (Q(kind="override", material=None, level=1) & ~Q(rule="") & ~Q(reason="")),
                name="cases_approval_of_one_thing",
            ),
            models.CheckConstraint(
                condition=Q(decision="", decided_at=None, decided_by=None, decided_for=None, note="")
                | (~Q(decision="") & Q(decided_at__isnull=False, decided_by__isnull=False)),
                name="cases_approval_decided_all_or_none",
            ),
            models.CheckConstraint(condition=~Q(decision="returned") | ~Q(note=""), name="cases_approval_returned_with_reason"),
            models.CheckConstraint(
                condition=Q(decision__in=["", "recalled"])
                | (
                    ~Q(decided_by=F("submitted_by"))
                    & (Q(submitted_for=None) | ~Q(decided_by=F("submitted_for")))
                    & (Q(decided_for=None) | ~Q(decided_for=F("submitted_by")))
                    & (Q(submitted_for=None) | Q(decided_for=None) | ~Q(decided_for=F("submitted_for")))
                ),
                name="cases_approval_by_a_second_person",
                violation_error_message=_("送审人不能审签自己送审的内容。"),
            ),
            models.CheckConstraint(
                condition=Q(previous_by=None)
                | Q(decision__in=["", "recalled"])
                | (~Q(decided_by=F("previous_by")) & (Q(decided_for=None) | ~Q(decided_for=F("previous_by")))),
                name="cases_approval_levels_by_two_people",
                violation_error_message=_("两级审签须由两个人分别办理。"),
            ),
        ]
        indexes = [models.Index(fields=["submitted_at", "id"], condition=Q(decision=""), name="cases_open_approvals")]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} {self.case_id}"

    def get_absolute_url(self) -> str:
        return reverse("cases:approval-detail", args=[self.pk])

    @property
    def is_open(self) -> bool:
        return not self.decision

    @property
    def is_second_review(self) -> bool:
        """Whether it is a review of what somebody else has reviewed already."""
        return self.right == self.Right.REVIEW and self.level > 1

    @property
    def permission(self) -> str:
        """The right that deciding it takes."""
        return f"cases.{self.right}_case"
