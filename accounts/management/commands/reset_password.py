"""`manage.py reset_password USERNAME`: a new initial password, also for administrators."""

from django.core.management.base import BaseCommand, CommandError, CommandParser

from accounts import actions
from accounts.models import User


class Command(BaseCommand):
    help = "给一个账号重设初始密码并显示一次；管理员的初始密码只能这样重设。"

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("username")

    def handle(self, *args: object, username: str, **options: object) -> None:
        person = User.objects.filter(username=username.lower()).first()
        if person is None:
            raise CommandError(f"没有登录名为 {username} 的账号。")
        self.stdout.write(f"{person.username} 的初始密码：{actions.reset_password(person=person, by=None)}")
