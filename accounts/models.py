"""People who may sign in, what was asked about their roles, and the audit trail."""

import hashlib
import hmac
import json
from datetime import datetime
from typing import Any

from django.conf import settings
from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.contrib.auth.models import Group, PermissionsMixin
from django.contrib.auth.validators import ASCIIUsernameValidator
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Lower
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.utils.translation import gettext_noop

from .roles import ROLES, Kind, Role
from .sessions import Session

__all__ = ["AuditEvent", "AuditHead", "RoleRequest", "Session", "User"]


class UserManager(BaseUserManager["User"]):
    def get_by_natural_key(self, username: str | None) -> "User":
        """Sign-in names do not tell upper from lower case."""
        return self.get(username=(username or "").lower())


class User(AbstractBaseUser, PermissionsMixin):
    """One person who may sign in. There is no superuser: all rights come from the roles (groups)."""

    class Density(models.TextChoices):
        STANDARD = "standard", _("标准")
        COMPACT = "compact", _("紧凑")

    class TextSize(models.TextChoices):
        STANDARD = "standard", _("标准")
        LARGE = "large", _("大字（关怀版）")

    username = models.CharField(
        _("登录名"),
        max_length=40,
        unique=True,
        validators=[ASCIIUsernameValidator()],
        error_messages={"unique": _("这个登录名已有人使用，请换一个。")},
        help_text=_("字母、数字和 . _ - ，例如 wang.min。保存为小写，以后不能更改。"),
    )
    name = models.CharField(_("姓名"), max_length=40)
    is_active = models.BooleanField(_("启用"), default=True)
    disabled_reason = models.CharField(_("停用理由"), max_length=200, blank=True)
    must_change_password = models.BooleanField(default=True)
    password_set_at = models.DateTimeField(default=timezone.now)
    created_at = models.DateTimeField(default=timezone.now)
    density = models.CharField(_("列表疏密"), max_length=10, choices=Density, default=Density.STANDARD)
    text_size = models.CharField(_("字号"), max_length=10, choices=TextSize, default=TextSize.STANDARD)
    shortcuts = models.BooleanField(_("单键快捷键"), default=True, help_text=_("按 ? 可以看到全部快捷键。关闭后，带 Ctrl 的快捷键和 Esc 仍然可用。"))

    is_superuser = False  # replaces the column: nobody can be one
    user_permissions = None  # type: ignore[assignment]  # replaces the table: no right outside a role

    USERNAME_FIELD = "username"
    REQUIRED_FIELDS = ["name"]
    objects = UserManager()

    class Meta:
        verbose_name = _("人员")
        verbose_name_plural = _("人员")
        ordering = ["username"]
        default_permissions = ()
        permissions = [
            ("view_user", gettext_noop("查看人员")),
            ("add_user", gettext_noop("新增人员、停用和启用、重设初始密码")),
            ("request_role", gettext_noop("申请授予或收回角色")),
            ("decide_role", gettext_noop("批准授予或收回角色")),
            ("unlock_user", gettext_noop("解除登录锁定、结束会话")),
        ]
        constraints = [
            models.CheckConstraint(condition=Q(username=Lower("username")), name="accounts_username_is_lower_case"),
            models.CheckConstraint(
                condition=Q(is_active=True, disabled_reason="") | (Q(is_active=False) & ~Q(disabled_reason="")), name="accounts_disabled_with_reason"
            ),
        ]

    def __str__(self) -> str:
        return self.name

    def get_absolute_url(self) -> str:
        return reverse("accounts:person-detail", args=[self.username])

    @property
    def initial_password_is_void(self) -> bool:
        """Whether the password was set by somebody else, too long ago to be used any more (ASVS 6.4.1)."""
        return self.must_change_password and timezone.now() > self.password_set_at + settings.INITIAL_PASSWORD_AGE

    @property
    def held_roles(self) -> list[Role]:
        """The roles that this person holds, in the order of `roles.py`."""
        slugs = {group.name for group in self.groups.all()}
        return [role for role in ROLES.values() if role.slug in slugs]

    @property
    def is_administrator(self) -> bool:
        """Whether this person holds a role that is not about business."""
        return any(role.kind is not Kind.BUSINESS for role in self.held_roles)


