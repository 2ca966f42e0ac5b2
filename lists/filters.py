"""The filters of a list: a form whose fields stand in the address, and each of which can be taken away on its own."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

from django import forms
from django.http import QueryDict
from django.utils.translation import gettext

from core.forms import SearchHelper
from core.paging import Key


@dataclass(frozen=True)
class Chip:
    """A filter that is set, in words, and the address of the list without it."""

    text: str
    address: str


class PersonField(forms.ModelChoiceField):
    def label_from_instance(self, obj: Any) -> str:
        return str(obj.name)


class FilterForm(forms.Form):
    """The base of every such form. `orders` are the orders that the list knows, by their name in the address; the first is the usual one."""

    orders: ClassVar[Mapping[str, Key]] = {}

    def __init__(self, query: QueryDict) -> None:
        super().__init__(query)
        self.query, self.helper = query, SearchHelper()

    def set_choices(self, name: str, choices: list[tuple[Any, Any]]) -> None:
        """Give a field of choices those that there are for this person."""
        field = self.fields[name]
        assert isinstance(field, forms.ChoiceField)
        field.choices = choices

    @property
    def usual_order(self) -> str:
        return next(iter(self.orders))

    @property
    def sort(self) -> str:
        """The order that the address asks for, by name."""
        asked = self.query.get("sort", "")
        return asked if asked in self.orders else self.usual_order

    @property
    def key(self) -> Key:
        return self.orders[self.sort]

    def chips(self) -> list[Chip]:
        """What is set, each with the way to the list without it."""
        return [Chip(text, self.address_without(name)) for name, text in self._set()]

    def _set(self) -> Iterator[tuple[str, str]]:
        for name, field in self.fields.items():
            value = self.cleaned_data.get(name) if self.is_valid() else None
            if value is True:
                yield name, str(field.label)
            elif value:
                yield name, gettext("%(label)s：%(value)s") % {"label": field.label, "value": _in_words(field, value)}

    def address_without(self, *names: str) -> str:
        """The query of this list without these filters, from its first page."""
        rest = self.query.copy()
        for name in (*names, "after", "before"):
            rest.pop(name, None)
        return "?" + rest.urlencode()

    def address_of_all(self) -> str:
        """The list without its filters."""
        return self.address_without(*self.fields)

    def address_with(self, asked: Mapping[str, str], *dropped: str) -> str:
        """The query of this list with these filters in place of its own of that name, and without those dropped, from its first page."""
        rest = self.query.copy()
        for name in {*dropped, "after", "before"} - asked.keys():
            rest.pop(name, None)
        for name, value in asked.items():
            rest[name] = value
        return "?" + rest.urlencode()


def _in_words(field: forms.Field, value: Any) -> str:
    if isinstance(field, forms.ModelChoiceField) or not isinstance(field, forms.ChoiceField):
        return str(value)
    choices: list[Any] = list(field.choices)  # type: ignore[arg-type]
    flat = [pair for choice in choices for pair in (choice[1] if isinstance(choice[1], list) else [choice])]
    return next(str(label) for key, label in flat if key == value)
