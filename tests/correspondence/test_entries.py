"""The register: numbers without gaps, what is put right and how, what stays."""

import pytest
from django.db import IntegrityError, connection, transaction
from django.utils import timezone

from accounts.actions import Refused
from accounts.audit import find_faults
from accounts.models import AuditEvent, User
from cases.models import Case
from core import files
from core.models import SearchEntry
from correspondence import actions, incoming
from correspondence.models import Entry, EntryChange, EntryDocument, EntryLink
from tests import factories as make
from tests import samples

from .letters import DAY, registered, values

pytestmark = pytest.mark.django_db


def acts():
    return list(AuditEvent.objects.order_by("number").values_list("action", flat=True))


def changed(entry, by, reason="登错了", version=None, **fields):
    return actions.correct(entry, values(by, **fields), reason=reason, version=version or Entry.objects.get(pk=entry.pk).version, by=by)


class TestRegistering:
    def test_numbers_run_by_direction_and_year(self, handler):
        year = timezone.localdate().year

        numbers = [registered(handler, direction=direction).number for direction in ("in", "out", "in", "in", "out")]

        assert numbers == [f"收〔{year}〕1号", f"发〔{year}〕1号", f"收〔{year}〕2号", f"收〔{year}〕3号", f"发〔{year}〕2号"]

    def test_it_is_audited_searched_and_remembered(self, handler):
        entry = registered(handler, papers=[("来函.pdf", samples.pdf())])

        assert acts()[-2:] == ["letter.register", "letter.add"]
        assert EntryChange.objects.get(entry=entry).kind == "register"
        assert SearchEntry.objects.filter(kind="letter", object_pk=entry.pk, text__contains="神商函").exists()
        document = entry.documents.get()
        assert (document.name, document.kind, document.pages, document.added_by) == ("来函.pdf", "pdf", 1, handler)
        assert document.path.read_bytes() == samples.pdf()
        assert list(find_faults()) == []

    def test_the_same_form_sent_twice_is_registered_once(self, handler):
        first = registered(handler, form_key="a" * 32)

        assert registered(handler, form_key="a" * 32) == first
        assert Entry.objects.count() == 1

    def test_a_failing_registration_gives_its_number_back(self, handler, stranger, case):
        with pytest.raises(Refused):
            registered(stranger, cases=[case], items=["4.1"])

        assert Entry.objects.count() == 0
        assert registered(handler).serial == 1

    def test_a_file_that_is_gone_is_told_and_nothing_is_registered(self, handler):
        received = make.received("来函.txt", "来函".encode())
        given, rows = incoming.take([received], None, by=handler)
        rows[0].path.unlink()

        with pytest.raises(incoming.GoneError, match="超过一小时"):
            actions.register("in", values(handler), form_key="b" * 32, by=handler, papers=rows, incoming=given)
        assert (Entry.objects.count(), EntryDocument.objects.count()) == (0, 0)

    def test_a_file_that_was_changed_is_not_kept(self, handler):
        given, rows = incoming.take([make.received("来函.txt", "来函".encode())], None, by=handler)
        rows[0].path.write_bytes(b"another")

        with pytest.raises(incoming.GoneError):
            actions.register("in", values(handler), form_key="c" * 32, by=handler, papers=rows, incoming=given)
        assert not [path for path in files.folder("kept").rglob("*") if path.is_file()]

    def test_in_the_place_of_another_both_are_recorded(self, handler):
        substitute = make.person("registrar")
        make.substitution(handler, substitute)

        entry = registered(substitute)

        change = entry.changes.get()
        assert (change.by, change.on_behalf_of) == (substitute, handler)


class TestCorrecting:
    def test_what_changed_is_kept_with_the_reason(self, entry, handler):
        again = changed(entry, handler, subject="关于代表团来访的函", exchanged_on=DAY.replace(day=19), items=["2.1", "1.1"])

        assert (again.subject, again.number, again.version) == ("关于代表团来访的函", entry.number, 2)
        change = entry.changes.first()
        assert (change.kind, change.reason, change.version) == ("correct", "登错了", 2)
        assert change.changes == [
            ["收发日期", "2026-11-20", "2026-11-19"],
            ["事由", "关于代表团来访日程的函", "关于代表团来访的函"],
            ["所属事项", "2.1", "1.1、2.1"],
        ]
        assert acts()[-1] == "letter.correct"
        assert SearchEntry.objects.get(kind="letter", object_pk=entry.pk).title == "关于代表团来访的函"

    def test_nothing_changed_is_nothing_corrected(self, entry, handler):
        with pytest.raises(Refused, match="没有改动"):
            changed(entry, handler)
        assert entry.changes.count() == 1

    def test_what_another_changed_meanwhile_is_told(self, entry, handler, colleague):
        changed(entry, colleague, subject="改过")

        with pytest.raises(actions.ChangedMeanwhileError) as caught:
            changed(entry, handler, version=1, subject="又改")
        assert [change.by for change in caught.value.changes] == [colleague]
        assert Entry.objects.get(pk=entry.pk).subject == "改过"

    def test_a_reply_is_named_by_its_number(self, entry, handler):
        answer = registered(handler, direction="out", replies_to=entry)

        changed(answer, handler, replies_to=None, needs_reply=True)

        assert answer.changes.first().changes == [["待复函", "否", "是"], ["答复或接续", entry.number, ""]]


