"""Roles: what they grant, who may not hold two, who asks and who decides, and who must stay."""

import threading

import pytest
from django.contrib.auth.models import Group, Permission
from django.db import IntegrityError, connection, connections, transaction

from accounts import actions, roles
from accounts.actions import Refused
from accounts.models import AuditEvent, RoleRequest, User
from accounts.roles import ROLES, Kind, exclude_one_another
from tests import factories as make

GRANT, REMOVE = RoleRequest.Change.GRANT, RoleRequest.Change.REMOVE


def ask(person, role, change=GRANT):
    return actions.ask_for_role(person=person, role=role, change=change, reason="接替", by=make.person("system_admin"))


def decide(asked, *, approve=True, by=None):
    return actions.decide_role(asked=asked, approve=approve, by=by or make.person("security_admin"))


def roles_of(person):
    return set(person.groups.values_list("name", flat=True))


@pytest.mark.django_db
def test_each_role_is_a_group_with_exactly_its_permissions():
    groups = {
        group.name: {f"{permission.content_type.app_label}.{permission.codename}" for permission in group.permissions.select_related("content_type")}
        for group in Group.objects.all()
    }

    assert groups == {role.slug: set(role.permissions) for role in ROLES.values()}


@pytest.mark.django_db
def test_mirroring_takes_away_what_a_role_does_not_name():
    Group.objects.get(name="auditor").permissions.add(Permission.objects.get(codename="add_user"))
    gone = Group.objects.create(name="gone")
    gone.permissions.add(Permission.objects.get(codename="add_user"))

    roles.mirror(using="default")

    kept = Group.objects.get(name="auditor").permissions.values_list("codename", flat=True)
    assert set(kept) == {name.partition(".")[2] for name in ROLES["auditor"].permissions}
    assert not gone.permissions.exists()


@pytest.mark.django_db
def test_mirroring_waits_until_there_are_groups(monkeypatch):
    monkeypatch.setattr(connection.introspection, "table_names", list)

    roles.mirror(using="default")

    assert Group.objects.count() == len(ROLES)


def test_there_are_seven_business_roles_and_one_of_each_other_kind():
    kinds = [role.kind for role in ROLES.values()]

    assert {kind: kinds.count(kind) for kind in Kind} == {Kind.BUSINESS: 7, Kind.SYSTEM: 1, Kind.SECURITY: 1, Kind.AUDIT: 1}


@pytest.mark.parametrize("first", ROLES)
@pytest.mark.parametrize("second", ROLES)
def test_administrators_exclude_one_another_and_every_business_role(first, second):
    administrators = {"system_admin", "security_admin", "auditor"}

    assert exclude_one_another([first, second]) == (first != second and bool({first, second} & administrators))


def test_a_role_that_is_gone_excludes_nothing():
    assert not exclude_one_another(["gone", "auditor"])


@pytest.mark.django_db
def test_an_approved_request_grants_the_role():
    person = make.person("preparer")
    decider = make.person("security_admin")

    asked = decide(ask(person, "reviewer"), by=decider)

    assert roles_of(person) == {"preparer", "reviewer"}
    assert (asked.decision, asked.decided_by) == ("approved", decider)
    assert list(AuditEvent.objects.order_by("-number").values_list("action", flat=True)[:2]) == ["role.decide", "role.grant"]


@pytest.mark.django_db
def test_an_approved_request_removes_the_role():
    person = make.person("preparer", "reviewer")

    decide(ask(person, "reviewer", REMOVE))

    assert roles_of(person) == {"preparer"}


@pytest.mark.django_db
def test_a_refused_request_changes_nothing():
    person = make.person("preparer")

    asked = decide(ask(person, "reviewer"), approve=False)

    assert roles_of(person) == {"preparer"}
    assert asked.decision == "refused"


@pytest.mark.django_db
def test_the_asker_cannot_decide():
    asked = ask(make.person(), "preparer")

    with pytest.raises(Refused, match="申请人和本人不能批准"):
        decide(asked, by=asked.asked_by)


@pytest.mark.django_db
def test_nobody_decides_about_their_own_roles():
    person = make.person("security_admin")

    with pytest.raises(Refused, match="申请人和本人不能批准"):
        decide(ask(person, "security_admin", REMOVE), by=person)


@pytest.mark.django_db
def test_the_database_keeps_asker_and_decider_apart():
    asked = ask(make.person(), "preparer")

    with pytest.raises(IntegrityError), transaction.atomic():
        RoleRequest.objects.filter(pk=asked.pk).update(decision="approved", decided_at=asked.asked_at, decided_by=asked.asked_by)


@pytest.mark.django_db
def test_a_request_is_decided_once():
    asked = ask(make.person(), "preparer")
    decide(asked, approve=False)

    with pytest.raises(Refused, match="已经有了决定"):
        decide(asked)


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("held", "role", "change", "reason"),
    [
        ("preparer", "preparer", GRANT, "此人已有这个角色"),
        ("preparer", "signer", REMOVE, "此人没有这个角色"),
        ("preparer", "auditor", GRANT, "不能兼任"),
    ],
)
def test_a_pointless_request_is_refused(held, role, change, reason):
    person = make.person(held)

    with pytest.raises(Refused, match=reason):
        ask(person, role, change)
    assert not RoleRequest.objects.exists()


