"""A coordination matter through the published steps of 2.3, the list of matters, and the yearly plans."""

from datetime import date, timedelta
from io import BytesIO

import pytest
from django.conf import settings
from django.db import IntegrityError, transaction
from django.utils import timezone
from pypdf import PdfReader

from accounts.models import AuditEvent
from cases.models import Case
from cases.process import BlockedError, InvalidError, find, load
from cases.rule_seeds import seed as seed_rules
from contacts.models import CoordinationMatter, PlanLine
from contacts.plan_printing import plan_pdf
from tests import factories as make

pytestmark = pytest.mark.django_db
FACTS = {
    "counterpart": "市外办甲处",
    "contact": "",
    "direction": "incoming",
    "document_number": "津外函〔2026〕3号",
    "dated_on": "2026-11-02",
    "help_requested": "协助接待海外工商界代表团一行六人。",
    "needs_reply": "on",
    "co_workers": "",
}


@pytest.fixture
def clerk(db):
    make.working_days(2025, 2026, 2027)
    make.duty_list()
    seed_rules((settings.BASE_DIR / "fixtures/operating_rules.toml").read_bytes())
    return make.worker("preparer", "2.3", name="林晓舟")


@pytest.fixture
def office(clerk):
    return make.organisation("市外办甲处", clerk, former_names="市外侨办甲处")


@pytest.fixture
def matter(clerk, office):
    """The matter of a case that has gone on to its second step."""
    case = make.case("2.3", clerk, "协助接待海外代表团")
    make.act(case, "complete", "1")
    return case.coordination_matter


def again(matter):
    return CoordinationMatter.objects.get(pk=matter.pk)


def facts(**changed):
    return {**FACTS, "due_on": str(timezone.localdate() + timedelta(days=10)), **changed}


def test_a_matter_runs_from_daily_contact_to_its_reply(matter, clerk):
    case = matter.case
    make.act(case, "edit_matter", "2", **facts())
    make.act(case, "propose", "2", proposal="拟同意协助，由国际联络部承办。")
    make.act(case, "instruct", "2", instruction="同意。", instructed_by="分管副主任", instructed_on="2026-11-03")
    for task in case.tasks.filter(step__step__number=2, is_required=True):
        make.act(case, "tick", f"task:{task.pk}")
    make.act(case, "take_up", "2")
    make.act(case, "reply", "3", result="已协助接待。", replied_on="2026-11-20", reply_number="津贸促函〔2026〕8号")
    make.collected(case)
    make.act(case, "finish_matter", "3", outcome="completed")

    done = again(matter)
    assert Case.objects.get(pk=case.pk).is_closed
    assert (done.counterpart.name, done.proposed_by, done.instructed_by, done.reply_number) == ("市外办甲处", clerk, "分管副主任", "津贸促函〔2026〕8号")
    assert done.due_task.status == "done"


def test_what_is_not_registered_is_named(matter):
    with pytest.raises(BlockedError) as blocked:
        make.act(matter.case, "take_up", "2")

    told = next(blocker for blocker in blocked.value.blockers if blocker.rule == "COO-01")
    assert [name in str(told.text) for name in ("对接单位", "商请协助的事项", "拟办意见")] == [True, True, True]


def test_without_result_and_reply_a_matter_is_not_done(matter, clerk):
    case = _taken_up(matter)

    offer = find(load({"pk": case.pk}), clerk, "finish_matter", "3", again(matter))

    assert {"COO-02", "COO-03"} <= {blocker.rule for blocker in offer.blockers}


def test_a_matter_that_wants_no_reply_is_done_without(matter, clerk):
    case = _taken_up(matter, needs_reply="")
    make.act(case, "reply", "3", result="仅供参考，已阅。")

    offer = find(load({"pk": case.pk}), clerk, "finish_matter", "3", again(matter))

    assert not {"COO-02", "COO-03"} & {blocker.rule for blocker in offer.blockers}


