"""What every test stands on: a cheap password hash, plain static files, files of its own, and triggers that make way for flush."""

import os
from pathlib import Path

import pytest
from django.db import connection

from core import triggers

HERE = Path(__file__).parent
ON_POSTGRESQL = os.environ.get("DB") == "postgres"
PORTAL = {"tests", "browser"}  # folders whose tests start the portal, or processes of it
# Forms, pages and prints that go through the ORM alone, and how pages look: run on one database, or the checks take longer than they may. What acts,
# counts, searches, locks and refuses runs on both, and so do the journeys through cases, letters and search in the browser.
LOOKED_AT_ONCE = (
    "accounts/test_pages.py",
    "accounts/test_passwords.py",
    "browser/test_applications.py",
    "browser/test_audit.py",
    "browser/test_board.py",
    "browser/test_contacts.py",
    "browser/test_coordination.py",
    "browser/test_correspondence.py",
    "browser/test_daily_pages.py",
    "browser/test_documents.py",
    "browser/test_exports.py",
    "browser/test_imports.py",
    "browser/test_interactions.py",
    "browser/test_jobs.py",
    "browser/test_letter_rules.py",
    "browser/test_lists.py",
    "browser/test_memoranda.py",
    "browser/test_public_pages.py",
    "browser/test_rules.py",
    "browser/test_signing_in.py",
    "cases/test_action_pages.py",
    "cases/test_approval_pages.py",
    "cases/test_assignment_pages.py",
    "cases/test_calendar_pages.py",
    "cases/test_case_buttons.py",
    "cases/test_case_pages.py",
    "cases/test_case_prints.py",
    "cases/test_drafts.py",
    "cases/test_rule_pages.py",
    "cases/test_substitutions.py",
    "cases/test_today.py",
    "cases/test_views.py",
    "contacts/memoranda/test_memorandum_pages.py",
    "contacts/test_book_pages.py",
    "contacts/test_brief.py",
    "contacts/test_calendars.py",
    "contacts/test_cards.py",
    "contacts/test_country_pages.py",
    "contacts/test_import_columns.py",
    "contacts/test_interaction_pages.py",
    "contacts/test_quick_entry.py",
    "correspondence/test_mail.py",
    "correspondence/test_pages.py",
    "duties/test_exports.py",
    "duties/test_printing.py",
    "duties/test_word.py",
    "invitations/test_application.py",
    "invitations/test_bad_input.py",
    "invitations/test_canaries.py",
    "invitations/test_letter_pages.py",
    "invitations/test_maintained.py",
    "invitations/test_person_requests.py",
    "invitations/test_register.py",
    "invitations/test_reveal.py",
    "invitations/test_review_page.py",
    "invitations/test_roster.py",
    "invitations/test_scans.py",
    "invitations/test_started_from_another.py",
    "invitations/test_templates.py",
    "invitations/test_visits.py",
    "jobs/test_pages.py",
    "test_permissions.py",
)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Skip on PostgreSQL what cannot differ there."""
    once = pytest.mark.skip(reason="does not depend on the database: looked at on SQLite")
    for item in items:
        place = item.path.relative_to(HERE).as_posix()
        if ON_POSTGRESQL and (place in LOOKED_AT_ONCE or item.get_closest_marker("one_engine") or is_kept_from_the_database(item)):
            item.add_marker(once)


def is_kept_from_the_database(item: pytest.Item) -> bool:
    """Whether pytest-django lets a test ask no database, and it starts nothing that does."""
    asks = item.get_closest_marker("django_db") or {"db", "transactional_db"} & set(getattr(item, "fixturenames", ()))
    return not asks and item.path.parent.name not in PORTAL


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
