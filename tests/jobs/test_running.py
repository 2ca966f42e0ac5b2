"""What becomes of a job when it runs: done, cancelled, refused, failed, tried again, taken over."""

import errno
import logging
import os
import time
from datetime import timedelta

import pytest
from django.core.exceptions import PermissionDenied
from django.db import IntegrityError, OperationalError, connection, transaction
from django.utils import timezone, translation
from django.utils.translation import gettext
from django_tasks_db.models import DBTaskResult

from accounts.actions import disable_person
from accounts.models import AuditEvent
from core.files import folder, open_kept, sweep
from jobs import kinds, running, worker
from jobs.actions import ask, cancel
from jobs.kinds import JobFailedError, JobKind, StoppingError, SupersededError, register
from jobs.models import Job
from jobs.tasks import run_job
from tests import factories as make

from . import work

pytestmark = pytest.mark.django_db


@pytest.fixture
def does(monkeypatch):
    """Have the quick job do this instead."""
    return lambda function: monkeypatch.setattr(work, "quick", function)


def fails(error):
    def quick(job, progress):
        raise error

    return quick


def asked(person, **fields):
    return ask("test-quick", **({"parameters": {"a": 1}, "title": "名单", "by": person} | fields))


def now(job):
    return Job.objects.get(pk=job.pk)


def claimed():
    """The next entry of the queue, as a worker takes it up."""
    entry = DBTaskResult.objects.ready().first()
    entry.claim("somebody")
    return entry


def turn_of_the_queue():
    """One entry of the queue is taken up and run."""
    entry = claimed()
    worker.settle(entry, worker.perform(entry))
    return DBTaskResult.objects.get(pk=entry.pk)


def ends():
    return [event.action for event in AuditEvent.objects.filter(action__in=["job.done", "job.fail", "job.stop"])]


# -- it goes well ----------------------------------------------------------------------------------------------------
def test_a_job_is_asked_for_run_and_has_its_file(person):
    job = asked(person, total=2)
    assert (job.state, job.get_absolute_url(), str(job), job.label) == ("queued", f"/jobs/{job.pk}/", "名单", "快任务")

    entry = turn_of_the_queue()

    job = now(job)
    assert (entry.pk, entry.status, entry.task_path) == (job.task, "SUCCESSFUL", "jobs.tasks.run_job")
    assert (job.state, job.attempts, job.done, job.total) == ("done", 1, 2, 2)
    assert (job.file_name, job.media_type, job.size) == ("名单.txt", "text/plain", 9)
    with open_kept(job.file, job.sha256) as file:
        assert file.read().decode() == "甲乙丙"
    events = AuditEvent.objects.filter(action__startswith="job.").order_by("number")
    assert [(event.action, event.by) for event in events] == [("job.ask", person), ("job.done", None)]
    assert list(folder("incoming").iterdir()) == []


def test_a_job_that_makes_nothing_is_done_without_a_file(person, does):
    does(lambda job, progress: progress(7))
    job = asked(person)
    turn_of_the_queue()

    assert (now(job).state, now(job).file, now(job).done) == ("done", "", 7)


def test_the_sweep_leaves_the_files_of_jobs(person, monkeypatch):
    job = asked(person)
    turn_of_the_queue()

    assert sweep(time.time() + 7200) == 0
    with open_kept(now(job).file, now(job).sha256):
        pass


def test_a_job_speaks_the_language_in_which_it_was_asked_for(person, does):
    seen = []
    does(lambda job, progress: seen.append(gettext("登录")))
    with translation.override("en"):
        job = asked(person)
    turn_of_the_queue()

    assert (job.language, seen) == ("en", ["Sign in"])


def test_an_entry_that_comes_again_does_nothing(person):
    job = asked(person)
    running.run(job.pk, 1)
    file = now(job).file

    running.run(job.pk, 2)

    assert (now(job).file, now(job).attempts, ends()) == (file, 1, ["job.done"])


