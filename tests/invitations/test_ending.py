"""How letters end before their time: void by two people, replaced by another; at once on every face, also after the case is closed."""

import io
from datetime import timedelta

import pypdfium2
import pytest
from django.db import IntegrityError, transaction
from django.urls import reverse
from django.utils import timezone

from accounts.models import AuditEvent, User
from cases import process
from cases.models import Case, CaseLink
from cases.process import ConflictError
from core import codes
from invitations import drawing, verification
from invitations.models import Application, Cancellation, InvitationLetter
from tests import factories as make
from tests.cases.census import at_once

from .conftest import address, drawn, fill, invite, issued, on_letter, scanned
from .scans import token_of
from .test_letter_pages import text_of
from .test_paper import case_of, submitted


def asked(letter, by, **typed):
    return on_letter(letter, "ask_cancellation", by=by, **{"reason": "护照号码有误", "told": "已电话告知邀请单位，原件收回"} | typed)


def cancelled(letter, preparer, signer):
    return on_letter(asked(letter, preparer), "cancel_letter", by=signer, note="同意", password="-")


# -- declaring void ----------------------------------------------------------------------------------------------------------------------------------------


def test_a_letter_is_void_by_two_people(letter, preparer, signer):
    letter = cancelled(letter, preparer, signer)

    told = Cancellation.objects.get()
    assert (told.asked_by, told.decided_by, told.decision, told.note) == (preparer, signer, "approved", "同意")
    assert letter.cancelled_at == told.decided_at
    assert letter.state_on(timezone.localdate()) == "cancelled"
    facts = AuditEvent.objects.get(action="invitation.cancel").facts
    assert "护照号码有误" in facts
    assert "原件收回" in facts


def test_it_is_void_on_every_page_at_once(letter, preparer, signer, unit):
    assert verification.by_token(token_of(letter)).state == "valid"

    cancelled(letter, preparer, signer)

    assert verification.by_token(token_of(letter)).state == "cancelled"
    client = make.client_of(preparer)
    for path in (letter.get_absolute_url(), case_of(letter).get_absolute_url(), unit.get_absolute_url(), reverse("invitations:home")):
        assert "已作废" in client.get(path).content.decode()
    assert "不能再用" in client.get(letter.get_absolute_url()).content.decode()


def test_what_is_to_be_decided_is_counted_with_the_approvals(letter, preparer, signer):
    asked(letter, preparer)

    page = make.client_of(signer).get(reverse("cases:today"))

    assert '<span class="n hot">1</span>' in page.text
    assert page.context["waiting_count"] == 1
    assert '<span class="n hot">' not in make.client_of(preparer).get(reverse("cases:today")).text
    on_letter(letter, "keep_letter", by=signer, note="仍要使用", password="-")
    assert '<span class="n hot">' not in make.client_of(signer).get(reverse("cases:today")).text


def test_who_asked_does_not_decide(letter, signer):
    asked(letter, signer)

    for action in ("cancel_letter", "keep_letter"):
        with pytest.raises(process.BlockedError, match="申请人不能批准自己申请的作废"):
            on_letter(letter, action, by=signer, note="x", password="-")

    assert on_letter(letter, "cancel_letter", by=make.worker("signer", "4.1"), note="", password="-").cancelled_at


def test_who_stands_in_for_the_asker_does_not_decide(letter, signer, preparer):
    other = make.worker("signer", "4.1", name="另签")
    make.substitution(signer, other)
    asked(letter, signer)

    assert on_letter(letter, "keep_letter", by=other, note="不必").cancelled_at is None  # in their own right
    told = Cancellation.objects.get()
    Cancellation.objects.create(letter=letter, reason="x", told="y", asked_by=preparer, asked_for=signer)
    with pytest.raises(process.BlockedError, match="申请人不能批准"):
        on_letter(letter, "cancel_letter", by=signer, note="", password="-")
    assert told.decision == "refused"


