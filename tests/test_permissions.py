"""Every address × 13 actors × 7 methods against permissions.toml, which is what we expect."""

import re
import tomllib
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta

import pytest
from django.conf import settings
from django.db import connection, transaction
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver
from django.utils import timezone

from accounts import actions
from accounts.models import AuditEvent, User
from accounts.roles import ROLES
from accounts.sessions import SEEN
from tests import factories as make

EXPECTED = tomllib.loads((settings.BASE_DIR / "permissions.toml").read_text())
GROUPS, ADDRESSES = EXPECTED["groups"], EXPECTED["addresses"]
ACTORS = ["anonymous", *ROLES, "disabled", "expired"]
STRANGERS = {"anonymous", "disabled", "expired"}
METHODS = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"]
PARAMETER = re.compile(r"<(?:\w+:)?(\w+)>")


def patterns(entries, prefix="", namespace="") -> Iterator[tuple[str, str, URLPattern]]:
    """(name, route, pattern) of every address, included ones too."""
    for entry in entries:
        route = prefix + str(entry.pattern)
        if isinstance(entry, URLResolver):
            yield from patterns(entry.url_patterns, route, f"{namespace}{entry.namespace}:" if entry.namespace else namespace)
        else:
            yield f"{namespace}{entry.name}", route, entry


URLS = list(patterns(get_resolver().url_patterns))
NAMES = {name for name, _route, _pattern in URLS}


@pytest.fixture
def people(db):
    """The sign-in of each actor: a session key, or None."""
    keys = {}
    for actor in ACTORS[1:]:
        client = make.signed_in(*([actor] if actor in ROLES else ["preparer"]), name=actor)
        session = client.session
        if actor == "expired":
            session[SEEN] = (timezone.now() - settings.SESSION_IDLE_LIMIT - timedelta(seconds=1)).timestamp()
            session.save()
        if actor == "disabled":
            User.objects.filter(pk=client.person.pk).update(is_active=False, disabled_reason="调离")
        keys[actor] = session.session_key
    return {"anonymous": None} | keys


@pytest.fixture
def samples(db):
    """What stands in addresses, by the name of the parameter."""
    person = make.person("reviewer")
    asked = actions.ask_for_role(person=person, role="signer", change="grant", reason="接替", by=make.person("system_admin"))
    return EXPECTED["samples"] | {"username": person.username, "pk": asked.pk}


def address(route, samples) -> str:
    return "/" + PARAMETER.sub(lambda match: str(samples.get(match[0][1:-1], samples[match[1]])), route)


@contextmanager
def undone():
    """What happens inside is rolled back; yields the list of statements that wrote."""
    written = []

    def watch(execute, sql, params, many, context):
        if sql.lstrip().split()[0].upper() in {"INSERT", "UPDATE", "DELETE", "REPLACE"}:
            written.append(sql)
        return execute(sql, params, many, context)

    savepoint = transaction.savepoint()
    with connection.execute_wrapper(watch):
        yield written
    transaction.savepoint_rollback(savepoint)


def asked_to_sign_in(response) -> bool:
    return response.status_code == 302 and response["Location"].startswith("/accounts/login/?next=")


def allowed(response) -> bool:
    return (response.status_code < 400 or response.status_code == 404) and not asked_to_sign_in(response)


def is_right(row, actor, method, response) -> bool:
    """Whether this answer is what the row expects."""
    may = {listed: GROUPS[group] for listed, group in row.items()}
    group = may.get("GET" if method == "HEAD" else method)
    if group is not None and actor in group:
        return allowed(response) or (method == "HEAD" and response.status_code == 405)
    if actor in STRANGERS and not any(actor in group for group in may.values()):
        return asked_to_sign_in(response)
    if group is not None and method != "HEAD":
        return response.status_code == 403
    if any(actor in group for group in may.values()):
        return response.status_code in ({403, 405} if method == "HEAD" else {405})
    return response.status_code in {403, 405}


def test_every_address_has_a_row_and_every_row_an_address():
    assert set(ADDRESSES) == NAMES


def test_every_actor_is_known_and_every_group_used():
    assert {actor for group in GROUPS.values() for actor in group} == set(ACTORS)
    assert {group for row in ADDRESSES.values() for group in row.values()} <= set(GROUPS)