def test_progress_is_saved_about_once_a_second(person, does, monkeypatch):
    monkeypatch.setattr(running, "SAVE_SECONDS", 60)
    seen = []

    def quick(job, progress):
        for done in range(5):
            progress(done, 5)
            seen.append((now(job).done, now(job).total, job.done))

    does(quick)
    asked(person)
    turn_of_the_queue()

    assert seen == [(0, 5, 0), (0, 5, 1), (0, 5, 2), (0, 5, 3), (0, 5, 4)]


def test_the_count_that_an_earlier_run_left_begins_again(person, does):
    seen = []
    does(lambda job, progress: seen.append(now(job).done))
    job = asked(person)
    Job.objects.update(done=5, attempts=1)

    running.run(job.pk, 2)

    assert seen == [0]


@pytest.mark.django_db(transaction=True)
def test_progress_is_saved_while_rows_are_being_read_and_others_write(person, does):
    """On SQLite a connection that reads cannot write once another has written."""

    def quick(job, progress):
        with connection.cursor() as cursor:
            cursor.execute("SELECT id FROM jobs_job UNION ALL SELECT id FROM accounts_user")
            cursor.fetchone()
            for done in range(3):
                progress(done, 3)

    does(quick)
    for _number in range(3):
        make.person("editor")
    job = asked(person)
    turn_of_the_queue()

    assert (now(job).state, now(job).done) == ("done", 3)


# -- rights ----------------------------------------------------------------------------------------------------------
def test_whoever_may_not_have_it_cannot_ask(person):
    work.ALLOWED["yes"] = False

    with pytest.raises(PermissionDenied):
        asked(person)
    with pytest.raises(PermissionDenied):
        ask("no-such-kind", parameters={}, title="", by=person)

    assert (Job.objects.count(), DBTaskResult.objects.count()) == (0, 0)


@pytest.mark.parametrize("how", ["right", "account"])
def test_who_lost_the_right_before_it_runs_gets_nothing(person, how):
    job = asked(person)
    if how == "right":
        work.ALLOWED["yes"] = False
    else:
        disable_person(person=person, reason="调离", by=make.person("system_admin"))

    turn_of_the_queue()

    assert (now(job).state, now(job).file) == ("failed", "")
    assert "权限有了变更" in now(job).failure


def test_a_kind_that_is_gone_is_said_to_be(person):
    job = asked(person)
    Job.objects.update(kind="of-old")

    turn_of_the_queue()

    assert (now(job).failure, now(job).label) == ("系统已不再提供这类任务。", "of-old")


# -- cancelling ------------------------------------------------------------------------------------------------------
def test_a_queued_job_is_cancelled_at_once(person):
    job = cancel(asked(person), by=person)
    assert (job.state, job.cancel_asked_by, job.finished_at) == ("cancelled", person, job.cancel_asked_at)

    turn_of_the_queue()

    assert (now(job).state, now(job).attempts, ends()) == ("cancelled", 0, [])


def test_a_job_between_two_tries_is_cancelled_at_once(person, does):
    does(fails(OperationalError("gone")))
    job = asked(person)
    turn_of_the_queue()

    assert cancel(now(job), by=person).state == "cancelled"


def test_a_running_job_is_cancelled_at_its_next_progress(person, does):
    seen = []

    def quick(job, progress):
        progress(1, 3)
        seen.append(cancel(job, by=person).state)
        progress(2)
        seen.append("beyond")

    does(quick)
    job = asked(person)
    entry = turn_of_the_queue()

    assert (seen, now(job).state, entry.status, ends()) == (["cancelling"], "cancelled", "SUCCESSFUL", ["job.stop"])
    assert not now(job).is_cancellable


def test_what_was_asked_to_be_cancelled_while_its_worker_died_is_not_begun_again(person, does):
    does(fails(AssertionError("begun")))
    job = asked(person)
    Job.objects.update(cancel_asked_at=timezone.now(), attempts=1)

    running.run(job.pk, 2)

    assert now(job).state == "cancelled"


