"""The pages of the register: registering by hand, the list and its filters, one entry, corrections, the yearly registers; who may, and what is told."""

import io
from datetime import timedelta

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.http import QueryDict
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from pypdf import PdfReader

from accounts.models import AuditEvent, User
from cases.models import Draft
from core import files
from core.printing import PrintRefusedError
from correspondence import actions, register_views
from correspondence.lists import COLUMNS, rows
from correspondence.models import Entry, EntryLink, Incoming
from correspondence.printing import PART, Volume, register_pdf, volumes_of
from tests import factories as make
from tests import samples

from .letters import form, registered, values

pytestmark = pytest.mark.django_db
NEW = "/correspondence/new/"


def listed(client, query=""):
    page = client.get(f"/correspondence/{query}")
    return [entry.subject for entry, _state in page.context["lines"]]


class TestRegistering:
    def test_by_hand_with_files_and_a_case(self, client, handler, case):
        done = client.post(NEW, form(cases=f"{case.number}，", papers=[SimpleUploadedFile("来函.pdf", samples.pdf())], handler=handler.pk))

        entry = Entry.objects.get()
        assert done["Location"] == entry.get_absolute_url()
        assert (entry.counterpart, entry.handler, entry.registered_by) == ("神港市商工联合会", handler, handler)
        assert [document.name for document in entry.documents.all()] == ["来函.pdf"]
        assert [link.case for link in entry.links.all()] == [case]
        assert not Incoming.objects.exists()

    def test_from_a_case_it_goes_back_there(self, client, handler, case):
        shown = client.get(f"{NEW}?case={case.number}").context["form"]
        assert (shown.initial["cases"], shown.initial["items"]) == (case.number, ["2.1"])

        done = client.post(f"{NEW}?case={case.number}", form(cases=case.number, handler=handler.pk))

        assert done["Location"] == f"{case.get_absolute_url()}#letters"

    def test_as_an_answer(self, client, handler, entry):
        shown = client.get(f"{NEW}?answers={entry.pk}").context["form"].initial

        assert (shown["direction"], shown["counterpart"], shown["replies_to"]) == ("out", entry.counterpart, entry.number)
        assert shown["subject"] == "复：关于代表团来访日程的函"
        client.post(NEW, form(direction="out", replies_to=entry.number, handler=handler.pk))
        assert Entry.objects.get(direction="out").replies_to == entry
        assert "已答复" in client.get("/correspondence/").content.decode()

    def test_sent_twice_it_is_one(self, client, handler):
        sent = form(handler=handler.pk)

        assert client.post(NEW, sent)["Location"] == client.post(NEW, sent)["Location"]
        assert Entry.objects.count() == 1

    @pytest.mark.parametrize(
        ("wrong", "told"),
        [
            ({"declared": None}, "请确认内容和文件不涉密"),
            ({"counterpart": ""}, "is-invalid"),
            ({"exchanged_on": "2999-01-01"}, "不能晚于今天"),
            ({"dated_on": "2026-11-23"}, "成文日期不能晚于收发日期"),
            ({"reply_due_on": "2026-11-01"}, "复函期限不能早于收发日期"),
            ({"cases": "2.1-2026-0999"}, "没有找到这些办件"),
            ({"replies_to": "收〔1999〕1号"}, "没有找到这个登记号"),
            ({"items": ["4.1"]}, "4.1"),
            ({"direction": "up"}, "up"),
            ({"incoming": "999999"}, "超过一小时"),
        ],
    )
    def test_what_is_wrong_is_told_and_nothing_typed_is_lost(self, client, handler, wrong, told):
        page = client.post(NEW, form(**({"handler": handler.pk, "summary": "我的摘要"} | wrong)))

        assert page.status_code == 200
        assert told in page.content.decode()
        assert "我的摘要" in page.content.decode()
        assert Entry.objects.count() == 0

    def test_a_due_day_means_that_a_reply_is_due(self, client, handler):
        client.post(NEW, form(reply_due_on="2026-12-01", handler=handler.pk))

        assert Entry.objects.get().needs_reply

    def test_too_much_is_told(self, client, handler, settings):
        settings.CASE_QUOTA = settings.PERSON_QUOTA = 3

        page = client.post(NEW, form(papers=[SimpleUploadedFile("a.txt", b"more than that")], handler=handler.pk)).content.decode()

        assert "一件函电的文件总量不超过" in page
        assert "每人上传的文件总量不超过" in page

    def test_too_many_files(self, client, handler):
        page = client.post(NEW, form(papers=[SimpleUploadedFile(f"{number}.txt", b"a") for number in range(21)], handler=handler.pk))

        assert "一次最多上传" in page.content.decode()

    def test_a_case_that_cannot_be_linked_any_more_is_told(self, client, handler, case, monkeypatch):
        def refuse(*args, **options):
            raise actions.Refused("办件已有变化")

        monkeypatch.setattr(actions, "register", refuse)

        assert "办件已有变化" in client.post(NEW, form(cases=case.number, handler=handler.pk)).content.decode()

    def test_a_draft_is_offered_and_put_back(self, client, handler):
        Draft.objects.create(person=handler, address=NEW, fields=[["counterpart", "留着的单位"], ["form_key", "f" * 32]], saved_at=timezone.now())

        assert "没有提交的草稿" in client.get(NEW).content.decode()
        restored = client.get(f"{NEW}?draft=1")
        assert "留着的单位" in restored.content.decode()
        assert "f" * 32 not in restored.content.decode()

    def test_counterparts_are_offered(self, client, entry):
        assert '<option value="神港市商工联合会">' in client.get(NEW).content.decode()


