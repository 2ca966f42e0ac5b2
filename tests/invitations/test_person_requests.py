"""What one person may ask for: a copy of all that is held on them, or its end. One writes it down, another decides."""

import json
from datetime import timedelta

import pytest
from django.db import IntegrityError, transaction
from django.urls import reverse
from django.utils import timezone

from accounts.actions import Refused
from accounts.models import AuditEvent
from core.printing import PrintRefusedError
from invitations import personal
from invitations.models import Invitee, PersonRequest, Purge, Visit
from tests import factories as make

from .after import closed, left_days_ago, only_letter
from .conftest import issued
from .test_letter_pages import text_of

ASKED = {"kind": "export", "applicant": "BERG LARS 本人", "ground": "本人邮件，附护照资料页"}


@pytest.fixture
def berg(case, reviewers, signer):
    issued(case, reviewers, signer)
    return Invitee.objects.get(surname="BERG")


def ask_address(invitee):
    return reverse("invitations:request-create", args=[invitee.application.case.number, invitee.pk])


def asked(invitee, preparer, **more):
    return personal.ask(invitee, {"with_passport": False} | ASKED | more, by=preparer)


def data_address(request, kind="json"):
    return reverse("invitations:request-data", args=[request.pk, kind])


def test_one_asks_and_another_decides(berg, preparer, signer):
    client, decider = make.client_of(preparer), make.client_of(signer)

    client.post(ask_address(berg), ASKED | {"with_passport": "on"})
    request = PersonRequest.objects.get()
    assert client.post(request.get_absolute_url(), {"decision": "approved"}).status_code == 404
    decider.post(request.get_absolute_url(), {"decision": "approved"})

    request.refresh_from_db()
    assert (request.asked_by, request.decided_by, request.decision, request.with_passport) == (preparer, signer, "approved", True)
    events = list(AuditEvent.objects.filter(action__startswith="personal.").order_by("number").values_list("action", flat=True))
    assert events == ["personal.ask", "personal.decide"]
    assert "BERG" not in "".join(AuditEvent.objects.filter(action__startswith="personal.").values_list("facts", flat=True))


def test_the_copy_holds_all_that_is_held(berg, preparer, signer):
    Visit.objects.create(invitee=berg, visa="granted", entered_on="2026-11-02", note="顺利", recorded_by=preparer)
    make.client_of(preparer).post(reverse("invitations:invitee-reveal", args=[berg.application.case.number, berg.pk]), {"reason": "签证机关来电"})
    request = personal.decide(asked(berg, preparer, with_passport=True), approve=True, note="", by=signer)
    client = make.client_of(preparer)

    answer = client.get(data_address(request))
    printed = client.get(data_address(request, "pdf"))

    told = json.loads(answer.content)
    assert answer.headers["Cache-Control"] == "private, no-store"
    (record,) = told["records"]
    assert (record["passport_number"], record["nationality"], record["sex"]) == ("P00004417", "挪威", "男")
    assert [letter["number"] for letter in record["letters"]] == [only_letter().number]
    assert record["outcome"] == {"visa": "已获签证", "entered_on": "2026-11-02", "left_on": None, "note": "顺利"}
    assert [one["what"] for one in told["disclosures"]] == ["查看护照号码"]
    words = text_of(printed.content)
    for word in ("P00004417", "BERG LARS", only_letter().number, "个人信息副本"):
        assert word in words
    assert AuditEvent.objects.filter(action="personal.export").count() == 2
    assert "HOLM" not in answer.content.decode()


def test_without_the_passport_it_is_masked(berg, preparer, signer):
    request = personal.decide(asked(berg, preparer), approve=True, note="", by=signer)

    answer = make.client_of(signer).get(data_address(request))

    assert json.loads(answer.content)["records"][0]["passport_number"] == "P****4417"
    assert "P00004417" not in answer.content.decode()


def test_a_copy_is_for_who_asked_and_who_decided_and_for_a_week(berg, preparer, signer):
    request = asked(berg, preparer, with_passport=True)
    client = make.client_of(preparer)
    assert client.get(data_address(request)).status_code == 404
    personal.decide(request, approve=True, note="", by=signer)

    assert client.get(data_address(request, "doc")).status_code == 404
    assert make.client_of(make.worker("signer", "4.1")).get(data_address(request)).status_code == 404
    assert client.get(data_address(request)).status_code == 200
    late = timezone.now() + timedelta(days=8)
    request.refresh_from_db()
    request.decided_at -= timedelta(days=8)
    assert not personal.may_fetch(request, preparer)
    assert late > timezone.now()


