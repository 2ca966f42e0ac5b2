"""The engine: what is submitted, decided by others, and recalled."""

import pytest
from django.db import IntegrityError, transaction

from cases.models import Approval
from cases.process import BlockedError, InvalidError
from tests import factories as make

from .engine import offered, rule, states

pytestmark = pytest.mark.django_db


def test_a_step_that_needs_approval_waits_for_another_person(handler, reviewer):
    rule("2.1", 1, approval_levels=1)
    case = make.case("2.1", handler)
    with pytest.raises(BlockedError, match="本步须经审签"):
        make.act(case, "complete", "1")
    make.act(case, "submit", "1", remark="请审")
    with pytest.raises(BlockedError, match="等待审核"):
        make.act(case, "complete", "1")
    make.act(case, "approve", f"approval:{case.approvals.get().pk}", by=reviewer)

    make.act(case, "complete", "1")

    assert states(case)[0] == "done"


def test_what_changes_after_the_approval_must_be_submitted_again(handler, reviewer):
    rule("2.1", 1, approval_levels=1)
    case = make.case("2.1", handler)
    make.act(case, "submit", "1")
    make.act(case, "approve", f"approval:{case.approvals.get().pk}", by=reviewer)
    make.act(case, "edit", title="另一个名称", sensitivity="internal")

    with pytest.raises(BlockedError, match="需要重新送审"):
        make.act(case, "complete", "1")


def test_what_changes_after_the_submission_is_not_approved(handler, reviewer):
    rule("2.1", 1, approval_levels=1)
    case = make.case("2.1", handler)
    make.act(case, "submit", "1")
    make.act(case, "edit", title="另一个名称", sensitivity="internal")

    with pytest.raises(BlockedError, match="送审之后内容有变化"):
        make.act(case, "approve", f"approval:{case.approvals.get().pk}", by=reviewer)


def test_sending_back_needs_a_reason_and_leaves_the_step_open(handler, reviewer):
    rule("2.1", 1, approval_levels=1)
    case = make.case("2.1", handler)
    make.act(case, "submit", "1")
    key = f"approval:{case.approvals.get().pk}"
    with pytest.raises(InvalidError) as caught:
        make.act(case, "send_back", key, by=reviewer, note="  ")
    assert set(caught.value.form.errors) == {"note"}

    make.act(case, "send_back", key, by=reviewer, note="名单缺一人")

    assert case.approvals.get().decision == "returned"
    assert ("submit", "1") in offered(case, handler)


def test_two_levels_take_three_people(handler, reviewer, signer):
    rule("2.1", 1, approval_levels=2)
    case = make.case("2.1", handler)
    make.act(case, "submit", "1")
    make.act(case, "approve", f"approval:{case.approvals.get().pk}", by=signer)
    second = case.approvals.get(level=2)
    with pytest.raises(BlockedError, match="上一级是同一人审签的"):
        make.act(case, "approve", f"approval:{second.pk}", by=signer)
    with pytest.raises(BlockedError, match="不可用"):
        make.act(case, "approve", f"approval:{second.pk}", by=reviewer)

    make.act(case, "approve", f"approval:{second.pk}", by=make.person("signer"))
    make.act(case, "complete", "1")

    assert states(case)[0] == "done"


def test_a_submission_is_recalled(handler):
    rule("2.1", 1, approval_levels=1)
    case = make.case("2.1", handler)
    make.act(case, "submit", "1")
    make.act(case, "recall", f"approval:{case.approvals.get().pk}")

    assert case.approvals.get().decision == "recalled"


def test_the_database_refuses_a_decision_by_the_submitter(handler):
    rule("2.1", 1, approval_levels=1)
    case = make.case("2.1", handler)
    make.act(case, "submit", "1")

    with pytest.raises(IntegrityError, match="second_person"), transaction.atomic():
        Approval.objects.update(decision="approved", decided_by=handler, decided_at=case.opened_at)


def test_a_decided_approval_is_frozen(handler, reviewer):
    rule("2.1", 1, approval_levels=1)
    case = make.case("2.1", handler)
    make.act(case, "submit", "1")
    make.act(case, "approve", f"approval:{case.approvals.get().pk}", by=reviewer)

    with pytest.raises(IntegrityError, match="decided"), transaction.atomic():
        Approval.objects.update(note="改")
    with pytest.raises(IntegrityError, match="not deleted"), transaction.atomic():
        Approval.objects.all()._raw_delete("default")
