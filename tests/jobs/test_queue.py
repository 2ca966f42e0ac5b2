"""What workers look after together: what dead ones left, what is due, and their own rows. Many look at once, one does it."""

import logging
import os
import threading
from datetime import UTC, datetime, time, timedelta

import pytest
from django.core.management import call_command
from django.db import OperationalError
from django.utils import timezone
from django_tasks_db.models import DBTaskResult

from accounts.models import AuditEvent
from jobs import reaper, schedule, worker
from jobs.actions import ask
from jobs.models import Job, Worker
from jobs.reaper import bury, lock_of, locked, reap
from jobs.schedule import Timing, ask_for_what_is_due, daily, regularly
from jobs.worker import Heart, JobWorker, beat, housekeeping, leave
from tests.cases.census import at_once

from . import work

pytestmark = pytest.mark.django_db
LONG_AGO = timezone.now() - timedelta(hours=1)


@pytest.fixture
def left(person):
    """A job that a worker began an hour ago."""

    def begin(name="gone", runs=1, **fields):
        job = ask("test-quick", parameters={}, title="名单", by=person)
        DBTaskResult.objects.filter(pk=job.task).update(status="RUNNING", started_at=LONG_AGO, worker_ids=["before"] * (runs - 1) + [name], **fields)
        Job.objects.filter(pk=job.pk).update(started_at=LONG_AGO, attempts=runs)
        return job

    return begin


def a_worker(name="gone", **fields):
    return Worker.objects.create(**{"name": name, "host": "host", "process": 1, "started_at": LONG_AGO, "seen_at": timezone.now()} | fields)


def state_of(job):
    return (DBTaskResult.objects.get(pk=job.task).status, Job.objects.get(pk=job.pk).state)


READY, RUNNING = ("READY", "queued"), ("RUNNING", "running")


# -- the reaper ------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({}, RUNNING),
        ({"seen_at": LONG_AGO}, READY),
        ({"ended_at": timezone.now()}, READY),
        (None, READY),  # nobody knows that worker
    ],
)
def test_what_a_dead_worker_left_is_ready_again(left, fields, expected):
    job = left()
    if fields is not None:
        a_worker(**fields)

    assert (reap(), state_of(job)) == (int(expected == READY), expected)
    assert (reap(), state_of(job)) == (0, expected)


@pytest.mark.parametrize(("fields", "expected"), [({"seen_at": LONG_AGO}, RUNNING), (None, RUNNING), ({"ended_at": timezone.now()}, READY)])
def test_what_a_silent_worker_has_just_begun_is_left_alone(left, fields, expected):
    """It has come back, and is heard of in a moment. One that is known to have ended has not."""
    job = left()
    DBTaskResult.objects.update(started_at=timezone.now())
    if fields is not None:
        a_worker(**fields)

    reap()

    assert state_of(job) == expected


def test_what_killed_three_workers_is_given_up(left, caplog):
    job, other = left(runs=3), left(runs=2)

    assert reap() == 1

    assert (state_of(job), state_of(other)) == (("FAILED", "failed"), READY)
    assert "被终止了 3 次" in Job.objects.get(pk=job.pk).failure
    assert [event.subject for event in AuditEvent.objects.filter(action="job.fail")] == [f"jobs.job:{job.pk}"]
    assert "was given up" in caplog.text


def test_plain_work_that_killed_three_workers_is_given_up():
    work.plain.enqueue("", "")
    DBTaskResult.objects.update(status="RUNNING", started_at=LONG_AGO, worker_ids=["a", "b", "c"])

    assert (reap(), DBTaskResult.objects.get().status) == (0, "FAILED")


def test_what_has_changed_since_it_was_seen_is_left_alone(left):
    job = left()
    seen = DBTaskResult.objects.get()
    DBTaskResult.objects.update(worker_ids=["gone", "another"])

    assert (reaper._give_back(seen), state_of(job)) == (False, RUNNING)


def test_the_lock_tells_that_a_worker_of_this_host_is_dead(left, caplog):
    job, living = left(), left("living")
    a_worker()
    a_worker("living")
    lock_of("gone").parent.mkdir()
    lock_of("gone").touch()  # nobody holds it

    with locked("living"):
        reap()

    assert (state_of(job), state_of(living)) == (READY, RUNNING)
    assert [worker.name for worker in Worker.objects.filter(ended_at=None)] == ["living"]
    assert list(lock_of("").parent.iterdir()) == []
    assert "ended without a word" in caplog.text


