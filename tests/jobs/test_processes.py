"""Real worker processes that are killed, stopped and ended while they are at work, on a real file or server."""

import signal
from datetime import timedelta
from pathlib import Path

import pytest
from django.utils import timezone
from django_tasks_db.models import DBTaskResult

from accounts.models import AuditEvent
from core.files import folder, open_kept
from jobs.actions import ask, cancel
from jobs.models import Job, Worker
from jobs.reaper import LOST
from tests.processes import until

from . import work
from .conftest import log_of, only_job

pytestmark = pytest.mark.django_db(transaction=True)


def open_gate(places):
    Path(places["gate"]).touch()


def finished():
    return only_job().is_finished


def ends():
    return [event.action for event in AuditEvent.objects.filter(action__in=["job.done", "job.fail", "job.stop"]).order_by("number")]


def kept_files():
    return [path for path in folder("kept").rglob("*") if path.is_file()]


def killed(process):
    process.send_signal(signal.SIGKILL)
    process.wait(10)


def test_a_killed_workers_job_runs_again_exactly_once(person, places, start):
    ask("test-slow", parameters=places, title="名单", by=person)
    first = start()
    until(lambda: log_of(places) == ["begun"])
    killed(first)
    assert (only_job().state, DBTaskResult.objects.get().status) == ("running", "RUNNING")

    open_gate(places)
    others = [start(), start()]
    until(lambda: finished() and Worker.objects.count() == 3)  # one that has not begun yet cannot end in order
    for process in others:
        process.terminate()
        assert process.wait(20) == 0

    job, entry = only_job(), DBTaskResult.objects.get()
    assert log_of(places) == ["begun", "begun", "ended"]
    assert (job.outcome, job.attempts, job.done) == ("done", 2, 3)
    assert (entry.status, len(entry.worker_ids)) == ("SUCCESSFUL", 2)
    assert (ends(), len(kept_files())) == (["job.done"], 1)
    assert not Worker.objects.filter(ended_at=None).exists()


def test_without_the_reaper_it_would_never_run_again(person, places, start):
    """The negative control: the same kill, and the worker that django-tasks-db brings."""
    ask("test-slow", parameters=places, title="名单", by=person)
    first = start("theirs")
    until(lambda: log_of(places) == ["begun"])
    killed(first)

    open_gate(places)
    start("theirs")
    work.plain.enqueue(places["log"], places["gate"])
    until(lambda: DBTaskResult.objects.filter(status="SUCCESSFUL").exists())  # what came later was done

    assert log_of(places) == ["begun", "begun", "ended"]
    assert (only_job().state, DBTaskResult.objects.get(task_path="jobs.tasks.run_job").status) == ("running", "RUNNING")


def test_work_that_is_no_job_runs_again_as_well(places, start):
    work.plain.enqueue(places["log"], places["gate"])
    first = start()
    until(lambda: log_of(places) == ["begun"])
    killed(first)

    open_gate(places)
    start()
    until(lambda: DBTaskResult.objects.get().status == "SUCCESSFUL")

    assert log_of(places) == ["begun", "begun", "ended"]


def test_a_worker_that_comes_back_from_the_dead_finishes_nothing(person, places, start):
    ask("test-slow", parameters=places, title="名单", by=person)
    first = start()
    until(lambda: log_of(places) == ["begun"])
    first.send_signal(signal.SIGSTOP)
    long_ago = timezone.now() - Worker.SILENCE - timedelta(minutes=1)
    Worker.objects.update(started_at=long_ago, seen_at=long_ago)
    DBTaskResult.objects.update(started_at=long_ago)
    open_gate(places)
    second = start()
    until(finished)
    ended = only_job()

    first.send_signal(signal.SIGCONT)
    until(lambda: log_of(places).count("ended") == 2)
    first.terminate()
    first.wait(20)

    job, entry = only_job(), DBTaskResult.objects.get()
    assert (job.attempts, job.file, job.finished_at) == (2, ended.file, ended.finished_at)
    with open_kept(job.file, job.sha256) as file:
        assert file.read() == str(second.pid).encode()
    assert (ends(), kept_files()) == (["job.done"], [folder("kept", job.file[:2]) / job.file])
    assert (entry.status, len(entry.worker_ids)) == ("SUCCESSFUL", 2)
    assert list(folder("incoming").iterdir()) == []


def test_a_job_that_kills_its_worker_every_time_is_given_up(person, places, start):
    ask("test-poison", parameters=places, title="毒", by=person)
    for _time in range(3):
        assert start().wait(60) == -signal.SIGKILL
    last = start()
    until(finished)
    last.terminate()
    last.wait(20)

    job, entry = only_job(), DBTaskResult.objects.get()
    assert log_of(places) == ["begun"] * 3
    assert (job.outcome, job.fault) == ("failed", LOST)
    assert "被终止了 3 次" in job.failure
    assert (entry.status, entry.exception_class_path, ends()) == ("FAILED", LOST, ["job.fail"])


def test_a_worker_that_is_told_to_end_gives_its_job_back(person, places, start):
    ask("test-waiting", parameters=places, title="名单", by=person)
    first = start()
    until(lambda: log_of(places) == ["begun"])
    first.terminate()
    assert first.wait(20) == 0
    assert (only_job().state, DBTaskResult.objects.get().status) == ("queued", "READY")

    open_gate(places)
    start()
    until(finished)

    assert (only_job().outcome, log_of(places)) == ("done", ["begun", "begun", "ended"])


def test_a_running_job_is_cancelled_at_its_next_progress(person, places, start):
    job = ask("test-waiting", parameters=places, title="名单", by=person)
    start()
    until(lambda: log_of(places) == ["begun"])

    assert cancel(job, by=person).state == "cancelling"
    until(finished)

    assert (only_job().outcome, log_of(places), ends(), kept_files()) == ("cancelled", ["begun"], ["job.stop"], [])
    assert Job.objects.get(pk=job.pk).cancel_asked_by == person
