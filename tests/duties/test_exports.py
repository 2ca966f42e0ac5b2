"""Exporting sheets: who may ask, what the worker makes, who gets it, and what is left when something goes wrong."""

import io
import os
import re
import zipfile
from datetime import timedelta

import pytest
from django.db import IntegrityError, transaction
from django.urls import reverse
from django.utils import timezone
from django_tasks_db.models import DBTaskResult
from pypdf import PdfReader

from accounts.models import AuditEvent
from accounts.roles import ROLES, Kind
from core.printing import PrintRefusedError
from duties import export_worker, exports
from duties.models import SheetExport
from duties.open_data import items_of
from duties.tasks import make_sheet_export
from tests import factories as make

pytestmark = pytest.mark.django_db
LIST, NEW = reverse("duties:export-list"), reverse("duties:export-create")
CODES = ["1.1", "1.2", "2.1", "2.2", "2.3", "3.1", "3.2", "4.1"]


@pytest.fixture(autouse=True)
def _own_folder(settings, tmp_path):
    settings.VAR_DIR = tmp_path


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


def ask(client, **fields) -> SheetExport:
    response = client.post(NEW, {"items": ["4.1", "2.1"], "format": "docx", "with_cover": "on"} | fields)
    export = SheetExport.objects.first()
    assert (response.status_code, response["Location"]) == (302, export.get_absolute_url())
    return export


def made(client, **fields) -> SheetExport:
    export = ask(client, **fields)
    make_sheet_export.func(export.pk)
    export.refresh_from_db()
    return export


def text_of(response) -> str:
    return response.content.decode()


def download(client, export):
    return client.get(reverse("duties:export-download", args=[export.pk]))


def events() -> list[tuple[str, str]]:
    return [(event.action, event.by.username if event.by else "") for event in AuditEvent.objects.filter(action__startswith="export.").select_related("by")]


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

    assert (export.codes, export.format, export.with_cover, export.asked_by) == (codes, "docx", True, editor.person)
    assert events() == [("export.ask", editor.person.username)]
    task = DBTaskResult.objects.get(task_path="duties.tasks.make_sheet_export")
    assert task.args_kwargs == {"args": [export.pk], "kwargs": {}}


def test_a_request_that_is_not_audited_is_not_made(editor, monkeypatch):
    monkeypatch.setattr(exports, "record", lambda *args, **facts: (_ for _ in ()).throw(RuntimeError))

    with pytest.raises(RuntimeError):
        ask(editor)

    assert not SheetExport.objects.exists()
    assert not DBTaskResult.objects.filter(task_path="duties.tasks.make_sheet_export").exists()


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
    assert not SheetExport.objects.exists()


def test_before_a_list_is_published_there_is_nothing_to_choose():
    client = make.signed_in("editor")

    assert "还没有发布职责清单" in text_of(client.get(LIST))
    assert client.post(NEW, {"everything": "on", "format": "pdf"}).status_code == 200
    assert not SheetExport.objects.exists()


# -- what the worker makes ---------------------------------------------------------
def test_a_word_file_of_the_chosen_items(editor):
    export = made(editor)
    response = download(editor, export)

    with zipfile.ZipFile(io.BytesIO(response.content)) as package:
        text = package.read("word/document.xml").decode()
    assert (text.count("职责事项信息表"), text.count("邀请和接待海外代表团来访。"), "签发（纸质邀请函）" in text) == (3, 1, True)
    assert "组织重要公务代表团出访" not in text
    assert response["Content-Type"] == "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
    day = timezone.localdate()
    assert response["Content-Disposition"] == (
        "attachment; filename*=utf-8''%E8%81%8C%E8%B4%A3%E4%BA%8B%E9%A1%B9%E4%BF%A1%E6%81%AF%E8%A1%A8-2.1-4.1-" + f"{day}.docx"
    )
    assert response["X-Content-Type-Options"] == "nosniff"
    assert response["Cache-Control"] == "no-store"
    assert events() == [("export.ask", editor.person.username), ("export.make", ""), ("export.download", editor.person.username)]


