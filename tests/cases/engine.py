"""Reaching into the engine, for its tests: rules of a step, the states of steps, what is offered to whom."""

from accounts.models import User
from cases import process
from cases.models import StepRule
from duties.models import ProcessStep


def states(case):
    case = process.load({"pk": case.pk})
    return [step.status for step in case.own_steps]


def rule(code, number, **fields):
    step = ProcessStep.objects.get(sheet__item=code, sheet__status="published", number=number)
    materials = fields.pop("materials", [])
    made = StepRule.objects.create(step=step, **fields)
    made.materials.set(step.sheet.materials.filter(name__in=materials))
    return made


def offered(case, by):
    case = process.load({"pk": case.pk})
    return {(offer.action.name, offer.key): [blocker.rule for blocker in offer.blockers] for offer in process.offers(case, User.objects.get(pk=by.pk))}
