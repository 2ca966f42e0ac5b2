"""`manage.py publish_duty_list --as-received`"""

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from duties.models import ListEdition
from duties.publishing import publish_edition


class Command(BaseCommand):
    help = "发布由公布文本录入的清单草稿。由本站人员起草的版次须在网页上审核、发布。"

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--as-received", action="store_true", required=True, help="确认：照收到的文本发布，没有起草人和审核人")

    def handle(self, *args: Any, **options: Any) -> None:
        received = ListEdition.objects.exclude(source_sha256=None).order_by("-number").first()
        if received is None:
            raise CommandError("没有可发布的草稿。请先运行 manage.py import_duty_list 文件名。")
        if received.status != ListEdition.Status.DRAFT:
            self.stdout.write(f"职责清单{received}已发布过，不再重复。")
            return
        publish_edition(received, by=None)
        self.stdout.write(f"职责清单{received}已发布。")
