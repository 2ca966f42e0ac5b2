"""What benchmarks/large.py does, with Django set up."""

import csv
import io
import itertools
import json
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

from django.core.management import call_command
from django.db import connection, transaction
from django.utils import timezone

from accounts.audit import name_of
from accounts.models import AuditEvent, AuditHead, User
from benchmarks import large_rows, large_words
from cases import tallies
from cases.models import Assignment, Case, Document
from cases.search import CASES, DOCUMENTS
from core import search, triggers
from core.frozen import pieces, rowid
from core.index import INDEX, KINDS, TABLE
from core.models import SearchEntry
from duties.models import ListEntry
from tests import factories as make

YEARS = 10  # in which the cases were opened
SHARES = (380, 220, 150, 100, 80, 50, 19, 1)  # of a thousand cases, by item
CHUNK = 10_000


def fill(cases: int, events: int) -> None:
    """Fill the database of the settings."""
    call_command("migrate", interactive=False, verbosity=0)
    assert not Case.objects.exists(), "the database holds cases already"
    make.duty_list()
    call_command("seed_operating_rules", verbosity=0, stdout=io.StringIO())
    make.working_days(timezone.localdate().year, timezone.localdate().year + 1)
    handlers = people()
    with bulk("cases") as cursor, transaction.atomic():
        tables(cursor, handlers)
        for title, statement in large_rows.statements(cases):
            started = time.monotonic()
            cursor.execute(statement)
            print(f"{title}: {time.monotonic() - started:.1f} s", flush=True)
        index_search(cursor, "case", "document")
        write_trail(cursor, events)
    settle()
    check()


def people() -> list[User]:
    """Twelve who carry cases; beside them who sees all, some and none of the cases, and an auditor."""
    codes = [entry.item_id for entry in entries()]
    handlers = []
    for number in range(1, 13):
        items = codes[-1:] if number == 12 else codes[2:3] if number == 11 else codes[:4] if number > 6 else codes
        handlers.append(make.worker("preparer", *items, username=f"carrier{number}", name=f"测试{number}号"))
    make.worker("reviewer", *codes, username="sees.own", name="测试审核")
    make.worker("registrar", codes[-1], username="sees.few", name="测试档案")
    Assignment.objects.filter(user=make.worker("registrar", username="sees.none", name="测试旁观")).update(ended_at=timezone.now(), ended_by=handlers[0])
    make.worker("signer", username="sees.all", name="测试签发")
    make.person("leader", username="leads", name="测试领导")
    make.person("auditor", username="audits", name="测试审计")
    return handlers


def entries() -> list[ListEntry]:
    return list(ListEntry.objects.filter(edition__status="published").order_by("position"))


class bulk:  # noqa: N801 - used as a function
    """A cursor in a database that checks and indexes nothing of an app until it is left: no triggers, no foreign keys, no index but the unique ones."""

    def __init__(self, app: str) -> None:
        self.tables = f"{app}!_%"

    def __enter__(self) -> Any:
        self.cursor = connection.cursor()
        triggers.lift(connection)
        if connection.vendor == "sqlite":
            connection.disable_constraint_checking()
            self.cursor.execute("PRAGMA synchronous=OFF")
            self.cursor.execute("PRAGMA cache_size=-1000000")
            self.cursor.execute("SELECT name, sql FROM sqlite_master WHERE type = 'index' AND sql IS NOT NULL AND tbl_name LIKE %s ESCAPE '!'", [self.tables])
        else:
            self.cursor.execute("SET session_replication_role = replica")
            for setting in ("maintenance_work_mem = '1GB'", "work_mem = '256MB'", "synchronous_commit = off"):
                self.cursor.execute(f"SET {setting}")
            self.cursor.execute(
                "SELECT indexname, indexdef FROM pg_indexes WHERE (tablename LIKE %s ESCAPE '!' OR indexname = 'core_search_pieces') "
                "AND indexname NOT IN (SELECT conname FROM pg_constraint)",
                [self.tables],
            )
        self.indexes = self.cursor.fetchall()
        for name, _definition in self.indexes:
            self.cursor.execute(f'DROP INDEX "{name}"')
        return self.cursor

    def __exit__(self, *wrong: object) -> None:
        for _name, definition in self.indexes:
            self.cursor.execute(definition)
        if connection.vendor == "sqlite":
            connection.enable_constraint_checking()
        else:
            self.cursor.execute("SET session_replication_role = DEFAULT")
        triggers.install(connection)


def tables(cursor: Any, handlers: list[User]) -> None:
    """Tables for this connection only: words of titles, moments of ten years, and which item and person a case of each thousandth is of."""
    day = "date" if connection.vendor == "postgresql" else "text"
    moment = "timestamptz" if connection.vendor == "postgresql" else "text"
    words = [(kind, place, word, *search.spell(word)) for kind, found in enumerate(large_words.WORDS) for place, word in enumerate(found)]
    make_table(cursor, "large_word", "kind bigint, place bigint, word text, pinyin text, initials text, PRIMARY KEY (kind, place)", words)
    today = timezone.localdate()
    begin = datetime(today.year, today.month, today.day, 1, tzinfo=UTC) - timedelta(days=365 * YEARS)
    moments = []
    for number in range(365 * YEARS + 100):
        at = begin + timedelta(days=number, minutes=number * 37 % 480)
        moments.append((number, connection.ops.adapt_datetimefield_value(at), at.date(), at.year))
    make_table(cursor, "large_moment", f"n bigint PRIMARY KEY, at {moment}, day {day}, in_year bigint", moments)
    items = list(itertools.chain.from_iterable([entry] * share for entry, share in zip(entries(), SHARES, strict=True)))
    slots = [(place, entry.item_id, entry.item.sheet_in_force().pk, handlers[who(place)].pk) for place, entry in enumerate(items)]  # type: ignore[union-attr]
    make_table(cursor, "large_slot", "place bigint PRIMARY KEY, item text, sheet bigint, handler bigint", slots)