def _taken_up(matter, **changed):
    case = matter.case
    make.act(case, "edit_matter", "2", **facts(**changed))
    make.act(case, "propose", "2", proposal="拟同意。")
    for task in case.tasks.filter(step__step__number=2, is_required=True):
        make.act(case, "tick", f"task:{task.pk}")
    make.act(case, "take_up", "2")
    return case


def test_the_day_that_is_wanted_is_a_deadline_of_the_case(matter):
    wanted = timezone.localdate() + timedelta(days=10)
    make.act(matter.case, "edit_matter", "2", **facts())
    assert Case.objects.get(pk=matter.case_id).due_on == wanted

    make.act(matter.case, "edit_matter", "2", **facts(due_on=str(wanted + timedelta(days=5))))

    assert Case.objects.get(pk=matter.case_id).due_on == wanted + timedelta(days=5)
    assert matter.case.tasks.filter(template=None).count() == 1


def test_the_day_that_is_wanted_counts_from_the_opening_through_every_step(clerk, office):
    wanted = timezone.localdate() + timedelta(days=9)

    case = make.case("2.3", clerk, facts={"counterpart": office, "due_on": wanted})

    assert case.due_on == wanted
    task = case.coordination_matter.due_task
    assert (task.step.step.number, case.tasks.filter(template=None).count()) == (1, 1)
    make.act(case, "complete", "1")
    assert again(case.coordination_matter).due_task.step.step.number == 2
    assert Case.objects.get(pk=case.pk).due_on == wanted


def test_a_notice_of_gaps_is_written_to_the_counterpart(clerk, office):
    case = make.case("2.3", clerk, facts={"counterpart": office})
    make.act(case, "hold", reason="待补正", others="缺少名单")

    notice = make.client_of(clerk).get(f"{case.get_absolute_url()}holds/{case.holds.get().pk}/notice.pdf")

    assert "市外办甲处：" in "".join(page.extract_text() for page in PdfReader(BytesIO(notice.content)).pages).replace("\n", "")


def test_the_day_goes_on_with_the_step_after(matter):
    _taken_up(matter)

    assert again(matter).due_task.step.step.number == 3


@pytest.mark.parametrize(
    ("action", "data", "field"),
    [
        ("edit_matter", facts(counterpart="没有登记的单位") | {}, "counterpart"),
        ("edit_matter", facts(contact="无此人"), "contact"),
        ("edit_matter", facts(counterpart="", contact="贝明"), "contact"),
        ("edit_matter", facts(dated_on="0026-01-01"), "dated_on"),
        ("edit_matter", facts(dated_on=str(timezone.localdate() + timedelta(days=1))), "dated_on"),
        ("edit_matter", facts(dated_on="2026-11-02", due_on="2026-11-01"), "due_on"),
        ("instruct", {"instruction": "同意。", "instructed_by": "分管副主任", "instructed_on": "2999-01-01"}, "instructed_on"),
        ("propose", {"proposal": ""}, "proposal"),
    ],
)
def test_what_is_wrong_is_said_beside_the_field(matter, action, data, field):
    with pytest.raises(InvalidError) as refused:
        make.act(matter.case, action, "2", **data)

    assert field in refused.value.form.errors


@pytest.mark.parametrize("given", [{"replied_on": "2026-11-20", "reply_number": ""}, {"replied_on": "", "reply_number": "电话答复"}])
def test_a_reply_has_a_day_and_a_way(matter, given):
    case = _taken_up(matter)

    with pytest.raises(InvalidError):
        make.act(case, "reply", "3", result="已办。", **given)


def test_the_contact_is_somebody_in_office_there(matter, office, clerk):
    met = make.contact("贝明", clerk, at=office)

    make.act(matter.case, "edit_matter", "2", **facts(contact="贝明"))

    assert again(matter).contact == met


@pytest.mark.parametrize("broken", [{"proposal": "拟同意。"}, {"instruction": "同意。"}, {"reply_number": "电话答复"}])
def test_facts_are_set_all_or_none(matter, broken):
    with pytest.raises(IntegrityError), transaction.atomic():
        CoordinationMatter.objects.filter(pk=matter.pk).update(**broken)


