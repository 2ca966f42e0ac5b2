"""Signing in, the pages behind it, the lock and its end, as people meet them."""

import pytest

from .conftest import OWN_PASSWORD, follow


@pytest.mark.one_engine
@pytest.mark.parametrize("wishes", [{}, {"color_scheme": "dark"}, {"contrast": "more"}], ids=["light", "dark", "contrast"])
@pytest.mark.parametrize("width", [1440, 390, 320])
def test_sign_in_page_is_accessible_and_fits(visitor, width, wishes):
    guest = visitor(width=width, **wishes)

    guest.go("/accounts/login/")

    assert guest.axe_violations() == []
    assert guest.overflow() <= 0


@pytest.mark.one_engine
@pytest.mark.parametrize("wishes", [{}, {"color_scheme": "dark"}, {"contrast": "more"}], ids=["light", "dark", "contrast"])
@pytest.mark.parametrize("width", [1440, 390, 320])
def test_staff_pages_are_accessible_and_fit(visitor, width, wishes):
    admin = visitor(width=width, **wishes)
    admin.sign_in("demo.system-admin")

    for path in ("/today/", "/people/", "/people/new/", "/people/demo.leader/", "/roles/", "/account/"):
        admin.go(path)
        assert (path, admin.axe_violations()) == (path, [])
        assert (path, admin.overflow()) == (path, 0)


def test_initial_password_is_changed_before_anything_else(visitor):
    admin = visitor()
    page = (admin.sign_in("demo.system-admin"), admin.go("/people/new/"))[1]
    page.fill("#id_username", "li.na")
    page.fill("#id_name", "李娜")
    follow(page.get_by_role("main").get_by_role("button", name="新增人员"))
    initial = page.locator("main code, main .initial-password").first.inner_text().strip()

    person = visitor()
    assert "/accounts/login/" in person.go("/today/").url
    person.fill_in("li.na", initial)
    assert "/accounts/password/change/" in person.page.url
    assert "/accounts/password/change/" in person.go("/account/").url
    assert person.axe_violations() == []

    person.change_password(initial, OWN_PASSWORD)
    person.portal.passwords["li.na"] = OWN_PASSWORD
    page = person.sign_in("li.na") if "/login/" in person.page.url else person.go("/today/")
    assert page.get_by_role("heading", level=1).inner_text() == "今日工作"
    assert page.locator(".task-card").count() == 8


def test_wrong_entry_is_told_above_the_heading_and_takes_the_focus(visitor):
    admin = visitor()
    admin.sign_in("demo.system-admin")
    page = admin.go("/people/new/")

    page.fill("#id_username", "有 空格")
    follow(page.locator("main form button[type=submit], main form button:not([type])").first)

    assert page.title().startswith("错误：")
    assert page.evaluate("document.activeElement.className") == "errsum"
    assert admin.axe_violations() == []


def test_lock_after_five_failures_is_ended_by_the_security_administrator(visitor):
    person = visitor()
    for _attempt in range(5):
        person.go("/accounts/login/")
        person.fill_in("demo.leader", "wrong-wrong-wrong")
    assert person.page.get_by_role("heading", level=1).inner_text() == "登录已暂时锁定"
    assert person.axe_violations() == []
    person.go("/accounts/login/")
    person.fill_in("demo.leader", person.portal.passwords["demo.leader"])
    assert person.page.get_by_role("heading", level=1).inner_text() == "登录已暂时锁定"
    person.complaints.clear()  # the browser says that it was refused

    admin = visitor()
    admin.sign_in("demo.security-admin")
    follow(admin.go("/people/demo.leader/").get_by_role("button", name="解除登录锁定"))

    assert person.sign_in("demo.leader").get_by_role("heading", level=1).inner_text() == "今日工作"


def test_sign_out_from_the_account_menu(visitor):
    person = visitor()
    page = person.sign_in("demo.auditor")

    page.locator("details.menu summary").click()
    assert person.axe_violations() == []
    follow(page.locator("details.menu").get_by_role("button", name="退出"))

    assert "/accounts/login/" in page.url
    assert "/accounts/login/" in person.go("/today/").url


def test_account_menu_works_without_scripts(visitor):
    person = visitor(java_script_enabled=False)
    page = person.sign_in("demo.auditor")

    page.locator("details.menu summary").click()
    follow(page.locator("details.menu").get_by_role("button", name="English"))

    assert page.locator("html").get_attribute("lang") == "en"


def test_ctrl_k_leads_to_the_search_field(visitor):
    page = visitor().sign_in("demo.auditor")

    page.keyboard.press("Control+k")

    assert page.evaluate("document.activeElement.id") == "search"


def test_bar_at_the_foot_of_a_phone_covers_nothing_that_has_the_focus(visitor):
    person = visitor(width=390)
    page = person.sign_in("demo.auditor")
    bar = page.locator(".tabbar").bounding_box()

    for _stop in range(page.locator(".shell a:visible, .shell input:visible, .shell summary:visible").count() + 1):
        page.keyboard.press("Tab")
        box = page.locator(":focus").bounding_box()
        assert box is not None
        assert box["y"] + box["height"] <= bar["y"] + 1
