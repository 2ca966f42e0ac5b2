from pathlib import Path

import pytest
from django.conf import settings

from core.published import site
from duties.publishing import make_drafts, publish_edition
from duties.reading import read

SOURCE = settings.BASE_DIR / "fixtures" / "source" / "duty-list.txt"


@pytest.fixture
def source() -> str:
    return SOURCE.read_text(encoding="utf-8")


@pytest.fixture
def publication():
    return read(SOURCE.read_bytes())


@pytest.fixture
def draft(db, publication):
    """The source, imported and not yet published."""
    return make_drafts(publication)


@pytest.fixture
def edition(draft):
    """The source as published on the first day."""
    return publish_edition(draft, by=None)


@pytest.fixture
def site_dir(tmp_path: Path, settings, monkeypatch):
    """An empty folder for the public site."""
    settings.PUBLIC_SITE_DIR = tmp_path / "site"
    monkeypatch.setattr(site, "root", settings.PUBLIC_SITE_DIR)
    monkeypatch.setattr(site, "version", "")
    monkeypatch.setattr(site, "pages", {})
    return settings.PUBLIC_SITE_DIR
