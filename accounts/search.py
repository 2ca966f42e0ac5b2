"""People of the portal are found by name and sign-in name, by those who may see accounts."""

from django.utils.translation import gettext_lazy as _

from core.search import Source, Words, register

from .models import User

PEOPLE = register(
    Source(
        kind="person",
        label=_("人员"),
        objects=User.objects.all,
        visible=lambda by: User.objects.all() if by.has_perm("accounts.view_user") else User.objects.none(),
        words=lambda person: Words(person.name, [person.username], [person.name]),
        about=lambda person: person.username,
    )
)