class TestTheList:
    def test_filters(self, client, handler, stranger):
        old = timezone.localdate() - timedelta(days=400)
        registered(handler, subject="甲", counterpart="东港商会", exchanged_on=old, items=["1.1"])
        registered(handler, subject="乙", direction="out", needs_reply=True, reply_due_on=timezone.localdate() - timedelta(days=1))
        waiting = registered(handler, subject="丙", needs_reply=True)
        registered(handler, subject="丁", direction="out", replies_to=waiting)
        cancelled = registered(handler, subject="戊")
        actions.cancel(cancelled, reason="登错了", version=1, by=handler)
        registered(stranger, subject="外", items=["4.1"])

        assert listed(client) == ["戊", "丁", "丙", "乙", "甲"]
        assert listed(client, "?direction=out") == ["丁", "乙"]
        assert listed(client, "?reply=awaiting") == listed(client, "?reply=overdue") == ["乙"]
        assert listed(client, "?reply=answered") == ["丙"]
        assert listed(client, "?state=cancelled") == ["戊"]
        assert listed(client, "?state=valid&item=1.1") == ["甲"]
        assert listed(client, "?counterpart=东港") == listed(client, f"?until={old}") == listed(client, "?q=dongg") == ["甲"]
        assert listed(client, "?q=甲") == ["甲"]
        assert listed(client, "?year=2001") == []
        assert listed(client, f"?handler={handler.username}&sort=number") == ["甲", "乙", "丙", "丁", "戊"]
        assert listed(client, "?year=x") == []
        assert "没有找到符合条件的函电" in client.get("/correspondence/?year=2001").content.decode()
        chips = client.get("/correspondence/?reply=awaiting&direction=out&item=2.1").context["chips"]
        assert [chip.text for chip in chips] == ["收发：发文", "事项：2.1", "复函：待复函"]

    def test_an_empty_one_says_how_to_begin(self, client, leader):
        assert "收到或发出函电后在这里登记" in client.get("/correspondence/").content.decode()
        assert "登记函电</a>" not in make.client_of(leader).get("/correspondence/").content.decode()

    def test_the_number_of_queries_does_not_grow(self, client, handler, case):
        def count():
            client.get("/correspondence/")
            with CaptureQueriesContext(connection) as queries:
                client.get("/correspondence/?rows=50")
            return len(queries)

        registered(handler, cases=[case], needs_reply=True)
        few = count()
        for _number in range(12):
            registered(handler, cases=[case], items=["1.1", "2.1"])

        assert count() == few

    def test_rows_for_exports(self, handler, case):
        registered(handler, cases=[case], subject="甲")
        registered(handler, subject="乙", needs_reply=True)

        found = list(rows(User.objects.get(pk=handler.pk), QueryDict("sort=number")))

        assert [entry.subject for entry in found] == ["甲", "乙"]
        said = {column.name: column.value(found[0]) for column in COLUMNS}
        assert (said["cases"], said["items"], said["state"], said["handler"]) == (case.number, "2.1", "", "林晓舟")
        assert [entry.subject for entry in rows(User.objects.get(pk=handler.pk), QueryDict("sort=-due"))] == ["乙", "甲"]


