"""Giving several cases to another person at once: each is an act of its own, done whole or not at all."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext as _

from accounts.models import User
from core.paging import SIZES

from . import process
from .forms import handlers_of_all
from .models import Case
from .process import BlockedError, ConflictError, InvalidError
from .standing import standings_of
from .steps import REASSIGN

MOST = SIZES[-1]  # cases at once: what a page of the list holds


@dataclass(frozen=True)
class Pick:
    """A case that was ticked, and its version on the page where it was."""

    case: Case
    version: int

    @property
    def value(self) -> str:
        return f"{self.case.number}~{self.version}"


@dataclass(frozen=True)
class Result:
    """What became of one of them: `reason` says why it was not reassigned."""

    case: Case
    reason: str = ""


def may(user: User) -> bool:
    """Whether this person may reassign cases, in some right of theirs today."""
    return any(REASSIGN.permission in standing.permissions for standing in standings_of(user))


def picked(values: Iterable[str], user: User) -> list[Pick]:
    """The cases behind the ticks ("2.1-2026-0001~3") that this person may see, by number; no more than fit on a page."""
    versions = {number: int(version[:9]) for number, _sign, version in (value.partition("~") for value in values) if version.isascii() and version.isdigit()}
    found = Case.objects.visible_to(user).filter(number__in=list(versions)[:MOST]).select_related("handler").order_by("number")
    return [Pick(case, versions[case.number]) for case in found]


def candidates(picks: Iterable[Pick]) -> QuerySet[User]:
    """Who may carry every one of these cases."""
    return handlers_of_all({pick.case.item_id for pick in picks})


def reassign(picks: Iterable[Pick], *, data: dict[str, Any], by: User, request: HttpRequest | None = None) -> list[Result]:
    """Give each of these cases to `data["to"]` for `data["reason"]`; what cannot be given is left as it is, with the reason."""
    return [_reassign(pick, data, by, request) for pick in picks]


def _reassign(pick: Pick, data: dict[str, Any], by: User, request: HttpRequest | None) -> Result:
    if str(pick.case.handler_id) == str(data["to"]):
        return Result(pick.case, _("本来就由此人承办。"))
    try:
        return Result(process.perform(pick.case, REASSIGN.name, by=by, version=pick.version, data=data, request=request))
    except ConflictError:
        return Result(pick.case, _("打开列表之后，这个办件已有变化。请看过再改派。"))
    except BlockedError as error:
        return Result(pick.case, str(error))
    except InvalidError as error:
        return Result(pick.case, " ".join(str(message) for messages in error.form.errors.values() for message in messages))
