"""The kinds of background work. An app registers its own in a module named `jobs.py`."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from django.utils.functional import Promise

if TYPE_CHECKING:
    from accounts.models import User

May = Callable[["User", dict[str, Any]], bool]


class JobFailedError(Exception):
    """The job cannot be done; the sentence tells the person why and what to do."""


class CancelledError(Exception):
    """Somebody asked that the job be cancelled."""


class SupersededError(Exception):
    """The job was given to another worker meanwhile: this run can change nothing any more."""


class StoppingError(Exception):
    """The worker is to end: the job goes back into the queue."""


@dataclass(frozen=True)
class Produced:
    """A finished file made in `core.files.folder("incoming")`, and what it is called where it is downloaded."""

    path: Path
    file_name: str
    media_type: str


@dataclass(frozen=True)
class JobKind:
    """A kind of job. `work` names its function, `(job, progress) -> Produced | None`: it is loaded by the worker only.

    `may` tells whether a person may have such a job, with these parameters: asked when it is asked for, when it runs, and when its file is fetched.
    `page` gives the address of the page that tells what came of it, where that is more than a file.
    """

    name: str
    label: str | Promise
    work: str
    may: May
    page: Callable[[dict[str, Any]], str] | None = None


_kinds: dict[str, JobKind] = {}


def register(kind: JobKind) -> JobKind:
    """Add a kind of job."""
    _kinds[kind.name] = kind
    return kind


def kind_of(name: str) -> JobKind | None:
    """The kind of this name; None where no app has it any more."""
    return _kinds.get(name)


def label_of(name: str) -> str | Promise:
    """What this kind of job is called; its name where no app has it any more."""
    return _kinds[name].label if name in _kinds else name
