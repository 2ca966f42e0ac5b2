"""The form of a rule of liaison work."""

from typing import Any

from django import forms
from django.core.validators import MaxValueValidator, MinValueValidator

from core.forms import PortalHelper
from core.text_fields import guard

from .models import LiaisonRule

MOST = 3650


class LiaisonRuleForm(forms.ModelForm):
    """How strictly it is applied, its figure, where it comes from."""

    class Meta:
        model = LiaisonRule
        fields = ("strictness", "figure", "basis")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        guard(self.fields.items())
        self.helper = PortalHelper()
        self.fields["basis"].required = True
        if self.instance.figure is None:
            del self.fields["figure"]
        else:
            self.fields["figure"].required = True
            self.fields["figure"].help_text = self.instance.unit
            self.fields["figure"].validators += [MinValueValidator(1), MaxValueValidator(MOST)]

    def clean(self) -> dict[str, Any]:
        return {"figure": None} | (super().clean() or {})
