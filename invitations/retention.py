"""Changing and confirming how long personal data is kept: by two people, as all operating rules."""

from collections.abc import Mapping
from typing import Any

from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.actions import Refused
from accounts.audit import acting, record
from accounts.models import User
from cases.rule_actions import ChangedMeanwhileError
from cases.rule_queries import fingerprint

from .models import RetentionRule

FIELDS = ("months", "papers", "basis")


def _locked(rule: RetentionRule, seen: str) -> RetentionRule:
    now = RetentionRule.objects.select_for_update(of=("self",), no_key=True).select_related("changed_by").get(pk=rule.pk)
    if fingerprint([now]) != seen:
        raise ChangedMeanwhileError([now])
    return now


def change(rule: RetentionRule, values: Mapping[str, Any], *, seen: str, by: User, request: HttpRequest | None = None) -> bool:
    """Set what is new; it waits for confirmation then. Returns whether anything was. Raises ChangedMeanwhileError."""
    with acting(by, request):
        now = _locked(rule, seen)
        before = {name: getattr(now, name) for name in FIELDS}
        after = before | {name: values[name] for name in FIELDS if name in values}
        if before == after:
            return False
        for name in FIELDS:
            setattr(now, name, after[name])
        now.changed_at, now.changed_by, now.confirmed_at, now.confirmed_by = timezone.now(), by, None, None
        now.save()
        record("retention_rule.change", now, what=now.what, before=before, after=after)
    return True


def confirm(rule: RetentionRule, *, seen: str, by: User, request: HttpRequest | None = None) -> None:
    """Say that it is right as the page showed it. Raises Refused: by who changed it last, or where it is confirmed already."""
    with acting(by, request):
        now = _locked(rule, seen)
        if now.is_confirmed:
            raise Refused(_("这条规则已经确认。"))
        if now.changed_by_id == by.pk:
            raise Refused(_("规则须由修改人以外的人确认。"))
        now.confirmed_at, now.confirmed_by = timezone.now(), by
        now.save(update_fields=["confirmed_at", "confirmed_by"])
        record("retention_rule.confirm", now, what=now.what, months=now.months)
