"""Forms with rows: parts of a thing (its phones, its addresses) that are typed with it on one page and added or taken away without scripts.

The buttons of the page are named "rows": "add:points", "remove:points:2" (counted from 0). Pressed, they change the page only: nothing is stored, nothing
that was typed is lost. A row in which nothing was typed is passed over. A stored row that is taken away is told by its key, so that what another person
added meanwhile stays.
"""

from collections.abc import Iterator, Mapping, Sequence
from types import SimpleNamespace
from typing import Any, cast

from django import forms
from django.forms.boundfield import BoundField
from django.http import QueryDict
from django.utils.translation import gettext as _

from .forms import PortalHelper

MOST = 50  # rows of one sort

Stored = Mapping[str, Any]
Context = Mapping[str, Mapping[str, Any]]


class RowForm(forms.ModelForm):
    """One row: `pk` is the key of the stored row that it stands for, "" for a new one."""

    pk = forms.IntegerField(required=False, widget=forms.HiddenInput)
    helper = PortalHelper()


class RowSet(forms.BaseFormSet):
    """The rows of one sort. `label` names one of them for the summary of errors."""

    label: Any = ""

    def add_fields(self, form: forms.Form, index: int | None) -> None:
        super().add_fields(form, index)
        form.empty_permitted = True

    @property
    def gone(self) -> Sequence[str]:
        """The keys of the stored rows that were taken away on the page."""
        if not isinstance(self.data, QueryDict):
            return self.taken
        return [key for key in self.data.getlist(f"{self.prefix}-gone") if key.isdecimal() and len(key) < 19]

    taken: Sequence[str] = ()  # the same, where the page is drawn anew

    @property
    def typed(self) -> list[dict[str, Any]]:
        """What was typed and is sound: the values of each row that is not empty."""
        return [row.cleaned_data for row in self.forms if row.has_changed()]


def rowset(form: type[RowForm], label: Any, base: type[RowSet] = RowSet) -> type[RowSet]:
    """The class of the rows of one sort."""
    made: Any = forms.formset_factory(form, formset=base, extra=0, max_num=MOST, absolute_max=MOST + 1, validate_max=True)
    made.label = label
    return cast("type[RowSet]", made)


class Sheet:
    """A form and the rows that belong to it: drawn, checked and summed up as one.

    `form` makes the form from keyword arguments `data` and `initial`; `parts` are the rows by prefix; `stored` what both show first: the initial values
    of the form under "", those of the rows under their prefix; `context` are further arguments of the rows by prefix.
    """

    def __init__(self, form: Any, parts: Mapping[str, type[RowSet]], data: QueryDict | None, stored: Stored, context: Context | None = None) -> None:
        self.refusals: list[str] = []
        self._form, self._kinds, self._context = form, parts, context or {}
        move, kept = data.get("rows") if data is not None else None, {}
        if move is not None:
            kept = self._typed(data)
            _apply(move, kept)
            data, stored = None, kept
        self.main = form(data=data, initial=stored.get("", {}))
        self.parts = {prefix: self._rows(prefix, data, stored.get(prefix, [])) for prefix in parts}
        for prefix, rows in self.parts.items():
            rows.taken = kept.get(f"{prefix}-gone", [])

    def _rows(self, prefix: str, data: QueryDict | None, initial: Any) -> RowSet:
        options: dict[str, Any] = {"prefix": prefix, "form_kwargs": dict(self._context.get(prefix, {}))}
        return self._kinds[prefix](data, **options) if data is not None else self._kinds[prefix](initial=initial, **options)

    def _typed(self, data: QueryDict | None) -> dict[str, Any]:
        """What the page holds, as typed, whether right or wrong."""
        typed: dict[str, Any] = {"": _values(self._form(data=data, initial={}))}
        for prefix in self._kinds:
            rows = self._rows(prefix, data, [])
            typed |= {prefix: [_values(row) for row in rows.forms], f"{prefix}-gone": rows.gone}
        return typed

    def is_valid(self) -> bool:
        return all([self.main.is_valid(), *(rows.is_valid() for rows in self.parts.values())])

    def refuse(self, text: str) -> None:
        """Say above the form why it was not done."""
        self.refusals.append(text)

    @property
    def is_bound(self) -> bool:
        return bool(self.main.is_bound)

    @property
    def errors(self) -> bool:
        """Whether there is anything to be put right (asked by the page's summary)."""
        return bool(self.refusals) or (self.is_bound and not self.is_valid())

    def non_field_errors(self) -> list[str]:
        found = [*self.refusals, *map(str, self.main.non_field_errors())]
        for rows in self.parts.values() if self.is_bound else ():
            found += map(str, rows.non_form_errors())
            for number, row in enumerate(rows.forms, 1):
                found += [self._in_row(rows, number, error) for error in row.non_field_errors()]
        return found

    def __iter__(self) -> Iterator[BoundField | SimpleNamespace]:
        yield from self.main
        for rows in self.parts.values() if self.is_bound else ():
            for number, row in enumerate(rows.forms, 1):
                for field in row:
                    label = self._in_row(rows, number, field.label)
                    yield SimpleNamespace(label=label, errors=field.errors, id_for_label=field.id_for_label, auto_id=field.auto_id)

    @staticmethod
    def _in_row(rows: RowSet, number: int, text: Any) -> str:
        return _("%(part)s %(number)d · %(text)s") % {"part": rows.label, "number": number, "text": text}


def _values(form: forms.BaseForm) -> dict[str, Any]:
    return {name: form[name].value() for name in form.fields}


def _apply(move: str, kept: dict[str, Any]) -> None:
    """Do to the rows what the button says; what does not fit changes nothing."""
    what, _colon, rest = move.partition(":")
    prefix, _colon, place = rest.partition(":")
    rows: Sequence[dict[str, Any]] | None = kept.get(prefix) if prefix else None
    if not isinstance(rows, list):
        return
    if what == "add" and len(rows) < MOST:
        rows.append({})
    elif what == "remove" and place.isdecimal() and len(place) < 4 and int(place) < len(rows):
        row = rows.pop(int(place))
        if row.get("pk"):
            kept[f"{prefix}-gone"] = [*kept[f"{prefix}-gone"], str(row["pk"])]
