"""Files that people hand in: received under a temporary name, kept for good under a random one, and never there without being whole.

What a power cut must not undo is done in this order: temporary name, write, fsync, rename, fsync of the directory, commit of the database
(Django's own storage does none of it). Whatever dies in between leaves a file that no row names; `sweep` removes it after an hour.
Nothing kept has an address: a view opens it for whom it may.
"""

import contextlib
import errno
import hashlib
import logging
import os
import secrets
import time
from collections.abc import Callable, Iterable, Iterator
from contextvars import ContextVar
from functools import partial
from pathlib import Path
from typing import IO, Any

from django.conf import settings
from django.core.files.uploadedfile import UploadedFile
from django.core.files.uploadhandler import FileUploadHandler, StopUpload
from django.db import InterfaceError, OperationalError, connection, transaction

logger = logging.getLogger(__name__)

ORPHAN_SECONDS = 3600  # a file that no row names is left alone for so long: it may belong to an act that is going on
FULL = {errno.ENOSPC, errno.EDQUOT}
WRITTEN_BESIDE = (".clean", ".bound", ".sealed")  # what is made of a received file and goes with it: pictures anew, several in one, encrypted

Names = Callable[[Iterable[str]], set[str]]
_owners: list[Names] = []
_kept: ContextVar[list[str] | None] = ContextVar("kept", default=None)


class LostFileError(Exception):
    """A kept file that is not there, or not as it was kept."""


def register(owner: Names) -> Names:
    """Add a function that tells which of some names of kept files are named by rows of its app. An app that keeps files has one."""
    _owners.append(owner)
    return owner


def is_full(error: BaseException) -> bool:
    """Whether this failure says that the disk, or what the database may use of it, is full."""
    if isinstance(error, OSError):
        return error.errno in FULL
    if isinstance(error, OperationalError):
        return getattr(error.__cause__, "pgcode", None) == "53100" or "disk is full" in str(error) or "No space left" in str(error)
    return False


# -- receiving ---------------------------------------------------------------------------------------------------------------------------------------------


class Received(UploadedFile):
    """One file of a request, on the disk under a temporary name. Closed with the request, it is gone unless it was kept.

    `sha256` is of what was sent, `size` one byte over `settings.FILE_SIZE_LIMIT` where more was sent; `is_lost` says that the disk was full;
    `finding` and `refusal` are what core.inspection said of it.
    """

    def __init__(self, name: str) -> None:
        self.path = folder("incoming") / secrets.token_hex(16)
        self.out = self.path.open("xb")
        super().__init__(self.out, name, size=0)
        self.digest = hashlib.sha256()
        self.is_lost = False
        self.finding: Any = None
        self.refusal: Any = None

    @property
    def sha256(self) -> str:
        return self.digest.hexdigest()

    def add(self, piece: bytes) -> None:
        """Write what came, as far as it may be kept at all."""
        piece = piece[: settings.FILE_SIZE_LIMIT + 1 - (self.size or 0)]
        if self.is_lost or not piece:
            return
        try:
            self.out.write(piece)
            self.out.flush()
        except OSError as error:
            if not is_full(error):
                raise
            self.lose()
        self.digest.update(piece)
        self.size = (self.size or 0) + len(piece)

    def finish(self) -> "Received":
        """All of it has come."""
        self.out.close()
        return self

    def put(self, name: str, body: bytes) -> None:
        """Put what was made of the file in its place: under this name it is inspected and kept, and the file as it was sent is not."""
        self.path.write_bytes(body)
        self.name, self.size, self.digest = name, len(body), hashlib.sha256(body)

    def lose(self) -> None:
        """Give the room back at once."""
        self.is_lost = True
        self.path.unlink(missing_ok=True)

    def close(self) -> None:
        with contextlib.suppress(OSError):  # what could not be written is not written now either
            super().close()
        for suffix in ("", *WRITTEN_BESIDE):
            self.path.with_suffix(suffix).unlink(missing_ok=True)


class Lost(UploadedFile):
    """A file for which there was no room to begin with."""

    sha256, is_lost = "", True

    def __init__(self, name: str) -> None:
        super().__init__(None, name, size=0)

    def add(self, piece: bytes) -> None:
        """Nowhere to put it."""

    def finish(self) -> "Lost":
        return self

    def close(self) -> None:
        """Nothing was opened."""


