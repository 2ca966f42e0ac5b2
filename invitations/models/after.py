"""What comes after a letter: the scans of its signed paper, its cancellation, and what its people did with it."""

from django.db import models
from django.db.models import F, Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from .applications import Invitee
from .letters import InvitationLetter
from .units import perhaps, person


def two_people(first: tuple[str, str], second: tuple[str, str]) -> Q:
    """That none of these two (who acted, and for whom) is one of those two; where nobody is named, nobody is the same."""
    condition = Q()
    for one in first:
        for other in second:
            condition &= Q(**{one: None}) | Q(**{other: None}) | ~Q(**{one: F(other)})
    return condition


class Scan(models.Model):
    """A scan of the signed and sealed paper as it was handed in: what its QR code said, and where that could not be read, what a second person found.

    Of the scan that is taken the letter has the file; here it is only while a second person is awaited.
    """

    class Reading(models.TextChoices):
        MATCHED = "matched", _("二维码相符")
        UNREADABLE = "unreadable", _("二维码读不出")
        OTHER_SITE = "other_site", _("二维码的网址不是现在的核验网址")

    class Decision(models.TextChoices):
        TAKEN = "taken", _("相符，采用")
        REFUSED = "refused", _("不相符，不采用")
        TAKEN_BACK = "taken_back", _("上传人撤回")

    letter = models.ForeignKey(InvitationLetter, models.PROTECT, related_name="scans")
    reading = models.CharField(max_length=10, choices=Reading)
    pages = models.PositiveSmallIntegerField()
    sha256 = models.CharField(max_length=64)  # of the scan itself
    sealed_sha256 = models.CharField(max_length=64)  # of the file as it lies in the store
    file = models.CharField(max_length=32, blank=True)
    added_at = models.DateTimeField(default=timezone.now)
    added_by = person()
    added_for = perhaps()
    decision = models.CharField(max_length=10, choices=Decision, blank=True)
    decided_at = models.DateTimeField(null=True, blank=True)
    decided_by = perhaps()
    decided_for = perhaps()
    note = models.CharField(_("意见"), max_length=500, blank=True)

    class Meta:
        verbose_name = _("签字盖章后的扫描件")
        verbose_name_plural = _("签字盖章后的扫描件")
        ordering = ["-pk"]
        default_permissions = ()
        constraints = [
            models.UniqueConstraint(fields=["letter"], condition=Q(decision=""), name="invitations_one_open_scan"),
            models.CheckConstraint(
                condition=Q(decision="", decided_at=None, decided_by=None, decided_for=None)
                | Q(decision="taken", reading="matched", decided_at=None, decided_by=None, decided_for=None)
                | (~Q(decision="") & ~Q(reading="matched") & Q(decided_at__isnull=False, decided_by__isnull=False)),
                name="invitations_scan_decided_all_or_none",
            ),
            models.CheckConstraint(condition=~Q(reading="matched") | Q(decision="taken"), name="invitations_matched_scan_is_taken"),
            models.CheckConstraint(condition=Q(decision="") | Q(file=""), name="invitations_decided_scan_has_no_file"),
            models.CheckConstraint(
                condition=Q(decision="taken_back") | two_people(("added_by", "added_for"), ("decided_by", "decided_for")),
                name="invitations_scan_confirmed_by_a_second_person",
                violation_error_message=_("扫描件须由上传人以外的人核对。"),
            ),
        ]

    def __str__(self) -> str:
        return str(self.letter)


class Cancellation(models.Model):
    """A letter to be declared void: asked for with a reason, decided by a second person, and who was told of it."""

    class Decision(models.TextChoices):
        APPROVED = "approved", _("同意作废")
        REFUSED = "refused", _("不同意")

    letter = models.ForeignKey(InvitationLetter, models.PROTECT, related_name="cancellations")
    reason = models.CharField(_("作废理由"), max_length=500)
    told = models.CharField(_("已告知"), max_length=300, help_text=_("写明告知了谁、怎样告知，例如邀请单位、签证机关；原件是否收回。"))
    asked_at = models.DateTimeField(default=timezone.now)
    asked_by = person()
    asked_for = perhaps()  # whom the asker stood in for
    decision = models.CharField(max_length=10, choices=Decision, blank=True)
    decided_at = models.DateTimeField(null=True, blank=True)
    decided_by = perhaps()
    decided_for = perhaps()
    note = models.CharField(_("意见"), max_length=500, blank=True)

    class Meta:
        verbose_name = _("作废")
        verbose_name_plural = _("作废")
        ordering = ["-pk"]
        default_permissions = ()
        constraints = [
            models.UniqueConstraint(fields=["letter"], condition=Q(decision=""), name="invitations_one_open_cancellation"),
            models.CheckConstraint(
                condition=Q(decision="", decided_at=None, decided_by=None, decided_for=None)
                | (~Q(decision="") & Q(decided_at__isnull=False, decided_by__isnull=False)),
                name="invitations_cancellation_decided_all_or_none",
            ),
            models.CheckConstraint(
                condition=two_people(("asked_by", "asked_for"), ("decided_by", "decided_for")),
                name="invitations_cancelled_by_a_second_person",
                violation_error_message=_("作废须由申请人以外的人批准。"),
            ),
        ]

    def __str__(self) -> str:
        return str(self.letter)


class Visit(models.Model):
    """What became of one invited person: the visa, the entry, the departure (销签)."""

    class Visa(models.TextChoices):
        GRANTED = "granted", _("已获签证")
        REFUSED = "refused", _("未获签证")
        UNUSED = "unused", _("未申请或未使用")

    invitee = models.OneToOneField(Invitee, models.CASCADE, related_name="visit")
    visa = models.CharField(_("签证结果"), max_length=10, choices=Visa)
    entered_on = models.DateField(_("入境日期"), null=True, blank=True)
    left_on = models.DateField(_("离境日期"), null=True, blank=True)
    note = models.CharField(_("备注"), max_length=300, blank=True)
    recorded_at = models.DateTimeField(default=timezone.now)
    recorded_by = person()

    class Meta:
        verbose_name = _("来访结果")
        verbose_name_plural = _("来访结果")
        default_permissions = ()
        constraints = [
            models.CheckConstraint(
                condition=Q(entered_on=None) | Q(left_on=None) | Q(left_on__gte=F("entered_on")),
                name="invitations_left_after_entry",
                violation_error_message=_("离境日期不能早于入境日期。"),
            ),
            models.CheckConstraint(
                condition=Q(visa="granted") | Q(entered_on=None, left_on=None),
                name="invitations_entered_with_a_visa",
                violation_error_message=_("未获签证或未使用的，不填入境和离境日期。"),
            ),
        ]

    def __str__(self) -> str:
        return str(self.invitee)
