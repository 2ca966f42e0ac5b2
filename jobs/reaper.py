"""Work that a dead worker left: ready again, once, however many look. It covers every entry of the queue, jobs or not.

A worker is known to be dead when its lock is free on this host (the kernel lets go of it, whatever killed the process), or when it has been
silent for too long. The number of workers that an entry has had is the number of its run: one that was given up by mistake cannot store
anything any more (jobs/worker.py, jobs/running.py), because the run that followed has another number.
"""

import fcntl
import logging
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import IO, Any

from django.conf import settings
from django.db import transaction
from django.db.models.functions import Now
from django.utils import timezone
from django_tasks import TaskResultStatus
from django_tasks_db.models import DBTaskResult

from core.turns import turn

from .faults import ATTEMPTS, interrupted
from .models import Job, Worker
from .running import give_up

logger = logging.getLogger(__name__)

LOST = "jobs.reaper.WorkerLost"  # stands where an entry of the queue names the error that ended it


# -- locks of the workers on this host ----------------------------------------------------------------------------------------------------------------------


def lock_of(name: str) -> Path:
    """The file that the worker of this name keeps locked while it lives."""
    return Path(settings.VAR_DIR) / "workers" / f"{name}.lock"


@contextmanager
def locked(name: str) -> Iterator[None]:
    """Hold the lock of a worker."""
    path = lock_of(name)
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    with path.open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield
        path.unlink(missing_ok=True)


def _is_free(file: IO[str]) -> bool:
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False
    return True


def bury() -> None:
    """Note of each worker of this host whose lock is free that it ended. Where there is no such lock here, only its silence tells."""
    for worker in Worker.objects.filter(ended_at=None):
        path = lock_of(worker.name)
        if not path.exists():
            continue
        with path.open() as file:
            if _is_free(file) and Worker.objects.filter(pk=worker.pk, ended_at=None).update(ended_at=Now()):
                logger.warning("Worker %s ended without a word.", worker)
                path.unlink(missing_ok=True)


# -- what they left --------------------------------------------------------------------------------------------------------------------------------------------


def reap() -> int:
    """Give back what dead workers left running, and end what has killed its worker every time. Returns how many entries were given back."""
    bury()
    return sum(_give_back(entry) for entry in DBTaskResult.objects.running() if _is_left(entry))


def _is_left(entry: DBTaskResult) -> bool:
    """Whether the worker that runs this entry is dead.

    Of a silent worker, or one that nobody knows, only what it began before it fell silent counts as left: it may have come back and begun this
    before it was heard of.
    """
    worker = Worker.objects.filter(name=entry.worker_ids[-1]).first()
    if worker and worker.ended_at:
        return True
    is_old = entry.started_at is not None and entry.started_at < timezone.now() - Worker.SILENCE
    return is_old and (worker is None or Worker.objects.dead().filter(pk=worker.pk).exists())


def _give_back(seen: DBTaskResult) -> bool:
    """Make one entry ready again, if it is still as it was seen; True if this call did it."""
    with turn(), transaction.atomic():
        if not is_still(seen):
            return False
        if len(seen.worker_ids) < ATTEMPTS:
            logger.warning("%s %s is ready again: its worker is gone (run %s).", seen.task_path, seen.pk, len(seen.worker_ids))
            put_back(seen, timezone.now())
            return True
        store(seen, status=TaskResultStatus.FAILED, finished_at=timezone.now(), exception_class_path=LOST, traceback="")
        give_up(seen.pk, interrupted(), LOST)
    logger.error("%s %s was given up: its worker died %s times.", seen.task_path, seen.pk, ATTEMPTS)
    return False


# -- the row of an entry ---------------------------------------------------------------------------------------------------------------------------------------


def is_still(entry: DBTaskResult) -> bool:
    """Lock the row of an entry; whether it is still the run that `entry` stands for."""
    now = DBTaskResult.objects.select_for_update().filter(pk=entry.pk).first()
    return now is not None and now.status == TaskResultStatus.RUNNING and now.worker_ids == entry.worker_ids


def put_back(entry: DBTaskResult, when: datetime) -> None:
    """Have an entry run again, not before `when`; its job is queued again."""
    store(entry, status=TaskResultStatus.READY, run_after=when)
    Job.objects.filter(task=entry.pk, finished_at=None).update(started_at=None)


def store(entry: DBTaskResult, **fields: Any) -> None:
    DBTaskResult.objects.filter(pk=entry.pk).update(**fields)
