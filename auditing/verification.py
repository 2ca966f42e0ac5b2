"""Verifying the audit trail: from its page through the queue, once a day by the schedule, and from the command line. Each run is stored."""

from collections.abc import Callable

from django.conf import settings
from django.db import IntegrityError
from django.utils import timezone

from accounts.audit import End, acting, end_of_trail, find_faults, keep_anchor, read_anchors, record
from accounts.models import User
from jobs.models import Job

from .models import VerificationRun

Progress = Callable[..., object]


def verify(*, origin: str, by: User | None = None, end: End | None = None, passed: Callable[[int], object] = lambda number: None) -> VerificationRun:
    """Walk the whole trail, store what was found, and where nothing was, keep its end outside the database as an anchor."""
    started, end = timezone.now(), end or end_of_trail()
    anchors = len(read_anchors(settings.AUDIT_ANCHORS))
    count = 0
    kept: list[dict[str, object]] = []
    for fault in find_faults(settings.AUDIT_ANCHORS, end=end, passed=passed):
        count += 1
        if len(kept) < VerificationRun.KEPT:
            kept.append({"kind": fault.kind, "number": fault.number, "text": fault.text})
    run = VerificationRun(
        origin=origin,
        by=by,
        started_at=started,
        finished_at=timezone.now(),
        until_number=end.last,
        head_digest=end.digest,
        anchors=anchors,
        fault_count=count,
        faults=kept,
    )
    _store(run)
    if run.is_sound:
        keep_anchor(settings.AUDIT_ANCHORS, end)
    return run


def _store(run: VerificationRun) -> None:
    """Store what was found, as an act of its own; without an event where the trail is so damaged that it takes none: then the result counts more."""
    try:
        with acting(run.by):
            run.save(force_insert=True)
            record("audit.verify", run, until=run.until_number, head=run.head_digest, anchors=run.anchors, faults=run.fault_count)
    except IntegrityError:
        run.pk = None
        run.save(force_insert=True)


def work(job: Job, progress: Progress) -> None:
    """The same as a job of the worker, with progress."""
    end = end_of_trail()
    origin = VerificationRun.Origin.PERSON if job.asked_by else VerificationRun.Origin.SCHEDULE
    progress(0, end.last)
    verify(origin=origin, by=job.asked_by, end=end, passed=lambda number: progress(number, end.last))


def keep_end(job: Job, progress: Progress) -> None:
    """Keep where the trail ends now outside the database, as an anchor."""
    keep_anchor(settings.AUDIT_ANCHORS)
