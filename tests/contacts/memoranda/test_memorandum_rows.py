"""What the database itself keeps of memoranda: constraints, and triggers that no way round the forms passes."""

from datetime import date, timedelta

import pytest
from django.db import IntegrityError, connection, transaction
from django.utils import timezone

from accounts.audit import acting
from contacts.commitments import due_days, months_later, next_due
from contacts.memorandum_upkeep import extend_memoranda
from contacts.models import (
    Commitment,
    Countersignature,
    Fulfilment,
    LegalReview,
    Memorandum,
    MemorandumExtension,
    MemorandumParty,
    MemorandumSignatory,
    MemorandumText,
    TextCheck,
    YearlyReview,
)
from contacts.seeds import seed_rules
from tests import factories as make
from tests.contacts.memoranda.conftest import memorandum

TODAY = timezone.localdate()


def refused(act):
    with pytest.raises(IntegrityError), transaction.atomic():
        act()


def test_nothing_is_deleted(in_force):
    for model in (Memorandum, MemorandumParty, MemorandumSignatory, MemorandumText, LegalReview):
        table = model._meta.db_table
        with connection.cursor() as cursor:
            refused(lambda cursor=cursor, table=table: cursor.execute(f"DELETE FROM {table}"))
        assert model.objects.exists()


@pytest.mark.parametrize(
    "change", [{"title": "改了"}, {"signed_on": date(2020, 1, 1)}, {"approved_digest": "0" * 64}, {"renewal": "open"}, {"predecessor": None, "kind": None}]
)
def test_what_is_signed_stays(in_force, change):
    before = Memorandum.objects.values().get(case=in_force)

    refused(lambda: Memorandum.objects.filter(case=in_force).update(**change))

    assert Memorandum.objects.values().get(case=in_force) == before


def test_it_is_filed_once_and_not_shortened(in_force):
    found = memorandum(in_force)

    refused(lambda: Memorandum.objects.filter(pk=found.pk).update(originals=9))
    refused(lambda: Memorandum.objects.filter(pk=found.pk).update(expires_on=found.expires_on - timedelta(days=1)))
    Memorandum.objects.filter(pk=found.pk).update(expires_on=found.expires_on + timedelta(days=365))

    after = memorandum(in_force)
    assert (after.originals, after.expires_on) == (found.originals, found.expires_on + timedelta(days=365))


def test_it_ends_once(in_force):
    make.act(in_force, "terminate_memorandum", "3", notified_on="2026-01-05", ended_on=TODAY.isoformat(), end_reason="x")

    refused(lambda: Memorandum.objects.filter(case=in_force).update(ended_on=TODAY + timedelta(days=9)))

    assert memorandum(in_force).ended_on == TODAY


def test_the_parts_of_a_signed_one_stay(in_force, ours):
    found, by = memorandum(in_force), in_force.handler
    party, review = found.current_parties[0], LegalReview.objects.get()
    text = MemorandumText.objects.filter(is_scan=False).first()
    parts = (MemorandumParty, MemorandumSignatory, LegalReview, Countersignature, TextCheck, MemorandumText)
    before = [list(model.objects.order_by("pk").values()) for model in parts]

    refused(lambda: MemorandumParty.objects.filter(pk=party.pk).update(role="见证方"))
    refused(lambda: MemorandumSignatory.objects.update(name="另一人"))
    refused(lambda: LegalReview.objects.filter(pk=review.pk).update(opinion="改了"))
    refused(lambda: LegalReview.objects.create(memorandum=found, reviewer="x", reviewed_on=TODAY, opinion="x", made_by=by))
    refused(lambda: Countersignature.objects.create(memorandum=found, body="x", sent_on=TODAY, made_by=by))
    refused(lambda: MemorandumParty.objects.create(memorandum=found, organisation=make.organisation("丙", by), made_by=by))
    refused(lambda: MemorandumSignatory.objects.create(memorandum=found, party=party, name="x", post="x", made_by=by))
    refused(lambda: TextCheck.objects.create(memorandum=found, chinese=text, english=text, note="x", made_by=by))
    paper = make.attached(in_force)
    refused(lambda: MemorandumText.objects.create(memorandum=found, document=paper, language="zh", number=9))
    refused(lambda: MemorandumText.objects.filter(pk=text.pk).update(note="改了"))

    assert [list(model.objects.order_by("pk").values()) for model in parts] == before


def test_a_record_that_is_merged_takes_its_signed_memoranda_along(in_force):
    party = memorandum(in_force).partners[0]
    other = make.organisation("北湾商会（新）", in_force.handler)

    MemorandumParty.objects.filter(pk=party.pk).update(organisation=other)

    assert [str(one) for one in memorandum(in_force).partners] == ["北湾商会（新）"]


def test_words_are_read_once(draft):
    text = MemorandumText.objects.first()

    MemorandumText.objects.filter(pk=text.pk).update(words="一")
    refused(lambda: MemorandumText.objects.filter(pk=text.pk).update(words="二"))

    assert MemorandumText.objects.get(pk=text.pk).words == "一"


def test_what_was_taken_back_stays_so(in_force):
    by = in_force.handler
    rows = [
        Commitment.objects.create(memorandum=memorandum(in_force), clause="一", item="x", owner=by, frequency="as_needed", made_by=by),
        YearlyReview.objects.create(memorandum=memorandum(in_force), year=2026, reviewed_on=TODAY, summary="x", made_by=by),
    ]
    rows.append(Fulfilment.objects.create(commitment=rows[0], done_on=TODAY, case=in_force, made_by=by))
    for row in rows:
        type(row).objects.filter(pk=row.pk).update(removed_at=timezone.now(), removed_by=by, removed_reason="x")
        refused(lambda row=row: type(row).objects.filter(pk=row.pk).update(removed_reason="y"))
        assert type(row).objects.get(pk=row.pk).removed_reason == "x"


