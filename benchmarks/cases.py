"""Acts on cases through `process.perform`, by eight threads at once, against the same statements sent bare: by pgbench, and by sqlite3.

Run as a program it is the worker: it makes its own database (DB as in .env.example), takes turns, and prints what it counted as JSON.
"""

import contextlib
import itertools
import json
import os
import re
import sqlite3
import subprocess
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from .processes import PYTHON, ROOT
from .results import ROUNDS, Result, ratios, told

THREADS, SECONDS = 8, 3
PORT = "54395"
NUMBER = re.compile(r"(INSERT INTO \"accounts_auditevent\" \([^)]*\) VALUES \()(\d+)")

SLOW = "an act sends some twenty statements (measured); the rest, not measured apart, is Django's ORM, in one process that runs Python on one core"
UNEVEN = "the machine was busy with something else"


def cases() -> list[Result]:
    """Both engines."""
    return [line for name, counted in in_both("benchmarks.cases") for line in lines(name, counted)]


def in_both(module: str) -> Iterator[tuple[str, Any]]:
    """For each engine its name and what `module`, run as a program in a process and a database of its own, prints last, as JSON."""
    with tempfile.TemporaryDirectory() as folder, cluster(Path(folder) / "cluster") as variables:
        for name, database in (("SQLite", {}), ("PostgreSQL", variables)):
            var = Path(folder) / name
            var.mkdir()
            keys = {"VAR_DIR": str(var), "SECRET_KEY": "benchmark", "AUDIT_KEY": "benchmark", "FIELD_KEY": "benchmark"}
            keys["DJANGO_SETTINGS_MODULE"] = "liaison_portal.settings"
            said = subprocess.run([PYTHON, "-m", module], cwd=ROOT, env=os.environ | keys | database, check=True, stdout=subprocess.PIPE).stdout
            yield name, json.loads(said.splitlines()[-1])


@contextlib.contextmanager
def cluster(folder: Path) -> Iterator[dict[str, str]]:
    """A throwaway server that writes through to the disk, as the real one does."""
    variables = {"DB": "postgres", "DB_HOST": str(folder), "DB_PORT": PORT, "DB_USER": "postgres", "DB_NAME": "postgres"}
    folder.parent.chmod(0o755)
    subprocess.run(["bin/postgres", "start", str(folder)], cwd=ROOT, env=os.environ | {"DB_PORT": PORT}, check=True, stdout=subprocess.DEVNULL)
    try:
        psql = ["psql", "-qh", str(folder), "-p", PORT, "-U", "postgres", "-c"]
        for statement in ("ALTER SYSTEM SET fsync = on", "SELECT pg_reload_conf()"):
            subprocess.run([*psql, statement], check=True, stdout=subprocess.DEVNULL)
        yield variables
    finally:
        subprocess.run(["bin/postgres", "stop", str(folder)], cwd=ROOT, env=os.environ | {"DB_PORT": PORT}, check=True)


def lines(name: str, counted: dict[str, list[list[int]]]) -> list[Result]:
    """Of the counts of each thread in each round: how many a second, and how even."""
    rate = {way: [sum(threads) / SECONDS for threads in rounds] for way, rounds in counted.items()}
    even = {way: [min(threads) / max(threads) for threads in rounds] for way, rounds in counted.items()}
    bare = "pgbench" if name == "PostgreSQL" else "sqlite3"
    found = [
        Result(
            f"{name}: acts on cases, {THREADS} threads ÷ the same statements by {bare}",
            f"{told(rate['ours'])} a second",
            f"{told(rate['bare'])} a second",
            ratios(rate["ours"], rate["bare"]),
            ("≥", 0.3),
            reason=SLOW,
        ),
        Result(f"{name}: evenness, least ÷ most of {THREADS} threads", f"{told(even['ours'], '{:.2f}')}", "–", even["ours"], ("≥", 0.8), reason=UNEVEN),
        Result(
            f"{name}: with the audit trail ÷ without",
            f"{told(rate['ours'])} a second",
            f"{told(rate['unaudited'])} a second",
            ratios(rate["ours"], rate["unaudited"]),
        ),
    ]
    if "ungated" in rate:
        found += [
            Result(
                f"{name}: writers in order of arrival ÷ whoever SQLite lets in",
                f"{told(rate['ours'])} a second",
                f"{told(rate['ungated'])} a second",
                ratios(rate["ours"], rate["ungated"]),
            ),
            Result(f"{name}: evenness without the order", f"{told(even['ungated'], '{:.2f}')}", "–", even["ungated"]),
        ]
    return found


