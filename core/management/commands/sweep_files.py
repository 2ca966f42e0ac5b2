from django.core.management.base import BaseCommand

from core.files import sweep


class Command(BaseCommand):
    help = "清除一小时以上没有归属的上传文件（上传或保存中途断电、被终止留下的）。有记录的文件不动；bin/serve 启动时运行。"

    def handle(self, *args: object, **options: object) -> None:
        if removed := sweep():
            self.stdout.write(f"已清除没有归属的文件 {removed} 个。")
