"""The roles: what each may do, who may not hold two, and their mirror in Django's groups.

Source: the permission matrix and its static exclusions (system, security and audit administrators exclude one another and every business role).
"""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import Enum

from django.apps import apps
from django.db import connections
from django.db.models import Q
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _


class Kind(Enum):
    """What a role is about. Nobody holds roles of two kinds."""

    BUSINESS = "business"
    SYSTEM = "system"
    SECURITY = "security"
    AUDIT = "audit"


@dataclass(frozen=True)
class Role:
    """A role: `permissions` are "app.codename"; `kept` means that the last active holder must stay."""

    slug: str
    name: str | Promise
    description: str | Promise
    kind: Kind
    permissions: tuple[str, ...] = ()
    kept: bool = False


BUSINESS = ("duties.export_sheets",)  # what every business role may do
CASES = (*BUSINESS, "cases.view_case", "contacts.view_contact")  # who sees the cases of the items assigned and the book of contacts, beside that
PAPERS = (*CASES, "cases.read_documents", "lists.export_list")  # and reads their documents, and takes lists of them along

ROLES = {
    role.slug: role
    for role in (
        Role(
            "preparer",
            _("经办人"),
            _("承办办件：登记往来、收齐运行要件、起草函件并送审。"),
            Kind.BUSINESS,
            (
                *PAPERS,
                "cases.handle_case",
                "cases.annotate_case",
                "contacts.change_contact",
                "contacts.print_plans",
                "contacts.log_interaction",
                "correspondence.register_entry",
                "invitations.change_unit",
                "invitations.reveal_passports",
                "invitations.ask_cancellation",
                "invitations.ask_personal",
            ),
        ),
        Role(
            "reviewer",
            _("审核人"),
            _("审核经办人送审的材料和函件，可以退回。"),
            Kind.BUSINESS,
            (*PAPERS, "cases.review_case", "cases.annotate_case", "lists.share_filter", "invitations.reveal_passports"),
        ),
        Role(
            "signer",
            _("签发人"),
            _("签发审核通过的函件，签发时编号。"),
            Kind.BUSINESS,
            (
                *PAPERS,
                "cases.view_all_cases",
                "cases.review_case",
                "cases.sign_case",
                "cases.annotate_case",
                "lists.share_filter",
                "contacts.print_plans",
                "correspondence.print_register",
                "invitations.hold_unit",
                "invitations.reveal_passports",
                "invitations.decide_personal",
                "invitations.ask_cancellation",
                "invitations.view_register",
                "invitations.open_scan",
            ),
        ),
        Role(
            "registrar",
            _("档案与用印"),
            _("登记用印和交付、签字盖章后的扫描件、网上提交，管理档案。"),
            Kind.BUSINESS,
            (
                *PAPERS,
                "cases.annotate_case",
                "correspondence.register_entry",
                "correspondence.print_register",
                "invitations.register_scan",
                "invitations.open_scan",
                "invitations.view_register",
            ),
        ),
        Role(
            "editor",
            _("内容编辑"),
            _("起草和修改职责事项信息表，修改运行规则和字典。"),
            Kind.BUSINESS,
            (*BUSINESS, "cases.change_rules", "invitations.change_templates"),
        ),
        Role(
            "publisher",
            _("发布批准"),
            _("审核并发布他人编写的信息表，确认运行规则。"),
            Kind.BUSINESS,
            (*BUSINESS, "cases.confirm_rules", "invitations.approve_templates"),
        ),
        Role(
            "leader",
            _("领导"),
            _("查看统计和办件进展，不看证件号码；安排分工、改派办件。"),
            Kind.BUSINESS,
            (
                *CASES,
                "cases.view_all_cases",
                "cases.assign_items",
                "cases.assign_case",
                "lists.share_filter",
                "contacts.print_plans",
                "correspondence.print_register",
                "invitations.view_register",
            ),
        ),
        Role(
            "system_admin",
            _("系统管理员"),
            _("新增人员、停用和启用账号、重设业务人员的初始密码、申请角色变更、查看后台任务的运行情况；不接触业务内容。"),
            Kind.SYSTEM,
            ("accounts.view_user", "accounts.add_user", "accounts.request_role", "jobs.watch_jobs"),
            kept=True,
        ),
        Role(
            "security_admin",
            _("安全管理员"),
            _("批准角色变更、解除登录锁定、结束会话；不接触业务内容。"),
            Kind.SECURITY,
            ("accounts.view_user", "accounts.decide_role", "accounts.unlock_user", "accounts.view_own_acts"),
            kept=True,
        ),
        Role(
            "auditor",
            _("审计员"),
            _("查看和核验审计日志；不能改动任何内容。"),
            Kind.AUDIT,
            ("accounts.view_auditevent", "accounts.verify_audit", "lists.export_list", "lists.share_filter"),
        ),
    )
}

CHOICES = [(role.slug, role.name) for role in ROLES.values()]


def exclude_one_another(slugs: Iterable[str]) -> bool:
    """Whether these roles may not be held by one person."""
    return len({ROLES[slug].kind for slug in slugs if slug in ROLES}) > 1


def mirror(*, using: str, **kwargs: object) -> None:
    """Receiver of post_migrate: one group a role, named by its slug, with exactly its permissions.

    The group of a role that is gone stays (history points at it) and grants nothing. Permissions of apps that are not migrated yet come later.
    """
    Group = apps.get_model("auth", "Group")
    if Group._meta.db_table not in connections[using].introspection.table_names():
        return
    found = {f"{app}.{codename}": pk for pk, app, codename in _named_permissions(using)}
    for role in ROLES.values():
        group, _created = Group.objects.using(using).get_or_create(name=role.slug)
        group.permissions.set([found[name] for name in role.permissions if name in found])
    for group in Group.objects.using(using).exclude(name__in=ROLES):
        group.permissions.clear()


def _named_permissions(using: str) -> list[tuple[int, str, str]]:
    wanted = Q(pk__in=[])
    for name in {name for role in ROLES.values() for name in role.permissions}:
        app, codename = name.split(".")
        wanted |= Q(content_type__app_label=app, codename=codename)
    return list(apps.get_model("auth", "Permission").objects.using(using).filter(wanted).values_list("pk", "content_type__app_label", "codename"))
