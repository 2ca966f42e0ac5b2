"""核验: what the public page tells, and what it does not tell."""

import hashlib
import json
from datetime import timedelta

import pypdfium2
import pytest
import zxingcpp
from django.conf import settings
from django.test import Client
from django.utils import timezone

from core import codes
from duties.public_site import write
from invitations import verification, verify_views
from invitations.drawing import draw, issued_pdf
from invitations.models import FailedCheck, InvitationLetter

from ..duties.conftest import site_dir  # noqa: F401 - a fixture
from .conftest import issued


@pytest.fixture
def letter(case, reviewers, signer, site_dir, monkeypatch):  # noqa: F811 - the fixture
    monkeypatch.setattr("duties.documents.documents", lambda data: ())
    write()
    issued(case, reviewers, signer)
    return InvitationLetter.objects.get()


@pytest.fixture
def words(letter):
    return json.loads(letter.content.reveal())


def ask(letter, code, **more):
    return Client().post("/verify/", {"number": letter.number, "code": code} | more)


def test_number_and_code_tell_no_names(letter, words):
    page = ask(letter, codes.grouped(words["code"]).lower()).content.decode()

    assert "有效" in page
    for told in (letter.number, letter.unit_name, letter.valid_until.isoformat()):
        assert told in page
    assert "B*** L***" not in page
    assert "BERG" not in page


@pytest.mark.parametrize(
    "typed",
    [
        "邀函[{year}]1号",
        " 第邀函（{year}）１号 ",
        "邀函【{year}】1号",
        "邀函[{year}]1",
        "邀函 {year} 1 号",
        "邀函({year})01号",
        "邀函〔{year}〕第1号",
        "邀函{year}年1号",
    ],
)
def test_brackets_and_width_of_the_number_do_not_matter(letter, words, typed):
    answer = verification.by_number(typed.format(year=letter.year), codes.read_code(words["code"]))

    assert answer.number == letter.number


def test_the_qr_code_tells_masked_names(letter, words):
    page = Client().get(f"/verify/{words['token']}/").content.decode()

    assert "有效" in page
    assert "B*** L***" in page
    assert not FailedCheck.objects.exists()


@pytest.mark.parametrize(
    ("facts", "told"),
    [({"cancelled_at": timezone.now()}, "已作废"), ({}, "有效")],
)
def test_what_became_of_it_is_told_at_once(letter, words, facts, told):
    InvitationLetter.objects.update(**facts)

    assert told in Client().get(f"/verify/{words['token']}/").content.decode()


def test_a_letter_expires(letter):
    assert letter.state_on(letter.valid_until) == "valid"
    assert letter.state_on(letter.valid_until + timedelta(days=1)) == "expired"


def test_a_wrong_code_is_like_a_number_that_never_was(letter, words, django_assert_num_queries, monkeypatch):
    wrong = codes.new_code()
    digests = []
    digest = codes.digest
    monkeypatch.setattr(codes, "digest", lambda text: digests.append(text) or digest(text))
    bodies = []

    for number in (letter.number, letter.number.replace("1号", "2号")):
        digests.clear()
        with django_assert_num_queries(3):
            answer = Client().post("/verify/", {"number": number, "code": wrong})
        body = answer.content.decode().replace(number, "")
        bodies.append((answer.status_code, body, sorted(answer.headers.items()), len(digests)))

    assert bodies[0] == bodies[1]
    assert "查无此函" in bodies[0][1]


def test_a_code_with_a_slip_is_told_before_anything_is_looked_up(letter, words, django_assert_num_queries):
    code = words["code"]
    slipped = ("1" if code[0] == "0" else "0") + code[1:]

    with django_assert_num_queries(0):
        page = ask(letter, slipped).content.decode()

    assert "核验码有误" in page


