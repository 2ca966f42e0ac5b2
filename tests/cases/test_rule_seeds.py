"""The operating rules to begin with, and the internal procedure of 3.2 that nobody outside may see."""

import gzip
import hashlib
import tomllib
from io import StringIO

import pytest
from django.conf import settings
from django.core.management import call_command
from django.test import Client

from accounts.audit import acting, find_faults
from accounts.models import AuditEvent
from cases.models import Need, StepRule, TaskTemplate, Term
from cases.opening import open_case
from cases.rule_seeds import seed
from duties import open_data, public_site
from duties.models import DutyItem, ProcessStep, Sheet
from duties.publishing import add_parts, make_drafts, publish_edition, publish_sheet
from duties.reading import read
from tests import factories as make
from tests.duties.conftest import _quick_documents, site_dir  # noqa: F401 - fixtures

FILE = settings.BASE_DIR / "fixtures" / "operating_rules.toml"
SEED = tomllib.loads(FILE.read_text())
SOURCE = settings.BASE_DIR / "fixtures" / "source" / "duty-list.txt"


@pytest.fixture
def publication():
    return read(SOURCE.read_bytes())


@pytest.fixture
def edition(db, publication):
    return publish_edition(make_drafts(publication), by=None)


@pytest.fixture
def seeded(edition):
    return seed(FILE.read_bytes())


def run() -> list[str]:
    out = StringIO()
    call_command("seed_operating_rules", stdout=out)
    return out.getvalue().splitlines()


@pytest.mark.usefixtures("edition")
class TestStored:
    def test_every_step_in_force_has_a_rule_that_waits_for_confirmation(self):
        run()

        rules = StepRule.objects.select_related("step__sheet")
        assert {rule.step_id for rule in rules} == set(ProcessStep.objects.filter(sheet__status="published").values_list("pk", flat=True))
        assert [rule for rule in [*rules, *TaskTemplate.objects.all()] if rule.is_confirmed or rule.changed_by or not rule.basis] == []
        assert rules.count() == sum(len(item["steps"]) for item in SEED["items"]) == 31

    def test_every_material_and_task_of_the_file_is_stored(self):
        run()

        for item in SEED["items"]:
            for step in item["steps"]:
                rule = StepRule.objects.get(step__sheet__item=item["code"], step__number=step["number"])
                assert [material.name for material in rule.materials.order_by("position")] == step.get("materials", [])
                assert [(task.title, task.due_days) for task in rule.step.task_templates.all()] == [
                    (task["title"], task.get("due_days")) for task in step.get("tasks", [])
                ]

    def test_what_the_publication_says_of_need(self):
        run()

        needs = {(rule.step.sheet.item_id, rule.step.number): rule.need for rule in StepRule.objects.select_related("step__sheet")}
        assert {key: need for key, need in needs.items() if need != Need.ALWAYS} == {
            ("1.1", 1): Need.ONE_OF,
            ("1.1", 2): Need.ONE_OF,
            ("2.1", 3): Need.IF_NEEDED,
        }

    def test_each_time_limit_names_its_source(self):
        run()

        limits = [*StepRule.objects.exclude(due_days=None), *TaskTemplate.objects.exclude(due_days=None)]
        assert len(limits) == 6
        assert all("工作日" in row.basis for row in limits)

    def test_the_lists_have_entries(self):
        run()

        assert {kind: Term.objects.filter(kind=kind).count() for kind in Term.Kind.values if kind in SEED["terms"]} == {
            kind: len(terms) for kind, terms in SEED["terms"].items()
        }

    def test_a_case_runs_on_the_rules(self):
        run()

        case = open_case(DutyItem.objects.get(pk="3.2"), by=make.person("preparer"), title="参加博览会")

        assert [step.stage for step in case.steps.all()] == ["notice", "plan", "enrol", "credentials", "support", "take_part", "results"]
        assert case.tasks.filter(title="按通知日期报送联络员名单", is_required=False).exists()

    def test_the_trail_tells_of_it(self):
        run()

        assert list(AuditEvent.objects.filter(action="rule.seed").values_list("subject", flat=True)) == [
            f"duties.dutyitem:{item['code']}" for item in SEED["items"]
        ]
        assert list(find_faults()) == []


