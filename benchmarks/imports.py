"""An import of contacts against `bulk_create` of the same rows as objects, on both engines, in turn.

Run as a program it is the worker: it makes its own database (DB as in .env.example), writes a hundred thousand people both ways in turn, each in a transaction
that is rolled back, and prints the CPU that it took as JSON. Every name is made up.
"""

import json
import time
from collections.abc import Callable
from typing import Any

from .cases import in_both
from .processes import cpu_seconds
from .results import Result, ratios, told

PEOPLE, TURNS = 100_000, 3
INDEXED = "both ways pay the same for the index of two-character pieces, which the database itself keeps; that is most of what is left of ours"


def imports() -> list[Result]:
    """Both engines."""
    return [line for name, spent in in_both("benchmarks.imports") for line in lines(name, spent)]


def lines(name: str, spent: dict[str, list[float]]) -> list[Result]:
    """Of the seconds of CPU of each way: how many times as quick ours is."""
    shown = {way: f"{told([1e6 * seconds / PEOPLE for seconds in rounds], '{:.0f}')} µs a person" for way, rounds in spent.items()}
    rows = ("people, posts, points", "records", ("≥", 4.0), "")
    whole = ("the same with what they are found by and compared by", "indexed", None, INDEXED)
    found = [
        Result(
            f"{name}: import of {PEOPLE:,}, {what} ÷ bulk_create",
            shown[f"{way} ours"],
            shown[f"{way} bulk_create"],
            ratios(spent[f"{way} bulk_create"], spent[f"{way} ours"]),
            goal,
            reason=reason,
        )
        for what, way, goal, reason in (rows, whole)
    ]
    return [*found, Result(f"{name}: making the same ready (reading, spelling, forms of names), before the transaction", shown["ready"], "–", [1.0])]


# -- the worker -------------------------------------------------------------------------------------------------------------------------------------------


def work() -> None:
    import django  # noqa: PLC0415 - the process that measures has set Django up for a database of its own

    django.setup()
    from . import import_ways  # noqa: PLC0415

    print(json.dumps(import_ways.measure(PEOPLE, TURNS)))


def spent_by(act: Callable[[], Any], server: int | None) -> float:
    """Seconds of CPU of this process, and of the part of the server that works for it."""
    before = time.process_time() + (cpu_seconds(server) if server else 0)
    act()
    return time.process_time() + (cpu_seconds(server) if server else 0) - before


if __name__ == "__main__":
    work()
