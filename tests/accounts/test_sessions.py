"""Sessions: limits, who sees and ends them, and what ends them by itself."""

from datetime import timedelta

import pytest
import time_machine
from django.conf import settings as portal
from django.contrib.messages import get_messages
from django.contrib.sessions.backends.base import UpdateError
from django.contrib.sessions.models import Session as DjangoSession
from django.core.management import call_command
from django.test import Client
from django.utils import timezone

from accounts import actions, queries
from accounts.models import AuditEvent, Session
from accounts.sessions import SessionStore, handle_of
from tests import factories as make

pytestmark = pytest.mark.django_db

IDLE = "/accounts/login/?next=/account/"


@pytest.fixture
def clock():
    with time_machine.travel("2026-11-23 09:00:00+08:00", tick=False) as traveller:
        yield traveller


def sign_in(person, **headers):
    client = Client(headers=headers)
    client.post("/accounts/login/", {"login": person.username, "password": make.PASSWORD})
    return client


def test_a_session_says_whose_it_is_since_when_and_where(clock):
    person = make.person()

    sign_in(person, **{"user-agent": "Firefox"})

    session = Session.objects.get()
    assert (session.person, session.started_at, session.seen_at) == (person, timezone.now(), timezone.now())
    assert (session.address, session.browser) == ("127.0.0.1", "Firefox")
    assert DjangoSession.objects.count() == 0


def test_thirty_idle_minutes_are_allowed(clock):
    client = sign_in(make.person())

    clock.shift(timedelta(minutes=30))

    assert client.get("/account/").status_code == 200


def test_more_than_thirty_idle_minutes_end_the_session(clock):
    person = make.person()
    client = sign_in(person)
    key = client.session.session_key
    clock.shift(timedelta(minutes=30, seconds=1))

    response = client.get("/account/")

    assert response["Location"] == IDLE
    assert [str(message) for message in get_messages(response.wsgi_request)] == ["登录已过期，请重新登录。"]
    assert "登录已过期" in client.get(IDLE).content.decode()
    assert not Session.objects.filter(session_key=key).exists()
    assert AuditEvent.objects.last().action == "session.expire"
    assert AuditEvent.objects.last().by == person


def test_use_keeps_a_session_alive_until_twelve_hours(clock):
    client = sign_in(make.person())
    for _quarter in range(48):
        clock.shift(timedelta(minutes=15))
        assert client.get("/account/").status_code == 200

    clock.shift(timedelta(seconds=1))

    assert client.get("/account/")["Location"] == IDLE


def test_a_session_is_stamped_once_a_minute(clock, django_assert_num_queries):
    client = sign_in(make.person())
    clock.shift(timedelta(seconds=59))
    client.get("/roles/")
    assert Session.objects.get().seen_at == timezone.now() - timedelta(seconds=59)

    clock.shift(timedelta(seconds=1))
    client.get("/roles/")

    assert Session.objects.get().seen_at == timezone.now()


def test_a_session_without_stamps_gets_them(clock):
    client = make.signed_in()

    client.get("/account/")

    assert Session.objects.get().started_at == timezone.now()


def test_a_form_that_was_sent_too_late_leads_back_to_its_page(clock):
    client = sign_in(make.person("system_admin"))
    clock.shift(timedelta(hours=1))

    response = client.post("/people/new/", {}, headers={"Referer": "http://testserver/people/new/"})

    assert response["Location"] == "/accounts/login/?next=/people/new/"


def test_a_form_from_nowhere_leads_to_today(clock):
    client = sign_in(make.person("system_admin"))
    clock.shift(timedelta(hours=1))

    response = client.post("/people/new/", {}, headers={"Referer": "https://evil.example/"})

    assert response["Location"] == "/accounts/login/?next=/today/"


def test_a_visitor_without_a_session_is_not_given_one():
    client = Client()

    client.get("/account/")

    assert "session" not in client.cookies