@pytest.mark.parametrize("cover", [True, False])
def test_a_pdf_of_the_chosen_items_is_numbered_from_one(editor, printed, cover):
    export = made(editor, format="pdf", with_cover="on" if cover else "")

    assert printed == [([("2.1", 1), ("4.1", 2)], True, cover)]
    assert download(editor, export).content == b"%PDF-1.7"
    assert download(editor, export)["Content-Type"] == "application/pdf"


@pytest.mark.parametrize(("cover", "pages"), [(True, 4), (False, 2)])
def test_the_printed_file_is_cover_contents_and_sheets_or_sheets_only(editor, cover, pages):
    export = made(editor, format="pdf", with_cover="on" if cover else "")
    assert export.failure == ""

    text = [page.extract_text() for page in PdfReader(io.BytesIO(download(editor, export).content)).pages]

    assert len(text) == pages
    assert ["邀请和接待海外代表团来访" in text[-2], "对外邀请函电" in text[-1], "国际联络部" in text[0]] == [True, True, True]
    assert [f"— {number} —" in page for number, page in enumerate(text[-2:], 1)] == [True, True]


def test_the_whole_list_keeps_its_page_numbers(editor, printed):
    made(editor, format="pdf", items=[], everything="on")

    assert printed[0][0] == [(code, number) for number, code in enumerate(CODES, 1)]


def test_a_file_of_many_items_is_named_by_their_number(editor):
    assert ask(editor, items=[], everything="on").file_name == f"职责事项信息表-8项-{timezone.localdate()}.docx"


def test_the_file_is_stored_for_its_owner_only_under_a_random_name(editor):
    export = made(editor)

    [path] = exports.folder().iterdir()
    assert (path.name, len(path.name), path.stat().st_mode & 0o777) == (export.content, 32, 0o600)
    assert exports.folder().stat().st_mode & 0o777 == 0o700


def test_a_task_that_comes_twice_makes_one_file(editor):
    export = made(editor)

    make_sheet_export.func(export.pk)

    assert len(list(exports.folder().iterdir())) == 1
    assert SheetExport.objects.get().content == export.content


@pytest.mark.parametrize("format", SheetExport.Format.values)
def test_the_page_counts_the_items_laid_out(editor, printed, monkeypatch, format):
    seen = []
    export = ask(editor, items=["1.1", "2.1", "4.1"], format=format)
    one_more = export_worker._one_more

    def look(export):
        one_more(export)
        response = editor.get(export.get_absolute_url())
        seen.append((response["Refresh"], *re.findall(r"正在排版，已排好 \d/\d 项|\d 项都已排好，正在合成一个文件|<progress[^>]*>", text_of(response))))

    monkeypatch.setattr(export_worker, "_one_more", look)
    assert "正在排版，已排好 0/3 项" in text_of(editor.get(export.get_absolute_url()))
    make_sheet_export.func(export.pk)

    finished = editor.get(export.get_absolute_url())
    said = ["正在排版，已排好 1/3 项", "正在排版，已排好 2/3 项", "3 项都已排好，正在合成一个文件"]
    assert seen == [("2", words, f'<progress id="progress" value="{done}" max="3">') for done, words in enumerate(said, 1)]
    assert "Refresh" not in finished.headers
    assert reverse("duties:export-download", args=[export.pk]) in text_of(finished)
    assert SheetExport.objects.get().sha256 in text_of(finished)


def test_a_count_that_a_killed_worker_left_begins_again(editor, printed):
    export = ask(editor)
    SheetExport.objects.update(done=1)

    make_sheet_export.func(export.pk)

    assert SheetExport.objects.get().done == export.total == 2


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
    assert ("字体中没有“𰻝”" in shown, "未能生成" in shown, "重新选择" in shown) == (True, True, True)
    assert download(editor, export).status_code == 404
    assert events()[-1] == ("export.fail", "")


def test_a_fault_of_the_program_is_said_plainly_and_goes_to_the_log(editor, monkeypatch):
    def booklet_docx(*args, **options):
        raise OSError("no space left on /secret/path")

    monkeypatch.setattr(export_worker, "booklet_docx", booklet_docx)
    export = ask(editor)

    with pytest.raises(OSError, match="no space"):
        make_sheet_export.func(export.pk)

    shown = text_of(editor.get(export.get_absolute_url()))
    assert ("生成时出错" in shown, "secret" in shown) == (True, False)


