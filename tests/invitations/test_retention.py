"""What is kept no longer is purged by the confirmed rules, with a certificate; the register stays, and the public page goes on answering."""

import json
from datetime import timedelta

import pytest
from django.db import IntegrityError, transaction
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts.models import AuditEvent
from cases.models import Document
from core.files import path_of
from core.printing import PrintRefusedError
from duties.public_site import write
from invitations import personal, retention, upkeep
from invitations.drawing import draw
from invitations.invitee_forms import known_to
from invitations.models import FailedCheck, InvitationLetter, Invitee, Purge, RetentionRule
from invitations.seeds import seed
from jobs import schedule
from jobs.models import Job
from tests import factories as make

from ..duties.conftest import site_dir  # noqa: F401 - a fixture
from .after import closed, confirmed, left_days_ago, only_letter
from .conftest import fill, issued
from .test_letter_pages import text_of


@pytest.fixture
def old(case, reviewers, signer):
    """A closed case with a drawn letter and a passport's picture, over for 900 days."""
    material = case.materials.get(name="被邀请人相关资料")
    make.attached(case, "护照.txt", "姓名页".encode(), target=f"material:{material.pk}")
    issued(case, reviewers, signer)
    draw(only_letter().pk)
    left_days_ago(case, 900)
    return closed(case, 900)


@pytest.fixture
def committed(django_capture_on_commit_callbacks):
    """Purge, and let what waits for the commit happen."""

    def purge():
        with django_capture_on_commit_callbacks(execute=True):
            return personal.purge_what_is_due(timezone.now())

    return purge


def test_numbers_words_and_pdf_go_and_the_line_stays(old, committed):
    before = only_letter()
    rule = confirmed("numbers")

    (purge,) = committed()

    letter = only_letter()
    assert not Invitee.objects.filter(passport_number__isnull=False).exists()
    assert not Invitee.objects.exclude(passport_index=None).exists()
    assert (letter.content, letter.passport_digests, letter.file) == (None, [], "")
    assert not path_of(before.file).exists()
    assert (letter.number, letter.count, letter.masked_names, letter.sha256) == (before.number, 3, before.masked_names, before.sha256)
    assert (purge.people, purge.letters, purge.scans, purge.documents, purge.rule) == (3, 1, 0, 0, rule)
    assert purge.cases == [{"number": old.number, "people": 3, "letters": [letter.number], "scans": [], "documents": 0}]
    assert "24 个月" in purge.ground
    facts = json.loads(AuditEvent.objects.get(action="personal.purge").facts)
    assert (facts["number"], facts["cases"], facts["people"]) == (purge.number, [old.number], 3)
    assert committed() == []


def test_scans_and_papers_go_by_their_own_rule(old, committed):
    document = Document.objects.get(name="护照.txt")
    confirmed("scans")

    (purge,) = committed()

    document.refresh_from_db()
    assert document.purged_at is not None
    assert not document.path.exists()
    assert (purge.documents, purge.people) == (1, 0)
    assert Invitee.objects.filter(passport_number__isnull=False).count() == 3


def test_a_purged_document_is_told_of_and_not_opened(old, committed, preparer):
    confirmed("scans")
    committed()
    document = Document.objects.get(name="护照.txt")
    client = make.client_of(preparer)

    page = client.get(old.get_absolute_url()).content.decode()
    answer = client.get(reverse("cases:document-download", args=[old.number, document.pk]))

    assert "按保存期清除" in page
    assert answer.status_code == 410
    assert "保存期已满" in answer.content.decode()
    assert not document.previews


def test_a_signed_scan_goes_too(old, committed, preparer):
    InvitationLetter.objects.update(scan="a" * 32, scan_sha256="b" * 64, scan_pages=1, scanned_at=timezone.now(), scanned_by=preparer)
    confirmed("scans")

    (purge,) = committed()

    letter = only_letter()
    assert (letter.scan, letter.scan_sha256) == ("", "b" * 64)
    assert letter.scan_purged_at is not None
    assert purge.cases[0]["scans"] == [letter.number]


@pytest.mark.parametrize("days", [0, 30, 700])
def test_nothing_goes_before_its_time(case, reviewers, signer, committed, days):
    closed(issued(case, reviewers, signer), 900)
    left_days_ago(case, days)
    confirmed("numbers")

    assert committed() == []


