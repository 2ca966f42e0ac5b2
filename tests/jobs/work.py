"""Kinds of job and a plain task for the tests, loaded by them and by the worker processes that they start.

Each run notes in the file `log` that it began and that it ended, and in between waits for the file `gate`.
"""

import os
import secrets
import signal
import time
from pathlib import Path

from django_tasks import task

from core.files import folder
from jobs.kinds import JobKind, Produced, register

ALLOWED = {"yes": True}
SLOW = register(JobKind("test-slow", "慢任务", "tests.jobs.work.slow", may=lambda person, parameters: ALLOWED["yes"]))
QUICK = register(JobKind("test-quick", "快任务", "tests.jobs.work.quick", may=lambda person, parameters: ALLOWED["yes"]))
POISON = register(JobKind("test-poison", "毒任务", "tests.jobs.work.poison", may=lambda person, parameters: True))


def note(log, what):
    with Path(log).open("a") as file:
        file.write(f"{what} {os.getpid()}\n")


def wait_for(gate):
    until = time.monotonic() + 60
    while not Path(gate).exists():
        assert time.monotonic() < until
        time.sleep(0.02)


def file_of(words):
    path = folder("incoming") / secrets.token_hex(16)
    path.write_text(words)
    return Produced(path, "名单.txt", "text/plain")


def slow(job, progress):
    progress(1, 3)
    note(job.parameters["log"], "begun")
    wait_for(job.parameters["gate"])
    note(job.parameters["log"], "ended")
    return file_of(f"{os.getpid()}")


def quick(job, progress):
    progress(1, 2)
    return file_of("甲乙丙")


def poison(job, progress):
    note(job.parameters["log"], "begun")
    os.kill(os.getpid(), signal.SIGKILL)


@task()
def plain(log, gate):
    note(log, "begun")
    wait_for(gate)
    note(log, "ended")


WAITING = register(JobKind("test-waiting", "听话的任务", "tests.jobs.work.waiting", may=lambda person, parameters: True))


def waiting(job, progress):
    """Waits as slow does, and says all the time how far it is."""
    progress(1, 3)
    note(job.parameters["log"], "begun")
    until = time.monotonic() + 60
    while not Path(job.parameters["gate"]).exists():
        assert time.monotonic() < until
        time.sleep(0.02)
        progress(2)
    note(job.parameters["log"], "ended")
