"""What the auditor narrows the trail by. Filters stand in the address, and each can be taken away on its own."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from django import forms
from django.http import QueryDict
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from accounts.audit import ACTIONS
from accounts.forms import DAY, THIS_AGE
from accounts.roles import CHOICES
from core.forms import SearchHelper

from .queries import CLOSES, OPENS, Wanted
from .words import GROUPS, group_of

ONLY = [("refusals", _("被拒绝和失败的")), ("disclosures", _("查看、打印、下载和导出"))]


def action_choices() -> list[tuple[Any, Any]]:
    """Every act, under its group; the first of each group stands for all of them."""
    groups: dict[str, list[tuple[str, Any]]] = {}
    for name, label in ACTIONS.items():
        groups.setdefault(group_of(name), []).append((name, label))
    every = gettext("全部")
    found: list[tuple[Any, Any]] = [("", every)]
    for group, acts in groups.items():
        label = GROUPS.get(group, group)
        whole = [(f"{group}.", f"{label}：{every}")] if len(acts) > 1 else []
        found.append((label, [*whole, *acts]))
    return found


@dataclass(frozen=True)
class Chip:
    """A filter that is set, in words, and the address of the list without it."""

    text: str
    address: str


class FilterForm(forms.Form):
    """A form whose fields stand in the address."""

    def __init__(self, query: QueryDict) -> None:
        super().__init__(query)
        self.query, self.helper = query, SearchHelper()

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
        """The list without filters; it says so, or the filter that the person lets the list begin with would come back."""
        return "?filter="


def _in_words(field: forms.Field, value: Any) -> str:
    if not isinstance(field, forms.ChoiceField):
        return str(value)
    choices: list[Any] = list(field.choices)  # type: ignore[arg-type]
    flat = [pair for choice in choices for pair in (choice[1] if isinstance(choice[1], list) else [choice])]
    return next(str(label) for key, label in flat if key == value)


class TrailForm(FilterForm):
    person = forms.CharField(label=_("姓名或登录名"), max_length=40, required=False)
    role = forms.ChoiceField(label=_("当时的角色"), choices=[("", _("全部")), *CHOICES], required=False)
    action = forms.ChoiceField(label=_("操作"), choices=action_choices, required=False)
    subject = forms.CharField(label=_("对象"), max_length=80, required=False, help_text=_("办件编号、登录名，或原始记录中的对象"))
    q = forms.CharField(label=_("内容含"), max_length=60, required=False, help_text=_("不查办件的业务内容"))
    address = forms.GenericIPAddressField(label=_("地址"), required=False)
    since = forms.DateField(label=_("从"), required=False, widget=DAY, validators=THIS_AGE)
    until = forms.DateField(label=_("到"), required=False, widget=DAY, validators=THIS_AGE)
    only = forms.ChoiceField(label=_("只看"), choices=[("", _("全部")), *ONLY], required=False)
    outside = forms.BooleanField(
        label=_("只看工作时间以外"),
        required=False,
        widget=forms.CheckboxInput(attrs={"class": "form-check-input"}),
        help_text=f"{OPENS:%H:%M}–{CLOSES:%H:%M}",
    )

    def wanted(self) -> Wanted | None:
        """What the filters ask for; None where one cannot be read."""
        return Wanted(**self.cleaned_data) if self.is_valid() else None


class SightingsForm(FilterForm):
    person = forms.CharField(label=_("登录名"), max_length=40, required=False)
    subject = forms.CharField(label=_("办件编号或对象"), max_length=80, required=False)
    since = forms.DateField(label=_("从"), required=False, widget=DAY, validators=THIS_AGE)
    until = forms.DateField(label=_("到"), required=False, widget=DAY, validators=THIS_AGE)
