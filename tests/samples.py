"""Files as people hand them in, and as they should not: made by hand, small."""

import io
import struct
import zipfile
import zlib
from collections.abc import Mapping
from email.message import EmailMessage

from PIL import Image

TYPES = {
    "docx": ("word/document.xml", "application/vnd.openxmlformats-officedocument.wordprocessingml.document.main+xml"),
    "xlsx": ("xl/workbook.xml", "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet.main+xml"),
    "pptx": ("ppt/presentation.xml", "application/vnd.openxmlformats-officedocument.presentationml.presentation.main+xml"),
}


def archive(parts: Mapping[str, bytes | str], method: int = zipfile.ZIP_DEFLATED) -> bytes:
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", method) as file:
        for name, body in parts.items():
            file.writestr(name, body)
    return made.getvalue()


def office(
    kind: str, text: str = "神港市商工联合会来函", extra: Mapping[str, bytes | str] | None = None, types: str = "", method: int = zipfile.ZIP_DEFLATED
) -> bytes:
    main, named = TYPES[kind]
    parts: dict[str, bytes | str] = {
        "[Content_Types].xml": f'<Types><Override PartName="/{main}" ContentType="{named}"/>{types}</Types>',
        main: f"<w:document><w:body><w:p><w:r><w:t>{text}</w:t></w:r></w:p></w:body></w:document>",
    }
    return archive(parts | dict(extra or {}), method)


def docx(text: str = "神港市商工联合会来函", **options: object) -> bytes:
    return office("docx", text, **options)  # type: ignore[arg-type]


def xlsx(text: str = "名单") -> bytes:
    return office("xlsx", extra={"xl/sharedStrings.xml": f"<sst><si><t>{text}</t></si></sst>"})


def pptx(text: str = "日程") -> bytes:
    return office("pptx", extra={"ppt/slides/slide1.xml": f"<p:sld><a:p><a:r><a:t>{text}</a:t></a:r></a:p></p:sld>"})


def ofd(text: str = "发票") -> bytes:
    page = f"<ofd:Page><ofd:TextCode>{text}</ofd:TextCode></ofd:Page>"
    return archive({"OFD.xml": "<ofd:OFD/>", "Doc_0/Document.xml": "<ofd:Document/>", "Doc_0/Pages/Page_0/Content.xml": page})


def pdf(text: str = "Letter", pages: int = 1, catalog: bytes = b"", objects: tuple[bytes, ...] = (), before: bytes = b"") -> bytes:
    """A PDF whose pages bear `text`: Latin letters, or with other signs in an encoding of its own."""
    codes = {sign: number for number, sign in enumerate(dict.fromkeys(text), 33)}
    shown = "".join(f"{codes[sign]:02x}" for sign in text)
    to_unicode = "\n".join(f"<{code:02x}> <{sign.encode('utf-16-be').hex()}>" for sign, code in codes.items())
    cmap = f"begincmap 1 begincodespacerange <00> <ff> endcodespacerange {len(codes)} beginbfchar\n{to_unicode}\nendbfchar endcmap".encode()
    drawn = f"BT /F1 24 Tf 72 700 Td <{shown}> Tj ET".encode()
    kids = b" ".join(b"%d 0 R" % (number + 6) for number in range(pages))
    body = [
        b"<</Type/Catalog/Pages 2 0 R%s>>" % catalog,
        b"<</Type/Pages/Count %d/Kids[%s]>>" % (pages, kids),
        b"<</Type/Font/Subtype/Type1/BaseFont/Helvetica/ToUnicode 4 0 R>>",
        b"<</Length %d>>stream\n%s\nendstream" % (len(cmap), cmap),
        b"<</Length %d>>stream\n%s\nendstream" % (len(drawn), drawn),
        *[b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 595 842]/Contents 5 0 R/Resources<</Font<</F1 3 0 R>>>>>>"] * pages,
        *objects,
    ]
    made, places = before + b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n", []
    for number, one in enumerate(body, 1):
        places.append(len(made))
        made += b"%d 0 obj\n%s\nendobj\n" % (number, one)
    table = b"".join(b"%010d 00000 n \n" % place for place in places)
    return made + b"xref\n0 %d\n0000000000 65535 f \n%strailer<</Size %d/Root 1 0 R>>\nstartxref\n%d\n%%%%EOF\n" % (
        len(body) + 1,
        table,
        len(body) + 1,
        len(made),
    )


def packed(piece: bytes, more: bytes = b"") -> bytes:
    """An object stream that holds `piece`."""
    raw = zlib.compress(piece)
    return b"<</Type/ObjStm/N 1/First 4/Filter/FlateDecode/Length %d%s>>stream\n%s\nendstream" % (len(raw), more, raw)


def picture(kind: str = "png", size: tuple[int, int] = (40, 30), **options: object) -> bytes:
    made = io.BytesIO()
    Image.new("RGB", size, (200, 30, 30)).save(made, kind.upper(), **options)
    return made.getvalue()


def photo() -> bytes:
    """A JPEG that says where and with what it was taken, lies on its side, and carries a program behind its end."""
    exif = Image.Exif()
    exif[0x010F], exif[0x0112] = "CANARY-CAMERA", 6
    exif.get_ifd(0x8825)[1] = "N"
    return picture("jpeg", exif=exif, comment=b"CANARY-COMMENT") + b"CANARY-TAIL" + docx()


def huge_png(width: int, height: int) -> bytes:
    """A PNG of a few bytes that promises so many points."""

    def chunk(name: bytes, body: bytes) -> bytes:
        return struct.pack(">L", len(body)) + name + body + struct.pack(">L", zlib.crc32(name + body))

    head = struct.pack(">LLBBBBB", width, height, 1, 0, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", zlib.compress(b"\0" * 1000)) + chunk(b"IEND", b"")


def mail(subject: str = "访问安排", text: str = "见附件。", attachments: Mapping[str, bytes] | None = None, html: str = "") -> bytes:
    made = EmailMessage()
    made["From"], made["To"], made["Subject"], made["Date"] = "a@example.org", "b@example.org", subject, "Mon, 23 Nov 2026 09:00:00 +0800"
    made.set_content(text)
    if html:
        made.add_alternative(html, subtype="html")
    for name, body in (attachments or {}).items():
        made.add_attachment(body, maintype="application", subtype="octet-stream", filename=name)
    return bytes(made)


def lying(made: bytes, told: int) -> bytes:
    """An archive whose directory tells another size of its last entry than what unpacks."""
    place = made.rfind(b"PK\x01\x02")
    return made[: place + 24] + struct.pack("<L", told) + made[place + 28 :]


def overlapping(size: int = 4 << 20, times: int = 40) -> bytes:
    """An archive whose entries are all the same bytes."""
    body = zlib.compressobj(9, zlib.DEFLATED, -15)
    raw = body.compress(bytes(size)) + body.flush()
    check = zlib.crc32(bytes(size))
    head = b"PK\x03\x04" + struct.pack("<HHHHHLLLHH", 20, 0, 8, 0, 0, check, len(raw), size, 5, 0) + b"a.xml"
    entries = b"".join(
        b"PK\x01\x02" + struct.pack("<HHHHHHLLLHHHHHLL", 20, 20, 0, 8, 0, 0, check, len(raw), size, 5, 0, 0, 0, 0, 0, 0) + b"a%03d." % number
        for number in range(times)
    )
    return head + raw + entries + b"PK\x05\x06" + struct.pack("<HHHHLLH", 0, 0, times, times, len(entries), len(head) + len(raw), 0)
