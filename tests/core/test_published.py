"""Published bytes: switched over whole, answered without Django, revalidated and packed."""

import gzip
import multiprocessing
import os
import time
from pathlib import Path

import brotli
import pytest
from django.conf import settings

from core import published
from core.published import PublishedSite, Site, choose_coding, current_version, write_site

FILES = {"sheet.pdf": b"%PDF", "index.html": "<p>职责清单</p>".encode() * 50, "duties/4.1/index.html": b"four", "duties.json": b"{}"}


@pytest.fixture
def root(tmp_path: Path) -> Path:
    write_site(FILES, tmp_path / "site")
    return tmp_path / "site"


def ask(root: Path, address: str, method: str = "GET", query: str = "", **headers: str):
    """What the WSGI layer answers: status, headers, body; ("django", …) where it hands over."""
    seen: dict = {}

    def start_response(status, headers):
        seen.update(status=status, headers=dict(headers))

    def django(environ, start):
        start("200 django", [])
        return [b"django"]

    layer = PublishedSite(django)
    published.site = Site(root)
    environ = {"REQUEST_METHOD": method, "PATH_INFO": address, "QUERY_STRING": query} | {f"HTTP_{name}": value for name, value in headers.items()}
    body = b"".join(layer(environ, start_response))
    return seen["status"], seen["headers"], body


@pytest.fixture(autouse=True)
def _own_site():
    kept = published.site
    yield
    published.site = kept


def test_a_page_is_answered_with_all_its_headers(root):
    status, headers, body = ask(root, "/")

    assert (status, body) == ("200 OK", FILES["index.html"])
    assert headers["Content-Type"] == "text/html; charset=utf-8"
    assert headers["Content-Length"] == str(len(body))
    assert {name: headers[name] for name in settings.SECURITY_HEADERS} == settings.SECURITY_HEADERS
    assert "Set-Cookie" not in headers


@pytest.mark.parametrize(("coding", "unpack"), [("br", brotli.decompress), ("gzip", gzip.decompress)])
def test_packed_bodies_unpack_to_the_page_and_have_their_own_tag(root, coding, unpack):
    _, plain, _ = ask(root, "/")
    _, headers, body = ask(root, "/", ACCEPT_ENCODING=coding)

    assert headers["Content-Encoding"] == coding
    assert headers["Vary"] == "Accept-Encoding"
    assert unpack(body) == FILES["index.html"]
    assert headers["ETag"] != plain["ETag"]


def test_what_is_packed_already_is_sent_as_it_is(root):
    status, headers, body = ask(root, "/sheet.pdf", ACCEPT_ENCODING="br, gzip")

    assert (status, body, headers["Content-Type"]) == ("200 OK", b"%PDF", "application/pdf")
    assert "Content-Encoding" not in headers
    assert not list(root.rglob("sheet.pdf.*"))


@pytest.mark.parametrize(
    ("accepted", "coding"),
    [
        ("", "identity"),
        ("gzip, deflate, br", "br"),
        ("gzip", "gzip"),
        ("br;q=0, gzip;q=0.5", "gzip"),
        ("*", "br"),
        ("*;q=0", "identity"),
        ("BR", "br"),
        ("br;q=x", "identity"),
        ("zstd", "identity"),
    ],
)
def test_choose_coding(accepted, coding):
    assert choose_coding(accepted) == coding


def test_a_known_page_is_not_sent_again(root):
    _, headers, _ = ask(root, "/", ACCEPT_ENCODING="br")

    for known in (headers["ETag"], f'"x", {headers["ETag"]}', f"W/{headers['ETag']}", "*"):
        status, again, body = ask(root, "/", ACCEPT_ENCODING="br", IF_NONE_MATCH=known)
        assert (status, body) == ("304 Not Modified", b"")
        assert again["ETag"] == headers["ETag"]
        assert "Content-Length" not in again
    assert ask(root, "/", ACCEPT_ENCODING="br", IF_NONE_MATCH='"other"')[0] == "200 OK"


