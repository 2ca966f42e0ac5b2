"""The printing child process: `python -m core.printer`, started by core.printing, which alone talks to it. The only importer of WeasyPrint.

It renders what it is handed and reaches nothing else: a fetcher that knows only the files of the message, no network, no process of its own,
no file outside the Python installation, the font pack and its temporary folder, 1 GiB of memory. Time is the parent's: it kills.
It ends when its parent does, whatever it is doing.
"""

import contextlib
import ctypes
import gc
import logging
import mimetypes
import os
import queue
import re
import resource
import sys
import tempfile
import threading
import traceback
import zlib
from collections.abc import Mapping
from datetime import UTC, datetime
from functools import lru_cache
from pathlib import Path
from typing import IO, Any

import pydyf
import weasyprint.pdf.stream
from weasyprint import CSS, HTML, Attachment
from weasyprint.document import Document
from weasyprint.pdf.fonts import Font
from weasyprint.text.fonts import FontConfiguration
from weasyprint.urls import URLFetcher, URLFetcherResponse

from core.pipes import Message, receive, send

MEMORY = 1 << 30  # bytes of address space
SPENT = 400 << 10  # KiB resident: after a document as heavy as that the process is worth replacing
FEW_GLYPHS, KEPT_PARTS = 48, 64  # parts of faces that are kept: of so many glyphs at most, so many of them
COLLECT_AFTER = 200_000  # objects: the many of one document live until it is written, and looking through them earlier finds nothing
# What no document of ours comes near; beyond it layout takes minutes.
LONGEST_TEXT, MOST_ELEMENTS, DEEPEST, WIDEST_SPAN = 20_000, 30_000, 100, 100

# Latin letters and digits in their own face, and nothing else of it: its quotation marks are half as wide as Chinese ones.
LATIN_FACES = """
@font-face { font-family: "Liberation Serif Latin"; src: local("Liberation Serif"); unicode-range: U+20-7E }
@font-face { font-family: "Liberation Serif Latin"; src: local("Liberation Serif Bold"); font-weight: 700; unicode-range: U+20-7E }
"""

EMPTIED = {"applet", "audio", "base", "embed", "frame", "iframe", "link", "object", "script", "source", "track", "video"}
SAFE_TARGET = re.compile(r"#|(?:https?|mailto|tel):")
CLONE_NEWUSER, CLONE_NEWNET = 0x10000000, 0x40000000
REFUSED_EVENTS = {"os.exec", "os.fork", "os.forkpty", "os.posix_spawn", "os.system", "subprocess.Popen"}


class TooHeavyError(Exception):
    """A document that would take minutes; the message says what is wrong with it, in the words of the interface."""


class Pack(URLFetcher):
    """What reads the faces of the font pack, once, before the first document."""

    def fetch(self, url: str, headers: Any = None) -> URLFetcherResponse:
        return URLFetcherResponse(url, Path(url.removeprefix("file://")).read_bytes())


class HandedOver(URLFetcher):
    """What gives the files of the message (`print:NAME`), and nothing else."""

    def __init__(self, files: Mapping[str, bytes]) -> None:
        super().__init__(allowed_protocols=set())
        self.files = files

    def fetch(self, url: str, headers: Any = None) -> URLFetcherResponse:
        name = url.removeprefix("print:")
        if name == url or name not in self.files:
            raise ValueError("not handed over")
        return URLFetcherResponse(url, self.files[name], {"Content-Type": mimetypes.guess_type(name)[0] or "application/octet-stream"})


class Faces(FontConfiguration):
    """The faces of the pack. Once sealed, no document can add to them or put another in their place."""

    sealed = False

    def add_font_face(self, rule_descriptors: Any, url_fetcher: Any) -> None:
        if not self.sealed:
            super().add_font_face(rule_descriptors, url_fetcher)


class PartlyKept(Font):
    """A face in a PDF, cut down to the glyphs used. Small parts are kept: labels and feet are the same on sheet after sheet."""

    kept: dict[tuple[Any, ...], bytes] = {}

    def subset(self, to_unicode: Any, hinting: Any) -> None:
        key = self.name, bool(self.missing), hinting, *sorted(to_unicode)
        if key in self.kept:
            self.file_content = self.kept[key]
            return
        super().subset(to_unicode, hinting)
        if len(to_unicode) <= FEW_GLYPHS:
            if len(self.kept) == KEPT_PARTS:
                self.kept.clear()
            self.kept[key] = self.file_content


