"""The worker of benchmarks/cases.py, with Django set up: cases, threads that act on them, and the statements that one act sends."""

import contextlib
import copy
from collections.abc import Callable
from pathlib import Path
from unittest import mock

from django.conf import settings
from django.core.management import call_command
from django.db import connection, connections
from django.db.models import Max
from django.test.utils import CaptureQueriesContext

from accounts.audit import find_faults
from accounts.models import AuditEvent, AuditHead, User
from cases import process
from cases.models import Case
from tests import factories as make

from . import cases

CODE = "2.1"


def make_cases(count: int) -> list[Case]:
    """As many cases, each of a person of its own, each with three materials and two tasks."""
    call_command("migrate", interactive=False, verbosity=0)
    make.sheet(CODE, ["决定", "准备", "接待", "反馈"], ["名单", "委托函", "日程"])
    made = [make.case(CODE, make.worker("preparer", CODE)) for _number in range(count)]
    for case in made:
        for number in range(2):
            make.act(case, "add_task", "1", title=f"任务 {number}")
    return [Case.objects.get(pk=case.pk) for case in made]


def acts_on(case: Case) -> Callable[[], None]:
    """One act a call: a task is ticked off, then opened again; each time by a person of whom nothing is known yet, as in a request."""
    task, person = f"task:{case.tasks.all()[0].pk}", User.objects.get(pk=case.handler_id)
    state = {"case": Case.objects.get(pk=case.pk), "is_open": case.tasks.all()[0].status == "open"}

    def act() -> None:
        name, data = ("tick", {"remark": "已办"}) if state["is_open"] else ("untick", {})
        state["case"] = process.perform(state["case"], name, by=copy.copy(person), version=state["case"].version, target=task, data=data)
        state["is_open"] = not state["is_open"]

    return act


def ours(rows: list[Case], seconds: float) -> list[int]:
    before = sum(Case.objects.values_list("version", flat=True))
    acts = [acts_on(case) for case in rows]
    counts = cases.in_threads([lambda act=act: act() for act in acts], seconds)  # type: ignore[misc]
    assert sum(Case.objects.values_list("version", flat=True)) - before == sum(counts), "an act was lost"
    return counts


def statements_of(case: Case) -> list[str]:
    """What one tick sends between BEGIN and COMMIT."""
    act = acts_on(case)
    with CaptureQueriesContext(connection) as captured:
        act()
    act()
    return [query["sql"] for query in captured if query["sql"].split()[0] in {"SELECT", "INSERT", "UPDATE", "DELETE"}]


def bare(scripts: list[list[str]], seconds: int) -> list[int]:
    database = settings.DATABASES["default"]
    here = connection.vendor == "sqlite"
    counts = cases.bare_sqlite(Path(database["NAME"]), scripts, seconds) if here else cases.bare_postgres(database, scripts, seconds)
    AuditHead.objects.update(number=AuditEvent.objects.aggregate(last=Max("number"))["last"])  # theirs was that of the act that they repeat
    return counts


def measure(threads: int, seconds: int, rounds: int) -> dict[str, list[list[int]]]:
    """What each thread did, by way and round; the ways take turns. Bare statements leave a trail that does not hold: it is looked at before them."""
    rows = make_cases(threads)
    scripts = [statements_of(case) for case in rows]
    ours(rows, 1)
    assert not list(find_faults()), "the audit trail has faults"
    counted: dict[str, list[list[int]]] = {}
    for _round in range(rounds):
        counted.setdefault("ours", []).append(ours(rows, seconds))
        counted.setdefault("bare", []).append(bare(scripts, seconds))
        with mock.patch("accounts.audit._write"):
            counted.setdefault("unaudited", []).append(ours(rows, seconds))
        if connection.vendor == "sqlite":
            with mock.patch("accounts.audit.turn", contextlib.nullcontext):
                counted.setdefault("ungated", []).append(ours(rows, seconds))
    connections.close_all()
    return counted
