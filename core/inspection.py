"""Looking into files from outside, in a child process for each (core.inspector), and drawing pages of them.

What a file may be, and why one is refused, is said here; a web process gives a stranger's bytes to no parser itself.
"""

import contextlib
import io
import json
import logging
import os
import secrets
import signal
import socket
import struct
import subprocess
import sys
import tempfile
import time
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from django.conf import settings
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from .files import folder, is_full, open_kept, path_of
from .pipes import send

logger = logging.getLogger(__name__)

SECONDS = 30  # for one file
TABLE_SECONDS = 600  # for every cell of a large table
PATH = "/usr/bin:/bin"  # where poppler is looked for
SCANNER_SECONDS = 60
KEPT_DAYS = 30  # a picture of a page is kept so long
LONGEST_NAME = 150  # characters
PREVIEWED = {"pdf": 3, "png": 1, "jpeg": 1}  # how many pages of each kind are drawn
MEDIA_TYPES = {
    "pdf": "application/pdf",
    "png": "image/png",
    "jpeg": "image/jpeg",
    "docx": "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "pptx": "application/vnd.openxmlformats-officedocument.presentationml.presentation",
    "ofd": "application/ofd",
    "eml": "message/rfc822",
    "txt": "text/plain",
    "csv": "text/csv",
}

ALLOWED = _("可以上传 PDF、OFD、Word（docx）、Excel（xlsx）、PowerPoint（pptx）、图片（png、jpg）、邮件（eml）、文本（txt、csv）。")
REASONS: dict[str, str | Promise] = {
    "empty": _("文件是空的，请检查后重新选择。"),
    "large": _("文件超过单个文件的大小上限，请压缩或拆分后再上传。"),
    "name": _("文件名里没有可用的字符，请改名后再上传。"),
    "kind": _("不接受这种文件，请另存为可以上传的格式。"),
    "mismatch": _("文件的内容与扩展名不符，请用原来的软件另存后再上传。"),
    "old_office": _("这是旧版或加密的 Office 文件，请去掉密码，另存为 docx、xlsx 或 pptx 再上传。"),
    "script": _("文件含有网页或脚本代码，不能上传。"),
    "program": _("文件是程序，或者含有程序，不能上传。"),
    "archive": _("不接受压缩包，请逐个上传其中的文件。"),
    "bomb": _("文件解压后过大、条目过多或层层嵌套，不能上传。"),
    "macro": _("文件含有宏，请另存为不含宏的格式再上传。"),
    "embedded": _("文件嵌有其他程序的对象（OLE、ActiveX），请删去后再上传。"),
    "outside": _("文件引用外部的模板或对象，请断开链接后再上传。"),
    "encrypted": _("文件设有密码或加密，无法检查，请去掉密码再上传。"),
    "polyglot": _("文件里夹带着另一种格式的内容，不能上传，请重新导出。"),
    "broken": _("文件已损坏或结构不正常，请重新导出后再上传。"),
    "pixels": _("图片的像素太多，请缩小后再上传。"),
    "active": _("PDF 含有脚本（JavaScript）或启动程序的动作，请重新打印为 PDF 再上传。"),
    "heavy": _("文件太复杂，检查没有按时完成，请简化或拆分后再上传。"),
    "secret": _("文件名或首页带有密级标志（秘密、机密、绝密或★）。本系统不得存放涉密文件，请立即按保密规定处理。"),
    "infected": _("查毒软件在文件里发现病毒，已拒收，请联系系统管理员。"),
    "scanner": _("查毒服务没有应答，现在不能上传，请稍后再试或联系系统管理员。"),
    "failed": _("检查文件的程序没有运行起来，请联系系统管理员。"),
}


class RefusedFileError(Exception):
    """A file that is not taken; `code` is a key of REASONS, the message is what the person reads."""

    def __init__(self, code: str) -> None:
        self.code = code
        super().__init__(str(REASONS[code]))


@dataclass(frozen=True)
class Finding:
    """What a file is, under which name it is kept, and where what is kept lies now (a picture is written anew)."""

    kind: str
    name: str
    path: Path
    pages: int | None = None


def inspect(path: Path, name: str, size: int) -> Finding:
    """Look through the file at `path` that came under `name`. Raises RefusedFileError."""
    name = clean_name(name)
    if is_marked_name(name):
        raise RefusedFileError("secret")
    if not size:
        raise RefusedFileError("empty")
    if size > settings.FILE_SIZE_LIMIT:
        raise RefusedFileError("large")
    scan(path)
    found = json.loads(_run("inspect", path, name)[0])
    if code := found.get("refused"):
        raise RefusedFileError(code)
    clean = path.with_suffix(".clean")
    return Finding(found["kind"], name, clean if found["clean"] else path, found["pages"])


