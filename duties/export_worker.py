"""What the worker does for an export: lay the sheets out as one file.

Only the worker loads this module, and with it docxtpl (duties/word.py says why).
"""

import secrets
from collections.abc import Callable
from typing import Any

from django.utils import timezone, translation
from django.utils.translation import gettext as _

from core.files import folder
from core.printing import PrintRefusedError
from jobs.kinds import JobFailedError, Produced
from jobs.models import Job

from .exports import Format
from .open_data import items_of, list_as_data
from .printing import booklet_pdf, sheet_pdf
from .word import booklet_docx

MEDIA_TYPES = {
    Format.PDF: "application/pdf",
    Format.DOCX: "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
}


def make(job: Job, progress: Callable[[int], None]) -> Produced:
    """Make the file of an export. Raises JobFailedError where an item is not on the list, or cannot be set."""
    try:
        body = _lay_out(job.parameters, progress)
    except PrintRefusedError as refusal:
        raise JobFailedError(str(refusal)) from refusal
    path = folder("incoming") / secrets.token_hex(16)
    path.write_bytes(body)
    return Produced(path, file_name(job), MEDIA_TYPES[Format(job.parameters["format"])])


def file_name(job: Job) -> str:
    """What the file is called where it is downloaded: 职责事项信息表-2.1-4.1-2026-11-23.pdf."""
    codes = job.parameters["codes"]
    named = "-".join(codes) if len(codes) <= 3 else f"{len(codes)}项"
    return f"职责事项信息表-{named}-{timezone.localdate(job.asked_at)}.{job.parameters['format']}"


def _lay_out(wanted: dict[str, Any], progress: Callable[[int], None]) -> bytes:
    data, codes = list_as_data() or {"categories": []}, wanted["codes"]
    chosen, done = _chosen(data, codes), 0

    def one_more() -> None:
        nonlocal done
        done += 1
        progress(done)

    progress(0)
    with translation.override("zh-hans"):  # the sheets are in Chinese whatever the language of who asks
        if wanted["format"] == Format.DOCX:
            return booklet_docx(chosen, cover=wanted["with_cover"], each=one_more)
        for item in items_of(data):
            if item["code"] in codes:
                _set_alone(item)
                one_more()
        return booklet_pdf(chosen, screen=True, cover=wanted["with_cover"])


def _set_alone(item: dict[str, Any]) -> None:
    """Set the sheet of an item as the public site has it (no work where it is stored), so that a refusal can name the item."""
    try:
        sheet_pdf(item)
    except PrintRefusedError as refusal:
        raise PrintRefusedError(f"{item['code']}：{refusal}") from refusal


def _chosen(data: dict[str, Any], codes: list[str]) -> dict[str, Any]:
    """The list with these items only, numbered from page 1. Raises JobFailedError where one is missing."""
    missing = set(codes) - {item["code"] for item in items_of(data)}
    if missing or not codes:
        raise JobFailedError(_("现行清单中没有这些事项：%s。清单可能已更新，请重新选择。") % "、".join(sorted(missing)))
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
