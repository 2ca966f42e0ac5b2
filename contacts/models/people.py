"""People (联系人), their positions in organisations, and how they and organisations are reached."""

from django.db import models
from django.db.models import F, Q
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from .countries import Country
from .organisations import Organisation
from .parts import Record, Span


class Person(Record):
    """One person outside the department, with names in the scripts in which they are written."""

    class Order(models.TextChoices):
        SURNAME_FIRST = "surname_first", _("姓在前")
        GIVEN_FIRST = "given_first", _("名在前")

    class Sex(models.TextChoices):
        MALE = "M", _("男")
        FEMALE = "F", _("女")

    name = models.CharField(_("中文姓名"), max_length=100, blank=True)
    surname = models.CharField(_("护照拼写：姓"), max_length=100, blank=True)
    given_names = models.CharField(_("护照拼写：名"), max_length=150, blank=True)
    name_native = models.CharField(_("本国文字姓名"), max_length=200, blank=True)
    order = models.CharField(_("姓名顺序"), max_length=15, choices=Order, default=Order.GIVEN_FIRST, help_text=_("护照拼写和本国文字姓名在称呼时的顺序。"))
    honorific = models.CharField(_("称谓"), max_length=50, blank=True, help_text=_("例如：先生、女士、博士、阁下。"))
    sorting = models.CharField(max_length=200, blank=True, editable=False)  # pinyin, or the name in Latin letters: what lists are sorted by
    sex = models.CharField(_("性别"), max_length=1, choices=Sex, blank=True)
    nationality = models.ForeignKey(Country, models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("国籍"))
    languages = models.CharField(_("语言"), max_length=200, blank=True)
    taboos = models.TextField(_("禁忌和习惯"), max_length=2000, blank=True, help_text=_("饮食、礼节等接待时须注意的事项。"))

    class Meta(Record.Meta):
        verbose_name = _("联系人")
        verbose_name_plural = _("联系人")
        ordering = ["sorting", "pk"]
        default_permissions = ()
        constraints = [
            *Record.Meta.constraints,
            models.CheckConstraint(
                condition=~Q(name="") | ~Q(surname="") | ~Q(given_names="") | ~Q(name_native=""),
                name="contacts_person_is_named",
                violation_error_message=_("请至少填写一种文字的姓名。"),
            ),
        ]
        indexes = [models.Index(fields=["sorting", "id"], name="contacts_people_sorted")]

    def __str__(self) -> str:
        return self.name or self.latin_name or self.name_native

    def get_absolute_url(self) -> str:
        return reverse("contacts:person-detail", args=[self.pk])

    @property
    def latin_name(self) -> str:
        """The name in passport spelling, in the order in which its bearer says it."""
        parts = (self.surname, self.given_names) if self.order == self.Order.SURNAME_FIRST else (self.given_names, self.surname)
        return " ".join(part for part in parts if part)


class Position(Span):
    """What a person is, or was, in an organisation. Staff of embassies rotate: an old position ends, the next one begins."""

    person = models.ForeignKey(Person, models.CASCADE, related_name="positions")
    organisation = models.ForeignKey(Organisation, models.PROTECT, related_name="positions", verbose_name=_("机构"))
    department = models.CharField(_("部门"), max_length=150, blank=True)
    title = models.CharField(_("职务"), max_length=150)
    title_en = models.CharField(_("英文职务"), max_length=200, blank=True)
    precedence = models.PositiveSmallIntegerField(_("礼宾次序"), default=100, help_text=_("数字小的在前；同一机构的人按它排列。"))

    class Meta(Span.Meta):
        verbose_name = _("任职")
        verbose_name_plural = _("任职")
        ordering = ["precedence", F("until_on").desc(nulls_first=True), "-pk"]
        default_permissions = ()

    def __str__(self) -> str:
        return f"{self.organisation} {self.title}"


class ContactPoint(models.Model):
    """One way to reach a person or an organisation. One that is no longer valid stays, with the day on which it ended."""

    class Kind(models.TextChoices):
        PHONE = "phone", _("电话")
        MOBILE = "mobile", _("手机")
        EMAIL = "email", _("邮箱")
        FAX = "fax", _("传真")
        MESSENGER = "messenger", _("即时通信")

    person = models.ForeignKey(Person, models.CASCADE, null=True, blank=True, related_name="points")
    organisation = models.ForeignKey(Organisation, models.CASCADE, null=True, blank=True, related_name="points")
    kind = models.CharField(_("方式"), max_length=10, choices=Kind)
    value = models.CharField(_("号码或地址"), max_length=200)
    folded = models.CharField(max_length=200, editable=False)  # digits of a number, address in lower case: what duplicates are found by
    label = models.CharField(_("说明"), max_length=50, blank=True, help_text=_("例如：办公室、秘书。"))
    is_preferred = models.BooleanField(_("首选"), default=False)
    ended_on = models.DateField(_("停用日期"), null=True, blank=True)

    class Meta:
        verbose_name = _("联系方式")
        verbose_name_plural = _("联系方式")
        ordering = [F("ended_on").desc(nulls_first=True), "-is_preferred", "pk"]
        default_permissions = ()
        constraints = [
            models.CheckConstraint(
                condition=Q(person=None, organisation__isnull=False) | Q(person__isnull=False, organisation=None), name="contacts_point_has_one_owner"
            ),
        ]
        indexes = [models.Index(fields=["folded", "kind"], name="contacts_by_folded_value")]

    def __str__(self) -> str:
        return self.value
