"""What stands above every list: saved filters, the choice of columns, exports.

In the view: `toolbar(kind, request)` into the context as "toolbar"; in the template: `{% include "lists/_toolbar.html" %}`, and in the table
`{% for column in toolbar.columns %}{{ row|cell:column }}{% endfor %}`. Two queries, however many filters there are.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

from django.http import HttpRequest
from django.urls import reverse

from accounts.middleware import signed_in

from . import queries
from .kinds import Column, ListKind
from .models import ListSetting, SavedFilter


@dataclass
class Toolbar:
    """The lines of the bar for one person, one list and one address."""

    kind: ListKind
    request: HttpRequest
    setting: ListSetting

    @cached_property
    def columns(self) -> list[Column]:
        """The columns to draw, in the person's order."""
        return chosen(self.kind, self.setting.columns)

    @cached_property
    def filters(self) -> list[SavedFilter]:
        """The person's own filters, and those shared with a role of theirs."""
        return list(queries.filters_for(signed_in(self.request), self.kind))

    @property
    def query(self) -> str:
        """The filter of this address, as it would be saved."""
        return queries.normalised(self.kind, self.request.GET)

    @property
    def current(self) -> SavedFilter | None:
        """The saved filter that this address is, if it is one."""
        return next((saved for saved in self.filters if saved.query == self.query), None)

    @property
    def may_export(self) -> bool:
        return self.kind.exported_by(signed_in(self.request))


def toolbar(kind: ListKind, request: HttpRequest) -> Toolbar:
    """The bar above this list for the person of this request."""
    return Toolbar(kind, request, _setting(kind, request))


def columns_of(kind: ListKind, request: HttpRequest) -> list[Column]:
    """The columns that the person of this request wants to see of this list, in their order."""
    return chosen(kind, _setting(kind, request).columns)


def chosen(kind: ListKind, names: Sequence[str]) -> list[Column]:
    """The columns with these names in this order; those of the list's own choice where none of them is (any more)."""
    found = [column for name in names if (column := kind.column(name))]
    return found or [column for column in kind.columns if column.is_default]


def first_address(kind: ListKind, request: HttpRequest) -> str | None:
    """Where a list that was opened without any filter goes on to: to the filter that the person lets it begin with. None: it stays."""
    if request.GET:
        return None
    begins_with = _setting(kind, request).begins_with
    return None if begins_with is None else f"{reverse(kind.view)}?{begins_with.query or 'filter='}"


def _setting(kind: ListKind, request: HttpRequest) -> ListSetting:
    """Read once in a request."""
    kept: dict[str, ListSetting] = request.__dict__.setdefault("_list_settings", {})
    if kind.name not in kept:
        kept[kind.name] = queries.setting_of(signed_in(request), kind)
    return kept[kind.name]
