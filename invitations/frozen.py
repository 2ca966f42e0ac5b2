"""What the database itself keeps of letters: an issued letter stays as it was signed off, an approved template as it was approved; nothing is deleted."""

from django.db.backends.base.base import BaseDatabaseWrapper

from core import triggers
from core.triggers import Trigger, raising, refuse

from .models import (
    BatchLine,
    Cancellation,
    CheckRule,
    InvitationLetter,
    Invitee,
    InvitingUnit,
    IssueBatch,
    LetterKind,
    LetterTemplate,
    PersonRequest,
    Purge,
    Scan,
    UnitFiling,
    UnitHold,
)

DELETE = "letters and what belongs to them are not deleted"
LETTER, TEMPLATE = InvitationLetter._meta.db_table, LetterTemplate._meta.db_table
KIND = LetterKind._meta.db_table
KEPT_MODELS = (
    InvitationLetter,
    LetterTemplate,
    LetterKind,
    CheckRule,
    Cancellation,
    Scan,
    Invitee,
    InvitingUnit,
    PersonRequest,
    UnitFiling,
    UnitHold,
    IssueBatch,
    BatchLine,
)
KEPT = [model._meta.db_table for model in KEPT_MODELS]
# What is set later, once: the drawing, what happens to the paper, the scan, the end, the purges.
DRAWN = ("sealed_sha256", "sha256", "pages", "rendered_at")
PAPER = ("sealed_at", "sealed_by_id", "handed_over_at", "handed_over_by_id", "handed_over_to")
SUBMITTED = ("submitted_on", "submitted_by_id", "receipt_number")
SCANNED = ("scanned_at", "scanned_by_id", "scan_sha256", "scan_pages", "scan")  # a wrong one makes way for another until it is submitted
ENDED = ("cancelled_at", "replaced_by_id", "replaced_at")
PURGED = ("purged_at", "scan_purged_at")
ONCE = (*DRAWN, *PAPER, *SUBMITTED, *ENDED, *PURGED)
SEALED = {"file": "sealed_sha256", "scan": "scan_sha256"}
EMPTIED = {"file": "purged_at", "scan": "scan_purged_at"}  # set once; emptied by the purge that says so in the same statement, and by nothing else
FREE = {*ONCE, *SCANNED, *EMPTIED, "content", "passport_digests"}
PURGING = "(NEW.purged_at IS NOT NULL AND OLD.purged_at IS NULL)"
EMPTY_LIST = "CAST(NEW.passport_digests AS text) = '[]'"
# The same words under another key (rotate_field_key): what they say cannot be told here, but nobody without the key can write what is read back.
MARK = len("aesgcm:00000000:")
ANOTHER_KEY = f"(NEW.content LIKE 'aesgcm:%' AND OLD.content LIKE 'aesgcm:%' AND SUBSTR(NEW.content, 1, {MARK}) <> SUBSTR(OLD.content, 1, {MARK}))"


def _blank(column: str) -> str:
    field = next(field for field in InvitationLetter._meta.concrete_fields if field.column == column)
    return f"COALESCE(OLD.{column}, '') = ''" if field.get_internal_type() in {"CharField", "TextField"} else f"OLD.{column} IS NULL"


def _changed(column: str | None) -> str:
    return f"NEW.{column} IS DISTINCT FROM OLD.{column}"


def _changed_otherwise(column: str) -> str:
    """Where it changes, and not because a file lies under another key: then its name and digest change together. `sealed_files.read` takes nothing else."""
    for name, digest in SEALED.items():
        if column in {name, digest}:
            return f"{_changed(column)} AND NOT (NEW.{name} <> '' AND {_changed(name)} AND {_changed(digest)})"
    return _changed(column)


def _emptied(column: str) -> str:
    purge = EMPTIED[column]
    return f"(NEW.{column} = '' AND NEW.{purge} IS NOT NULL AND OLD.{purge} IS NULL)"