def test_a_copy_that_cannot_be_printed_says_why(berg, preparer, signer, monkeypatch):
    request = personal.decide(asked(berg, preparer), approve=True, note="", by=signer)

    def refuse(*args, **options):
        raise PrintRefusedError("字库里没有这个字")

    monkeypatch.setattr("invitations.personal_views.as_pdf", refuse)

    assert "字库里没有这个字" in make.client_of(preparer).get(data_address(request, "pdf"), follow=True).content.decode()


def test_records_of_the_same_passport_are_one_person(berg, preparer, signer, unit):
    other = make.case("4.1", by=preparer, title="又一次")
    Invitee.objects.create(
        application=other.invitation_application,
        position=1,
        surname="BERG",
        sex="M",
        birth_on=berg.birth_on,
        nationality=berg.nationality,
        passport_number="p 0000 4417",
        passport_expires_on=berg.passport_expires_on,
    )
    request = personal.decide(asked(berg, preparer), approve=True, note="", by=signer)

    told = json.loads(make.client_of(preparer).get(data_address(request)).content)

    assert [record["case"] for record in told["records"]] == [berg.application.case.number, other.number]


# -- purging -----------------------------------------------------------------------------------------------------------------------------------------------


@pytest.fixture
def over(berg):
    """The case is closed, its letter out of date."""
    left_days_ago(closed(berg.application.case), 200)
    only_letter()
    return berg


def outdated(monkeypatch):
    monkeypatch.setattr("invitations.models.InvitationLetter.state_on", lambda letter, day: "expired")


def test_a_person_is_purged_on_request(over, preparer, signer, monkeypatch, django_capture_on_commit_callbacks):
    outdated(monkeypatch)
    request = asked(over, preparer, kind="purge")

    with django_capture_on_commit_callbacks(execute=True):
        make.client_of(signer).post(request.get_absolute_url(), {"decision": "approved", "note": "依法删除"})

    over.refresh_from_db()
    assert (over.passport_number, over.passport_index, over.birth_on, over.passport_expires_on, over.employer, over.job) == (None, None, None, None, "", "")
    assert (over.name, over.nationality.name) == ("BERG LARS", "挪威")
    assert only_letter().content is None
    others = Invitee.objects.exclude(pk=over.pk)
    assert others.filter(passport_number__isnull=False).count() == 2
    purge = Purge.objects.get()
    assert (purge.request, purge.by, purge.rule, purge.people, purge.letters) == (request, signer, None, 1, 1)
    page = make.client_of(preparer).get(over.application.case.get_absolute_url()).content.decode()
    assert "护照号码已于" in page
    assert "BERG" in page


def test_what_is_in_hand_or_in_force_is_not_purged(berg, preparer, signer):
    request = asked(berg, preparer, kind="purge")

    answer = make.client_of(signer).post(request.get_absolute_url(), {"decision": "approved"})

    page = answer.content.decode()
    assert f"办件 {berg.application.case.number} 还没有办结" in page
    assert f"函件 {only_letter().number} 还在有效期内" in page
    request.refresh_from_db()
    assert request.decision == ""
    assert Invitee.objects.get(pk=berg.pk).passport_number is not None


def test_a_purged_person_asks_for_a_copy(over, preparer, signer, monkeypatch):
    outdated(monkeypatch)
    personal.decide(asked(over, preparer, kind="purge"), approve=True, note="", by=signer)
    request = personal.decide(asked(over, preparer), approve=True, note="", by=signer)

    told = json.loads(make.client_of(preparer).get(data_address(request)).content)
    printed = make.client_of(preparer).get(data_address(request, "pdf"))

    assert (told["records"][0]["passport_number"], told["records"][0]["birth_on"]) == ("", None)
    assert [letter["number"] for letter in told["records"][0]["letters"]] == [only_letter().number]
    assert "清除日期" in text_of(printed.content)


