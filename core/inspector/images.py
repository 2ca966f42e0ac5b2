"""Pictures: unpacked, and written anew."""

import struct
import zlib
from pathlib import Path
from typing import Any

from PIL import Image, ImageOps

from . import RefusedError

PIXELS = 60_000_000  # A4 at 600 dots an inch is 35 million


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
