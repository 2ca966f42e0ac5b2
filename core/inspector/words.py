"""The words of a kept file, for what compares texts."""

import zipfile
from pathlib import Path
from typing import Any

from . import RefusedError
from .archives import xml_of
from .pdf import run
from .texts import decode, strip

MOST = 300_000  # characters


def read_words(path: Path, kind: str) -> dict[str, Any]:
    """What a Word document, a PDF or a plain text says, a line for each paragraph (of a PDF: for each line)."""
    if kind == "docx":
        try:
            with zipfile.ZipFile(path) as archive:
                text = strip(xml_of(archive.read("word/document.xml")))
        except (zipfile.BadZipFile, KeyError) as error:
            raise RefusedError("broken") from error
    elif kind == "pdf":
        text = run("pdftotext", "-enc", "UTF-8", "-raw", str(path), "-")
    elif kind == "txt":
        text = decode(path.read_bytes())
    else:
        raise RefusedError("kind")
    return {"text": text[:MOST].replace("\x00", "")}
