"""Issuing several applications at once: the password once, each checked and signed off alone, what is refused and why, and no number lost."""

import pytest
from django.db import IntegrityError, connection, transaction
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from accounts.models import AuditEvent, User
from cases.models import Case
from invitations import batches
from invitations.models import BatchLine, InvitationLetter, IssueBatch
from jobs import running
from jobs.actions import cancel
from jobs.models import Job
from tests import factories as make

from .conftest import current_approval, fill, invite, reviewed

ADDRESS = reverse("invitations:batch-create")


def application(preparer, unit, reviewers, place):
    """An application that waits for the signature, with people of its own."""
    case = make.case("4.1", by=preparer, title=f"第 {place} 份申请")
    invite(fill(case.invitation_application, unit), [(f"BERG{chr(64 + place)}", "LARS", "", "M", f"P00005{place:03}")])
    for name in ("贸易往来文件", "中文译文"):
        make.act(case, "add_material", name=name)
    reviewed(make.collected(case), reviewers)
    make.act(case, "submit", "3")
    return Case.objects.get(pk=case.pk)


@pytest.fixture
def three(preparer, unit, reviewers):
    return [application(preparer, unit, reviewers, place) for place in (1, 2, 3)]


@pytest.fixture
def client(signer):
    return make.client_of(signer)


def ticks(cases):
    return [f"{current_approval(case).pk}~{Case.objects.get(pk=case.pk).version}" for case in cases]


def asked(client, cases, **other):
    """The batch that the signer asked for."""
    answer = client.post(ADDRESS, {"approval": ticks(cases), "note": "同意", "password": make.PASSWORD} | other)
    assert answer.status_code == 302, answer.context["form"].errors
    return IssueBatch.objects.latest("pk")


def run(batch):
    running.run(batch.job_id, Job.objects.get(pk=batch.job_id).attempts + 1)
    return Job.objects.get(pk=batch.job_id)


def numbers():
    return list(InvitationLetter.objects.order_by("serial").values_list("serial", flat=True))


def test_what_waits_for_the_signature_is_listed(client, three):
    page = client.get(ADDRESS)

    assert [row.case for row, _tick in page.context["rows"]] == three
    for told in ("第 1 份申请", "天津北湾展览服务有限公司", "签发勾选的申请"):
        assert told in page.text
    assert ADDRESS in client.get(reverse("cases:approval-list")).text


def test_with_nothing_to_sign_the_page_says_so(client):
    assert "没有等您签发的邀请函申请" in client.get(ADDRESS).text


def test_ticked_applications_are_issued_one_after_another(client, signer, three):
    batch = asked(client, three[:2])
    assert batch.job.total == 2
    assert "2 件等待签发" in client.get(batch.get_absolute_url()).text
    assert not InvitationLetter.objects.exists()

    job = run(batch)

    assert (job.outcome, job.done, job.total) == ("done", 2, 2)
    assert numbers() == [1, 2]
    assert {letter.issued_by for letter in InvitationLetter.objects.all()} == {signer}
    page = client.get(batch.get_absolute_url()).text
    assert "2 件已签发" in page
    assert InvitationLetter.objects.first().number in page
    assert [case.approvals.filter(step__step__number=3).get().note for case in three[:2]] == ["同意", "同意"]
    assert [row.case for row, _tick in client.get(ADDRESS).context["rows"]] == three[2:]
    assert AuditEvent.objects.filter(action="invitation.issue_batch", by=signer).count() == 1
    assert AuditEvent.objects.filter(action="case.approve", by=signer).count() == 2


def test_what_cannot_be_issued_is_listed_with_the_reason_and_takes_no_number(client, three, preparer, signer):
    batch = asked(client, three)
    changed, held, _last = three
    make.act(changed, "edit", title="改了名称", sensitivity="internal")
    held.invitation_application.invitees.update(passport_expires_on=timezone.localdate())

    job = run(batch)

    assert job.outcome == "done"
    assert numbers() == [1]
    reasons = list(batch.lines.values_list("reason", flat=True))
    assert "已有变化" in reasons[0]
    assert "送审之后内容有变化" in reasons[1] or "到期" in reasons[1]
    assert reasons[2] == ""
    page = client.get(batch.get_absolute_url()).text
    assert "2 件没有签发，没有占用编号" in page
    assert "1 件已签发" in page
    assert AuditEvent.objects.filter(action="invitation.refuse_in_batch").count() == 2


def test_one_letter_stands_in_the_way_of_the_next(client, preparer, unit, reviewers):
    cases = [application(preparer, unit, reviewers, 1), application(preparer, unit, reviewers, 1)]
    batch = asked(client, cases)

    run(batch)

    assert numbers() == [1]
    assert "已有时间重叠的有效函件" in batch.lines.last().reason