weasyprint.pdf.stream.Font = PartlyKept


class MissingGlyphs(logging.Handler):
    """Collects the code points that no face could show, which WeasyPrint only warns of."""

    def __init__(self) -> None:
        super().__init__(logging.WARNING)
        self.found: dict[int, None] = {}

    def emit(self, record: logging.LogRecord) -> None:
        if record.msg.startswith(".notdef glyph") and isinstance(record.args, tuple):
            self.found[int(str(record.args[1]))] = None


def safe(target: str) -> bool:
    """Whether a link may lead there: inside the document, the web, mail, telephone."""
    return SAFE_TARGET.match(re.sub(r"[\x00-\x20]", "", target).lower()) is not None


def allowed(kind: str, target: str, _rectangle: Any, box: Any) -> bool:
    """Whether a link of the finished pages is one that an <a> made, and leads where one may."""
    return box.element_tag == "a" and (kind == "internal" or (kind == "external" and safe(target)))


def scrub(root: Any) -> None:
    """Take from a parsed document what loads, embeds or runs; raise TooHeavyError for one that would take minutes."""
    waiting, count = [(root, 1)], 0
    while waiting:
        element, depth = waiting.pop()
        count += 1
        if count > MOST_ELEMENTS or depth > DEEPEST:
            raise TooHeavyError("内容太多或嵌套太深")
        if max(len(element.text or ""), len(element.tail or "")) > LONGEST_TEXT and element.tag != "style":
            raise TooHeavyError(f"有一段文字超过 {LONGEST_TEXT} 字")
        if element.tag in EMPTIED or (element.tag == "meta" and "http-equiv" in element.attrib):
            element.attrib.clear()
        for name in list(element.attrib):
            local, value = name.rpartition("}")[2].rpartition(":")[2], element.attrib[name]
            if (local == "href" and not safe(value)) or local in ("rel", "download", "ping", "background"):
                del element.attrib[name]
            elif local in ("colspan", "rowspan", "span") and not (value.isdecimal() and int(value) <= WIDEST_SPAN):
                raise TooHeavyError("表格跨行、跨列太多")
        waiting += [(child, depth + 1) for child in element if isinstance(child.tag, str)]


@lru_cache(maxsize=16)
def parsed(style: str) -> CSS:
    """A style sheet; a few are all that documents bring. What it would import is not handed over."""
    return CSS(string=style, url_fetcher=HandedOver({}))


def take_styles(root: Any) -> list[CSS]:
    """The style sheets of a document, taken out of it."""
    found = []
    for head in root.iter("head"):
        for style in [element for element in head if element.tag == "style" and not element.attrib]:
            head.remove(style)
            found.append(parsed(style.text or ""))
    return found


