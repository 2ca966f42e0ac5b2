"""The least that a WSGI server can be asked: the same page from a function that does nothing else, with two headers."""

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

PAGE = Path(os.environ["BENCHMARK_PAGE"]).read_bytes()
HEADERS = [("Content-Type", "text/html; charset=utf-8"), ("Content-Length", str(len(PAGE)))]


def application(environ: dict[str, Any], start_response: Callable[..., Any]) -> list[bytes]:
    start_response("200 OK", HEADERS)
    return [PAGE]
