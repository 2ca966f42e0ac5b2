"""What benchmarks/book.py does, with Django set up: a book is filled, and asked."""

import itertools
import os
from collections.abc import Iterable
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from django.core.management import call_command
from django.db import connection, transaction
from django.http import QueryDict

from accounts.models import User
from contacts.book_filters import PersonFilterForm
from contacts.import_columns import know_countries
from contacts.importing import Ready
from contacts.lists import PEOPLE as LIST
from contacts.search import PEOPLE
from core.files import folder
from jobs.actions import ask
from lists import exporting
from tests import factories as make
from tests.contacts import rosters

from . import answers
from .import_ways import ours_indexed, prepare
from .large_fill import bulk, index_search
from .processes import memory

PIECE = 50_000  # people in memory at once
TIMES, EXPORTS = 5, 2


def measure(count: int, queries: Iterable[str], lists: Iterable[str]) -> dict[str, Any]:
    """Milliseconds of searches and pages, seconds and memory of exports."""
    call_command("migrate", interactive=False, verbosity=0)
    make.sheet("1.1", ["往来", "会见"])
    by = make.worker("preparer", "1.1")
    fill(count, by)
    return {
        "find": {query: answers.find(by.username, query, TIMES, PEOPLE) for query in queries},
        "pages": {query: pages(by, query) for query in lists},
        "export": exports(by),
    }


def fill(count: int, by: User) -> None:
    make.country()
    know_countries()
    rows, body = rosters.rows(count), make.organisation().pk
    with bulk("contacts") as cursor, transaction.atomic():
        while piece := list(itertools.islice(rows, PIECE)):
            ready = Ready()
            prepare(ready, piece, by, body)
            ready.numbers = [set()] * len(ready.numbers)  # what they are compared by is not asked for here
            ours_indexed(ready, by.pk)
        index_search(cursor, PEOPLE.kind)
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("VACUUM ANALYZE")  # as the server itself does after a while


def pages(by: User, query: str) -> dict[str, list[float]]:
    """The first, the middle and the last page of a list, in turn; of so many calls the quickest counts."""
    form = PersonFilterForm(QueryDict(query), user=by)
    marks, address = answers.marks_of(form.rows(), form.key), f"/contacts/people/?{query}"
    wanted = {"first": address} | {name: f"{address}&{urlencode({'after': marks[name]})}" for name in ("middle", "last")}
    taken: dict[str, list[float]] = {name: [] for name in wanted}
    for _round in range(TIMES):
        for name, one in wanted.items():
            taken[name].append(min(answers.page(by.username, one, 3)["ms"]))
    return taken


def exports(by: User) -> dict[str, list[float]]:
    """Seconds of CPU of the export in each format, and MiB that the one as XLSX holds at most beyond what was held before."""
    taken: dict[str, list[float]] = {"xlsx": [], "csv": [], "memory": []}
    columns = [column.name for column in LIST.columns if column.is_default or column.is_fixed]
    folder("incoming").mkdir(parents=True, exist_ok=True)
    for _turn, form in itertools.product(range(EXPORTS), ("csv", "xlsx")):
        asked = {"list": LIST.name, "query": "", "columns": columns, "format": form}
        job = ask("list-export", parameters=asked, title="联系人", by=by)
        Path("/proc/self/clear_refs").write_text("5")  # forget the peak so far
        before = memory(os.getpid())
        taken[form].append(answers.timed(lambda job=job: exporting.make(job, lambda *done: None).path.unlink(), 1)[0] / 1e3)  # type: ignore[misc]
        if form == "xlsx":
            taken["memory"].append(memory(os.getpid(), "VmHWM") - before)
    return taken
