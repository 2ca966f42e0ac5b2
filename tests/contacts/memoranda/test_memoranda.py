"""A memorandum from the first contact to its filing: every act once, every blocker seen, what is refused leaves nothing behind."""

from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone

from accounts.models import AuditEvent
from cases.models import Assignment, Case, Document
from cases.process import BlockedError, InvalidError
from contacts.models import (
    Countersignature,
    LegalReview,
    LiaisonRule,
    Memorandum,
    MemorandumText,
    Organisation,
    TextCheck,
)
from tests import factories as make
from tests.cases.engine import states
from tests.contacts.memoranda.conftest import (
    CHINESE,
    ENGLISH,
    FACTS,
    add_file,
    agreed,
    approved,
    blocked,
    carried_out,
    drafted,
    errors,
    kind,
    memorandum,
    offered,
    signed,
    text_of,
    with_signatories,
)

TODAY = timezone.localdate()


# -- from the first contact to the text --------------------------------------------------------------------------------------------------------------


def test_talks_lead_to_a_text_when_it_is_known_with_whom(case, ours, partner):
    assert blocked(case, "agree_on_text", "1") == ["MEM-10"]

    agreed(case, ours, partner)

    assert states(case) == ["done", "open", "open"]
    assert [(str(party), party.is_ours) for party in memorandum(case).current_parties] == [("天津市贸促会", True), ("北湾商会", False)]


def test_a_party_is_found_by_any_of_its_names_and_once(case, partner, preparer):
    twin = make.organisation("双湾商会", preparer, short_name="湾会")
    make.organisation("三湾商会", preparer, short_name="湾会")
    make.act(case, "add_party", "1", organisation=" 北湾商会 ", role="签署方")

    assert errors(case, "add_party", "1", organisation="没有这家", role="签署方") == {"organisation": ["没有找到这个机构，请先登记它，或核对名称。"]}
    unsure = errors(case, "add_party", "1", organisation="湾会", role="签署方")["organisation"][0]
    assert f"双湾商会 #{twin.pk}" in unsure
    Organisation.objects.filter(pk=twin.pk).update(archived_at=timezone.now(), archived_by=preparer, archived_reason="撤销")
    assert errors(case, "add_party", "1", organisation=f"双湾商会 #{twin.pk}", role="签署方") == {"organisation": ["这个机构已经归档，不能列为签署方。"]}
    assert errors(case, "add_party", "1", organisation="北湾商会", role="见证方") == {"__all__": ["这个机构已经列为签署方。"]}


def test_our_own_body_is_offered_once_it_was_a_party(case, draft, ours, preparer):
    another = make.case("1.2", by=preparer, title="与双湾商会建立合作机制")
    page = make.client_of(preparer).get(reverse("cases:step-do", args=[another.number, 1, "add_party"])).content.decode()
    assert f'value="天津市贸促会 #{ours.pk}"' in page

    make.act(another, "add_party", "1", organisation=f"天津市贸促会 #{ours.pk}", role="签署方", is_ours="on")
    page = make.client_of(preparer).get(reverse("cases:step-do", args=[another.number, 1, "add_party"])).content.decode()
    assert "天津市贸促会 #" not in page


def test_a_party_is_taken_off_and_may_come_again(case, partner):
    make.act(case, "add_party", "1", organisation="北湾商会", role="签署方")
    party = memorandum(case).current_parties[0]

    make.act(case, "withdraw_party", f"memorandumparty:{party.pk}", reason="对方改由上级签署")
    make.act(case, "add_party", "1", organisation="北湾商会", role="见证方")

    assert [one.role for one in memorandum(case).current_parties] == ["见证方"]
    assert memorandum(case).parties.count() == 2


def test_the_facts_are_filled_in(case, ours, partner):
    agreed(case, ours, partner)

    make.act(case, "edit_memorandum", "2", **FACTS, kind=kind())

    found = memorandum(case)
    assert (str(found), found.kind.name, found.term_years, found.in_english) == (FACTS["title"], "合作备忘录", 3, True)
    assert "中文标题" in text_of(case)


