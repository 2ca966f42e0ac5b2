"""What the public pages derive from the list for display; the published text itself is never changed."""

from collections.abc import Iterator, Mapping
from typing import Any

from django import template

register = template.Library()

Item = Mapping[str, Any]


def _items(duty_list: Mapping[str, Any]) -> Iterator[Item]:
    for category in duty_list["categories"]:
        yield from category["items"]


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
