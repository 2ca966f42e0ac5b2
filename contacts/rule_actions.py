"""Changing and confirming the rules of liaison work. Whoever changed a rule last does not confirm it."""

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

from .models import LiaisonRule

FIELDS = ("strictness", "figure", "basis")


def seen(rule: LiaisonRule) -> str:
    """What a page saw of a rule."""
    return fingerprint([rule])


def facts_of(rule: LiaisonRule) -> dict[str, Any]:
    return {name: getattr(rule, name) for name in FIELDS}


def _locked(pk: int, told: str) -> LiaisonRule:
    rule = LiaisonRule.objects.select_for_update(no_key=True).get(pk=pk)
    if seen(rule) != told:
        raise ChangedMeanwhileError([rule])
    return rule


def change(pk: int, values: Mapping[str, Any], *, seen: str, by: User, request: HttpRequest | None = None) -> bool:
    """Set how strictly a rule is applied, its figure and its basis; it waits for confirmation then. Returns whether anything changed.

    Raises ChangedMeanwhileError where the rule is not what the page saw.
    """
    with acting(by, request):
        rule = _locked(pk, seen)
        before = facts_of(rule)
        for name in FIELDS:
            setattr(rule, name, values[name])
        if before == facts_of(rule):
            return False
        rule.changed_at, rule.changed_by, rule.confirmed_at, rule.confirmed_by = timezone.now(), by, None, None
        rule.save()
        record("liaison_rule.change", rule, code=rule.code, before=before, after=facts_of(rule))
    return True


def confirm(pk: int, *, seen: str, by: User, request: HttpRequest | None = None) -> None:
    """Confirm a rule as it stands. Raises Refused where `by` changed it last, or it is confirmed already; ChangedMeanwhileError."""
    with acting(by, request):
        rule = _locked(pk, seen)
        if rule.is_confirmed:
            raise Refused(_("这条规则已经确认。"))
        if rule.changed_by_id == by.pk:
            raise Refused(_("规则须由修改人以外的人确认，请另一位有确认权限的人办理。"))
        rule.confirmed_at, rule.confirmed_by = timezone.now(), by
        rule.save(update_fields=["confirmed_at", "confirmed_by"])
        record("liaison_rule.confirm", rule, code=rule.code, rule=facts_of(rule))
