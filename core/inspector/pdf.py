"""PDFs, by their bytes and by what poppler says of them."""

import contextlib
import re
import struct
import subprocess
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import IO

from . import RefusedError
from .archives import UNPACKED
from .signs import MARKUP, is_marked

# /S /JavaScript and /S /Launch as PDF may spell them: any letter as #hh, white space or a comment between.
GAP = rb"(?:[\x00\t\n\f\r ]|%[^\r\n]*[\r\n])*"


def pdf_name(word: bytes) -> bytes:
    letters = (b"(?:%c|#%02x|#%02X)" % (letter, letter, letter) for letter in word)
    return b"/" + b"".join(letters)


ACTIVE = re.compile(pdf_name(b"S") + GAP + b"(?:" + pdf_name(b"JavaScript") + b"|" + pdf_name(b"Launch") + b")")
OBJECT_STREAM = re.compile(pdf_name(b"ObjStm"))
OTHER_FILTERS = re.compile(b"|".join(pdf_name(word) for word in (b"LZW", b"ASCIIHex", b"ASCII85", b"RunLength", b"Crypt", b"AHx", b"A85", b"RL")))


def no_second_face(file: IO[bytes], size: int) -> None:
    """A PDF that is also something else to another program is refused: it begins with its mark and ends with it."""
    file.seek(0)
    raw = file.read()
    end = raw.rfind(b"%%EOF")
    if not raw.startswith(b"%PDF-") or end < 0:
        raise RefusedError("broken")
    archive = raw.rfind(b"PK\x05\x06")
    if len(raw) - end > 1024 or (archive >= 0 and archive + 22 <= size and archive + 22 + struct.unpack("<H", raw[archive + 20 : archive + 22])[0] == size):
        raise RefusedError("polyglot")
    if MARKUP.match(raw[8:1024].decode("latin-1").lstrip("\r\n .0123456789%\x80-\xff")):
        raise RefusedError("polyglot")


def no_action(raw: bytes) -> None:
    """Refuse a PDF with scripts or programs to launch, be they written out or in a packed stream of objects."""
    if ACTIVE.search(raw):
        raise RefusedError("active")
    left = UNPACKED
    for match in re.finditer(rb"\bstream\r?\n", raw):
        start = max(raw.rfind(b"obj", 0, match.start()), match.start() - (1 << 16), 0)
        described = raw[start : match.start()]
        if OBJECT_STREAM.search(described) and OTHER_FILTERS.search(described):
            raise RefusedError("active")
        if b"DCTDecode" in described or b"JPXDecode" in described:
            continue
        for piece in unpacked(raw, match.end()):
            left -= len(piece)
            if left <= 0:
                raise RefusedError("heavy")
            if ACTIVE.search(piece):
                raise RefusedError("active")


def unpacked(raw: bytes, start: int) -> Iterator[bytes]:
    """What is packed in `raw` from `start`, in pieces that overlap a little; nothing where it is packed in another way."""
    unpacker, tail = zlib.decompressobj(), b""
    with contextlib.suppress(zlib.error):
        for place in range(start, len(raw), 1 << 16):
            piece = unpacker.decompress(raw[place : place + (1 << 16)], 64 << 20)
            yield tail + piece
            if unpacker.eof or unpacker.unconsumed_tail:
                return
            tail = piece[-64:]


def read_pdf(path: Path) -> int:
    """What poppler says of a PDF: refused where it is locked, broken or acts; else its number of pages."""
    no_action(path.read_bytes())
    told = run("pdfinfo", "-enc", "UTF-8", str(path))
    facts = dict(line.split(":", 1) for line in told.splitlines() if ":" in line)
    if facts.get("Encrypted", "").strip().startswith("yes"):
        raise RefusedError("encrypted")
    if facts.get("JavaScript", "").strip() == "yes" or run("pdfinfo", "-js", str(path)).strip():
        raise RefusedError("active")
    pages = int(facts.get("Pages", "0"))
    if not pages:
        raise RefusedError("broken")
    if is_marked(facts.get("Title", "")) or is_marked(run("pdftotext", "-l", "1", "-enc", "UTF-8", str(path), "-")):
        raise RefusedError("secret")
    return pages


def run(*command: str) -> str:
    """What one of poppler's programs says; it has the limits of this process, and ends with it."""
    done = subprocess.run(command, capture_output=True)  # noqa: S603 - our own words, and the path of the file
    if done.returncode:
        raise RefusedError("encrypted" if b"Incorrect password" in done.stderr else "broken" if done.returncode > 0 else "heavy")
    return done.stdout.decode("utf-8", "replace")
