"""The public pages as a visitor meets them: accessible at every width, in every tree, with and without scripts."""

import pytest

from .conftest import follow

pytestmark = pytest.mark.one_engine  # published bytes
PATHS = {
    "list": "",
    "found": "?q=护照",
    "not found": "?q=没有这个词",
    "item": "duties/4.1/",
    "long steps": "duties/2.1/",
    "no sheet": "duties/3.2/",
    "legal bases": "legal-bases/",
    "supervision": "supervision/",
    "updates": "updates/",
    "accessibility": "accessibility/",
    "privacy": "privacy/",
}
TREES = ["/", "/care/", "/en/"]


@pytest.mark.parametrize("width", [1440, 390, 320])
@pytest.mark.parametrize("tree", TREES)
@pytest.mark.parametrize("kind", PATHS)
def test_page_is_accessible_fits_and_leaves_no_cookie(visitor, kind, tree, width):
    reader = visitor(width=width)

    reader.go(tree + PATHS[kind])

    assert reader.axe_violations() == []
    assert reader.overflow() <= 0
    assert reader.context.cookies() == []


@pytest.mark.parametrize("wishes", [{"color_scheme": "dark"}, {"contrast": "more"}, {"forced_colors": "active"}], ids=["dark", "contrast", "forced colours"])
@pytest.mark.parametrize("path", ["/", "/?q=护照", "/duties/4.1/", "/duties/3.2/", "/care/"])
def test_page_is_accessible_in_other_colours(visitor, path, wishes):
    reader = visitor(**wishes)

    reader.go(path)

    assert reader.axe_violations() == []


@pytest.mark.parametrize("path", ["/", "/duties/4.1/"])
def test_contrast_switch_works_without_scripts(visitor, path):
    reader = visitor(java_script_enabled=False, color_scheme="dark")
    page = reader.go(path)

    page.get_by_role("switch", name="高对比").check()

    assert page.locator("body").evaluate("body => getComputedStyle(body).backgroundColor") == "rgb(255, 255, 255)"
    assert page.locator("main a[href^='tel:']").first.evaluate("link => getComputedStyle(link).color") == "rgb(0, 0, 192)"


def test_contrast_switch_is_remembered_and_accessible(visitor):
    reader = visitor()
    reader.go("/").get_by_role("switch", name="高对比").check()

    page = reader.go("/duties/4.1/")

    assert page.get_by_role("switch", name="高对比").is_checked()
    assert reader.axe_violations() == []


@pytest.mark.parametrize("path", ["/", "/duties/4.1/", "/updates/", "/accounts/login/", "/no-such-page/"])
def test_first_stop_of_tab_is_the_skip_link(visitor, path):
    reader = visitor()
    reader.go(path)
    if path == "/no-such-page/":
        reader.complaints.clear()  # the browser says that it got a 404

    if path != "/accounts/login/":  # where the first field has the focus already
        reader.page.keyboard.press("Tab")
        focused = reader.page.locator(":focus")
    else:
        focused = reader.page.locator("a, button, input, summary").first

    assert focused.get_attribute("href") == "#main"


def test_every_stop_of_tab_can_be_seen(visitor):
    reader = visitor(width=390)
    page = reader.go("/duties/4.1/")
    stops = page.locator("a:visible, button:visible, summary:visible, input:visible").count()

    for _stop in range(stops):
        page.keyboard.press("Tab")
        box = page.locator(":focus").bounding_box()
        assert box is not None
        assert 0 <= box["y"] <= 900 - box["height"]


@pytest.mark.parametrize(("tree", "least"), [("/", 44), ("/care/", 60)])
def test_targets_are_large_enough_for_a_finger(visitor, tree, least):
    reader = visitor(width=390, has_touch=True)
    page = reader.go(f"{tree}duties/4.1/")

    heights = page.locator("a:visible, button:visible, summary:visible").evaluate_all(
        "all => all.filter(one => !one.classList.contains('skip')).map(one => [one.textContent.trim(), Math.round(one.getBoundingClientRect().height)])"
    )

    assert [told for told in heights if told[1] < least] == []


def test_journey_without_scripts(visitor):
    reader = visitor(java_script_enabled=False)
    page = reader.go("/")

    follow(page.get_by_role("link", name="邀请和接待海外代表团来访"))
    assert page.get_by_role("heading", level=1).inner_text() == "邀请和接待海外代表团来访"
    assert page.locator(".flow li").count() == 4
    assert not page.get_by_role("button", name="收藏").is_visible()
    assert not page.get_by_role("button", name="打印").is_visible()

    follow(page.get_by_role("navigation", name="当前位置").get_by_role("link", name="职责清单"))
    page.get_by_label("搜索职责事项").fill("护照")
    follow(page.get_by_role("button", name="搜索"))
    assert page.locator(".duty").count() == 1
    assert page.locator("mark").first.inner_text() == "护照"

    follow(page.get_by_role("link", name="清除搜索"))
    assert page.locator(".duty").count() == 8

    follow(page.get_by_role("link", name="关怀版"))
    assert page.url == f"{reader.portal.address}/care/"
    assert page.evaluate("parseFloat(getComputedStyle(document.documentElement).fontSize)") == 20

    follow(page.get_by_role("link", name="English"))
    assert page.url == f"{reader.portal.address}/care/en/"
    assert page.locator("html").get_attribute("lang") == "en"
    assert page.locator(".duty h3").first.get_attribute("lang") == "zh-CN"

    follow(page.get_by_role("link", name="中文"))
    follow(page.get_by_role("link", name="标准版"))
    assert page.url == f"{reader.portal.address}/"


def test_no_match_offers_to_clear(visitor):
    page = visitor().go("/?q=没有这个词")

    assert page.get_by_role("heading", name="没有找到“没有这个词”").is_visible()

    follow(page.get_by_role("link", name="清除"))
    assert page.locator(".duty").count() == 8


def test_starred_item_is_marked_in_the_list(visitor):
    reader = visitor()
    button = reader.go("/duties/4.1/").get_by_role("button", name="收藏")
    button.click()
    assert button.get_attribute("aria-pressed") == "true"

    page = reader.go("/")

    assert page.locator(".star:visible").count() == 1
    assert page.locator(".duty:has(.star:visible) .code").inner_text() == "4.1"


def test_item_without_a_sheet_says_so(visitor):
    page = visitor().go("/duties/3.2/")

    assert page.get_by_text("信息表未随源文件提供").first.is_visible()
    assert page.locator(".flow, .mat").count() == 0
    assert page.get_by_text("以下为本部门其他事项信息表所列的监督方式").is_visible()


def test_printed_item_has_its_text_and_no_menu(visitor):
    page = visitor(width=794).go("/duties/4.1/")

    page.emulate_media(media="print")

    assert page.get_by_text("执行国家外交战略、严格审核程序。").is_visible()
    assert [page.locator(part).is_visible() for part in (".util", ".mast nav", ".act", ".crumb")] == [False] * 4


@pytest.mark.parametrize("path", ["/", *(f"/duties/{code}/" for code in ("1.1", "1.2", "2.1", "2.2", "2.3", "3.1", "3.2", "4.1"))])
def test_list_and_item_fit_one_sheet_of_paper(visitor, path):
    page = visitor().go(path)

    assert page.pdf(prefer_css_page_size=True).count(b"/Type /Page\n") == 1