@pytest.mark.parametrize(
    "facts",
    [
        {"approved_digest": "a" * 64},
        {"signed_on": TODAY},
        {"originals": 2},
        {"end_kind": "terminated"},
        {"expires_on": TODAY},
    ],
)
def test_facts_are_set_all_or_none(case, facts):
    before = Memorandum.objects.filter(case=case).values().get()

    refused(lambda: Memorandum.objects.filter(case=case).update(**facts))

    assert Memorandum.objects.filter(case=case).values().get() == before


def test_what_is_signed_is_what_was_approved(case):
    by, now = case.handler, timezone.now()
    approved = {"approved_digest": "a" * 64, "approved_at": now, "approved_by": by}
    signing = {"signed_on": TODAY, "signing_recorded_at": now, "signing_recorded_by": by, "effective_on": TODAY, "renewal": "open"}

    refused(lambda: Memorandum.objects.filter(case=case).update(**approved, **signing, signed_digest="b" * 64))
    refused(lambda: Memorandum.objects.filter(case=case).update(**approved, **(signing | {"renewal": "automatic"}), signed_digest="a" * 64))
    refused(lambda: Memorandum.objects.filter(case=case).update(**approved, **(signing | {"renewal": ""}), signed_digest="a" * 64))
    assert Memorandum.objects.get(case=case).signed_on is None

    Memorandum.objects.filter(case=case).update(**approved, **signing, signed_digest="a" * 64)
    assert Memorandum.objects.get(case=case).signed_digest == "a" * 64


def test_an_extension_stays(in_force):
    row = MemorandumExtension.objects.create(memorandum=memorandum(in_force), expired_on=TODAY, expires_on=TODAY + timedelta(days=9))

    refused(lambda: MemorandumExtension.objects.filter(pk=row.pk).update(expires_on=TODAY + timedelta(days=99)))
    refused(lambda: MemorandumExtension.objects.create(memorandum=memorandum(in_force), expired_on=TODAY, expires_on=TODAY))
    assert str(row) == str(TODAY + timedelta(days=9))


def test_the_nightly_work_runs(in_force):
    extend_memoranda(None, None)

    assert MemorandumExtension.objects.count() == 0


def test_rules_are_stored_once(office):
    with acting(None):
        assert seed_rules(b'[[rules]]\ncode = "MEM-01"\ntext = "x"\nstrictness = "off"\nbasis = "x"') == []


# -- days


@pytest.mark.parametrize(
    ("day", "months", "later"),
    [
        (date(2026, 1, 31), 1, date(2026, 2, 28)),
        (date(2028, 1, 31), 1, date(2028, 2, 29)),
        (date(2028, 2, 29), 12, date(2029, 2, 28)),
        (date(2026, 11, 30), 3, date(2027, 2, 28)),
        (date(2026, 5, 15), 24, date(2028, 5, 15)),
    ],
)
def test_months_later(day, months, later):
    assert months_later(day, months) == later


def promised(frequency, first, **memorandum_facts):
    return Commitment(memorandum=Memorandum(**memorandum_facts), frequency=frequency, first_due_on=first)


def test_days_on_which_a_commitment_is_due():
    first = date(2026, 1, 31)

    assert due_days(promised("quarterly", first), date(2026, 12, 31)) == [date(2026, 1, 31), date(2026, 4, 30), date(2026, 7, 31), date(2026, 10, 31)]
    assert due_days(promised("half_yearly", first), date(2026, 7, 30)) == [first]
    assert due_days(promised("once", first), date(2030, 1, 1)) == [first]
    assert due_days(promised("once", first), date(2026, 1, 30)) == []
    assert due_days(promised("as_needed", None), date(2030, 1, 1)) == []


def test_nothing_is_due_when_the_memorandum_holds_no_more():
    first = date(2026, 1, 31)

    assert due_days(promised("yearly", first, expires_on=date(2027, 6, 1)), date(2030, 1, 1)) == [first, date(2027, 1, 31)]
    assert due_days(promised("yearly", first, expires_on=date(2028, 6, 1), ended_on=date(2027, 1, 31)), date(2030, 1, 1)) == [first]


def test_the_next_day_is_the_first_that_is_not_done(in_force):
    commitment = Commitment.objects.create(
        memorandum=memorandum(in_force), clause="一", item="x", owner=in_force.handler, frequency="once", first_due_on=TODAY, made_by=in_force.handler
    )
    assert next_due(commitment, TODAY) == TODAY

    Fulfilment.objects.create(commitment=commitment, due_on=TODAY, done_on=TODAY, case=in_force, made_by=in_force.handler)
    assert next_due(Commitment.objects.get(pk=commitment.pk), TODAY) is None
    assert "一 x" in str(Fulfilment.objects.get())


def test_rows_say_what_they_are(in_force):
    found = memorandum(in_force)
    review = YearlyReview(memorandum=found, year=2026)
    text = found.texts.first()

    assert (str(review), str(LegalReview.objects.get()), str(text)) == ("2026", "法律顾问", "英文 1")
    assert str(Countersignature(body="市外办")) == "市外办"
    assert str(TextCheck(chinese=text, english=text)) == "英文 1 / 英文 1"
