"""The public site as plain files: whole, every link leads to a file, and the words are those that the portal serves."""

import gzip
import re
import shutil
from collections.abc import Callable
from io import StringIO
from pathlib import Path
from urllib.parse import unquote, urljoin, urlsplit

import brotli
import pytest
from django.contrib.staticfiles.storage import staticfiles_storage
from django.core.management import CommandError, call_command
from django.test import override_settings

from core.published import CURRENT, PACKED_ALREADY, site
from duties import public_site
from duties.management.commands import export_public_site
from duties.publishing import publish_edition

from .test_public_site import CODES, FILES, PATHS, PREFIXES, Words
from .test_publishing import approved_revision, people  # noqa: F401 - a fixture

pytestmark = pytest.mark.django_db
HASHED = {"staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.ManifestStaticFilesStorage"}}
PLAIN = {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}
CSS_ADDRESS = re.compile(r"url\(\s*[\"']?(?!data:)([^\"')]+)")


@pytest.fixture(scope="module")
def static_root(tmp_path_factory) -> Path:
    """The static files as production has them: collected, with the digest of the content in each name."""
    root = tmp_path_factory.mktemp("static")
    with override_settings(STATIC_ROOT=root, STORAGES=HASHED):
        call_command("collectstatic", verbosity=0, interactive=False)
    return root


@pytest.fixture
def _hashed_static(settings, static_root):
    settings.STATIC_ROOT, settings.STORAGES = static_root, {**settings.STORAGES, **HASHED}


@pytest.fixture(scope="module")
def made_before(tmp_path_factory) -> Path:
    """Where the first test of this module leaves its trees, so that the others need not make them again."""
    return tmp_path_factory.mktemp("made")


def copied(made: Path, folder: Path, make: Callable[[], object]) -> None:
    """Bring `folder` from `made`; if it is not there yet, `make` it and leave a copy."""
    if not made.exists():
        make()
        shutil.copytree(folder, made, symlinks=True)
    else:
        shutil.copytree(made, folder, symlinks=True)


@pytest.fixture
def written(_hashed_static, edition, site_dir, made_before):
    copied(made_before / "site", site_dir, public_site.write)
    return edition


def export(folder: Path, *options: str) -> str:
    out = StringIO()
    call_command("export_public_site", folder, *options, stdout=out)
    return out.getvalue()


@pytest.fixture
def exported(written, made_before, tmp_path) -> Path:
    copied(made_before / "export", tmp_path / "export", lambda: export(tmp_path / "export"))
    return tmp_path / "export" / CURRENT


def plain_files(root: Path) -> set[str]:
    return {path.relative_to(root).as_posix() for path in root.rglob("*") if path.is_file() and path.suffix not in {".gz", ".br"}}


def broken_links(root: Path, below: str = "/") -> tuple[list[tuple[str, str]], int]:
    """Follow every link as a browser would if `root` stood at `below`: links that lead to no file, and how many were followed."""
    broken, followed = [], 0
    for name in sorted(plain_files(root)):
        text = (root / name).read_text() if name.endswith((".html", ".css")) else ""
        links = Words(text).links if name.endswith(".html") else CSS_ADDRESS.findall(text)
        for link in links:
            target = urlsplit(urljoin(f"http://site{below}{name}", link))
            if target.netloc != "site" or target.scheme != "http":
                continue
            followed += 1
            file = root / unquote(target.path).removeprefix(below)
            file = file / "index.html" if target.path.endswith("/") else file
            if not target.path.startswith(below) or not file.is_file() or (target.fragment and f'id="{target.fragment}"' not in file.read_text()):
                broken.append((name, link))
    return broken, followed


def test_every_file_is_there_plain_and_packed(exported):
    names = plain_files(exported)

    published = set(map(export_public_site.file_name, site.refresh().pages))
    assert "duties/4.1/sheet.pdf" in published
    assert {name for name in names if not name.startswith("static/")} == published | {"404.html", "503.html"}
    for name in names:
        if Path(name).suffix in PACKED_ALREADY:
            assert (exported / name).read_bytes() == site.read(f"/{name}")
            continue
        body = (exported / name).read_bytes()
        assert gzip.decompress((exported / f"{name}.gz").read_bytes()) == brotli.decompress((exported / f"{name}.br").read_bytes()) == body


def test_static_files_are_the_hashed_ones_and_the_same(exported, static_root):
    names = {name for name in plain_files(exported) if name.startswith("static/")}

    assert f"static/{staticfiles_storage.stored_name('css/public.css')}" in names
    assert {name for name in names if not re.search(r"\.[0-9a-f]{12}\.\w+$", name)} == set()
    for name in names:
        assert (exported / name).read_bytes() == (static_root / name.removeprefix("static/")).read_bytes()


@pytest.mark.parametrize("below", ["/", "/zhize/2026/"])
def test_every_link_leads_to_a_file(written, tmp_path, below):
    export(tmp_path / "export", "--base", below)

    broken, followed = broken_links(tmp_path / "export" / CURRENT, below)

    assert broken == []
    assert followed > 1000


