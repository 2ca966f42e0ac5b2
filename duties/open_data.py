"""The published list as data: one structure from which page, JSON, CSV and JSON-LD are made."""

import csv
import io
import json
from typing import Any

from django.conf import settings
from django.db.models import Prefetch
from django.utils.translation import gettext as _

from .models import ListEdition, ListEntry, Sheet, moment

CSV_CELLS = ("name", "legal_basis", "implementing_body", "boundary", "process", "materials", "responsibilities", "supervision")


def editions_with_entries() -> list[ListEdition]:
    """Every edition that was ever published, newest first, with all that is told of it, in a fixed number of queries."""
    entries = ListEntry.objects.select_related("item").prefetch_related(Prefetch("sheet", Sheet.objects.public().with_parts()))
    published = ListEdition.objects.filter(status__in=ListEdition.PUBLIC_STATUSES)
    return list(published.order_by("-number").prefetch_related(Prefetch("entries", entries)))


def list_as_data() -> dict[str, Any] | None:
    """The list in force with the history of its editions; None before the first is published."""
    editions = editions_with_entries()
    current = next((edition for edition in editions if edition.status == ListEdition.Status.PUBLISHED), None)
    if current is None:
        return None
    categories: dict[int, dict[str, Any]] = {}
    for entry in current.entries.all():
        category = categories.setdefault(entry.category_number, {"number": entry.category_number, "name": entry.category_name, "items": []})
        category["items"].append(entry.item.as_data(entry) | {"editions": _editions_of(entry, editions)})
    return {
        "$schema": f"{settings.PUBLIC_BASE_URL}/duties.schema.json",
        "url": f"{settings.PUBLIC_BASE_URL}/",
        "edition": _edition_as_data(current),
        "categories": list(categories.values()),
        "updates": [_edition_as_data(edition) | {"changes": changes(edition, before)} for edition, before in zip(editions, [*editions[1:], None], strict=True)],
    }


def _edition_as_data(edition: ListEdition) -> dict[str, Any]:
    return {
        "number": edition.number,
        "recorded_at": moment(edition.published_at),
        "as_received": edition.source_sha256 is not None,
        "source_sha256": edition.source_sha256,
    }


def _editions_of(entry: ListEntry, editions: list[ListEdition]) -> list[dict[str, Any]]:
    sheets = {other.sheet for edition in editions for other in edition.entries.all() if other.item_id == entry.item_id and other.sheet}
    return [
        {"number": sheet.edition, "status": sheet.status, "recorded_at": moment(sheet.published_at)}
        for sheet in sorted(sheets, key=lambda sheet: -sheet.edition)
    ]


def changes(edition: ListEdition, before: ListEdition | None) -> list[dict[str, str]]:
    """What an edition changed against the one before: [{"code", "kind": added|removed|changed}]."""
    if before is None:
        return []
    new = {entry.item_id: entry for entry in edition.entries.all()}
    old = {entry.item_id: entry for entry in before.entries.all()}
    told = dict.fromkeys(new.keys() - old.keys(), "added") | dict.fromkeys(old.keys() - new.keys(), "removed")
    for code in new.keys() & old.keys():
        if new[code].sheet_id != old[code].sheet_id or _line(new[code]) != _line(old[code]):
            told[code] = "changed"
    return [{"code": code, "kind": kind} for code, kind in sorted(told.items())]


def _line(entry: ListEntry) -> tuple[str, int, str]:
    return entry.name, entry.page, entry.category_name


def items_of(data: dict[str, Any]) -> list[dict[str, Any]]:
    """The items of a list as data, in order, each knowing its category."""
    return [item for category in data["categories"] for item in category["items"]]


def as_json(data: dict[str, Any]) -> bytes:
    return json.dumps(data, ensure_ascii=False, indent=1).encode() + b"\n"


def as_csv(data: dict[str, Any]) -> bytes:
    """One row an item, cells word for word, for a spreadsheet (UTF-8 with BOM)."""
    file = io.StringIO()
    rows = csv.writer(file)
    heads = [_("序号"), _("类别"), _("目录所列名称"), _("页码"), _("名称"), _("法定依据"), _("实施机构"), _("职责边界")]
    rows.writerow([*heads, _("运行流程"), _("运行要件"), _("责任事项"), _("监督方式"), _("说明")])
    for item in items_of(data):
        sheet = item["sheet"]
        cells = [sheet["cells"][name] for name in CSV_CELLS] if sheet else [None] * len(CSV_CELLS)
        note = "" if sheet else _("信息表未随源文件提供")
        contents = [item["code"], item["category"]["name"], item["contents"]["name"], item["contents"]["page"]]
        rows.writerow([harmless(value) for value in [*contents, *cells, note]])
    return b"\xef\xbb\xbf" + file.getvalue().encode()


def harmless(value: Any) -> Any:
    """A cell that no spreadsheet takes for a formula: text that begins like one gets an apostrophe (SECURITY F29)."""
    return f"'{value}" if isinstance(value, str) and value.startswith(("=", "+", "-", "@", "\t", "\r", "＝")) else value


def as_json_ld(item: dict[str, Any]) -> dict[str, Any]:
    """An item as schema.org GovernmentService; what the publication does not say is left out."""
    service: dict[str, Any] = {
        "@context": "https://schema.org",
        "@type": "GovernmentService",
        "@id": item["url"],
        "url": item["url"],
        "identifier": item["code"],
        "name": item["sheet"]["cells"]["name"] if item["sheet"] else item["contents"]["name"],
        "category": item["category"]["name"],
        "inLanguage": "zh-CN",
    }
    if sheet := item["sheet"]:
        service["provider"] = {
            "@type": "GovernmentOrganization",
            "name": sheet["cells"]["implementing_body"],
            "telephone": sheet["supervision"]["phone"],
            "email": sheet["supervision"]["email"],
            "address": sheet["supervision"]["address"],
        }
        service["termsOfService"] = sheet["cells"]["responsibilities"]
    return service
