"""The engine: cases of several editions side by side, and going over to a new one."""

import pytest

from cases import process
from cases.models import Case
from cases.process import InvalidError
from duties.models import Sheet
from tests import factories as make

from .engine import offered, rule, states

pytestmark = pytest.mark.django_db


def test_editions_run_side_by_side_and_a_step_that_nobody_foresaw_runs(handler):
    old = make.collected(make.case("4.1", handler))
    make.sheet("4.1", ["接件", "公示", "审核", "签发", "网上提交"], ["委托函"])
    new = make.collected(make.case("4.1", handler))

    for number in range(1, 5):
        make.act(old, "complete", str(number), outcome="completed")
    for number in range(1, 6):
        make.act(new, "complete", str(number), outcome="completed")

    assert (states(old), states(new)) == (["done"] * 4, ["done"] * 5)
    assert set(Case.objects.values_list("outcome", flat=True)) == {"completed"}


def test_a_case_goes_over_to_a_new_edition_by_an_explicit_map(handler):
    case = make.case("4.1", handler)
    make.act(case, "complete", "1")
    make.act(case, "add_task", "2", title="核对护照")
    make.sheet("4.1", ["接件", "公示", "审核", "签发", "网上提交"], ["委托函", "公示结果"])

    make.act(case, "repin", step_1="1", step_3="2", step_4="3", step_5="4", reason="新版施行")

    case = process.load({"pk": case.pk})
    assert case.sheet == Sheet.objects.get(item="4.1", status="published")
    assert states(case) == ["done", "open", "open", "open", "open"]
    assert case.steps.count() == 9
    assert [task.step.number for task in case.tasks.all()] == [3]
    assert {material.name for material in case.materials.all() if material.is_required} == {"委托函", "公示结果"}
    assert ("complete", "2") in offered(case, handler)


def test_a_map_that_gives_one_old_step_to_two_is_refused(handler):
    case = make.case("4.1", handler)
    make.sheet("4.1", ["接件", "公示"], ["委托函"])

    with pytest.raises(InvalidError, match="只能由新版的一个步骤承接"):
        make.act(case, "repin", step_1="1", step_2="1", reason="新版施行")


def test_a_map_that_drops_a_final_step_is_refused(final_kind, handler, reviewer):
    case = make.case("4.1", handler)
    make.act(case, "complete", "1")
    make.act(case, "pass_review", "2", by=reviewer)
    make.act(case, "issue", "3")
    make.sheet("4.1", ["接件", "公示"], ["委托函"])

    with pytest.raises(InvalidError, match="已经生效"):
        make.act(case, "repin", step_1="1", reason="新版施行")


def test_a_case_under_approval_does_not_change_its_edition(handler):
    rule("4.1", 1, approval_levels=1)
    case = make.case("4.1", handler)
    make.act(case, "submit", "1")
    make.sheet("4.1", ["接件", "公示"], ["委托函"])

    assert offered(case, handler)["repin", ""] == ["APP-03"]


def test_without_a_new_edition_there_is_nothing_to_change_to(handler):
    assert ("repin", "") not in offered(make.case("4.1", handler), handler)
