"""The worker process: django-tasks-db's, with a heartbeat, runs that are tried again, and results that only the last run may store."""

import logging
import signal
import socket
import threading
import time
from collections.abc import Callable
from contextlib import ExitStack
from os import getpid
from traceback import format_exception
from types import FrameType
from typing import Any

from django.db import close_old_connections, connection, transaction
from django.db.models.functions import Now
from django.utils import timezone
from django.utils.crypto import get_random_string
from django_tasks import TaskContext, TaskResultStatus
from django_tasks_db.compat import normalize_json
from django_tasks_db.management.commands.db_worker import Worker as DatabaseWorker
from django_tasks_db.models import DBTaskResult
from django_tasks_db.utils import retry

from core.turns import turn

from . import running
from .faults import PAUSES, comes_again, let_go, name_of, sentence_of
from .kinds import StoppingError, SupersededError
from .models import Worker
from .reaper import is_still, locked, put_back, reap, store
from .schedule import ask_for_what_is_due

logger = logging.getLogger(__name__)

BEAT_SECONDS = 5


class JobWorker(DatabaseWorker):
    """Runs what is in the queue until it is told to end."""

    def __init__(self, *, interval: float = 1.0, batch: bool = False) -> None:
        super().__init__(
            queue_names=["*"],
            excluded_queue_names=[],
            backend_name="default",
            interval=interval,
            batch=batch,
            startup_delay=False,
            max_tasks=None,
            worker_id=get_random_string(32),
        )

    def run(self) -> None:
        running.stopping.clear()
        with ExitStack() as life:
            life.enter_context(locked(self.worker_id))
            Worker.objects.create(name=self.worker_id, host=socket.gethostname(), process=getpid())
            life.callback(leave, self.worker_id)
            housekeeping()
            heart = Heart(self.worker_id)
            heart.start()
            life.callback(heart.end)
            super().run()

    def shutdown(self, signum: int, frame: FrameType | None) -> None:
        """End after the run at hand; asked again, end that as well.

        The first word only leaves a mark: an exit that a signal throws may land within the database's own code, or between the claim of an entry and its run.
        """
        running.stopping.set()
        if self.running:
            logger.warning("Received %s: the worker ends.", signal.strsignal(signum))
            self.running = False
        else:
            super().shutdown(signum, frame)

    def run_task(self, db_task_result: DBTaskResult) -> None:
        self.running_task = True
        try:
            settle(db_task_result, perform(db_task_result))
        finally:
            self.running_task = False
            self._run_tasks += 1


# -- one run ---------------------------------------------------------------------------------------------------------------------------------------------------

Verdict = Callable[[DBTaskResult], None]


def perform(entry: DBTaskResult) -> Verdict:
    """Run an entry of the queue. What came of it is returned, to be written when nothing of the run is left open."""
    try:
        task, result = entry.task, entry.task_result
        context = [TaskContext(task_result=result)] if task.takes_context else []  # type: ignore[arg-type]
        value = normalize_json(task.call(*context, *result.args, **result.kwargs))
    except (StoppingError, SystemExit, KeyboardInterrupt):
        logger.warning("%s %s goes back into the queue: the worker is to end.", entry.task_path, entry.pk)
        return lambda entry: put_back(entry, timezone.now())
    except SupersededError:
        logger.warning("%s %s was taken over by another worker.", entry.task_path, entry.pk)
        return lambda entry: None
    except Exception as error:
        attempt = len(entry.worker_ids)
        if comes_again(error, attempt):
            logger.warning("%s %s failed (run %s) and is tried again: %s", entry.task_path, entry.pk, attempt, error)
            pause = PAUSES[attempt - 1]
            return lambda entry: put_back(entry, timezone.now() + pause)
        logger.exception("%s %s failed.", entry.task_path, entry.pk)
        return failed(error)
    return lambda entry: store(entry, status=TaskResultStatus.SUCCESSFUL, finished_at=timezone.now(), return_value=value)


def failed(error: Exception) -> Verdict:
    """The verdict on a run that ended with this error and is the last."""
    fault, sentence, trace = name_of(error), sentence_of(error), "".join(format_exception(error))

    def fail(entry: DBTaskResult) -> None:
        store(entry, status=TaskResultStatus.FAILED, finished_at=timezone.now(), exception_class_path=fault, traceback=trace)
        running.give_up(entry.pk, sentence, fault)

    return fail


@retry(backoff_delay=1)
def settle(entry: DBTaskResult, verdict: Verdict) -> None:
    """Write how a run ended, unless another has taken over meanwhile."""
    let_go()
    with turn(), transaction.atomic():
        if is_still(entry):
            verdict(entry)


# -- beside the runs -------------------------------------------------------------------------------------------------------------------------------------------


def housekeeping() -> None:
    """What every worker looks after, at its start and every minute: what dead ones left, and what is due."""
    reap()
    ask_for_what_is_due()
    Worker.objects.filter(seen_at__lt=Now() - Worker.SHOWN).delete()


def beat(name: str) -> None:
    """Say that this worker lives."""
    Worker.objects.filter(name=name).update(seen_at=Now())


def leave(name: str) -> None:
    """Say that this worker ends."""
    Worker.objects.filter(name=name).update(ended_at=Now())


class Heart(threading.Thread):
    """Beats beside the worker's runs, with a connection of its own, and does the housekeeping once a minute."""

    MINUTE = 60

    def __init__(self, name: str) -> None:
        super().__init__(daemon=True)
        self.worker, self.ending = name, threading.Event()
        self.kept_house_at = time.monotonic()

    def run(self) -> None:
        while not self.ending.wait(BEAT_SECONDS):
            close_old_connections()
            self.try_to(beat, self.worker)
            if time.monotonic() - self.kept_house_at >= self.MINUTE:
                self.kept_house_at = time.monotonic()
                self.try_to(housekeeping)
        connection.close()

    def try_to(self, what: Callable[..., None], *arguments: Any) -> None:
        try:
            what(*arguments)
        except Exception:
            logger.exception("The worker's housekeeping failed; it is tried again.")

    def end(self) -> None:
        self.ending.set()
        self.join()