class ReceivingHandler(FileUploadHandler):
    """Writes the files of a request to where they are kept, and no more of them than may be; what is beyond is read and dropped."""

    def handle_raw_input(self, input_data: Any, META: Any, content_length: int, boundary: Any, encoding: Any = None) -> None:  # noqa: N803 - Django's name
        self.left = settings.REQUEST_SIZE_LIMIT

    def new_file(self, field_name: str, file_name: str, *args: Any, **kwargs: Any) -> None:
        super().new_file(field_name, file_name, *args, **kwargs)
        try:
            self.file: Received | Lost = Received(file_name)
        except OSError as error:
            if not is_full(error):
                raise
            self.file = Lost(file_name)

    def receive_data_chunk(self, raw_data: bytes, start: int) -> None:
        self.left -= len(raw_data)
        if self.left < 0:
            self.upload_interrupted()
            raise StopUpload(connection_reset=True)
        self.file.add(raw_data)

    def file_complete(self, file_size: int) -> UploadedFile:
        return self.file.finish()

    def upload_interrupted(self) -> None:
        if hasattr(self, "file"):
            self.file.close()


# -- keeping -----------------------------------------------------------------------------------------------------------------------------------------------


def folder(*parts: str) -> Path:
    """A folder below MEDIA_ROOT, made durable where it is new."""
    path = Path(settings.MEDIA_ROOT)
    path.mkdir(parents=True, exist_ok=True)
    for part in parts:
        path = path / part
        try:
            path.mkdir(mode=0o700)
        except FileExistsError:
            continue
        sync(path.parent)
    return path


def sync(path: Path) -> None:
    """Have the disk itself hold this file, or the names in this folder."""
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def path_of(name: str) -> Path:
    """Where the kept file of this name lies. Raises ValueError for what is no name of ours."""
    if len(name) != 32 or set(name) - set("0123456789abcdef"):
        raise ValueError(name)
    return Path(settings.MEDIA_ROOT) / "kept" / name[:2] / name


def digest_of(path: Path) -> str:
    """SHA-256 (hex) of a file."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def keep(path: Path) -> str:
    """Move a file from the temporary name `path` to a random one, for good once the transaction at hand is committed. Returns the name."""
    name = secrets.token_hex(16)
    target = path_of(name)
    sync(path)
    folder("kept", name[:2])
    path.rename(target)
    kept = _kept.get()
    if kept is not None:
        kept.append(name)
    sync(target.parent)
    return name


@contextlib.contextmanager
def kept_with_the_act() -> Iterator[None]:
    """Around a transaction: what was kept inside goes again where it fails. Where nobody knows whether it did, `sweep` decides later."""
    token = _kept.set([])
    try:
        yield
    except BaseException as error:
        unsure = isinstance(error, InterfaceError | OperationalError) and connection.vendor != "sqlite" and not is_full(error)
        for name in [] if unsure else _kept.get() or []:
            path_of(name).unlink(missing_ok=True)
        raise
    finally:
        _kept.reset(token)


def open_kept(name: str, sha256: str) -> IO[bytes]:
    """The kept file, open for reading, when it is as it was kept. Raises LostFileError."""
    try:
        file = path_of(name).open("rb")
    except OSError as error:
        raise LostFileError(name) from error
    if hashlib.file_digest(file, "sha256").hexdigest() != sha256:
        file.close()
        raise LostFileError(name)
    file.seek(0)
    return file


def let_go(paths: Iterable[Path]) -> None:
    """Remove these files once the transaction at hand is committed. No row names them any more: what a crash leaves goes with the next sweep."""
    for path in paths:
        transaction.on_commit(partial(path.unlink, missing_ok=True))


def sweep(now: float | None = None) -> int:
    """Remove what no row names and nobody has touched for an hour: what was received and not kept, what was kept and not committed."""
    before = (time.time() if now is None else now) - ORPHAN_SECONDS
    removed = 0
    incoming = [path for path in folder("incoming").iterdir() if _is_older(path, before)]
    for part in [folder("kept"), *sorted(folder("kept").iterdir())]:
        old = {path.name: path for path in part.iterdir() if path.is_file() and _is_older(path, before)}
        named = set().union(*(owner(old) for owner in _owners)) if old else set()
        incoming += [path for name, path in old.items() if name not in named]
    for path in incoming:
        with contextlib.suppress(FileNotFoundError):
            path.unlink()
            removed += 1
    return removed


def _is_older(path: Path, before: float) -> bool:
    try:
        return max(path.stat().st_mtime, path.stat().st_ctime) < before
    except FileNotFoundError:
        return False
