"""The filters of the list of cases: they stand in the address, and each can be taken away on its own."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from typing import Any

from django import forms
from django.db.models import QuerySet
from django.http import QueryDict
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from accounts.forms import DAY, THIS_AGE
from accounts.models import User
from accounts.queries import start_of
from core.forms import SearchHelper
from core.paging import Key

from . import queries
from .models import Case
from .queries import Due, Span, State, View

__all__ = ["CaseFilterForm", "Chip"]

SORTS = {
    "due": Key("due_on", nullable=True),
    "-due": Key("due_on", descending=True, nullable=True),
    "number": Key("number"),
    "-number": Key("number", descending=True),
}
FIXED_STATE = {View.OVERDUE, View.HELD, View.CLOSED}  # views that say themselves how a case stands


@dataclass(frozen=True)
class Chip:
    """A filter that is set, in words, and the address of the list without it."""

    text: str
    address: str


class PersonField(forms.ModelChoiceField):
    def label_from_instance(self, obj: User) -> str:
        return obj.name


class CaseFilterForm(forms.Form):
    """What the list of cases may be narrowed by."""

    q = forms.CharField(label=_("名称或编号"), max_length=100, required=False, widget=forms.SearchInput)
    item = forms.ChoiceField(label=_("事项"), required=False)
    handler = PersonField(label=_("承办人"), queryset=User.objects.none(), required=False, empty_label=_("全部"), to_field_name="username")
    state = forms.ChoiceField(label=_("状态"), required=False)
    due = forms.ChoiceField(label=_("期限"), choices=[("", _("全部")), *Due.choices], required=False)
    due_since = forms.DateField(label=_("期限从"), required=False, widget=DAY, validators=THIS_AGE)
    due_until = forms.DateField(label=_("期限到"), required=False, widget=DAY, validators=THIS_AGE)
    opened_since = forms.DateField(label=_("立项从"), required=False, widget=DAY, validators=THIS_AGE)
    opened_until = forms.DateField(label=_("立项到"), required=False, widget=DAY, validators=THIS_AGE)
    closed_since = forms.DateField(label=_("办结从"), required=False, widget=DAY, validators=THIS_AGE)
    closed_until = forms.DateField(label=_("办结到"), required=False, widget=DAY, validators=THIS_AGE)
    outcome = forms.ChoiceField(label=_("办理结果"), choices=[("", _("全部")), *Case.Outcome.choices], required=False)

    def __init__(self, query: QueryDict, *, user: User, today: date) -> None:
        super().__init__(query)
        self.user, self.today, self.query = user, today, query
        self.helper = SearchHelper()
        seen = queries.items_seen_by(user)
        self._choices("item", [("", _("全部")), *((item.pk, item.pk) for item in seen)])
        people = User.objects.filter(assignments__item__in=seen).distinct().order_by("name", "username")
        self.fields["handler"].queryset = people  # type: ignore[attr-defined]
        if self.view in FIXED_STATE:
            del self.fields["state"]
        else:
            self._choices("state", [("", State.OPEN.label), *((value, label) for value, label in State.choices if value != State.OPEN)])

    def _choices(self, name: str, choices: list[tuple[Any, Any]]) -> None:
        field = self.fields[name]
        assert isinstance(field, forms.ChoiceField)
        field.choices = choices

    @property
    def view(self) -> View:
        """The saved view; the own cases first for whoever carries cases, those of the department for the others."""
        asked = self.query.get("view", "")
        if asked in View.values:
            return View(asked)
        return View.MINE if any("cases.handle_case" in standing.permissions for standing in queries.seeing(self.user)) else View.DEPARTMENT

    @property
    def sort(self) -> str:
        """How the list is sorted: by day where something is due, by number where it is over."""
        asked = self.query.get("sort", "")
        return asked if asked in SORTS else "-number" if self.view == View.CLOSED else "due"

    @property
    def key(self) -> Key:
        return SORTS[self.sort]

    def cases(self) -> QuerySet[Case]:
        """The cases that the filters leave; none where a filter cannot be read."""
        if not self.is_valid():
            return Case.objects.none()
        wanted = self.cleaned_data
        cases = queries.cases_of_view(self.user, self.view, self.today, self._span())
        if self.view not in FIXED_STATE:
            cases = queries.in_state(cases, wanted["state"] or State.OPEN, self.today)
        exact = {name: wanted[name] for name in ("item", "handler", "outcome") if wanted[name]}
        cases = cases.filter(**exact)
        for name in ("opened", "closed"):
            if since := wanted[f"{name}_since"]:
                cases = cases.filter(**{f"{name}_at__gte": start_of(since)})
            if until := wanted[f"{name}_until"]:
                cases = cases.filter(**{f"{name}_at__lt": start_of(until) + queries.DAY})
        return queries.with_text(cases, wanted["q"]) if wanted["q"] else cases

    def _span(self) -> Span:
        wanted = self.cleaned_data
        span = queries.span_of(wanted["due"], self.today)
        if span.is_empty or not (wanted["due_since"] or wanted["due_until"]):
            return span
        since = [day for day in (span.since, wanted["due_since"]) if day]
        until = [day for day in (span.until, wanted["due_until"]) if day]
        return Span(max(since, default=None), min(until, default=None))

    def chips(self) -> list[Chip]:
        """What is set, each with the way to the list without it."""
        return [Chip(text, self.address_without(name)) for name, text in self._set()]

    def _set(self) -> Iterator[tuple[str, str]]:
        for name in self.fields:
            value = self.cleaned_data.get(name) if self.is_valid() else None
            if value:
                words = {"label": self.fields[name].label, "value": self._in_words(name, value)}
                yield name, gettext("%(label)s：%(value)s") % words

    def _in_words(self, name: str, value: Any) -> str:
        if name == "due":
            return str(Due(value).label)
        if name == "state":
            return str(State(value).label)
        if name == "outcome":
            return str(Case.Outcome(value).label)
        return str(value)

    def address_without(self, *names: str) -> str:
        """The query of this list without these filters, from its first page."""
        rest = self.query.copy()
        for name in (*names, "after", "before"):
            rest.pop(name, None)
        return "?" + rest.urlencode()

    def address_of_all(self) -> str:
        return self.address_without(*self.fields)

    def tabs(self) -> list[tuple[str, str, bool]]:
        """(address, label, whether it is this one) of each saved view. Going from one to the next keeps the filters but for the state."""
        found = []
        for view in View:
            rest = self.query.copy()
            for name in ("after", "before", "state", "sort"):
                rest.pop(name, None)
            rest["view"] = view.value
            found.append(("?" + rest.urlencode(), str(view.label), view == self.view))
        return found