# -- who may, and what is refused --------------------------------------------------------------------------------------------------------------------------


def test_nobody_decides_what_they_asked(berg, preparer):
    both = make.worker("preparer", "4.1")
    request = asked(berg, both)

    with pytest.raises(Refused, match="登记人以外"):
        personal.decide(request, approve=True, note="", by=both)
    with pytest.raises(IntegrityError), transaction.atomic():
        PersonRequest.objects.update(decision="approved", decided_at=timezone.now(), decided_by=both)


def test_a_decision_stays(berg, preparer, signer):
    request = personal.decide(asked(berg, preparer), approve=False, note="身份没有核实", by=signer)

    with pytest.raises(Refused, match="已经决定"):
        personal.decide(request, approve=True, note="", by=make.person("signer"))
    with pytest.raises(IntegrityError), transaction.atomic():
        PersonRequest.objects.update(note="x")
    assert "身份没有核实" in make.client_of(preparer).get(request.get_absolute_url()).content.decode()


@pytest.mark.parametrize(
    ("typed", "field"),
    [
        ({"kind": ""}, "kind"),
        ({"applicant": ""}, "applicant"),
        ({"ground": "x" * 600}, "ground"),
        ({"ground": "\u202e"}, "ground"),
        ({"applicant": "😀"}, "applicant"),
        ({"kind": "purge", "with_passport": "on"}, "with_passport"),
    ],
)
def test_bad_input_is_told_beside_the_field(berg, preparer, typed, field):
    answer = make.client_of(preparer).post(ask_address(berg), ASKED | typed)

    assert answer.context["form"].errors[field]
    assert not PersonRequest.objects.exists()


def test_the_same_is_not_asked_twice(berg, preparer):
    request = asked(berg, preparer)
    client = make.client_of(preparer)

    assert "已有同样的请求" in client.post(ask_address(berg), ASKED).content.decode()
    with pytest.raises(Refused):
        asked(berg, preparer)
    assert PersonRequest.objects.get() == request


def test_two_who_ask_at_once_are_told(berg, preparer, monkeypatch):
    def refuse(*args, **options):
        raise Refused("这个人已有同样的请求等待决定。")

    monkeypatch.setattr(personal, "ask", refuse)

    assert "已有同样的请求" in make.client_of(preparer).post(ask_address(berg), ASKED).content.decode()


def test_a_no_wants_a_reason(berg, preparer, signer):
    request = asked(berg, preparer)
    client = make.client_of(signer)

    assert "请写明理由" in client.post(request.get_absolute_url(), {"decision": "refused"}).content.decode()
    client.post(request.get_absolute_url(), {"decision": "refused", "note": "身份没有核实"})

    request.refresh_from_db()
    assert (request.decision, request.note) == ("refused", "身份没有核实")


def test_requests_out_of_sight_are_absent(berg, preparer, reviewers):
    request = asked(berg, preparer)
    elsewhere = make.client_of(make.worker("preparer", "2.1"))

    assert elsewhere.get(request.get_absolute_url()).status_code == 404
    assert elsewhere.get(ask_address(berg)).status_code == 404
    assert make.client_of(reviewers[0]).get(request.get_absolute_url()).status_code == 403
    home = reverse("invitations:personal-home")
    assert request.get_absolute_url() not in elsewhere.get(home).content.decode()
    assert request.get_absolute_url() in make.client_of(preparer).get(home).content.decode()


def test_the_auditor_reads_who_asked_and_of_which_case(berg, preparer, signer):
    personal.decide(asked(berg, preparer), approve=True, note="", by=signer)

    page = make.signed_in("auditor").get(reverse("auditing:event-list")).content.decode()

    assert "决定个人信息请求" in page
    assert berg.application.case.number in page
    assert "BERG" not in page


def test_the_history_of_a_case_tells_who_saw_a_number(berg, preparer):
    make.client_of(preparer).post(reverse("invitations:invitee-reveal", args=[berg.application.case.number, berg.pk]), {"reason": "签证机关来电"})

    page = make.signed_in("auditor").get(reverse("auditing:object-history", args=[f"cases.case:{berg.application.case_id}"])).content.decode()

    assert "查看护照号码" in page
    assert "签证机关来电" in page
