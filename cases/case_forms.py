"""Forms of the case pages that are not those of an action: opening a case, filtering its timeline."""

from collections.abc import Mapping
from typing import Any

from django import forms
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from core.forms import PortalHelper, SearchHelper
from core.text_fields import guard

from .kinds import CaseKind
from .models import Case, Term


class NewCaseForm(forms.Form):
    """What opening a case asks for: its title and sensitivity, and the first facts of its kind."""

    title = forms.CharField(label=_("名称"), max_length=200, help_text=_("写明对象和事由，例如“神港市商工联合会代表团来访”。"))
    sensitivity = forms.ChoiceField(
        label=_("敏感程度"),
        choices=Case.Sensitivity.choices,
        initial=Case.Sensitivity.INTERNAL,
        widget=forms.RadioSelect,
        help_text=_("本系统不得录入任何涉密内容。"),
    )

    helper = PortalHelper()

    def __init__(self, *args: Any, kind: CaseKind, origin: Case | None = None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        guard(self.fields.items())
        if origin:
            self.fields["relation"] = forms.ModelChoiceField(
                label=_now("与 %(number)s 的关系") % {"number": origin.number},
                queryset=Term.objects.filter(kind=Term.Kind.RELATION, archived_at=None),
                empty_label=None,
            )
        self.of_kind = kind.form(self.data if self.is_bound else None) if kind.form else None
        if self.of_kind is not None:
            self.fields |= self.of_kind.fields

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        if self.of_kind is not None:
            for name, errors in self.of_kind.errors.items():
                if name not in self.errors:
                    self.add_error(name if name in self.fields else None, errors)
        return cleaned

    @property
    def facts(self) -> Mapping[str, Any]:
        """The fields of the detail record, once the form is valid."""
        return self.of_kind.cleaned_data if self.of_kind is not None else {}


class TimelineFilter(forms.Form):
    """Which entries of a timeline: of one kind, by one person."""

    kind = forms.ChoiceField(label=_("类别"), required=False)
    by = forms.ChoiceField(label=_("人员"), required=False)

    helper = SearchHelper()

    def __init__(self, *args: Any, kinds: Mapping[str, Any], people: Mapping[int, str], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name, choices in (("kind", kinds), ("by", people)):
            field = self.fields[name]
            assert isinstance(field, forms.ChoiceField)
            field.choices = [("", _("全部")), *((str(key), label) for key, label in choices.items())]


def names_of(people: Any) -> dict[int, str]:
    """Primary key to name of these people, in order of their names."""
    return dict(User.objects.filter(pk__in=people).order_by("name", "pk").values_list("pk", "name"))
