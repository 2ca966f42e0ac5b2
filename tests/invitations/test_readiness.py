"""Whether letters are ready to be signed off: what they say in both languages, what can be drawn, and what has changed since the review."""

import pytest
from django.conf import settings
from django.urls import reverse

from cases import process
from core.models import Serial
from core.printing import undrawable
from invitations import checks, drawable
from invitations.models import CheckRule, InvitationLetter, LetterTemplate
from invitations.seeds import seed
from invitations.wording import values_of
from tests import factories as make

from .conftest import current_approval, fill, invite, issued, reviewed, taken_in
from .test_letter_pages import text_of


def numbers_taken():
    return sum(Serial.objects.filter(series__startswith="letter ").values_list("last", flat=True))


def told(case, code):
    application = case.invitation_application
    application.refresh_from_db()
    return [(finding.field, finding.text) for finding in checks.findings(checks.load(application, case.materials.all())) if finding.rule.code == code]


def test_what_no_face_has_is_found_without_drawing():
    assert undrawable("王䶮 Müller\u3000李") == []
    assert undrawable("王\U0003134b王\U0003134b") == ["\U0003134b"]


def test_a_name_that_cannot_be_drawn_stops_the_review(case):
    case.invitation_application.invitees.filter(position=1).update(chinese_name="王\U0003134b")
    taken_in(case)

    with pytest.raises(process.BlockedError, match=r"BERG LARS 的中文姓名中的.*U\+3134B"):
        make.act(case, "submit", "2")


def test_a_name_that_cannot_be_drawn_takes_no_number(case, reviewers, signer, monkeypatch):
    reviewed(case, reviewers)
    make.act(case, "submit", "3")
    monkeypatch.setattr(drawable, "undrawable", lambda text: ["䶮"] if "䶮" in text else [])  # as if a face had been taken from the pack

    with pytest.raises(process.BlockedError, match="WANG YAN 的中文姓名中的“䶮”"):
        make.act(case, "approve", f"approval:{current_approval(case).pk}", by=signer, password="-")

    assert (InvitationLetter.objects.count(), numbers_taken()) == (0, 0)


def test_a_unit_that_cannot_be_drawn_is_told(case):
    application = case.invitation_application
    application.unit.name = "天津\U0003134b公司"

    assert drawable.faults(application, []) == [
        "邀请单位的单位名称中的未定义的字符（U+3134B）打印字库里没有，不能印在函件上。请改用其他字，或由管理员增加字库。"
    ]


@pytest.mark.parametrize(
    ("facts", "field", "words"),
    [
        ({"purpose_en": "Meetings on 3 December 2026"}, "purpose_en", "英文文本写有日期“3 December 2026”，中文文本里没有。"),
        ({"relation": "三年合作单位"}, "relation_en", "中文文本写有期限“三年”，英文文本里没有。"),
        ({"places": "天津市等 3 个城市"}, "places_en", "中文文本写有数字“3”，英文文本里没有。"),
    ],
)
def test_what_one_language_says_only_is_told_beside_the_english(case, facts, field, words):
    fill(case.invitation_application, case.invitation_application.unit, **facts)

    assert (field, words) in told(case, "INV-18")


def test_what_a_person_is_called_is_compared_too(case):
    case.invitation_application.invitees.filter(position=2).update(job="第二工厂厂长", job_en="Manager of Plant 3")

    assert [text for _field, text in told(case, "INV-18")] == ["英文文本写有数字“3”，中文文本里没有。"]


def test_the_words_of_the_letter_are_compared(case):
    body, body_en = "{post}：请于{entry}接待{unit}的客人。", "To {post_en}: please receive the guests."
    LetterTemplate.objects.filter(kind=case.invitation_application.kind).update(superseded_at="2026-01-01T00:00Z")
    LetterTemplate.objects.create(
        kind=case.invitation_application.kind,
        version=9,
        title="函",
        title_en="LETTER",
        body=body,
        body_en=body_en,
        reason="一",
        approved_at="2026-01-02T00:00Z",
    )

    texts = [text for _field, text in told(case, "INV-18")]

    assert [text.partition("“")[0] for text in texts] == ["函件正文：英文文本里没有", "函件正文：中文文本写有日期"]


def test_the_words_that_come_with_the_portal_agree(case):
    values = values_of(case.invitation_application, 3, "")

    assert {template.kind.name: checks.differing_words(template, values) for template in LetterTemplate.objects.all()} == {
        "邀请函": [],
        "邀请核实单转报函": [],
    }


def test_rules_are_checked_once_more_before_the_signature(case, unit, preparer, reviewers, signer):
    other = make.case("4.1", by=preparer, title="同一批人的另一份申请")
    invite(fill(other.invitation_application, unit))
    for name in ("贸易往来文件", "中文译文"):
        make.act(other, "add_material", name=name)
    reviewed(make.collected(other), reviewers)
    make.act(other, "submit", "3")
    issued(case, reviewers, signer)

    with pytest.raises(process.BlockedError, match="已有时间重叠的有效函件"):
        make.act(other, "approve", f"approval:{current_approval(other).pk}", by=signer, password="-")

    assert (InvitationLetter.objects.count(), numbers_taken()) == (1, 1)


def test_what_was_overridden_for_the_review_is_so_for_the_signature(case, reviewers, signer):
    case.invitation_application.invitees.update(has_visited=False)
    taken_in(case)
    make.act(case, "ask_override", "2", rule="INV-04", reason="使馆已电话确认")
    make.act(case, "approve", f"approval:{current_approval(case).pk}", by=reviewers[0])
    make.act(case, "submit", "2")
    for reviewer in reviewers:
        make.act(case, "approve", f"approval:{current_approval(case).pk}", by=reviewer)

    make.act(case, "submit", "3")
    make.act(case, "approve", f"approval:{current_approval(case).pk}", by=signer, password="-")

    assert InvitationLetter.objects.count() == 1


def test_a_rule_that_a_new_version_brings_is_added(office):
    content = (settings.BASE_DIR / "fixtures/letters.toml").read_bytes().replace(b'code = "INV-18"', b'code = "INV-98"')
    CheckRule.objects.filter(code="INV-01").update(figure=9)

    assert seed(content) == ["邀请函核对规则：录入 1 条，待本单位确认。"]
    assert seed(content) == []
    assert CheckRule.objects.get(code="INV-01").figure == 9


def test_a_specimen_masks_passport_numbers(case, preparer):
    words = text_of(make.client_of(preparer).get(reverse("invitations:specimen", args=[case.number])).content)

    assert "BERG LARS" in words
    assert "P00004417" not in words
    assert "4417" in words
