"""A sheet and the booklet as the portal prints them, against WeasyPrint without further thought and against Chromium; all are warm."""

import contextlib
import json
import os
import subprocess
import tempfile
import time
from collections.abc import Iterator
from copy import deepcopy
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

from django.conf import settings
from playwright.sync_api import Page, sync_playwright

from core import printing as core_printing
from duties import printing as duties_printing

from . import naive
from .processes import HERE, PYTHON, cpu_seconds, memory
from .results import ROUNDS, Result, ratios, told

SYSTEM_FONTS = """<?xml version="1.0"?><!DOCTYPE fontconfig SYSTEM "urn:fontconfig:fonts.dtd">
<fontconfig><dir>/usr/share/fonts</dir><dir>{noto}</dir><cachedir>{cache}</cachedir></fontconfig>"""
REASON = (
    "what is left is WeasyPrint's own work in Python on each document - reading the HTML, computing styles, breaking lines, drawing, tagging - "
    "which the baseline does as well; fonts, style sheets and codes, where the baseline is slow, are a small part of ours by now."
)
KINDS = ("sheet", "booklet")


class Maker(Protocol):
    """What prints."""

    def sheet(self, item: dict[str, Any]) -> object: ...

    def booklet(self, data: dict[str, Any]) -> object: ...

    def cpu(self) -> float:
        """Seconds of CPU used so far for printing, by this process, which writes the HTML, and by its child."""


class Ours:
    """The portal: each document rendered, nothing taken from the prints that are stored."""

    def __init__(self) -> None:
        duties_printing.printed = core_printing.render

    def sheet(self, item: dict[str, Any]) -> bytes:
        return duties_printing.sheet_pdf(item)

    def booklet(self, data: dict[str, Any]) -> bytes:
        return duties_printing.booklet_pdf(data)

    def cpu(self) -> float:
        child = core_printing.printer.pid
        return time.process_time() + (cpu_seconds(child) if child else 0.0)


@dataclass
class Naive:
    """WeasyPrint in a child of its own (naive_print.py)."""

    child: "subprocess.Popen[str]"

    def sheet(self, item: dict[str, Any]) -> None:
        self.write(naive.sheet(item))

    def booklet(self, data: dict[str, Any]) -> None:
        self.write(naive.booklet(data))

    def write(self, page: str) -> None:
        assert self.child.stdin
        assert self.child.stdout
        self.child.stdin.write(json.dumps(page) + "\n")
        self.child.stdin.flush()
        assert int(self.child.stdout.readline()) > 10_000

    def cpu(self) -> float:
        return time.process_time() + cpu_seconds(self.child.pid)


@dataclass
class Chromium:
    """A tab that prints the same pages as Naive, tagged and with an outline."""

    tab: Page

    def sheet(self, item: dict[str, Any]) -> None:
        self.write(naive.sheet(item))

    def booklet(self, data: dict[str, Any]) -> None:
        self.write(naive.booklet(data))

    def write(self, page: str) -> None:
        self.tab.set_content(page)
        assert len(self.tab.pdf(format="A4", tagged=True, outline=True)) > 10_000

    def cpu(self) -> float:
        return 0.0  # not measured: it is spread over many processes


@dataclass
class Times:
    """Milliseconds a document, round by round."""

    wall: list[float] = field(default_factory=list)
    cpu: list[float] = field(default_factory=list)

    def line(self) -> str:
        return f"{told(self.wall)} ms" + (f", CPU {told(self.cpu)} ms" if any(self.cpu) else "")


@contextlib.contextmanager
def naive_printing() -> Iterator[Naive]:
    """WeasyPrint in a child of its own, with the faces of the system, Noto CJK among them."""
    with contextlib.ExitStack() as stack:
        yield _naive(stack, _system(stack))


def _system(stack: contextlib.ExitStack) -> dict[str, str]:
    """An environment with the faces of the system."""
    folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
    (folder / "fonts.conf").write_text(SYSTEM_FONTS.format(noto=settings.VAR_DIR / "noto", cache=settings.VAR_DIR / "noto-cache"))
    return os.environ | {"FONTCONFIG_FILE": str(folder / "fonts.conf")}


def _naive(stack: contextlib.ExitStack, system: dict[str, str]) -> Naive:
    pipes: dict[str, Any] = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "stderr": subprocess.DEVNULL, "text": True}
    child = stack.enter_context(subprocess.Popen([PYTHON, HERE / "naive_print.py"], env=system, **pipes))
    stack.callback(child.kill)
    return Naive(child)


