"""What the records of the book have in common: who made them, archiving with a reason, and who may see them."""

from typing import TYPE_CHECKING, Any, Self

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from cases.standing import standings_of

if TYPE_CHECKING:
    from accounts.models import User


def by_whom(**options: Any) -> "models.ForeignKey[Any, Any]":
    """A person of the portal, named by what they did."""
    return models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", **options)


def perhaps(**options: Any) -> "models.ForeignKey[Any, Any]":
    return by_whom(null=True, blank=True, **options)


def sees_the_book(user: "User", *rights: str) -> bool:
    """Whether this person may look into the book: the right, and an item to work on (or the right to all cases). With `rights`, in a standing with these."""
    needed = {"contacts.view_contact", *rights}
    standings = [standing for standing in standings_of(user) if needed <= standing.permissions]
    return any("cases.view_all_cases" in standing.permissions or standing.items for standing in standings)


class RecordQuerySet(models.QuerySet[Any]):
    """Rows of the book. It is one for the department: who works on an item sees all of it."""

    def visible_to(self, user: "User", *rights: str) -> Self:
        """What this person may see; with `rights`, in a standing that holds these too."""
        return self if sees_the_book(user, *rights) else self.none()

    def current(self) -> Self:
        """Without what is archived or merged into another."""
        return self.filter(archived_at=None)

    def one_with(self, record: Any) -> Self:
        """This record and those that were merged into it, up to three times over; for rows that a merge had to leave with one of them."""
        into = "merged_into"
        return self.filter(Q(pk=record) | Q(**{into: record}) | Q(**{f"{into}__{into}": record}) | Q(**{f"{into}__{into}__{into}": record}))


class Record(models.Model):
    """An organisation or a person in the book. Never deleted: archived with a reason, or merged into another (which archives it too)."""

    note = models.TextField(_("备注"), max_length=5000, blank=True)
    version = models.PositiveIntegerField(default=1)
    made_at = models.DateTimeField(default=timezone.now)
    made_by = by_whom()
    archived_at = models.DateTimeField(null=True, blank=True)
    archived_by = perhaps()
    archived_reason = models.CharField(_("归档理由"), max_length=300, blank=True)
    merged_into = models.ForeignKey("self", models.PROTECT, null=True, blank=True, related_name="merged")

    objects = RecordQuerySet.as_manager()

    class Meta:
        abstract = True
        constraints = [
            models.CheckConstraint(
                condition=Q(archived_at=None, archived_by=None, archived_reason="")
                | (Q(archived_at__isnull=False, archived_by__isnull=False) & ~Q(archived_reason="")),
                name="contacts_%(class)s_archived_all_or_none",
            ),
            models.CheckConstraint(condition=Q(merged_into=None) | Q(archived_at__isnull=False), name="contacts_%(class)s_merged_is_archived"),
            models.CheckConstraint(condition=~Q(merged_into=F("id")), name="contacts_%(class)s_merged_into_another"),
        ]

    @property
    def is_archived(self) -> bool:
        return self.archived_at is not None

    @property
    def numbered(self) -> str:
        """Its name with its number, which tells it from others of the name: where one of several is chosen."""
        return f"{self} #{self.pk}"


class Span(models.Model):
    """Something that holds from one day to another; an open end means that it is not known, or not yet."""

    since_on = models.DateField(_("起"), null=True, blank=True)
    until_on = models.DateField(_("止"), null=True, blank=True)

    class Meta:
        abstract = True
        constraints = [
            models.CheckConstraint(
                condition=Q(since_on=None) | Q(until_on=None) | Q(until_on__gte=F("since_on")),
                name="contacts_%(class)s_ends_after_it_begins",
                violation_error_message=_("终止日期不能早于起始日期。"),
            )
        ]
