"""The filters of the lists of the book: they stand in the address, and each can be taken away on its own."""

from typing import Any

from django import forms
from django.db.models import QuerySet
from django.http import QueryDict
from django.utils.functional import cached_property
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from cases.models import Term
from core.narrowing import Narrowed, Plain
from core.paging import Key
from lists.filters import FilterForm, PersonField

from . import book_queries
from .models import Country, Organisation, Person

ALL = _("全部")
STATES = [("", _("在用")), ("archived", _("已归档")), ("all", _("全部"))]
SORTS = {
    "name": Key("sorting"),
    "-name": Key("sorting", descending=True),
    "-made": Key("pk", descending=True),
    "made": Key("pk"),
}


def _country(label: Any) -> forms.ModelChoiceField:
    return forms.ModelChoiceField(label=label, queryset=Country.objects.all(), required=False, empty_label=ALL, to_field_name="code")


def _term(label: Any, kind: str) -> forms.ModelChoiceField:
    return forms.ModelChoiceField(label=label, queryset=Term.objects.filter(kind=kind), required=False, empty_label=ALL)


class BookFilterForm(FilterForm):
    """What both lists have: order and state."""

    orders = SORTS

    def __init__(self, query: QueryDict, *, user: User) -> None:
        super().__init__(query)
        self.user = user

    def in_state(self, rows: Any) -> Any:
        """Those in use, the archived ones, or all."""
        state = self.cleaned_data["state"]
        return rows if state == "all" else rows.exclude(archived_at=None) if state else rows.current()


class OrganisationFilterForm(BookFilterForm):
    """What the list of organisations may be narrowed by."""

    q = forms.CharField(label=_("名称、拼音、电话或邮箱"), max_length=100, required=False, widget=forms.SearchInput)
    kind = _term(_("机构类型"), Term.Kind.ORGANISATION_TYPE)
    country = _country(_("国家（地区）"))
    relation = _term(_("关系等级"), Term.Kind.RELATION_LEVEL)
    tag = _term(_("标签"), Term.Kind.CONTACT_TAG)
    owner = PersonField(label=_("联系人（本部门）"), queryset=User.objects.none(), required=False, empty_label=ALL, to_field_name="username")
    china_status = forms.ChoiceField(label=_("在华身份"), choices=[("", ALL), *Organisation.Status.choices], required=False)
    state = forms.ChoiceField(label=_("状态"), choices=STATES, required=False)

    def __init__(self, query: QueryDict, *, user: User) -> None:
        super().__init__(query, user=user)
        self.fields["owner"].queryset = User.objects.filter(groups__permissions__codename="view_contact").distinct().order_by("name", "username")  # type: ignore[attr-defined]

    def rows(self) -> QuerySet[Organisation]:
        """The organisations that the filters leave; none where a filter cannot be read."""
        return self.found.rows

    @cached_property
    def found(self) -> Narrowed | Plain:
        """These, and how they are counted."""
        if not self.is_valid():
            return Plain(Organisation.objects.none())
        wanted, found = self.cleaned_data, self.in_state(Organisation.objects.visible_to(self.user))
        found = found.filter(**{name: wanted[name] for name in ("kind", "country", "relation", "owner", "china_status") if wanted[name]})
        if wanted["tag"]:
            found = found.filter(tags=wanted["tag"])
        return book_queries.organisations_with(found, wanted["q"]) if wanted["q"] else Plain(found)


class PersonFilterForm(BookFilterForm):
    """What the list of people may be narrowed by. An organisation is chosen on its own page."""

    q = forms.CharField(label=_("姓名、拼音、电话或邮箱"), max_length=100, required=False, widget=forms.SearchInput)
    organisation = forms.ModelChoiceField(label=_("机构"), queryset=Organisation.objects.none(), required=False, widget=forms.HiddenInput)
    kind = _term(_("机构类型"), Term.Kind.ORGANISATION_TYPE)
    country = _country(_("机构所在国家（地区）"))
    nationality = _country(_("国籍"))
    language = forms.CharField(label=_("语言"), max_length=50, required=False)
    state = forms.ChoiceField(label=_("状态"), choices=STATES, required=False)

    def __init__(self, query: QueryDict, *, user: User) -> None:
        super().__init__(query, user=user)
        self.fields["organisation"].queryset = Organisation.objects.visible_to(user)  # type: ignore[attr-defined]

    def rows(self) -> QuerySet[Person]:
        """The people that the filters leave; none where a filter cannot be read."""
        return self.found.rows

    @cached_property
    def found(self) -> Narrowed | Plain:
        """These, and how they are counted."""
        if not self.is_valid():
            return Plain(Person.objects.none())
        wanted, found = self.cleaned_data, self.in_state(Person.objects.visible_to(self.user))
        asked = {column: wanted[name].pk for column, name in (("pk", "organisation"), ("kind", "kind"), ("country", "country")) if wanted[name]}
        if asked:
            found = found.filter(book_queries.people_at(**asked))
        if wanted["nationality"]:
            found = found.filter(nationality=wanted["nationality"])
        if wanted["language"]:
            found = found.filter(languages__icontains=wanted["language"])
        return book_queries.people_with(found, wanted["q"]) if wanted["q"] else Plain(found)
