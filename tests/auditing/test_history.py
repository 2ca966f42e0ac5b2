"""One object's history, who saw what, and what subjects stand for."""

import pytest
import time_machine
from django.urls import reverse

from accounts.audit import acting, record
from auditing.objects import described, model_of, subjects_called
from cases.models import StepRule
from duties.models import ListEdition
from tests import factories as make

pytestmark = pytest.mark.django_db


@pytest.fixture
def auditor():
    return make.signed_in("auditor", name="审计")


@pytest.fixture
def case():
    make.working_days(2025, 2026, 2027)
    make.duty_list()
    return make.case()


def history(client, subject):
    return client.get(reverse("auditing:object-history", args=[subject]))


def test_a_case_comes_with_its_documents_newest_first(auditor, case):
    document = make.attached(case)
    make.act(case, "note", text="电话联系")
    other = make.case()
    make.attached(other)

    response = history(auditor, f"cases.case:{case.pk}")

    rows = response.context["page"].rows
    assert [event.number for event in rows] == sorted((event.number for event in rows), reverse=True)
    assert {event.subject for event in rows} == {f"cases.case:{case.pk}", f"cases.document:{document.pk}"}
    assert f"<h1>办件 {case.number}</h1>" in response.content.decode()
    assert "所属的 1 个文件" in response.content.decode()


def test_a_person_has_a_history(auditor):
    person = make.person("editor", name="李娜", username="li.na")

    response = history(auditor, f"accounts.user:{person.pk}")

    assert "<h1>人员 李娜（li.na）</h1>" in response.content.decode()
    assert [event.action for event in response.context["page"].rows] == ["role.grant", "person.create"]


def test_what_changed_stands_before_and_after(auditor):
    with acting(None):
        record("term.change", "cases.term:7", before={"name": "旧名"}, after={"name": "新名"})

    shown = history(auditor, "cases.term:7").content.decode()

    assert "旧名</del>" in shown
    assert "新名</ins>" in shown


@pytest.mark.parametrize("subject", ["cases.case:99", "accounts.user:x", "nothing", "cases.case:" + "9" * 40, "%00", "cases.case:²", "core.calendarday:2026"])
def test_what_has_no_history_is_not_found(auditor, subject):
    response = auditor.get(f"/audit/objects/{subject}/")

    assert (response.status_code, response.content) == (404, auditor.get("/nothing/at/all/").content)


def test_histories_are_paged(auditor):
    with acting(None):
        for _time in range(21):
            record("term.change", "cases.term:7")

    first = auditor.get("/audit/objects/cases.term:7/?rows=20")
    second = auditor.get(f"/audit/objects/cases.term:7/?rows=20&after={first.context['page'].following}")

    assert (len(first.context["page"].rows), len(second.context["page"].rows)) == (20, 1)


def test_the_history_takes_the_same_queries_for_any_number_of_events(auditor, case, django_assert_max_num_queries):
    taken = []
    for size in (1, 1, 8):
        for _time in range(size):
            make.attached(case)
        with django_assert_max_num_queries(20) as counted:
            history(auditor, f"cases.case:{case.pk}")
        taken.append(len(counted))
    assert taken[1] == taken[2]


# -- subjects ------------------------------------------------------------------------------------------------------------------------------------


def test_subjects_are_told_without_business_content(case):
    document = make.attached(case, "CANARY.txt")
    sheet, step = case.sheet, case.steps.first().step
    rule = StepRule.objects.create(step=step, basis="本单位")
    term, substitution = make.relation("由此引起"), make.substitution(case.handler, make.person("preparer", name="乙"))
    names = {
        f"cases.case:{case.pk}": f"{case.number}",
        f"cases.document:{document.pk}": f"{case.number} 第 {document.pk} 号（第 1 版）",
        f"duties.sheet:{sheet.pk}": "2.1 第 1 版",
        f"duties.processstep:{step.pk}": "2.1 第 1 步",
        f"duties.listedition:{ListEdition.objects.get().pk}": "第 1 版",
        f"cases.steprule:{rule.pk}": "2.1 第 1 步",
        f"cases.term:{term.pk}": "由此引起",
        f"cases.substitution:{substitution.pk}": "王敏 → 乙",
        "duties.dutyitem:2.1": "2.1",
        "auditing.verificationrun:5": "#5",
        "cases.case:987654": "#987654",
        "/people/": "/people/",
        "": "",
    }
    told = described(names)

    assert {name: told[name].title for name in names} == names
    assert (str(told[f"cases.case:{case.pk}"]), str(told["/people/"])) == (f"办件 {case.number}", "/people/")


