"""The audit trail: whatever changes something runs inside `acting()` and says so with `record()`.

No audit row, no action: `record()` outside `acting()` fails, and where the rows cannot be written the whole act is rolled back.
The rows are written as the last statements of the transaction, so that the one head row is locked only for them and the commit
(locked early it would serialise everything and deadlock with the serial numbers).
"""

import json
from collections.abc import Callable, Iterator
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
from .models import AuditEvent, AuditHead, User, digest_of_event


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
    head, _is_new = AuditHead.objects.select_for_update(no_key=True).get_or_create(pk=1)
    events = []
    for action, subject, facts in act.rows:
        event = AuditEvent(number=head.number + 1, at=timezone.now(), by=act.by, action=action, subject=subject, facts=facts, address=act.address)
        event.previous = head.digest
        event.digest = event.compute_digest()
        head.number, head.digest = event.number, event.digest
        events.append(event)
    AuditEvent.objects.bulk_create(events)
    head.save(update_fields=["number", "digest"])


class FaultKind(models.TextChoices):
    """What can be wrong with the trail. The words are for whoever has to judge it."""

    MISSING = "missing", _("缺条或乱序")
    UNCHAINED = "unchained", _("前后不相接")
    ALTERED = "altered", _("内容被改动")
    ANCHOR = "anchor", _("与库外留存不符")
    CUT = "cut", _("末尾被截去")
    HEAD = "head", _("链尾不符")


@dataclass(frozen=True)
class Fault:
    """One place where the trail is not what was written: at which number, and in a sentence."""

    kind: FaultKind
    number: int
    text: str

    def __str__(self) -> str:
        return self.text


@dataclass(frozen=True)
class End:
    """Where the trail ends: by its head, and by the number of its last event. Read in one statement, so that no act falls between the two."""

    number: int
    digest: str
    last: int


def end_of_trail() -> End:
    """Where the trail ends now."""
    last = AuditEvent.objects.order_by("-number").values("number")[:1]
    found = AuditHead.objects.filter(pk=1).annotate(last=models.Subquery(last)).values_list("number", "digest", "last").first()
    if found:
        return End(found[0], found[1], found[2] or 0)
    return End(0, "", last.values_list("number", flat=True).first() or 0)


COLUMNS = ("number", "at", "by_id", "action", "subject", "facts", "address", "previous", "digest")
CHUNK = 5000  # events read at once; between chunks nothing is held open


def find_faults(anchors: Path | None = None, *, end: End | None = None, passed: Callable[[int], object] = lambda number: None) -> Iterator[Fault]:
    """Walk the trail to its end (or to an `end` read before) and yield each place where it is not what was written.

    `anchors` names a file of earlier heads ("number digest" a line), kept outside the database: it exposes a tail that was cut off.
    `passed` is told now and then how many events were looked at.
    """
    end = end or end_of_trail()
    number, digest, walked = 0, "", 0
    anchored = read_anchors(anchors) if anchors else {}
    for event in _walk(end.last):
        seen, previous, written = event[0], event[7], event[8]
        if seen != number + 1:
            yield Fault(FaultKind.MISSING, number + 1, f"第 {number + 1} 条缺失或顺序有误（下一条是第 {seen} 条）")
        elif previous != digest:
            yield Fault(FaultKind.UNCHAINED, seen, f"第 {seen} 条没有接在前一条之后")
        if digest_of_event(*event[:8]) != written:
            yield Fault(FaultKind.ALTERED, seen, f"第 {seen} 条的内容与校验值不符")
        number, digest, walked = seen, written, walked + 1
        if anchored.pop(number, digest) != digest:
            yield Fault(FaultKind.ANCHOR, number, f"第 {number} 条与库外留存的校验值不符")
        if walked % CHUNK == 0:
            passed(walked)
    for lost in sorted(anchored):
        if lost > number:
            yield Fault(FaultKind.CUT, lost, f"库外留存过第 {lost} 条，日志中已没有")
        else:
            yield Fault(FaultKind.MISSING, lost, f"库外留存过第 {lost} 条，日志中已没有")
    if (end.number, end.digest) != (number, digest):
        yield Fault(FaultKind.HEAD, end.number, f"链尾记录为第 {end.number} 条，实际止于第 {number} 条")


def _walk(last: int) -> Iterator[tuple[Any, ...]]:
    """The columns of every event up to this number, in order."""
    number = None
    while True:
        rows = AuditEvent.objects.filter(number__lte=last).order_by("number")
        chunk = list((rows if number is None else rows.filter(number__gt=number)).values_list(*COLUMNS)[:CHUNK])
        yield from chunk
        if len(chunk) < CHUNK:
            return
        number = chunk[-1][0]


def read_anchors(file: Path) -> dict[int, str]:
    """Heads kept in `file`: digest by number."""
    lines = file.read_text().split("\n") if file.is_file() else []
    return {int(number): digest for number, digest in (line.split() for line in lines if line)}


def keep_anchor(file: Path, end: End | None = None) -> None:
    """Add to `file` where the trail ends (or an `end` that was read before), if it moved."""
    end = end or end_of_trail()
    if end.number and end.number not in read_anchors(file):
        with file.open("a") as lines:
            lines.write(f"{end.number} {end.digest}\n")
