"""Pages of operating rules, maintained lists and assignments: reading, changing, confirming by a second person, and what is refused."""

import json
import re
import threading

import pytest
from django.db import IntegrityError, connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from accounts.audit import find_faults
from accounts.models import AuditEvent
from cases import kinds
from cases.models import Need, StepRule, TaskTemplate
from cases.opening import open_case
from cases.rule_actions import ChangedMeanwhileError, change_rule
from cases.rule_queries import fingerprint, line_of, steps_in_force
from duties.models import DutyItem, ProcessStep
from tests import factories as make

from .test_rule_seeds import edition, publication, seeded  # noqa: F401 - fixtures


def step(code: str, number: int) -> ProcessStep:
    return ProcessStep.objects.get(sheet__item=code, sheet__status="published", number=number)


def line(code: str, number: int):
    return line_of(steps_in_force().get(sheet__item=code, number=number))


def address(name: str, code: str = "2.1", number: int = 3) -> str:
    return reverse(f"cases:{name}", args=[step(code, number).pk])


def last() -> tuple[str, dict]:
    event = AuditEvent.objects.last()
    return event.action, json.loads(event.facts)


def text_of(response) -> str:
    return response.content.decode()


# -- the list -----------------------------------------------------------------------
@pytest.mark.usefixtures("seeded")
class TestList:
    def test_every_step_in_force_stands_there_word_for_word(self):
        page = text_of(make.signed_in("preparer").get(reverse("cases:rule-list")))

        texts = ProcessStep.objects.filter(sheet__status="published").values_list("text", flat=True)
        assert [text for text in texts if text not in page] == []
        assert page.count("本单位待确认</span>") == len(texts)
        assert page.count("内部办理程序，不公开") == 1

    def test_what_a_rule_asks_for_is_told(self):
        page = text_of(make.signed_in("editor").get(reverse("cases:rule-list")))

        for word in (
            "择一",
            "视需要",
            "5 个工作日",
            "两级：审核、签发",
            "备忘录文本",
            "预留环节 travel_information",
            "公布文本写明“根据需要”。",
            "任务模板 4 项",
        ):
            assert word in page

    def test_a_new_edition_runs_by_default_until_it_has_rules(self, editor):
        sheet = make.sheet("4.1", ["接件", "办理"])

        page = text_of(editor.get(reverse("cases:rule-list")))

        assert page.count("按默认办理</span>") == 2
        assert "没有规则：必经，不设时限，不需审签，全部要件在办结前收齐。" in page
        assert "按默认办理：必经" in text_of(editor.get(reverse("cases:rule-detail", args=[sheet.steps.first().pk])))

    def test_a_stage_with_actions_of_its_own_is_called_by_its_name(self, editor):
        kind = kinds.register(kinds.CaseKind(items=("2.1",), stages=(kinds.Stage("travel_information", "旅行信息", ()),)))
        try:
            pages = [text_of(editor.get(url)) for url in (reverse("cases:rule-list"), address("rule-edit"))]
        finally:
            kinds.unregister(kind)

        assert ["旅行信息" in page for page in pages] == [True, True]
        assert "预留环节 travel_information" not in pages[0] + pages[1]

    def test_an_item_without_steps_says_so(self, editor):
        DutyItem.objects.get(pk="3.2").sheets.update(status="withdrawn")

        assert "信息表未随源文件提供，也没有内部办理程序" in text_of(editor.get(reverse("cases:rule-list")))

    def test_the_number_of_queries_does_not_grow(self, editor, django_assert_num_queries):
        editor.get(reverse("cases:rule-list"))
        with CaptureQueriesContext(connection) as few:
            editor.get(reverse("cases:rule-list"))
        for code in ("1.1", "2.1", "4.1"):
            made = make.sheet(code, [f"第 {number} 件事" for number in range(12)], ["甲", "乙"])
            for published in made.steps.all():
                rule = StepRule.objects.create(step=published, basis="惯例", changed_by=editor.person)
                rule.materials.set(made.materials.all())
                TaskTemplate.objects.create(step=published, position=1, title="任务", basis="惯例", changed_by=editor.person)

        with django_assert_num_queries(len(few)):
            editor.get(reverse("cases:rule-list"))


