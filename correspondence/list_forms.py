"""The filters of the register: they stand in the address, and each can be taken away on its own."""

from collections.abc import Iterator
from datetime import date
from typing import Any

from django import forms
from django.db.models import QuerySet
from django.http import QueryDict
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from accounts.forms import DAY, THIS_AGE
from accounts.models import User
from cases.list_forms import Chip, PersonField
from cases.models import Term
from cases.queries import items_seen_by
from core.forms import SearchHelper
from core.paging import Key

from . import queries
from .models import Direction, Entry
from .queries import Reply, State

SORTS = {
    "-number": Key("pk", descending=True),
    "number": Key("pk"),
    "-day": Key("exchanged_on", descending=True),
    "day": Key("exchanged_on"),
    "due": Key("reply_due_on", nullable=True),
    "-due": Key("reply_due_on", descending=True, nullable=True),
}
ALL = ("", _("全部"))


class EntryFilterForm(forms.Form):
    """What the register may be narrowed by."""

    q = forms.CharField(label=_("事由、对方或文号"), max_length=100, required=False, widget=forms.SearchInput)
    direction = forms.ChoiceField(label=_("收发"), choices=[ALL, *Direction.choices], required=False)
    year = forms.IntegerField(label=_("年度"), min_value=2000, max_value=2999, required=False)
    medium = forms.ModelChoiceField(label=_("方式"), queryset=Term.objects.filter(kind=Term.Kind.MEDIUM), required=False, empty_label=_("全部"))
    counterpart = forms.CharField(label=_("对方"), max_length=200, required=False)
    handler = PersonField(label=_("承办人"), queryset=User.objects.none(), required=False, empty_label=_("全部"), to_field_name="username")
    item = forms.ChoiceField(label=_("事项"), required=False)
    reply = forms.ChoiceField(label=_("复函"), choices=[ALL, *Reply.choices], required=False)
    state = forms.ChoiceField(label=_("状态"), choices=[ALL, *State.choices], required=False)
    since = forms.DateField(label=_("收发日期从"), required=False, widget=DAY, validators=THIS_AGE)
    until = forms.DateField(label=_("收发日期到"), required=False, widget=DAY, validators=THIS_AGE)

    def __init__(self, query: QueryDict, *, user: User, today: date) -> None:
        super().__init__(query)
        self.user, self.today, self.query = user, today, query
        self.helper = SearchHelper()
        seen = items_seen_by(user)
        item, handler = self.fields["item"], self.fields["handler"]
        assert isinstance(item, forms.ChoiceField)
        assert isinstance(handler, PersonField)
        item.choices = [ALL, *((one.pk, one.pk) for one in seen)]
        handler.queryset = User.objects.filter(assignments__item__in=seen).distinct().order_by("name", "username")

    @property
    def sort(self) -> str:
        asked = self.query.get("sort", "")
        return asked if asked in SORTS else "due" if self.query.get("reply") in {Reply.AWAITING, Reply.OVERDUE} else "-number"

    @property
    def key(self) -> Key:
        return SORTS[self.sort]

    def entries(self) -> QuerySet[Entry]:
        """The entries that the filters leave; none where a filter cannot be read."""
        if not self.is_valid():
            return Entry.objects.none()
        wanted = self.cleaned_data
        entries: Any = Entry.objects.visible_to(self.user).with_answers()
        exact = {name: wanted[name] for name in ("direction", "year", "medium", "handler") if wanted[name]}
        entries = entries.filter(**exact)
        if wanted["item"]:
            entries = entries.filter(items=wanted["item"])
        if wanted["counterpart"]:
            entries = entries.filter(counterpart__icontains=wanted["counterpart"])
        if wanted["state"]:
            entries = entries.filter(cancelled_at__isnull=wanted["state"] == State.VALID)
        days = {"exchanged_on__gte": wanted["since"], "exchanged_on__lte": wanted["until"]}
        entries = entries.filter(**{name: day for name, day in days.items() if day})
        entries = queries.with_reply(entries, wanted["reply"], self.today)
        found: QuerySet[Entry] = queries.with_text(entries, wanted["q"]) if wanted["q"] else entries
        return found

    def chips(self) -> list[Chip]:
        """What is set, each with the way to the list without it."""
        return [Chip(text, self.address_without(name)) for name, text in self._set()]

    def _set(self) -> Iterator[tuple[str, str]]:
        for name, field in self.fields.items():
            value = self.cleaned_data.get(name) if self.is_valid() else None
            if value:
                yield name, gettext("%(label)s：%(value)s") % {"label": field.label, "value": self._in_words(name, value)}

    @staticmethod
    def _in_words(name: str, value: Any) -> str:
        choices = {"direction": Direction, "reply": Reply, "state": State}
        return str(choices[name](value).label) if name in choices else str(value)

    def address_without(self, *names: str) -> str:
        """The query of this list without these filters, from its first page."""
        rest = self.query.copy()
        for name in (*names, "after", "before"):
            rest.pop(name, None)
        return "?" + rest.urlencode()

    def address_of_all(self) -> str:
        return self.address_without(*self.fields)

    def tabs(self) -> list[tuple[str, str, bool]]:
        """(address, label, whether it is this one): everything, what came, what went, what waits for an answer. The other filters stay."""
        found = []
        for label, asked in ((_("全部"), {}), (Direction.IN.label, {"direction": "in"}), (Direction.OUT.label, {"direction": "out"})):
            found.append((self._tab(asked), str(label), self.query.get("direction", "") == asked.get("direction", "") and not self.query.get("reply")))
        return [*found, (self._tab({"reply": Reply.AWAITING}), str(Reply.AWAITING.label), self.query.get("reply") == Reply.AWAITING)]

    def _tab(self, asked: dict[str, str]) -> str:
        rest = self.query.copy()
        for name in ("after", "before", "direction", "reply", "sort"):
            rest.pop(name, None)
        rest.update(asked)
        return "?" + rest.urlencode()
