"""From the publication to the list in force, and from one edition to the next."""

import json
from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.db import IntegrityError, transaction
from django.utils import timezone
from django_tasks_db.models import DBTaskResult

from accounts.audit import acting, find_faults
from accounts.models import AuditEvent, User
from duties import open_data
from duties.models import (
    DutyItem,
    LegalBasis,
    ListEdition,
    ListEntry,
    ProcessStep,
    RequiredMaterial,
    Responsibility,
    Revision,
    Sheet,
    SheetLegalBasis,
    SupervisionContact,
)
from duties.publishing import NotReadyError, differences, make_drafts, publish_edition, publish_sheet
from duties.reading import Entry, read
from duties.tasks import write_public_site

from .conftest import SOURCE

pytestmark = pytest.mark.django_db
Status = Revision.Status
MODELS = (DutyItem, Sheet, LegalBasis, SheetLegalBasis, ProcessStep, RequiredMaterial, Responsibility, SupervisionContact, ListEdition, ListEntry)


def person(name: str) -> User:
    return User.objects.create(username=name, name=name)


@pytest.fixture
def people(db) -> list[User]:
    return [person(name) for name in ("editor", "reviewer", "publisher")]


def revise(before: ListEdition, code: str, author: User, **cells: str) -> ListEdition:
    """A new edition in which one sheet is written anew: the old one copied, with the given cells."""
    edition = ListEdition.objects.create(number=before.number + 1, drafted_by=author)
    for entry in before.entries.select_related("sheet"):
        if entry.item_id == code:
            old = entry.sheet
            entry.sheet = copy_of(old, author, **cells)
        entry.pk, entry.edition = None, edition
        entry.save()
    return edition


def copy_of(old: Sheet, author: User, **cells: str) -> Sheet:
    parts = [list(related.all()) for related in (old.legal_bases, old.steps, old.materials, old.responsibilities)]
    contact = old.supervision
    new = Sheet.objects.get(pk=old.pk)
    new.pk, new.edition, new.status, new.source_sha256, new.drafted_by, new.published_at = None, old.edition + 1, Status.DRAFT, None, author, None
    for name, value in cells.items():
        setattr(new, name, value)
    new.save()
    for part in [row for rows in parts for row in rows] + [contact]:
        part.pk, part.sheet = None, new
        part.save()
    return new


def approve(revision: Revision, reviewer: User) -> None:
    type(revision).objects.filter(pk=revision.pk).update(status=Status.IN_REVIEW)
    type(revision).objects.filter(pk=revision.pk).update(status=Status.APPROVED, reviewed_by=reviewer, reviewed_at=timezone.now())
    revision.refresh_from_db()


def approved_revision(edition: ListEdition, people: list[User]) -> ListEdition:
    second = revise(edition, "4.1", people[0], boundary="新的边界")
    approve(second.entries.get(item="4.1").sheet, people[1])
    approve(second, people[1])
    return second


def content(model) -> list[dict]:
    """Rows of a model by what they say, not by their keys."""
    names = {"sheet": "sheet__item", "basis": "basis__text", "edition": "edition__number" if model is ListEntry else "edition"}
    fields = [names.get(field.name, field.name) for field in model._meta.fields if field.name != "id"]
    return sorted(model.objects.values(*fields), key=str)


# -- import --------------------------------------------------------------------
def test_import_makes_drafts_only(draft):
    assert draft.status == Status.DRAFT
    assert set(Sheet.objects.values_list("status", flat=True)) == {Status.DRAFT}
    assert ListEntry.objects.count() == 8
    assert ListEntry.objects.get(item="3.2").sheet is None


def test_importing_again_changes_nothing(draft, publication):
    before = [content(model) for model in MODELS]

    assert make_drafts(publication) == draft
    assert [content(model) for model in MODELS] == before


