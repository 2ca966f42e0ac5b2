"""All columns of the portal's tables that point at a record of the book, found from the models: what a merge moves.

A table that somebody adds later is moved too, and a test asks that it be known here (`know`): whether its rows move, and which two rows are the same
once they point at one record. Such a row stays with the record that was merged away, as does one that the database does not let move.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from django.db import IntegrityError, transaction
from django.db.models import ForeignKey, Model, QuerySet, UniqueConstraint


@dataclass(frozen=True)
class Known:
    """What is known of a link: the columns by which two rows are the same, beside those of unique constraints; whether its rows stay where they are."""

    same: tuple[str, ...] = ()
    stays: bool = False


_known: dict[str, Known] = {}


def know(link: str, *, same: tuple[str, ...] = (), stays: bool = False) -> None:
    """Tell of a link by its name ("contacts.position.person"). The app that owns the table does so."""
    _known[link] = Known(same, stays)


@dataclass(frozen=True)
class Link:
    """One column that points at records of a kind."""

    model: type[Model]
    field: "ForeignKey[Any, Any]"

    @property
    def name(self) -> str:
        return f"{self.model._meta.label_lower}.{self.field.name}"

    @property
    def known(self) -> Known | None:
        return _known.get(self.name)

    @property
    def label(self) -> str:
        """What its rows are called; those of a many-to-many field by the name of that field."""
        made_by = self.model._meta.auto_created
        if isinstance(made_by, type):
            return next(str(field.verbose_name) for field in made_by._meta.many_to_many if field.remote_field.through is self.model)
        return str(self.model._meta.verbose_name)

    def rows(self, pk: int) -> "QuerySet[Any]":
        return self.model._base_manager.filter(**{self.field.attname: pk}).order_by("pk")

    def parted(self, survivor: int, loser: int) -> tuple[list[int], list[int]]:
        """Keys of the loser's rows: of those that move, and of those that the survivor has already."""
        rows = {row["pk"]: row for row in self.rows(loser).values("pk", *self._columns())}
        if self.known and self.known.stays:
            return [], sorted(rows)
        twins: set[int] = set()
        for columns in self._identities():
            taken = set(self.rows(survivor).values_list(*columns)) if columns else {()} if self.rows(survivor).exists() else set()
            twins |= {pk for pk, row in rows.items() if tuple(row[column] for column in columns) in taken}
        own = {survivor} if self.model is self.field.related_model else set()  # a record is not made its own parent: `merging` gives it another
        return sorted(set(rows) - twins - own), sorted(twins - own)

    def _columns(self) -> set[str]:
        return {column for columns in self._identities() for column in columns}

    def _identities(self) -> list[tuple[str, ...]]:
        """The columns, beside this one, by which a row is told from others: of unique constraints without a condition, and what is known."""
        sets = [constraint.fields for constraint in self.model._meta.constraints if isinstance(constraint, UniqueConstraint) and not constraint.condition]
        sets += [tuple(columns) for columns in self.model._meta.unique_together]
        sets += [(field.name,) for field in self.model._meta.concrete_fields if field.unique and not field.primary_key]
        found = [tuple(column for column in columns if column != self.field.name) for columns in sets if self.field.name in columns]
        return found + ([self.known.same] if self.known and self.known.same else [])

    def move(self, pks: Iterable[int], since: int, to: int) -> tuple[list[int], list[int]]:
        """Let these rows, where they still point at `since`, point at `to`. Returns the keys of those that do now, and of the others."""
        wanted = set(pks)
        there = sorted(self.rows(since).filter(pk__in=wanted).values_list("pk", flat=True))
        if self._set(there, to):
            return there, sorted(wanted - set(there))
        moved = [pk for pk in there if self._set([pk], to)]
        return moved, sorted(wanted - set(moved))

    def _set(self, pks: list[int], to: int) -> bool:
        try:
            with transaction.atomic():
                self.model._base_manager.filter(pk__in=pks).update(**{self.field.attname: to})
        except IntegrityError:
            return False
        return True


def links_of(model: type[Model]) -> list[Link]:
    """Every link to records of this model but that from a merged record to the one it was merged into."""
    relations = [
        relation for relation in model._meta.get_fields(include_hidden=True) if relation.auto_created and (relation.one_to_many or relation.one_to_one)
    ]
    links = [Link(relation.related_model, relation.field) for relation in relations]  # type: ignore[union-attr, arg-type]
    return sorted((link for link in links if link.field.name != "merged_into"), key=lambda link: link.name)


# -- the book
know("contacts.organisation.parent")
know("contacts.organisation_tags.organisation")
know("contacts.organisationaddress.organisation", same=("text", "since_on", "until_on"))
know("contacts.position.organisation", same=("person", "title", "department", "since_on", "until_on"))
know("contacts.position.person", same=("organisation", "title", "department", "since_on", "until_on"))
know("contacts.contactpoint.organisation", same=("kind", "folded"))
know("contacts.contactpoint.person", same=("kind", "folded"))
know("contacts.importrow.target")

# -- memoranda: those that are signed follow too, which is all that may change of them
know("contacts.memorandumparty.organisation", same=("memorandum", "removed_at"))
know("contacts.memorandumsignatory.person")

# -- coordination matters
know("contacts.coordinationmatter.counterpart")
know("contacts.coordinationmatter.contact")

# -- interactions: a thread stays with the record that was merged away where the survivor has one of that year
know("contacts.interactionthread.organisation")
know("contacts.interaction_people.person")
