"""The child process that looks into files from outside: `python -m core.inspector TASK PATH …`, started by core.inspection for one file.

It alone gives such a file to libmagic, Pillow, zipfile and poppler: without network, with limits of memory, time and of what it may write.
It answers in JSON: what was found, or the code of a refusal.
"""

import contextlib
import ctypes
import email
import email.policy
import html
import json
import re
import resource
import struct
import subprocess
import sys
import unicodedata
import warnings
import zipfile
import zlib
from collections.abc import Iterable, Iterator
from email.message import EmailMessage
from io import BytesIO
from pathlib import Path
from typing import IO, Any

import magic
from PIL import Image, ImageOps

MEMORY, CPU_SECONDS, WRITTEN = 1 << 30, 30, 256 << 20
CLONE_NEWUSER, CLONE_NEWNET = 0x10000000, 0x40000000

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
# What libmagic may call each; for text and mail see `read_text`.
CALLED = {"pdf": {"application/pdf"}, "png": {"image/png"}, "jpeg": {"image/jpeg"}}
SCRIPTS = {"text/html", "application/xhtml+xml", "image/svg+xml", "text/xml", "application/xml", "text/javascript", "application/javascript", "text/x-php"}
PROGRAMS = {"application/x-dosexec", "application/x-executable", "application/x-pie-executable", "application/x-sharedlib", "application/java-archive"}
PROGRAMS |= {"application/vnd.microsoft.portable-executable", "application/x-mach-binary", "application/x-ms-shortcut", "application/x-msi"}
OLE, ZIP, MZ, ELF = b"\xd0\xcf\x11\xe0", b"PK\x03\x04", b"MZ", b"\x7fELF"
MARKUP = re.compile(r"\s*(?:<\?(?:php|xml)|<!doctype|<!--|#!|<(?:html|head|body|script|svg|iframe|object|embed|meta|form|img|style)\b)", re.IGNORECASE)
LIVE_MARKUP = re.compile(r"<\s*(?:script|svg|iframe|object|embed)\b", re.IGNORECASE)

# Archives: what a document of an office never needs.
ENTRIES, DIRECTORY, UNPACKED, RATIO, RATIO_FROM, NESTED = 4000, 1 << 20, 128 << 20, 100, 16 << 20, 1
KEPT_TEXT = 1 << 20  # bytes of an XML part that are read for its text
MAIN_TYPES = {"docx": "wordprocessingml.document.main+xml", "xlsx": "spreadsheetml.sheet.main+xml", "pptx": "presentationml.presentation.main+xml"}
REACHING_OUT = re.compile(r"/(?:attachedTemplate|oleObject|frame|subDocument|control|package)[\"']", re.IGNORECASE)
BAD_ENDINGS = (".exe", ".dll", ".scr", ".js", ".vbs", ".vbe", ".wsf", ".bat", ".cmd", ".ps1", ".hta", ".html", ".htm", ".jar", ".lnk", ".msi", ".com")
PARTS_OF_FIRST_PAGE = {
    "docx": re.compile(r"word/(?:document|header\d*|footer\d*)\.xml|docProps/core\.xml"),
    "xlsx": re.compile(r"xl/(?:sharedStrings|workbook|worksheets/sheet1)\.xml|docProps/core\.xml"),
    "pptx": re.compile(r"ppt/(?:slides/slide1|slideMasters/slideMaster\d+)\.xml|docProps/core\.xml"),
    "ofd": re.compile(r"Doc_\d+/(?:Pages/Page_[01]|Tpls/Tpl_\d+)/Content\.xml|OFD\.xml"),
}
PAGE = 3000  # characters of a text without pages that count as its first one
LEAVES = 200  # parts of a mail

PIXELS = 60_000_000  # A4 at 600 dots an inch is 35 million
PREVIEW = 1200  # pixels of the longer side

# /S /JavaScript and /S /Launch as PDF may spell them: any letter as #hh, white space or a comment between.
GAP = rb"(?:[\x00\t\n\f\r ]|%[^\r\n]*[\r\n])*"


def pdf_name(word: bytes) -> bytes:
    letters = (b"(?:%c|#%02x|#%02X)" % (letter, letter, letter) for letter in word)
    return b"/" + b"".join(letters)


ACTIVE = re.compile(pdf_name(b"S") + GAP + b"(?:" + pdf_name(b"JavaScript") + b"|" + pdf_name(b"Launch") + b")")
OBJECT_STREAM = re.compile(pdf_name(b"ObjStm"))
OTHER_FILTERS = re.compile(b"|".join(pdf_name(word) for word in (b"LZW", b"ASCIIHex", b"ASCII85", b"RunLength", b"Crypt", b"AHx", b"A85", b"RL")))

