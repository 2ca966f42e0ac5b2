"""The work of the jobs that the schedule asks for."""

from django.utils import timezone

from jobs.models import Job
from jobs.running import Progress

from .personal import purge_what_is_due
from .verification import forget_failures


def purge_personal_data(job: Job, progress: Progress) -> None:
    """Purge what the confirmed rules of retention say; what one act has purged stays purged, whatever becomes of the next."""
    purge_what_is_due(timezone.now(), progress)


def forget_failed_checks(job: Job, progress: Progress) -> None:
    """Forget the public checks of yesterday that found nothing."""
    forget_failures()
