"""Mailing labels and name cards: sheets of small pieces, cut or torn apart. In Chinese, or as it goes abroad in English; nothing is kept."""

from collections.abc import Sequence
from typing import Any

from django.conf import settings
from django.template.loader import render_to_string
from django.utils import translation
from django.utils.safestring import SafeString

from core.printing import SCREEN, render
from duties.printing import typeset

from .models import Organisation, Person

HOME = "CHN"


def labels_pdf(people: Sequence[Any]) -> bytes:
    """Labels of 70 x 37 mm, 24 a sheet, for these people (with `held` positions and places): PDF/UA-1. Who has no address is named at the end.

    Raises PrintRefusedError.
    """
    labels = [(person, _label(person)) for person in people]
    missing = [str(person) for person, lines in labels if not lines]
    context = {
        "title": "地址标签",
        "labels": [lines for _person, lines in labels if lines],
        "missing": typeset("、".join(missing)) if missing else "",
    }
    return _pdf("print/labels.html", context)


def name_cards_pdf(people: Sequence[Any]) -> bytes:
    """Name cards of 90 x 54 mm, ten a sheet: the name in two scripts, the organisation and the post. PDF/UA-1. Raises PrintRefusedError."""
    return _pdf("print/name_cards.html", {"title": "姓名牌", "cards": [_name_card(person) for person in people]})


def _pdf(template: str, context: dict[str, Any]) -> bytes:
    with translation.override(settings.LANGUAGE_CODE):
        return render(render_to_string(template, context), variant=SCREEN)


def _label(person: Any) -> list[SafeString]:
    """The lines of a label: of the first post whose organisation has an address; none where there is no such."""
    for position in person.held:
        body = position.organisation
        if body.located:
            lines = _abroad(person, position, body.located[0]) if _goes_abroad(body) else _at_home(person, position, body.located[0])
            return [typeset(line) for line in lines if line]
    return []


def _goes_abroad(body: Organisation) -> bool:
    """An address in English of a body in another country goes abroad; all else is written as it is at home."""
    return body.country.code != HOME and bool(body.located[0].text_en)  # type: ignore[attr-defined]


def _at_home(person: Person, position: Any, place: Any) -> list[str]:
    return [
        place.postcode,
        place.text,
        position.organisation.name,
        f"{position.department}{position.title}",
        f"{person}　{person.honorific}收",
    ]


def _abroad(person: Person, position: Any, place: Any) -> list[str]:
    body = position.organisation
    return [
        person.latin_name or person.name_native or person.name,
        position.title_en,
        body.name_en or body.name,
        place.text_en if place.postcode in place.text_en else f"{place.text_en} {place.postcode}",
        body.country.name_en.upper(),
    ]


def _name_card(person: Any) -> dict[str, SafeString]:
    position = person.held[0] if person.held else None
    return {
        "name": typeset(str(person)),
        "other": typeset(next((name for name in (person.latin_name, person.name_native) if name and name != str(person)), "")),
        "body": typeset(position.organisation.name if position else ""),
        "post": typeset(position.title if position else ""),
    }
