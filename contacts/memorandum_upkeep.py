"""The work of the jobs on memoranda that the schedule asks for."""

from accounts.audit import acting
from jobs.models import Job
from jobs.running import Progress

from .memorandum_acts import extend_due


def extend_memoranda(job: Job, progress: Progress) -> None:
    """Extend the memoranda that go on by themselves."""
    with acting(None):
        extend_due()
