"""An application that is started from another case: of whatever kind, through what that kind hands over; linked, and with what can be taken along."""

from dataclasses import replace
from datetime import date, timedelta

import pytest
from django.utils import timezone

from cases import kinds
from cases.kinds import CaseKind, Handed
from cases.models import Case, CaseLink
from invitations.models import Invitee
from tests import factories as make

from .conftest import fill, invite

TODAY = timezone.localdate()
GUEST = {
    "surname": "VIK",
    "given_names": "JON",
    "sex": "M",
    "birth_on": date(1980, 5, 6),
    "nationality": "NOR",
    "passport_number": "P00008001",
    "passport_expires_on": TODAY + timedelta(days=3000),
    "job": "工程师",
    "job_en": "Engineer",
}


@pytest.fixture
def relation(office):
    return make.relation()


@pytest.fixture
def host(office):
    """Somebody who works on visits and on letters."""
    return make.worker("preparer", "2.1", "4.1", name="林晓舟")


@pytest.fixture
def visits():
    """A kind of case that hands over its purpose, dates and people, as an app of visits would register it."""
    handed = Handed(
        "商谈合作", TODAY + timedelta(days=20), TODAY + timedelta(days=25), [GUEST, {"surname": "DAHL", "given_names": "EVA"}, {"chinese_name": "王䶮"}]
    )
    kind = kinds.register(CaseKind(items=("2.1",), hands_over=lambda case, detail: handed))
    yield kind
    kinds.unregister(kind)


def started(client, origin, relation, **typed):
    data = {"title": origin.title, "sensitivity": "internal", "relation": relation.pk, "sure": "1"} | typed
    return client.post(f"/cases/new/4.1/?from={origin.number}", data)


def test_the_page_of_a_case_leads_to_one_that_is_started_from_it(host, relation):
    origin, client = make.case("2.1", by=host), make.client_of(host)

    page = client.get(origin.get_absolute_url()).text
    assert f"/cases/new/?from={origin.number}" in page
    assert f"/cases/new/4.1/?from={origin.number}" in client.get(f"/cases/new/?from={origin.number}").text
    form = client.get(f"/cases/new/4.1/?from={origin.number}").context["form"]

    assert form["title"].value() == origin.title
    assert "relation" in form.fields


def test_of_a_kind_that_hands_over_it_takes_people_dates_and_purpose(host, relation, visits):
    origin = make.case("2.1", by=host, title="挪威代表团来访")

    started(make.client_of(host), origin, relation)

    made = Case.objects.get(item="4.1")
    application = made.invitation_application
    assert (application.purpose, application.entry_on, application.exit_on) == ("商谈合作", TODAY + timedelta(days=20), TODAY + timedelta(days=25))
    guest = application.invitees.get()
    assert (guest.name, guest.nationality.code, guest.passport, guest.job_en) == ("VIK JON", "NOR", "P00008001", "Engineer")
    link = CaseLink.objects.get()
    assert (link.case, link.other, link.relation) == (made, origin, relation)
    told = made.timeline.get(kind="take_over_case").text
    for words in (origin.number, "VIK JON", "DAHL EVA（护照信息不全，请另行增加）", "王䶮（护照信息不全，请另行增加）"):
        assert words in told


def test_of_a_kind_that_says_nothing_it_takes_the_title(host, relation):
    origin = make.case("2.1", by=host, title="挪威代表团来访")

    started(make.client_of(host), origin, relation, title="邀请函")

    application = Case.objects.get(item="4.1").invitation_application
    assert (application.purpose, application.entry_on, application.invitees.count()) == ("挪威代表团来访", None, 0)


def test_of_another_application_it_takes_everything(preparer, unit, relation):
    origin = make.case("4.1", by=preparer, title="原申请")
    invite(fill(origin.invitation_application, unit))

    started(make.client_of(preparer), origin, relation, title="续办")

    application = Case.objects.get(title="续办").invitation_application
    source = origin.invitation_application
    source.refresh_from_db()
    for name in ("unit", "kind", "purpose", "entry_on", "exit_on", "post", "payer"):
        assert getattr(application, name) == getattr(source, name)
    assert [guest.passport for guest in application.invitees.all()] == [guest.passport for guest in source.invitees.all()]


def test_what_was_typed_stays_and_days_gone_by_are_not_taken(host, relation, visits):
    past = Handed("商谈合作", TODAY - timedelta(days=3), TODAY)
    kinds.unregister(visits)
    kinds.register(replace(visits, hands_over=lambda case, detail: past))
    origin = make.case("2.1", by=host)

    started(make.client_of(host), origin, relation, purpose="我写的目的")

    application = Case.objects.get(item="4.1").invitation_application
    assert (application.purpose, application.entry_on) == ("我写的目的", None)


def test_who_is_on_the_list_is_not_put_on_it_twice(host, relation, visits):
    origin = make.case("2.1", by=host)
    started(make.client_of(host), origin, relation, title="一")
    case = Case.objects.get(title="一")

    make.act(case, "take_over_case", "1", number=origin.number, relation="")

    assert Invitee.objects.filter(application__case=case).count() == 1


def test_a_case_of_an_item_that_takes_nothing_over_is_linked(host, relation):
    origin = make.case("4.1", by=host, title="邀请函")

    answer = make.client_of(host).post(f"/cases/new/2.1/?from={origin.number}", {"title": "来访", "sensitivity": "internal", "relation": relation.pk})

    made = Case.objects.get(title="来访")
    assert answer.url == made.get_absolute_url()
    assert CaseLink.objects.get().other == origin


def test_a_relation_is_wanted_and_nothing_is_opened_without(host, relation):
    origin = make.case("2.1", by=host)

    page = make.client_of(host).post(f"/cases/new/4.1/?from={origin.number}", {"title": "一", "sensitivity": "internal", "relation": "", "sure": "1"})

    assert list(page.context["form"].errors) == ["relation"]
    assert not Case.objects.filter(item="4.1").exists()


def test_from_a_case_out_of_sight_it_is_a_case_like_any(host, relation):
    hidden = make.case("1.1")

    form = make.client_of(host).get(f"/cases/new/4.1/?from={hidden.number}").context["form"]

    assert "relation" not in form.fields


def test_who_opens_no_cases_is_not_offered_it(host):
    origin = make.case("2.1", by=host)
    reader = make.client_of(make.worker("reviewer", "2.1"))

    assert "由此发起新办件" not in reader.get(origin.get_absolute_url()).text
