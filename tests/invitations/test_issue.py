"""From the counter to the signature: four people act, the database keeps what they signed off."""

import json

import pytest
from django.db import IntegrityError, transaction

from cases import process
from core import codes
from invitations.models import InvitationLetter
from tests import factories as make

from .conftest import current_approval, fill, invite, issued, reviewed, taken_in


def test_an_application_is_taken_in_when_it_is_filled_in(preparer, unit):
    case = make.collected(make.case("4.1", by=preparer))
    for task in case.tasks.filter(step__step__number=1):
        make.act(case, "tick", f"task:{task.pk}")

    with pytest.raises(process.BlockedError, match=r"申请没有填全：邀请单位、函件种类.*被邀请人"):
        make.act(case, "receive_application", "1")


def test_letters_are_signed_off_by_a_fourth_person(case, reviewers, signer, preparer):
    issued(case, reviewers, signer)

    letter = InvitationLetter.objects.get()
    assert (letter.number, letter.serial, letter.count, letter.part) == (f"邀函〔{letter.year}〕1号", 1, 3, 1)
    assert [letter.prepared_by, letter.first_reviewed_by, letter.reviewed_by, letter.issued_by] == [preparer, *reviewers, signer]
    assert letter.masked_names == ["B*** L***", "H*** M***", "W*** Y***"]
    content = json.loads(letter.content.reveal())
    assert [person["passport"] for person in content["people"]] == ["P00004417", "P00000925", "P00003310"]
    assert codes.digest(content["token"]) == letter.token_digest
    assert codes.matches(codes.read_code(content["code"]), letter.code_digest)
    step = case.steps.get(step__number=3)
    assert (step.status, step.is_final) == ("done", True)


def test_who_prepared_or_reviewed_does_not_sign_off(case, reviewers, signer):
    second = make.worker("signer", "4.1", name="兼任签发人")
    reviewed(case, [reviewers[0], second])
    make.act(case, "submit", "3")

    with pytest.raises(process.BlockedError, match="不能签发"):
        make.act(case, "approve", f"approval:{current_approval(case).pk}", by=second, password="-")

    make.act(case, "approve", f"approval:{current_approval(case).pk}", by=signer, password="-")
    assert InvitationLetter.objects.get().issued_by == signer


def test_the_database_knows_four_people(case, reviewers, signer):
    issued(case, reviewers, signer)
    letter = InvitationLetter.objects.get()
    row = {field.attname: getattr(letter, field.attname) for field in InvitationLetter._meta.concrete_fields if field.name not in ("id", "row_key", "content")}
    fresh = {"number": "邀函〔2026〕99号", "serial": 99, "part": 99, "token_digest": "a" * 64, "code_digest": "b" * 64}

    for who in ("first_reviewed_by_id", "reviewed_by_id", "issued_by_id"):
        with pytest.raises(IntegrityError), transaction.atomic():
            InvitationLetter.objects.create(**row | fresh | {who: letter.prepared_by_id})


@pytest.mark.parametrize("change", [{"number": "x"}, {"content_digest": "0" * 64}, {"count": 9}, {"valid_until": "2030-01-01"}, {"masked_names": []}])
def test_an_issued_letter_is_frozen(case, reviewers, signer, change):
    issued(case, reviewers, signer)

    with pytest.raises(IntegrityError, match="stays as it was signed off"), transaction.atomic():
        InvitationLetter.objects.update(**change)
    with pytest.raises(IntegrityError, match="not deleted"), transaction.atomic():
        InvitationLetter.objects.all()._raw_delete("default")


def test_more_people_than_a_letter_holds_make_several(preparer, unit, reviewers, signer):
    case = make.case("4.1", by=preparer, title="七人团")
    application = fill(case.invitation_application, unit)
    invite(application, [(f"BERG{sign}", "LARS", "", "M", f"P000044{place:02}") for place, sign in enumerate("ABCDEFG")])
    make.act(case, "add_material", name="贸易往来文件")
    issued(make.collected(case), reviewers, signer)

    assert list(InvitationLetter.objects.order_by("part").values_list("part", "serial", "count")) == [(1, 1, 5), (2, 2, 2)]


def test_a_rule_that_blocks_is_overridden_by_a_second_person(case, reviewers):
    case.invitation_application.invitees.update(has_visited=False)
    taken_in(case)
    with pytest.raises(process.BlockedError, match="首次来华，材料中缺“派遣证明”"):
        make.act(case, "submit", "2")

    make.act(case, "ask_override", "2", rule="INV-04", reason="使馆已电话确认")
    make.act(case, "approve", f"approval:{current_approval(case).pk}", by=reviewers[0])
    make.act(case, "submit", "2")

    assert current_approval(case).right == "review"
