"""The forms of organisations and people, each with its rows: addresses, ways to reach them, positions."""

import re
from typing import Any

from crispy_forms.layout import Fieldset, Layout
from django import forms
from django.core.exceptions import ValidationError
from django.core.validators import EmailValidator
from django.db.models import Q
from django.http import QueryDict
from django.urls import reverse_lazy
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.models import User
from cases.models import Term
from core.forms import PortalHelper
from core.rows import RowForm, RowSet, Sheet, rowset
from core.text_fields import guard
from lists.filters import PersonField

from .book_queries import bodies_like
from .models import ContactPoint, Country, Organisation, OrganisationAddress, Person, Position
from .text_values import NUMBERED, NUMBERS, folded_value

LONG = forms.Textarea(attrs={"rows": 3})
TICK_MANY = forms.CheckboxSelectMultiple(attrs={"class": "form-check-input"})
PHONE = re.compile(r"[0-9０-９+＋()（）\-－.\s转ext#xX,，、/;]+")
DEEPEST = 20  # levels of parent organisations
BODY_ATTRS = {"autocomplete": "off", "list": "bodies", "data-suggest": reverse_lazy("contacts:organisation-suggest")}


class BodyField(forms.CharField):
    """An organisation of the book, told by its name (or by its number: 北湾商会 #12). Gives the Organisation, or None for nothing."""

    def __init__(self, **options: Any) -> None:
        super().__init__(max_length=320, widget=forms.TextInput(attrs=BODY_ATTRS), **options)
        self.user: User | None = None

    def prepare_value(self, value: Any) -> Any:
        return value.numbered if isinstance(value, Organisation) else value

    def clean(self, value: Any) -> Any:
        typed = super().clean(value)
        return self._found(typed) if typed else None

    def has_changed(self, initial: Any, data: Any) -> bool:
        return bool(super().has_changed(self.prepare_value(initial), data))

    def _found(self, typed: str) -> Organisation:
        assert self.user is not None, "set by the form"
        seen = Organisation.objects.visible_to(self.user)
        if key := NUMBERED.search(typed):
            found: Organisation | None = seen.filter(pk=int(key[1])).first()
            if found is None:
                raise ValidationError(_("没有编号是 %(key)s 的机构。") % {"key": key[1]})
            return found
        same = list(seen.current().filter(Q(name=typed) | Q(name_en__iexact=typed) | Q(short_name=typed))[:6])
        if len(same) == 1:
            return same[0]
        alike = same or bodies_like(typed, self.user)[:5]
        if not alike:
            raise ValidationError(_("没有找到这个机构，请先登记它，或核对名称。"))
        names = "；".join(f"{body.numbered}（{body.country}）" for body in alike)
        raise ValidationError(_("请照抄其中一个，连同编号：%(names)s。") % {"names": names})


