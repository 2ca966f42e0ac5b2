"""登记往来 from anywhere: whom, how, what, when next. The body is found, or made; the case is guessed, and can be changed."""

from datetime import date, timedelta
from typing import Any

from crispy_forms.layout import Layout
from django import forms
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from cases.models import Case
from cases.standing import standings_of
from core.forms import PortalHelper

from . import whom
from .interaction_fields import InteractionFields
from .models import Country, Organisation, Person
from .models.interactions import LOG

CHANGE = "contacts.change_contact"
NEW_BODY, NEW_PERSON = "new:organisation", "new:contact"


class NextIn(models.TextChoices):
    """When to follow up, in one press."""

    NONE = "none", _("不需要")
    TOMORROW = "tomorrow", _("明天")
    IN_THREE_DAYS = "in_three_days", _("三天后")
    NEXT_MONDAY = "next_monday", _("下周一")
    OTHER = "other", _("选日期")

    def day(self, today: date) -> date | None:
        """The day that it stands for; None for none, and for a day that is chosen."""
        days = {self.TOMORROW: 1, self.IN_THREE_DAYS: 3, self.NEXT_MONDAY: 7 - today.weekday()}
        return today + timedelta(days=days[self]) if self in days else None


MORE = ("happened_at", "people", "ours", "sensitivity", "is_reported", "report_number")
VISIT = ("visit_kind", "starts_at", "ends_at", "place")


class QuickForm(InteractionFields):
    """An interaction with whoever was typed. Where that is nobody's name, or several people's, the form offers what it may be (`choices`)."""

    who = forms.CharField(label=_("联系人或机构"), max_length=200, required=False)
    who_key = forms.CharField(max_length=100, required=False)
    body = forms.CharField(label=_("所在机构"), max_length=200, required=False)
    body_key = forms.CharField(max_length=100, required=False)
    country = forms.ModelChoiceField(
        label=_("新机构的国家（地区）"), queryset=Country.objects.filter(archived_at=None), required=False, empty_label=_("未注明")
    )
    next_in = forms.ChoiceField(label=_("下次跟进"), choices=NextIn.choices, initial=NextIn.NONE, required=False)
    case = forms.CharField(label=_("关联办件"), max_length=24, required=False, help_text=_("填办件编号；往来总会记在这个机构本年度的 1.1 办件里。"))

    def __init__(self, *args: Any, by: User, organisation: Organisation | None = None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.by, self.organisation = by, organisation
        self.who_choices: list[tuple[str, str]] = []
        self.body_choices: list[tuple[str, str]] = []
        self.offer(by, organisation.pk if organisation else None)
        self.fields["next_step"].label = _("下一步做什么")
        met = self.fields["people"].queryset.exists()  # type: ignore[attr-defined]
        self.more, self.visit = _part(*(name for name in MORE if met or name != "people")), _part(*VISIT)
        self.may_make = any({CHANGE, LOG} <= standing.permissions for standing in standings_of(by))

    @property
    def has_errors_in_more(self) -> bool:
        return any(name in self.errors for name in (*MORE, "next_step", "case")) if self.is_bound else False

    def clean_case(self) -> Case | None:
        number = self.cleaned_data["case"].strip()
        if not number:
            return None
        case = Case.objects.visible_to(self.by, LOG).filter(number=number).first()
        if case is None:
            raise forms.ValidationError(_("没有找到这个编号的办件，请核对编号。"))
        return case

    def clean(self) -> dict[str, Any]:
        asked = self.cleaned_data.get("next_in") or NextIn.NONE
        if asked != NextIn.OTHER:
            self.cleaned_data["next_on"] = NextIn(asked).day(timezone.localdate())
        elif not self.cleaned_data.get("next_on") and "next_on" not in self.errors:
            self.add_error("next_on", _("请选跟进日期。"))
        cleaned = super().clean()
        self._resolve(cleaned)
        return cleaned

    # -- whom ----------------------------------------------------------------------------------------------------------------------------------------------

    def _resolve(self, cleaned: dict[str, Any]) -> None:
        """Find out whom it is with: `cleaned` gets "organisation" and "person", or the names of what is to be made ("new_body", "new_person")."""
        text, key = " ".join(cleaned.get("who", "").split()), cleaned.get("who_key", "")
        if key in (NEW_BODY, NEW_PERSON) and self.may_make and text:
            cleaned["new_body" if key == NEW_BODY else "new_person"] = text
            if key == NEW_PERSON:
                self._resolve_body(cleaned)
            return
        found = whom.named(key, self.by) or self._looked_up("who", text, self.who_choices, (NEW_BODY, _("新建机构“%s”")), (NEW_PERSON, _("新建联系人“%s”")))
        if isinstance(found, Organisation):
            cleaned["organisation"] = found
        elif isinstance(found, Person):
            cleaned["person"] = found
            bodies = whom.bodies_of([found.pk])
            if cleaned.get("body") or cleaned.get("body_key") or not bodies:
                self._resolve_body(cleaned)
            else:
                cleaned["organisation"] = Organisation.objects.get(pk=bodies[found.pk][0])

    def _resolve_body(self, cleaned: dict[str, Any]) -> None:
        text, key = " ".join(cleaned.get("body", "").split()), cleaned.get("body_key", "")
        if key == NEW_BODY and self.may_make and text:
            cleaned["new_body"] = text
            return
        found = whom.named(key, self.by) or self._looked_up("body", text, self.body_choices, (NEW_BODY, _("新建机构“%s”")))
        if isinstance(found, Organisation):
            cleaned["organisation"] = found
        elif "body" not in self.errors:
            self.add_error("body", _("请选一个机构。"))

    def _looked_up(self, name: str, text: str, choices: list[tuple[str, str]], *new: tuple[str, Any]) -> Organisation | Person | None:
        """What is called exactly so; else the form asks, beside the field, which of what was found is meant."""
        if not text:
            self.add_error(name, _("请填写联系人或机构的名称。") if name == "who" else _("请填写联系人所在的机构。"))
            return None
        found = whom.find(text, self.by, kinds=("organisation", "contact") if name == "who" else ("organisation",))
        exact = whom.exactly(text, found)
        if len(exact) == 1:
            return whom.named(exact[0].key, self.by)
        choices += [(one.key, f"{one.name}（{one.kind}{' · ' if one.about else ''}{one.about}）") for one in exact or found]
        if self.may_make:
            choices += [(key, str(label) % text) for key, label in new]
        self.add_error(name, _("有几个这样的名称，请选一个。") if len(choices) > len(new) else _("没有找到这个名称，请核对，或者新建。"))
        return None

    def settle(self) -> tuple[Organisation, dict[str, Any]]:
        """The body, made if it is new, and the values of the interaction with the person among the people. Call it inside `acting()`. Raises Refused."""
        typed = dict(self.cleaned_data)
        body = typed.get("organisation") or whom.make_body(typed["new_body"], typed.get("country"), self.by)
        person = typed.get("person") or (whom.make_person(typed["new_person"], body, self.by) if typed.get("new_person") else None)
        people = list(typed["people"])
        if person and person not in people:
            people.append(person)
        values = {name: typed.get(name) for name in InteractionFields.base_fields}
        return body, values | {"people": people}


def _part(*names: str) -> PortalHelper:
    """Crispy's directions for some of the fields."""
    helper = PortalHelper()
    helper.layout = Layout(*names)
    return helper
