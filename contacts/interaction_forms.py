"""Forms of the page of an interaction."""

from typing import Any

from django import forms
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from cases.models import Case
from core.forms import PortalHelper

from .interaction_fields import CHANGED_MEANWHILE, FIELDS, LONG, InteractionFields, correction_reason
from .models import Interaction
from .models.interactions import LOG


class CorrectionForm(InteractionFields):
    """Putting right what was entered; the next step stays with its task, a visit with its own acts."""

    next_on = next_step = visit_kind = starts_at = ends_at = place = form_key = None  # type: ignore[assignment]
    reason = correction_reason()
    version = forms.IntegerField(widget=forms.HiddenInput)

    helper = PortalHelper()

    def __init__(self, data: Any, *, by: User, interaction: Interaction) -> None:
        initial: dict[str, Any] = {name: getattr(interaction, name) for name in (*FIELDS, "version")}
        initial["happened_at"] = timezone.localtime(interaction.happened_at).replace(tzinfo=None)
        initial["people"] = [person.pk for person in interaction.people.all()]
        initial["ours"] = [person.pk for person in interaction.ours.all()]
        self.is_stale = data is not None and data.get("version") != str(interaction.version)
        if self.is_stale:
            data = data.copy()
            data["version"] = interaction.version
        super().__init__(data, initial=initial)
        self.interaction = interaction
        self.offer(by, interaction.thread.organisation_id)

    def clean_happened_at(self) -> Any:
        at, year = super().clean_happened_at(), self.interaction.thread.year
        if timezone.localdate(at).year != year:
            raise forms.ValidationError(_("这次往来登记在 %(year)d 年度，时间须在这一年；年度不对的请撤销后重新登记。") % {"year": year})
        return at

    def clean(self) -> dict[str, Any]:
        if self.is_stale:
            self.add_error(None, CHANGED_MEANWHILE)
        return super().clean()


class ReasonForm(forms.Form):
    reason = forms.CharField(label=_("理由"), max_length=500, widget=LONG)

    helper = PortalHelper()


class CaseNumberForm(forms.Form):
    """The case to which an interaction is linked."""

    number = forms.CharField(label=_("办件编号"), max_length=24, help_text=_("例如 2.1-2026-0001。"))

    helper = PortalHelper()

    def __init__(self, *args: Any, by: User, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.by = by

    def clean_number(self) -> Case:
        case = Case.objects.visible_to(self.by, LOG).filter(number=self.cleaned_data["number"].strip()).first()
        if case is None:
            raise forms.ValidationError(_("没有找到这个编号的办件，请核对编号。"))
        return case
