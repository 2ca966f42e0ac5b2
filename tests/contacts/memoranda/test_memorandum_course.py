"""A signed memorandum carried out: commitments and their evidence, the yearly look, its renewal and its end."""

from datetime import timedelta

from django.urls import reverse
from django.utils import timezone

from accounts.audit import acting
from accounts.models import AuditEvent
from cases.models import Assignment, CaseLink
from contacts.commitments import Rate, lines_of, rate_of
from contacts.memorandum_acts import extend_due
from contacts.models import (
    Commitment,
    Fulfilment,
    Interaction,
    Memorandum,
    YearlyReview,
)
from tests import factories as make
from tests.contacts import talks
from tests.contacts.memoranda.conftest import (
    CHINESE,
    ENGLISH,
    FACTS,
    add_file,
    approved,
    blocked,
    carried_out,
    errors,
    kind,
    memorandum,
    offered,
    signed,
    text_of,
)

TODAY = timezone.localdate()
FIRST = TODAY - timedelta(days=380)  # when the first visit was due


def promise(case, **facts):
    facts = {
        "clause": "第一条",
        "item": "每年互访一次",
        "owner": case.handler_id,
        "frequency": "yearly",
        "first_due_on": (TODAY - timedelta(days=380)).isoformat(),
    } | facts
    make.act(case, "add_commitment", "3", **facts)
    return Commitment.objects.latest("pk")


def test_a_commitment_is_fulfilled_with_evidence(in_force):
    visit = make.case("2.1", by=make.worker("preparer", "2.1"))
    Assignment.objects.create(user=in_force.handler, item_id="2.1")
    commitment = promise(in_force)
    first, second = FIRST, FIRST.replace(year=FIRST.year + 1)
    target = f"commitment:{commitment.pk}"

    assert errors(in_force, "fulfil", target, due_on=first.isoformat(), done_on=TODAY.isoformat()) == {
        "__all__": ["请填写凭证：相关办件的编号、登记过的往来，或本办件中的文件。"]
    }
    assert list(errors(in_force, "fulfil", target, due_on="2001-01-01", done_on=TODAY.isoformat(), number=visit.number)) == ["due_on"]
    assert list(errors(in_force, "fulfil", target, due_on=first.isoformat(), done_on=TODAY + timedelta(days=1), number=visit.number)) == ["done_on"]
    assert list(errors(in_force, "fulfil", target, due_on=first.isoformat(), done_on="2020-01-01", number=visit.number)) == ["done_on"]
    make.act(in_force, "fulfil", target, due_on=first.isoformat(), done_on=(first + timedelta(days=2)).isoformat(), number=visit.number, note="来访 5 人")
    paper = make.attached(in_force, "纪要.txt")
    make.act(in_force, "fulfil", target, due_on=second.isoformat(), done_on=TODAY.isoformat(), document=paper.pk)

    assert [(one.due_on, one.case, one.document) for one in Fulfilment.objects.order_by("pk")] == [(first, visit, None), (second, None, paper)]
    assert rate_of(lines_of(memorandum(in_force), TODAY)) == Rate(2, 2)
    make.act(in_force, "withdraw_fulfilment", f"fulfilment:{Fulfilment.objects.latest('pk').pk}", reason="纪要不是本次的")
    assert rate_of(lines_of(memorandum(in_force), TODAY)).words == "50%（1/2）"


def test_a_call_shows_that_a_commitment_was_carried_out(in_force, partner, ours):
    commitment = promise(in_force)
    target = f"commitment:{commitment.pk}"
    Assignment.objects.create(user=in_force.handler, item_id="1.1")
    call = talks.logged(partner, in_force.handler, summary="对方来电，\n确认每年互访")
    before_it = talks.logged(partner, in_force.handler, happened_at=timezone.now() - timedelta(days=401))
    with_us = talks.logged(ours, in_force.handler)
    withdrawn = talks.logged(partner, in_force.handler)
    Interaction.objects.filter(pk=withdrawn.pk).update(withdrawn_at=timezone.now(), withdrawn_by=in_force.handler, withdraw_reason="重复")

    for other in (before_it, with_us, withdrawn):
        assert list(errors(in_force, "fulfil", target, due_on=FIRST.isoformat(), done_on=TODAY.isoformat(), interaction=other.pk)) == ["interaction"]
    make.act(in_force, "fulfil", target, due_on=FIRST.isoformat(), done_on=TODAY.isoformat(), interaction=call.pk)

    assert Fulfilment.objects.get().interaction == call
    client = make.client_of(in_force.handler)
    assert call.get_absolute_url() in client.get(in_force.get_absolute_url()).content.decode()
    form = client.get(reverse("cases:part-do", args=[in_force.number, "commitment", commitment.pk, "fulfil"])).content.decode()
    assert f"{TODAY} 电话 {partner} 对方来电， 确认每年互访" in form


