"""A book of a million people, on both engines: search against a scan, any page of the list against the first, its export as XLSX against CSV.

Run as a program it is the worker: it makes its own database (DB as in .env.example), is asked in its own process, and prints what it took as JSON.
"""

import json
from typing import Any

from .cases import in_both
from .many import LIMITS, p95
from .results import Result, ratios, told

PEOPLE = 1_000_000
# Names of two characters, common and rare, and one that is nowhere; then longer ones, spelling, pinyin, initials, parts of numbers and addresses.
TWO = ("安柏", "赵安", "迪恩", "姜晨", "航嘉", "王淼", "晨安", "鑫鑫")
QUERIES = (*TWO, "赵安柏", "姜泽晨", "eriksena", "anna", "wangmiao", "wm", "13800012", "person77", "虚构鑫")
LISTS = ("", "sort=-name", "sort=-made", "state=all")
WORDS = "the pieces of a common word are named in great number, and what is read is the newest hundred"


def book() -> list[Result]:
    """Both engines."""
    return [line for name, found in in_both("benchmarks.book") for line in lines(name, found)]


def lines(engine: str, found: dict[str, Any]) -> list[Result]:
    """Of the milliseconds of each query, page and export."""
    index, scan = (p95([time for query in QUERIES for time in found["find"][query][name]]) for name in ("index", "scan"))
    two = p95([time for query in TWO for time in found["find"][query]["index"]])
    what = f"{engine}: search among {PEOPLE:,} people"
    pages = {(query, name): ratios(times[name], times["first"]) for query, times in found["pages"].items() for name in ("middle", "last")}
    worst = max(pages, key=lambda page: sorted(pages[page])[len(pages[page]) // 2])
    export = found["export"]
    return [
        Result(f"{what}, p95 ÷ p95 of a scan", f"{index:.1f} ms", f"{scan:.0f} ms", [index / scan], ("≤", 0.05), reason=WORDS),
        Result(f"{what}, two characters, p95", f"{two:.1f} ms", "–", [two], ("≤", LIMITS[engine]), "ms", reason=WORDS),
        Result(f"{engine}: list of people, any page ÷ the first: the worst, `{worst[0]}`, {worst[1]}", "", "", pages[worst], ("≤", 2.5)),
        Result(
            f"{engine}: export of {PEOPLE:,} people, XLSX ÷ CSV",
            f"{told(export['xlsx'], '{:.0f}')} s",
            f"{told(export['csv'], '{:.0f}')} s",
            ratios(export["xlsx"], export["csv"]),
            ("≤", 2.5),
        ),
        Result(f"{engine}: the same as XLSX, extra memory at most", f"{told(export['memory'], '{:.1f}')} MiB", "–", export["memory"], ("≤", 20), "MiB"),
    ]


# -- the worker -------------------------------------------------------------------------------------------------------------------------------------------


def work() -> None:
    import django  # noqa: PLC0415 - the process that measures has set Django up for a database of its own

    django.setup()
    from . import book_answers  # noqa: PLC0415

    print(json.dumps(book_answers.measure(PEOPLE, QUERIES, LISTS)))


if __name__ == "__main__":
    work()
