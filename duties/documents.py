"""The finished documents of the public site: each sheet and the booklet as PDF, for the archive, and as Word.

Only what writes the site loads this module: it brings docxtpl with it (duties/word.py says why).
"""

from collections.abc import Callable, Iterator
from typing import Any

from .open_data import items_of
from .printing import booklet_pdf, sheet_pdf
from .word import booklet_docx, sheet_docx

SHEETS: dict[str, Callable[[dict[str, Any]], bytes]] = {
    "sheet.pdf": sheet_pdf,
    "sheet-archive.pdf": lambda item: sheet_pdf(item, archive=True),
    "sheet.docx": sheet_docx,
}
BOOKLETS: dict[str, Callable[[dict[str, Any]], bytes]] = {
    "booklet.pdf": booklet_pdf,
    "booklet-screen.pdf": lambda data: booklet_pdf(data, screen=True),
    "booklet.docx": booklet_docx,
}


def documents(data: dict[str, Any]) -> Iterator[tuple[str, bytes]]:
    """Every document of the list as data: name below the root of the site, and bytes. Raises core.printing.PrintRefusedError."""
    for item in items_of(data):
        for name, write in SHEETS.items():
            yield f"duties/{item['code']}/{name}", write(item)
    for name, write in BOOKLETS.items():
        yield f"duties/{name}", write(data)
