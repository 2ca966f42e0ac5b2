"""Changing what letters are made by: kinds, nationalities, rules of checking. Each act is audited; what is in use is taken out of use, never deleted."""

from collections.abc import Mapping, Sequence
from typing import Any, TypeVar

from django.db import IntegrityError, models, transaction
from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.actions import Refused
from accounts.audit import acting, record
from accounts.models import User
from cases.approvals import digest_of
from cases.rule_actions import ChangedMeanwhileError as RuleChangedError
from cases.rule_actions import confirm_rows, mark_changed
from cases.rule_queries import fingerprint
from contacts.models import Country

from .models import CheckRule, LetterKind

Row = TypeVar("Row", LetterKind, Country)

KIND_FIELDS = ("name", "name_en", "valid_from", "valid_until", "series", "pattern", "most", "overflow", "valid_days", "basis")
NATIONALITY_FIELDS = ("code", "name", "name_en")  # visa hints are kept on the page of the country
RULE_FIELDS = ("text", "strictness", "figure", "unit", "paper", "valid_from", "valid_until", "basis")


class ChangedMeanwhileError(Refused):
    """The row was changed by another since the page was made; `row` is as it is now."""

    def __init__(self, row: models.Model) -> None:
        self.row = row
        super().__init__(_("打开页面之后，内容已有变化。请对照下方“现在的内容”；再保存一次，以这次填写的为准。"))


def facts_of(row: models.Model, fields: Sequence[str]) -> dict[str, Any]:
    """A row as the audit trail tells it."""
    return {name: getattr(row, name) for name in fields}


def seen_of(row: models.Model, fields: Sequence[str]) -> str:
    """What a page saw of a row; another one once it was changed. "" for one that is not stored."""
    return digest_of([row.pk, getattr(row, "archived_at", None), facts_of(row, fields)])[:16] if row.pk else ""


def save_kind(kind: LetterKind, values: Mapping[str, Any], *, seen: str, by: User, request: HttpRequest | None = None) -> LetterKind:
    """Store a kind of letter, new or changed. Raises ChangedMeanwhileError, and Refused where the database keeps the name of one in use."""
    return _save(kind, KIND_FIELDS, values, ("letter_kind.add", "letter_kind.change"), seen, by, request)


def save_nationality(row: Country, values: Mapping[str, Any], *, seen: str, by: User, request: HttpRequest | None = None) -> Country:
    """Store a nationality, new or changed. Raises ChangedMeanwhileError, and Refused where another has its code or name."""
    return _save(row, NATIONALITY_FIELDS, values, ("country.add", "country.rename"), seen, by, request)


def _save(row: Row, fields: Sequence[str], values: Mapping[str, Any], acts: tuple[str, str], seen: str, by: User, request: HttpRequest | None) -> Row:
    model = type(row)
    with acting(by, request):
        now = model._default_manager.select_for_update(no_key=True).filter(pk=row.pk).first() if row.pk else None
        if now and seen_of(now, fields) != seen:
            raise ChangedMeanwhileError(now)
        before = facts_of(now, fields) if now else None
        stored = now or model()
        for name in fields:
            setattr(stored, name, values[name])
        try:
            with transaction.atomic():
                stored.save()
        except IntegrityError as error:
            raise Refused(_("没有保存：已有同样的名称或代码，或这一条已在使用、不能这样改。请刷新页面核对。")) from error
        after = facts_of(stored, fields)
        if before != after:
            record(acts[1] if now else acts[0], stored, before=before, after=after)
    return stored


def archive_nationality(row: Country, *, reason: str, by: User, request: HttpRequest | None = None) -> None:
    """Offer it no more; who has it keeps it. Raises Refused where that has been done."""
    with acting(by, request):
        now = Country.objects.select_for_update(no_key=True).get(pk=row.pk)
        if now.archived_at:
            raise Refused(_("这一条已经停用。"))
        now.archived_at, now.archived_reason = timezone.now(), reason
        now.save(update_fields=["archived_at", "archived_reason"])
        record("country.archive", now, code=now.code, name=now.name, reason=reason)


def restore_nationality(row: Country, *, by: User, request: HttpRequest | None = None) -> None:
    """Offer it again. Raises Refused where it is in use."""
    with acting(by, request):
        now = Country.objects.select_for_update(no_key=True).get(pk=row.pk)
        if now.archived_at is None:
            raise Refused(_("这一条没有停用。"))
        now.archived_at, now.archived_reason = None, ""
        now.save(update_fields=["archived_at", "archived_reason"])
        record("country.restore", now, code=now.code, name=now.name)


# -- rules of checking -------------------------------------------------------------------------------------------------------------------------------------


def change_rule(rule: CheckRule, values: Mapping[str, Any], *, seen: str, by: User, request: HttpRequest | None = None) -> bool:
    """Change a rule; it applies from now on, and waits for confirmation. Returns whether anything was changed. Raises cases' ChangedMeanwhileError."""
    with acting(by, request):
        rule = _locked(rule)
        if fingerprint([rule]) != seen:
            raise RuleChangedError([rule])
        before, after = facts_of(rule, RULE_FIELDS), {name: values[name] for name in RULE_FIELDS}
        if before == after:
            return False
        for name in RULE_FIELDS:
            setattr(rule, name, values[name])
        mark_changed(rule, by)
        rule.save()
        record("check_rule.change", rule, code=rule.code, before=before, after=after)
    return True


def confirm_rule(rule: CheckRule, *, seen: str, by: User, request: HttpRequest | None = None) -> None:
    """Confirm a rule as it stands. Raises cases' ChangedMeanwhileError, and Refused where there is nothing to confirm or `by` changed it last."""
    with acting(by, request):
        rule = _locked(rule)
        confirm_rows([rule], seen=seen, by=by)
        record("check_rule.confirm", rule, code=rule.code, rule=facts_of(rule, RULE_FIELDS))


def _locked(rule: CheckRule) -> CheckRule:
    CheckRule.objects.select_for_update(no_key=True).get(pk=rule.pk)
    return CheckRule.objects.select_related("changed_by").get(pk=rule.pk)