@contextlib.contextmanager
def makers() -> Iterator[tuple[Ours, Naive, Chromium]]:
    """All that print; the baselines with the faces of the system, Noto CJK among them."""
    with contextlib.ExitStack() as stack:
        system = _system(stack)
        plain = _naive(stack, system)
        chromium = stack.enter_context(sync_playwright()).chromium.launch(executable_path="/usr/bin/chromium-headless-shell", args=["--no-sandbox"], env=system)
        stack.callback(chromium.close)
        stack.callback(core_printing.printer.close)
        yield Ours(), plain, Chromium(chromium.new_page())


def renamed(data: dict[str, Any], turn: int) -> dict[str, Any]:
    """The list with another character in every title, so that no title has been set in type before."""
    data = deepcopy(data)
    for category in data["categories"]:
        for item in category["items"]:
            item["contents"]["name"] += "甲乙丙丁戊己庚辛壬癸"[turn]
            if item["sheet"]:
                item["sheet"]["heading"] = naive.heading(item) + "甲乙丙丁戊己庚辛壬癸"[turn]
    return data


def items_of(data: dict[str, Any]) -> list[dict[str, Any]]:
    return [item for category in data["categories"] for item in category["items"]]


def measure(maker: Maker, kind: str, data: dict[str, Any], times: Times) -> None:
    """Print the booklet, or every sheet, and keep the mean of a document."""
    documents = items_of(data) if kind == "sheet" else [data]
    used, begun = maker.cpu(), time.perf_counter()
    for document in documents:
        getattr(maker, kind)(document)
    times.wall.append((time.perf_counter() - begun) / len(documents) * 1000)
    times.cpu.append((maker.cpu() - used) / len(documents) * 1000)


def printing() -> list[Result]:
    """Time, memory and size of what is printed."""
    data = json.loads((settings.PUBLIC_SITE_DIR / "current" / "duties.json").read_text())
    with makers() as (ours, plain, chromium):
        times = {(maker, kind): Times() for maker in ("ours", "naive", "chromium") for kind in KINDS}
        for turn in range(ROUNDS + 1):
            if turn == 1:  # the first loads what is loaded once
                times = {key: Times() for key in times}
            for kind in KINDS:
                measure(ours, kind, renamed(data, turn), times["ours", kind])
                measure(plain, kind, renamed(data, turn), times["naive", kind])
                measure(chromium, kind, renamed(data, turn), times["chromium", kind])
        child = core_printing.printer.pid
        resident = memory(child), memory(child, "VmHWM"), memory(plain.child.pid)
        sizes = max(len(ours.sheet(item)) for item in items_of(data)) / 1024, len(ours.booklet(data)) / 1024
    return [*compared(times), *heaviness(resident, sizes)]


def compared(times: dict[tuple[str, str], Times]) -> Iterator[Result]:
    """The times as lines of the table."""
    goals = {("sheet", "naive"): 0.35, ("sheet", "chromium"): 0.35, ("booklet", "naive"): 0.5, ("booklet", "chromium"): 1.2}
    names = {"sheet": "Warm sheet (mean of the eight)", "booklet": "Booklet", "naive": "naive WeasyPrint", "chromium": "warm Chromium"}
    for (kind, other), bound in goals.items():
        one, baseline = times["ours", kind], times[other, kind]
        yield Result(f"{names[kind]} ÷ {names[other]}", one.line(), baseline.line(), ratios(one.wall, baseline.wall), ("≤", bound), reason=REASON)
        if any(baseline.cpu):
            yield Result("the same, CPU", "", "", ratios(one.cpu, baseline.cpu))


def heaviness(resident: tuple[float, float, float], sizes: tuple[float, float]) -> list[Result]:
    """Memory of the printing child (now, at most, and of the naive one), in MiB; the largest sheet and the booklet, in KiB."""
    now, most, other = resident
    sheet, booklet = sizes
    return [
        Result("Printing child, resident after all this", f"{now:.0f} MiB, at most {most:.0f}", f"naive {other:.0f} MiB", [now], ("≤", 160), "MiB"),
        Result("Sheet, the largest of eight", f"{sheet:.0f} KiB", "", [sheet], ("≤", 185), "KiB"),
        Result("Booklet", f"{booklet:.0f} KiB", "", [booklet], ("≤", 320), "KiB"),
    ]
