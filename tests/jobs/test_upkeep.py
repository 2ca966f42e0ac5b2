"""What the timetable of the portal has: files, queue and audit trail."""

import os
from datetime import timedelta

import pytest
from django.utils import timezone
from django_tasks_db.models import DBTaskResult

from accounts.models import AuditEvent
from core.files import ORPHAN_SECONDS, folder, path_of
from jobs import running, upkeep
from jobs.actions import ask
from jobs.kinds import kind_of
from jobs.models import Job

pytestmark = pytest.mark.django_db


def done(person):
    job = ask("test-quick", parameters={}, title="名单", by=person)
    running.run(job.pk, 1)
    job.refresh_from_db()
    return job


def run(work):
    """Run a job of the timetable that does this."""
    job = Job.objects.create(kind=f"test-{work.__name__}", title="夜间", due_at=timezone.now(), started_at=timezone.now(), attempts=1)
    work(job, running.Progress(job))
    return job


def test_files_go_after_a_week_and_the_record_stays(person):
    old, young = done(person), done(person)
    Job.objects.filter(pk=old.pk).update(finished_at=timezone.now() - upkeep.FILES_KEPT - timedelta(minutes=1))
    before = timezone.now().timestamp() - ORPHAN_SECONDS - 60
    for job in (old, young):
        os.utime(path_of(job.file), (before, before))

    job = run(upkeep.clear_job_files)

    assert (Job.objects.get(pk=old.pk).state, Job.objects.get(pk=young.pk).state) == ("cleared", "done")
    [event] = AuditEvent.objects.filter(action="job.clear")
    assert (event.subject, event.facts) == (f"jobs.job:{job.pk}", '{"count": 1}')
    run(upkeep.clear_job_files)
    assert AuditEvent.objects.filter(action="job.clear").count() == 1


def test_files_that_no_row_names_are_swept(monkeypatch):
    path = folder("incoming") / "left"
    path.touch()
    monkeypatch.setattr("core.files.ORPHAN_SECONDS", -60)

    run(upkeep.sweep_files)

    assert not path.exists()


def test_old_entries_of_the_queue_and_old_runs_of_the_timetable_go(person):
    long_ago = timezone.now() - timedelta(days=31)
    jobs = [done(person), done(person)]
    DBTaskResult.objects.update(status="SUCCESSFUL", finished_at=timezone.now())
    DBTaskResult.objects.filter(pk=jobs[0].task).update(finished_at=long_ago)
    Job.objects.filter(pk=jobs[0].pk).update(finished_at=long_ago)
    ask("test-quick", parameters={}, title="名单", by=person)
    past = {"title": "夜间", "kind": "test-nightly", "finished_at": long_ago}
    Job.objects.create(outcome="done", due_at=long_ago, **past)
    Job.objects.create(outcome="failed", failure="不行", due_at=long_ago - timedelta(days=1), **past)
    Job.objects.create(outcome="done", due_at=timezone.now(), **past | {"finished_at": timezone.now()})

    run(upkeep.prune_queue)

    assert set(DBTaskResult.objects.values_list("status", "pk")) >= {("SUCCESSFUL", jobs[1].task)}
    assert DBTaskResult.objects.count() == 2
    assert sorted(Job.objects.filter(kind="test-nightly").values_list("outcome", flat=True)) == ["done", "failed"]
    assert Job.objects.filter(asked_by=person).count() == 3


def test_the_end_of_the_audit_trail_is_kept_outside_the_database(person, settings):
    run(upkeep.keep_audit_anchor)

    last = AuditEvent.objects.order_by("-number").first()
    assert settings.AUDIT_ANCHORS.read_text() == f"{last.number} {last.digest}\n"


@pytest.mark.parametrize("name", ["clear-job-files", "sweep-files", "prune-queue", "keep-audit-anchor"])
def test_the_timetable_has_them_and_their_work_can_be_loaded(name, person):
    kind = kind_of(name)

    assert callable(getattr(upkeep, kind.work.rsplit(".", 1)[1]))
    assert not kind.may(person, {})
