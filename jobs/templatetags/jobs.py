"""What the shell of the staff pages shows of background work."""

from django import template
from django.template import Context

from jobs.queries import unfetched_by

register = template.Library()


@register.simple_tag(takes_context=True)
def files_to_fetch(context: Context) -> int:
    """How many finished files the person who is signed in has not fetched yet; one query."""
    return unfetched_by(context["request"].user)
