"""What holds for the project as a whole: who may import whom, exact versions, a complete catalogue, clean files."""

import ast
import re
import shutil
import subprocess
from pathlib import Path

import pytest
from django.conf import settings

ROOT = settings.BASE_DIR
# An app imports only from apps below it in this list (docs/decisions/0001-layers.md).
LAYERS = [
    "liaison_portal",
    "dashboards",
    "auditing",
    "invitations",
    "events",
    "delegations",
    "contacts",
    "correspondence",
    "cases",
    "duties",
    "lists",
    "jobs",
    "accounts",
    "core",
]
APPS = [name for name in LAYERS if (ROOT / name).is_dir()]


NOT_OURS = {".git", ".venv", "var", "vendor", "__pycache__", ".mypy_cache", ".pytest_cache", ".ruff_cache", ".hypothesis"}


def texts(*endings: str) -> list[Path]:
    """Files of the project with these endings ("" for those without any), what is installed or made left out."""
    found = [path for path in ROOT.rglob("*") if path.is_file() and not NOT_OURS & set(path.relative_to(ROOT).parts)]
    return [path for path in found if path.suffix in endings]


def modules(app: str) -> list[Path]:
    return [path for path in sorted((ROOT / app).rglob("*.py")) if "migrations" not in path.parts]


def imported_apps(path: Path) -> set[str]:
    tree = ast.parse(path.read_text())
    names = {alias.name for node in ast.walk(tree) if isinstance(node, ast.Import) for alias in node.names}
    names |= {node.module for node in ast.walk(tree) if isinstance(node, ast.ImportFrom) and node.module and not node.level}
    return {name.split(".")[0] for name in names} & set(LAYERS)


@pytest.mark.parametrize("app", APPS)
def test_an_app_imports_only_from_those_below_it(app):
    allowed = set(LAYERS[LAYERS.index(app) :]) - {"liaison_portal"} | {app}

    wrong = {str(path.relative_to(ROOT)): sorted(imported_apps(path) - allowed) for path in modules(app)}

    assert {path: names for path, names in wrong.items() if names} == {}


def test_every_app_stands_in_the_list():
    assert {path.parent.name for path in ROOT.glob("*/apps.py")} <= set(LAYERS)


def test_no_import_inside_a_function():
    found = [
        f"{path.relative_to(ROOT)}:{inner.lineno}"
        for app in APPS
        for path in modules(app)
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.FunctionDef)
        for inner in ast.walk(node)
        if isinstance(inner, ast.Import | ast.ImportFrom)
    ]
    assert found == []


@pytest.mark.parametrize("name", ["requirements", "requirements-dev"])
def test_versions_are_exact_and_locked_with_hashes(name):
    lines = [line for line in (ROOT / f"{name}.txt").read_text().splitlines() if line and not line.startswith(("#", "-r"))]
    lock = (ROOT / f"{name}.lock").read_text()
    locked = dict(re.findall(r"^([a-z0-9-]+)==([^ ;\\]+)", lock, re.MULTILINE))

    assert [line for line in lines if not re.fullmatch(r"[a-z0-9-]+(\[[a-z,]+\])?==[0-9.]+", line)] == []
    for line in lines:
        package, version = re.sub(r"\[.*\]", "", line).split("==")
        assert locked[package] == version, f"{name}.lock is stale: {line}"
    assert lock.count("--hash=sha256:") >= len(locked)


@pytest.mark.parametrize("name", ["requirements.lock", "requirements-dev.lock", "bin", ".ci", "tools"])
def test_no_address_of_a_registry_in_the_set_up(name):
    path = ROOT / name
    for file in [path] if path.is_file() else [entry for entry in path.rglob("*") if entry.is_file()]:
        assert not re.search(r"index-url|find-links|https?://[^ \"]*/(simple|packages)", file.read_text()), file


