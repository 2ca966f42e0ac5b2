"""What templates show of interactions: whether the bar offers to register one, and the side of a thread's page."""

from typing import Any

from django import template
from django.template import Context

from accounts.models import User
from contacts.interaction_actions import logging_standing
from contacts.interaction_panel import ThreadFacts, facts_of
from contacts.models.interactions import reading
from contacts.visit_process import when

register = template.Library()


@register.simple_tag
def logs_interactions(user: User) -> bool:
    """Whether this person registers interactions; asks the database for nothing that the page has not asked already."""
    return logging_standing(user) is not None


@register.simple_tag
def reads_interactions(user: User) -> bool:
    """Whether the menu has interactions for this person."""
    return bool(reading(user))


@register.simple_tag(takes_context=True)
def thread_facts(context: Context, detail: Any) -> ThreadFacts | None:
    """What the side says of the thread `detail`; None for a case that was opened by hand."""
    return facts_of(detail, context.request.user) if detail else None  # type: ignore[attr-defined]


@register.filter
def when_and_where(visit: Any) -> str:
    return when(visit)
