"""Published bytes: a tree of finished files that is switched over whole, and the WSGI layer that answers from it before Django does.

The tree stands in settings.PUBLIC_SITE_DIR: one folder a version, named by the digest of its content, and `current`, a link to one of them.
Each file lies there three times: as it is, .gz and .br (PDF and Word, packed already, once).
Nothing here asks a database; whatever happens to it, the tree goes on answering.
"""

import gzip
import hashlib
import os
import shutil
import tempfile
import time
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import quote

import brotli
from django.conf import settings

CONTENT_TYPES = {
    ".html": "text/html; charset=utf-8",
    ".json": "application/json; charset=utf-8",
    ".csv": "text/csv; charset=utf-8",
    ".xml": "application/atom+xml; charset=utf-8",
    ".txt": "text/plain; charset=utf-8",
    ".jsonld": "application/ld+json; charset=utf-8",
    ".ttl": "text/turtle; charset=utf-8",
    ".pdf": "application/pdf",
    ".docx": "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
}
PACKED_ALREADY = {".pdf", ".docx"}
CODINGS = {"br": ".br", "gzip": ".gz", "identity": ""}  # in order of preference
CURRENT = "current"
SECONDS_BETWEEN_LOOKS = 0.1  # at the link; a look at each request makes the threads of the server hand the interpreter to each other
BROTLI_QUALITY = 5  # 15 % larger than the best (11), ninety times as fast: a site is published within a second

Headers = list[tuple[str, str]]
StartResponse = Callable[..., Any]


# -- writing -------------------------------------------------------------------
def write_site(files: Mapping[str, bytes], root: Path) -> bool:
    """Make `files` (name below the root, such as "duties/4.1/index.html", to bytes) the current tree; False if it already was.

    Killed at any moment, the tree that was current stands whole: the new one is complete and on the disk before the link moves.
    """
    digest = hashlib.sha256()
    for name, body in sorted(files.items()):
        digest.update(f"{name}\0{len(body)}\0".encode() + body)
    version = digest.hexdigest()[:24]
    root.mkdir(parents=True, exist_ok=True)
    if current_version(root) == version:
        return False
    if not (root / version).is_dir():
        building = Path(tempfile.mkdtemp(prefix="building-", dir=root))
        for name, body in files.items():
            _write_file(building / name, body)
        for folder in [building, *(path for path in building.rglob("*") if path.is_dir())]:
            folder.chmod(0o755)
            _sync_folder(folder)
        building.rename(root / version)
    link = root / f"link-{os.getpid()}"
    link.unlink(missing_ok=True)
    link.symlink_to(version)
    link.replace(root / CURRENT)
    _sync_folder(root)
    _sweep(root, keep=version)
    return True


def current_version(root: Path) -> str:
    """The digest of the tree that is current ("" before the first)."""
    try:
        return os.readlink(root / CURRENT)
    except FileNotFoundError:
        return ""


