"""`manage.py import_duty_list FILE [--check]`"""

from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from duties.publishing import differences, make_drafts
from duties.reading import UnreadableError, read


class Command(BaseCommand):
    help = "读取职责清单（PDF 的文字层 .txt，或本站的 /duties.json），存为草稿；--check 只比较，不存。"

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("file", type=Path)
        parser.add_argument("--check", action="store_true", help="把现行清单与文件比较，逐条列出不同；有不同则以 1 结束")

    def handle(self, *args: Any, file: Path, check: bool, **options: Any) -> None:
        try:
            publication = read(file.read_bytes())
        except OSError as error:
            raise CommandError(f"读不到文件 {file}：{error.strerror}") from error
        except UnreadableError as error:
            raise CommandError(f"{file.name} 没有导入。{error}") from error
        if check:
            found = list(differences(publication))
            for line in found:
                self.stdout.write(line)
            if found:
                raise CommandError(f"有 {len(found)} 处不同。", returncode=1)
            self.stdout.write("现行清单与文件一致。")
            return
        edition = make_drafts(publication)
        self.stdout.write(f"职责清单{edition}（{edition.get_status_display()}）：{len(publication.entries)} 个事项，{len(publication.sheets)} 张信息表。")
