"""Who saw what: the acts that brought content before somebody's eyes or out of the portal, counted by person and object.

Looked at are documents and their pages, prints and files of cases, exports. That somebody opened the page of a case is not recorded
(docs/decisions/0014-audit-pages.md).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db.models import Count, Max, Min, QuerySet
from django.utils import timezone

from accounts.models import AuditEvent, User

from . import words
from .forms import SightingsForm
from .objects import Subject, described, subjects_called
from .queries import within
from .words import Text

DAYS = 30  # looked at where no day is asked for and neither person nor object narrows it

Counted = QuerySet[AuditEvent, dict[str, Any]]


@dataclass(frozen=True)
class Sighting:
    """How often one person saw one thing in one way, and when first and last. `subject` is None where all things are counted together."""

    person: User | None
    subject: Subject | None
    label: Text
    count: int
    first: datetime
    last: datetime


class Search:
    """What is asked: by a person, of an object, both, or neither, which counts what everybody saw in the last days."""

    def __init__(self, user: User, form: SightingsForm) -> None:
        self.user = user
        self.wanted = form.cleaned_data if form.is_valid() else None
        asked = self.wanted or {}
        self.is_of_all = not (asked.get("person") or asked.get("subject"))
        self.is_of_late = self.is_of_all and not (asked.get("since") or asked.get("until"))
        self.days = DAYS

    def rows(self) -> Counted:
        """The counts, the last seen first."""
        columns = ["by", "action"] if self.is_of_all else ["by", "subject", "action"]
        counted = self._events().order_by().values(*columns).annotate(count=Count("pk"), first=Min("at"), latest=Max("at"))
        return counted.order_by("-latest", *columns)

    def _events(self) -> QuerySet[AuditEvent]:
        if self.wanted is None:
            return AuditEvent.objects.none()
        found = AuditEvent.objects.visible_to(self.user).filter(action__in=words.disclosing())
        if self.wanted["person"]:
            found = found.filter(by__in=list(User.objects.filter(username=self.wanted["person"].strip().lower()).values_list("pk", flat=True)))
        if self.wanted["subject"]:
            found = found.filter(subject__in=subjects_called(self.wanted["subject"].strip()))
        since = timezone.localdate() - timedelta(days=DAYS) if self.is_of_late else self.wanted["since"]
        return within(found, since, self.wanted["until"])

    @staticmethod
    def in_words(rows: Sequence[dict[str, Any]]) -> list[Sighting]:
        """These counts with people and objects; one query for the people and one for each kind of object."""
        people = User.objects.in_bulk({row["by"] for row in rows if row["by"]})
        subjects = described(row["subject"] for row in rows if "subject" in row)
        return [
            Sighting(people.get(row["by"]), subjects.get(row.get("subject", "")), words.label_of(row["action"]), row["count"], row["first"], row["latest"])
            for row in rows
        ]
