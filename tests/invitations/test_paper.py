"""The paper of a letter: its seal, its hand-over, its submission online, and who may do which of it when."""

from datetime import timedelta

import pytest
from django.db import IntegrityError, connection, transaction
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from accounts.models import AuditEvent
from cases import process
from cases.models import Case, CaseStep
from core.printing import PrintRefusedError
from invitations import slip
from invitations.models import InvitationLetter
from tests import factories as make

from . import scans
from .conftest import address, current_approval, drawn, fill, invite, issued, on_letter, scanned, upload
from .test_letter_pages import text_of

TODAY = timezone.localdate


def case_of(letter):
    return Case.objects.get(pk=letter.application.case_id)


def step_of(letter):
    return CaseStep.objects.get(case=letter.application.case, step__number=4)


def submitted(letter, by, **typed):
    receipts = {f"receipt_{letter.pk}": "W2026-1129-3"}
    return make.act(letter.application.case, "submit_online", "4", by=by, **{"submitted_on": TODAY().isoformat(), "outcome": "completed"} | receipts | typed)


def blocked(letter, action, by, target=None, **data):
    """The rules that stand against an action."""
    key = f"invitationletter:{letter.pk}" if target is None else target
    with pytest.raises(process.BlockedError) as refusal:
        make.act(letter.application.case, action, key, by=by, **data)
    return [blocker.rule for blocker in refusal.value.blockers]


# -- seal and hand-over ------------------------------------------------------------------------------------------------------------------------------------


def test_seal_and_hand_over_are_registered_once(letter, registrar):
    letter = on_letter(letter, "seal_letter", by=registrar, remark="行政章")
    letter = on_letter(letter, "deliver_letter", by=registrar, to="苏明", remark="凭身份证件")

    assert (letter.sealed_by, letter.handed_over_by, letter.handed_over_to) == (registrar, registrar, "苏明")
    texts = case_of(letter).timeline.filter(kind__in=("seal_letter", "deliver_letter")).order_by("pk").values_list("text", flat=True)
    assert list(texts) == [f"{letter.number}；行政章", f"{letter.number}；苏明；凭身份证件"]
    for action in ("seal_letter", "deliver_letter"):
        assert blocked(letter, action, registrar, to="x", remark="") == ["ENG-01"]
    for change in ({"sealed_at": timezone.now()}, {"handed_over_to": "别人"}, {"sealed_by": None, "sealed_at": None}):
        with pytest.raises(IntegrityError), transaction.atomic():
            InvitationLetter.objects.update(**change)


def test_a_letter_is_sealed_after_it_is_drawn_and_scanned_after_it_is_sealed(case, reviewers, signer, registrar):
    issued(case, reviewers, signer)
    letter = InvitationLetter.objects.get()

    assert blocked(letter, "seal_letter", registrar, remark="") == ["INV-31"]
    assert blocked(letter, "deliver_letter", registrar, to="苏明") == ["INV-32"]
    assert blocked(letter, "upload_scan", registrar) == ["INV-32"]


def test_whom_it_goes_to_is_asked(letter, registrar):
    on_letter(letter, "seal_letter", by=registrar, remark="")
    client, version = make.client_of(registrar), case_of(letter).version

    page = client.post(address(letter, "deliver_letter"), {"to": " ", "version": version}).content.decode()

    assert 'id="id_to_error"' in page or "必填" in page or "这个字段" in page


# -- submission --------------------------------------------------------------------------------------------------------------------------------------------


def test_what_a_letter_lacks_blocks_its_submission(letter, registrar):
    assert blocked(letter, "submit_online", registrar, "4") == ["INV-32", "INV-33", "INV-34"]
    page = make.client_of(registrar).get(case_of(letter).get_absolute_url()).content.decode()
    for told in ("还没有登记用印", "还没有登记交付", "还没有上传签字盖章后的扫描件", "公布的运行流程第 4 步"):
        assert told in page