def most_held() -> int:
    """The most memory that was resident, in KiB; a process begins with the figure of the one that started it (getrusage(2))."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss


class Renderer:
    """One set of faces, loaded once, and what renders with it."""

    def __init__(self) -> None:
        self.inherited = most_held()
        self.faces = Faces()
        CSS(string=LATIN_FACES, font_config=self.faces, url_fetcher=Pack())
        self.faces.sealed = True
        self.missing = MissingGlyphs()
        logging.getLogger("weasyprint").addHandler(self.missing)
        logging.getLogger("weasyprint").propagate = False

    def answer(self, header: Mapping[str, Any], bodies: list[bytes]) -> Message:
        """Render the first of the documents handed over that fits `pages` (the last, if none does)."""
        self.missing.found.clear()
        count, names = header["documents"], header["files"]
        files = dict(zip(names, bodies[count:], strict=False))
        attached = dict(zip(header["attachments"], bodies[count + len(names) :], strict=True))
        try:
            for html in bodies[:count]:
                document = self.lay_out(html.decode(), files)
                if header["pages"] is None or len(document.pages) <= header["pages"]:
                    break
            pdf = write(document, header["variant"], attached)
        except TooHeavyError as error:
            return {"heavy": str(error)}, []
        except MemoryError:
            return {"heavy": "排版所需的内存超过限额", "spent": True}, []
        except Exception as error:
            return {"failed": type(error).__name__, "trace": traceback.format_exc(limit=-8)}, []
        if self.missing.found:
            return {"missing": list(self.missing.found)}, []
        return {"pages": len(document.pages), "spent": most_held() > max(SPENT, self.inherited)}, [pdf]

    def lay_out(self, html: str, files: Mapping[str, bytes]) -> Document:
        source = HTML(string=html, url_fetcher=HandedOver(files))
        source.base_url = None
        scrub(source.etree_element)
        document = source.render(font_config=self.faces, stylesheets=take_styles(source.etree_element))
        document.metadata.attachments = []
        for page in document.pages:  # style and spans inside a link would make links too
            page.links = [link for link in page.links if allowed(*link)]
        return document


def write(document: Document, variant: str, attached: Mapping[str, bytes]) -> bytes:
    """The PDF; the same document gives the same bytes. The archive (PDF/A) is not compressed, and carries the attachments as its data."""
    stamp = datetime.fromisoformat(document.metadata.created or "1980-01-01T00:00:00+00:00").astimezone(UTC)
    attachments = [Attachment(string=body, name=name, created=stamp, modified=stamp, relationship="Data") for name, body in attached.items()]
    return document.write_pdf(pdf_variant=variant, attachments=attachments, uncompressed_pdf=variant.startswith("pdf/a"), finisher=pack) or b""


def pack(_document: Document, pdf: pydyf.PDF) -> None:
    """Compress faces and pictures as zlib does by default: within 0.3 % as small as at pydyf's highest level, in half the time."""
    for item in pdf.objects:
        if isinstance(item, pydyf.Stream) and item.compress and len(item.stream) == 1 and isinstance(item.stream[0], bytes):
            item.stream, item.compress = [zlib.compress(item.stream[0])], False
            item.extra["Filter"] = "/FlateDecode"


def shut_in(folder: str) -> None:
    """Give up what a document must never reach. Where the kernel does not allow a network of its own, the audit hook still holds."""
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.unshare(CLONE_NEWNET):
        libc.unshare(CLONE_NEWUSER | CLONE_NEWNET)
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    mimetypes.init()
    roots = tuple(f"{os.path.realpath(root)}/" for root in (sys.prefix, sys.base_prefix, folder))

    def refuse(event: str, args: tuple[Any, ...]) -> None:
        if event.startswith("socket.") or event in REFUSED_EVENTS:
            raise PermissionError(event)
        if event == "open" and isinstance(args[0], str | bytes) and not f"{os.path.realpath(os.fsdecode(args[0]))}/".startswith(roots):
            raise PermissionError("open")

    sys.addaudithook(refuse)


def listen(stream: IO[bytes], requests: "queue.Queue[Message]", folder: str) -> None:
    """Take requests in; when the parent has gone, end at once, in the middle of a document too."""
    try:
        while True:
            requests.put(receive(stream))
    finally:
        leave(folder)


def leave(folder: str) -> None:
    """Remove the temporary folder and end, whatever else this process does."""
    try:
        for path in sorted(Path(folder).rglob("*"), reverse=True):
            with contextlib.suppress(FileNotFoundError):  # the parent removes it too, where it can
                path.rmdir() if path.is_dir() else path.unlink()
        Path(folder).rmdir()
    finally:
        os._exit(0)


def main() -> None:
    folder = tempfile.gettempdir()  # TMPDIR, which the parent made for this process
    answers = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # what a library prints does not get into the answers
    renderer = Renderer()
    shut_in(folder)
    gc.freeze()  # what is loaded stays
    gc.set_threshold(COLLECT_AFTER)
    requests: queue.Queue[Message] = queue.Queue()
    threading.Thread(target=listen, args=(sys.stdin.buffer, requests, folder), daemon=True).start()
    try:
        send(answers, {"ready": True})
        while True:
            send(answers, *renderer.answer(*requests.get()))
    finally:
        leave(folder)  # the parent went while it was being answered


if __name__ == "__main__":
    main()
