"""Ours against baselines, in the same run and in turn, so that what else the machine does falls on both. Started by benchmarks/run."""

import contextlib
import html
import json
import os
import platform
import re
import shutil
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from email.message import Message
from pathlib import Path
from typing import Any

import django
from django.conf import settings

ROOT = Path(__file__).resolve().parent.parent
HERE = ROOT / "benchmarks"
PYTHON = sys.executable
CONNECTIONS, SECONDS, WORKERS = 16, 2, 2
ROUNDS = 5
MIB = 1 << 20


@dataclass
class Result:
    """One line of the table. `ratios` are ours ÷ baseline, one for each round; `goal` is ("≥" or "≤", number), None where there is none."""

    what: str
    ours: str
    baseline: str
    ratios: list[float]
    goal: tuple[str, float] | None = None
    unit: str = "×"

    def row(self) -> str:
        middle = statistics.median(self.ratios)
        spread = f" ({min(self.ratios):.2f}–{max(self.ratios):.2f})" if len(self.ratios) > 1 else ""
        goal, verdict = "–", "–"
        if self.goal:
            sign, bound = self.goal
            goal = f"{sign} {bound:g}"
            verdict = "met" if (middle >= bound if sign == "≥" else middle <= bound) else "**missed**"
        return f"| {self.what} | {self.ours} | {self.baseline} | {middle:.2f}{spread} {self.unit} | {goal} | {verdict} |"


def spread(values: list[float], form: str = "{:.0f}") -> str:
    """Median and, in brackets, least and most."""
    return f"{form.format(statistics.median(values))} ({form.format(min(values))}–{form.format(max(values))})"


def manage(*arguments: str) -> None:
    subprocess.run([PYTHON, "manage.py", *arguments], cwd=ROOT, check=True, stdout=subprocess.DEVNULL)


# -- processes -----------------------------------------------------------------
def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def family(pid: int) -> list[int]:
    """A process and all that it started."""
    parents = {}
    for entry in Path("/proc").glob("[0-9]*/stat"):
        with contextlib.suppress(FileNotFoundError, ProcessLookupError):
            parents[int(entry.parent.name)] = int(entry.read_text().rpartition(")")[2].split()[1])
    members = [pid]
    for member in members:
        members += [child for child, parent in parents.items() if parent == member]
    return members


def cpu_seconds(pid: int) -> float:
    """User and system time of a process and all that it started, so far."""
    ticks = 0
    for member in family(pid):
        with contextlib.suppress(FileNotFoundError, ProcessLookupError):
            ticks += sum(map(int, Path(f"/proc/{member}/stat").read_text().rpartition(")")[2].split()[11:13]))
    return ticks / os.sysconf("SC_CLK_TCK")


@contextlib.contextmanager
def server(*command: str, port: int, **variables: str) -> Iterator[int]:
    """A server in a group of its own, until it answers; ended with all that it started."""
    process = subprocess.Popen(command, cwd=ROOT, env=os.environ | variables, start_new_session=True, stdout=subprocess.DEVNULL)
    try:
        until = time.monotonic() + 30
        while time.monotonic() < until:
            assert process.poll() is None, f"{command[0]} ended"
            with contextlib.suppress(OSError), urllib.request.urlopen(f"http://127.0.0.1:{port}/", timeout=5):
                break
            time.sleep(0.1)
        yield process.pid
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGTERM)
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)


def granian(application: str, port: int) -> list[str]:
    """The server as bin/serve starts it on PostgreSQL."""
    options = ["--interface", "wsgi", "--host", "127.0.0.1", "--port", str(port), "--workers", str(WORKERS), "--blocking-threads", "4"]
    return [PYTHON, "-m", "granian", *options, "--log-level", "critical", application]


# -- the public page -------------------------------------------------------------
NGINX = """
worker_processes {workers}; pid {folder}/pid; error_log {folder}/error.log; daemon off; {user}
events {{ worker_connections 256; }}
http {{
  access_log off; sendfile on; tcp_nopush on; gzip_static on; default_type application/octet-stream;
  types {{ text/html html; }} charset utf-8;
  client_body_temp_path {folder}/1; proxy_temp_path {folder}/2; fastcgi_temp_path {folder}/3; uwsgi_temp_path {folder}/4; scgi_temp_path {folder}/5;
  server {{ listen 127.0.0.1:{port}; root {root}; }}
}}
"""


