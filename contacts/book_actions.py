"""What is done with organisations and people. Each act is audited and keeps what they are found by; nothing of the book is deleted but a row that was
typed by mistake, whose words then stand in the audit trail.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from django.db import models
from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.actions import Refused
from accounts.audit import acting, record
from accounts.models import User

from .country_forms import fingerprint
from .indexing import index, reindex
from .models import ContactPoint, Country, Organisation, Person
from .text_values import folded_value, sorting_of

Rows = Mapping[str, Sequence[Mapping[str, Any]]]
Gone = Mapping[str, Sequence[str]]


class ChangedMeanwhileError(Refused):
    """The record was changed by another since the page was made."""


OWNERS: dict[type[models.Model], str] = {Organisation: "organisation", Person: "person"}  # by which their rows point at them
ACTS: dict[type[models.Model], str] = {Organisation: "organisation", Person: "contact"}


def register(record_: Organisation | Person, values: Mapping[str, Any], rows: Rows, *, by: User, request: HttpRequest | None = None) -> None:
    """Enter a new organisation or person with its rows, each by its field names (a position's organisation by "body")."""
    with acting(by, request):
        record_.made_by = by
        _fill(record_, values)
        record_.save(force_insert=True)
        _relate(record_, values)
        for part, wanted in rows.items():
            _store(record_, part, wanted, ())
        index([record_])
        record(f"{ACTS[type(record_)]}.add", record_, name=str(record_))


def change(
    record_: Organisation | Person, values: Mapping[str, Any], rows: Rows, gone: Gone, *, version: int, by: User, request: HttpRequest | None = None
) -> None:
    """Store what is new. `gone` are the keys of rows to take away, by part. Raises ChangedMeanwhileError; Refused where it is archived."""
    with acting(by, request):
        now = _locked(record_, version)
        if now.is_archived:
            raise Refused(_("已归档的不能修改，请先恢复。"))
        changed = [name for name, value in values.items() if _value_of(now, name) != _comparable(value)]
        _fill(now, values)
        now.version += 1
        now.save()
        _relate(now, values)
        parts = {part: told for part, wanted in rows.items() if (told := _store(now, part, wanted, gone.get(part, ())))}
        reindex([now])
        record(f"{ACTS[type(now)]}.change", now, name=str(now), changed=sorted(changed), version=now.version, **parts)


def archive(record_: Organisation | Person, *, reason: str, version: int, by: User, request: HttpRequest | None = None) -> None:
    """Take an organisation or a person out of the lists. Raises ChangedMeanwhileError, and Refused where it is archived already."""
    with acting(by, request):
        now = _locked(record_, version)
        if now.is_archived:
            raise Refused(_("已经归档。"))
        now.archived_at, now.archived_by, now.archived_reason = timezone.now(), by, reason
        now.version += 1
        now.save(update_fields=["archived_at", "archived_by", "archived_reason", "version"])
        record(f"{ACTS[type(now)]}.archive", now, name=str(now), reason=reason)


def restore(record_: Organisation | Person, *, reason: str, version: int, by: User, request: HttpRequest | None = None) -> None:
    """Bring an archived one back. Raises ChangedMeanwhileError, and Refused where it is not archived, or merged into another."""
    with acting(by, request):
        now = _locked(record_, version)
        if not now.is_archived:
            raise Refused(_("没有归档，不用恢复。"))
        if now.merged_into_id:
            raise Refused(_("它已并入另一条记录，请撤销合并。"))
        now.archived_at, now.archived_by, now.archived_reason = None, None, ""
        now.version += 1
        now.save(update_fields=["archived_at", "archived_by", "archived_reason", "version"])
        record(f"{ACTS[type(now)]}.restore", now, name=str(now), reason=reason)


def change_country(country: Country, values: Mapping[str, Any], *, seen: str, by: User, request: HttpRequest | None = None) -> None:
    """Store what is known of a country. `seen` is the fingerprint of what the page showed. Raises ChangedMeanwhileError where that is not so any more."""
    with acting(by, request):
        now = Country.objects.select_for_update(no_key=True).get(pk=country.pk)
        if fingerprint(now) != seen:
            raise ChangedMeanwhileError(CHANGED())
        changed = [name for name, value in values.items() if getattr(now, name) != value]
        for name in changed:
            setattr(now, name, values[name])
        now.save(update_fields=changed)
        record("country.change", now, name=now.name, changed=sorted(changed))


def CHANGED() -> str:  # noqa: N802 - a sentence in the language of the page
    return _("打开页面之后，内容已有变化。请核对下面现在的内容，改好再提交；已填的内容都还在。")


def _locked(record_: Any, version: int) -> Any:
    now = type(record_).objects.select_for_update(no_key=True, of=("self",)).get(pk=record_.pk)
    if now.version != version:
        raise ChangedMeanwhileError(CHANGED())
    return now


def _value_of(record_: Any, name: str) -> Any:
    if name == "tags":
        return set(record_.tags.values_list("pk", flat=True))
    return getattr(record_, name)


def _comparable(value: Any) -> Any:
    return {term.pk for term in value} if isinstance(value, models.QuerySet) else value


def _fill(record_: Any, values: Mapping[str, Any]) -> None:
    for name, value in values.items():
        if name != "tags":
            setattr(record_, name, value)
    record_.sorting = sorting_of(record_)


def _relate(record_: Any, values: Mapping[str, Any]) -> None:
    if "tags" in values:
        record_.tags.set(values["tags"])


def _store(record_: Any, part: str, wanted: Sequence[Mapping[str, Any]], gone: Sequence[str]) -> dict[str, Any]:
    """Bring the rows of one part to what was typed; tells what that changed."""
    there = {row.pk: row for row in getattr(record_, part).all()}
    told: dict[str, Any] = {"added": 0, "changed": 0, "removed": []}
    for values in wanted:
        facts = {("organisation" if name == "body" else name): value for name, value in values.items() if name != "pk"}
        row = there.get(values.get("pk") or 0) or getattr(record_, part).model(**{OWNERS[type(record_)]: record_})
        differs = [name for name, value in facts.items() if row.pk is None or getattr(row, name) != value]
        for name in differs:
            setattr(row, name, facts[name])
        if isinstance(row, ContactPoint):
            row.folded = folded_value(row.kind, row.value)
        if differs:
            told["changed" if row.pk else "added"] += 1
            row.save()
    for key in map(int, gone):
        if key in there:
            told["removed"].append(_words(there[key]))
            there[key].delete()
    return {name: value for name, value in told.items() if value}


def _words(row: models.Model) -> str:
    """What a row said, for the trail: it is gone from the book."""
    told = (str(getattr(row, field.name) or "") for field in row._meta.concrete_fields if not field.primary_key and field.name not in {"folded", "person"})
    return " ".join(word for word in told if word)
