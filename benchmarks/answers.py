"""What a worker of benchmarks/asked.py does, with Django set up."""

import copy
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management import call_command
from django.db import connection
from django.db.models import QuerySet
from django.http import QueryDict
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts.models import User
from cases import tallies
from cases.list_forms import CaseFilterForm
from cases.search import CASES
from core import paging, search
from core.chinese import normalise
from core.models import SearchEntry
from dashboards import queries
from dashboards.periods import year_of
from tests import factories as make

_clients: dict[str, Client] = {}

settings.ALLOWED_HOSTS += ["testserver"]
if not (settings.STATIC_ROOT / "staticfiles.json").exists():
    call_command("collectstatic", interactive=False, verbosity=0)


def server_time() -> float:
    """Seconds of CPU that this connection's process of the server has taken, and all that worked for the server and ended; 0 on SQLite."""
    if connection.vendor == "sqlite":
        return 0.0
    connection.ensure_connection()
    pid = connection.connection.info.backend_pid
    own = int(Path(f"/proc/{pid}/schedstat").read_text().split()[0]) / 1e9
    parent = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[1]
    helpers = sum(map(int, Path(f"/proc/{parent}/stat").read_text().rpartition(")")[2].split()[13:15])) / 100
    return own + helpers


def timed(act: Callable[[], object], times: int) -> list[float]:
    """Milliseconds of CPU that each of so many calls took."""
    taken = []
    for _time in range(times):
        began, server = time.process_time(), server_time()
        act()
        taken.append((time.process_time() - began + server_time() - server) * 1e3)
    return taken


def client(who: str) -> Client:
    if who not in _clients:
        _clients[who] = make.client_of(User.objects.get(username=who))
    return _clients[who]


def page(who: str, address: str, times: int) -> dict[str, Any]:
    """How long a page takes, how many lines it shows and how many queries it asks."""
    browser, found = client(who), {}

    def get() -> None:
        found["answer"] = browser.get(address)

    get()
    assert found["answer"].status_code == 200, (address, found["answer"].status_code)
    with CaptureQueriesContext(connection) as captured:
        get()
    told = {"lines": found["answer"].content.count(b"<tr data-row"), "queries": len(captured), "slow": slowest(captured)}
    return told | {"ms": timed(get, times)}


def slowest(captured: CaptureQueriesContext) -> list[list[Any]]:
    """The queries that took longest: milliseconds and the statement."""
    found = sorted(captured.captured_queries, key=lambda query: -float(query["time"]))
    return [[float(query["time"]) * 1e3, query["sql"]] for query in found[:2]]


def marks(who: str, query: str) -> dict[str, str]:
    """Marks of the list of cases: behind half of its rows, and so that the last page follows."""
    form = CaseFilterForm(QueryDict(query), user=User.objects.get(username=who), today=timezone.localdate())
    return marks_of(form.cases(), form.key)


def marks_of(rows: QuerySet[Any], key: paging.Key) -> dict[str, str]:
    """Marks of these rows in this order: behind half of them, and so that the last page follows; none of a list of few pages."""
    sign = "-" if key.descending else ""
    parts = [rows.order_by(f"{sign}{key.column}", f"{sign}pk")]
    if key.nullable:
        empty = {f"{key.column}__isnull": True}
        parts = [parts[0].exclude(**empty), rows.filter(**empty).order_by(f"{sign}pk")]
    counts = [part.count() for part in parts]
    total = sum(counts)

    def at(place: int) -> str:
        part, place = (parts[0], place) if place < counts[0] else (parts[1], place - counts[0])
        return paging._write(key, part[place])

    return {} if total < 60 else {"total": str(total), "middle": at(total // 2), "last": at(total - 21)}


def find(who: str, query: str, times: int, source: search.Source = CASES) -> dict[str, Any]:
    """How long a search takes as the pages ask it, and how long its statement for one source takes alone and as a scan with LIKE; both find the same."""
    person, part = User.objects.get(username=who), normalise(query)

    def whole() -> None:
        search.search(query, copy.copy(person), limit=30)

    with CaptureQueriesContext(connection) as captured:
        whole()
    visible = source.visible(person)
    scan = SearchEntry.objects.filter(kind=source.kind, text__contains=part, object_pk__in=visible.order_by().values("pk")).order_by("-object_pk")
    ours = search.candidates(source, visible, part)
    assert [found.object_pk for found in ours] == [row.object_pk for row in scan[: search.CANDIDATES]], (who, query)
    told: dict[str, Any] = {"found": len(ours), "queries": len(captured), "slow": slowest(captured), "whole": timed(whole, times)}
    told["index"] = timed(lambda: search.candidates(source, visible, part), times)
    told["scan"] = timed(lambda: list(scan.all()[: search.CANDIDATES]), 1)
    return told


def figures(times: int) -> dict[str, Any]:
    """How long the sums behind the board take, how long the same takes counted from all cases, and by how many sorts the two differ."""
    everything, today = queries.Scope(None, ()), timezone.localdate()

    def read() -> None:
        queries.count_open(everything, today)
        queries.count_by_month(everything, year_of(today).starts)
        queries.days_taken(everything, year_of(today))

    def count() -> None:
        with connection.cursor() as cursor:
            cursor.execute(f"SELECT {tallies.KEY}, SUM(count) FROM ({tallies.live(connection.vendor)}) AS l GROUP BY {tallies.KEY}")  # noqa: S608
            cursor.fetchall()

    read()
    return {"rollup": timed(read, times), "live": timed(count, times), "differences": len(tallies.differences())}