def test_a_refused_file_stores_nothing(tmp_path):
    broken = tmp_path / "broken.txt"
    broken.write_text(SOURCE.read_text().replace("运行要件", "办理时限"))

    with pytest.raises(CommandError, match=r"broken\.txt 没有导入。第 \d+ 行：.*运行要件"):
        call_command("import_duty_list", broken)

    assert not any(model.objects.exists() for model in MODELS)


def test_a_failure_half_way_stores_nothing(publication, monkeypatch):
    monkeypatch.setattr("duties.publishing.add_parts", lambda sheet, read: 1 / 0)

    with pytest.raises(ZeroDivisionError):
        make_drafts(publication)

    assert not any(model.objects.exists() for model in MODELS)
    assert not AuditEvent.objects.exists()


def test_missing_file_is_said_plainly(tmp_path):
    with pytest.raises(CommandError, match="读不到文件"):
        call_command("import_duty_list", tmp_path / "none.txt")


def test_fixture_equals_what_the_importer_makes(draft):
    made = [content(model) for model in MODELS]
    for model in reversed(MODELS):
        model.objects.all().delete()
    assert not Sheet.objects.exists()

    call_command("loaddata", "duty_list", verbosity=0)

    assert [content(model) for model in MODELS] == made


def test_open_data_imports_to_the_same_publication(edition, publication):
    again = read(open_data.as_json(open_data.list_as_data()))

    assert (again.entries, again.sheets) == (publication.entries, publication.sheets)


def test_open_data_with_parts_that_are_not_the_cell_is_refused(edition):
    document = open_data.list_as_data()
    document["categories"][0]["items"][0]["sheet"]["steps"][0]["text"] = "别的"

    with pytest.raises(Exception, match="步骤或要件与原文不一致"):
        read(json.dumps(document).encode())


@pytest.mark.parametrize(
    ("cell", "value", "said"),
    [("name", 7, "JSON 的结构不是"), ("process", "没有编号", "信息表 1.1 “运行流程”一行")],
)
def test_open_data_with_a_broken_cell_is_refused(edition, cell, value, said):
    document = open_data.list_as_data()
    document["categories"][0]["items"][0]["sheet"]["cells"][cell] = value

    with pytest.raises(Exception, match=said):
        read(json.dumps(document).encode())


# -- publishing as received ------------------------------------------------------
def test_published_as_received_has_no_author_and_no_reviewer(edition):
    sheet = Sheet.objects.get(item="2.1")

    assert (edition.status, edition.drafted_by, edition.reviewed_by, edition.published_by) == (Status.PUBLISHED, None, None, None)
    assert (sheet.status, sheet.drafted_by, sheet.reviewed_by, sheet.published_by) == (Status.PUBLISHED, None, None, None)
    assert edition.published_at is not None


def test_3_2_has_nothing_in_force(edition):
    assert DutyItem.objects.get(code="3.2").sheet_in_force() is None
    assert DutyItem.objects.get(code="3.1").sheet_in_force() == Sheet.objects.get(item="3.1")


def test_publishing_is_audited_and_enqueues_the_site(edition):
    assert list(AuditEvent.objects.values_list("action", flat=True)) == ["list.import", *["sheet.publish"] * 7, "list.publish"]
    assert list(find_faults()) == []
    assert DBTaskResult.objects.filter(task_path="duties.tasks.write_public_site").count() == 1


def test_publishing_twice_is_refused(edition):
    with pytest.raises(NotReadyError, match="现在是“现行”，不能发布"):
        publish_edition(edition, by=None)


# -- the next edition --------------------------------------------------------------
def test_a_new_edition_supersedes_the_old_one(edition, people):
    old = Sheet.objects.get(item="4.1")
    second = approved_revision(edition, people)

    publish_edition(second, by=people[2])

    edition.refresh_from_db()
    old.refresh_from_db()
    second.refresh_from_db()
    assert (edition.status, old.status, second.status) == (Status.SUPERSEDED, Status.SUPERSEDED, Status.PUBLISHED)
    assert DutyItem.objects.get(code="4.1").sheet_in_force().boundary == "新的边界"
    assert Sheet.objects.filter(status=Status.PUBLISHED).count() == 7
    assert open_data.list_as_data()["updates"][0]["changes"] == [{"code": "4.1", "kind": "changed"}]


