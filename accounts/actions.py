"""What can be done to accounts, roles and sessions. Each act is one transaction with its audit rows."""

import secrets
from collections.abc import Iterable

from axes.models import AccessAttempt
from django.contrib.auth.models import Group
from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext as _

from core import search

from .audit import acting, record
from .lockout import digest_of
from .models import RoleRequest, User
from .roles import ROLES, exclude_one_another
from .search import PEOPLE
from .sessions import Session, handle_of

ALPHABET = "abcdefghjkmnpqrstuvwxyz23456789"  # nothing that is mistaken for something else when copied from paper


class Refused(Exception):  # noqa: N818 - it is an answer, not a fault
    """An act that the rules do not allow now; its text tells the person why and what to do."""


def generate_password() -> str:
    """A random password of 20 signs in four groups (99 bits)."""
    return "-".join("".join(secrets.choice(ALPHABET) for _sign in range(5)) for _group in range(4))


def create_person(*, username: str, name: str, wanted: Iterable[str] = (), by: User | None, request: HttpRequest | None = None) -> tuple[User, str]:
    """Make an account with a generated password, to be changed at the first sign-in, and ask for its roles.

    `username` is stored in lower case, `wanted` are slugs of roles. Returns the account and the password, which is kept nowhere else.
    Raises Refused where the wanted roles exclude one another.
    """
    wanted = list(wanted)
    if exclude_one_another(wanted):
        raise Refused(_("这些角色不能由一人兼任，请只选同一类角色。"))
    password = generate_password()
    with acting(by, request):
        person = User(username=username.lower(), name=name)
        person.set_password(password)
        person.save(force_insert=True)
        search.put(PEOPLE, [person])
        record("person.create", person, username=person.username)
        if by:
            for role in wanted:
                ask_for_role(person=person, role=role, change=RoleRequest.Change.GRANT, reason=_("新增人员"), by=by, request=request)
    return person, password


def create_first_account(*, username: str, name: str, roles: Iterable[str]) -> tuple[User, str]:
    """Make an account that holds `roles` at once: from the command line, where nobody is there yet to approve.

    Returns the account and its password. Raises Refused where the roles exclude one another.
    """
    roles = list(roles)
    with acting(None):
        person, password = create_person(username=username, name=name, wanted=roles, by=None)
        for role in roles:
            person.groups.add(Group.objects.get(name=role))
            record("role.grant", person, role=role)
    return person, password


def ask_for_role(*, person: User, role: str, change: str, reason: str, by: User, request: HttpRequest | None = None) -> RoleRequest:
    """Ask that `person` be given or relieved of `role` (a slug).

    Raises Refused where that is so already, where it is asked already, or where the person's roles exclude it.
    """
    with acting(by, request):
        person = _locked(person)
        held = {group.name for group in person.groups.all()}
        if (change == RoleRequest.Change.GRANT) == (role in held):
            raise Refused(_("此人已有这个角色。") if role in held else _("此人没有这个角色，无需收回。"))
        if change == RoleRequest.Change.GRANT and exclude_one_another({*held, role}):
            raise Refused(_("此人现有的角色与这个角色不能兼任，请先收回原有角色。"))
        group = Group.objects.get(name=role)
        if person.role_requests.filter(role=group, decision="").exists():
            raise Refused(_("这个角色已有一份待批准的申请，请等安全管理员决定。"))
        asked = RoleRequest.objects.create(person=person, role=group, change=change, reason=reason, asked_by=by)
        record("role.ask", person, role=role, change=change, request=asked.pk)
    return asked


def decide_role(*, asked: RoleRequest, approve: bool, by: User, request: HttpRequest | None = None) -> RoleRequest:
    """Approve or refuse a request for a role; approved, it takes effect at once.

    Raises Refused where it is decided already, where `by` asked for it or is the person, where the person's roles exclude the new one,
    or where the last active holder of a kept role would lose it. The person's row is locked meanwhile: two approvals cannot pass each other.
    """
    with acting(by, request):
        person = _locked(asked.person)
        asked = RoleRequest.objects.select_for_update(of=("self",), no_key=True).select_related("role").get(pk=asked.pk)
        if asked.decision:
            raise Refused(_("这份申请已经有了决定。"))
        if by.pk in {asked.asked_by_id, person.pk}:
            raise Refused(_("申请人和本人不能批准，请由另一位安全管理员决定。"))
        if approve:
            _apply(asked, person)
        asked.decision = RoleRequest.Decision.APPROVED if approve else RoleRequest.Decision.REFUSED
        asked.decided_at, asked.decided_by = timezone.now(), by
        asked.save(update_fields=["decision", "decided_at", "decided_by"])
        record("role.decide", person, role=asked.role.name, change=asked.change, decision=asked.decision, request=asked.pk)
    return asked


