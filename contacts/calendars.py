"""Calendars: what a person's calendar program reads (RFC 5545): visits, follow-ups and deadlines, as far as that person may see them now.

What leaves the portal is little: who, when, where, and the address behind it. What was talked about stays inside.
"""

import hashlib
import secrets
from collections.abc import Iterator
from datetime import UTC, date, timedelta
from typing import Any

from django.conf import settings
from django.db.models import Q
from django.http import HttpRequest
from django.utils import timezone, translation
from django.utils.translation import gettext as _

from accounts.actions import Refused
from accounts.audit import acting, record
from accounts.models import User
from cases.models import Case, CaseTask
from core.libraries import library

from .models import CalendarFeed, Visit
from .models.interactions import reading

PAST, AHEAD = timedelta(days=30), timedelta(days=400)  # what a feed reaches back and forward
MOST = 1000  # of each kind
USUAL = timedelta(hours=1)  # how long a visit takes whose end was not agreed
PRODUCT = "-//CCPIT Tianjin//liaison portal//ZH"


def digest_of(token: str) -> str:
    """What is stored of a token: 256 random bits need no salt."""
    return hashlib.sha256(token.encode()).hexdigest()


def make_feed(*, scope: str, label: str, by: User, request: HttpRequest | None = None) -> tuple[CalendarFeed, str]:
    """A private address for this person; returns the feed and its token, which is kept nowhere else. Raises Refused where there is one of that name."""
    token = secrets.token_urlsafe(32)
    with acting(by, request):
        User.objects.select_for_update(no_key=True).get(pk=by.pk)
        if CalendarFeed.objects.filter(person=by, scope=scope, label=label, revoked_at=None).exists():
            raise Refused(_("已有这样一个订阅，请换一个名称。"))
        feed = CalendarFeed.objects.create(person=by, scope=scope, label=label, token_digest=digest_of(token))
        record("feed.make", feed, scope=scope, label=label)
    return feed, token


def revoke_feed(feed: CalendarFeed, *, by: User, request: HttpRequest | None = None) -> None:
    """Close the address; one that is closed already stays so."""
    with acting(by, request):
        if CalendarFeed.objects.filter(pk=feed.pk, revoked_at=None).update(revoked_at=timezone.now()):
            record("feed.revoke", feed, scope=feed.scope, label=feed.label)


def feed_of(token: str) -> CalendarFeed | None:
    """The feed with this token, while it stands and its person may sign in and look at interactions."""
    feed = CalendarFeed.objects.filter(token_digest=digest_of(token), revoked_at=None, person__is_active=True).select_related("person").first()
    return feed if feed and reading(feed.person) else None


def note_reading(feed: CalendarFeed, request: HttpRequest) -> None:
    """Tell the trail that a program reads this address: once a day, however often it asks."""
    today = timezone.localdate()
    if feed.fetched_on == today:
        return
    with acting(feed.person, request):
        if CalendarFeed.objects.filter(pk=feed.pk, revoked_at=None).exclude(fetched_on=today).update(fetched_on=today):
            record("feed.read", feed, scope=feed.scope, label=feed.label)


def feed_calendar(feed: CalendarFeed, base: str) -> bytes:
    """The calendar of a feed; `base` is the address of the portal."""
    with translation.override(settings.LANGUAGE_CODE):
        calendar = _calendar(f"{feed.get_scope_display()} - {_('国际联络工作台')}")
        for component in _entries(feed.person, feed.scope == CalendarFeed.Scope.OWN, base):
            calendar.add_component(component)
        return bytes(calendar.to_ical())


def visit_calendar(visit: Visit, base: str) -> bytes:
    """One visit as a calendar file."""
    with translation.override(settings.LANGUAGE_CODE):
        calendar = _calendar(str(visit))
        calendar.add_component(_visit(visit, base))
        return bytes(calendar.to_ical())


def _calendar(name: str) -> Any:
    calendar = library("icalendar.Calendar")()
    calendar.add("prodid", PRODUCT)
    calendar.add("version", "2.0")
    calendar.add("method", "PUBLISH")
    calendar.add("x-wr-calname", name)
    calendar.add("x-wr-timezone", settings.TIME_ZONE)
    return calendar


def _entries(person: User, is_own: bool, base: str) -> Iterator[Any]:
    now = timezone.now()
    visits = Visit.objects.visible_to(person).filter(asked__withdrawn_at=None, starts_at__gte=now - PAST, starts_at__lt=now + AHEAD)
    if is_own:
        visits = visits.filter(Q(asked__ours=person) | Q(asked__registered_by=person)).distinct()
    for visit in visits.select_related("asked", "thread__organisation").order_by("starts_at", "pk")[:MOST]:
        yield _visit(visit, base)
    today = timezone.localdate(now)
    span = {"due_on__gte": today - PAST, "due_on__lt": today + AHEAD}
    seen = Case.objects.visible_to(person).open()
    tasks = CaseTask.objects.filter(case__in=seen, status=CaseTask.Status.OPEN, **span)
    cases = seen.filter(**span)
    if is_own:
        tasks, cases = tasks.filter(Q(assignee=person) | Q(assignee=None, case__handler=person)), cases.filter(handler=person)
    for task in tasks.select_related("case").order_by("due_on", "pk")[:MOST]:
        words = {"title": task.title, "case": task.case.title}
        yield _day(f"task-{task.pk}", task.due_on, _("跟进：%(title)s（%(case)s）") % words, base + task.case.get_absolute_url())
    for case in cases.order_by("due_on", "pk")[:MOST]:
        yield _day(
            f"case-{case.pk}", case.due_on, _("到期：%(number)s %(title)s") % {"number": case.number, "title": case.title}, base + case.get_absolute_url()
        )


def _event(key: str, summary: str, address: str) -> Any:
    event = library("icalendar.Event")()
    event.add("uid", f"{key}@{address.split('/')[2]}")
    event.add("dtstamp", timezone.now().astimezone(UTC))
    event.add("summary", summary)
    event.add("url", address)
    return event


def _visit(visit: Visit, base: str) -> Any:
    event = _event(f"visit-{visit.pk}", str(visit), base + visit.get_absolute_url())
    event.add("dtstart", visit.starts_at.astimezone(UTC))
    event.add("dtend", (visit.ends_at or visit.starts_at + USUAL).astimezone(UTC))
    if visit.place:
        event.add("location", visit.place)
    state = {Visit.State.REQUESTED: "TENTATIVE", Visit.State.CANCELLED: "CANCELLED"}
    event.add("status", state.get(visit.state, "CONFIRMED"))
    event.add("description", str(visit.state.label))
    return event


def _day(key: str, day: date | None, summary: str, address: str) -> Any:
    assert day is not None, "asked for by day"
    event = _event(key, summary, address)
    event.add("dtstart", day)
    event.add("dtend", day + timedelta(days=1))
    event.add("transp", "TRANSPARENT")
    return event
