"""A worker as a process of its own on the database of the test: `python -m tests.jobs.process SETTINGS KIND`, KIND "ours" or "theirs"."""

import json
import sys
from importlib import import_module
from pathlib import Path

import django
from django.conf import settings


def main(given, kind):
    for name in ("VAR_DIR", "MEDIA_ROOT", "AUDIT_ANCHORS"):
        setattr(settings, name, Path(given[name]))
    settings.DATABASES["default"]["NAME"] = given["NAME"]
    django.setup()
    import_module("tests.jobs.work")
    import_module("jobs.schedule")._timings.clear()
    if kind == "ours":
        worker = import_module("jobs.worker").JobWorker(interval=0.05)
    else:
        worker = import_module("django_tasks_db.management.commands.db_worker").Worker(
            queue_names=["*"],
            excluded_queue_names=[],
            backend_name="default",
            interval=0.05,
            batch=False,
            startup_delay=False,
            max_tasks=None,
            worker_id=given["id"],
        )
    worker.configure_signals()
    worker.run()


main(json.loads(sys.argv[1]), sys.argv[2])
