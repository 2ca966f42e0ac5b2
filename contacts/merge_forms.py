"""Choosing what a merged record is to say."""

from typing import Any

from django import forms
from django.db.models import Field, TextField
from django.utils import timezone
from django.utils.translation import gettext as _

from core.forms import PortalHelper

from .likeness import Record
from .merging import BOTH, FIRST, SECOND, differing

SHOWN = 300  # characters of a value


class MergeForm(forms.Form):
    """Which of two records stays, and for each field in which they differ, whose value it keeps."""

    def __init__(self, data: Any, first: Record, second: Record) -> None:
        super().__init__(data)
        self.pair = (first, second)
        self.fields["survivor"] = _choice(_("保留哪一条记录"), [(FIRST, _named(first)), (SECOND, _named(second))], FIRST)
        for field in differing(first, second):
            values = [getattr(row, field.attname) for row in self.pair]
            choices = [(place, _shown(row, field)) for place, row in zip((FIRST, SECOND), self.pair, strict=True)]
            if isinstance(field, TextField) and all(values):
                choices.append((BOTH, _("两方的都保留")))
            initial = BOTH if len(choices) == 3 else SECOND if not values[0] or values[0] == field.get_default() else FIRST
            self.fields[f"field_{field.name}"] = _choice(str(field.verbose_name), choices, initial)
        self.helper = PortalHelper()

    @property
    def choices(self) -> dict[str, str]:
        """By the name of the field whose value was chosen."""
        return {name.removeprefix("field_"): chosen for name, chosen in self.cleaned_data.items() if name.startswith("field_")}

    @property
    def survivor(self) -> Record:
        return self.pair[self.cleaned_data["survivor"] == SECOND]

    @property
    def loser(self) -> Record:
        return self.pair[self.cleaned_data["survivor"] == FIRST]

    @property
    def rows(self) -> list[tuple[str, str]]:
        """(label, chosen text) of each field, for the page that shows what comes of it."""
        return [(str(field.label), dict(field.choices)[self.cleaned_data[name]]) for name, field in self.fields.items()]  # type: ignore[attr-defined]


def _choice(label: str, choices: list[tuple[str, str]], initial: str) -> forms.ChoiceField:
    return forms.ChoiceField(label=label, choices=choices, initial=initial, widget=forms.RadioSelect)


def _named(row: Record) -> str:
    return _("%(name)s（%(day)s 登记）") % {"name": row.numbered, "day": timezone.localdate(row.made_at)}


def _shown(row: Record, field: "Field[Any, Any]") -> str:
    """The value of a field in words."""
    shown = getattr(row, f"get_{field.name}_display", lambda: getattr(row, field.name))()
    return str(shown)[:SHOWN] if shown not in {None, ""} else _("（空）")