def test_a_worker_of_another_host_has_no_lock_here():
    a_worker()
    bury()

    assert Worker.objects.get().ended_at is None


@pytest.mark.django_db(transaction=True)
def test_of_many_reapers_one_gives_back(left):
    for _round in range(3):
        jobs = [left() for _number in range(4)]

        counts = at_once(*[reap] * 6)

        assert sum(counts) == len(jobs)
        assert {state_of(job) for job in jobs} == {READY}
        DBTaskResult.objects.update(status="SUCCESSFUL")


@pytest.mark.django_db(transaction=True)
def test_while_reapers_look_the_entry_is_taken_up_once(left):
    """Between two looks another worker has begun it: it is not given back a second time."""
    job = left()
    a_worker("living")

    def take_up():
        for _time in range(200):
            entry = DBTaskResult.objects.ready().first()
            if entry:
                entry.claim("living")
                return entry
        return None

    at_once(reap, reap, take_up, reap, reap)
    if state_of(job)[0] == "READY":
        take_up()
    reap()

    assert DBTaskResult.objects.get().worker_ids == ["gone", "living"]
    assert DBTaskResult.objects.get().status == "RUNNING"


# -- the timetable ---------------------------------------------------------------------------------------------------
def shanghai(*moment):
    return timezone.make_aware(datetime(*moment))


@pytest.mark.parametrize(
    ("now", "due"),
    [
        (shanghai(2026, 11, 24, 3, 30), shanghai(2026, 11, 24, 3, 30)),
        (shanghai(2026, 11, 24, 3, 29, 59), shanghai(2026, 11, 23, 3, 30)),
        (datetime(2026, 11, 23, 19, 30, tzinfo=UTC), shanghai(2026, 11, 24, 3, 30)),
        (shanghai(2026, 1, 1), shanghai(2025, 12, 31, 3, 30)),
    ],
)
def test_what_is_daily_was_last_due_at_its_time_in_shanghai(now, due):
    assert Timing(work.QUICK, at=time(3, 30)).last_due(now) == due


def test_what_is_regular_was_last_due_on_a_round_moment():
    timing = Timing(work.QUICK, every=timedelta(minutes=15))

    assert timing.last_due(shanghai(2026, 11, 24, 3, 44, 59)) == shanghai(2026, 11, 24, 3, 30)
    assert timing.last_due(shanghai(2026, 11, 24, 3, 45)) == shanghai(2026, 11, 24, 3, 45)


def test_each_due_run_is_asked_for_once_and_what_was_missed_is_made_up_for_once():
    daily("test-nightly", "夜间", "tests.jobs.work.quick", at=time(3, 30))
    regularly("test-often", "每刻", "tests.jobs.work.quick", every=timedelta(minutes=15))
    evening = shanghai(2026, 11, 24, 22, 0)

    for now in (evening, evening, evening + timedelta(minutes=15), evening + timedelta(days=3)):
        ask_for_what_is_due(now)

    asked = list(Job.objects.order_by("kind", "due_at").values_list("kind", "due_at", "asked_by"))
    assert asked == [
        ("test-nightly", shanghai(2026, 11, 24, 3, 30), None),
        ("test-nightly", shanghai(2026, 11, 27, 3, 30), None),
        ("test-often", evening, None),
        ("test-often", evening + timedelta(minutes=15), None),
        ("test-often", evening + timedelta(days=3), None),
    ]
    assert DBTaskResult.objects.count() == 5
    assert AuditEvent.objects.filter(action="job.ask", by=None).count() == 5


@pytest.mark.django_db(transaction=True)
def test_of_many_workers_one_asks_for_what_is_due():
    daily("test-nightly", "夜间", "tests.jobs.work.quick", at=time(3, 30))
    regularly("test-often", "每刻", "tests.jobs.work.quick", every=timedelta(minutes=15))
    for day in range(24, 28):
        moment = shanghai(2026, 11, day, 12, 0)

        assert at_once(*[lambda moment=moment: ask_for_what_is_due(moment)] * 6) == [None] * 6

    assert (Job.objects.count(), DBTaskResult.objects.count()) == (8, 8)


def test_nobody_can_ask_for_what_only_the_timetable_asks_for(person):
    daily("test-nightly", "夜间", "tests.jobs.work.quick", at=time(3, 30))

    assert not schedule._timings["test-nightly"].kind.may(person, {})


