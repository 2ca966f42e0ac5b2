"""Keyset pages: each begins where the one before it ended, so that the last page of a list costs what the first one does.

The condition is written range first, `a >= x AND (a > x OR id > y)`: both databases then walk the index. Written the other way round
(`a > x OR (a = x AND id > y)`) they read the whole table, and OFFSET reads all that it skips.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from django.core.exceptions import ValidationError
from django.db.models import F, Field, Model, Q, QuerySet, prefetch_related_objects
from django.db.models.expressions import OrderBy

Row = TypeVar("Row", bound=Model)

SIZES = (20, 50, 100)
COUNTED = 10_000  # beyond that a list says "more than"
LAST_KEY = 2**63 - 1


@dataclass(frozen=True)
class Key:
    """What a list is sorted by: a column, then the primary key. Rows without a value (`nullable`) come last in both directions."""

    column: str
    descending: bool = False
    nullable: bool = False

    @property
    def ordering(self) -> list[OrderBy]:
        """The order of the whole list."""
        orders = [F(column) for column in dict.fromkeys([self.column, "pk"])]
        return [column.desc(nulls_last=True) if self.descending else column.asc(nulls_last=True) for column in orders]

    def field(self, model: type[Model]) -> "Field[Any, Any]":
        return model._meta.pk if self.column == "pk" else model._meta.get_field(self.column)  # type: ignore[return-value]


@dataclass(frozen=True)
class Mark:
    """Where a page ends: the value of its last row (None: it has none) and that row's primary key."""

    value: Any
    pk: int


@dataclass(frozen=True)
class Count:
    """How many rows there are; of more than `most`, only that there are more."""

    total: int
    most: int

    @property
    def is_over(self) -> bool:
        return self.total > self.most


@dataclass(frozen=True)
class Page(Generic[Row]):
    """Rows of a list, and the marks for the pages before and after them ("" where there is none)."""

    rows: list[Row]
    previous: str
    following: str
    size: int
    count: Count

    @property
    def sizes(self) -> tuple[int, ...]:
        return SIZES

    @property
    def total(self) -> int:
        return self.count.total

    @property
    def counted(self) -> int:
        return self.count.most

    @property
    def is_uncounted(self) -> bool:
        """Whether there are more rows than are counted."""
        return self.count.is_over


def paged(rows: QuerySet[Row], key: Key, query: Mapping[str, str], *, size: int = SIZES[0], count: Count | None = None) -> Page[Row]:
    """The page of `rows` that an address asks for with `rows` (how many), `after` and `before` (marks of other pages); by default the first.

    `count` is how many there are, where that is known. A mark that cannot be read, or behind which nothing is left, leads to the first page.
    Costs two queries, three where rows without a value follow or the way back ends.
    """
    wanted = query.get("rows", "")
    size = int(wanted) if wanted in {str(number) for number in SIZES} else size
    count = count or Count(rows.order_by()[: COUNTED + 1].count(), COUNTED)
    after, before = (_read(rows.model, key, query.get(name, "")) for name in ("after", "before"))
    found, previous, following = _around(rows.prefetch_related(None), key, size, after, before)
    prefetch_related_objects(found, *rows._prefetch_related_lookups)  # type: ignore[attr-defined]  # once, not for each walk
    first, last = (_write(key, row) for row in (found[0], found[-1])) if found else ("", "")
    return Page(found, first if previous else "", last if following else "", size, count)


def _around(rows: QuerySet[Row], key: Key, size: int, after: Mark | None, before: Mark | None) -> tuple[list[Row], bool, bool]:
    """The rows behind `after` or ahead of `before`, and whether there are others before and behind them."""
    if before and not after:
        found = _walk(rows, key, size + 1, before, backward=True)
        if len(found) >= size:
            return found[:size][::-1], len(found) > size, True
        after = None
    found = _walk(rows, key, size + 1, after)
    if after and not found:
        after, found = None, _walk(rows, key, size + 1, None)
    return found[:size], after is not None, len(found) > size


def _walk(rows: QuerySet[Row], key: Key, number: int, mark: Mark | None, *, backward: bool = False) -> list[Row]:
    """The next `number` rows beyond the mark, nearest first. Rows with and without a value are two walks: each follows an index."""
    parts = [False, True] if key.nullable else [False]
    if backward:
        parts.reverse()
    if mark:
        parts = parts[parts.index(mark.value is None) :]
    found: list[Row] = []
    for is_empty in parts:
        beyond = mark if mark and is_empty == (mark.value is None) else None
        if len(found) < number:
            found += _part(rows, key, beyond, is_empty, key.descending != backward)[: number - len(found)]
    return found


def _part(rows: QuerySet[Row], key: Key, mark: Mark | None, is_empty: bool, down: bool) -> QuerySet[Row]:
    column, sign = key.column, "-" if down else ""
    past, until = ("lt", "lte") if down else ("gt", "gte")
    if key.nullable:
        rows = rows.filter(**{f"{column}__isnull": is_empty})
    if is_empty or column == "pk":
        rows = rows.order_by(f"{sign}pk")
        return rows.filter(**{f"pk__{past}": mark.pk}) if mark else rows
    rows = rows.order_by(f"{sign}{column}", f"{sign}pk")
    if mark is None:
        return rows
    return rows.filter(Q(**{f"{column}__{until}": mark.value}) & (Q(**{f"{column}__{past}": mark.value}) | Q(**{f"pk__{past}": mark.pk})))


def _write(key: Key, row: Model) -> str:
    field = key.field(type(row))
    value = field.value_from_object(row)
    return str(row.pk) if value is None else f"{row.pk}~{field.value_to_string(row)}"


def _read(model: type[Model], key: Key, text: str) -> Mark | None:
    number, has_value, value = text.partition("~")
    if not (number.isascii() and number.isdigit()) or int(number[:20]) > LAST_KEY or "\x00" in value or (not has_value and not key.nullable):
        return None
    try:
        return Mark(key.field(model).to_python(value) if has_value else None, int(number))
    except ValidationError:
        return None