def test_nothing_is_due_before_it_is_in_force(in_force):
    facts = {"clause": "一", "item": "互访", "owner": in_force.handler_id, "frequency": "yearly"}
    since = memorandum(in_force).effective_on

    assert list(errors(in_force, "add_commitment", "3", **facts, first_due_on=(since - timedelta(days=1)).isoformat())) == ["first_due_on"]
    make.act(in_force, "add_commitment", "3", **facts, first_due_on=since.isoformat())


def test_nobody_has_looked_at_it_tomorrow(draft):
    tomorrow = (TODAY + timedelta(days=1)).isoformat()

    assert "reviewed_on" in errors(draft, "add_review", "2", reviewer="法规处", reviewed_on=tomorrow, opinion="无", adoption="none")


def test_what_is_done_as_needed_has_no_day(in_force):
    assert list(
        errors(in_force, "add_commitment", "3", clause="二", item="信息交换", owner=in_force.handler_id, frequency="as_needed", first_due_on="2026-01-01")
    ) == ["__all__"]
    commitment = promise(in_force, frequency="as_needed", first_due_on="", item="信息交换")
    paper = make.attached(in_force)

    make.act(in_force, "fulfil", f"commitment:{commitment.pk}", done_on=TODAY.isoformat(), document=paper.pk)

    assert rate_of(lines_of(memorandum(in_force), TODAY)) == Rate(0, 0)
    assert rate_of(lines_of(memorandum(in_force), TODAY)).words == "-"


def test_a_commitment_is_changed_and_taken_back(in_force):
    commitment = promise(in_force)
    facts = {"clause": "第一条", "item": "每半年互访", "owner": in_force.handler_id, "frequency": "half_yearly", "first_due_on": TODAY.isoformat()}

    make.act(in_force, "change_commitment", f"commitment:{commitment.pk}", **facts)
    assert text_of(in_force) == "第一条 每半年互访：合作事项、频次、首次期限"
    make.act(in_force, "withdraw_commitment", f"commitment:{commitment.pk}", reason="并入第二条")

    assert lines_of(memorandum(in_force), TODAY) == []


def test_commitments_may_be_noted_before_the_signing_and_done_after_it(draft, preparer):
    make.act(draft, "add_commitment", "2", clause="一", item="互访", owner=draft.handler_id, frequency="once", first_due_on=TODAY.isoformat())

    assert ("fulfil", f"commitment:{Commitment.objects.get().pk}") not in offered(draft, preparer)


def test_a_year_is_reviewed_once_with_its_figures(in_force):
    promise(in_force)
    facts = {"reviewed_on": TODAY.isoformat(), "summary": "互访一次，未完成信息交换。"}

    make.act(in_force, "add_yearly_review", "3", year=TODAY.year, **facts)

    review = YearlyReview.objects.get()
    assert (review.year, review.due, review.done) == (TODAY.year, 2, 0)
    assert errors(in_force, "add_yearly_review", "3", year=TODAY.year, **facts) == {"__all__": ["这一年度已有检查记录。"]}
    assert list(errors(in_force, "add_yearly_review", "3", year=TODAY.year + 1, **facts)) == ["year"]
    make.act(in_force, "withdraw_yearly_review", f"yearlyreview:{review.pk}", reason="数字有误")
    make.act(in_force, "add_yearly_review", "3", year=TODAY.year, **facts)


def test_it_is_carried_out_as_long_as_it_holds(in_force):
    assert blocked(in_force, "conclude_memorandum", "3") == ["MEM-17"]

    make.act(in_force, "terminate_memorandum", "3", notified_on="2026-01-05", ended_on=TODAY.isoformat(), end_reason="对方机构撤销")
    assert memorandum(in_force).end_kind == "terminated"
    assert blocked(in_force, "terminate_memorandum", "3") == ["ENG-01"]
    assert blocked(in_force, "renew_memorandum", "3") == ["ENG-01"]
    done = make.act(in_force, "conclude_memorandum", "3", outcome="completed")

    assert done.is_closed


