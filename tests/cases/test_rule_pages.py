"""Pages of operating rules, maintained lists and assignments: reading, changing, confirming by a second person, and what is refused."""

import json
import re
import threading
from urllib.parse import urlencode

import pytest
from django.db import IntegrityError, connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from accounts import actions as account_actions
from accounts.audit import find_faults
from accounts.models import AuditEvent
from cases import kinds, rule_actions
from cases.models import Assignment, Need, StepRule, TaskTemplate, Term
from cases.opening import open_case
from cases.rule_actions import ChangedMeanwhileError, assign, change_rule, change_tasks
from cases.rule_queries import fingerprint, line_of, steps_in_force
from duties.models import DutyItem, ProcessStep
from tests import factories as make

from .test_rule_seeds import FILE, edition, publication, seed  # noqa: F401 - fixtures


@pytest.fixture
def seeded(edition):  # noqa: F811
    seed(FILE.read_bytes())


@pytest.fixture
def editor():
    return make.signed_in("editor", name="王敏")


@pytest.fixture
def publisher():
    return make.signed_in("publisher", name="赵颖")


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


@pytest.mark.django_db(transaction=True)
def test_two_leaders_at_once_assign_once():
    make.duty_list()
    worker, leaders, counts = make.person("preparer"), [make.person("leader") for _number in range(4)], []

    def run(person) -> None:
        try:
            counts.append(assign({(worker.pk, "2.1"): True}, by=person))
        finally:
            connection.close()

    threads = [threading.Thread(target=run, args=[person]) for person in leaders]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=60)

    assert sorted(counts) == [0, 0, 0, 1]
    assert Assignment.objects.filter(user=worker, item="2.1").count() == 1


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

        assert "这一步没有待确认的规则。" in text_of(response)

    def test_editors_are_not_offered_it(self, editor):
        assert "确认本步的规则和任务模板" not in text_of(editor.get(address("rule-detail")))
        assert editor.post(address("rule-confirm"), {"seen": line("2.1", 3).seen}).status_code == 403

    def test_publishers_are_not_offered_to_change(self, publisher):
        page = text_of(publisher.get(address("rule-detail")))

        assert "确认本步的规则和任务模板" in page
        assert "修改办理要求" not in page


# -- task templates -----------------------------------------------------------------------
def rows_of(code: str, number: int) -> list[dict]:
    found = line(code, number).tasks
    return [{"pk": task.pk, "title": task.title, "due_days": task.due_days or "", "is_required": task.is_required, "basis": task.basis} for task in found]


def posted(rows: list[dict], code: str = "2.1", number: int = 4, **more) -> dict:
    told = {"form-TOTAL_FORMS": len(rows), "form-INITIAL_FORMS": len(rows), "seen": fingerprint(line(code, number).tasks)} | more
    for place, row in enumerate(rows):
        told |= {f"form-{place}-{name}": value for name, value in row.items() if name != "is_required"}
        if row["is_required"]:
            told[f"form-{place}-is_required"] = "on"
    return told


NEW = {"pk": "", "title": "新任务", "due_days": "2", "is_required": True, "basis": "部门会议"}


