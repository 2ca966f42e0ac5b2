"""Printing: HTML to PDF in a child process that is kept, limited and killed where it must be (core.printer, the only importer of WeasyPrint).

What is printed must be right or refused: a character that no face of the font pack has is an error that names it, never an empty box.
"""

import atexit
import contextlib
import hashlib
import logging
import os
import re
import shutil
import subprocess
import sys
import tempfile
import threading
import time
import unicodedata
from collections.abc import Iterator, Mapping
from functools import cache
from importlib.metadata import version
from pathlib import Path
from typing import Any

from django.conf import settings

from .libraries import library
from .pipes import Message, receive, send

logger = logging.getLogger(__name__)

SCREEN = "pdf/ua-1"  # PDF/UA-1: tagged, for reading on a screen and aloud
ARCHIVE = "pdf/a-3a"  # PDF/A-3a: for keeping, with the data it was made from inside (docs/decisions/0006-archive-variant.md)
ARCHIVE_BARE = "pdf/a-2a"  # PDF/A-2a: for keeping, without attachments

SECONDS = 20  # for one document
STARTING_SECONDS = 60  # for the child to load its libraries on a busy machine
LARGEST = 2_000_000  # characters of HTML
KEPT_DAYS = 90  # a stored print that nobody asked for so long is removed
UNPRINTABLE = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff\ufdd0-\ufdef\ufffe\uffff]")


class PrintRefusedError(Exception):
    """A document that is not printed; the message says why, in the words of the interface."""


