"""Signing in and out: one answer to every failure, local addresses only, a new session key, a row in the trail."""

import json
from datetime import timedelta

import pytest
import time_machine
from django.test import Client
from django.urls import NoReverseMatch, reverse
from django.utils import timezone

from accounts import actions
from accounts.adapter import AccountAdapter
from accounts.lockout import digest_of
from accounts.models import AuditEvent, Session, User
from tests import factories as make

pytestmark = pytest.mark.django_db

LOGIN = "/accounts/login/"


def sign_in(person, password=make.PASSWORD, client=None, **fields):
    return (client or Client()).post(LOGIN, {"login": getattr(person, "username", person), "password": password, **fields})


def last_event():
    return AuditEvent.objects.last()


def test_signing_in_leads_to_today_and_is_recorded():
    person = make.person("preparer")

    response = sign_in(person)

    assert (response.status_code, response["Location"]) == (302, "/today/")
    assert (last_event().action, last_event().by, last_event().address) == ("sign_in", person, "127.0.0.1")


def test_the_sign_in_name_does_not_tell_upper_from_lower_case():
    person = make.person(username="wang.min")

    assert sign_in(" WANG.Min ").status_code == 302
    assert Session.objects.get().person == person


@pytest.mark.parametrize("fault", ["unknown", "wrong", "disabled"])
def test_every_failure_gets_the_same_answer(fault):
    person = make.person("preparer", disabled=fault == "disabled")

    response = sign_in("nobody" if fault == "unknown" else person, "wrong password 99" if fault == "wrong" else make.PASSWORD)

    assert response.status_code == 200
    assert response.context["form"].errors == {"__all__": ["登录名或密码不正确，或者账号已停用。请核对后再试；仍不能登录的，请联系系统管理员。"]}


def test_a_failure_keeps_the_name_and_not_the_password():
    page = sign_in("wang.min", "canary-passphrase-77").content.decode()

    assert 'value="wang.min"' in page
    assert "canary-passphrase-77" not in page


def test_a_failure_is_recorded_with_the_account_and_no_typed_text():
    person = make.person()

    sign_in(person, "canary-passphrase-77")

    assert (last_event().action, last_event().subject) == ("sign_in.fail", f"accounts.user:{person.pk}")
    assert json.loads(last_event().facts) == {"name": digest_of(person.username)}


def test_a_failure_of_an_unknown_name_is_recorded_by_its_digest_only():
    sign_in("canary-typed-in-the-wrong-box", "x")

    assert (last_event().action, last_event().subject) == ("sign_in.fail", "")
    assert "canary" not in last_event().facts


@pytest.mark.parametrize("field", ["login", "password"])
def test_an_empty_field_is_named(field):
    response = Client().post(LOGIN, {"login": "a", "password": "b"} | {field: ""})

    assert list(response.context["form"].errors) == [field]


@pytest.mark.parametrize(
    ("target", "location"),
    [
        ("/people/?q=a", "/people/?q=a"),
        ("https://evil.example/", "/today/"),
        ("//evil.example/", "/today/"),
        ("http://testserver/people/", "/today/"),
        ("javascript:alert(1)", "/today/"),
        ("/\\evil.example", "/today/"),
    ],
)
def test_only_a_local_address_is_followed(target, location):
    assert sign_in(make.person(), next=target)["Location"] == location


def test_a_session_key_planted_before_signing_in_is_dead_afterwards():
    client = Client()
    planted_session = client.session
    planted_session["planted"] = True
    planted_session.save()
    client.cookies["session"] = planted = planted_session.session_key

    sign_in(make.person(), client=client)

    assert client.cookies["session"].value != planted
    assert not Session.objects.filter(session_key=planted).exists()


def test_the_session_cookie_is_closed_to_scripts_and_ends_with_the_browser():
    client = Client()
    sign_in(make.person(), client=client)

    cookie = client.cookies["session"]
    assert (cookie["httponly"], cookie["samesite"], cookie["max-age"]) == (True, "Lax", "")


def test_signing_out_ends_the_session_and_is_recorded():
    client = make.signed_in("preparer")
    key = client.session.session_key

    response = client.post("/accounts/logout/")

    assert response["Location"] == LOGIN
    assert (last_event().action, last_event().by) == ("sign_out", client.person)
    client.cookies["session"] = key
    assert client.get("/account/")["Location"] == "/accounts/login/?next=/account/"


