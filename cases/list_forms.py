"""The filters of the list of cases: they stand in the address, and each can be taken away on its own."""

from datetime import date

from django import forms
from django.db.models import QuerySet
from django.http import QueryDict
from django.utils.functional import cached_property
from django.utils.translation import gettext_lazy as _

from accounts.forms import DAY, THIS_AGE
from accounts.models import User
from accounts.queries import start_of
from core.narrowing import Narrowed, Plain
from core.paging import Key
from lists.filters import FilterForm, PersonField

from . import queries
from .models import Case
from .queries import Due, Span, State, View

SORTS = {
    "due": Key("due_on", nullable=True),
    "-due": Key("due_on", descending=True, nullable=True),
    "number": Key("number"),
    "-number": Key("number", descending=True),
}
FIXED_STATE = {View.OVERDUE, View.HELD, View.CLOSED}  # views that say themselves how a case stands


class CaseFilterForm(FilterForm):
    """What the list of cases may be narrowed by."""

    orders = SORTS

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
        self.user, self.today = user, today
        seen = queries.items_seen_by(user)
        self.set_choices("item", [("", _("全部")), *((item.pk, item.pk) for item in seen)])
        people = User.objects.filter(assignments__item__in=seen).distinct().order_by("name", "username")
        self.fields["handler"].queryset = people  # type: ignore[attr-defined]
        if self.view in FIXED_STATE:
            del self.fields["state"]
        else:
            self.set_choices("state", [("", State.OPEN.label), *((value, label) for value, label in State.choices if value != State.OPEN)])

    @property
    def view(self) -> View:
        """The saved view; the own cases first for whoever carries cases, those of the department for the others."""
        asked = self.query.get("view", "")
        if asked in View.values:
            return View(asked)
        return View.MINE if any("cases.handle_case" in standing.permissions for standing in queries.seeing(self.user)) else View.DEPARTMENT

    @property
    def usual_order(self) -> str:
        """By day where something is due, by number where it is over."""
        return "-number" if self.view == View.CLOSED else "due"

    def cases(self) -> QuerySet[Case]:
        """The cases that the filters leave; none where a filter cannot be read."""
        return self.found.rows

    @cached_property
    def found(self) -> Narrowed | Plain:
        """These, and how they are counted."""
        if not self.is_valid():
            return Plain(Case.objects.none())
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
        return queries.with_text(cases, wanted["q"]) if wanted["q"] else Plain(cases)

    def _span(self) -> Span:
        wanted = self.cleaned_data
        span = queries.span_of(wanted["due"], self.today)
        if span.is_empty or not (wanted["due_since"] or wanted["due_until"]):
            return span
        since = [day for day in (span.since, wanted["due_since"]) if day]
        until = [day for day in (span.until, wanted["due_until"]) if day]
        return Span(max(since, default=None), min(until, default=None))

    def tabs(self) -> list[tuple[str, str, bool]]:
        """(address, label, whether it is this one) of each saved view. Going from one to the next keeps the filters but for the state."""
        return [(self.address_with({"view": view.value}, "state", "sort"), str(view.label), view == self.view) for view in View]
