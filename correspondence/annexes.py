"""What apps above add to the page of an entry: they register it in their `process.py`."""

from collections.abc import Callable
from typing import Any

from accounts.models import User

from .models import Entry

_panels: list[tuple[str, Callable[[Entry, User], Any]]] = []


def register(template: str, show: Callable[[Entry, User], Any]) -> None:
    """Add a part to the side of the page of an entry: its template, given `entry` and `shown`, and what `show` returns for a person (None: nothing)."""
    _panels.append((template, show))


def panels(entry: Entry, person: User) -> list[tuple[str, Any]]:
    """(template, what it shows) of each part, in a fixed number of queries."""
    return [(template, shown) for template, show in _panels if (shown := show(entry, person)) is not None]