def take_apart(path: Path) -> dict[str, Any]:
    """What the mail at `path` says (core.eml), its attachments written beside it, not looked through yet. Raises RefusedFileError."""
    found: dict[str, Any] = json.loads(_run("take_apart", path)[0])
    if code := found.get("refused"):
        raise RefusedFileError(code)
    return found


READ = frozenset({"docx", "pdf", "txt"})  # kinds whose words can be read


def words_of(name: str, sha256: str, kind: str) -> str:
    """The words of the kept file `name`; "" of a scan. Raises LostFileError, and RefusedFileError where its kind (see READ) has none that can be read."""
    open_kept(name, sha256).close()
    found: dict[str, Any] = json.loads(_run("read_words", path_of(name), kind)[0])
    if code := found.get("refused"):
        raise RefusedFileError(code)
    text: str = found["text"]
    return text


@dataclass(frozen=True)
class Table:
    """The rows of a table, as lines of JSON in a file beside what comes in: [number of the row, [cells]]. The first is that of the headings."""

    path: Path
    count: int
    is_cut: bool


def read_table(path: Path, kind: str, most: int) -> Table:
    """Read `most` rows and the headings of the workbook or CSV file at `path`, which was inspected before. Raises RefusedFileError.

    The file that it wrote is the caller's, to be removed.
    """
    out = folder("incoming") / secrets.token_hex(16)
    try:
        found = json.loads(_run("read_table", path, kind, str(out), str(most), seconds=TABLE_SECONDS)[0])
        if code := found.get("refused"):
            raise RefusedFileError(code)
    except BaseException:
        out.unlink(missing_ok=True)
        raise
    return Table(out, found["count"], found["is_cut"])


def draw(path: Path, kind: str, page: int) -> bytes:
    """One page (from 1) of a kept file as PNG. Raises RefusedFileError where it cannot be drawn."""
    picture, said = _run("preview", path, kind, str(page))
    _refuse_as_told(picture, said)
    return picture


def _refuse_as_told(made: bytes, said: bytes) -> None:
    """Raise what a child says that writes what it made to its standard output."""
    code = json.loads(said.decode("utf-8", "replace").strip().rpartition("\n")[2]).get("refused")
    if code or not made:
        raise RefusedFileError(code or "broken")


def drawn(name: str, sha256: str, kind: str, page: int, cache: Path) -> bytes:
    """The same of the kept file `name`, drawn once: the picture stays in the folder `cache` for KEPT_DAYS. Raises LostFileError too."""
    place = cache / f"{sha256}-{page}.png"
    with contextlib.suppress(FileNotFoundError):
        return place.read_bytes()
    open_kept(name, sha256).close()
    picture = draw(path_of(name), kind, page)
    with contextlib.suppress(OSError):  # without room it is drawn again next time
        _store(place, picture)
    return picture


def _store(place: Path, picture: bytes) -> None:
    place.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    writing = place.with_suffix(f".{secrets.token_hex(8)}")
    try:
        writing.write_bytes(picture)
        writing.replace(place)
    finally:
        writing.unlink(missing_ok=True)
    before = time.time() - KEPT_DAYS * 86400
    for old in place.parent.iterdir():
        with contextlib.suppress(FileNotFoundError):  # another process removed it
            if old.stat().st_mtime < before:
                old.unlink()


@dataclass(frozen=True)
class Reading:
    """What the QR codes on a scan say: (page from 1, text) of each, and how many pages there are; where it lies as one PDF."""

    pages: int
    codes: tuple[tuple[int, str], ...]
    path: Path


def read_codes(findings: Sequence[Finding]) -> Reading:
    """Read the QR codes of a scan that was looked through: one PDF, or a picture for each page. Raises RefusedFileError."""
    given = [word for finding in findings for word in (str(finding.path), finding.kind)]
    found = json.loads(_run("read_codes", Path(given[0]), *given[1:])[0])
    if code := found.get("refused"):
        raise RefusedFileError(code)
    first = findings[0]
    path = first.path if first.kind == "pdf" else first.path.with_suffix(".bound")
    return Reading(found["pages"], tuple((page, text) for page, text in found["codes"]), path)


def marked(body: bytes, mark: bytes, *, flat: bool) -> bytes:
    """A PDF with the one page of another PDF laid over each of its pages; `flat`: as pictures, so that it does not come off. Raises RefusedFileError."""
    given = io.BytesIO()
    send(given, {}, [body, mark])
    made, said = _run("overlay", Path("flat" if flat else "laid"), given=given.getvalue())
    _refuse_as_told(made, said)
    return made