LEVEL = re.compile("秘密|机密|绝密")
STAR = re.compile("[★⭐]")
# Ordinary words that are no mark: removed before looking.
NO_MARK = re.compile("(?:商业|技术|工作|国家|个人|通信)(?:秘密|机密)|(?:保守|泄露|泄漏|涉及)秘密|机密性|秘密投票")
UNSEEN = re.compile("[\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff\u00ad]")


class RefusedError(Exception):
    """A file that is not taken; `args` are the code of the reason and what it names."""


def is_marked(text: str) -> bool:
    """Whether a text bears a mark of secrecy: a level, spaced out or not, or the star. Words such as 商业秘密 are none."""
    plain = UNSEEN.sub("", unicodedata.normalize("NFKC", text))
    if STAR.search(plain):
        return True
    lines = ["".join(line.split()) for line in plain.splitlines()]
    upright = "".join(line if len(line) == 1 else "\n" for line in lines)  # one character a line
    return any(LEVEL.search(NO_MARK.sub("\n", line)) for line in [*lines, *upright.split("\n")])


def inspect(path: Path, name: str) -> dict[str, Any]:
    """Look through one file that claims to be `name`. Returns its kind, its pages if it has any, and whether a clean copy was written."""
    kind = KINDS.get(name.rpartition(".")[2].lower())
    with path.open("rb") as file:
        size = file.seek(0, 2)
        file.seek(0)
        head = file.read(64 << 10)
        found: dict[str, Any] = {"kind": look(file, size, head, kind), "pages": None, "clean": False}
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
        real = read_text(file.read(), called, kind)
    if real != kind:
        raise RefusedError("mismatch")
    return real


# -- text and mail -----------------------------------------------------------------------------------------------------------------------------------------


def decode(raw: bytes) -> str:
    for encoding in ("utf-16",) if raw.startswith((b"\xff\xfe", b"\xfe\xff")) else ("utf-8-sig", "gb18030"):
        with contextlib.suppress(UnicodeDecodeError):
            return raw.decode(encoding)
    raise RefusedError("mismatch")


def read_text(raw: bytes, called: str, kind: str) -> str:
    if kind == "eml":
        return read_mail(raw, 0)
    text = decode(raw)
    if not called.startswith("text/") and called not in {"application/csv", "message/rfc822", "application/octet-stream", "application/json"}:
        raise RefusedError("mismatch")
    if any(unicodedata.category(sign) == "Cc" and sign not in "\t\n\r\f\x1a" for sign in text):
        raise RefusedError("mismatch")
    if MARKUP.match(text) or LIVE_MARKUP.search(text[:PAGE]):
        raise RefusedError("script")
    if is_marked(text[:PAGE]):
        raise RefusedError("secret")
    return kind


def read_mail(raw: bytes, depth: int) -> str:
    """A mail, with each of its attachments looked through as if it had been handed in by itself."""
    message = email.message_from_bytes(raw, policy=email.policy.default)
    assert isinstance(message, EmailMessage)
    if not message.get("From") or not (message.get("Date") or message.get("Subject") or message.get("To")):
        raise RefusedError("mismatch")
    if depth > NESTED:
        raise RefusedError("bomb")
    if is_marked(str(message.get("Subject", ""))):
        raise RefusedError("secret")
    for count, part in enumerate(message.walk()):
        if count > LEAVES:
            raise RefusedError("bomb")
        if not part.is_multipart() or part.get_content_type() == "message/rfc822":
            read_leaf(part, depth)
    return "eml"


def read_leaf(part: Any, depth: int) -> None:
    name, kind = part.get_filename(), part.get_content_type()
    if kind == "message/rfc822":
        for inner in part.iter_parts() if hasattr(part, "iter_parts") else ():
            read_mail(inner.as_bytes(), depth + 1)
        return
    raw = part.get_payload(decode=True) or b""
    if not name and kind in ("text/plain", "text/html"):
        text = raw.decode(part.get_content_charset("utf-8").replace("gb2312", "gb18030"), "replace")
        if is_marked(strip(text)[:PAGE] if kind == "text/html" else text[:PAGE]):
            raise RefusedError("secret")
        return
    if is_marked(name or ""):
        raise RefusedError("secret")
    claimed = KINDS.get((name or f".{kind.rpartition('/')[2]}").rpartition(".")[2].lower())
    real = look(BytesIO(raw), len(raw), raw[: 64 << 10], claimed)
    if real == "pdf":
        no_action(raw)
    if real in ("png", "jpeg"):
        open_image(BytesIO(raw), real)


