"""Tables as files: `core.spreadsheets` against the bare csv module and against openpyxl, each in a fresh process.

Run as a program it writes one table and prints what that took as JSON: `python -m benchmarks.sheets xlsx 1000000`.
"""

import contextlib
import csv
import io
import itertools
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

from .large_words import BODIES, MATTERS, PLACES
from .processes import PYTHON, ROOT, memory
from .results import Result, ratios, told

ROWS, FEWER = 1_000_000, 100_000  # openpyxl writes the fewer: its time a row is the same
ROUNDS = 3
HEADER = ["编号", "名称", "事项", "承办人", "状态", "期限", "立项时间", "办结时间", "材料", "结果"]
SLOW = "see the profile in the text"


def sheets() -> list[Result]:
    """XLSX of a million rows against CSV and openpyxl: CPU, memory, first byte."""
    runs: dict[str, list[dict[str, float]]] = {}
    for _round in range(ROUNDS):
        for way, rows in (("xlsx", ROWS), ("bare", ROWS), ("csv", ROWS), ("openpyxl", FEWER)):
            done = subprocess.run([PYTHON, "-m", "benchmarks.sheets", way, str(rows)], cwd=ROOT, check=True, stdout=subprocess.PIPE)
            runs.setdefault(way, []).append(json.loads(done.stdout))
    each = {way: [run["cpu"] / run["rows"] * 1e6 for run in found] for way, found in runs.items()}
    shown = {way: f"{told(values, '{:.1f}')} µs a row, {runs[way][0]['size'] / runs[way][0]['rows']:.0f} bytes" for way, values in each.items()}
    memories, firsts = ([run[name] for run in runs["xlsx"]] for name in ("memory", "first"))
    return [
        Result("XLSX of 1,000,000 rows ÷ the csv module: CPU", shown["xlsx"], shown["bare"], ratios(each["xlsx"], each["bare"]), ("≤", 2.5)),
        Result("XLSX ÷ openpyxl, write-only (100,000 rows): CPU a row", shown["xlsx"], shown["openpyxl"], ratios(each["xlsx"], each["openpyxl"]), ("≤", 0.1)),
        Result("our CSV (safe from formulas) ÷ the csv module: CPU", shown["csv"], shown["bare"], ratios(each["csv"], each["bare"])),
        Result("XLSX of 1,000,000 rows: extra memory at most", f"{told(memories, '{:.1f}')} MiB", "–", memories, ("≤", 20), "MiB"),
        Result("XLSX: first byte", f"{told(firsts, '{:.1f}')} ms", "–", firsts, ("≤", 100), "ms"),
    ]


# -- the worker -------------------------------------------------------------------------------------------------------------------------------------------


def table(rows: int) -> Iterator[list[Any]]:
    """Rows as the list of cases has them: from a thousand different ones, so that making them costs next to nothing."""
    begin = datetime(2026, 3, 2, 1, 30).astimezone()
    made: list[list[Any]] = []
    titles = ["".join(words) for words in itertools.islice(itertools.product(PLACES, BODIES, MATTERS), 0, None, 197)]
    for number in range(1000):
        at = begin + timedelta(hours=number)
        closed = at + timedelta(days=20) if number % 3 else None
        made.append([f"2.1-2026-{number:04d}", titles[number], "2.1", "测试1号", "办理中", date(2026, 5, 1), at, closed, number % 9, "办结"])
    return itertools.islice(itertools.cycle(made), rows)


class Out(io.FileIO):
    """A file that knows when its first byte came."""

    first = 0.0

    def write(self, data: Any) -> int:
        self.first = self.first or time.perf_counter()
        return super().write(data)


def write(way: str, out: Out, rows: int) -> None:
    from core.spreadsheets import write_csv, write_xlsx  # noqa: PLC0415 - each way loads what it needs

    if way == "xlsx":
        write_xlsx(out, HEADER, table(rows), title="办件")
    elif way == "csv":
        write_csv(out, HEADER, table(rows))
    elif way == "bare":
        with io.TextIOWrapper(out, "utf-8", newline="") as text:
            writer = csv.writer(text)
            writer.writerow(HEADER)
            writer.writerows(table(rows))
    else:
        from openpyxl import Workbook  # noqa: PLC0415

        book = Workbook(write_only=True)
        sheet = book.create_sheet("办件")
        sheet.append(HEADER)
        for row in table(rows):
            sheet.append([cell.replace(tzinfo=None) if isinstance(cell, datetime) else cell for cell in row])
        book.save(out)


def work(way: str, rows: int) -> None:
    import django  # noqa: PLC0415

    django.setup()
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "table"
        with contextlib.closing(Out(file, "w")) as out:
            write(way, Out(Path(folder) / "warm", "w"), 100)
            Path("/proc/self/clear_refs").write_text("5")  # forget the peak so far
            before, cpu, started = memory(os.getpid()), time.process_time(), time.perf_counter()
            write(way, out, rows)
            cpu = time.process_time() - cpu
        told = {"rows": rows, "cpu": cpu, "memory": memory(os.getpid(), "VmHWM") - before, "first": (out.first - started) * 1e3, "size": file.stat().st_size}
    print(json.dumps(told))


if __name__ == "__main__":
    work(sys.argv[1], int(sys.argv[2]))
