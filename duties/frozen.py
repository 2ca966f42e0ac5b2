"""What the database itself keeps of the catalogue: only a draft can be changed, and a text that was published stays as it was.

For both engines: no update, delete, insert of a part, REPLACE or TRUNCATE gets round it. A row that is no draft any more changes in its
status columns only, along the transitions of `LEGAL`; a published one in nothing but its status.
"""

from django.db.backends.base.base import BaseDatabaseWrapper

from core import triggers
from core.triggers import Trigger, raising, refuse

from .models import ListEdition, ListEntry, ProcessStep, RequiredMaterial, Responsibility, Sheet, SheetLegalBasis, SupervisionContact

SHEET, EDITION = Sheet._meta.db_table, ListEdition._meta.db_table
PARTS = {
    **{model._meta.db_table: (SHEET, "sheet_id") for model in (SheetLegalBasis, ProcessStep, RequiredMaterial, Responsibility, SupervisionContact)},
    ListEntry._meta.db_table: (EDITION, "edition_id"),
}
LEGAL = {
    "draft": {"draft", "in_review"},  # and published, where the text was taken over from a publication
    "in_review": {"draft", "approved"},
    "approved": {"draft", "published"},
    "published": {"superseded", "withdrawn"},
}
STATUS_COLUMNS = {"status", "reviewed_by_id", "reviewed_at", "published_by_id", "published_at"}
# What SQLite's REPLACE would throw a frozen row out for.
UNIQUE = {
    SHEET: "other.item_id = NEW.item_id AND (other.edition = NEW.edition OR (other.status = 'published' AND NEW.status = 'published'))",
    EDITION: "other.number = NEW.number OR (other.status = 'published' AND NEW.status = 'published')",
}
MESSAGE = "only a draft can be changed"


def _moves() -> str:
    pairs = [f"(OLD.status = '{old}' AND NEW.status = '{new}')" for old, news in LEGAL.items() for new in sorted(news)]
    pairs.append("(OLD.status = 'draft' AND NEW.status = 'published' AND NEW.source_sha256 IS NOT NULL)")
    return "(" + " OR ".join(pairs) + ")"


@triggers.register
def catalogue_triggers(connection: BaseDatabaseWrapper) -> list[Trigger]:
    """Every trigger of the catalogue, written for the columns that the tables really have."""
    if connection.vendor == "sqlite":
        present = set(connection.introspection.table_names())
        revisions = [trigger for table in (SHEET, EDITION) if table in present for trigger in _sqlite_revision(connection, table)]
        return revisions + [trigger for part in PARTS for trigger in _sqlite_part(part)]
    return [trigger for table in (SHEET, EDITION) for trigger in _postgresql_revision(table)] + [
        trigger for part in PARTS for trigger in _postgresql_part(part)
    ]


def _sqlite_revision(connection: BaseDatabaseWrapper, table: str) -> list[Trigger]:
    with connection.cursor() as cursor:
        columns = [column.name for column in connection.introspection.get_table_description(cursor, table)]

    def same(free: set[str]) -> str:
        return " AND ".join(f'NEW."{column}" IS OLD."{column}"' for column in columns if column not in free)

    content = f"(OLD.status = 'draft' AND NEW.id = OLD.id) OR (OLD.status <> 'published' AND {same(STATUS_COLUMNS)}) OR ({same({'status'})})"
    clash = f"EXISTS (SELECT 1 FROM {table} other WHERE other.status <> 'draft' AND {{but}} (other.id = NEW.id OR {UNIQUE[table]}))"
    return [
        Trigger(f"{table}_insert", table, f"BEFORE INSERT ON {table} WHEN NEW.status <> 'draft' OR {clash.format(but='')} {refuse(MESSAGE)}"),
        Trigger(
            f"{table}_update",
            table,
            f"BEFORE UPDATE ON {table} WHEN NOT {_moves()} OR NOT ({content}) OR {clash.format(but='other.id <> OLD.id AND')} {refuse(MESSAGE)}",
        ),
        Trigger(f"{table}_delete", table, f"BEFORE DELETE ON {table} WHEN OLD.status <> 'draft' {refuse(MESSAGE)}"),
    ]


def _sqlite_part(table: str) -> list[Trigger]:
    parent, key = PARTS[table]

    def frozen(row: str) -> str:
        return f"(SELECT status FROM {parent} WHERE id = {row}.{key}) <> 'draft'"

    replaced = f"EXISTS (SELECT 1 FROM {table} other JOIN {parent} parent ON parent.id = other.{key} WHERE other.id = NEW.id AND parent.status <> 'draft')"
    return [
        Trigger(f"{table}_insert", table, f"BEFORE INSERT ON {table} WHEN {frozen('NEW')} OR {replaced} {refuse(MESSAGE)}"),
        Trigger(f"{table}_update", table, f"BEFORE UPDATE ON {table} WHEN {frozen('OLD')} OR {frozen('NEW')} OR NEW.id <> OLD.id {refuse(MESSAGE)}"),
        Trigger(f"{table}_delete", table, f"BEFORE DELETE ON {table} WHEN {frozen('OLD')} {refuse(MESSAGE)}"),
    ]


def _postgresql_revision(table: str) -> list[Trigger]:
    free = ", ".join(f"'{column}'" for column in sorted(STATUS_COLUMNS))
    return [
        Trigger(
            f"{table}_change",
            table,
            f"BEFORE INSERT OR UPDATE OR DELETE ON {table} FOR EACH ROW",
            f"""
BEGIN
  IF TG_OP = 'INSERT' THEN
    IF NEW.status <> 'draft' THEN {raising(MESSAGE)} END IF;
    RETURN NEW;
  END IF;
  IF TG_OP = 'DELETE' THEN
    IF OLD.status <> 'draft' THEN {raising(MESSAGE)} END IF;
    RETURN OLD;
  END IF;
  IF NOT {_moves()}
    OR NOT ((OLD.status = 'draft' AND NEW.id = OLD.id)
      OR (OLD.status <> 'published' AND to_jsonb(NEW) - ARRAY[{free}] = to_jsonb(OLD) - ARRAY[{free}])
      OR to_jsonb(NEW) - 'status' = to_jsonb(OLD) - 'status')
  THEN {raising(MESSAGE)} END IF;
  RETURN NEW;
END""",
        ),
        triggers.no_truncate(table, MESSAGE),
    ]


def _postgresql_part(table: str) -> list[Trigger]:
    parent, key = PARTS[table]
    return [
        Trigger(
            f"{table}_change",
            table,
            f"BEFORE INSERT OR UPDATE OR DELETE ON {table} FOR EACH ROW",
            f"""
DECLARE parent_status text;
BEGIN
  FOR parent_status IN
    SELECT status FROM {parent}
    WHERE id IN (CASE WHEN TG_OP <> 'INSERT' THEN OLD.{key} END, CASE WHEN TG_OP <> 'DELETE' THEN NEW.{key} END) FOR SHARE
  LOOP
    IF parent_status <> 'draft' THEN {raising(MESSAGE)} END IF;
  END LOOP;
  IF TG_OP = 'DELETE' THEN RETURN OLD; END IF;
  RETURN NEW;
END""",
        ),
        triggers.no_truncate(table, MESSAGE),
    ]
