"""What the database itself keeps of the register: nothing is deleted, a number stays with its entry, what was cancelled or kept stays as it was."""

from django.db.backends.base.base import BaseDatabaseWrapper

from core import triggers
from core.triggers import Trigger, raising, refuse

from .models import Entry, EntryChange, EntryDocument, EntryLink

# What may be said of a document later; all else of it stays.
WITHDRAWN = {"withdrawn_at", "withdrawn_by_id", "withdraw_reason"}
CONTENT = " OR ".join(
    f"NEW.{field.column} IS DISTINCT FROM OLD.{field.column}" for field in EntryDocument._meta.concrete_fields if field.column not in WITHDRAWN
)
NUMBER = " OR ".join(f"NEW.{column} <> OLD.{column}" for column in ("direction", "year", "serial", "number", "registered_at", "registered_by_id"))
# An update is refused where this is true of the row (OLD) and the new one (NEW).
SETTLED = {
    Entry._meta.db_table: (f"OLD.cancelled_at IS NOT NULL OR {NUMBER}", "an entry keeps its number, and stays cancelled"),
    EntryLink._meta.db_table: ("OLD.removed_at IS NOT NULL", "a link that was removed stays as it is"),
    EntryDocument._meta.db_table: (f"OLD.withdrawn_at IS NOT NULL OR {CONTENT}", "a document stays as it was added"),
}
DELETE = "the register is not deleted from"


@triggers.register
def register_triggers(connection: BaseDatabaseWrapper) -> list[Trigger]:
    """Every trigger of the register, on either engine."""
    changes = triggers.append_only(EntryChange._meta.db_table, vendor=connection.vendor, message="what was done is added to, not changed")
    make = _sqlite if connection.vendor == "sqlite" else _postgresql
    return changes + [trigger for table, (condition, message) in SETTLED.items() for trigger in make(table, condition, message)]


def _sqlite(table: str, condition: str, message: str) -> list[Trigger]:
    replaced = f"EXISTS (SELECT 1 FROM {table} WHERE id = NEW.id)"
    return [
        Trigger(f"{table}_insert", table, f"BEFORE INSERT ON {table} WHEN {replaced} {refuse(DELETE)}"),
        Trigger(f"{table}_delete", table, f"BEFORE DELETE ON {table} {refuse(DELETE)}"),
        Trigger(f"{table}_update", table, f"BEFORE UPDATE ON {table} WHEN {condition} {refuse(message)}"),
    ]


def _postgresql(table: str, condition: str, message: str) -> list[Trigger]:
    check = f"IF TG_OP = 'UPDATE' AND ({condition}) THEN {raising(message)} END IF;"
    body = f"BEGIN IF TG_OP = 'DELETE' THEN {raising(DELETE)} END IF; {check} RETURN NEW; END"
    return [
        Trigger(f"{table}_change", table, f"BEFORE UPDATE OR DELETE ON {table} FOR EACH ROW", body),
        triggers.no_truncate(table, DELETE),
    ]