class RoleRequest(models.Model):
    """One wish that a person be given or relieved of a role, and what another person decided (SECURITY: ask and approve)."""

    class Change(models.TextChoices):
        GRANT = "grant", _("授予")
        REMOVE = "remove", _("收回")

    class Decision(models.TextChoices):
        APPROVED = "approved", _("已批准")
        REFUSED = "refused", _("未批准")

    person = models.ForeignKey(User, models.PROTECT, related_name="role_requests")
    role = models.ForeignKey(Group, models.PROTECT, related_name="+")
    change = models.CharField(_("变更"), max_length=10, choices=Change)
    reason = models.CharField(_("理由"), max_length=200)
    asked_at = models.DateTimeField(default=timezone.now)
    asked_by = models.ForeignKey(User, models.PROTECT, related_name="+")
    decision = models.CharField(_("决定"), max_length=10, choices=Decision, blank=True)
    decided_at = models.DateTimeField(null=True)
    decided_by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+")

    class Meta:
        verbose_name = _("角色申请")
        verbose_name_plural = _("角色申请")
        ordering = ["-asked_at", "-pk"]
        default_permissions = ()
        constraints = [
            models.UniqueConstraint(fields=["person", "role"], condition=Q(decision=""), name="accounts_one_open_request_a_role"),
            models.CheckConstraint(
                condition=Q(decision="", decided_at=None, decided_by=None) | (~Q(decision="") & Q(decided_at__isnull=False, decided_by__isnull=False)),
                name="accounts_role_decision_all_or_none",
            ),
            models.CheckConstraint(
                condition=Q(decided_by=None) | ~Q(decided_by=F("asked_by")),
                name="accounts_role_decided_by_another",
                violation_error_message=_("申请人不能批准自己的申请。"),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_change_display()} {self.role} → {self.person}"

    @property
    def role_name(self) -> str:
        """The role's name; its slug where the role is gone."""
        return str(ROLES[self.role.name].name) if self.role.name in ROLES else self.role.name


class AuditHead(models.Model):
    """The one row that holds where the audit chain ends; locked while rows are added."""

    number = models.BigIntegerField(default=0)
    digest = models.CharField(max_length=64, blank=True)

    class Meta:
        default_permissions = ()
        constraints = [models.CheckConstraint(condition=Q(pk=1), name="accounts_one_audit_head")]

    def __str__(self) -> str:
        return f"{self.number} {self.digest[:12]}"


class AuditEventQuerySet(models.QuerySet["AuditEvent"]):
    def visible_to(self, user: User) -> "AuditEventQuerySet":
        """The events that this person may read: all, or with the right to no more than that their own acts."""
        if user.has_perm("accounts.view_auditevent"):
            return self
        return self.filter(by=user) if user.has_perm("accounts.view_own_acts") else self.none()


class AuditEvent(models.Model):
    """One act, chained to the act before it by an HMAC whose key is not in the database. Rows are added and never changed."""

    number = models.BigIntegerField(unique=True)
    at = models.DateTimeField()
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    action = models.CharField(max_length=60)
    subject = models.CharField(max_length=80, blank=True)
    facts = models.TextField()
    address = models.CharField(max_length=45, blank=True)
    previous = models.CharField(max_length=64, blank=True)
    digest = models.CharField(max_length=64)

    objects = AuditEventQuerySet.as_manager()

    class Meta:
        ordering = ["number"]
        default_permissions = ()
        permissions = [
            ("view_auditevent", gettext_noop("查看和导出审计日志")),
            ("view_own_acts", gettext_noop("查看和导出本人的操作记录")),
            ("verify_audit", gettext_noop("核验审计日志")),
        ]
        indexes = [
            models.Index(fields=["subject", "number"], name="accounts_audit_subject"),
            models.Index(fields=["by", "number"], name="accounts_audit_by"),
            models.Index(fields=["action", "number"], name="accounts_audit_action"),
            models.Index(fields=["address", "number"], name="accounts_audit_address"),
            models.Index(fields=["at", "number"], name="accounts_audit_at"),
            # What else the trail is filtered by: a walk through it reads this index and not the rows.
            models.Index(fields=["number", "at", "by", "action", "address"], name="accounts_audit_walk"),
        ]

    def __str__(self) -> str:
        return f"{self.number} {self.action} {self.subject}"

    def compute_digest(self) -> str:
        """HMAC-SHA-256 (hex) over every column and the digest before, with settings.AUDIT_KEY."""
        return digest_of_event(self.number, self.at, self.by_id, self.action, self.subject, self.facts, self.address, self.previous)


def digest_of_event(number: int, at: datetime, by: int | None, action: str, subject: str, facts: str, address: str, previous: str) -> str:
    """What `AuditEvent.digest` must be."""
    fields: list[Any] = [number, at.astimezone(timezone.get_default_timezone()).isoformat(timespec="microseconds"), by]
    fields += [action, subject, facts, address, previous]
    message = json.dumps(fields, ensure_ascii=False).encode()
    return hmac.new(settings.AUDIT_KEY.encode(), message, hashlib.sha256).hexdigest()
