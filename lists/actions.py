"""What a person arranges about lists. Each act is one transaction with its audit rows."""

from collections.abc import Sequence

from django.contrib.auth.models import Group
from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.actions import Refused
from accounts.audit import acting, record
from accounts.models import User
from jobs.actions import ask
from jobs.models import Job

from .jobs import EXPORT
from .kinds import ListKind
from .models import ListSetting, SavedFilter

LONGEST = 2000  # characters of a filter that is kept
MOST = 50  # filters that a person keeps of one list


def save_filter(
    kind: ListKind, *, name: str, query: str, shared_with: Group | None = None, begins: bool = False, by: User, request: HttpRequest | None = None
) -> SavedFilter:
    """Keep a filter of this list under a name; `begins` lets the list begin with it. Raises Refused where the name is taken, it is too long
    or there are too many."""
    if len(query) > LONGEST:
        raise Refused(_("筛选条件太长，请去掉一些条件再保存。"))
    with acting(by, request):
        _lock(by)
        if SavedFilter.objects.filter(kind=kind.name, owner=by, archived_at=None).count() >= MOST:
            raise Refused(_("这个列表的常用筛选已有 %d 个，请先停用不用的。") % MOST)
        _refuse_same_name(kind.name, name, by)
        saved = SavedFilter.objects.create(kind=kind.name, name=name, query=query, owner=by, shared_with=shared_with)
        record("filter.save", saved, list=kind.name, name=name, filter=query, shared_with=_name(shared_with))
        if begins:
            begin_with(kind, saved, by=by)
    return saved


def change_filter(saved: SavedFilter, *, name: str, shared_with: Group | None, by: User, request: HttpRequest | None = None) -> SavedFilter:
    """Give a filter another name, or share it with others. Raises Refused where the name is taken."""
    with acting(by, request):
        _lock(saved.owner)
        saved = SavedFilter.objects.get(pk=saved.pk)
        if saved.name != name:
            _refuse_same_name(saved.kind, name, saved.owner)
            record("filter.rename", saved, list=saved.kind, name=name, previous=saved.name)
        if saved.shared_with != shared_with:
            record("filter.share", saved, list=saved.kind, name=name, shared_with=_name(shared_with), previous=_name(saved.shared_with))
        saved.name, saved.shared_with = name, shared_with
        saved.save(update_fields=["name", "shared_with"])
    return saved


def archive_filter(saved: SavedFilter, *, by: User, request: HttpRequest | None = None) -> None:
    """Take a filter out of use; one that is already stays as it is."""
    with acting(by, request):
        if SavedFilter.objects.filter(pk=saved.pk, archived_at=None).update(archived_at=timezone.now()):
            record("filter.archive", saved, list=saved.kind, name=saved.name)


def begin_with(kind: ListKind, saved: SavedFilter | None, *, by: User, request: HttpRequest | None = None) -> None:
    """Let the list begin with this filter for this person; with none, as it comes."""
    with acting(by, request):
        ListSetting.objects.update_or_create(person=by, kind=kind.name, defaults={"begins_with": saved})
        record("filter.begin", saved or "", list=kind.name, name=saved.name if saved else "")


def choose_columns(kind: ListKind, names: Sequence[str], *, by: User, request: HttpRequest | None = None) -> None:
    """Show these columns of the list to this person, in this order; with none, as it comes."""
    with acting(by, request):
        ListSetting.objects.update_or_create(person=by, kind=kind.name, defaults={"columns": list(names)})
        record("list.columns", "", list=kind.name, columns=list(names))


def export(kind: ListKind, *, query: str, columns: Sequence[str], format: str, name: str = "", by: User, request: HttpRequest | None = None) -> Job:
    """Have the worker write what this filter leaves of the list to a file. `name` is what the filter is called, if anything.

    Raises PermissionDenied where the person may not take the list along.
    """
    words = {"list": kind.label, "filter": name, "format": format.upper()}
    title = _("导出：%(list)s · %(filter)s（%(format)s）") % words if name else _("导出：%(list)s（%(format)s）") % words
    parameters = {"list": kind.name, "query": query, "columns": list(columns), "format": format}
    return ask(EXPORT.name, parameters=parameters, title=title, by=by, request=request)


def _lock(person: User) -> None:
    User.objects.select_for_update(no_key=True).get(pk=person.pk)


def _refuse_same_name(kind: str, name: str, owner: User) -> None:
    if SavedFilter.objects.filter(kind=kind, owner=owner, name=name, archived_at=None).exists():
        raise Refused(_("已有同名的常用筛选，请换一个名称。"))


def _name(group: Group | None) -> str:
    return group.name if group else ""