def test_with_scan_and_receipt_the_step_is_done_and_the_case_closed(sealed, registrar):
    letter = scanned(sealed, registrar)

    case = submitted(letter, registrar)

    letter = InvitationLetter.objects.get()
    assert (letter.submitted_on, letter.submitted_by, letter.receipt_number) == (TODAY(), registrar, "W2026-1129-3")
    assert (case.is_closed, step_of(letter).status, step_of(letter).is_final) == (True, "done", True)
    assert "W2026-1129-3" in case.timeline.get(kind="submit_online").text
    assert AuditEvent.objects.filter(action="invitation.submit_online").count() == 1
    page = make.client_of(registrar).get(letter.get_absolute_url()).content.decode()
    assert "W2026-1129-3" in page
    with pytest.raises(IntegrityError), transaction.atomic():
        InvitationLetter.objects.update(receipt_number="anders")


@pytest.mark.parametrize(
    ("typed", "told"),
    [
        ({"submitted_on": (TODAY() + timedelta(days=1)).isoformat()}, "提交日期还没有到"),
        ({"submitted_on": (TODAY() - timedelta(days=3)).isoformat()}, "提交日期早于签发日期"),
        ({"submitted_on": "昨天"}, "没有这一天"),
        ({"receipt": ""}, "必填"),
        ({"receipt": "长" * 81}, "80"),
    ],
    ids=["tomorrow", "before the issue", "no day", "no number", "too long"],
)
def test_bad_dates_and_numbers_are_told_beside_the_field(sealed, registrar, typed, told):
    letter = scanned(sealed, registrar)
    typed = {(f"receipt_{letter.pk}" if name == "receipt" else name): value for name, value in typed.items()}
    form = {"submitted_on": TODAY().isoformat(), f"receipt_{letter.pk}": "W1", "outcome": "completed"} | typed

    with pytest.raises(process.InvalidError) as refusal:
        make.act(letter.application.case, "submit_online", "4", by=registrar, **form)

    (name, errors), *others = refusal.value.form.errors.items()
    assert (name, others) == (next(iter(typed)), [])
    assert told in errors[0] or name.startswith("receipt")
    assert InvitationLetter.objects.get().submitted_on is None


def test_a_paper_not_handed_over_may_be_let_pass_by_a_second_person(letter, registrar, reviewers, preparer):
    letter = scanned(on_letter(letter, "seal_letter", by=registrar, remark=""), registrar)
    assert blocked(letter, "submit_online", registrar, "4") == ["INV-33"]

    make.act(case_of(letter), "ask_override", "4", by=preparer, rule="INV-33", reason="申请人下周来取")
    make.act(case_of(letter), "approve", f"approval:{current_approval(case_of(letter)).pk}", by=reviewers[0])
    case = submitted(letter, registrar)

    assert case.is_closed
    on_letter(letter, "deliver_letter", by=registrar, to="苏明", remark="")
    assert InvitationLetter.objects.get().handed_over_to == "苏明"


def test_a_scan_that_waits_blocks_the_submission(sealed, registrar):
    upload(sealed, registrar, ("scan.pdf", scans.pdf(scans.paper())))

    assert blocked(sealed, "submit_online", registrar, "4") == ["INV-35"]
    assert blocked(sealed, "upload_scan", registrar) == ["ENG-01"]


def test_a_void_letter_needs_no_scan(letter, registrar, preparer, signer):
    on_letter(letter, "ask_cancellation", by=preparer, reason="行程取消", told="已电话告知邀请单位")
    assert "INV-36" in blocked(letter, "submit_online", registrar, "4")
    on_letter(letter, "cancel_letter", by=signer, note="", password="-")

    case = make.act(letter.application.case, "submit_online", "4", by=registrar, outcome="declined", remark="函件已作废")

    assert case.is_closed
    assert InvitationLetter.objects.get().submitted_on is None


def test_each_letter_of_an_application_is_submitted(preparer, unit, reviewers, signer, registrar):
    case = make.case("4.1", by=preparer, title="七人团")
    invite(fill(case.invitation_application, unit), [(f"BERG{sign}", "LARS", "", "M", f"P000044{place:02}") for place, sign in enumerate("ABCDEFG")])
    make.act(case, "add_material", name="贸易往来文件")
    issued(make.collected(case), reviewers, signer)
    for letter in InvitationLetter.objects.order_by("part"):
        on_letter(drawn(letter), "seal_letter", by=registrar, remark="")
        on_letter(letter, "deliver_letter", by=registrar, to="苏明", remark="")
    first, second = InvitationLetter.objects.order_by("part")
    scanned(first, registrar)

    assert blocked(second, "submit_online", registrar, "4") == ["INV-34"]

    scanned(second, registrar)
    make.act(
        case,
        "submit_online",
        "4",
        by=registrar,
        submitted_on=TODAY().isoformat(),
        outcome="completed",
        **{f"receipt_{first.pk}": "W1", f"receipt_{second.pk}": "W2"},
    )

    assert list(InvitationLetter.objects.order_by("part").values_list("receipt_number", flat=True)) == ["W1", "W2"]


