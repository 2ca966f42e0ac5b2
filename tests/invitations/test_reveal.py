"""A passport number is shown once, to whom it may be, for a reason that is noted."""

import json
import logging

import pytest
from django.urls import reverse

from accounts.models import AuditEvent
from cases.models import Assignment
from invitations.models import Invitee
from tests import factories as make

NUMBER = "P00004417"


@pytest.fixture
def invitee(case):
    return Invitee.objects.get(surname="BERG")


def address(invitee):
    return reverse("invitations:invitee-reveal", args=[invitee.application.case.number, invitee.pk])


def test_the_number_is_shown_for_a_reason_and_the_look_is_noted(invitee, preparer, caplog):
    caplog.set_level(logging.DEBUG)
    client = make.client_of(preparer)

    before = client.get(address(invitee)).content.decode()
    answer = client.post(address(invitee), {"reason": "签证机关来电核实"})

    assert NUMBER not in before
    assert NUMBER in answer.content.decode()
    assert answer.headers["Cache-Control"] == "private, no-store"
    event = AuditEvent.objects.get(action="invitation.reveal")
    assert (event.by, event.subject) == (preparer, f"invitations.invitee:{invitee.pk}")
    assert json.loads(event.facts) == {"case": invitee.application.case.number, "reason": "签证机关来电核实"}
    assert NUMBER not in caplog.text
    assert NUMBER not in client.get(address(invitee)).content.decode()


@pytest.mark.parametrize(("reason", "told"), [("", "请写明查看理由"), ("看", "理由太短"), ("x" * 500, "200"), ("核实\u202e一下", "请删去")])
def test_without_a_reason_nothing_is_shown(invitee, preparer, reason, told):
    page = make.client_of(preparer).post(address(invitee), {"reason": reason}).content.decode()

    assert told in page
    assert NUMBER not in page
    assert not AuditEvent.objects.filter(action="invitation.reveal").exists()


def test_reviewers_of_the_item_and_signers_see_it(invitee, reviewers, signer):
    Assignment.objects.filter(user=signer).delete()

    for person in (reviewers[0], signer):
        assert NUMBER in make.client_of(person).post(address(invitee), {"reason": "审核护照信息"}).content.decode()


def test_preparers_see_it_of_their_own_cases_only(invitee):
    colleague = make.client_of(make.worker("preparer", "4.1"))

    hidden, absent = colleague.post(address(invitee), {"reason": "好奇看一下"}), colleague.post("/invitations/people/4.1-2020-0001/1/passport/")

    assert (hidden.status_code, hidden.content) == (404, absent.content)


@pytest.mark.parametrize("role", ["registrar", "leader", "editor", "auditor", "system_admin"])
def test_other_roles_are_refused(invitee, role):
    person = make.worker(role, "4.1")

    assert make.client_of(person).post(address(invitee), {"reason": "审核护照信息"}).status_code == 403


def test_a_reviewer_of_another_item_finds_nothing(invitee):
    assert make.client_of(make.worker("reviewer", "2.1")).get(address(invitee)).status_code == 404


def test_who_stands_in_for_the_handler_sees_it(invitee, preparer):
    substitute = make.worker("preparer", "2.1")
    make.substitution(preparer, substitute)

    assert NUMBER in make.client_of(substitute).post(address(invitee), {"reason": "代办核对"}).content.decode()


def test_the_panel_offers_it_to_whom_it_may(case, invitee, preparer, registrar):
    link = address(invitee)

    assert link in make.client_of(preparer).get(case.get_absolute_url()).content.decode()
    assert link not in make.client_of(registrar).get(case.get_absolute_url()).content.decode()
