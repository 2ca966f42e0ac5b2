"""Background work as its people meet it: an export that is asked for, watched, fetched, cancelled and asked for again; the worker's page."""

from pathlib import Path

import pytest
from playwright.sync_api import expect

WIDTHS = [1440, 390]


def ask_for(person, kind="PDF"):
    page = person.go("/exports/")
    page.get_by_label("全部事项").check()
    page.get_by_label(kind).check()
    page.get_by_role("main").get_by_role("button", name="导出", exact=True).click()
    page.wait_for_url("**/jobs/*/")
    return page


@pytest.mark.parametrize("scripts", [True, False], ids=["scripts", "no-scripts"])
def test_an_export_is_watched_fetched_and_counted(visitor, scripts):
    person = visitor(java_script_enabled=scripts)
    page = person.sign_in("demo.editor")
    ask_for(person)
    address = page.url
    link = page.get_by_role("link", name="下载文件")
    link.wait_for(timeout=120_000)
    assert page.url == address
    expect(page.get_by_role("main").get_by_text("已完成", exact=True)).to_be_visible()
    counted = page.get_by_role("navigation", name="主菜单").get_by_role("link", name="后台任务")

    person.go("/jobs/")
    before = int(counted.locator(".n").inner_text())
    with page.expect_download() as started:
        page.get_by_role("link", name="下载").first.click()
    assert started.value.suggested_filename.startswith("职责事项信息表-8项-")
    assert Path(started.value.path()).read_bytes().startswith(b"%PDF-")

    person.go("/jobs/")
    assert counted.locator(".n").all_inner_texts() == ([str(before - 1)] if before > 1 else [])


def test_a_job_is_cancelled_and_asked_for_again(visitor):
    person = visitor()
    page = person.sign_in("demo.publisher")
    ask_for(person, "Word")
    page.get_by_role("link", name="下载文件").wait_for(timeout=120_000)

    page.get_by_role("button", name="重新提交").click()
    page.get_by_role("link", name="下载文件").wait_for(timeout=120_000)

    rows = person.go("/jobs/").get_by_role("main").get_by_role("row")
    assert rows.filter(has_text="信息表").count() == 2


@pytest.mark.parametrize("wishes", [{}, {"color_scheme": "dark"}, {"contrast": "more"}], ids=["light", "dark", "contrast"])
@pytest.mark.parametrize("width", WIDTHS)
def test_the_pages_of_jobs_are_accessible_and_fit(visitor, width, wishes):
    person = visitor(width=width, **wishes)
    person.sign_in("demo.reviewer")
    person.go("/jobs/")
    assert (person.axe_violations(), person.overflow()) == ([], 0)
    ask_for(person)
    assert (person.axe_violations(), person.overflow()) == ([], 0)
    person.page.get_by_role("link", name="下载文件").wait_for(timeout=120_000)
    assert (person.axe_violations(), person.overflow()) == ([], 0)
    person.go("/jobs/")
    assert (person.axe_violations(), person.overflow()) == ([], 0)


@pytest.mark.parametrize("width", WIDTHS)
def test_the_administrator_sees_that_the_worker_lives(visitor, width):
    person = visitor(width=width)
    person.sign_in("demo.system-admin")
    page = person.go("/jobs/")
    page.get_by_role("link", name="全部任务和运行情况").click()
    page.wait_for_url("**/jobs/watch/")

    expect(page.get_by_role("main").get_by_text("运行中", exact=True)).to_be_visible()
    expect(page.get_by_text("没有正在运行的后台进程")).to_have_count(0)
    person.go("/jobs/watch/?rows=100")  # others have worked in this portal before
    expect(page.get_by_role("main").get_by_text("清除没有归属的文件").first).to_be_visible()
    assert (person.axe_violations(), person.overflow()) == ([], 0)