@pytest.mark.parametrize(
    ("facts", "name"),
    [
        ({"renewal": "open", "term_years": "3"}, "term_years"),
        ({"renewal": "written", "term_years": ""}, "term_years"),
        ({"renewal": "automatic", "term_years": "3"}, "renewal_years"),
        ({"renewal": "written", "renewal_years": "2"}, "renewal_years"),
        ({"term_years": "0"}, "term_years"),
        ({"term_years": "51"}, "term_years"),
        ({"notice_days": "9999"}, "notice_days"),
        ({"prevailing": "en", "in_english": ""}, "prevailing"),
        ({"prevailing": "other"}, "prevailing"),
        ({"title": "备忘录\u202e"}, "title"),
        ({"title_en": "备忘录"}, "title_en"),
    ],
)
def test_facts_that_do_not_fit_are_refused_beside_the_field(case, ours, partner, facts, name):
    agreed(case, ours, partner)

    assert list(errors(case, "edit_memorandum", **(FACTS | {"kind": kind()} | facts))) == [name]


def test_what_is_missing_stands_in_the_way_of_the_submission(case, ours, partner):
    agreed(case, ours, partner)
    with pytest.raises(BlockedError) as refused:
        make.act(case, "submit", "2")

    told = str(refused.value)
    assert [blocker.rule for blocker in refused.value.blockers] == ["MEM-11", "MEM-01"]
    assert "英文标题" in told
    assert "中文文本、英文文本" in told


def test_our_side_and_the_other_texts_are_wanted_too(case, partner):
    make.act(case, "add_party", "1", organisation="北湾商会", role="签署方")
    make.act(case, "edit_memorandum", "1", **(FACTS | {"kind": kind(), "other_language": "挪威文", "in_english": ""}))
    make.act(case, "agree_on_text", "1")
    with pytest.raises(BlockedError) as refused:
        make.act(case, "submit", "2")

    assert "我方签署方、中文文本、挪威文文本" in str(refused.value)


def test_versions_are_counted_by_language_and_say_what_changed(draft):
    with pytest.raises(InvalidError) as refused:
        add_file(draft, "add_text", "2", CHINESE + b"\n", language="zh")
    add_file(draft, "add_text", "2", CHINESE + b"\n", "中文2.txt", language="zh", note="改第二条")

    assert list(refused.value.form.errors) == ["note"]
    assert [(text.language, text.number) for text in memorandum(draft).texts.all()] == [("en", 1), ("zh", 2), ("zh", 1)]
    assert text_of(draft) == "中文文本第 2 版"
    assert Document.objects.get(memorandum_text__number=2).material.name == "备忘录文本"


def test_an_opinion_must_say_what_became_of_it(case, ours, partner):
    drafted(case, ours, partner)
    make.act(case, "add_review", "2", reviewer="法规处", reviewed_on="2026-01-06", opinion="争议解决条款欠缺")
    review = LegalReview.objects.get(reviewer="法规处")

    assert blocked(case, "submit") == ["MEM-01"]
    facts = {"reviewer": "法规处", "reviewed_on": "2026-01-06", "opinion": "争议解决条款欠缺"}
    assert errors(case, "change_review", f"legalreview:{review.pk}", **facts, adoption="rejected") == {"__all__": ["部分采纳或未采纳的，请写明理由。"]}
    make.act(case, "change_review", f"legalreview:{review.pk}", **facts, adoption="rejected", reason="备忘录不具法律约束力")
    make.act(case, "submit", "2")
    assert LegalReview.objects.get(pk=review.pk).reason == "备忘录不具法律约束力"


def test_a_missing_review_may_be_overridden_by_a_second_person(case, ours, partner, reviewer):
    drafted(case, ours, partner)
    review = LegalReview.objects.get()
    make.act(case, "withdraw_review", f"legalreview:{review.pk}", reason="不是本件的意见")
    assert blocked(case, "submit") == ["MEM-01"]

    make.act(case, "ask_override", "2", rule="MEM-01", reason="沿用上年已审文本")
    make.act(case, "approve", f"approval:{Case.objects.get(pk=case.pk).approvals.get(decision='').pk}", by=reviewer)

    make.act(case, "submit", "2")


def test_a_rule_that_is_off_says_nothing(case, ours, partner):
    drafted(case, ours, partner)
    LegalReview.objects.update(removed_at=timezone.now(), removed_by=case.handler, removed_reason="x")
    LiaisonRule.objects.filter(code="MEM-01").update(strictness="off")

    make.act(case, "submit", "2")

    assert Case.objects.get(pk=case.pk).approvals.filter(decision="").count() == 1


