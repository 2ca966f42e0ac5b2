"""What kind a file is: found by its bytes, and no other than its name says."""

from io import BytesIO
from pathlib import Path
from typing import IO, Any

import magic

from . import RefusedError
from .archives import read_archive
from .images import clean_image, open_image
from .mail import attachments
from .pdf import no_action, no_second_face, read_pdf
from .signs import ELF, MZ, OLE, ZIP
from .texts import read_text

HEAD = 64 << 10  # bytes that libmagic looks at
KINDS = {
    "pdf": "pdf",
    "png": "png",
    "jpg": "jpeg",
    "jpeg": "jpeg",
    "docx": "docx",
    "xlsx": "xlsx",
    "pptx": "pptx",
    "ofd": "ofd",
    "eml": "eml",
    "txt": "txt",
    "csv": "csv",
}
ZIPPED = {"docx", "xlsx", "pptx", "ofd"}
# What libmagic may call each; for text see `read_text`.
CALLED = {"pdf": {"application/pdf"}, "png": {"image/png"}, "jpeg": {"image/jpeg"}}
SCRIPTS = {"text/html", "application/xhtml+xml", "image/svg+xml", "text/xml", "application/xml", "text/javascript", "application/javascript", "text/x-php"}
PROGRAMS = {"application/x-dosexec", "application/x-executable", "application/x-pie-executable", "application/x-sharedlib", "application/java-archive"}
PROGRAMS |= {"application/vnd.microsoft.portable-executable", "application/x-mach-binary", "application/x-ms-shortcut", "application/x-msi"}


def kind_of(name: str) -> str | None:
    """What a name claims."""
    return KINDS.get(name.rpartition(".")[2].lower())


def inspect(path: Path, name: str) -> dict[str, Any]:
    """Look through one file that claims to be `name`. Returns its kind, its pages if it has any, and whether a clean copy was written."""
    with path.open("rb") as file:
        size = file.seek(0, 2)
        file.seek(0)
        head = file.read(HEAD)
        found: dict[str, Any] = {"kind": look(file, size, head, kind_of(name)), "pages": None, "clean": False}
        if found["kind"] == "pdf":
            found["pages"] = read_pdf(path)
    if found["kind"] in ("png", "jpeg"):
        clean_image(path, found["kind"])
        found["clean"] = True
    return found


def look(file: IO[bytes], size: int, head: bytes, kind: str | None) -> str:
    """The kind of what lies in `file`, which must be what its name says."""
    if head.startswith(OLE):
        raise RefusedError("old_office")
    called = magic.from_buffer(head, mime=True)
    if called in PROGRAMS or head.startswith((MZ, ELF)):
        raise RefusedError("program")
    if called in SCRIPTS and kind != "eml":
        raise RefusedError("script")
    if kind is None:
        raise RefusedError("kind")
    if head.startswith(ZIP) or kind in ZIPPED:
        real = read_archive(file, size)
    elif kind in CALLED:
        if called not in CALLED[kind]:
            raise RefusedError("mismatch")
        real = kind
        if kind == "pdf":
            no_second_face(file, size)
    else:
        file.seek(0)
        read_whole(file.read(), called, kind)
        real = kind
    if real != kind:
        raise RefusedError("mismatch")
    return real


def read_whole(raw: bytes, called: str, kind: str) -> None:
    """A text, or a mail with each of its attachments looked through as if it had been handed in by itself."""
    if kind != "eml":
        read_text(raw, called)
        return
    for name, attached in attachments(raw):
        real = look(BytesIO(attached), len(attached), attached[:HEAD], kind_of(name))
        if real == "pdf":
            no_action(attached)
        if real in ("png", "jpeg"):
            open_image(BytesIO(attached), real)
