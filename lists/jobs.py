"""The export of a list as background work: whether a person may have it, and the file that was made for them."""

from typing import Any

from django.utils.translation import gettext_lazy as _

from accounts.models import User
from jobs.kinds import JobKind, register

from .kinds import kind_named


def may_have(user: User, parameters: dict[str, Any]) -> bool:
    """Whether this person may take the list along, and still stands where they stood when the file was made (`standing`; not known before)."""
    kind = kind_named(parameters["list"])
    if kind is None or not kind.exported_by(user):
        return False
    stood = set(parameters.get("standing", ()))
    return not stood or stood <= set(kind.standing(user))


EXPORT = register(JobKind(name="list-export", label=_("导出列表"), work="lists.exporting.make", may=may_have))
