"""Memoranda from the first contact on: what the portal begins with, a partner, and those who prepare, review and sign off."""

from datetime import timedelta

import pytest
from django.conf import settings
from django.utils import timezone
from django.utils.datastructures import MultiValueDict

from accounts.models import User
from cases import process
from cases.models import Case, Term, TimelineEntry
from cases.process import BlockedError, InvalidError
from cases.rule_seeds import seed as seed_operating_rules
from contacts.models import Memorandum, MemorandumParty
from contacts.seeds import seed_rules
from core.inspection import Finding
from tests import factories as make

CHINESE = "天津市贸促会与北湾商会商定：\n第一条 双方每年互访一次，每次不超过5人。\n第二条 本备忘录有效期三年。".encode()
ENGLISH = b"""CCPIT Tianjin and the North Bay Chamber agree:
Article 1 The Sides visit each other once a year, no more than 5 persons each time.
Article 2 This Memorandum is valid for three years."""
FACTS = {
    "title": "天津市贸促会与北湾商会合作备忘录",
    "title_en": "Memorandum of Cooperation",
    "in_english": "on",
    "prevailing": "equal",
    "level": "council",
    "renewal": "written",
    "term_years": "3",
}


@pytest.fixture
def office(db):
    """The list in force, its operating rules, the rules of liaison work."""
    year = timezone.localdate().year
    make.working_days(year - 1, year, year + 1)
    make.duty_list()
    seed_operating_rules((settings.BASE_DIR / "fixtures/operating_rules.toml").read_bytes())
    seed_rules((settings.BASE_DIR / "fixtures/liaison.toml").read_bytes())


@pytest.fixture
def preparer(office):
    return make.worker("preparer", "1.2", name="林晓舟")


@pytest.fixture
def reviewer(office):
    return make.worker("reviewer", "1.2", name="周审")


@pytest.fixture
def signer(office):
    return make.worker("signer", "1.2", name="郑签")


@pytest.fixture
def ours(preparer):
    return make.organisation("天津市贸促会", preparer, country=make.country("CHN"), china_status="not_applicable")


@pytest.fixture
def partner(preparer):
    return make.organisation("北湾商会", preparer, name_en="North Bay Chamber", china_status="office")


@pytest.fixture
def case(preparer):
    """A case just opened."""
    return make.case("1.2", by=preparer, title="与北湾商会建立合作机制")


def memorandum(case):
    return Memorandum.objects.get(case=case)


def offered(case, by):
    """The names and targets of what this person may do with the case now."""
    now = process.load({"pk": case.pk})
    return {(offer.action.name, offer.key) for offer in process.offers(now, User.objects.get(pk=by.pk), memorandum(case))}


def kind():
    return Term.objects.get(kind="memorandum_kind", name="合作备忘录").pk


def add_file(case, action, target, body, name="备忘录.txt", *, by=None, **data):
    """An action that takes a file, as its handler (or `by`) takes it. What looks into files is tested elsewhere: here each is what its name says."""
    now = Case.objects.get(pk=case.pk)
    by = User.objects.get(pk=(by or now.handler).pk)
    files = [make.received(name, body)] if body is not None else []
    for file in files:
        file.finding = Finding("txt", name, file.path)
    try:
        given = MultiValueDict({"papers": files} if files else {})
        return process.perform(now, action, by=by, version=now.version, target=target, data={"declared": "on"} | data, files=given)
    finally:
        for file in files:
            file.close()


def agreed(case, ours, partner):
    """The case at step 2: it is known with whom."""
    make.act(case, "add_party", "1", organisation=ours.name, role="签署方", is_ours="on")
    make.act(case, "add_party", "1", organisation=partner.name_en, role="签署方")
    return make.act(case, "agree_on_text", "1")


def drafted(case, ours, partner, **facts):
    """The same with facts and texts, reviewed and countersigned."""
    agreed(case, ours, partner)
    make.act(case, "edit_memorandum", "2", **(FACTS | {"kind": kind()} | facts))
    add_file(case, "add_text", "2", CHINESE, "中文.txt", language="zh")
    add_file(case, "add_text", "2", ENGLISH, "english.txt", language="en")
    make.act(case, "add_review", "2", reviewer="法律顾问", reviewed_on="2026-01-05", opinion="第三条表述建议修改", adoption="adopted")
    return process.load({"pk": case.pk})


def approved(case, reviewer, signer):
    """The text is approved at both levels."""
    make.act(case, "submit", "2")
    for person in (reviewer, signer):
        approval = Case.objects.get(pk=case.pk).approvals.get(decision="")
        make.act(case, "approve", f"approval:{approval.pk}", by=person)
    return process.load({"pk": case.pk})


def with_signatories(case):
    for party in MemorandumParty.objects.filter(memorandum__case=case, removed_at=None):
        make.act(case, "add_signatory", "2", party=party.pk, name="王敏" if party.is_ours else "Lars Berg", post="会长")


def signed(case, days_ago=0, **facts):
    """Signed, that many days ago (its approval is put back as far)."""
    day = timezone.localdate() - timedelta(days=days_ago)
    if days_ago:
        Memorandum.objects.filter(case=case).update(approved_at=timezone.now() - timedelta(days=days_ago + 1))
    with_signatories(case)
    add_file(case, "sign_memorandum", "2", None, **{"signed_on": day.isoformat(), "signed_place": "天津"} | facts)
    return process.load({"pk": case.pk})


def carried_out(case):
    """At step 3: filed, scanned, and every paper there."""
    make.act(case, "file_originals", "2", originals="2", originals_place="部门档案柜 3 号")
    add_file(case, "add_scan", "2", b"scan of the signed original", "签署件.txt", language="zh")
    make.collected(case)
    make.act(case, "finish_signing", "2")
    return process.load({"pk": case.pk})


@pytest.fixture
def draft(case, ours, partner):
    return drafted(case, ours, partner)


@pytest.fixture
def in_force(draft, reviewer, signer):
    """A memorandum of three years, signed 400 days ago, being carried out."""
    approved(draft, reviewer, signer)
    signed(draft, 400)
    return carried_out(draft)


# -- what is refused --------------------------------------------------------------------------------------------------------------------------------------


def blocked(case, action, target="2", by=None, **data):
    with pytest.raises(BlockedError) as refused:
        make.act(case, action, target, by=by, **data)
    return [blocker.rule for blocker in refused.value.blockers]


def errors(case, action, target="2", **data):
    """The errors of the form, field by field; nothing was stored."""
    before = TimelineEntry.objects.count()
    with pytest.raises(InvalidError) as refused:
        make.act(case, action, target, **data)
    assert TimelineEntry.objects.count() == before
    return {name: [str(line) for line in lines] for name, lines in refused.value.form.errors.items()}


def text_of(case):
    return case.timeline.latest("pk").text
