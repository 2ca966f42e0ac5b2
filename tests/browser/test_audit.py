"""The auditor's work in a browser: narrow the trail, follow an object, have the trail verified, take the list along."""

import pytest

from .conftest import follow

AUDITOR = "demo.auditor"


PAGES = ["/today/", "/audit/", "/audit/?action=role.grant", "/audit/objects/accounts.user:1/", "/audit/seen/", "/audit/verifications/"]


@pytest.mark.parametrize("width", [1440, 390])
def test_the_pages_are_accessible_and_fit(visitor, width):
    auditor = visitor(width=width)
    auditor.sign_in(AUDITOR)

    for path in PAGES:
        auditor.go(path)
        assert (path, auditor.axe_violations(), auditor.overflow()) == (path, [], 0)


def test_from_a_filter_to_the_history_of_a_person(visitor):
    page = visitor().sign_in(AUDITOR)
    follow(page.get_by_role("link", name="审计日志").first)

    page.locator("details.filters > summary").click()
    page.select_option("#id_action", "role.grant")
    follow(page.get_by_role("button", name="查询"))

    rows = page.locator("table.trail tbody tr")
    assert rows.count() > 0
    assert all("授予角色" in text for text in rows.all_inner_texts())

    follow(rows.first.locator(".c-subject a"))
    assert "人员" in page.get_by_role("heading", level=1).inner_text()
    page.locator("details.raw summary").first.click()
    assert '"digest"' in page.locator("details.raw pre").first.inner_text()


def test_a_chip_takes_its_filter_away(visitor):
    auditor = visitor()
    auditor.sign_in(AUDITOR)
    page = auditor.go("/audit/?action=role.grant&outside=on")

    follow(page.get_by_role("link", name="只看工作时间以外"))

    assert page.url.endswith("/audit/?action=role.grant")


@pytest.mark.parametrize("scripts", [True, False], ids=["scripts", "plain"])
def test_verifying_to_the_stored_result(visitor, scripts):
    auditor = visitor(java_script_enabled=scripts)
    auditor.sign_in(AUDITOR)
    page = auditor.go("/audit/")

    follow(page.get_by_role("button", name="现在核验"))
    assert "/jobs/" in page.url

    for _try in range(60):
        auditor.go("/audit/verifications/")
        if page.locator("tbody tr", has_text="无误").count():
            break
        page.wait_for_timeout(500)
    follow(page.locator("tbody tr", has_text="无误").first.get_by_role("link"))
    assert page.get_by_role("heading", level=1).inner_text() == "核验无误"
    assert not scripts or auditor.axe_violations() == []  # axe is a script itself


def test_exporting_what_the_filter_leaves(visitor):
    auditor = visitor()
    auditor.sign_in(AUDITOR)
    page = auditor.go("/audit/?action=role.grant")

    follow(page.get_by_role("button", name="导出 CSV"))
    link = page.get_by_role("link", name="下载")
    link.wait_for(timeout=60_000)
    with page.expect_download() as download:
        link.click()

    text = download.value.path().read_text(encoding="utf-8-sig")
    assert "授予角色" in text
    assert "登录" not in text.splitlines()[1]
    auditor.go("/audit/?action=list.")
    assert page.locator("table.trail tbody tr").count() > 0
