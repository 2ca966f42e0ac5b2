"""A mail becomes an entry: uploaded, taken apart, confirmed; what is refused is kept nowhere, what was typed is lost nowhere."""

import os
from datetime import timedelta

import pytest
from django.utils import timezone

from accounts.models import AuditEvent
from core import files
from correspondence.models import Entry, Incoming, IncomingFile
from tests import factories as make
from tests import samples

from .letters import form, registered, upload
from .mails import attachment, encoded, mail

pytestmark = pytest.mark.django_db

LETTER = mail(
    sender=f"{encoded('神港市商工联合会', 'gbk', named='gb2312')} <office@kobe.example>",
    subject=encoded("关于三月来访日程的函", "gbk", named="gb2312"),
    text="附上日程，请确认。",
    parts=[attachment("日程.pdf", samples.pdf(), header="Content-Disposition: attachment; filename*=UTF-8''%E6%97%A5%E7%A8%8B.pdf")],
)


def send(client, body, name="来函.eml", query="", declared="on"):
    return client.post(f"/correspondence/mail/{query}", {"mail": upload(name, body), "declared": declared})


def on_disk():
    return sorted(path for path in files.folder().rglob("*") if path.is_file())


def confirm(client, incoming, query="", **fields):
    shown = client.get(f"/correspondence/new/?incoming={incoming.pk}{query}").context["form"]
    typed = {name: shown.get_initial_for_field(field, name) for name, field in shown.fields.items()}
    given = {name: value for name, value in typed.items() if value not in (None, "", False)}
    chosen = form(**{**given, "incoming": incoming.pk} | fields)
    return client.post(f"/correspondence/new/?incoming={incoming.pk}{query}", chosen)


class TestTheWholeWay:
    def test_from_the_case_and_back_to_it(self, client, handler, case):
        sent = send(client, LETTER, query=f"?case={case.number}")
        incoming = Incoming.objects.get()
        assert sent["Location"] == f"/correspondence/new/?incoming={incoming.pk}&case={case.number}"
        page = client.get(sent["Location"])
        shown = page.context["form"]
        assert (shown.initial["counterpart"], shown.initial["subject"]) == ("神港市商工联合会", "关于三月来访日程的函")
        assert (shown.initial["direction"], shown.initial["cases"], shown.initial["items"]) == ("in", case.number, ["2.1"])
        assert (str(shown.initial["dated_on"]), str(shown.initial["exchanged_on"])) == ("2026-11-20", "2026-11-20")
        assert "日程.pdf" in page.content.decode()
        assert "2026-11-20 22:30" in page.content.decode()  # here; 23:30 there

        done = confirm(client, incoming, f"&case={case.number}")

        assert done["Location"] == f"{case.get_absolute_url()}#letters"
        entry = Entry.objects.get()
        assert [(document.name, document.is_message) for document in entry.documents.all()] == [("来函.eml", True), ("日程.pdf", False)]
        assert entry.documents.get(is_message=True).path.read_bytes() == LETTER
        assert (entry.message_id, entry.summary) == ("one@kobe.example", "附上日程，请确认。")
        assert case.materials.get(name="往来函电").status == "received"
        assert on_disk() == sorted(document.path for document in entry.documents.all())
        assert not Incoming.objects.exists()

    def test_an_answer_is_linked_and_the_medium_remembered(self, client, handler):
        first = registered(handler, direction="out", message_id="zero@office.example", subject="邀请")
        send(client, mail(more="Message-ID: <two@kobe.example>\nIn-Reply-To: <zero@office.example>"))

        shown = client.get(f"/correspondence/new/?incoming={Incoming.objects.get().pk}").context["form"]

        assert (shown.initial["replies_to"], shown.initial["medium"]) == (first.number, first.medium_id)

    def test_from_our_own_domain_it_was_sent(self, client, settings):
        settings.OWN_MAIL_DOMAINS = ["office.example"]
        send(client, mail(sender="Liaison <a@office.example>", to="Kobe Chamber <b@kobe.example>, c@kobe.example"))

        shown = client.get(f"/correspondence/new/?incoming={Incoming.objects.get().pk}").context["form"]

        assert (shown.initial["direction"], shown.initial["counterpart"]) == ("out", "Kobe Chamber、c@kobe.example")

    def test_without_date_and_subject(self, client):
        send(client, mail(subject="", day=""))

        shown = client.get(f"/correspondence/new/?incoming={Incoming.objects.get().pk}")

        assert shown.context["form"].initial["subject"] == "（无主题）"
        assert "dated_on" not in shown.context["form"].initial
        assert "邮件没有写明" in shown.content.decode()

    def test_registered_already_it_is_asked_about(self, client, handler):
        known = registered(handler, message_id="one@kobe.example")
        send(client, LETTER)
        incoming = Incoming.objects.get()
        assert f"{known.number}" in client.get(f"/correspondence/new/?incoming={incoming.pk}").content.decode()

        asked = confirm(client, incoming)
        assert (asked.status_code, Entry.objects.count()) == (200, 1)
        confirm(client, incoming, sure="1")

        assert Entry.objects.count() == 2

    def test_only_what_is_ticked_is_kept(self, client):
        send(client, LETTER)
        incoming = Incoming.objects.get()

        confirm(client, incoming, kept=[incoming.files.get(is_message=True).pk])

        assert [document.name for document in Entry.objects.get().documents.all()] == ["来函.eml"]
        assert len(on_disk()) == 1


