"""The public site: every page of it, made from the list as data, in Chinese and English chrome and in two sizes.

The same functions answer `/?q=` from the data file of the published tree, so that a search needs no database.
"""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from django.conf import settings
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import translation
from django.utils.feedgenerator import Atom1Feed
from django.utils.module_loading import import_string
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext as _

from core.libraries import library
from core.published import site, write_site

from . import cpsv, open_data
from .search import search

SCHEMA = Path(__file__).with_name("duties.schema.json")
JSON_LD_ESCAPES = {ord("<"): "\\u003C", ord(">"): "\\u003E", ord("&"): "\\u0026"}
STATUS_LABELS = {"published": "现行", "superseded": "已被替代", "withdrawn": "已撤销"}


@dataclass(frozen=True)
class Variant:
    """One of the trees: a language of the chrome and a size."""

    language: str
    care: bool

    @property
    def prefix(self) -> str:
        return "/" + ("care/" if self.care else "") + ("en/" if self.language == "en" else "")


VARIANTS = [Variant(language, care) for care in (False, True) for language in ("zh-hans", "en")]


def variant_of(address: str) -> Variant:
    """The tree to which an address belongs."""
    return max((variant for variant in VARIANTS if address.startswith(variant.prefix)), key=lambda variant: len(variant.prefix))


def write() -> bool:
    """Write the site from the list in force; False if nothing is published or nothing changed."""
    data = open_data.list_as_data()
    if data is None:
        return False
    documents = import_string("duties.documents.documents")  # named, not imported: web processes load this module, and docxtpl is not for them
    return write_site(dict(files(data)) | dict(documents(data)), settings.PUBLIC_SITE_DIR)


def files(data: dict[str, Any]) -> Iterator[tuple[str, bytes]]:
    """Every page, data file and feed of the site: name below the root, and bytes."""
    yield "duties.json", open_data.as_json(data)
    yield "duties.schema.json", SCHEMA.read_bytes()
    yield "duties.csv", open_data.as_csv(data)
    yield "duties.jsonld", cpsv.as_json_ld_document(data)
    yield "duties.ttl", cpsv.as_turtle(data)
    yield "updates/atom.xml", atom(data)
    yield "robots.txt", f"User-agent: *\nDisallow: {reverse('account_login')}\n".encode()
    for variant in VARIANTS:
        with translation.override(variant.language):
            for path, body in _pages(data, variant):
                yield f"{variant.prefix[1:]}{path}index.html", body.encode()


def _pages(data: dict[str, Any], variant: Variant) -> Iterator[tuple[str, str]]:
    yield "", list_page(data, variant)
    for category in data["categories"]:
        for item in category["items"]:
            path = f"duties/{item['code']}/"
            told = {
                "item": item | {"editions": [_dated(edition) | {"status_label": _(STATUS_LABELS[edition["status"]])} for edition in item["editions"]]},
                "siblings": [other for other in category["items"] if other is not item],
                "qr_svg": qr_svg(item["url"], _("事项 %(code)s 的二维码") % {"code": item["code"]}),
                "json_ld": json_ld(item),
                "department_contacts": contacts(data),
            }
            yield path, _render("item", data, variant, path, "list", told)
    yield "legal-bases/", _render("legal_bases", data, variant, "legal-bases/", "legal-bases", {"legal_bases": legal_bases(data)})
    yield "supervision/", _render("supervision", data, variant, "supervision/", "supervision", {"contacts": contacts(data)})
    yield "updates/", _render("updates", data, variant, "updates/", "updates", {"updates": [_update(edition) for edition in data["updates"]]})
    for name in ("accessibility", "privacy"):
        yield f"{name}/", _render(name, data, variant, f"{name}/", "", {})


def list_page(data: dict[str, Any], variant: Variant, query: str = "") -> str:
    """The list, or what `query` finds in it."""
    told = {"query": query, "results": search(open_data.items_of(data), query), "updates": [_update(edition) for edition in data["updates"]]}
    return _render("list", data, variant, "", "list", told | {"contacts": contacts(data)})


def search_page(address: str, query: str) -> str | None:
    """The answer to `/?q=` in the tree of `address`, from the published data; None before anything is published."""
    published = site.read("/duties.json")
    return list_page(json.loads(published), variant_of(address), query) if published else None


