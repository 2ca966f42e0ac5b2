"""Documents of cases: added, replaced, withdrawn, looked at; who may, what is refused, and that nothing is half there."""

import errno
import hashlib
import os
import socketserver
import subprocess
import threading

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import IntegrityError, OperationalError, connection, transaction
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils.datastructures import MultiValueDict

from accounts.audit import find_faults
from accounts.models import AuditEvent
from cases import documents, process
from cases.models import Case, Document
from cases.process import BlockedError, InvalidError
from core import files, search
from tests import factories as make
from tests import samples

pytestmark = pytest.mark.django_db


@pytest.fixture
def case(handler):
    return make.case("2.1", handler)


@pytest.fixture
def client(handler):
    return make.client_of(handler)


def address(case, action="attach", key=""):
    part, _colon, pk = key.partition(":")
    if key:
        return reverse("cases:part-do", args=[case.number, part, pk, action])
    return reverse("cases:case-do", args=[case.number, action])


def send(client, case, *given, action="attach", key="", declared="on", version=None, **options):
    """Post these files (name, body) to the page of the action."""
    now = Case.objects.get(pk=case.pk).version
    fields = {"version": now if version is None else version, "papers": [SimpleUploadedFile(name, body) for name, body in given]}
    return client.post(address(case, action, key), fields | ({"declared": declared} if declared else {}), **options)


def download(client, document, **options):
    response = client.get(reverse("cases:document-download", args=[document.case.number, document.pk]), **options)
    response.body = b"".join(response.streaming_content) if response.streaming else response.content
    for close in response._resource_closers:
        close()
    return response


def page_of(client, document, page=1):
    return client.get(reverse("cases:document-page", args=[document.case.number, document.pk, page]))


def stored():
    """Every file below MEDIA_ROOT."""
    return {path for path in files.folder().rglob("*") if path.is_file()}


def acts():
    return list(AuditEvent.objects.order_by("number").values_list("action", flat=True))


