"""Verifying: each way of tampering is found and told in words, the result is stored and shown, and what was kept outside the database counts."""

import json
from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.db import DatabaseError, connection, transaction
from django.urls import reverse
from django.utils import timezone

from accounts.audit import acting, end_of_trail, find_faults, read_anchors, record
from accounts.models import AuditEvent, AuditHead
from auditing.jobs import VERIFICATION
from auditing.models import VerificationRun
from auditing.verification import keep_end, verify, work
from auditing.words import MEANINGS
from core import triggers
from jobs.kinds import CancelledError
from jobs.models import Job
from tests import factories as make

pytestmark = pytest.mark.django_db

EVENTS, HEAD = AuditEvent._meta.db_table, AuditHead._meta.db_table


@pytest.fixture
def auditor():
    return make.signed_in("auditor", name="审计")


@pytest.fixture
def trail(auditor):
    """Nine more events, an anchor at the end, and no trigger that would keep the test from tampering. Gives the number of the first of them."""
    first = end_of_trail().number + 1
    for number in range(9):
        with acting(auditor.person):
            record("person.enable", f"accounts.user:{number}", reason="复职")
    keep_end(Job(), print)
    triggers.lift(connection)
    return first


def run_sql(*statements):
    with connection.cursor() as cursor:
        for statement in statements:
            cursor.execute(statement)


def forge(number, digest="f" * 64):
    """A row that somebody adds in the database itself."""
    columns = "number, at, by_id, action, subject, facts, address, previous, digest"
    row = f"SELECT {number}, at, by_id, 'role.grant', subject, facts, address, digest, '{digest}' FROM {EVENTS} WHERE number = {number - 1}"
    run_sql(f"INSERT INTO {EVENTS} ({columns}) {row}")


TAMPERINGS = {
    "edited facts": (lambda n: run_sql(f"UPDATE {EVENTS} SET facts = '{{}}' WHERE number = {n + 3}"), {"altered"}),
    "edited act": (lambda n: run_sql(f"UPDATE {EVENTS} SET action = 'x' WHERE number = {n + 3}"), {"altered"}),
    "edited time": (lambda n: run_sql(f"UPDATE {EVENTS} SET at = '2020-01-01 00:00:00+00:00' WHERE number = {n + 3}"), {"altered"}),
    "edited person": (lambda n: run_sql(f"UPDATE {EVENTS} SET by_id = NULL WHERE number = {n + 3}"), {"altered"}),
    "edited digest": (lambda n: run_sql(f"UPDATE {EVENTS} SET digest = '{'0' * 64}' WHERE number = {n + 3}"), {"altered", "unchained"}),
    "deleted": (lambda n: run_sql(f"DELETE FROM {EVENTS} WHERE number = {n + 3}"), {"missing"}),
    "deleted and closed up": (
        lambda n: run_sql(
            f"DELETE FROM {EVENTS} WHERE number = {n + 3}", *(f"UPDATE {EVENTS} SET number = {i - 1} WHERE number = {i}" for i in range(n + 4, n + 9))
        ),
        {"altered", "unchained", "cut", "head"},
    ),
    "reordered": (
        lambda n: run_sql(*(f"UPDATE {EVENTS} SET number = {new} WHERE number = {old}" for old, new in ((n + 3, 10**9), (n + 4, n + 3), (10**9, n + 4)))),
        {"altered", "unchained"},
    ),
    "tail cut": (lambda n: run_sql(f"DELETE FROM {EVENTS} WHERE number > {n + 5}"), {"head", "cut"}),
    "tail cut and head mended": (
        lambda n: run_sql(
            f"DELETE FROM {EVENTS} WHERE number > {n + 5}",
            f"UPDATE {HEAD} SET number = {n + 5}, digest = (SELECT digest FROM {EVENTS} WHERE number = {n + 5})",
        ),
        {"cut"},
    ),
    "all deleted": (lambda n: run_sql(f"DELETE FROM {EVENTS}", f"DELETE FROM {HEAD}"), {"cut"}),
    "head forged": (lambda n: run_sql(f"UPDATE {HEAD} SET digest = '{'a' * 64}'"), {"head"}),
    "head deleted": (lambda n: run_sql(f"DELETE FROM {HEAD}"), {"head"}),
    "row forged": (lambda n: forge(n + 9), {"altered", "head"}),
    "row and head forged": (lambda n: (forge(n + 9), run_sql(f"UPDATE {HEAD} SET number = {n + 9}, digest = '{'f' * 64}'")), {"altered"}),
}


