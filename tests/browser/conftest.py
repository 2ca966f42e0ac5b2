"""The portal as bin/serve starts it, and Chromium in front of it. Each test process has a portal of its own, and so have files that fill one."""

import contextlib
import fcntl
import os
import shutil
import signal
import socket
import subprocess
import time
import urllib.request
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.error import URLError

import pytest
from axe_playwright_python.base import AXE_SCRIPT
from playwright.sync_api import Browser, BrowserContext, Locator, Page, sync_playwright

ROOT = Path(__file__).resolve().parents[2]
FONTS = {"FONTCONFIG_FILE": str(ROOT / "fonts/fonts.conf")}
START_SECONDS = 600  # on a machine with much else to do
OWN_PASSWORD = "harbour-lantern-kettle-42"
SHELL = """
import datetime
from django.utils import timezone
from accounts.models import User
from cases.models import Assignment, Case
from duties.models import DutyItem, ProcessStep, RequiredMaterial, Sheet
{body}
"""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker(pytest.mark.browser)


@dataclass
class Portal:
    """A running portal: its address, the password of each account, kept up as tests change them, and the variables that it runs with."""

    address: str
    passwords: dict[str, str]
    variables: dict[str, str]

    def manage(self, *command: str) -> str:
        """Run a command of the portal beside it; returns what it says."""
        done = subprocess.run([ROOT / ".venv/bin/python", "manage.py", *command], cwd=ROOT, env=self.variables, check=False, capture_output=True, text=True)
        assert done.returncode == 0, done.stderr
        return done.stdout

    def run(self, body: str) -> str:
        """Run Python in the portal's own set-up, as an operator would in manage.py shell."""
        return self.manage("shell", "--no-imports", "-c", SHELL.format(body=body))

    def let_work(self, *names: str) -> None:
        """Let these accounts work on every item, with the password that tests type."""
        self.run(f"""
for person in User.objects.filter(username__in={names!r}):
    person.set_password({OWN_PASSWORD!r}); person.must_change_password = False; person.save()
    for item in DutyItem.objects.all():
        Assignment.objects.get_or_create(user=person, item=item, ended_at=None)
""")
        self.passwords |= dict.fromkeys(names, OWN_PASSWORD)


@pytest.fixture(scope="session")
def prepared(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The files of a portal that bin/serve set up from nothing, once for all processes of the run."""
    base = tmp_path_factory.getbasetemp()
    place = (base.parent if "PYTEST_XDIST_WORKER" in os.environ else base) / "prepared"
    with place.with_suffix(".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not place.exists():
            making = tmp_path_factory.mktemp("making")
            with running_portal(making, **database_named("prepared")):
                pass
            making.rename(place)
    return place


def database_named(name: str, template: str = "template1") -> dict[str, str]:
    """The variables for a portal with a database of this name: made on PostgreSQL as a copy of the template; a file of the portal on SQLite."""
    if os.environ.get("DB") != "postgres":
        return {}
    name = f"portal_{name}"
    server = ["-h", os.environ["DB_HOST"], "-p", os.environ["DB_PORT"], "-U", os.environ["DB_USER"]]
    subprocess.run(["createdb", *server, "-T", template, name], check=True)
    return {"DB_NAME": name}


@contextlib.contextmanager
def copied_portal(prepared: Path, var_dir: Path, name: str) -> Iterator[Portal]:
    """A portal on a copy of the prepared one."""
    shutil.copytree(prepared, var_dir, symlinks=True, dirs_exist_ok=True)
    with running_portal(var_dir, **database_named(f"{name}_{os.environ.get('PYTEST_XDIST_WORKER', 'alone')}", "portal_prepared")) as running:
        yield running


@pytest.fixture(scope="session")
def portal(prepared: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Portal]:
    with copied_portal(prepared, tmp_path_factory.mktemp("portal"), "shared") as running:
        yield running


@pytest.fixture(scope="module")
def own_portal(prepared: Path, request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Portal]:
    """A portal for the tests of one file alone."""
    name = request.module.__name__.rpartition(".")[2]
    with copied_portal(prepared, tmp_path_factory.mktemp(name), name) as running:
        yield running


@contextlib.contextmanager
def running_portal(var_dir: Path, **variables: str) -> Iterator[Portal]:
    """bin/serve on a free port with files of its own, until it answers; ended with all that it started."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    log = var_dir / "serve.log"
    kept = {name: value for name, value in os.environ.items() if name not in {"SECRET_KEY", "AUDIT_KEY", "DJANGO_SETTINGS_MODULE"}}
    # One public address for all: what is printed with it is printed once.
    kept |= {"VAR_DIR": str(var_dir), "PORT": str(port), "PUBLIC_BASE_URL": "http://portal.example", **variables}
    with log.open("wb") as output:
        process = subprocess.Popen(
            ["bin/serve"],
            cwd=ROOT,
            env=kept,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    address = f"http://127.0.0.1:{port}"
    try:
        _wait_until_up(address, process, log)
        yield Portal(address, _accounts(var_dir / "accounts.txt"), kept)
    finally:
        _end(process)


def _wait_until_up(address: str, process: "subprocess.Popen[bytes]", log: Path) -> None:
    until = time.monotonic() + START_SECONDS
    while time.monotonic() < until:
        assert process.poll() is None, log.read_text()
        with contextlib.suppress(URLError, ConnectionError), urllib.request.urlopen(f"{address}/", timeout=5):  # noqa: S310 - our own address
            return
        time.sleep(0.3)
    raise AssertionError(log.read_text())


def _accounts(file: Path) -> dict[str, str]:
    """The accounts that bin/serve made: name, password, role in each line."""
    return {name: password for name, password, *_role in (line.split() for line in file.read_text().splitlines() if line.strip())}


def _end(process: "subprocess.Popen[bytes]") -> None:
    for sign in (signal.SIGTERM, signal.SIGKILL):
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, sign)
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(10)


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=os.environ.get("CHROMIUM", "/usr/bin/chromium-headless-shell"), args=["--no-sandbox"], env={**os.environ, **FONTS}
        )
        yield browser
        browser.close()


