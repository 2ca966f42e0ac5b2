"""Drafts of forms: saved while a person types, offered back when the page is opened again, gone when the form was sent.

A draft is its writer's alone and changes nothing but itself, so that no audit row is written for it.
"""

import json
from collections.abc import Iterable, Sequence
from datetime import timedelta
from typing import Any

from django import forms
from django.http import QueryDict
from django.urls import Resolver404, resolve
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.actions import Refused
from accounts.models import User

from .models import Draft

KEPT = timedelta(days=30)
MAX_SIGNS = 60_000  # of one draft, as JSON
MAX_DRAFTS = 50  # of one person; the oldest make way
NEVER = {"csrfmiddlewaretoken", "version", "address", "password", "passport_number", "mrz", "roster"}

Pairs = Sequence[tuple[str, str]]


def save(person: User, address: str, fields: Iterable[Sequence[str]]) -> Draft:
    """Keep what was typed into the form at `address` (a path of this portal), in place of what was kept of it before.

    `fields` are pairs of name and value. Raises Refused where the address is none or the draft is too large.
    """
    pairs = [[str(name), str(value)] for name, value in fields if name not in NEVER]
    if not _is_ours(address):
        raise Refused(_("这个地址没有可以存草稿的表单。"))
    if len(json.dumps(pairs, ensure_ascii=False)) > MAX_SIGNS:
        raise Refused(_("内容太长，草稿没有保存。请先提交，或分几次填写。"))
    now = timezone.now()
    draft, _created = Draft.objects.update_or_create(person=person, address=address, defaults={"fields": pairs, "saved_at": now})
    Draft.objects.filter(saved_at__lt=now - KEPT).delete()
    kept = Draft.objects.filter(person=person).order_by("-saved_at", "-pk").values("pk")[:MAX_DRAFTS]
    Draft.objects.filter(person=person).exclude(pk__in=[row["pk"] for row in kept]).delete()
    return draft


def _is_ours(address: str) -> bool:
    try:
        return len(address) <= 200 and resolve(address).namespace != ""
    except Resolver404:
        return False


def find(person: User, address: str) -> Draft | None:
    """The person's own draft of the form at this address, if it is not too old."""
    return Draft.objects.filter(person=person, address=address, saved_at__gte=timezone.now() - KEPT).first()


def forget(person: User, address: str) -> None:
    """The form was sent, or its draft discarded."""
    Draft.objects.filter(person=person, address=address).delete()


def initial_of(form: forms.BaseForm, draft: Draft) -> dict[str, Any]:
    """What the fields of `form` are to hold so that it reads as it was left."""
    typed = QueryDict(mutable=True)
    for name, value in draft.fields:
        typed.appendlist(name, value)
    return {
        name: field.widget.value_from_datadict(typed, {}, form.add_prefix(name))
        for name, field in form.fields.items()
        if not field.widget.value_omitted_from_data(typed, {}, form.add_prefix(name)) or isinstance(field, forms.MultipleChoiceField)
    }