def test_opening_asks_for_what_is_wanted(clerk):
    browser = make.client_of(clerk)

    answer = browser.post(
        "/cases/new/2.3/", {"title": "协助接待", "sensitivity": "internal", "direction": "incoming", "help_requested": "协助接待。", "due_on": "2026-12-20"}
    )

    assert answer.status_code == 302
    assert CoordinationMatter.objects.get().due_on == date(2026, 12, 20)


# -- pages ---------------------------------------------------------------------------------------------------------------------------------------------------


def test_the_case_shows_counterpart_and_former_names(matter, clerk):
    make.act(matter.case, "edit_matter", "2", **facts())

    shown = make.client_of(clerk).get(matter.case.get_absolute_url()).content.decode()

    assert "市外办甲处" in shown
    assert "市外侨办甲处" in shown
    assert "协助接待海外工商界代表团一行六人" in shown


@pytest.mark.parametrize(
    ("query", "found"),
    [("", 1), ("?q=侨办", 1), ("?q=没有", 0), ("?state=late", 0), ("?state=unanswered", 1), ("?state=closed", 0), ("?direction=outgoing", 0)],
)
def test_matters_are_narrowed(matter, clerk, query, found):
    make.act(matter.case, "edit_matter", "2", **facts())

    shown = make.client_of(clerk).get(f"/contacts/matters/{query}").content.decode()

    assert shown.count("data-row") == found


@pytest.mark.parametrize(("query", "found"), [("?year={}", 1), ("?year=2001", 0), ("?direction=sideways", 0)])
def test_matters_are_narrowed_by_year(matter, clerk, query, found):
    make.act(matter.case, "edit_matter", "2", **facts())

    shown = make.client_of(clerk).get(f"/contacts/matters/{query.format(timezone.localdate().year)}").content.decode()

    assert shown.count("data-row") == found


def test_the_list_says_how_a_matter_stands(matter, clerk):
    browser = make.client_of(clerk)
    _taken_up(matter)
    assert "办理中" in browser.get("/contacts/matters/").content.decode()

    CoordinationMatter.objects.update(due_on=timezone.localdate() - timedelta(days=1))
    assert "已超过要求的日期" in browser.get("/contacts/matters/?state=late").content.decode()

    make.act(matter.case, "withdraw", reason="对方取消")
    assert "撤回" in browser.get("/contacts/matters/?state=closed").content.decode()


def test_who_does_not_see_the_case_does_not_see_the_matter(matter):
    stranger = make.signed_in("preparer")

    assert matter.case.number not in stranger.get("/contacts/matters/").content.decode()


def test_the_list_takes_as_many_queries_for_many_as_for_few(matter, clerk, django_assert_max_num_queries):
    browser = make.client_of(clerk)
    browser.get("/contacts/matters/")
    with django_assert_max_num_queries(60) as few:
        browser.get("/contacts/matters/")
    for _more in range(5):
        make.case("2.3", clerk)

    with django_assert_max_num_queries(len(few)):
        browser.get("/contacts/matters/")


# -- plans ---------------------------------------------------------------------------------------------------------------------------------------------------

LINE = {"kind": "outgoing", "year": "2027", "name": "赴北湾经贸代表团", "period": "5 月中旬，6 天", "purpose": "拜访商协会，洽谈合作。", "size": "6"}


@pytest.fixture
def line(clerk):
    make.client_of(clerk).post("/contacts/plans/new/", LINE)
    return PlanLine.objects.get()


def test_a_line_is_entered_changed_and_struck_out(line, clerk):
    browser = make.client_of(clerk)
    browser.post(f"/contacts/plans/{line.pk}/edit/", {**LINE, "period": "6 月上旬", "version": "1"})
    browser.post(f"/contacts/plans/{line.pk}/strike/", {"reason": "经费未列入预算", "version": "2"})

    line.refresh_from_db()
    assert (line.period, line.strike_reason, line.struck_by) == ("6 月上旬", "经费未列入预算", clerk)
    assert [event.action for event in AuditEvent.objects.filter(action__startswith="plan.")] == ["plan.add", "plan.change", "plan.strike"]


