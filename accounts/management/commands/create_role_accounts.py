"""Make one fictional account a role, to try the portal with."""

import os

from django.conf import settings
from django.core.management.base import BaseCommand
from django.db import transaction

from accounts import actions
from accounts.models import User
from accounts.roles import ROLES


class Command(BaseCommand):
    help = "为每个角色新建一个演示账号，显示密码并写入 VAR_DIR/accounts.txt（仅本人可读）。"

    def handle(self, **options: object) -> None:
        file = settings.VAR_DIR / "accounts.txt"
        usernames = {slug: f"demo.{slug.replace('_', '-')}" for slug in ROLES}
        if User.objects.filter(username__in=usernames.values()).exists():
            self.stdout.write(f"演示账号已经存在，没有改动。密码在 {file}")
            return
        with transaction.atomic():
            lines = [self.create(usernames[role.slug], str(role.name), role.slug) for role in ROLES.values()]
            # Only the file's owner may read it, from its first byte on.
            with os.fdopen(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as sheet:
                os.fchmod(sheet.fileno(), 0o600)
                sheet.write("\n".join(lines) + "\n")
        self.stdout.write("\n".join(lines) + f"\n已写入 {file}")

    @staticmethod
    def create(username: str, role_name: str, slug: str) -> str:
        """Make one account and return its line of the table. The password may stay: it was generated here and nobody else's account has it."""
        _person, password = actions.create_first_account(username=username, name=f"演示{role_name}", roles=[slug], must_change=False)
        return f"{username:<22}{password:<26}{role_name}"
