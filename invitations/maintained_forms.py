"""The forms of what letters are made by: kinds, nationalities and regions, rules of checking."""

import re
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.core.validators import MaxValueValidator, MinValueValidator
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from cases.rule_queries import fingerprint
from contacts.models import Country
from core.forms import PortalHelper, SearchHelper
from core.text_fields import guard

from .maintained_actions import KIND_FIELDS, NATIONALITY_FIELDS, RULE_FIELDS, seen_of
from .models import CheckRule, InvitationLetter, LetterKind

TICK = forms.RadioSelect(attrs={"class": "form-check-input"})
LONG = forms.Textarea(attrs={"rows": 2})
REGIONS = ("TWN", "HKG", "MAC")
CODE = re.compile(r"[A-Z]{1,3}")
MOST_FIGURE = 999


class SeenForm(forms.ModelForm):
    """A row with what the page saw of it."""

    seen = forms.CharField(widget=forms.HiddenInput, required=False)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        guard(self.fields.items())
        self.helper = PortalHelper()

    def show_again(self, seen: str) -> None:
        """Draw what was typed once more, over what is stored now."""
        data: Any = self.data
        data = data.copy()
        data["seen"] = seen
        self.data = data

    def keep(self, *names: str) -> None:
        """These stay as they are."""
        for name in names:
            self.fields[name].disabled = True


class KindForm(SeenForm):
    class Meta:
        model = LetterKind
        fields = KIND_FIELDS
        widgets = {"overflow": TICK, "basis": LONG}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.initial["seen"] = seen_of(self.instance, KIND_FIELDS)
        self.is_used = bool(self.instance.pk) and InvitationLetter.objects.filter(kind=self.instance).exists()
        if self.is_used:
            self.keep("name", "name_en", "valid_from", "series")
            self.fields["name"].help_text = _("已按这个名称签发过函件，不能改名。名称变更时，填写停用日期，再新建一种。")
        for name, most in (("most", 50), ("valid_days", 366)):
            self.fields[name].validators += [MinValueValidator(1), MaxValueValidator(most)]  # type: ignore[attr-defined]

    def clean_pattern(self) -> str:
        pattern: str = self.cleaned_data["pattern"]
        if "{year}" not in pattern or "{number}" not in pattern:
            raise ValidationError(_("编号格式里 {year} 和 {number} 都必须写上。"))
        if set(pattern.replace("{year}", "").replace("{number}", "")) & set("{}"):
            raise ValidationError(_("编号格式里只能用 {year} 和 {number}。"))
        return pattern

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        others = LetterKind.objects.exclude(pk=self.instance.pk or 0)
        twin = others.filter(pattern=cleaned.get("pattern", "")).exclude(series=cleaned.get("series", "")).first()
        if twin and cleaned.get("series"):
            self.add_error("pattern", _("“%(name)s”已用这个编号格式而序列不同，两种函件会编出同一个号。请换格式，或用同一序列。") % {"name": twin.name})
        if since := cleaned.get("valid_from"):
            until = cleaned.get("valid_until")
            for other in others.filter(name=cleaned.get("name", "")):
                if (until is None or other.valid_from <= until) and (other.valid_until is None or since <= other.valid_until):
                    self.add_error("valid_from", _("同名的种类在这段时间里已经启用，请先给它填写停用日期。"))
                    break
        return cleaned


class NationalityForm(SeenForm):
    class Meta:
        model = Country
        fields = NATIONALITY_FIELDS
        help_texts = {
            "code": gettext_lazy("护照上的国籍代码，如 NOR（ICAO 9303 号文件第 3 部分）。"),
        }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.initial["seen"] = seen_of(self.instance, NATIONALITY_FIELDS)
        if self.instance.pk:
            self.keep("code")
        if self.instance.code in REGIONS:
            self.keep("name", "name_en")
            self.fields["name"].help_text = _("这一名称固定，不能改动。")

    def clean_code(self) -> str:
        code: str = self.cleaned_data["code"].strip().upper()
        if not CODE.fullmatch(code):
            raise ValidationError(_("代码是一至三个英文字母。"))
        return code

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        others = Country.objects.exclude(pk=self.instance.pk or 0)
        for name in ("name", "name_en"):
            if cleaned.get(name) and others.filter(**{name: cleaned[name]}).exists():
                self.add_error(name, _("已有这个名称的国籍或地区。"))
        return cleaned


class NationalitySearchForm(forms.Form):
    """What the list of nationalities is narrowed by."""

    STATES = [("", gettext_lazy("使用中")), ("free", gettext_lazy("有免签信息")), ("archived", gettext_lazy("已停用"))]

    q = forms.CharField(label=gettext_lazy("名称或代码"), max_length=100, required=False, widget=forms.SearchInput)
    state = forms.ChoiceField(label=gettext_lazy("状态"), choices=STATES, required=False)

    helper = SearchHelper()


class CheckRuleForm(SeenForm):
    class Meta:
        model = CheckRule
        fields = RULE_FIELDS
        widgets = {"strictness": TICK, "text": LONG, "basis": LONG}
        help_texts = {
            "strictness": gettext_lazy("“阻止”的，须改正或由第二人特批才能送审；其余只作提示。"),
            "valid_from": gettext_lazy("留空表示一直有效。格式如 2026-12-03。"),
            "valid_until": gettext_lazy("留空表示不停用。格式如 2026-12-03。"),
        }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.initial["seen"] = fingerprint([self.instance])
        self.fields["basis"].required = True
        if self.instance.figure is None:  # its check counts nothing
            del self.fields["figure"], self.fields["unit"]
        else:
            self.fields["figure"].required = True
            self.fields["figure"].validators += [MinValueValidator(1), MaxValueValidator(MOST_FIGURE)]  # type: ignore[attr-defined]
        if not self.instance.paper:
            del self.fields["paper"]
        else:
            self.fields["paper"].required = True

    @property
    def values(self) -> dict[str, Any]:
        """Every field of the rule: what the form does not ask for stays."""
        return {name: self.cleaned_data.get(name, getattr(self.instance, name)) for name in RULE_FIELDS}
