"""Rules that the database itself keeps: triggers, for SQLite and PostgreSQL, written by the app that owns the table.

An app's `frozen.py` registers a function that returns its triggers. They are installed after every `migrate`, and on SQLite lifted before it,
because Django remakes tables there and SQLite drops the triggers of a dropped table without a word.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from django.db import connections
from django.db.backends.base.base import BaseDatabaseWrapper

PREFIX = "portal_"


@dataclass(frozen=True)
class Trigger:
    """One trigger: its name (without prefix), its table, and what stands behind `CREATE TRIGGER name`.

    `function` is the body of the plpgsql function that it calls; None on SQLite, where the body stands in `rule`.
    """

    name: str
    table: str
    rule: str
    function: str | None = None

    @property
    def full_name(self) -> str:
        return PREFIX + self.name

    def sql(self) -> str:
        """The statements that create the trigger."""
        if self.function is None:
            return f"CREATE TRIGGER {self.full_name} {self.rule}"
        return (
            f"CREATE OR REPLACE FUNCTION {self.full_name}() RETURNS trigger LANGUAGE plpgsql AS $body$ {self.function} $body$; "
            f"CREATE OR REPLACE TRIGGER {self.full_name} {self.rule} EXECUTE FUNCTION {self.full_name}()"
        )


Source = Callable[[BaseDatabaseWrapper], Iterable[Trigger]]
_sources: list[Source] = []


def register(source: Source) -> Source:
    """Add a function that lists an app's triggers for a connection (it may read the real columns from it)."""
    _sources.append(source)
    return source


def expected(connection: BaseDatabaseWrapper) -> list[Trigger]:
    """Every trigger that must stand in this database, of the tables that exist."""
    tables = set(connection.introspection.table_names())
    return [trigger for source in _sources for trigger in source(connection) if trigger.table in tables]


def installed(connection: BaseDatabaseWrapper) -> set[tuple[str, str]]:
    """(name, table) of each trigger of ours that stands in this database."""
    pattern = PREFIX.replace("_", r"\_") + "%"
    if connection.vendor == "sqlite":
        query = r"SELECT name, tbl_name FROM sqlite_master WHERE type = 'trigger' AND name LIKE %s ESCAPE '\'"
    else:
        query = "SELECT tgname, tgrelid::regclass::text FROM pg_trigger WHERE NOT tgisinternal AND tgname LIKE %s"
    with connection.cursor() as cursor:
        cursor.execute(query, [pattern])
        return set(cursor.fetchall())


def install(connection: BaseDatabaseWrapper) -> None:
    """Put every expected trigger in place, afresh."""
    triggers = expected(connection)
    lift(connection)
    with connection.cursor() as cursor:
        for trigger in triggers:
            cursor.execute(trigger.sql())


def lift(connection: BaseDatabaseWrapper) -> None:
    """Take all our triggers away: before SQLite remakes tables, and before a test empties them."""
    present = installed(connection)
    with connection.cursor() as cursor:
        for name, table in present:
            on_table = "" if connection.vendor == "sqlite" else f" ON {table}"
            cursor.execute(f"DROP TRIGGER {name}{on_table}")


def lift_before_migrate(*, using: str, **kwargs: object) -> None:
    """Receiver of pre_migrate."""
    if connections[using].vendor == "sqlite":
        lift(connections[using])


def install_after_migrate(*, using: str, **kwargs: object) -> None:
    """Receiver of post_migrate; it is sent when every table stands."""
    install(connections[using])


def refuse(message: str) -> str:
    """SQLite: the body of a trigger that refuses with `message`."""
    return f"BEGIN SELECT RAISE(ABORT, '{message}'); END"


def raising(message: str) -> str:
    """PostgreSQL: the statement that refuses with `message`, as an integrity error (SQLSTATE 23514)."""
    return f"RAISE EXCEPTION '{message}' USING ERRCODE = '23514';"


def append_only(table: str, *, vendor: str, message: str) -> list[Trigger]:
    """Triggers for a table to which rows are added and nothing else: no UPDATE, DELETE, REPLACE or TRUNCATE."""
    if vendor == "sqlite":
        return [
            Trigger(f"{table}_insert", table, f"BEFORE INSERT ON {table} WHEN EXISTS (SELECT 1 FROM {table} WHERE id = NEW.id) {refuse(message)}"),
            Trigger(f"{table}_update", table, f"BEFORE UPDATE ON {table} {refuse(message)}"),
            Trigger(f"{table}_delete", table, f"BEFORE DELETE ON {table} {refuse(message)}"),
        ]
    body = f"BEGIN {raising(message)} END"
    return [
        Trigger(f"{table}_change", table, f"BEFORE UPDATE OR DELETE ON {table} FOR EACH ROW", body),
        no_truncate(table, message),
    ]


def no_truncate(table: str, message: str) -> Trigger:
    """PostgreSQL: refuse TRUNCATE of `table`."""
    return Trigger(f"{table}_truncate", table, f"BEFORE TRUNCATE ON {table} FOR EACH STATEMENT", f"BEGIN {raising(message)} END")