@dataclass
class Target:
    """A server, what it is asked, and what was measured of it."""

    pid: int
    port: int
    headers: dict[str, str]
    per_second: list[float] = field(default_factory=list)
    cpu: list[float] = field(default_factory=list)

    def answer(self) -> tuple[Message, bytes]:
        request = urllib.request.Request(f"http://127.0.0.1:{self.port}/", headers=self.headers)
        with urllib.request.urlopen(request, timeout=5) as response:  # noqa: S310
            return response.headers, response.read()

    def measure(self) -> None:
        """Ask for SECONDS; keep requests a second, and microseconds of the server's CPU for each."""
        told = [part for name, value in self.headers.items() for part in ("-H", f"{name}: {value}")]
        before = cpu_seconds(self.pid)
        command = ["wrk", "-t1", f"-c{CONNECTIONS}", f"-d{SECONDS}s", *told, f"http://127.0.0.1:{self.port}/"]
        said = subprocess.run(command, capture_output=True, text=True, check=True).stdout
        assert "Non-2xx" not in said, said
        requests = re.search(r"(\d+) requests in", said)
        per_second = re.search(r"Requests/sec:\s+([\d.]+)", said)
        if not requests or not per_second:
            raise RuntimeError(said)
        self.per_second.append(float(per_second[1]))
        self.cpu.append((cpu_seconds(self.pid) - before) / int(requests[1]) * 1e6)

    def told(self) -> str:
        return f"{spread(self.per_second)} req/s, {spread(self.cpu)} µs"


def ratios(ours: list[float], baseline: list[float]) -> list[float]:
    return [one / other for one, other in zip(ours, baseline, strict=True)]


def web() -> list[Result]:
    """The duty list as the portal serves it, against nginx with the same bytes and against Django's own cache."""
    ports = [free_port() for _ in range(3)]
    tree = settings.PUBLIC_SITE_DIR / "current"
    with contextlib.ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        user = "user root;" if os.getuid() == 0 else ""
        (folder / "nginx.conf").write_text(NGINX.format(workers=WORKERS, folder=folder, port=ports[0], root=tree, user=user))
        nginx = stack.enter_context(
            server("/usr/sbin/nginx", "-p", str(folder), "-e", str(folder / "error.log"), "-c", str(folder / "nginx.conf"), port=ports[0])
        )
        portal = stack.enter_context(server(*granian("liaison_portal.wsgi:application", ports[1]), port=ports[1]))
        cached = stack.enter_context(
            server(*granian("benchmarks.cached_site:application", ports[2]), port=ports[2], BENCHMARK_PAGE=str(tree / "index.html"), DJANGO_SETTINGS_MODULE="")
        )
        plain: dict[str, str] = {}
        gzip, brotli = {"Accept-Encoding": "gzip"}, {"Accept-Encoding": "br"}
        targets = {
            "nginx": Target(nginx, ports[0], plain),
            "nginx gzip": Target(nginx, ports[0], gzip),
            "ours": Target(portal, ports[1], plain),
            "ours gzip": Target(portal, ports[1], gzip),
            "ours br": Target(portal, ports[1], brotli),
            "cache_page": Target(cached, ports[2], plain),
        }
        assert targets["nginx"].answer()[1] == targets["ours"].answer()[1] == targets["cache_page"].answer()[1], "not the same bytes"
        assert targets["nginx gzip"].answer()[1] == targets["ours gzip"].answer()[1], "not the same bytes"
        for name, pid, port in (("nginx", nginx, ports[0]), ("ours", portal, ports[1])):
            targets[f"{name} 304"] = Target(pid, port, {"If-None-Match": targets[name].answer()[0]["ETag"]})
        for target in targets.values():  # once for nothing: what is made at the first request is made
            target.measure()
            target.per_second.clear()
            target.cpu.clear()
        for _round in range(ROUNDS):
            for target in targets.values():
                target.measure()

    def against(what: str, ours: str, baseline: str, more: float | None, less: float | None = None) -> Iterator[Result]:
        one, other = targets[ours], targets[baseline]
        yield Result(f"{what}: throughput", one.told(), other.told(), ratios(one.per_second, other.per_second), more and ("≥", more))
        yield Result(f"{what}: CPU a request", "", "", ratios(one.cpu, other.cpu), less and ("≤", less))

    return [
        *against("Public page, plain, ÷ nginx", "ours", "nginx", 0.5, 3.5),
        *against("Public page, gzip, ÷ nginx", "ours gzip", "nginx gzip", 0.5, 3.5),
        *against("Public page, brotli ÷ nginx gzip (nginx has no brotli module here)", "ours br", "nginx gzip", None),
        *against("Public page, 304, ÷ nginx", "ours 304", "nginx 304", 0.6),
        *against("Public page, plain, ÷ Django's `cache_page`", "ours", "cache_page", 8),
    ]


