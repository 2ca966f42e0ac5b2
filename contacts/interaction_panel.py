"""What pages show of interactions: on the page of a case, beside today's work, on the pages of the book."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from django.db.models import Count, Prefetch, Q
from django.utils import timezone

from accounts.models import User
from cases.models import Case
from cases.standing import standings_of
from correspondence.models import Entry

from .models import Interaction, InteractionLink, InteractionThread, Visit
from .models.interactions import ITEM, LOG, reading

SHOWN = 20  # interactions on the page of a case; the list shows all
AHEAD = timedelta(days=7)  # how far the days beside today's work reach


def for_lines(interactions: Any) -> Any:
    """Bring what a line about an interaction tells."""
    return interactions.select_related("thread__organisation", "thread__case", "registered_by", "follow_up", "visit").prefetch_related("people", "ours")


@dataclass(frozen=True)
class Interactions:
    """What the page of a case shows of its interactions. A thread has visits, and lists all; another case those linked to it."""

    case: Case
    thread: InteractionThread | None
    count: int
    entries: list[Interaction]
    visits: list[Visit]
    may_log: bool
    now: datetime = field(default_factory=timezone.now)


def interactions_of(case: Case, person: User) -> Interactions:
    """The interactions of a case that the person sees, the last first, in a fixed number of queries."""
    thread = InteractionThread.objects.filter(case=case).select_related("organisation").first() if case.item_id == ITEM else None
    of_case = Q(thread=thread) if thread else Q(links__case=case, links__removed_at=None)
    found = Interaction.objects.visible_to(person).valid().filter(of_case)
    visits = Visit.objects.visible_to(person).ahead().filter(thread=thread).select_related("asked", "thread__organisation") if thread else []
    standings = standings_of(person)
    may = any(LOG in one.permissions and one.sees(case) for one in standings)
    return Interactions(case, thread, found.count(), list(for_lines(found)[:SHOWN]), list(visits), may)


@dataclass(frozen=True)
class OfEntry:
    """What the page of a letter shows: the interaction that it became, or the button that makes it one."""

    interaction: Interaction | None
    may_log: bool


def of_entry(entry: Entry, person: User) -> OfEntry | None:
    """For a letter that stands; None where there is nothing to show."""
    found = Interaction.objects.visible_to(person).valid().filter(entry=entry).select_related("thread__organisation").first()
    may = any(LOG in one.permissions and (ITEM in one.items or "cases.view_all_cases" in one.permissions) for one in reading(person))
    return OfEntry(found, may) if found or (may and not entry.is_cancelled) else None


@dataclass(frozen=True)
class Agenda:
    """The visits of a person today and in the days to come."""

    today: list[Visit]
    later: list[Visit]
    now: datetime


def today_of(person: User) -> Agenda | None:
    """The visits ahead in which the person, or somebody whom they stand in for, takes part; None for who reads no interactions."""
    people = [standing.person.pk for standing in reading(person)]
    if not people:
        return None
    now = timezone.localtime()
    start = now.replace(hour=0, minute=0, second=0, microsecond=0)
    own = Q(asked__ours__in=people) | Q(asked__registered_by__in=people)
    visits = Visit.objects.visible_to(person).ahead().filter(own, starts_at__gte=start, starts_at__lt=start + AHEAD).distinct()
    found = list(visits.select_related("asked", "thread__organisation", "thread__case").order_by("starts_at", "pk"))
    tomorrow = start + timedelta(days=1)
    return Agenda([one for one in found if one.starts_at < tomorrow], [one for one in found if one.starts_at >= tomorrow], now)


@dataclass(frozen=True)
class ThreadFacts:
    """What the side of the page of a thread's case says of the body."""

    thread: InteractionThread
    by_mode: list[tuple[str, int]]
    last: datetime | None


def facts_of(thread: InteractionThread, person: User) -> ThreadFacts:
    """How often, in which way, and when last, as far as the person sees it."""
    thread = InteractionThread.objects.select_related("organisation__country", "organisation__owner", "organisation__deputy").get(pk=thread.pk)
    entries = Interaction.objects.visible_to(person).valid().filter(thread=thread).order_by()
    counted = dict(entries.values_list("mode").annotate(count=Count("pk")))
    last = entries.order_by("-happened_at").values_list("happened_at", flat=True).first()
    return ThreadFacts(thread, [(str(mode.label), counted[mode.value]) for mode in Interaction.Mode if mode.value in counted], last)


def with_cases(interactions: Any, person: User) -> Any:
    """Bring the other cases that each belongs to and this person sees (`shown_links`)."""
    links = InteractionLink.objects.filter(removed_at=None, case__in=Case.objects.visible_to(person)).select_related("case")
    return for_lines(interactions).prefetch_related(Prefetch("links", links, to_attr="shown_links"))