@pytest.mark.parametrize(
    ("typed", "field", "told"),
    [
        ({"password": ""}, "password", "请输入登录密码"),
        ({"password": "wrong"}, "password", "密码不正确"),
        ({"note": "一\u202e"}, "note", "文字方向控制符"),
        ({"note": "长" * 501}, "note", "500"),
    ],
)
def test_what_was_typed_wrong_is_told_and_the_ticks_stay(client, three, typed, field, told):
    page = client.post(ADDRESS, {"approval": ticks(three[:1]), "note": "", "password": make.PASSWORD} | typed)

    assert told in "".join(page.context["form"].errors[field])
    assert page.text.count("checked") == 1
    assert not IssueBatch.objects.exists()


@pytest.mark.parametrize("values", [[], ["x"], ["1~"], ["999999~1"], [f"{'9' * 30}~1"], ["1~²"]])
def test_ticks_that_stand_for_nothing_issue_nothing(client, three, values):
    page = client.post(ADDRESS, {"approval": values, "password": make.PASSWORD})

    assert page.status_code == 200
    assert "勾选" in "".join(page.context["form"].non_field_errors())
    assert not IssueBatch.objects.exists()


def test_rights_are_looked_at_when_it_runs(client, three, signer):
    batch = asked(client, three)
    signer.groups.clear()

    job = run(batch)

    assert (job.outcome, "权限有了变更" in job.failure) == ("failed", True)
    assert numbers() == []


def test_rights_are_looked_at_for_each(client, three, signer, monkeypatch):
    batch = asked(client, three)
    refusal = batches._refusal

    def then_taken_away(line, note, by):
        told = refusal(line, note, by)
        User.objects.get(pk=signer.pk).groups.clear()
        return told

    monkeypatch.setattr(batches, "_refusal", then_taken_away)
    run(batch)

    assert numbers() == [1]
    assert ["现在不可用" in reason for reason in batch.lines.values_list("reason", flat=True)] == [False, True, True]


def test_a_closed_account_ends_it(client, three, signer, monkeypatch):
    batch = asked(client, three)
    refusal = batches._refusal

    def then_closed(line, note, by):
        told = refusal(line, note, by)
        User.objects.filter(pk=signer.pk).update(is_active=False, disabled_reason="调离")
        return told

    monkeypatch.setattr(batches, "_refusal", then_closed)
    job = run(batch)

    assert (job.outcome, job.failure) == ("failed", "签发人的账号已停用，其余各件没有签发。")
    assert numbers() == [1]


def test_a_worker_that_dies_begins_where_it_was(client, three, monkeypatch):
    batch = asked(client, three)
    decide = batches.BatchLine.save

    def die(line, **options):
        raise KeyboardInterrupt

    monkeypatch.setattr(batches.BatchLine, "save", die)
    with pytest.raises(KeyboardInterrupt):
        run(batch)
    assert numbers() == [1]

    monkeypatch.setattr(batches.BatchLine, "save", decide)
    job = run(batch)

    assert job.outcome == "done"
    assert numbers() == [1, 2, 3]
    assert set(batch.lines.values_list("reason", flat=True)) == {""}


def test_it_can_be_stopped_and_never_runs_twice(client, signer, three):
    batch = asked(client, three)
    cancel(batch.job, by=signer)

    assert run(batch).outcome == "cancelled"
    assert numbers() == []
    page = client.get(batch.get_absolute_url()).text
    assert "3 件没有轮到，没有签发" in page
    assert client.post(reverse("jobs:job-again", args=[batch.job_id])).status_code == 403
    told = client.get(batch.job.get_absolute_url()).text
    assert batch.get_absolute_url() in told
    assert "重新提交" not in told


def test_a_batch_is_its_signers(client, three):
    batch = asked(client, three[:1])
    other = make.client_of(make.worker("signer", "4.1"))

    hidden, absent = (other.get(reverse("invitations:batch-detail", args=[pk])) for pk in (batch.pk, 987654))

    assert (hidden.status_code, hidden.content) == (404, absent.content)
    assert not batches.may(other.person, {"batch": batch.pk})


def test_who_only_prepares_has_no_such_page(three, preparer, reviewers):
    for person in (preparer, *reviewers):
        assert make.client_of(person).get(ADDRESS).status_code == 403
        assert make.client_of(person).post(ADDRESS, {"approval": ticks(three), "password": make.PASSWORD}).status_code == 403


def test_what_was_decided_stays(client, three):
    batch = asked(client, three[:1])
    run(batch)

    with pytest.raises(IntegrityError, match="stays as it is"), transaction.atomic():
        BatchLine.objects.update(reason="改")
    with pytest.raises(IntegrityError), transaction.atomic():
        BatchLine.objects.create(batch=batch, position=2, approval=batch.lines.get().approval, version=1)
    with pytest.raises(IntegrityError, match="not deleted"), transaction.atomic():
        BatchLine.objects.all()._raw_delete("default")


def test_pages_cost_the_same_however_many(client, three, preparer, unit, reviewers):
    def counted(path):
        client.get(path)
        with CaptureQueriesContext(connection) as queries:
            client.get(path)
        return len(queries)

    small, listed = asked(client, three[:1]), counted(ADDRESS)
    large = asked(client, three)
    run(small)
    run(large)
    before = counted(small.get_absolute_url())

    assert counted(large.get_absolute_url()) == before
    application(preparer, unit, reviewers, 4)
    assert counted(ADDRESS) <= listed
