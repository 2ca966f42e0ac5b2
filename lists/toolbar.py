"""What stands above every list: saved filters, the choice of columns, exports.

In the view: `toolbar(kind, request)` into the context as "toolbar"; in the template: `{% include "lists/_toolbar.html" %}`, and in the table
`{% include "lists/_headings.html" %}` and `{% for column in toolbar.columns %}{{ row|cell:column }}{% endfor %}`. Two queries, however many filters.
"""

from dataclasses import dataclass
from functools import cached_property

from django.http import HttpRequest
from django.urls import reverse

from accounts.middleware import signed_in

from . import queries
from .kinds import Column, ListKind
from .models import ListSetting, SavedFilter


@dataclass(frozen=True)
class Heading:
    """The heading of a column: in which direction the list is sorted by it now ("" if it is not), and the query of the address that sorts by it."""

    column: Column
    direction: str = ""
    address: str = ""


@dataclass
class Toolbar:
    """The lines of the bar for one person, one list and one address, sorted by `sort`."""

    kind: ListKind
    request: HttpRequest
    setting: ListSetting
    sort: str = ""

    @cached_property
    def columns(self) -> list[Column]:
        """The columns to draw, in the person's order."""
        return self.kind.columns_named(self.setting.columns)

    @property
    def headings(self) -> list[Heading]:
        """The headings of the columns to draw."""
        return [self._heading(column) for column in self.columns]

    def _heading(self, column: Column) -> Heading:
        if not column.sort:
            return Heading(column)
        is_sorted = self.sort.removeprefix("-") == column.sort.removeprefix("-")
        wanted = column.sort
        if is_sorted:
            wanted = self.sort.removeprefix("-") if self.sort.startswith("-") else f"-{self.sort}"
        query = self.request.GET.copy()
        for name in ("after", "before"):
            query.pop(name, None)
        query["sort"] = wanted
        direction = ("descending" if self.sort.startswith("-") else "ascending") if is_sorted else ""
        return Heading(column, direction, "?" + query.urlencode())

    @cached_property
    def filters(self) -> list[SavedFilter]:
        """The person's own filters, and those shared with a role of theirs."""
        return list(queries.filters_for(signed_in(self.request), self.kind))

    @property
    def address(self) -> str:
        """The address of the list."""
        return reverse(self.kind.view)

    @cached_property
    def query(self) -> str:
        """The filter of this address, as it would be saved."""
        return queries.normalised(self.kind, self.request.GET)

    @cached_property
    def current(self) -> SavedFilter | None:
        """The saved filter that this address is, if it is one."""
        return next((saved for saved in self.filters if saved.query == self.query), None)

    @property
    def may_export(self) -> bool:
        return self.kind.exported_by(signed_in(self.request))


def toolbar(kind: ListKind, request: HttpRequest, *, sort: str = "") -> Toolbar:
    """The bar above this list for the person of this request; `sort` is how the list is sorted now."""
    return Toolbar(kind, request, _setting(kind, request), sort)


def columns_of(kind: ListKind, request: HttpRequest) -> list[Column]:
    """The columns that the person of this request wants to see of this list, in their order."""
    return kind.columns_named(_setting(kind, request).columns)


def first_address(kind: ListKind, request: HttpRequest) -> str | None:
    """Where a list that was opened without any filter goes on to: to the filter that the person lets it begin with, while they may use it. None: it stays."""
    begins_with = None if request.GET else _setting(kind, request).begins_with_id
    saved = queries.filters_for(signed_in(request), kind).filter(pk=begins_with).first() if begins_with else None
    return None if saved is None else f"{reverse(kind.view)}?{saved.query or 'filter='}"


def _setting(kind: ListKind, request: HttpRequest) -> ListSetting:
    """Read once in a request."""
    kept: dict[str, ListSetting] = request.__dict__.setdefault("_list_settings", {})
    if kind.name not in kept:
        kept[kind.name] = queries.setting_of(signed_in(request), kind)
    return kept[kind.name]
