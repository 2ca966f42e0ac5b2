"""What a reviewer and a signer have before them: the application in short, what was checked, the letter as it would be, earlier letters of the same people."""

import io

import pytest
from django.urls import reverse
from PIL import Image

from accounts.models import AuditEvent
from invitations import letter_views
from tests import factories as make

from .conftest import current_approval, fill, invite, issued, taken_in


def picture(case, part=1):
    return f"{reverse('invitations:specimen-picture', args=[case.number])}?part={part}"


@pytest.fixture
def asked(case):
    """The case, put to the first reviewer."""
    taken_in(case)
    make.act(case, "submit", "2")
    return case


def test_the_review_page_shows_all_that_is_decided_on(asked, reviewers):
    page = make.client_of(reviewers[0]).get(current_approval(asked).get_absolute_url()).text

    for told in (
        "参加装备展布展并进行商务洽谈",
        "天津北湾展览服务有限公司",
        "BERG LARS",
        "P****4417",
        "邀请函核对规则",
        "函件样张",
        "贸易往来文件",
        picture(asked),
        "谁能办哪一步",
    ):
        assert told in page
    assert "P00004417" not in page


def test_the_second_review_is_told_from_the_first(asked, preparer, reviewers):
    one, two = (make.client_of(reviewer) for reviewer in reviewers)
    assert "待审核" in one.get("/approvals/").text
    make.act(asked, "approve", f"approval:{current_approval(asked).pk}", by=reviewers[0])

    assert "待复核" in two.get("/approvals/").text
    assert "（复核）" in make.client_of(preparer).get(asked.get_absolute_url()).text


def test_a_signer_who_sends_back_without_a_reason_is_asked_for_it(asked, reviewers, signer):
    for reviewer in reviewers:
        make.act(asked, "approve", f"approval:{current_approval(asked).pk}", by=reviewer)
    make.act(asked, "submit", "3")
    approval, client = current_approval(asked), make.client_of(signer)
    sent = {"decision": "send_back", "note": "", "version": make.process.load({"pk": asked.pk}).version}

    page = client.post(approval.get_absolute_url(), sent)

    assert page.context["form"].errors == {"note": ["退回必须写明理由，便于承办人修改。"]}
    assert 'name="password"' in page.text
    blank = client.post(approval.get_absolute_url(), sent | {"decision": "approve"})
    assert blank.context["form"].errors == {"password": ["请输入登录密码。"]}
    assert not AuditEvent.objects.filter(action="sign_in.fail").exists()
    client.post(approval.get_absolute_url(), sent | {"note": "在华地点有误"})
    assert type(approval).objects.get(pk=approval.pk).decision == "returned"


def test_the_specimen_is_a_picture_in_the_page(asked, reviewers):
    answer = make.client_of(reviewers[0]).get(picture(asked))

    image = Image.open(io.BytesIO(answer.content))
    assert (answer.headers["Content-Type"], image.width, answer.headers["Cache-Control"]) == ("image/png", 1000, "private, no-store")
    assert AuditEvent.objects.filter(action="invitation.preview", by=reviewers[0]).count() == 1


def test_earlier_letters_of_the_same_people_stand_there_with_their_state(case, preparer, unit, reviewers, signer):
    issued(case, reviewers, signer)
    later = make.case("4.1", by=preparer, title="第二次邀请")
    application = fill(later.invitation_application, unit)
    fill(
        application,
        unit,
        entry_on=application.entry_on.replace(year=application.entry_on.year + 1),
        exit_on=application.exit_on.replace(year=application.exit_on.year + 1),
    )
    invite(application)

    page = make.client_of(reviewers[0]).get(later.get_absolute_url()).text

    assert "这些人以前的邀请函" in page
    assert case.number in page
    assert case.invitation_application.letters.get().number in page
    assert "（有效）" in page
    assert "P00004417" not in page


def test_each_letter_of_many_people_has_its_specimen(preparer, unit, reviewers):
    case = make.case("4.1", by=preparer, title="七人团")
    invite(fill(case.invitation_application, unit), [(f"BERG{sign}", "LARS", "", "M", f"P000044{place:02}") for place, sign in enumerate("ABCDEFG")])
    client = make.client_of(reviewers[0])

    page = client.get(case.get_absolute_url()).text

    assert picture(case, 2) in page
    assert "第 2 函，共 2 函" in page
    assert client.get(picture(case, 2)).status_code == 200
    for part in ("3", "0", "x", "-1", "²"):
        assert client.get(picture(case, part)).status_code == 404


def test_there_is_no_picture_of_what_is_not_whole(preparer, office, case, monkeypatch):
    empty = make.case("4.1", by=preparer)
    client = make.client_of(preparer)
    assert client.get(picture(empty)).status_code == 404
    assert picture(empty) not in client.get(empty.get_absolute_url()).text

    def refuse(content):
        raise letter_views.PrintRefusedError("一")

    monkeypatch.setattr(letter_views, "specimen_pdf", refuse)
    assert client.get(picture(case)).status_code == 404


def test_a_leader_sees_no_specimen(case):
    client = make.client_of(make.worker("leader", "4.1"))

    assert picture(case) not in client.get(case.get_absolute_url()).text
    assert client.get(picture(case)).status_code == 403


def test_what_was_checked_stands_first(case, reviewers, signer, preparer, unit):
    case.invitation_application.invitees.filter(position=1).update(is_from_mrz=False)
    taken_in(case)
    make.act(case, "submit", "2")
    page = make.client_of(reviewers[0]).get(current_approval(case).get_absolute_url())
    told = page.context["page"].checks[0]
    assert told.text == "核对规则提出 1 条意见"
    assert told.more.startswith("BERG LARS 的护照信息没有经机读码核对")


def test_who_was_invited_before_is_told_among_the_checks(case, preparer, unit, reviewers, signer):
    issued(case, reviewers, signer)
    later = make.case("4.1", by=preparer, title="第二次邀请")
    application = fill(later.invitation_application, unit)
    fill(
        application,
        unit,
        entry_on=application.entry_on.replace(year=application.entry_on.year + 1),
        exit_on=application.exit_on.replace(year=application.exit_on.year + 1),
    )
    invite(application)
    for name in ("贸易往来文件", "中文译文"):
        make.act(later, "add_material", name=name)
    taken_in(make.collected(later))
    make.act(later, "submit", "2")

    checks = make.client_of(reviewers[0]).get(current_approval(later).get_absolute_url()).context["page"].checks

    [told] = [check for check in checks if "以前有邀请函" in check.text]
    assert (told.text, case.invitation_application.letters.get().number in told.more) == ("3 人以前有邀请函", True)
    assert "核对规则没有提出问题" in [check.text for check in checks]