def test_the_close_counts_where_it_is_later(case, reviewers, signer, committed):
    left_days_ago(issued(case, reviewers, signer), 900)
    closed(case, 100)
    confirmed("numbers")

    assert committed() == []


def test_an_open_case_is_left_alone(case, committed):
    left_days_ago(case, 900)
    confirmed("numbers")

    assert committed() == []


def test_a_rule_that_nobody_confirmed_destroys_nothing(old, committed):
    assert personal.due(RetentionRule.objects.get(what="numbers"), timezone.localdate()).count() == 1
    assert committed() == []
    confirmed("numbers", months=None)
    assert committed() == []


def test_many_cases_make_several_certificates(old, committed, preparer, monkeypatch):
    second = make.case("4.1", by=preparer, title="另一件")
    closed(second, 900)
    Invitee.objects.filter(surname="WANG").update(application=second.invitation_application)
    monkeypatch.setattr(personal, "BATCH", 1)
    confirmed("numbers")

    made = committed()

    assert [purge.people for purge in made] == [2, 1]
    assert [purge.serial for purge in made] == [1, 2]


# -- the database ------------------------------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "change",
    [
        {"content": None},
        {"passport_digests": []},
        {"file": ""},
        {"purged_at": timezone.now()},
        {"purged_at": timezone.now(), "content": None, "file": ""},
        {"purged_at": timezone.now(), "passport_digests": [], "file": ""},
        {"purged_at": timezone.now(), "content": None, "passport_digests": []},
        {"purged_at": timezone.now(), "content": None, "passport_digests": [], "file": "", "masked_names": []},
        {"file": "c" * 32},
    ],
)
def test_a_letter_is_purged_whole_or_not_at_all(old, change):
    with pytest.raises(IntegrityError), transaction.atomic():
        InvitationLetter.objects.update(**change)


def test_what_was_purged_does_not_come_back(old, committed):
    confirmed("numbers")
    committed()
    letter, invitee = only_letter(), Invitee.objects.first()

    for change in ({"purged_at": None}, {"file": "c" * 32}, {"passport_digests": ["d" * 64]}, {"purged_at": timezone.now() + timedelta(days=1)}):
        with pytest.raises(IntegrityError), transaction.atomic():
            InvitationLetter.objects.update(**change)
    letter.content = "{}"
    with pytest.raises(IntegrityError), transaction.atomic():
        letter.save()
    invitee.passport_number = "P1234567"
    with pytest.raises(IntegrityError), transaction.atomic():
        invitee.save()
    with pytest.raises(IntegrityError), transaction.atomic():
        Invitee.objects.update(purged_at=None)


def test_a_number_does_not_go_without_saying_so(case):
    invitee = Invitee.objects.first()
    invitee.passport_number = None

    with pytest.raises(IntegrityError), transaction.atomic():
        invitee.save()


def test_a_scan_goes_with_its_purge_only(old, preparer):
    InvitationLetter.objects.update(scan="a" * 32, scan_sha256="b" * 64, scan_pages=1, scanned_at=timezone.now(), scanned_by=preparer)
    InvitationLetter.objects.update(submitted_on=timezone.localdate(), submitted_by=preparer)

    for change in ({"scan_purged_at": timezone.now()}, {"scan": "", "purged_at": timezone.now()}, {"scan": "", "receipt_number": "x"}):
        with pytest.raises(IntegrityError), transaction.atomic():
            InvitationLetter.objects.update(**change)


def test_a_document_is_purged_once_and_stays_what_it_was(old):
    Document.objects.update(purged_at=timezone.now())

    for change in ({"purged_at": None}, {"name": "x.txt"}, {"file": "e" * 32}, {"sha256": "f" * 64}):
        with pytest.raises(IntegrityError), transaction.atomic():
            Document.objects.update(**change)
    Document.objects.update(withdrawn_at=timezone.now(), withdrawn_by=old.handler, withdraw_reason="上传有误")
    with pytest.raises(IntegrityError), transaction.atomic():
        Document.objects.update(withdraw_reason="x")


def test_a_certificate_is_kept(old, committed):
    confirmed("numbers")
    committed()

    with pytest.raises(IntegrityError), transaction.atomic():
        Purge.objects.update(people=0)
    with pytest.raises(IntegrityError), transaction.atomic():
        Purge.objects.all()._raw_delete("default")


# -- afterwards --------------------------------------------------------------------------------------------------------------------------------------------


