"""Settings: safe where nothing is set, and a sentence that says what to do where a key is missing."""

import runpy
from importlib import import_module

import pytest
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured

from core.published import PublishedSite

FILE = str(settings.BASE_DIR / "liaison_portal" / "settings.py")


@pytest.fixture
def keys(monkeypatch, tmp_path):
    monkeypatch.setenv("VAR_DIR", str(tmp_path))
    for name in ("DB", "DEBUG", "HTTPS"):
        monkeypatch.delenv(name, raising=False)
    for name in ("SECRET_KEY", "AUDIT_KEY", "FIELD_KEY"):
        monkeypatch.setenv(name, "x" * 50)


def test_nothing_set_is_safe(keys):
    read = runpy.run_path(FILE)

    assert read["DEBUG"] is False
    assert read["DATABASES"]["default"]["ENGINE"] == "django.db.backends.sqlite3"
    assert read["ALLOWED_HOSTS"] == ["127.0.0.1", "localhost", "[::1]"]
    assert "Strict-Transport-Security" not in read["SECURITY_HEADERS"]


def test_a_missing_key_says_what_to_do(keys, monkeypatch):
    monkeypatch.delenv("AUDIT_KEY")

    with pytest.raises(ImproperlyConfigured, match=r"AUDIT_KEY is not set. Run bin/serve once"):
        runpy.run_path(FILE)


def test_a_key_is_read_from_its_file(keys, monkeypatch, tmp_path):
    monkeypatch.delenv("AUDIT_KEY")
    (tmp_path / "audit_key").write_text("from the file\n")

    assert runpy.run_path(FILE)["AUDIT_KEY"] == "from the file"


def test_https_makes_cookies_secure_and_sends_hsts(keys, monkeypatch):
    monkeypatch.setenv("HTTPS", "1")

    read = runpy.run_path(FILE)

    assert (read["SESSION_COOKIE_SECURE"], read["CSRF_COOKIE_SECURE"]) == (True, True)
    assert (read["SESSION_COOKIE_NAME"], read["CSRF_COOKIE_NAME"]) == ("__Host-session", "__Host-csrf")
    assert read["SECURITY_HEADERS"]["Strict-Transport-Security"].startswith("max-age=31536000")
    assert read["SECURE_PROXY_SSL_HEADER"] == ("HTTP_X_FORWARDED_PROTO", "https")


def test_postgresql_is_chosen_by_the_environment(keys, monkeypatch):
    monkeypatch.setenv("DB", "postgres")
    monkeypatch.setenv("DB_HOST", "db.example")

    chosen = runpy.run_path(FILE)["DATABASES"]["default"]

    assert (chosen["ENGINE"], chosen["HOST"], chosen["NAME"]) == ("django.db.backends.postgresql", "db.example", "liaison_portal")


def test_published_bytes_stand_before_django():
    wsgi = import_module("liaison_portal.wsgi")  # not at the head: it reads the folder of static files, which a test makes

    assert isinstance(wsgi.application, PublishedSite)
    assert wsgi.application.application is wsgi.django_application
