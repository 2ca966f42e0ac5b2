"""What staff fill in about the duty list."""

from collections.abc import Sequence
from typing import Any, cast

from django import forms
from django.utils.translation import gettext_lazy as _

from core.forms import PortalHelper

from .exports import Format
from .models import ListEntry

TICK_MANY = forms.CheckboxSelectMultiple(attrs={"class": "form-check-input"})
TICK_ONE = forms.RadioSelect(attrs={"class": "form-check-input"})


class SheetExportForm(forms.Form):
    """Which sheets go into one file: all, those of whole categories, single ones, or any of these together. `codes` is the outcome."""

    helper = PortalHelper()

    everything = forms.BooleanField(label=_("全部事项"), required=False)
    categories = forms.MultipleChoiceField(label=_("整类选择"), required=False, widget=TICK_MANY)
    items = forms.MultipleChoiceField(label=_("逐项选择"), required=False, widget=TICK_MANY)
    format = forms.ChoiceField(label=_("格式"), choices=Format.choices, initial=Format.PDF, widget=TICK_ONE)
    with_cover = forms.BooleanField(label=_("带封面和目录"), required=False, initial=True)

    def __init__(self, data: Any = None, *, entries: Sequence[ListEntry]) -> None:
        super().__init__(data)
        self.entries = entries
        numbers = {str(entry.category_number): f"{entry.category_number} {entry.category_name}" for entry in entries}
        choices = {"categories": list(numbers.items()), "items": [(entry.item_id, _label(entry)) for entry in entries]}
        for name, offered in choices.items():
            cast(forms.MultipleChoiceField, self.fields[name]).choices = offered

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        categories, items = cleaned.get("categories", []), cleaned.get("items", [])
        cleaned["codes"] = [
            entry.item_id for entry in self.entries if cleaned["everything"] or str(entry.category_number) in categories or entry.item_id in items
        ]
        if not cleaned["codes"] and not self.errors:
            self.add_error("items", _("请至少选一个事项，或勾选“全部事项”。"))
        return cleaned


def _label(entry: ListEntry) -> str:
    name = f"{entry.item_id} {entry.name.removesuffix('。')}"
    return name if entry.sheet_id else _("%(name)s（信息表未随源文件提供）") % {"name": name}
