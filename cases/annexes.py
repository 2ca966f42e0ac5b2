"""What apps above add to every case, whatever its kind: acts on it, and a part of its page; and to today's work. They register in their `process.py`."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from accounts.models import User

from .kinds import Action
from .models import Case


@dataclass(frozen=True)
class Annex:
    """Something that cases have beside their steps, kept by another app.

    `actions` are taken on the case itself, open or closed, by way of `process.perform`; the pages of the other app offer them. `panel` is the template
    of its part of the case page, given `case` and `shown`: what `show` returns for a person, in a fixed number of queries.
    """

    actions: tuple[Action, ...]
    panel: str
    show: Callable[[Case, User], Any]


_annexes: list[Annex] = []


def register(annex: Annex) -> Annex:
    """Add an annex to every case."""
    _annexes.append(annex)
    return annex


def unregister(annex: Annex) -> None:
    """Take it away again."""
    _annexes.remove(annex)


def actions() -> Iterator[Action]:
    """The actions that annexes add to every case."""
    return (action for annex in _annexes for action in annex.actions)


def panels(case: Case, person: User) -> list[tuple[str, Any]]:
    """(template, what it shows) of each annex on the page of this case."""
    return [(annex.panel, annex.show(case, person)) for annex in _annexes]


# -- daily work


class Side:
    """The parts that apps above add to a page of daily work."""

    def __init__(self) -> None:
        self._parts: list[tuple[str, Callable[[User], Any]]] = []
        self._counts: list[Callable[[User], int]] = []

    def add(self, panel: str, show: Callable[[User], Any], *, count: Callable[[User], int] | None = None) -> None:
        """Add a part: its template, given `shown`, and what returns that for a person, in a fixed number of queries (None: nothing to show).

        `count` says how much of it waits for a person, on every page and so in few queries.
        """
        self._parts.append((panel, show))
        if count:
            self._counts.append(count)

    def panels(self, person: User) -> list[tuple[str, Any]]:
        """(template, what it shows) of each part that has something for this person."""
        return [(panel, shown) for panel, show in self._parts if (shown := show(person)) is not None]

    def count(self, person: User) -> int:
        """How much waits for this person in all parts."""
        return sum(count(person) for count in self._counts)


today, approvals = Side(), Side()
