"""The duty list as the portal serves it, against nginx with the same bytes and against Django's own cache."""

import contextlib
import os
import re
import subprocess
import tempfile
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass, field
from email.message import Message
from pathlib import Path

from django.conf import settings

from .processes import PYTHON, cpu_seconds, free_port, server
from .results import ROUNDS, Result, ratios, told

CONNECTIONS, SECONDS, WORKERS = 16, 2, 2
SERVER = (
    "the server. core/published.py takes 2 µs of a request; the last line of this part asks a WSGI function that does nothing but return the same bytes of the "
    "same granian. Its 4 threads a worker, there so that a fast page need not wait behind a slow one, hand the interpreter's lock to each other; with one "
    "thread a request costs a third less CPU. nginx can serve the published pages itself, from the same tree."
)
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


def granian(application: str, port: int) -> list[str]:
    """The server as bin/serve starts it on PostgreSQL."""
    options = ["--interface", "wsgi", "--host", "127.0.0.1", "--port", str(port), "--workers", str(WORKERS), "--blocking-threads", "4"]
    return [PYTHON, "-m", "granian", *options, "--log-level", "critical", application]


@dataclass
class Target:
    """A server, what it is asked, and what was measured of it."""

    pid: int
    port: int
    headers: dict[str, str]
    path: str = "/"
    per_second: list[float] = field(default_factory=list)
    cpu: list[float] = field(default_factory=list)

    def answer(self) -> tuple[Message, bytes]:
        request = urllib.request.Request(f"http://127.0.0.1:{self.port}{self.path}", headers=self.headers)
        with urllib.request.urlopen(request, timeout=5) as response:  # noqa: S310
            return response.headers, response.read()

    def measure(self) -> None:
        """Ask for SECONDS; keep requests a second, and microseconds of the server's CPU for each."""
        told = [part for name, value in self.headers.items() for part in ("-H", f"{name}: {value}")]
        before = cpu_seconds(self.pid)
        command = ["wrk", "-t1", f"-c{CONNECTIONS}", f"-d{SECONDS}s", *told, f"http://127.0.0.1:{self.port}{self.path}"]
        said = subprocess.run(command, capture_output=True, text=True, check=True).stdout
        assert "Non-2xx" not in said, said
        requests = re.search(r"(\d+) requests in", said)
        per_second = re.search(r"Requests/sec:\s+([\d.]+)", said)
        if not requests or not per_second:
            raise RuntimeError(said)
        self.per_second.append(float(per_second[1]))
        self.cpu.append((cpu_seconds(self.pid) - before) / int(requests[1]) * 1e6)

    def line(self) -> str:
        return f"{told(self.per_second)} req/s, {told(self.cpu)} µs"


@contextlib.contextmanager
def nginx(root: Path | None = None) -> Iterator[tuple[int, int]]:
    """nginx on the published tree, or another: (process, port)."""
    port = free_port()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        user = "user root;" if os.getuid() == 0 else ""
        root = root or settings.PUBLIC_SITE_DIR / "current"
        (folder / "nginx.conf").write_text(NGINX.format(workers=WORKERS, folder=folder, port=port, root=root, user=user))
        with server("/usr/sbin/nginx", "-p", name, "-e", f"{name}/error.log", "-c", f"{name}/nginx.conf", port=port) as pid:
            yield pid, port


@contextlib.contextmanager
def targets() -> Iterator[dict[str, Target]]:
    """All that is asked, checked to answer with the same bytes."""
    page = settings.PUBLIC_SITE_DIR / "current" / "index.html"
    portal, cached, bare = free_port(), free_port(), free_port()
    variables = {"BENCHMARK_PAGE": str(page), "DJANGO_SETTINGS_MODULE": ""}
    with (
        nginx() as (nginx_pid, nginx_port),
        server(*granian("liaison_portal.wsgi:application", portal), port=portal) as portal_pid,
        server(*granian("benchmarks.cached_site:application", cached), port=cached, **variables) as cached_pid,
        server(*granian("benchmarks.bare_site:application", bare), port=bare, **variables) as bare_pid,
    ):
        found = {
            "nginx": Target(nginx_pid, nginx_port, {}),
            "nginx gzip": Target(nginx_pid, nginx_port, {"Accept-Encoding": "gzip"}),
            "ours": Target(portal_pid, portal, {}),
            "ours gzip": Target(portal_pid, portal, {"Accept-Encoding": "gzip"}),
            "ours br": Target(portal_pid, portal, {"Accept-Encoding": "br"}),
            "cache_page": Target(cached_pid, cached, {}),
            "bare": Target(bare_pid, bare, {}),
        }
        bodies = {name: target.answer()[1] for name, target in found.items()}
        assert bodies["nginx"] == bodies["ours"] == bodies["cache_page"] == bodies["bare"], "not the same bytes"
        assert bodies["nginx gzip"] == bodies["ours gzip"], "not the same bytes"
        for name in ("nginx", "ours"):
            found[f"{name} 304"] = Target(found[name].pid, found[name].port, {"If-None-Match": found[name].answer()[0]["ETag"]})
        yield found


def web() -> list[Result]:
    """Throughput and CPU of every kind of answer, measured in turn."""
    with targets() as measured:
        for target in measured.values():  # once for nothing: what is made at the first request is made
            target.measure()
            target.per_second.clear()
            target.cpu.clear()
        for _round in range(ROUNDS):
            for target in measured.values():
                target.measure()

    def against(what: str, ours: str, baseline: str, more: float | None, less: float | None = None, reason: str = "") -> Iterator[Result]:
        one, other = measured[ours], measured[baseline]
        yield Result(f"{what}: throughput", one.line(), other.line(), ratios(one.per_second, other.per_second), more and ("≥", more), reason=reason)
        yield Result(f"{what}: CPU a request", "", "", ratios(one.cpu, other.cpu), less and ("≤", less), reason=reason)

    return [
        *against("Public page, plain, ÷ nginx", "ours", "nginx", 0.5, 3.5, SERVER),
        *against("Public page, gzip, ÷ nginx", "ours gzip", "nginx gzip", 0.5, 3.5, SERVER),
        *against("Public page, brotli ÷ nginx gzip (nginx has no brotli module here)", "ours br", "nginx gzip", None),
        *against("Public page, 304, ÷ nginx", "ours 304", "nginx 304", 0.6, reason=SERVER),
        *against("Public page, plain, ÷ Django's `cache_page`", "ours", "cache_page", 8, reason=SERVER),
        *against("Public page, plain, ÷ a function that returns the same bytes, under the same granian", "ours", "bare", None),
    ]
