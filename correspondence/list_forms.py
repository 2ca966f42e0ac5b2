"""The filters of the register: they stand in the address, and each can be taken away on its own."""

from datetime import date
from typing import Any

from django import forms
from django.db.models import QuerySet
from django.http import QueryDict
from django.utils.functional import cached_property
from django.utils.translation import gettext_lazy as _

from accounts.forms import DAY, THIS_AGE
from accounts.models import User
from cases.models import Term
from cases.queries import items_seen_by
from core.narrowing import Narrowed, Plain
from core.paging import Key
from lists.filters import FilterForm, PersonField

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


class EntryFilterForm(FilterForm):
    """What the register may be narrowed by."""

    orders = SORTS

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
        self.user, self.today = user, today
        seen = items_seen_by(user)
        self.set_choices("item", [ALL, *((one.pk, one.pk) for one in seen)])
        people = User.objects.filter(assignments__item__in=seen).distinct().order_by("name", "username")
        self.fields["handler"].queryset = people  # type: ignore[attr-defined]

    @property
    def usual_order(self) -> str:
        return "due" if self.query.get("reply") in {Reply.AWAITING, Reply.OVERDUE} else "-number"

    def entries(self) -> QuerySet[Entry]:
        """The entries that the filters leave; none where a filter cannot be read."""
        return self.found.rows

    @cached_property
    def found(self) -> Narrowed | Plain:
        """These, and how they are counted."""
        if not self.is_valid():
            return Plain(Entry.objects.none())
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
        return queries.with_text(entries, wanted["q"]) if wanted["q"] else Plain(entries)

    def tabs(self) -> list[tuple[str, str, bool]]:
        """(address, label, whether it is this one): everything, what came, what went, what waits for an answer. The other filters stay."""
        asked, reply = self.query.get("direction", ""), self.query.get("reply")
        kinds = (("", _("全部")), *Direction.choices)
        found = [
            (self.address_with({"direction": value} if value else {}, "direction", "reply", "sort"), str(label), asked == value and not reply)
            for value, label in kinds
        ]
        return [*found, (self.address_with({"reply": Reply.AWAITING}, "direction", "sort"), str(Reply.AWAITING.label), reply == Reply.AWAITING)]