@pytest.mark.django_db(transaction=True)
def test_two_editors_at_once_do_not_overwrite_each_other():
    make.duty_list()
    published, people = step("4.1", 1), [make.person("editor") for _number in range(4)]
    values = {"stage": "", "need": "always", "due_days": None, "approval_levels": 0}
    outcomes: list[str] = []

    def run(person) -> None:
        try:
            change_rule(published, values | {"basis": person.username}, materials=[], seen=fingerprint([]), by=person)
            outcomes.append(person.username)
        except Exception as error:
            outcomes.append(type(error).__name__)
        finally:
            connection.close()

    threads = [threading.Thread(target=run, args=[person]) for person in people]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=60)

    assert sorted(outcomes)[:3] == ["ChangedMeanwhileError"] * 3
    assert StepRule.objects.get(step=published).basis == sorted(outcomes)[3]


def test_before_a_list_is_published(db):
    assert "还没有发布职责清单" in text_of(make.signed_in("editor").get(reverse("cases:rule-list")))
    assert "还没有可以分工的人员或事项" in text_of(make.signed_in("leader").get(reverse("cases:assignment-list")))
    assert "这个字典里还没有条目。" in text_of(make.signed_in("editor").get(reverse("cases:term-list")))


# -- one rule --------------------------------------------------------------------------
def filled(code: str = "2.1", number: int = 3, **changes) -> dict:
    """The form of a rule as the page gives it, with these changes."""
    found = line(code, number)
    rule = found.rule
    seen = fingerprint([rule] if rule else [])
    told = {
        "need": rule.need if rule else "always",
        "materials": [material.pk for material in rule.materials.all()] if rule else [],
        "due_days": (rule.due_days if rule else None) or "",
        "approval_levels": rule.approval_levels if rule else 0,
        "stage": rule.stage if rule else "",
        "basis": rule.basis if rule else "",
        "seen": seen,
    }
    return told | changes


