"""Exports of lists: the rows of the person who asked, as they are when it runs; and no file where their rights shrank since."""

import csv
import io
from datetime import datetime

import openpyxl
import pytest
from django.http import QueryDict
from django.urls import reverse
from django.utils import timezone

from accounts.audit import ACTIONS
from accounts.models import AuditEvent, User
from cases.lists import CASES
from cases.models import Assignment, Case
from core.paging import Key
from jobs import running
from jobs.models import Job
from lists import actions, exporting
from lists.jobs import EXPORT, may_have
from lists.kinds import kind_named
from lists.models import SavedFilter
from tests import factories as make

pytestmark = pytest.mark.django_db
EXPORT_URL = reverse("lists:export-create", args=["cases"])


def ask(by, query="view=department", format="xlsx"):
    """An export that this person asks for on the page; not run yet."""
    answer = make.client_of(by).post(EXPORT_URL, {"query": query, "format": format})
    job = Job.objects.latest("pk")
    assert answer["Location"] == job.get_absolute_url()
    return job


def run(job):
    running.run(job.pk, Job.objects.get(pk=job.pk).attempts + 1)
    return Job.objects.get(pk=job.pk)


def take_items(person):
    """Nobody assigns items to this person any more."""
    Assignment.objects.filter(user=person).update(ended_at=timezone.now(), ended_by=make.person("leader"))


def fetched(job, by):
    """The answer to whoever fetches the file: its status, and what is in it."""
    answer = make.client_of(User.objects.get(pk=by.pk)).get(reverse("jobs:job-file", args=[job.pk]))
    content = b"".join(answer.streaming_content) if answer.streaming else b""
    return answer.status_code, content


def body(job, by):
    status, content = fetched(job, by)
    assert status == 200
    return content


def rows_of(job, by):
    """The rows of an exported workbook, header first."""
    sheet = openpyxl.load_workbook(io.BytesIO(body(job, by))).active
    return [[cell.value for cell in row] for row in sheet.iter_rows()]


def titles(job, by):
    rows = rows_of(job, by)
    return [row[rows[0].index("名称")] for row in rows[1:]]


def test_an_export_holds_the_filtered_list_with_days_as_days(handler):
    case = make.case("2.1", handler, "=来访")
    make.case("2.1", handler, "别的")
    job = run(ask(handler, "view=department&q=来访&after=9&rows=50"))

    header, row = rows_of(job, handler)
    assert header == ["编号", "名称", "事项", "步骤", "承办", "期限", "状态"]
    assert [row[place] for place in (0, 1, 2, 4, 6)] == [case.number, "=来访", "2.1", "王敏", "办理中"]
    assert row[3].startswith("第 1 步 ")
    due = Case.objects.get(pk=case.pk).due_on
    assert row[5] == (due and datetime(due.year, due.month, due.day))
    assert (job.file_name, job.parameters["query"]) == (f"办件-{timezone.localdate()}.xlsx", "q=%E6%9D%A5%E8%AE%BF&view=department")


def test_an_export_has_the_columns_that_the_person_chose_in_their_order(handler):
    case = make.act(make.case("2.1", handler, "来访"), "withdraw", reason="对方取消")
    chosen = ["closed", "outcome", "title", "sensitivity", "opened_by", "materials", "sheet", "opened", "state"]
    actions.choose_columns(CASES, chosen, by=handler)

    header, row = rows_of(run(ask(handler, "view=closed")), handler)

    assert header == ["办结时间", "办理结果", "名称", "敏感程度", "立项人", "缺少的要件", "信息表名称", "立项时间", "状态"]
    assert row[0] == timezone.localtime(case.closed_at).replace(tzinfo=None, microsecond=row[0].microsecond)
    assert row[1:5] == ["撤回", "来访", "内部", "王敏"]
    assert (row[5], row[6], row[8]) == ("、".join(case.materials.order_by("pk").values_list("name", flat=True)), case.sheet.name, "撤回")


def test_csv_is_the_same_table(handler):
    case = make.case("2.1", handler, "-来访")
    job = run(ask(handler, format="csv"))

    text = body(job, handler).decode("utf-8-sig")
    header, row = csv.reader(io.StringIO(text, newline=""))
    assert (header[:2], row[:2]) == (["编号", "名称"], [case.number, "'-来访"])
    assert job.media_type == "text/csv"


def test_an_export_is_in_the_order_of_the_list_whatever_the_pieces(handler, monkeypatch):
    monkeypatch.setattr(exporting, "PIECE", 2)
    cases = [make.case("2.1", handler, f"第{number}件") for number in range(5)]
    today = timezone.localdate()
    for case, days in zip(cases, [3, None, 1, None, 2], strict=True):
        Case.objects.filter(pk=case.pk).update(due_on=days and today.replace(day=days))

    assert titles(run(ask(handler)), handler) == ["第2件", "第4件", "第0件", "第1件", "第3件"]
    assert titles(run(ask(handler, "view=department&sort=-due")), handler) == ["第0件", "第4件", "第2件", "第3件", "第1件"]
    assert titles(run(ask(handler, "view=department&sort=-number")), handler) == ["第4件", "第3件", "第2件", "第1件", "第0件"]


def test_what_was_taken_out_stands_in_the_audit_trail(handler):
    make.case("2.1", handler)
    job = run(ask(handler))

    event = AuditEvent.objects.get(action="list.export")
    assert (event.by, event.subject) == (handler, f"jobs.job:{job.pk}")
    columns = '["number", "title", "item", "steps", "handler", "due", "state"]'
    expected = f'"columns": {columns}, "count": 1, "filter": "view=department", "format": "xlsx", "list": "cases", "sha256": "{job.sha256}"'
    assert event.facts == "{" + expected + "}"
    assert "list.export" in ACTIONS


