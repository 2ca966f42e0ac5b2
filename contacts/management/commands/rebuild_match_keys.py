"""Write all that duplicates are found by anew: after an upgrade that compares names otherwise."""

from typing import Any

from django.core.management.base import BaseCommand

from contacts.indexing import rebuild


class Command(BaseCommand):
    help = __doc__ or ""

    def handle(self, *args: Any, **options: Any) -> None:
        self.stdout.write(f"{rebuild()} 条记录已重新编入查重索引。")
