"""What is done with inviting units. Each act is audited; nothing is deleted, and what has ended stays as history."""

from collections.abc import Mapping
from typing import Any

from django.db import IntegrityError, transaction
from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.actions import Refused
from accounts.audit import acting, record
from accounts.models import User
from core import search

from .models import InvitingUnit, UnitFiling, UnitHold
from .search import UNITS


class ChangedMeanwhileError(Refused):
    """The unit was changed by another since the page was made."""


def register(values: Mapping[str, Any], *, by: User, request: HttpRequest | None = None) -> InvitingUnit:
    """Enter a unit. Raises Refused where another with its code came first."""
    with acting(by, request):
        try:
            with transaction.atomic():
                unit = InvitingUnit.objects.create(**values, made_by=by)
        except IntegrityError as error:
            raise Refused(_("已有使用这个统一社会信用代码的邀请单位。")) from error
        search.put(UNITS, [unit])
        record("unit.register", unit, name=unit.name, uscc=unit.uscc)
    return unit


def change(unit: InvitingUnit, values: Mapping[str, Any], *, version: int, by: User, request: HttpRequest | None = None) -> InvitingUnit:
    """Store what is new. Raises ChangedMeanwhileError, and Refused where another unit has the code."""
    with acting(by, request):
        now = InvitingUnit.objects.select_for_update().get(pk=unit.pk)
        if now.version != version:
            raise ChangedMeanwhileError(_("打开页面之后，这个单位的资料已有变化。请核对下面现在的内容，改好再提交；已填的内容都还在。"))
        changed = sorted(name for name, value in values.items() if getattr(now, name) != value)
        for name in changed:
            setattr(now, name, values[name])
        now.version += 1
        try:
            with transaction.atomic():
                now.save(update_fields=[*changed, "version"])
        except IntegrityError as error:
            raise Refused(_("已有使用这个统一社会信用代码的邀请单位。")) from error
        search.put(UNITS, [now])
        record("unit.change", now, changed=changed, name=now.name, version=now.version)
    return now


def enter_filing(unit: InvitingUnit, values: Mapping[str, Any], *, by: User, request: HttpRequest | None = None) -> UnitFiling:
    """Enter the filing of a year. Raises Refused where that year has one."""
    with acting(by, request):
        _lock(unit)
        if unit.filings.filter(year=values["year"], withdrawn_at=None).exists():
            raise Refused(_("这个单位本年度已备案；要更换专办员，请先撤销原备案。"))
        filing = UnitFiling.objects.create(unit=unit, **values, filed_by=by)
        record("unit.file", unit, year=filing.year, officer=filing.officer, authorised_until=filing.authorised_until)
    return filing


def withdraw_filing(filing: UnitFiling, *, reason: str, by: User, request: HttpRequest | None = None) -> None:
    """The filing holds no more; it stays as history."""
    with acting(by, request):
        _lock(filing.unit)
        now = UnitFiling.objects.get(pk=filing.pk)
        if now.withdrawn_at:
            raise Refused(_("这份备案已经撤销。"))
        now.withdrawn_at, now.withdrawn_by, now.withdraw_reason = timezone.now(), by, reason
        now.save(update_fields=["withdrawn_at", "withdrawn_by", "withdraw_reason"])
        record("unit.withdraw_filing", now.unit, year=now.year, reason=reason)


def hold(unit: InvitingUnit, *, reason: str, by: User, request: HttpRequest | None = None) -> UnitHold:
    """Take no more applications of a unit. Raises Refused where it is on hold already."""
    with acting(by, request):
        _lock(unit)
        if unit.holds.filter(ended_at=None).exists():
            raise Refused(_("这个单位已经暂停受理。"))
        made = UnitHold.objects.create(unit=unit, reason=reason, since_by=by)
        record("unit.hold", unit, name=unit.name, reason=reason)
    return made


def resume(unit: InvitingUnit, *, reason: str, by: User, request: HttpRequest | None = None) -> None:
    """Take its applications again. Raises Refused where it is not on hold."""
    with acting(by, request):
        _lock(unit)
        open_hold = unit.holds.filter(ended_at=None).first()
        if open_hold is None:
            raise Refused(_("这个单位没有暂停受理。"))
        open_hold.ended_at, open_hold.ended_by, open_hold.end_reason = timezone.now(), by, reason
        open_hold.save(update_fields=["ended_at", "ended_by", "end_reason"])
        record("unit.resume", unit, name=unit.name, reason=reason)


def _lock(unit: InvitingUnit) -> None:
    InvitingUnit.objects.select_for_update(no_key=True).get(pk=unit.pk)
