"""The form of what is known about a country."""

import hashlib
from typing import Any

from django import forms
from django.http import QueryDict
from django.utils.translation import gettext as _

from core.forms import PortalHelper
from core.text_fields import guard

from .models import Country

FACTS = ("etiquette", "visa_free_days", "visa_free_until", "visa_free_source")


def fingerprint(country: Country) -> str:
    """Which state of the country a page showed."""
    told = "\x1f".join(str(getattr(country, name) or "") for name in FACTS)
    return hashlib.sha256(told.encode()).hexdigest()[:32]


class CountryForm(forms.ModelForm):
    """Etiquette, and how long its people may stay without a visa, with the source that says so."""

    seen = forms.CharField(widget=forms.HiddenInput, required=False)

    class Meta:
        model = Country
        fields = FACTS
        widgets = {"etiquette": forms.Textarea(attrs={"rows": 10})}

    def __init__(self, data: Any, *, instance: Country, stored: Country) -> None:
        super().__init__(data, instance=instance, initial={"seen": fingerprint(stored)})
        guard(self.fields.items())
        self.helper = PortalHelper()

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        if cleaned.get("visa_free_days") and not cleaned.get("visa_free_source"):
            self.add_error("visa_free_source", _("请写明免签信息的来源。"))
        return cleaned

    @property
    def wanted(self) -> dict[str, Any]:
        return {name: self.cleaned_data[name] for name in FACTS}

    def show_again(self, stored: Country) -> None:
        """Draw the page anew over what is stored now."""
        data = QueryDict(mutable=True)
        data.update(self.data)
        data["seen"] = fingerprint(stored)
        self.data = data