def test_an_item_taken_off_the_list_is_withdrawn(edition, people):
    second = revise(edition, "4.1", people[0], boundary="x")
    approve(second.entries.get(item="4.1").sheet, people[1])
    second.entries.filter(item="1.2").delete()
    approve(second, people[1])

    publish_edition(second, by=people[2])

    assert Sheet.objects.get(item="1.2").status == Status.WITHDRAWN
    assert {"code": "1.2", "kind": "removed"} in open_data.list_as_data()["updates"][0]["changes"]


def test_a_sheet_that_was_not_approved_stops_the_whole_edition(edition, people):
    second = revise(edition, "4.1", people[0], boundary="x")
    approve(second, people[1])

    with pytest.raises(NotReadyError, match=r"4\.1 第 2 版现在是“草稿”"):
        publish_edition(second, by=people[2])

    edition.refresh_from_db()
    assert edition.status == Status.PUBLISHED
    assert Sheet.objects.get(item="4.1", status=Status.PUBLISHED).edition == 1


@pytest.mark.parametrize("publisher", [0, 1])
def test_author_reviewer_and_publisher_differ(edition, people, publisher):
    second = approved_revision(edition, people)

    with pytest.raises(IntegrityError, match="three_people"):
        publish_edition(second, by=people[publisher])


def test_the_author_cannot_review(edition, people):
    second = revise(edition, "4.1", people[0], boundary="x")

    with pytest.raises(IntegrityError, match="three_people"), transaction.atomic():
        approve(second, people[0])


def test_a_text_of_ours_is_not_published_without_a_publisher(edition, people):
    second = approved_revision(edition, people)

    with pytest.raises(IntegrityError, match="published_after_review"), transaction.atomic():
        publish_edition(second, by=None)


def test_a_draft_needs_an_author_or_a_source(edition):
    with pytest.raises(IntegrityError, match="has_author_or_source"), transaction.atomic():
        Sheet.objects.create(item_id="3.2", edition=1)


def test_an_internal_procedure_claims_no_published_text_and_is_not_public(edition, people):
    with pytest.raises(IntegrityError, match="internal_procedure"), transaction.atomic():
        Sheet.objects.create(item_id="3.2", edition=1, is_public=False, name="x", drafted_by=people[0])
    procedure = Sheet.objects.create(item_id="3.2", edition=1, is_public=False, drafted_by=people[0])
    approve(procedure, people[1])

    publish_sheet(procedure, by=people[2])

    assert DutyItem.objects.get(code="3.2").sheet_in_force() == procedure
    assert procedure not in Sheet.objects.public()
    assert next(item for item in open_data.items_of(open_data.list_as_data()) if item["code"] == "3.2")["sheet"] is None


def test_an_internal_procedure_in_an_entry_still_is_not_shown(edition, people):
    procedure = Sheet.objects.create(item_id="3.2", edition=1, is_public=False, drafted_by=people[0])
    approve(procedure, people[1])
    publish_sheet(procedure, by=people[2])
    second = ListEdition.objects.create(number=2, drafted_by=people[0])
    ListEntry.objects.create(edition=second, position=1, category_number=3, category_name="x", item_id="3.2", name="y。", page=7, sheet=procedure)
    approve(second, people[1])
    publish_edition(second, by=people[2])

    assert open_data.items_of(open_data.list_as_data())[0]["sheet"] is None


# -- commands ------------------------------------------------------------------
def run(*arguments: object) -> str:
    out = StringIO()
    call_command(*arguments, stdout=out)
    return out.getvalue()


