"""`manage.py write_public_site`"""

from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand

from duties.public_site import write


class Command(BaseCommand):
    help = "由现行清单写出公开网站的全部文件（平时由后台任务完成；内容没有变化时不重写）。"

    def handle(self, *args: Any, **options: Any) -> None:
        self.stdout.write(f"公开网站已写入 {settings.PUBLIC_SITE_DIR}。" if write() else "公开网站没有变化。")
