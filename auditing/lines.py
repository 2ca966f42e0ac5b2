"""Events of the trail as a person reads them: who in which role, what, about which object, with which facts."""

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import islice
from typing import Any

from django.db.models import QuerySet
from django.db.models.query import ModelIterable
from django.utils.functional import Promise
from django.utils.translation import gettext as _

from accounts.models import AuditEvent
from accounts.roles import ROLES

from . import words
from .objects import Subject, described
from .queries import Roles
from .words import Change, Fact, Text

CHUNK = 500  # events that are put into words at once


@dataclass(frozen=True)
class Line:
    """One event with what its words need: the object that it is about, and the roles that whoever acted held then."""

    event: AuditEvent
    subject: Subject
    roles: Sequence[str | Promise]

    @property
    def label(self) -> Text:
        return words.label_of(self.event.action)

    @cached_property
    def shown(self) -> dict[str, Any]:
        return words.shown_facts(self.event.action, self.event.facts)

    @property
    def facts(self) -> list[Fact]:
        return words.facts_of(self.shown)

    @property
    def changes(self) -> list[Change]:
        return words.changes_of(self.shown)

    @property
    def is_refusal(self) -> bool:
        return words.ends_in(self.event.action, words.REFUSING)

    @property
    def is_disclosure(self) -> bool:
        return words.ends_in(self.event.action, words.DISCLOSING)

    @property
    def who(self) -> str:
        return f"{self.event.by.name}（{self.event.by.username}）" if self.event.by else _("系统")

    @property
    def in_words(self) -> str:
        """Facts and changes in one text."""
        told = [f"{fact.label}：{fact.value}" for fact in self.facts]
        told += [f"{change.label}：{change.before} → {change.after}" for change in self.changes]
        return "；".join(told)

    @property
    def raw(self) -> str:
        """The row as it is stored, but for what is withheld."""
        event = self.event
        stored = {"number": event.number, "at": event.at.isoformat(), "by": event.by_id, "action": event.action, "subject": event.subject, "facts": self.shown}
        stored |= {"address": event.address, "previous": event.previous, "digest": event.digest}
        return json.dumps(stored, ensure_ascii=False, indent=1)


def lines_of(events: Sequence[AuditEvent], roles: Roles) -> list[Line]:
    """These events in words; one query for each kind of object among them."""
    subjects = described(event.subject for event in events)
    return [Line(event, subjects[event.subject], [ROLES[slug].name for slug in roles.held(event.by_id, event.number)]) for event in events]


class WordedIterable(ModelIterable):
    """Events that come with their `line`, a chunk at a time: a page and an export of any length take their words from here."""

    def __iter__(self) -> Iterator[AuditEvent]:
        found, roles = super().__iter__(), None
        while chunk := list(islice(found, CHUNK)):
            roles = roles or Roles()
            for line in lines_of(chunk, roles):
                line.event.line = line  # type: ignore[attr-defined]
                yield line.event


def worded(events: QuerySet[AuditEvent]) -> QuerySet[AuditEvent]:
    """These events, each with its `line`."""
    found = events.select_related("by")
    found._iterable_class = WordedIterable
    return found