@pytest.mark.usefixtures("seeded")
class TestChangeRule:
    def test_the_form_holds_what_is_stored(self, editor):
        page = text_of(editor.get(address("rule-edit", "2.2", 1)))

        assert "确定出访任务。" in page
        assert re.findall(r'name="materials" value="(\d+)"[^>]* checked', page) == [
            str(material.pk) for material in step("2.2", 1).sheet.materials.filter(name__in=["邀请函", "任务件"])
        ]

    def test_saved_with_what_was_and_what_is(self, editor):
        sheet = step("2.1", 3).sheet
        material = sheet.materials.get(name="联系方式")

        response = editor.post(address("rule-edit"), filled(need="always", due_days="3", approval_levels="1", materials=[material.pk], basis="2026 年部门会议"))

        rule = StepRule.objects.get(step=step("2.1", 3))
        assert response["Location"] == address("rule-detail")
        assert (rule.need, rule.due_days, rule.approval_levels, rule.basis, rule.changed_by) == (Need.ALWAYS, 3, 1, "2026 年部门会议", editor.person)
        action, facts = last()
        assert (action, facts["item"], facts["step"]) == ("rule.change", "2.1", 3)
        assert facts["before"] == {
            "stage": "travel_information",
            "need": "if_needed",
            "due_days": None,
            "approval_levels": 0,
            "basis": "公布文本写明“根据需要”。",
            "materials": [],
        }
        assert facts["after"] == facts["before"] | {
            "need": "always",
            "due_days": 3,
            "approval_levels": 1,
            "basis": "2026 年部门会议",
            "materials": ["联系方式"],
        }
        assert list(find_faults()) == []

    def test_cases_opened_before_keep_theirs(self, editor):
        handler = make.person("preparer")
        case = open_case(DutyItem.objects.get(pk="2.1"), by=handler, title="来访")

        editor.post(address("rule-edit"), filled(need="always"))

        assert case.steps.get(step__number=3).need == Need.IF_NEEDED
        assert open_case(DutyItem.objects.get(pk="2.1"), by=handler, title="来访").steps.get(step__number=3).need == Need.ALWAYS

    def test_nothing_changed_is_nothing_recorded(self, editor):
        count = AuditEvent.objects.count()

        response = editor.post(address("rule-edit"), filled(), follow=True)

        assert "没有改动，未保存。" in text_of(response)
        assert AuditEvent.objects.count() == count
        assert StepRule.objects.get(step=step("2.1", 3)).changed_by is None

    def test_a_step_without_rule_gets_one(self, editor):
        published = make.sheet("4.1", ["接件", "办理"]).steps.get(number=2)

        editor.post(address("rule-edit", "4.1", 2), filled("4.1", 2, basis="惯例", due_days="2"))

        assert (published.rule.due_days, published.rule.need) == (2, Need.ALWAYS)
        assert last()[1]["before"] is None

    def test_a_changed_rule_waits_for_confirmation_again(self, editor, publisher):
        publisher.post(address("rule-confirm"), {"seen": line("2.1", 3).seen})
        assert line("2.1", 3).is_confirmed

        editor.post(address("rule-edit"), filled(due_days="4"))

        assert not line("2.1", 3).is_confirmed

    @pytest.mark.parametrize(
        ("changes", "told"),
        [
            ({"basis": " "}, "规则来源"),
            ({"due_days": "-1"}, "办理时限"),
            ({"due_days": "251"}, "办理时限"),
            ({"due_days": "三天"}, "办理时限"),
            ({"need": "sometimes"}, "是否必经"),
            ({"approval_levels": "3"}, "审签级数"),
            ({"stage": "issue"}, "业务环节"),
            ({"materials": ["999999"]}, "办结本步前应收齐的要件"),
        ],
    )
    def test_bad_input_is_told_and_nothing_typed_is_lost(self, editor, changes, told):
        typed = {"basis": "刚写的来源", "due_days": "7"} | changes

        response = editor.post(address("rule-edit"), filled(**typed))

        page = text_of(response)
        assert response.status_code == 200
        assert "<title>错误：" in page
        assert re.search(rf'href="#id_[a-z_0-9]+">{told}[^<]*：', page)
        assert typed["basis"].strip() in page
        assert f'value="{typed["due_days"]}"' in page
        assert StepRule.objects.get(step=step("2.1", 3)).due_days is None

    def test_materials_of_another_sheet_are_refused(self, editor):
        other = step("4.1", 1).sheet.materials.first()

        assert editor.post(address("rule-edit"), filled(materials=[other.pk])).status_code == 200
        assert not StepRule.objects.get(step=step("2.1", 3)).materials.exists()

    def test_what_another_saved_meanwhile_is_shown_beside_what_was_typed(self, editor):
        mine = filled(due_days="9", basis="我的来源")
        make.client_of(make.person("editor", name="李同")).post(address("rule-edit"), filled(due_days="4", basis="她的来源"))

        response = editor.post(address("rule-edit"), mine)

        page = text_of(response)
        assert "内容已有变化（李同，" in page
        assert [word in page for word in ("她的来源", "我的来源", "4 个工作日", 'value="9"')] == [True] * 4
        assert StepRule.objects.get(step=step("2.1", 3)).due_days == 4

        again = mine | {"seen": re.search(r'name="seen" value="([0-9a-f]+)"', page)[1]}
        assert editor.post(address("rule-edit"), again).status_code == 302
        assert StepRule.objects.get(step=step("2.1", 3)).due_days == 9

    @pytest.mark.parametrize("name", ["rule-detail", "rule-edit", "task-templates-edit"])
    def test_steps_that_are_not_in_force_are_absent(self, editor, name):
        old = step("4.1", 1)
        make.sheet("4.1", ["接件"])

        assert editor.get(reverse(f"cases:{name}", args=[old.pk])).status_code == 404
        assert editor.get(reverse(f"cases:{name}", args=[10**9])).status_code == 404

    def test_drafts_are_absent_too(self, editor):
        draft = make.sheet("4.1", ["接件"], publish=False)

        assert editor.get(reverse("cases:rule-edit", args=[draft.steps.first().pk])).status_code == 404

    def test_a_rule_that_appears_meanwhile_is_a_conflict_too(self):
        published = make.sheet("4.1", ["接件"]).steps.get()
        StepRule.objects.create(step=published, basis="先到")

        with pytest.raises(ChangedMeanwhileError, match="系统"):
            change_rule(published, {}, materials=[], seen=fingerprint([]), by=make.person("editor"))

    def test_a_rule_that_is_gone_is_a_conflict_too(self):
        published = make.sheet("4.1", ["接件"]).steps.get()

        with pytest.raises(ChangedMeanwhileError, match="系统"):
            change_rule(published, {}, materials=[], seen="0" * 16, by=make.person("editor"))


