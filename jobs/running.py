"""What the worker does with a job: begin it, report its progress, and write how it ended, each only while this run is the last one."""

import logging
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from uuid import UUID

from django.conf import settings
from django.db import connection, transaction
from django.db.models import QuerySet
from django.utils import timezone, translation
from django.utils.module_loading import import_string
from django.utils.translation import gettext as _

from accounts.audit import acting, record
from core.files import digest_of, keep, kept_with_the_act
from core.turns import turn

from .faults import comes_again, let_go, name_of, sentence_of
from .kinds import CancelledError, JobFailedError, Produced, StoppingError, SupersededError, kind_of
from .models import Job

logger = logging.getLogger(__name__)

SAVE_SECONDS = 1.0  # between two looks at the row
stopping = threading.Event()  # the worker was asked to end: what runs goes back into the queue


@dataclass(frozen=True)
class Ending:
    """How a run ended."""

    outcome: Job.Outcome
    failure: str = ""
    fault: str = ""
    produced: Produced | None = None


class Progress:
    """`progress(done, total)`: says how far the work is, at most about once a second.

    Raises CancelledError where somebody asked for that, SupersededError where another run took over, StoppingError where the worker is to end.
    """

    def __init__(self, job: Job) -> None:
        self.job, self.looked_at = job, 0.0

    def __call__(self, done: int, total: int | None = None) -> None:
        self.job.done = done
        if total is not None:
            self.job.total = total
        now = time.monotonic()
        if self.looked_at and now - self.looked_at < SAVE_SECONDS:
            return
        self.looked_at = now
        if stopping.is_set():
            raise StoppingError
        if self._saved():
            raise CancelledError

    def _saved(self) -> bool:
        """Save how far it is; whether it was asked to be cancelled.

        A connection that is reading rows cannot write on SQLite once another has written: there it is done by a connection of its own.
        """
        if connection.vendor != "sqlite" or connection.in_atomic_block:
            return self._save()
        with ThreadPoolExecutor(1) as beside:
            return beside.submit(self._save_and_close).result()

    def _save_and_close(self) -> bool:
        try:
            return self._save()
        finally:
            connection.close()

    def _save(self) -> bool:
        row = _still_mine(self.job)
        if not row.update(done=self.job.done, total=self.job.total):
            raise SupersededError
        return row.filter(cancel_asked_at__isnull=False).exists()


def run(number: int, attempt: int) -> None:
    """Do the job with this key, as its run number `attempt`. Raises what the queue has to know of: failures that pass, faults of the program."""
    job = _begin(number, attempt)
    if job is None:
        return
    with translation.override(job.language or settings.LANGUAGE_CODE):
        try:
            end(job, _do(job))
        except (SupersededError, StoppingError):
            raise
        except Exception as error:
            let_go()
            if not comes_again(error, attempt):
                logger.exception("Job %s (%s) failed.", job.pk, job.kind)
                end(job, Ending(Job.Outcome.FAILED, sentence_of(error), name_of(error)))
            raise


def _begin(number: int, attempt: int) -> Job | None:
    """The job, begun; None where there is nothing to do any more."""
    with turn(), transaction.atomic():
        job = Job.objects.select_for_update(no_key=True, of=("self",)).select_related("asked_by").get(pk=number)
        if job.is_finished or job.attempts >= attempt:
            return None
        job.attempts, job.started_at, job.done = attempt, timezone.now(), 0
        job.save(update_fields=["attempts", "started_at", "done"])
    return job


def _do(job: Job) -> Ending:
    kind = kind_of(job.kind)
    if job.cancel_asked_at:
        return Ending(Job.Outcome.CANCELLED)
    if kind is None:
        return Ending(Job.Outcome.FAILED, _("系统已不再提供这类任务。"))
    if job.asked_by and not (job.asked_by.is_active and kind.may(job.asked_by, job.parameters)):
        return Ending(Job.Outcome.FAILED, _("提交以后权限有了变更，现在不能执行这项任务。"))
    try:
        return Ending(Job.Outcome.DONE, produced=import_string(kind.work)(job, Progress(job)))
    except CancelledError:
        let_go()
        return Ending(Job.Outcome.CANCELLED)
    except JobFailedError as refusal:
        let_go()
        return Ending(Job.Outcome.FAILED, str(refusal))


def end(job: Job, ending: Ending) -> None:
    """Write how the job ended, and keep its file. Raises SupersededError where another run took over, or ended it."""
    produced = ending.produced
    try:
        size, sha256 = (produced.path.stat().st_size, digest_of(produced.path)) if produced else (None, "")
        with kept_with_the_act(), acting(None):
            if _still_mine(job).select_for_update(no_key=True).first() is None:
                raise SupersededError
            job.finished_at, job.outcome, job.failure, job.fault = timezone.now(), ending.outcome, ending.failure, ending.fault
            job.file, job.size, job.sha256 = keep(produced.path) if produced else "", size, sha256
            job.file_name, job.media_type = (produced.file_name, produced.media_type) if produced else ("", "")
            if ending.outcome == Job.Outcome.DONE and job.total is not None:
                job.done = job.total
            job.save(update_fields=["finished_at", "outcome", "failure", "fault", "file", "size", "sha256", "file_name", "media_type", "done", "total"])
            note_end(job)
    finally:
        if produced:
            produced.path.unlink(missing_ok=True)


def give_up(task: UUID, sentence: str, fault: str) -> None:
    """End the job behind an entry of the queue that will not run again, if there is one and it has not ended."""
    with acting(None):
        job = Job.objects.select_for_update(no_key=True).filter(task=task, finished_at=None).first()
        if job:
            job.finished_at, job.outcome, job.failure, job.fault = timezone.now(), Job.Outcome.FAILED, sentence, fault
            job.save(update_fields=["finished_at", "outcome", "failure", "fault"])
            note_end(job)


def note_end(job: Job) -> None:
    """The audit row of a job that has just ended."""
    facts = {name: value for name in ("failure", "fault", "sha256") if (value := getattr(job, name))}
    record({Job.Outcome.DONE: "job.done", Job.Outcome.FAILED: "job.fail", Job.Outcome.CANCELLED: "job.stop"}[Job.Outcome(job.outcome)], job, **facts)


def _still_mine(job: Job) -> QuerySet[Job]:
    """The row of the job, while the run that `job` stands for is the last one and has not ended."""
    return Job.objects.filter(pk=job.pk, attempts=job.attempts, finished_at=None)
