"""A year with a body of 1.1 in the browser: call, mail, appointment, visit with minutes, the year closed; by keys, on a phone, without scripts."""

import re
from datetime import date

import pytest

BODY = "北湾商会"


@pytest.fixture(scope="module")
def portal(own_portal):
    """A portal of this file's own: what it types must be nobody's name yet."""
    return own_portal


def press(page, *keys):
    """Keys one after the other; returns how many."""
    for key in keys:
        page.keyboard.press(key)
    return len(keys)


def opened(page):
    """The dialog behind N, ready to type into."""
    page.keyboard.press("n")
    page.locator("#quick form").wait_for()
    page.locator("#id_who:focus").wait_for()


def begun(page, initials, summary):
    """The dialog with a body that was found by its initials, and what it was about."""
    opened(page)
    page.keyboard.type(initials)
    page.locator("#id_who-found [role=option][data-key]").first.wait_for()
    press(page, "Enter")
    page.fill("#id_summary", summary)


def done(page):
    page.locator("#quick[open]").wait_for(state="hidden")
    page.locator("#quick-done a").wait_for()


def made(person, name):
    """A body, made in quick entry with its name alone."""
    page = person.page
    opened(page)
    page.keyboard.type(name)
    press(page, "Tab", "Tab")
    page.keyboard.type("初次联系")
    press(page, "Control+Enter")
    page.locator("#quick .choose").wait_for()
    page.get_by_label(f"新建机构“{name}”").check()
    press(page, "Control+Enter")
    done(page)


def test_a_year_with_a_body(visitor):
    person = visitor()
    page = person.sign_in("demo.preparer")
    made(person, BODY)

    # a mail, from another page, by keys alone: found by initials, three tabs, and sent
    person.go("/cases/")
    opened(page)
    page.keyboard.type("bwsh")
    page.locator("#id_who-found [role=option][data-key]").first.wait_for()
    keys = press(page, "Tab", "ArrowRight", "Tab")
    page.keyboard.type("来信确认三月访问")
    keys += press(page, "Tab", "ArrowRight", "Control+Enter")
    assert keys == 6
    done(page)
    assert page.url.endswith("/cases/")
    page.locator("#quick-done a").click()
    page.wait_for_url(re.compile(r"/contacts/interactions/\d+/"))
    assert page.get_by_role("heading", name=f"邮件 {BODY}").count() == 1
    assert page.get_by_text("继续跟进").count() == 1
    assert person.axe_violations() == []

    # the case of the year, with the follow-up in today's work
    page.get_by_role("link", name=re.compile(f"与{BODY}的往来")).click()
    page.wait_for_url(re.compile(r"/cases/1\.1-\d+-\d+/"))
    case = page.url
    assert page.locator("#interactions").count() == 1
    assert page.locator(".talks li").count() == 2
    assert person.axe_violations() == []
    person.go("/today/")
    assert page.locator(".tl li", has_text=f"与{BODY}的往来").count() == 1

    # an appointment, confirmed, and held with minutes
    page.goto(case)
    page.get_by_role("link", name="预约会见").click()
    page.wait_for_url(re.compile("/contacts/interactions/new/"))
    page.fill("#id_summary", "约定来访")
    page.fill("#id_starts_at", page.input_value("#id_happened_at"))
    page.fill("#id_place", "二楼会议室")
    assert person.axe_violations() == []
    page.get_by_role("main").get_by_role("button", name="保存", exact=True).click()
    page.wait_for_url(re.compile(r"/contacts/interactions/\d+/$"))
    page.get_by_role("link", name="确认会见").click()
    page.get_by_role("main").get_by_role("button", name="确认会见").click()
    page.wait_for_url(re.compile(r"/cases/1\.1-\d+-\d+/#"))
    page.get_by_role("link", name="登记会见和纪要").first.click()
    page.fill("#id_summary", "双方商定互派团组")
    page.get_by_role("main").get_by_role("button", name="登记会见和纪要").click()
    page.wait_for_url(re.compile(r"/cases/1\.1-\d+-\d+/#"))
    assert page.get_by_role("link", name="双方商定互派团组").count() >= 1
    assert page.locator("#visits").count() == 0

    # the list, as a table and as a timeline, and its print
    person.go("/contacts/interactions/?body=bwsh")
    assert page.locator("tbody tr").count() == 4
    assert person.axe_violations() == []
    page.get_by_role("link", name="时间线").click()
    page.wait_for_url(re.compile("look=timeline"))
    assert page.locator(".talks li .what").count() == 4
    assert person.axe_violations() == []
    assert person.overflow() <= 0
    person.go("/contacts/quiet/?days=30")
    assert page.get_by_role("link", name=BODY, exact=True).count() == 0
    assert person.axe_violations() == []