def test_the_public_page_still_answers_and_compares_no_more(case, reviewers, signer, site_dir, monkeypatch, committed):  # noqa: F811 - the fixture
    monkeypatch.setattr("duties.documents.documents", lambda data: ())
    write()
    issued(case, reviewers, signer)
    words = json.loads(only_letter().content.reveal())
    left_days_ago(case, 900)
    closed(case, 900)
    confirmed("numbers")
    committed()

    page = Client().post("/verify/", {"number": words["number"], "code": words["code"], "passport": "P00004417"}).content.decode()
    by_token = Client().post(f"/verify/{words['token']}/", {"passport": "P00004417"}).content.decode()

    for told in (page, by_token):
        assert words["number"] in told
        assert "保存期已满，护照号码已清除，不能再比对" in told
        assert "不在这份函件的名单上" not in told
    assert "B*** L***" in by_token
    assert not FailedCheck.objects.exists()


def test_pages_of_a_purged_case_say_so(old, committed, preparer, signer):
    confirmed("numbers")
    committed()
    client = make.client_of(preparer)

    case_page, letter_page = (client.get(one.get_absolute_url()).content.decode() for one in (old, only_letter()))

    assert "护照号码已于" in case_page
    assert "查看号码" not in case_page
    assert "登记保留，公开核验照常" in letter_page
    assert client.get(reverse("invitations:letter-download", args=[only_letter().pk])).status_code == 404
    reveal = reverse("invitations:invitee-reveal", args=[old.number, Invitee.objects.first().pk])
    assert "已于" in client.post(reveal, {"reason": "签证机关来电"}).content.decode()
    assert not AuditEvent.objects.filter(action="invitation.reveal").exists()


def test_a_purged_guest_is_not_offered_again(old, committed, preparer, unit):
    second = make.case("4.1", by=preparer, title="又一批")
    application = fill(second.invitation_application, unit)
    assert len(known_to(preparer, application)) == 3
    confirmed("numbers")
    committed()

    assert known_to(preparer, application) == {}


def test_a_letter_that_was_never_drawn_is_purged_as_well(case, reviewers, signer, committed):
    issued(case, reviewers, signer)
    left_days_ago(case, 900)
    closed(case, 900)
    confirmed("numbers")

    (purge,) = committed()

    draw(only_letter().pk)
    assert (purge.letters, only_letter().file) == (1, "")


# -- the schedule ------------------------------------------------------------------------------------------------------------------------------------------


def test_the_schedule_purges_and_forgets(office, monkeypatch):
    called = []
    monkeypatch.setattr(upkeep, "purge_what_is_due", lambda at, passed: called.append("purge"))
    monkeypatch.setattr(upkeep, "forget_failures", lambda: called.append("forget"))
    schedule.ask_for_what_is_due()

    for kind in ("purge-personal-data", "forget-failed-checks"):
        job = Job.objects.get(kind=kind)
        getattr(upkeep, {"purge-personal-data": "purge_personal_data", "forget-failed-checks": "forget_failed_checks"}[kind])(job, lambda *done: None)

    assert called == ["purge", "forget"]


# -- the rules ---------------------------------------------------------------------------------------------------------------------------------------------


def seen_of(client):
    return {rule.what: seen for rule, _count, seen in client.get(reverse("invitations:personal-home")).context["rules"]}


def test_a_rule_is_changed_by_one_and_confirmed_by_another(office):
    editor, publisher = make.signed_in("editor"), make.signed_in("publisher")
    edit, confirm = (reverse(f"invitations:retention-{act}", args=["scans"]) for act in ("edit", "confirm"))

    editor.post(edit, {"months": "12", "papers": "被邀请人相关资料、委托函", "basis": "档案管理规定", "seen": seen_of(editor)["scans"]})
    rule = RetentionRule.objects.get(what="scans")
    assert (rule.months, rule.paper_names, rule.changed_by, rule.is_confirmed) == (12, ["被邀请人相关资料", "委托函"], editor.person, False)

    publisher.post(confirm, {"seen": seen_of(publisher)["scans"]})
    rule.refresh_from_db()
    assert rule.confirmed_by == publisher.person
    assert AuditEvent.objects.filter(action__in=["retention_rule.change", "retention_rule.confirm"]).count() == 2


