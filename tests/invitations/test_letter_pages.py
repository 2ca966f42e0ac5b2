"""Pages of letters: the PDF as it was issued, the specimen before, and who may open them."""

import io

import pypdfium2
import pytest
from django.urls import reverse

from accounts.models import AuditEvent
from core.files import path_of
from invitations import drawing
from invitations.models import InvitationLetter
from tests import factories as make

from .conftest import issued


def text_of(body):
    document = pypdfium2.PdfDocument(io.BytesIO(body))
    words = "\n".join(page.get_textpage().get_text_range() for page in document)
    document.close()
    return words


@pytest.fixture
def letter(case, reviewers, signer):
    issued(case, reviewers, signer)
    made = InvitationLetter.objects.get()
    drawing.draw(made.pk)
    return InvitationLetter.objects.get()


def test_the_letter_is_drawn_once_and_kept_sealed(letter):
    body = drawing.issued_pdf(letter)

    words = text_of(body)
    for told in (letter.number, "BERG LARS", "P00004417", "王䶮", "LETTER OF INVITATION"):
        assert told in words
    assert "样张" not in words
    assert b"P00004417" not in path_of(letter.file).read_bytes()
    assert letter.pages == 1

    drawing.draw(letter.pk)
    assert InvitationLetter.objects.get().file == letter.file


def test_a_reader_opens_the_letter_and_it_is_noted(letter, preparer):
    answer = make.client_of(preparer).get(reverse("invitations:letter-download", args=[letter.pk]))

    assert (answer.status_code, answer.headers["Content-Type"]) == (200, "application/pdf")
    assert answer.content == drawing.issued_pdf(letter)
    assert AuditEvent.objects.filter(action="invitation.download", by=preparer).count() == 1


@pytest.mark.parametrize("name", ["letter-detail", "letter-download"])
def test_a_letter_out_of_sight_is_absent(letter, name):
    elsewhere = make.client_of(make.worker("preparer", "2.1"))

    hidden, absent = (elsewhere.get(reverse(f"invitations:{name}", args=[pk])) for pk in (letter.pk, 987654))

    assert (hidden.status_code, hidden.content) == (404, absent.content)


def test_a_leader_sees_the_letter_but_not_its_pdf(letter):
    client = make.signed_in("leader")

    page = client.get(letter.get_absolute_url()).content.decode()

    assert letter.number in page
    assert "letter.pdf" not in page
    assert client.get(reverse("invitations:letter-download", args=[letter.pk])).status_code == 403


def test_the_page_tells_who_did_what_and_no_passport(letter, preparer, reviewers, signer):
    page = make.client_of(preparer).get(letter.get_absolute_url()).content.decode()

    for person in (preparer, *reviewers, signer):
        assert person.name in page
    assert "P0000" not in page


def test_a_lost_file_is_told(letter, preparer):
    path_of(letter.file).unlink()

    answer = make.client_of(preparer).get(reverse("invitations:letter-download", args=[letter.pk]))

    assert answer.status_code == 410
    assert "不在存储中" in answer.content.decode()


def test_there_is_no_letter_before_it_is_drawn(case, reviewers, signer, preparer):
    issued(case, reviewers, signer)
    made = InvitationLetter.objects.get()
    client = make.client_of(preparer)

    assert client.get(reverse("invitations:letter-download", args=[made.pk])).status_code == 404
    assert "正在生成" in client.get(made.get_absolute_url()).content.decode()


def test_a_specimen_says_so(case, preparer):
    answer = make.client_of(preparer).get(reverse("invitations:specimen", args=[case.number]))

    words = text_of(answer.content)
    assert "样张" in words
    assert "BERG LARS" in words
    assert "核验码" not in words


def test_a_specimen_wants_the_application_filled_in(preparer, unit):
    case = make.case("4.1", by=preparer)

    answer = make.client_of(preparer).get(reverse("invitations:specimen", args=[case.number]))

    assert answer.status_code == 422
    assert "来访目的" in answer.content.decode()


def test_a_name_that_cannot_be_drawn_is_named(case, preparer):
    case.invitation_application.invitees.filter(position=1).update(chinese_name="王\U0003134b")

    answer = make.client_of(preparer).get(reverse("invitations:specimen", args=[case.number]))

    assert answer.status_code == 422
    assert "\U0003134b" in answer.content.decode() or "U+3134B" in answer.content.decode()