def test_public_rows_are_the_views_that_open_themselves():
    opened = {name for name, _route, pattern in URLS if not getattr(pattern.callback, "login_required", True)}

    assert {name for name, row in ADDRESSES.items() if any("anonymous" in GROUPS[group] for group in row.values())} == opened


def test_a_public_row_is_public_for_all():
    assert [name for name, row in ADDRESSES.items() for group in row.values() if "anonymous" in GROUPS[group] and set(GROUPS[group]) != set(ACTORS)] == []


@pytest.mark.parametrize(("name", "route"), [(name, route) for name, route, _pattern in URLS])
def test_each_actor_may_do_what_is_expected_and_no_more(name, route, people, samples):
    client, url, deviations = Client(), address(route, samples), []
    for actor, key in people.items():
        for method in METHODS:
            client.cookies.clear()
            if key:
                client.cookies[settings.SESSION_COOKIE_NAME] = key
            with undone() as written:
                response = client.generic(method, url, headers={"Referer": "http://testserver/"})
                last = AuditEvent.objects.last()
            refused = response.status_code == 403 and actor not in STRANGERS
            if not is_right(ADDRESSES[name], actor, method, response):
                deviations.append((actor, method, response.status_code, response.headers.get("Location")))
            if refused and (last.action, last.subject) != ("access.refuse", url[:80]):
                deviations.append((actor, method, "refused without an audit row"))
            ours = [sql for sql in written if "accounts_session" not in sql and not (refused or actor == "expired")]
            if method in {"GET", "HEAD", "OPTIONS"} and ours:
                deviations.append((actor, method, ours))
    assert deviations == []


# Public forms that change nothing for anybody: there is no session whose right a foreign page could borrow.
WITHOUT_TOKEN = {"invitations:verify", "invitations:verify-token"}


@pytest.mark.parametrize(
    ("name", "route"), [(name, route) for name, route, _pattern in URLS if "POST" in ADDRESSES.get(name, {}) and name not in WITHOUT_TOKEN]
)
def test_a_post_without_a_token_is_refused(name, route, people, samples):
    client = Client(enforce_csrf_checks=True)
    actor = next(actor for actor in reversed(GROUPS[ADDRESSES[name]["POST"]]) if actor not in STRANGERS)
    client.cookies[settings.SESSION_COOKIE_NAME] = people[actor]

    assert client.post(address(route, samples)).status_code == 403


def test_a_permission_check_that_breaks_lets_nobody_in(people, samples, monkeypatch):
    def broken(*args, **kwargs):
        raise RuntimeError

    monkeypatch.setattr("accounts.backends.RoleBackend.has_perm", broken)
    client = Client(raise_request_exception=False)
    let_in = []
    for name, route, _pattern in URLS:
        for method, group in ADDRESSES[name].items():
            if GROUPS[group] in (GROUPS["everybody"], GROUPS["signed_in"]):
                continue
            client.cookies[settings.SESSION_COOKIE_NAME] = people[GROUPS[group][0]]
            with undone():
                if client.generic(method, address(route, samples)).status_code < 400:
                    let_in.append((name, method))
    assert let_in == []


def test_every_permission_of_a_role_exists(django_user_model, db):
    granted = {name for user in [make.person(role) for role in ROLES] for name in user.get_all_permissions()}

    assert granted == {name for role in ROLES.values() for name in role.permissions}


def test_there_is_no_superuser():
    assert not [field.name for field in User._meta.get_fields() if field.name in {"is_superuser", "is_staff", "user_permissions"}]
    assert User.is_superuser is False


def test_code_does_not_ask_for_superusers():
    apps = [path.parent for path in settings.BASE_DIR.glob("*/apps.py")]
    found = [path.relative_to(settings.BASE_DIR).as_posix() for app in apps for path in app.rglob("*.py") if "is_superuser" in path.read_text()]

    assert found == ["accounts/models.py"]


def test_djangos_admin_is_not_there():
    assert "django.contrib.admin" not in settings.INSTALLED_APPS
    assert not [name for name in NAMES if name.startswith("admin:")]


@pytest.mark.django_db
def test_a_fresh_installation_has_no_account():
    assert User.objects.count() == 0
