"""The filters of the lists of interactions and of bodies that nobody talked to: they stand in the address, and each can be taken away on its own."""

from datetime import date, timedelta
from typing import Any, ClassVar

from django import forms
from django.db.models import DateTimeField, Exists, OuterRef, Q, QuerySet, Subquery
from django.http import QueryDict
from django.utils.translation import gettext_lazy as _

from accounts.forms import DAY, THIS_AGE
from accounts.models import User
from accounts.queries import start_of
from core.chinese import normalise
from core.narrowing import narrowed
from core.paging import Key
from core.search import SHORTEST
from lists.filters import FilterForm, PersonField

from .models import Country, Interaction, Organisation, Person, Sensitivity
from .search import INTERACTIONS, ORGANISATIONS

SORTS = {"-time": Key("happened_at", descending=True), "time": Key("happened_at")}
ALL = ("", _("全部"))
LAST_KEY = 2**63 - 1


def with_text(objects: Any, kind: str, text: str, lookup: str) -> Any:
    """Those of these that are found by the text; by `lookup` where it is too short to be looked up."""
    part = normalise(text)
    if len(part) < SHORTEST:
        return objects.filter(**{f"{lookup}__icontains": text})
    return narrowed(objects, kind, part).rows


class RecordField(forms.ModelChoiceField):
    """One record of the book, named by its key: what links lead with."""

    widget = forms.HiddenInput

    def to_python(self, value: Any) -> Any:
        text = str(value or "")
        if text and (not text.isdecimal() or int(text[:20]) > LAST_KEY):
            raise forms.ValidationError(self.error_messages["invalid_choice"], code="invalid_choice")
        return super().to_python(value)


class InteractionFilterForm(FilterForm):
    """What the list of interactions may be narrowed by."""

    orders: ClassVar = SORTS

    q = forms.CharField(label=_("摘要或名称"), max_length=100, required=False, widget=forms.SearchInput)
    body = forms.CharField(label=_("机构"), max_length=100, required=False)
    country = forms.ModelChoiceField(label=_("国家（地区）"), queryset=Country.objects.all(), required=False, to_field_name="code", empty_label=_("全部"))
    mode = forms.ChoiceField(label=_("方式"), choices=[ALL, *Interaction.Mode.choices], required=False)
    ours = PersonField(label=_("我方人员"), queryset=User.objects.none(), required=False, empty_label=_("全部"), to_field_name="username")
    since = forms.DateField(label=_("日期从"), required=False, widget=DAY, validators=THIS_AGE)
    until = forms.DateField(label=_("日期到"), required=False, widget=DAY, validators=THIS_AGE)
    sensitivity = forms.ChoiceField(label=_("敏感程度"), choices=[ALL, *Sensitivity.choices], required=False)
    next = forms.ChoiceField(label=_("下一步"), choices=[ALL, ("open", _("未完成")), ("done", _("已完成"))], required=False)
    organisation = RecordField(label=_("机构"), queryset=Organisation.objects.all(), required=False)
    contact = RecordField(label=_("联系人"), queryset=Person.objects.all(), required=False)
    withdrawn = forms.BooleanField(label=_("已撤销的"), required=False)

    def __init__(self, query: QueryDict, *, user: User, today: date) -> None:
        super().__init__(query)
        self.user, self.today = user, today
        ours = self.fields["ours"]
        assert isinstance(ours, PersonField)
        ours.queryset = User.objects.filter(assignments__isnull=False).distinct().order_by("name", "username")

    def interactions(self) -> QuerySet[Interaction]:
        """The interactions that the filters leave; none where a filter cannot be read."""
        if not self.is_valid():
            return Interaction.objects.none()
        wanted = self.cleaned_data
        found: Any = Interaction.objects.visible_to(self.user).filter(withdrawn_at__isnull=not wanted["withdrawn"])
        exact = {
            "mode": wanted["mode"],
            "sensitivity": wanted["sensitivity"],
            "thread__organisation__country": wanted["country"],
            "follow_up__status": wanted["next"],
        }
        found = found.filter(**{name: value for name, value in exact.items() if value})
        if wanted["organisation"]:
            found = found.filter(thread__organisation__in=Organisation.objects.one_with(wanted["organisation"].pk).values("pk"))
        if wanted["contact"]:
            found = found.filter(Exists(Interaction.people.through.objects.filter(interaction=OuterRef("pk"), person=wanted["contact"])))
        if wanted["ours"]:
            found = found.filter(Exists(Interaction.ours.through.objects.filter(interaction=OuterRef("pk"), user=wanted["ours"])))
        if wanted["since"]:
            found = found.filter(happened_at__gte=start_of(wanted["since"]))
        if wanted["until"]:
            found = found.filter(happened_at__lt=start_of(wanted["until"]) + timedelta(days=1))
        if wanted["body"]:
            bodies = with_text(Organisation.objects.all(), ORGANISATIONS.kind, wanted["body"], "name")
            found = found.filter(thread__organisation__in=bodies.values("pk"))
        return with_text(found, INTERACTIONS.kind, wanted["q"], "summary") if wanted["q"] else found


class QuietFilterForm(FilterForm):
    """Bodies of the book with which nobody was in touch for so many days."""

    days = forms.IntegerField(label=_("多少天没有往来"), min_value=1, max_value=3650, required=False)
    q = forms.CharField(label=_("机构名称"), max_length=100, required=False, widget=forms.SearchInput)
    country = forms.ModelChoiceField(label=_("国家（地区）"), queryset=Country.objects.all(), required=False, to_field_name="code", empty_label=_("全部"))
    owner = PersonField(label=_("本部门联系人"), queryset=User.objects.none(), required=False, empty_label=_("全部"), to_field_name="username")

    USUAL = 90

    def __init__(self, query: QueryDict, *, user: User, today: date) -> None:
        super().__init__(query)
        self.user, self.today = user, today
        owner = self.fields["owner"]
        assert isinstance(owner, PersonField)
        owner.queryset = User.objects.filter(pk__in=Organisation.objects.exclude(owner=None).values("owner")).order_by("name", "username")
        self.fields["days"].initial = self.USUAL

    @property
    def days_asked(self) -> int:
        asked: int | None = self.cleaned_data.get("days") if self.is_valid() else None
        return asked or self.USUAL

    def bodies(self) -> QuerySet[Organisation]:
        """The bodies, each with the moment of the last interaction that this person sees (`last_at`); none where a filter cannot be read."""
        if not self.is_valid():
            return Organisation.objects.none()
        wanted = self.cleaned_data
        one = Organisation.objects.one_with(OuterRef(OuterRef("pk"))).values("pk")
        seen = Interaction.objects.visible_to(self.user).valid().filter(thread__organisation__in=one).order_by("-happened_at")
        since = start_of(self.today - timedelta(days=self.days_asked))
        found: Any = Organisation.objects.visible_to(self.user).current()
        found = found.exclude(Exists(seen.filter(happened_at__gte=since).order_by()))
        found = found.annotate(last_at=Subquery(seen.values("happened_at")[:1], output_field=DateTimeField()))
        found = found.filter(Q(**{name: wanted[name] for name in ("country", "owner") if wanted[name]}))
        return with_text(found, ORGANISATIONS.kind, wanted["q"], "name") if wanted["q"] else found