def _broken() -> str:
    """Where an update of a letter changes what is frozen, sets again what was set, or takes away what is not purged with it."""
    frozen = [_changed(field.column) for field in InvitationLetter._meta.concrete_fields if field.column not in FREE]
    frozen += [f"({_changed_otherwise(column)} AND NOT ({_blank(column)}))" for column in ONCE]
    frozen += [f"({_changed_otherwise(column)} AND NOT ({_blank(column)}) AND OLD.submitted_on IS NOT NULL)" for column in SCANNED if column not in EMPTIED]
    frozen.append(f"({_changed_otherwise('file')} AND OLD.file <> '' AND NOT {_emptied('file')})")
    frozen.append(f"({_changed_otherwise('scan')} AND OLD.scan <> '' AND OLD.submitted_on IS NOT NULL AND NOT {_emptied('scan')})")
    frozen.append(f"({_changed('content')} AND NOT (NEW.content IS NULL AND {PURGING}) AND NOT COALESCE({ANOTHER_KEY}, FALSE))")
    frozen.append(f"({_changed('passport_digests')} AND NOT {PURGING})")
    frozen.append(f"({PURGING} AND NOT ({EMPTY_LIST}))")
    return " OR ".join(frozen)


TEMPLATE_FREE = {"superseded_at"}
TEMPLATE_BROKEN = "OLD.approved_at IS NOT NULL AND ({})".format(
    " OR ".join(_changed(field.column) for field in LetterTemplate._meta.concrete_fields if field.column not in TEMPLATE_FREE)
)
# A kind under which letters were issued keeps its name and its series: another name is another row.
KIND_USED = "EXISTS (SELECT 1 FROM {} WHERE kind_id = OLD.id) AND ({})".format(
    LETTER, " OR ".join(_changed(column) for column in ("name", "name_en", "series", "valid_from"))
)
DECIDED = "OLD.decision <> ''"
SAME_SCAN = " OR ".join(_changed(name) for name in ("letter_id", "reading", "pages", "sha256", "added_at", "added_by_id", "added_for_id"))
SAME_SCAN += f" OR ({_changed_otherwise('sealed_sha256')})"
SETTLED = {
    LETTER: (_broken(), "an issued letter stays as it was signed off"),
    TEMPLATE: (TEMPLATE_BROKEN, "an approved template stays as it was approved"),
    KIND: (KIND_USED, "a kind of letter that was issued keeps its name"),
    Cancellation._meta.db_table: (DECIDED, "a cancellation that was decided stays as it is"),
    Scan._meta.db_table: (f"{DECIDED} OR {SAME_SCAN}", "a scan stays as it was handed in and decided"),
    PersonRequest._meta.db_table: (DECIDED, "a request that was decided stays as it is"),
    Invitee._meta.db_table: (
        f"OLD.purged_at IS NOT NULL AND (NEW.passport_number IS NOT NULL OR {_changed('purged_at')})",
        "a passport number that was purged does not come back",
    ),
    BatchLine._meta.db_table: ("OLD.decided_at IS NOT NULL", "a line of a batch that was decided stays as it is"),
    UnitHold._meta.db_table: ("OLD.ended_at IS NOT NULL", "a hold that has ended stays as it is"),
    UnitFiling._meta.db_table: ("OLD.withdrawn_at IS NOT NULL", "a filing that was withdrawn stays as it is"),
}


@triggers.register
def letter_triggers(connection: BaseDatabaseWrapper) -> list[Trigger]:
    """Every trigger of the app, on either engine."""
    of_engine = _sqlite if connection.vendor == "sqlite" else _postgresql
    certificates = triggers.append_only(Purge._meta.db_table, vendor=connection.vendor, message="a certificate stays as it was made")
    return certificates + [trigger for table in KEPT for trigger in of_engine(table)]


def _sqlite(table: str) -> list[Trigger]:
    made = [
        Trigger(f"{table}_insert", table, f"BEFORE INSERT ON {table} WHEN EXISTS (SELECT 1 FROM {table} WHERE id = NEW.id) {refuse(DELETE)}"),
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
        check = f"IF TG_OP = 'UPDATE' AND ({condition}) THEN {raising(message)} END IF;"
    body = f"BEGIN IF TG_OP = 'DELETE' THEN {raising(DELETE)} END IF; {check} RETURN NEW; END"
    return [
        Trigger(f"{table}_change", table, f"BEFORE UPDATE OR DELETE ON {table} FOR EACH ROW", body),
        triggers.no_truncate(table, DELETE),
    ]
