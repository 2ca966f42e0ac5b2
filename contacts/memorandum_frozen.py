"""What the database itself keeps of memoranda: nothing is deleted, and what is signed stays as it was signed."""

from collections.abc import Sequence

from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.models import Model

from core import triggers
from core.triggers import Trigger, raising, refuse

from .models import (
    Commitment,
    Countersignature,
    Fulfilment,
    LegalReview,
    Memorandum,
    MemorandumExtension,
    MemorandumParty,
    MemorandumSignatory,
    MemorandumText,
    TextCheck,
    YearlyReview,
)

DELETE = "memoranda and what belongs to them are not deleted"
TABLE = Memorandum._meta.db_table
FILED = {"originals", "originals_place", "filed_at", "filed_by_id"}
ENDED = {"end_kind", "notified_on", "ended_on", "end_number", "end_reason", "end_recorded_at", "end_recorded_by_id"}
SIGNING = {"signed_on", "signed_place", "occasion_id", "effective_on"}  # may be put right until the originals are filed
LATER = {*FILED, *ENDED, *SIGNING, "expires_on"}  # what may change of a signed one; its filing and its end once


def _changed(columns: Sequence[str | None]) -> str:
    return "(" + " OR ".join(f"NEW.{column} IS DISTINCT FROM OLD.{column}" for column in columns) + ")"


SIGNED = "OLD.signed_on IS NOT NULL AND ({})".format(
    " OR ".join(
        (
            _changed([field.column for field in Memorandum._meta.concrete_fields if field.column not in LATER]),
            f"(OLD.filed_at IS NOT NULL AND {_changed(sorted(FILED | SIGNING))})",
            f"(OLD.end_kind <> '' AND {_changed(sorted(ENDED))})",
            "(OLD.filed_at IS NOT NULL AND NEW.expires_on < OLD.expires_on)",
        )
    )
)
OF_SIGNED = f"EXISTS (SELECT 1 FROM {TABLE} m WHERE m.id = NEW.memorandum_id AND m.signed_on IS NOT NULL)"
ONLY_WORDS = "OLD.words IS NOT NULL OR " + _changed([field.column for field in MemorandumText._meta.concrete_fields if field.column != "words"])
TAKEN_BACK = "OLD.removed_at IS NOT NULL"


def _but_for(model: type[Model], link: str) -> str:
    """Where anything changes of a row that stays as it is, but for its link to a record of the book: that follows when two records are merged."""
    return f"({TAKEN_BACK} OR {OF_SIGNED}) AND {_changed([field.column for field in model._meta.concrete_fields if field.column != link])}"


ROW, SETTLED = "a signed memorandum stays as it was signed", "what was taken back stays so"
# table: (why an insert is refused, why an update is, in which words); "" for never
RULES = {
    TABLE: ("", SIGNED, ROW),
    MemorandumParty._meta.db_table: (OF_SIGNED, _but_for(MemorandumParty, "organisation_id"), ROW),
    MemorandumSignatory._meta.db_table: (OF_SIGNED, _but_for(MemorandumSignatory, "person_id"), ROW),
    LegalReview._meta.db_table: (OF_SIGNED, f"{TAKEN_BACK} OR {OF_SIGNED}", ROW),
    Countersignature._meta.db_table: (OF_SIGNED, f"{TAKEN_BACK} OR {OF_SIGNED}", ROW),
    MemorandumText._meta.db_table: (f"NOT NEW.is_scan AND {OF_SIGNED}", ONLY_WORDS, "a text stays as it was added"),
    TextCheck._meta.db_table: (OF_SIGNED, "1 = 1", ROW),
    Commitment._meta.db_table: ("", TAKEN_BACK, SETTLED),
    Fulfilment._meta.db_table: ("", TAKEN_BACK, SETTLED),
    YearlyReview._meta.db_table: ("", TAKEN_BACK, SETTLED),
    MemorandumExtension._meta.db_table: ("", "1 = 1", "an extension stays as it was noted"),
}


@triggers.register
def memorandum_triggers(connection: BaseDatabaseWrapper) -> list[Trigger]:
    """Every trigger of memoranda, on either engine."""
    of_engine = _sqlite if connection.vendor == "sqlite" else _postgresql
    return [trigger for table in RULES for trigger in of_engine(table)]


def _sqlite(table: str) -> list[Trigger]:
    insert, update, message = RULES[table]
    made = [
        Trigger(f"{table}_replace", table, f"BEFORE INSERT ON {table} WHEN EXISTS (SELECT 1 FROM {table} WHERE id = NEW.id) {refuse(DELETE)}"),
        Trigger(f"{table}_delete", table, f"BEFORE DELETE ON {table} {refuse(DELETE)}"),
        Trigger(f"{table}_update", table, f"BEFORE UPDATE ON {table} WHEN {update} {refuse(message)}"),
    ]
    if insert:
        made.append(Trigger(f"{table}_insert", table, f"BEFORE INSERT ON {table} WHEN {insert} {refuse(message)}"))
    return made


def _postgresql(table: str) -> list[Trigger]:
    insert, update, message = RULES[table]
    checks = [f"IF TG_OP = 'UPDATE' THEN IF {update} THEN {raising(message)} END IF; END IF;"]
    if insert:
        checks.append(f"IF TG_OP = 'INSERT' THEN IF {insert} THEN {raising(message)} END IF; END IF;")
    body = f"BEGIN IF TG_OP = 'DELETE' THEN {raising(DELETE)} END IF; {' '.join(checks)} RETURN NEW; END"
    return [
        Trigger(f"{table}_change", table, f"BEFORE INSERT OR UPDATE OR DELETE ON {table} FOR EACH ROW", body),
        triggers.no_truncate(table, DELETE),
    ]
