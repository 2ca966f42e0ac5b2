"""Inviting units: registering and changing them, their filings and holds, and how they stand; the list of applications."""

from datetime import date, timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from accounts.actions import Refused
from accounts.models import AuditEvent
from invitations import unit_actions
from invitations.models import Application, InvitingUnit, UnitFiling, UnitHold
from tests import factories as make
from tests.invitations.conftest import issued
from tests.invitations.samples import code


def facts(**other):
    fields = {
        "name": "天津南港物流有限公司",
        "name_en": "Tianjin Nangang Logistics Co., Ltd.",
        "uscc": code(),
        "address": "天津市滨海新区示例路 2 号",
        "contact": "何敏",
        "phone": "022-11112222转3",
    }
    return fields | other


def filing(**other):
    today = timezone.localdate()
    fields = {"year": today.year, "officer": "何敏", "officer_phone": "022-1", "authorised_until": date(today.year, 12, 31), "papers": "营业执照副本"}
    return fields | other


@pytest.fixture
def client(preparer):
    return make.client_of(preparer)


def test_a_unit_is_registered_and_found(client, preparer):
    answer = client.post(reverse("invitations:unit-create"), facts(uscc=f" {code().lower()[:8]} {code()[8:]}"))

    unit = InvitingUnit.objects.get()
    assert (answer.status_code, answer.url) == (302, unit.get_absolute_url())
    assert (unit.uscc, unit.made_by) == (code(), preparer)
    assert "南港物流" in client.get(reverse("invitations:unit-list"), {"q": code()}).text
    assert "南港物流" in client.get(reverse("cases:search"), {"q": "南港物流"}).text
    assert AuditEvent.objects.get(action="unit.register").subject == f"invitations.invitingunit:{unit.pk}"


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("uscc", "91120116MA0000000A"),
        ("uscc", "1234"),
        ("name", "天津\u202e公司"),
        ("name", "x" * 500),
        ("name_en", "天津公司"),
        ("phone", "请打电话"),
        ("email", "nobody"),
        ("note", "一\x00"),
    ],
)
def test_what_cannot_be_is_refused_and_kept(client, name, value):
    answer = client.post(reverse("invitations:unit-create"), facts(**{name: value}))

    assert list(answer.context["form"].errors) == [name]
    assert "天津市滨海新区示例路 2 号" in answer.text
    assert not InvitingUnit.objects.exists()


def test_a_code_is_given_once(client, preparer):
    client.post(reverse("invitations:unit-create"), facts())

    answer = client.post(reverse("invitations:unit-create"), facts(name="乙公司"))
    assert "这个代码已登记给“天津南港物流有限公司”。" in answer.text
    with pytest.raises(Refused):
        unit_actions.register(facts(name="丙公司"), by=preparer)


def test_who_comes_second_is_told(client, unit, monkeypatch):
    def refuse(*args, **kwargs):
        raise Refused("别人先办了")

    for name in ("register", "change", "withdraw_filing"):
        monkeypatch.setattr(unit_actions, name, refuse)

    assert "别人先办了" in client.post(reverse("invitations:unit-create"), facts()).text
    assert "别人先办了" in client.post(reverse("invitations:unit-edit", args=[unit.pk]), facts()).text
    assert "别人先办了" in client.post(reverse("invitations:filing-withdraw", args=[unit.filings.get().pk]), {"reason": "一"}).text


def test_a_form_for_changing_shows_what_is_there(client, unit):
    page = client.get(reverse("invitations:unit-edit", args=[unit.pk])).text

    assert unit.name in page
    assert unit.uscc in page


def test_a_name_nearly_the_same_is_asked_about(client):
    client.post(reverse("invitations:unit-create"), facts())
    alike = facts(name="天津南港物流股份有限公司", name_en="Nangang", uscc=code(2))

    asked = client.post(reverse("invitations:unit-create"), alike)
    assert "已有名称相近的单位" in asked.text
    assert InvitingUnit.objects.count() == 1
    assert client.post(reverse("invitations:unit-create"), alike | {"sure": "1"}).status_code == 302
    assert InvitingUnit.objects.count() == 2


def test_a_unit_is_changed_by_one_at_a_time(client, unit, preparer):
    address = reverse("invitations:unit-edit", args=[unit.pk])
    changed = facts(name="天津北湾展览服务有限公司", phone="022-33334444")

    assert client.post(address, changed | {"version": unit.version}).status_code == 302
    unit.refresh_from_db()
    assert (unit.phone, unit.version) == ("022-33334444", 2)
    late = client.post(address, changed | {"version": "1", "phone": "022-55556666"})
    assert late.status_code == 409
    assert "已有变化" in late.text
    assert "022-33334444" in late.text
    assert "022-55556666" in late.text
    assert AuditEvent.objects.filter(action="unit.change").count() == 1
    assert client.post(address, changed | {"version": "x"}).status_code == 409


def test_a_code_that_another_took_meanwhile_is_refused(unit, preparer):
    other = unit_actions.register(facts(), by=preparer)

    with pytest.raises(Refused):
        unit_actions.change(unit, {"uscc": other.uscc}, version=unit.version, by=preparer)


