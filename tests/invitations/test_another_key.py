"""A new field key: letters, their PDFs and scans are sealed anew, and nothing else can be put in their place."""

import json
import secrets

import pytest
from django.core.management import CommandError, call_command
from django.db import IntegrityError, transaction

from accounts.models import AuditEvent
from core.encryption import UnreadableSecretError
from core.files import path_of
from invitations.drawing import draw, issued_pdf
from invitations.models import InvitationLetter, Scan
from invitations.scans import shown

from . import scans
from .after import only_letter
from .conftest import issued, on_letter, scanned, upload

NEW = secrets.token_urlsafe(64)


@pytest.fixture
def paper(case, reviewers, signer, registrar):
    """A letter that was drawn, signed, sealed and handed over."""
    issued(case, reviewers, signer)
    draw(only_letter().pk)
    on_letter(only_letter(), "seal_letter", by=registrar, remark="")
    return on_letter(only_letter(), "deliver_letter", by=registrar, to="天津北湾展览服务有限公司 苏明", remark="")


@pytest.fixture
def rotate(settings, django_capture_on_commit_callbacks):
    """Run the command with a new key before the old one, then drop the old one as it says one may."""
    old = settings.FIELD_KEY

    def run():
        settings.FIELD_KEY = f"{NEW} {old}"
        with django_capture_on_commit_callbacks(execute=True):
            call_command("rotate_field_key")
        settings.FIELD_KEY = NEW

    return run


def test_letters_and_scans_are_read_with_the_new_key_alone(paper, registrar, rotate):
    scanned(paper, registrar)
    InvitationLetter.objects.update(submitted_on="2026-11-20", submitted_by=registrar)
    before = only_letter()
    pdf = issued_pdf(before)

    rotate()

    letter = only_letter()
    assert json.loads(letter.content.reveal())["people"][0]["passport"] == "P00004417"
    assert issued_pdf(letter) == pdf
    assert shown(letter, letter.scan, letter.scan_sha256, registrar, letter.scanned_at).startswith(b"%PDF")
    assert not path_of(before.file).exists()
    assert not path_of(before.scan).exists()
    counted = AuditEvent.objects.filter(action="field_key.rotate", subject__startswith="invitations.invitationletter.").values_list("facts", flat=True)
    assert [json.loads(facts)["count"] for facts in counted] == [1, 1, 1]  # words, PDF, scan
    before = letter
    rotate()
    assert (only_letter().file, only_letter().scan) == (before.file, before.scan)


def test_a_scan_that_waits_for_a_second_person_is_sealed_anew(paper, registrar, rotate):
    upload(paper, registrar, ("scan.pdf", scans.pdf(scans.paper())))

    rotate()

    scan = Scan.objects.get()
    assert shown(scan.letter, scan.file, scan.sealed_sha256, registrar, scan.added_at).startswith(b"%PDF")


def test_a_file_that_was_lost_is_told_and_the_old_key_stays(paper, rotate, capsys):
    path_of(paper.file).unlink()

    with pytest.raises(CommandError, match="旧密钥不能删去"):
        rotate()

    assert "文件不在" in capsys.readouterr().out
    assert only_letter().file == paper.file


def test_a_file_that_another_key_sealed_is_told(paper, rotate, settings, capsys):
    settings.FIELD_KEY = "k" * 64
    with pytest.raises(UnreadableSecretError):
        issued_pdf(paper)
    letter = InvitationLetter.objects.filter(pk=paper.pk)
    settings.FIELD_KEY = f"{NEW} {'k' * 64}"

    with pytest.raises(CommandError, match="旧密钥不能删去"):
        call_command("rotate_field_key")

    assert "没有标记为" in capsys.readouterr().out
    assert letter.get().file == paper.file


def test_the_words_of_a_letter_are_not_replaced_under_the_same_key(paper):
    paper.content = "{}"

    with pytest.raises(IntegrityError, match="stays as it was signed off"), transaction.atomic():
        paper.save()


@pytest.mark.parametrize("change", [{"file": "d" * 32}, {"sealed_sha256": "c" * 64}, {"sha256": "c" * 64}, {"file": "", "sealed_sha256": "c" * 64}])
def test_a_file_is_not_another_without_its_digest(paper, change):
    with pytest.raises(IntegrityError), transaction.atomic():
        InvitationLetter.objects.update(**change)


def test_a_scan_is_not_another_without_its_digest(paper, registrar):
    upload(paper, registrar, ("scan.pdf", scans.pdf(scans.paper())))

    for change in ({"sealed_sha256": "c" * 64}, {"sha256": "c" * 64, "file": "d" * 32, "sealed_sha256": "c" * 64}):
        with pytest.raises(IntegrityError), transaction.atomic():
            Scan.objects.update(**change)


def test_letters_that_are_not_drawn_have_no_file_to_seal(case, reviewers, signer, rotate):
    issued(case, reviewers, signer)

    rotate()

    assert only_letter().file == ""
