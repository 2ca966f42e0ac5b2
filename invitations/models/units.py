"""Inviting units (邀请单位): whoever asks for a letter answers for the guests."""

from datetime import date
from typing import Any

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.utils.translation import gettext_noop


def person(**options: Any) -> "models.ForeignKey[Any, Any]":
    """A person of the portal, named by what they did."""
    return models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", **options)


def perhaps() -> "models.ForeignKey[Any, Any]":
    return person(null=True, blank=True)


class InvitingUnit(models.Model):
    """A domestic legal person that asks for letters, under its unified social credit code (GB 32100-2015)."""

    name = models.CharField(_("单位名称"), max_length=200)
    name_en = models.CharField(_("英文名称"), max_length=300)
    uscc = models.CharField(_("统一社会信用代码"), max_length=18, unique=True, error_messages={"unique": _("已有使用这个统一社会信用代码的邀请单位。")})
    address = models.CharField(_("地址"), max_length=300)
    address_en = models.CharField(_("英文地址"), max_length=400, blank=True)
    contact = models.CharField(_("联系人"), max_length=100)
    phone = models.CharField(_("电话"), max_length=50)
    email = models.EmailField(_("邮箱"), blank=True)
    signatory = models.CharField(_("签署人和职务"), max_length=200, blank=True, help_text=_("委托函的签署人，通常为副总经理以上或经授权的负责人。"))
    note = models.TextField(_("备注"), blank=True, max_length=2000)
    version = models.PositiveIntegerField(default=1)
    made_at = models.DateTimeField(default=timezone.now)
    made_by = person()

    class Meta:
        verbose_name = _("邀请单位")
        verbose_name_plural = _("邀请单位")
        ordering = ["name", "pk"]
        default_permissions = ()
        permissions = [("change_unit", gettext_noop("登记邀请单位及其备案")), ("hold_unit", gettext_noop("暂停和恢复受理邀请单位"))]

    def __str__(self) -> str:
        return self.name

    def get_absolute_url(self) -> str:
        return reverse("invitations:unit-detail", args=[self.pk])

    @property
    def open_hold(self) -> "UnitHold | None":
        """Why its applications are not taken now."""
        return next((hold for hold in self.holds.all() if hold.ended_at is None), None)

    def filing_on(self, day: date) -> "UnitFiling | None":
        """The yearly filing that holds on this day."""
        return next((filing for filing in self.filings.all() if filing.year == day.year and filing.withdrawn_at is None), None)


class UnitFiling(models.Model):
    """The yearly filing of a unit, with the one employee who deals with letters (专办员) and how long that authority lasts."""

    unit = models.ForeignKey(InvitingUnit, models.PROTECT, related_name="filings")
    year = models.PositiveSmallIntegerField(_("备案年度"))
    officer = models.CharField(_("专办员"), max_length=100)
    officer_phone = models.CharField(_("专办员电话"), max_length=50)
    authorised_until = models.DateField(_("授权有效期至"))
    papers = models.TextField(_("备案材料"), max_length=1000, help_text=_("每行一份，例如：营业执照副本、专办员身份证件、法人授权书。"))
    filed_at = models.DateTimeField(default=timezone.now)
    filed_by = person()
    withdrawn_at = models.DateTimeField(null=True, blank=True)
    withdrawn_by = perhaps()
    withdraw_reason = models.CharField(_("撤销理由"), max_length=300, blank=True)

    class Meta:
        verbose_name = _("年度备案")
        verbose_name_plural = _("年度备案")
        ordering = ["-year", "-pk"]
        default_permissions = ()
        constraints = [
            models.UniqueConstraint(
                fields=["unit", "year"],
                condition=Q(withdrawn_at=None),
                name="invitations_filed_once_a_year",
                violation_error_message=_("这个单位本年度已备案；要更换专办员，请先撤销原备案。"),
            ),
            models.CheckConstraint(
                condition=Q(withdrawn_at=None, withdrawn_by=None, withdraw_reason="")
                | (Q(withdrawn_at__isnull=False, withdrawn_by__isnull=False) & ~Q(withdraw_reason="")),
                name="invitations_filing_withdrawn_all_or_none",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.unit} {self.year}"


class UnitHold(models.Model):
    """A time in which applications of a unit are not taken (in default, filing void); ended, it stays as history."""

    unit = models.ForeignKey(InvitingUnit, models.PROTECT, related_name="holds")
    reason = models.CharField(_("暂停理由"), max_length=300)
    since_at = models.DateTimeField(default=timezone.now)
    since_by = person()
    ended_at = models.DateTimeField(null=True, blank=True)
    ended_by = perhaps()
    end_reason = models.CharField(_("恢复理由"), max_length=300, blank=True)

    class Meta:
        verbose_name = _("暂停受理")
        verbose_name_plural = _("暂停受理")
        ordering = ["-pk"]
        default_permissions = ()
        constraints = [
            models.UniqueConstraint(
                fields=["unit"], condition=Q(ended_at=None), name="invitations_one_open_hold", violation_error_message=_("这个单位已经暂停受理。")
            ),
            models.CheckConstraint(
                condition=Q(ended_at=None, ended_by=None, end_reason="") | (Q(ended_at__isnull=False, ended_by__isnull=False) & ~Q(end_reason="")),
                name="invitations_hold_ended_all_or_none",
            ),
        ]

    def __str__(self) -> str:
        return self.reason
