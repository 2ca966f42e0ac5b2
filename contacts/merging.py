"""Merging two records into one, and undoing it. Each is one act: fields, links and archiving change together, or nothing does."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.core.exceptions import ValidationError
from django.db.models import Field, TextField
from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.actions import Refused
from accounts.audit import acting, record
from accounts.models import User

from .indexing import reindex
from .likeness import MODELS, Record, kind_of
from .links import Link, links_of
from .models import Merge, Organisation
from .text_values import sorting_of

FACTS = {"id", "version", "made_at", "made_by", "archived_at", "archived_by", "archived_reason", "merged_into", "sorting"}  # of a record, and no choice
FIRST, SECOND, BOTH = "first", "second", "both"


@dataclass(frozen=True)
class Part:
    """What happens to the rows of one link: how many move and how many stay."""

    label: str
    moving: int
    staying: int


def fields_of(model: type[Record]) -> list["Field[Any, Any]"]:
    """The fields between whose values one chooses."""
    return [field for field in model._meta.concrete_fields if field.name not in FACTS]


def differing(first: Record, second: Record) -> list["Field[Any, Any]"]:
    return [field for field in fields_of(type(first)) if field.value_from_object(first) != field.value_from_object(second)]


def preview(survivor: Record, loser: Record) -> list[Part]:
    """What would be moved, as far as the database lets it be."""
    parts = [(link.label, *link.parted(survivor.pk, loser.pk)) for link in links_of(type(survivor))]
    return [Part(label, len(moving), len(staying)) for label, moving, staying in parts if moving or staying]


def merge(
    first: Record, second: Record, *, survivor: str, choices: Mapping[str, str], versions: tuple[int, int], by: User, request: HttpRequest | None = None
) -> Merge:
    """Merge two records of a kind: `survivor` names the one that stays (FIRST, SECOND), `choices` by field whose value it gets (BOTH: lines of both).

    `versions` are those that the person looked at. Raises Refused where either record has changed since, or is in use no more.
    """
    with acting(by, request):
        pair = _locked(type(first), first.pk, second.pk)
        if [row.version for row in pair] != list(versions) or any(row.is_archived for row in pair):
            raise Refused(_("打开页面之后，两条记录中有一条已被修改、归档或合并，请重新核对。"))
        kept, lost = pair if survivor == FIRST else pair[::-1]
        changed = _choose(kept, pair, choices)
        _step_over(kept, lost, changed)
        _save(kept)
        moved, stayed = _move(kept, lost)
        lost.archived_at, lost.archived_by, lost.archived_reason = timezone.now(), by, _("与“%(name)s”合并") % {"name": str(kept)[:200]}
        lost.merged_into = kept  # type: ignore[assignment]
        _save(lost)
        made = Merge.objects.create(kind=kind_of(kept), survivor=kept.pk, loser=lost.pk, fields=changed, moved=moved, stayed=stayed, made_by=by)
        reindex([kept])
        facts = {"merge": made.pk, "fields": changed, "moved": moved, "stayed": stayed}
        record(f"{made.kind}.merge", kept, other=lost.pk, **facts)
        record(f"{made.kind}.merged_away", lost, into=kept.pk, merge=made.pk)
    return made


def _locked(model: type[Record], *pks: int) -> list[Record]:
    """The rows with these keys, in this order, locked in the order of their keys: two merges of the same records wait for one another."""
    rows = {row.pk: row for row in model.objects.select_for_update(no_key=True).filter(pk__in=pks).order_by("pk")}
    return [rows[pk] for pk in pks]


def _choose(kept: Record, pair: list[Record], choices: Mapping[str, str]) -> dict[str, list[Any]]:
    """Give the survivor the chosen values. Returns by field what it had and what it has."""
    changed = {}
    for field in differing(*pair):
        values = [getattr(row, field.attname) for row in pair]
        chosen = choices.get(field.name, "")
        before = getattr(kept, field.attname)
        after = _joined(field, values) if chosen == BOTH and isinstance(field, TextField) else values[chosen == SECOND] if chosen in {FIRST, SECOND} else before
        if after != before:
            setattr(kept, field.attname, after)
            changed[field.name] = [before, after]
    return changed


def _joined(field: "Field[Any, Any]", values: list[str]) -> str:
    """The lines of both, each once. Raises Refused where the field does not hold them."""
    joined = "\n".join(dict.fromkeys(line for value in values for line in value.splitlines() if line.strip()))
    if field.max_length and len(joined) > field.max_length:
        raise Refused(_("两方的“%(field)s”合在一起超过 %(most)d 字，请只选一方。") % {"field": field.verbose_name, "most": field.max_length})
    return joined


def _step_over(kept: Record, lost: Record, changed: dict[str, list[Any]]) -> None:
    """A body whose parent is merged into it gets that one's parent instead."""
    if isinstance(kept, Organisation) and kept.parent_id in {lost.pk, kept.pk}:
        assert isinstance(lost, Organisation)
        before = changed["parent"][0] if "parent" in changed else kept.parent_id
        kept.parent_id = lost.parent_id if lost.parent_id != kept.pk else None
        changed["parent"] = [before, kept.parent_id]