def _apply(asked: RoleRequest, person: User) -> None:
    slug = asked.role.name
    if asked.change == RoleRequest.Change.REMOVE:
        _refuse_without_successor(person, [slug])
        person.groups.remove(asked.role)
        record("role.remove", person, role=slug)
        return
    if slug not in ROLES:
        raise Refused(_("这个角色已不存在。"))
    if exclude_one_another([slug, *person.groups.values_list("name", flat=True)]):
        raise Refused(_("此人现有的角色与这个角色不能兼任，请先收回原有角色。"))
    person.groups.add(asked.role)
    record("role.grant", person, role=slug)


def disable_person(*, person: User, reason: str, by: User, request: HttpRequest | None = None) -> None:
    """Close an account and end its sessions. Raises Refused for oneself and for the last active holder of a kept role."""
    with acting(by, request):
        person = _locked(person)
        if person == by:
            raise Refused(_("不能停用自己的账号，请由另一位系统管理员办理。"))
        _refuse_without_successor(person, person.groups.values_list("name", flat=True))
        person.is_active, person.disabled_reason = False, reason
        person.save(update_fields=["is_active", "disabled_reason"])
        record("person.disable", person, reason=reason)
        end_sessions(person=person, by=by, request=request)


def enable_person(*, person: User, by: User, request: HttpRequest | None = None) -> None:
    """Open an account again, with the roles and the password that it had."""
    with acting(by, request):
        person = _locked(person)
        person.is_active, person.disabled_reason = True, ""
        person.save(update_fields=["is_active", "disabled_reason"])
        record("person.enable", person)


def reset_password(*, person: User, by: User | None, request: HttpRequest | None = None) -> str:
    """Give the person a new initial password, good for settings.INITIAL_PASSWORD_AGE, and end their sessions. Returns it.

    Raises Refused for oneself and for administrators: who could set a fellow administrator's password could act as that one. Theirs are set
    from the command line (`by` None).
    """
    password = generate_password()
    with acting(by, request):
        person = _locked(person)
        if person == by:
            raise Refused(_("本人的密码请在“更改密码”中更改。"))
        if by and person.is_administrator:
            raise Refused(_("管理员的初始密码不在网页上重设，请运行维护人员用 manage.py reset_password 命令办理。"))
        _set_password(person, password, must_change=True)
        record("password.reset", person)
        end_sessions(person=person, by=by, request=request)
    return password


def change_password(*, person: User, password: str, request: HttpRequest) -> None:
    """Set the password that the person chose, and end all their sessions but the one at hand."""
    with acting(person, request):
        _set_password(person, password, must_change=False)
        record("password.change", person)
        end_sessions(person=person, by=person, request=request, but=request.session.session_key)


def change_settings(*, person: User, request: HttpRequest) -> None:
    """Keep how the person wants the pages: density, size of text, keys."""
    with acting(person, request):
        person.save(update_fields=["density", "text_size", "shortcuts"])
        record("person.settings", person, density=person.density, text_size=person.text_size, shortcuts=person.shortcuts)


def _set_password(person: User, password: str, *, must_change: bool) -> None:
    person.set_password(password)
    person.must_change_password, person.password_set_at = must_change, timezone.now()
    person.save(update_fields=["password", "must_change_password", "password_set_at"])


def end_sessions(*, person: User, by: User | None, request: HttpRequest | None = None, handle: str = "", but: str | None = "") -> int:
    """End the person's sessions: all, or the one named by `handle`, or all but the one with the key `but`. Returns how many ended."""
    with acting(by, request):
        keys = [session.session_key for session in Session.objects.filter(person=person).exclude(session_key=but or "")]
        keys = [key for key in keys if not handle or handle_of(key) == handle]
        if keys:
            Session.objects.filter(session_key__in=keys).delete()
            record("session.end", person, count=len(keys))
    return len(keys)


def unlock_person(*, person: User, by: User, request: HttpRequest | None = None) -> None:
    """Forget the person's failed sign-ins, from every address."""
    with acting(by, request):
        AccessAttempt.objects.filter(username=digest_of(person.username)).delete()
        record("person.unlock", person)


def _locked(person: User) -> User:
    """The person's row, locked until the act ends; always taken before the rows of groups.

    `no_key`: the audit row of another act may still point at this person. With a full lock two administrators who act on each other deadlock.
    """
    return User.objects.select_for_update(no_key=True).get(pk=person.pk)


def _refuse_without_successor(person: User, slugs: Iterable[str]) -> None:
    """Raise Refused where `person` is the last active holder of a kept role. The role's group is locked, so that two cannot leave at once."""
    kept = [slug for slug in slugs if slug in ROLES and ROLES[slug].kept]
    for group in Group.objects.select_for_update(no_key=True).filter(name__in=kept).order_by("pk"):
        if person.is_active and not group.user_set.filter(is_active=True).exclude(pk=person.pk).exists():
            raise Refused(_("这是最后一位在用的%(role)s，请先为另一人授予这个角色。") % {"role": ROLES[group.name].name})
