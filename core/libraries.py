"""Libraries that are slow to load, named and not imported: only what uses one loads it, not every start of the portal."""

from functools import cache
from typing import Any

from django.utils.module_loading import import_string


@cache
def library(name: str) -> Any:
    """What `name` ("segno.make") stands for, loaded at the first call."""
    return import_string(name)