def clean_name(name: str) -> str:
    """The last part of a name, in the usual form, without what is not seen; shortened before its ending. Raises RefusedFileError for one of nothing else."""
    last = unicodedata.normalize("NFC", name.replace("\\", "/").rpartition("/")[2])
    seen = "".join(" " if sign.isspace() else sign for sign in last if unicodedata.category(sign)[0] != "C" or sign.isspace())
    stem, dot, ending = " ".join("".join("_" if sign in '<>:"|?*' else sign for sign in seen).split()).rpartition(".")
    stem = stem.strip(" .")
    if not stem or not dot:
        raise RefusedFileError("name" if dot or not ending else "kind")
    return f"{stem[: LONGEST_NAME - len(ending) - 1]}.{ending}" if len(ending) <= 8 else f"{stem[:LONGEST_NAME]}.{ending[:8]}"


def is_marked_name(name: str) -> bool:
    """Whether a name bears a word of secrecy, as in 机密, 机 密 and 机-密; in a name any is one."""
    plain = "".join(sign for sign in unicodedata.normalize("NFKC", name) if sign.isalnum() or sign in "★⭐")
    return any(word in plain for word in ("秘密", "机密", "绝密", "★", "⭐"))


def scan(path: Path) -> None:
    """Have clamd look at the file, where settings.CLAMD_SOCKET names it (a path, or host:port). Raises RefusedFileError, also where it cannot be asked."""
    if not settings.CLAMD_SOCKET:
        return
    try:
        said = _ask_clamd(path)
    except OSError as error:
        logger.error("clamd at %s does not answer: %s", settings.CLAMD_SOCKET, error)
        raise RefusedFileError("scanner") from error
    if said.endswith("FOUND"):
        logger.warning("clamd refused a file: %s", said)
        raise RefusedFileError("infected")
    if not said.endswith("OK"):
        logger.error("clamd could not look at a file: %s", said)
        raise RefusedFileError("scanner")


def _ask_clamd(path: Path) -> str:
    """clamd's protocol INSTREAM: pieces, each behind its length, and an empty one at the end."""
    host, _colon, port = settings.CLAMD_SOCKET.rpartition(":")
    is_local = settings.CLAMD_SOCKET.startswith("/")
    with socket.socket(socket.AF_UNIX if is_local else socket.AF_INET) as line, path.open("rb") as file:
        line.settimeout(SCANNER_SECONDS)
        line.connect(settings.CLAMD_SOCKET if is_local else (host, int(port)))
        line.sendall(b"zINSTREAM\0")
        while piece := file.read(1 << 16):
            line.sendall(struct.pack(">L", len(piece)) + piece)
        line.sendall(struct.pack(">L", 0))
        said = b""
        while b"\0" not in said and (piece := line.recv(4096)):
            said += piece
    return said.rstrip(b"\0\n").decode("utf-8", "replace")


def _run(task: str, path: Path, *rest: str, given: bytes | None = None, seconds: int | None = None) -> tuple[bytes, bytes]:
    """What the child says, which reads `given`; it is killed, with all that it started, when its time is over."""
    with tempfile.TemporaryDirectory(prefix="inspecting-") as folder:
        # Nothing of our environment: no key, no password.
        environment = {"PATH": PATH, "LANG": "C.UTF-8", "TMPDIR": folder, "PYTHONDONTWRITEBYTECODE": "1"}
        child = subprocess.Popen(  # noqa: S603 - our own words; the name is one argument, read by our own program
            [sys.executable, "-m", "core.inspector", task, str(path), *rest],
            stdin=subprocess.DEVNULL if given is None else subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            cwd=settings.BASE_DIR,
            env=environment,
            start_new_session=True,
        )
        try:
            said = child.communicate(given, timeout=seconds or SECONDS)
        except subprocess.TimeoutExpired as error:
            raise RefusedFileError("heavy") from error
        finally:
            _end(child)
    if child.returncode == -signal.SIGXCPU or child.returncode == -signal.SIGKILL:
        raise RefusedFileError("heavy")
    if child.returncode:
        logger.error("The inspection of a file ended with %s: %s", child.returncode, said[1][-2000:].decode("utf-8", "replace"))
        raise RefusedFileError("broken" if child.returncode < 0 else "failed")
    return said


def _end(child: "subprocess.Popen[bytes]") -> None:
    if child.poll() is None:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(child.pid, signal.SIGKILL)
        child.communicate()


def examine(file: Any) -> None:
    """Look through a received file (core.files.Received) and note in it what was found: `finding` or `refusal`; neither where the disk is full."""
    file.finding = file.refusal = None
    if file.is_lost:
        return
    try:
        file.finding = inspect(file.path, file.name or "", file.size or 0)
    except RefusedFileError as refusal:
        file.refusal = refusal
    except OSError as error:
        if not is_full(error):
            raise
        file.lose()
