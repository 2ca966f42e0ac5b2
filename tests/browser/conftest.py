"""The portal as bin/serve starts it, and Chromium in front of it. Each test process has a portal of its own."""

import contextlib
import os
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
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, BrowserContext, Locator, Page, sync_playwright

ROOT = Path(__file__).resolve().parents[2]
FONTS = {"FONTCONFIG_FILE": str(ROOT / "fonts/fonts.conf")}
START_SECONDS = 600  # on a machine with much else to do
OWN_PASSWORD = "harbour-lantern-kettle-42"


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
        done = subprocess.run([ROOT / ".venv/bin/python", "manage.py", *command], cwd=ROOT, env=self.variables, check=True, capture_output=True, text=True)
        return done.stdout


@pytest.fixture(scope="session")
def portal(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Portal]:
    var_dir = tmp_path_factory.mktemp("portal")
    database = {}
    if os.environ.get("DB") == "postgres":
        database = {"DB_NAME": f"portal_{os.environ.get('PYTEST_XDIST_WORKER', 'alone')}"}
        subprocess.run(["createdb", "-h", os.environ["DB_HOST"], "-p", os.environ["DB_PORT"], "-U", os.environ["DB_USER"], database["DB_NAME"]], check=True)
    with running_portal(var_dir, **database) as running:
        yield running


@contextlib.contextmanager
def running_portal(var_dir: Path, **variables: str) -> Iterator[Portal]:
    """bin/serve on a free port with files of its own, until it answers; ended with all that it started."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    log = var_dir / "serve.log"
    kept = {name: value for name, value in os.environ.items() if name not in {"SECRET_KEY", "AUDIT_KEY", "DJANGO_SETTINGS_MODULE"}}
    kept |= {"VAR_DIR": str(var_dir), "PORT": str(port), **variables}
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
            executable_path=os.environ.get("CHROMIUM", "/usr/bin/chromium"), args=["--no-sandbox", "--headless=new"], env={**os.environ, **FONTS}
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
        found = Axe().run(self.page).response["violations"]
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
