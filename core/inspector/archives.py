"""Archives: the office formats, and what a document of an office never needs."""

import re
import struct
import zipfile
import zlib
from collections.abc import Iterator
from io import BytesIO
from typing import IO

from . import RefusedError
from .signs import ELF, MZ, OLE, ZIP, is_marked
from .texts import PAGE, strip

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


def first_page(name: str, piece: bytes) -> str:
    xml = xml_of(piece)
    if name == "xl/workbook.xml":
        return "\n".join(re.findall(r'\bname="([^"]*)"', xml))
    text = strip(xml)
    return text[:PAGE] if name == "word/document.xml" else text
