"""The audit trail: whatever changes something runs inside `acting()` and says so with `record()`.

No audit row, no action: `record()` outside `acting()` fails, and where the rows cannot be written the whole act is rolled back.
The rows are written as the last statements of the transaction, so that the one head row is locked only for them and the commit
(locked early it would serialise everything and deadlock with the serial numbers).
"""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from django.core.serializers.json import DjangoJSONEncoder
from django.db import models, transaction
from django.http import HttpRequest
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from core.turns import turn

from .addresses import address_of
from .models import AuditEvent, AuditHead, User


@dataclass
class Act:
    """Who acts, from which address, and the rows that this act will leave."""

    by: User | None
    address: str
    rows: list[tuple[str, str, str]] = field(default_factory=list)


# What an act is called on pages. Apps add theirs in `acts.py`; one without a name is shown by its dotted name.
ACTIONS: dict[str, str | Promise] = {
    "sign_in": _("登录"),
    "sign_in.again": _("再次输入密码"),
    "sign_in.fail": _("登录失败"),
    "sign_in.lock": _("登录锁定"),
    "sign_in.void": _("初始密码作废，未能登录"),
    "sign_out": _("退出登录"),
    "session.expire": _("登录过期"),
    "session.end": _("结束会话"),
    "password.change": _("更改密码"),
    "password.reset": _("重设初始密码"),
    "person.create": _("新增人员"),
    "person.disable": _("停用账号"),
    "person.enable": _("启用账号"),
    "person.unlock": _("解除登录锁定"),
    "person.settings": _("更改个人设置"),
    "role.ask": _("申请角色变更"),
    "role.decide": _("决定角色变更"),
    "role.grant": _("授予角色"),
    "role.remove": _("收回角色"),
    "access.refuse": _("无权访问，已拒绝"),
    "field_key.rotate": _("更换字段密钥"),
}

_current: ContextVar[Act | None] = ContextVar("act", default=None)


@contextmanager
def acting(by: User | None, request: HttpRequest | None = None) -> Iterator[Act]:
    """`transaction.atomic()` for a change made by `by` (None: the portal itself, from the command line or a timer).

    Inside another `acting()` it joins that one: one act, one transaction, one block of audit rows.
    """
    outer = _current.get()
    if outer is not None:
        yield outer
        return
    act = Act(by, address_of(request) if request else "")
    with turn(), transaction.atomic():
        token = _current.set(act)
        try:
            yield act
        finally:
            _current.reset(token)
        _write(act)


def record(action: str, subject: models.Model | str = "", **facts: Any) -> None:
    """Note one thing done, to be written when the act ends.

    `action` is a dotted name ("person.disable"); `subject` the object, or its name; `facts` what can be written as JSON.
    Raises RuntimeError outside `acting()`.
    """
    act = _current.get()
    if act is None:
        raise RuntimeError(f"record({action!r}) needs acting(): what is not audited is not done")
    act.rows.append((action, name_of(subject), json.dumps(facts, cls=DjangoJSONEncoder, ensure_ascii=False, sort_keys=True)))


def name_of(subject: models.Model | str) -> str:
    """How the trail names an object: "accounts.user:12"."""
    return subject if isinstance(subject, str) else f"{subject._meta.label_lower}:{subject.pk}"


def _write(act: Act) -> None:
    if not act.rows:
        return
    AuditHead.objects.bulk_create([AuditHead(pk=1)], ignore_conflicts=True)
    head = AuditHead.objects.select_for_update(no_key=True).get(pk=1)
    events = []
    for action, subject, facts in act.rows:
        event = AuditEvent(number=head.number + 1, at=timezone.now(), by=act.by, action=action, subject=subject, facts=facts, address=act.address)
        event.previous = head.digest
        event.digest = event.compute_digest()
        head.number, head.digest = event.number, event.digest
        events.append(event)
    AuditEvent.objects.bulk_create(events)
    head.save(update_fields=["number", "digest"])


def find_faults(anchors: Path | None = None) -> Iterator[str]:
    """Walk the whole trail and yield one sentence for each place where it is not what was written.

    `anchors` names a file of earlier heads ("number digest" a line), kept outside the database: it exposes a tail that was cut off.
    """
    number, digest = 0, ""
    anchored = read_anchors(anchors) if anchors else {}
    for event in AuditEvent.objects.order_by("number").iterator():
        if event.number != number + 1:
            yield f"第 {number + 1} 条缺失或顺序有误（下一条是第 {event.number} 条）"
        elif event.previous != digest:
            yield f"第 {event.number} 条没有接在前一条之后"
        if event.compute_digest() != event.digest:
            yield f"第 {event.number} 条的内容与校验值不符"
        number, digest = event.number, event.digest
        if anchored.pop(number, digest) != digest:
            yield f"第 {number} 条与库外留存的校验值不符"
    for lost in sorted(anchored):
        yield f"库外留存过第 {lost} 条，日志中已没有"
    head = AuditHead.objects.filter(pk=1).first() or AuditHead()
    if (head.number, head.digest) != (number, digest):
        yield f"链尾记录为第 {head.number} 条，实际止于第 {number} 条"


def read_anchors(file: Path) -> dict[int, str]:
    """Heads kept in `file`: digest by number."""
    lines = file.read_text().split("\n") if file.is_file() else []
    return {int(number): digest for number, digest in (line.split() for line in lines if line)}


def keep_anchor(file: Path) -> None:
    """Add the present head to `file`, if it moved."""
    head = AuditHead.objects.filter(pk=1).first()
    if head and head.number and head.number not in read_anchors(file):
        with file.open("a") as lines:
            lines.write(f"{head.number} {head.digest}\n")