# -- language ------------------------------------------------------------------
@pytest.fixture(scope="module")
def extracted(tmp_path_factory) -> Path:
    """A copy of the project's sources with the catalogue as makemessages makes it now."""
    copy = tmp_path_factory.mktemp("messages") / "project"
    shutil.copytree(ROOT, copy, ignore=shutil.ignore_patterns(".git", ".venv", "var", "fonts", "static", "node_modules", ".*cache*", "tests"))
    command = [str(ROOT / ".venv" / "bin" / "python"), "manage.py", "makemessages", "--locale", "en", "--no-obsolete", "--no-location", "--verbosity", "0"]
    subprocess.run(command, cwd=copy, check=True)
    return copy / "locale" / "en" / "LC_MESSAGES" / "django.po"


def entries(catalogue: Path) -> dict[str, str]:
    """Message to translation; an empty translation for what has none, or only a guess (fuzzy)."""
    found = {}
    for block in catalogue.read_text().split("\n\n")[1:]:
        texts: dict[str, str] = {}
        key = ""
        for line in block.splitlines():
            if match := re.match(r'(msgctxt|msgid_plural|msgid|msgstr(?:\[\d\])?) (".*")', line):
                key, text = match.groups()
            elif line.startswith('"'):
                text = line
            else:
                continue
            texts[key] = texts.get(key, "") + ast.literal_eval(text)
        translation = texts.get("msgstr") or texts.get("msgstr[0]", "")
        found[texts.get("msgctxt", "") + texts["msgid"]] = "" if "#, fuzzy" in block else translation
    return found


def test_the_english_catalogue_is_complete(extracted):
    kept = entries(ROOT / "locale" / "en" / "LC_MESSAGES" / "django.po")
    needed = entries(extracted)

    assert [message for message in needed if not kept.get(message)] == []
    assert sorted(set(kept) - set(needed)) == []


def test_english_holds_no_chinese_and_the_same_placeholders():
    for message, translation in entries(ROOT / "locale" / "en" / "LC_MESSAGES" / "django.po").items():
        placeholders = r"%\([a-z_]+\)[sd]|%s|%d"
        assert sorted(re.findall(placeholders, message)) == sorted(re.findall(placeholders, translation)), message
        assert not re.search("[\u4e00-\u9fff]", re.sub("[“「][^”」]*[”」]|（[^）]*）|[(][^)]*[)]", "", translation)), translation


@pytest.mark.parametrize("language", ["en", "zh_Hans"])
def test_the_compiled_catalogue_is_not_stale(tmp_path, language):
    folder = ROOT / "locale" / language / "LC_MESSAGES"
    subprocess.run(["msgfmt", "--check-format", "-o", tmp_path / "django.mo", folder / "django.po"], check=True)

    assert (tmp_path / "django.mo").read_bytes() == (folder / "django.mo").read_bytes()


# -- text of the project ---------------------------------------------------------
def test_nothing_refers_to_a_place_outside_the_project():
    words = re.compile(r"\.\./" + "shared|/" + "work/|/" + "root/")
    paths = texts(".py", ".md", ".html", ".css", ".js", ".toml", ".txt", ".lock", "")
    assert len(paths) > 100
    assert [path for path in paths if words.search(path.read_text(errors="replace"))] == []


def test_every_variable_that_the_settings_read_is_in_the_example():
    code = (ROOT / "liaison_portal" / "settings.py").read_text()
    read = set(re.findall(r'(?:environ\.get|get_flag|get_key)\("([A-Z_]+)"', code))
    named = set(re.findall(r"^#? ?([A-Z_]+)=", (ROOT / ".env.example").read_text(), re.MULTILINE))

    assert read == named


def test_the_print_fonts_are_the_pack():
    assert sorted(path.name for path in (ROOT / "fonts").glob("*.[ot]tf")) == [
        "FandolFang-Regular.otf",
        "LiberationSerif-Bold.ttf",
        "LiberationSerif-Regular.ttf",
        "NotoSansSC-Regular-core.otf",
        "NotoSerifSC-Bold-core.otf",
        "PortalKai-Regular.ttf",
    ]