class OrganisationForm(forms.ModelForm):
    """An organisation as it is registered or changed."""

    parent = BodyField(label=gettext_lazy("上级机构"), required=False, help_text=gettext_lazy("输入名称的一部分会有提示；重名的写成“名称 #编号”。"))
    website = forms.URLField(label=gettext_lazy("网址"), max_length=300, required=False, assume_scheme="https")
    owner = PersonField(label=gettext_lazy("联系人（本部门）"), queryset=User.objects.none(), required=False)
    deputy = PersonField(label=gettext_lazy("替补联系人"), queryset=User.objects.none(), required=False)

    class Meta:
        model = Organisation
        fields = (
            *("name", "name_en", "name_native", "short_name", "former_names", "kind", "country", "parent", "district", "website"),
            *("china_status", "relation", "owner", "deputy", "tags", "note"),
        )
        widgets = {"former_names": LONG, "note": LONG, "tags": TICK_MANY}

    def __init__(self, data: QueryDict | None, *, user: User, instance: Organisation, initial: Any = None) -> None:
        super().__init__(data, instance=instance, initial={"parent": instance.parent} | (initial or {}))
        guard(self.fields.items())
        fields: dict[str, Any] = self.fields
        fields["parent"].user = user
        now = {name: getattr(instance, f"{name}_id") for name in ("kind", "country", "relation", "owner", "deputy")}
        fields["kind"].queryset = _terms(Term.Kind.ORGANISATION_TYPE, now["kind"])
        fields["relation"].queryset = _terms(Term.Kind.RELATION_LEVEL, now["relation"])
        tags = list(instance.tags.values_list("pk", flat=True)) if instance.pk else []
        fields["tags"].queryset = _terms(Term.Kind.CONTACT_TAG, *tags)
        fields["country"].queryset = _countries(now["country"])
        people = Q(is_active=True, groups__permissions__codename="view_contact")
        for name in ("owner", "deputy"):
            fields[name].queryset = User.objects.filter(people | Q(pk=now[name])).distinct().order_by("name", "username")
        self.helper = PortalHelper()
        parts = (
            (_("名称"), ("name", "name_en", "name_native", "short_name", "former_names")),
            (_("归属"), ("kind", "country", "parent", "district", "china_status", "website")),
            (_("本部门"), ("owner", "deputy", "relation", "tags", "note")),
        )
        self.helper.layout = Layout(*(Fieldset(label, *names) for label, names in parts))

    def clean_parent(self) -> Organisation | None:
        parent: Organisation | None = self.cleaned_data["parent"]
        above, steps = parent, 0
        while above is not None and steps < DEEPEST:
            if above.pk == self.instance.pk:
                raise ValidationError(_("上级机构不能是机构本身，也不能是它的下级。"))
            above, steps = above.parent, steps + 1
        return parent

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        if cleaned.get("owner") and cleaned["owner"] == cleaned.get("deputy"):
            self.add_error("deputy", _("联系人和替补联系人不能是同一人。"))
        return cleaned


class PersonForm(forms.ModelForm):
    """A person as they are registered or changed."""

    class Meta:
        model = Person
        fields = (
            *("name", "surname", "given_names", "name_native", "order", "honorific", "sex"),
            *("nationality", "languages", "taboos", "note"),
        )
        widgets = {"taboos": LONG, "note": LONG}

    def __init__(self, data: QueryDict | None, *, instance: Person, initial: Any = None) -> None:
        super().__init__(data, instance=instance, initial=initial)
        guard(self.fields.items())
        self.fields["nationality"].queryset = _countries(instance.nationality_id)  # type: ignore[attr-defined]
        self.helper = PortalHelper()
        parts = (
            (_("姓名"), ("name", "surname", "given_names", "name_native", "order", "honorific")),
            (_("其他"), ("sex", "nationality", "languages", "taboos", "note")),
        )
        self.helper.layout = Layout(*(Fieldset(label, *names) for label, names in parts))

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        names = ("name", "surname", "given_names", "name_native")
        if not any(cleaned.get(name) for name in names) and not set(names) & set(self.errors):
            self.add_error("name", _("请至少填写一种文字的姓名。"))
        return cleaned

    def _get_validation_exclusions(self) -> set[str]:
        """The constraint on names is told by clean(), beside its field: asked of the database it would cost queries for each of many cards."""
        return {*super()._get_validation_exclusions(), "name_native"}  # type: ignore[misc]


def _terms(kind: str, *now: int | None) -> Any:
    """The entries of a maintained list that may be chosen: those in use, and what is chosen now."""
    return Term.objects.filter(Q(archived_at=None) | Q(pk__in=[key for key in now if key]), kind=kind)


def _countries(now: int | None) -> Any:
    return Country.objects.filter(Q(archived_at=None) | Q(pk=now))


# -- rows --------------------------------------------------------------------------------------------------------------------------------------------------


class AddressRow(RowForm):
    class Meta:
        model = OrganisationAddress
        fields = ("text", "text_en", "postcode", "since_on", "until_on")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        guard(self.fields.items())