def test_what_has_ended_is_not_cancelled(person):
    job = asked(person)
    turn_of_the_queue()

    assert cancel(now(job), by=person).state == "done"
    assert now(job).cancel_asked_at is None


# -- failing ---------------------------------------------------------------------------------------------------------
def test_a_job_that_cannot_be_done_says_why(person, does, caplog):
    does(fails(JobFailedError("名单是空的，请换一个条件。")))
    job = asked(person)
    entry = turn_of_the_queue()

    assert (now(job).state, now(job).failure, now(job).fault) == ("failed", "名单是空的，请换一个条件。", "")
    assert (entry.status, caplog.records) == ("SUCCESSFUL", [])


def test_a_fault_of_the_program_is_logged_and_not_tried_again(person, does, caplog):
    does(fails(KeyError("secret")))
    job = asked(person)
    entry = turn_of_the_queue()

    assert (now(job).state, now(job).fault, entry.status) == ("failed", "builtins.KeyError", "FAILED")
    assert "程序出错，已记入系统日志" in now(job).failure
    assert "secret" not in now(job).failure
    assert "KeyError: 'secret'" in entry.traceback
    assert [record.levelno for record in caplog.records if record.exc_info] == [logging.ERROR, logging.ERROR]
    assert "KeyError: 'secret'" in caplog.text


@pytest.mark.parametrize("error", [OperationalError("gone"), ConnectionResetError(), TimeoutError(), OSError(errno.EIO, "bad disk")])
def test_what_passes_is_tried_three_times_with_growing_pauses(person, does, error):
    does(fails(error))
    job, pauses = asked(person), []
    for attempt in (1, 2):
        before = timezone.now()
        entry = turn_of_the_queue()
        pauses.append(round((entry.run_after - before).total_seconds()))
        assert (entry.status, now(job).state, now(job).attempts, now(job).failure) == ("READY", "queued", attempt, "")
        assert not DBTaskResult.objects.ready().exists()
        DBTaskResult.objects.update(run_after=timezone.now())

    entry = turn_of_the_queue()

    assert (pauses, entry.status, len(entry.worker_ids)) == ([10, 60], "FAILED", 3)
    assert (now(job).state, "试了 3 次都没有成功" in now(job).failure, ends()) == ("failed", True, ["job.fail"])


def test_what_passed_goes_well_the_second_time(person, does):
    tries = []

    def quick(job, progress):
        tries.append(job.attempts)
        if len(tries) == 1:
            raise OperationalError("gone")
        return work.file_of("甲")

    does(quick)
    job = asked(person)
    turn_of_the_queue()
    DBTaskResult.objects.update(run_after=timezone.now())
    turn_of_the_queue()

    assert (tries, now(job).state) == ([1, 2], "done")


@pytest.mark.parametrize("error", [FileNotFoundError("x"), PermissionError("x")])
def test_a_lasting_failure_of_files_is_not_tried_again(person, does, error):
    does(fails(error))
    job = asked(person)

    assert (turn_of_the_queue().status, now(job).state) == ("FAILED", "failed")


@pytest.mark.parametrize("place", ["work", "keeping"])
def test_a_full_disk_leaves_nothing_and_is_said(person, does, monkeypatch, place):
    full = OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
    if place == "work":
        does(fails(full))
    else:
        monkeypatch.setattr(running, "keep", lambda path: (_ for _ in ()).throw(full))
    job = asked(person)
    entry = turn_of_the_queue()

    assert (now(job).state, now(job).file, now(job).sha256, entry.status) == ("failed", "", "", "FAILED")
    assert "磁盘空间不足" in now(job).failure
    assert [path for path in folder("kept").rglob("*") if path.is_file()] + list(folder("incoming").iterdir()) == []


