"""What templates show of a memorandum: the panel is given case and detail only, and asks for the rest itself."""

from typing import Any

from django import template
from django.template import Context

from contacts.memorandum_panel import Panel

register = template.Library()


@register.simple_tag(takes_context=True)
def memorandum_panel(context: Context, case: Any, detail: Any) -> Panel:
    """The memorandum of a case as the person of this request sees it."""
    return Panel(case, detail, context.request.user)  # type: ignore[attr-defined]
