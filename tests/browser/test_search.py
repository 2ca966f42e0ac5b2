"""The search field of the bar: results while typing, by keys alone; and the page behind it."""

from .conftest import follow


def test_a_new_case_is_found_by_its_initials_and_opened_by_keys(visitor):
    person = visitor()
    page = person.sign_in("demo.preparer")
    person.go("/cases/new/2.1/")
    page.get_by_label("名称").fill("蓝洋国商务代表团来访（虚构）")
    follow(page.locator("main form button.btn-primary"))
    address = page.url
    person.go("/today/")

    page.keyboard.press("Control+k")
    page.keyboard.insert_text("lygswdbt")
    page.locator("#found mark", has_text="蓝洋国商务代表团").first.wait_for()
    assert person.axe_violations() == []
    page.keyboard.press("ArrowDown")
    follow(page.locator(":focus"), "Enter")
    assert page.url == address

    page.keyboard.press("Control+k")
    page.keyboard.insert_text("lygswdbt")
    page.locator("#found mark").first.wait_for()
    page.keyboard.press("Escape")
    assert page.locator("#found").is_hidden()
    assert page.evaluate("document.activeElement.id") == "search"
    follow(page.locator("#search"), "Enter")
    assert page.url.endswith("/search/?q=lygswdbt")
    assert page.locator("main mark", has_text="蓝洋国商务代表团").count() == 1
    assert person.axe_violations() == []
