"""Lock-out: after how many failures, of whom, from where, for how long; and what is kept of what was typed."""

from datetime import timedelta

import pytest
import time_machine
from axes.models import AccessAttempt
from django.contrib.auth import authenticate
from django.contrib.auth.signals import user_login_failed
from django.core import serializers
from django.test import Client, RequestFactory
from django.utils import timezone

from accounts import actions, queries
from accounts.addresses import address_of
from accounts.models import AuditEvent
from tests import factories as make

pytestmark = pytest.mark.django_db


WRONG = "wrong password 99"


def attempt(name, password=WRONG, address="192.0.2.1", client=None, **headers):
    return (client or Client()).post("/accounts/login/", {"login": name, "password": password}, REMOTE_ADDR=address, headers=headers)


def fail(name, times, **where):
    return [attempt(name, **where).status_code for _time in range(times)]


def actions_recorded():
    return list(AuditEvent.objects.filter(action__startswith="sign_in").order_by("number").values_list("action", flat=True))


def test_the_fifth_failure_locks():
    person = make.person()

    assert fail(person.username, 5) == [200, 200, 200, 200, 429]
    assert attempt(person.username, make.PASSWORD).status_code == 429


def test_an_unknown_name_is_locked_like_a_known_one():
    assert fail("nobody", 6) == [200, 200, 200, 200, 429, 429]


def test_the_lock_counts_the_name_in_any_case():
    person = make.person(username="wang.min")

    statuses = [attempt(name).status_code for name in ("wang.min", "WANG.MIN", "Wang.Min", " wang.min", "wang.miN")]

    assert statuses == [200, 200, 200, 200, 429]
    assert queries.locked_among([person]) == {person.pk}


def test_another_browser_does_not_help():
    person = make.person()

    statuses = [attempt(person.username, **{"User-Agent": str(number)}).status_code for number in range(5)]

    assert statuses[-1] == 429


def test_others_are_not_locked_out():
    person, other = make.person(), make.person()
    fail(person.username, 5)

    assert attempt(other.username, make.PASSWORD).status_code == 302
    assert attempt(person.username, make.PASSWORD, address="192.0.2.2").status_code == 302


def test_a_lock_ends_after_a_quarter_of_an_hour_however_often_it_is_tried():
    person = make.person()
    start = timezone.now()
    with time_machine.travel(start):
        fail(person.username, 5)
    with time_machine.travel(start + timedelta(minutes=14)):
        assert attempt(person.username, make.PASSWORD).status_code == 429

    with time_machine.travel(start + timedelta(minutes=15, seconds=1)):
        assert attempt(person.username, make.PASSWORD).status_code == 302


def test_signing_in_forgets_earlier_failures():
    person = make.person()
    fail(person.username, 4)
    attempt(person.username, make.PASSWORD)

    assert fail(person.username, 4) == [200, 200, 200, 200]


def test_the_lock_out_page_says_until_when_and_who_helps():
    person = make.person()

    with time_machine.travel("2026-11-23 09:00:00+08:00", tick=False):
        fail(person.username, 4)
        response = attempt(person.username)

    page = response.content.decode()
    assert "锁定到 2026-11-23 09:15 为止" in page
    assert "请联系安全管理员解除锁定" in page
    assert response["Retry-After"] == "900"


def test_a_lock_is_recorded_once():
    person = make.person()

    fail(person.username, 8)

    assert actions_recorded() == ["sign_in.fail"] * 5 + ["sign_in.lock"]
    assert AuditEvent.objects.get(action="sign_in.lock").subject == f"accounts.user:{person.pk}"
    assert '"scope": "account"' in AuditEvent.objects.get(action="sign_in.lock").facts


def test_an_address_that_tries_many_names_is_locked_for_all(settings):
    settings.AXES_ADDRESS_FAILURE_LIMIT = 6
    other = make.person()

    statuses = [attempt(f"name{number}").status_code for number in range(6)]

    assert statuses == [200, 200, 200, 200, 200, 429]
    assert attempt(other.username, make.PASSWORD).status_code == 429
    assert attempt(other.username, make.PASSWORD, address="192.0.2.2").status_code == 302
    assert '"scope": "address"' in AuditEvent.objects.get(action="sign_in.lock").facts


def test_spraying_one_password_over_many_names_stops_at_fifty():
    statuses = [attempt(f"name{number}").status_code for number in range(60)]

    assert statuses.index(429) == 49
    assert set(statuses[49:]) == {429}
    assert actions_recorded() == ["sign_in.fail"] * 50 + ["sign_in.lock"]


