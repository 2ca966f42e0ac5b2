"""What a person can do with background work: ask for it, cancel it, ask again, fetch its file. Each act is one transaction with its audit rows."""

from typing import Any

from django.core.exceptions import PermissionDenied
from django.http import HttpRequest
from django.utils.translation import get_language

from accounts.audit import acting, record
from accounts.models import User

from .kinds import kind_of
from .models import Job
from .tasks import run_job


def ask(kind: str, *, parameters: dict[str, Any], title: str, by: User, request: HttpRequest | None = None, total: int | None = None) -> Job:
    """Have the worker do a job of this kind. Raises PermissionDenied where the person may not have it."""
    found = kind_of(kind)
    if found is None or not found.may(by, parameters):
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
