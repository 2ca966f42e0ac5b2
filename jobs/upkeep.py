"""The work of the jobs that the schedule asks for."""

from datetime import timedelta

from django.conf import settings
from django.db.models import Q
from django.utils import timezone
from django_tasks_db.models import DBTaskResult

from accounts.audit import acting, keep_anchor, record
from core.files import sweep

from .models import Job
from .running import Progress

FILES_KEPT = timedelta(days=7)
ENTRIES_KEPT = timedelta(days=14)  # of the queue
RUNS_KEPT = timedelta(days=30)  # of the schedule, those that went well


def clear_job_files(job: Job, progress: Progress) -> None:
    """Let go of the files of jobs that finished more than a week ago; the jobs stay as a record of who asked for what.

    No row names those files then: they go with the next sweep.
    """
    with acting(None):
        count = Job.objects.filter(finished_at__lt=timezone.now() - FILES_KEPT).exclude(file="").update(file="")
        if count:
            record("job.clear", job, count=count)


def sweep_files(job: Job, progress: Progress) -> None:
    """Remove files that no row names."""
    sweep()


def prune_queue(job: Job, progress: Progress) -> None:
    """Remove what is of no use any more: old entries of the queue, old runs of the schedule that went well."""
    now = timezone.now()
    DBTaskResult.objects.finished().filter(finished_at__lt=now - ENTRIES_KEPT).delete()
    Job.objects.filter(Q(outcome=Job.Outcome.DONE) & Q(due_at__lt=now - RUNS_KEPT, finished_at__lt=now - RUNS_KEPT)).delete()


def keep_audit_anchor(job: Job, progress: Progress) -> None:
    """Keep the present end of the audit trail outside the database."""
    keep_anchor(settings.AUDIT_ANCHORS)
