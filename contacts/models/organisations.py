"""Organisations (机构): embassies, chambers, offices, bodies at home, enterprises."""

from django.db import models
from django.db.models import F, Q
from django.urls import reverse
from django.utils.translation import gettext_lazy as _
from django.utils.translation import gettext_noop

from cases.models import Term

from .countries import Country
from .parts import Record, Span, perhaps


class Organisation(Record):
    """One body that the department deals with, at home or abroad."""

    class Status(models.TextChoices):
        """Standing of an overseas non-governmental body in China (境外非政府组织境内活动管理法, 2017)."""

        UNCHECKED = "unchecked", _("未核实")
        OFFICE = "office", _("已设代表机构")
        TEMPORARY = "temporary", _("临时活动备案")
        NOT_APPLICABLE = "not_applicable", _("不适用")

    name = models.CharField(_("中文名称"), max_length=200)
    name_en = models.CharField(_("英文名称"), max_length=300, blank=True)
    name_native = models.CharField(_("本国文字名称"), max_length=300, blank=True)
    short_name = models.CharField(_("简称"), max_length=100, blank=True)
    former_names = models.TextField(_("曾用名"), max_length=2000, blank=True, help_text=_("每行一个。"))
    sorting = models.CharField(max_length=200, blank=True, editable=False)  # pinyin: what lists are sorted by
    kind = models.ForeignKey(Term, models.PROTECT, related_name="+", verbose_name=_("机构类型"))
    country = models.ForeignKey(Country, models.PROTECT, related_name="organisations", verbose_name=_("国家（地区）"))
    parent = models.ForeignKey("self", models.PROTECT, null=True, blank=True, related_name="children", verbose_name=_("上级机构"))
    district = models.CharField(_("领区"), max_length=300, blank=True, help_text=_("领事馆填写领事区域，例如：天津、北京、河北。"))
    china_status = models.CharField(_("在华身份"), max_length=20, choices=Status, default=Status.UNCHECKED)
    owner = perhaps(verbose_name=_("联系人（本部门）"))
    deputy = perhaps(verbose_name=_("替补联系人"))
    relation = models.ForeignKey(Term, models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("关系等级"))
    tags = models.ManyToManyField(Term, related_name="+", blank=True, verbose_name=_("标签"))
    website = models.URLField(_("网址"), max_length=300, blank=True)

    class Meta(Record.Meta):
        verbose_name = _("机构")
        verbose_name_plural = _("机构")
        ordering = ["sorting", "pk"]
        default_permissions = ()
        permissions = [
            ("view_contact", gettext_noop("查看联系人和机构")),
            ("change_contact", gettext_noop("登记、修改和归档联系人和机构")),
        ]
        constraints = [
            *Record.Meta.constraints,
            models.CheckConstraint(
                condition=~Q(parent=F("id")), name="contacts_organisation_has_another_parent", violation_error_message=_("上级机构不能是机构本身。")
            ),
            models.CheckConstraint(
                condition=Q(owner=None) | Q(deputy=None) | ~Q(owner=F("deputy")),
                name="contacts_owner_is_not_deputy",
                violation_error_message=_("联系人和替补联系人不能是同一人。"),
            ),
        ]
        indexes = [
            models.Index(fields=["country", "id"], name="contacts_by_country"),
            models.Index(fields=["name", "id"], name="contacts_by_name"),
            models.Index(fields=["sorting", "id"], name="contacts_bodies_sorted"),
        ]

    def __str__(self) -> str:
        return self.name

    def get_absolute_url(self) -> str:
        return reverse("contacts:organisation-detail", args=[self.pk])


class OrganisationAddress(Span):
    """Where an organisation is, or was."""

    organisation = models.ForeignKey(Organisation, models.CASCADE, related_name="addresses")
    text = models.CharField(_("地址"), max_length=300)
    text_en = models.CharField(_("英文地址"), max_length=400, blank=True)
    postcode = models.CharField(_("邮编"), max_length=20, blank=True)

    class Meta(Span.Meta):
        verbose_name = _("地址")
        verbose_name_plural = _("地址")
        ordering = [F("until_on").desc(nulls_first=True), "-pk"]
        default_permissions = ()

    def __str__(self) -> str:
        return self.text