def test_notice_is_given_in_time_or_the_other_side_agrees(draft, reviewer, signer):
    make.act(draft, "edit_memorandum", "2", **(FACTS | {"kind": kind(), "notice_days": "60"}))
    approved(draft, reviewer, signer)
    signed(draft, 30)
    carried_out(draft)
    facts = {"notified_on": TODAY.isoformat(), "end_reason": "合作内容调整"}

    assert "约定须提前 60 天通知，这里只有 30 天" in errors(draft, "terminate_memorandum", "3", **facts, ended_on=TODAY + timedelta(days=30))["ended_on"][0]
    assert list(errors(draft, "terminate_memorandum", "3", **facts, ended_on=TODAY - timedelta(days=1))) == ["ended_on"]
    assert list(errors(draft, "terminate_memorandum", "3", end_reason="x", notified_on="2020-01-01", ended_on="2020-01-02")) == ["ended_on"]
    assert list(errors(draft, "terminate_memorandum", "3", end_reason="x", notified_on="?", ended_on="2020-01-02")) == ["notified_on"]
    make.act(draft, "terminate_memorandum", "3", **facts, ended_on=TODAY + timedelta(days=30), agreed="on")
    assert memorandum(draft).holds_until() == TODAY + timedelta(days=29)
    assert blocked(draft, "conclude_memorandum", "3") == ["MEM-17"]


def brought_to_signing(case, reviewer, signer):
    """A renewal, whose facts and parties are those of the one before, from its first step to its signing."""
    make.act(case, "agree_on_text", "1")
    add_file(case, "add_text", "2", CHINESE, language="zh")
    add_file(case, "add_text", "2", ENGLISH, language="en")
    make.act(case, "add_review", "2", reviewer="法律顾问", reviewed_on="2026-01-05", opinion="无", adoption="none")
    approved(case, reviewer, signer)
    signed(case)


def test_a_renewal_is_a_case_of_its_own_that_ends_this_one(in_force, reviewer, signer):
    relation = make.relation("由本件引出")
    make.act(in_force, "renew_memorandum", "3", title="续签北湾商会备忘录", relation=relation.pk)
    follower = Memorandum.objects.get(predecessor__case=in_force)

    assert CaseLink.objects.get(case=in_force).other == follower.case
    assert (follower.title, [str(party) for party in follower.current_parties]) == (FACTS["title"], ["天津市贸促会", "北湾商会"])
    assert blocked(in_force, "renew_memorandum", "3") == ["MEM-16"]
    case = follower.case
    brought_to_signing(case, reviewer, signer)

    before = memorandum(in_force)
    assert (before.end_kind, before.ended_on) == ("renewed", TODAY)
    assert in_force.number in text_of(case)
    make.act(case, "correct_signing", "2", signed_on=TODAY.isoformat(), signed_place="神港", effective_on="2020-01-01", reason="地点抄错")
    assert (memorandum(case).signed_place, memorandum(case).effective_on) == ("神港", TODAY)  # the day on which the other ended
    assert make.act(in_force, "conclude_memorandum", "3", outcome="completed").is_closed
    assert AuditEvent.objects.filter(action="memorandum.end").count() == 1


def test_one_that_ended_before_is_not_ended_again(in_force, reviewer, signer):
    make.act(in_force, "renew_memorandum", "3", title="续签", relation=make.relation("相关").pk)
    case = Memorandum.objects.get(predecessor__case=in_force).case
    make.act(in_force, "terminate_memorandum", "3", notified_on="2026-01-05", ended_on=TODAY.isoformat(), end_reason="x")
    brought_to_signing(case, reviewer, signer)

    assert memorandum(in_force).end_kind == "terminated"


def test_one_that_goes_on_by_itself_is_extended(draft, reviewer, signer):
    make.act(draft, "edit_memorandum", "2", **(FACTS | {"kind": kind(), "renewal": "automatic", "term_years": "1", "renewal_years": "1"}))
    approved(draft, reviewer, signer)
    signed(draft, 800)
    before = memorandum(draft).expires_on

    with acting(None):
        assert (extend_due(), extend_due()) == (1, 0)

    found = memorandum(draft)
    assert found.expires_on > TODAY
    assert [(row.expired_on, row.expires_on) for row in found.extensions.all()] == [(before, found.expires_on)]
    assert (found.expires_on + timedelta(days=1)).month == (before + timedelta(days=1)).month
