"""What is done with interactions from outside the engine: a thread and its case are found or made, an interaction is registered, threads are closed.

Locks are taken in one order everywhere: the body, the serial of a new case, then cases by primary key.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date
from functools import partial
from typing import Any

from django.conf import settings
from django.http import HttpRequest
from django.utils import timezone, translation
from django.utils.translation import gettext as _

from accounts.actions import Refused
from accounts.audit import acting
from accounts.models import User
from cases import process
from cases.models import Case
from cases.opening import NoProcedureError, open_case
from cases.standing import Standing, standings_of
from correspondence.models import Entry
from duties.models import DutyItem

from .interaction_fields import CHANGED_MEANWHILE, raw
from .interaction_process import (
    CARRY_OVER,
    CLOSE_YEAR,
    CORRECT_INTERACTION,
    LINK_INTERACTION,
    LOG_INTERACTION,
    UNLINK_INTERACTION,
    WITHDRAW_INTERACTION,
    carry_over,
)
from .models import Interaction, InteractionThread, Organisation
from .models.interactions import ITEM, LOG, reading


def logging_standing(user: User) -> Standing | None:
    """In whose right this person registers interactions: 1.1 must be theirs; None where they may not."""
    found = [one for one in reading(user, LOG) if ITEM in one.items or "cases.view_all_cases" in one.permissions]
    return found[0] if found else None


def thread_for(organisation: Organisation, year: int, *, by: User, handler: User) -> InteractionThread:
    """The thread of this body and year, with its case; made if there is none. Call it inside `acting()`: the body stays locked until the act ends.

    Who carries a new case: the body's owner in the department, where that person handles 1.1; else `handler`. Raises Refused where 1.1 has no procedure.
    """
    organisation = Organisation.objects.select_for_update(no_key=True, of=("self",)).select_related("owner").get(pk=organisation.pk)
    found = InteractionThread.objects.filter(organisation=organisation, year=year).select_related("case").first()
    if found:
        return found
    owner = organisation.owner
    rights = [one for one in standings_of(owner) if one.person.pk == owner.pk] if owner else []
    carries = any("cases.handle_case" in one.permissions and ITEM in one.items for one in rights)
    with translation.override(settings.LANGUAGE_CODE):
        title = _("与%(body)s的往来（%(year)d 年）") % {"body": organisation.name, "year": year}
    facts = {"organisation": organisation, "year": year}
    try:
        case = open_case(DutyItem.objects.get(pk=ITEM), by=by, title=title[:200], handler=owner if carries else handler, facts=facts)
    except NoProcedureError as error:
        raise Refused(str(error)) from error
    return InteractionThread.objects.select_related("case").get(case=case)


def register(
    organisation: Organisation,
    values: Mapping[str, Any],
    *,
    by: User,
    cases: Sequence[Case] = (),
    entry: Entry | None = None,
    request: HttpRequest | None = None,
) -> Interaction:
    """Register an interaction with this body in the thread of its year, and with these cases; `values` are those of `LogForm`.

    The same form sent twice by the same person is registered once. Raises Refused, and what `cases.process.perform` raises.
    """
    standing = logging_standing(by)
    if standing is None:
        raise Refused(_("登记往来须承办事项 1.1。"))
    with acting(by, request):
        thread = thread_for(organisation, timezone.localdate(values["happened_at"]).year, by=by, handler=standing.person)
        done = Interaction.objects.filter(form_key=values["form_key"], registered_by=by).first()
        if done:
            return done
        if entry and Interaction.objects.valid().filter(entry=entry).exists():
            raise Refused(_("这件函电已经登记为往来。"))
        _lock([thread.case, *cases])
        _perform(thread.case, LOG_INTERACTION.name, raw(dict(values)), by, request)
        made = Interaction.objects.get(form_key=values["form_key"])
        if entry:
            Interaction.objects.filter(pk=made.pk).update(entry=entry)
        for case in sorted(cases, key=lambda case: case.pk):
            if case.pk != thread.case_id:
                _perform(case, LINK_INTERACTION.name, {"interaction": made.pk}, by, request)
    return Interaction.objects.get(pk=made.pk)


def correct(interaction: Interaction, values: Mapping[str, Any], *, version: int, by: User, request: HttpRequest | None = None) -> None:
    """Put right what was entered; `values` are those of `CorrectForm`. `version` is what the page showed; raises Refused where that is not so any more."""
    with acting(by, request):
        _lock([interaction.thread.case])
        if Interaction.objects.get(pk=interaction.pk).version != version:
            raise Refused(CHANGED_MEANWHILE)
        _perform(interaction.thread.case, CORRECT_INTERACTION.name, raw(dict(values)) | {"interaction": interaction.pk}, by, request)


def withdraw(interaction: Interaction, *, reason: str, by: User, request: HttpRequest | None = None) -> None:
    """Take it back, with a reason; its follow-up and the visit that it asked for are not needed any more."""
    with acting(by, request):
        _lock([interaction.thread.case])
        _perform(interaction.thread.case, WITHDRAW_INTERACTION.name, {"interaction": interaction.pk, "reason": reason}, by, request)


def link(interaction: Interaction, case: Case, *, by: User, request: HttpRequest | None = None) -> None:
    """Let it belong to one more case."""
    with acting(by, request):
        _lock([case])
        _perform(case, LINK_INTERACTION.name, {"interaction": interaction.pk}, by, request)


def unlink(interaction: Interaction, case: Case, *, reason: str, by: User, request: HttpRequest | None = None) -> None:
    """Let it belong to this case no more."""
    with acting(by, request):
        _lock([case])
        _perform(case, UNLINK_INTERACTION.name, {"interaction": interaction.pk, "reason": reason}, by, request)


def _lock(cases: Sequence[Case]) -> None:
    """Lock these cases, in one order."""
    list(Case.objects.select_for_update(no_key=True).filter(pk__in=[case.pk for case in cases]).order_by("pk"))


def _perform(case: Case, action: str, data: Mapping[str, Any], by: User, request: HttpRequest | None) -> None:
    """Take an action on a case that is locked, as it is now: an entry more or less stands in nobody's way."""
    process.perform(case, action, by=by, version=Case.objects.get(pk=case.pk).version, data=data, request=request)


