"""今日工作 and the list of cases."""

from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_safe

from core.paging import paged
from lists.toolbar import first_address, toolbar

from . import annexes, queries, reassigning
from .access import case_worker
from .agenda import agenda, next_due
from .kinds import reminders_for
from .list_forms import CaseFilterForm
from .lists import CASES

SHORT = 10  # lines of the smaller lists of the start page


@require_safe
def today(request):
    """The start page of everybody who is signed in; of whoever works on cases, with what is up to them."""
    day = timezone.localdate()
    if not queries.seeing(request.user):
        return render(request, "cases/start.html", {"day": day, "entries": queries.listed_items(), "roles": request.user.held_roles})
    by_item = request.GET.get("by") == "item"
    groups = agenda(request.user, day, by_item=by_item)
    counts, waiting = queries.count_mine(request.user, day), queries.waiting_for(request.user)
    context = {
        "day": day,
        "groups": groups,
        "by_item": by_item,
        "counts": counts,
        "next_due": None if by_item or counts["overdue"] or counts["today"] else next_due(groups),
        "waiting": list(queries.with_case(waiting)[:SHORT]),
        "waiting_count": waiting.count() + annexes.approvals.count(request.user),
        "returned": list(queries.with_case(queries.returned_to(request.user))[:SHORT]),
        "reminders": [(one, one.due is not None and one.due < day) for one in reminders_for(list(queries.mine_of(request.user).people), day)],
        "department": _department(request.user, day),
        "items": queries.items_of(request.user) if request.user.has_perm("cases.handle_case") and not counts["all"] else [],
        "panels": annexes.today.panels(request.user),
    }
    return render(request, "cases/today.html", context)


def _department(user, day):
    """The figures of all cases, for whoever sees them all."""
    if not user.has_perm("cases.view_all_cases"):
        return None
    cases = queries.in_state(queries.cases_of_view(user, "department", day), queries.State.OPEN, day)
    return queries.count_by_due(cases, day) | {"held": queries.count_held(cases)}


@case_worker
@require_safe
def case_list(request):
    if address := first_address(CASES, request):
        return redirect(address)
    day = timezone.localdate()
    form = CaseFilterForm(request.GET, user=request.user, today=day)
    bar = toolbar(CASES, request, sort=form.sort)
    page = paged(CASES.with_columns(form.cases(), bar.columns), form.key, request.GET, count=form.found.count())
    density = request.GET.get("density", request.user.density)
    context = {
        "form": form,
        "day": day,
        "page": page,
        "toolbar": bar,
        "lines": [(case, _own_tasks(request.user, case)) for case in page.rows],
        "chips": form.chips(),
        "is_compact": density == request.user.Density.COMPACT,
        "items": queries.items_of(request.user) if request.user.has_perm("cases.handle_case") else [],
        "may_reassign": reassigning.may(request.user),
    }
    return render(request, "cases/case_list.html", context)


def _own_tasks(user, case):
    return [task for task in queries.mine_of(user).tasks if task.case_id == case.pk]
