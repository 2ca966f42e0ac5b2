"""Pages of the tasks that a rule wants: rows added, moved, taken away, stored."""

import re

import pytest

from accounts.models import AuditEvent
from cases.models import TaskTemplate
from cases.opening import open_case
from cases.rule_actions import change_tasks
from cases.rule_queries import fingerprint
from duties.models import DutyItem
from tests import factories as make

from .test_rule_pages import address, last, line, step, text_of
from .test_rule_seeds import edition, publication, seeded  # noqa: F401 - fixtures


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