class TestOneEntry:
    def test_it_shows_what_the_person_may_see(self, handler, stranger, leader, case):
        entry = registered(handler, cases=[case], items=["2.1", "4.1"], papers=[("来函.txt", "来函".encode())])
        answer = registered(handler, direction="out", replies_to=entry, subject="复函")

        page = make.client_of(handler).get(entry.get_absolute_url()).content.decode()
        assert case.title in page
        assert "复函" in page
        assert f"{entry.get_absolute_url()}documents/{entry.documents.get().pk}/" in page
        far = make.client_of(stranger).get(entry.get_absolute_url()).content.decode()
        assert case.title not in far
        assert case.number not in far
        seen_by_leader = make.client_of(leader).get(entry.get_absolute_url()).content.decode()
        assert "来函.txt" in seen_by_leader
        assert f"documents/{entry.documents.get().pk}/" not in seen_by_leader
        assert "本件答复或接续此件" in make.client_of(handler).get(answer.get_absolute_url()).content.decode()

    def test_queries_do_not_grow(self, client, handler, case):
        def count(entry):
            client.get(entry.get_absolute_url())
            with CaptureQueriesContext(connection) as queries:
                client.get(entry.get_absolute_url())
            return len(queries)

        few = count(registered(handler, cases=[case], papers=[("a.txt", b"a")]))
        others = [make.case("2.1", handler, title=f"另{number}") for number in range(4)]
        much = registered(handler, cases=[case, *others], papers=[(f"{number}.txt", b"a") for number in range(4)])
        for _number in range(4):
            registered(handler, direction="out", replies_to=much)

        assert count(much) == few

    @pytest.mark.parametrize(
        "act", ["", "correct/", "cancel/", "cases/add/", "documents/add/", "documents/1/", "documents/1/pages/1.png", "documents/1/withdraw/"]
    )
    def test_out_of_sight_is_absent(self, handler, stranger, case, act):
        entry = registered(handler, cases=[case], papers=[("来函.pdf", samples.pdf())])
        client = make.client_of(stranger)
        act = act.replace("/1/", f"/{entry.documents.get().pk}/", 1)

        hidden, absent = client.get(f"/correspondence/{entry.pk}/{act}"), client.get(f"/correspondence/999999/{act}")

        assert hidden.status_code == absent.status_code == 404
        assert hidden.content == absent.content
        link = entry.links.get()
        assert client.get(f"/correspondence/{entry.pk}/cases/{link.pk}/remove/").status_code == 404

    def test_correcting(self, client, handler, entry):
        page = client.get(f"{entry.get_absolute_url()}correct/")
        typed = {name: page.context["form"].get_initial_for_field(field, name) for name, field in page.context["form"].fields.items()}
        sent = {name: value for name, value in typed.items() if value not in (None, "", False)} | {"items": ["2.1"], "version": 1, "reason": "写错了"}

        unchanged = client.post(f"{entry.get_absolute_url()}correct/", sent)
        assert "没有改动" in unchanged.content.decode()
        done = client.post(f"{entry.get_absolute_url()}correct/", sent | {"subject": "改过的事由"})
        assert done["Location"] == entry.get_absolute_url()
        conflict = client.post(f"{entry.get_absolute_url()}correct/", sent | {"subject": "又改"})

        assert conflict.status_code == 409
        text = conflict.content.decode()
        assert "又改" in text
        assert "改过的事由" in text
        assert 'name="version" value="2"' in text
        assert "函电不能答复自己" in client.post(f"{entry.get_absolute_url()}correct/", sent | {"replies_to": entry.number}).content.decode()

    def test_cancelling(self, client, entry, handler):
        stale = client.post(f"{entry.get_absolute_url()}cancel/", {"reason": "重复", "version": "x"})
        assert stale.status_code == 409
        done = client.post(f"{entry.get_absolute_url()}cancel/", {"reason": "重复", "version": "1"}, follow=True)

        assert "已作废" in done.content.decode()
        assert client.get(f"{entry.get_absolute_url()}cancel/").status_code == 404

    def test_cancelling_with_a_case_out_of_sight_says_why(self, handler, stranger, case):
        entry = registered(handler, cases=[case], items=["4.1"])

        page = make.client_of(stranger).post(f"{entry.get_absolute_url()}cancel/", {"reason": "错", "version": entry.version}).content.decode()

        assert "不由您查看的办件" in page

    def test_linking_and_unlinking(self, client, entry, case):
        assert "没有找到这个编号" in client.post(f"{entry.get_absolute_url()}cases/add/", {"number": "x"}).content.decode()
        client.post(f"{entry.get_absolute_url()}cases/add/", {"number": case.number})
        link = EntryLink.objects.get()
        assert "已经关联这个办件" in client.post(f"{entry.get_absolute_url()}cases/add/", {"number": case.number}).content.decode()

        done = client.post(f"{entry.get_absolute_url()}cases/{link.pk}/remove/", {"reason": "关联错了"})

        assert done["Location"] == entry.get_absolute_url()
        assert client.get(f"{entry.get_absolute_url()}cases/{link.pk}/remove/").status_code == 404

    def test_what_the_engine_refuses_is_told(self, client, entry, case, monkeypatch):
        def refuse(*args, **options):
            raise actions.Refused("现在不可用")

        monkeypatch.setattr(actions, "link", refuse)
        assert "现在不可用" in client.post(f"{entry.get_absolute_url()}cases/add/", {"number": case.number}).content.decode()
        monkeypatch.undo()
        client.post(f"{entry.get_absolute_url()}cases/add/", {"number": case.number})
        monkeypatch.setattr(actions, "unlink", refuse)
        address = f"{entry.get_absolute_url()}cases/{EntryLink.objects.get().pk}/remove/"
        assert "现在不可用" in client.post(address, {"reason": "错"}).content.decode()

    def test_documents(self, client, entry):
        address = f"{entry.get_absolute_url()}documents/add/"
        assert "请选择文件" in client.post(address, {"declared": "on"}).content.decode()
        undeclared = client.post(address, {"papers": [SimpleUploadedFile("来函.pdf", samples.pdf())]})
        assert "请确认内容和文件不涉密" in undeclared.content.decode()
        kept = Incoming.objects.get()
        client.post(address, {"declared": "on", "incoming": kept.pk, "kept": [file.pk for file in kept.files.all()]})

        document = entry.documents.get()
        got = client.get(f"{entry.get_absolute_url()}documents/{document.pk}/")
        assert b"".join(got.streaming_content) == samples.pdf()
        assert got["Content-Security-Policy"] == "sandbox; default-src 'none'"
        assert client.get(f"{entry.get_absolute_url()}documents/{document.pk}/pages/1.png")["Content-Type"] == "image/png"
        assert client.get(f"{entry.get_absolute_url()}documents/{document.pk}/pages/2.png").status_code == 404
        assert set(AuditEvent.objects.values_list("action", flat=True)) >= {"letter.add", "letter.download", "letter.preview"}
        client.post(f"{entry.get_absolute_url()}documents/{document.pk}/withdraw/", {"reason": "传错了"})
        assert "传错了" in client.get(entry.get_absolute_url()).content.decode()
        assert client.get(f"{entry.get_absolute_url()}documents/{document.pk}/withdraw/").status_code == 404

    def test_a_file_that_is_lost_is_told(self, client, handler):
        document = registered(handler, papers=[("来函.pdf", samples.pdf("Lost"))]).documents.get()
        files.path_of(document.file).write_bytes(b"another")

        assert client.get(f"/correspondence/{document.entry_id}/documents/{document.pk}/").status_code == 410
        assert client.get(f"/correspondence/{document.entry_id}/documents/{document.pk}/pages/1.png").status_code == 404