def test_the_page_of_a_locked_address_says_so(settings):
    settings.AXES_ADDRESS_FAILURE_LIMIT = 2
    attempt("a")

    page = attempt("b").content.decode()

    assert "这个地址暂时不能登录" in page
    assert "安全管理员" not in page


def test_a_success_does_not_clear_what_the_address_did_to_others(settings):
    settings.AXES_ADDRESS_FAILURE_LIMIT = 6
    own = make.person()
    fail("a", 3)
    fail("b", 2)
    attempt(own.username, make.PASSWORD)

    assert attempt("c").status_code == 429


def test_reauthentication_failures_count():
    client = make.signed_in()

    statuses = [client.post("/accounts/reauthenticate/", {"password": "wrong password 99"}).status_code for _time in range(5)]

    assert statuses == [200, 200, 200, 200, 429]


def test_wrong_current_passwords_count():
    client = make.signed_in()
    fields = {"oldpassword": "wrong password 99", "password1": "a new long phrase", "password2": "a new long phrase"}

    statuses = [client.post("/accounts/password/change/", fields).status_code for _time in range(5)]

    assert statuses == [200, 200, 200, 200, 429]


def test_the_security_administrator_unlocks():
    person = make.person()
    fail(person.username, 5)
    client = make.signed_in("security_admin")
    assert "登录锁定" in client.get(f"/people/{person.username}/").content.decode()

    client.post(f"/people/{person.username}/unlock/")

    assert attempt(person.username, make.PASSWORD).status_code == 302
    assert AuditEvent.objects.filter(action="person.unlock", by=client.person).count() == 1


def test_nothing_typed_is_kept_in_the_clear(caplog):
    client = make.signed_in()
    secret = "canary-passphrase-77"

    attempt(secret, secret)
    client.post("/accounts/password/change/", {"oldpassword": secret, "password1": secret, "password2": secret})
    client.post("/accounts/reauthenticate/", {"password": secret})

    kept = serializers.serialize("json", [*AccessAttempt.objects.all(), *AuditEvent.objects.all()]) + caplog.text
    assert AccessAttempt.objects.count() == 2
    assert secret not in kept
    assert client.person.username not in serializers.serialize("json", AccessAttempt.objects.all())


def test_locks_are_listed_by_address():
    person = make.person()
    with time_machine.travel("2026-11-23 09:00:00+08:00", tick=False):
        fail(person.username, 5, address="192.0.2.2")
        fail(person.username, 5, address="192.0.2.1")
        fail(person.username, 4, address="192.0.2.3")

        locks = [(address, timezone.localtime(until).strftime("%H:%M")) for address, until in queries.locks_of(person)]

    assert locks == [("192.0.2.1", "09:15"), ("192.0.2.2", "09:15")]


def test_failures_without_an_address_count_too():
    assert fail("a", 5, address="") == [200, 200, 200, 200, 429]


def test_a_failure_without_a_request_is_not_counted():
    user_login_failed.send(sender=None, credentials={"username": "a"}, request=None)

    assert not AccessAttempt.objects.exists()
    assert authenticate(RequestFactory().get("/")) is None


@pytest.mark.parametrize(
    ("proxies", "forwarded", "address"),
    [
        (0, "203.0.113.9", "192.0.2.1"),
        (1, "203.0.113.9", "203.0.113.9"),
        (1, "10.0.0.1, 203.0.113.9", "203.0.113.9"),
        (2, "10.0.0.1, 203.0.113.9, 198.51.100.1", "203.0.113.9"),
        (2, "203.0.113.9", "203.0.113.9"),
        (1, "forged", "192.0.2.1"),
        (1, "", "192.0.2.1"),
        (1, "2001:db8::1", "2001:db8::1"),
        (1, "fe80::1%eth0", "192.0.2.1"),
    ],
)
def test_the_address_behind_proxies_of_ours(settings, proxies, forwarded, address):
    settings.TRUSTED_PROXIES = proxies

    assert address_of(RequestFactory().get("/", REMOTE_ADDR="192.0.2.1", headers={"X-Forwarded-For": forwarded})) == address


def test_no_address_where_there_is_none():
    assert address_of(RequestFactory().get("/", REMOTE_ADDR="unix:")) == ""


def test_a_forged_header_does_not_get_round_the_lock(settings):
    settings.TRUSTED_PROXIES = 1
    person = make.person()

    statuses = [attempt(person.username, address="10.0.0.1", **{"X-Forwarded-For": f"198.51.100.{number}, 203.0.113.9"}).status_code for number in range(5)]

    assert statuses[-1] == 429


def test_unlocking_somebody_who_is_not_locked_changes_nothing():
    actions.unlock_person(person=make.person(), by=make.person("security_admin"))

    assert not AccessAttempt.objects.exists()