class TestAdding:
    def test_files_are_added_to_the_case_with_timeline_and_audit(self, client, case, handler):
        response = send(client, case, ("来函.pdf", samples.pdf(pages=2)), ("名单.xlsx", samples.xlsx()))

        assert response["Location"] == f"{case.get_absolute_url()}#documents"
        first, second = case.documents.all()
        assert (first.name, first.kind, first.pages, first.version, first.added_by, first.material) == ("来函.pdf", "pdf", 2, 1, handler, None)
        assert (second.name, second.kind, second.pages) == ("名单.xlsx", "xlsx", None)
        assert first.path.read_bytes() == samples.pdf(pages=2)
        assert first.sha256 == hashlib.sha256(samples.pdf(pages=2)).hexdigest()
        entry = case.timeline.first()
        assert (entry.kind, entry.text) == ("attach", "来函.pdf、名单.xlsx")
        assert acts()[-3:] == ["document.add", "document.add", "case.attach"]
        assert AuditEvent.objects.filter(action="document.add", facts__contains='"declared": true').count() == 2
        assert stored() == {first.path, second.path}
        assert list(find_faults()) == []

    def test_a_missing_material_is_received_with_its_first_document(self, client, case, handler):
        material = case.materials.first()

        response = send(client, case, ("名单.xlsx", samples.xlsx()), key=f"material:{material.pk}")

        material.refresh_from_db()
        assert response["Location"].endswith(f"#material-{material.pk}")
        assert (material.status, material.received_by, material.documents.get().name) == ("received", handler, "名单.xlsx")

    def test_a_verified_material_stays_verified(self, client, case):
        material = case.materials.first()
        make.act(case, "receive", f"material:{material.pk}")
        make.act(case, "verify", f"material:{material.pk}")

        send(client, case, ("名单.xlsx", samples.xlsx()), key=f"material:{material.pk}")

        material.refresh_from_db()
        assert material.status == "verified"

    def test_without_the_declaration_nothing_is_kept(self, client, case):
        response = send(client, case, ("来函.txt", b"text"), declared="")

        assert response.status_code == 200
        assert "请确认文件不涉密" in response.content.decode()
        assert (case.documents.count(), stored()) == (0, set())

    def test_without_a_file_the_page_asks_for_one(self, client, case):
        assert "请选择文件" in send(client, case).content.decode()

    def test_one_bad_file_keeps_the_others_out_and_is_named(self, client, case):
        response = send(client, case, ("好.txt", b"text"), ("坏.docx", samples.docx(extra={"word/vbaProject.bin": b"x"})))

        page = response.content.decode()
        assert "坏.docx：文件含有宏" in page
        assert "其余文件也没有保存" in page
        assert (case.documents.count(), stored()) == (0, set())
        event = AuditEvent.objects.get(action="document.refuse")
        assert '"reason": "macro"' in event.facts
        assert "坏" not in event.facts

    def test_more_than_twenty_at_once_are_refused(self, client, case):
        assert "一次最多上传 20 个文件" in send(client, case, *[(f"{number}.txt", b"text") for number in range(21)]).content.decode()

    def test_a_file_that_was_not_looked_through_is_refused(self, case, handler):
        given = MultiValueDict({"papers": [make.received("a.txt", b"text")]})

        with pytest.raises((InvalidError, AttributeError)):
            process.perform(case, "attach", by=handler, version=case.version, data={"declared": "on"}, files=given)

        assert case.documents.count() == 0

    @pytest.mark.parametrize("name", ["机密 名单.txt", "绝密.txt", "秘 密.txt", "★.txt", "机－密.txt"])
    def test_a_name_with_a_word_of_secrecy_is_a_hard_stop(self, client, case, name):
        response = send(client, case, (name, b"text"))

        assert "带有密级标志" in response.content.decode()
        assert (case.documents.count(), stored()) == (0, set())

    def test_a_conflict_keeps_nothing_and_shows_what_changed(self, client, case, handler):
        make.act(case, "note", text="先到的备注")

        response = send(client, case, ("来函.txt", b"text"), version=case.version)

        assert response.status_code == 409
        assert "先到的备注" in response.content.decode()
        assert "请重新选择" in response.content.decode()
        assert (case.documents.count(), stored()) == (0, set())

    def test_the_same_upload_sent_twice_is_one(self, client, case):
        for _time in (1, 2):
            assert send(client, case, ("来函.txt", b"text"), version=case.version).status_code == 302

        assert case.documents.count() == 1
        assert len(stored()) == 1

    def test_another_file_on_the_same_version_is_a_conflict(self, client, case):
        send(client, case, ("来函.txt", b"text"), version=case.version)

        assert send(client, case, ("来函.txt", b"another"), version=case.version).status_code == 409

    def test_a_held_case_takes_documents(self, client, case):
        make.act(case, "hold", reason="待补正")

        assert send(client, case, ("补正.txt", b"text")).status_code == 302

    def test_a_closed_case_takes_none(self, client, case):
        make.act(case, "withdraw", reason="取消")

        assert send(client, case, ("来函.txt", b"text")).status_code == 404
        assert (case.documents.count(), stored()) == (0, set())

    def test_files_sent_to_another_action_are_not_looked_at(self, client, case):
        response = client.post(address(case, "note"), {"version": case.version, "text": "备注", "papers": SimpleUploadedFile("机密.exe", b"MZ")})

        assert response.status_code == 302
        assert (case.documents.count(), stored()) == (0, set())


class TestQuotas:
    def test_of_a_case(self, client, case, settings):
        settings.CASE_QUOTA = 10

        assert "本办件还剩 10" in send(client, case, ("来函.txt", b"x" * 11)).content.decode()
        assert send(client, case, ("来函.txt", b"x" * 10)).status_code == 302
        assert "本办件还剩 0" in send(client, case, ("又.txt", b"x")).content.decode()

    def test_of_a_person_over_all_cases(self, client, case, handler, settings):
        settings.PERSON_QUOTA = 10
        make.attached(make.case("4.1", handler), "a.txt", b"x" * 8)

        assert "还剩 2" in send(client, case, ("来函.txt", b"x" * 3)).content.decode()
        assert send(client, case, ("来函.txt", b"x" * 2)).status_code == 302

    def test_of_one_file(self, client, case, settings):
        settings.FILE_SIZE_LIMIT = 100

        assert "超过单个文件的大小上限" in send(client, case, ("来函.txt", b"x" * 1000)).content.decode()
        assert stored() == set()

    def test_a_request_far_too_large_is_cut(self, client, case, settings):
        settings.FILE_SIZE_LIMIT, settings.REQUEST_SIZE_LIMIT = 100, 1000

        send(client, case, *[(f"{number}.txt", b"x" * 90_000) for number in range(3)])

        assert (case.documents.count(), stored()) == (0, set())