def test_items_that_the_list_no_longer_holds_are_named(editor):
    export = ask(editor)
    SheetExport.objects.update(codes=["2.1", "9.1"])

    make_sheet_export.func(export.pk)

    assert "现行清单中没有这些事项：9.1" in SheetExport.objects.get().failure


def test_without_a_list_the_export_fails_with_a_reason(editor, monkeypatch):
    export = ask(editor)
    monkeypatch.setattr(export_worker, "list_as_data", lambda: None)

    make_sheet_export.func(export.pk)

    assert SheetExport.objects.get().failure.startswith("现行清单中没有这些事项：2.1、4.1")


def test_work_that_a_killed_worker_left_is_told_as_late(editor):
    export = ask(editor)
    SheetExport.objects.update(asked_at=timezone.now() - SheetExport.OVERDUE - timedelta(seconds=1))

    response = editor.get(export.get_absolute_url())

    assert "超过 10 分钟没有完成" in text_of(response)
    assert "Refresh" not in response.headers


# -- who gets it -------------------------------------------------------------------
@pytest.mark.parametrize("name", ["export-detail", "export-download"])
def test_anothers_export_is_as_absent_as_none(editor, name):
    export = made(editor)
    other = make.signed_in("editor")
    before = len(events())

    theirs, none = (other.get(reverse(f"duties:{name}", args=[number])) for number in (export.pk, export.pk + 1000))

    assert (theirs.status_code, theirs.content) == (404, none.content)
    assert len(events()) == before
    assert str(export) not in text_of(other.get(LIST))


def test_a_download_that_is_not_audited_is_not_given(editor, monkeypatch):
    export = made(editor)
    monkeypatch.setattr(exports, "record", lambda *args, **facts: (_ for _ in ()).throw(RuntimeError))

    with pytest.raises(RuntimeError):
        download(editor, export)


def test_a_file_before_it_is_made_is_not_found(editor):
    assert download(editor, ask(editor)).status_code == 404


def test_a_file_that_vanished_is_not_found(editor):
    export = made(editor)
    (exports.folder() / export.content).unlink()

    assert download(editor, export).status_code == 404


# -- what is cleared away ------------------------------------------------------------
def test_files_go_after_a_week_and_the_record_stays(editor):
    old = made(editor)
    orphan = exports.folder() / "left-by-a-power-cut.part"
    orphan.write_bytes(b"")
    week = timezone.now() - export_worker.KEPT - timedelta(minutes=1)
    SheetExport.objects.filter(pk=old.pk).update(finished_at=week)
    for path in exports.folder().iterdir():
        os.utime(path, (week.timestamp(), week.timestamp()))

    new = made(editor)

    assert [path.name for path in exports.folder().iterdir()] == [new.content]
    assert "已过 7 天保留期" in text_of(editor.get(old.get_absolute_url()))
    assert download(editor, old).status_code == 404
    assert ("export.clear", "") in events()


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
    made(editor, format="pdf")
    SheetExport.objects.filter(format="pdf").update(content="", sha256="")
    SheetExport.objects.filter(pk=ask(editor).pk).update(finished_at=timezone.now(), failure="不行")

    shown = text_of(editor.get(LIST))

    assert [shown.count(f'<span class="tag{colour}">') for colour in (" go", " ok", "", " late")] == [1, 1, 1, 1]


@pytest.mark.parametrize("fields", [{"content": "a"}, {"failure": "不行"}, {"finished_at": True, "content": "a", "failure": "不行"}])
def test_the_database_refuses_an_outcome_that_cannot_be(editor, fields):
    if fields.get("finished_at"):
        fields = fields | {"finished_at": timezone.now()}
    export = ask(editor)

    with pytest.raises(IntegrityError), transaction.atomic():
        SheetExport.objects.filter(pk=export.pk).update(**fields)


def test_acts_have_names_for_the_auditor(editor):
    made(editor)
    shown = text_of(make.signed_in("auditor").get(reverse("accounts:audit-list")))

    assert ("申请导出信息表" in shown, "生成导出文件" in shown) == (True, True)