def test_what_the_confirmer_did_not_see_is_not_confirmed(office):
    publisher = make.signed_in("publisher")
    seen = seen_of(publisher)["numbers"]
    rule = RetentionRule.objects.get(what="numbers")
    retention.change(rule, {"months": 36, "basis": "档案管理规定"}, seen=seen, by=make.person("editor"))

    answer = publisher.post(reverse("invitations:retention-confirm", args=["numbers"]), {"seen": seen}, follow=True)

    assert "内容已有变化" in answer.content.decode()
    assert not RetentionRule.objects.get(what="numbers").is_confirmed


def test_who_changed_it_does_not_confirm_it_and_nobody_twice(office):
    both = make.person("editor", "publisher")
    client = make.client_of(both)
    retention.change(RetentionRule.objects.get(what="numbers"), {"months": 36}, seen=seen_of(client)["numbers"], by=both)
    confirm = reverse("invitations:retention-confirm", args=["numbers"])

    assert "修改人以外" in client.post(confirm, {"seen": seen_of(client)["numbers"]}, follow=True).content.decode()

    confirmed("scans")
    twice = reverse("invitations:retention-confirm", args=["scans"])
    assert "已经确认" in client.post(twice, {"seen": seen_of(client)["scans"]}, follow=True).content.decode()


def test_two_editors_at_once(office):
    first, second = make.signed_in("editor"), make.signed_in("editor")
    edit, seen = reverse("invitations:retention-edit", args=["numbers"]), seen_of(first)["numbers"]
    first.post(edit, {"months": "36", "basis": "档案管理规定", "seen": seen})

    answer = second.post(edit, {"months": "48", "basis": "档案管理规定", "seen": seen})

    assert answer.status_code == 409
    assert 'value="48"' in answer.content.decode()
    assert "36 个月" in answer.content.decode()


@pytest.mark.parametrize(("typed", "field"), [({"months": "0"}, "months"), ({"months": "500"}, "months"), ({"months": "6", "basis": ""}, "basis")])
def test_a_bad_rule_is_told_beside_the_field(office, typed, field):
    client = make.signed_in("editor")

    answer = client.post(reverse("invitations:retention-edit", args=["numbers"]), {"basis": "x"} | typed | {"seen": seen_of(client)["numbers"]})

    assert answer.context["form"].errors[field]


def test_nothing_new_is_told(office):
    client = make.signed_in("editor")
    rule = RetentionRule.objects.get(what="numbers")

    answer = client.post(
        reverse("invitations:retention-edit", args=["numbers"]), {"months": "24", "basis": rule.basis, "seen": seen_of(client)["numbers"]}, follow=True
    )

    assert "没有改动" in answer.content.decode()


def test_rules_that_staff_changed_stay_and_new_ones_come(office, settings):
    content = (settings.BASE_DIR / "fixtures/letters.toml").read_bytes()
    RetentionRule.objects.filter(what="numbers").update(months=60)
    RetentionRule.objects.filter(what="scans").delete()

    told = seed(content)

    assert told == ["保存期规则：录入 1 条，待本单位确认。"]
    assert RetentionRule.objects.get(what="numbers").months == 60
    assert seed(content) == []


# -- certificates ------------------------------------------------------------------------------------------------------------------------------------------


def test_certificates_are_listed_shown_and_printed(old, committed, preparer):
    confirmed("numbers")
    (purge,) = committed()
    client = make.client_of(preparer)

    assert purge.number in client.get(reverse("invitations:personal-home")).content.decode()
    page = client.get(purge.get_absolute_url()).content.decode()
    printed = client.get(reverse("invitations:purge-print", args=[purge.pk]))

    for told in (old.number, only_letter().number):
        assert told in page
        assert told in text_of(printed.content)
    assert "BERG" not in page


def test_certificates_are_for_who_works_on_letters_or_rules(old, committed):
    confirmed("numbers")
    (purge,) = committed()

    assert make.client_of(make.worker("preparer", "2.1")).get(purge.get_absolute_url()).status_code == 404
    assert make.signed_in("publisher").get(purge.get_absolute_url()).status_code == 200


def test_a_certificate_that_cannot_be_printed_says_why(old, committed, preparer, monkeypatch):
    confirmed("numbers")
    (purge,) = committed()

    def refuse(*args, **options):
        raise PrintRefusedError("字库里没有这个字")

    monkeypatch.setattr("invitations.personal_views.certificate_pdf", refuse)

    answer = make.client_of(preparer).get(reverse("invitations:purge-print", args=[purge.pk]))

    assert (answer.status_code, "字库里没有这个字" in answer.content.decode()) == (422, True)