# -- who may what ------------------------------------------------------------------------------------------------------------------------------------------

KEEPERS, OPENERS, ASKERS, SIGNERS, HANDLERS = {"registrar"}, {"registrar", "signer"}, {"preparer", "signer"}, {"signer"}, {"preparer"}
MAY = {
    "seal_letter": KEEPERS,
    "deliver_letter": KEEPERS,
    "upload_scan": KEEPERS,
    "confirm_scan": OPENERS,
    "refuse_scan": OPENERS,
    "take_scan_back": set(),  # the one person who handed it in
    "ask_cancellation": ASKERS,
    "cancel_letter": SIGNERS,
    "keep_letter": SIGNERS,
    "replace_letter": HANDLERS,
}
ROLES = ("preparer", "reviewer", "signer", "registrar", "leader")
# What is there to be done in each state of a letter, open case or closed.
STATES = {
    "issued": {"seal_letter", "deliver_letter", "upload_scan", "ask_cancellation", "replace_letter"},
    "sealed": {"upload_scan", "ask_cancellation", "replace_letter"},
    "scanned": {"upload_scan", "ask_cancellation", "replace_letter"},
    "waiting": {"confirm_scan", "refuse_scan", "ask_cancellation", "replace_letter"},
    "asked": {"upload_scan", "cancel_letter", "keep_letter", "replace_letter"},
    "void": {"replace_letter"},
    "being replaced": {"upload_scan", "ask_cancellation"},
    "replaced": set(),
    "submitted": {"ask_cancellation", "replace_letter"},
}


@pytest.mark.parametrize("state", STATES)
def test_who_may_do_what_in_each_state(db, state, request):
    letter = request.getfixturevalue("letter" if state == "issued" else "sealed")
    people = {name: request.getfixturevalue(name) for name in ("preparer", "signer", "registrar")}
    bring(letter, state, people)
    workers = {role: make.worker(role, "4.1") for role in ROLES}

    offered = {}
    for role, person in workers.items():
        case = process.load({"pk": letter.application.case_id})
        detail = InvitationLetter.objects.get(pk=letter.pk).application
        offered[role] = {offer.action.name for offer in process.offers(case, person, detail) if isinstance(offer.target, InvitationLetter)}

    assert offered == {role: {name for name in STATES[state] if role in MAY[name]} for role in ROLES}
    for role, person in workers.items():
        client = make.client_of(person)
        answers = {name: client.get(address(letter, name)).status_code for name in MAY}
        assert {name for name, status in answers.items() if status == 200} == offered[role]
        assert set(answers.values()) <= {200, 404}


def bring(letter, state, people):
    """The letter into a state, by what leads there."""
    if state == "scanned":
        scanned(letter, people["registrar"])
    elif state == "waiting":
        upload(letter, people["registrar"], ("scan.pdf", scans.pdf(scans.paper())))
    elif state in {"asked", "void"}:
        on_letter(letter, "ask_cancellation", by=people["preparer"], reason="有误", told="邀请单位")
        if state == "void":
            on_letter(letter, "cancel_letter", by=people["signer"], note="", password="-")
    elif state == "being replaced":
        on_letter(letter, "replace_letter", by=people["preparer"], remark="")
    elif state == "replaced":
        row = {
            field.attname: getattr(letter, field.attname) for field in InvitationLetter._meta.concrete_fields if field.name not in ("id", "row_key", "content")
        }
        other = InvitationLetter.objects.create(
            **row | {"number": "邀函〔2026〕99号", "serial": 99, "part": 99, "content": "{}", "token_digest": "a" * 64, "code_digest": "b" * 64}
        )
        InvitationLetter.objects.filter(pk=letter.pk).update(replaced_by=other, replaced_at=timezone.now())
        InvitationLetter.objects.filter(pk=other.pk).update(cancelled_at=timezone.now(), replaced_by=letter, replaced_at=timezone.now())
    elif state == "submitted":
        submitted(scanned(letter, people["registrar"]), people["registrar"])


