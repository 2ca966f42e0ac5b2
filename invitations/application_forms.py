"""The form of an application on its case: filled in little by little, with what the checks say beside each field."""

from collections.abc import Iterable
from datetime import timedelta
from typing import Any

from crispy_forms.layout import Fieldset, Layout
from django import forms
from django.core.exceptions import ValidationError
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db.models import Q
from django.utils import timezone
from django.utils.html import format_html, format_html_join
from django.utils.translation import gettext_lazy as _

from cases.forms import LONG, ActionForm
from cases.kinds import Turn
from cases.models import Case, Term
from contacts.countries import countries
from core.forms import PortalHelper
from core.text_fields import DAY, guard

from . import checks
from .models import Application, LetterKind

PARTS = (
    (_("邀请单位和函件"), ("unit", "kind", "visa_class", "payer")),
    (_("来访"), ("purpose", "purpose_en", "relation", "relation_en", "entry_on", "exit_on", "entries", "stay_days", "places", "places_en", "itinerary")),
    (_("签证"), ("post_country", "post", "post_en")),
)
MOST_DAYS = 365  # of one stay
MOST_AHEAD = timedelta(days=731)  # beyond that a year was mistyped


def tell_beside(fields: dict[str, forms.Field], findings: Iterable[checks.Finding]) -> None:
    """Put what the checks say under the fields that it is about."""
    by_field: dict[str, list[checks.Finding]] = {}
    for finding in findings:
        by_field.setdefault(finding.field, []).append(finding)
    for name, found in by_field.items():
        if name in fields:
            lines = format_html_join(
                "", '<span class="told {}">{} {}：{}</span>', ((f.rule.strictness, f.rule.code, f.rule.get_strictness_display(), f.text) for f in found)
            )
            fields[name].help_text = format_html("{}{}", fields[name].help_text or "", lines)


class DateRules(forms.Form):
    """Entry lies ahead, exit not before it."""

    def clean_entry_on(self) -> Any:
        day = self.cleaned_data["entry_on"]
        if day and "entry_on" in self.changed_data and day <= timezone.localdate():
            raise ValidationError(_("计划入境日期已过，请改为今后的日期"))
        if day and day > timezone.localdate() + MOST_AHEAD:
            raise ValidationError(_("计划入境日期在两年以后，请核对年份。"))
        return day

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        entry, leave = cleaned.get("entry_on"), cleaned.get("exit_on")
        if entry and leave and leave < entry:
            self.add_error("exit_on", _("离境日期不能早于入境日期。"))
        if entry and leave and leave > entry + MOST_AHEAD:
            self.add_error("exit_on", _("离境日期在入境两年以后，请核对年份。"))
        return cleaned


def kinds_on(day: Any, also: int | None = None) -> Any:
    """The kinds of letters in use on a day."""
    return LetterKind.objects.filter(Q(pk=also) | Q(valid_from__lte=day) & (Q(valid_until=None) | Q(valid_until__gte=day)))


def tell_held(units: Any) -> None:
    """Say of units in a list of choices, `units`, whose applications are not taken now."""
    units.queryset = units.queryset.prefetch_related("holds")
    units.label_from_instance = lambda unit: _("%(unit)s（暂停受理）") % {"unit": unit} if unit.open_hold else str(unit)


class ApplicationForm(DateRules, ActionForm):
    """All that a unit asks for. What is still empty may stay so until the application is taken in."""

    def fit(self, turn: Turn) -> None:
        application = turn.detail
        assert isinstance(application, Application)
        fields: dict[str, Any] = forms.fields_for_model(Application, checks.NEEDED)
        guard(fields.items())
        tell_held(fields["unit"])
        fields["kind"].queryset = kinds_on(timezone.localdate(), application.kind_id)
        fields["itinerary"].widget.attrs["rows"] = 6
        fields["stay_days"].validators += [MinValueValidator(1), MaxValueValidator(MOST_DAYS)]
        no_country = [row.alpha3 for row in countries() if not row.alpha2]
        fields["post_country"].queryset = fields["post_country"].queryset.filter(archived_at=None).exclude(code__in=no_country).order_by("pk")
        for name, field in fields.items():
            field.required = False
            field.initial = getattr(application, f"{name}_id", None) if isinstance(field, forms.ModelChoiceField) else getattr(application, name)
        self.fields.update(fields)
        self.helper.wrapper_class = "mb-3"  # nothing here is optional in the end
        self.helper.layout = Layout(*(Fieldset(str(label), *names) for label, names in PARTS))
        tell_beside(fields, checks.findings(checks.load(application, turn.case.materials.all())))


class OpeningForm(DateRules, forms.ModelForm):
    """What opening a case asks for: who invites, why, and when; the rest is filled in on the case."""

    class Meta:
        model = Application
        fields = ("unit", "purpose", "entry_on", "exit_on")
        widgets = {"entry_on": DAY, "exit_on": DAY}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        guard(self.fields.items())
        tell_held(self.fields["unit"])
        self.helper = PortalHelper()


class TakeOverForm(ActionForm):
    """Another case whose purpose, dates and people the application takes over."""

    number = forms.CharField(
        label=_("办件编号"), max_length=24, help_text=_("例如 4.1-2026-0001。已填的内容不会改动，只填还空着的栏目；名单上没有的人会加上。")
    )
    relation = forms.ModelChoiceField(
        label=_("与本办件的关系"), queryset=Term.objects.filter(kind=Term.Kind.RELATION, archived_at=None), required=False, empty_label=_("不关联")
    )

    def clean_number(self) -> str:
        number: str = self.cleaned_data["number"].strip()
        other = Case.objects.visible_to(self.turn.by).filter(number=number).exclude(pk=self.turn.case.pk).first()
        if other is None:
            raise ValidationError(_("没有找到这个编号的办件，请核对编号。"))
        self.cleaned_data["other"] = other
        return number


class RemoveForm(ActionForm):
    reason = forms.CharField(label=_("理由"), max_length=300, widget=LONG, help_text=_("例如：行程取消。"))
