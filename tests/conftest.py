"""What every test stands on: a cheap password hash, plain static files, files of its own, and triggers that make way for flush."""

import pytest
from django.db import connection

from core import triggers


@pytest.fixture(autouse=True)
def _quick_settings(settings, tmp_path):
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
    settings.STORAGES = {**settings.STORAGES, "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}}
    settings.STATIC_ROOT = tmp_path  # it must exist
    settings.MEDIA_ROOT = tmp_path / "media"
    settings.AUDIT_ANCHORS = tmp_path / "audit-anchors.txt"


@pytest.fixture(autouse=True)
def _triggers_make_way_for_flush(request):
    """A test with transaction=True ends with a flush of all tables, which refusing triggers refuse; its post_migrate puts them back."""
    marker = request.node.get_closest_marker("django_db")
    if marker is None or not marker.kwargs.get("transaction"):
        yield
        return
    request.getfixturevalue("transactional_db")
    yield
    triggers.lift(connection)
