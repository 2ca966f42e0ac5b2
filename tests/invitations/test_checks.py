"""Each rule of the catalogue: an application of which it says something, and what it says; the same application put right, of which it says nothing."""

from datetime import date, timedelta

import pytest
from django.utils import timezone

from cases.models import CaseMaterial
from contacts.models import Country
from invitations import checks
from invitations.models import Application, CheckRule, Invitee, LetterKind, UnitFiling
from tests import factories as make

from .conftest import fill, invite, issued

DAY = timedelta(days=1)


def set_facts(case, **facts):
    Application.objects.filter(case=case).update(**facts)


def set_people(case, **facts):
    Invitee.objects.filter(application__case=case).update(**facts)


def without(case, paper):
    CaseMaterial.objects.filter(case=case, name=paper).update(status="missing", received_at=None, received_by=None)


def told(case, code, today=None):
    """What the rule says of the application, as (words, field)."""
    application = Application.objects.get(case=case)
    found = checks.findings(checks.load(application, CaseMaterial.objects.filter(case=case), today))
    return [(finding.text, finding.field) for finding in found if finding.rule.code == code]


def entry(case):
    return Application.objects.get(case=case).entry_on


# code: (what is done to an application of which the rule says nothing, what it says then, beside which field)
CASES = {
    "INV-01": (lambda case: set_people(case, passport_expires_on=entry(case) + 100 * DAY), "不足 6 个月", "passport_expires_on"),
    "INV-02": (lambda case: LetterKind.objects.update(most=2), "每函最多 2 人", ""),
    "INV-03": (lambda case: (set_facts(case, entries="half_year"), set_people(case, has_visited=False)), "没有来华记录", "has_visited"),
    "INV-04": (lambda case: set_people(case, has_visited=False), "缺“派遣证明”", "has_visited"),
    "INV-05": (lambda case: set_facts(case, post_country=Country.objects.get(code="DEU")), "缺“居留证明”", "nationality"),
    "INV-06": (lambda case: set_facts(case, entry_on=timezone.localdate() + 20 * DAY, exit_on=timezone.localdate() + 22 * DAY), "不足 30 天", "entry_on"),
    "INV-09": (lambda case: UnitFiling.objects.update(authorised_until=timezone.localdate() - DAY), "授权已于", "unit"),
    "INV-10": (lambda case: set_facts(case, stay_days=3), "超过每次最长停留 3 天", "stay_days"),
    "INV-11": (lambda case: without(case, "贸易往来文件"), "缺“贸易往来文件”", "visa_class"),
    "INV-12": (lambda case: set_people(case, is_from_mrz=False), "没有经机读码核对", "passport_number"),
    "INV-13": (lambda case: Country.objects.filter(code="NOR").update(visa_free_days=30, visa_free_source="公告"), "可能免签 30 天", "nationality"),
    "INV-14": (lambda case: without(case, "中文译文"), "须附中文译文", ""),
    "INV-15": (
        lambda case: (set_facts(case, entries="year"), set_people(case, passport_expires_on=entry(case) + 400 * DAY)),
        "不足 18 个月",
        "passport_expires_on",
    ),
    "INV-16": (lambda case: set_facts(case, visa_class="F"), "缺“合作往来文件”", "visa_class"),
}


@pytest.mark.parametrize("code", CASES)
def test_a_rule_says_what_is_wrong_and_is_silent_where_nothing_is(case, code):
    spoil, words, field = CASES[code]
    assert told(case, code) == []

    spoil(case)

    said = told(case, code)
    assert said
    assert all(words in text for text, _field in said)
    assert {name for _text, name in said} == {field}


def test_a_rule_that_is_off_is_silent_and_one_that_is_on_tells_each_thing(case):
    set_people(case, birth_on=timezone.localdate() - 15 * 365 * DAY, is_in_china=True)
    assert told(case, "INV-07") == []

    CheckRule.objects.filter(code="INV-07").update(strictness="warn")

    assert [name for _text, name in told(case, "INV-07")] == ["birth_on", "is_in_china"] * 3 + [""]


def test_a_passport_is_on_one_letter_at_a_time(case, reviewers, signer, preparer, unit):
    issued(case, reviewers, signer)
    again = make.case("4.1", by=preparer, title="同一批人再次入境")
    application = fill(again.invitation_application, unit)
    invite(application)

    assert [name for _text, name in told(again, "INV-08")] == ["passport_number"] * 3
    set_facts(again, entry_on=entry(case) + 60 * DAY, exit_on=entry(case) + 64 * DAY)
    assert told(again, "INV-08") == []


def test_an_entry_in_the_past_is_told(case):
    assert ("计划入境日期已过，请改为今后的日期", "entry_on") in told(case, "INV-10", today=entry(case))


def test_what_is_not_filled_in_yet_is_no_breach(case):
    set_facts(case, entry_on=None, exit_on=None, unit=None, kind=None, post_country=None, stay_days=None)

    assert {code for code in checks.CHECKS if told(case, code)} == set()


@pytest.mark.parametrize(
    ("day", "months", "expected"),
    [
        (date(2026, 1, 31), 1, date(2026, 2, 28)),
        (date(2024, 1, 31), 1, date(2024, 2, 29)),
        (date(2026, 8, 30), 6, date(2027, 2, 28)),
        (date(2026, 11, 2), 12, date(2027, 11, 2)),
    ],
)
def test_months_end_with_their_last_day(day, months, expected):
    assert checks.months_after(day, months) == expected
