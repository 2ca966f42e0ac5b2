"""Calendar feeds: private, shown once, revocable; what they show, and to whom; one visit as a file."""

from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone
from icalendar import Calendar

from accounts.models import AuditEvent
from contacts import calendars, interaction_actions
from contacts.models import CalendarFeed, Interaction
from tests import factories as make

from .talks import act, asked, held, logged

pytestmark = pytest.mark.django_db


def feed(person, scope="own"):
    return calendars.make_feed(scope=scope, label="手机", by=person)[1]


def read(token):
    return Client().get(f"/calendar/{token}.ics")


def events(token):
    """The events of a feed by their summary."""
    found = Calendar.from_ical(read(token).content)
    return {str(event["summary"]): event for event in found.walk("VEVENT")}


def test_the_address_is_shown_once_and_kept_nowhere(client, clerk):
    page = client.post("/calendar/", {"scope": "own", "label": "手机"})

    address = page.context["address"]
    token = address.rsplit("/", 1)[1].removesuffix(".ics")
    assert address.startswith("http://testserver/calendar/")
    assert address in page.content.decode()
    assert page["Cache-Control"] == "private, no-store"
    assert token not in client.get("/calendar/").content.decode()
    made = CalendarFeed.objects.get()
    assert (made.person, made.token_digest) == (clerk, calendars.digest_of(token))
    assert token not in "".join(AuditEvent.objects.values_list("facts", flat=True))
    assert read(token)["Content-Type"] == "text/calendar; charset=utf-8"


@pytest.mark.parametrize("sent", [{"scope": "own", "label": ""}, {"scope": "all", "label": "手机"}])
def test_a_feed_has_a_name_and_a_scope(client, edition, sent):
    page = client.post("/calendar/", sent)

    assert page.context["address"] == ""
    assert not CalendarFeed.objects.exists()


def test_the_form_offers_two_scopes(client):
    assert [value for value, _label in client.get("/calendar/").context["form"].fields["scope"].choices] == ["own", "department"]


def test_no_two_of_one_name(client, clerk, edition):
    feed(clerk)

    assert "请换一个名称" in client.post("/calendar/", {"scope": "own", "label": "手机"}).content.decode()
    assert CalendarFeed.objects.count() == 1


def test_it_shows_own_visits_follow_ups_and_deadlines(clerk, body):
    visit = act(asked(body, clerk), "confirm_visit", clerk)
    logged(body, clerk, next_on=timezone.localdate(), next_step="确认航班")
    token = feed(clerk)

    found = events(token)

    case = visit.thread.case
    follow_ups = {f"跟进：确认航班（{case.title}）", f"跟进：登记会见结果：北湾商会（{case.title}）"}
    assert set(found) == {"来访 北湾商会", *follow_ups, f"到期：{case.number} {case.title}"}
    shown = found["来访 北湾商会"]
    assert (shown["dtstart"].dt, shown["dtend"].dt) == (visit.starts_at, visit.starts_at + timedelta(hours=1))
    assert (str(shown["location"]), str(shown["status"]), str(shown["url"])) == ("二楼会议室", "CONFIRMED", f"http://testserver{visit.get_absolute_url()}")
    assert found[f"跟进：确认航班（{case.title}）"]["dtstart"].dt == timezone.localdate()


def test_what_was_talked_about_stays_inside(clerk, body):
    asked(body, clerk, summary="不外传的内容")

    assert "不外传的内容" not in read(feed(clerk)).content.decode()


@pytest.mark.parametrize(("end", "status"), [("", "TENTATIVE"), ("cancel", "CANCELLED"), ("held", "CONFIRMED")])
def test_it_tells_where_a_visit_stands(clerk, body, end, status):
    visit = asked(body, clerk)
    if end == "cancel":
        act(visit, "cancel_visit", clerk, reason="行程取消")
    if end == "held":
        held(visit, clerk)

    assert str(events(feed(clerk))["来访 北湾商会"]["status"]) == status


def test_a_colleagues_visits_are_in_the_departments_feed_only(clerk, colleague, body):
    asked(body, clerk)

    assert events(feed(colleague)) == {}
    assert "来访 北湾商会" in events(feed(colleague, "department"))


def test_it_never_shows_what_its_person_may_not_see(clerk, colleague, stranger, body):
    asked(body, clerk, sensitivity="restricted")

    for person in (colleague, stranger):
        assert "来访 北湾商会" not in events(feed(person, "department"))
    assert events(feed(stranger)) == {}


def test_a_withdrawn_appointment_is_not_shown(clerk, body):
    interaction_actions.withdraw(asked(body, clerk).asked, reason="登错了", by=clerk)

    assert "来访 北湾商会" not in events(feed(clerk))
    assert Interaction.objects.count() == 1


def test_a_revoked_feed_is_absent(client, clerk, edition):
    token = feed(clerk)
    made = CalendarFeed.objects.get()

    client.post(f"/calendar/feeds/{made.pk}/revoke/")

    assert read(token).status_code == 404
    assert client.post(f"/calendar/feeds/{made.pk}/revoke/").status_code == 404
    calendars.revoke_feed(made, by=clerk)
    assert list(AuditEvent.objects.filter(action__startswith="feed").values_list("action", flat=True)) == ["feed.make", "feed.revoke"]


def test_another_persons_feed_is_absent(client, colleague):
    feed(colleague)

    assert client.post(f"/calendar/feeds/{CalendarFeed.objects.get().pk}/revoke/").status_code == 404
    assert list(client.get("/calendar/").context["feeds"]) == []


def test_a_feed_of_who_has_left_is_absent(clerk):
    token = feed(clerk)
    make.actions.disable_person(person=clerk, reason="调离", by=make.person("system_admin"))

    assert read(token).status_code == 404


def test_a_feed_of_who_reads_no_interactions_any_more_is_absent(clerk):
    token = feed(clerk)
    clerk.groups.clear()

    assert read(token).status_code == 404


@pytest.mark.parametrize("token", ["nothing", "x" * 500])
def test_a_token_of_nobody_is_absent(edition, token):
    assert read(token).status_code == 404


def test_reading_is_told_once_a_day(client, clerk, edition):
    token = feed(clerk)

    for _time in range(3):
        read(token)

    assert AuditEvent.objects.filter(action="feed.read").count() == 1
    assert CalendarFeed.objects.get().fetched_on == timezone.localdate()
    assert "最近" in client.get("/calendar/").content.decode()


def test_a_feed_takes_a_fixed_number_of_queries(clerk, body, django_assert_max_num_queries):
    token = feed(clerk, "department")
    read(token)
    for _number in range(5):
        asked(body, clerk)

    with django_assert_max_num_queries(14):
        read(token)


def test_one_visit_is_a_file(client, stranger, clerk, body):
    visit = asked(body, clerk)

    answer = client.get(f"/contacts/visits/{visit.pk}/visit.ics")

    event = Calendar.from_ical(answer.content).walk("VEVENT")[0]
    assert str(event["summary"]) == "来访 北湾商会"
    assert "attachment" in answer["Content-Disposition"]
    assert AuditEvent.objects.get(action="visit.take").subject == f"contacts.visit:{visit.pk}"
    assert make.client_of(stranger).get(f"/contacts/visits/{visit.pk}/visit.ics").status_code == 404