@pytest.mark.usefixtures("seeded")
class TestTasks:
    def titles(self, response) -> list[str]:
        return re.findall(r'name="form-\d+-title" value="([^"]*)"', text_of(response))

    def test_the_page_shows_what_is_stored(self, editor):
        response = editor.get(address("task-templates-edit", "2.1", 4))

        assert self.titles(response) == [row["title"] for row in rows_of("2.1", 4)]

    @pytest.mark.parametrize(
        ("move", "order"),
        [
            ("up-1", [1, 0, 2]),
            ("down-1", [0, 2, 1]),
            ("remove-1", [0, 2]),
            ("up-0", [0, 1, 2]),
            ("down-2", [0, 1, 2]),
            ("down-7", [0, 1, 2]),
            ("up-x", [0, 1, 2]),
            ("up-" + "9" * 99, [0, 1, 2]),
        ],
    )
    def test_buttons_move_rows_on_the_page_and_store_nothing(self, editor, move, order):
        rows = rows_of("2.1", 4)
        rows[0] |= {"title": "改到一半", "due_days": "不是数"}

        response = editor.post(address("task-templates-edit", "2.1", 4), posted(rows, move=move))

        assert self.titles(response) == [rows[place]["title"] for place in order]
        assert "不是数" in text_of(response)
        assert rows_of("2.1", 4)[0]["title"] == "整理并归档外宾接待纪要"

    def test_a_row_is_added_at_the_end(self, editor):
        response = editor.post(address("task-templates-edit", "2.1", 3), posted([], "2.1", 3, move="add"))

        assert text_of(response).count("<fieldset") == 1

    def test_a_broken_form_does_not_break_the_page(self, editor):
        response = editor.post(address("task-templates-edit", "2.1", 4), {"move": "add"})
        saved = editor.post(address("task-templates-edit", "2.1", 4), {"form-TOTAL_FORMS": "x"})

        assert (response.status_code, saved.status_code) == (200, 200)
        assert len(rows_of("2.1", 4)) == 3

    def test_saved_in_the_order_of_the_page(self, editor):
        rows = rows_of("2.1", 4)
        changed = [NEW, rows[2], rows[0] | {"title": "整理接待纪要"}]

        response = editor.post(address("task-templates-edit", "2.1", 4), posted(changed))

        assert response["Location"] == address("rule-detail", "2.1", 4)
        tasks = list(TaskTemplate.objects.filter(step=step("2.1", 4), archived_at=None))
        assert [(task.pk == row["pk"], task.title, task.position) for task, row in zip(tasks, changed, strict=True)] == [
            (False, "新任务", 1),
            (True, rows[2]["title"], 2),
            (True, "整理接待纪要", 3),
        ]
        assert [task.changed_by for task in tasks] == [editor.person, None, editor.person]
        assert TaskTemplate.objects.get(pk=rows[1]["pk"]).archived_at is not None
        action, facts = last()
        assert (action, [task["title"] for task in facts["before"]], [task["title"] for task in facts["after"]]) == (
            "task_template.change",
            [row["title"] for row in rows],
            [row["title"] for row in changed],
        )

    def test_a_new_order_alone_needs_no_new_confirmation(self, editor, publisher):
        publisher.post(address("rule-confirm", "2.1", 4), {"seen": line("2.1", 4).seen})

        editor.post(address("task-templates-edit", "2.1", 4), posted(rows_of("2.1", 4)[::-1]))

        assert [task.position for task in line("2.1", 4).tasks] == [1, 2, 3]
        assert line("2.1", 4).is_confirmed

    def test_nothing_changed_is_nothing_recorded(self, editor):
        count = AuditEvent.objects.count()

        response = editor.post(address("task-templates-edit", "2.1", 4), posted(rows_of("2.1", 4)), follow=True)

        assert "没有改动，未保存。" in text_of(response)
        assert AuditEvent.objects.count() == count

    def test_a_task_replaced_by_one_of_the_same_words_is_a_change(self):
        published, rows = step("2.1", 4), rows_of("2.1", 4)
        seen = fingerprint(line("2.1", 4).tasks)
        wanted = [row | {"due_days": row["due_days"] or None} for row in rows]
        wanted[0]["pk"] = None

        assert change_tasks(published, wanted, seen=seen, by=make.person("editor"))
        assert TaskTemplate.objects.get(pk=rows[0]["pk"]).archived_at is not None

    def test_new_cases_get_them(self, editor):
        editor.post(address("task-templates-edit", "2.1", 4), posted([NEW]))

        case = open_case(DutyItem.objects.get(pk="2.1"), by=make.person("preparer"), title="来访")

        assert list(case.tasks.filter(step__step__number=4).values_list("title", "due_days")) == [("新任务", 2)]

    @pytest.mark.parametrize(("name", "value"), [("title", ""), ("title", "长" * 201), ("due_days", "300"), ("due_days", "一"), ("basis", "")])
    def test_bad_input_is_told_with_its_row_and_nothing_typed_is_lost(self, editor, name, value):
        rows = [*rows_of("2.1", 4), NEW | {"title": "刚写的任务", "basis": "刚写的来源"} | {name: value}]

        response = editor.post(address("task-templates-edit", "2.1", 4), posted(rows))

        page = text_of(response)
        assert response.status_code == 200
        assert f'href="#id_form-3-{name}">任务 4 · ' in page
        assert "<title>错误：" in page
        assert [typed in page for typed in ("刚写的任务", "刚写的来源") if typed not in (value,)].count(False) == (0 if name == "due_days" else 1)
        assert len(rows_of("2.1", 4)) == 3

    def test_too_many_are_refused(self, editor):
        response = editor.post(address("task-templates-edit", "2.1", 4), posted([NEW | {"title": f"任务{number}"} for number in range(41)]))

        assert response.status_code == 200
        assert "40" in text_of(response)
        assert len(rows_of("2.1", 4)) == 3

    def test_what_another_saved_meanwhile_is_shown(self, editor):
        mine = posted([NEW])
        make.client_of(make.person("editor", name="李同")).post(address("task-templates-edit", "2.1", 4), posted([NEW | {"title": "她的任务"}]))

        response = editor.post(address("task-templates-edit", "2.1", 4), mine)

        page = text_of(response)
        assert ["内容已有变化（李同，" in page, "她的任务" in page, 'value="新任务"' in page] == [True] * 3
        assert [row["title"] for row in rows_of("2.1", 4)] == ["她的任务"]

        again = mine | {"seen": re.search(r'name="seen" value="([0-9a-f]+)"', page)[1]}
        assert editor.post(address("task-templates-edit", "2.1", 4), again).status_code == 302
        assert [row["title"] for row in rows_of("2.1", 4)] == ["新任务"]


