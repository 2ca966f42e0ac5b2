"""What the pages of the book show of interactions: the timeline of a body, a person, a country; the last contact; a section of the brief; a figure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.db.models import Count, Max, Model
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.models import User

from . import panels
from .interaction_actions import logging_standing
from .interaction_panel import for_lines
from .models import Country, Interaction, Organisation, Person
from .models.interactions import reading

SHOWN = 8  # on a page of the book; the list shows all
NAMES = {Organisation: "organisation", Person: "contact", Country: "country"}  # of the filter of the list
COLUMNS = {Person: "people", Country: "thread__organisation__country"}


@dataclass(frozen=True)
class Timeline:
    """The last interactions with a body, a person or a country, how many there are, and where all of them stand."""

    entries: list[Interaction]
    count: int
    address: str
    log: str  # where one more is registered; "" where that is not for this person


def timeline_of(subject: Model, user: User) -> Timeline | None:
    """What this person sees of it; None for who reads no interactions."""
    if not reading(user):
        return None
    found = _of(subject, user)
    name, key = NAMES[type(subject)], subject.code if isinstance(subject, Country) else subject.pk  # type: ignore[index]
    log = "" if isinstance(subject, Country) or logging_standing(user) is None else f"{reverse('contacts:interaction-create')}?{name}={key}"
    return Timeline(list(for_lines(found)[:SHOWN]), found.count(), f"{reverse('contacts:interaction-list')}?{name}={key}", log)


def _of(subject: Model, user: User) -> Any:
    found = Interaction.objects.visible_to(user).valid()
    if isinstance(subject, Organisation):
        return found.filter(thread__organisation__in=Organisation.objects.one_with(subject.pk).values("pk"))
    return found.filter(**{COLUMNS[type(subject)]: subject})  # type: ignore[index]


def last_talks(people: Sequence[Person], user: User) -> Mapping[int, panels.Cell]:
    """When each of these people was last met or written to."""
    found = Interaction.objects.visible_to(user).valid().filter(people__in=people).order_by()
    address = reverse("contacts:interaction-list")
    rows = found.values_list("people").annotate(last=Max("happened_at"))
    return {key: panels.Cell(str(timezone.localdate(last)), f"{address}?contact={key}") for key, last in rows}


def lines_of(organisation: Organisation, user: User) -> Sequence[panels.Line]:
    """The last interactions, for the background brief."""
    found = for_lines(_of(organisation, user))[:SHOWN]
    return [panels.Line(f"{one.day} {one.get_mode_display()}", " ".join(one.summary.split())[:120]) for one in found]


def counts(user: User) -> Mapping[int, int]:
    """How many interactions there are with each country."""
    found = Interaction.objects.visible_to(user).valid().order_by()
    return dict(found.values_list("thread__organisation__country").annotate(count=Count("pk")))


for model in NAMES:
    panels.add_panel(panels.Panel("interactions", model, "contacts/_timeline_panel.html", timeline_of, place=10))
panels.add_fact(panels.Fact("last_talk", _("最近往来"), last_talks))
panels.add_section(panels.Section("interactions", "最近往来", lines_of, place=10))
panels.add_figure(
    panels.Figure(
        "interactions",
        _("往来"),
        _("本人能看到的、没有撤销的往来次数，按对方机构的国家（地区）统计"),
        counts,
        lambda code: f"{reverse('contacts:interaction-list')}?country={code}",
        place=10,
    )
)
