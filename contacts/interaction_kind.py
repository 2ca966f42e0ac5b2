"""The kind of case of item 1.1, and what interactions add to every case, to a letter, to today's work."""

from collections.abc import Iterable
from typing import Any

from django.db.models import Exists, Model, OuterRef
from django.utils.translation import gettext_lazy as _

from cases import annexes
from cases.kinds import Action, CaseKind, Stage, register
from cases.models import Case
from correspondence import annexes as letters

from .interaction_panel import interactions_of, of_entry, today_of
from .interaction_process import CARRY_OVER, CLOSE_YEAR, FINISH, LOG_INTERACTION, OF_CASES
from .models import InteractionThread
from .models.interactions import ITEM
from .visit_process import VISIT_ACTIONS, acts_of

# -- 1.1: the year's contact with a body


def _offered(case: Case, detail: Model | None) -> Iterable[tuple[Action, Any]]:
    """What the visits ahead of a thread offer."""
    if isinstance(detail, InteractionThread):
        for visit in detail.visits.ahead().select_related("thread__organisation", "asked", "task"):  # type: ignore[attr-defined]
            yield from ((action, visit) for action in acts_of(visit))


def _quiet() -> Any:
    return Exists(InteractionThread.objects.filter(case=OuterRef("pk")))


THREADS = register(
    CaseKind(
        items=(ITEM,),
        detail=InteractionThread,
        needs_detail=False,
        panel="contacts/_thread_panel.html",
        stages=(
            Stage("correspond", _("往来"), (LOG_INTERACTION, FINISH)),
            Stage("meet", _("预约、拜访或来访"), (LOG_INTERACTION, FINISH)),
        ),
        actions=(*VISIT_ACTIONS, CLOSE_YEAR, CARRY_OVER),
        offered=_offered,
        quiet=_quiet,
    )
)
INTERACTIONS = annexes.register(annexes.Annex(OF_CASES, "contacts/_interactions_panel.html", interactions_of))
letters.register("contacts/_entry_panel.html", of_entry)
annexes.today.add("contacts/_today.html", today_of)
