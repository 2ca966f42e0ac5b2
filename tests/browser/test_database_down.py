"""The database server is stopped under a running portal: the public site goes on, everything else says so plainly, and it recovers by itself."""

import os
import subprocess
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from urllib.error import HTTPError

import pytest

from duties.public_site import VARIANTS

from .conftest import ROOT, Portal, running_portal

PATHS = ["", *(f"duties/{code}/" for code in ("1.1", "1.2", "2.1", "2.2", "2.3", "3.1", "3.2", "4.1"))]
PATHS += ["legal-bases/", "supervision/", "updates/", "accessibility/", "privacy/", "?q=%E7%AD%BE%E5%8F%91"]
FILES = ["/duties.json", "/duties.schema.json", "/duties.csv", "/updates/atom.xml", "/robots.txt"]

pytestmark = pytest.mark.skipif(os.environ.get("DB") != "postgres", reason="SQLite is no server that could be stopped")


@pytest.fixture
def cluster() -> Iterator[Path]:
    """A PostgreSQL server of this test's own."""
    with TemporaryDirectory() as folder:
        yield Path(folder)
        control(Path(folder), "stop")


def control(cluster: Path, action: str) -> None:
    subprocess.run(["bin/postgres", action, str(cluster)], cwd=ROOT, env={**os.environ, "DB_PORT": "54331"}, check=True)


def ask(portal: Portal, path: str, cookie: str = "") -> tuple[int, str]:
    request = urllib.request.Request(portal.address + path, headers={"Cookie": cookie})  # noqa: S310 - our own address
    try:
        with urllib.request.urlopen(request, timeout=20) as response:  # noqa: S310
            return response.status, response.read().decode()
    except HTTPError as error:
        return error.code, error.read().decode()


def test_public_pages_answer_while_the_database_is_stopped(tmp_path, cluster):
    control(cluster, "start")
    with running_portal(tmp_path, DB="postgres", DB_HOST=str(cluster), DB_PORT="54331", DB_USER="postgres", DB_NAME="postgres") as portal:
        addresses = FILES + [variant.prefix + path for variant in VARIANTS for path in PATHS]
        before = {address: ask(portal, address) for address in addresses}
        assert {status for status, _ in before.values()} == {200}

        control(cluster, "halt")

        assert {address: ask(portal, address) for address in addresses} == before
        assert ask(portal, "/duties/9.9/")[0] == 404
        status, body = ask(portal, "/today/", cookie="session=0123456789abcdefghijklmnopqrstuv")
        assert (status, "系统暂时不能使用" in body) == (503, True)

        control(cluster, "resume")

        assert ask(portal, "/today/", cookie="session=0123456789abcdefghijklmnopqrstuv")[0] == 200
