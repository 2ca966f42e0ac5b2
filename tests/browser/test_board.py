"""The leadership board as its user finds it: every figure is clicked, and the list behind it is counted."""

import re

import pytest

from .conftest import follow
from .test_daily_pages import look, portal

__all__ = ["portal"]  # the fixture: a portal with cases in every state
FIGURES = ".tile a[data-count], tfoot a[data-count], [data-item='2.1'] a[data-count], [data-month]:last-child a[data-count]"


def listed(page):
    """How many cases the list says it has."""
    if page.locator("main .empty").count():
        return 0
    found = re.search(r"共 (\d+) 条", page.locator("main").inner_text())
    assert found, page.url
    return int(found[1])


def test_every_figure_leads_to_as_many_cases(visitor):
    page = visitor().sign_in("demo.leader")
    follow(page.get_by_role("navigation", name="主菜单").get_by_role("link", name="统计看板"))
    board = page.url
    counts = {}
    for number in range(page.locator(FIGURES).count()):
        figure = page.locator(FIGURES).nth(number)
        counts[figure.get_attribute("href")] = int(figure.get_attribute("data-count"))
        figure.click()
        page.wait_for_url("**/cases/?*")
        assert listed(page) == counts[figure_address(page)], page.url
        page.goto(board)

    assert len(counts) > 15
    assert sum(counts.values()) > 40


def figure_address(page):
    """The address of the page, as a link of the board names it."""
    return "/" + page.url.split("/", 3)[3]


def test_pieces_of_the_charts_lead_to_their_cases(visitor):
    page = visitor().sign_in("demo.leader")
    page.goto(f"{page.url.removesuffix('/today/')}/dashboard/")
    board = page.url
    pieces = page.locator(".picture.wide svg a")
    assert pieces.count() > 20
    told = [title for title in pieces.locator("title").all_text_contents() if not title.startswith(("立项", "结案")) or not title.endswith(" 0")]
    for number, title in enumerate(pieces.locator("title").all_text_contents()):
        if title in told[:4] + told[-2:]:
            pieces.nth(number).click()
            page.wait_for_url("**/cases/?*")
            assert listed(page) == int(title.rpartition(" ")[2])
            page.goto(board)


def test_a_leader_switches_the_period_and_takes_the_brief(visitor):
    leader = visitor(width=390)
    page = leader.sign_in("demo.leader")
    page.get_by_role("navigation", name="底部菜单").get_by_role("link", name="看板").click()
    page.wait_for_url("**/dashboard/")
    page.get_by_role("navigation", name="统计期").get_by_role("link", name="本月", exact=True).click()
    page.wait_for_url("**/dashboard/?period=*")

    assert page.locator(".periods [aria-current]").inner_text() == "本月"
    answer = page.request.get(page.get_by_role("link", name="导出简报").evaluate("link => link.href"))
    assert (answer.status, answer.body()[:4]) == (200, b"%PDF")


@pytest.mark.parametrize(("width", "wishes"), [(1440, {}), (390, {}), (320, {}), (1440, {"color_scheme": "dark"}), (390, {"contrast": "more"})])
def test_the_board_is_accessible_and_fits(visitor, width, wishes):
    person = visitor(width=width, **wishes)
    person.sign_in("demo.leader")

    assert look(person, "/dashboard/", "/dashboard/?period=2001") == []