# -- the worker ------------------------------------------------------------------------------------------------------
@pytest.mark.django_db(transaction=True)
def test_a_worker_does_what_is_queued_looks_after_the_rest_and_leaves(person, left):
    daily("test-nightly", "夜间", "tests.jobs.work.quick", at=time(3, 30))
    jobs = [ask("test-quick", parameters={}, title="名单", by=person), left()]
    a_worker("of old", seen_at=timezone.now() - timedelta(days=2))

    call_command("run_worker", batch=True)

    assert {Job.objects.get(pk=job.pk).state for job in jobs} == {"done"}
    assert Job.objects.get(kind="test-nightly").state == "done"
    [row] = Worker.objects.all()
    assert (row.process, row.ended_at is not None, row.ended_at >= row.started_at) == (os.getpid(), True, True)
    assert not lock_of(row.name).exists()
    assert str(row) == f"{row.host}:{row.process}"


@pytest.mark.django_db(transaction=True)
def test_an_entry_that_breaks_does_not_end_the_worker(person, monkeypatch):
    monkeypatch.setattr(work, "quick", lambda job, progress: 1 / 0)
    ask("test-quick", parameters={}, title="名单", by=person)
    ask("test-poison", parameters={}, title="名单", by=person)
    monkeypatch.setattr(work, "poison", lambda job, progress: None)

    JobWorker(batch=True, interval=0).run()

    assert sorted(Job.objects.values_list("outcome", flat=True)) == ["done", "failed"]


def test_a_beat_and_a_farewell_are_the_databases_time():
    row = a_worker("me", seen_at=LONG_AGO)
    assert Worker.objects.dead().filter(pk=row.pk).exists()

    beat("me")
    row.refresh_from_db()
    assert abs(timezone.now() - row.seen_at) < timedelta(seconds=10)
    assert not Worker.objects.dead().exists()

    leave("me")
    assert Worker.objects.dead().get() == row


@pytest.mark.django_db(transaction=True)
def test_the_heart_beats_beside_the_work_and_keeps_house(monkeypatch, caplog):
    monkeypatch.setattr(worker, "BEAT_SECONDS", 0.01)
    monkeypatch.setattr(Heart, "MINUTE", 0)
    kept, fault = threading.Event(), [OperationalError("gone")]

    def keep_house():
        if fault:
            raise fault.pop()
        kept.set()

    monkeypatch.setattr(worker, "housekeeping", keep_house)
    row = a_worker("me", seen_at=LONG_AGO)
    heart = Heart("me")
    heart.start()
    assert kept.wait(20)
    heart.end()

    row.refresh_from_db()
    assert row.seen_at > LONG_AGO
    assert [record.levelno for record in caplog.records] == [logging.ERROR]


@pytest.mark.django_db(transaction=True)
def test_between_two_rounds_of_housekeeping_the_heart_only_beats(monkeypatch):
    beats, kept, enough = [], [], threading.Event()

    def count(name):
        beats.append(name)
        if len(beats) == 3:
            enough.set()

    monkeypatch.setattr(worker, "BEAT_SECONDS", 0.01)
    monkeypatch.setattr(worker, "beat", count)
    monkeypatch.setattr(worker, "housekeeping", lambda: kept.append(1))
    heart = Heart("me")
    heart.start()
    assert enough.wait(20)
    heart.end()

    assert (set(beats), kept) == ({"me"}, [])


def test_housekeeping_forgets_workers_of_old():
    a_worker("of old", seen_at=timezone.now() - timedelta(days=2))
    a_worker("of today", seen_at=LONG_AGO)

    housekeeping()

    assert [row.name for row in Worker.objects.all()] == ["of today"]


@pytest.mark.parametrize("at_work", [True, False])
def test_a_word_to_end_throws_nothing(at_work):
    mine = JobWorker()
    mine.running_task = at_work

    mine.shutdown(15, None)

    assert (worker.running.stopping.is_set(), mine.running) == (True, False)


def test_a_second_word_ends_at_once():
    mine = JobWorker()
    mine.shutdown(15, None)

    with pytest.raises(SystemExit):
        mine.shutdown(15, None)


@pytest.mark.django_db(transaction=True)
def test_a_word_during_housekeeping_lets_the_worker_leave_in_order(monkeypatch):
    mine = JobWorker()
    monkeypatch.setattr(worker, "housekeeping", lambda: mine.shutdown(15, None))

    mine.run()

    assert Worker.objects.get(name=mine.worker_id).ended_at is not None