def test_a_filing_is_entered_once_a_year_and_withdrawn(client, unit):
    address = reverse("invitations:unit-file", args=[unit.pk])
    today = timezone.localdate()
    assert list(client.post(address, filing()).context["form"].errors) == ["year"]

    held = unit.filings.get()
    assert client.post(reverse("invitations:filing-withdraw", args=[held.pk]), {"reason": "专办员离职"}).status_code == 302
    assert client.post(address, filing(officer="何新")).status_code == 302
    assert unit.filings.get(withdrawn_at=None).officer == "何新"
    assert client.get(reverse("invitations:filing-withdraw", args=[held.pk])).status_code == 404
    page = client.get(unit.get_absolute_url()).text
    for words in ("何新", "专办员离职", "已撤销"):
        assert words in page
    assert list(client.post(address, filing(year=today.year - 1)).context["form"].errors) == ["year"]
    assert "authorised_until" in client.post(address, filing(year=today.year + 1, authorised_until="2020-01-01")).context["form"].errors


def test_acts_that_came_too_late_are_refused(unit, preparer):
    with pytest.raises(Refused):
        unit_actions.enter_filing(unit, filing(), by=preparer)
    held = unit.filings.get()
    unit_actions.withdraw_filing(held, reason="一", by=preparer)
    with pytest.raises(Refused):
        unit_actions.withdraw_filing(held, reason="二", by=preparer)
    with pytest.raises(Refused):
        unit_actions.resume(unit, reason="无", by=preparer)
    unit_actions.hold(unit, reason="一", by=preparer)
    with pytest.raises(Refused):
        unit_actions.hold(unit, reason="二", by=preparer)


def test_a_unit_on_hold_is_not_taken_in_until_it_is_resumed(case, unit, signer):
    holder, address = make.client_of(signer), reverse("invitations:unit-hold", args=[unit.pk])

    assert holder.post(address, {"reason": "未按时销签", "act": "hold"}).status_code == 302
    assert UnitHold.objects.get().reason == "未按时销签"
    assert "已暂停受理" in make.client_of(case.handler).get(case.get_absolute_url()).text
    assert "已有变化" in holder.post(address, {"reason": "又一次", "act": "hold"}).text
    assert holder.post(address, {"reason": "已销签", "act": "resume"}).status_code == 302
    assert "已销签" in holder.get(unit.get_absolute_url()).text
    assert "reason" in holder.post(address, {"reason": "", "act": "hold"}).context["form"].errors


def test_the_page_of_a_unit_tells_its_letters_and_what_it_owes(case, unit, reviewers, signer, client):
    issued(case, reviewers, signer)
    today = timezone.localdate()
    Application.objects.filter(case=case).update(entry_on=today - timedelta(days=9), exit_on=today - timedelta(days=2))

    answer = client.get(unit.get_absolute_url())

    standing = answer.context["standing"]
    assert (standing.in_hand, standing.issued, standing.cancelled, standing.awaited, standing.late) == (1, 1, 0, 3, 0)
    assert Application.objects.get(case=case).letters.get().number in answer.text


def test_who_works_on_other_items_sees_no_units(unit):
    stranger = make.client_of(make.worker("preparer", "2.1"))

    assert unit.name not in stranger.get(reverse("invitations:unit-list")).text
    for name in ("unit-detail", "unit-edit", "unit-file"):
        assert stranger.get(reverse(f"invitations:{name}", args=[unit.pk])).status_code == 404
    assert stranger.get(reverse("invitations:filing-withdraw", args=[unit.filings.get().pk])).status_code == 404
    assert stranger.get(reverse("invitations:unit-create")).status_code == 404
    assert "/invitations/" not in stranger.get(reverse("cases:today")).text


@pytest.mark.parametrize(("state", "shown"), [("", 3), ("filed", 1), ("unfiled", 2), ("held", 1)])
def test_units_are_filtered(client, unit, preparer, state, shown):
    make_units(2, preparer)
    unit_actions.hold(InvitingUnit.objects.latest("pk"), reason="无", by=preparer)

    assert len(client.get(reverse("invitations:unit-list"), {"state": state}).context["lines"]) == shown


def make_units(count, by):
    InvitingUnit.objects.bulk_create(
        InvitingUnit(name=f"单位{n}", name_en="U", uscc=code(n + 10), address="x", contact="x", phone="1", made_by=by) for n in range(count)
    )


def test_applications_are_listed_and_found(case, unit, client, reviewers, signer):
    address = reverse("invitations:home")
    for words in (case.number, "北湾", "BERG LARS", "王䶮"):
        assert case.number in client.get(address, {"q": words}).text.replace(f'value="{words}"', "")
    assert "没有找到符合条件的申请" in client.get(address, {"q": "无此人"}).text
    issued(case, reviewers, signer)
    letter = Application.objects.get(case=case).letters.get()
    assert letter.number in client.get(address, {"q": letter.number, "state": "all"}).text


def test_lists_take_the_same_queries_for_any_number(client, unit, case, preparer):
    for name in ("unit-list", "home"):
        client.get(reverse(f"invitations:{name}"))
        with CaptureQueriesContext(connection) as few:
            client.get(reverse(f"invitations:{name}"))
        if name == "home":
            for _n in range(3):
                make.case("4.1", by=preparer)
        else:
            make_units(15, preparer)
            UnitFiling.objects.bulk_create(
                UnitFiling(unit=one, year=2026, officer="x", officer_phone="1", authorised_until=date(2026, 12, 31), papers="x", filed_by=preparer)
                for one in InvitingUnit.objects.exclude(pk=unit.pk)
            )
        with CaptureQueriesContext(connection) as many:
            client.get(reverse(f"invitations:{name}"))
        assert len(many) == len(few)
