"""What a person has kept about a list."""

from django.contrib.auth.models import Group
from django.db.models import Q, QuerySet
from django.http import QueryDict
from django.utils.http import urlencode

from accounts.models import User
from accounts.roles import ROLES

from .kinds import PAGING, ListKind
from .models import ListSetting, SavedFilter


def normalised(kind: ListKind, query: QueryDict) -> str:
    """The filter in this query, written in one way: without paging and what is empty, in the order of the names."""
    names = set(query) - PAGING if kind.parameters is None else set(query) & kind.parameters
    pairs = [(name, value) for name in sorted(names) for value in query.getlist(name) if value]
    return urlencode(pairs)


def filters_for(user: User, kind: ListKind) -> QuerySet[SavedFilter]:
    """The filters of this list that this person may use: their own, and those shared with a role of theirs."""
    return usable_by(user).filter(kind=kind.name).select_related("owner", "shared_with").order_by("name", "pk")


def usable_by(user: User) -> QuerySet[SavedFilter]:
    """The filters of every list that this person may use."""
    return SavedFilter.objects.filter(Q(owner=user) | Q(shared_with__in=user.groups.values("pk")), archived_at=None)


def changeable_by(user: User) -> QuerySet[SavedFilter]:
    """The filters that this person may rename and archive: their own; and what somebody who has left shared with a role of theirs, if they may share."""
    own = Q(owner=user)
    if user.has_perm("lists.share_filter"):
        own |= Q(shared_with__in=user.groups.values("pk"), owner__is_active=False)
    return SavedFilter.objects.filter(own, archived_at=None).select_related("owner", "shared_with")


def roles_to_share_with(user: User) -> QuerySet[Group]:
    """The roles that a filter of this person can be for: those of the same kind as theirs."""
    kinds = {role.kind for role in user.held_roles}
    return Group.objects.filter(name__in=[slug for slug, role in ROLES.items() if role.kind in kinds]).order_by("pk")


def setting_of(user: User, kind: ListKind) -> ListSetting:
    """How this person wants this list; as it comes, where they never said."""
    found = ListSetting.objects.filter(person=user, kind=kind.name).first()
    return found or ListSetting(person=user, kind=kind.name)