def test_bodies_countersign(draft):
    make.act(draft, "add_countersignature", "2", body="市外办", sent_on="2026-01-05")
    asked = Countersignature.objects.get()
    facts = {"body": "市外办", "sent_on": "2026-01-05"}

    assert errors(draft, "change_countersignature", f"countersignature:{asked.pk}", **facts, answered_on="2026-01-04", opinion="同意") == {
        "__all__": ["回复日期不能早于送会签日期。"]
    }
    assert errors(draft, "change_countersignature", f"countersignature:{asked.pk}", **facts, opinion="同意") == {
        "__all__": ["有回复的，请填写回复日期和会签意见。"]
    }
    make.act(draft, "change_countersignature", f"countersignature:{asked.pk}", **facts, answered_on="2026-01-09", number="津外函〔2026〕1号", opinion="无意见")
    make.act(draft, "withdraw_countersignature", f"countersignature:{asked.pk}", reason="重复登记")
    assert Countersignature.objects.get().removed_reason == "重复登记"


# -- approval and signing ----------------------------------------------------------------------------------------------------------------------------


def test_nothing_changes_while_it_is_with_others(draft, preparer):
    make.act(draft, "submit", "2")

    names = {name for name, _target in offered(draft, preparer)}
    assert not names & {"edit_memorandum", "add_text", "add_party", "add_review", "withdraw_party"}
    assert blocked(draft, "edit_memorandum", **FACTS) == ["ENG-01"]


def test_tasks_and_papers_come_after_the_approval(draft, reviewer, signer):
    make.act(draft, "add_task", "2", title="印制正本", is_required="on")

    approved(draft, reviewer, signer)
    make.act(draft, "tick", f"task:{draft.tasks.latest('pk').pk}")
    signed(draft)

    assert memorandum(draft).is_signed


def test_approving_pins_the_texts(draft, reviewer, signer):
    approved(draft, reviewer, signer)

    found = memorandum(draft)
    assert (len(found.approved_digest), found.approved_by) == (64, signer)
    assert text_of(draft) == "批准的文本：英文 1、中文 1"


def test_only_the_approved_text_is_signed(draft, reviewer, signer):
    with_signatories(draft)
    assert blocked(draft, "sign_memorandum") == ["APP-01"]
    approved(draft, reviewer, signer)
    first = memorandum(draft).approved_digest

    add_file(draft, "add_text", "2", CHINESE.replace(b"5", b"8"), language="zh", note="人数改为8人")
    assert blocked(draft, "sign_memorandum") == ["APP-01"]
    make.act(draft, "withdraw_party", f"memorandumparty:{memorandum(draft).partners[0].pk}", reason="换为见证方")
    make.act(draft, "add_party", "2", organisation="北湾商会", role="见证方")
    approved(draft, reviewer, signer)
    signed(draft)

    found = memorandum(draft)
    assert found.signed_digest == found.approved_digest != first


def test_a_text_that_is_not_the_pinned_one_is_not_signed(draft, reviewer, signer):
    approved(draft, reviewer, signer)
    with_signatories(draft)
    Memorandum.objects.filter(case=draft).update(approved_digest="0" * 64)

    assert blocked(draft, "sign_memorandum") == ["MEM-12"]


def test_a_withdrawn_text_is_no_text(draft, reviewer, signer):
    approved(draft, reviewer, signer)
    with_signatories(draft)
    make.act(draft, "withdraw_document", f"document:{MemorandumText.objects.get(language='en').document_id}", reason="传错")

    assert blocked(draft, "sign_memorandum") == ["APP-01"]
    assert "MEM-11" in blocked(draft, "submit")


def test_the_signatories_of_each_side_are_wanted(draft, reviewer, signer, partner, preparer):
    approved(draft, reviewer, signer)
    assert blocked(draft, "sign_memorandum") == ["MEM-13"]

    party = memorandum(draft).partners[0]
    person = make.contact("贝明", preparer, at=partner)
    make.act(draft, "add_signatory", "2", party=party.pk, person=person.pk, name="贝明", post="会长")
    signatory = memorandum(draft).current_signatories[0]
    assert list(errors(draft, "add_signatory", party=party.pk)) == ["name", "post"]
    make.contact("贝明", preparer, at=partner, title="副会长")
    page = make.client_of(preparer).get(reverse("cases:step-do", args=[draft.number, 2, "add_signatory"])).content.decode()
    assert "贝明（北湾商会 副会长）" in page
    make.act(draft, "add_signatory", "2", party=party.pk, person=person.pk)
    assert str(memorandum(draft).current_signatories[1]) == f"贝明（{person.positions.get().title}）"
    make.act(draft, "withdraw_signatory", f"memorandumsignatory:{memorandum(draft).current_signatories[1].pk}", reason="登记重复")
    make.act(draft, "change_signatory", f"memorandumsignatory:{signatory.pk}", party=party.pk, name="贝明", post="副会长")
    assert str(memorandum(draft).current_signatories[0]) == "贝明（副会长）"
    make.act(draft, "withdraw_signatory", f"memorandumsignatory:{signatory.pk}", reason="改由他人签署")
    assert memorandum(draft).current_signatories == []