# -- lists ------------------------------------------------------------------------------------
def names(kind: str = "relation") -> list[str]:
    return list(Term.objects.filter(kind=kind, archived_at=None).values_list("name", flat=True))


def term(name: str) -> Term:
    return Term.objects.get(name=name, archived_at=None)


@pytest.mark.usefixtures("seeded")
class TestTerms:
    def test_every_list_stands_there(self, editor):
        page = text_of(editor.get(reverse("cases:term-list")))

        assert [str(label) in page for label in Term.Kind.labels] == [True] * len(Term.Kind.labels)
        assert [name in page for name in names()] == [True] * 3

    def test_an_entry_is_added_at_the_end(self, editor):
        response = editor.post(reverse("cases:term-create", args=["relation"]), {"name": "同一来访", "name_en": "Same visit"})

        assert response["Location"] == reverse("cases:term-list")
        assert names() == ["相关", "由本件引出", "替代本件", "同一来访"]
        assert last() == ("term.add", {"kind": "relation", "before": None, "after": {"name": "同一来访", "name_en": "Same visit"}})

    def test_an_entry_is_renamed(self, editor):
        editor.post(reverse("cases:term-edit", args=[term("相关").pk]), {"name": "有关", "name_en": ""})

        assert names() == ["有关", "由本件引出", "替代本件"]
        assert last()[1]["before"] == {"name": "相关", "name_en": "Related"}

    @pytest.mark.parametrize("name", ["由本件引出", "", "长" * 101])
    def test_bad_names_are_told_and_kept(self, editor, name):
        for url in (reverse("cases:term-create", args=["relation"]), reverse("cases:term-edit", args=[term("相关").pk])):
            response = editor.post(url, {"name": name, "name_en": "typed"})

            assert response.status_code == 200
            assert 'href="#id_name"' in text_of(response)
            assert f'value="{name}"' in text_of(response) or not name
            assert 'value="typed"' in text_of(response)
        assert names() == ["相关", "由本件引出", "替代本件"]

    def test_a_name_taken_at_the_same_moment_is_told(self, editor, monkeypatch):
        monkeypatch.setattr("cases.rule_forms.TermForm.validate_unique", lambda form: None)

        response = editor.post(reverse("cases:term-create", args=["relation"]), {"name": "相关"})

        assert "这个字典里已有同名条目。" in text_of(response)

    def test_another_list_may_have_the_same_name(self, editor):
        editor.post(reverse("cases:term-create", args=["phrase"]), {"name": "相关"})

        assert names("phrase")[-1] == "相关"

    @pytest.mark.parametrize(
        ("name", "to", "order"),
        [
            ("由本件引出", "up", ["由本件引出", "相关", "替代本件"]),
            ("由本件引出", "down", ["相关", "替代本件", "由本件引出"]),
            ("相关", "up", ["相关", "由本件引出", "替代本件"]),
            ("替代本件", "down", ["相关", "由本件引出", "替代本件"]),
        ],
    )
    def test_entries_move_by_one(self, editor, name, to, order):
        count = AuditEvent.objects.count()
        before = names()

        editor.post(reverse("cases:term-move", args=[term(name).pk]), {"to": to})

        assert names() == order
        assert AuditEvent.objects.count() - count == (order != before)

    def test_archived_with_a_reason_it_can_be_made_anew(self, editor):
        editor.post(reverse("cases:term-archive", args=[term("相关").pk]), {"reason": "与另一条重复"})
        page = text_of(editor.get(reverse("cases:term-list")))
        editor.post(reverse("cases:term-create", args=["relation"]), {"name": "相关"})

        assert names() == ["由本件引出", "替代本件", "相关"]
        assert "与另一条重复" in page
        assert AuditEvent.objects.filter(action="term.archive").count() == 1

    def test_not_without_a_reason(self, editor):
        row = term("相关")

        url = reverse("cases:term-archive", args=[row.pk])
        shown, refused = editor.get(url), editor.post(url, {"reason": " "})

        assert (shown.status_code, refused.status_code) == (200, 200)
        assert "停用“相关”" in text_of(shown)
        assert 'href="#id_reason"' in text_of(refused)
        assert names()[0] == "相关"

    def test_not_twice(self, editor, monkeypatch):
        row = term("相关")
        rule_actions.archive_term(row, reason="重复", by=editor.person)
        monkeypatch.setattr("cases.rule_views.get_object_or_404", lambda *args, **kwargs: row)

        response = editor.post(reverse("cases:term-archive", args=[row.pk]), {"reason": "再一次"})

        assert "这一条已经停用。" in text_of(response)
        assert Term.objects.get(pk=row.pk).archived_reason == "重复"

    def test_an_archived_or_unknown_entry_is_absent(self, editor):
        row = term("相关")
        rule_actions.archive_term(row, reason="重复", by=editor.person)

        assert [editor.get(reverse(f"cases:{name}", args=[row.pk])).status_code for name in ("term-edit", "term-archive")] == [404, 404]
        assert editor.post(reverse("cases:term-move", args=[row.pk])).status_code == 404
        assert editor.get(reverse("cases:term-create", args=["nonsense"])).status_code == 404

    def test_an_archived_entry_does_not_move(self, editor):
        row = term("相关")
        rule_actions.archive_term(row, reason="重复", by=editor.person)

        rule_actions.move_term(row, up=False, by=editor.person)

        assert names() == ["由本件引出", "替代本件"]

    def test_the_number_of_queries_does_not_grow(self, editor, django_assert_num_queries):
        editor.get(reverse("cases:term-list"))
        with CaptureQueriesContext(connection) as few:
            editor.get(reverse("cases:term-list"))
        Term.objects.bulk_create(Term(kind="phrase", name=f"意见{number}", position=number) for number in range(50))

        with django_assert_num_queries(len(few)):
            editor.get(reverse("cases:term-list"))


