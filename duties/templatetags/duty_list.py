"""What the public pages derive from the list for display; the published text itself is never changed."""

import re
from collections.abc import Iterator, Mapping
from typing import Any

from django import template
from django.urls import reverse
from django.utils.html import conditional_escape, format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import get_language

from duties.public_site import Variant

register = template.Library()

Item = Mapping[str, Any]

# What no line may be broken in: an ASCII angle bracket and its neighbour, a document number, a house number.
TOGETHER = re.compile(r"(<.|.>|\[\d{4}\]\d+号|\d+号)")
CLOSING_NOTE = re.compile(r"(?<=.)（[^（）]{1,8}）$")


def _items(duty_list: Mapping[str, Any]) -> Iterator[Item]:
    for category in duty_list["categories"]:
        yield from category["items"]


@register.simple_tag
def public_url(view: str, *arguments: str) -> str:
    """The address of a public page in the tree of the language at hand: the staff pages have one address for all languages."""
    return Variant("en" if (get_language() or "").startswith("en") else "zh-hans", care=False).prefix + reverse(view, args=arguments)[1:]


@register.filter
def as_title(name: str) -> str:
    """A published name without its closing full stop: for headings and links, never for the published row itself."""
    return name.removesuffix("。")


@register.filter
def title(item: Item) -> str:
    """What an item is called in headings: the name on its sheet, else the name in the contents list."""
    sheet = item["sheet"]
    return as_title((sheet and sheet["cells"]["name"]) or item["contents"]["name"])


@register.filter
def supervision_contacts(duty_list: Mapping[str, Any] | None) -> list[Mapping[str, str]]:
    """The different supervision contacts of the list's sheets, in the order of the list."""
    contacts: list[Mapping[str, str]] = []
    for item in _items(duty_list) if duty_list else ():
        sheet = item["sheet"]
        if sheet and sheet["supervision"] and sheet["supervision"] not in contacts:
            contacts.append(sheet["supervision"])
    return contacts


@register.filter
def unbroken(text: str) -> SafeString:
    """A published text with spans round what a line must not be broken in; without the spans it is the text, character by character.

    A short note in brackets at its end becomes <small>, so that it can stand on a line of its own.
    """
    note = CLOSING_NOTE.search(text)
    body, rest = (text[: note.start()], format_html("<small>{}</small>", note[0])) if note else (text, "")
    pieces = format_html_join(
        "", "{}", ((format_html('<span class="nb">{}</span>', part) if TOGETHER.fullmatch(part) else part,) for part in TOGETHER.split(body))
    )
    return pieces + conditional_escape(rest)
