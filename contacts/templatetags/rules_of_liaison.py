"""What the page of the rules of liaison work needs."""

from django import template

from contacts import rule_actions
from contacts.models import LiaisonRule

register = template.Library()


@register.filter
def seen(rule: LiaisonRule) -> str:
    """What the page saw of a rule: sent back with what is decided on it."""
    return rule_actions.seen(rule)