class TestVersions:
    def test_a_new_version_replaces_and_the_old_stays_readable(self, client, case):
        old = make.attached(case, "来函.txt", b"one")
        response = send(client, case, ("来函（改）.txt", b"two"), action="new_version", key=f"document:{old.pk}")

        new = case.documents.last()
        assert response["Location"].endswith(f"#document-{old.pk}")
        assert (new.replaces, new.version, new.name) == (old, 2, "来函（改）.txt")
        assert list(Document.objects.current()) == [new]
        assert [download(client, one).body for one in (old, new)] == [b"one", b"two"]
        assert case.timeline.first().text == "来函.txt → 来函（改）.txt（第 2 版）"
        page = client.get(case.get_absolute_url()).content.decode()
        assert "以前的版本（1）" in page
        assert "第 2 版" in page

    def test_it_stays_with_the_material(self, case):
        material = case.materials.first()
        old = make.attached(case, target=f"material:{material.pk}")

        assert make.attached(case, body=b"two", target=f"document:{old.pk}").material == material

    def test_only_the_newest_is_replaced(self, case, handler):
        old = make.attached(case)
        make.attached(case, body=b"two", target=f"document:{old.pk}")

        with pytest.raises(BlockedError):
            make.attached(case, body=b"three", target=f"document:{old.pk}")
        with pytest.raises(IntegrityError), transaction.atomic():
            Document.objects.create(case=case, replaces=old, version=2, name="x", kind="txt", size=1, sha256="", file="x", added_by=handler)

    def test_two_files_for_one_version_are_refused(self, client, case):
        old = make.attached(case)

        assert "一次最多上传 1 个文件" in send(client, case, ("a.txt", b"a"), ("b.txt", b"b"), action="new_version", key=f"document:{old.pk}").content.decode()

    def test_a_paper_replaced_after_its_approval_must_be_approved_again(self, case, reviewer):
        material = case.materials.first()
        old = make.attached(case, target=f"material:{material.pk}")
        loaded = process.load({"pk": case.pk})
        before = [document.sha256 for document in loaded.papers]
        make.attached(case, body=b"two", target=f"document:{old.pk}")

        assert before == [old.sha256]
        assert [document.sha256 for document in process.load({"pk": case.pk}).papers] == [hashlib.sha256(b"two").hexdigest()]


class TestWithdrawing:
    def test_it_needs_a_reason_and_stays_readable_but_not_found(self, client, case, handler):
        document = make.attached(case, "报价单.txt")
        assert len(search.search("报价单", by=handler)) == 1

        assert client.post(address(case, "withdraw_document", f"document:{document.pk}"), {"version": 2}).status_code == 200
        make.act(case, "withdraw_document", f"document:{document.pk}", reason="传错了办件")

        document.refresh_from_db()
        assert (document.withdrawn_by, document.withdraw_reason) == (handler, "传错了办件")
        assert document.path.exists()
        assert download(client, document).status_code == 200
        assert page_of(client, document).status_code == 404
        page = client.get(case.get_absolute_url()).content.decode()
        assert "传错了办件" in page
        assert search.search("报价单", by=handler) == []

    def test_it_is_done_once(self, case):
        document = make.attached(case)
        make.act(case, "withdraw_document", f"document:{document.pk}", reason="错")

        for action in ("withdraw_document", "new_version"):
            with pytest.raises(BlockedError):
                make.act(case, action, f"document:{document.pk}", reason="错")

    def test_the_database_keeps_documents_as_they_are(self, case, handler):
        document = make.attached(case)
        rows = Document.objects.filter(pk=document.pk)

        for change in ({"name": "x"}, {"sha256": "x"}, {"file": "x"}, {"added_by": None}, {"version": 3}, {"pages": 4}, {"material": case.materials.first()}):
            with pytest.raises(IntegrityError), transaction.atomic():
                rows.update(**change)
        for reason in ("", "错"):
            with pytest.raises(IntegrityError), transaction.atomic():
                rows.update(withdraw_reason=reason, withdrawn_at=document.added_at if not reason else None)
        with pytest.raises(IntegrityError), transaction.atomic():
            document.delete()
        make.act(case, "withdraw_document", f"document:{document.pk}", reason="错")
        with pytest.raises(IntegrityError), transaction.atomic():
            rows.update(withdrawn_at=None, withdrawn_by=None, withdraw_reason="")


