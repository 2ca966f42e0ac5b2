import pytest

from cases import kinds
from cases.kinds import Action, Blocker, CaseKind, Move, Stage, register, unregister
from tests import factories as make

from .engine import rule


@pytest.fixture(autouse=True)
def _no_kinds(monkeypatch):
    """The engine is tested without the apps above it: no kind of case but those that a test brings."""
    monkeypatch.setattr(kinds, "_kinds", {})


@pytest.fixture
def edition(db):
    """The list as published on the first day, and two years of working days."""
    make.working_days(2025, 2026, 2027)
    return make.duty_list()


@pytest.fixture
def handler(edition):
    """A person who works on all items."""
    return make.worker("preparer", name="林晓舟")


@pytest.fixture
def reviewer(edition):
    return make.worker("reviewer", name="周审")


@pytest.fixture
def signer(edition):
    return make.worker("signer", name="郑签")


@pytest.fixture
def case(handler):
    """A case of that person."""
    return make.case("2.1", handler)


@pytest.fixture
def final_kind(edition):
    """4.1 with a third step whose action is final, and a second that somebody else must take."""

    def not_by_handler(turn):
        same = turn.case.handler_id in turn.people
        return [Blocker("T-SOD", "不能由承办人审核", "执行严格审核程序", "另一名工作人员")] if same else []

    issue = Action("issue", "签发", Move.COMPLETE, final=True)
    review = Action("pass_review", "审核通过", Move.COMPLETE, permission="cases.review_case", who=lambda turn: True, blockers=not_by_handler)
    kind = register(CaseKind(("4.1",), stages=(Stage("review", "审核", (review,)), Stage("issue", "签发", (issue,)))))
    rule("4.1", 2, stage="review")
    rule("4.1", 3, stage="issue")
    yield kind
    unregister(kind)


@pytest.fixture
def editor():
    """The browser of an editor."""
    return make.signed_in("editor", name="王敏")


@pytest.fixture
def publisher():
    """The browser of a publisher."""
    return make.signed_in("publisher", name="赵颖")
