"""What was published stays as it was, whatever way round is tried, on both engines."""

import threading
import time

import pytest
from django.db import DatabaseError, connection, migrations, models, transaction
from django.db.migrations.executor import MigrationExecutor
from django.db.migrations.state import ProjectState

from core import triggers
from duties import frozen
from duties.models import DutyItem, ListEdition, ListEntry, ProcessStep, Revision, Sheet
from duties.publishing import publish_edition

pytestmark = pytest.mark.django_db
Status = Revision.Status


def is_refused(sql: str, *parameters: object) -> bool:
    """Whether the database refuses a statement for our reason."""
    try:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(sql, parameters)
    except DatabaseError as error:
        return frozen.MESSAGE in str(error)
    return False


@pytest.fixture
def sheet(edition) -> Sheet:
    return Sheet.objects.get(item="4.1")


@pytest.fixture
def other_draft(sheet) -> Sheet:
    """A draft of the same item, with a step."""
    draft = Sheet.objects.create(item=sheet.item, edition=2, source_sha256="b" * 64)
    ProcessStep.objects.create(sheet=draft, number=1, text="接件")
    return draft


@pytest.mark.parametrize("table", sorted(frozen.PARTS))
def test_parts_of_what_is_published_take_no_change(edition, table):
    parent, key = frozen.PARTS[table]
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT min(id), {key} FROM {table} GROUP BY {key} ORDER BY 2 LIMIT 1")
        part, owner = cursor.fetchone()
        columns = [column.name for column in connection.introspection.get_table_description(cursor, table) if column.name != "id"]
    copied = ", ".join(columns)

    assert is_refused(f"UPDATE {table} SET {columns[0]} = {columns[0]} WHERE id = %s", part)
    assert is_refused(f"DELETE FROM {table} WHERE id = %s", part)
    assert is_refused(f"INSERT INTO {table} ({copied}) SELECT {copied} FROM {table} WHERE id = %s", part)
    assert (parent, bool(owner)) in {(frozen.SHEET, True), (frozen.EDITION, True)}


def test_a_part_cannot_move_out_or_in(sheet, other_draft):
    published, loose = sheet.steps.first(), other_draft.steps.first()

    assert is_refused("UPDATE duties_processstep SET sheet_id = %s, number = 9 WHERE id = %s", other_draft.pk, published.pk)
    assert is_refused("UPDATE duties_processstep SET sheet_id = %s, number = 9 WHERE id = %s", sheet.pk, loose.pk)


@pytest.mark.parametrize(
    "change",
    [
        "SET name = 'x'",
        "SET edition = 9",
        "SET is_public = (1 = 0), heading = NULL, name = NULL, boundary = NULL",
        "SET materials_open = (1 = 0)",
        "SET published_at = '2001-01-01 00:00:00+00:00'",
        "SET source_sha256 = 'c'",
        "SET status = 'draft'",
        "SET status = 'approved'",
        "SET status = 'superseded', name = 'x'",
        "SET id = 999",
    ],
)
def test_a_published_sheet_takes_no_change(sheet, change):
    assert is_refused(f"UPDATE duties_sheet {change} WHERE id = %s", sheet.pk)


def test_a_published_sheet_cannot_be_deleted(sheet):
    assert is_refused("DELETE FROM duties_sheet WHERE id = %s", sheet.pk)


def test_a_published_edition_takes_no_change_and_cannot_be_deleted(edition):
    assert is_refused("UPDATE duties_listedition SET number = 9 WHERE id = %s", edition.pk)
    assert is_refused("DELETE FROM duties_listedition WHERE id = %s", edition.pk)


def test_the_orm_is_refused_too(sheet):
    for attempt in (
        lambda: Sheet.objects.update(name="x"),
        lambda: Sheet.objects.filter(pk=sheet.pk)._raw_delete(using="default"),
        lambda: ProcessStep.objects.filter(sheet=sheet).update(text="x"),
        lambda: ProcessStep.objects.filter(sheet=sheet).delete(),
        lambda: ProcessStep.objects.create(sheet=sheet, number=9, text="x"),
        lambda: ProcessStep.objects.bulk_create([ProcessStep(sheet=sheet, number=9, text="x")]),
        lambda: ListEntry.objects.update(page=9),
    ):
        with pytest.raises(DatabaseError, match=frozen.MESSAGE), transaction.atomic():
            attempt()


def test_nothing_is_born_published(sheet):
    columns = "item_id, edition, is_public, status, source_sha256, materials_open, published_at"

    assert is_refused(f"INSERT INTO duties_sheet ({columns}) VALUES ('4.1', 8, (1 = 1), 'published', 'x', (1 = 1), '2026-01-01')")


@pytest.mark.skipif(connection.vendor != "sqlite", reason="SQLite's own statements")
@pytest.mark.parametrize("recursive", ["ON", "OFF"])
def test_replace_is_refused(sheet, other_draft, recursive):
    published, loose = sheet.steps.first(), other_draft.steps.first()
    with connection.cursor() as cursor:
        cursor.execute(f"PRAGMA recursive_triggers = {recursive}")
    columns = "(id, item_id, edition, is_public, status, source_sha256, materials_open)"

    assert is_refused("REPLACE INTO duties_processstep (id, sheet_id, number, text) VALUES (%s, %s, 5, 'x')", published.pk, other_draft.pk)
    assert is_refused("REPLACE INTO duties_processstep (sheet_id, number, text) VALUES (%s, 1, 'x')", sheet.pk)
    assert is_refused("UPDATE OR REPLACE duties_processstep SET id = %s WHERE id = %s", published.pk, loose.pk)
    assert is_refused(f"REPLACE INTO duties_sheet {columns} VALUES (%s, '4.1', 7, 1, 'draft', 'x', 1)", sheet.pk)
    assert is_refused(f"REPLACE INTO duties_sheet {columns} VALUES (777, '4.1', 1, 1, 'draft', 'x', 1)")
    assert is_refused("UPDATE OR REPLACE duties_sheet SET edition = 1 WHERE id = %s", other_draft.pk)
    assert is_refused("UPDATE OR REPLACE duties_sheet SET status = 'published', published_at = '2026-01-01' WHERE id = %s", other_draft.pk)
    assert is_refused("REPLACE INTO duties_listedition (number, status, source_sha256) VALUES (1, 'draft', 'x')")
    with connection.cursor() as cursor:
        cursor.execute("PRAGMA recursive_triggers = ON")


