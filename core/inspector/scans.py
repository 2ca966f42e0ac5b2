"""Scans of signed paper: the QR codes on their pages, several pictures bound into one PDF, and pages with a mark on them."""

import io
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pypdfium2
import zxingcpp
from PIL import Image, ImageOps

from ..pipes import receive
from . import RefusedError
from .images import open_image

MOST_PAGES = 40  # of which codes are read; no letter is longer
LONGEST = 4200  # pixels of the longer side of a page: A4 at 360 dots an inch
DOTS = (200, 300, 120)  # an inch, tried in turn
SHOWN_DOTS, QUALITY = 150, 82  # of a page that is shown with a mark on it
A4_INCHES = 11.69


def read_codes(*given: str) -> dict[str, Any]:
    """What stands in the QR codes of a scan: a PDF, or a picture for each page, given as path, kind, path, kind …

    Returns the number of pages and [[page from 1, text]]. Pictures are also bound into one PDF, beside the first of them.
    """
    files = [(Path(path), kind) for path, kind in zip(given[::2], given[1::2], strict=True)]
    if files[0][1] == "pdf":
        return _codes_of_pdf(files[0][0])
    pictures = [open_image(path, kind) for path, kind in files]
    _bind(pictures, files[0][0].with_suffix(".bound"))
    return {"pages": len(pictures), "codes": [[page, text] for page, picture in enumerate(pictures, 1) for text in _codes(_sizes(picture))]}


def _codes_of_pdf(path: Path) -> dict[str, Any]:
    document = _opened(path.read_bytes())
    pages = range(len(document)) if len(document) <= MOST_PAGES else ()
    return {"pages": len(document), "codes": [[page + 1, text] for page in pages for text in _codes(_renderings(document[page]))]}


def _opened(body: bytes) -> pypdfium2.PdfDocument:
    try:
        return pypdfium2.PdfDocument(body)
    except pypdfium2.PdfiumError as error:
        raise RefusedError("broken") from error


def _renderings(page: pypdfium2.PdfPage) -> Iterator[Image.Image]:
    """The page at each of the resolutions, drawn when it is asked for."""
    return (_rendered(page, dots, grayscale=True) for dots in DOTS)


def _rendered(page: pypdfium2.PdfPage, dots: int, **options: Any) -> Image.Image:
    scale = min(dots / 72, LONGEST / max(page.get_size()))
    try:
        return page.render(scale=scale, **options).to_pil()
    except pypdfium2.PdfiumError as error:
        raise RefusedError("broken") from error


def _sizes(picture: Image.Image) -> Iterator[Image.Image]:
    """The picture as it is, if it is not too large, and smaller."""
    plain = picture.convert("L")
    for longest in (LONGEST, 2400, 1400):
        plain.thumbnail((longest, longest))
        yield plain


def _codes(renderings: Iterator[Image.Image]) -> list[str]:
    """The texts of the QR codes in the first of these pictures of one page that shows any, pale ones made darker."""
    for picture in renderings:
        for tried in (picture, ImageOps.autocontrast(picture, cutoff=2)):
            found = [code.text for code in zxingcpp.read_barcodes(tried, formats=zxingcpp.BarcodeFormat.QRCode)]  # type: ignore[arg-type]
            if found:
                return found
    return []


def _bind(pictures: Sequence[Image.Image], path: Path) -> None:
    first, *others = [_on_white(picture) for picture in pictures]
    first.save(path, "PDF", save_all=True, append_images=others, resolution=max(first.size) / A4_INCHES, quality=92)


def _on_white(picture: Image.Image) -> Image.Image:
    """Without transparency, which a page has none of."""
    if picture.mode in ("L", "RGB"):
        return picture
    with_alpha = picture.convert("RGBA")
    return Image.alpha_composite(Image.new("RGBA", picture.size, "white"), with_alpha).convert("RGB")


def overlay(way: str) -> dict[str, Any]:
    """Lay the first page of one PDF over every page of another, both read from standard input (core.pipes); the result goes to standard output.

    `way` "flat": the pages become pictures, so that nobody takes the mark off again. "laid": all else stays as it is.
    """
    _header, (body, mark) = receive(sys.stdin.buffer)
    document, stamp = _opened(body), _opened(mark)
    out = io.BytesIO()
    if way == "flat":
        first, *others = [_marked(page, stamp[0]) for page in document]
        first.save(out, "PDF", save_all=True, append_images=others, resolution=SHOWN_DOTS, quality=QUALITY)
    else:
        _lay(document, stamp)
        document.save(out)
    sys.stdout.buffer.write(out.getvalue())
    return {}


def _marked(page: pypdfium2.PdfPage, stamp: pypdfium2.PdfPage) -> Image.Image:
    picture = _rendered(page, SHOWN_DOTS).convert("RGBA")
    mark = stamp.render(scale=SHOWN_DOTS / 72, fill_color=(255, 255, 255, 0), rev_byteorder=True).to_pil().convert("RGBA")
    picture.alpha_composite(mark.resize(picture.size))
    return picture.convert("RGB")


def _lay(document: pypdfium2.PdfDocument, stamp: pypdfium2.PdfDocument) -> None:
    form = stamp.page_as_xobject(0, document)
    for page in document:
        page.insert_obj(form.as_pageobject())
        page.gen_content()
