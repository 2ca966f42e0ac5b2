"""What tests of the engine look at from outside: every row that it may write, as one text; and acts done at the same moment."""

import hashlib
import threading
from collections.abc import Callable, Iterable

from django.apps import apps
from django.db import connection, connections

from accounts.models import AuditEvent, AuditHead
from cases.models import Case
from cases.process import BlockedError, ConflictError, InvalidError
from core.models import Serial

REFUSALS = (BlockedError, ConflictError, InvalidError)


def tables() -> list[str]:
    """Every table of daily work, the links between its tables, the audit trail, and the numbers."""
    own = [model._meta.db_table for model in apps.get_app_config("cases").get_models(include_auto_created=True)]
    return sorted([*own, AuditEvent._meta.db_table, AuditHead._meta.db_table, Serial._meta.db_table])


def content(names: Iterable[str] = ()) -> str:
    """SHA-256 over every row of these tables (of all, if none is named)."""
    digest = hashlib.sha256()
    with connection.cursor() as cursor:
        for name in names or tables():
            cursor.execute(f"SELECT * FROM {name} ORDER BY 1")
            digest.update(f"{name}{cursor.fetchall()}".encode())
    return digest.hexdigest()


def faults_of(case: Case) -> list[str]:
    """What is not as it must be in the timeline of a case: one entry a version, each with its audit row."""
    entries = list(case.timeline.order_by("pk"))
    rows = [event.action for event in AuditEvent.objects.filter(subject=f"cases.case:{case.pk}").order_by("number")]
    found = []
    if [entry.version for entry in entries] != list(range(1, Case.objects.get(pk=case.pk).version + 1)):
        found.append(f"{case.number}: versions {[entry.version for entry in entries]}")
    if [f"case.{entry.kind}" for entry in entries] != [row for row in rows if row != "case.catch_up"]:
        found.append(f"{case.number}: timeline {[entry.kind for entry in entries]}, audit {rows}")
    return found


def at_once(*acts: Callable[[], object]) -> list[object]:
    """Do the acts in threads that start together; what each returned, or what it raised."""
    start = threading.Barrier(len(acts))
    results: list[object] = [None] * len(acts)

    def run(place: int) -> None:
        try:
            start.wait(30)
            results[place] = acts[place]()
        except Exception as raised:
            results[place] = raised
        finally:
            connections.close_all()

    threads = [threading.Thread(target=run, args=[place]) for place in range(len(acts))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(120)
    assert not any(thread.is_alive() for thread in threads), "a thread hangs"
    return results
