"""A portal with 1,000,000 cases against one with 1,000, on both engines: lists page by page, search against a scan, the board, the audit trail.

Both are asked in turn, round by round, in processes that were warmed up; what counts is CPU time (of the process and, on PostgreSQL, of its part of the
server), for the machine may do other things. The databases are made once in VAR_DIR/many (a quarter of an hour, 10 GB) and stay there for the next run.
"""

import contextlib
import itertools
import os
import statistics
import subprocess
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlencode

from .asked import KEYS, Portal
from .board import board
from .processes import PYTHON, ROOT
from .results import Result

GROWS = "what of the page is counted or looked for among all cases"
RIGHTS = "whoever sees little of what is found has it looked through for what they see"

FEW, MANY = 1_000, 1_000_000
PORT = "54396"
ROUNDS, TIMES = 5, 3  # what counts of so many calls of a round is the quickest
# Views of the list of cases and filters as people set them; with who asks. "sees.all" sees all cases, "carrier1" carries a third of them.
LISTS = [
    *[("sees.all", f"view={view}&sort={sort}") for view in ("department", "closed") for sort in ("due", "-due", "number", "-number")],
    *[("sees.all", f"view={view}") for view in ("overdue", "held")],
    *[(who, f"view={view}") for who in ("carrier12", "sees.few", "sees.own") for view in ("department", "closed")],
    *[
        ("sees.all", f"view=department&{what}")
        for what in ("item=4.1&state=any", "handler=carrier12&state=any", "state=waiting", "due=none", "q=代表&state=any")
    ],
    *[("sees.all", f"view=department&{what}") for what in ("q=朱鹮&state=any", "opened_since=2021-03-03&opened_until=2021-03-09&state=any")],
]
PAGED = [("sees.all", "view=department&sort=due"), ("sees.all", "view=closed&sort=-number"), ("sees.few", "view=closed"), ("sees.own", "view=department")]
# What is searched for: common and rare, one that is nowhere; pinyin, initials and numbers.
TWO = ("代表", "商会", "会议", "青港", "竹溪", "朱鹮", "鑫鑫")
QUERIES = (*TWO, "青港市", "总领事", "代表团来", "青港市商", "朱鹮岛", "鑫鑫鑫", "qgs", "zhuhuan", "daibiaotuan", "2021-0", "0007")
LIMITS = {"PostgreSQL": 10, "SQLite": 2}  # milliseconds for two characters


def many() -> list[Result]:
    results = []
    with databases() as engines:
        for engine, variables in engines.items():
            with contextlib.ExitStack() as stack:
                few, large = (stack.enter_context(contextlib.closing(Portal(variables | place(engine, size)))) for size in (FEW, MANY))
                results += [*lists(engine, few, large), *marks(engine, large), *searches(engine, large), *board(engine, few, large)]
    return results


def quickest(portal: Portal, who: str, address: str) -> float:
    """Milliseconds of CPU that a page takes."""
    return float(min(portal.ask("page", who=who, address=address, times=TIMES)["ms"]))


def of_all(what: str, taken: dict[str, list[float]], goal: float) -> list[Result]:
    """Two lines: the middle of all these addresses, and the one that comes out worst."""
    worst = max(taken, key=lambda address: statistics.median(taken[address]))
    middles = [statistics.median(found) for found in taken.values()]
    return [
        Result(f"{what}: {len(taken)} addresses, the middle one", "", "", middles, ("≤", goal), reason=GROWS),
        Result(f"{what}: the worst, `{worst}`", "", "", taken[worst], ("≤", goal), reason=GROWS),
    ]


def lists(engine: str, few: Portal, large: Portal) -> list[Result]:
    """First pages of the list of cases. Where fewer cases give fewer lines, the list of the department is what is compared with."""
    taken: dict[str, list[float]] = {}
    for _round in range(ROUNDS):
        for who, query in LISTS:
            base = ("sees.all", "view=department") if few.ask("page", who=who, address=f"/cases/?{query}", times=0)["lines"] < 20 else (who, query)
            ours, theirs = quickest(large, who, f"/cases/?{query}"), quickest(few, base[0], f"/cases/?{base[1]}")
            taken.setdefault(f"{who} {query}", []).append(ours / theirs)
    return of_all(f"{engine}: list of cases, 1,000,000 ÷ 1,000", taken, 1.3)


