"""Forms of what a person arranges for themselves: who stands in for them, their frequent phrases."""

from datetime import date
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from accounts.forms import DAY, THIS_AGE
from accounts.models import User
from accounts.roles import ROLES, Kind
from core.forms import PortalHelper

from .forms import PersonChoice
from .models import Phrase

BUSINESS_ROLES = [role.slug for role in ROLES.values() if role.kind is Kind.BUSINESS]


def possible_substitutes(person: User) -> Any:
    """Who may stand in for `person`: others in office who hold a business role."""
    return User.objects.filter(is_active=True, groups__name__in=BUSINESS_ROLES).exclude(pk=person.pk).distinct().order_by("name", "username")


class SubstitutionForm(forms.Form):
    substitute = PersonChoice(
        label=_("代办人"),
        queryset=User.objects.none(),
        empty_label=_("请选择"),
        help_text=_("这几天里，代办人可以办理委托人的全部办件和审签，记录中同时写明两人姓名。"),
    )
    from_on = forms.DateField(label=_("从"), widget=DAY, validators=THIS_AGE, help_text=_("格式如 2026-11-23。"))
    until_on = forms.DateField(label=_("到"), widget=DAY, validators=THIS_AGE, help_text=_("含当天。"))
    reason = forms.CharField(label=_("事由"), max_length=200, help_text=_("例如：出差、休假、学习。"))
    helper = PortalHelper()

    def __init__(self, *args: Any, person: User, today: date, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.today = today
        self.fields["substitute"].queryset = possible_substitutes(person)  # type: ignore[attr-defined]
        self.fields["from_on"].initial = today

    def clean_from_on(self) -> date:
        day: date = self.cleaned_data["from_on"]
        if day < self.today:
            raise forms.ValidationError(_("开始日期不能早于今天。"))
        return day

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        since, until = cleaned.get("from_on"), cleaned.get("until_on")
        if since and until and until < since:
            self.add_error("until_on", _("结束日期不能早于开始日期。"))
        return cleaned


class PhraseForm(forms.ModelForm):
    helper = PortalHelper()

    class Meta:
        model = Phrase
        fields = ["text"]

    def _get_validation_exclusions(self) -> set[str]:
        """Whose phrase it is counts too: the same one twice is refused."""
        return super()._get_validation_exclusions() - {"person"}  # type: ignore[misc]
