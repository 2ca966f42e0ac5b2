"""What other nouns of this app, and apps above, show on the pages of the book: last contacts, memoranda, exchanges. They register it where they start.

Nothing here asks the database once a row: a panel is asked once a page, a fact once for all people of a page, a figure once for all countries.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

from django.db.models import Model
from django.utils.functional import Promise

from accounts.models import User

from .models import Organisation, Person


@dataclass(frozen=True)
class Panel:
    """A part of the page of an organisation, a person or a country (`subject`), kept by another noun.

    `template` is given `subject` and `shown`: what `show(subject, user)` returns in a fixed number of queries. None: the part is left out.
    """

    name: str
    subject: type[Model]
    template: str
    show: Callable[[Any, User], Any]
    place: int = 100


@dataclass(frozen=True)
class Cell:
    """A value beside a person: its words, and where they lead."""

    text: str
    address: str = ""


@dataclass(frozen=True)
class Fact:
    """A column beside the people of an organisation (when did we last talk): `of(people, user)` gives the cell of each who has one, by primary key."""

    name: str
    label: str | Promise
    of: Callable[[Sequence[Person], User], Mapping[int, Cell]]


@dataclass(frozen=True)
class Line:
    """One line of the background brief: what it begins with in bold (may be empty), and the rest."""

    lead: str
    text: str = ""


@dataclass(frozen=True)
class Section:
    """A section of the background brief (背景资料) for a meeting with an organisation. One without lines does not print."""

    name: str
    heading: str  # in Chinese: an official print
    lines: Callable[[Organisation, User], Sequence[Line]]
    place: int = 100


@dataclass(frozen=True)
class Figure:
    """A figure of each country in the network table: `counts(user)` by the country's primary key, `address(code)` of the list of exactly these rows."""

    name: str
    label: str | Promise
    definition: str | Promise  # what is counted (口径)
    counts: Callable[[User], Mapping[int, int]]
    address: Callable[[str], str]
    place: int = 100


Entry = TypeVar("Entry", Panel, Fact, Section, Figure)

_panels: dict[tuple[type[Model], str], Panel] = {}
_facts: dict[str, Fact] = {}
_sections: dict[str, Section] = {}
_figures: dict[str, Figure] = {}


def add_panel(panel: Panel) -> Panel:
    """Add a part to the page of each organisation, person or country."""
    _panels[panel.subject, panel.name] = panel
    return panel


def add_fact(fact: Fact) -> Fact:
    """Add a column beside the people of an organisation."""
    _facts[fact.name] = fact
    return fact


def add_section(section: Section) -> Section:
    """Add a section to the background brief."""
    _sections[section.name] = section
    return section


def add_figure(figure: Figure) -> Figure:
    """Add a figure to the network table."""
    _figures[figure.name] = figure
    return figure


def remove(entry: Panel | Fact | Section | Figure) -> None:
    """Take away again what was added."""
    if isinstance(entry, Panel):
        _panels.pop((entry.subject, entry.name))
    for kept in (_facts, _sections, _figures):
        if kept.get(entry.name) is entry:
            kept.pop(entry.name)


def panels(subject: Model, user: User) -> list[tuple[str, Any]]:
    """(template, what it shows) of each part of the page of `subject` that has something to show."""
    wanted = sorted((panel for (kind, _name), panel in _panels.items() if kind is type(subject)), key=lambda panel: panel.place)
    shown = [(panel.template, panel.show(subject, user)) for panel in wanted]
    return [(template, part) for template, part in shown if part is not None]


def facts(people: Sequence[Person], user: User) -> list[tuple[Fact, Mapping[int, Cell]]]:
    """Each column beside these people, with its cells."""
    return [(fact, fact.of(people, user)) for fact in _facts.values()]


def sections(organisation: Organisation, user: User) -> list[tuple[str, Sequence[Line]]]:
    """(heading, lines) of each section of the brief that has any."""
    found = [(section.heading, section.lines(organisation, user)) for section in sorted(_sections.values(), key=lambda section: section.place)]
    return [(heading, lines) for heading, lines in found if lines]


def figures() -> list[Figure]:
    """The figures of the network table in their order."""
    return sorted(_figures.values(), key=lambda figure: figure.place)
