"""What templates show of an application: the panel is given case and detail only, and asks for the rest itself."""

from typing import Any

from django import template
from django.template import Context

from accounts.models import User
from invitations import scope
from invitations.panel import Panel
from invitations.register_queries import may_view

register = template.Library()


@register.simple_tag(takes_context=True)
def application_panel(context: Context, case: Any, detail: Any) -> Panel:
    """The application of a case as the person of this request sees it."""
    return Panel(case, detail, context.request.user)  # type: ignore[attr-defined]


@register.simple_tag(takes_context=True)
def reads_register(context: Context) -> bool:
    """Whether the person of this request reads the register of letters."""
    return may_view(context["request"].user)


@register.simple_tag
def works_on_letters(user: User) -> bool:
    """Whether the menu has letters for this person."""
    return scope.works_on_letters(user)
