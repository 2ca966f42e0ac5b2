"""Exporting sheets: who may ask, what the worker makes, who gets it, and what is left when something goes wrong."""

import io
import re
import zipfile
from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone
from django_tasks_db.models import DBTaskResult
from pypdf import PdfReader

from accounts.audit import ACTIONS
from accounts.models import AuditEvent
from accounts.roles import ROLES, Kind
from core.printing import PrintRefusedError
from duties import export_worker
from duties.exports import Format
from duties.open_data import items_of
from jobs import actions, running
from jobs.models import Job
from tests import factories as make

pytestmark = pytest.mark.django_db
LIST, NEW = reverse("duties:export-list"), reverse("duties:export-create")
CODES = ["1.1", "1.2", "2.1", "2.2", "2.3", "3.1", "3.2", "4.1"]


@pytest.fixture(autouse=True)
def _every_look_is_taken(monkeypatch):
    monkeypatch.setattr(running, "SAVE_SECONDS", 0)


@pytest.fixture
def editor(edition):
    return make.signed_in("editor")


@pytest.fixture
def printed(monkeypatch):
    """What would be printed; the printing itself has tests of its own."""
    asked = []

    def booklet_pdf(data, *, screen, cover):
        asked.append(([(item["code"], item["contents"]["page"]) for item in items_of(data)], screen, cover))
        return b"%PDF-1.7"

    monkeypatch.setattr(export_worker, "booklet_pdf", booklet_pdf)
    monkeypatch.setattr(export_worker, "sheet_pdf", lambda item: b"%PDF-1.7")
    return asked


def ask(client, **fields) -> Job:
    response = client.post(NEW, {"items": ["4.1", "2.1"], "format": "docx", "with_cover": "on"} | fields)
    export = Job.objects.first()
    assert (response.status_code, response["Location"]) == (302, export.get_absolute_url())
    return export


def made(client, **fields) -> Job:
    export = ask(client, **fields)
    running.run(export.pk, 1)
    export.refresh_from_db()
    return export


def text_of(response) -> str:
    return b"".join(response).decode()


def download(client, export):
    return client.get(reverse("jobs:job-file", args=[export.pk]))


def body_of(client, export) -> bytes:
    return download(client, export).getvalue()


def events() -> list[tuple[str, str]]:
    return [(event.action, event.by.username if event.by else "") for event in AuditEvent.objects.filter(action__startswith="job.").select_related("by")]


# -- asking ----------------------------------------------------------------------
def test_every_business_role_may_export_and_no_other():
    assert {role.slug for role in ROLES.values() if "duties.export_sheets" in role.permissions} == {
        role.slug for role in ROLES.values() if role.kind == Kind.BUSINESS
    }


@pytest.mark.parametrize("role", ["preparer", "auditor"])
def test_the_menu_leads_there_for_those_who_may(edition, role):
    in_menu_and_phone_bar = text_of(make.signed_in(role).get(reverse("cases:today"))).count(f'href="{LIST}"')

    assert in_menu_and_phone_bar == (2 if role == "preparer" else 0)


def test_the_form_offers_every_item_and_category(editor):
    response = editor.get(LIST)

    fields = response.context["form"].fields
    assert [code for code, _label in fields["items"].choices] == CODES
    assert dict(fields["items"].choices)["3.2"] == "3.2 负责国家相关部门举办、我市参与的国际经贸活动的组织工作（信息表未随源文件提供）"
    assert dict(fields["items"].choices)["2.1"] == "2.1 邀请和接待海外代表团来访"
    assert fields["categories"].choices == [("1", "1 多双边合作机制建设"), ("2", "2 国际往来"), ("3", "3 举办经贸促进活动"), ("4", "4 邀请函审签和管理")]
    shown = text_of(editor.get(NEW))
    assert [shown.count(f'name="{name}"') for name in ("everything", "categories", "items", "format", "with_cover")] == [1, 4, 8, 2, 1]


@pytest.mark.parametrize(
    ("fields", "codes"),
    [
        ({"items": ["4.1", "2.1"]}, ["2.1", "4.1"]),
        ({"items": [], "categories": ["2"]}, ["2.1", "2.2", "2.3"]),
        ({"items": ["2.2", "4.1"], "categories": ["2"]}, ["2.1", "2.2", "2.3", "4.1"]),
        ({"items": [], "everything": "on"}, CODES),
    ],
)
def test_what_is_ticked_is_what_is_asked_for(editor, fields, codes):
    export = ask(editor, **fields)

    assert export.parameters == {"codes": codes, "format": "docx", "with_cover": True}
    assert (export.kind, export.total, export.asked_by) == ("sheet-export", len(codes), editor.person)
    assert str(export) == f"信息表 {'、'.join(codes)}（DOCX，带封面和目录）"
    assert events() == [("job.ask", editor.person.username)]
    task = DBTaskResult.objects.get(pk=export.task)
    assert task.args_kwargs == {"args": [export.pk], "kwargs": {}}


