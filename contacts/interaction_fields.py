"""What is asked about an interaction, wherever it is asked: on the page of its thread, in quick entry, when it is corrected."""

import secrets
from datetime import datetime
from typing import Any

from django import forms
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.forms import DAY, THIS_AGE
from accounts.models import User
from cases.people_forms import BUSINESS_ROLES
from core.forms import unmark
from core.text_fields import guard

from .models import Interaction, Person, Sensitivity, Visit

MOMENT = forms.DateTimeInput(attrs={"type": "datetime-local"}, format="%Y-%m-%dT%H:%M")
LONG = forms.Textarea(attrs={"rows": 3})
THIS_CENTURY = datetime(2000, 1, 1, tzinfo=timezone.get_default_timezone())
CHANGED_MEANWHILE = _("打开页面之后，这次往来已由他人更正或撤销。请先看过现在的内容再提交；已填的内容都还在。")
AHEAD = 600  # seconds that the clock of a phone may be ahead


class PeopleChoice(forms.ModelMultipleChoiceField):
    def label_from_instance(self, obj: Any) -> str:
        return str(obj)


def correction_reason() -> forms.CharField:
    """Why something is put right; what stood there before is in the trail."""
    return forms.CharField(label=_("更正理由"), max_length=300, help_text=_("例如：时间登错。原来的内容留在审计日志里。"))


def moment(**options: Any) -> forms.DateTimeField:
    return forms.DateTimeField(widget=MOMENT, input_formats=["%Y-%m-%dT%H:%M", "%Y-%m-%dT%H:%M:%S", "%Y-%m-%d %H:%M"], **options)


class InteractionFields(forms.Form):
    """One interaction: how, when, with whom, about what, and what comes next."""

    mode = forms.ChoiceField(label=_("方式"), choices=Interaction.Mode.choices, initial=Interaction.Mode.PHONE, widget=forms.RadioSelect)
    summary = forms.CharField(label=_("摘要"), max_length=5000, widget=LONG, help_text=_("不得填写涉密内容。"))
    next_on = forms.DateField(label=_("下次跟进"), required=False, widget=DAY, validators=THIS_AGE)
    next_step = forms.CharField(label=_("下一步"), max_length=150, required=False)
    happened_at = moment(label=_("时间"))
    people = PeopleChoice(label=_("对方人员"), queryset=Person.objects.none(), required=False, widget=forms.CheckboxSelectMultiple)
    ours = PeopleChoice(label=_("我方人员"), queryset=User.objects.none(), required=False, widget=forms.CheckboxSelectMultiple)
    visit_kind = forms.ChoiceField(label=_("会见形式"), choices=Visit.Kind.choices, initial=Visit.Kind.VISIT, required=False)
    starts_at = moment(label=_("约定时间"), required=False)
    ends_at = moment(label=_("约定结束时间"), required=False)
    place = forms.CharField(label=_("地点"), max_length=200, required=False)
    sensitivity = forms.ChoiceField(
        label=_("敏感程度"),
        choices=Sensitivity.choices,
        initial=Sensitivity.INTERNAL,
        help_text=Interaction._meta.get_field("sensitivity").help_text,  # type: ignore[union-attr]
    )
    is_reported = forms.BooleanField(label=_("已按规定报外办"), required=False, help_text=_("接待外国外交官等须报外办的，勾选并填文号。"))
    report_number = forms.CharField(label=_("报外办文号"), max_length=80, required=False)
    form_key = forms.CharField(max_length=32, min_length=32, widget=forms.HiddenInput)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        guard(self.fields.items())
        if "starts_at" in self.fields:
            unmark(self.fields["starts_at"])  # an appointment needs it

    def offer(self, by: User, organisation: int | None) -> None:
        """Offer the people of this body and the department's own, beside those that were named; begin with now and the person at the form."""
        people = Q(positions__organisation=organisation) if organisation else Q(pk__in=[])
        self._offer("people", Person.objects.filter(people | Q(pk__in=self._named("people")), archived_at=None).distinct())
        own = Q(is_active=True, groups__name__in=BUSINESS_ROLES) | Q(pk__in=[by.pk, *self._named("ours")])  # leaders and signers receive guests as well
        self._offer("ours", User.objects.filter(own).distinct().order_by("name", "username"))
        self.fields["ours"].initial = [by.pk]
        self.fields["happened_at"].initial = timezone.localtime().replace(second=0, microsecond=0, tzinfo=None)
        if "form_key" in self.fields:
            self.fields["form_key"].initial = secrets.token_hex(16)

    def _offer(self, name: str, people: Any) -> None:
        field = self.fields[name]
        assert isinstance(field, PeopleChoice)
        field.queryset = people

    def _named(self, name: str) -> list[int]:
        """The keys of the people whom the form was sent with, or begins with."""
        sent = self.fields[name].widget.value_from_datadict(self.data, {}, self.add_prefix(name)) or self.initial.get(name) or []
        return [int(key) for key in map(str, sent) if key.isdecimal() and len(key) < 19]

    def clean_happened_at(self) -> datetime:
        at: datetime = self.cleaned_data["happened_at"]
        if (at - timezone.now()).total_seconds() > AHEAD:
            raise forms.ValidationError(_("时间不能晚于现在；以后的会见请用“预约”登记。"))
        if at < THIS_CENTURY:
            raise forms.ValidationError(_("请填写 2000 年以后的时间。"))
        return at

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        if cleaned.get("report_number") and not cleaned.get("is_reported"):
            self.add_error("is_reported", _("填写文号的，请勾选“已按规定报外办”。"))
        if cleaned.get("next_on") and cleaned["next_on"] < timezone.localdate():
            self.add_error("next_on", _("跟进日期不能早于今天。"))
        if cleaned.get("next_on") and not cleaned.get("next_step"):
            cleaned["next_step"] = str(_("继续跟进"))
        if cleaned.get("next_step") and not cleaned.get("next_on") and "next_on" not in self.errors:
            self.add_error("next_on", _("写了下一步，请选跟进日期。"))
        if "visit_kind" in self.fields and cleaned.get("mode") == Interaction.Mode.APPOINTMENT:
            self._check_visit(cleaned)
        return cleaned

    def _check_visit(self, cleaned: dict[str, Any]) -> None:
        starts, ends = cleaned.get("starts_at"), cleaned.get("ends_at")
        if not starts and "starts_at" not in self.errors:
            self.add_error("starts_at", _("请填写约定的会见时间。"))
        if starts and starts < cleaned.get("happened_at", starts):
            self.add_error("starts_at", _("约定的会见时间不能早于预约的时间。"))
        if starts and ends and ends < starts:
            self.add_error("ends_at", _("结束时间不能早于开始时间。"))
        cleaned["visit_kind"] = cleaned.get("visit_kind") or Visit.Kind.VISIT


FIELDS = ("mode", "summary", "happened_at", "sensitivity", "is_reported", "report_number")


def raw(values: dict[str, Any]) -> dict[str, Any]:
    """Cleaned values as a form is given them: text, and lists of keys."""
    return {name: _raw(value) for name, value in values.items() if value not in (None, "", False)}


def _raw(value: Any) -> Any:
    if isinstance(value, datetime):
        return (timezone.localtime(value) if timezone.is_aware(value) else value).strftime("%Y-%m-%dT%H:%M:%S")
    if hasattr(value, "values_list"):
        return sorted(value.values_list("pk", flat=True))
    return [row.pk for row in value] if isinstance(value, list) else str(value)
