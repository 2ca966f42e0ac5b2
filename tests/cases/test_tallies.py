"""The rollup is what the cases say: after every act of the engine, after SQL that nobody foresaw, after migrations, beside writers."""

from collections import Counter
from datetime import UTC, datetime, timedelta
from threading import Barrier, Thread

import pytest
import time_machine
from django.core.management import call_command
from django.db import connection, transaction
from django.utils import timezone

from cases import tallies
from cases.models import Approval, Case, CaseHold, CaseTally
from core import triggers
from tests import factories as make

pytestmark = pytest.mark.django_db


def held_now():
    """What the rollup holds: (item, measure, day, days) to count."""
    found = Counter()
    for row in CaseTally.objects.all():
        found[row.item_id, row.measure, str(row.day), row.days] += row.count
    return {key: count for key, count in found.items() if count}


def by_hand():
    """The same, counted by Python from the rows."""
    found = Counter()
    for case in Case.objects.prefetch_related("holds", "approvals"):
        opened = timezone.localdate(case.opened_at)
        found[case.item_id, "opened", str(opened.replace(day=1)), 0] += 1
        if case.closed_at:
            closed = timezone.localdate(case.closed_at)
            stood = [timezone.localdate(hold.ended_at) - timezone.localdate(hold.since_at) for hold in case.holds.all() if hold.ended_at]
            found[case.item_id, case.outcome, str(closed.replace(day=1)), (closed - opened - sum(stood, timedelta())).days] += 1
            continue
        due = str(case.due_on or "9999-12-31")
        found[case.item_id, "due", due, 0] += 1
        if any(hold.ended_at is None for hold in case.holds.all()):
            found[case.item_id, "held", due, 0] += 1
        if any(approval.decision == "" for approval in case.approvals.all()):
            found[case.item_id, "waiting", "9999-12-31", 0] += 1
    return dict(found)


def check():
    assert tallies.differences() == []
    assert held_now() == by_hand()


def sql(statement, *values):
    with connection.cursor() as cursor:
        cursor.execute(statement, values)


def moment(text):
    return datetime.fromisoformat(text).astimezone(UTC)


@pytest.fixture
def three(handler):
    """Three open cases of two items, with a day."""
    cases = [make.case(code, by=handler) for code in ("2.1", "2.1", "2.3")]
    Case.objects.filter(pk=cases[0].pk).update(due_on="2026-11-27")
    return cases


def open_approval(case, **fields):
    step = case.steps.first()
    return Approval(case=case, kind="override", step=step, digest="x", submitted_by=case.handler, reason="急", rule="R-1", **fields)


def test_opening_and_closing_a_case_count_it_once_each(three):
    check()

    with time_machine.travel(timezone.now() + timedelta(days=4)):
        make.act(three[0], "withdraw", reason="对方取消")

    check()
    assert sum(count for key, count in held_now().items() if key[1] == "withdrawn") == 1
    assert next(key[3] for key in held_now() if key[1] == "withdrawn") == 4


def test_days_on_which_the_clock_stood_do_not_count(three):
    now = timezone.now()
    for days, act in ((2, "hold"), (5, "resume"), (7, "withdraw")):
        with time_machine.travel(now + timedelta(days=days)):
            make.act(three[0], act, reason="请补正委托函", gaps="委托函缺签字")
            check()

    assert [key[3] for key in held_now() if key[1] == "withdrawn"] == [4]


def test_the_day_is_that_of_the_department(three):
    """23:30 UTC on the last of a month is the first of the next one in Tianjin."""
    Case.objects.filter(pk=three[0].pk).update(opened_at=moment("2026-10-31T23:30:00+00:00"))
    Case.objects.filter(pk=three[1].pk).update(opened_at=moment("2026-10-31T15:59:59.999999+00:00"))

    check()
    assert {key[2] for key in held_now() if key[1] == "opened" and key[0] == "2.1"} == {"2026-11-01", "2026-10-01"}


