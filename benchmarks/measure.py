"""Ours against baselines, in the same run and in turn, so that what else the machine does falls on both. Started by benchmarks/run."""

import importlib
import os
import platform
import shutil
import subprocess
import sys
import time

import django
from django.conf import settings

from .processes import HERE, PYTHON, ROOT
from .results import ROUNDS, Result

# Function and its module, loaded when Django is set up.
PARTS = {
    "web": "public_page",
    "check": "start",
    "printing": "paper",
    "letters": "letters",
    "cases": "cases",
    "sheets": "sheets",
    "imports": "imports",
    "book": "book",
    "many": "many",
}
HEAD = """# Benchmarks

Written by `benchmarks/run`. Ours ÷ baseline, measured in turn in the same run; each ratio is the median of the rounds, in brackets the
least and the most. A single number of ours says little: machines differ, ratios less so.

Measured on {day}: {cores} cores, {memory:.0f} GiB, Linux {kernel}, Python {python}, load {before:.1f} before and {after:.1f} after.

| | ours | baseline | ratio | goal | |
|---|---|---|---|---|---|
"""
BUSY = """
**The machine was busy with other work** (load above). Throughput and wall times of this run say little and can
come out better or worse than they are; judge by the lines about CPU.
"""
TAIL = """
How it is measured

- **Public page**: `/`, {size:.0f} KiB plain, asked for by `wrk` with 16 connections on the same machine, {rounds} rounds of 2 s each.
  Ours is granian with 2 workers as `bin/serve` starts it on PostgreSQL; nginx has 2 workers and the same files, without our security headers;
  `cache_page` is a fresh project with Django's default middleware and cache in memory, under the same granian. Bytes are compared first. µs is
  CPU of all processes of the server for a request. `wrk` shares the cores with the server it asks.
- **`manage.py check`**: {twice} runs in turn, against `django-admin startproject` as it is.
- **Printing**: {rounds} rounds in turn, everything warm, from the list as data to finished PDF/UA-1 with tags, outline and codes; each round with other
  titles than those before. Ours goes through the pipe to the child and back, and nothing is taken from stored prints. The naive baseline has the same
  words, cells, tags and codes in WeasyPrint as it is used without further thought: the system's Noto CJK (Debian's fonts-noto-cjk, unpacked beside by
  `benchmarks/run` and not installed), an automatic table, a new font configuration for each document. Chromium prints the same pages, tagged.
- **Letters**: 20 letters a round that were never drawn before, three people on each, from their words to finished PDF/A-2a with its code, through the
  pipe to the child and back; the naive baseline has the same words, tables and code. The page of verification is the empty form, made by Django at each call.
- **Cases**: eight threads of one process, each on a case of its own, tick a task off and open it again through `process.perform`, rounds of 3 s. The
  baseline repeats the statements that one such act sends, in the same transactions: by `pgbench` with eight clients, by `sqlite3` with eight threads
  (WAL, synchronous=FULL, BEGIN IMMEDIATE). PostgreSQL writes through (fsync on). No act is lost and the audit trail holds, or the run fails.
- **Sheets**: ten columns, three of them dates, a million rows from a generator, each way in a fresh process; openpyxl writes a tenth of them. CPU time.
- **Imports**: the rows of a roster, made ready as the worker does it, then written in a transaction that is rolled back; CPU of the process and of its
  part of PostgreSQL. The baseline makes the same rows as objects and writes them with `bulk_create`, a thousand at once. Not in it on either side: reading
  the file (in a child, before), comparing with what is there, and one event of the audit trail for the whole import.
- **A million people**: the rows of a roster, written as an import writes them, in a database that is thrown away. Search as one who sees the whole book;
  whole requests for pages of the list; the export as the worker makes it, all columns that it begins with, personal ones among them. CPU of the process
  and of its part of PostgreSQL.
- **A million cases**: made by benchmarks/large.py (one in ten open), with 100,000 documents, their search entries and a million audit events. Whole
  requests through Django's test client, in a process for each database, in turn; CPU of the process and of its part of PostgreSQL.
  "sees.all" sees all cases, "carrier11" those of one item (15 %), "sees.few" those of another (1 in 1000).
"""


def prepare() -> None:
    """The published list in a folder of our own."""
    for command in (
        "migrate --noinput --verbosity 0",
        "collectstatic --noinput --verbosity 0",
        "import_duty_list fixtures/source/duty-list.txt",
        "publish_duty_list --as-received",
        "write_public_site",
    ):
        subprocess.run([PYTHON, "manage.py", *command.split()], cwd=ROOT, check=True, stdout=subprocess.DEVNULL)


def measured(part: str) -> list[Result]:
    """The results of a part, shown as they come."""
    print(f"== {part}", flush=True)
    results: list[Result] = getattr(importlib.import_module(f"benchmarks.{PARTS[part]}"), part)()
    for result in results:
        print(result.row(), flush=True)
    return results


def readme(results: list[Result], before: float) -> str:
    """benchmarks/README.md; `before` is the load before the run."""
    head = HEAD.format(
        day=time.strftime("%Y-%m-%d"),
        cores=os.cpu_count(),
        memory=os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30,
        kernel=platform.release().split("-")[0],
        python=platform.python_version(),
        before=before,
        after=os.getloadavg()[0],
    )
    size = (settings.PUBLIC_SITE_DIR / "current" / "index.html").stat().st_size / 1024
    rows = "".join(f"{result.row()}\n" for result in results)
    busy = BUSY if max(before, os.getloadavg()[0] / 2) > (os.cpu_count() or 1) else ""  # a run on a machine of its own ends with a load of 2 or 3
    return head + rows + busy + reasons(results) + TAIL.format(size=size, rounds=ROUNDS, twice=2 * ROUNDS)


def reasons(results: list[Result]) -> str:
    """Why goals are missed, said once for all that are missed for the same reason."""
    missed: dict[str, list[str]] = {}
    for result in results:
        if result.missed:
            missed.setdefault(result.reason, []).append(result.what)
    lines = "".join(f"- {'; '.join(names)}: {reason}\n" for reason, names in missed.items())
    return f"\nWhat is missed, and why\n\n{lines}" if missed else ""


def main() -> None:
    os.environ["DJANGO_SETTINGS_MODULE"] = "liaison_portal.settings"
    os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "1"  # playwright has a loop of its own in this process
    prepare()
    django.setup()
    before = os.getloadavg()[0]
    results = [result for part in sys.argv[1:] or PARTS for result in measured(part)]
    if not sys.argv[1:]:
        (HERE / "README.md").write_text(readme(results, before))
    shutil.rmtree(settings.VAR_DIR / "prints", ignore_errors=True)


if __name__ == "__main__":
    main()
