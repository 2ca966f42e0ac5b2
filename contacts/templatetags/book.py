"""What every page asks of the book."""

from django import template

from accounts.models import User
from contacts.models.parts import sees_the_book

register = template.Library()


@register.simple_tag
def sees_contacts(user: User) -> bool:
    """Whether the menu has the book for this person."""
    return sees_the_book(user)
