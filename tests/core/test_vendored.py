"""The committed front-end files are those that tools/vendor makes, and the icons are the ones in use."""

import hashlib
import json
import re

import pytest
from django.conf import settings

STATIC = settings.BASE_DIR / "static"
MANIFEST = json.loads((STATIC / "vendor/MANIFEST.json").read_text())
FILES = {name: digest for package in MANIFEST for name, digest in package["sha256"].items()}
STYLES = sorted((STATIC / "css").glob("*.css"))
PAGES = sorted(page for page in (settings.BASE_DIR / "templates").rglob("*.html") if page.parent.name != "print")  # prints carry their style


@pytest.mark.parametrize("name", FILES)
def test_vendored_file_is_as_listed(name):
    assert hashlib.sha256((STATIC / name).read_bytes()).hexdigest() == FILES[name]


def test_every_vendored_file_is_listed_with_a_licence():
    found = {path.relative_to(STATIC).as_posix() for path in (STATIC / "vendor").rglob("*") if path.is_file()}

    assert found - {"vendor/MANIFEST.json"} == {name for name in FILES if name.startswith("vendor/")}
    assert {package["licence"] for package in MANIFEST} == {"MIT"}


def test_no_vendored_file_names_a_source_map():
    assert [name for name in FILES if b"sourceMappingURL" in (STATIC / name).read_bytes()] == []


def test_sprite_holds_the_icons_in_use():
    there = set(re.findall(r'<symbol id="([a-z0-9-]+)"', (STATIC / "img/icons.svg").read_text()))
    used = {name for page in PAGES for name in re.findall(r'{% (?:icon|menu_entry "[\w:-]+") "([a-z0-9-]+)"', page.read_text())}
    used |= {name for script in (STATIC / "js").glob("*.js") for name in re.findall(r'"#([a-z0-9-]+)"', script.read_text())}

    assert used - there == set()
    assert there - used == set()


def test_pages_have_no_inline_style_or_script():
    inline = re.compile(r"<style|\sstyle=|\son[a-z]+=|<script(?![^>]*(?:src=|application/ld\+json))")

    assert [(page.name, inline.findall(page.read_text())) for page in PAGES if inline.search(page.read_text())] == []


def test_both_ways_to_high_contrast_set_the_same_values():
    text = (STATIC / "css/tokens.css").read_text()
    by_system = re.search(r"@media \(prefers-contrast: more\) {\s*:root:root {(.*?)}", text, re.DOTALL)
    by_switch = re.search(r":root:root:has\(#contrast:checked\) {(.*?)}", text, re.DOTALL)

    assert by_system[1].split() == by_switch[1].split()


@pytest.mark.parametrize("path", STYLES, ids=lambda path: path.name)
def test_colours_stand_in_the_tokens_only(path):
    colours = re.findall(r"#[0-9a-f]{3,8}\b(?=[;\s])", path.read_text())

    if path.name not in {"tokens.css", "print.css"}:
        assert set(colours) <= {"#fff", "#000"}  # a QR code is black on white in every dress
