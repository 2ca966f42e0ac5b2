"""Documents of a case in the browser: picked and sent with progress, looked at, downloaded, replaced; with and without scripts."""

import re

import pytest

from tests import samples


def open_case(portal_visitor, title):
    """A new case of item 1.1, opened by the demo preparer."""
    page = portal_visitor.sign_in("demo.preparer")
    portal_visitor.go("/cases/new/2.1/")
    page.fill("#id_title", title)
    page.get_by_role("main").get_by_role("button", name="立项").click()
    page.wait_for_url(re.compile(r"/cases/2\.1-\d+-\d+/"))
    return page


@pytest.fixture
def letters(tmp_path):
    """Files on the disk of the person."""
    (tmp_path / "来函.pdf").write_bytes(samples.pdf(pages=2))
    (tmp_path / "名单.xlsx").write_bytes(samples.xlsx())
    (tmp_path / "来函（改）.pdf").write_bytes(samples.pdf("Second"))
    (tmp_path / "机密.pdf").write_bytes(samples.pdf())
    return tmp_path


def upload(page, *files):
    page.locator("details.upload summary").click()
    page.set_input_files("#id_papers", files)
    page.get_by_label("我确认这些文件不涉密").check()
    page.get_by_role("button", name="上传", exact=True).click()


@pytest.mark.parametrize("width", [1440, 390])
def test_uploading_looking_and_replacing(visitor, letters, width):
    person = visitor(width=width)
    page = open_case(person, f"神港市商工联合会来访 {width}")
    page.locator("details.upload summary").click()
    page.set_input_files("#id_papers", [letters / "来函.pdf", letters / "名单.xlsx"])
    assert page.locator("[data-picked] li").all_inner_texts()[0].startswith("来函.pdf (")
    page.get_by_label("我确认这些文件不涉密").check()
    seen = page.evaluate_handle(
        "() => { window.seen = []; new MutationObserver(() => window.seen.push(document.querySelector('[data-state]')?.textContent))"
        ".observe(document.body, {subtree: true, childList: true, characterData: true}); return window.seen; }"
    )
    page.get_by_role("button", name="上传", exact=True).click()
    page.get_by_text("已办理：上传文件。").wait_for()

    assert any("正在上传" in (text or "") for text in seen.json_value())
    assert page.url.endswith("/") or "#" in page.url
    assert page.evaluate("document.activeElement.id") == "documents"
    row = page.locator(".docs > li", has_text="来函.pdf").first
    row.locator("details.look summary").first.click()
    picture = row.locator(".pages img").first
    picture.scroll_into_view_if_needed()
    page.wait_for_function("image => image.complete && image.naturalWidth > 100", arg=picture.element_handle())
    with page.expect_download() as started:
        row.get_by_role("link", name="来函.pdf", exact=True).click()
    assert started.value.suggested_filename == "来函.pdf"
    assert started.value.path().read_bytes() == samples.pdf(pages=2)
    assert person.axe_violations() == []
    assert person.overflow() <= 0

    row.get_by_role("link", name="上传新版").click()
    page.set_input_files("#id_papers", letters / "来函（改）.pdf")
    page.get_by_label("我确认这些文件不涉密").check()
    assert person.axe_violations() == []
    page.get_by_role("main").get_by_role("button", name="上传新版").click()
    page.get_by_text("已办理：上传新版。").wait_for()
    assert page.get_by_text("以前的版本（1）").count() == 1
    assert page.locator(".docs .tag", has_text="第 2 版").count() == 1


def test_a_refusal_is_told_and_focused(visitor, letters):
    person = visitor()
    page = open_case(person, "拒收")
    upload(page, letters / "机密.pdf")
    summary = page.locator(".errsum")
    summary.wait_for()

    assert "带有密级标志" in summary.inner_text()
    assert page.evaluate("document.activeElement.className") == "errsum"
    assert person.axe_violations() == []


def test_without_scripts_the_form_is_sent_as_it_is(visitor, letters):
    person = visitor(java_script_enabled=False)
    page = open_case(person, "没有脚本")
    upload(page, letters / "来函.pdf", letters / "名单.xlsx")

    page.get_by_text("已办理：上传文件。").wait_for()
    assert page.locator(".docs > li").count() == 2
    assert not page.locator("[data-drop]").is_visible()