# -- archives ----------------------------------------------------------------------------------------------------------------------------------------------


def directory_of(file: IO[bytes], size: int) -> list[zipfile.ZipInfo]:
    """The entries of an archive, read from its directory alone. Refused where that promises too much, or hides something."""
    if size < 22:
        raise RefusedError("broken")
    file.seek(size - 22)
    signature, disk, first, here, entries, length, start, comment = struct.unpack("<4s4H2LH", file.read(22))
    if signature != b"PK\x05\x06" or comment or disk or first or here != entries:
        raise RefusedError("broken")
    if entries > ENTRIES or length > DIRECTORY or 0xFFFFFFFF in (length, start):
        raise RefusedError("bomb")
    if start + length + 22 != size:
        raise RefusedError("broken")
    try:
        with zipfile.ZipFile(file) as archive:
            found = archive.infolist()
    except (zipfile.BadZipFile, NotImplementedError, UnicodeDecodeError, ValueError, OverflowError) as error:
        raise RefusedError("broken") from error
    if len(found) != entries or len({info.filename for info in found}) != entries:
        raise RefusedError("broken")
    end = 0
    for info in sorted(found, key=lambda info: info.header_offset):
        if info.header_offset < end:
            raise RefusedError("bomb")  # entries that share their bytes
        end = info.header_offset + 30 + len(info.orig_filename.encode("utf-8" if info.flag_bits & 0x800 else "cp437", "replace")) + info.compress_size
    if end > start or min((info.header_offset for info in found), default=1):
        raise RefusedError("broken")
    total = sum(info.file_size for info in found)
    if total > UNPACKED or (total > RATIO_FROM and total > RATIO * size):
        raise RefusedError("bomb")
    return found


def read_archive(file: IO[bytes], size: int, depth: int = 0) -> str:
    """Which of the office formats an archive is, after looking at each of its parts."""
    found = directory_of(file, size)
    names = {info.filename for info in found}
    for info in found:
        check_name(info)
    pieces: dict[str, bytes] = {}
    try:
        with zipfile.ZipFile(file) as archive:
            for info in found:
                with archive.open(info) as part:
                    pieces[info.filename] = read_part(part, info, depth)
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError) as error:
        raise RefusedError("broken") from error
    if "OFD.xml" in names:
        kind = "ofd"
    else:
        types = xml_of(pieces.get("[Content_Types].xml", b""))
        if "macroEnabled" in types or "vbaProject" in types:
            raise RefusedError("macro")
        if "activeX" in types:
            raise RefusedError("embedded")
        kind = next((kind for kind, main in MAIN_TYPES.items() if main in types), "")
        if not kind:
            raise RefusedError("archive")
    for name, piece in pieces.items():
        if name.endswith(".rels") and any('TargetMode="External"' in tag.replace("'", '"') and REACHING_OUT.search(tag) for tag in tags(xml_of(piece))):
            raise RefusedError("outside")
    if any(is_marked(first_page(name, piece)) for name, piece in pieces.items() if PARTS_OF_FIRST_PAGE[kind].fullmatch(name)):
        raise RefusedError("secret")
    return kind


def check_name(info: zipfile.ZipInfo) -> None:
    name = info.filename
    if info.flag_bits & 1:
        raise RefusedError("encrypted")
    if info.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED) or name.startswith("/") or ".." in name.split("/") or "\\" in info.orig_filename:
        raise RefusedError("broken")
    lower = name.lower()
    if lower.endswith(("vbaproject.bin", "vbadata.xml")):
        raise RefusedError("macro")
    if "/activex/" in lower:
        raise RefusedError("embedded")
    if lower.endswith(BAD_ENDINGS):
        raise RefusedError("program")


def read_part(part: IO[bytes], info: zipfile.ZipInfo, depth: int) -> bytes:
    """Unpack a part, no further than its directory entry says (zipfile stops there, and then compares the checksum). Returns its beginning."""
    is_xml = info.filename.lower().endswith((".xml", ".rels"))
    start, last, whole = b"", b"", BytesIO()
    while piece := part.read(1 << 20):
        if not start:
            start = piece[:8]
            if start.startswith(OLE):
                raise RefusedError("embedded")
            if start.startswith((MZ, ELF)):
                raise RefusedError("program")
        if is_xml and re.search(rb"<!(?:DOCTYPE|ENTITY)", (last + piece).replace(b"\0", b"")):
            raise RefusedError("broken")
        last = piece[-32:]
        if start.startswith(ZIP) or (is_xml and whole.tell() < KEPT_TEXT):
            whole.write(piece)
    if start.startswith(ZIP):
        if depth >= NESTED or "/embeddings/" not in info.filename:
            raise RefusedError("bomb")
        read_archive(whole, whole.seek(0, 2), depth + 1)
        return b""
    return whole.getvalue()


