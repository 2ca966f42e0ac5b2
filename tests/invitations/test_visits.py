"""After the letter: what became of the people, the clock of their departure, and units that are in default."""

import json
from datetime import UTC, date, datetime

import pytest
from django.urls import reverse
from django.utils import timezone

from accounts.models import AuditEvent
from cases import process
from cases.models import Case
from invitations import visits
from invitations.models import Application, CheckRule, Invitee, UnitHold, Visit
from tests import factories as make

from .after import DAY, clock, closed, left_days_ago
from .conftest import fill, invite, issued, taken_in


@pytest.fixture
def gone(case, reviewers, signer):
    """A closed case whose people should have left long ago."""
    left_days_ago(closed(issued(case, reviewers, signer)), 60)
    return Case.objects.get(pk=case.pk)


def typed(case, **people):
    """The form with what is said of people, by surname."""
    data = {}
    for invitee in case.invitation_application.invitees.filter(removed_at=None):
        told = {"visa": "", "entered_on": "", "left_on": "", "note": ""} | people.get(invitee.surname, {})
        data |= {f"person-{invitee.pk}-{name}": value for name, value in told.items()}
    return data


def address(case):
    return reverse("invitations:visit-edit", args=[case.number])


def test_results_are_told_person_by_person(gone, preparer):
    today = timezone.localdate()
    came = {"visa": "granted", "entered_on": (today - 65 * DAY).isoformat(), "left_on": (today - 60 * DAY).isoformat()}
    Application.objects.filter(case=gone).update(received_at=timezone.now() - 90 * DAY)

    answer = make.client_of(preparer).post(address(gone), typed(gone, BERG=came, HOLM={"visa": "refused", "note": "材料不足"}))

    assert answer.status_code == 302
    assert {visit.invitee.surname: visit.visa for visit in Visit.objects.all()} == {"BERG": "granted", "HOLM": "refused"}
    event = AuditEvent.objects.filter(action="invitation.tell_visit").first()
    assert json.loads(event.facts)["after"]["visa"] == "granted"
    assert visits.overdue(today).count() == 1


def test_nothing_new_is_no_act(gone, preparer):
    client = make.client_of(preparer)
    client.post(address(gone), typed(gone, BERG={"visa": "unused"}))

    client.post(address(gone), typed(gone, BERG={"visa": "unused"}))

    assert AuditEvent.objects.filter(action="invitation.tell_visit").count() == 1


@pytest.mark.parametrize(
    ("told", "field", "words"),
    [
        ({"visa": "refused", "entered_on": "2026-01-03"}, "visa", "不填入境和离境日期"),
        ({"entered_on": "2026-01-03"}, "visa", "请选择签证结果"),
        ({"visa": "granted", "left_on": "2026-01-03"}, "entered_on", "同时填写入境日期"),
        ({"visa": "granted", "entered_on": "2026-01-09", "left_on": "2026-01-03"}, "left_on", "不能早于入境日期"),
        ({"visa": "granted", "entered_on": "2999-01-03"}, "entered_on", "发生之后再登记"),
        ({"visa": "granted", "entered_on": "1999-01-03"}, "entered_on", "早于接件日期"),
        ({"visa": "granted", "note": "x" * 400}, "note", "300"),
        ({"visa": "granted", "note": "\u202e"}, "note", "请删去"),
        ({"visa": "perhaps"}, "visa", "选择"),
    ],
)
def test_bad_input_is_told_beside_the_field(gone, preparer, told, field, words):
    answer = make.client_of(preparer).post(address(gone), typed(gone, BERG=told))

    form = next(form for form in answer.context["forms"] if form.invitee.surname == "BERG")
    assert words in str(form.errors[field])
    assert form.data[form.add_prefix("visa")] == told.get("visa", "")
    assert not Visit.objects.exists()


def test_nobody_entered_before_the_day_here_on_which_the_application_came(gone, preparer):
    Application.objects.filter(case=gone).update(received_at=datetime(2026, 3, 1, 20, tzinfo=UTC))  # four in the morning of the second

    answer = make.client_of(preparer).post(address(gone), typed(gone, BERG={"visa": "granted", "entered_on": "2026-03-01"}))

    form = next(form for form in answer.context["forms"] if form.invitee.surname == "BERG")
    assert list(form.errors) == ["entered_on"]


def test_others_see_results_and_tell_none(gone, reviewers):
    Visit.objects.create(invitee=Invitee.objects.get(surname="BERG"), visa="unused", recorded_by=reviewers[0])
    client = make.client_of(reviewers[0])

    page = client.get(address(gone)).content.decode()

    assert "未申请或未使用" in page
    assert '<form method="post" novalidate' not in page
    assert client.post(address(gone), typed(gone)).status_code == 404


def test_a_case_out_of_sight_or_without_letters_is_absent(gone, preparer):
    elsewhere = make.client_of(make.worker("preparer", "2.1"))
    fresh = make.case("4.1", by=preparer)

    assert elsewhere.get(address(gone)).status_code == 404
    assert make.client_of(preparer).get(address(fresh)).status_code == 404


# -- the clock ---------------------------------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("days", [0, 1, 5, 8])
def test_late_since_is_the_other_side_of_due_on(office, days):
    counted = visits.Clock(days)
    today = date(2026, 11, 25)

    last = counted.late_since(today)

    assert counted.due_on(last) < today
    assert counted.due_on(last + DAY) >= today


