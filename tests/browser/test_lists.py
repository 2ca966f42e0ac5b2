"""The list of cases as staff use it: a filter saved, columns chosen, the list exported and opened; several cases reassigned."""

import io
from pathlib import Path

import openpyxl
import pytest

FILL = """
from cases.opening import open_case
from tests import factories as make
people = dict((person.username.removeprefix("demo."), person) for person in User.objects.all())
other = make.worker("preparer", name="陈立")
for number in range(3):
    open_case(DutyItem.objects.get(pk="2.1"), by=people["preparer"], title=f"=莱茵经贸促进协会来访 {number}")
open_case(DutyItem.objects.get(pk="2.3"), by=people["preparer"], title="与市商务委核对外事活动")
"""


@pytest.fixture(scope="module")
def portal(own_portal):
    own_portal.let_work("demo.preparer", "demo.leader")
    own_portal.run(FILL)
    return own_portal


def press(page, name):
    """Press a button of the page, and arrive where it leads."""
    with page.expect_navigation():
        page.get_by_role("main").get_by_role("button", name=name, exact=True).last.click()


@pytest.mark.parametrize("scripts", [True, False], ids=["scripts", "no-scripts"])
def test_a_filtered_list_is_saved_arranged_exported_and_opened(visitor, scripts):
    person = visitor(java_script_enabled=scripts)
    page = person.sign_in("demo.preparer")
    name = "来访的" if scripts else "来访的（无脚本）"
    person.go(f"/cases/?view=department&q=来访{'&state=any' if scripts else ''}")

    page.locator(".lbar summary").click()
    page.get_by_role("link", name="保存现在的筛选").click()
    page.get_by_label("名称").fill(name)
    press(page, "保存")
    page.locator(".lbar summary").get_by_text(name).wait_for()

    page.get_by_role("link", name="选择列").click()
    page.get_by_role("main").get_by_label("立项时间").check()
    page.get_by_role("main").get_by_label("步骤").uncheck()
    page.get_by_role("button", name="上移 立项时间").focus()
    with page.expect_navigation():
        page.keyboard.press("Enter")
    press(page, "保存")
    page.locator("thead th").first.wait_for()
    headings = [heading.strip().split()[0] for heading in page.locator("thead th").all_inner_texts()]
    assert [headings[-2:], "步骤" in headings] == [["立项时间", "状态"], False]

    press(page, "导出 XLSX")
    link = page.get_by_role("link", name="下载")
    link.wait_for(timeout=90_000)
    with page.expect_download() as started:
        link.click()
    sheet = openpyxl.load_workbook(io.BytesIO(Path(started.value.path()).read_bytes())).active

    rows = [[cell.value for cell in row] for row in sheet.iter_rows()]
    assert rows[0] == headings
    assert sorted(row[headings.index("名称")] for row in rows[1:]) == [f"=莱茵经贸促进协会来访 {number}" for number in range(3)]
    assert all(cell.is_date for cell in sheet[2][len(headings) - 2 : len(headings) - 1])
    assert {cell.data_type for row in sheet.iter_rows() for cell in row} <= {"s", "d", "n"}
    person.go("/lists/cases/columns/")
    press(page, "恢复原来的列")


def test_a_leader_reassigns_the_cases_of_a_page_on_a_phone(visitor):
    person = visitor(width=390)
    page = person.sign_in("demo.leader")
    person.go("/cases/?view=department&q=莱茵")

    boxes = page.locator('input[name="case"]')
    boxes.first.check()
    page.get_by_text("已选 1 个").wait_for()
    boxes.nth(1).check()
    page.get_by_text("已选 2 个").wait_for()
    assert (person.axe_violations(), person.overflow()) == ([], 0)
    press(page, "改派选中的办件")
    assert (person.axe_violations(), person.overflow()) == ([], 0)
    options = page.get_by_label("交给").locator("option").all_inner_texts()
    page.get_by_label("交给").select_option(label=next(text for text in options if text.startswith("陈立")))
    page.get_by_label("理由").fill("调整分工")
    press(page, "改派")
    page.get_by_role("heading", name="2 个已改派给 陈立").wait_for()

    assert (person.axe_violations(), person.overflow()) == ([], 0)
    person.go("/cases/?view=department&q=莱茵")
    assert page.get_by_role("cell", name="陈立").count() == 2


@pytest.mark.parametrize("wishes", [{}, {"color_scheme": "dark"}, {"contrast": "more"}], ids=["light", "dark", "contrast"])
@pytest.mark.parametrize("width", [1440, 390, 320])
def test_pages_of_lists_are_accessible_and_fit(visitor, width, wishes):
    person = visitor(width=width, **wishes)
    page = person.sign_in("demo.leader")
    faults = []
    for address in ("/cases/?view=department", "/lists/cases/filters/", "/lists/cases/filters/new/?view=held", "/lists/cases/columns/", "/cases/reassign/"):
        person.go(address)
        faults += [(address, fault) for fault in (*person.axe_violations(), person.overflow()) if fault]
    person.go("/cases/?view=department")
    page.locator(".lbar summary").click()
    faults += [("menu", fault) for fault in (*person.axe_violations(), person.overflow()) if fault]

    assert faults == []
