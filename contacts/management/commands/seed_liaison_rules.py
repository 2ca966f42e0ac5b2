from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand

from contacts.seeds import seed_rules


class Command(BaseCommand):
    help = "Store the rules of liaison work, those that are not there yet"

    def handle(self, *args: Any, **options: Any) -> None:
        if codes := seed_rules((settings.BASE_DIR / "fixtures/liaison.toml").read_bytes()):
            self.stdout.write(f"联络工作规则：录入 {'、'.join(codes)}，待本单位确认。")