def test_who_saw_an_older_line_changes_nothing(line, clerk):
    browser = make.client_of(clerk)
    browser.post(f"/contacts/plans/{line.pk}/edit/", {**LINE, "period": "6 月上旬", "version": "1"})

    answer = browser.post(f"/contacts/plans/{line.pk}/strike/", {"reason": "重复", "version": "1"})

    assert answer.status_code == 409
    assert "重复" in answer.content.decode()
    assert not PlanLine.objects.get().is_struck


def test_a_line_that_was_struck_out_is_not_changed(line, clerk):
    browser = make.client_of(clerk)
    browser.post(f"/contacts/plans/{line.pk}/strike/", {"reason": "重复", "version": "1"})

    assert browser.get(f"/contacts/plans/{line.pk}/edit/").status_code == 404
    with pytest.raises(IntegrityError), transaction.atomic():
        PlanLine.objects.filter(pk=line.pk).update(struck_at=None, struck_by=None, strike_reason="")
    with pytest.raises(IntegrityError), transaction.atomic():
        PlanLine.objects.all()._raw_delete("default")


@pytest.mark.parametrize(("name", "typed"), [("year", "27"), ("case", "2.2-2026-9999"), ("kind", "none"), ("purpose", "")])
def test_a_wrong_line_is_refused_beside_the_field(clerk, name, typed):
    answer = make.client_of(clerk).post("/contacts/plans/new/", {**LINE, name: typed})

    assert name in answer.context["form"].errors
    assert not PlanLine.objects.exists()


def test_a_line_leads_to_a_case_in_sight(clerk):
    case = make.case("2.3", clerk)

    make.client_of(clerk).post("/contacts/plans/new/", {**LINE, "case": case.number})

    assert PlanLine.objects.get().case == case


def test_who_works_on_nothing_enters_nothing(db):
    make.duty_list()

    assert make.signed_in("preparer").get("/contacts/plans/new/").status_code == 404


@pytest.mark.parametrize(
    ("query", "found"), [("", 1), ("?year=2027&kind=outgoing", 1), ("?kind=meeting", 0), ("?q=洽谈", 1), ("?state=struck", 0), ("?year=9", 0)]
)
def test_plans_are_narrowed(line, clerk, query, found):
    assert make.client_of(clerk).get(f"/contacts/plans/{query}").content.decode().count("data-row") == found


def test_a_plan_is_printed_and_that_is_audited(line):
    signer = make.signed_in("signer")

    answer = signer.get("/contacts/plans/2027/outgoing.pdf")

    assert answer["Content-Type"] == "application/pdf"
    assert AuditEvent.objects.last().action == "plan.print"
    assert signer.get("/contacts/plans/2027/meeting.pdf").status_code == 404
    assert signer.get("/contacts/plans/2027/none.pdf").status_code == 404
    assert "打印计划表" in signer.get("/contacts/plans/").content.decode()


def test_a_printed_plan_names_what_was_struck_out(line, clerk, monkeypatch):
    make.client_of(clerk).post(f"/contacts/plans/{line.pk}/strike/", {"reason": "经费未列入预算", "version": "1"})
    pages = []
    monkeypatch.setattr("contacts.plan_printing.render", lambda html, **_how: pages.append(html) or b"%PDF")

    assert plan_pdf(2027, "outgoing", clerk, timezone.now()) == b"%PDF"
    assert "取消理由" in pages[0]
    assert "经费未列入预算" in pages[0]


def test_a_plan_that_cannot_be_drawn_says_so(line):
    PlanLine.objects.filter(pk=line.pk).update(name="赴\U0003fffd代表团")

    answer = make.signed_in("signer").get("/contacts/plans/2027/outgoing.pdf")

    assert answer.status_code == 422
