"""What is done with entries: registered, corrected, cancelled, linked to cases, given documents. Each act is one transaction with its audit rows.

Locks are taken in one order everywhere: cases by primary key, then the entry, then the number.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from typing import Any

from django.conf import settings
from django.db import models
from django.http import HttpRequest
from django.utils import timezone, translation
from django.utils.translation import gettext as _

from accounts.actions import Refused
from accounts.audit import acting, record
from accounts.models import User
from cases import process
from cases.models import Case
from core import files, search
from core.numbering import take_number

from . import incoming as handed_in
from .incoming import GoneError
from .models import Entry, EntryChange, EntryDocument, EntryLink, Incoming, IncomingFile
from .models.entries import number_of, standing_for
from .process import LINK_LETTER, UNLINK_LETTER
from .search import DOCUMENTS, ENTRIES

FIELDS = (
    "counterpart",
    "counterpart_number",
    "own_number",
    "dated_on",
    "exchanged_on",
    "medium",
    "subject",
    "summary",
    "sensitivity",
    "handler",
    "needs_reply",
    "reply_due_on",
    "replies_to",
)

files.register(lambda names: set(EntryDocument.objects.filter(file__in=list(names)).values_list("file", flat=True)))


class ChangedMeanwhileError(Refused):
    """Somebody else changed the entry after the page was made; `changes` are what was done since, the last first."""

    def __init__(self, entry: Entry, changes: Iterable[EntryChange]) -> None:
        self.entry, self.changes = entry, list(changes)
        super().__init__(_("打开页面之后，这件函电的登记已有变化。请看过变化再提交；已填的内容都还在。"))


class SentAlreadyError(Exception):
    """The same form registered `entry` a moment ago: what was begun again is undone, its number given back."""

    def __init__(self, entry: Entry) -> None:
        self.entry = entry
        super().__init__(entry.number)


# -- registering -------------------------------------------------------------------------------------------------------------------------------------------


def register(
    direction: str,
    values: Mapping[str, Any],
    *,
    form_key: str,
    by: User,
    cases: Sequence[Case] = (),
    papers: Sequence[IncomingFile] = (),
    incoming: Incoming | None = None,
    request: HttpRequest | None = None,
) -> Entry:
    """Register an entry under the next number of its direction and this year, with its cases and documents.

    `values` are FIELDS, "items" and "message_id"; `form_key` names the form: sent twice by the same person, it is registered once. Raises GoneError
    where a paper is not there any more, and what `cases.process.perform` raises.
    """
    try:
        with files.kept_with_the_act(), acting(by, request):
            _lock(cases)
            entry = _numbered(direction, values, form_key, by)
            _add(entry, papers, [_kept(paper) for paper in papers], by)
            for case in sorted(cases, key=lambda case: case.pk):
                _perform(case, LINK_LETTER.name, {"entry": entry.number}, by, request)
    except SentAlreadyError as again:
        return again.entry
    if incoming:
        handed_in.close(incoming)
    return Entry.objects.get(pk=entry.pk)


def _numbered(direction: str, values: Mapping[str, Any], form_key: str, by: User) -> Entry:
    """The entry under its number. Whoever takes the number waits for those before, so that one form sent twice is seen here."""
    year = timezone.localdate().year
    serial = take_number(f"letter.{direction}", year)
    done = Entry.objects.filter(form_key=form_key, registered_by=by).first()
    if done:
        raise SentAlreadyError(done)
    entry = Entry(direction=direction, year=year, serial=serial, number=number_of(direction, year, serial), form_key=form_key)
    for name in (*FIELDS, "message_id"):
        setattr(entry, name, values[name])
    entry.registered_by = by
    entry.save(force_insert=True)
    entry.items.set(values["items"])
    search.put(ENTRIES, [entry])
    record("letter.register", entry, number=entry.number, facts=_audited(entry))
    _note(entry, EntryChange.Kind.REGISTER, by)
    return entry


def _lock(cases: Iterable[Case]) -> None:
    """Lock these cases, in one order."""
    list(Case.objects.select_for_update(no_key=True).filter(pk__in=[case.pk for case in cases]).order_by("pk"))


def _perform(case: Case, action: str, data: Mapping[str, Any], by: User, request: HttpRequest | None) -> None:
    """Take an action on a case that is locked, as it is now: a letter more or less stands in nobody's way."""
    process.perform(case, action, by=by, version=Case.objects.get(pk=case.pk).version, data=data, request=request)