def test_a_job_whose_begin_fails_every_time_is_failed_all_the_same(person, monkeypatch):
    monkeypatch.setattr(running, "_begin", lambda number, attempt: (_ for _ in ()).throw(OperationalError("gone")))
    job = asked(person)
    for _time in range(3):
        DBTaskResult.objects.update(run_after=timezone.now())
        turn_of_the_queue()

    assert (now(job).state, now(job).attempts) == ("failed", 0)
    assert "试了 3 次" in now(job).failure


def test_a_result_that_cannot_be_written_down_is_a_fault(monkeypatch):
    monkeypatch.setattr(work, "wait_for", lambda gate: None)
    monkeypatch.setattr(work, "note", lambda log, what: None)
    monkeypatch.setattr(type(work.plain), "call", lambda task, *arguments: object())
    work.plain.enqueue("", "")

    assert turn_of_the_queue().exception_class_path == "builtins.TypeError"


# -- being taken over ------------------------------------------------------------------------------------------------
def test_a_run_that_was_taken_over_can_change_nothing(person, does, caplog):
    def quick(job, progress):
        Job.objects.filter(pk=job.pk).update(attempts=2)  # somebody else began it
        return work.file_of("甲")

    does(quick)
    job = asked(person)
    entry = turn_of_the_queue()

    assert (now(job).state, now(job).file, ends()) == ("running", "", [])
    assert (entry.status, "taken over" in caplog.text) == ("RUNNING", True)
    assert [path for path in folder("kept").rglob("*") if path.is_file()] + list(folder("incoming").iterdir()) == []


def test_a_run_that_was_taken_over_is_told_at_its_next_progress(person, does):
    def quick(job, progress):
        Job.objects.filter(pk=job.pk).update(attempts=2)
        with pytest.raises(SupersededError):
            progress(1)
        raise SupersededError

    does(quick)
    job = asked(person)
    turn_of_the_queue()

    assert now(job).state == "running"


def test_a_run_that_begins_late_does_not_begin(person, does):
    does(fails(AssertionError("begun")))
    job = asked(person)
    Job.objects.update(attempts=2)

    running.run(job.pk, 1)

    assert now(job).attempts == 2


def test_what_is_stored_late_is_not_stored():
    work.plain.enqueue("", "")
    entry = claimed()
    DBTaskResult.objects.update(worker_ids=["somebody", "another"])

    worker.settle(entry, worker.failed(KeyError()))

    assert DBTaskResult.objects.get().status == "RUNNING"


@pytest.mark.parametrize("error", [StoppingError(), SystemExit(1), KeyboardInterrupt()])
def test_a_worker_that_is_to_end_gives_back_what_it_runs(person, does, error):
    does(fails(error))
    job = asked(person)
    entry = turn_of_the_queue()

    assert (entry.status, now(job).state, DBTaskResult.objects.ready().exists()) == ("READY", "queued", True)


def test_progress_says_that_the_worker_is_to_end(person, does):
    running.stopping.set()
    job = asked(person)

    with pytest.raises(StoppingError):
        run_job.func(type("Context", (), {"attempt": 1}), job.pk)


# -- rows ------------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    "fields",
    [
        {"outcome": "done"},
        {"finished_at": timezone.now()},
        {"failure": "不行"},
        {"finished_at": timezone.now(), "outcome": "failed"},
        {"finished_at": timezone.now(), "outcome": "failed", "failure": "不行", "file": "a", "sha256": "b", "size": 1},
        {"file": "a" * 32},
        {"due_at": timezone.now() - timedelta(days=1)},
    ],
)
def test_the_database_refuses_what_cannot_be(person, fields):
    job = asked(person)

    with pytest.raises(IntegrityError), transaction.atomic():
        Job.objects.filter(pk=job.pk).update(**fields)


def test_a_kind_is_registered_under_its_name(monkeypatch):
    monkeypatch.setattr(kinds, "_kinds", {})
    kind = register(JobKind("test-other", "别的", "nowhere", may=lambda person, parameters: True))

    assert kinds.kind_of("test-other") == kind
    assert kinds.kind_of("test-quick") is None
