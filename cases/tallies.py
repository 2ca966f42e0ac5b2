# ruff: noqa: S608 - SQL made of constants of this module and names of tables
"""The rollup behind the figures of cases, kept by the database in the very transaction that changes what it counts.

`CaseTally` holds signed counts. Triggers add them - rows are only inserted, so that nobody waits for anybody over a counter - and a figure is their sum.
What is counted is written once, here, as SQL: the triggers, the rebuilding and the live query are made of the same conditions.
`compact` merges rows of the same sort; it is safe beside writers.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

from django.conf import settings
from django.db import connections, transaction
from django.db.backends.base.base import BaseDatabaseWrapper
from django.utils import timezone

from core.triggers import Trigger
from core.turns import turn

from .models import Approval, Case, CaseHold, CaseTally
from .models.tallies import NEVER

TALLY, CASE, HOLD, APPROVAL = (model._meta.db_table for model in (CaseTally, Case, CaseHold, Approval))
KEY = "item_id, measure, day, days"
COLUMNS = f"{KEY}, count"
LOCK = 7_021_955_411  # names the advisory lock of compacting on PostgreSQL


# -- SQL, in the words of either engine -------------------------------------------------------------------------------------------------------------------


def _day(moment: str, vendor: str) -> str:
    """The local day of a moment. The zone has had the same offset since 1991."""
    if vendor == "sqlite":
        return f"date(substr({moment}, 1, 19), '{_offset()} minutes')"  # whole seconds: it would round the last microsecond of a day up
    return f"({moment} AT TIME ZONE '{settings.TIME_ZONE}')::date"


def _offset() -> str:
    offset = timezone.make_aware(datetime(2026, 1, 1), timezone.get_default_timezone()).utcoffset()
    assert offset is not None
    return f"{int(offset.total_seconds()) // 60:+d}"


def _month(moment: str, vendor: str) -> str:
    day = _day(moment, vendor)
    return f"date({day}, 'start of month')" if vendor == "sqlite" else f"date_trunc('month', {day})::date"


def _between(since: str, until: str, vendor: str) -> str:
    """Whole days from the local day of one moment to that of another."""
    since, until = _day(since, vendor), _day(until, vendor)
    return f"CAST(julianday({until}) - julianday({since}) AS integer)" if vendor == "sqlite" else f"({until} - {since})"


def _days_taken(vendor: str) -> str:
    """How many calendar days the closed case `c` took: from the day after it was opened to that of the close, without those after the day on which
    the clock stopped up to that on which it went on."""
    stood = f"SELECT COALESCE(SUM({_between('h.since_at', 'h.ended_at', vendor)}), 0) FROM {HOLD} h WHERE h.case_id = c.id AND h.ended_at IS NOT NULL"
    return f"({_between('c.opened_at', 'c.closed_at', vendor)} - ({stood}))"


def _literal(vendor: str) -> str:
    return f"'{NEVER}'" if vendor == "sqlite" else f"DATE '{NEVER}'"


def counted(cases: str, sign: str, vendor: str) -> str:
    """Select (item_id, measure, day, days, count): what the cases that the SQL `cases` gives are counted as, `sign` ("1", "-1") for each."""
    never = _literal(vendor)
    due = f"COALESCE(c.due_on, {never})"
    held = f"EXISTS (SELECT 1 FROM {HOLD} h WHERE h.case_id = c.id AND h.ended_at IS NULL)"
    waiting = f"EXISTS (SELECT 1 FROM {APPROVAL} a WHERE a.case_id = c.id AND a.decision = '')"
    rows = [
        ("'due'", due, "0", "c.closed_at IS NULL"),
        ("'held'", due, "0", f"c.closed_at IS NULL AND {held}"),
        ("'waiting'", never, "0", f"c.closed_at IS NULL AND {waiting}"),
        ("'opened'", _month("c.opened_at", vendor), "0", "1 = 1"),
        ("c.outcome", _month("c.closed_at", vendor), _days_taken(vendor), "c.closed_at IS NOT NULL"),
    ]
    return " UNION ALL ".join(
        f"SELECT c.item_id AS item_id, {measure} AS measure, {day} AS day, {days} AS days, {sign} AS count FROM {cases} WHERE {condition}"
        for measure, day, days, condition in rows
    )


def _add(changes: str) -> str:
    """Insert what these changes come to. What cancels out leaves no row."""
    return f"INSERT INTO {TALLY} ({COLUMNS}) SELECT {KEY}, SUM(count) FROM ({changes}) AS changes GROUP BY {KEY} HAVING SUM(count) <> 0;"


def live(vendor: str, condition: str = "1 = 1") -> str:
    """Select what the rollup holds, a row a case and measure, from the cases `c` themselves, where `condition` is true of them."""
    return counted(f"(SELECT * FROM {CASE} c WHERE {condition}) c", "1", vendor)


# -- triggers ---------------------------------------------------------------------------------------------------------------------------------------------

# What of each table is looked at; other changes of a row add nothing.
WATCHED = {
    CASE: ("id", "item_id", "due_on", "opened_at", "closed_at", "outcome"),
    HOLD: ("case_id", "since_at", "ended_at"),
    APPROVAL: ("case_id", "decision"),
}


def _cases_changed(old: str | None, vendor: str, new: str) -> str:
    return _add(counted(f"{new} c", "1", vendor) + (f" UNION ALL {counted(f'{old} c', '-1', vendor)}" if old else ""))


def _holds_changed(old: str | None, vendor: str, new: str) -> str:
    """An open hold more or fewer (a case has one at most), or other days on which the clock of a closed case stood."""
    days = f"COALESCE({_between('since_at', 'ended_at', vendor)}, 0)"
    is_open = "CASE WHEN ended_at IS NULL THEN {} ELSE 0 END"
    changes = f"SELECT case_id, {is_open.format(1)} AS held, {days} AS stood FROM {new} AS n"
    if old:
        changes += f" UNION ALL SELECT case_id, {is_open.format(-1)}, -{days} FROM {old} AS o"
    changed = f"(SELECT case_id, SUM(held) AS held, SUM(stood) AS stood FROM ({changes}) AS p GROUP BY case_id) AS d"
    cases = f"FROM {CASE} c JOIN {changed} ON d.case_id = c.id"
    now, month = _days_taken(vendor), _month("c.closed_at", vendor)
    closed = f"{cases} WHERE c.closed_at IS NOT NULL AND d.stood <> 0"
    return _add(
        f"SELECT c.item_id AS item_id, 'held' AS measure, COALESCE(c.due_on, {_literal(vendor)}) AS day, 0 AS days, d.held AS count "
        f"{cases} WHERE c.closed_at IS NULL AND d.held <> 0"
        f" UNION ALL SELECT c.item_id, c.outcome, {month}, {now}, 1 {closed}"
        f" UNION ALL SELECT c.item_id, c.outcome, {month}, {now} + d.stood, -1 {closed}"
    )


def _approvals_changed(old: str | None, vendor: str, new: str) -> str:
    """The first open question of a case, or the last one answered."""
    changes = f"SELECT case_id, 1 AS more FROM {new} AS n WHERE decision = ''"
    if old:
        changes += f" UNION ALL SELECT case_id, -1 FROM {old} AS o WHERE decision = ''"
    changed = f"(SELECT case_id, SUM(more) AS more FROM ({changes}) AS p GROUP BY case_id) AS d"
    now = f"(SELECT COUNT(*) FROM {APPROVAL} a WHERE a.case_id = c.id AND a.decision = '')"
    states = f"SELECT c.item_id AS item_id, {now} AS now, d.more AS more FROM {CASE} c JOIN {changed} ON d.case_id = c.id WHERE c.closed_at IS NULL"
    count = "CASE WHEN now > 0 THEN 1 ELSE 0 END - CASE WHEN now - more > 0 THEN 1 ELSE 0 END"
    return _add(f"SELECT item_id, 'waiting' AS measure, {_literal(vendor)} AS day, 0 AS days, {count} AS count FROM ({states}) AS s")


CHANGED = {CASE: _cases_changed, HOLD: _holds_changed, APPROVAL: _approvals_changed}


def tally_triggers(connection: BaseDatabaseWrapper) -> list[Trigger]:
    """The triggers that keep the rollup, on either engine."""
    if TALLY not in connection.introspection.table_names():
        return []  # before the migration that makes it
    make = _sqlite if connection.vendor == "sqlite" else _postgresql
    return [trigger for table in CHANGED for trigger in make(table)]


def _sqlite(table: str) -> Iterable[Trigger]:
    new, old = (f"(SELECT {', '.join(f'{row}.{column} AS {column}' for column in WATCHED[table])})" for row in ("NEW", "OLD"))
    differs = " OR ".join(f"NEW.{column} IS NOT OLD.{column}" for column in WATCHED[table])
    yield Trigger(f"{table}_tally_insert", table, f"AFTER INSERT ON {table} BEGIN {CHANGED[table](None, 'sqlite', new)} END")
    yield Trigger(f"{table}_tally_update", table, f"AFTER UPDATE ON {table} WHEN {differs} BEGIN {CHANGED[table](old, 'sqlite', new)} END")


def _postgresql(table: str) -> Iterable[Trigger]:
    """One statement for all rows that a statement changed. The cases are locked before they are looked at, as the engine has done already: a hold
    and its case that are changed at once by two others would each count what it cannot see yet."""
    for event, old in (("INSERT", None), ("UPDATE", "old_rows")):
        rows = "NEW TABLE AS new_rows" + (" OLD TABLE AS old_rows" if old else "")
        keys = "SELECT case_id FROM new_rows" + (" UNION SELECT case_id FROM old_rows" if old else "")
        lock = "" if table == CASE else f"PERFORM 1 FROM {CASE} WHERE id IN ({keys}) ORDER BY id FOR NO KEY UPDATE;"
        body = f"BEGIN {lock} {CHANGED[table](old, 'postgresql', 'new_rows')} RETURN NULL; END"
        yield Trigger(f"{table}_tally_{event.lower()}", table, f"AFTER {event} ON {table} REFERENCING {rows} FOR EACH STATEMENT", body)


# -- keeping ----------------------------------------------------------------------------------------------------------------------------------------------


def rebuild(using: str = "default") -> int:
    """Count everything anew; returns the number of rows. Nobody changes cases meanwhile: on PostgreSQL writers wait until it is done."""
    connection = connections[using]
    with turn(), transaction.atomic(using), connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute(f"LOCK TABLE {CASE}, {HOLD}, {APPROVAL} IN SHARE MODE")
        cursor.execute(f"DELETE FROM {TALLY}")
        cursor.execute(_add(live(connection.vendor)).removesuffix(";"))
        return int(cursor.rowcount)


def count_after_migrate(*, using: str, plan: Sequence[Any] = (), **kwargs: object) -> None:
    """Receiver of post_migrate: count anew where something was migrated, for what the migrations changed while the triggers were lifted."""
    if plan and TALLY in connections[using].introspection.table_names():
        rebuild(using)


def compact(using: str = "default") -> int:
    """Merge rows of the same sort; returns how many rows fewer there are. What others add meanwhile stays as it is."""
    connection = connections[using]
    with turn(), transaction.atomic(using), connection.cursor() as cursor:
        return _compact_sqlite(cursor) if connection.vendor == "sqlite" else _compact_postgresql(cursor)


def compact_by_schedule(job: object, progress: object) -> None:
    """The work of the scheduled job."""
    compact()


def _compact_sqlite(cursor: Any) -> int:
    """The transaction is the only writer from its beginning."""
    cursor.execute(f"SELECT MAX(id) FROM {TALLY}")
    last = cursor.fetchone()[0] or 0
    cursor.execute(
        f"INSERT INTO {TALLY} ({COLUMNS}) SELECT {KEY}, SUM(count) FROM {TALLY} GROUP BY {KEY} HAVING COUNT(*) > 1 AND SUM(count) <> 0",
    )
    made = cursor.rowcount
    several = f"SELECT {KEY} FROM {TALLY} WHERE id <= %s GROUP BY {KEY} HAVING COUNT(*) > 1 OR SUM(count) = 0"
    cursor.execute(f"DELETE FROM {TALLY} WHERE id <= %s AND ({KEY}) IN ({several})", [last, last])
    return int(cursor.rowcount - made)


def _compact_postgresql(cursor: Any) -> int:
    """One statement: what it deletes is what it adds up. A second one at the same time has nothing to do."""
    cursor.execute("SELECT pg_try_advisory_xact_lock(%s)", [LOCK])
    if not cursor.fetchone()[0]:
        return 0
    same = " AND ".join(f"t.{column} = several.{column}" for column in KEY.split(", "))
    cursor.execute(
        f"""
        WITH several AS (SELECT {KEY} FROM {TALLY} GROUP BY {KEY} HAVING COUNT(*) > 1 OR SUM(count) = 0),
        gone AS (DELETE FROM {TALLY} t USING several WHERE {same} RETURNING t.*),
        made AS (INSERT INTO {TALLY} ({COLUMNS}) SELECT {KEY}, SUM(count) FROM gone GROUP BY {KEY} HAVING SUM(count) <> 0 RETURNING 1)
        SELECT (SELECT COUNT(*) FROM gone) - (SELECT COUNT(*) FROM made)
        """
    )
    return int(cursor.fetchone()[0])


def differences(using: str = "default") -> Sequence[tuple[Any, ...]]:
    """(item, measure, day, days, count) by which the rollup differs from the cases; none where all is well."""
    connection = connections[using]
    kept = f"SELECT {COLUMNS} FROM {TALLY}"
    counted_now = live(connection.vendor)
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT {KEY}, SUM(count) FROM ({kept} UNION ALL SELECT {KEY}, -count FROM ({counted_now}) AS l) AS b "
            f"GROUP BY {KEY} HAVING SUM(count) <> 0 ORDER BY {KEY}"
        )
        return list(cursor.fetchall())