def _audited(entry: Entry) -> dict[str, Any]:
    """The facts of an entry as the audit trail tells them."""
    facts = {name: getattr(entry, name) for name in FIELDS if not isinstance(Entry._meta.get_field(name), models.ForeignKey)}
    facts |= {"handler": entry.handler.username, "medium": entry.medium.name, "replies_to": entry.replies_to.number if entry.replies_to else None}
    return facts | {"items": sorted(item.pk for item in entry.items.all())}


def _note(entry: Entry, kind: str, by: User, reason: str = "", changes: Sequence[Sequence[str]] = ()) -> EntryChange:
    standing = standing_for(by, entry)
    behalf = standing.person if standing and standing.person.pk != by.pk else None
    return EntryChange.objects.create(
        entry=entry, kind=kind, by=by, on_behalf_of=behalf, reason=reason, changes=[list(line) for line in changes], version=entry.version
    )


# -- correcting and cancelling -----------------------------------------------------------------------------------------------------------------------------


def correct(entry: Entry, values: Mapping[str, Any], *, reason: str, version: int, by: User, request: HttpRequest | None = None) -> Entry:
    """Put right what was registered, with a reason; what it said before stays in its history. Raises ChangedMeanwhileError and Refused."""
    with acting(by, request):
        entry = _at(entry, version, by)
        with translation.override(settings.LANGUAGE_CODE):
            before = told(entry)
            for name in FIELDS:
                setattr(entry, name, values[name])
            entry.items.set(values["items"])
            after = told(entry)
            changes = [[label, before[label], after[label]] for label in after if before[label] != after[label]]
        if not changes:
            raise Refused(_("内容没有改动，不需要更正。"))
        entry.version += 1
        entry.save()
        search.put(ENTRIES, [entry])
        record("letter.correct", entry, number=entry.number, reason=reason, changes=changes)
        _note(entry, EntryChange.Kind.CORRECT, by, reason, changes)
    return entry


def told(entry: Entry) -> dict[str, str]:
    """What an entry says, in words, by label."""
    found = {}
    for name in FIELDS:
        field, value = Entry._meta.get_field(name), getattr(entry, name)
        found[str(field.verbose_name)] = _in_words(entry, name, value)  # type: ignore[union-attr]
    return found | {_("所属事项"): "、".join(sorted(item.pk for item in entry.items.all()))}


def _in_words(entry: Entry, name: str, value: Any) -> str:
    if isinstance(value, bool):
        return _("是") if value else _("否")
    if isinstance(value, date):
        return value.isoformat()
    if name == "sensitivity":
        return str(entry.get_sensitivity_display())
    if isinstance(value, Entry):
        return value.number
    return str(value or "")


def _at(entry: Entry, version: int, by: User) -> Entry:
    """The entry, locked, as the page saw it. Raises ChangedMeanwhileError, and Refused where it was cancelled or is none of this person's."""
    entry = Entry.objects.select_for_update(no_key=True).get(pk=entry.pk)
    if entry.version != version:
        raise ChangedMeanwhileError(entry, entry.changes.filter(version__gt=version).select_related("by"))
    if entry.is_cancelled:
        raise Refused(_("这件函电已经作废，不能再改动。"))
    return entry