@pytest.mark.parametrize(
    ("typed", "name"),
    [
        ({"signed_on": (TODAY + timedelta(days=1)).isoformat()}, "signed_on"),
        ({"signed_on": (TODAY - timedelta(days=9)).isoformat()}, "signed_on"),
        ({"effective_on": (TODAY - timedelta(days=1)).isoformat()}, "effective_on"),
        ({"expires_on": (TODAY - timedelta(days=1)).isoformat()}, "expires_on"),
        ({"occasion": "2.1-2026-9999"}, "occasion"),
    ],
)
def test_a_signing_that_cannot_be_is_refused(draft, reviewer, signer, typed, name):
    approved(draft, reviewer, signer)
    with_signatories(draft)

    assert list(errors(draft, "sign_memorandum", **({"signed_on": TODAY.isoformat()} | typed))) == [name]
    assert not memorandum(draft).is_signed


def test_what_was_signed_is_compared_by_its_digest(draft, reviewer, signer):
    approved(draft, reviewer, signer)
    with_signatories(draft)

    with pytest.raises(InvalidError) as refused:
        add_file(draft, "sign_memorandum", "2", ENGLISH + b" ", "final.txt", signed_on=TODAY.isoformat())
    add_file(draft, "sign_memorandum", "2", ENGLISH, "final.txt", signed_on=TODAY.isoformat())

    assert "与批准的版本不一致：final.txt" in refused.value.form.errors["papers"][0]
    assert memorandum(draft).is_signed


def test_a_signing_says_when_where_and_until_when(draft, reviewer, signer):
    visit = make.case("2.1", by=make.worker("preparer", "2.1"))
    Assignment.objects.create(user=draft.handler, item_id="2.1")
    approved(draft, reviewer, signer)
    signed(draft, occasion=visit.number)

    found = memorandum(draft)
    assert (found.signed_on, found.signed_place, found.occasion, found.effective_on) == (TODAY, "天津", visit, TODAY)
    assert found.expires_on == TODAY.replace(year=TODAY.year + 3) - timedelta(days=1)
    assert blocked(draft, "sign_memorandum") == ["ENG-01"]


def test_the_last_day_may_be_given_and_none_for_one_without_a_term(draft, reviewer, signer):
    make.act(draft, "edit_memorandum", "2", **(FACTS | {"kind": kind(), "renewal": "open", "term_years": ""}))
    approved(draft, reviewer, signer)
    signed(draft)

    assert memorandum(draft).expires_on is None
    assert memorandum(draft).holds_until() is None


def test_what_was_noted_of_a_signing_is_put_right_until_its_originals_are_filed(draft, reviewer, signer):
    approved(draft, reviewer, signer)
    signed(draft, 5)
    page = make.client_of(draft.handler).get(reverse("cases:step-do", args=[draft.number, 2, "correct_signing"])).content.decode()
    assert f'value="{TODAY - timedelta(days=5)}"' in page
    typed = {"signed_on": (TODAY - timedelta(days=3)).isoformat(), "signed_place": "神港", "reason": "日期抄错"}
    assert list(errors(draft, "correct_signing", **(typed | {"reason": ""}))) == ["reason"]
    assert list(errors(draft, "correct_signing", **(typed | {"signed_on": (TODAY + timedelta(days=1)).isoformat()}))) == ["signed_on"]

    make.act(draft, "correct_signing", "2", **typed)

    found = memorandum(draft)
    assert (found.signed_on, found.signed_place, found.effective_on) == (TODAY - timedelta(days=3), "神港", TODAY - timedelta(days=3))
    assert found.expires_on == (TODAY - timedelta(days=3)).replace(year=TODAY.year + 3) - timedelta(days=1)
    assert draft.timeline.latest("pk").text == "签署日期、签署地点、生效日期、届满日期；日期抄错"
    assert AuditEvent.objects.get(action="memorandum.correct_signing").facts.count("神港") == 1

    carried_out(draft)
    assert blocked(draft, "correct_signing", "3") == ["ENG-01"]


def test_it_goes_on_when_its_originals_are_filed_and_scanned(draft, reviewer, signer):
    approved(draft, reviewer, signer)
    signed(draft)
    assert [rule for rule in blocked(draft, "finish_signing") if rule.startswith("MEM")] == ["MEM-14", "MEM-15"]

    carried_out(draft)

    found = memorandum(draft)
    assert (states(draft), found.originals, found.originals_place) == (["done", "done", "open"], 2, "部门档案柜 3 号")
    assert [text.is_scan for text in found.texts.all()] == [False, False, True]
    for document in draft.documents.values_list("pk", flat=True):
        for action in ("withdraw_document", "new_version"):
            with pytest.raises(BlockedError):
                make.act(draft, action, f"document:{document}", reason="传错")
    assert blocked(draft, "return", "3", to=1, reason="x") == ["ENG-03"]


