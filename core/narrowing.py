"""Lists narrowed by a part of a text, in any order and as quick as the list itself.

What few objects contain is told by their keys: left to guess, both databases walk the whole list for it. What many contain is met soon on the way along the
list, in whatever order; there each row is looked at, and counting ends early.
"""

from dataclasses import dataclass
from typing import Any

from django.db.models import OuterRef, QuerySet, Subquery, Value
from django.db.models.functions import StrIndex

from . import index
from .keys import given
from .models import SearchEntry
from .paging import COUNTED, Count

FEW = 1_000  # keys by which a list is narrowed
MANY = 10_000  # keys that are counted at once
MOST = 1_000  # rows up to which a list is counted that is narrowed by what many contain


@dataclass(frozen=True)
class Plain:
    """The rows of a list as they are, to be counted as always."""

    rows: QuerySet[Any]

    def count(self) -> None:
        return None


@dataclass(frozen=True)
class Narrowed:
    """The rows of a list whose entry of a kind contains `part` (normalised, two characters or more)."""

    among: QuerySet[Any]
    kind: str
    part: str
    keys: list[int]  # of the newest that contain it; all, where they are few

    @property
    def is_by_keys(self) -> bool:
        return len(self.keys) <= FEW

    @property
    def rows(self) -> QuerySet[Any]:
        if self.is_by_keys:
            return self.among.filter(pk__in=given(self.keys))
        # A subquery that gives a number is asked row by row; EXISTS would be joined, and PostgreSQL would read all entries first.
        place = SearchEntry.objects.filter(kind=self.kind, object_pk=OuterRef("pk")).values_list(StrIndex("text", Value(self.part)))
        return self.among.alias(place=Subquery(place)).filter(place__gt=0)

    def count(self) -> Count:
        """How many rows there are. The newest of many are counted by their keys until they are enough."""
        if self.is_by_keys:
            return Count(self.rows.order_by().count(), COUNTED)
        total, keys = self._count_of(self.keys), self.keys
        if total <= MOST and self.among.order_by()[: MANY + 1].count() <= MANY:
            return Count(self.rows.order_by()[: MOST + 1].count(), MOST)
        while keys and total <= MOST:
            keys = index.keys(self.kind, self.part, MANY, below=keys[-1])
            total += self._count_of(keys)
        return Count(min(total, MOST + 1), MOST)

    def _count_of(self, keys: list[int]) -> int:
        return self.among.filter(pk__in=given(keys)).order_by().count()


def narrowed(among: QuerySet[Any], kind: str, part: str) -> Narrowed:
    """Those of the rows `among`, objects of a kind that is searched for, that contain `part` (normalised, two characters or more)."""
    return Narrowed(among, kind, part, index.keys(kind, part, FEW + 1))