@pytest.mark.parametrize("name", TAMPERINGS)
def test_each_tampering_is_found_stored_and_told(trail, auditor, name):
    tamper, kinds = TAMPERINGS[name]
    tamper(trail)
    run = verify(origin="person", by=auditor.person)
    shown = auditor.get(run.get_absolute_url()).content.decode()

    assert {fault["kind"] for fault in run.faults} == kinds
    assert run.fault_count == len(run.faults)
    assert f"发现 {run.fault_count} 处问题" in shown
    assert all(fault["text"] in shown for fault in run.faults)
    assert all(str(MEANINGS[kind]) in shown for kind in kinds)


def test_an_untouched_trail_is_sound(trail, auditor, settings):
    end = end_of_trail()

    run = verify(origin="person", by=auditor.person)

    assert (run.is_sound, run.until_number, run.head_digest, run.anchors, run.by) == (True, end.number, end.digest, 1, auditor.person)
    assert read_anchors(settings.AUDIT_ANCHORS)[end.number] == end.digest
    assert "核验无误" in auditor.get(run.get_absolute_url()).content.decode()


def test_a_verification_is_an_act(auditor):
    end = end_of_trail()

    run = verify(origin="person", by=auditor.person)

    event = AuditEvent.objects.last()
    assert (event.action, event.subject, event.by) == ("audit.verify", f"auditing.verificationrun:{run.pk}", auditor.person)
    assert json.loads(event.facts) == {"anchors": 0, "faults": 0, "head": end.digest, "until": end.number}


def test_a_trail_that_takes_no_event_any_more_still_gets_its_result_stored(trail, auditor):
    forge(trail + 9)
    before = AuditEvent.objects.count()

    run = verify(origin="command")

    assert (VerificationRun.objects.get(), AuditEvent.objects.count()) == (run, before)


def test_what_is_written_meanwhile_is_no_fault(trail):
    end = end_of_trail()
    with acting(None):
        record("person.enable")

    assert list(find_faults(end=end)) == []
    assert list(find_faults()) == []


def test_a_trail_that_is_not_sound_leaves_no_anchor(trail, settings):
    before = read_anchors(settings.AUDIT_ANCHORS)
    run_sql(f"UPDATE {EVENTS} SET facts = '{{}}' WHERE number = {trail + 3}")

    verify(origin="command")

    assert read_anchors(settings.AUDIT_ANCHORS) == before


def test_more_faults_than_are_kept_are_counted(trail, auditor, monkeypatch):
    monkeypatch.setattr(VerificationRun, "KEPT", 2)
    run_sql(f"UPDATE {EVENTS} SET facts = '{{}}' WHERE number >= {trail}")

    run = verify(origin="person", by=auditor.person)

    assert (run.fault_count, len(run.faults), run.cut) == (9, 2, 7)
    assert "另有 7 处" in auditor.get(run.get_absolute_url()).content.decode()


def test_an_anchor_that_the_trail_does_not_hold_is_found(trail, settings):
    settings.AUDIT_ANCHORS.write_text(f"{trail + 2} {'0' * 64}\n")

    assert [fault.kind for fault in find_faults(settings.AUDIT_ANCHORS)] == ["anchor"]


