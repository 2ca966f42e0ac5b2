"""Cards as a table of contacts, so that a file of them is checked, imported and undone as any other table."""

import csv
import io
from collections.abc import Iterable

from django.utils.translation import gettext as _

from core.signs import HAN

from .import_columns import BY_NAME
from .vcards import Card

PERSON = ("name", "surname", "given_names", "name_native", "honorific", "languages", "note")
BODY, POST = ("organisation", "organisation_en"), ("department", "title")
POINTS = ("mobile", "phone", "email", "fax", "messenger")
COLUMNS = (*PERSON, *BODY, *POST, *POINTS)


def table_of(cards: Iterable[Card]) -> bytes:
    """A CSV file with a row for each card, and the columns that any of them fills.

    A card that cannot be read has no name there, so that the check asks for it, and says why in its note.
    """
    rows = [_row(card) for card in cards]
    columns = [name for name in COLUMNS if name == "name" or any(row.get(name) for row in rows)]
    out = io.StringIO()
    table = csv.DictWriter(out, columns, restval="", extrasaction="ignore")
    table.writerow({name: str(BY_NAME[name].label) for name in columns})
    table.writerows(rows)
    return out.getvalue().encode("utf-8-sig")


def _row(card: Card) -> dict[str, str]:
    if card.fault:
        return {"note": _("第 %(number)d 张名片读不出来：%(fault)s") % {"number": card.number, "fault": card.fault}}
    row = {name: card.values.get(name, "") for name in PERSON}
    row[BODY[0] if HAN.search(card.organisation) else BODY[1]] = card.organisation
    row |= {"department": card.department, "title": card.title or (_("（职务未注明）") if card.organisation else "")}
    return row | {kind: "\n".join(value for told, value in card.points if told == kind) for kind in POINTS}
