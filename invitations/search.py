"""What letters and inviting units can be found by."""

from django.utils.translation import gettext_lazy as _

from core.search import Source, Words, register

from .models import InvitationLetter, InvitingUnit
from .scope import letters_seen_by, units_seen_by

LETTERS = register(
    Source(
        kind="invitation",
        label=_("邀请函"),
        objects=InvitationLetter.objects.all,
        visible=letters_seen_by,
        words=lambda letter: Words(letter.number, [letter.unit_name]),
        about=lambda letter: letter.unit_name,
    )
)

UNITS = register(
    Source(
        kind="inviting_unit",
        label=_("邀请单位"),
        objects=InvitingUnit.objects.all,
        visible=units_seen_by,
        words=lambda unit: Words(unit.name, [unit.name_en, unit.uscc, unit.phone], [unit.contact]),
        about=lambda unit: unit.uscc,
    )
)