def test_progress_is_told_and_a_cancelled_export_leaves_no_file(handler, monkeypatch, settings):
    make.case("2.1", handler)
    job = ask(handler)
    Job.objects.filter(pk=job.pk).update(cancel_asked_at=timezone.now(), started_at=timezone.now(), attempts=1)
    told = []

    def progress(done, total):
        told.append((done, total))
        if done:
            raise RuntimeError

    with pytest.raises(RuntimeError):
        exporting.make(Job.objects.get(pk=job.pk), progress)

    assert told == [(0, 1), (1, 1)]
    assert list((settings.MEDIA_ROOT / "incoming").iterdir()) == []


# -- rights -----------------------------------------------------------------------------------------------------------------------------------------------


def test_rights_that_shrink_before_it_runs_narrow_the_file(handler):
    other = make.worker("preparer", name="陈立")
    make.case("2.1", other, "别人的")
    make.case("2.1", handler, "自己的")
    job = ask(handler)
    take_items(handler)

    assert titles(run(job), handler) == ["自己的"]


def test_an_item_that_is_taken_away_after_it_ran_withholds_the_file(handler):
    make.case("2.1", make.worker("preparer"), "别人的")
    job = run(ask(handler))
    take_items(handler)

    assert fetched(job, handler)[0] == 403


def test_a_case_of_another_item_that_was_handed_on_withholds_the_file(handler):
    case = make.case("2.3", make.worker("preparer", "2.3"), "交来的")
    Case.objects.filter(pk=case.pk).update(handler=handler)
    job = run(ask(handler))
    assert titles(job, handler) == ["交来的"]

    Case.objects.filter(pk=case.pk).update(handler=make.worker("preparer", "2.3"))

    assert fetched(job, handler)[0] == 403


def test_a_role_that_is_taken_away_withholds_the_file(handler):
    job = run(ask(handler))
    handler.groups.clear()

    assert fetched(job, handler)[0] == 403


def test_more_rights_withhold_nothing(handler):
    job = run(ask(handler))
    Assignment.objects.create(user=handler, item_id="2.2")

    assert fetched(job, handler)[0] == 200


def test_a_signer_takes_all_cases_along(handler):
    make.case("2.1", handler, "来访")
    signer = make.person("signer")
    job = run(ask(signer))

    assert titles(job, signer) == ["来访"]
    assert job.parameters["standing"] == ["all"]


def test_whoever_stands_in_takes_along_what_they_see_today(handler):
    case = make.case("2.1", handler, "来访")
    substitute = make.worker("preparer", "2.3")
    standing_in = make.substitution(handler, substitute)
    job = run(ask(substitute))
    assert titles(job, substitute) == [case.title]

    type(standing_in).objects.filter(pk=standing_in.pk).update(revoked_at=timezone.now())

    assert fetched(job, substitute)[0] == 403


@pytest.mark.parametrize("role", ["leader", "system_admin", "security_admin", "auditor", "editor"])
def test_leaders_and_administrators_take_no_cases_along(edition, role):
    client = make.signed_in(role)

    assert client.post(EXPORT_URL, {"format": "xlsx"}).status_code == 403
    assert not Job.objects.exists()
    assert not may_have(client.person, {"list": "cases"})


def test_a_leader_has_no_buttons_that_export(edition):
    page = make.signed_in("leader").get(reverse("cases:case-list"), {"view": "department"}).content.decode()

    assert EXPORT_URL not in page
    assert EXPORT_URL in make.signed_in("preparer").get(reverse("cases:case-list"), {"view": "department"}).content.decode()


def test_rights_that_change_while_it_runs_end_it(handler, monkeypatch):
    job = ask(handler)
    note = exporting._note_keys

    def meanwhile(*args):
        take_items(handler)
        return note(*args)

    monkeypatch.setattr(exporting, "_note_keys", meanwhile)

    job = run(job)
    assert (job.outcome, job.failure, job.file) == ("failed", "导出过程中您的权限有了变更，请重新导出。", "")


def test_a_list_that_is_no_more_is_exported_to_nobody(handler):
    assert kind_named("nothing") is None
    assert not may_have(handler, {"list": "nothing"})
    assert make.client_of(handler).post(reverse("lists:export-create", args=["nothing"])).status_code == 404


# -- asking -----------------------------------------------------------------------------------------------------------------------------------------------


def test_an_export_is_called_after_the_filter(handler):
    SavedFilter.objects.create(kind="cases", name="来访的", query="q=%E6%9D%A5%E8%AE%BF", owner=handler)

    assert ask(handler, "q=来访&rows=20").title == "导出：办件 · 来访的（XLSX）"
    assert ask(handler, "", "nonsense").title == "导出：办件（XLSX）"
    assert ask(handler, "view=mine", "csv").title == "导出：办件（CSV）"
    assert Job.objects.latest("pk").kind == EXPORT.name


def test_a_filter_that_cannot_be_read_leaves_nothing(handler):
    make.case("2.1", handler)

    assert len(rows_of(run(ask(handler, "view=department&due_since=never")), handler)) == 1


def test_rows_come_in_the_order_of_the_key(handler):
    for days in (None, 1):
        Case.objects.filter(pk=make.case("2.1", handler).pk).update(due_on=days and timezone.localdate())
    found = list(CASES.rows(handler, QueryDict("view=department")).values_list("due_on", flat=True))

    assert found == [timezone.localdate(), None]
    assert [str(order) for order in Key("pk").ordering] == ["OrderBy(F(pk), descending=False)"]
