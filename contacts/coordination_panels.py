"""Coordination matters on the page of the body that they are with, and in the brief for a meeting with it."""

from typing import Any

from django.utils import timezone

from accounts.models import User

from . import panels
from .coordination_queries import matters
from .models import CoordinationMatter, Organisation

SHOWN = 10


def matters_with(organisation: Organisation, user: User) -> list[CoordinationMatter]:
    """The newest matters with this body that the person sees."""
    return list(matters(user).filter(counterpart=organisation).select_related("case").order_by("-pk")[:SHOWN])


def _shown(organisation: Organisation, user: User) -> Any:
    return matters_with(organisation, user) or None


def _lines(organisation: Organisation, user: User) -> list[panels.Line]:
    found = [matter for matter in matters_with(organisation, user) if not matter.case.is_closed]
    return [panels.Line(matter.case.title, f"（{timezone.localdate(matter.case.opened_at):%Y-%m-%d} 立项，办理中）") for matter in found]


panels.add_panel(panels.Panel("matters", Organisation, "contacts/_matters_panel.html", _shown, place=60))
panels.add_section(panels.Section("matters", "正在对接的事项", _lines, place=60))
