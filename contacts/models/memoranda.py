"""Memoranda of cooperation (合作备忘录): the record of a case of item 1.2, its parties, who signs, and the versions of its texts."""

from datetime import date
from functools import cached_property
from typing import TYPE_CHECKING, Any

from django.db import models
from django.db.models import F, Q
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from cases.models import Case, Document, Term

from .organisations import Organisation
from .parts import by_whom, perhaps
from .people import Person

if TYPE_CHECKING:
    from accounts.models import User


class MemorandumQuerySet(models.QuerySet["Memorandum"]):
    def visible_to(self, user: "User", *rights: str) -> "MemorandumQuerySet":
        """The memoranda of the cases that this person may see; with `rights`, in a standing that holds these too."""
        return self.filter(case__in=Case.objects.visible_to(user, *rights))

    def in_force(self, day: date) -> "MemorandumQuerySet":
        """Signed, and on this day neither run out nor ended."""
        holds = Q(expires_on=None) | Q(expires_on__gte=day)
        return self.filter(holds, Q(ended_on=None) | Q(ended_on__gt=day), signed_on__isnull=False)


class Memorandum(models.Model):
    """What is agreed with a partner, one to one with its case. Signed, it is frozen: only its filing, its extension and its end come later."""

    class Prevailing(models.TextChoices):
        EQUAL = "equal", _("各文本同等作准")
        CHINESE = "zh", _("以中文文本为准")
        ENGLISH = "en", _("以英文文本为准")
        OTHER = "other", _("以其他文字文本为准")

    class Level(models.TextChoices):
        CITY = "city", _("市级")
        COUNCIL = "council", _("会级（市贸促会）")
        DEPARTMENT = "department", _("部门级")
        OTHER = "other", _("其他")

    class Renewal(models.TextChoices):
        AUTOMATIC = "automatic", _("自动顺延")
        WRITTEN = "written", _("需书面续签")
        OPEN = "open", _("无固定期限")

    class End(models.TextChoices):
        TERMINATED = "terminated", _("终止")
        RENEWED = "renewed", _("已续签")

    case = models.OneToOneField(Case, models.CASCADE, related_name="memorandum")
    kind = models.ForeignKey(Term, models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("文件种类"))
    title = models.CharField(_("中文标题"), max_length=200, blank=True)
    title_en = models.CharField(_("英文标题"), max_length=300, blank=True)
    title_other = models.CharField(_("其他文字标题"), max_length=300, blank=True)
    in_english = models.BooleanField(_("有英文文本"), default=True)
    other_language = models.CharField(_("其他文字"), max_length=40, blank=True, help_text=_("例如：日文、法文；没有则留空。"))
    prevailing = models.CharField(_("作准文本"), max_length=10, choices=Prevailing, blank=True)
    level = models.CharField(_("签署级别"), max_length=10, choices=Level, blank=True)
    renewal = models.CharField(_("续期方式"), max_length=10, choices=Renewal, blank=True)
    term_years = models.PositiveSmallIntegerField(_("有效期（年）"), null=True, blank=True, help_text=_("无固定期限的留空。"))
    renewal_years = models.PositiveSmallIntegerField(_("每次顺延（年）"), null=True, blank=True, help_text=_("只在自动顺延时填写。"))
    notice_days = models.PositiveSmallIntegerField(_("终止须提前通知（天）"), null=True, blank=True)
    is_earlier = models.BooleanField(
        _("补录启用本系统以前签署的备忘录"),
        default=False,
        help_text=_("上传签署的文本和扫描件，由审批人核对后登记签署；法律审查、双语核对和会签不再要求。开办后不能更改。"),
    )
    predecessor = models.ForeignKey("self", models.PROTECT, null=True, blank=True, related_name="successors", verbose_name=_("前一份备忘录"))
    # the text that was approved: the digest of all its versions in force (texts.digest_of_texts)
    approved_digest = models.CharField(max_length=64, blank=True)
    approved_at = models.DateTimeField(null=True, blank=True)
    approved_by = perhaps()
    # signing
    signed_on = models.DateField(_("签署日期"), null=True, blank=True)
    signed_place = models.CharField(_("签署地点"), max_length=200, blank=True)
    occasion = models.ForeignKey(Case, models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("签署场合"))
    signed_digest = models.CharField(max_length=64, blank=True)
    signing_recorded_at = models.DateTimeField(null=True, blank=True)
    signing_recorded_by = perhaps()
    effective_on = models.DateField(_("生效日期"), null=True, blank=True)
    expires_on = models.DateField(_("届满日期"), null=True, blank=True)  # the last day on which it holds; moved on when it is extended
    # the signed originals
    originals = models.PositiveSmallIntegerField(_("正本份数"), null=True, blank=True)
    originals_place = models.CharField(_("存放地点"), max_length=200, blank=True)
    filed_at = models.DateTimeField(null=True, blank=True)
    filed_by = perhaps()
    # its end, where that is not just its last day
    end_kind = models.CharField(_("结束方式"), max_length=12, choices=End, blank=True)
    notified_on = models.DateField(_("书面通知日期"), null=True, blank=True)
    ended_on = models.DateField(_("失效日期"), null=True, blank=True)  # the first day on which it holds no more
    end_number = models.CharField(_("通知文号"), max_length=80, blank=True)
    end_reason = models.CharField(_("终止理由"), max_length=500, blank=True)
    end_recorded_at = models.DateTimeField(null=True, blank=True)
    end_recorded_by = perhaps()

    objects = MemorandumQuerySet.as_manager()

    class Meta:
        verbose_name = _("合作备忘录")
        verbose_name_plural = _("合作备忘录")
        ordering = ["-pk"]
        default_permissions = ()
        constraints = [
            models.CheckConstraint(
                condition=Q(approved_digest="", approved_at=None, approved_by=None)
                | (~Q(approved_digest="") & Q(approved_at__isnull=False, approved_by__isnull=False)),
                name="contacts_memorandum_approved_all_or_none",
            ),
            models.CheckConstraint(
                condition=Q(signed_on=None, signed_digest="", signing_recorded_at=None, signing_recorded_by=None, effective_on=None, expires_on=None)
                | (
                    ~Q(signed_digest="")
                    & Q(signed_on__isnull=False, signing_recorded_at__isnull=False, signing_recorded_by__isnull=False, effective_on__isnull=False)
                ),
                name="contacts_memorandum_signed_all_or_none",
            ),
            models.CheckConstraint(
                condition=Q(signed_on=None) | Q(signed_digest=F("approved_digest")),
                name="contacts_memorandum_signed_as_approved",
                violation_error_message=_("签署的文本须与批准的文本一致。"),
            ),
            models.CheckConstraint(
                condition=Q(signed_on=None)
                | Q(renewal="open", term_years=None, renewal_years=None, expires_on=None)
                | Q(renewal="written", expires_on__isnull=False, renewal_years=None)
                | Q(renewal="automatic", expires_on__isnull=False, renewal_years__gte=1),
                name="contacts_memorandum_term_follows_renewal",
            ),
            models.CheckConstraint(
                condition=Q(expires_on=None) | Q(expires_on__gte=F("effective_on")),
                name="contacts_memorandum_expires_after_effect",
                violation_error_message=_("届满日期不能早于生效日期。"),
            ),
            models.CheckConstraint(
                condition=Q(originals=None, originals_place="", filed_at=None, filed_by=None)
                | (~Q(originals_place="") & Q(originals__gte=1, filed_at__isnull=False, filed_by__isnull=False, signed_on__isnull=False)),
                name="contacts_memorandum_filed_all_or_none",
            ),
            models.CheckConstraint(
                condition=Q(end_kind="", ended_on=None, notified_on=None, end_number="", end_reason="", end_recorded_at=None, end_recorded_by=None)
                | (~Q(end_kind="") & Q(ended_on__isnull=False, end_recorded_at__isnull=False, end_recorded_by__isnull=False, signed_on__isnull=False)),
                name="contacts_memorandum_ended_all_or_none",
            ),
            models.CheckConstraint(condition=Q(predecessor=None) | ~Q(predecessor=F("id")), name="contacts_memorandum_follows_another"),
        ]
        indexes = [
            models.Index(fields=["expires_on", "id"], name="contacts_memoranda_by_expiry"),
            models.Index(fields=["signed_on", "id"], name="contacts_memoranda_by_signing"),
        ]

    def __str__(self) -> str:
        return self.title or self.case.title

    def get_absolute_url(self) -> str:
        return f"{reverse('cases:case-detail', args=[self.case.number])}#memorandum"

    @property
    def is_signed(self) -> bool:
        return self.signed_on is not None

    @cached_property
    def current_parties(self) -> "list[MemorandumParty]":
        """Those that were not taken off again, ours first; read once."""
        return list(self.parties.filter(removed_at=None).select_related("organisation__country"))

    @property
    def partners(self) -> "list[MemorandumParty]":
        return [party for party in self.current_parties if not party.is_ours]

    @cached_property
    def current_signatories(self) -> "list[MemorandumSignatory]":
        return list(self.signatories.filter(removed_at=None, party__removed_at=None).select_related("party__organisation"))

    @cached_property
    def all_texts(self) -> "list[MemorandumText]":
        """Every version of the texts and every scan, the newest of each language first; read once."""
        return list(self.texts.select_related("document__added_by"))

    def holds_until(self) -> date | None:
        """The last day on which it holds, as things stand; None for one without a fixed term that was not ended, and before it is signed."""
        if self.ended_on is None:
            return self.expires_on
        last = date.fromordinal(self.ended_on.toordinal() - 1)
        return min(last, self.expires_on) if self.expires_on else last


