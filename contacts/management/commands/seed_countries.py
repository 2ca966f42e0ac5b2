from typing import Any

from django.core.management.base import BaseCommand

from contacts.seeds import seed


class Command(BaseCommand):
    help = "Store the list of countries and regions, where there is none yet"

    def handle(self, *args: Any, **options: Any) -> None:
        if made := seed():
            self.stdout.write(f"国家（地区）：录入 {made} 个。")