@pytest.mark.skipif(connection.vendor != "postgresql", reason="PostgreSQL's own statement")
@pytest.mark.parametrize("table", [frozen.SHEET, frozen.EDITION, *frozen.PARTS])
def test_truncate_is_refused(edition, table):
    connection.check_constraints()  # else PostgreSQL refuses for the checks that are still to come
    assert is_refused(f"TRUNCATE {table} CASCADE")


def test_only_legal_moves(sheet, other_draft):
    """A text of ours goes draft, in review, approved; what was taken over goes from draft to published."""
    assert is_refused("UPDATE duties_sheet SET status = 'approved' WHERE id = %s", other_draft.pk)
    assert is_refused("UPDATE duties_sheet SET status = 'superseded' WHERE id = %s", other_draft.pk)
    Sheet.objects.filter(pk=sheet.pk).update(status=Status.SUPERSEDED)
    for status in Status:
        assert is_refused("UPDATE duties_sheet SET status = %s WHERE id = %s", status.value, sheet.pk)


def test_what_is_under_review_is_not_edited(other_draft):
    Sheet.objects.filter(pk=other_draft.pk).update(status=Status.IN_REVIEW)

    assert is_refused("UPDATE duties_sheet SET name = 'x', status = 'draft' WHERE id = %s", other_draft.pk)
    assert is_refused("UPDATE duties_processstep SET text = 'x' WHERE sheet_id = %s", other_draft.pk)
    assert Sheet.objects.filter(pk=other_draft.pk).update(status=Status.DRAFT) == 1


def test_a_draft_is_free(other_draft):
    other_draft.name = "新名称"
    other_draft.save()
    other_draft.steps.all().delete()

    assert Sheet.objects.get(pk=other_draft.pk).name == "新名称"
    assert not other_draft.steps.exists()
    assert other_draft.delete()[0] == 1


def test_the_installed_triggers_are_the_expected_ones(db):
    expected = {(trigger.full_name, trigger.table) for trigger in triggers.expected(connection)}

    assert triggers.installed(connection) == expected
    assert {table for _, table in expected} >= {frozen.SHEET, frozen.EDITION, *frozen.PARTS, "accounts_auditevent"}


@pytest.mark.django_db(transaction=True)
def test_a_table_remade_by_a_migration_keeps_its_triggers(edition):
    """SQLite drops a remade table's triggers without a word: migrate lifts them before and installs them after."""
    sheet = Sheet.objects.get(item="4.1")
    executor = MigrationExecutor(connection)
    state = executor.loader.project_state()
    widen = migrations.AlterField("Sheet", "heading", models.TextField(null=True, default=None))
    after = state.clone()
    widen.state_forwards("duties", after)

    triggers.lift_before_migrate(using="default")
    with connection.schema_editor() as editor:
        remake(editor, widen, state, after)
    triggers.install_after_migrate(using="default")

    assert is_refused("UPDATE duties_sheet SET heading = 'x' WHERE id = %s", sheet.pk)
    assert triggers.installed(connection) == {(trigger.full_name, trigger.table) for trigger in triggers.expected(connection)}


def remake(editor: object, change: migrations.AlterField, before: ProjectState, after: ProjectState) -> None:
    if connection.vendor == "sqlite":
        editor._remake_table(before.apps.get_model("duties", "Sheet"))
    else:
        change.database_forwards("duties", editor, before, after)


@pytest.mark.django_db(transaction=True)
def test_a_part_added_while_the_sheet_is_published_waits_or_is_refused(draft):
    """Adding a part holds the sheet until it commits: publishing comes after it, never between."""
    sheet = Sheet.objects.get(item="4.1")
    added, moments = threading.Event(), {}

    def add() -> None:
        with transaction.atomic():
            ProcessStep.objects.create(sheet=sheet, number=9, text="后加的一步")
            added.set()
            time.sleep(0.3)
            moments["added"] = time.monotonic()
        connection.close()

    def publish() -> None:
        added.wait()
        publish_edition(draft, by=None)
        moments["published"] = time.monotonic()
        connection.close()

    run_together(add, publish)

    assert moments["published"] > moments["added"]
    assert sheet.steps.count() == 5


@pytest.mark.django_db(transaction=True)
def test_two_publishers_at_once_publish_once(draft):
    outcomes: list[str] = []

    def publish() -> None:
        try:
            publish_edition(draft, by=None)
            outcomes.append("published")
        except Exception as error:
            outcomes.append(type(error).__name__)
        finally:
            connection.close()

    run_together(publish, publish, publish)

    assert sorted(outcomes) == ["NotReadyError", "NotReadyError", "published"]
    assert ListEdition.objects.filter(status=Status.PUBLISHED).count() == 1
    assert DutyItem.objects.get(code="4.1").sheets.filter(status=Status.PUBLISHED).count() == 1


def run_together(*jobs) -> None:
    threads = [threading.Thread(target=job) for job in jobs]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