class TestCancelling:
    def test_the_number_stays_and_is_not_given_again(self, entry, handler):
        cancelled = actions.cancel(entry, reason="重复登记", version=1, by=handler)

        assert (cancelled.is_cancelled, cancelled.cancelled_by, cancelled.cancel_reason) == (True, handler, "重复登记")
        assert registered(handler).serial == entry.serial + 1
        assert [change.kind for change in entry.changes.all()] == ["cancel", "register"]

    def test_once(self, entry, handler):
        actions.cancel(entry, reason="重复登记", version=1, by=handler)

        with pytest.raises(Refused, match="已经作废"):
            actions.cancel(entry, reason="再次", version=2, by=handler)
        with pytest.raises(Refused, match="已经作废"):
            changed(entry, handler, subject="改")

    def test_open_cases_lose_it_closed_ones_keep_it(self, handler, case):
        other = make.case("2.1", handler, title="另一件")
        entry = registered(handler, cases=[case, other])
        make.act(other, "withdraw", reason="不来了")

        actions.cancel(entry, reason="登错了", version=entry.version, by=handler)

        assert [link.case for link in EntryLink.objects.filter(entry=entry, removed_at=None)] == [other]
        assert case.materials.get(name="往来函电").status == "missing"
        assert case.timeline.first().kind == "unlink_letter"

    def test_not_while_it_belongs_to_a_case_out_of_sight(self, handler, stranger, case):
        entry = registered(handler, cases=[case], items=["4.1"])
        Case.objects.filter(pk=case.pk).update(handler=handler)

        with pytest.raises(Refused, match="不由您查看的办件"):
            actions.cancel(entry, reason="登错了", version=entry.version, by=stranger)
        assert not Entry.objects.get(pk=entry.pk).is_cancelled


class TestTheDatabase:
    @pytest.mark.parametrize("model", [Entry, EntryLink, EntryChange, EntryDocument])
    def test_nothing_is_deleted(self, handler, case, model):
        registered(handler, cases=[case], papers=[("来函.txt", "来函".encode())])
        table = model._meta.db_table

        for statement in (f"DELETE FROM {table}", *([f"TRUNCATE {table} CASCADE"] if connection.vendor == "postgresql" else [])):
            connection.check_constraints()  # else PostgreSQL will not truncate what waits to be checked
            with pytest.raises(IntegrityError), transaction.atomic(), connection.cursor() as cursor:
                cursor.execute(statement)
        assert model.objects.exists()

    @pytest.mark.parametrize("change", ["number = 'x'", "serial = 99", "year = 1999", "direction = 'out'"])
    def test_a_number_stays(self, entry, change):
        with pytest.raises(IntegrityError), transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(f"UPDATE correspondence_entry SET {change}")

    def test_what_was_cancelled_stays_so(self, entry, handler):
        actions.cancel(entry, reason="重复登记", version=1, by=handler)

        with pytest.raises(IntegrityError), transaction.atomic():
            Entry.objects.filter(pk=entry.pk).update(subject="改")

    def test_a_document_stays_what_it_was(self, handler):
        document = registered(handler, papers=[("来函.txt", "来函".encode())]).documents.get()

        with pytest.raises(IntegrityError), transaction.atomic():
            EntryDocument.objects.filter(pk=document.pk).update(name="别的.txt")
        actions.withdraw(document, reason="传错了", by=handler)
        with pytest.raises(IntegrityError), transaction.atomic():
            EntryDocument.objects.filter(pk=document.pk).update(withdraw_reason="改")

    def test_history_is_only_added_to(self, entry):
        with pytest.raises(IntegrityError), transaction.atomic():
            EntryChange.objects.filter(entry=entry).update(reason="改")


class TestDocuments:
    def test_withdrawn_with_a_reason_it_stays_in_the_store(self, handler):
        entry = registered(handler, papers=[("来函.txt", "来函".encode())])
        document = entry.documents.get()

        actions.withdraw(document, reason="传错了", by=handler)

        document.refresh_from_db()
        assert (document.is_withdrawn, document.withdraw_reason, document.path.exists()) == (True, "传错了", True)
        assert entry.changes.first().changes == [["文件", "来函.txt", ""]]
        with pytest.raises(Refused, match="已经撤回"):
            actions.withdraw(document, reason="再次", by=handler)

    def test_of_a_cancelled_entry_too(self, handler):
        entry = registered(handler, papers=[("来函.txt", "来函".encode())])
        actions.cancel(entry, reason="登错了", version=1, by=handler)

        actions.withdraw(entry.documents.get(), reason="误传", by=handler)

        assert entry.documents.get().is_withdrawn

    def test_the_sweep_leaves_what_entries_name(self, handler):
        document = registered(handler, papers=[("来函.txt", "来函".encode())]).documents.get()

        files.sweep(now=2**33)

        assert document.path.exists()


class TestWhoSees:
    def test_by_item_by_hand_by_case_and_all(self, handler, colleague, stranger, keeper, leader, case):
        mine = registered(handler, items=["1.1"])
        of_item = registered(handler, items=["2.1"])
        of_case = registered(handler, items=["1.1"], cases=[case])

        def seen(person):
            return set(Entry.objects.visible_to(User.objects.get(pk=person.pk)))

        assert seen(handler) == seen(leader) == {mine, of_item, of_case}
        assert seen(colleague) == seen(keeper) == {of_item, of_case}
        assert seen(stranger) == seen(make.person("editor")) == set()
        assert set(Entry.objects.visible_to(leader, "cases.read_documents")) == set()
        assert set(Entry.objects.visible_to(leader, "correspondence.register_entry")) == set()

    def test_documents_not_by_leaders(self, handler, leader, colleague):
        registered(handler, papers=[("来函.txt", "来函".encode())])

        assert EntryDocument.objects.visible_to(leader).count() == 0
        assert EntryDocument.objects.visible_to(colleague).count() == 1