NAMES = {
    'a"b\r\nSet-Cookie: x=1.txt': "a_b Set-Cookie_ x=1.txt",
    "\u202etxt.exe.txt": "txt.exe.txt",
    "a\0b.txt": "ab.txt",
    "../../etc/passwd.txt": "passwd.txt",
    "C:\\temp\\函.txt": "函.txt",
    "天津\u3000来函.txt": "天津 来函.txt",
    "é.txt": "é.txt",
    "x" * 300 + ".txt": "x" * 146 + ".txt",
    "𠮷野家.txt": "𠮷野家.txt",
    "a;filename*=utf-8''b.html.txt": "a;filename_=utf-8''b.html.txt",
    "100%.txt": "100%.txt",
}


class TestHandingOut:
    def test_headers_and_bytes(self, client, case, handler):
        document = make.attached(case, "来函 2026.pdf", samples.pdf())

        response = download(client, document, REMOTE_ADDR="10.1.2.3")

        assert response.body == samples.pdf()
        assert response["Content-Disposition"] == "attachment; filename*=utf-8''%E6%9D%A5%E5%87%BD%202026.pdf"
        assert response["Content-Security-Policy"] == "sandbox; default-src 'none'"
        assert response["X-Content-Type-Options"] == "nosniff"
        assert response["Cache-Control"] == "private, no-store"
        assert response["Content-Type"] == "application/pdf"
        event = AuditEvent.objects.last()
        assert (event.action, event.subject, event.by, event.address) == ("document.download", f"cases.document:{document.pk}", handler, "10.1.2.3")

    @pytest.mark.parametrize(("given", "kept"), NAMES.items())
    def test_no_name_gets_into_a_header(self, client, case, given, kept):
        document = make.attached(case, given, b"text")
        response = download(client, document)

        assert document.name == kept
        assert "Set-Cookie" not in response
        assert not set(response["Content-Disposition"]) & set("\r\n\0")
        assert response["Content-Disposition"].startswith("attachment; filename")

    @pytest.mark.parametrize("name", ["\ud800.txt", "\udfff\ud800机.txt"])
    def test_half_characters_are_left_out_or_refused(self, case, handler, name):
        file = make.received("x.txt", b"text")
        file._name = name
        documents.look_through(MultiValueDict({"papers": [file]}), case=case, by=handler)

        file.close()
        assert file.refusal.code == "name" if name == "\ud800.txt" else file.finding.name == "机.txt"

    def test_a_lost_or_altered_file_is_said_to_be(self, client, case):
        document = make.attached(case)
        for spoil in (lambda: document.path.write_bytes(b"altered"), document.path.unlink):
            spoil()
            response = download(client, document)
            assert response.status_code == 410
            assert "没有提供下载" in response.content.decode()
        assert page_of(client, document).status_code == 404
        assert "document.download" not in acts()

    def test_pages_of_a_pdf_are_drawn_once_and_audited(self, client, case, monkeypatch, settings, tmp_path):
        settings.VAR_DIR = tmp_path
        document = make.attached(case, "来函.pdf", samples.pdf(pages=5))

        responses = [page_of(client, document, number) for number in (0, 1, 2, 3, 4)]
        monkeypatch.setattr("core.inspection.draw", None)
        again = page_of(client, document, 1)

        assert [response.status_code for response in responses] == [404, 200, 200, 200, 404]
        assert responses[1].content.startswith(b"\x89PNG")
        assert again.content == responses[1].content
        assert (again["Content-Type"], again["Content-Security-Policy"]) == ("image/png", "sandbox; default-src 'none'")
        assert acts()[-4:] == ["document.preview"] * 4
        assert "共 5 页" in client.get(case.get_absolute_url()).content.decode()

    def test_a_page_that_cannot_be_drawn_is_not_there(self, client, case, settings, tmp_path, monkeypatch):
        settings.VAR_DIR = tmp_path
        document = make.attached(case, "来函.pdf", samples.pdf())
        monkeypatch.setattr("core.inspection.PATH", "/nowhere")

        assert page_of(client, document).status_code == 404
        assert "document.preview" not in acts()

    def test_images_are_drawn_and_texts_are_not(self, client, case, settings, tmp_path):
        settings.VAR_DIR = tmp_path
        image, text = make.attached(case, "照片.jpg", samples.photo()), make.attached(case)

        assert page_of(client, image).content.startswith(b"\x89PNG")
        assert page_of(client, text).status_code == 404