def test_an_anchor_of_an_event_that_is_gone_is_found(trail, settings):
    digest = AuditEvent.objects.get(number=trail + 3).digest
    settings.AUDIT_ANCHORS.write_text(f"{trail + 3} {digest}\n")
    run_sql(f"DELETE FROM {EVENTS} WHERE number = {trail + 3}")

    assert {fault.kind for fault in find_faults(settings.AUDIT_ANCHORS)} == {"missing"}


def test_results_are_never_changed(auditor):
    run = verify(origin="command")

    for statement in (f"UPDATE {run._meta.db_table} SET fault_count = 0", f"DELETE FROM {run._meta.db_table}"):
        with pytest.raises(DatabaseError, match="append-only"), transaction.atomic():
            run_sql(statement)


# -- as a job ------------------------------------------------------------------------------------------------------------------------------------


def test_the_button_asks_for_a_job(auditor):
    response = auditor.post(reverse("auditing:verification-create"))

    job = Job.objects.get(kind=VERIFICATION.name)
    assert (response.status_code, response["Location"], job.asked_by) == (302, job.get_absolute_url(), auditor.person)


def test_the_job_tells_its_progress_and_stores_its_result(auditor, monkeypatch):
    monkeypatch.setattr("accounts.audit.CHUNK", 2)
    end = end_of_trail().number
    told = []

    work(Job(asked_by=auditor.person), lambda done, total=None: told.append((done, total)))

    run = VerificationRun.objects.get()
    assert (run.origin, run.by, run.until_number) == ("person", auditor.person, end)
    assert told == [(0, end), *((number, end) for number in range(2, end + 1, 2))]


def test_a_job_of_the_schedule_is_nobodys(db):
    work(Job(), lambda done, total=None: None)

    run = VerificationRun.objects.get()
    assert (run.origin, run.by) == ("schedule", None)


def test_a_cancelled_job_stores_nothing(auditor, monkeypatch):
    monkeypatch.setattr("accounts.audit.CHUNK", 1)

    def cancel(done, total=None):
        if done:
            raise CancelledError

    with pytest.raises(CancelledError):
        work(Job(asked_by=auditor.person), cancel)
    assert not VerificationRun.objects.exists()


def test_only_auditors_may_have_it_verified():
    assert [VERIFICATION.may(make.person(role), {}) for role in ("auditor", "security_admin", "leader")] == [True, False, False]


def test_the_command_stores_its_result(trail):
    out = StringIO()
    call_command("verify_audit", stdout=out)

    run_sql(f"UPDATE {EVENTS} SET facts = '{{}}' WHERE number = {trail + 3}")
    with pytest.raises(CommandError, match="审计日志有 1 处问题"):
        call_command("verify_audit", stdout=out)

    assert [(run.origin, run.fault_count) for run in VerificationRun.objects.order_by("pk")] == [("command", 0), ("command", 1)]
    assert f"第 {trail + 3} 条的内容与校验值不符" in out.getvalue()


# -- pages ---------------------------------------------------------------------------------------------------------------------------------------


def test_the_last_result_stands_above_the_trail(auditor):
    assert "还没有核验过" in auditor.get("/audit/").content.decode()
    verify(origin="command")
    assert "核验无误" in auditor.get("/audit/").content.decode()


def test_results_are_listed_newest_first(auditor):
    assert "还没有核验过" in auditor.get("/audit/verifications/").content.decode()
    runs = [verify(origin="command"), verify(origin="person", by=auditor.person)]

    response = auditor.get("/audit/verifications/")

    assert list(response.context["runs"]) == runs[::-1]
    assert ("命令行" in response.content.decode(), "审计" in response.content.decode()) == (True, True)


def test_a_result_that_is_not_there_is_not_found(auditor):
    assert auditor.get("/audit/verifications/99/").status_code == 404


def test_a_run_says_what_it_is():
    run = VerificationRun(until_number=5, fault_count=0, started_at=timezone.now())

    assert str(run) == "5 0"
