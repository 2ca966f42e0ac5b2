"""Writers on SQLite take turns in the order in which they came.

SQLite lets one writer in at a time, and of those that wait whoever happens to ask at the right moment: measured with eight threads, the luckiest
acted thirty times as often as the unluckiest (benchmarks/README.md). Threads of one process therefore queue before they ask.
"""

import threading
from contextlib import AbstractContextManager, nullcontext

from django.db import connection


class Turns:
    """A gate that lets one through at a time, in order of arrival."""

    def __init__(self) -> None:
        self._turn, self._next, self._changed = 0, 0, threading.Condition()

    def __enter__(self) -> None:
        with self._changed:
            mine, self._next = self._next, self._next + 1
            self._changed.wait_for(lambda: self._turn == mine)

    def __exit__(self, *fault: object) -> None:
        with self._changed:
            self._turn += 1
            self._changed.notify_all()


_writers = Turns()


def turn() -> AbstractContextManager[None]:
    """This thread's turn to write. There is nothing to wait for on PostgreSQL, nor inside a transaction, which has the turn or the database already."""
    return _writers if connection.vendor == "sqlite" and not connection.in_atomic_block else nullcontext()
