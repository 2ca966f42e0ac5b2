"""What the database itself keeps of the book."""

from django.db.backends.base.base import BaseDatabaseWrapper

from core import triggers
from core.triggers import Trigger, raising, refuse

from . import memorandum_frozen  # noqa: F401 - memoranda
from .interaction_frozen import interaction_triggers
from .models import Country, Merge, Organisation, Person, PlanLine

triggers.register(interaction_triggers)

# -- the book
DELETED = "organisations, people and countries are not deleted"
RECORDS = [model._meta.db_table for model in (Country, Organisation, Person)]


@triggers.register
def book_triggers(connection: BaseDatabaseWrapper) -> list[Trigger]:
    """No record of the book is deleted, nor replaced by another with its key."""
    return [trigger for table in RECORDS for trigger in undeleted(table, DELETED, connection.vendor)]


def undeleted(table: str, message: str, vendor: str) -> list[Trigger]:
    """Triggers for a table whose rows may change and are never deleted: no DELETE, REPLACE or TRUNCATE."""
    if vendor == "sqlite":
        return [
            Trigger(f"{table}_insert", table, f"BEFORE INSERT ON {table} WHEN EXISTS (SELECT 1 FROM {table} WHERE id = NEW.id) {refuse(message)}"),
            Trigger(f"{table}_delete", table, f"BEFORE DELETE ON {table} {refuse(message)}"),
        ]
    return [
        Trigger(f"{table}_delete", table, f"BEFORE DELETE ON {table} FOR EACH ROW", f"BEGIN {raising(message)} END"),
        triggers.no_truncate(table, message),
    ]


# -- merges: kept as they were made, and undone once; into records in use only, so that no two records are merged into one another
UNDOING = {"undone_at", "undone_by_id", "left"}
MERGE = Merge._meta.db_table
CHANGED = " OR ".join(f"NEW.{field.column} IS DISTINCT FROM OLD.{field.column}" for field in Merge._meta.concrete_fields if field.column not in UNDOING)
SETTLED = f"OLD.undone_at IS NOT NULL OR {CHANGED}"
KEPT = "a merge stays as it was made"
INTO = "a record is merged into one that is in use"


@triggers.register
def merge_triggers(connection: BaseDatabaseWrapper) -> list[Trigger]:
    """The triggers of merges, on either engine."""
    tables = [model._meta.db_table for model in (Organisation, Person)]
    if connection.vendor == "sqlite":
        replaced = f"EXISTS (SELECT 1 FROM {MERGE} WHERE id = NEW.id)"
        kept = [
            Trigger(f"{MERGE}_insert", MERGE, f"BEFORE INSERT ON {MERGE} WHEN {replaced} {refuse(KEPT)}"),
            Trigger(f"{MERGE}_update", MERGE, f"BEFORE UPDATE ON {MERGE} WHEN {SETTLED} {refuse(KEPT)}"),
            Trigger(f"{MERGE}_delete", MERGE, f"BEFORE DELETE ON {MERGE} {refuse(KEPT)}"),
        ]
        return kept + [Trigger(f"{table}_into", table, f"BEFORE UPDATE ON {table} WHEN {_wrong(table)} {refuse(INTO)}") for table in tables]
    body = f"BEGIN IF TG_OP = 'DELETE' OR {SETTLED} THEN {raising(KEPT)} END IF; RETURN NEW; END"
    kept = [Trigger(f"{MERGE}_change", MERGE, f"BEFORE UPDATE OR DELETE ON {MERGE} FOR EACH ROW", body), triggers.no_truncate(MERGE, KEPT)]
    return kept + [
        Trigger(f"{table}_into", table, f"BEFORE UPDATE ON {table} FOR EACH ROW", f"BEGIN IF {_wrong(table)} THEN {raising(INTO)} END IF; RETURN NEW; END")
        for table in tables
    ]


def _wrong(table: str) -> str:
    newly = "NEW.merged_into_id IS NOT NULL AND NEW.merged_into_id IS DISTINCT FROM OLD.merged_into_id"
    return f"{newly} AND EXISTS (SELECT 1 FROM {table} WHERE id = NEW.merged_into_id AND archived_at IS NOT NULL)"


# -- yearly plans: a line is struck out, not deleted, and stays so
PLAN = PlanLine._meta.db_table
PLANNED = "a line of a plan is struck out, not deleted, and stays struck"


@triggers.register
def plan_triggers(connection: BaseDatabaseWrapper) -> list[Trigger]:
    """The triggers of the yearly plans, on either engine."""
    kept = undeleted(PLAN, PLANNED, connection.vendor)
    if connection.vendor == "sqlite":
        return [*kept, Trigger(f"{PLAN}_struck", PLAN, f"BEFORE UPDATE ON {PLAN} WHEN OLD.struck_at IS NOT NULL {refuse(PLANNED)}")]
    body = f"BEGIN IF OLD.struck_at IS NOT NULL THEN {raising(PLANNED)} END IF; RETURN NEW; END"
    return [*kept, Trigger(f"{PLAN}_struck", PLAN, f"BEFORE UPDATE ON {PLAN} FOR EACH ROW", body)]
