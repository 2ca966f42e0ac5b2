"""What the auditor narrows the trail by. Filters stand in the address, and each can be taken away on its own."""

from typing import Any

from django import forms
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from accounts.audit import ACTIONS
from accounts.forms import DAY, THIS_AGE
from accounts.roles import CHOICES
from lists.filters import FilterForm

from .queries import CLOSES, OPENS, Wanted
from .words import GROUPS, group_of

ONLY = [("refusals", _("被拒绝和失败的")), ("disclosures", _("查看、打印、下载和导出"))]


def action_choices() -> list[tuple[Any, Any]]:
    """Every act, under its group; the first of each group stands for all of them."""
    groups: dict[str, list[tuple[str, Any]]] = {}
    for name, label in ACTIONS.items():
        groups.setdefault(group_of(name), []).append((name, label))
    every = gettext("全部")
    found: list[tuple[Any, Any]] = [("", every)]
    for group, acts in groups.items():
        label = GROUPS.get(group, group)
        whole = [(f"{group}.", f"{label}：{every}")] if len(acts) > 1 else []
        found.append((label, [*whole, *acts]))
    return found


class SavedFilterForm(FilterForm):
    def address_of_all(self) -> str:
        """It says that there is no filter, or the one that the person lets the list begin with would come back."""
        return "?filter="


class TrailForm(SavedFilterForm):
    person = forms.CharField(label=_("姓名或登录名"), max_length=40, required=False)
    role = forms.ChoiceField(label=_("当时的角色"), choices=[("", _("全部")), *CHOICES], required=False)
    action = forms.ChoiceField(label=_("操作"), choices=action_choices, required=False)
    subject = forms.CharField(label=_("对象"), max_length=80, required=False, help_text=_("办件编号、登录名，或原始记录中的对象"))
    q = forms.CharField(label=_("内容含"), max_length=60, required=False, help_text=_("不查办件的业务内容"))
    address = forms.GenericIPAddressField(label=_("地址"), required=False)
    since = forms.DateField(label=_("从"), required=False, widget=DAY, validators=THIS_AGE)
    until = forms.DateField(label=_("到"), required=False, widget=DAY, validators=THIS_AGE)
    only = forms.ChoiceField(label=_("只看"), choices=[("", _("全部")), *ONLY], required=False)
    outside = forms.BooleanField(
        label=_("只看工作时间以外"),
        required=False,
        widget=forms.CheckboxInput(attrs={"class": "form-check-input"}),
        help_text=f"{OPENS:%H:%M}–{CLOSES:%H:%M}",
    )

    def wanted(self) -> Wanted | None:
        """What the filters ask for; None where one cannot be read."""
        return Wanted(**self.cleaned_data) if self.is_valid() else None


class SightingsForm(SavedFilterForm):
    person = forms.CharField(label=_("登录名"), max_length=40, required=False)
    subject = forms.CharField(label=_("办件编号或对象"), max_length=80, required=False)
    since = forms.DateField(label=_("从"), required=False, widget=DAY, validators=THIS_AGE)
    until = forms.DateField(label=_("到"), required=False, widget=DAY, validators=THIS_AGE)