# -- signed before the portal was there ----------------------------------------------------------------------------------------------------------------


@pytest.fixture
def earlier(preparer, ours, partner):
    """A memorandum of long ago at step 2, with its signed text: nobody reviewed, compared or countersigned it here."""
    case = make.case("1.2", by=preparer, title="与北湾商会 2023 年备忘录", facts={"is_earlier": True})
    agreed(case, ours, partner)
    make.act(case, "edit_memorandum", "2", **(FACTS | {"kind": kind(), "in_english": "", "title_en": ""}))
    add_file(case, "add_text", "2", CHINESE, "中文.txt", language="zh")
    return case


def test_what_was_signed_long_ago_is_entered_and_confirmed_by_others(earlier, reviewer, signer):
    long_ago = TODAY - timedelta(days=800)
    approved(earlier, reviewer, signer)

    signed(earlier, signed_on=long_ago.isoformat())
    carried_out(earlier)

    found = memorandum(earlier)
    assert (found.is_earlier, found.signed_on, found.effective_on, found.approved_by) == (True, long_ago, long_ago, signer)
    assert found in Memorandum.objects.in_force(TODAY)
    assert states(earlier) == ["done", "done", "open"]
    assert "补录" in make.client_of(earlier.handler).get(earlier.get_absolute_url()).content.decode()


def test_nobody_confirms_alone_what_was_signed_long_ago(earlier):
    with_signatories(earlier)

    assert blocked(earlier, "sign_memorandum") == ["APP-01"]


def test_what_is_entered_later_was_not_signed_afterwards(earlier, reviewer, signer):
    approved(earlier, reviewer, signer)
    with_signatories(earlier)
    Case.objects.filter(pk=earlier.pk).update(opened_at=timezone.now() - timedelta(days=9))

    assert list(errors(earlier, "sign_memorandum", signed_on=TODAY.isoformat())) == ["signed_on"]


def test_a_new_one_is_not_signed_before_its_text_was_approved(draft, reviewer, signer):
    approved(draft, reviewer, signer)
    with_signatories(draft)

    assert list(errors(draft, "sign_memorandum", signed_on=(TODAY - timedelta(days=1)).isoformat())) == ["signed_on"]


def test_how_it_came_about_is_settled_when_it_is_entered(earlier):
    make.act(earlier, "edit_memorandum", "2", **(FACTS | {"kind": kind(), "in_english": "", "title_en": "", "is_earlier": ""}))

    assert memorandum(earlier).is_earlier


# -- who may -----------------------------------------------------------------------------------------------------------------------------------------


def test_others_do_not_change_it(draft, reviewer, signer):
    for person in (make.worker("preparer", "1.2"), reviewer, signer):
        assert blocked(draft, "edit_memorandum", by=person, **FACTS) == ["ENG-01"]
        assert blocked(draft, "add_party", by=person, organisation="北湾商会") == ["ENG-01"]


def test_nobody_approves_what_they_prepared(draft):
    make.act(draft, "submit", "2")
    approval = draft.approvals.get(decision="")

    assert blocked(draft, "approve", f"approval:{approval.pk}") == ["ENG-01"]


def test_every_act_stands_in_the_audit_trail(in_force):
    told = set(AuditEvent.objects.filter(action__startswith="case.").values_list("action", flat=True))

    assert {"case.add_party", "case.add_text", "case.sign_memorandum", "case.file_originals", "case.finish_signing"} <= told


# -- bilingual check ---------------------------------------------------------------------------------------------------------------------------------


def test_a_check_is_noted_when_the_words_were_read(draft, preparer):
    assert ("check_texts", "2") not in offered(draft, preparer)
    MemorandumText.objects.filter(language="zh").update(words=CHINESE.decode())
    MemorandumText.objects.filter(language="en").update(words=ENGLISH.decode().replace("5", "6"))

    make.act(draft, "check_texts", "2", note="人数以中文为准，已改")

    check = TextCheck.objects.get()
    assert check.differences == ["中文文本写有人数“5人”，英文文本里没有。", "英文文本写有人数“6 persons”，中文文本里没有。"]
    assert text_of(draft) == "差异 2 处；人数以中文为准，已改"
