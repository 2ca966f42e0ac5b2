"""The rows of a batch, read again each time they are needed, with what somebody corrected; and the organisations that they name."""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import islice
from typing import Any

from core.files import open_kept

from . import likeness
from .import_columns import Read, cells_of, is_person, know_countries, person_of, points_of, read_row
from .likeness import Described
from .matching import forms_of_body, forms_of_person
from .models import ImportBatch, ImportRow, Organisation
from .models.matches import Kind
from .text_values import NUMBERED

PIECE = 500  # rows compared at once


@dataclass
class Row:
    """One row: its number in the file, its texts and what they say, and what is told of it, if anything is."""

    number: int
    cells: dict[str, str]
    read: Read
    told: ImportRow | None = None
    body: str = ""  # the name by which the organisation is known within the batch

    @property
    def is_person(self) -> bool:
        return is_person({*self.read.values, *self.read.problems})

    @property
    def choice(self) -> str:
        return self.told.choice if self.told else ""


def rows_of(batch: ImportBatch, told: Mapping[int, ImportRow] | None = None) -> Iterator[Row]:
    """All rows behind the headings, with what was corrected in place of what stands in the file. Raises LostFileError."""
    know_countries()
    corrected = told or {}
    with open_kept(batch.rows, batch.rows_sha256) as lines:
        next(lines, None)
        for line in lines:
            number, cells = json.loads(line)
            said = corrected.get(number)
            texts = said.cells if said and said.is_corrected else cells_of(cells, batch.mapping)
            if texts:
                yield made_row(number, texts, said)


def made_row(number: int, texts: dict[str, str], said: ImportRow | None = None) -> Row:
    row = Row(number, texts, read_row(texts), said)
    row.body = body_key(row.read.values)
    return row


def pieces(rows: Iterator[Row]) -> Iterator[list[Row]]:
    while piece := list(islice(rows, PIECE)):
        yield piece


def body_key(values: Mapping[str, Any]) -> str:
    """By what an organisation is the same within a batch: the smallest form of its name, the Chinese one first."""
    forms = forms_of_body([values.get("organisation", ""), values.get("organisation_en", "")])
    return min(forms, default="", key=lambda form: ("hnlp".index(form[0]), form))


def described_person(row: Row, body: int | None) -> Described:
    values = row.read.values
    forms = forms_of_person(*(values.get(name, "") for name in ("name", "surname", "given_names", "name_native")))
    points = frozenset((kind, folded) for kind, _value, folded in points_of(values))
    return Described(Kind.CONTACT, frozenset(forms), points, values.get("nationality"), frozenset({body} if body else ()))


@dataclass
class Bodies:
    """Which organisation of the book each name of the batch is: a key; None for one that is new; several for one that cannot be told from others."""

    by: Any
    found: dict[str, list[int]] = field(default_factory=dict)
    numbered: dict[str, int] = field(default_factory=dict)  # those that are named with their number

    def look_up(self, rows: Sequence[Row]) -> None:
        """Find those that these rows name for the first time."""
        new = {row.body: row.read.values for row in rows if row.body and row.body not in self.found}
        sought = [
            Described(
                Kind.ORGANISATION,
                frozenset(forms_of_body([values.get("organisation", ""), values.get("organisation_en", "")])),
                country=values.get("organisation_country"),
            )
            for values in new.values()
        ]
        for key, one, hits in zip(new, sought, likeness.alike_to_many(sought, by=self.by), strict=True):
            named = [hit for hit in hits if not one.country or "country" in hit.reasons]
            self.found[key] = [hit.record.pk for hit in named if hit.score == named[0].score]
        numbered = {key: int(told[1]) for key, values in new.items() if (told := NUMBERED.search(values.get("organisation", "")))}
        if numbered:
            there = set(Organisation.objects.visible_to(self.by).filter(pk__in=numbered.values()).values_list("pk", flat=True))
            self.found |= {key: [number] if number in there else [] for key, number in numbered.items()}
            self.numbered |= numbered

    def key_of(self, row: Row) -> int | None:
        """The key of the organisation of a row, if it is one of the book."""
        found = self.found.get(row.body, [])
        return found[0] if len(found) == 1 else None


def person_fields(row: Row) -> dict[str, Any]:
    return person_of(row.read.values)
