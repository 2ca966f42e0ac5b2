"""What a person has kept about a list."""

from django.db.models import Q, QuerySet
from django.http import QueryDict
from django.utils.http import urlencode

from accounts.models import User

from .kinds import PAGING, ListKind
from .models import ListSetting, SavedFilter

LONGEST = 2000  # characters of a filter that is kept


def normalised(kind: ListKind, query: QueryDict) -> str:
    """The filter in this query, written in one way: without paging and what is empty, in the order of the names."""
    names = set(query) - PAGING if kind.parameters is None else set(query) & kind.parameters
    pairs = [(name, value) for name in sorted(names) for value in query.getlist(name) if value]
    return urlencode(pairs)


def filters_for(user: User, kind: ListKind) -> QuerySet[SavedFilter]:
    """The filters of this list that this person may use: their own, and those shared with a role of theirs."""
    mine = Q(owner=user) | Q(shared_with__in=user.groups.all())
    return SavedFilter.objects.filter(mine, kind=kind.name, archived_at=None).select_related("owner", "shared_with").order_by("name", "pk")


def setting_of(user: User, kind: ListKind) -> ListSetting:
    """How this person wants this list; as it comes, where they never said."""
    found = ListSetting.objects.filter(person=user, kind=kind.name).select_related("begins_with").first()
    return found or ListSetting(person=user, kind=kind.name)
