"""Tags that every page may use: icons of the sprite, dates in words."""

from datetime import date

from django import template
from django.template import Context
from django.templatetags.static import static
from django.urls import reverse
from django.utils.formats import date_format
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import get_language

register = template.Library()

MOST = 99  # that the menu tells of a count; "99+" where there are more
WORDS = {"zh-hans": "Y 年 n 月 j 日", "en": "j F Y"}


@register.simple_tag
def icon(name: str) -> SafeString:
    """The icon `name` of static/img/icons.svg. It says nothing to a screen reader: the word beside it does."""
    return format_html('<svg class="ic" aria-hidden="true" focusable="false"><use href="{}#{}"></use></svg>', static("img/icons.svg"), name)


@register.filter(expects_localtime=True)
def in_words(day: date | None) -> str:
    """A day for running text: 2026 年 11 月 23 日, or 23 November 2026 on English pages. Tables have Y-m-d."""
    if day is None:
        return ""
    return date_format(day, WORDS.get(get_language() or "", WORDS["zh-hans"]), use_l10n=False)


@register.inclusion_tag("components/_entry.html", takes_context=True)
def menu_entry(
    context: Context, view: str, icon_name: str, label: str, below: str = "", also: str = "", count: int = 0, is_urgent: bool = False
) -> dict[str, object]:
    """An entry of the menu: a link to `view` (a name, or an address), marked where the page is that or lies below; with a count, if any, up to MOST.

    `below` narrows what counts as below ("steps/"), where other entries share the beginning of the address; `also` tells other addresses, separated by
    blanks, whose pages belong to the entry ("/contacts/people/").
    """
    address, path = view if view.startswith("/") else reverse(view), context["request"].path
    is_below = address != "/" and path.startswith((address + below, *also.split()))
    current = "page" if path == address else "true" if is_below else ""
    told = f"{MOST}+" if count > MOST else count
    return {"address": address, "icon_name": icon_name, "label": label, "current": current, "count": told, "is_urgent": is_urgent}