@pytest.mark.django_db
def test_a_role_is_asked_for_once_at_a_time():
    person = make.person()
    ask(person, "preparer")

    with pytest.raises(Refused, match="已有一份待批准的申请"):
        ask(person, "preparer")


@pytest.mark.django_db
def test_the_exclusion_holds_when_it_is_granted():
    person = make.person()
    first, second = ask(person, "auditor"), ask(person, "preparer")
    decide(first)

    with pytest.raises(Refused, match="不能兼任"):
        decide(second)
    assert roles_of(person) == {"auditor"}


@pytest.mark.django_db
def test_a_role_that_is_gone_cannot_be_granted():
    asked = RoleRequest.objects.create(person=make.person(), role=Group.objects.create(name="gone"), change=GRANT, asked_by=make.person())

    with pytest.raises(Refused, match="已不存在"):
        decide(asked)
    assert asked.role_name == "gone"


@pytest.mark.django_db
def test_a_role_that_is_gone_can_be_removed():
    gone = Group.objects.create(name="gone")
    person = make.person()
    person.groups.add(gone)

    decide(RoleRequest.objects.create(person=person, role=gone, change=REMOVE, asked_by=make.person()))

    assert roles_of(person) == set()


@pytest.mark.django_db
@pytest.mark.parametrize("role", ["system_admin", "security_admin"])
def test_the_last_active_administrator_keeps_the_role(role):
    last, other = make.person(role), make.person("preparer")
    make.person(role, disabled=True)
    User.objects.filter(groups__name=role).exclude(pk=last.pk).update(is_active=False, disabled_reason="调离")
    asked = RoleRequest.objects.create(person=last, role=Group.objects.get(name=role), change=REMOVE, asked_by=other)

    with pytest.raises(Refused, match="最后一位在用的"):
        decide(asked, by=make.person("auditor"))
    assert roles_of(last) == {role}


@pytest.mark.django_db
@pytest.mark.parametrize("role", ["system_admin", "security_admin"])
def test_the_last_active_administrator_is_not_disabled(role):
    last = make.person(role)

    with pytest.raises(Refused, match="最后一位在用的"):
        actions.disable_person(person=last, reason="调离", by=make.person("preparer"))
    assert User.objects.get(pk=last.pk).is_active


@pytest.mark.django_db
def test_a_disabled_administrator_may_lose_the_role_while_none_is_active():
    person = make.person("auditor", disabled=True)
    kept = Group.objects.get(name="security_admin")
    person.groups.set([kept])

    decide(RoleRequest.objects.create(person=person, role=kept, change=REMOVE, asked_by=make.person()), by=make.person())

    assert roles_of(person) == set()


@pytest.mark.django_db
def test_an_administrator_with_a_successor_may_go():
    person = make.person("system_admin")

    actions.disable_person(person=person, reason="调离", by=make.person("system_admin"))

    assert not User.objects.get(pk=person.pk).is_active


@pytest.mark.django_db
def test_a_role_taken_away_counts_on_the_next_request():
    client = make.signed_in("security_admin")
    assert client.get("/role-requests/").status_code == 200

    client.person.groups.clear()

    assert client.get("/role-requests/").status_code == 403


@pytest.mark.django_db
def test_a_role_request_reads_as_a_sentence():
    assert str(ask(make.person(name="李娜"), "preparer")) == "授予 preparer → 李娜"


def at_once(*acts):
    """Do the acts in threads that start together; returns what each raised."""
    start, raised = threading.Barrier(len(acts)), []

    def run(act):
        start.wait()
        try:
            act()
        except Refused as refusal:
            raised.append(str(refusal))
        finally:
            connections.close_all()

    threads = [threading.Thread(target=run, args=[act]) for act in acts]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return raised


@pytest.mark.django_db(transaction=True)
def test_two_excluded_roles_approved_at_once_leave_one():
    person = make.person()
    requests = [ask(person, role) for role in ("auditor", "preparer")]
    deciders = [make.person("security_admin") for _request in requests]

    raised = at_once(*(lambda asked=asked, by=by: decide(asked, by=by) for asked, by in zip(requests, deciders, strict=True)))

    assert len(raised) == 1
    assert "不能兼任" in raised[0]
    assert roles_of(person) in ({"auditor"}, {"preparer"})


@pytest.mark.django_db(transaction=True)
def test_two_last_administrators_cannot_leave_at_once():
    first, second = make.person("system_admin"), make.person("system_admin")

    raised = at_once(
        lambda: actions.disable_person(person=first, reason="调离", by=second),
        lambda: actions.disable_person(person=second, reason="调离", by=first),
    )

    assert len(raised) == 1
    assert User.objects.filter(groups__name="system_admin", is_active=True).count() == 1
