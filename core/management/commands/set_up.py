"""`manage.py set_up`"""

from argparse import ArgumentParser

from django.conf import settings
from django.core.management import call_command
from django.core.management.base import BaseCommand

STEPS: tuple[tuple[str, ...], ...] = (
    ("migrate", "--noinput", "--verbosity=0"),
    ("enter_working_days",),
    ("import_duty_list", str(settings.BASE_DIR / "fixtures/source/duty-list.txt")),
    ("publish_duty_list", "--as-received"),
    ("seed_operating_rules",),
    ("seed_countries",),
    ("seed_liaison_rules",),
    ("seed_letters",),
    ("write_public_site",),
    ("sweep_files",),
)
ACCOUNTS = (
    ("create_role_accounts",),
    ("assign_items", "demo.preparer", "demo.reviewer", "demo.reviewer2", "demo.registrar"),
)


class Command(BaseCommand):
    help = "使数据库和公开网站可以使用：依次运行各条准备命令，已经做过的不再做；bin/serve 启动时运行。"

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--empty", action="store_true", help="不新建演示账号")

    def handle(self, *args: object, empty: bool, **options: object) -> None:
        for command, *arguments in STEPS + (() if empty else ACCOUNTS):
            call_command(command, *arguments)
