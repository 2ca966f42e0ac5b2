"""Letters and cases: a linked letter receives the case's correspondence, through the engine; unlinked, it is missing again where nothing else holds it."""

import pytest

from accounts.actions import Refused
from accounts.models import AuditEvent, User
from cases import process
from cases.models import Case, Term
from cases.process import BlockedError, InvalidError
from correspondence import actions
from correspondence.models import EntryLink
from tests import factories as make
from tests.cases.census import faults_of

from .letters import registered

pytestmark = pytest.mark.django_db


def status(case, name="往来函电"):
    return case.materials.get(name=name).status


def unlink(entry, case, by, reason="关联错了"):
    actions.unlink(EntryLink.objects.get(entry=entry, case=case, removed_at=None), reason=reason, by=User.objects.get(pk=by.pk))


class TestLinking:
    def test_registering_with_a_case_receives_its_correspondence(self, handler, case):
        entry = registered(handler, cases=[case])

        material = case.materials.get(name="往来函电")
        assert (material.status, material.received_by, material.received_at) == ("received", handler, entry.links.get().made_at)
        told = case.timeline.first()
        assert (told.kind, told.label, told.version) == ("link_letter", "关联函电", 2)
        assert told.text == f"{entry.number} 神港市商工联合会《关于代表团来访日程的函》\n收到要件：往来函电"
        assert [change.kind for change in entry.changes.all()] == ["link", "register"]
        assert AuditEvent.objects.filter(action="letter.link", facts__contains=case.number).count() == 1
        assert faults_of(case) == []

    def test_the_material_of_invitations_too(self, stranger):
        case = make.case("4.1", stranger)

        registered(stranger, cases=[case], items=["4.1"])

        assert status(case, "邀请单位与被邀请人往来函电") == "received"
        assert {row.status for row in case.materials.exclude(name__contains="往来函电")} == {"missing"}

    def test_which_materials_is_a_maintained_list(self, handler, case):
        Term.objects.filter(kind=Term.Kind.LETTER_MATERIAL).update(archived_at="2026-01-01T00:00:00+08:00", archived_reason="不用")
        Term.objects.create(kind=Term.Kind.LETTER_MATERIAL, name="邀请函")

        registered(handler, cases=[case])

        assert (status(case), status(case, "邀请函")) == ("missing", "received")

    def test_two_cases_at_once(self, handler, case):
        other = make.case("2.1", handler, title="另一件")

        entry = registered(handler, cases=[other, case])

        assert {link.case for link in entry.links.all()} == {case, other}
        assert status(case) == status(other) == "received"
        assert entry.version == 3

    def test_a_closed_case_takes_letters_and_stays_as_it_is(self, handler, case):
        make.act(case, "withdraw", reason="不来了")

        entry = registered(handler, cases=[case])

        assert status(case) == "missing"
        assert case.timeline.first().text == f"{entry.number} 神港市商工联合会《关于代表团来访日程的函》"

    def test_by_a_registrar_who_does_not_carry_the_case(self, keeper, case):
        registered(keeper, cases=[case])

        assert case.materials.get(name="往来函电").received_by == keeper

    def test_not_by_whom_the_case_is_out_of_sight(self, stranger, case):
        entry = registered(stranger, items=["4.1"])

        with pytest.raises(BlockedError):
            actions.link(entry, case, by=stranger)
        assert (EntryLink.objects.count(), Case.objects.get(pk=case.pk).version) == (0, 1)

    def test_not_by_reviewers(self, entry, case):
        reviewer = make.worker("reviewer", "2.1")

        with pytest.raises(BlockedError):
            actions.link(entry, case, by=reviewer)

    def test_not_twice(self, handler, case):
        entry = registered(handler, cases=[case])

        with pytest.raises(InvalidError, match="已经关联"):
            actions.link(entry, case, by=handler)

    def test_not_when_cancelled(self, handler, entry, case):
        actions.cancel(entry, reason="登错了", version=1, by=handler)

        with pytest.raises(InvalidError, match="已经作废"):
            actions.link(entry, case, by=handler)

    def test_cancelled_between_the_form_and_the_act(self, handler, entry, case, monkeypatch):
        monkeypatch.setattr("correspondence.process.entry_numbered", lambda number, by: entry)
        actions.cancel(entry, reason="登错了", version=1, by=handler)

        with pytest.raises(BlockedError, match="已经作废"):
            actions.link(entry, case, by=handler)

    def test_in_the_name_of_another(self, handler, case):
        substitute = make.person("registrar")
        make.substitution(handler, substitute)

        entry = registered(substitute, cases=[case])

        assert case.timeline.first().on_behalf_of == handler
        assert entry.changes.first().on_behalf_of == handler

    def test_the_engine_finds_it_by_number_from_the_page_of_the_case(self, handler, entry, case):
        client = make.client_of(handler)
        page = client.get(f"/cases/{case.number}/do/link_letter/").content.decode()
        assert "登记号" in page

        wrong = client.post(f"/cases/{case.number}/do/link_letter/", {"version": 1, "entry": "收〔2026〕999号"})
        assert "没有找到这个登记号" in wrong.content.decode()
        client.post(f"/cases/{case.number}/do/link_letter/", {"version": 1, "entry": entry.number.replace("〔", "[").replace("〕", "] ")})

        assert status(case) == "received"


