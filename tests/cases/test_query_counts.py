"""How often the engine asks the database does not hang on how much a case has gathered."""

from contextlib import suppress

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext

from accounts.models import User
from cases import process
from cases.models import Approval, Case, CaseHold, CaseMaterial, CaseTask, TimelineEntry
from cases.process import STANDARD, InvalidError

from .test_illegal_actions import DATA, bring, case, people

pytestmark = pytest.mark.django_db
__all__ = ["case", "people"]  # fixtures
MUCH = 200


def gather(case, number):
    """So many more materials, tasks, timeline entries, ended holds and answered questions."""
    step = case.steps.order_by("step__number").last()
    more, by = range(number), case.handler
    CaseMaterial.objects.bulk_create(
        CaseMaterial(case=case, name=f"要件 {one}", needed_for=step, status="received", received_at=case.opened_at, received_by=by) for one in more
    )
    CaseTask.objects.bulk_create(CaseTask(case=case, step=case.steps.first(), title=f"任务 {one}", due_days=3, is_required=False) for one in more)
    CaseHold.objects.bulk_create(CaseHold(case=case, reason="待补正", since_by=by, ended_at=case.opened_at, ended_by=by) for _one in more)
    TimelineEntry.objects.bulk_create(TimelineEntry(case=case, by=by, kind="note", label="写备注", version=1) for _one in more)
    Approval.objects.bulk_create(
        Approval(case=case, kind="step", step=step, digest="x", submitted_by=by, decision="recalled", decided_at=case.opened_at, decided_by=by) for _one in more
    )


def counts(case, people):
    """Queries of `offers` and of each act that somebody has and nothing blocks, by person, action and kind of part."""
    found = {}
    for name in ("handler", "substitute", "reviewer", "signer", "leader", "assignee"):
        by = User.objects.get(pk=people[name].pk)
        loaded = process.load({"pk": case.pk})
        with CaptureQueriesContext(connection) as queries:
            offered = process.offers(loaded, by)
        found[name, "offers"] = len(queries)
        first = {(offer.action.name, offer.key.partition(":")[0]): offer for offer in reversed(offered) if not offer.blockers}
        for key, offer in first.items():
            savepoint, by = transaction.savepoint(), User.objects.get(pk=people[name].pk)
            with CaptureQueriesContext(connection) as queries, suppress(InvalidError):
                process.perform(loaded, offer.action.name, by=by, version=loaded.version, target=offer.key, data=data_for(offer))
            transaction.savepoint_rollback(savepoint)
            found[name, *key] = len(queries)
    return found


def data_for(offer):
    """What the form of this act takes: the first choice of each list."""
    if offer.action.form is None:
        return {}
    form = offer.action.form(None, turn=offer.turn)
    choices = {name: [value for value, _label in field.choices if str(value)][:1] for name, field in form.fields.items() if hasattr(field, "choices")}
    return DATA | {name: str(getattr(values[0], "value", values[0])) for name, values in choices.items() if values and not name.startswith("step_")}


@pytest.mark.parametrize("state", ["open", "held", "at the second level", "finished with one open", "superseded"])
def test_the_number_of_queries_does_not_grow(case, people, state):
    bring(case, people, state)
    case = Case.objects.get(pk=case.pk)
    gather(case, 1)
    few = counts(case, people)

    CaseMaterial.objects.filter(case=case, name="要件 0").update(name="更早的要件")
    gather(case, MUCH)
    much = counts(case, people)

    grown = {key: (few[key], much[key]) for key in few if much[key] > few[key]}
    assert not {key: pair for key, pair in grown.items() if pair[1] - pair[0] > PIECES}, grown
    assert {action.name for action in STANDARD} >= {key[1] for key in few} - {"offers"}


PIECES = 2  # SQLite takes no more than a thousand values at once: long lists go in pieces of hundreds of rows
