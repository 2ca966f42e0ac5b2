"""The lists of the portal: each app registers its own in `lists.py`, with its columns, its filter and who may see and export it."""

from collections.abc import Callable, Iterable, Sequence
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
    """One column of a list: `value` gives its cell for a row; dates stay dates in a spreadsheet.

    `sort` is the order that a click on its heading asks for first ("-number"; a second click asks for the reverse). `bring` adds to the rows what
    `value` looks at (select_related, prefetch_related), only where the column is shown. One that `is_fixed` is always shown: it names the row.
    """

    name: str
    label: str | Promise
    value: Callable[[Any], Cell]
    is_default: bool = True
    sort: str = ""
    bring: Callable[[QuerySet[Any]], QuerySet[Any]] | None = None
    is_fixed: bool = False
    is_personal: bool = False  # taken along in full only by whom the list says


def masked(text: str) -> str:
    """A text of which only the first and the last sign can be read."""
    return f"{text[0]}****{text[-1]}" if len(text) > 6 else "****" if text else ""


def _rights(user: User) -> Iterable[str]:
    return user.get_all_permissions()


@dataclass(frozen=True)
class ListKind:
    """A list that can be filtered, saved and exported.

    `rows(user, query)` gives what the filter in the query of an address leaves of what this person may see, in the order of the list, with what the
    columns show brought along (select_related, prefetch_related), unless `bring` or the columns do that. `may` says who sees the list. Who takes it
    along needs the permission `lists.export_list`, or what `may_export` says instead; `export_rows` says which rows then (by default the same).
    `standing` names all that lets a person see rows: where any of it is gone since an export was made, the file is not given out. `parameters` are the
    names in the address that make up a filter (None: all but those of paging). `shows_personal` says who takes personal columns along unmasked.
    """

    name: str
    label: str | Promise
    view: str
    rows: Callable[[User, QueryDict], QuerySet[Any]]
    columns: Sequence[Column]
    may: Callable[[User], bool]
    may_export: Callable[[User], bool] | None = None
    export_rows: Callable[[User, QueryDict], QuerySet[Any]] | None = None
    bring: Callable[[QuerySet[Any]], QuerySet[Any]] | None = None
    standing: Callable[[User], Iterable[str]] = _rights
    parameters: frozenset[str] | None = None
    shows_personal: Callable[[User], bool] | None = None

    def value_for(self, user: User, column: Column) -> Callable[[Any], Cell]:
        """How the cells of a column are taken along by this person: of a personal one, no more than that it is there, unless they may have it."""
        if not column.is_personal or self.shows_personal is None or self.shows_personal(user):
            return column.value
        return lambda row: masked(str(column.value(row) or ""))

    def exported_by(self, user: User) -> bool:
        """Whether this person may take the list along."""
        return self.may(user) and (self.may_export(user) if self.may_export else user.has_perm("lists.export_list"))

    def rows_to_export(self, user: User, query: QueryDict) -> QuerySet[Any]:
        """The rows that this person may take along under this filter."""
        return (self.export_rows or self.rows)(user, query)

    def columns_named(self, names: Sequence[str]) -> list[Column]:
        """The columns with these names in this order, the fixed ones among them; those of the list's own choice where none of them is (any more)."""
        found = [column for name in names if (column := self.column(name))]
        if not found:
            return [column for column in self.columns if column.is_default or column.is_fixed]
        return [*(column for column in self.columns if column.is_fixed and column not in found), *found]

    def with_columns(self, rows: QuerySet[Any], columns: Iterable[Column]) -> QuerySet[Any]:
        """These rows with what these columns show."""
        for bring in dict.fromkeys((self.bring, *(column.bring for column in columns))):  # what two columns look at is brought once
            rows = bring(rows) if bring else rows
        return rows

    def column(self, name: str) -> Column | None:
        return next((column for column in self.columns if column.name == name), None)


_kinds: dict[str, ListKind] = {}


def register(kind: ListKind) -> ListKind:
    """Add a list. Its name stands in addresses, saved filters and the audit trail: it stays."""
    _kinds[kind.name] = kind
    return kind


def kind_named(name: str) -> ListKind | None:
    return _kinds.get(name)
