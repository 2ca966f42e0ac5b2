"""Interactions as people register them."""

from datetime import timedelta
from itertools import count
from typing import Any

from django.utils import timezone

from accounts.models import User
from contacts import interaction_actions
from contacts.models import Interaction, Organisation, Visit
from tests import factories as make

numbers = count(1)


def values(**more: Any) -> dict[str, Any]:
    """What the form of an interaction gives."""
    usual = {
        "mode": "phone",
        "summary": "对方来电，确认下月来访",
        "happened_at": timezone.now(),
        "sensitivity": "internal",
        "people": [],
        "ours": [],
        "form_key": f"{next(numbers):032d}",
    }
    return usual | more


def logged(body: Organisation, by: User, *, cases: Any = (), entry: Any = None, **more: Any) -> Interaction:
    """An interaction with this body, registered by this person."""
    return interaction_actions.register(body, values(**more), by=User.objects.get(pk=by.pk), cases=cases, entry=entry)


def asked(body: Organisation, by: User, *, days: int = 3, kind: str = "visit", **more: Any) -> Visit:
    """A visit that was asked for, in so many days."""
    starts = timezone.localtime().replace(second=0, microsecond=0) + timedelta(days=days, hours=1)
    appointment = {"mode": "appointment", "starts_at": starts, "visit_kind": kind, "place": "二楼会议室", "summary": "约定会见", "ours": [by]}
    return Visit.objects.get(asked=logged(body, by, **appointment | more))


def act(visit: Visit, action: str, by: User, **data: Any) -> Visit:
    """An act on a visit, by way of its case."""
    now = Visit.objects.select_related("thread__case").get(pk=visit.pk)
    make.act(now.thread.case, action, f"visit:{visit.pk}", by=by, **data)
    return Visit.objects.get(pk=visit.pk)


def held(visit: Visit, by: User, **more: Any) -> Visit:
    """The visit confirmed and held, with minutes."""
    visit = act(visit, "confirm_visit", by)
    minutes = {"summary": "双方商定互派团组", "happened_at": timezone.localtime().strftime("%Y-%m-%dT%H:%M"), "sensitivity": "internal"}
    return act(visit, "hold_visit", by, **minutes | {"form_key": f"{next(numbers):032d}"} | more)
