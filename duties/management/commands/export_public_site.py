"""`manage.py export_public_site DIR`: the public site as plain files for any web server, with no portal behind it."""

import posixpath
import re
from pathlib import Path
from typing import Any
from urllib.parse import unquote

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.template.loader import render_to_string
from django.utils import translation

from core.published import CURRENT, current_version, site, write_site

OUR_NAMES = re.compile(rf"{CURRENT}|[0-9a-f]{{24}}|building-\w{{8}}|link-\d+")  # what core.published leaves in a folder of its own
ERROR_PAGES = ("404.html", "503.html")
ADDRESS = re.compile(r'(?<=\s)(href|src|action)="(/(?!/)[^"]*)"')
NEEDS_PORTAL = re.compile(r"[ \t]*<(li|form|a)\b[^>]*\sdata-portal\b.*?</\1>\n?", re.DOTALL)  # signing in, searching


class Command(BaseCommand):
    help = "把现行公开网站导出为静态文件（含 .gz、.br 和样式），可放到任何网站服务器上；网站根目录指向 DIR/current。"

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("folder", type=Path, metavar="DIR", help="空文件夹，或以前导出用过的文件夹")
        parser.add_argument("--base", default="/", help="网站将来所在的路径，例如 /zhize/；只影响 404.html 和 503.html，其余页面的链接都是相对的")

    def handle(self, *args: Any, folder: Path, base: str, **options: Any) -> None:
        refuse_foreign_folder(folder)
        if not base.startswith("/") or not base.endswith("/"):
            raise CommandError(f"--base 要以 / 开头并以 / 结尾，例如 /zhize/，而不是 {base}。")
        files = exported_files(base)
        changed = write_site(files, folder)
        self.stdout.write(f"{'已导出' if changed else '没有变化：'} {len(files)} 个文件。网站根目录：{folder / CURRENT}")


def refuse_foreign_folder(folder: Path) -> None:
    """Raise CommandError unless `folder` is new, empty or an earlier export: whatever else lies in it would be swept away."""
    if folder.is_dir():
        foreign = sorted(path.name for path in folder.iterdir() if not OUR_NAMES.fullmatch(path.name))
        if foreign:
            raise CommandError(f"{folder} 里有别的文件（{foreign[0]}），没有导出。请给一个空文件夹。")
        if current_version(folder) and not (folder / CURRENT / ERROR_PAGES[0]).is_file():
            raise CommandError(f"{folder} 是本站正在使用的公开网站，不是导出的文件夹，没有导出。")
    elif folder.exists():
        raise CommandError(f"{folder} 不是文件夹。")


def exported_files(base: str) -> dict[str, bytes]:
    """Every file of the export: the published bytes, pages with relative links, and what they are drawn with."""
    published = {file_name(address): page.bodies["identity"] for address, page in site.refresh().pages.items()}
    if not published:
        raise CommandError("还没有公开网站。请先运行 manage.py write_public_site。")
    files = {name: relative_page(name, body.decode()).encode() if name.endswith(".html") else body for name, body in published.items()}
    with translation.override(settings.LANGUAGE_CODE):
        errors = {name: NEEDS_PORTAL.sub("", render_to_string(name)) for name in ERROR_PAGES}
    drawn_with = [body.decode() for name, body in published.items() if name.endswith(".html")] + list(errors.values())
    # A server shows these two at whatever address was asked for: relative links would miss.
    files |= {name: ADDRESS.sub(rf'\1="{base.rstrip("/")}\2"', page).encode() for name, page in errors.items()}
    return files | static_files(drawn_with)


def file_name(address: str) -> str:
    """The file behind an address: "/duties/4.1/" is "duties/4.1/index.html" (the reverse of core.published.address_of)."""
    name = unquote(address).removeprefix("/")
    return f"{name}index.html" if not name or name.endswith("/") else name


def relative_page(name: str, page: str) -> str:
    """A page without what needs the portal, its links seen from its own folder, so that the site may stand anywhere."""
    folder = posixpath.dirname(name)

    def relative(found: re.Match[str]) -> str:
        path, rest = re.fullmatch(r"([^?#]*)(.*)", found[2]).groups()  # type: ignore[union-attr]
        seen = posixpath.relpath(path, f"/{folder}")
        return f'{found[1]}="{seen}{"/" if path.endswith("/") else ""}{rest}"'

    return ADDRESS.sub(relative, NEEDS_PORTAL.sub("", page))


def static_files(pages: list[str]) -> dict[str, bytes]:
    """The static files that pages name, by their hashed names, from where collectstatic put them."""
    prefix = settings.STATIC_URL
    names = {re.split("[?#]", found[2])[0] for page in pages for found in ADDRESS.finditer(page) if found[2].startswith(prefix)}
    try:
        return {name.removeprefix("/"): (Path(settings.STATIC_ROOT) / unquote(name.removeprefix(prefix))).read_bytes() for name in sorted(names)}
    except FileNotFoundError as error:
        raise CommandError(f"缺少样式文件 {error.filename}。请先运行 manage.py collectstatic，再运行 manage.py write_public_site。") from error
