"""The filters of the list of memoranda: they stand in the address, and each can be taken away on its own."""

from datetime import date

from django import forms
from django.db.models import Exists, OuterRef, Q, QuerySet
from django.http import QueryDict
from django.utils.translation import gettext_lazy as _

from accounts.forms import DAY, THIS_AGE
from accounts.models import User
from cases.models import Term
from core.paging import Key
from lists.filters import FilterForm, PersonField

from . import memorandum_queries as queries
from .memorandum_queries import State
from .models import Country, Memorandum, MemorandumParty

ALL = _("全部")
SORTS = {
    "-opened": Key("pk", descending=True),
    "opened": Key("pk"),
    "expires": Key("expires_on", nullable=True),
    "-expires": Key("expires_on", descending=True, nullable=True),
    "-signed": Key("signed_on", descending=True, nullable=True),
    "signed": Key("signed_on", nullable=True),
}


class MemorandumFilterForm(FilterForm):
    """What the list may be narrowed by."""

    orders = SORTS

    q = forms.CharField(label=_("标题、编号或机构"), max_length=100, required=False, widget=forms.SearchInput)
    state = forms.ChoiceField(label=_("状态"), choices=[("", ALL), (queries.HOLDING, _("有效")), *State.choices], required=False)
    partner = forms.CharField(label=_("签署方"), max_length=200, required=False)
    country = forms.ModelChoiceField(label=_("国家（地区）"), queryset=Country.objects.all(), required=False, empty_label=ALL, to_field_name="code")
    kind = forms.ModelChoiceField(label=_("文件种类"), queryset=Term.objects.filter(kind=Term.Kind.MEMORANDUM_KIND), required=False, empty_label=ALL)
    handler = PersonField(label=_("承办人"), queryset=User.objects.none(), required=False, empty_label=ALL, to_field_name="username")
    signed_since = forms.DateField(label=_("签署日期从"), required=False, widget=DAY, validators=THIS_AGE)
    signed_until = forms.DateField(label=_("签署日期到"), required=False, widget=DAY, validators=THIS_AGE)
    expires_since = forms.DateField(label=_("届满日期从"), required=False, widget=DAY, validators=THIS_AGE)
    expires_until = forms.DateField(label=_("届满日期到"), required=False, widget=DAY, validators=THIS_AGE)

    def __init__(self, query: QueryDict, *, user: User, today: date) -> None:
        super().__init__(query)
        self.user, self.today = user, today
        handlers = Memorandum.objects.visible_to(user).values("case__handler")
        self.fields["handler"].queryset = User.objects.filter(pk__in=handlers).order_by("name", "username")  # type: ignore[attr-defined]

    @property
    def usual_order(self) -> str:
        return "expires" if self.query.get("state") == State.EXPIRING else super().usual_order

    def memoranda(self) -> QuerySet[Memorandum]:
        """What the filters leave; nothing where a filter cannot be read."""
        if not self.is_valid():
            return Memorandum.objects.none()
        wanted, found = self.cleaned_data, Memorandum.objects.visible_to(self.user)
        exact = {"kind": wanted["kind"], "case__handler": wanted["handler"]}
        found = found.filter(**{name: value for name, value in exact.items() if value})
        for name in ("signed", "expires"):
            days = {f"{name}_on__gte": wanted[f"{name}_since"], f"{name}_on__lte": wanted[f"{name}_until"]}
            found = found.filter(**{column: day for column, day in days.items() if day})
        if condition := self._party():
            found = found.filter(Exists(MemorandumParty.objects.filter(condition, memorandum=OuterRef("pk"), removed_at=None, is_ours=False)))
        if wanted["state"]:
            found = queries.in_state(found, wanted["state"], self.today, queries.alert_days())  # type: ignore[assignment]
        return queries.with_text(found, wanted["q"]) if wanted["q"] else found

    def _party(self) -> Q:
        wanted, condition = self.cleaned_data, Q()
        if wanted["country"]:
            condition &= Q(organisation__country=wanted["country"])
        if name := wanted["partner"]:
            names = ("name", "name_en", "short_name", "name_native")
            called = Q()
            for column in names:
                called |= Q(**{f"organisation__{column}__icontains": name})
            condition &= called
        return condition

    def tabs(self) -> list[tuple[str, str, bool]]:
        """(address, label, whether it is this one): all, in force, about to run out. The other filters stay."""
        asked = self.query.get("state", "")
        shown = [("", ALL), *((state, state.label) for state in (State.IN_FORCE, State.EXPIRING, State.TALKS))]
        return [(self.address_with({"state": state} if state else {}, "state", "sort"), str(label), asked == state) for state, label in shown]
