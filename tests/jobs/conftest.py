import json
import os
import secrets
import signal
import subprocess
import sys
import threading
from pathlib import Path

import pytest
from django.conf import settings as portal_settings
from django.db import connection

from jobs import running, schedule
from jobs.models import Job
from tests import factories as make

from . import work


@pytest.fixture(autouse=True)
def _own_place(settings, tmp_path, monkeypatch):
    """Files and locks of its own, an empty timetable, everything allowed, every look at the row taken, nobody told to end."""
    settings.VAR_DIR = tmp_path
    monkeypatch.setattr(schedule, "_timings", {})
    monkeypatch.setattr(running, "SAVE_SECONDS", 0)
    monkeypatch.setitem(work.ALLOWED, "yes", True)
    monkeypatch.setattr(running, "stopping", threading.Event())


@pytest.fixture
def person(db):
    return make.person("editor")


@pytest.fixture
def places(tmp_path):
    """Where a run notes what it did, and what it waits for."""
    return {"log": str(tmp_path / "log"), "gate": str(tmp_path / "gate")}


@pytest.fixture
def start(settings):
    """Start worker processes on the database of the test; none outlives it."""
    started = []

    def begin(kind="ours"):
        given = {
            "VAR_DIR": str(settings.VAR_DIR),
            "MEDIA_ROOT": str(settings.MEDIA_ROOT),
            "AUDIT_ANCHORS": str(settings.AUDIT_ANCHORS),
            "NAME": str(connection.settings_dict["NAME"]),
            "id": secrets.token_hex(8),
        }
        process = subprocess.Popen(
            [sys.executable, "-m", "tests.jobs.process", json.dumps(given), kind],
            cwd=portal_settings.BASE_DIR,
            env={**os.environ, "DJANGO_SETTINGS_MODULE": "liaison_portal.settings"},
        )
        started.append(process)
        return process

    yield begin
    for process in started:
        process.send_signal(signal.SIGCONT)
        process.kill()
        process.wait(10)


def log_of(places):
    path = Path(places["log"])
    return [line.split()[0] for line in path.read_text().splitlines()] if path.exists() else []


def only_job():
    return Job.objects.get(asked_by__isnull=False)