class PointRow(RowForm):
    class Meta:
        model = ContactPoint
        fields = ("kind", "value", "label", "is_preferred", "ended_on")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        guard(self.fields.items())

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        kind, value = cleaned.get("kind"), cleaned.get("value")
        if kind and value and (fault := fault_of_point(kind, value)):
            self.add_error("value", fault)
        if cleaned.get("is_preferred") and cleaned.get("ended_on"):
            self.add_error("is_preferred", _("已停用的不能是首选。"))
        return cleaned


def fault_of_point(kind: str, value: str) -> str:
    """What is wrong with this number or address, in a sentence; "" where it may be right."""
    if kind in NUMBERS:
        if not PHONE.fullmatch(value):
            return _("号码只由数字和 + - ( ) 组成，分机写“转”。")
        return "" if 3 <= len(folded_value(kind, value)) <= 20 else _("号码的位数不对，请核对。")
    if kind == ContactPoint.Kind.EMAIL:
        try:
            EmailValidator()(value)
        except ValidationError:
            return _("邮箱地址写法不对，例如：name@example.org。")
    return ""


class PointRows(RowSet):
    """At most one of each kind is the one to try first."""

    def clean(self) -> None:
        preferred = [row.cleaned_data["kind"] for row in self.forms if row.cleaned_data.get("is_preferred") and row.cleaned_data.get("kind")]
        if len(preferred) > len(set(preferred)):
            raise ValidationError(_("同一种联系方式只能有一个首选。"))


class PositionRow(RowForm):
    body = BodyField(label=gettext_lazy("机构"))

    class Meta:
        model = Position
        fields = ("title", "title_en", "department", "precedence", "since_on", "until_on")

    field_order = ("body",)

    def __init__(self, *args: Any, user: User, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        guard(self.fields.items())
        self.fields["body"].user = user  # type: ignore[attr-defined]


Addresses = rowset(AddressRow, gettext_lazy("地址"))
Points = rowset(PointRow, gettext_lazy("联系方式"), PointRows)
Positions = rowset(PositionRow, gettext_lazy("任职"))


def organisation_sheet(data: QueryDict | None, organisation: Organisation, user: User) -> Sheet:
    """The form of an organisation with its rows; the first ones stand ready where it is new."""
    stored = {"addresses": _rows(organisation, "addresses", AddressRow), "points": _rows(organisation, "points", PointRow)}

    def form(data: QueryDict | None, initial: Any) -> OrganisationForm:
        return OrganisationForm(data, user=user, instance=organisation, initial=initial)

    return Sheet(form, {"addresses": Addresses, "points": Points}, data, stored)


def person_sheet(data: QueryDict | None, person: Person, user: User, body: Organisation | None = None) -> Sheet:
    """The form of a person with their rows; `body` is where a new one works."""
    positions = _rows(person, "positions", PositionRow)
    for row, position in zip(positions, person.positions.all() if person.pk else [], strict=False):
        row["body"] = position.organisation
    if body:
        positions = [{"body": body}]
    stored = {"positions": positions, "points": _rows(person, "points", PointRow)}

    def form(data: QueryDict | None, initial: Any) -> PersonForm:
        return PersonForm(data, instance=person, initial=initial)

    return Sheet(form, {"positions": Positions, "points": Points}, data, stored, {"positions": {"user": user}})


def _rows(record: Any, part: str, form: type[RowForm]) -> list[dict[str, Any]]:
    if not record.pk:
        return [{}]
    names = ("pk", *(form._meta.fields or ()))
    return [{name: getattr(row, name) for name in names} for row in getattr(record, part).all()]


class ReasonForm(forms.Form):
    """Why something is archived, or brought back."""

    reason = forms.CharField(label=gettext_lazy("理由"), max_length=300, widget=LONG)

    def __init__(self, data: QueryDict | None) -> None:
        super().__init__(data)
        guard(self.fields.items())
        self.helper = PortalHelper()