class Printer:
    """The child process and the way to it. Starts at the first document, starts again after a crash; one document at a time.

    `seconds` is the limit for a document.
    """

    def __init__(self, seconds: float = SECONDS) -> None:
        self.seconds = seconds
        self.forget()

    def forget(self) -> None:
        """Know of no child: at the beginning, and in a fork, whose parent's child is not its own."""
        self._lock = threading.Lock()
        self._child: subprocess.Popen[bytes] | None = None
        self._folder: str | None = None  # a name and no TemporaryDirectory, whose copy in a fork would remove it when it is forgotten there

    @property
    def pid(self) -> int | None:
        """The process id of the child, if there is one."""
        return self._child.pid if self._child else None

    def render(
        self,
        html: str,
        *tighter: str,
        pages: int | None = None,
        variant: str = SCREEN,
        files: Mapping[str, bytes] | None = None,
        attachments: Mapping[str, bytes] | None = None,
    ) -> bytes:
        """The PDF of `html`; of the first of `html` and `tighter` that has no more than `pages` pages, where that is given (else of the last).

        `files` are what the document may load, by name: `<img src="print:NAME">`. `attachments` are embedded in a PDF/A-3.
        Raises PrintRefusedError if a character has no glyph, if the document is too heavy, or if the child crashed twice over it.
        """
        documents = [html, *tighter]
        files, attachments = files or {}, attachments or {}
        if any(len(document) > LARGEST for document in documents):
            raise PrintRefusedError(f"内容超过 {LARGEST} 字，无法排版。请分成几份打印。")
        if found := {ord(char) for document in documents for char in UNPRINTABLE.findall(document)}:
            raise PrintRefusedError(_missing(found))
        header = {"documents": len(documents), "pages": pages, "variant": variant, "files": list(files), "attachments": list(attachments)}
        answer, bodies = self._ask(header, [*(document.encode() for document in documents), *files.values(), *attachments.values()])
        if "missing" in answer:
            raise PrintRefusedError(_missing(answer["missing"]))
        if "heavy" in answer:
            raise PrintRefusedError(f"这份文件太大或太复杂，无法排版：{answer['heavy']}。请减少内容或分成几份。")
        if "failed" in answer:
            logger.warning("A document could not be laid out: %s", answer["trace"])
            raise PrintRefusedError(f"这份文件无法排版（{answer['failed']}）。请检查内容。")
        return bodies[0]

    def close(self) -> None:
        """End the child."""
        child, folder = self._child, self._folder
        self._child = self._folder = None
        if child:
            child.kill()
            child.wait()
            for pipe in (child.stdin, child.stdout):
                with contextlib.suppress(OSError):  # what was not written any more
                    pipe.close()  # type: ignore[union-attr]
        if folder:
            shutil.rmtree(folder, ignore_errors=True)

    def _ask(self, header: Mapping[str, Any], bodies: list[bytes]) -> Message:
        if not self._lock.acquire(timeout=3 * self.seconds):
            raise PrintRefusedError("打印任务较多，请稍后再试。")
        try:
            for _attempt in (1, 2):
                child = self._child or self._start()
                try:
                    with self._limit(child, self.seconds) as over:
                        send(child.stdin, header, bodies)  # type: ignore[arg-type]
                        answer = receive(child.stdout)  # type: ignore[arg-type]
                except (EOFError, OSError):
                    self.close()
                    if over.is_set():
                        raise PrintRefusedError(f"这份文件太大或太复杂，{self.seconds:g} 秒内没有排完。请减少内容或分成几份。") from None
                    logger.warning("The printing process ended in the middle of a document.")
                    continue
                if answer[0].get("spent"):
                    self.close()
                return answer
            raise PrintRefusedError("打印进程两次意外中断，这份文件没有打印。请稍后再试；仍不行请联系管理员。")
        finally:
            self._lock.release()

    def _start(self) -> "subprocess.Popen[bytes]":
        self._folder = tempfile.mkdtemp(prefix="printing-")
        prints = settings.VAR_DIR / "prints"
        prints.mkdir(parents=True, exist_ok=True)
        # Nothing of our environment: no key, no password.
        environment = {
            "FONTCONFIG_FILE": str(_font_configuration(Path(self._folder))),
            "TMPDIR": self._folder,
            "XDG_CACHE_HOME": str(prints),
            "LANG": "C.UTF-8",
            "TZ": "UTC",
            "SOURCE_DATE_EPOCH": "0",  # the same document, the same bytes
            "PYTHONHASHSEED": "0",
            "PYTHONDONTWRITEBYTECODE": "1",
        }
        self._child = subprocess.Popen(
            [sys.executable, "-m", "core.printer"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            cwd=settings.BASE_DIR,
            env=environment,
        )
        try:
            with self._limit(self._child, STARTING_SECONDS):
                receive(self._child.stdout)  # type: ignore[arg-type]
        except EOFError:
            self.close()
            logger.exception("The printing process does not start; `python -m core.printer` says why.")
            raise PrintRefusedError("打印进程无法启动，请联系管理员。") from None
        return self._child

    @contextlib.contextmanager
    def _limit(self, child: "subprocess.Popen[bytes]", seconds: float) -> Iterator[threading.Event]:
        """Kill the child if what is inside takes longer; the event tells."""
        over = threading.Event()

        def end() -> None:
            over.set()
            child.kill()

        timer = threading.Timer(seconds, end)
        timer.daemon = True
        timer.start()
        try:
            yield over
        finally:
            timer.cancel()


printer = Printer()
os.register_at_fork(after_in_child=printer.forget)
atexit.register(printer.close)


def render(html: str, *tighter: str, **options: Any) -> bytes:
    """The PDF of a document, rendered now and kept nowhere; see Printer.render."""
    return printer.render(html, *tighter, **options)


def printed(html: str, *tighter: str, **options: Any) -> bytes:
    """The PDF of a document, from the prints that are stored by content if it was rendered before; see Printer.render.

    For what is public: a print stays in settings.VAR_DIR / "prints".
    """
    path = settings.VAR_DIR / "prints" / f"{_digest([html, *tighter], options)}.pdf"
    with contextlib.suppress(FileNotFoundError):
        body: bytes = path.read_bytes()
        os.utime(path)
        return body
    body = render(html, *tighter, **options)
    _store(path, body)
    return body


def _digest(documents: list[str], options: Mapping[str, Any]) -> str:
    """What a print depends on: the document and what it loads, the fonts and the programs that set it."""
    digest = hashlib.sha256()
    for part in [
        version("weasyprint"),
        Path(__file__).with_name("printer.py").read_text(),
        *_faces(),
        *documents,
        options.get("variant"),
        options.get("pages"),
    ]:
        digest.update(f"{len(str(part))}:{part}".encode())
    for kind in ("files", "attachments"):
        for name, body in (options.get(kind) or {}).items():
            digest.update(f"{kind}:{len(name)}:{name}:{len(body)}:".encode() + body)
    return digest.hexdigest()


def _faces() -> list[str]:
    folders = [settings.BASE_DIR / "fonts", *_extra_fonts()]
    return [f"{path.name} {path.stat().st_size}" for folder in folders for path in sorted(folder.iterdir()) if path.is_file()]


def _extra_fonts() -> list[Path]:
    """The operator's folder of further fonts, if there is one."""
    folder = settings.EXTRA_FONTS_DIR
    return [Path(folder)] if folder else []


def _font_configuration(folder: Path) -> Path:
    """The fontconfig file of the pack, or one that adds the operator's fonts to it."""
    pack: Path = settings.BASE_DIR / "fonts" / "fonts.conf"
    if not _extra_fonts():
        return pack
    file = folder / "fonts.conf"
    added = "".join(f"<dir>{extra}</dir>" for extra in _extra_fonts())
    file.write_text(f'<?xml version="1.0"?><fontconfig><include>{pack}</include>{added}</fontconfig>')
    return file


def _store(path: Path, body: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(prefix="writing-", dir=path.parent)
    with os.fdopen(handle, "wb") as file:
        file.write(body)
        file.flush()
        os.fsync(file.fileno())
    Path(name).replace(path)
    before = time.time() - KEPT_DAYS * 86400
    for old in path.parent.glob("*"):
        with contextlib.suppress(FileNotFoundError):  # another process removed it
            if old.is_file() and old.stat().st_mtime < before:
                old.unlink()


def undrawable(text: str) -> list[str]:
    """The characters of `text` that no face has, each once, in order: a print with one of them is refused."""
    return [sign for sign in dict.fromkeys(text) if not sign.isspace() and ord(sign) not in _drawable()]


@cache
def _drawable() -> frozenset[int]:
    """Every code point that some face of the pack, or of the operator's folder, has a glyph for."""
    folders = [settings.BASE_DIR / "fonts", *_extra_fonts()]
    faces = [path for folder in folders for path in folder.iterdir() if path.suffix.lower() in {".otf", ".ttf", ".ttc"}]
    found: set[int] = set()
    for path in faces:
        with library("fontTools.ttLib.TTFont")(path, lazy=True, fontNumber=0) as face:
            found.update(face.getBestCmap())
    return frozenset(found)


def _missing(points: "list[int] | set[int]") -> str:
    named = "、".join(f"{_shown(point)}U+{point:04X}" for point in sorted(points)[:10])
    return f"有 {len(points)} 个字符在打印字库里没有，无法打印：{named}。请改用其他字，或由管理员增加字库。"


def _shown(point: int) -> str:
    char = chr(point)
    return "" if unicodedata.category(char)[0] == "C" else f"“{char}”"
