"""What the pages of background work show."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import Count, Q, QuerySet
from django.utils import timezone
from django_tasks import TaskResultStatus
from django_tasks_db.models import DBTaskResult

from accounts.models import User

from .models import Job, Worker

LOOKS = [(timedelta(minutes=2), 2), (timedelta(minutes=15), 10), (timedelta(hours=1), 60)]  # up to this age, so many seconds


def own(person: User) -> QuerySet[Job]:
    """The jobs that this person asked for, newest first."""
    return Job.objects.filter(asked_by=person)


def unfetched_by(person: User) -> int:
    """How many files that this person asked for are there and were not fetched yet."""
    return own(person).filter(fetched_at=None).exclude(file="").count()


def refresh_seconds(jobs: Iterable[Job]) -> int:
    """After how many seconds a page with these jobs is looked at again: more for old ones, 0 (not at all) where none is under way.

    What nobody takes up must not keep a session alive for ever.
    """
    asked = [job.asked_at for job in jobs if not job.is_finished]
    age = timezone.now() - max(asked) if asked else LOOKS[-1][0]
    return next((seconds for limit, seconds in LOOKS if age < limit), 0)


@dataclass(frozen=True)
class Health:
    """How the queue and its workers are."""

    states: list[tuple[Worker, Worker.State]]
    waiting: int
    running: int
    oldest: datetime | None  # since when the first one that could run has been waiting
    failed: int  # in the last day

    @property
    def is_idle(self) -> bool:
        """Whether no worker is alive."""
        return not any(state == Worker.State.ALIVE for _worker, state in self.states)


def health() -> Health:
    """The state of the queue; the same number of queries whatever is in it."""
    now = timezone.now()
    entries = DBTaskResult.objects.order_by()
    counted = entries.filter(status__in=[TaskResultStatus.READY, TaskResultStatus.RUNNING]).aggregate(
        waiting=Count("pk", filter=Q(status=TaskResultStatus.READY)), running=Count("pk", filter=Q(status=TaskResultStatus.RUNNING))
    )
    first = DBTaskResult.objects.ready().order_by("enqueued_at").values_list("enqueued_at", flat=True).first()
    failed = Job.objects.filter(outcome=Job.Outcome.FAILED, finished_at__gt=now - Worker.SHOWN).count()
    workers = [(worker, worker.state(now)) for worker in Worker.objects.all()[:50]]
    return Health(workers, oldest=first, failed=failed, **counted)
