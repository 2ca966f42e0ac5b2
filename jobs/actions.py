"""What a person can do with background work: ask for it, cancel it, ask again, fetch its file. Each act is one transaction with its audit rows."""

from contextlib import ExitStack
from typing import IO, Any

from django.core.exceptions import PermissionDenied
from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import get_language
from django_tasks import TaskResultStatus
from django_tasks_db.models import DBTaskResult

from accounts.audit import acting, record
from accounts.models import User
from core.files import open_kept

from .kinds import kind_of
from .models import Job
from .tasks import run_job


def may(person: User, kind: str, parameters: dict[str, Any]) -> bool:
    """Whether a person may have a job of this kind, with these parameters, now."""
    found = kind_of(kind)
    return found is not None and found.may(person, parameters)


def ask(kind: str, *, parameters: dict[str, Any], title: str, by: User, request: HttpRequest | None = None, total: int | None = None) -> Job:
    """Have the worker do a job of this kind. Raises PermissionDenied where the person may not have it."""
    if not may(by, kind, parameters):
        raise PermissionDenied
    with acting(by, request):
        job = Job(kind=kind, parameters=parameters, title=title, asked_by=by, total=total, language=get_language() or "")
        return enqueue(job)


def enqueue(job: Job) -> Job:
    """Put a new job into the queue, in the transaction at hand."""
    job.save(force_insert=True)
    job.task = run_job.enqueue(job.pk).id
    job.save(update_fields=["task"])
    record("job.ask", job, kind=job.kind, parameters=job.parameters)
    return job


def ask_again(job: Job, *, by: User, request: HttpRequest | None = None) -> Job:
    """Have the same job done once more. Raises PermissionDenied where the person may not have it any more."""
    return ask(job.kind, parameters=job.parameters, title=job.title, by=by, request=request, total=job.total)


def cancel(job: Job, *, by: User, request: HttpRequest | None = None) -> Job:
    """Cancel a job: at once while it waits in the queue, at its next progress while it runs. What has ended stays as it is.

    The entry of the queue is locked before the job, as the reaper does it.
    """
    assert job.task
    with acting(by, request):
        entry = DBTaskResult.objects.select_for_update().filter(pk=job.task).first()
        job = Job.objects.select_for_update(no_key=True).get(pk=job.pk)
        if job.is_finished or job.cancel_asked_at:
            return job
        job.cancel_asked_at, job.cancel_asked_by = timezone.now(), by
        if entry is None or entry.status == TaskResultStatus.READY:
            job.finished_at, job.outcome = job.cancel_asked_at, Job.Outcome.CANCELLED
        job.save(update_fields=["cancel_asked_at", "cancel_asked_by", "finished_at", "outcome"])
        record("job.cancel", job)
    return job


def fetch(job: Job, *, by: User, request: HttpRequest | None = None) -> IO[bytes]:
    """The file of a job, noted as handed out. Raises PermissionDenied where the person may not have it any more, LostFileError where it is gone."""
    if not may(by, job.kind, job.parameters):
        raise PermissionDenied
    with ExitStack() as opened:
        file = opened.enter_context(open_kept(job.file, job.sha256))
        with acting(by, request):
            record("job.download", job, sha256=job.sha256)
            Job.objects.filter(pk=job.pk, fetched_at=None).update(fetched_at=timezone.now())
        opened.pop_all()
    return file
