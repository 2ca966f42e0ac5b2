"""Make an account that holds its roles at once: for the first administrators of a fresh installation."""

import argparse

from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError

from accounts import actions, roles
from accounts.models import User


class Command(BaseCommand):
    help = "新建账号并直接授予角色（用于全新安装的头两位管理员），显示初始密码。"

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        parser.add_argument("username", help="登录名，例如 wang.min")
        parser.add_argument("name", help="姓名")
        parser.add_argument("--role", action="append", required=True, choices=list(roles.ROLES), help="角色，可多次给出")

    def handle(self, *, username: str, name: str, role: list[str], **options: object) -> None:
        try:
            User(username=username.lower(), name=name).full_clean(exclude=["password"])
            _person, password = actions.create_first_account(username=username, name=name, roles=role)
        except ValidationError as error:
            raise CommandError("\n".join(error.messages)) from error
        except actions.Refused as refusal:
            raise CommandError(str(refusal)) from refusal
        self.stdout.write(f"登录名 {username.lower()}\n初始密码 {password}\n首次登录时必须更改。")
