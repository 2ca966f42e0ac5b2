"""The lists of the portal: each app registers its own in `lists.py`, with its columns, its filter and who may see and export it."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from django.db.models import QuerySet
from django.http import QueryDict
from django.utils.functional import Promise

from accounts.models import User
from core.spreadsheets import Cell

PAGING = frozenset({"after", "before", "rows", "density", "filter"})  # of an address, and no filter


@dataclass(frozen=True)
class Column:
    """One column of a list: `value` gives its cell for a row; dates stay dates in a spreadsheet. `sort` names the order that its heading asks for."""

    name: str
    label: str | Promise
    value: Callable[[Any], Cell]
    is_default: bool = True
    sort: str = ""


def _rights(user: User) -> Any:
    return sorted(user.get_all_permissions())


@dataclass(frozen=True)
class ListKind:
    """A list that can be filtered, saved and exported.

    `rows(user, query)` gives what the filter in the query of an address leaves of what this person may see, in the order of the list, with what the
    columns show brought along (select_related, prefetch_related). `may` says who sees the list; `may_export` who takes it along (by default the same),
    and `export_rows` which rows then (by default the same). `standing` is all that decides which rows a person sees, as JSON: where it is no longer what it was
    when an export was made, the file is not given out. `parameters` are the names in the address that make up a filter (None: all but those of paging).
    """

    name: str
    label: str | Promise
    view: str
    rows: Callable[[User, QueryDict], QuerySet[Any]]
    columns: Sequence[Column]
    may: Callable[[User], bool]
    may_export: Callable[[User], bool] | None = None
    export_rows: Callable[[User, QueryDict], QuerySet[Any]] | None = None
    standing: Callable[[User], Any] = _rights
    parameters: frozenset[str] | None = None

    def exported_by(self, user: User) -> bool:
        """Whether this person may take the list along."""
        return self.may(user) and (self.may_export is None or self.may_export(user))

    def column(self, name: str) -> Column | None:
        return next((column for column in self.columns if column.name == name), None)


_kinds: dict[str, ListKind] = {}


def register(kind: ListKind) -> ListKind:
    """Add a list. Its name stands in addresses, saved filters and the audit trail: it stays."""
    _kinds[kind.name] = kind
    return kind


def kind_named(name: str) -> ListKind | None:
    return _kinds.get(name)