def test_the_database_wants_two_people_and_keeps_what_they_decided(letter, preparer, signer):
    asked(letter, preparer)
    decided = {"decision": "approved", "decided_at": timezone.now()}

    for who in ({"decided_by": preparer}, {"decided_by": signer, "decided_for": preparer}, {}):
        with pytest.raises(IntegrityError), transaction.atomic():
            Cancellation.objects.update(**decided, **who)
    with pytest.raises(IntegrityError), transaction.atomic():
        Cancellation.objects.create(letter=letter, reason="x", told="y", asked_by=signer)
    Cancellation.objects.update(**decided, decided_by=signer)
    with pytest.raises(IntegrityError, match="stays as it is"), transaction.atomic():
        Cancellation.objects.update(reason="anders")
    InvitationLetter.objects.update(cancelled_at=timezone.now())
    with pytest.raises(IntegrityError), transaction.atomic():
        InvitationLetter.objects.update(cancelled_at=None)


def test_a_signer_may_keep_the_letter_and_be_asked_again(letter, preparer, signer):
    letter = on_letter(asked(letter, preparer), "keep_letter", by=signer, note="资料无误")

    assert (letter.cancelled_at, Cancellation.objects.get().decision) == (None, "refused")
    assert "资料无误" in make.client_of(preparer).get(letter.get_absolute_url()).content.decode()
    assert cancelled(letter, preparer, signer).cancelled_at


def test_a_letter_is_void_after_its_case_is_closed(sealed, registrar, preparer, signer):
    letter = scanned(sealed, registrar)
    assert submitted(letter, registrar).is_closed

    letter = cancelled(letter, preparer, signer)

    assert letter.cancelled_at
    assert case_of(letter).timeline.filter(kind="cancel_letter").count() == 1
    assert verification.by_token(token_of(letter)).state == "cancelled"


def test_reason_and_who_was_told_are_asked(letter, preparer):
    client, version = make.client_of(preparer), case_of(letter).version

    page = client.post(address(letter, "ask_cancellation"), {"reason": "", "told": "", "version": version}).content.decode()

    assert 'id="id_reason_error"' in page or page.count("这个字段是必填项") == 2
    assert Cancellation.objects.count() == 0


def test_the_password_is_asked_again(letter, preparer, signer):
    asked(letter, preparer)
    client = make.client_of(User.objects.get(pk=signer.pk))
    place, version = address(letter, "cancel_letter"), case_of(letter).version
    page = client.get(place).content.decode()
    assert 'autocomplete="current-password"' in page
    assert "data-draft" not in page

    for typed, told in (("wrong", "密码不正确"), ("", "请输入登录密码")):
        answer = client.post(place, {"note": "同意作废", "password": typed, "version": version})
        assert answer.status_code == 200
        assert told in answer.content.decode()
        assert "同意作废" in answer.content.decode()
        assert InvitationLetter.objects.get().cancelled_at is None

    client.post(place, {"note": "同意作废", "password": make.PASSWORD, "version": version})

    assert InvitationLetter.objects.get().cancelled_at
    assert AuditEvent.objects.filter(action="sign_in.again", by=signer).count() == 1
    assert AuditEvent.objects.filter(action="sign_in.fail").count() == 1  # no password is no guess
    assert client.post(place, {"note": "", "password": "wrong", "version": case_of(letter).version}).status_code == 404


def test_a_password_typed_after_another_decided_finds_nothing_to_decide(letter, preparer, signer):
    asked(letter, preparer)
    client, version = make.client_of(signer), case_of(letter).version
    on_letter(letter, "keep_letter", by=make.worker("signer", "4.1"), note="不必")

    assert client.post(address(letter, "cancel_letter"), {"note": "", "password": "wrong", "version": version}).status_code == 404
    answer = client.post(address(letter, "cancel_letter"), {"note": "", "password": make.PASSWORD, "version": version})
    assert answer.status_code == 409
    assert InvitationLetter.objects.get().cancelled_at is None


def test_its_pdf_says_so(case, reviewers, signer, preparer):
    issued(case, reviewers, signer)
    letter = InvitationLetter.objects.get()
    drawing.draw(letter.pk)
    client, place = make.client_of(preparer), reverse("invitations:letter-download", args=[letter.pk])
    valid = client.get(place).content
    assert valid == drawing.issued_pdf(InvitationLetter.objects.get())

    cancelled(letter, preparer, signer)
    void = client.get(place).content

    assert void != valid
    assert drawing.issued_pdf(InvitationLetter.objects.get()) == valid  # what was issued stays
    assert red(void) > red(valid) + 5000
    assert letter.number in text_of(void)
    InvitationLetter.objects.filter(pk=letter.pk).update(replaced_by=letter, replaced_at=timezone.now())
    assert red(client.get(place).content) == red(void)