def test_days_that_are_not_entered_make_nothing_late(office):
    counted = visits.Clock(5)

    assert counted.late_since(date(2031, 6, 2)) is None
    assert counted.due_on(date(2031, 6, 2)) is None


def test_without_a_rule_there_is_no_clock(gone):
    clock(strictness="off")

    assert visits.clock_on(timezone.localdate()) == visits.Clock(None)
    assert not visits.overdue(timezone.localdate()).exists()
    CheckRule.objects.filter(code="INV-17").update(code="INV-97")
    assert visits.clock_on(timezone.localdate()).due_on(date(2026, 1, 5)) is None


def test_whose_letter_was_cancelled_is_not_awaited(gone):
    today = timezone.localdate()
    assert visits.awaited(today).count() == 3

    gone.invitation_application.letters.update(cancelled_at=timezone.now())

    assert visits.awaited(today).count() == 0


def test_the_handler_is_reminded_today(gone, preparer, reviewers):
    page = make.client_of(preparer).get("/today/").content.decode()

    assert "登记来访结果和销签：3 人" in page
    assert "已逾期" in page
    assert address(gone) in page
    assert "登记来访结果和销签" not in make.client_of(reviewers[0]).get("/today/").content.decode()


def test_the_list_tells_who_is_awaited_and_what_came_of_others(gone, preparer):
    Visit.objects.create(invitee=Invitee.objects.get(surname="BERG"), visa="refused", recorded_by=preparer)

    answer = make.client_of(preparer).get(reverse("invitations:visit-list"))

    assert [(row.count, is_late) for row, is_late in answer.context["lines"]] == [(2, True)]
    assert answer.context["late"] == 2
    (_label, by_country), (_other, by_unit) = answer.context["tables"]
    assert by_country == [{"of": "挪威", "invited": 3, "granted": 0, "refused": 1, "unused": 0, "entered": 0, "left": 0}]
    assert by_unit[0]["of"] == gone.invitation_application.unit.name


def test_the_list_is_empty_for_who_sees_no_letters(gone):
    answer = make.client_of(make.worker("preparer", "2.1")).get(reverse("invitations:visit-list"))

    assert (answer.context["lines"], answer.context["tables"][0][1]) == ([], [])


def test_the_letter_page_tells_each_persons_result(gone, preparer):
    Visit.objects.create(invitee=Invitee.objects.get(surname="HOLM"), visa="granted", entered_on="2026-01-03", left_on="2026-01-09", recorded_by=preparer)
    letter = gone.invitation_application.letters.get()

    page = make.client_of(preparer).get(letter.get_absolute_url()).content.decode()

    assert "2026-01-09 离境，已销签" in page
    assert page.count("来访结果未登记") == 2


# -- default -----------------------------------------------------------------------------------------------------------------------------------------------


def test_a_unit_in_default_is_shown_and_held_with_one_click(gone, unit, signer, preparer):
    page = make.client_of(preparer).get(unit.get_absolute_url()).content.decode()
    assert "有 3 人逾期未销签" in page
    assert "因此暂停受理" not in page
    client = make.client_of(signer)
    answer = client.get(unit.get_absolute_url())
    assert "因此暂停受理" in answer.content.decode()

    client.post(reverse("invitations:unit-hold", args=[unit.pk]), {"act": "hold", "reason": "截至 2026-11-29 有 3 人逾期未销签"})

    assert UnitHold.objects.get(unit=unit).ended_at is None
    assert "因此暂停受理" not in client.get(unit.get_absolute_url()).content.decode()


def test_the_list_of_units_tells_who_is_in_default(gone, unit, preparer, django_assert_num_queries):
    assert "逾期未销签 3 人" in make.client_of(preparer).get(reverse("invitations:unit-list")).content.decode()
    assert visits.in_default([], timezone.localdate()) == {}


def test_a_unit_in_default_gets_no_further_letter(gone, unit, preparer, reviewers):
    second = make.case("4.1", by=preparer, title="又一批")
    invite(fill(second.invitation_application, unit), [("LIND", "OLA", "", "M", "P00007777")])
    for name in ("贸易往来文件", "中文译文"):
        make.act(second, "add_material", name=name)
    taken_in(make.collected(second))

    with pytest.raises(process.BlockedError, match="有 3 人逾期未销签"):
        make.act(second, "submit", "2")

    clock(strictness="warn")
    make.act(second, "submit", "2")


def test_the_people_of_each_letter_are_told_apart(preparer, unit, reviewers, signer):
    case = make.case("4.1", by=preparer, title="七人团")
    invite(fill(case.invitation_application, unit), [(f"BERG{sign}", "LARS", "", "M", f"P000044{place:02}") for place, sign in enumerate("ABCDEFG")])
    make.act(case, "add_material", name="贸易往来文件")
    issued(make.collected(case), reviewers, signer)
    first, second = case.invitation_application.letters.order_by("part")

    assert [one.surname[-1] for one in visits.people_of(first)] == list("ABCDE")
    assert [one.surname[-1] for one in visits.people_of(second)] == list("FG")


def test_the_pages_ask_as_often_for_many_as_for_few(gone, preparer, django_assert_max_num_queries):
    client = make.client_of(preparer)
    client.get(reverse("invitations:visit-list"))

    with django_assert_max_num_queries(20):
        client.get(reverse("invitations:visit-list"))
    with django_assert_max_num_queries(20):
        client.get(address(gone))
