"""The commands: first accounts, accounts to try the portal with, and the check of the trail."""

import re
import stat
from datetime import timedelta
from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.db import connection
from django.test import Client
from django.utils import timezone

from accounts.audit import acting, record
from accounts.models import AuditEvent, User
from accounts.roles import ROLES
from core import triggers

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _own_folder(settings, tmp_path):
    settings.VAR_DIR = tmp_path


def run(*arguments):
    out = StringIO()
    call_command(*arguments, stdout=out)
    return out.getvalue()


def test_create_account_makes_an_administrator_who_must_change_the_password():
    said = run("create_account", "Wang.Min", "王敏", "--role", "system_admin")

    person = User.objects.get()
    assert (person.username, person.name, [role.slug for role in person.held_roles]) == ("wang.min", "王敏", ["system_admin"])
    assert person.must_change_password
    assert person.check_password(re.search("初始密码 (.+)", said)[1])
    assert list(AuditEvent.objects.values_list("action", "by")) == [("person.create", None), ("role.grant", None)]


def test_create_account_takes_several_roles():
    run("create_account", "wang.min", "王敏", "--role", "preparer", "--role", "editor")

    assert [role.slug for role in User.objects.get().held_roles] == ["preparer", "editor"]


@pytest.mark.parametrize(
    ("username", "roles", "reason"),
    [
        ("taken", ["preparer"], "已有人使用"),
        ("a b", ["preparer"], "请输入合法的用户名"),
        ("new.person", ["system_admin", "security_admin"], "不能由一人兼任"),
    ],
)
def test_create_account_says_why_not(username, roles, reason):
    User.objects.create(username="taken", name="甲")

    with pytest.raises(CommandError, match=reason):
        run("create_account", username, "王敏", *(word for role in roles for word in ("--role", role)))
    assert User.objects.count() == 1


def test_role_accounts_are_one_a_role_and_two_reviewers_and_work_as_written(tmp_path):
    said = run("create_role_accounts")

    file = tmp_path / "accounts.txt"
    lines = file.read_text().splitlines()
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert sorted(line.split()[2] for line in lines) == sorted([*(str(role.name) for role in ROLES.values()), "审核人"])
    for line in lines:
        username, password, role_name = line.split()
        person = User.objects.get(username=username)
        assert [str(role.name) for role in person.held_roles] == [role_name]
        assert person.name.startswith("演示")
        assert Client().post("/accounts/login/", {"login": username, "password": password})["Location"] == "/today/"
        assert person.must_change_password
        assert line in said


def test_role_accounts_are_made_once(tmp_path):
    run("create_role_accounts")
    before = (tmp_path / "accounts.txt").read_text(), list(User.objects.values_list("password", flat=True))

    said = run("create_role_accounts")

    assert str(tmp_path / "accounts.txt") in said
    assert before == ((tmp_path / "accounts.txt").read_text(), list(User.objects.values_list("password", flat=True)))


def test_role_accounts_whose_initial_password_lapsed_get_a_new_one(tmp_path):
    run("create_role_accounts")
    User.objects.filter(username="demo.leader").update(password_set_at=timezone.now() - timedelta(days=4))
    User.objects.filter(username="demo.editor").update(password_set_at=timezone.now() - timedelta(days=4), must_change_password=False)
    before = (tmp_path / "accounts.txt").read_text().splitlines()

    run("create_role_accounts")

    after = (tmp_path / "accounts.txt").read_text().splitlines()
    (changed,) = [line for line in after if line not in before]
    username, password, _role = changed.split()
    assert username == "demo.leader"
    assert User.objects.get(username=username).check_password(password)


def test_role_accounts_whose_file_is_gone_are_listed_without_password(tmp_path):
    run("create_role_accounts")
    (tmp_path / "accounts.txt").unlink()

    run("create_role_accounts")

    assert {line.split()[1] for line in (tmp_path / "accounts.txt").read_text().splitlines()} == {"-"}


def test_reset_password_of_an_administrator():
    run("create_account", "wang.min", "王敏", "--role", "security_admin")

    said = run("reset_password", "Wang.Min")

    assert User.objects.get().check_password(said.strip().split("：")[1])
    assert AuditEvent.objects.get(action="password.reset").by is None


def test_reset_password_of_nobody():
    with pytest.raises(CommandError, match="没有登录名为 nobody 的账号"):
        run("reset_password", "nobody")


def test_an_older_file_of_accounts_is_closed_to_others(tmp_path):
    file = tmp_path / "accounts.txt"
    file.write_text("old")
    file.chmod(0o644)

    run("create_role_accounts")

    assert stat.S_IMODE(file.stat().st_mode) == 0o600


def test_accounts_whose_file_cannot_be_written_are_not_made(tmp_path):
    (tmp_path / "accounts.txt").mkdir()

    with pytest.raises(IsADirectoryError):
        run("create_role_accounts")
    assert not User.objects.exists()


def test_verify_audit_counts_and_keeps_the_head(settings):
    with acting(None):
        record("a")

    assert run("verify_audit") == "审计日志 1 条，核验无误。\n"
    assert settings.AUDIT_ANCHORS.read_text().startswith("1 ")


def test_verify_audit_names_each_fault_and_fails(settings):
    with acting(None):
        record("a")
        record("b")
    triggers.lift(connection)
    AuditEvent.objects.update(facts="{}", subject="forged")
    out = StringIO()

    with pytest.raises(CommandError) as failure:
        call_command("verify_audit", stdout=out)

    assert failure.value.returncode == 1
    assert out.getvalue().splitlines() == ["第 1 条的内容与校验值不符", "第 2 条的内容与校验值不符"]
    assert not settings.AUDIT_ANCHORS.exists()
    assert AuditEvent.objects.last().action == "audit.verify"
