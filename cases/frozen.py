"""What the database itself keeps of cases: nothing is deleted, the timeline grows only, what was decided or is final stays."""

from django.apps import apps
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.models.signals import post_migrate

from core import triggers
from core.triggers import Trigger, raising, refuse

from .models import Approval, Case, CaseHold, CaseLink, CaseMaterial, CaseStep, CaseTask, Document, TimelineEntry
from .tallies import count_after_migrate, tally_triggers

KEPT = [model._meta.db_table for model in (Case, CaseStep, CaseMaterial, CaseTask, CaseHold, CaseLink, Approval, Document)]
# What may be said of a document later, once: that it was withdrawn, that its file was purged; all else of it stays.
WITHDRAWN = ("withdrawn_at", "withdrawn_by_id", "withdraw_reason")
PURGED = "purged_at"


def _changed(*columns: str | None) -> str:
    return "({})".format(" OR ".join(f"NEW.{column} IS DISTINCT FROM OLD.{column}" for column in columns))


CONTENT = _changed(*(field.column for field in Document._meta.concrete_fields if field.column not in {*WITHDRAWN, PURGED}))
TOLD_AGAIN = f"(OLD.withdrawn_at IS NOT NULL AND {_changed(*WITHDRAWN)}) OR (OLD.purged_at IS NOT NULL AND {_changed(PURGED)})"
# An update is refused where this is true of the row (OLD) and the new one (NEW).
SETTLED = {
    Document._meta.db_table: (f"({TOLD_AGAIN} OR {CONTENT})", "a document stays as it was added"),
    Approval._meta.db_table: ("OLD.decision <> ''", "an approval that was decided stays as it is"),
    CaseHold._meta.db_table: ("OLD.ended_at IS NOT NULL", "a hold that has ended stays as it is"),
    CaseStep._meta.db_table: ("OLD.is_final AND (NEW.status <> OLD.status OR NOT NEW.is_final)", "a final step is not reopened"),
    Case._meta.db_table: ("OLD.closed_at IS NOT NULL AND (NEW.closed_at IS NULL OR NEW.outcome <> OLD.outcome)", "a closed case is not reopened"),
}
DELETE = "cases are not deleted"

triggers.register(tally_triggers)
post_migrate.connect(count_after_migrate, sender=apps.get_app_config("contenttypes"))  # after that of auth, which puts the triggers back


@triggers.register
def case_triggers(connection: BaseDatabaseWrapper) -> list[Trigger]:
    """Every trigger of the cases app, on either engine."""
    timeline = triggers.append_only(TimelineEntry._meta.db_table, vendor=connection.vendor, message="the timeline is added to, not changed")
    if connection.vendor == "sqlite":
        return timeline + [trigger for table in KEPT for trigger in _sqlite(table)]
    return timeline + [trigger for table in KEPT for trigger in _postgresql(table)]


def _sqlite(table: str) -> list[Trigger]:
    replaced = f"EXISTS (SELECT 1 FROM {table} WHERE id = NEW.id)"
    made = [
        Trigger(f"{table}_insert", table, f"BEFORE INSERT ON {table} WHEN {replaced} {refuse(DELETE)}"),
        Trigger(f"{table}_delete", table, f"BEFORE DELETE ON {table} {refuse(DELETE)}"),
    ]
    if table in SETTLED:
        condition, message = SETTLED[table]
        made.append(Trigger(f"{table}_update", table, f"BEFORE UPDATE ON {table} WHEN {condition} {refuse(message)}"))
    return made


def _postgresql(table: str) -> list[Trigger]:
    check = ""
    if table in SETTLED:
        condition, message = SETTLED[table]
        check = f"IF TG_OP = 'UPDATE' AND {condition} THEN {raising(message)} END IF;"
    body = f"BEGIN IF TG_OP = 'DELETE' THEN {raising(DELETE)} END IF; {check} RETURN NEW; END"
    return [
        Trigger(f"{table}_change", table, f"BEFORE UPDATE OR DELETE ON {table} FOR EACH ROW", body),
        triggers.no_truncate(table, DELETE),
    ]