# -- confirming --------------------------------------------------------------------------
@pytest.mark.usefixtures("seeded")
class TestConfirm:
    def test_rule_and_tasks_of_a_step_are_confirmed_together(self, publisher):
        found = line("2.2", 4)

        response = publisher.post(address("rule-confirm", "2.2", 4), {"seen": found.seen}, follow=True)

        assert "已确认 5 条规则。" in text_of(response)
        assert line("2.2", 4).is_confirmed
        assert {row.confirmed_by for row in line("2.2", 4).rows} == {publisher.person}
        action, facts = last()
        assert (action, facts["rule"]["due_days"], len(facts["tasks"])) == ("rule.confirm", 20, 4)
        assert "赵颖于" in text_of(response)

    def test_not_by_whoever_changed_it_last(self):
        both = make.signed_in("editor", "publisher")
        both.post(address("rule-edit"), filled(due_days="4"))

        page = text_of(both.get(address("rule-detail")))
        response = both.post(address("rule-confirm"), {"seen": line("2.1", 3).seen}, follow=True)

        assert "这里有您本人修改的规则" in page
        assert "确认本步的规则和任务模板" not in page
        assert "规则须由修改人以外的人确认" in text_of(response)
        assert not line("2.1", 3).is_confirmed

    def test_the_database_keeps_to_it(self):
        person = make.person("editor")

        with pytest.raises(IntegrityError):
            StepRule.objects.filter(step=step("2.1", 3)).update(changed_by=person, confirmed_by=person, confirmed_at=timezone.now())

    def test_by_another_after_a_change(self, editor, publisher):
        editor.post(address("rule-edit"), filled(due_days="4"))

        publisher.post(address("rule-confirm"), {"seen": line("2.1", 3).seen})

        assert line("2.1", 3).is_confirmed

    def test_what_changed_since_the_page_was_made_is_not_confirmed(self, editor, publisher):
        seen = line("2.1", 3).seen
        editor.post(address("rule-edit"), filled(due_days="4"))

        response = publisher.post(address("rule-confirm"), {"seen": seen}, follow=True)

        assert "打开页面之后规则已有变化，没有确认。" in text_of(response)
        assert not line("2.1", 3).is_confirmed

    def test_twice_says_that_there_is_nothing_to_confirm(self, publisher):
        publisher.post(address("rule-confirm"), {"seen": line("2.1", 3).seen})

        response = publisher.post(address("rule-confirm"), {"seen": line("2.1", 3).seen}, follow=True)

        assert "没有待确认的规则。" in text_of(response)

    def test_editors_are_not_offered_it(self, editor):
        assert "确认本步的规则和任务模板" not in text_of(editor.get(address("rule-detail")))
        assert editor.post(address("rule-confirm"), {"seen": line("2.1", 3).seen}).status_code == 403

    def test_publishers_are_not_offered_to_change(self, publisher):
        page = text_of(publisher.get(address("rule-detail")))

        assert "确认本步的规则和任务模板" in page
        assert "修改办理要求" not in page