# -- the year's end ----------------------------------------------------------------------------------------------------------------------------------------


def close_threads(today: date | None = None) -> int:
    """Close the threads of the years that are over, each in its own act; what is still to be done goes on in the thread of this year. Returns how many."""
    year = (today or timezone.localdate()).year
    over = InteractionThread.objects.filter(year__lt=year, case__closed_at=None).select_related("case__handler", "organisation")
    count = 0
    for thread in over.order_by("pk"):
        with acting(None):
            _close(thread, year)
        count += 1
    return count


def _close(thread: InteractionThread, year: int) -> None:
    Organisation.objects.select_for_update(no_key=True).get(pk=thread.organisation_id)  # another may be closing it: what was carried over stays there
    if not Case.objects.open().filter(pk=thread.case_id).exists():
        return
    if has_open_ends(thread):
        body = Organisation.objects.get(pk=thread.organisation.merged_into_id or thread.organisation_id)
        going_on = thread_for(body, year, by=thread.case.handler, handler=thread.case.handler)
        if not going_on.case.is_closed:
            _lock([thread.case, going_on.case])
            process.run_out(going_on.case, replace(CARRY_OVER, effect=partial(carry_over, old=thread)))
    process.run_out(thread.case, CLOSE_YEAR)


def has_open_ends(thread: InteractionThread) -> bool:
    """Whether something that was begun in this thread is still to be done."""
    follow_ups = thread.interactions.valid().filter(follow_up__status="open")  # type: ignore[attr-defined]
    return follow_ups.exists() or thread.visits.ahead().exists()  # type: ignore[attr-defined]


def close_by_schedule(job: Any, progress: Any) -> None:
    """The same as background work."""
    close_threads()
