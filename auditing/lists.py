"""The trail as a list: its columns, what is filtered, and who sees and exports it."""

from typing import Any

from django.db.models import QuerySet
from django.http import QueryDict
from django.utils.translation import gettext_lazy as _

from accounts.models import AuditEvent, User
from lists.kinds import Column, ListKind, register

from .forms import TrailForm
from .lines import worded
from .queries import events


def trail_rows(user: User, query: QueryDict) -> QuerySet[AuditEvent]:
    """The events that the filters of an address leave of what this person may read; none where a filter cannot be read."""
    wanted = TrailForm(query).wanted()
    return worded(events(user, wanted)) if wanted else AuditEvent.objects.none()


def may_read(user: User) -> bool:
    return user.has_perm("accounts.view_auditevent") or user.has_perm("accounts.view_own_acts")


def _roles(event: Any) -> str:
    return "、".join(str(role) for role in event.line.roles)


TRAIL = register(
    ListKind(
        name="audit-trail",
        label=_("审计日志"),
        view="auditing:event-list",
        rows=trail_rows,
        may=may_read,
        may_export=may_read,
        columns=[
            Column("number", _("序号"), lambda event: event.number),
            Column("at", _("时间"), lambda event: event.at),
            Column("who", _("人员"), lambda event: event.line.who),
            Column("action", _("操作"), lambda event: str(event.line.label)),
            Column("subject", _("对象"), lambda event: str(event.line.subject)),
            Column("facts", _("内容"), lambda event: event.line.in_words),
            Column("address", _("地址"), lambda event: event.address),
            Column("roles", _("当时的角色"), _roles, is_default=False),
            Column("code", _("操作代码"), lambda event: event.action, is_default=False),
            Column("key", _("对象代码"), lambda event: event.subject, is_default=False),
            Column("digest", _("校验值"), lambda event: event.digest, is_default=False),
        ],
    )
)
