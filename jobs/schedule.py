"""What the portal does by itself: kinds of job that are due at a time of day, or every so often. An app registers them in its `jobs.py`.

Each due run is a job with its time, which is unique: however many workers look at the clock, one asks. What fell due while no worker ran is
made up for once.
"""

from dataclasses import dataclass
from datetime import datetime, time, timedelta

from django.db import IntegrityError
from django.utils import timezone
from django.utils.functional import Promise

from accounts.audit import acting

from .actions import enqueue
from .kinds import JobKind, register
from .models import Job

EPOCH = datetime(2026, 1, 1, tzinfo=timezone.get_default_timezone())


@dataclass(frozen=True)
class Timing:
    """When a kind of job is due: at `at`, each day in the portal's time zone; or `every` so often."""

    kind: JobKind
    at: time | None = None
    every: timedelta | None = None

    def last_due(self, now: datetime) -> datetime:
        """The last moment, up to `now`, at which it was due."""
        if self.every:
            return EPOCH + (now - EPOCH) // self.every * self.every
        assert self.at
        today = timezone.make_aware(datetime.combine(timezone.localdate(now), self.at))
        return today if today <= now else today - timedelta(days=1)


_timings: dict[str, Timing] = {}


def nobody(person: object, parameters: object) -> bool:
    """Who may ask for a job that only the schedule asks for."""
    return False


def daily(name: str, label: str | Promise, work: str, at: time) -> None:
    """Add a kind of job that is due once a day."""
    _add(Timing(register(JobKind(name, label, work, may=nobody)), at=at))


def regularly(name: str, label: str | Promise, work: str, every: timedelta) -> None:
    """Add a kind of job that is due again and again."""
    _add(Timing(register(JobKind(name, label, work, may=nobody)), every=every))


def _add(timing: Timing) -> None:
    _timings[timing.kind.name] = timing


def ask_for_what_is_due(now: datetime | None = None) -> None:
    """Put what is due and not asked for yet into the queue."""
    due = {name: timing.last_due(now or timezone.now()) for name, timing in _timings.items()}
    asked = set(Job.objects.filter(kind__in=due, due_at__in=due.values()).values_list("kind", "due_at"))
    for name, moment in due.items():
        if (name, moment) not in asked:
            _ask(_timings[name].kind, moment)


def _ask(kind: JobKind, moment: datetime) -> None:
    try:
        with acting(None):
            enqueue(Job(kind=kind.name, title=str(kind.label), due_at=moment))
    except IntegrityError:
        pass  # another worker was first
