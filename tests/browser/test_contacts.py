"""The book in the browser: a body with two people in three scripts is registered, found by initials, changed, and briefed on; also without scripts."""

import re

import pytest


@pytest.mark.parametrize(("width", "scripts"), [(1440, True), (390, False)])
def test_a_body_with_two_people_is_registered_found_changed_and_printed(visitor, width, scripts):
    person = visitor(width=width, java_script_enabled=scripts)
    page = person.sign_in("demo.preparer")
    body = f"北湾{'大' if scripts else '小'}商会"
    main = page.get_by_role("main")

    def sound():
        if scripts:
            assert person.axe_violations() == []
            assert person.overflow() <= 0

    person.go("/contacts/organisations/new/")
    page.fill("#id_name", body)
    page.fill("#id_name_en", "North Bay Chamber of Commerce")
    page.fill("#id_name_native", "Nordbukta Handelskammer")
    page.select_option("#id_kind", label="海外商协会")
    page.select_option("#id_country", label="挪威")
    page.select_option("#id_points-0-kind", label="电话")
    page.fill("#id_points-0-value", "请打总机")
    main.get_by_role("button", name="登记", exact=True).click()
    page.locator(".errsum").get_by_text("号码只由数字和 + - ( ) 组成").wait_for()
    assert page.input_value("#id_name_native") == "Nordbukta Handelskammer"
    sound()
    page.fill("#id_points-0-value", f"+47 22 00 {width}")
    main.get_by_role("button", name="再加一个地址").click()
    page.fill("#id_addresses-1-text", "奥斯陆市示例街 1 号")
    assert page.input_value("#id_points-0-value") == f"+47 22 00 {width}"
    _register(page, main)
    page.wait_for_url(re.compile(r"/contacts/organisations/\d+/$"))
    address = page.url

    for chinese, surname, given, native, title in (("贝明", "BERG", "Lars", "Ларс Берг", "会长"), ("区丽", "AU", "Li", "區麗", "秘书长")):
        main.get_by_role("link", name="登记联系人").first.click()
        page.wait_for_url(re.compile("/contacts/people/new/"))
        assert page.input_value("#id_positions-0-body").startswith(body)
        page.fill("#id_name", chinese + ("" if scripts else "明"))
        page.fill("#id_surname", surname)
        page.fill("#id_given_names", given + ("" if scripts else "na"))
        page.fill("#id_name_native", native)
        page.fill("#id_positions-0-title", title)
        page.fill("#id_positions-0-since_on", "2024-05-01")
        sound()
        _register(page, main)
        page.wait_for_url(re.compile(r"/contacts/people/\d+/$"))
        sound()
        page.goto(address)

    assert page.locator("#staff").count() == 1
    assert page.locator("tbody tr").count() == 2
    sound()

    # found by the initials of a surname that is read as a surname
    person.go(f"/search/?q={'ol' if scripts else 'olm'}")
    main.get_by_role("link", name=re.compile("区丽")).click()
    page.wait_for_url(re.compile(r"/contacts/people/\d+/$"))
    main.get_by_role("link", name="修改").click()
    page.wait_for_url(re.compile("/edit/"))
    page.fill("#id_taboos", "不吃猪肉")
    main.get_by_role("button", name="再加一种联系方式").click()
    page.select_option("#id_points-0-kind", label="邮箱")
    page.fill("#id_points-0-value", "li.au@example.org")
    assert page.input_value("#id_taboos") == "不吃猪肉"
    main.get_by_role("button", name="保存").last.click()
    page.wait_for_url(re.compile(r"/contacts/people/\d+/$"))
    assert main.get_by_text("不吃猪肉").count() == 1
    assert main.get_by_role("link", name="li.au@example.org").count() == 1

    page.goto(address)
    printed = page.request.get(page.url + "brief.pdf")
    assert printed.status == 200
    assert printed.body().startswith(b"%PDF")
    person.go("/contacts/countries/")
    sound()
    main.get_by_role("link", name="挪威").first.click()
    page.wait_for_url(re.compile("/contacts/countries/NOR/"))
    assert main.get_by_text(body).count() > 0
    sound()


def _register(page, main):
    """Register, and say that it is none of those that it is like."""
    main.get_by_role("button", name=re.compile("^(登记|不是同一个，仍要登记)$")).last.click()
    if "/new/" in page.url and page.get_by_role("button", name="不是同一个，仍要登记").count():
        page.get_by_role("button", name="不是同一个，仍要登记").last.click()


def test_names_of_bodies_are_offered_while_typing(visitor):
    person = visitor()
    page = person.sign_in("demo.preparer")
    person.go("/contacts/organisations/new/")
    page.fill("#id_name", "东湾贸易振兴会")
    page.select_option("#id_kind", label="海外商协会")
    page.select_option("#id_country", label="日本")
    _register(page, page.get_by_role("main"))
    page.wait_for_url(re.compile(r"/contacts/organisations/\d+/$"))

    person.go("/contacts/people/new/")
    page.locator("#id_positions-0-body").press_sequentially("dwmy")
    offered = page.locator("#bodies option")
    offered.first.wait_for(state="attached")

    assert offered.first.get_attribute("value").startswith("东湾贸易振兴会")
