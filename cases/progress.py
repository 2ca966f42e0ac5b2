"""How far a case has come. Pure functions of a case that was loaded with its parts; none of them asks the database."""

from collections.abc import Sequence

from .models import Case, CaseMaterial, CaseStep, CaseTask, Need


def current_steps(case: Case) -> list[CaseStep]:
    """The open steps that may be worked on: up to and including the first that must be done before the next.

    Steps of which one suffices are open together, and hold up what follows until one of them is done.
    """
    found: list[CaseStep] = []
    waiting = met = False
    for step in case.own_steps:
        if step.need == Need.ONE_OF:
            waiting = waiting or step.is_open
            met = met or step.status == CaseStep.Status.DONE
        elif waiting and not met:
            break
        if step.is_open:
            found.append(step)
            if step.need == Need.ALWAYS:
                break
    return found


def is_finished(case: Case, *, without: CaseStep | None = None) -> bool:
    """Whether every step that must be done is done, counting `without` as done."""
    steps = case.own_steps
    done = {step.pk for step in steps if step.status == CaseStep.Status.DONE} | ({without.pk} if without else set())
    always = [step for step in steps if step.need == Need.ALWAYS]
    one_of = [step for step in steps if step.need == Need.ONE_OF]
    return all(step.pk in done or not step.is_open for step in always) and (not one_of or any(step.pk in done for step in one_of))


def closes(case: Case, step: CaseStep, *, skipped: bool = False) -> bool:
    """Whether completing (or skipping) this step leaves nothing open, so that the case closes with it."""
    rest = [other for other in case.own_steps if other.is_open and other.pk != step.pk]
    return not rest and is_finished(case, without=None if skipped and step.need == Need.ONE_OF else step)


def reopened_by_return(case: Case, step: CaseStep, to: CaseStep) -> list[CaseStep]:
    """The steps that a return from `step` to the earlier step `to` opens again."""
    return [other for other in case.own_steps if to.number <= other.number < step.number and not other.is_open]


def return_targets(case: Case, step: CaseStep) -> list[CaseStep]:
    """The earlier steps to which this one can be returned: done, and with no final step from there on."""
    earlier = [other for other in case.own_steps if other.number < step.number and other.status == CaseStep.Status.DONE]
    return [to for to in earlier if not any(other.is_final for other in reopened_by_return(case, step, to))]


def missing_materials(case: Case, step: CaseStep | None = None) -> list[CaseMaterial]:
    """The materials that are missing for this step; with None for the close, which wants them all."""
    return [material for material in case.materials.all() if material.is_missing and step in (None, material.needed_for)]


def open_tasks(case: Case, steps: Sequence[CaseStep]) -> list[CaseTask]:
    """The tasks under these steps that are not done."""
    keys = {step.pk for step in steps}
    return [task for task in case.tasks.all() if task.step_id in keys and task.status == CaseTask.Status.OPEN]