def test_a_passport_is_compared_and_not_shown(letter, words):
    right = ask(letter, words["code"], passport="p 0000 4417").content.decode()
    wrong = ask(letter, words["code"], passport="X9999999").content.decode()

    assert "在这份函件的名单上" in right
    assert "不在这份函件的名单上" in wrong
    assert "P00004417" not in right.replace("p 0000 4417", "")
    assert FailedCheck.objects.count() == 1


def test_who_asks_in_vain_too_often_waits(letter, words, monkeypatch):
    monkeypatch.setattr(verification, "MOST_FAILURES", 2)
    for _time in range(2):
        assert ask(letter, codes.new_code()).status_code == 200

    answer = ask(letter, words["code"])

    assert (answer.status_code, answer.headers["Retry-After"]) == (429, str(verify_views.WAIT_SECONDS))
    assert "有效期至" not in answer.content.decode()
    assert Client(REMOTE_ADDR="192.0.2.9").post("/verify/", {"number": letter.number, "code": words["code"]}).status_code == 200


def test_all_together_wait_where_many_addresses_guess(letter, words, monkeypatch):
    monkeypatch.setattr(verification, "MOST_OF_ALL", 3)
    for place in range(3):
        verification.note_failure(f"192.0.2.{place}")

    assert ask(letter, words["code"]).status_code == 429
    assert Client().get(f"/verify/{words['token']}/").status_code == 200
    FailedCheck.objects.update(at=timezone.now() - timedelta(minutes=2))
    assert ask(letter, words["code"]).status_code == 200


def test_the_qr_code_on_the_drawn_page_verifies(letter):
    draw(letter.pk)
    document = pypdfium2.PdfDocument(issued_pdf(InvitationLetter.objects.get()))
    pictures = [page.render(scale=3).to_pil() for page in document]

    (text,) = [found.text for picture in pictures for found in zxingcpp.read_barcodes(picture)]

    document.close()
    path = text.removeprefix(settings.PUBLIC_BASE_URL)
    assert path != text
    page = Client().get(path).content.decode()
    assert letter.number in page
    assert "有效" in page


def test_the_page_holds_the_digest_of_the_pdf_and_the_address_to_trust(letter, words, settings):
    draw(letter.pk)
    body = issued_pdf(InvitationLetter.objects.get())

    page = ask(letter, words["code"]).content.decode()

    assert f'data-sha256="{hashlib.sha256(body).hexdigest()}"' in page
    assert f"本页地址以 {settings.PUBLIC_BASE_URL.partition('//')[2]}/ 开头" in page
    assert "verify.js" in page


def test_a_passport_is_guessed_as_seldom_as_a_code(letter, words, monkeypatch):
    monkeypatch.setattr(verification, "MOST_FAILURES", 2)
    token = f"/verify/{words['token']}/"

    answers = [Client().post(token, {"passport": f"P0000000{place}"}).status_code for place in range(3)]

    assert answers == [200, 200, 429]
    assert Client().get(token).status_code == 200


def test_failures_are_forgotten_after_a_day(letter):
    verification.note_failure("192.0.2.1")
    FailedCheck.objects.update(at=timezone.now() - timedelta(days=2))
    verification.note_failure("192.0.2.1")

    assert verification.forget_failures() == 1
    assert FailedCheck.objects.count() == 1


def test_an_unknown_token_is_absent(letter):
    answer = Client().get("/verify/nosuchtoken/")

    assert answer.status_code == 404
    assert "查无此函" in answer.content.decode()


def test_the_page_sets_no_cookie_and_speaks_english(letter):
    answer = Client().get("/en/verify/")

    assert not answer.cookies
    assert 'lang="en"' in answer.content.decode()


@pytest.mark.parametrize("typed", ["\x00", "邀函", "x" * 500, "😀" * 30, "'; DROP TABLE --"])
def test_odd_input_is_answered(letter, typed):
    assert Client().post("/verify/", {"number": typed, "code": typed, "passport": typed}).status_code == 200