def marks(engine: str, large: Portal) -> list[Result]:
    """The middle and the last page against the first."""
    taken: dict[str, list[float]] = {}
    for who, query in PAGED:
        found = large.ask("marks", who=who, query=query)
        for _round in range(ROUNDS):
            first = quickest(large, who, f"/cases/?{query}")
            for name in ("middle", "last"):
                later = quickest(large, who, f"/cases/?{query}&{urlencode({'after': found[name]})}")
                taken.setdefault(f"{who} {query}, {name} page", []).append(later / first)
    return of_all(f"{engine}: any page ÷ the first", taken, 2.5)


def searches(engine: str, large: Portal) -> list[Result]:
    """The search of cases against a scan; and how long the whole panel takes, by who asks."""
    results = []
    for who in ("sees.all", "carrier11", "sees.few"):
        found = {query: large.ask("find", who=who, query=query, times=ROUNDS) for query in QUERIES}
        index, scan = (p95([time for query in QUERIES for time in found[query][name]]) for name in ("index", "scan"))
        two, whole = p95([time for query in TWO for time in found[query]["index"]]), p95([time for one in found.values() for time in one["whole"]])
        what = f"{engine}: search among 1,100,000 as {who}"
        results += [
            Result(f"{what}, p95 ÷ p95 of a scan", f"{index:.1f} ms", f"{scan:.0f} ms", [index / scan], ("≤", 0.05), reason=RIGHTS),
            Result(f"{what}, two characters, p95", f"{two:.1f} ms", "–", [two], ("≤", LIMITS[engine]), "ms", reason=RIGHTS),
            Result(f"{what}, all kinds, with the ORM, p95", f"{whole:.0f} ms", "–", [whole], None, "ms"),
        ]
    return results


def p95(times: list[float]) -> float:
    return statistics.quantiles(times, n=20)[-1]


# -- databases --------------------------------------------------------------------------------------------------------------------------------------------


def folder() -> Path:
    return Path(os.environ["VAR_DIR"]) / "many"


def place(engine: str, size: int) -> dict[str, str]:
    return {"VAR_DIR": str(folder() / str(size))} | ({"DB_NAME": f"many_{size}"} if engine == "PostgreSQL" else {})


@contextlib.contextmanager
def databases() -> Iterator[dict[str, dict[str, str]]]:
    """The variables of each engine, with both databases filled."""
    cluster = folder() / "cluster"
    folder().mkdir(exist_ok=True)
    folder().chmod(0o755)
    server = {"DB": "postgres", "DB_HOST": str(cluster), "DB_PORT": PORT, "DB_USER": "postgres"}
    action = "resume" if cluster.exists() else "start"
    subprocess.run(["bin/postgres", action, str(cluster)], cwd=ROOT, env=os.environ | server, check=True, stdout=subprocess.DEVNULL)
    try:
        for size, (engine, variables) in itertools.product((FEW, MANY), (("SQLite", {}), ("PostgreSQL", server))):
            fill(engine, variables | place(engine, size), size)
        yield {"SQLite": {}, "PostgreSQL": server}
    finally:
        subprocess.run(["bin/postgres", "halt", str(cluster)], cwd=ROOT, env=os.environ | server, check=True)


def fill(engine: str, variables: dict[str, str], size: int) -> None:
    """Make a database, or bring one that was made by an earlier run to the present tables."""
    here = Path(variables["VAR_DIR"])
    done = here / f"filled-{engine}"
    here.mkdir(parents=True, exist_ok=True)
    if engine == "PostgreSQL" and not done.exists():
        command = ["psql", "-qh", variables["DB_HOST"], "-p", PORT, "-U", "postgres", "-c", f"DROP DATABASE IF EXISTS {variables['DB_NAME']}"]
        subprocess.run([*command, "-c", f"CREATE DATABASE {variables['DB_NAME']}"], check=True, stderr=subprocess.DEVNULL)
    elif not done.exists():
        for file in here.glob("portal.sqlite3*"):
            file.unlink()
    command = ["manage.py", "migrate", "--noinput", "--verbosity", "0"] if done.exists() else ["-m", "benchmarks.large", str(size)]
    subprocess.run([PYTHON, *command], cwd=ROOT, env=os.environ | KEYS | variables, check=True, stdout=subprocess.DEVNULL)
    done.touch()