# -- who works on what -----------------------------------------------------------------------------
@pytest.fixture
def leader():
    return make.signed_in("leader", name="陈立")


def matrix(client) -> dict:
    """The form as the page gives it."""
    page = text_of(client.get(reverse("cases:assignment-list")))
    told: dict = dict(re.findall(r'name="(was-\d+)"(?: value="([^"]*)")?', page))
    for name, value in re.findall(r'name="(items-\d+)" value="([0-9.]+)"[^>]* checked', page):
        told.setdefault(name, []).append(value)
    return told


@pytest.mark.usefixtures("seeded")
class TestAssignments:
    def test_people_at_work_and_items(self, leader):
        worker, administrator, gone = (
            make.person("preparer", name="林晓舟"),
            make.person("system_admin", name="管管"),
            make.person("preparer", name="已走", disabled=True),
        )

        page = text_of(leader.get(reverse("cases:assignment-list")))

        assert [person.name in page for person in (worker, administrator, gone)] == [True, False, False]
        assert page.count(f'name="items-{worker.pk}"') == 8

    def test_ticked_and_unticked(self, leader):
        worker = make.worker("preparer", "2.1")
        form = matrix(leader)
        assert form[f"items-{worker.pk}"] == ["2.1"]

        response = leader.post(
            reverse("cases:assignment-list"),
            urlencode(form | {f"items-{worker.pk}": ["2.2", "4.1"]}, doseq=True),
            content_type="application/x-www-form-urlencoded",
            follow=True,
        )

        assert "已保存 3 处变动。" in text_of(response)
        live = Assignment.objects.filter(user=worker, ended_at=None)
        assert sorted(live.values_list("item", "since_by")) == [("2.2", leader.person.pk), ("4.1", leader.person.pk)]
        assert Assignment.objects.get(user=worker, item="2.1").ended_by == leader.person
        assert sorted(AuditEvent.objects.filter(action__startswith="assignment.").values_list("action", "subject")) == sorted(
            [("assignment.end", f"accounts.user:{worker.pk}"), *[("assignment.start", f"accounts.user:{worker.pk}")] * 2]
        )

    def test_nothing_changed(self, leader):
        make.worker("preparer", "2.1")

        response = leader.post(reverse("cases:assignment-list"), matrix(leader), follow=True)

        assert "没有改动，未保存。" in text_of(response)
        assert not AuditEvent.objects.filter(action__startswith="assignment.").exists()

    def test_what_another_did_meanwhile_stays(self, leader):
        worker = make.person("preparer")
        form = matrix(leader)
        assign({(worker.pk, "1.1"): True, (worker.pk, "2.1"): True}, by=make.person("leader"))

        leader.post(reverse("cases:assignment-list"), form | {f"items-{worker.pk}": ["2.1", "2.2"]})

        assert sorted(Assignment.objects.filter(user=worker, ended_at=None).values_list("item", flat=True)) == ["1.1", "2.1", "2.2"]
        assert Assignment.objects.filter(user=worker).count() == 3

    def test_whoever_has_left_can_still_be_relieved(self, leader):
        gone = make.worker("preparer", "2.1", name="已走")
        account_actions.disable_person(person=gone, reason="调离", by=make.person("system_admin"))
        form = matrix(leader)

        leader.post(reverse("cases:assignment-list"), {name: value for name, value in form.items() if name != f"items-{gone.pk}"})

        assert not Assignment.objects.filter(user=gone, ended_at=None).exists()

    def test_an_unknown_item_is_refused_and_ticks_are_kept(self, leader):
        worker = make.person("preparer")
        form = matrix(leader) | {f"items-{worker.pk}": ["2.2", "9.9"]}

        response = leader.post(reverse("cases:assignment-list"), form)

        assert response.status_code == 200
        assert "<title>错误：" in text_of(response)
        assert re.search(rf'name="items-{worker.pk}" value="2.2"[^>]* checked', text_of(response))
        assert not Assignment.objects.exists()

    def test_the_number_of_queries_does_not_grow(self, leader, django_assert_num_queries):
        leader.get(reverse("cases:assignment-list"))
        with CaptureQueriesContext(connection) as few:
            leader.get(reverse("cases:assignment-list"))
        for _number in range(10):
            make.worker("preparer")

        with django_assert_num_queries(len(few)):
            leader.get(reverse("cases:assignment-list"))
