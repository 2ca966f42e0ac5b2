"""Forms of saved filters, and the choice of columns."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from django import forms
from django.contrib.auth.models import Group
from django.http import QueryDict
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from accounts.roles import ROLES
from core.forms import PortalHelper

from .kinds import Column, ListKind
from .models import SavedFilter
from .queries import roles_to_share_with


class RoleChoice(forms.ModelChoiceField):
    def label_from_instance(self, obj: Group) -> str:
        return str(ROLES[obj.name].name)


class FilterForm(forms.ModelForm):
    """The name of a filter and who may use it; sharing only for whoever may share."""

    shared_with = RoleChoice(
        label=_("共享给"),
        queryset=Group.objects.none(),
        required=False,
        empty_label=_("只有自己"),
        help_text=_("共享的是筛选条件：每个人看到的仍是自己有权看的内容。"),
    )
    begins = forms.BooleanField(label=_("打开列表时先用这个筛选"), required=False)

    class Meta:
        model = SavedFilter
        fields = ["name", "shared_with"]

    def __init__(self, *args: Any, user: User, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.helper = PortalHelper()
        self.fields["name"].widget.attrs["autocomplete"] = "off"
        if user.has_perm("lists.share_filter"):
            self.fields["shared_with"].queryset = roles_to_share_with(user)  # type: ignore[attr-defined]
        else:
            del self.fields["shared_with"]
        if self.instance.pk:
            del self.fields["begins"]

    def wanted(self) -> dict[str, Any]:
        """What was typed, as the actions take it."""
        return {"shared_with": self.instance.shared_with if "shared_with" not in self.fields else None} | self.cleaned_data


@dataclass
class ColumnChoice:
    """The page on which columns are ticked and put into order: every column of the list, the chosen ones first."""

    kind: ListKind
    names: list[str]
    shown: set[str]
    moved: str = ""
    error: str = field(default="")

    @classmethod
    def of(cls, kind: ListKind, columns: Sequence[Column]) -> "ColumnChoice":
        """As the columns stand now."""
        names = [column.name for column in columns]
        return cls(kind, _completed(kind, names), set(names))

    @classmethod
    def typed(cls, kind: ListKind, posted: QueryDict) -> "ColumnChoice":
        """As it was sent, one column moved by a place where its button was pressed."""
        names = _completed(kind, posted.getlist("order"))
        choice = cls(kind, names, _fixed(kind) | set(posted.getlist("shown")) & set(names), posted.get("up", "") or posted.get("down", ""))
        if choice.moved in names:
            place = names.index(choice.moved)
            other = max(place - 1, 0) if "up" in posted else min(place + 1, len(names) - 1)
            names[place], names[other] = names[other], names[place]
        return choice

    @property
    def rows(self) -> list[tuple[Column, bool]]:
        """(column, whether it is shown) of each, in order."""
        return [(column, name in self.shown) for name in self.names if (column := self.kind.column(name))]

    @property
    def chosen(self) -> list[str]:
        return [name for name in self.names if name in self.shown]


def _fixed(kind: ListKind) -> set[str]:
    return {column.name for column in kind.columns if column.is_fixed}


def _completed(kind: ListKind, names: Sequence[str]) -> list[str]:
    """These names, each once and only those that are columns of the list, then the others."""
    known = [column.name for column in kind.columns]
    return list(dict.fromkeys([*(name for name in names if name in known), *known]))