def test_commands_import_publish_and_compare():
    assert "8 个事项，7 张信息表" in run("import_duty_list", SOURCE)
    assert run("publish_duty_list", "--as-received") == "职责清单第 1 版已发布。\n"
    assert run("publish_duty_list", "--as-received") == "职责清单第 1 版已发布过，不再重复。\n"
    assert run("import_duty_list", SOURCE, "--check") == "现行清单与文件一致。\n"


def test_publish_command_without_a_draft_says_what_to_do():
    with pytest.raises(CommandError, match="请先运行"):
        call_command("publish_duty_list", "--as-received")


def test_check_before_anything_is_published(publication):
    assert list(differences(publication)) == ["还没有发布过清单"]


def test_check_prints_each_difference(edition, tmp_path):
    other = tmp_path / "other.txt"
    text = SOURCE.read_text().replace("签证函电的审签和管理工作。 8", "签证函电的审核和管理工作。 8").replace("1.确定出访任务。", "1.确定出访任务吗。")
    text = text[: text.rindex("职责事项信息表")]
    other.write_text(text)

    with pytest.raises(CommandError, match="有 3 处不同") as refused:
        run("import_duty_list", other, "--check")

    assert refused.value.returncode == 1
    lines = list(differences(read(other.read_bytes())))
    assert lines[0].startswith("2.2 信息表“运行流程”：本站“1.确定出访任务。2.")
    assert lines[1].startswith("4.1 目录“目录所列名称”：本站“负责贸促会对外邀请函电")
    assert lines[2] == "4.1：信息表只在本站"


def test_check_names_items_that_are_on_one_side_only(edition):
    publication = read(SOURCE.read_bytes())
    publication.entries[:] = [entry for entry in publication.entries if entry.code != "3.2"]
    DutyItem.objects.create(code="9.9")

    assert list(differences(publication)) == ["3.2：本站有，文件里没有"]


def test_check_names_an_item_that_only_the_file_has(edition, publication):
    publication.entries.append(Entry(9, "甲", "9.9", "乙。", 9))

    assert list(differences(publication)) == ["9.9：文件里有，本站没有"]


def test_the_same_text_from_another_file_takes_the_sheets_in_force(edition):
    second = make_drafts(read(SOURCE.read_bytes() + b"\n"))

    assert (second.number, second.status) == (2, Status.DRAFT)
    assert [entry.sheet_id for entry in second.entries.all()] == [entry.sheet_id for entry in edition.entries.all()]
    assert Sheet.objects.count() == 7


def test_nothing_is_published_outside_acting(edition, people):
    """Publishing joins the act of whoever calls it: one transaction, one block of audit rows."""
    second = approved_revision(edition, people)

    def publish_and_fail() -> None:
        with acting(people[2]):
            publish_edition(second, by=people[2])
            raise KeyError

    with pytest.raises(KeyError):
        publish_and_fail()

    edition.refresh_from_db()
    assert edition.status == Status.PUBLISHED


def test_the_task_and_the_command_write_the_site(edition, site_dir):
    assert write_public_site.call() is True
    assert write_public_site.call() is False
    assert run("write_public_site") == "公开网站没有变化。\n"


def test_rows_are_named_by_what_they_say(edition):
    sheet = Sheet.objects.get(item="4.1")
    rows = [sheet, edition, sheet.item, sheet.legal_bases.first(), sheet.steps.first(), sheet.materials.first(), sheet.responsibilities.first()]
    rows += [sheet.supervision, sheet.legal_bases.last().basis, edition.entries.get(item="3.2")]

    assert [str(row) for row in rows] == [
        "4.1 第 1 版",
        "第 1 版",
        "4.1",
        sheet.legal_bases.first().text,
        "1.接件",
        "邀请单位相关资料",
        "执行国家外交战略",
        "23301335",
        "领事处函【1987】141号",
        "3.2 负责国家相关部门举办、我市参与的国际经贸活动的组织工作。",
    ]
