"""Whether everything that a letter says can be drawn: asked before a number is taken, without drawing."""

from collections.abc import Iterator, Sequence
from typing import Any

from django.utils.translation import gettext as _

from core.printing import undrawable
from core.signs import describe

from .models import Application, Invitee

OF_PERSON = ("surname", "given_names", "chinese_name", "job", "job_en")
OF_APPLICATION = ("purpose", "purpose_en", "relation", "relation_en", "places", "places_en", "post", "post_en")
OF_UNIT = ("name", "name_en", "address", "address_en")


def faults(application: Application, invitees: Sequence[Invitee]) -> list[str]:
    """A sentence for each text of a letter with characters that no face has: whose it is, and which they are."""
    return [
        _("%(where)s中的%(signs)s打印字库里没有，不能印在函件上。请改用其他字，或由管理员增加字库。")
        % {"where": where, "signs": "、".join(describe(sign) for sign in signs)}
        for where, text in _texts(application, invitees)
        if (signs := undrawable(text))
    ]


def _texts(application: Application, invitees: Sequence[Invitee]) -> Iterator[tuple[str, str]]:
    for invitee in invitees:
        yield from ((_("%(name)s 的%(field)s") % {"name": invitee.name, "field": _label(invitee, name)}, getattr(invitee, name)) for name in OF_PERSON)
    yield from ((_label(application, name), getattr(application, name)) for name in OF_APPLICATION)
    if application.unit:
        yield from ((_("邀请单位的%(field)s") % {"field": _label(application.unit, name)}, getattr(application.unit, name)) for name in OF_UNIT)


def _label(row: Any, name: str) -> str:
    return str(row._meta.get_field(name).verbose_name)
