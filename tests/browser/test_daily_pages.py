"""Daily work in the browser: every page fits and is accessible, approvals are done on a phone, keys lead about."""

import re

import pytest

from .conftest import follow

FILL = """
from datetime import timedelta
from cases.models import CaseTask, Phrase, StepRule, Substitution
from cases.opening import open_case
from tests import factories as make

people = dict((person.username.removeprefix("demo."), person) for person in User.objects.all())
absent = make.worker("preparer", name="陈立")
Substitution.objects.create(person=absent, substitute=people["preparer"], from_on=timezone.localdate(), until_on=timezone.localdate(), reason="出差")
Phrase.objects.create(person=people["reviewer"], text="请补充材料后再报。")
today = timezone.localdate()

def case(code, title, days=None, by=people["preparer"]):
    made = open_case(DutyItem.objects.get(pk=code), by=by, title=title)
    Case.objects.filter(pk=made.pk).update(due_on=None if days is None else today + timedelta(days=days))
    return made

case("2.1", "莱茵经贸促进协会回访信息反馈", -2)
case("2.1", "神港市商工联合会代表团来访：确认人员名单", 0)
case("3.1", "蓝洋国驻华使馆商务处联合推介会：活动立项", 3)
case("2.1", "南海工商会来访接待", 40, absent)
make.act(case("4.1", "海外商会来访名单待补"), "hold", reason="名单不全", others="补日程")
make.act(case("2.2", "撤回的出访"), "withdraw", reason="对方取消")
for number in range(25):
    case("2.3", f"与市商务委外事部门核对第 {number} 项外事活动", 10 + number)
for title in ("北湾机械展览公司入境邀请函", "东屿商会入境邀请函", "西岭协会入境邀请函"):
    made = case("4.1", title, 5)
    make.act(made, "ask_waiver", f"material:{made.materials.first().pk}", reason="原件由市外办留存")
"""


@pytest.fixture(scope="module")
def portal(own_portal):
    """A portal of one file's own, with cases in every state and three questions to the reviewer."""
    own_portal.let_work("demo.preparer", "demo.reviewer", "demo.leader")
    own_portal.run(FILL)
    return own_portal


def look(person, *paths):
    """What axe and the width of the window have against these pages."""
    found = []
    for path in paths:
        person.go(path)
        if person.axe_violations() or person.overflow() > 0:
            found.append((path, person.axe_violations(), person.overflow()))
    return found


@pytest.mark.one_engine
@pytest.mark.parametrize("wishes", [{}, {"color_scheme": "dark"}, {"contrast": "more"}], ids=["light", "dark", "contrast"])
@pytest.mark.parametrize("width", [1440, 390, 320])
def test_pages_of_daily_work_are_accessible_and_fit(visitor, width, wishes):
    person = visitor(width=width, **wishes)
    person.sign_in("demo.preparer")

    lists = ["/cases/?view=department", "/cases/?view=department&state=any&sort=-number&item=2.3", "/cases/?q=没有"]
    own = ["/substitutions/", "/substitutions/new/", "/account/phrases/", "/account/settings/"]
    assert look(person, "/today/", "/today/?by=item", "/approvals/", *lists, *own) == []


@pytest.mark.parametrize("width", [1440, 390, 320])
def test_approvals_are_accessible_and_fit(visitor, width):
    person = visitor(width=width)
    page = person.sign_in("demo.reviewer")
    person.go("/approvals/")
    first = page.locator("main .tl .what a").first.get_attribute("href")

    assert look(person, "/today/", "/approvals/", first) == []
    follow(page.locator('button[value="send_back"]:visible'))
    assert page.title().startswith("错误：")
    assert (person.axe_violations(), person.overflow()) == ([], 0)


def test_large_type_is_a_setting(visitor):
    person = visitor(width=390)
    page = person.sign_in("demo.leader")
    person.go("/account/settings/")
    page.get_by_label("大字（关怀版）").check()
    follow(page.get_by_role("button", name="保存设置"))

    assert page.evaluate("getComputedStyle(document.documentElement).fontSize") == "20px"
    assert look(person, "/today/", "/cases/", "/approvals/", "/account/settings/") == []


def test_a_count_leads_to_as_many_lines(visitor):
    person = visitor()
    page = person.sign_in("demo.preparer")
    for place in (0, 1, 3):
        person.go("/today/")
        count = page.locator(".tabs4 a").nth(place)
        number = int(count.locator("b").inner_text())
        follow(count)
        assert number == page.locator("main [data-row]").count() > 0


def test_filters_are_set_and_taken_away_one_by_one(visitor):
    person = visitor()
    page = person.sign_in("demo.preparer")
    person.go("/cases/?view=department")
    page.locator(".filters summary").click()
    page.fill("#id_q", "外事活动")
    page.select_option("#id_item", "2.3")
    follow(page.get_by_role("button", name="查询"))

    chips = page.locator(".chips.set .chip").all_inner_texts()
    assert [chip.split("（")[0].strip() for chip in chips] == ["名称或编号：外事活动", "事项：2.3"]
    assert page.locator("main [data-row]").count() == 20
    follow(page.get_by_role("link", name="下一页"))
    assert page.locator("main [data-row]").count() == 5
    follow(page.get_by_role("link", name="上一页"))
    follow(page.locator(".chips.set .chip").first)
    assert "q=" not in page.url
    assert page.locator(".chips.set .chip").count() == 1


