"""Letters that were issued. A row is written whole when a letter is signed off and is frozen from then on, but for what happens to the paper."""

from datetime import date
from typing import TYPE_CHECKING

from django.db import models
from django.db.models import F, Q
from django.urls import reverse
from django.utils.translation import gettext_lazy as _
from django.utils.translation import gettext_noop

from core.encryption import EncryptedTextField, SealedRow

from .applications import Application
from .lists import LetterKind, LetterTemplate
from .units import perhaps, person

if TYPE_CHECKING:
    from .after import Cancellation, Scan


class InvitationLetter(SealedRow):
    """One issued letter: its number, its words as signed off (encrypted: they hold passport numbers), who prepared, reviewed and issued it."""

    class State(models.TextChoices):
        VALID = "valid", _("有效")
        CANCELLED = "cancelled", _("已作废")
        REPLACED = "replaced", _("已被替代")
        EXPIRED = "expired", _("已过期")

    application = models.ForeignKey(Application, models.PROTECT, related_name="letters")
    kind = models.ForeignKey(LetterKind, models.PROTECT, related_name="+")
    template = models.ForeignKey(LetterTemplate, models.PROTECT, related_name="+")
    part = models.PositiveSmallIntegerField(default=1)  # of those that one application led to
    year = models.PositiveSmallIntegerField()
    serial = models.PositiveIntegerField()
    number = models.CharField(_("发文编号"), max_length=80, unique=True)
    unit_name = models.CharField(max_length=200)
    count = models.PositiveSmallIntegerField()  # people on it
    masked_names = models.JSONField(default=list)  # what the QR code may show: "L*** B***"
    passport_digests = models.JSONField(default=list)  # of the numbers on it, for who checks one; emptied with the purge
    content = EncryptedTextField(null=True)  # JSON: everything that is printed, passport numbers included; NULL once purged
    purged_at = models.DateTimeField(null=True, blank=True)  # its words, its PDF and what passport numbers are compared with are gone
    content_digest = models.CharField(max_length=64)
    token_digest = models.CharField(max_length=64, unique=True)  # of the token in the QR code
    code_digest = models.CharField(max_length=64, unique=True)  # of the code that is typed
    prepared_at = models.DateTimeField()
    prepared_by = person()
    first_reviewed_at = models.DateTimeField()
    first_reviewed_by = person()
    reviewed_at = models.DateTimeField()
    reviewed_by = person()
    issued_at = models.DateTimeField()
    issued_by = person()
    valid_until = models.DateField(_("有效期至"))
    # set once by the worker
    file = models.CharField(max_length=32, blank=True)  # of the PDF in the store, sealed
    sealed_sha256 = models.CharField(max_length=64, blank=True)  # of the file as it lies in the store
    sha256 = models.CharField(max_length=64, blank=True)  # of the PDF itself
    pages = models.PositiveSmallIntegerField(null=True, blank=True)
    rendered_at = models.DateTimeField(null=True, blank=True)
    # the paper
    sealed_at = models.DateTimeField(_("用印时间"), null=True, blank=True)
    sealed_by = perhaps()
    handed_over_at = models.DateTimeField(_("交付时间"), null=True, blank=True)
    handed_over_by = perhaps()
    handed_over_to = models.CharField(_("领取人"), max_length=100, blank=True)
    # the scan of the signed paper, and what was sent online
    scan = models.CharField(max_length=32, blank=True)
    scan_sha256 = models.CharField(max_length=64, blank=True)
    scan_pages = models.PositiveSmallIntegerField(null=True, blank=True)
    scanned_at = models.DateTimeField(null=True, blank=True)
    scanned_by = perhaps()
    scan_purged_at = models.DateTimeField(null=True, blank=True)
    submitted_on = models.DateField(_("网上提交日期"), null=True, blank=True)
    submitted_by = perhaps()
    receipt_number = models.CharField(_("对方系统受理编号"), max_length=80, blank=True)
    # its end
    cancelled_at = models.DateTimeField(null=True, blank=True)
    replaced_by = models.ForeignKey("self", models.PROTECT, null=True, blank=True, related_name="replaces")
    replaced_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        verbose_name = _("邀请函")
        verbose_name_plural = _("邀请函")
        ordering = ["-year", "-serial", "-pk"]
        default_permissions = ()
        permissions = [("view_register", gettext_noop("查看和打印发文登记簿")), ("open_scan", gettext_noop("打开签字盖章后的扫描件"))]
        constraints = [
            models.UniqueConstraint(fields=["kind", "year", "serial"], name="invitations_number_once"),
            models.UniqueConstraint(fields=["application", "part"], name="invitations_part_once"),
            models.CheckConstraint(
                condition=~Q(prepared_by=F("first_reviewed_by"))
                & ~Q(prepared_by=F("reviewed_by"))
                & ~Q(prepared_by=F("issued_by"))
                & ~Q(first_reviewed_by=F("reviewed_by"))
                & ~Q(first_reviewed_by=F("issued_by"))
                & ~Q(reviewed_by=F("issued_by")),
                name="invitations_prepared_reviewed_issued_by_different_people",
                violation_error_message=_("起草、初审、复核、签发须由不同的人办理。"),
            ),
            models.CheckConstraint(
                condition=Q(first_reviewed_at__gte=F("prepared_at"), reviewed_at__gte=F("first_reviewed_at"), issued_at__gte=F("reviewed_at")),
                name="invitations_acts_in_order",
            ),
            models.CheckConstraint(
                condition=Q(file="", sealed_sha256="", sha256="", pages=None, rendered_at=None)
                | (~Q(sealed_sha256="") & ~Q(sha256="") & Q(pages__isnull=False, rendered_at__isnull=False)),
                name="invitations_rendered_all_or_none",
            ),
            models.CheckConstraint(
                condition=Q(scan="", scan_sha256="", scan_pages=None, scanned_at=None, scanned_by=None)
                | (~Q(scan_sha256="") & Q(scan_pages__isnull=False, scanned_at__isnull=False, scanned_by__isnull=False)),
                name="invitations_scanned_all_or_none",
            ),
            *(
                models.CheckConstraint(
                    condition=Q(**{f"{fact}_{when}": None, f"{fact}_by": None}) | Q(**{f"{fact}_{when}__isnull": False, f"{fact}_by__isnull": False}),
                    name=f"invitations_{fact}_all_or_none",
                )
                for fact, when in (("sealed", "at"), ("handed_over", "at"), ("submitted", "on"))
            ),
            models.CheckConstraint(
                condition=Q(purged_at=None, content__isnull=False) | Q(purged_at__isnull=False, content__isnull=True, file=""),
                name="invitations_purged_whole",
            ),
            models.CheckConstraint(condition=Q(scan_purged_at=None) | Q(scan="", scanned_at__isnull=False), name="invitations_scan_purged_is_gone"),
            models.CheckConstraint(
                condition=Q(replaced_by=None, replaced_at=None) | Q(replaced_by__isnull=False, replaced_at__isnull=False),
                name="invitations_replaced_all_or_none",
            ),
        ]

    def __str__(self) -> str:
        return self.number

    def get_absolute_url(self) -> str:
        return reverse("invitations:letter-detail", args=[self.pk])

    @property
    def is_live(self) -> bool:
        """Whether it is neither cancelled nor replaced."""
        return self.cancelled_at is None and self.replaced_by_id is None

    @property
    def open_scan(self) -> "Scan | None":
        """The scan that waits for a second person."""
        return next((scan for scan in self.scans.all() if not scan.decision), None)

    @property
    def open_cancellation(self) -> "Cancellation | None":
        """What was asked for and is not decided."""
        return next((asked for asked in self.cancellations.all() if not asked.decision), None)

    def state_on(self, day: date) -> str:
        """What whoever holds the letter should know of it on this day."""
        if self.cancelled_at:
            return self.State.CANCELLED
        if self.replaced_by_id:
            return self.State.REPLACED
        return self.State.EXPIRED if day > self.valid_until else self.State.VALID


class FailedCheck(models.Model):
    """One public check that found nothing: who asks too often is asked to wait. Removed after a day."""

    address = models.CharField(max_length=64)  # keyed digest of where it came from
    at = models.DateTimeField(auto_now_add=True)

    class Meta:
        verbose_name = _("未核验成功的查询")
        verbose_name_plural = _("未核验成功的查询")
        default_permissions = ()
        indexes = [models.Index(fields=["address", "at"], name="invitations_failed_checks"), models.Index(fields=["at"], name="invitations_failed_checks_at")]

    def __str__(self) -> str:
        return str(self.at)