def cancel(entry: Entry, *, reason: str, version: int, by: User, request: HttpRequest | None = None) -> Entry:
    """Cancel a registration: its number stays, open cases lose it. Raises ChangedMeanwhileError, and Refused where a case is not in sight of `by`."""
    with acting(by, request):
        _lock(link.case for link in entry.links.filter(removed_at=None).select_related("case"))
        entry = _at(entry, version, by)
        links = list(entry.links.filter(removed_at=None, case__closed_at=None).select_related("case").order_by("case"))
        if Case.objects.visible_to(by, "correspondence.register_entry").filter(pk__in=[link.case_id for link in links]).count() < len(links):
            raise Refused(_("这件函电还关联着不由您查看的办件，请该办件的承办人先取消关联。"))
        for link in links:
            _perform(link.case, UNLINK_LETTER.name, {"entry": entry.number, "reason": reason}, by, request)
        entry = Entry.objects.get(pk=entry.pk)
        entry.version += 1
        entry.cancelled_at, entry.cancelled_by, entry.cancel_reason = timezone.now(), by, reason
        entry.save(update_fields=["version", "cancelled_at", "cancelled_by", "cancel_reason"])
        record("letter.cancel", entry, number=entry.number, reason=reason)
        _note(entry, EntryChange.Kind.CANCEL, by, reason)
    return entry


# -- cases -------------------------------------------------------------------------------------------------------------------------------------------------


def link(entry: Entry, case: Case, *, by: User, request: HttpRequest | None = None) -> None:
    """Link the entry to a case. Raises what `cases.process.perform` raises."""
    with acting(by, request):
        _lock([case])
        _perform(case, LINK_LETTER.name, {"entry": entry.number}, by, request)


def unlink(made: EntryLink, *, reason: str, by: User, request: HttpRequest | None = None) -> None:
    """Take the entry from a case again. Raises what `cases.process.perform` raises."""
    with acting(by, request):
        _lock([made.case])
        _perform(made.case, UNLINK_LETTER.name, {"entry": made.entry.number, "reason": reason}, by, request)


# -- documents ---------------------------------------------------------------------------------------------------------------------------------------------


def attach(entry: Entry, papers: Sequence[IncomingFile], *, by: User, request: HttpRequest | None = None) -> None:
    """Add documents to the entry. Raises GoneError, and Refused where the entry was cancelled."""
    with files.kept_with_the_act(), acting(by, request):
        entry = Entry.objects.select_for_update(no_key=True).get(pk=entry.pk)
        entry = _at(entry, entry.version, by)
        kept = [_kept(paper) for paper in papers]
        entry.version += 1
        entry.save(update_fields=["version"])
        _add(entry, papers, kept, by)
        _note(entry, EntryChange.Kind.ATTACH, by, changes=[[_("文件"), "", paper.name] for paper in papers])


def _kept(paper: IncomingFile) -> str:
    """Keep a file that was handed in; its random name in the store."""
    try:
        if files.digest_of(paper.path) != paper.sha256:
            raise GoneError
        return files.keep(paper.path)
    except FileNotFoundError as error:
        raise GoneError from error


def _add(entry: Entry, papers: Sequence[IncomingFile], kept: Sequence[str], by: User) -> None:
    made = [
        EntryDocument.objects.create(
            entry=entry,
            is_message=paper.is_message,
            name=paper.name,
            kind=paper.kind,
            pages=paper.pages,
            size=paper.size,
            sha256=paper.sha256,
            file=name,
            added_by=by,
        )
        for paper, name in zip(papers, kept, strict=True)
    ]
    search.put(DOCUMENTS, made)
    for document in made:
        record("letter.add", document, number=entry.number, sha256=document.sha256, size=document.size, declared=True)


def withdraw(document: EntryDocument, *, reason: str, by: User, request: HttpRequest | None = None) -> None:
    """Withdraw a document; it stays in the store. Raises Refused where that has been done."""
    with acting(by, request):
        entry = Entry.objects.select_for_update(no_key=True).get(pk=document.entry_id)
        document = EntryDocument.objects.get(pk=document.pk)
        if document.is_withdrawn:
            raise Refused(_("这份文件已经撤回。"))
        if not entry.is_cancelled:
            entry.version += 1
            entry.save(update_fields=["version"])
        document.withdrawn_at, document.withdrawn_by, document.withdraw_reason = timezone.now(), by, reason
        document.save(update_fields=["withdrawn_at", "withdrawn_by", "withdraw_reason"])
        record("letter.withdraw", document, number=entry.number, sha256=document.sha256, reason=reason)
        _note(entry, EntryChange.Kind.WITHDRAW, by, reason, [[_("文件"), document.name, ""]])
