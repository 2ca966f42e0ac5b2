from django.core.management.base import BaseCommand
from django.db import transaction

from core.search import rebuild


class Command(BaseCommand):
    help = "Write the search index anew from all that can be found: after an upgrade that says so, or after a restore."

    @transaction.atomic
    def handle(self, *args: object, **options: object) -> None:
        self.stdout.write(f"已重建搜索索引，共 {rebuild()} 条")
