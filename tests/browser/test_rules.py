"""Operating rules and the working calendar in the browser: an editor changes, another person confirms."""

import re

import pytest

from .conftest import follow

PAGES = {
    "demo.editor": ["/rules/", "/rules/terms/", "/rules/terms/relation/new/", "/rules/calendar/2026/", "/rules/calendar/2027/", "/rules/calendar/import/"],
    "demo.leader": ["/rules/assignments/"],
}
NOTICE = "关于2027年部分节假日安排的通知\n一、元旦：1月1日（周五）至3日（周日）放假，共3天。"


@pytest.fixture(scope="module")
def portal(own_portal):
    """A portal of this file's own: what it changes holds for every case."""
    return own_portal


def open_rule(person, code: str, number: int) -> str:
    """Go from the list to the rule of a step; returns its address."""
    page = person.go("/rules/")
    follow(page.get_by_role("link", name=re.compile(rf"第 {number} 步\s*（{code}）")))
    return page.url.removeprefix(person.portal.address)


def press(page, name: "str | re.Pattern[str]") -> None:
    follow(page.get_by_role("main").get_by_role("button", name=name))


@pytest.mark.parametrize(("scripts", "number"), [(True, 2), (False, 1)], ids=["scripts", "no-scripts"])
def test_an_editor_changes_a_rule_and_a_publisher_confirms_it(visitor, scripts, number):
    editor = visitor(java_script_enabled=scripts)
    page = editor.sign_in("demo.editor")
    address = open_rule(editor, "2.3", number)
    page.get_by_role("link", name="修改办理要求").click()
    page.get_by_label("视需要").check()
    page.get_by_label("往来函电").check()
    page.get_by_label(re.compile("办理时限")).fill("8")
    page.get_by_label("规则来源").fill("")
    press(page, "保存")

    assert page.title().startswith("错误：")
    assert page.get_by_label(re.compile("办理时限")).input_value() == "8"
    page.get_by_label("规则来源").fill("部门会议")
    press(page, "保存")
    assert page.get_by_text("已保存，待另一人确认").is_visible()
    assert page.get_by_text("8 个工作日").is_visible()

    page.get_by_role("link", name="修改任务模板").click()
    before = page.get_by_role("group", name=re.compile("任务")).count()
    press(page, "增加一项任务")
    rows = page.get_by_role("group", name=re.compile("任务"))
    assert rows.count() == before + 1
    rows.last.get_by_label("任务", exact=True).fill("第一件事")
    rows.last.get_by_label("规则来源").fill("部门会议")
    for place in range(before + 1, 1, -1):
        press(page, re.compile(rf"上移\s*任务 {place}$"))
    follow(page.get_by_role("group", name="任务 1").get_by_label("任务", exact=True), "Enter")
    assert page.get_by_role("main").get_by_role("rowheader").first.inner_text() == "第一件事"

    publisher = visitor(java_script_enabled=scripts)
    other = publisher.sign_in("demo.publisher")
    publisher.go(address)
    assert other.get_by_text("本单位待确认").is_visible()
    press(other, "确认本步的规则和任务模板")
    assert other.get_by_text("已确认", exact=True).first.is_visible()


def test_a_notice_is_looked_at_before_it_is_stored(visitor):
    editor = visitor()
    page = editor.sign_in("demo.editor")
    editor.go("/rules/calendar/import/")
    page.get_by_label("通知正文").fill(NOTICE)
    press(page, "读取并核对")
    assert page.get_by_role("heading", name="请核对：2027 年").is_visible()
    assert (editor.axe_violations(), editor.overflow()) == ([], 0)

    press(page, "存储 2027 年放假安排")
    assert page.url.endswith("/rules/calendar/2027/")
    assert page.locator(".month").count() == 12


@pytest.mark.one_engine
@pytest.mark.parametrize("wishes", [{}, {"color_scheme": "dark"}, {"contrast": "more"}], ids=["light", "dark", "contrast"])
@pytest.mark.parametrize("width", [1440, 390, 320])
def test_pages_are_accessible_and_fit(visitor, width, wishes):
    for username, addresses in PAGES.items():
        person = visitor(width=width, **wishes)
        page = person.sign_in(username)
        for address in addresses:
            person.go(address)
            assert (address, person.axe_violations(), person.overflow()) == (address, [], 0)
        if username == "demo.editor":
            rule = open_rule(person, "2.2", 4)
            for address in [rule, f"{rule}edit/", f"{rule}tasks/", "/rules/calendar/days/2026-02-14/"]:
                person.go(address)
                assert (address, person.axe_violations(), person.overflow()) == (address, [], 0)
            page.get_by_label(re.compile("名称")).fill("")
            page.get_by_label("上班").check()
            press(page, "保存")
            assert page.title().startswith("错误：")
            assert person.axe_violations() == []