def of_memorandum(name: str) -> "models.ForeignKey[Any, Any]":
    return models.ForeignKey(Memorandum, models.CASCADE, related_name=name)


class Part(models.Model):
    """Something said of a memorandum: who noted it and when; taken back with a reason, it stays as history."""

    made_at = models.DateTimeField(default=timezone.now)
    made_by = by_whom()
    removed_at = models.DateTimeField(null=True, blank=True)
    removed_by = perhaps()
    removed_reason = models.CharField(_("撤销理由"), max_length=300, blank=True)

    class Meta:
        abstract = True
        constraints = [
            models.CheckConstraint(
                condition=Q(removed_at=None, removed_by=None, removed_reason="")
                | (Q(removed_at__isnull=False, removed_by__isnull=False) & ~Q(removed_reason="")),
                name="contacts_%(class)s_removed_all_or_none",
            )
        ]


class MemorandumParty(Part):
    """An organisation that is party to a memorandum."""

    memorandum = of_memorandum("parties")
    organisation = models.ForeignKey(Organisation, models.PROTECT, related_name="memorandum_parties", verbose_name=_("机构"))
    role = models.CharField(_("身份"), max_length=60, default="签署方", help_text=_("例如：签署方、见证方。"))
    is_ours = models.BooleanField(_("我方"), default=False)

    class Meta(Part.Meta):
        verbose_name = _("签署方")
        verbose_name_plural = _("签署方")
        ordering = ["-is_ours", "pk"]
        default_permissions = ()
        constraints = [
            *Part.Meta.constraints,
            models.UniqueConstraint(
                fields=["memorandum", "organisation"],
                condition=Q(removed_at=None),
                name="contacts_party_once",
                violation_error_message=_("这个机构已经列为签署方。"),
            ),
        ]

    def __str__(self) -> str:
        return str(self.organisation)