def who(place: int) -> int:
    """Who of the twelve carries the cases of a thousandth: the first three in ten, the last one in a thousand."""
    if place == 999:
        return 11
    return 0 if place % 10 < 3 else 1 + place % 10


def make_table(cursor: Any, name: str, columns: str, rows: list[tuple[Any, ...]]) -> None:
    cursor.execute(f"CREATE TEMPORARY TABLE {name} ({columns})")
    cursor.executemany(f"INSERT INTO {name} VALUES ({', '.join(['%s'] * len(rows[0]))})", rows)  # noqa: S608
    if connection.vendor == "postgresql":
        cursor.execute(f"ANALYZE {name}")


def index_search(cursor: Any, *kinds: str) -> None:
    """What the triggers would have written for the new entries of these kinds; PostgreSQL makes its index anew in the end."""
    if connection.vendor == "sqlite":
        for kind in kinds:
            cursor.execute(f"INSERT OR IGNORE INTO {KINDS}(kind) VALUES (%s)", [kind])  # noqa: S608
            cursor.execute(
                f"INSERT INTO {INDEX}(rowid, pieces) SELECT {rowid('entry')}, {pieces('entry')} FROM {TABLE} AS entry WHERE kind = %s ORDER BY object_pk",  # noqa: S608
                [kind],
            )


def write_trail(cursor: Any, events: int) -> None:
    """A trail that holds: each event signed and chained to the one before."""
    columns = [field.column for field in AuditEvent._meta.concrete_fields if not field.primary_key]
    into = f"{AuditEvent._meta.db_table} ({', '.join(columns)})"
    rows = trail(events)
    while chunk := list(itertools.islice(rows, CHUNK)):
        if connection.vendor == "postgresql":
            lines = io.StringIO()
            csv.writer(lines).writerows(chunk)
            lines.seek(0)
            cursor.copy_expert(f"COPY {into} FROM STDIN (FORMAT csv)", lines)
        else:
            cursor.executemany(f"INSERT INTO {into} VALUES ({', '.join(['%s'] * len(columns))})", chunk)  # noqa: S608


def trail(events: int) -> Iterator[tuple[Any, ...]]:
    """As many events as columns of the table: four in five about cases, the others about people."""
    head = AuditHead.objects.get_or_create(pk=1)[0]
    handlers, last = list(User.objects.filter(username__startswith="carrier")), Case.objects.latest("pk").pk
    begin = timezone.now() - timedelta(days=365 * YEARS)
    acts = ("case.open", "case.finish", "case.receive", "document.download", "case.note", "case.tick", "case.submit", "case.decide", "sign_in", "sign_out")
    for number in range(events):
        by, action = handlers[who(number * 7919 % 1000)], acts[number % len(acts)]
        subject = f"{Case._meta.label_lower}:{number * last // events + 1}" if number % 10 < 8 else name_of(by)
        facts = json.dumps({"number": f"2.1-{2016 + number % 10}-{number:04d}"} if number % 10 < 8 else {}, ensure_ascii=False)
        at = begin + timedelta(days=365 * YEARS * number / events)
        event = AuditEvent(number=head.number + 1, at=at, by=by, action=action, subject=subject, facts=facts, address=f"10.0.0.{number % 200}")
        event.previous = head.digest
        event.digest = event.compute_digest()
        head.number, head.digest = event.number, event.digest
        stored = at if connection.vendor == "postgresql" else connection.ops.adapt_datetimefield_value(at)
        yield event.number, stored, by.pk, action, subject, facts, event.address, event.previous, event.digest
    head.save()


def settle() -> None:
    """The counts behind the figures; what autovacuum does on PostgreSQL sooner or later; sequences behind the last key."""
    tallies.rebuild()
    with connection.cursor() as cursor:
        if connection.vendor == "sqlite":
            cursor.execute("PRAGMA wal_checkpoint(TRUNCATE)")
            return
        for model in (*large_rows.KEYED, AuditEvent):
            cursor.execute(f"SELECT setval(pg_get_serial_sequence('{model._meta.db_table}', 'id'), (SELECT max(id) FROM {model._meta.db_table}))")  # noqa: S608
        cursor.execute("VACUUM ANALYZE")


def check() -> None:
    """The search entries are those that the portal would have written."""
    for source, objects in ((CASES, Case.objects.all()), (DOCUMENTS, Document.objects.select_related("case"))):
        for row in objects.filter(pk__lte=100):
            expected = search.entry(source.kind, row.pk, source.words(row))
            found = SearchEntry.objects.get(kind=source.kind, object_pk=row.pk)
            assert (found.title, found.text) == (expected.title, expected.text), (found.text, expected.text)