def _move(kept: Record, lost: Record) -> tuple[list[Any], list[Any]]:
    """Let what points at the loser point at the survivor. Returns what moved and what stayed, as `Merge` keeps it."""
    moved, stayed = [], []
    for link in links_of(type(kept)):
        moving, staying = link.parted(kept.pk, lost.pk)
        done, refused = link.move(moving, lost.pk, kept.pk)
        if done:
            moved.append([link.name, done])
        if staying or refused:
            stayed.append([link.name, sorted([*staying, *refused])])
    return moved, stayed


def _save(row: Record) -> None:
    row.version += 1
    row.sorting = sorting_of(row)
    try:
        row.validate_constraints()
    except ValidationError as error:
        raise Refused(" ".join(error.messages)) from error
    row.save()


# -- undoing -----------------------------------------------------------------------------------------------------------------------------------------------


def undo(merge: Merge, *, by: User, request: HttpRequest | None = None) -> Merge:
    """Put back the fields and links that a merge changed, where nobody has changed them since, and take the loser out of the archive.

    What could not be put back stands in `left`. Raises Refused where the merge is undone already, or the survivor is in use no more.
    """
    model = MODELS[merge.kind]
    with acting(by, request):
        merge = Merge.objects.select_for_update(no_key=True).get(pk=merge.pk)
        kept, lost = _locked(model, merge.survivor, merge.loser)
        if merge.undone_at:
            raise Refused(_("这次合并已经撤销。"))
        if kept.is_archived:
            raise Refused(_("“%(name)s”后来又被合并或归档，请先撤销那一次。") % {"name": kept})
        left = _put_back(kept, merge)
        for name, pks in merge.moved:
            link = _link(model, name)
            missing = link.move(pks, kept.pk, lost.pk)[1] if link else pks
            if missing:
                left.append([name, missing])
        lost.archived_at = lost.archived_by = lost.merged_into = None  # type: ignore[assignment]
        lost.archived_reason = ""
        _save(lost)
        _save(kept)
        reindex([kept, lost])
        merge.undone_at, merge.undone_by, merge.left = timezone.now(), by, left
        merge.save(update_fields=["undone_at", "undone_by", "left"])
        record(f"{merge.kind}.unmerge", kept, other=lost.pk, merge=merge.pk, left=left)
        record(f"{merge.kind}.unmerged", lost, other=kept.pk, merge=merge.pk)
    return merge


def _put_back(kept: Record, merge: Merge) -> list[Any]:
    """Give the survivor its earlier values. Returns the fields that somebody changed since."""
    left = []
    for name, (before, after) in merge.fields.items():
        field = type(kept)._meta.get_field(name)
        if getattr(kept, field.attname) == after:  # type: ignore[union-attr]
            setattr(kept, field.attname, before)  # type: ignore[union-attr]
        else:
            left.append(name)
    return [["", left]] if left else []


def _link(model: type[Record], name: str) -> Link | None:
    return next((link for link in links_of(model) if link.name == name), None)


def told(model: type[Record], parts: list[Any]) -> list[tuple[str, int]]:
    """What kept lists of links name: (what the rows are called, how many); fields by their own names."""
    found: list[tuple[str, int]] = []
    for name, keys in parts:
        link = _link(model, name) if name else None
        found += [(link.label if link else name, len(keys))] if name else [(str(model._meta.get_field(key).verbose_name), 1) for key in keys]  # type: ignore[union-attr]
    return found


def followed(row: Record) -> Record:
    """The record that this one was merged into, however many times over; itself, if it was not."""
    into: Any = row
    while into.merged_into:
        into = into.merged_into
    return into
