"""Finding things: the panel behind Ctrl K, and the page that stands for it without scripts."""

from dataclasses import dataclass

from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe
from django.views.decorators.vary import vary_on_headers

from core.chinese import normalise
from core.search import LONGEST, SHORTEST, Hit, mark, read_as, search
from duties.models import ListEdition, ListEntry

from .standing import standings_of

PANEL, PAGE = 5, 30  # hits of a kind


@require_safe
@vary_on_headers("X-Panel")
def search_page(request):
    panel = "X-Panel" in request.headers
    query = request.GET.get("q", "")[: LONGEST + 1]
    part = normalise(query)
    fits = SHORTEST <= len(part) <= LONGEST
    context = {
        "query": query,
        "is_too_short": bool(query) and len(part) < SHORTEST,
        "is_too_long": len(part) > LONGEST,
        "acts": [hit for act in acts_of(request.user) if (hit := act.hit(part))] if fits else [],
        "groups": search(query, request.user, kinds=request.GET.getlist("kind") or None, limit=PANEL if panel else PAGE),
    }
    return render(request, "cases/_search_hits.html" if panel else "cases/search.html", context)


@dataclass(frozen=True)
class Act:
    """Something to do from the panel: its name and its address."""

    name: str
    url: str

    def hit(self, part: str) -> Hit | None:
        """It as a thing found, if it is called or spelt like `part`."""
        return Hit(mark(self.name, part), self.url) if read_as(self.name, part) else None


def acts_of(user):
    """What this person can begin or go to: a new case of each of their items, and the pages of daily work."""
    pages = [(_("今日工作"), "cases:today"), (_("我的账号"), "accounts:account"), (_("个人设置"), "accounts:settings")]
    acts = [Act(name, reverse(view)) for name, view in pages]
    own = standings_of(user)[0]
    if "cases.view_case" in own.permissions:
        acts = [Act(_("事项办理"), reverse("cases:case-list")), Act(_("审签"), reverse("cases:approval-list")), *acts]
    if "cases.handle_case" in own.permissions:
        entries = ListEntry.objects.filter(edition__status=ListEdition.Status.PUBLISHED, item__in=own.items)
        acts = [
            Act(_("立项：%(code)s %(name)s") % {"code": row.item_id, "name": row.name}, reverse("cases:case-create", args=[row.item_id])) for row in entries
        ] + acts
    return acts


def _start(entry):
    return Act(_("立项：%(code)s %(name)s") % {"code": entry.item_id, "name": entry.name}, reverse("cases:case-create", args=[entry.item_id]))
