"""The forms of inviting units: their facts, their yearly filing, and why they are on hold."""

import re
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from core.chinese import normalise
from core.forms import PortalHelper, SearchHelper
from core.text_fields import guard

from .models import InvitingUnit, UnitFiling
from .uscc import read_uscc

LONG = forms.Textarea(attrs={"rows": 3})
COMMON = re.compile(r"(股份有限公司|有限责任公司|有限公司|集团|公司|中国|\W|_)")
PHONE = re.compile(r"[0-9+()\-\s转#,，、/]{5,}")


def key_of(name: str) -> str:
    """A name as names are compared: width, case, signs and the form of the company do not matter."""
    return COMMON.sub("", normalise(name)) or normalise(name)


class UnitForm(forms.ModelForm):
    """A unit as it is registered or changed."""

    class Meta:
        model = InvitingUnit
        fields = ("name", "name_en", "uscc", "address", "address_en", "contact", "phone", "email", "signatory", "note")
        widgets = {"note": LONG}

    uscc = forms.CharField(
        label=gettext_lazy("统一社会信用代码"),
        max_length=40,
        help_text=gettext_lazy("18 位，照营业执照填写；系统核对校验位。"),
        widget=forms.TextInput(attrs={"class": "mono"}),
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        guard(self.fields.items())
        self.helper = PortalHelper()

    def clean_uscc(self) -> str:
        code = read_uscc(self.cleaned_data["uscc"])
        twin = InvitingUnit.objects.filter(uscc=code).exclude(pk=self.instance.pk or 0).first()
        if twin:
            raise ValidationError(_("这个代码已登记给“%(name)s”。") % {"name": twin.name})
        return code

    def clean_phone(self) -> str:
        phone: str = self.cleaned_data["phone"]
        if not PHONE.fullmatch(phone):
            raise ValidationError(_("电话只由数字和 + - ( ) 组成，分机写“转”。"))
        return phone

    def alike(self) -> list[InvitingUnit]:
        """Units of other codes whose names are nearly the same."""
        keys = {key_of(self.cleaned_data["name"]), key_of(self.cleaned_data["name_en"])}
        others = InvitingUnit.objects.exclude(pk=self.instance.pk or 0).only("pk", "name", "name_en", "uscc")
        return [other for other in others if {key_of(other.name), key_of(other.name_en)} & keys][:5]


class FilingForm(forms.ModelForm):
    """The filing of a year, with the one employee who deals with letters."""

    class Meta:
        model = UnitFiling
        fields = ("year", "officer", "officer_phone", "authorised_until", "papers")
        widgets = {"papers": forms.Textarea(attrs={"rows": 5})}

    def __init__(self, data: Any = None, *, unit: InvitingUnit) -> None:
        super().__init__(data, instance=UnitFiling(unit=unit, year=timezone.localdate().year))
        guard(self.fields.items())
        self.helper = PortalHelper()

    def clean_year(self) -> int:
        year: int = self.cleaned_data["year"]
        now = timezone.localdate().year
        if year not in {now, now + 1}:
            raise ValidationError(_("只登记 %(now)d 年和 %(next)d 年的备案。") % {"now": now, "next": now + 1})
        if self.instance.unit.filings.filter(year=year, withdrawn_at=None).exists():
            raise ValidationError(_("这个单位本年度已备案；要更换专办员，请先撤销原备案。"))
        return year

    def clean_authorised_until(self) -> Any:
        day = self.cleaned_data["authorised_until"]
        if day < timezone.localdate():
            raise ValidationError(_("授权已经到期，请单位重新出具授权书。"))
        return day


class ReasonForm(forms.Form):
    reason = forms.CharField(label=gettext_lazy("理由"), max_length=300, widget=LONG)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        guard(self.fields.items())
        self.helper = PortalHelper()


class UnitSearchForm(forms.Form):
    """What the list of units is narrowed by."""

    STATES = [
        ("", gettext_lazy("全部")),
        ("filed", gettext_lazy("本年度已备案")),
        ("unfiled", gettext_lazy("本年度未备案")),
        ("held", gettext_lazy("已暂停受理")),
    ]

    q = forms.CharField(label=gettext_lazy("名称、代码或联系人"), max_length=100, required=False, widget=forms.SearchInput)
    state = forms.ChoiceField(label=gettext_lazy("状态"), choices=STATES, required=False)

    helper = SearchHelper()


class ApplicationSearchForm(forms.Form):
    """What the list of applications is narrowed by."""

    STATES = [("", gettext_lazy("在办")), ("all", gettext_lazy("全部"))]

    q = forms.CharField(label=gettext_lazy("办件、单位、函号或姓名"), max_length=100, required=False, widget=forms.SearchInput)
    state = forms.ChoiceField(label=gettext_lazy("状态"), choices=STATES, required=False)

    helper = SearchHelper()
