"""The page of a case: what it offers to do, what is next, and why something cannot be done."""

import re

import pytest

from cases.models import Need
from tests import factories as make

from .engine import rule
from .pages import do, look, page_of

pytestmark = pytest.mark.django_db


def test_each_disabled_button_says_why_by_which_rule_and_who_can_clear_it(handler):
    rule("4.1", 1, materials=["委托函"], approval_levels=1)
    case = make.case("4.1", handler)

    response = look(case, handler)

    body = response.content.decode()
    blocked = [one for buttons in response.context["page"].buttons.values() for one in buttons if one.blockers]
    assert {one.offer.action.name for one in blocked} == {"complete", "submit"}
    assert len(re.findall(r"disabled\s+aria-describedby", body)) == len(blocked)
    for one in blocked:
        beside = body[body.index(f'id="why-{one.id}"') :].split("</details>")[0]
        assert f'disabled aria-describedby="why-{one.id}"' in re.sub(r"\s+", " ", body)
        for blocker in one.blockers:
            assert all(str(words) in beside for words in (blocker.rule, blocker.text, blocker.basis, blocker.cleared_by))


def test_the_next_act_goes_from_what_is_missing_to_the_close(handler, reviewer):
    rule("2.1", 1, materials=["背景资料"], approval_levels=1)
    case = make.case("2.1", handler)
    make.act(case, "add_task", "1", title="核对名单", is_required="on")
    labels = []

    def see(person=handler):
        labels.append(page_of(case, person).primary_label)

    see()
    make.act(case, "receive", f"material:{case.materials.get(name='背景资料').pk}")
    see()
    make.act(case, "tick", f"task:{case.tasks.get().pk}")
    see()
    make.act(case, "submit", "1")
    see()
    make.act(case, "approve", f"approval:{case.approvals.get().pk}", by=reviewer)
    see()
    make.act(case, "hold", reason="待补正")
    see()
    make.act(case, "resume")
    make.act(case, "complete", "1")
    for number in (2, 3):
        make.act(case, "complete", str(number))
    see()
    make.collected(case)
    see()
    make.act(case, "complete", "4", outcome="completed")
    see()

    last = f"下一步：收齐“{case.materials.exclude(name='背景资料').first().name}”"
    assert labels == [
        "下一步：收齐“背景资料”",
        "下一步：核对名单",
        "下一步：送审",
        "",
        "下一步：办结本步",
        "下一步：恢复办理",
        last,
        "下一步：办结本步",
        "",
    ]


def test_a_case_of_which_one_step_sufficed_is_closed_next(handler):
    for number in (1, 2):
        rule("1.1", number, need=Need.ONE_OF)
    case = make.collected(make.case("1.1", handler))
    make.act(case, "complete", "1")

    page = page_of(case, handler)

    assert [page.primary.offer.action.name, page.position] == ["complete", "第 2 步，共 2 步"]
    assert "close" in {one.offer.action.name for one in page.more}


def test_what_asks_for_nothing_is_done_by_one_click_on_the_page(handler):
    case = make.case("2.1", handler)
    make.act(case, "add_task", "1", title="订车")
    client = make.client_of(handler)
    body = client.get(case.get_absolute_url()).content.decode()
    tick = re.search(r'<form method="post"\s+action="([^"]*/do/tick/)".*?name="version" value="(\d+)"', body, re.DOTALL)

    response = client.post(tick[1], {"version": tick[2]})

    task = case.tasks.get()
    assert (response.status_code, response["Location"]) == (302, f"{case.get_absolute_url()}#task-{task.pk}")
    assert (task.status, task.done_by) == ("done", handler)


def test_after_a_tick_the_next_open_task_of_the_step_is_at_hand(case, handler):
    colleague = make.worker("preparer", "2.1")
    for title in ("订车", "订会议室", "订餐"):
        make.act(case, "add_task", "1", title=title, assignee=str(colleague.pk) if title == "订会议室" else "")
    first, second, third = case.tasks.order_by("pk")
    make.act(case, "tick", f"task:{second.pk}")

    assert do(case, handler, "tick", f"task:{first.pk}")["Location"].endswith(f"#tick-{third.pk}")
    assert f'id="tick-{third.pk}"' in look(case, handler).content.decode()
    assert do(case, handler, "tick", f"task:{third.pk}")["Location"].endswith(f"#task-{third.pk}")


@pytest.mark.parametrize("typed", [{}, {"number": "1 号"}])
def test_a_paper_that_was_known_before_is_looked_at_again(case, handler, typed):
    key = f"material:{case.materials.first().pk}"
    make.act(case, "receive", key, **typed)
    make.act(case, "take_back", key, reason="盖章不清")

    row = page_of(case, handler).materials[0]

    assert (row.act.offer.action.name, row.act.one_click) == ("receive", not typed)


def test_the_last_step_is_not_completed_by_one_click(handler):
    case = make.collected(make.case("2.1", handler))
    clicks = []
    for number in ("1", "2", "3", "4"):
        clicks.append([one.one_click for one in page_of(case, handler).buttons[number] if one.offer.action.name == "complete"])
        make.act(case, "complete", number, outcome="completed")

    assert clicks == [[True], [True], [True], [False]]


def test_who_only_looks_on_has_no_buttons(case):
    registrar = make.worker("registrar", "2.1")

    page = page_of(case, registrar)

    assert {one.offer.action.name for buttons in page.buttons.values() for one in buttons} == {"note"}
    assert page.primary is None


def test_the_leader_may_reassign(case):
    page = page_of(case, make.person("leader"))

    assert {one.offer.action.name for buttons in page.buttons.values() for one in buttons} == {"reassign"}