def xml_of(raw: bytes) -> str:
    return raw.decode("utf-16" if raw.startswith((b"\xff\xfe", b"\xfe\xff")) else "utf-8", "replace")


def tags(xml: str) -> Iterator[str]:
    return (match[0] for match in re.finditer(r"<[^>]*>", xml))


def strip(xml: str) -> str:
    """The text of a page of XML or HTML, a line for each paragraph."""
    broken = re.sub(r"</(?:\w+:)?(?:p|si|TextCode|tr|div|title|c)\s*>|<br[^>]*>", "\n", xml)
    return html.unescape(re.sub(r"<[^>]*>", "", broken))


def first_page(name: str, piece: bytes) -> str:
    xml = xml_of(piece)
    if name == "xl/workbook.xml":
        return "\n".join(re.findall(r'\bname="([^"]*)"', xml))
    text = strip(xml)
    return text[:PAGE] if name == "word/document.xml" else text


# -- PDF ---------------------------------------------------------------------------------------------------------------------------------------------------


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


# -- images ------------------------------------------------------------------------------------------------------------------------------------------------


def open_image(file: Any, kind: str) -> Image.Image:
    """The picture, unpacked; refused before that where it has too many points."""
    Image.MAX_IMAGE_PIXELS = None  # our own limit, below
    try:
        picture = Image.open(file, formats=[kind.upper()])
        if picture.width * picture.height > PIXELS:
            raise RefusedError("pixels")
        picture.load()
    except (OSError, ValueError, SyntaxError, EOFError, struct.error, zlib.error) as error:
        raise RefusedError("broken") from error
    return picture


def clean_image(path: Path, kind: str) -> None:
    """Write the picture anew beside itself: its points and nothing else that came with it (where it was taken, by whom, what hides behind its end)."""
    picture = ImageOps.exif_transpose(open_image(path, kind))
    if kind == "jpeg" and picture.mode not in ("L", "RGB"):
        picture = picture.convert("RGB")
    wanted = {"dpi": picture.info["dpi"]} if "dpi" in picture.info else {}
    picture.info = {"transparency": picture.info["transparency"]} if "transparency" in picture.info else {}
    picture.save(path.with_suffix(".clean"), kind.upper(), **wanted, **({"quality": 92} if kind == "jpeg" else {}))


def preview(path: Path, kind: str, page: str) -> dict[str, Any]:
    """Draw one page of a kept file to standard output."""
    if kind == "pdf":
        done = subprocess.run(  # noqa: S603
            ["pdftoppm", "-png", "-f", page, "-l", page, "-scale-to", str(PREVIEW), str(path)],  # noqa: S607
            stdout=sys.stdout.buffer,
            stderr=subprocess.DEVNULL,
        )
        if done.returncode:
            raise RefusedError("broken")
    else:
        picture = open_image(path, kind)
        picture.thumbnail((PREVIEW, PREVIEW))
        picture.save(sys.stdout.buffer, "PNG")
    return {}


# -- the process -------------------------------------------------------------------------------------------------------------------------------------------


def shut_in() -> None:
    """Give up the network, and set limits that the programs started from here inherit."""
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.unshare(CLONE_NEWNET):
        libc.unshare(CLONE_NEWUSER | CLONE_NEWNET)
    for what, most in (
        (resource.RLIMIT_AS, MEMORY),
        (resource.RLIMIT_CPU, CPU_SECONDS),
        (resource.RLIMIT_FSIZE, WRITTEN),
        (resource.RLIMIT_CORE, 0),
    ):
        resource.setrlimit(what, (most, most))


def answer(task: str, path: Path, rest: Iterable[str]) -> dict[str, Any]:
    warnings.simplefilter("ignore")
    try:
        return inspect(path, *rest) if task == "inspect" else preview(path, *rest)
    except RefusedError as refusal:
        return {"refused": refusal.args[0]}
    except (MemoryError, RecursionError):
        return {"refused": "heavy"}
    except (ArithmeticError, AssertionError, AttributeError, LookupError, TypeError, ValueError):  # a library stumbled over it
        return {"refused": "broken"}


def main() -> None:
    shut_in()
    task, path, *rest = sys.argv[1:]
    said = json.dumps(answer(task, Path(path), rest))
    print(said, file=sys.stderr if task == "preview" else sys.stdout)


if __name__ == "__main__":
    main()
