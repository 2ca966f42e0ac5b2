"""Make one fictional account a role, and one reviewer more, to try the portal with."""

import os
from pathlib import Path

from django.conf import settings
from django.core.management.base import BaseCommand
from django.db import transaction

from accounts import actions
from accounts.models import User
from accounts.roles import ROLES, Role

NUMBERS = {"reviewer": ("", "2")}  # letters are reviewed by two people


class Command(BaseCommand):
    help = "为每个角色新建一个演示账号（审核人两个），显示初始密码并写入 VAR_DIR/accounts.txt（仅本人可读）；一直没用、已过期的换一个新的。"

    def handle(self, **options: object) -> None:
        file = settings.VAR_DIR / "accounts.txt"
        before = read_lines(file)
        with transaction.atomic():
            lines = [line_of(role, number, before) for role in ROLES.values() for number in NUMBERS.get(role.slug, ("",))]
            if lines == list(before.values()):
                self.stdout.write(f"演示账号已经存在，没有改动。初始密码在 {file}")
                return
            # Only the file's owner may read it, from its first byte on.
            with os.fdopen(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as sheet:
                os.fchmod(sheet.fileno(), 0o600)
                sheet.write("\n".join(lines) + "\n")
        self.stdout.write("\n".join(lines) + f"\n首次登录时须更改密码。已写入 {file}")


def read_lines(file: Path) -> dict[str, str]:
    """Lines that the file holds, by sign-in name."""
    lines = file.read_text().splitlines() if file.is_file() else []
    return {line.split()[0]: line for line in lines if line}


def line_of(role: Role, number: str, before: dict[str, str]) -> str:
    """The line of an account of a role: a new password where there is no account yet, or where the initial one was never used and has lapsed."""
    username = f"demo.{role.slug.replace('_', '-')}{number}"
    person = User.objects.filter(username=username).first()
    if person is None:
        _person, password = actions.create_first_account(username=username, name=f"演示{role.name}{number}", roles=[role.slug])
    elif person.initial_password_is_void:
        password = actions.reset_password(person=person, by=None)
    else:
        return before.get(username, f"{username:<22}{'-':<26}{role.name}")
    return f"{username:<22}{password:<26}{role.name}"