class TestRefusals:
    def test_a_bad_attachment_keeps_the_mail_itself_out(self, client):
        send(
            client,
            mail(parts=[attachment("run.exe", b"MZ" + b"\0" * 100), attachment("a.txt", b"one"), attachment("old.doc", b"\xd0\xcf\x11\xe0" + b"\0" * 9)]),
        )

        incoming = Incoming.objects.get()
        assert [(file.name, file.refusal) for file in incoming.files.all()] == [
            ("来函.eml", "program"),
            ("run.exe", "program"),
            ("a.txt", ""),
            ("old.doc", "old_office"),
        ]
        assert [path.read_bytes() for path in on_disk()] == [b"one"]
        page = client.get(f"/correspondence/new/?incoming={incoming.pk}").content.decode()
        assert "邮件原件没有保存" in page
        assert "附件“run.exe”没有保存" in page
        assert AuditEvent.objects.filter(action="letter.refuse").count() == 3

        confirm(client, incoming)
        assert [document.name for document in Entry.objects.get().documents.all()] == ["a.txt"]

    @pytest.mark.parametrize(
        ("body", "name", "told"),
        [
            (mail(subject="机密：日程"), "a.eml", "密级标志"),
            (mail(parts=[attachment("机密.txt", b"a")]), "a.eml", "密级标志"),
            (mail(parts=[attachment("a.txt", "绝密★启用前".encode())]), "a.eml", "密级标志"),
            (mail(), "绝密.eml", "密级标志"),
            (b"", "a.eml", "空的"),
            (b"just a text", "a.eml", "与扩展名不符"),
            (samples.pdf(), "a.pdf", "与扩展名不符"),
            (samples.docx(), "a.eml", "与扩展名不符"),
            (mail(parts=["Content-Type: text/plain\n\na"] * 250), "a.eml", "条目过多"),
        ],
    )
    def test_nothing_of_it_is_kept(self, client, body, name, told):
        page = send(client, body, name)

        assert told in page.content.decode()
        assert (on_disk(), Incoming.objects.count()) == ([], 0)

    def test_without_the_declaration(self, client):
        assert "请确认邮件不涉密" in send(client, LETTER, declared="").content.decode()
        assert on_disk() == []

    def test_without_a_file(self, client):
        assert "请选择邮件文件" in client.post("/correspondence/mail/", {"declared": "on"}).content.decode()


class TestLosingNothing:
    def test_a_wrong_form_keeps_files_and_words(self, client):
        send(client, LETTER)
        incoming = Incoming.objects.get()

        page = confirm(client, incoming, medium="", summary="我的摘要", papers=[upload("附件.txt", b"more"), upload("run.exe", b"MZ")])

        text = page.content.decode()
        assert "我的摘要" in text
        assert "run.exe：" in text
        assert "附件.txt" in text
        assert Entry.objects.count() == 0
        added = IncomingFile.objects.get(name="附件.txt")
        confirm(client, incoming, kept=[added.pk])
        assert [document.name for document in Entry.objects.get().documents.all()] == ["附件.txt"]

    def test_after_an_hour_it_is_told_and_the_words_stay(self, client):
        send(client, LETTER)
        incoming = Incoming.objects.get()
        for path in on_disk():
            path.unlink()

        page = confirm(client, incoming, subject="改过的事由", kept=[file.pk for file in incoming.files.all()]).content.decode()

        assert "超过一小时" in page
        assert "改过的事由" in page
        assert Entry.objects.count() == 0

    def test_looking_keeps_it_for_another_hour(self, client):
        send(client, LETTER)
        for path in on_disk():
            os.utime(path, (1, 1))

        client.get(f"/correspondence/new/?incoming={Incoming.objects.get().pk}")

        assert all(path.stat().st_mtime > timezone.now().timestamp() - 60 for path in on_disk())

    def test_of_another_person_it_is_gone(self, client, colleague):
        send(client, LETTER)
        incoming = Incoming.objects.get()

        page = make.client_of(colleague).get(f"/correspondence/new/?incoming={incoming.pk}").content.decode()

        assert "超过一小时" in page
        assert "三月来访" not in page

    def test_what_was_left_for_a_day_goes(self, client, handler):
        Incoming.objects.create(person=handler, made_at=timezone.now() - timedelta(days=2))

        send(client, LETTER)

        assert Incoming.objects.count() == 1
