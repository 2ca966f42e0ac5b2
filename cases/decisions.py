"""Approvals that are more than a yes: with them the step is done. For the stages of kinds of case that have such levels."""

from dataclasses import replace

from .approvals import approve, decision_blockers, step_blockers, without_overridden
from .kinds import Blocker, Turn
from .models import Approval, CaseStep
from .progress import closes
from .steps import closing_blockers, finish_step


def step_turn(turn: Turn) -> Turn:
    """The turn of a decision, turned to the step that is decided on."""
    assert isinstance(turn.target, Approval)
    key = turn.target.step_id
    return replace(turn, target=next(step for step in turn.case.steps.all() if step.pk == key))


def finishing_blockers(turn: Turn) -> list[Blocker]:
    """What stands against approving and, with it, completing the step."""
    of_step = step_turn(turn)
    assert isinstance(of_step.target, CaseStep)
    blockers = step_blockers(of_step)
    if closes(turn.case, of_step.target):
        have = {blocker.text for blocker in blockers}
        blockers += [blocker for blocker in closing_blockers(turn.case) if blocker.text not in have]
    return decision_blockers(turn) + without_overridden(of_step, blockers)


def approve_and_finish(turn: Turn, *, final: bool = False) -> str:
    """Approve, and complete the step with it; returns the opinion for the timeline."""
    note = approve(turn)
    finish_step(step_turn(turn), CaseStep.Status.DONE, final=final)
    return note