class TestWho:
    @pytest.fixture
    def document(self, case):
        return make.attached(case)

    @pytest.mark.parametrize("role", ["preparer", "reviewer", "signer", "registrar"])
    def test_readers_of_the_item_read(self, document, role):
        client = make.client_of(make.worker(role, "2.1"))

        assert download(client, document).body == "神港市商工联合会来函".encode()
        assert reverse("cases:document-download", args=[document.case.number, document.pk]) in client.get(document.case.get_absolute_url()).content.decode()

    @pytest.mark.parametrize("role", ["preparer", "reviewer", "registrar"])
    def test_out_of_scope_and_absent_are_the_same(self, document, role):
        client = make.client_of(make.worker(role, "4.1"))
        other = Document(pk=999_999, case=Case(number="2.1-1999-0001"))

        for look in (download, page_of):
            there, absent = look(client, document), look(client, other)
            assert (there.status_code, there.content, there.headers) == (404, absent.content, absent.headers)
        assert acts()[-1] != "document.download"

    def test_leaders_see_that_it_is_there_and_not_what_is_in_it(self, document):
        client = make.signed_in("leader")
        page = client.get(document.case.get_absolute_url()).content.decode()

        assert document.name in page
        assert f"/documents/{document.pk}/" not in page
        assert download(client, document).status_code == 403
        assert not Document.objects.visible_to(client.person).exists()
        assert search.search("来函", by=client.person) == []

    def test_a_substitute_reads_and_adds(self, document, handler):
        substitute = make.person("registrar")
        make.substitution(handler, substitute)
        client = make.client_of(substitute)

        assert download(client, document).status_code == 200
        assert send(client, document.case, ("补.txt", b"text")).status_code == 302
        assert Document.objects.last().added_by == substitute

    def test_a_document_of_another_case_is_not_reached_through_this_one(self, client, document, handler):
        other = make.case("2.1", handler)
        wrong = reverse("cases:document-download", args=[other.number, document.pk])

        assert client.get(wrong).status_code == 404
        assert client.post(address(other, "withdraw_document", f"document:{document.pk}"), {"version": 1, "reason": "x"}).status_code == 404

    @pytest.mark.parametrize("role", ["preparer", "reviewer", "signer", "registrar", "leader"])
    def test_who_does_not_carry_the_case_neither_adds_nor_withdraws(self, document, role):
        client = make.client_of(make.worker(role, "2.1"))

        assert send(client, document.case, ("补.txt", b"text")).status_code == 404
        assert send(client, document.case, ("补.txt", b"text"), action="new_version", key=f"document:{document.pk}").status_code == 404
        assert "data-upload" not in client.get(document.case.get_absolute_url()).content.decode()
        assert Document.objects.count() == 1

    def test_names_are_found_by_who_may_read(self, document, handler):
        assert [group.hits[0].url for group in search.search("来函", by=handler)] == [document.get_absolute_url()]
        assert search.search("来函", by=make.worker("preparer", "4.1")) == []


def test_the_page_asks_the_same_number_of_questions_for_any_number(client, case):
    def asked():
        with CaptureQueriesContext(connection) as queries:
            client.get(case.get_absolute_url())
        return len(queries)

    document = make.attached(case)
    client.get(case.get_absolute_url())
    few = asked()
    for number in range(4):
        document = make.attached(case, body=b"new %d" % number, target=f"document:{document.pk}")
        make.attached(case, f"{number}.txt", target=f"material:{case.materials.first().pk}")

    assert asked() == few


