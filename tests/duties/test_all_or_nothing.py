"""Publishing is all or nothing: a writer of the real site killed at any moment leaves the old edition whole, or the new one."""

import csv
import io
import json
import multiprocessing
import random
import re
import shutil
import time
from pathlib import Path

import pytest

from core.published import Site, current_version
from duties import open_data, public_site
from duties.publishing import publish_edition

from .conftest import document_names
from .test_public_site import PREFIXES
from .test_publishing import approved_revision, people  # noqa: F401 - a fixture

pytestmark = pytest.mark.django_db
KILLS = 10
BOUNDARY = {1: "天津市贸促分会国际联络部", 2: "新的边界"}
NUMBER = {
    "/updates/atom.xml": r"<entry><title>第 (\d) 版",
    "/duties.ttl": r"updates/#edition-(\d)> a dcat:Dataset",
    "/duties.jsonld": r'updates/#edition-(\d)",\s*"@type": \[\s*"dcat:Dataset"',
}


@pytest.fixture(autouse=True)
def _documents_tell_their_edition(request, _quick_documents, monkeypatch):
    """The documents of the site in place of those that are set in type, with the number of their edition."""
    if "documents" in request.keywords:
        return
    monkeypatch.setattr("duties.documents.documents", lambda data: ((name, b"%%PDF %d" % data["edition"]["number"]) for name in document_names(data)))


@pytest.fixture
def editions(edition, people):  # noqa: F811
    """The list as data, in its first edition and in its second; a writer in a process of its own needs no database for them."""
    first = open_data.list_as_data()
    publish_edition(approved_revision(edition, people), by=people[2])
    return first, open_data.list_as_data()


def told_editions(site: Site) -> set[int]:
    """Every number of an edition that pages, data and feed tell as the current one; and which boundary of 4.1 they show."""

    def text(address: str) -> str:
        return site.read(address).decode()

    told = {int(re.search(pattern, text(address))[1]) for address, pattern in NUMBER.items()}
    told |= {int(re.search(r"(?:第|Edition) (\d)", text(prefix))[1]) for prefix in PREFIXES}
    told.add(json.loads(text("/duties.json"))["edition"]["number"])
    rows = list(csv.DictReader(io.StringIO(text("/duties.csv").removeprefix("\ufeff"))))
    shown = [rows[-1]["职责边界"], re.search(r"<dt>职责边界</dt>\s*<dd lang=\"zh-CN\">\s*(.*?)\s*</dd>", text("/duties/4.1/"))[1]]
    told |= {int(site.pages[address].bodies["identity"].removeprefix(b"%PDF ")) for address in site.pages if address.endswith((".pdf", ".docx"))}
    return told | {number for number, boundary in BOUNDARY.items() if boundary in shown}


@pytest.fixture
def write(editions, settings, monkeypatch):
    """Write an edition (1 or 2) of the site into a folder."""

    def write(number: int, root: Path) -> bool:
        settings.PUBLIC_SITE_DIR = root
        monkeypatch.setattr(open_data, "list_as_data", lambda: editions[number - 1])
        return public_site.write()

    return write


def bodies(root: Path) -> dict[str, bytes]:
    return {address: page.bodies["identity"] for address, page in Site(root).refresh().pages.items()}


def test_killed_at_random_moments_one_edition_stands_whole(write, tmp_path):
    write(1, tmp_path / "first")
    begun = time.monotonic()
    write(2, tmp_path / "second")
    whole = time.monotonic() - begun
    expected = {1: bodies(tmp_path / "first"), 2: bodies(tmp_path / "second")}
    moments = random.Random()  # noqa: S311 - any moment will do
    standing, half_written = [], 0

    for kill in range(KILLS):
        root = tmp_path / f"kill-{kill}"
        shutil.copytree(tmp_path / "first", root, symlinks=True)
        writer = multiprocessing.get_context("fork").Process(target=write, args=(2, root))
        writer.start()
        if kill % 2:  # every other one while it writes the files
            until = time.monotonic() + 10 * whole
            while not list(root.glob("building-*")) and writer.is_alive() and time.monotonic() < until:
                time.sleep(0.001)
            time.sleep(moments.uniform(0, whole / 4))
        else:
            time.sleep(moments.uniform(0, whole))
        writer.kill()
        writer.join()

        site = Site(root).refresh()
        (number,) = told_editions(site)
        assert bodies(root) == expected[number]
        assert site.version == current_version(tmp_path / ("first" if number == 1 else "second"))
        standing.append(number)
        half_written += bool(list(root.glob("building-*")))

    assert 1 in standing, "no writer was killed before its end: the test proved nothing"
    assert half_written, "no writer was killed while it wrote: the test proved little"
    again = tmp_path / f"kill-{standing.index(1)}"
    assert write(2, again)
    assert bodies(again) == expected[2]
    assert len(list(again.iterdir())) == 2


@pytest.mark.documents
def test_killed_while_real_documents_are_set_one_edition_stands_whole(editions, write, settings, tmp_path):
    for data in editions:
        del data["categories"][:-1]  # 4.1 alone: its sheet twice, the booklet twice, in type as they are
    expected = {}
    for number in (1, 2):
        settings.VAR_DIR = tmp_path / f"var-{number}"
        write(number, tmp_path / str(number))
        expected[number] = bodies(tmp_path / str(number))
    sheets = [body["/duties/4.1/sheet.pdf"] for body in expected.values()]
    assert [body[:5] for body in sheets] == [b"%PDF-"] * 2
    assert sheets[0] != sheets[1]
    all_set = len(list((tmp_path / "var-2" / "prints").glob("*.pdf")))
    assert all_set == 4
    moments, cut_short = random.Random(), 0  # noqa: S311 - any moment will do

    for set_before in range(all_set):
        root, settings.VAR_DIR = tmp_path / f"kill-{set_before}", tmp_path / f"var-kill-{set_before}"
        prints = settings.VAR_DIR / "prints"
        shutil.copytree(tmp_path / "1", root, symlinks=True)
        writer = multiprocessing.get_context("fork").Process(target=write, args=(2, root))
        writer.start()
        until = time.monotonic() + 60
        while len(list(prints.glob("*.pdf"))) < set_before and time.monotonic() < until:
            time.sleep(0.001)
        time.sleep(moments.uniform(0, 0.1))
        writer.kill()
        writer.join()

        cut_short += set_before <= len(list(prints.glob("*.pdf"))) < all_set
        assert bodies(root) in expected.values()
        # What was set before the kill is whole, and is taken as it is.
        write(2, root)
        assert bodies(root) == expected[2]

    assert cut_short, "no writer was killed while it set documents: the test proved nothing"


def test_a_mixed_site_would_be_seen(editions, settings, tmp_path, monkeypatch):
    """The negative control of what the test above looks at: one file of the other edition, and the numbers disagree."""
    trees = []
    for number, data in enumerate(editions, start=1):
        settings.PUBLIC_SITE_DIR = tmp_path / str(number)
        monkeypatch.setattr(open_data, "list_as_data", lambda data=data: data)
        public_site.write()
        trees.append(Site(settings.PUBLIC_SITE_DIR).refresh())
        assert told_editions(trees[-1]) == {number}

    for address in [*NUMBER, *PREFIXES, "/duties.json", "/duties.csv", "/duties/4.1/", "/duties/4.1/sheet.pdf", "/duties/booklet.docx"]:
        mixed = Site(trees[1].root, trees[1].version, trees[1].pages | {address: trees[0].pages[address]})
        assert told_editions(mixed) == {1, 2}, address
