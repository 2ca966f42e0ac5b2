"""An application for letters: the record of a case of item 4.1, and the people whom it invites."""

from typing import Any

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _
from django.utils.translation import gettext_noop

from cases.models import Case
from contacts.models import Country
from core.encryption import BlindIndexField, EncryptedTextField, SealedRow

from .lists import LetterKind
from .units import InvitingUnit, perhaps


class Application(models.Model):
    """What a unit asks for, one to one with its case. It changes until it is submitted; what is issued is copied into letters."""

    class VisaClass(models.TextChoices):
        M = "M", _("M 字（商贸）")
        F = "F", _("F 字（交流、访问、考察）")
        OTHER = "other", _("其他")

    class Entries(models.TextChoices):
        ONE = "one", _("一次")
        TWO = "two", _("两次")
        HALF_YEAR = "half_year", _("半年多次")
        YEAR = "year", _("一年多次")

    class Payer(models.TextChoices):
        INVITEE = "invitee", _("被邀请人")
        EMPLOYER = "employer", _("被邀请人所在单位")
        UNIT = "unit", _("邀请单位")
        SHARED = "shared", _("双方分担")

    case = models.OneToOneField(Case, models.CASCADE, related_name="invitation_application")
    unit = models.ForeignKey(InvitingUnit, models.PROTECT, null=True, blank=True, related_name="applications", verbose_name=_("邀请单位"))
    kind = models.ForeignKey(LetterKind, models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("函件种类"))
    visa_class = models.CharField(_("申请签证种类"), max_length=10, choices=VisaClass, blank=True)
    purpose = models.CharField(_("来访目的"), max_length=200, blank=True)
    purpose_en = models.CharField(_("来访目的（英文）"), max_length=300, blank=True)
    relation = models.CharField(_("双方关系"), max_length=100, blank=True)
    relation_en = models.CharField(_("双方关系（英文）"), max_length=200, blank=True)
    entry_on = models.DateField(_("计划入境日期"), null=True, blank=True, help_text=_("格式如 2026-12-03。过了这一天，不能再凭本函申请签证。"))
    exit_on = models.DateField(_("计划离境日期"), null=True, blank=True)
    entries = models.CharField(_("入境次数"), max_length=10, choices=Entries, blank=True)
    stay_days = models.PositiveSmallIntegerField(_("每次最长停留（天）"), null=True, blank=True)
    places = models.CharField(_("到访地点"), max_length=200, blank=True, help_text=_("写城市，用顿号分开；外省市的在日程中说明。"))
    places_en = models.CharField(_("到访地点（英文）"), max_length=300, blank=True)
    itinerary = models.TextField(_("日程"), max_length=4000, blank=True, help_text=_("每行一天，例如：2026-12-03 抵津，设备进场。"))
    post_country = models.ForeignKey(Country, models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("申请签证的国家"))
    post = models.CharField(_("签证机关"), max_length=100, blank=True, help_text=_("例如：中华人民共和国驻某国大使馆。"))
    post_en = models.CharField(_("签证机关（英文）"), max_length=200, blank=True)
    payer = models.CharField(_("费用承担"), max_length=10, choices=Payer, blank=True)
    replaces = models.ForeignKey(  # the letter in whose place this application's letter will be
        "invitations.InvitationLetter", models.PROTECT, null=True, blank=True, related_name="replacements"
    )
    received_at = models.DateTimeField(null=True, blank=True)  # taken in at the counter, complete
    received_by = perhaps()

    class Meta:
        verbose_name = _("邀请函申请")
        verbose_name_plural = _("邀请函申请")
        default_permissions = ()
        permissions = [
            ("reveal_passports", gettext_noop("说明理由后查看完整护照号码")),
            ("register_scan", gettext_noop("登记用印、交付、签字盖章后的扫描件和网上提交")),
            ("ask_cancellation", gettext_noop("申请作废已签发的函件")),
            ("view_register", gettext_noop("查看和打印发文登记簿")),
            ("open_scan", gettext_noop("打开签字盖章后的扫描件")),
        ]
        constraints = [
            models.CheckConstraint(
                condition=Q(entry_on=None) | Q(exit_on=None) | Q(exit_on__gte=F("entry_on")),
                name="invitations_exit_after_entry",
                violation_error_message=_("离境日期不能早于入境日期。"),
            ),
            models.CheckConstraint(
                condition=Q(received_at=None, received_by=None) | Q(received_at__isnull=False, received_by__isnull=False),
                name="invitations_received_all_or_none",
            ),
        ]

    def __str__(self) -> str:
        return self.case.number


class Invitee(SealedRow):
    """One invited person, with the names as the passport has them. The passport number is encrypted, shown masked, and purged when it is due."""

    class Sex(models.TextChoices):
        MALE = "M", _("男")
        FEMALE = "F", _("女")
        UNSPECIFIED = "X", _("未注明")

    application = models.ForeignKey(Application, models.CASCADE, related_name="invitees")
    position = models.PositiveSmallIntegerField()
    surname = models.CharField(_("护照上的姓"), max_length=60, blank=True)
    given_names = models.CharField(_("护照上的名"), max_length=80, blank=True)
    chinese_name = models.CharField(_("中文姓名"), max_length=40, blank=True)
    sex = models.CharField(_("性别"), max_length=1, choices=Sex)
    birth_on = models.DateField(_("出生日期"), null=True)  # NULL only where it was purged
    nationality = models.ForeignKey(Country, models.PROTECT, related_name="+", verbose_name=_("国籍"))
    passport_number = EncryptedTextField(_("护照号码"), null=True)
    passport_index = BlindIndexField(of="passport_number")
    passport_issued_on = models.DateField(_("签发日期"), null=True, blank=True)
    passport_expires_on = models.DateField(_("有效期至"), null=True)  # NULL only where it was purged
    employer = models.CharField(_("工作单位"), max_length=200, blank=True)
    employer_en = models.CharField(_("工作单位（英文）"), max_length=300, blank=True)
    job = models.CharField(_("职务"), max_length=100, blank=True)
    job_en = models.CharField(_("职务（英文）"), max_length=150, blank=True)
    has_visited = models.BooleanField(_("曾来华"), default=False)
    is_in_china = models.BooleanField(_("现在境内"), default=False)
    is_from_mrz = models.BooleanField(default=False)  # the machine-readable lines were read, and their check digits are right
    removed_at = models.DateTimeField(null=True, blank=True)  # no longer on the list; kept as history until purged
    purged_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        verbose_name = _("被邀请人")
        verbose_name_plural = _("被邀请人")
        ordering = ["position", "pk"]
        default_permissions = ()
        constraints = [
            models.CheckConstraint(
                condition=~Q(surname="") | ~Q(given_names=""), name="invitations_invitee_is_named", violation_error_message=_("请填写护照上的姓名。")
            ),
            models.CheckConstraint(condition=Q(purged_at=None) | Q(passport_number__isnull=True, passport_index=None), name="invitations_purged_has_no_number"),
            models.CheckConstraint(
                condition=Q(purged_at__isnull=False) | Q(birth_on__isnull=False, passport_expires_on__isnull=False, passport_number__isnull=False),
                name="invitations_invitee_has_a_passport",
            ),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def name(self) -> str:
        """As in the passport: surname first."""
        return f"{self.surname} {self.given_names}".strip()

    @property
    def passport(self) -> str:
        """The passport number itself, for a letter; "" once it is purged. Pages show `passport_number`, which masks itself."""
        secret: Any = self.passport_number
        return secret.reveal() if secret else ""