def test_the_crawler_sees_a_broken_link(exported):
    (exported / "updates" / "index.html").unlink()

    broken, _followed = broken_links(exported)

    assert ("index.html", "updates/") in broken


def test_data_are_the_bytes_that_are_served(exported, client):
    for name in FILES:
        assert (exported / name).read_bytes() == client.get(f"/{name}").content


def test_pages_differ_from_what_is_served_in_their_links_only(exported, client):
    for prefix in PREFIXES:
        for path in PATHS:
            address = prefix + path
            served, kept = client.get(address).content.decode(), (exported / f"{address}index.html".removeprefix("/")).read_text()

            assert kept == export_public_site.relative_page(f"{address}index.html".removeprefix("/"), served)
            # Each link put back to where it leads from this page gives the served page again, but for what needs the portal.
            back = re.sub(r'(?<=\s)(href|src|action)="(?![a-z]+:|#)([^"]*)"', lambda found, at=address: f'{found[1]}="{urljoin(at, found[2])}"', kept)
            assert back == export_public_site.NEEDS_PORTAL.sub("", served)


def test_what_needs_the_portal_is_left_out(exported, client):
    assert "/accounts/login/" in client.get("/").content.decode()
    for name in plain_files(exported):
        if name.endswith(".html"):
            text = (exported / name).read_text()
            assert not re.search(r"accounts/login|/today/|<form|data-portal", text), name


def test_error_pages_work_at_any_address(written, tmp_path):
    export(tmp_path / "root")
    export(tmp_path / "below", "--base", "/zhize/")

    for name, said in (("404.html", "没有找到页面"), ("503.html", "系统暂时不能使用")):
        for folder, base in (("root", "/"), ("below", "/zhize/")):
            page = Words((tmp_path / folder / CURRENT / name).read_text())
            assert said in page.text
            assert {link for link in page.links if not link.startswith((base, "#"))} == set()


def test_3_2_and_the_sheets_are_readable_in_it(exported, publication):
    assert "信息表未随源文件提供" in (exported / "duties/3.2/index.html").read_text()
    for code, sheet in publication.sheets.items():
        assert sheet.responsibilities_cell in (exported / f"duties/{code}/index.html").read_text()
    assert sorted(path.name for path in (exported / "duties").iterdir() if path.is_dir()) == CODES


# -- again, and where not ----------------------------------------------------------
def test_a_new_edition_replaces_the_export(written, tmp_path, people):  # noqa: F811
    folder = tmp_path / "export"
    export(folder)
    assert export(folder).startswith("没有变化")
    publish_edition(approved_revision(written, people), by=people[2])
    public_site.write()

    assert export(folder).startswith("已导出")

    assert "新的边界" in (folder / CURRENT / "duties/4.1/index.html").read_text()
    assert len(list(folder.iterdir())) == 2


def test_what_an_interrupted_export_left_is_cleared_away(written, tmp_path):
    (tmp_path / "export" / "building-abc_1234").mkdir(parents=True)

    export(tmp_path / "export")

    assert len(list((tmp_path / "export").iterdir())) == 2


@pytest.mark.parametrize("name", ["report.docx", ".htaccess", "building-site"])
def test_a_folder_with_other_files_is_refused(written, tmp_path, name):
    export(tmp_path / "export")
    (tmp_path / "export" / name).write_text("mine")

    with pytest.raises(CommandError, match=f"里有别的文件（{re.escape(name)}）"):
        export(tmp_path / "export")

    assert (tmp_path / "export" / name).read_text() == "mine"


def test_the_site_in_use_is_refused(written, site_dir):
    before = site.refresh().version

    with pytest.raises(CommandError, match="正在使用的公开网站"):
        export(site_dir)

    assert site.refresh().version == before


def test_a_file_is_not_a_folder(written, tmp_path):
    (tmp_path / "file").write_text("")

    with pytest.raises(CommandError, match="不是文件夹"):
        export(tmp_path / "file")


@pytest.mark.parametrize("base", ["zhize/", "/zhize"])
def test_a_path_that_is_none_is_refused(written, tmp_path, base):
    with pytest.raises(CommandError, match="以 / 开头并以 / 结尾"):
        export(tmp_path / "export", "--base", base)


def test_before_anything_is_published_it_says_what_to_do(site_dir, tmp_path):
    with pytest.raises(CommandError, match="write_public_site"):
        export(tmp_path / "export")


def test_missing_static_files_are_named(written, settings, tmp_path):
    settings.STATIC_ROOT, settings.STORAGES = tmp_path / "none", {**settings.STORAGES, "staticfiles": PLAIN}

    with pytest.raises(CommandError, match=r"缺少样式文件 .*collectstatic"):
        export(tmp_path / "export")

    assert not (tmp_path / "export").exists()