def red(body):
    """How many points of the first page are red."""
    picture = pypdfium2.PdfDocument(io.BytesIO(body))[0].render(scale=1).to_pil().convert("RGB")
    red, green, _blue = picture.split()
    return sum(high > low + 60 for high, low in zip(red.tobytes(), green.tobytes(), strict=True))


# -- replacing ---------------------------------------------------------------------------------------------------------------------------------------------


def test_a_replacement_begins_with_the_same_facts_and_people(letter, preparer):
    make.relation("替代本件")

    letter = on_letter(letter, "replace_letter", by=preparer, remark="更正护照号码")

    old, new = letter.application, Application.objects.get(replaces=letter)
    assert new.case.number != old.case.number
    assert (new.case.handler, new.case.title, new.unit, new.kind, new.entry_on) == (preparer, old.case.title, old.unit, old.kind, old.entry_on)
    assert [(one.name, one.passport) for one in new.invitees.all()] == [(one.name, one.passport) for one in old.invitees.all()]
    link = CaseLink.objects.get()
    assert (link.case, link.other, link.relation.name) == (old.case, new.case, "替代本件")
    assert letter.is_live
    pages = [
        make.client_of(preparer).get(path).content.decode() for path in (letter.get_absolute_url(), old.case.get_absolute_url(), new.case.get_absolute_url())
    ]
    assert new.case.number in pages[0]
    assert "替代函在办" in pages[1]
    assert letter.number in pages[2]


def test_the_old_letter_is_replaced_when_the_new_one_is_issued(letter, preparer, reviewers, signer, unit):
    on_letter(letter, "replace_letter", by=preparer, remark="")
    case = Application.objects.get(replaces=letter).case
    for name in ("贸易往来文件", "中文译文"):
        make.act(case, "add_material", name=name)

    issued(make.collected(case), reviewers, signer)  # the old letter does not stand against it

    letter, new = InvitationLetter.objects.order_by("pk")
    assert (letter.replaced_by, letter.state_on(timezone.localdate())) == (new, "replaced")
    answer = verification.by_token(token_of(letter))
    assert (answer.state, answer.replaced_by) == ("replaced", new.number)
    assert AuditEvent.objects.filter(action="invitation.replace").count() == 1
    page = make.client_of(preparer).get(letter.get_absolute_url()).content.decode()
    assert "已被替代" in page
    assert new.number in page
    assert letter.number in make.client_of(preparer).get(new.get_absolute_url()).content.decode()
    with pytest.raises(process.BlockedError):
        on_letter(letter, "replace_letter", by=preparer, remark="")


def test_the_first_replacement_counts(letter, preparer, reviewers, signer):
    """A withdrawn one makes room for another; of two that are issued the first replaces."""
    on_letter(letter, "replace_letter", by=preparer, remark="")
    first = Application.objects.get(replaces=letter).case
    with pytest.raises(process.BlockedError):
        on_letter(letter, "replace_letter", by=preparer, remark="")
    make.act(first, "withdraw", reason="另案办理")
    on_letter(letter, "replace_letter", by=preparer, remark="")
    second = Application.objects.filter(replaces=letter).latest("pk").case
    InvitationLetter.objects.filter(pk=letter.pk).update(replaced_by=letter, replaced_at=timezone.now())
    for name in ("贸易往来文件", "中文译文"):
        make.act(second, "add_material", name=name)

    issued(make.collected(second), reviewers, signer)

    assert InvitationLetter.objects.get(pk=letter.pk).replaced_by_id == letter.pk