def test_keys_lead_about(visitor):
    person = visitor()
    page = person.sign_in("demo.preparer")

    page.keyboard.press("?")
    assert page.locator("#keys").is_visible()
    assert person.axe_violations() == []
    page.keyboard.press("Escape")
    assert not page.locator("#keys").is_visible()

    page.keyboard.press("g")
    page.keyboard.press("c")
    page.wait_for_url("**/cases/")
    page.keyboard.press("j")
    page.keyboard.press("j")
    page.keyboard.press("k")
    first = page.locator("main [data-row] a").first
    assert first.evaluate("link => link === document.activeElement")
    title = first.inner_text()
    with page.expect_navigation():
        page.keyboard.press("Enter")
    assert page.get_by_role("heading", level=1).inner_text() == title

    page.keyboard.press("/")
    assert page.evaluate("document.activeElement.id") == "search"
    page.keyboard.type("gt?c")
    assert page.locator("#search").input_value() == "gt?c"
    assert not page.locator("#keys").is_visible()
    page.locator("h1").click()
    page.keyboard.press("g")
    page.keyboard.press("a")
    page.wait_for_url("**/approvals/")
    page.keyboard.press("c")
    page.wait_for_url("**/cases/new/")
    page.keyboard.press("g")
    page.keyboard.press("t")
    page.wait_for_url("**/today/")
    assert page.locator("body").get_attribute("data-shortcuts") == "on"


def test_single_keys_are_switched_off_and_ctrl_enter_saves(visitor):
    person = visitor()
    page = person.sign_in("demo.preparer")
    person.go("/account/settings/")
    page.get_by_label("单键快捷键").uncheck()
    page.keyboard.press("Control+Enter")
    page.get_by_text("已保存个人设置").wait_for()

    page.keyboard.press("?")
    page.keyboard.press("g")
    page.keyboard.press("c")
    assert not page.locator("#keys").is_visible()
    assert page.url.endswith("/account/settings/")
    page.keyboard.press("Control+k")
    assert page.evaluate("document.activeElement.id") == "search"

    page.locator("details.menu summary").click()
    page.get_by_role("button", name="快捷键", exact=True).click()
    assert page.locator("#keys").is_visible()
    page.keyboard.press("Escape")
    page.get_by_label("单键快捷键").check()
    page.keyboard.press("Control+Enter")
    page.get_by_text("已保存个人设置").wait_for()


def test_ctrl_enter_decides_nothing(visitor):
    person = visitor()
    page = person.sign_in("demo.reviewer")
    person.go("/approvals/")
    follow(page.locator("main .tl .what a").first)
    before = page.url

    page.fill("#id_note", "同意。")
    page.keyboard.press("Control+Enter")
    page.wait_for_timeout(500)

    assert page.url == before
    assert page.locator("#id_note").input_value() == "同意。"


def test_approvals_are_done_on_a_phone_to_the_end(visitor):
    person = visitor(width=390, has_touch=True, is_mobile=True)
    page = person.sign_in("demo.reviewer")
    follow(page.locator(".tabbar").get_by_role("link", name=re.compile("^审签")))
    follow(page.get_by_role("link", name=re.compile("^去审签")).first)

    assert "第 1 件" in page.locator(".crumb").inner_text()
    bar = page.locator(".decide")
    for button in bar.get_by_role("button").all():
        assert button.bounding_box()["height"] >= 44
    assert bar.bounding_box()["y"] + bar.bounding_box()["height"] <= 900

    follow(bar.get_by_role("button", name="退回"))
    assert page.evaluate("document.activeElement.className") == "errsum"
    assert page.locator("#id_note_error").inner_text() == "退回必须写明理由，便于承办人修改。"

    page.get_by_label("请补充材料后再报。").check(force=True)
    assert page.locator("#id_note").input_value() == "请补充材料后再报。"
    follow(bar.get_by_role("button", name="退回"))
    assert "已退回。下面是下一件。" in page.get_by_role("status").inner_text()
    follow(bar.get_by_role("button", name="同意"))
    assert "已办理：同意。下面是下一件。" in page.get_by_role("status").inner_text()
    follow(bar.get_by_role("button", name="同意"))
    assert page.url.endswith("/approvals/")
    assert page.get_by_role("heading", name="没有待审签").is_visible()
    assert page.locator(".tabbar .n").count() == 0


def test_what_came_back_stands_on_the_start_page_and_a_phrase_is_sent_without_scripts(visitor):
    person = visitor(java_script_enabled=False)
    page = person.sign_in("demo.preparer")
    assert "请补充材料后再报。" in page.locator("main").inner_text()
    person.portal.run("""
from tests import factories as make
made = Case.objects.get(title="北湾机械展览公司入境邀请函")
make.act(made, "ask_waiver", f"material:{made.materials.first().pk}", reason="原件在市外办，附复印件")
""")

    reviewer = visitor(java_script_enabled=False)
    page = reviewer.sign_in("demo.reviewer")
    reviewer.go("/approvals/")
    follow(page.locator("main .tl .what a").first)
    page.get_by_label("请补充材料后再报。").check(force=True)
    follow(page.get_by_role("button", name="退回").first)

    assert page.url.endswith("/approvals/")
    assert "退回" in page.locator("main .ql").first.inner_text()