@pytest.mark.parametrize("role", ["preparer", "reviewer", "signer", "leader"])
def test_only_the_registrar_submits(sealed, registrar, role):
    letter = scanned(sealed, registrar)

    with pytest.raises(process.BlockedError, match="不可用"):
        submitted(letter, make.worker(role, "4.1"))


# -- the slip ----------------------------------------------------------------------------------------------------------------------------------------------


def test_the_slip_goes_with_the_paper(letter, registrar):
    answer = make.client_of(registrar).get(reverse("invitations:letter-slip", args=[letter.pk]))

    words = "".join(text_of(answer.content).split("\r\n"))
    for told in ("函件用印交付单", letter.number, letter.unit_name, "3 人", "1 页", "郑签", letter.sha256[:20], "签字", "用印", "领取"):
        assert told in words
    assert "BERG" not in words
    assert "P0000" not in words
    assert AuditEvent.objects.filter(action="invitation.print_slip", by=registrar).count() == 1
    assert "用印交付单" in make.client_of(registrar).get(letter.get_absolute_url()).content.decode()


def test_a_slip_that_cannot_be_printed_says_why(letter, registrar, monkeypatch):
    def refuse(*_given):
        raise PrintRefusedError("有 1 个字符无法打印")

    monkeypatch.setattr("invitations.paper_views.slip_pdf", refuse)

    answer = make.client_of(registrar).get(reverse("invitations:letter-slip", args=[letter.pk]))

    assert answer.status_code == 422
    assert "有 1 个字符无法打印" in answer.content.decode()
    assert slip.TITLE == "函件用印交付单"


def test_there_is_no_slip_for_what_is_not_drawn_or_void(letter, registrar, signer, preparer):
    client = make.client_of(registrar)
    on_letter(letter, "ask_cancellation", by=preparer, reason="有误", told="邀请单位")
    on_letter(letter, "cancel_letter", by=signer, note="", password="-")

    assert client.get(reverse("invitations:letter-slip", args=[letter.pk])).status_code == 404
    assert "slip.pdf" not in client.get(letter.get_absolute_url()).content.decode()
    assert make.signed_in("registrar").get(reverse("invitations:letter-slip", args=[letter.pk])).status_code == 404


# -- pages -------------------------------------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("page", "papers"), [("invitations:home", True), ("cases:today", True), ("cases:approval-list", False)])
def test_each_finds_what_waits_for_them(letter, registrar, signer, preparer, page, papers):
    """On the first page of letters and beside today's work all of it, beside what is to be approved only what is to be decided."""

    def waiting(person):
        text = make.client_of(person).get(reverse(page)).content.decode()
        return letter.number in text.partition("等您办的函件")[2].partition("</section>")[0]

    assert [waiting(person) for person in (registrar, signer, preparer)] == [papers, False, False]
    on_letter(letter, "ask_cancellation", by=preparer, reason="有误", told="邀请单位")
    assert [waiting(person) for person in (registrar, signer, preparer)] == [papers, True, False]
    on_letter(letter, "cancel_letter", by=signer, note="", password="-")
    assert [waiting(person) for person in (registrar, signer, preparer)] == [False, False, False]


def test_the_pages_take_as_many_queries_however_many_letters(preparer, unit, reviewers, signer, registrar):
    def count(path):
        client = make.client_of(registrar)
        client.get(path)
        with CaptureQueriesContext(
            connection,
        ) as queries:
            assert client.get(path).status_code == 200
        return len(queries)

    figures = []
    for people in (3, 12):
        case = make.case("4.1", by=preparer, title=f"{people} 人团")
        names = [(f"BERG{chr(65 + place)}", "LARS", "", "M", f"P{people:02}004{place:03}") for place in range(people)]
        invite(fill(case.invitation_application, unit), names)
        make.act(case, "add_material", name="贸易往来文件")
        issued(make.collected(case), reviewers, signer)
        for letter in InvitationLetter.objects.filter(application__case=case):
            on_letter(drawn(letter), "ask_cancellation", by=preparer, reason="有误", told="邀请单位")
        letter = InvitationLetter.objects.filter(application__case=case).first()
        figures.append([count(path) for path in (case.get_absolute_url(), letter.get_absolute_url(), reverse("invitations:home"), unit.get_absolute_url())])

    assert figures[0] == figures[1]
