"""Entering, changing and striking out lines of the yearly plans."""

from collections.abc import Mapping
from typing import Any

from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.actions import Refused
from accounts.audit import acting, record
from accounts.models import User

from .models import PlanLine

FIELDS = ("kind", "year", "name", "country", "period", "leader", "size", "purpose", "funding", "case")


def add(values: Mapping[str, Any], *, by: User, request: HttpRequest | None = None) -> PlanLine:
    """Enter a line."""
    with acting(by, request):
        line = PlanLine.objects.create(made_by=by, **{name: values[name] for name in FIELDS})
        record("plan.add", line, year=line.year, kind=line.kind, name=line.name)
    return line


def change(line: PlanLine, values: Mapping[str, Any], *, version: int, by: User, request: HttpRequest | None = None) -> PlanLine:
    """Change a line. Raises Refused where it was changed since the person saw it, or struck out."""
    with acting(by, request):
        line = _standing(line, version)
        changed = [name for name in FIELDS if getattr(line, name) != values[name]]
        for name in changed:
            setattr(line, name, values[name])
        line.version += 1
        line.save(update_fields=[*changed, "version"])
        record("plan.change", line, year=line.year, kind=line.kind, changed=changed)
    return line


def strike(line: PlanLine, reason: str, *, version: int, by: User, request: HttpRequest | None = None) -> PlanLine:
    """Strike a line out; it stays in the table as cancelled. Raises Refused as `change` does."""
    with acting(by, request):
        line = _standing(line, version)
        line.struck_at, line.struck_by, line.strike_reason, line.version = timezone.now(), by, reason, line.version + 1
        line.save(update_fields=["struck_at", "struck_by", "strike_reason", "version"])
        record("plan.strike", line, year=line.year, kind=line.kind, reason=reason)
    return line


def _standing(line: PlanLine, version: int) -> PlanLine:
    line = PlanLine.objects.select_for_update(of=("self",), no_key=True).get(pk=line.pk)
    if line.version != version:
        raise Refused(_("打开页面之后，这一行已由他人修改。请看过现在的内容再提交；已填的内容都还在。"))
    if line.is_struck:
        raise Refused(_("这一行已经取消，不能再改。"))
    return line
