"""The leadership board: every figure of it, read in a fixed number of queries, as tiles, rows and charts that page and print share."""

from collections import Counter
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property

from django.utils import timezone
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from accounts.models import User
from cases.models import Approval, Case
from cases.queries import listed_items, state_of, waiting_for
from core import charts
from duties.templatetags.duty_list import as_title

from . import queries
from .figures import FIGURES, Figure
from .periods import Period, month_of, months_on, quarter_of, year_of

STANDINGS = ("in_time", "soon", "overdue", "held")  # each open case is one of these
IN_PERIOD = ("opened", "closed")
COLUMNS = ("open", *STANDINGS, "waiting", *IN_PERIOD)
MONTHS = 12  # of the lines
SHORT = 5  # lines of the smaller lists
WIDE, NARROW = 760, 330  # of a chart, on a desk and on a phone


@dataclass(frozen=True)
class Value:
    """A number of a figure, with the list of exactly what it counts."""

    figure: Figure
    count: int
    address: str


@dataclass(frozen=True)
class Median:
    """The middle of the days that so many cases took; None where there is no case."""

    days: float | None
    count: int
    address: str

    @property
    def words(self) -> str:
        """The days, with a half where there is one."""
        return "—" if self.days is None else f"{self.days:g}"


@dataclass(frozen=True)
class ItemRow:
    """One duty item: its figures in the order of `COLUMNS`, and how many days its cases took."""

    item: str
    name: str
    values: list[Value]
    median: Median

    def __getattr__(self, slug: str) -> Value:
        if slug in COLUMNS:
            return self.values[COLUMNS.index(slug)]
        raise AttributeError(slug)


@dataclass(frozen=True)
class MonthRow:
    """One month of the lines: what was opened and what was closed in it."""

    period: Period
    opened: Value
    closed: Value

    @property
    def label(self) -> str:
        return f"{self.period.first.month}"


