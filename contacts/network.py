"""国际联络图: what there is with each country, as a table and as ranked bars. A map would draw borders; this draws none.

Each figure is the number of the rows to which it leads: a test follows every link.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from django.db.models import Count
from django.urls import reverse
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.models import User
from core import charts

from . import panels
from .book_queries import held_now
from .models import Country, Organisation, Person
from .panels import Figure

BARS = 20  # countries in the drawing: the first ones; the table has all


@dataclass(frozen=True)
class Value:
    """One figure of one country, and where its rows are."""

    count: int
    address: str


@dataclass(frozen=True)
class Row:
    country: Country
    values: Sequence[Value]


@dataclass(frozen=True)
class Network:
    """The table: its figures, a row for each country that has any, most organisations first, and the countries that have none."""

    figures: Sequence[Figure]
    rows: Sequence[Row]
    others: Sequence[Country]

    def bars(self, *, width: int = 760, font: str = "inherit") -> SafeString:
        """Organisations by country, ranked, drawn."""
        drawn = [
            charts.Row(str(place), str(row.country), [charts.Part(row.values[0].count, row.values[0].address)])
            for place, row in enumerate(self.rows[:BARS], 1)
            if row.values[0].count
        ]
        told = _("机构最多的国家（地区），从多到少")
        return charts.stacked_bars("network", str(_("各国（地区）机构数")), str(told), [str(self.figures[0].label)], drawn, width=width, font=font)


def of(user: User) -> Network:
    """The network as far as this person sees it. One query for the countries and one for each figure."""
    figures = panels.figures()
    counted = [figure.counts(user) for figure in figures]
    rows, others = [], []
    for country in Country.objects.all():
        values = [Value(counts.get(country.pk, 0), figure.address(country.code)) for figure, counts in zip(figures, counted, strict=True)]
        if any(value.count for value in values):
            rows.append(Row(country, values))
        elif country.archived_at is None:
            others.append(country)
    rows.sort(key=lambda row: (*(-value.count for value in row.values), row.country.pk))
    return Network(figures, rows, others)


def figures_of(country: Country, user: User) -> list[tuple[Figure, Value]]:
    """The figures of one country."""
    return [(figure, Value(figure.counts(user).get(country.pk, 0), figure.address(country.code))) for figure in panels.figures()]


# -- the book's own ----------------------------------------------------------------------------------------------------------------------------------------


def _organisations(user: User) -> Mapping[int, int]:
    rows = Organisation.objects.visible_to(user).current().order_by().values_list("country")
    return dict(rows.annotate(count=Count("pk")))


def _people(user: User) -> Mapping[int, int]:
    held = held_now().filter(person__in=Person.objects.visible_to(user).current()).order_by().values_list("organisation__country")
    return dict(held.annotate(count=Count("person", distinct=True)))


panels.add_figure(
    Figure(
        "organisations",
        gettext_lazy("机构"),
        gettext_lazy("登记在该国（地区）、没有归档的机构。"),
        _organisations,
        lambda code: f"{reverse('contacts:organisation-list')}?country={code}",
        place=1,
    )
)
panels.add_figure(
    Figure(
        "people",
        gettext_lazy("联系人"),
        gettext_lazy("今天在该国（地区）的机构任职、没有归档的人；在几国任职的，各国都计。"),
        _people,
        lambda code: f"{reverse('contacts:person-list')}?country={code}",
        place=2,
    )
)
