"""What is asked for before a passport number is shown, when a visit is over, and when a person asks for what is held on them."""

from copy import copy
from datetime import date
from typing import Any

from django import forms
from django.core.validators import MaxValueValidator, MinValueValidator
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from core.forms import PortalHelper
from core.text_fields import guard

from .models import Invitee, PersonRequest, RetentionRule, Visit


class RevealForm(forms.Form):
    """Why a passport number is looked at."""

    reason = forms.CharField(
        label=gettext_lazy("查看理由"),
        min_length=4,
        max_length=200,
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
        help_text=gettext_lazy("写明为了办什么事，例如：签证机关来电核实。理由、时间和您的姓名记入审计日志。"),
        error_messages={
            "required": gettext_lazy("请写明查看理由。"),
            "min_length": gettext_lazy("理由太短，请写明为了办什么事。"),
        },
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        guard(self.fields.items())
        self.helper = PortalHelper()


class VisitForm(forms.ModelForm):
    """What became of one person: nothing chosen means that nothing is known yet."""

    visa = forms.ChoiceField(label=gettext_lazy("签证结果"), required=False)

    class Meta:
        model = Visit
        fields = ("visa", "entered_on", "left_on", "note")

    def __init__(self, data: Any = None, *, invitee: Invitee, today: date) -> None:
        row = getattr(invitee, "visit", None)
        super().__init__(data, instance=copy(row) or Visit(invitee=invitee), prefix=f"person-{invitee.pk}")
        self.invitee, self.today, self.is_known = invitee, today, row is not None
        self.fields["visa"].choices = [("", _("还不知道")), *Visit.Visa.choices]  # type: ignore[attr-defined]
        self.fields["left_on"].help_text = _("登记离境日期即为销签。")
        self.fields["note"].widget = forms.TextInput(attrs={"maxlength": "300"})
        guard(self.fields.items())
        self.helper = PortalHelper()
        self.helper.wrapper_class = "mb-3"

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        visa, entered, left = cleaned.get("visa"), cleaned.get("entered_on"), cleaned.get("left_on")
        told = entered or left or cleaned.get("note")
        if not visa and "visa" not in self.errors and (told or self.is_known):
            self.add_error("visa", _("请选择签证结果。"))
        if visa and visa != Visit.Visa.GRANTED and (entered or left):
            self.add_error("visa", _("未获签证或未使用的，不填入境和离境日期。"))
        if left and not entered:
            self.add_error("entered_on", _("登记了离境日期，请同时填写入境日期。"))
        for name, day in (("entered_on", entered), ("left_on", left)):
            if day and day > self.today:
                self.add_error(name, _("日期在今天以后；发生之后再登记。"))
        issued = self.invitee.application.received_at
        if entered and issued and entered < timezone.localdate(issued):
            self.add_error("entered_on", _("入境日期早于接件日期，请核对年份。"))
        if entered and left and left < entered:
            self.add_error("left_on", _("离境日期不能早于入境日期。"))
        return cleaned

    def _post_clean(self) -> None:
        """The constraints of the row are told above, each beside its field."""
        for name in self.cleaned_data:
            setattr(self.instance, name, self.cleaned_data[name])

    @property
    def is_awaited(self) -> bool:
        """Whether it is not known yet what became of the person."""
        return not self.is_known or (self.initial.get("visa") == Visit.Visa.GRANTED and not self.initial.get("left_on"))

    @property
    def is_to_be_kept(self) -> bool:
        """Whether there is anything to store that was not so before."""
        return self.has_changed() and bool(self.cleaned_data.get("visa"))


class PersonRequestForm(forms.ModelForm):
    """What a person asks for, how it is known that it is them, and whether the copy is to have the whole passport number."""

    class Meta:
        model = PersonRequest
        fields = ("kind", "with_passport", "applicant", "ground")
        widgets = {"ground": forms.Textarea(attrs={"rows": 3}), "kind": forms.RadioSelect}

    def __init__(self, data: Any = None, *, invitee: Invitee) -> None:
        super().__init__(data, instance=PersonRequest(invitee=invitee))
        self.fields["kind"].choices = PersonRequest.Kind.choices  # type: ignore[attr-defined]
        self.fields["with_passport"].help_text = _("只用于查阅、复制；不选的，副本上只有遮盖的号码。")
        guard(self.fields.items())
        self.helper = PortalHelper()

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        if cleaned.get("kind") == PersonRequest.Kind.PURGE and cleaned.get("with_passport"):
            self.add_error("with_passport", _("删除请求不涉及副本，请不要勾选。"))
        if "kind" in cleaned and self.instance.invitee.requests.filter(kind=cleaned["kind"], decision="").exists():
            self.add_error("kind", _("这个人已有同样的请求等待决定。"))
        return cleaned


class DecideForm(forms.Form):
    """A yes or a no, with the reason for a no."""

    decision = forms.ChoiceField(label=gettext_lazy("决定"), choices=PersonRequest.Decision.choices, widget=forms.RadioSelect)
    note = forms.CharField(
        label=gettext_lazy("意见"), max_length=500, required=False, widget=forms.Textarea(attrs={"rows": 3}), help_text=gettext_lazy("不同意的，写明理由。")
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        guard(self.fields.items())
        self.helper = PortalHelper()

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        if cleaned.get("decision") == PersonRequest.Decision.REFUSED and not cleaned.get("note"):
            self.add_error("note", _("不同意的，请写明理由。"))
        return cleaned


class RetentionForm(forms.ModelForm):
    """How long one kind of data is kept, and on what basis."""

    class Meta:
        model = RetentionRule
        fields = ("months", "papers", "basis")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["months"].validators += [MinValueValidator(1), MaxValueValidator(120)]
        self.fields["basis"].required = True
        if self.instance.what != RetentionRule.What.SCANS:
            del self.fields["papers"]
        guard(self.fields.items())
        self.helper = PortalHelper()