def follow(locator: Locator, key: str = "") -> None:
    """Press what leads to another page (or this key on it), and wait until that page stands and its scripts have run."""
    with locator.page.expect_navigation():
        if key:
            locator.press(key)
        else:
            locator.click()


@dataclass
class Visitor:
    """One person at a browser of their own. What the browser complained of and what it asked of other hosts is kept and must stay empty."""

    portal: Portal
    context: BrowserContext
    page: Page
    complaints: list[str] = field(default_factory=list)
    strangers: list[str] = field(default_factory=list)

    def go(self, path: str) -> Page:
        self.page.goto(self.portal.address + path)
        return self.page

    def sign_in(self, username: str) -> Page:
        """Sign in with the password that the account has, and arrive at today's work."""
        self.go("/accounts/login/")
        self.fill_in(username, self.portal.passwords[username])
        if "/accounts/password/change/" in self.page.url:
            self.change_password(self.portal.passwords[username], OWN_PASSWORD)
            self.portal.passwords[username] = OWN_PASSWORD
            self.go("/today/")
        assert self.page.url == f"{self.portal.address}/today/"
        return self.page

    def fill_in(self, username: str, password: str) -> None:
        self.page.fill("#id_login", username)
        self.page.fill("#id_password", password)
        follow(self.page.locator("main button[type=submit]"))

    def change_password(self, old: str, new: str) -> None:
        self.page.fill("#id_oldpassword", old)
        self.page.fill("#id_password1", new)
        self.page.fill("#id_password2", new)
        follow(self.page.get_by_role("main").get_by_role("button", name="更改密码"))

    def axe_violations(self) -> list[tuple[str, str]]:
        """What axe finds on the page: rule, and the first element that breaks it."""
        self.page.evaluate(AXE_SCRIPT)
        found = self.page.evaluate("axe.run({resultTypes: ['violations']}).then(results => results.violations)")
        return [(rule["id"], rule["nodes"][0]["html"][:200]) for rule in found]

    def overflow(self) -> int:
        """By how many pixels the page is wider than the window."""
        return self.page.evaluate("document.documentElement.scrollWidth - window.innerWidth")


@pytest.fixture
def visitor(portal: Portal, chromium: Browser) -> Iterator[Callable[..., Visitor]]:
    """Make a visitor: `visitor(width=320, color_scheme="dark", java_script_enabled=False)`."""
    visitors: list[Visitor] = []

    def make(width: int = 1440, **wishes: Any) -> Visitor:
        context = chromium.new_context(viewport={"width": width, "height": 900}, locale="zh-CN", **wishes)
        context.set_default_timeout(15_000)
        made = Visitor(portal, context, context.new_page())
        made.page.on("console", lambda message: message.type in {"error", "warning"} and made.complaints.append(message.text))
        made.page.on("pageerror", lambda error: made.complaints.append(str(error)))
        made.page.on("request", lambda request: request.url.startswith((portal.address, "data:")) or made.strangers.append(request.url))
        visitors.append(made)
        return made

    yield make
    for made in visitors:
        made.context.close()
        assert (made.complaints, made.strangers) == ([], [])