class MemorandumSignatory(Part):
    """Who signs for a party, with the post in which they do."""

    memorandum = of_memorandum("signatories")
    party = models.ForeignKey(MemorandumParty, models.PROTECT, related_name="signatories", verbose_name=_("代表"))
    person = models.ForeignKey(Person, models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("联系人"), help_text=_("已登记的请选择。"))
    name = models.CharField(_("姓名"), max_length=150)
    post = models.CharField(_("职务"), max_length=150)

    class Meta(Part.Meta):
        verbose_name = _("签署人")
        verbose_name_plural = _("签署人")
        ordering = ["party", "pk"]
        default_permissions = ()
        constraints = [*Part.Meta.constraints]

    def __str__(self) -> str:
        return f"{self.name}（{self.post}）"


class Language(models.TextChoices):
    """In which language a text is."""

    CHINESE = "zh", _("中文")
    ENGLISH = "en", _("英文")
    OTHER = "other", _("其他文字")


class MemorandumText(models.Model):
    """One version of the text in one language, or a scan of the signed original. The file is a document of the case: kept, looked through, never deleted."""

    memorandum = of_memorandum("texts")
    document = models.OneToOneField(Document, models.PROTECT, related_name="memorandum_text", verbose_name=_("文件"))
    language = models.CharField(_("文字"), max_length=10, choices=Language)
    number = models.PositiveSmallIntegerField(_("版本"))
    is_scan = models.BooleanField(_("签署件扫描件"), default=False)
    note = models.CharField(_("修改说明"), max_length=500, blank=True)
    words = models.TextField(null=True, blank=True)  # noqa: DJ001 - NULL: not read yet; "" was read and says nothing, as a scan does

    class Meta:
        verbose_name = _("备忘录文本")
        verbose_name_plural = _("备忘录文本")
        ordering = ["is_scan", "language", "-number"]
        default_permissions = ()
        constraints = [
            models.UniqueConstraint(fields=["memorandum", "language", "is_scan", "number"], name="contacts_memorandum_text_version_once"),
            models.CheckConstraint(condition=Q(number__gte=1), name="contacts_memorandum_text_is_numbered"),
        ]

    def __str__(self) -> str:
        return f"{self.get_language_display()} {self.number}"