def test_signing_out_by_get_only_asks():
    client = make.signed_in()

    assert client.get("/accounts/logout/").status_code == 200
    assert client.get("/account/").status_code == 200


def test_the_sign_in_page_makes_no_session():
    client = Client()

    client.get(LOGIN)

    assert "session" not in client.cookies
    assert not Session.objects.exists()


def test_password_fields_work_with_password_managers():
    page = Client().get(LOGIN).content.decode()

    assert 'autocomplete="username"' in page
    assert 'autocomplete="current-password"' in page
    assert "onpaste" not in page


def test_pages_have_no_inline_script_or_style():
    page = Client().get(LOGIN).content.decode() + make.signed_in().get("/accounts/password/change/").content.decode()

    assert "<style" not in page
    assert " style=" not in page
    assert "<script>" not in page


def test_answers_are_pages_whatever_is_asked_for():
    response = Client().get(LOGIN, headers={"Accept": "application/json"})

    assert response["Content-Type"] == "text/html; charset=utf-8"


@pytest.mark.parametrize("name", ["account_signup", "account_reset_password", "account_inactive", "account_email", "account_set_password"])
def test_other_pages_of_allauth_are_not_routed(name):
    with pytest.raises(NoReverseMatch):
        reverse(name)


def test_nobody_can_sign_up(rf):
    assert AccountAdapter().is_open_for_signup(rf.get("/")) is False


def test_an_initial_password_must_be_changed_first():
    person, password = actions.create_person(username="new.person", name="甲", by=make.person("system_admin"))
    client = Client()
    sign_in(person, password, client)

    for address in ("/account/", "/people/", "/accounts/reauthenticate/"):
        response = client.get(address)
        assert response["Location"] == f"/accounts/password/change/?next={address.replace('/', '%2F')}"
    assert client.post("/accounts/logout/")["Location"] == LOGIN


def test_public_addresses_stay_open_with_an_initial_password():
    person, password = actions.create_person(username="new.person", name="甲", by=make.person("system_admin"))
    client = Client()
    sign_in(person, password, client)

    assert client.post("/language/", {"language": "en", "next": "/account/"})["Location"] == "/account/"
    assert client.get(LOGIN)["Location"] == "/today/"


def test_a_changed_initial_password_opens_the_portal():
    person, password = actions.create_person(username="new.person", name="甲", by=make.person("system_admin"))
    client = Client()
    sign_in(person, password, client)

    response = client.post("/accounts/password/change/", {"oldpassword": password, "password1": make.PASSWORD, "password2": make.PASSWORD, "next": "/account/"})

    assert response["Location"] == "/account/"
    assert client.get("/account/").status_code == 200


def test_an_initial_password_is_void_after_its_age(settings):
    person, password = actions.create_person(username="new.person", name="甲", by=make.person("system_admin"))

    with time_machine.travel(timezone.now() + settings.INITIAL_PASSWORD_AGE + timedelta(minutes=1)):
        response = sign_in(person, password)

    assert response.context["form"].non_field_errors() == ["初始密码已过期作废。请联系系统管理员重新设置初始密码。"]
    assert last_event().action == "sign_in.void"
    assert not Session.objects.exists()


def test_a_chosen_password_does_not_expire():
    person = make.person()

    with time_machine.travel(timezone.now() + timedelta(days=400)):
        assert sign_in(person).status_code == 302


def test_reauthentication_changes_the_session_key_and_is_recorded():
    client = make.signed_in()
    key = client.session.session_key

    client.post("/accounts/reauthenticate/", {"password": make.PASSWORD, "next": "/account/"})

    assert client.session.session_key != key
    assert last_event().action == "sign_in.again"


def test_a_wrong_password_does_not_reauthenticate():
    client = make.signed_in()

    response = client.post("/accounts/reauthenticate/", {"password": "wrong password 99"})

    assert response.context["form"].errors == {"password": ["密码不正确，请重新输入。"]}
    assert (last_event().action, last_event().by) == ("sign_in.fail", client.person)


def test_argon2_keeps_passwords(settings):
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.Argon2PasswordHasher"]
    person, _password = actions.create_person(username="new.person", name="甲", by=None)

    assert User.objects.get(pk=person.pk).password.startswith("argon2")