def test_a_request_that_is_not_audited_is_not_made(editor, monkeypatch):
    monkeypatch.setattr(actions, "record", lambda *args, **facts: (_ for _ in ()).throw(RuntimeError))

    with pytest.raises(RuntimeError):
        ask(editor)

    assert not Job.objects.exists()
    assert not DBTaskResult.objects.filter(task_path="jobs.tasks.run_job").exists()


@pytest.mark.parametrize(
    ("fields", "field", "reason"),
    [
        ({"items": []}, "items", "请至少选一个事项"),
        ({"items": ["9.9"]}, "items", "9.9"),
        ({"items": [], "categories": ["9"]}, "categories", "9"),
        ({"format": "exe"}, "format", "exe"),
        ({"format": ""}, "format", "请填写这一项"),
    ],
)
def test_a_faulty_choice_is_explained_beside_the_field(editor, fields, field, reason):
    response = editor.post(NEW, {"items": ["4.1"], "format": "docx"} | fields)

    assert list(response.context["form"].errors) == [field]
    assert reason in response.context["form"].errors[field][0]
    assert "<title>错误：" in text_of(response)
    assert not Job.objects.exists()


def test_before_a_list_is_published_there_is_nothing_to_choose():
    client = make.signed_in("editor")

    assert "还没有发布职责清单" in text_of(client.get(LIST))
    assert client.post(NEW, {"everything": "on", "format": "pdf"}).status_code == 200
    assert not Job.objects.exists()


# -- what the worker makes ---------------------------------------------------------
def test_a_word_file_of_the_chosen_items(editor):
    export = made(editor)
    response = download(editor, export)

    with zipfile.ZipFile(io.BytesIO(response.getvalue())) as package:
        text = package.read("word/document.xml").decode()
    assert (text.count("职责事项信息表"), text.count("邀请和接待海外代表团来访。"), "签发（纸质邀请函）" in text) == (3, 1, True)
    assert "组织重要公务代表团出访" not in text
    assert response["Content-Type"] == "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
    day = timezone.localdate()
    assert response["Content-Disposition"] == (
        "attachment; filename*=utf-8''%E8%81%8C%E8%B4%A3%E4%BA%8B%E9%A1%B9%E4%BF%A1%E6%81%AF%E8%A1%A8-2.1-4.1-" + f"{day}.docx"
    )
    assert response["X-Content-Type-Options"] == "nosniff"
    assert response["Cache-Control"] == "private, no-store"
    assert events() == [("job.ask", editor.person.username), ("job.done", ""), ("job.download", editor.person.username)]


@pytest.mark.parametrize("cover", [True, False])
def test_a_pdf_of_the_chosen_items_is_numbered_from_one(editor, printed, cover):
    export = made(editor, format="pdf", with_cover="on" if cover else "")

    assert printed == [([("2.1", 1), ("4.1", 2)], True, cover)]
    response = download(editor, export)
    assert (response["Content-Type"], response.getvalue()) == ("application/pdf", b"%PDF-1.7")


@pytest.mark.parametrize(("cover", "pages"), [(True, 4), (False, 2)])
def test_the_printed_file_is_cover_contents_and_sheets_or_sheets_only(editor, cover, pages):
    export = made(editor, format="pdf", with_cover="on" if cover else "")
    assert export.failure == ""

    text = [page.extract_text() for page in PdfReader(io.BytesIO(body_of(editor, export))).pages]

    assert len(text) == pages
    assert ["邀请和接待海外代表团来访" in text[-2], "对外邀请函电" in text[-1], "国际联络部" in text[0]] == [True, True, True]
    assert [f"— {number} —" in page for number, page in enumerate(text[-2:], 1)] == [True, True]


def test_the_whole_list_keeps_its_page_numbers(editor, printed):
    made(editor, format="pdf", items=[], everything="on")

    assert printed[0][0] == [(code, number) for number, code in enumerate(CODES, 1)]


def test_a_file_of_many_items_is_named_by_their_number(editor):
    assert export_worker.file_name(ask(editor, items=[], everything="on")) == f"职责事项信息表-8项-{timezone.localdate()}.docx"