@pytest.mark.usefixtures("edition")
class TestAgain:
    def test_nothing_changes_and_nothing_edited_is_overwritten(self):
        run()
        rule = StepRule.objects.get(step__sheet__item="4.1", step__number=2)
        rule.due_days = 2
        rule.save()
        TaskTemplate.objects.filter(step__sheet__item="2.2").delete()
        Term.objects.filter(name="相关").update(name="改过")
        counts = [model.objects.count() for model in (StepRule, TaskTemplate, Term, Sheet, AuditEvent)]

        assert run() == ["运行规则已录入过，不再重复。"]

        assert [model.objects.count() for model in (StepRule, TaskTemplate, Term, Sheet, AuditEvent)] == counts
        rule.refresh_from_db()
        assert rule.due_days == 2

    def test_a_new_edition_gets_no_rules_by_itself(self, publication):
        run()
        item = DutyItem.objects.get(pk="4.1")
        sheet = Sheet.objects.create(item=item, edition=2, source_sha256="0" * 64, materials_open=True, name="新版")
        add_parts(sheet, publication.sheets["4.1"])
        publish_sheet(sheet, by=None)

        run()

        assert not StepRule.objects.filter(step__sheet=sheet).exists()

    def test_a_public_sheet_replaces_the_procedure_for_good(self, publication):
        run()
        sheet = Sheet.objects.create(item_id="3.2", edition=2, source_sha256="0" * 64, name="以后公布的名称")
        add_parts(sheet, publication.sheets["3.1"])
        publish_sheet(sheet, by=None)

        run()

        assert list(Sheet.objects.filter(item="3.2").values_list("edition", "is_public", "status")) == [(1, False, "superseded"), (2, True, "published")]


class TestLeftOut:
    def test_before_anything_is_published(self, db):
        assert run()[0] == "事项 1.1：清单里没有，未录入。"
        assert not StepRule.objects.exists()

    def test_while_the_list_is_a_draft(self, db, publication):
        make_drafts(publication)

        assert run()[0] == "事项 1.1：没有现行信息表，未录入。"
        assert set(StepRule.objects.values_list("step__sheet__item", flat=True)) == {"3.2"}

    def test_a_step_that_reads_otherwise(self, edition):
        told = seed(FILE.read_text().replace('text = "接件"', 'text = "收件"').encode())

        assert "事项 4.1 第 1 步：现行文字不同，未录入。" in told
        assert "事项 4.1：录入 3 个步骤的运行规则，待本单位确认。" in told
        assert list(StepRule.objects.filter(step__sheet__item="4.1").values_list("step__number", flat=True)) == [2, 3, 4]


@pytest.mark.usefixtures("seeded")
class TestInternalProcedure:
    def test_it_claims_no_published_text(self):
        sheet = Sheet.objects.get(item="3.2")

        cells = [field.name for field in Sheet._meta.get_fields() if field.name.endswith("_cell")]
        assert (sheet.status, sheet.is_public, sheet.edition) == ("published", False, 1)
        assert [getattr(sheet, name) for name in ["heading", "name", "boundary", "implementing_body", *cells]] == [None] * 9
        assert [sheet.drafted_by, sheet.reviewed_by, sheet.published_by] == [None] * 3
        assert sheet.source_sha256 == hashlib.sha256(FILE.read_bytes()).hexdigest()
        assert DutyItem.objects.get(pk="3.2").sheet_in_force() == sheet

    def test_it_is_frozen_like_any_other(self):
        with pytest.raises(Exception, match="only a draft can be changed"), acting(None):
            ProcessStep.objects.filter(sheet__item="3.2").update(text="改")

    @pytest.fixture
    def words(self) -> list[str]:
        """What would give the procedure away: its steps, materials and tasks, and what rules add to the published steps."""
        rules = [*StepRule.objects.select_related("step__sheet"), *TaskTemplate.objects.select_related("step__sheet")]
        sheet = Sheet.objects.get(item="3.2")
        inside = [step.text for step in sheet.steps.all()] + [material.name for material in sheet.materials.all()]
        return [
            *inside,
            *(rule.basis for rule in rules),
            *(rule.title for rule in rules if isinstance(rule, TaskTemplate)),
            sheet.source_sha256,
            "内部办理程序",
        ]

    def test_no_published_file_holds_a_word_of_it(self, words, site_dir):  # noqa: F811
        assert public_site.write()

        found, looked_at = [], 0
        for path in (file for file in site_dir.rglob("*") if file.is_file() and file.suffix != ".br"):
            raw = path.read_bytes()
            text = (gzip.decompress(raw) if path.suffix == ".gz" else raw).decode(errors="replace")
            looked_at += 1
            found += [(path.name, word) for word in words if word in text]
        assert looked_at > 100
        assert found == []

    def test_no_public_page_and_no_search_holds_a_word_of_it(self, words, site_dir):  # noqa: F811
        public_site.write()
        client = Client()

        pages = [client.get(address) for address in ("/", "/duties/3.2/", "/en/duties/3.2/", "/care/duties/3.2/", "/updates/", "/legal-bases/", "/duties.json")]
        found = [client.get("/", {"q": word}) for word in words]

        assert {response.status_code for response in pages + found} == {200}
        assert [word for word in words for response in pages if word in response.content.decode()] == []
        assert [word for word, response in zip(words, found, strict=True) if "/duties/3.2/" in response.content.decode().split("</form>")[-1]] == []

    def test_open_data_still_say_that_there_is_no_sheet(self):
        data = open_data.list_as_data()

        assert [item["code"] for item in open_data.items_of(data) if item["sheet"] is None] == ["3.2"]
        assert Sheet.objects.public().filter(item="3.2").count() == 0
