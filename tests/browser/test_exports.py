"""Exporting sheets as staff do it: choose, wait for the worker, download, open."""

import io
import zipfile
from pathlib import Path

import pytest
from pypdf import PdfReader

from .conftest import follow


def export(page, kind: str) -> bytes:
    """Choose 4.1 and 2.1 with the keyboard, ask for `kind`, wait until it is made, and download it."""
    page.get_by_role("main").get_by_label("4.1 负责贸促会对外邀请函电").focus()
    page.keyboard.press("Space")
    page.get_by_role("main").get_by_label("2.1 邀请和接待海外代表团来访").focus()
    page.keyboard.press("Space")
    page.get_by_label(kind).check()
    follow(page.get_by_role("main").get_by_role("button", name="导出"))
    link = page.get_by_role("link", name="下载")
    link.wait_for(timeout=90_000)
    with page.expect_download() as started:
        link.click()
    assert started.value.suggested_filename.startswith("职责事项信息表-2.1-4.1-")
    return Path(started.value.path()).read_bytes()


@pytest.mark.parametrize("scripts", [True, False], ids=["scripts", "no-scripts"])
def test_editor_exports_two_sheets_in_both_formats(visitor, scripts):
    person = visitor(java_script_enabled=scripts)
    page = person.sign_in("demo.editor")
    follow(page.get_by_role("link", name="导出信息表").first)

    printed = PdfReader(io.BytesIO(export(page, "PDF")))
    text = [sheet.extract_text() for sheet in printed.pages]
    assert len(text) == 4
    assert ["邀请和接待海外代表团来访" in text[2], "4.1" in text[3]] == [True, True]

    person.go("/exports/")
    with zipfile.ZipFile(io.BytesIO(export(page, "Word"))) as package:
        assert package.testzip() is None
        document = package.read("word/document.xml").decode()
    assert ["签发（纸质邀请函）" in document, "组织重要公务代表团出访" in document] == [True, False]

    assert person.go("/exports/").get_by_role("main").get_by_text("已完成").count() >= 2


@pytest.mark.one_engine
@pytest.mark.parametrize("wishes", [{}, {"color_scheme": "dark"}, {"contrast": "more"}], ids=["light", "dark", "contrast"])
@pytest.mark.parametrize("width", [1440, 390, 320])
def test_export_pages_are_accessible_and_fit(visitor, width, wishes):
    person = visitor(width=width, **wishes)
    page = person.sign_in("demo.editor")
    person.go("/exports/")
    assert (person.axe_violations(), person.overflow()) == ([], 0)

    follow(page.get_by_role("main").get_by_role("button", name="导出"))
    assert page.title().startswith("错误：")
    assert (person.axe_violations(), person.overflow()) == ([], 0)

    page.get_by_label("全部事项").check()
    page.get_by_label("Word").check()
    follow(page.get_by_role("main").get_by_role("button", name="导出"))
    page.get_by_role("link", name="下载").wait_for(timeout=90_000)
    assert (person.axe_violations(), person.overflow()) == ([], 0)
