"""What the worker does for an export: lay the sheets out as one file, store it, and clear away what is older than a week.

Only the worker loads this module, and with it docxtpl (duties/word.py says why).
"""

import hashlib
import logging
import os
import secrets
from datetime import timedelta
from pathlib import Path
from typing import Any

from django.utils import timezone, translation
from django.utils.translation import gettext as _

from accounts.audit import acting, record
from core.printing import PrintRefusedError

from .exports import folder
from .models import SheetExport
from .open_data import items_of, list_as_data
from .printing import booklet_pdf, sheet_pdf
from .word import booklet_docx

logger = logging.getLogger(__name__)

KEPT = timedelta(days=7)


class NotListedError(Exception):
    """Items that the list in force does not hold; the message says which."""


def make(number: int) -> None:
    """Make the file of export `number`. What goes wrong is said on its page; a fault of the program goes on to the log."""
    export = SheetExport.objects.get(pk=number)
    if export.finished_at is not None:
        return
    clear_away()
    try:
        body = _lay_out(export)
    except (NotListedError, PrintRefusedError) as refusal:
        _fail(export, str(refusal))
    except Exception:
        _fail(export, _("生成时出错，已记入系统日志。请稍后重试；仍不成功请告知系统管理员。"))
        raise
    else:
        _keep(export, body)


def _lay_out(export: SheetExport) -> bytes:
    data = list_as_data() or {"categories": []}
    chosen = _chosen(data, export.codes)
    export.done = 0  # a worker before this one may have been killed over it
    with translation.override("zh-hans"):  # the sheets are in Chinese whatever the language of who asks
        if export.format == SheetExport.Format.DOCX:
            return booklet_docx(chosen, cover=export.with_cover, each=lambda: _one_more(export))
        for item in items_of(data):
            if item["code"] in export.codes:
                _set_alone(item)
                _one_more(export)
        return booklet_pdf(chosen, screen=True, cover=export.with_cover)


def _set_alone(item: dict[str, Any]) -> None:
    """Set the sheet of an item as the public site has it (no work where it is stored), so that a refusal can name the item."""
    try:
        sheet_pdf(item)
    except PrintRefusedError as refusal:
        raise PrintRefusedError(f"{item['code']}：{refusal}") from refusal


def _chosen(data: dict[str, Any], codes: list[str]) -> dict[str, Any]:
    """The list with these items only, numbered from page 1. Raises NotListedError."""
    missing = set(codes) - {item["code"] for item in items_of(data)}
    if missing or not codes:
        raise NotListedError(_("现行清单中没有这些事项：%s。清单可能已更新，请重新选择。") % "、".join(sorted(missing)))
    categories, page = [], 0
    for category in data["categories"]:
        items = []
        for item in category["items"]:
            if item["code"] in codes:
                page += 1
                items.append(item | {"contents": item["contents"] | {"page": page}})
        if items:
            categories.append(category | {"items": items})
    return data | {"categories": categories}


def _one_more(export: SheetExport) -> None:
    """Let the export's page show how many items are laid out."""
    export.done += 1
    export.save(update_fields=["done"])


def _fail(export: SheetExport, why: str) -> None:
    with acting(None):
        export.finished_at, export.failure = timezone.now(), why
        export.save(update_fields=["finished_at", "failure"])
        record("export.fail", export, failure=why)


def _keep(export: SheetExport, body: bytes) -> None:
    """Store the file, then say so: the row never names a file that a power cut took."""
    name = secrets.token_hex(16)
    _store(folder() / name, body)
    with acting(None):
        export.content, export.sha256 = name, hashlib.sha256(body).hexdigest()
        export.finished_at, export.done = timezone.now(), export.total
        export.save(update_fields=["content", "sha256", "finished_at", "done"])
        record("export.make", export, sha256=export.sha256)


def _store(path: Path, body: bytes) -> None:
    """Temporary name, write, fsync, rename, fsync of the folder."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    part = path.with_suffix(".part")
    with part.open("wb") as file:
        part.chmod(0o600)
        file.write(body)
        file.flush()
        os.fsync(file.fileno())
    part.replace(path)
    handle = os.open(path.parent, os.O_RDONLY)
    os.fsync(handle)
    os.close(handle)


def clear_away() -> None:
    """Remove files older than a week, those too that no export names; the exports stay as a record of who asked for what."""
    limit = timezone.now() - KEPT
    with acting(None):
        count = SheetExport.objects.filter(finished_at__lt=limit).exclude(content="").update(content="")
        if count:
            record("export.clear", count=count)
    for path in folder().glob("*"):
        if path.stat().st_mtime < limit.timestamp():
            path.unlink(missing_ok=True)
