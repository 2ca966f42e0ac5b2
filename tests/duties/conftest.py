from pathlib import Path

import pytest
from django.conf import settings

from core.published import site
from duties.open_data import items_of
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


@pytest.fixture(autouse=True)
def _quick_documents(request, monkeypatch):
    """Pages and data are tested without setting type each time: the site gets its documents' names with a few bytes, but where a test is marked `documents`."""
    if "documents" not in request.keywords:
        monkeypatch.setattr("duties.documents.documents", lambda data: ((name, b"%PDF") for name in document_names(data)))


def document_names(data) -> list[str]:
    sheets = [f"duties/{item['code']}/{name}" for item in items_of(data) for name in ("sheet.pdf", "sheet-archive.pdf", "sheet.docx")]
    return [*sheets, "duties/booklet.pdf", "duties/booklet-screen.pdf", "duties/booklet.docx"]