@pytest.mark.parametrize("name", ["", "a", "a:1", "nothing.case:1", "cases.nothing:1", "cases.case", "cases.case:", ".:1"])
def test_what_names_no_object(name):
    assert model_of(name) == (None, "")


def test_objects_are_called_by_number_name_or_subject(case):
    person = make.person(username="li.na")
    document = make.attached(case)

    assert subjects_called(case.number) == [f"cases.case:{case.pk}", f"cases.document:{document.pk}"]
    assert subjects_called("Li.Na") == [f"accounts.user:{person.pk}"]
    assert subjects_called("x:1") == ["x:1"]


# -- who saw what --------------------------------------------------------------------------------------------------------------------------------


@pytest.fixture
def looked_at(case):
    """Two people look at a document, one of them twice; one prints the case; another case is looked at. Gives the document."""
    document, other = make.attached(case), make.attached(make.case(by=case.handler))
    first, second = (make.client_of(person) for person in (case.handler, make.worker("reviewer", "2.1", name="周审", username="zhou.shen")))
    for client in (first, first, second):
        look(client, document)
    look(second, other)
    return document


def look(client, document):
    response = client.get(reverse("cases:document-download", args=[document.case.number, document.pk]))
    assert response.status_code == 200
    assert b"".join(response.streaming_content)


def told(response):
    return [(sighting.person.name, str(sighting.subject), str(sighting.label), sighting.count) for sighting in response.context["sightings"]]


def test_who_saw_an_object(auditor, looked_at):
    case = looked_at.case
    response = auditor.get(f"/audit/seen/?subject={case.number}")

    name = f"文件 {case.number} 第 {looked_at.pk} 号（第 1 版）"
    assert sorted(told(response)) == sorted([("周审", name, "下载文件", 1), (case.handler.name, name, "下载文件", 2)])


def test_what_a_person_saw(auditor, looked_at):
    response = auditor.get("/audit/seen/?person=zhou.shen")

    assert [row[0] for row in told(response)] == ["周审", "周审"]
    assert {row[3] for row in told(response)} == {1}


def test_without_a_filter_the_last_days_are_counted_by_person(auditor, looked_at):
    response = auditor.get("/audit/seen/")

    assert sorted((sighting.person.name, sighting.subject, sighting.count) for sighting in response.context["sightings"]) == sorted(
        [("周审", None, 2), (looked_at.case.handler.name, None, 2)]
    )
    with time_machine.travel("2027-03-01 09:00:00+08:00", tick=False):
        later = make.client_of(make.person("auditor"))
        assert "没有查看记录" in later.get("/audit/seen/").content.decode()
        assert len(later.get("/audit/seen/?since=2026-01-01").context["sightings"]) == 2


@pytest.mark.parametrize("query", ["since=x", "person=nobody", "subject=nothing", "until=2020-01-01", "subject=%00"])
def test_nothing_seen_is_said_so(auditor, looked_at, query):
    assert "没有查看记录" in auditor.get(f"/audit/seen/?{query}").content.decode()


def test_who_saw_what_is_paged(auditor, monkeypatch, looked_at):
    monkeypatch.setattr("auditing.views.PAGE_SIZE", 1)

    first = auditor.get("/audit/seen/?person=zhou.shen")
    second = auditor.get("/audit/seen/?person=zhou.shen&page=2")

    assert ("下一页" in first.content.decode(), "上一页" in second.content.decode()) == (True, True)
    assert told(first) != told(second)


def test_the_portals_own_prints_are_told(auditor):
    with acting(None):
        record("case.print", "cases.case:5")

    assert "系统" in auditor.get("/audit/seen/").content.decode()


def test_who_saw_what_takes_the_same_queries_for_any_number(auditor, case, django_assert_max_num_queries):
    client = make.client_of(case.handler)
    taken = []
    for size in (1, 1, 8):
        for _time in range(size):
            look(client, make.attached(case))
        with django_assert_max_num_queries(20) as counted:
            auditor.get(f"/audit/seen/?subject={case.number}")
        taken.append(len(counted))
    assert taken[1] == taken[2]


# -- the start page ------------------------------------------------------------------------------------------------------------------------------


def test_the_auditors_start_page_counts_today(auditor):
    auditor.get("/people/")
    auditor.get("/people/")
    with acting(None):
        record("sign_in.fail")
        record("case.print", "cases.case:5")

    shown = auditor.get("/today/").content.decode()

    assert ("还没有核验过" in shown, "今天被拒绝和失败的操作：3" in shown, "今天登录失败：1" in shown, "今天查看、打印、下载和导出：1" in shown) == (True,) * 4


def test_others_start_pages_do_not():
    assert "今天登录失败" not in make.signed_in("system_admin").get("/today/").content.decode()