# -- the worker -------------------------------------------------------------------------------------------------------------------------------------------


def work() -> None:
    """Take turns: ours, bare, without audit, and on SQLite without the order of arrival."""
    import django  # noqa: PLC0415 - the process that measures has set Django up for a database of its own

    django.setup()
    from . import case_acts  # noqa: PLC0415

    print(json.dumps(case_acts.measure(THREADS, SECONDS, ROUNDS)))


def in_threads(acts: list[Callable[[], object]], seconds: float) -> list[int]:
    """How often each thread did its act in that time. What goes wrong in a thread ends the run."""
    counts, wrong = [0] * len(acts), []
    start = threading.Barrier(len(acts))

    def run(place: int) -> None:
        start.wait()
        until = time.monotonic() + seconds
        try:
            while time.monotonic() < until:
                acts[place]()
                counts[place] += 1
        except Exception as fault:
            wrong.append(fault)

    threads = [threading.Thread(target=run, args=[place]) for place in range(len(acts))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if wrong:
        raise wrong[0]
    return counts


def bare_sqlite(file: Path, scripts: list[list[str]], seconds: float) -> list[int]:
    """The same statements, in the same transactions, by sqlite3 alone; each thread on its own case."""
    counter = itertools.count(time.time_ns() // 1000)
    local = threading.local()

    def act(script: list[str]) -> None:
        if not hasattr(local, "connection"):
            local.connection = sqlite3.connect(file, timeout=20, isolation_level=None)
            local.connection.executescript("PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA recursive_triggers=ON")
        local.connection.execute("BEGIN IMMEDIATE")
        for statement in script:
            cursor = local.connection.execute(NUMBER.sub(lambda match: f"{match[1]}{next(counter)}", statement))
            cursor.fetchall()
        local.connection.execute("COMMIT")

    return in_threads([lambda script=script: act(script) for script in scripts], seconds)  # type: ignore[misc]


def bare_postgres(database: dict[str, Any], scripts: list[list[str]], seconds: int) -> list[int]:
    """The same by pgbench: one script, in which each client takes the part of its own case."""
    text = "\\set n random(1000000000, 1000000000000000)\n"
    for client, script in enumerate(scripts):
        statements = "".join(NUMBER.sub(lambda match: f"{match[1]}:n", one) + ";\n" for one in script)
        text += f"\\{'if' if client == 0 else 'elif'} :client_id = {client}\nBEGIN;\n{statements}COMMIT;\n"
    with tempfile.NamedTemporaryFile("w", suffix=".sql") as file:
        file.write(text + "\\endif\n")
        file.flush()
        place = ["-h", database["HOST"], "-p", str(database["PORT"]), "-U", database["USER"], database["NAME"]]
        command = ["pgbench", "-n", "-c", str(len(scripts)), "-j", "2", "-T", str(seconds), "-f", file.name, *place]
        told_by_pgbench = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    done = re.search(r"actually processed: (\d+)", told_by_pgbench)
    assert done, told_by_pgbench
    assert "failed transactions: 0 " in told_by_pgbench, told_by_pgbench
    return [int(done[1]) // len(scripts)] * len(scripts)


if __name__ == "__main__":
    work()
