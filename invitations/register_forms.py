"""The filters of the register of letters: they stand in the address, and each can be taken away on its own."""

from datetime import date

from django import forms
from django.db.models import Q, QuerySet
from django.http import QueryDict
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from accounts.forms import DAY, THIS_AGE
from accounts.models import User
from core.paging import Key
from lists.filters import FilterForm

from .models import InvitationLetter, LetterKind
from .register_queries import in_state, register_of

SORTS = {
    "-number": Key("pk", descending=True),
    "number": Key("pk"),
    "-issued": Key("issued_at", descending=True),
    "issued": Key("issued_at"),
    "until": Key("valid_until"),
    "-until": Key("valid_until", descending=True),
}
ALL = ("", _("全部"))


class RegisterFilterForm(FilterForm):
    """What the register may be narrowed by."""

    orders = SORTS

    q = forms.CharField(label=_("编号、邀请单位或办件"), max_length=100, required=False, widget=forms.SearchInput)
    year = forms.IntegerField(label=_("年度"), min_value=2000, max_value=2999, required=False)
    month = forms.TypedChoiceField(label=_("月份"), choices=(), coerce=int, empty_value=None, required=False)
    kind = forms.ModelChoiceField(label=_("函件种类"), queryset=LetterKind.objects.all(), required=False, empty_label=_("全部"))
    state = forms.ChoiceField(label=_("状态"), choices=[ALL, *InvitationLetter.State.choices], required=False)
    since = forms.DateField(label=_("签发日期从"), required=False, widget=DAY, validators=THIS_AGE)
    until = forms.DateField(label=_("签发日期到"), required=False, widget=DAY, validators=THIS_AGE)

    def __init__(self, query: QueryDict, *, user: User, today: date) -> None:
        super().__init__(query)
        self.user, self.today = user, today
        self.set_choices("month", [ALL, *((number, gettext("%(month)d 月") % {"month": number}) for number in range(1, 13))])

    def letters(self) -> QuerySet[InvitationLetter]:
        """The letters that the filters leave; none where a filter cannot be read."""
        if not self.is_valid():
            return InvitationLetter.objects.none()
        wanted = self.cleaned_data
        exact = {"year": wanted["year"], "issued_at__month": wanted["month"], "kind": wanted["kind"]}
        days = {"issued_at__date__gte": wanted["since"], "issued_at__date__lte": wanted["until"]}
        letters = register_of(self.user).filter(**{name: value for name, value in (exact | days).items() if value})
        if words := wanted["q"].strip():
            letters = letters.filter(Q(number__icontains=words) | Q(unit_name__icontains=words) | Q(application__case__number__icontains=words))
        return in_state(letters, wanted["state"], self.today)