class TestRegisters:
    def test_all_numbers_stand_in_it(self, handler, keeper, leader, stranger, case):
        year = timezone.localdate().year
        registered(handler, cases=[case], subject="甲")
        actions.cancel(registered(handler, subject="乙"), reason="登错了", version=1, by=handler)
        waiting = registered(handler, subject="丙", needs_reply=True, reply_due_on=timezone.localdate())
        registered(handler, direction="out", replies_to=waiting, dated_on=timezone.localdate(), own_number="津贸促联〔2026〕5号")
        registered(stranger, subject="外人的", counterpart="看不到的单位", items=["4.1"])

        read = make_text(register_pdf(year, "in", 1, User.objects.get(pk=keeper.pk), timezone.now()))
        assert f"{year}年度收文登记簿" in read
        assert [f"收〔{year}〕{number}号" in read for number in range(1, 5)] == [True] * 4
        assert "作废" in read
        assert "登错了" in read
        assert "看不到的单位" not in read
        assert "不在查看范围" in read
        assert "本年度共4件，其中作废1件" in read
        assert "看不到的单位" in make_text(register_pdf(year, "in", 1, User.objects.get(pk=leader.pk), timezone.now()))
        assert "津贸促联〔2026〕5号" in make_text(register_pdf(year, "out", 1, User.objects.get(pk=leader.pk), timezone.now()))

    def test_the_page_and_the_print(self, handler, keeper):
        registered(handler)
        year, client = timezone.localdate().year, make.client_of(keeper)

        assert f"/correspondence/registers/{year}/in-1.pdf" in client.get("/correspondence/registers/").content.decode()
        printed = client.get(f"/correspondence/registers/{year}/in-1.pdf")

        assert printed.content.startswith(b"%PDF")
        assert AuditEvent.objects.last().action == "letter.print"
        for address in (f"{year}/out-1.pdf", f"{year}/in-2.pdf", f"{year}/up-1.pdf"):
            assert client.get(f"/correspondence/registers/{address}").status_code == 404

    def test_what_cannot_be_printed_says_why(self, handler, keeper, monkeypatch):
        def refuse(*args):
            raise PrintRefusedError("有一个字没有字形")

        monkeypatch.setattr(register_views, "register_pdf", refuse)
        page = make.client_of(keeper).get(f"/correspondence/registers/{timezone.localdate().year}/in-1.pdf")

        assert page.status_code == 422
        assert "有一个字没有字形" in page.content.decode()

    def test_an_empty_one(self, keeper):
        assert "还没有登记函电" in make.client_of(keeper).get("/correspondence/registers/").content.decode()

    def test_volumes(self):
        assert volumes_of(0) == []
        assert volumes_of(PART) == [Volume(1, 1, PART)]
        assert volumes_of(PART + 3)[1] == Volume(2, PART + 1, PART + 3)


def make_text(pdf):
    """The text of a PDF, without spaces and line ends."""
    return "".join("".join(page.extract_text().split()) for page in PdfReader(io.BytesIO(pdf)).pages)


def test_found_by_search(client, handler, stranger):
    entry = registered(handler, papers=[("日程安排.txt", b"a")])

    assert entry.get_absolute_url() in client.get("/search/?q=代表团来访日程").content.decode()
    assert f"#document-{entry.documents.get().pk}" in client.get("/search/?q=日程安排").content.decode()
    assert entry.get_absolute_url() not in make.client_of(stranger).get("/search/?q=代表团来访日程").content.decode()


def test_a_correction_of_values_is_made_by_whoever_sees_it(handler, colleague):
    entry = registered(handler)

    done = actions.correct(entry, values(handler, subject="改"), reason="错字", version=1, by=colleague)

    assert done.changes.first().by == colleague