def test_the_people_of_a_body_are_ticked(visitor):
    person = visitor()
    page = person.sign_in("demo.preparer")
    opened(page)
    page.keyboard.type("贝明")
    page.fill("#id_summary", "初次联系")
    press(page, "Control+Enter")
    page.get_by_label("新建联系人“贝明”").check()
    press(page, "Control+Enter")
    page.locator("#quick #id_body_error").wait_for()
    page.fill("#quick #id_body", "南湾商会")
    press(page, "Control+Enter")
    page.get_by_label("新建机构“南湾商会”").check()
    press(page, "Control+Enter")
    done(page)

    begun(page, "nwsh", "请寄来资料")
    page.get_by_label("贝明 职务待补").check(force=True)
    assert person.axe_violations() == []
    press(page, "Control+Enter")
    page.get_by_role("button", name="仍要登记").click()
    done(page)

    page.locator("#quick-done a").click()
    page.wait_for_url(re.compile(r"/contacts/interactions/\d+/"))
    assert page.get_by_role("main").get_by_role("link", name="贝明", exact=True).count() == 1


def test_it_is_asked_whether_a_second_one_is_the_same(visitor):
    person = visitor()
    page = person.sign_in("demo.preparer")
    made(person, "西屿商会")

    begun(page, "xysh", "再次来电")
    press(page, "Control+Enter")
    page.get_by_text("五分钟内已有同一机构").wait_for()
    assert person.axe_violations() == []
    page.get_by_role("button", name="仍要登记").click()
    done(page)


def test_what_was_typed_is_kept_when_the_dialog_is_closed(visitor):
    person = visitor()
    page = person.sign_in("demo.preparer")

    opened(page)
    page.keyboard.type("东港商会")
    page.fill("#id_summary", "谈到一半")
    with page.expect_response(re.compile("/draft")):
        page.locator("#quick [data-close]").click()
    page.locator("#quick[open]").wait_for(state="hidden")
    page.keyboard.press("n")
    page.locator("#quick form").wait_for()

    assert page.input_value("#quick #id_summary") == "谈到一半"
    assert page.get_by_text("的草稿，请检查后再提交").count() == 1
    press(page, "Control+Enter")  # sent, so that it is no draft any more
    page.locator("#quick .choose").wait_for()
    page.get_by_label("新建机构“东港商会”").check()
    press(page, "Control+Enter")
    done(page)


def test_a_phone_has_a_sheet(visitor):
    person = visitor(width=390)
    page = person.sign_in("demo.preparer")

    page.get_by_role("link", name="登记往来").click()
    page.locator("#quick form").wait_for()

    assert person.axe_violations() == []
    assert person.overflow() <= 0
    sheet = page.locator("#quick").bounding_box()
    assert (round(sheet["x"]), round(sheet["width"]), round(sheet["y"] + sheet["height"])) == (0, 390, 900)


def test_without_scripts_the_page_does_it(visitor):
    person = visitor(java_script_enabled=False)
    page = person.sign_in("demo.preparer")

    page.get_by_role("link", name="登记往来").first.click()
    page.fill("#id_who", "南浦商会")
    page.fill("#id_summary", "来电")
    page.get_by_role("main").get_by_role("button", name="保存", exact=True).click()
    page.get_by_label("新建机构“南浦商会”").check()
    page.get_by_role("main").get_by_role("button", name="保存", exact=True).click()

    assert page.get_by_role("heading", name="电话 南浦商会").count() == 1


def test_a_calendar_is_read_without_signing_in(visitor):
    person, program = visitor(), visitor()
    page = person.sign_in("demo.preparer")
    person.go("/calendar/")
    page.fill("#id_label", "手机")
    page.get_by_role("button", name="建立订阅").click()
    address = page.locator(".token code").inner_text()
    assert person.axe_violations() == []

    assert program.page.request.get(address).text().startswith("BEGIN:VCALENDAR")
    page.get_by_role("button", name=re.compile("撤销.*手机")).click()
    page.get_by_text("这个地址不能再用").wait_for()

    assert program.page.request.get(address).status == 404


def test_the_year_is_closed(visitor, portal):
    person = visitor()
    page = person.sign_in("demo.preparer")
    made(person, "中津商会")
    last_year = f"{timezone_year() - 1}-12-30T10:00"
    begun(page, "zjsh", "去年的来电")
    page.locator("#quick .moreof summary").click()
    page.fill("#quick #id_happened_at", last_year)
    page.get_by_label("明天").check(force=True)
    press(page, "Control+Enter")
    page.get_by_role("button", name="仍要登记").click()  # there was one a minute ago
    done(page)
    page.locator("#quick-done a").click()
    page.wait_for_url(re.compile(r"/contacts/interactions/\d+/"))
    page.get_by_role("link", name=re.compile("与中津商会的往来")).click()
    page.wait_for_url(re.compile(r"/cases/1\.1-\d+-\d+/"))

    assert "办结 1 件" in portal.manage("close_threads")

    page.reload()
    assert page.get_by_text("年度终了，系统自动办结").count() >= 1
    assert person.axe_violations() == []
    person.go("/today/")
    assert page.locator(".tl li", has_text=f"与中津商会的往来（{timezone_year()} 年）").count() == 1  # the follow-up goes on there


def timezone_year():
    return date.today().year
