"""What the database itself keeps of interactions and calendar feeds: nothing is deleted, what came to an end stays as it was."""

from django.db.backends.base.base import BaseDatabaseWrapper

from core import triggers
from core.triggers import Trigger, raising, refuse

from .models import CalendarFeed, Interaction, InteractionLink, InteractionThread, Visit


def _changed(*columns: str) -> str:
    return " OR ".join(f"NEW.{column} IS DISTINCT FROM OLD.{column}" for column in columns)


# An update is refused where this is true of the row (OLD) and the new one (NEW); "": nothing beside deleting is refused.
SETTLED = {
    InteractionThread._meta.db_table: (_changed("case_id", "year"), "a thread stays with its case and its year"),
    Interaction._meta.db_table: (
        f"OLD.withdrawn_at IS NOT NULL OR {_changed('registered_at', 'registered_by_id', 'form_key')}",
        "an interaction that was withdrawn stays as it is",
    ),
    InteractionLink._meta.db_table: ("OLD.removed_at IS NOT NULL", "a link that was removed stays as it is"),
    Visit._meta.db_table: (
        f"((OLD.held_at IS NOT NULL OR OLD.cancelled_at IS NOT NULL) AND ({_changed('starts_at', 'held_at', 'held_as_id', 'cancelled_at', 'cancel_reason')}))"
        f" OR {_changed('asked_id')}",
        "a visit that was held or cancelled stays as it is",
    ),
    CalendarFeed._meta.db_table: (
        f"OLD.revoked_at IS NOT NULL OR {_changed('person_id', 'scope', 'token_digest', 'made_at')}",
        "a feed that was revoked stays so",
    ),
}
DELETE = "what was talked about is not deleted"


def interaction_triggers(connection: BaseDatabaseWrapper) -> list[Trigger]:
    """Their triggers, on either engine."""
    make = _sqlite if connection.vendor == "sqlite" else _postgresql
    return [trigger for table, (condition, message) in SETTLED.items() for trigger in make(table, condition, message)]


def _sqlite(table: str, condition: str, message: str) -> list[Trigger]:
    replaced = f"EXISTS (SELECT 1 FROM {table} WHERE id = NEW.id)"
    return [
        Trigger(f"{table}_insert", table, f"BEFORE INSERT ON {table} WHEN {replaced} {refuse(DELETE)}"),
        Trigger(f"{table}_delete", table, f"BEFORE DELETE ON {table} {refuse(DELETE)}"),
        Trigger(f"{table}_update", table, f"BEFORE UPDATE ON {table} WHEN {condition} {refuse(message)}"),
    ]


def _postgresql(table: str, condition: str, message: str) -> list[Trigger]:
    body = f"BEGIN IF TG_OP = 'DELETE' THEN {raising(DELETE)} END IF; IF TG_OP = 'UPDATE' AND ({condition}) THEN {raising(message)} END IF; RETURN NEW; END"
    return [
        Trigger(f"{table}_change", table, f"BEFORE UPDATE OR DELETE ON {table} FOR EACH ROW", body),
        triggers.no_truncate(table, DELETE),
    ]
