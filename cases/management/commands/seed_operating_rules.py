"""`manage.py seed_operating_rules`"""

from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand

from cases.rule_seeds import seed


class Command(BaseCommand):
    help = "录入起步用的运行规则和字典（fixtures/operating_rules.toml），待本单位确认。已有规则的事项不动，可以反复运行。"

    def handle(self, *args: Any, **options: Any) -> None:
        told = seed((settings.BASE_DIR / "fixtures" / "operating_rules.toml").read_bytes())
        for line in told or ["运行规则已录入过，不再重复。"]:
            self.stdout.write(line)