def public_page(template: str, address: str, section: str, told: dict[str, Any]) -> str | None:
    """A page of another app in the dress of the public site, at `address` in the language and size that it says; None before anything is published."""
    published, variant = site.read("/duties.json"), variant_of(address)
    if not published:
        return None
    with translation.override(variant.language):
        return _render(template, json.loads(published), variant, address.removeprefix(variant.prefix).lstrip("/"), section, told)


def _render(template: str, data: dict[str, Any], variant: Variant, path: str, section: str, told: dict[str, Any]) -> str:
    items = open_data.items_of(data)
    other_language = Variant("zh-hans" if variant.language == "en" else "en", variant.care)
    other_size = Variant(variant.language, not variant.care)
    context = {
        "language": variant.language,
        "care": variant.care,
        "prefix": variant.prefix,
        "path": path,
        "section": section,
        "other_language_url": other_language.prefix + path,
        "other_size_url": other_size.prefix + path,
        "canonical_url": f"{settings.PUBLIC_BASE_URL}/{path}",
        "login_url": reverse("account_login"),
        "duty_list": {
            "edition": _dated(data["edition"]),
            "categories": data["categories"],
            "counts": {"categories": len(data["categories"]), "items": len(items), "sheets": sum(item["sheet"] is not None for item in items)},
        },
    }
    return render_to_string(f"public/{template}.html", context | told)


def _dated(edition: dict[str, Any]) -> dict[str, Any]:
    return edition | {"recorded_at": datetime.fromisoformat(edition["recorded_at"]), "current": edition.get("status", "published") == "published"}


def _update(edition: dict[str, Any]) -> dict[str, Any]:
    words = {"added": _("新增事项 %s"), "removed": _("取消事项 %s"), "changed": _("修订事项 %s")}
    return _dated(edition) | {"changes": [words[change["kind"]] % change["code"] for change in edition["changes"]]}


def legal_bases(data: dict[str, Any]) -> list[dict[str, Any]]:
    """Each document that is cited, in order of first citation, with the items that cite it."""
    found: dict[str, dict[str, Any]] = {}
    for item in open_data.items_of(data):
        for citation in item["sheet"]["legal_bases"] if item["sheet"] else []:
            found.setdefault(citation["text"], citation | {"items": []})["items"].append(item)
    return list(found.values())


def contacts(data: dict[str, Any]) -> list[dict[str, Any]]:
    """Each 监督方式 that is published, with the items that name it."""
    found: dict[tuple[str, ...], dict[str, Any]] = {}
    for item in open_data.items_of(data):
        if item["sheet"]:
            contact = item["sheet"]["supervision"]
            found.setdefault(tuple(contact.values()), contact | {"items": []})["items"].append(item)
    return list(found.values())


def qr_svg(address: str, title: str) -> SafeString:
    """A QR code (ISO/IEC 18004, error correction M, quiet zone of 4 modules) as inline SVG, dark on light in every colour scheme."""
    code = library("segno.make")(address, error="m", micro=False)
    svg = code.svg_inline(border=4, dark="#000", light="#fff", omitsize=True, svgclass="qr", lineclass=None, title=title)
    return mark_safe(svg)  # noqa: S308 - drawn by segno from an address of ours


def json_ld(item: dict[str, Any]) -> SafeString:
    """schema.org JSON-LD of an item, escaped so that no text in it can end the script element."""
    text = json.dumps(open_data.as_json_ld(item), ensure_ascii=False)
    return mark_safe(text.translate(JSON_LD_ESCAPES))  # noqa: S308 - escaped above


def atom(data: dict[str, Any]) -> bytes:
    """The changes of the list as an Atom feed (RFC 4287)."""
    address = f"{settings.PUBLIC_BASE_URL}/updates/"
    feed = Atom1Feed(title=_("国际联络部职责清单更新记录"), link=address, description="", language="zh-CN", feed_url=f"{address}atom.xml")
    for edition in map(_update, data["updates"]):
        said = "；".join(edition["changes"]) or (_("按收到的公布文本录入。") if edition["as_received"] else "")
        feed.add_item(
            title=_("第 %(number)s 版") % edition,
            link=f"{address}#edition-{edition['number']}",
            unique_id=f"{address}#edition-{edition['number']}",
            description=said,
            pubdate=edition["recorded_at"],
            updateddate=edition["recorded_at"],
        )
    return feed.writeString("utf-8").encode()
