"""The process: shut in, then set to its task."""

import ctypes
import json
import resource
import subprocess
import sys
import warnings
from collections.abc import Callable, Iterable
from importlib import import_module
from pathlib import Path
from typing import Any

from .. import eml
from . import RefusedError
from .images import open_image
from .kinds import inspect
from .tables import read_table
from .words import read_words

MEMORY, CPU_SECONDS, WRITTEN = 1 << 30, 30, 256 << 20
CLONE_NEWUSER, CLONE_NEWNET = 0x10000000, 0x40000000
PREVIEW = 1200  # pixels of the longer side


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


def read_codes(path: Path, *rest: str) -> dict[str, Any]:
    return import_module(".scans", __package__).read_codes(str(path), *rest)  # type: ignore[no-any-return]


def overlay(way: Path) -> dict[str, Any]:
    return import_module(".scans", __package__).overlay(str(way))  # type: ignore[no-any-return]


TASKS: dict[str, Callable[..., dict[str, Any]]] = {
    "inspect": inspect,
    "preview": preview,
    "read_words": read_words,
    "take_apart": eml.take_apart,
    "read_codes": read_codes,
    "overlay": overlay,
    "read_table": read_table,
}
DRAWING = {"preview", "overlay"}  # their pictures go to standard output
LONG = {"read_table": 300}  # seconds of CPU for what reads every cell of a large table


def shut_in(seconds: int) -> None:
    """Give up the network, and set limits that the programs started from here inherit."""
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.unshare(CLONE_NEWNET):
        libc.unshare(CLONE_NEWUSER | CLONE_NEWNET)
    for what, most in (
        (resource.RLIMIT_AS, MEMORY),
        (resource.RLIMIT_CPU, seconds),
        (resource.RLIMIT_FSIZE, WRITTEN),
        (resource.RLIMIT_CORE, 0),
    ):
        resource.setrlimit(what, (most, most))


def answer(task: str, path: Path, rest: Iterable[str]) -> dict[str, Any]:
    warnings.simplefilter("ignore")
    try:
        return TASKS[task](path, *rest)
    except RefusedError as refusal:
        return {"refused": refusal.args[0]}
    except (MemoryError, RecursionError):
        return {"refused": "heavy"}
    except (ArithmeticError, AssertionError, AttributeError, LookupError, TypeError, ValueError):  # a library stumbled over it
        return {"refused": "broken"}


def main() -> None:
    task, path, *rest = sys.argv[1:]
    shut_in(LONG.get(task, CPU_SECONDS))
    said = json.dumps(answer(task, Path(path), rest))
    print(said, file=sys.stderr if task in DRAWING else sys.stdout)


if __name__ == "__main__":
    main()