def test_a_replacement_takes_the_people_of_its_letter_alone(preparer, unit, reviewers, signer):
    case = make.case("4.1", by=preparer, title="七人团")
    invite(fill(case.invitation_application, unit), [(f"BERG{sign}", "LARS", "", "M", f"P000044{place:02}") for place, sign in enumerate("ABCDEFG")])
    make.act(case, "add_material", name="贸易往来文件")
    issued(make.collected(case), reviewers, signer)
    second = drawn(InvitationLetter.objects.get(part=2))

    on_letter(second, "replace_letter", by=preparer, remark="")

    assert [one.surname for one in Application.objects.get(replaces=second).invitees.all()] == ["BERGF", "BERGG"]


def test_days_that_have_passed_are_not_copied_and_a_void_letter_is_replaced_too(letter, preparer, signer):
    cancelled(letter, preparer, signer)
    past = timezone.localdate() - timedelta(days=1)
    Application.objects.filter(pk=letter.application_id).update(entry_on=past)

    on_letter(letter, "replace_letter", by=preparer, remark="")

    new = Application.objects.get(replaces=letter)
    assert (new.entry_on, new.exit_on, new.places) == (None, None, "天津市、北京市")


def test_without_a_sheet_in_force_nothing_is_opened(letter, preparer, monkeypatch):
    monkeypatch.setattr("duties.models.DutyItem.sheet_in_force", lambda _item: None)

    with pytest.raises(process.BlockedError, match="暂时不能立项"):
        on_letter(letter, "replace_letter", by=preparer, remark="")

    assert Application.objects.count() == 1


# -- expiry ------------------------------------------------------------------------------------------------------------------------------------------------


def test_expiry_is_shown_wherever_the_letter_is(letter, preparer, unit, monkeypatch):
    late = letter.valid_until + timedelta(days=1)
    monkeypatch.setattr(timezone, "localdate", lambda *_at: late)

    client = make.client_of(preparer)
    for path in (letter.get_absolute_url(), case_of(letter).get_absolute_url(), unit.get_absolute_url(), reverse("invitations:home")):
        assert "已过期" in client.get(path).content.decode()
    assert "已过有效期" in client.get(letter.get_absolute_url()).content.decode()
    assert verification.by_token(token_of(letter)).state == "expired"
    assert codes.digest(token_of(letter)) == letter.token_digest


# -- at the same moment ------------------------------------------------------------------------------------------------------------------------------------


@pytest.mark.django_db(transaction=True)
def test_of_those_who_cancel_at_once_one_does(letter, preparer):
    asked(letter, preparer)
    signers = [make.worker("signer", "4.1") for _number in range(6)]
    version = case_of(letter).version

    def act(by, action):
        def run():
            person = User.objects.get(pk=by.pk)
            typed = {"note": f"{by.pk}", "password": "-"}
            return process.perform(case_of(letter), action, by=person, version=version, target=f"invitationletter:{letter.pk}", data=typed)

        return run

    results = at_once(*(act(by, "keep_letter" if number % 2 else "cancel_letter") for number, by in enumerate(signers)))

    assert sorted(type(result).__name__ for result in results) == ["Case"] + ["ConflictError"] * 5
    told = Cancellation.objects.get()
    assert told.note == f"{told.decided_by_id}"
    assert bool(InvitationLetter.objects.get().cancelled_at) == (told.decision == "approved")


@pytest.mark.django_db(transaction=True)
def test_of_those_who_ask_at_once_one_does(letter, preparer):
    version = case_of(letter).version

    def act(number):
        def run():
            typed = {"reason": f"理由{number}", "told": "邀请单位"}
            person = User.objects.get(pk=preparer.pk)
            return process.perform(case_of(letter), "ask_cancellation", by=person, version=version, target=f"invitationletter:{letter.pk}", data=typed)

        return run

    results = at_once(*(act(number) for number in range(6)))

    assert sum(isinstance(result, Case) for result in results) == 1
    assert sum(isinstance(result, ConflictError) for result in results) == 5
    assert Cancellation.objects.count() == 1


def test_a_void_letter_and_its_register_line_stay(letter, preparer, signer):
    letter = cancelled(letter, preparer, signer)

    with pytest.raises(IntegrityError, match="not deleted"), transaction.atomic():
        InvitationLetter.objects.all()._raw_delete("default")
    assert InvitationLetter.objects.get().serial == letter.serial