# -- the start -------------------------------------------------------------------
def check() -> list[Result]:
    """`manage.py check` of the portal against that of a project with Django's own apps only."""
    with tempfile.TemporaryDirectory() as folder:
        subprocess.run([PYTHON, "-m", "django", "startproject", "bare", folder], check=True, env=os.environ | {"DJANGO_SETTINGS_MODULE": ""})
        wall: dict[str, list[float]] = {"ours": [], "bare": []}
        cpu: dict[str, list[float]] = {"ours": [], "bare": []}
        for turn in range(2 * ROUNDS + 1):
            for name, where, module in (("ours", ROOT, "liaison_portal.settings"), ("bare", Path(folder), "bare.settings")):
                variables = os.environ | {"DJANGO_SETTINGS_MODULE": module, "PYTHONPATH": ""}
                begun = time.perf_counter()
                process = subprocess.Popen([PYTHON, "manage.py", "check"], cwd=where, env=variables, stdout=subprocess.DEVNULL)
                _pid, status, used = os.wait4(process.pid, 0)
                process.returncode = status
                assert status == 0, f"check of {name} failed"
                if turn:  # the first writes byte code
                    wall[name].append(time.perf_counter() - begun)
                    cpu[name].append(used.ru_utime + used.ru_stime)
    told = {name: f"{spread(wall[name], '{:.2f}')} s" for name in wall}
    return [
        Result("`manage.py check` ÷ contrib-only project", told["ours"], told["bare"], ratios(wall["ours"], wall["bare"]), ("≤", 1.3)),
        Result("the same, CPU", *(f"{spread(cpu[name], '{:.2f}')} s" for name in ("ours", "bare")), ratios(cpu["ours"], cpu["bare"])),
    ]


# -- printing --------------------------------------------------------------------
SYSTEM_FONTS = """<?xml version="1.0"?><!DOCTYPE fontconfig SYSTEM "urn:fontconfig:fonts.dtd">
<fontconfig><dir>/usr/share/fonts</dir><dir>{noto}</dir><cachedir>{cache}</cachedir></fontconfig>"""
NAIVE = """<!DOCTYPE html><html lang="zh-CN"><meta charset="utf-8"><title>职责清单</title><style>
@page {{ size: A4; margin: 2.5cm }} body {{ font-family: "Noto Serif CJK SC"; font-size: 13pt }} h1 {{ font-size: 20pt; text-align: center }}
section {{ break-after: page }} table {{ border-collapse: collapse; width: 100% }} th, td {{ border: 1px solid; padding: 6pt; text-align: left }}
nav a::after {{ content: leader(".") target-counter(attr(href), page) }} nav a {{ display: block }}
</style>{body}"""


def naive_sheet(item: dict[str, Any]) -> str:
    """A sheet as a plain table."""
    names = ["名称", "法定依据", "实施机构", "职责边界", "运行流程", "运行要件", "责任事项", "监督方式"]
    cells = list(item["sheet"]["cells"].values()) if item["sheet"] else [item["contents"]["name"]]
    rows = [("序号", item["code"]), *zip(names, cells, strict=False)]
    lines = "".join(f"<tr><th>{name}<td>{html.escape(text or '—')}" for name, text in rows)
    return f'<section id="d{item["code"]}"><h1>{html.escape(item["contents"]["name"])}</h1><table>{lines}</table></section>'


def naive_booklet(items: list[dict[str, Any]]) -> str:
    """Cover, contents with page numbers, and every sheet."""
    contents = "".join(f'<a href="#d{item["code"]}">{item["code"]} {html.escape(item["contents"]["name"])}</a>' for item in items)
    return f"<section><h1>国际联络部职责清单</h1></section><section><h1>目录</h1><nav>{contents}</nav></section>" + "".join(map(naive_sheet, items))


