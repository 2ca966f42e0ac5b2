"""In whose right a person acts: their own, or that of somebody they stand in for today."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from django.utils import timezone

from accounts.roles import exclude_one_another

from .models.people import Assignment, Substitution

if TYPE_CHECKING:
    from accounts.models import User

    from .models import Case


@dataclass(frozen=True)
class Standing:
    """One person's rights: permissions by name, and the codes of the items assigned to them."""

    person: "User"
    permissions: frozenset[str]
    items: frozenset[str]

    def sees(self, case: "Case") -> bool:
        """Whether this case is among those that `CaseQuerySet.visible_to` gives for this standing."""
        if "cases.view_case" not in self.permissions:
            return False
        return "cases.view_all_cases" in self.permissions or case.item_id in self.items or case.handler_id == self.person.pk


def standings_of(user: "User") -> list[Standing]:
    """The person's own standing first, then those of the people they stand in for today.

    Nobody gets in another's right what they could not hold themselves: an administrator stands in for no one else's business.
    A fixed number of queries, kept with the user for the rest of the request (as Django keeps permissions).
    """
    kept: list[Standing] | None = getattr(user, "_standings", None)
    if kept is None:
        kept = _read(user)
        user._standings = kept  # type: ignore[attr-defined]
    return kept


def _read(user: "User") -> list[Standing]:
    today = timezone.localdate()
    substitutions = Substitution.objects.filter(substitute=user, revoked_at=None, from_on__lte=today, until_on__gte=today, person__is_active=True)
    rows = list(substitutions.select_related("person").prefetch_related("person__groups").order_by("pk")) if user.is_active else []
    own = user.held_roles if rows else []
    people = [user] + [row.person for row in rows if not exclude_one_another(role.slug for role in (*own, *row.person.held_roles))]
    items: dict[int, set[str]] = {}
    for person, item in Assignment.objects.filter(user__in=people, ended_at=None).values_list("user", "item"):
        items.setdefault(person, set()).add(item)
    stood_in_for = [Standing(person, _role_permissions(person), frozenset(items.get(person.pk, ()))) for person in people[1:]]
    return [Standing(user, frozenset(user.get_all_permissions()), frozenset(items.get(user.pk, ()))), *stood_in_for]


def _role_permissions(person: "User") -> frozenset[str]:
    return frozenset(name for role in person.held_roles for name in role.permissions)