class Board:
    """The board that one person sees now, for a period."""

    def __init__(self, user: User, period: Period, at: datetime) -> None:
        self.user, self.period, self.at = user, period, at
        self.today = timezone.localdate(at)
        self.scope = queries.scope_of(user)
        self._open = queries.count_open(self.scope, self.today)
        last = min(period.last, month_of(self.today).last)
        self._first_month = months_on(last.replace(day=1), 1 - MONTHS)
        shown = (Period(self._first_month, MONTHS), period, year_of(self.today))
        self._months = queries.count_by_month(self.scope, (month for some in shown for month in some.starts))
        self._days = queries.days_taken(self.scope, period)

    # -- figures

    def value(self, slug: str, item: str = "", period: Period | None = None) -> Value:
        """The figure, of one item or of all, in the board's period or another."""
        figure, period = FIGURES[slug], period or self.period
        counts = self._in_period(slug, period) if slug in IN_PERIOD else self._open.get(slug, Counter())
        return Value(figure, counts[item] if item else sum(counts.values()), figure.address(period, item))

    def _in_period(self, slug: str, period: Period) -> Counter[str]:
        return sum((self._months.get((slug, month), Counter()) for month in period.starts), Counter())

    def median(self, item: str = "") -> Median:
        days = self._days.get(item, Counter()) if item else sum(self._days.values(), Counter())
        return Median(queries.median(days), sum(days.values()), FIGURES["days"].address(self.period, item))

    @cached_property
    def total(self) -> ItemRow:
        return ItemRow("", _("合计"), [self.value(slug) for slug in COLUMNS], self.median())

    @cached_property
    def rows(self) -> list[ItemRow]:
        """Each item of the list whose cases the person sees, and each other one that has a figure."""
        names = {entry.item_id: as_title(entry.name) for entry in listed_items()}
        counted = {item for counts in (*self._open.values(), *self._months.values()) for item, count in counts.items() if count} | set(self._days)
        seen = [item for item in names if self.scope.items is None or item in self.scope.items | counted]
        codes = [*seen, *sorted(counted - set(names))]
        return [ItemRow(code, names.get(code, ""), [self.value(slug, code) for slug in COLUMNS], self.median(code)) for code in codes]

    @cached_property
    def months(self) -> list[MonthRow]:
        periods = [month_of(start) for start in Period(self._first_month, MONTHS).starts]
        return [MonthRow(period, self.value("opened", period=period), self.value("closed", period=period)) for period in periods]

    @property
    def closed_this_month(self) -> Value:
        return self.value("closed", period=month_of(self.today))

    @property
    def closed_this_year(self) -> Value:
        return self.value("closed", period=year_of(self.today))

    @property
    def columns(self) -> list[Figure]:
        return [FIGURES[slug] for slug in COLUMNS]

    @property
    def figures(self) -> list[Figure]:
        return list(FIGURES.values())

    # -- lists

    @cached_property
    def waiting(self) -> list[Approval]:
        """What waits longest for a second person."""
        return list(queries.oldest_waiting(self.scope)[:SHORT])

    @property
    def oldest(self) -> str:
        """How long the oldest of these has waited, in words."""
        if not self.waiting:
            return ""
        days = (self.today - timezone.localdate(self.waiting[0].submitted_at)).days
        return _("最早的已等 %(days)d 天") % {"days": days} if days else _("最早的今天送审")

    @cached_property
    def answerable(self) -> set[int]:
        """Which of these the person may answer."""
        return set(waiting_for(self.user).filter(pk__in=[row.pk for row in self.waiting]).values_list("pk", flat=True))

    @cached_property
    def urgent(self) -> list[tuple[Case, str]]:
        """What is overdue or due soon, with the word for how it stands."""
        return [(case, state_of(case, self.today)) for case in queries.most_urgent(self.scope, self.today)[:SHORT]]

    # -- the switch

    @property
    def periods(self) -> list[tuple[str, Period]]:
        return [(_("本月"), month_of(self.today)), (_("本季度"), quarter_of(self.today)), (_("本年"), year_of(self.today))]

    @property
    def earlier(self) -> Period:
        return self.period.moved(-1)

    @property
    def later(self) -> Period | None:
        following = self.period.moved(1)
        return following if following.first <= self.today else None

    # -- charts

    @property
    def has_open(self) -> bool:
        return bool(self.value("open").count)

    @property
    def has_months(self) -> bool:
        return any(row.opened.count or row.closed.count for row in self.months)

    def bars(self, *, width: int = WIDE, font: str = "inherit") -> SafeString:
        """How the open cases of each item stand."""
        sorts = [str(FIGURES[slug].label) for slug in STANDINGS]
        rows = []
        for row in self.rows:
            values = [getattr(row, slug) for slug in STANDINGS]
            rows.append(charts.Row(row.item, row.name, [charts.Part(value.count, value.address) for value in values], self._note(row)))
        told = _("在办 %(open)d 件，其中逾期 %(overdue)d 件、三天内到期 %(soon)d 件、待补正 %(held)d 件。") % {
            slug: self.value(slug).count for slug in ("open", "overdue", "soon", "held")
        }
        return charts.stacked_bars(f"bars-{width}", _("各职责事项在办情况"), told, sorts, rows, width=width, font=font)

    def _note(self, row: ItemRow) -> str:
        parts = [f"{getattr(row, slug).figure.label} {getattr(row, slug).count}" for slug in ("overdue", "soon") if getattr(row, slug).count]
        return _("（%(parts)s）") % {"parts": _("，").join(parts)} if parts else ""

    def trend(self, *, width: int = WIDE, font: str = "inherit") -> SafeString:
        """What was opened and closed in each of twelve months."""
        series = [
            charts.Line(str(FIGURES[slug].label), [charts.Part(value.count, value.address) for value in values])
            for slug, values in (("opened", [row.opened for row in self.months]), ("closed", [row.closed for row in self.months]))
        ]
        told = _("%(first)s至%(last)s，立项 %(opened)d 件，结案 %(closed)d 件。") % {
            "first": self.months[0].period.words,
            "last": self.months[-1].period.words,
            "opened": sum(row.opened.count for row in self.months),
            "closed": sum(row.closed.count for row in self.months),
        }
        return charts.lines(f"trend-{width}", _("十二个月立项与结案"), told, [row.label for row in self.months], series, width=width, font=font)

    @property
    def wide_bars(self) -> SafeString:
        return self.bars()

    @property
    def narrow_bars(self) -> SafeString:
        return self.bars(width=NARROW)

    @property
    def wide_trend(self) -> SafeString:
        return self.trend()

    @property
    def narrow_trend(self) -> SafeString:
        return self.trend(width=NARROW)