def test_a_session_that_nobody_is_signed_in_to_has_no_person():
    store = SessionStore()
    store["a"] = 1
    store.save()

    assert Session.objects.get().person is None
    assert store.get_model_class().get_session_store_class() is SessionStore


def test_disabling_ends_all_sessions_at_once():
    client = make.signed_in("preparer")
    assert client.get("/account/").status_code == 200

    actions.disable_person(person=client.person, reason="调离", by=make.person("system_admin"))

    assert client.get("/account/")["Location"] == IDLE
    assert not Session.objects.filter(person=client.person).exists()


def test_a_disabled_person_is_refused_even_with_a_session():
    client = make.signed_in("preparer")
    type(client.person).objects.update(is_active=False, disabled_reason="调离")

    assert client.get("/account/")["Location"] == IDLE


def test_changing_the_password_ends_the_other_sessions_and_keeps_this_one():
    person = make.person()
    here, there = make.client_of(person), make.client_of(person)

    here.post("/accounts/password/change/", {"oldpassword": make.PASSWORD, "password1": "a new long phrase", "password2": "a new long phrase"})

    assert there.get("/account/")["Location"] == IDLE
    assert here.get("/account/").status_code == 200
    assert Session.objects.filter(person=person).count() == 1


def test_a_new_initial_password_ends_all_sessions():
    client = make.signed_in()

    actions.reset_password(person=client.person, by=make.person("system_admin"))

    assert client.get("/account/")["Location"] == IDLE


def test_an_ended_session_is_not_brought_back_by_a_request_on_its_way():
    client = make.signed_in()
    store = SessionStore(client.session.session_key)
    store["typed"] = "x"
    actions.end_sessions(person=client.person, by=client.person)

    with pytest.raises(UpdateError):
        store.save()
    assert not Session.objects.exists()


def test_a_person_ends_the_other_sessions():
    person = make.person()
    here, there = sign_in(person), sign_in(person)

    response = here.post("/account/sessions/end-others/", follow=True)

    assert "已结束其他 1 个会话。" in response.content.decode()
    assert there.get("/account/")["Location"] == IDLE
    assert AuditEvent.objects.last().action == "session.end"


def test_ending_nothing_is_not_recorded():
    client = make.signed_in()
    before = AuditEvent.objects.count()

    client.post("/account/sessions/end-others/")

    assert AuditEvent.objects.count() == before


def test_the_security_administrator_ends_one_session():
    person = make.person()
    first, second = sign_in(person), sign_in(person)
    admin = make.signed_in("security_admin")

    admin.post(f"/people/{person.username}/sessions/end/", {"session": handle_of(first.session.session_key)})

    assert first.get("/account/")["Location"] == IDLE
    assert second.get("/account/").status_code == 200


def test_the_security_administrator_ends_all_sessions_of_a_person():
    person, other = make.person(), make.person()
    clients = [sign_in(person), sign_in(person)]
    bystander = sign_in(other)

    make.signed_in("security_admin").post(f"/people/{person.username}/sessions/end/")

    assert [client.get("/account/").status_code for client in clients] == [302, 302]
    assert bystander.get("/account/").status_code == 200


def test_no_page_shows_a_session_key():
    person = make.person()
    here, there = sign_in(person), sign_in(person)
    admin = make.signed_in("security_admin")

    shown = here.get("/account/").content.decode() + admin.get(f"/people/{person.username}/").content.decode()

    for client in (here, there):
        assert client.session.session_key not in shown
        assert handle_of(client.session.session_key) in shown


def test_expired_sessions_are_not_listed(clock):
    person = make.person()
    sign_in(person)
    clock.shift(timedelta(minutes=31))
    current = sign_in(person)

    assert [session.session_key for session in queries.sessions_of(person)] == [current.session.session_key]


def test_the_clean_up_removes_sessions_past_their_date(clock):
    sign_in(make.person())
    clock.shift(timedelta(seconds=portal.SESSION_COOKIE_AGE + 1))

    call_command("clearsessions")

    assert not Session.objects.exists()
