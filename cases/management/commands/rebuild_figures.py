from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from accounts.audit import acting, record
from cases.tallies import compact, differences, rebuild


class Command(BaseCommand):
    help = "Compare the counts behind the figures with the cases and count anew: after a restore, or after work on the tables with the triggers lifted."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--compact", action="store_true", help="only merge rows of the same sort")

    def handle(self, *args: Any, **options: Any) -> None:
        if options["compact"]:
            self.stdout.write(f"已合并办件计数，减少 {compact()} 行")
            return
        with acting(None):
            wrong = len(differences())
            rows = rebuild()
            record("figures.rebuild", rows=rows, differences=wrong)
        self.stdout.write(f"已重新统计办件，共 {rows} 行；与办件不一致的有 {wrong} 处")