@pytest.mark.parametrize("format", Format.values)
def test_the_page_counts_the_items_laid_out(editor, printed, monkeypatch, format):
    seen = []
    export = ask(editor, items=["1.1", "2.1", "4.1"], format=format)
    save = running.Progress._save

    def look(progress):
        cancelled = save(progress)
        response = text_of(editor.get(export.get_absolute_url()))
        seen.append(re.findall(r"已完成 \d/\d|\d 项都已处理，正在收尾|<progress[^>]*>", response))
        assert '<meta http-equiv="refresh" content="2">' in response
        return cancelled

    monkeypatch.setattr(running.Progress, "_save", look)
    assert "等待后台处理" in text_of(editor.get(export.get_absolute_url()))
    running.run(export.pk, 1)

    finished = text_of(editor.get(export.get_absolute_url()))
    said = ["已完成 0/3", "已完成 1/3", "已完成 2/3", "3 项都已处理，正在收尾"]
    assert seen == [[words, f'<progress id="progress" value="{done}" max="3">'] for done, words in enumerate(said)]
    assert "http-equiv" not in finished
    assert reverse("jobs:job-file", args=[export.pk]) in finished
    assert Job.objects.get().sha256 in finished


def test_a_sheet_that_cannot_be_set_is_named(editor, printed, monkeypatch):
    def sheet_pdf(item):
        if item["code"] == "4.1":
            raise PrintRefusedError("字体中没有“𰻝”")

    monkeypatch.setattr(export_worker, "sheet_pdf", sheet_pdf)
    export = made(editor, format="pdf")

    assert (export.failure, export.done, printed) == ("4.1：字体中没有“𰻝”", 1, [])


def test_a_refused_print_says_why(editor, printed, monkeypatch):
    def booklet_pdf(*args, **options):
        raise PrintRefusedError("字体中没有“𰻝”")

    monkeypatch.setattr(export_worker, "booklet_pdf", booklet_pdf)
    export = made(editor, format="pdf")

    shown = text_of(editor.get(export.get_absolute_url()))
    assert ("字体中没有“𰻝”" in shown, "未能完成" in shown, "重新提交" in shown) == (True, True, True)
    assert download(editor, export).status_code == 404
    assert events()[-1] == ("job.fail", "")


def test_a_fault_of_the_program_is_said_plainly_and_goes_to_the_log(editor, monkeypatch):
    def booklet_docx(*args, **options):
        raise ValueError("no such thing at /secret/path")

    monkeypatch.setattr(export_worker, "booklet_docx", booklet_docx)
    export = ask(editor)

    with pytest.raises(ValueError, match="no such thing"):
        running.run(export.pk, 1)

    shown = text_of(editor.get(export.get_absolute_url()))
    assert ("程序出错，已记入系统日志" in shown, "secret" in shown) == (True, False)


def test_items_that_the_list_no_longer_holds_are_named(editor):
    export = ask(editor)
    Job.objects.update(parameters=export.parameters | {"codes": ["2.1", "9.1"]})

    running.run(export.pk, 1)

    assert "现行清单中没有这些事项：9.1" in Job.objects.get().failure


def test_without_a_list_the_export_fails_with_a_reason(editor, monkeypatch):
    export = ask(editor)
    monkeypatch.setattr(export_worker, "list_as_data", lambda: None)

    running.run(export.pk, 1)

    assert Job.objects.get().failure.startswith("现行清单中没有这些事项：2.1、4.1")


# -- who gets it -------------------------------------------------------------------
def test_anothers_export_is_not_on_the_list(editor):
    export = made(editor)
    other = make.signed_in("editor")

    assert str(export) in text_of(editor.get(LIST))
    assert str(export) not in text_of(other.get(LIST))


def test_whoever_may_not_export_any_more_gets_no_file(editor):
    export = made(editor)
    editor.person.groups.clear()

    assert (download(editor, export).status_code, events()[-1][0]) == (403, "job.done")


# -- pages and rows ------------------------------------------------------------------
def test_the_list_takes_the_same_queries_for_any_number_of_exports(editor, django_assert_max_num_queries):
    counted = []
    for _time in range(2):
        ask(editor)
        with django_assert_max_num_queries(12) as queries:
            editor.get(LIST)
        counted.append(len(queries))

    assert counted[0] == counted[1]


def test_the_list_shows_each_state(editor, printed):
    made(editor)
    ask(editor)
    cleared = made(editor, format="pdf")
    Job.objects.filter(pk=cleared.pk).update(file="")
    Job.objects.filter(pk=ask(editor).pk).update(finished_at=timezone.now(), outcome="failed", failure="不行")

    shown = text_of(editor.get(LIST))

    assert [shown.count(words) for words in ("排队中", "已完成", "文件已清理", "未能完成")] == [1, 1, 1, 1]
    assert [shown.count(f'<span class="tag{colour}">') for colour in (" ok", "", " late")] == [1, 2, 1]


def test_a_page_of_old_work_stops_looking_again(editor):
    export = ask(editor)
    Job.objects.update(asked_at=timezone.now() - timedelta(hours=1, seconds=1))

    assert "http-equiv" not in text_of(editor.get(export.get_absolute_url()))


def test_acts_have_names_for_the_auditor():
    assert {"job.ask": "提交后台任务", "job.done": "完成后台任务"}.items() <= ACTIONS.items()