def test_head_has_the_headers_and_no_body(root):
    status, headers, body = ask(root, "/duties/4.1/", method="HEAD")

    assert (status, headers["Content-Length"], body) == ("200 OK", "4", b"")


@pytest.mark.parametrize(
    ("address", "method", "query"),
    [("/", "POST", ""), ("/", "GET", "q=1"), ("/none/", "GET", ""), ("/index.html", "GET", ""), ("/../secret_key", "GET", ""), ("/duties", "GET", "")],
)
def test_everything_else_is_for_django(root, address, method, query):
    assert ask(root, address, method=method, query=query)[0] == "200 django"


def test_without_a_site_django_answers(tmp_path):
    assert ask(tmp_path / "none", "/")[0] == "200 django"


def test_a_running_site_switches_over(root):
    site = Site(root)
    assert site.read("/duties/4.1/") == b"four"

    assert write_site(FILES | {"duties/4.1/index.html": b"new"}, root)

    assert site.read("/duties/4.1/") == b"new"
    assert site.read("/none/") is None


def test_the_server_sees_a_switch_within_a_tenth_of_a_second(root, monkeypatch):
    now = [1000.0]
    monkeypatch.setattr(published.time, "monotonic", lambda: now[0])
    site = Site(root).refresh()
    write_site(FILES | {"duties/4.1/index.html": b"new"}, root)

    def answered() -> bytes:
        return site.answer("/duties/4.1/", accepted="", known="", within=published.SECONDS_BETWEEN_LOOKS).body

    assert answered() == b"four"
    now[0] += 0.1
    assert answered() == b"new"


def test_the_same_content_is_not_written_again(root):
    before = (current_version(root), os.stat(root / published.CURRENT).st_mtime_ns)

    assert not write_site(FILES, root)

    assert (current_version(root), os.stat(root / published.CURRENT).st_mtime_ns) == before


def test_only_the_current_tree_is_kept(root):
    (root / "building-old").mkdir()
    (root / "link-1").symlink_to("nowhere")

    write_site({"index.html": b"other"}, root)

    assert sorted(path.name for path in root.iterdir()) == sorted([published.CURRENT, current_version(root)])


def test_a_tree_that_was_written_but_not_switched_to_is_used(root):
    """Killed between the two: the next writing finds the finished tree and only moves the link."""
    first = current_version(root)
    write_site({"index.html": b"other"}, root.parent / "elsewhere")
    second = current_version(root.parent / "elsewhere")
    (root.parent / "elsewhere" / second).rename(root / second)

    assert write_site({"index.html": b"other"}, root)

    assert current_version(root) == second != first


def big(mark: bytes) -> dict[str, bytes]:
    return {f"page-{number}/index.html": mark * 2000 for number in range(40)} | {"index.html": mark}


def test_killed_at_any_moment_a_whole_site_stands(tmp_path):
    """A writer is killed at different moments; what a reader finds is all old or all new, never half."""
    root = tmp_path / "site"
    write_site(big(b"a"), root)
    unfinished = 0
    for attempt in range(12):
        writer = multiprocessing.get_context("fork").Process(target=write_site, args=(big(b"b%d" % attempt), root))
        writer.start()
        time.sleep(0.004 * attempt)
        writer.kill()
        writer.join()

        site = Site(root).refresh()
        marks = {page.bodies["identity"] if address == "/" else page.bodies["identity"][: len(site.read("/"))] for address, page in site.pages.items()}

        assert len(site.pages) == 41
        assert marks == {site.read("/")}
        unfinished += site.read("/") != b"b%d" % attempt
    assert unfinished, "no writer was killed before it had finished: the test proved nothing"
    assert write_site(big(b"c"), root)
    assert sorted(path.name for path in root.iterdir()) == sorted([published.CURRENT, current_version(root)])