class TestUnlinking:
    def test_what_nothing_else_holds_is_missing_again(self, handler, case):
        entry = registered(handler, cases=[case])

        unlink(entry, case, handler)

        assert status(case) == "missing"
        assert case.timeline.first().text == f"{entry.number} 神港市商工联合会《关于代表团来访日程的函》\n要件改为未收：往来函电\n关联错了"
        link = EntryLink.objects.get()
        assert (link.removed_by, link.removed_at) == (handler, case.timeline.first().at)
        assert faults_of(case) == []

    def test_another_letter_holds_it(self, handler, case):
        first, second = registered(handler, cases=[case]), registered(handler, cases=[case])

        unlink(first, case, handler)
        assert status(case) == "received"
        unlink(second, case, handler)
        assert status(case) == "missing"

    @pytest.mark.parametrize("held_by", ["hand", "document", "facts", "verification"])
    def test_what_something_else_holds_stays(self, handler, case, held_by):
        key = f"material:{case.materials.get(name='往来函电').pk}"
        if held_by == "hand":
            make.act(case, "receive", key)
        entry = registered(handler, cases=[case])
        if held_by == "document":
            make.attached(case, target=key)
        if held_by == "facts":
            make.act(case, "amend", key, number="8")
        if held_by == "verification":
            make.act(case, "verify", key)

        unlink(entry, case, handler)

        assert status(case) == ("verified" if held_by == "verification" else "received")
        assert "要件改为未收" not in case.timeline.first().text

    def test_taken_back_by_hand_it_can_be_linked_again(self, handler, case):
        entry = registered(handler, cases=[case])
        make.act(case, "take_back", f"material:{case.materials.get(name='往来函电').pk}", reason="原件退回")
        unlink(entry, case, handler)

        actions.link(entry, case, by=handler)

        assert status(case) == "received"
        assert EntryLink.objects.filter(removed_at=None).count() == 1

    def test_of_a_closed_case_nothing_changes(self, handler, case):
        entry = registered(handler, cases=[case])
        make.act(case, "withdraw", reason="不来了")

        unlink(entry, case, handler)

        assert status(case) == "received"

    def test_what_is_not_linked_is_not_unlinked(self, handler, entry, case):
        now = Case.objects.get(pk=case.pk)

        with pytest.raises(InvalidError, match="没有关联"):
            process.perform(now, "unlink_letter", by=handler, version=1, data={"entry": entry.number, "reason": "错"})
        with pytest.raises(InvalidError):
            process.perform(now, "unlink_letter", by=handler, version=1, data={"entry": "收〔1999〕1号", "reason": "错"})

    def test_by_nobody_who_does_not_see_the_case(self, handler, stranger, case):
        entry = registered(handler, cases=[case])

        with pytest.raises(Refused):
            unlink(entry, case, stranger)
        assert status(case) == "received"


def test_the_page_of_a_case_shows_its_letters(handler, case, leader, django_assert_max_num_queries):
    for number in range(3):
        registered(handler, cases=[case], subject=f"第{number}封函")
    client = make.client_of(handler)

    page = client.get(case.get_absolute_url()).content.decode()

    assert [f"第{number}封函" in page for number in range(3)] == [True] * 3
    assert f"/correspondence/new/?case={case.number}" in page
    seen_by_leader = make.client_of(leader).get(case.get_absolute_url()).content.decode()
    assert "第1封函" in seen_by_leader
    assert "/correspondence/new/" not in seen_by_leader
    log = client.get(f"{case.get_absolute_url()}?tab=log").content.decode()
    assert log.count("关联函电") >= 3
