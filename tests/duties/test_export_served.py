"""The public site as plain files behind nginx, set up as docs/operators.md says, with no portal running: every file is found, and is what it says."""

import contextlib
import gzip
import http.client
import os
import re
import signal
import socket
import subprocess
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urljoin, urlsplit

import pytest
from django.conf import settings

from core.published import CONTENT_TYPES, address_of, site

from .test_export import CSS_ADDRESS, _hashed_static, copied, export, exported, made_before, plain_files, static_root, written  # noqa: F401 - fixtures
from .test_public_site import CODES, Words

pytestmark = [pytest.mark.django_db, pytest.mark.documents]
DRAWN_WITH = {".css": "text/css; charset=utf-8", ".js": "text/javascript; charset=utf-8", ".svg": "image/svg+xml"}
NGINX = """
daemon off; worker_processes 1; pid {folder}/pid; {user}
events {{ }}
http {{
    access_log off;
    client_body_temp_path {folder}/body; proxy_temp_path {folder}/proxy; fastcgi_temp_path {folder}/fastcgi;
    uwsgi_temp_path {folder}/uwsgi; scgi_temp_path {folder}/scgi;
    {server}
}}
"""


@dataclass
class Nginx:
    """A running nginx."""

    port: int

    def get(self, address: str, **headers: str) -> tuple[int, Mapping[str, str], bytes]:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=10)
        with contextlib.closing(connection):
            connection.request("GET", address, headers=headers)
            response = connection.getresponse()
            return response.status, dict(response.getheaders()), response.read()


@pytest.fixture
def nginx(exported, tmp_path) -> Iterator[Nginx]:  # noqa: F811
    """The server of docs/operators.md, but for its port and the folder that it serves."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    [server] = re.findall(r"```nginx\n(.*?)```", (settings.BASE_DIR / "docs/operators.md").read_text(), re.DOTALL)
    for told, here in (("listen 80;", f"listen 127.0.0.1:{port};"), ("root /srv/duties/current;", f"root {exported};")):
        assert server.count(told) == 1
        server = server.replace(told, here)
    folder = tmp_path / "nginx"
    folder.mkdir()
    user = "user root;" if os.getuid() == 0 else ""
    (folder / "nginx.conf").write_text(NGINX.format(folder=folder, user=user, server=server))
    log = folder / "error.log"
    process = subprocess.Popen(["/usr/sbin/nginx", "-p", str(folder), "-e", str(log), "-c", str(folder / "nginx.conf")], start_new_session=True)
    try:
        until = time.monotonic() + 20
        while not answers(port):
            assert process.poll() is None, log.read_text()
            assert time.monotonic() < until, log.read_text()
            time.sleep(0.02)
        yield Nginx(port)
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGTERM)
        process.wait(10)


def answers(port: int) -> bool:
    with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
        return True
    return False


def test_every_file_is_found_as_what_it_is_and_whole(nginx, exported):  # noqa: F811
    kinds = CONTENT_TYPES | DRAWN_WITH
    found = {name: nginx.get(address_of(name)) for name in plain_files(exported)}

    assert {name for name, (status, _headers, _body) in found.items() if status != 200} == set()
    assert {name: headers["Content-Type"] for name, (_status, headers, _body) in found.items()} == {name: kinds[Path(name).suffix] for name in found}
    assert {name for name, (_status, _headers, body) in found.items() if body != (exported / name).read_bytes()} == set()
    for code in CODES:
        begin = {kind: found[f"duties/{code}/{kind}"][2][:5] for kind in ("sheet.pdf", "sheet-archive.pdf", "sheet.docx")}
        assert begin == {"sheet.pdf": b"%PDF-", "sheet-archive.pdf": b"%PDF-", "sheet.docx": b"PK\x03\x04\x14"}


def test_every_file_is_reached_by_links_from_the_first_page(nginx, exported):  # noqa: F811
    """What a visitor finds by following links, from each page and style that nginx gives; the server answers each with 200."""
    waiting, seen = ["/"], {"/"}
    while waiting:
        address = waiting.pop()
        status, headers, body = nginx.get(address)
        assert status == 200, address
        kind = headers["Content-Type"].partition(";")[0]
        links = Words(body.decode()).links if kind == "text/html" else CSS_ADDRESS.findall(body.decode()) if kind == "text/css" else []
        for link in links:
            target = urlsplit(urljoin(f"http://site{address}", link))
            if (target.scheme, target.netloc) == ("http", "site") and target.path not in seen:
                seen.add(target.path)
                waiting.append(target.path)

    alone = {"/404.html", "/503.html", "/robots.txt", "/duties.schema.json"}  # the server, crawlers and duties.json lead to these
    assert seen == {address_of(name) for name in plain_files(exported)} - alone


def test_pages_are_packed_fresh_and_guarded_as_the_portal_has_them(nginx, exported):  # noqa: F811
    for address in ("/", "/duties/4.1/", "/duties.ttl"):
        served = dict(site.refresh().pages[address].headers["gzip"])
        _status, headers, body = nginx.get(address, **{"Accept-Encoding": "gzip"})

        assert gzip.decompress(body) == (exported / f"{address.removeprefix('/')}{'index.html' if address.endswith('/') else ''}").read_bytes()
        told = {"Content-Type", "Content-Encoding", "Cache-Control", "Vary", *settings.SECURITY_HEADERS}
        assert {name: headers[name] for name in told} == {name: served[name] for name in told}
        assert nginx.get(address, **{"Accept-Encoding": "gzip", "If-None-Match": headers["ETag"]})[0] == 304


def test_what_is_not_there_is_said_in_words(nginx):
    for address in ("/no-such-page/", "/duties/9.9/sheet.pdf", "/care/en/no/such/"):
        status, headers, body = nginx.get(address)

        assert (status, "没有找到页面" in body.decode(), headers["Content-Security-Policy"][:18]) == (404, True, "default-src 'none'")


def test_static_files_are_kept_for_long(nginx, exported):  # noqa: F811
    name = next(name for name in plain_files(exported) if name.endswith(".css"))

    assert nginx.get(f"/{name}")[1]["Cache-Control"] == "max-age=315360000"
