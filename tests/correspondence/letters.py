"""Letters for tests, registered through the real actions."""

import secrets
from collections.abc import Sequence
from datetime import date
from typing import Any

from django.core.files.uploadedfile import SimpleUploadedFile

from accounts.models import User
from cases.models import Case, Term
from correspondence import actions, incoming
from correspondence.models import Entry
from duties.models import DutyItem
from tests import factories as make

DAY = date(2026, 11, 20)


def values(handler: User, **fields: Any) -> dict[str, Any]:
    """What `actions.register` and `actions.correct` take."""
    items = fields.pop("items", ["2.1"])
    given: dict[str, Any] = {
        "counterpart": "神港市商工联合会",
        "counterpart_number": "神商函〔2026〕8号",
        "own_number": "",
        "dated_on": None,
        "exchanged_on": DAY,
        "medium": Term.objects.get(kind=Term.Kind.MEDIUM, name="信函"),
        "subject": "关于代表团来访日程的函",
        "summary": "",
        "sensitivity": "internal",
        "handler": handler,
        "needs_reply": False,
        "reply_due_on": None,
        "replies_to": None,
        "message_id": "",
    }
    return given | fields | {"items": list(DutyItem.objects.filter(pk__in=items))}


def registered(
    by: User,
    *,
    direction: str = "in",
    cases: Sequence[Case] = (),
    papers: Sequence[tuple[str, bytes]] = (),
    form_key: str = "",
    **fields: Any,
) -> Entry:
    """An entry registered by this person."""
    by = User.objects.get(pk=by.pk)
    given, rows = None, []
    if papers:
        received = [make.received(name, body) for name, body in papers]
        given, rows = incoming.take(received, None, by=by)
        for file in received:
            file.close()
    key = form_key or secrets.token_hex(16)
    return actions.register(direction, values(by, **fields), form_key=key, by=by, cases=cases, papers=rows, incoming=given)


def form(**fields: Any) -> dict[str, Any]:
    """What the page of registering sends."""
    given = {
        "direction": "in",
        "counterpart": "神港市商工联合会",
        "counterpart_number": "神商函〔2026〕8号",
        "exchanged_on": DAY.isoformat(),
        "medium": str(Term.objects.get(kind=Term.Kind.MEDIUM, name="信函").pk),
        "subject": "关于代表团来访日程的函",
        "items": ["2.1"],
        "sensitivity": "internal",
        "declared": "on",
        "form_key": secrets.token_hex(16),
    } | fields
    return {name: value for name, value in given.items() if value is not None}


def upload(name: str, body: bytes) -> SimpleUploadedFile:
    return SimpleUploadedFile(name, body)