class TestNoRoom:
    """A full disk, a full database: said in words, nothing half there, and the next upload works."""

    @pytest.fixture(params=["making the folder", "writing", "fsync", "rename", "database", "audit"])
    def full(self, request, client, case, monkeypatch):
        def no_space(*args, **kwargs):
            raise OSError(errno.ENOSPC, "No space left on device")

        def no_room(*args, **kwargs):
            raise OperationalError("database or disk is full")

        with monkeypatch.context() as patched:
            match request.param:
                case "making the folder":
                    patched.setattr("core.files.folder", no_space)
                case "writing":
                    patched.setattr("core.files.Received.add", lambda self, piece: self.lose())
                case "fsync":
                    patched.setattr("os.fsync", no_space)
                case "rename":
                    patched.setattr("pathlib.Path.rename", no_space)
                case "database":
                    patched.setattr("cases.models.Document.save", no_room)
                case "audit":
                    patched.setattr("accounts.audit.AuditEvent.objects.bulk_create", no_room)
            yield patched

    def test_is_said_and_leaves_nothing(self, full, client, case):
        response = send(client, case, ("来函.pdf", samples.pdf()))

        assert response.status_code == 507
        assert "服务器的存储空间已满，这次没有保存任何内容" in response.content.decode()
        full.undo()
        assert (case.documents.count(), stored(), Case.objects.get(pk=case.pk).version) == (0, set(), 1)
        assert send(client, case, ("来函.pdf", samples.pdf())).status_code == 302
        assert len(stored()) == 1

    def test_a_database_that_does_not_answer_is_no_want_of_room(self, client, case, monkeypatch):
        def gone(*args, **kwargs):
            raise OperationalError("server closed the connection unexpectedly")

        monkeypatch.setattr("cases.models.Document.save", gone)
        client.raise_request_exception = False

        assert send(client, case, ("来函.txt", b"text")).status_code == 503
        assert case.documents.count() == 0

    def test_another_failure_is_no_want_of_room(self, client, case, monkeypatch):
        def broken(*args):
            raise OSError(errno.EIO, "Input/output error")

        monkeypatch.setattr("os.fsync", broken)
        client.raise_request_exception = False

        assert send(client, case, ("来函.txt", b"text")).status_code == 500
        assert (case.documents.count(), stored()) == (0, set())


@pytest.mark.skipif(os.geteuid() != 0, reason="mounting needs root")
def test_a_really_full_disk(client, case, settings, tmp_path):
    disk = tmp_path / "small"
    disk.mkdir()
    if subprocess.run(["mount", "-t", "tmpfs", "-o", "size=300k", "none", disk], capture_output=True).returncode:
        pytest.skip("mounting is not allowed here")
    try:
        settings.MEDIA_ROOT = disk / "media"
        assert send(client, case, ("a.txt", b"x" * 100_000)).status_code == 302
        assert send(client, case, ("b.txt", b"x" * 400_000)).status_code == 507
        assert stored() == {case.documents.get().path}
        assert download(client, case.documents.get()).body == b"x" * 100_000
        assert send(client, case, ("c.txt", b"x" * 50_000)).status_code == 302
    finally:
        subprocess.run(["umount", disk], check=True)


class Clamd(socketserver.BaseRequestHandler):
    """As much of clamd as is asked of it: it finds the word VIRUS."""

    def handle(self):
        lines = self.request.makefile("rb")
        assert lines.read(10) == b"zINSTREAM\0"
        body = b""
        while length := int.from_bytes(lines.read(4), "big"):
            body += lines.read(length)
        self.request.sendall(b"stream: Eicar FOUND\0" if b"VIRUS" in body else b"INSTREAM size limit exceeded. ERROR\0" if b"BIG" in body else b"stream: OK\0")


class TestScanner:
    @pytest.fixture(params=["socket", "port"])
    def clamd(self, request, settings, tmp_path_factory):
        local = str(tmp_path_factory.mktemp("clamd") / "socket")
        made = socketserver.UnixStreamServer(local, Clamd) if request.param == "socket" else socketserver.TCPServer(("127.0.0.1", 0), Clamd)
        with made as server:
            settings.CLAMD_SOCKET = local if request.param == "socket" else f"127.0.0.1:{server.server_address[1]}"
            thread = threading.Thread(target=server.serve_forever)
            thread.start()
            yield
            server.shutdown()
            thread.join()

    def test_what_it_finds_is_refused_and_logged(self, clamd, client, case, caplog):
        assert "发现病毒" in send(client, case, ("a.txt", b"VIRUS")).content.decode()
        assert "查毒服务没有应答" in send(client, case, ("a.txt", b"BIG")).content.decode()
        assert send(client, case, ("a.txt", b"fine")).status_code == 302
        assert "Eicar FOUND" in caplog.text
        assert acts().count("document.refuse") == 2

    def test_one_that_does_not_answer_lets_nothing_through(self, client, case, settings, tmp_path):
        settings.CLAMD_SOCKET = str(tmp_path / "nobody")

        assert "查毒服务没有应答" in send(client, case, ("a.txt", b"fine")).content.decode()
        assert case.documents.count() == 0
