"""Named selections of the register: what lists, pages, prints and exports show."""

from collections.abc import Sequence
from datetime import date
from typing import Any

from django.db import models
from django.db.models import Count, Max, Prefetch, Q, QuerySet
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from cases.models import Case
from core.chinese import normalise
from core.narrowing import Narrowed, Plain, narrowed
from core.search import SHORTEST

from .models import Direction, Entry, EntryChange, EntryDocument, EntryLink
from .search import ENTRIES

SUGGESTED = 500  # counterparts offered while one is typed


class Reply(models.TextChoices):
    """Where an entry stands with its answer, as a filter."""

    AWAITING = "awaiting", _("待复函")
    OVERDUE = "overdue", _("复函逾期")
    ANSWERED = "answered", _("已答复")


class State(models.TextChoices):
    """Whether an entry stands."""

    VALID = "valid", _("有效")
    CANCELLED = "cancelled", _("已作废")


def with_reply(entries: Any, reply: str, today: date) -> Any:
    """Those of these entries (`with_answers`) that stand so with their answer; all for ""."""
    if not reply:
        return entries
    if reply == Reply.ANSWERED:
        return entries.filter(cancelled_at=None, is_answered=True)
    waiting = entries.filter(needs_reply=True, cancelled_at=None, is_answered=False)
    return waiting.filter(reply_due_on__lt=today) if reply == Reply.OVERDUE else waiting


def with_text(entries: QuerySet[Entry], text: str) -> Narrowed | Plain:
    """Those whose subject, counterpart or one of whose numbers contains `text`, or reads so in pinyin."""
    part = normalise(text)
    if len(part) < SHORTEST:
        return Plain(entries.filter(Q(subject__icontains=text) | Q(counterpart__icontains=text) | Q(number__icontains=text)))
    return narrowed(entries, ENTRIES.kind, part)


def state_of(entry: Any, today: date) -> str:
    """The one word for an entry that came `with_answers`: cancelled, late, waiting, answered, plain."""
    if entry.is_cancelled:
        return "cancelled"
    if entry.needs_reply and not entry.is_answered:
        return "late" if entry.reply_due_on and entry.reply_due_on < today else "waiting"
    return "answered" if entry.is_answered else "plain"


def for_list(entries: QuerySet[Entry], user: User) -> QuerySet[Entry]:
    """Bring what a line of a list tells: medium, handler, items, and the cases that this person sees (`shown_links`)."""
    links = EntryLink.objects.filter(removed_at=None, case__in=Case.objects.visible_to(user)).select_related("case")
    return entries.select_related("medium", "handler", "replies_to").prefetch_related("items", Prefetch("links", links, to_attr="shown_links"))


def counterparts_for(user: User) -> list[str]:
    """The counterparts of entries that this person sees, the latest first: offered while one is typed."""
    latest = Entry.objects.visible_to(user).order_by().values("counterpart").annotate(last=Max("pk")).order_by("-last")
    return [row["counterpart"] for row in latest[:SUGGESTED]]


# -- the page of an entry ----------------------------------------------------------------------------------------------------------------------------------


def links_of(entry: Entry, user: User) -> list[EntryLink]:
    """The cases that an entry belongs to, as far as this person sees them."""
    return list(entry.links.filter(removed_at=None, case__in=Case.objects.visible_to(user)).select_related("case"))


def thread_of(entry: Entry, user: User) -> list[Entry]:
    """What the entry answers, and what answers it, as far as this person sees it; the oldest first."""
    keys = Q(pk=entry.replies_to_id) | Q(replies_to=entry) if entry.replies_to_id else Q(replies_to=entry)
    return list(Entry.objects.visible_to(user).filter(keys).order_by("pk"))


def documents_of(entry: Entry) -> list[EntryDocument]:
    """The documents of an entry, the mail itself first."""
    return list(entry.documents.select_related("added_by", "withdrawn_by").order_by("-is_message", "pk"))


def history_of(entry: Entry, hidden: bool) -> list[EntryChange]:
    """What was done with an entry, the last first; where some of its cases are `hidden`, without what names cases."""
    found = entry.changes.select_related("by", "on_behalf_of")
    return list(found.exclude(kind__in=[EntryChange.Kind.LINK, EntryChange.Kind.UNLINK]) if hidden else found)


def same_message(user: User, message_id: str) -> list[Entry]:
    """Entries that this person sees of the mail with this identifier."""
    return list(Entry.objects.visible_to(user).filter(message_id=message_id, cancelled_at=None)) if message_id else []


def answered_by(user: User, references: Sequence[str]) -> Entry | None:
    """The entry of the first of these mails that this person sees in the register."""
    found = {entry.message_id: entry for entry in Entry.objects.visible_to(user).filter(message_id__in=references, cancelled_at=None)}
    return next((found[one] for one in references if one in found), None)


def medium_of_mails() -> int | None:
    """The medium under which the last mail was registered."""
    return Entry.objects.exclude(message_id="").order_by("-pk").values_list("medium", flat=True).first()


# -- the register of a year --------------------------------------------------------------------------------------------------------------------------------


def years() -> list[dict[str, Any]]:
    """(year, direction, how many, how many cancelled) of each register, the latest first."""
    counted = Entry.objects.order_by().values("year", "direction").annotate(total=Count("pk"), cancelled=Count("pk", filter=Q(cancelled_at__isnull=False)))
    return [dict(row) for row in counted.order_by("-year", "direction")]


def register_of(year: int, direction: str, user: User) -> QuerySet[Entry]:
    """Every entry of a year and direction, in the order of the numbers; `is_shown` says whether this person may see what it says."""
    seen = Entry.objects.visible_to(user).order_by().values("pk")
    shown = models.Case(models.When(pk__in=seen, then=True), default=False, output_field=models.BooleanField())
    entries = Entry.objects.filter(year=year, direction=Direction(direction)).annotate(is_shown=shown).order_by("serial")
    answers = Entry.objects.filter(cancelled_at=None)
    return for_list(entries, user).prefetch_related(Prefetch("replies", answers, to_attr="answers"))