def printing() -> list[Result]:
    """A sheet and the booklet as the portal prints them, warm, against WeasyPrint without further thought and against Chromium, both warm."""
    from playwright.sync_api import sync_playwright  # noqa: PLC0415 - only here

    from core import printing as core_printing  # noqa: PLC0415 - needs the settings
    from duties import open_data  # noqa: PLC0415
    from duties import printing as duties_printing  # noqa: PLC0415

    data = json.loads((settings.PUBLIC_SITE_DIR / "current" / "duties.json").read_text())
    items = open_data.items_of(data)
    duties_printing.printed = core_printing.render  # rendered each time, not taken from the prints that are stored
    pages = {"sheet": [NAIVE.format(body=naive_sheet(item)) for item in items], "booklet": [NAIVE.format(body=naive_booklet(items))]}

    with contextlib.ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        (folder / "fonts.conf").write_text(SYSTEM_FONTS.format(noto=settings.VAR_DIR / "noto", cache=settings.VAR_DIR / "noto-cache"))
        system = os.environ | {"FONTCONFIG_FILE": str(folder / "fonts.conf")}
        naive = stack.enter_context(
            subprocess.Popen([PYTHON, HERE / "naive_print.py"], env=system, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
        )
        stack.callback(naive.kill)
        playwright = stack.enter_context(sync_playwright())
        chromium = playwright.chromium.launch(executable_path="/usr/bin/chromium", args=["--no-sandbox"], env=system)
        stack.callback(chromium.close)
        tab = chromium.new_page()

        def by_us(kind: str, place: int) -> bytes:
            return duties_printing.sheet_pdf(items[place]) if kind == "sheet" else duties_printing.booklet_pdf(data)

        def by_naive(kind: str, place: int) -> None:
            naive.stdin.write(json.dumps(pages[kind][place]) + "\n")
            naive.stdin.flush()
            assert json.loads(naive.stdout.readline())[2] > 10_000

        def by_chromium(kind: str, place: int) -> None:
            tab.set_content(pages[kind][place])
            assert len(tab.pdf(format="A4")) > 10_000

        makers: dict[str, Callable[[str, int], object]] = {"ours": by_us, "naive": by_naive, "chromium": by_chromium}
        seconds: dict[tuple[str, str], list[float]] = {(name, kind): [] for name in makers for kind in pages}
        cpu: dict[tuple[str, str], list[float]] = {(name, kind): [] for name in makers for kind in pages}
        for turn in range(ROUNDS + 1):
            for kind, documents in pages.items():
                for name, make in makers.items():
                    used = total_cpu(name, core_printing.printer.pid, naive.pid)
                    begun = time.perf_counter()
                    for place in range(len(documents)):
                        make(kind, place)
                    if turn:  # the first loads what is loaded once
                        seconds[name, kind].append((time.perf_counter() - begun) / len(documents) * 1000)
                        cpu[name, kind].append((total_cpu(name, core_printing.printer.pid, naive.pid) - used) / len(documents) * 1000)
        resident = memory(core_printing.printer.pid)
        most = memory(core_printing.printer.pid, "VmHWM")
        sizes = [len(by_us("sheet", place)) / 1024 for place in range(len(items))], [len(by_us("booklet", 0)) / 1024]
        naive_resident = memory(naive.pid)
        core_printing.printer.close()

    def told(name: str, kind: str) -> str:
        return f"{spread(seconds[name, kind])} ms" + (f", CPU {spread(cpu[name, kind])} ms" if name != "chromium" else "")

    def against(kind: str, other: str, what: str, bound: float) -> Result:
        return Result(what, told("ours", kind), told(other, kind), ratios(seconds["ours", kind], seconds[other, kind]), ("≤", bound))

    return [
        against("sheet", "naive", "Warm sheet (mean of the eight) ÷ naive WeasyPrint", 0.35),
        Result("the same, CPU", "", "", ratios(cpu["ours", "sheet"], cpu["naive", "sheet"])),
        against("sheet", "chromium", "Warm sheet ÷ warm Chromium", 0.35),
        against("booklet", "naive", "Booklet ÷ naive WeasyPrint", 0.5),
        Result("the same, CPU", "", "", ratios(cpu["ours", "booklet"], cpu["naive", "booklet"])),
        against("booklet", "chromium", "Booklet ÷ warm Chromium", 1.2),
        Result(
            "Printing child, resident after all this",
            f"{resident:.0f} MiB, at most {most:.0f}",
            f"naive {naive_resident:.0f} MiB",
            [resident],
            ("≤", 160),
            "MiB",
        ),
        Result("Sheet, the largest of eight", f"{max(sizes[0]):.0f} KiB", "", [max(sizes[0])], ("≤", 185), "KiB"),
        Result("Booklet", f"{sizes[1][0]:.0f} KiB", "", sizes[1], ("≤", 320), "KiB"),
    ]


def total_cpu(name: str, child: int | None, naive: int) -> float:
    """CPU of what prints for `name`: ours is this process, which writes the HTML, and the child."""
    if name == "naive":
        return cpu_seconds(naive)
    return time.process_time() + (cpu_seconds(child) if child else 0.0)


def memory(pid: int | None, line: str = "VmRSS") -> float:
    """MiB of memory that a process has resident (VmRSS), or had at most (VmHWM)."""
    found = re.search(rf"{line}:\s+(\d+) kB", Path(f"/proc/{pid}/status").read_text())
    return int(found[1]) / 1024 if found else 0.0


# -- all of it -------------------------------------------------------------------
HEAD = """# Benchmarks

Written by `benchmarks/run`. Ours ÷ baseline, measured in turn in the same run; each ratio is the median of the rounds, in brackets the
least and the most. A single number of ours says little: machines differ, ratios less so.

Measured on {day}: {cores} cores, {memory:.0f} GiB, Linux {kernel}, Python {python}, load {before} before and {after} after.

| | ours | baseline | ratio | goal | |
|---|---|---|---|---|---|
"""
TAIL = f"""
How it is measured

- **Public page**: `/`, {{size:.0f}} KiB plain, asked for by `wrk` with {CONNECTIONS} connections on the same machine, {ROUNDS} rounds of {SECONDS} s each.
  Ours is granian with {WORKERS} workers as `bin/serve` starts it on PostgreSQL; nginx has {WORKERS} workers and the same files, without our security headers;
  `cache_page` is a fresh project with Django's default middleware and cache in memory, under the same granian. Bytes are compared first. µs is
  CPU of all processes of the server for a request. `wrk` shares the cores with the server it asks.
- **`manage.py check`**: {2 * ROUNDS} runs in turn, against `django-admin startproject` as it is.
- **Printing**: {ROUNDS} rounds in turn, everything warm. Ours is HTML to finished PDF/UA-1 with tags, through the pipe to the child and back, nothing
  taken from stored prints. The naive baseline is a plain table in WeasyPrint with the system's Noto CJK and a new font configuration for each
  document, without tags; Chromium prints the same plain table.
"""
PARTS: dict[str, Callable[[], list[Result]]] = {"web": web, "check": check, "printing": printing}


def prepare() -> None:
    """The published list in a folder of our own."""
    manage("migrate", "--noinput", "--verbosity", "0")
    manage("collectstatic", "--noinput", "--verbosity", "0")
    manage("import_duty_list", "fixtures/source/duty-list.txt")
    manage("publish_duty_list", "--as-received")
    manage("write_public_site")


def main() -> None:
    asked = sys.argv[1:] or list(PARTS)
    os.environ["DJANGO_SETTINGS_MODULE"] = "liaison_portal.settings"
    os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "1"  # playwright has a loop of its own in this process
    prepare()
    django.setup()
    before = os.getloadavg()[0]
    rows = []
    for part in asked:
        print(f"== {part}", flush=True)
        for result in PARTS[part]():
            rows.append(result.row())
            print(rows[-1], flush=True)
    if sys.argv[1:]:
        return
    memory_size = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    about = {
        "day": time.strftime("%Y-%m-%d"),
        "cores": os.cpu_count(),
        "memory": memory_size,
        "kernel": platform.release().split("-")[0],
        "python": platform.python_version(),
        "before": f"{before:.1f}",
        "after": f"{os.getloadavg()[0]:.1f}",
    }
    size = (settings.PUBLIC_SITE_DIR / "current" / "index.html").stat().st_size / 1024
    (HERE / "README.md").write_text(HEAD.format(**about) + "\n".join(rows) + "\n" + TAIL.format(size=size))
    shutil.rmtree(settings.VAR_DIR / "prints", ignore_errors=True)


if __name__ == "__main__":
    main()