def test_sql_of_any_sort_is_counted(three):
    first, second, third = three
    by = first.handler_id
    steps = [
        lambda: Case.objects.update(due_on="2026-12-01"),
        lambda: sql("UPDATE cases_case SET due_on = NULL WHERE item_id = '2.1'"),
        lambda: sql("UPDATE cases_case SET item_id = '2.2' WHERE id = %s", second.pk),
        lambda: sql("UPDATE cases_case SET title = 'x'"),
        lambda: CaseHold.objects.bulk_create(CaseHold(case=case, reason="待补正", since_by_id=by) for case in three),
        lambda: CaseHold.objects.filter(case=third).update(case=Case.objects.get(pk=make.case("2.3", by=third.handler).pk)),
        lambda: CaseHold.objects.filter(case=first).update(ended_at=timezone.now() + timedelta(days=3), ended_by=by),
        lambda: Approval.objects.bulk_create([open_approval(first), open_approval(second)]),
        lambda: Approval.objects.bulk_create(
            [Approval(case=first, kind="override", step=first.steps.first(), digest="x", submitted_by_id=by, reason="急", rule=f"R-{n}") for n in range(2, 5)]
        ),
        lambda: Approval.objects.filter(rule="R-1").update(decision="recalled", decided_at=timezone.now(), decided_by=by),
        lambda: Approval.objects.open().update(decision="recalled", decided_at=timezone.now(), decided_by=by),
        lambda: Case.objects.update(outcome="completed", closed_at=timezone.now() + timedelta(days=9), closed_by=by, due_on=None),
        lambda: CaseHold.objects.filter(ended_at=None).update(ended_at=timezone.now() + timedelta(days=2), ended_by=by),
        lambda: CaseHold.objects.create(case=third, reason="事后补记", since_by_id=by, ended_at=timezone.now() + timedelta(days=1), ended_by_id=by),
        lambda: Case.objects.filter(pk=first.pk).update(opened_at=timezone.now() - timedelta(days=40)),
        lambda: Case.objects.filter(pk=first.pk).update(closed_at=timezone.now() + timedelta(days=80)),
    ]
    for step in steps:
        step()
        check()
    assert {key[1] for key in held_now()} == {"opened", "completed"}  # all are closed, and of none the clock stands


def test_what_is_rolled_back_is_not_counted(three):
    before = held_now()

    savepoint = transaction.savepoint()
    Case.objects.update(due_on="2026-12-01")
    transaction.savepoint_rollback(savepoint)

    assert held_now() == before
    check()


def test_a_change_that_is_not_looked_at_adds_no_row(three):
    rows = CaseTally.objects.count()

    Case.objects.update(title="改名", version=7)

    assert CaseTally.objects.count() == rows


def test_compacting_merges_rows_and_changes_no_figure(three):
    for day in range(1, 20):
        Case.objects.update(due_on=f"2026-12-{day:02}")
    before, rows = held_now(), CaseTally.objects.count()

    fewer = tallies.compact()

    assert held_now() == before
    assert CaseTally.objects.count() == rows - fewer == len(before)
    assert tallies.compact() == 0
    check()


def test_the_command_finds_what_differs_and_counts_anew(three, capsys):
    triggers.lift(connection)
    Case.objects.update(due_on="2026-12-24")
    triggers.install(connection)
    assert tallies.differences()

    call_command("rebuild_figures")

    assert "不一致的有 0 处" not in capsys.readouterr().out
    check()


def test_the_command_compacts_when_asked(three, capsys):
    Case.objects.update(due_on="2026-12-24")

    call_command("rebuild_figures", "--compact")

    assert "减少" in capsys.readouterr().out
    assert CaseTally.objects.count() == len(held_now())
    check()


def test_a_migration_counts_anew_and_a_flush_does_not(three):
    triggers.lift(connection)
    Case.objects.update(due_on="2026-12-24")
    triggers.install(connection)

    tallies.count_after_migrate(using="default")
    assert tallies.differences()
    tallies.count_after_migrate(using="default", plan=["a migration"])

    check()


@pytest.mark.django_db(transaction=True)
def test_writers_and_compacting_do_not_disturb_one_another(handler):
    cases = [make.case("2.1", by=handler) for _number in range(6)]
    start, wrong = Barrier(8), []

    def run(act):
        start.wait()
        try:
            for turn in range(12):
                act(turn)
        except Exception as fault:
            wrong.append(fault)
        finally:
            connection.close()

    def move(case):
        return lambda turn: Case.objects.filter(pk=case.pk).update(due_on=f"2026-12-{turn + 1:02}")

    threads = [Thread(target=run, args=[move(case)]) for case in cases] + [Thread(target=run, args=[lambda turn: tallies.compact()]) for _number in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert wrong == []
    check()


@pytest.mark.django_db(transaction=True)
def test_a_hold_and_its_case_that_are_changed_at_once_are_counted_as_they_end(handler):
    cases = [make.case("2.1", by=handler) for _number in range(8)]
    start, wrong = Barrier(2), []

    def run(act):
        start.wait()
        try:
            for case in cases:
                act(case)
        except Exception as fault:
            wrong.append(fault)
        finally:
            connection.close()

    def hold(case):
        CaseHold.objects.create(case_id=case.pk, reason="待补正", since_by_id=handler.pk)

    def move(case):
        Case.objects.filter(pk=case.pk).update(due_on="2026-12-24")

    threads = [Thread(target=run, args=[act]) for act in (hold, move)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert wrong == []
    check()