def _write_file(path: Path, body: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    packings = {"identity": body}
    if path.suffix not in PACKED_ALREADY:
        packings |= {"gzip": gzip.compress(body, mtime=0), "br": brotli.compress(body, quality=BROTLI_QUALITY)}
    for coding, packed in packings.items():
        with path.with_name(path.name + CODINGS[coding]).open("wb") as file:
            file.write(packed)
            file.flush()
            os.fsync(file.fileno())


def _sync_folder(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY)
    os.fsync(handle)
    os.close(handle)


def _sweep(root: Path, keep: str) -> None:
    """Remove older trees and what an interrupted writing left; a reader has the tree that it serves in memory."""
    for path in root.iterdir():
        if path.name not in {keep, CURRENT}:
            shutil.rmtree(path) if path.is_dir() and not path.is_symlink() else path.unlink(missing_ok=True)


# -- reading -------------------------------------------------------------------
class Answer(NamedTuple):
    """What a request for published bytes gets."""

    status: str
    headers: Headers
    body: bytes


@dataclass(frozen=True)
class Page:
    """One published file in all its codings."""

    bodies: dict[str, bytes]
    headers: dict[str, Headers]
    headers_unchanged: dict[str, Headers]  # for who knows it already
    etags: dict[str, str]


@dataclass
class Site:
    """The current tree, held in memory and read anew when the link points elsewhere."""

    root: Path
    version: str = ""
    pages: dict[str, Page] = field(default_factory=dict)
    looked_at: float = 0.0  # at the link, as time.monotonic() tells

    def refresh(self, *, within: float = 0.0) -> "Site":
        """Read the tree again if it was switched; with `within`, a last look that is at most so many seconds old is good enough."""
        now = time.monotonic()
        if self.version and now - self.looked_at < within:
            return self
        self.looked_at = now
        version = current_version(self.root)
        if version != self.version:
            folder = self.root / version
            names = [path for path in folder.rglob("*") if path.suffix in CONTENT_TYPES]
            self.pages = {address_of(path.relative_to(folder).as_posix()): _load(path) for path in names}
            self.version = version
        return self

    def answer(self, address: str, *, accepted: str, known: str, within: float = 0.0) -> Answer | None:
        """The answer for `address` ("/duties/4.1/"), given Accept-Encoding and If-None-Match; None if no such file is published. `within` as in refresh."""
        page = self.refresh(within=within).pages.get(address)
        if page is None:
            return None
        coding = choose_coding(accepted, page.bodies)
        if known and _knows(known, page.etags[coding]):
            return Answer("304 Not Modified", page.headers_unchanged[coding], b"")
        return Answer("200 OK", page.headers[coding], page.bodies[coding])

    def read(self, address: str) -> bytes | None:
        """The bytes published at `address`, as they are."""
        page = self.refresh().pages.get(address)
        return page.bodies["identity"] if page else None


def address_of(name: str) -> str:
    """Where a file of the tree is served: "duties/4.1/index.html" at "/duties/4.1/"."""
    return "/" + quote(name.removesuffix("index.html"))


def choose_coding(accepted: str, codings: Collection[str] = CODINGS) -> str:
    """The best of `codings` that an Accept-Encoding header allows (RFC 9110 §12.5.3)."""
    for coding in _allowed(accepted):
        if coding in codings:
            return coding
    return "identity"


@lru_cache(maxsize=256)
def _allowed(accepted: str) -> list[str]:
    """The codings that an Accept-Encoding header allows, best first. Browsers send a handful of different ones."""
    weights: dict[str, float] = {}
    for part in accepted.lower().split(","):
        name, _, parameter = part.strip().partition(";")
        try:
            weights[name.strip()] = float(parameter.strip().removeprefix("q=")) if parameter else 1.0
        except ValueError:
            weights[name.strip()] = 0.0
    return [coding for coding in CODINGS if weights.get(coding, weights.get("*", 0.0)) > 0]


def _knows(known: str, etag: str) -> bool:
    return known == etag or known.strip() == "*" or etag in {tag.strip().removeprefix("W/") for tag in known.split(",")}


def _load(path: Path) -> Page:
    files = {coding: path.with_name(path.name + ending) for coding, ending in CODINGS.items()}
    bodies = {coding: file.read_bytes() for coding, file in files.items() if file.exists()}
    etags = {coding: f'"{hashlib.sha256(body).hexdigest()[:32]}"' for coding, body in bodies.items()}
    common = [
        ("Cache-Control", "no-cache"),  # kept, and asked for again each time: what is withdrawn is gone at once
        ("Vary", "Accept-Encoding"),
        *settings.SECURITY_HEADERS.items(),
    ]
    unchanged = {coding: [*common, ("ETag", etag)] for coding, etag in etags.items()}
    headers = {
        coding: [
            ("Content-Type", CONTENT_TYPES[path.suffix]),
            *([("Content-Encoding", coding)] if coding != "identity" else []),
            *unchanged[coding],
            ("Content-Length", str(len(body))),
        ]
        for coding, body in bodies.items()
    }
    return Page(bodies, headers, unchanged, etags)


site = Site(settings.PUBLIC_SITE_DIR)


class PublishedSite:
    """WSGI: answer GET and HEAD without a query from the tree; hand everything else to Django."""

    def __init__(self, application: Callable[..., Iterable[bytes]]) -> None:
        self.application = application

    def __call__(self, environ: dict[str, Any], start_response: StartResponse) -> Iterable[bytes]:
        if environ["REQUEST_METHOD"] in ("GET", "HEAD") and not environ.get("QUERY_STRING"):
            answer = site.answer(
                environ.get("PATH_INFO", ""),
                accepted=environ.get("HTTP_ACCEPT_ENCODING", ""),
                known=environ.get("HTTP_IF_NONE_MATCH", ""),
                within=SECONDS_BETWEEN_LOOKS,
            )
            if answer is not None:
                start_response(answer.status, answer.headers)
                return [answer.body] if environ["REQUEST_METHOD"] == "GET" else []
        return self.application(environ, start_response)
