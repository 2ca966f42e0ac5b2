"""How a case stands, for the list of cases."""

from django import template
from django.utils import timezone

from cases.models import Case
from cases.queries import state_of

register = template.Library()


@register.filter
def state(case: Case) -> str:
    """The word by which the style of a case's state is chosen: closed, held, late, waiting, going."""
    return state_of(case, timezone.localdate())
