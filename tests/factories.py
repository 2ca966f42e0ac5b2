"""What tests need to exist. Plain functions that reach a state through the real workflow; use as `from tests import factories as make`."""

from itertools import count
from typing import Any

from django.test import Client

from accounts import actions
from accounts.models import User

numbers = count(1)

PASSWORD = "correct horse 电池 staple"


def person(*roles: str, **fields: Any) -> User:
    """A person with these roles who has chosen PASSWORD; `disabled=True` for one whose account is closed."""
    disabled = fields.pop("disabled", False)
    fields = {"username": f"person{next(numbers)}", "name": "王敏"} | fields
    made, _password = actions.create_first_account(**fields, roles=roles)
    made.set_password(PASSWORD)
    made.must_change_password = False
    made.save(update_fields=["password", "must_change_password"])
    if disabled:
        actions.disable_person(person=made, reason="调离", by=person("system_admin"))
    return User.objects.get(pk=made.pk)


def signed_in(*roles: str, **fields: Any) -> Client:
    """A browser in which a person with these roles is signed in; the person is `client.person`."""
    return client_of(person(*roles, **fields))


def client_of(user: User, **options: Any) -> Client:
    """A browser in which `user` is signed in."""
    client = Client(**options)
    client.force_login(user)
    client.person = user
    return client
