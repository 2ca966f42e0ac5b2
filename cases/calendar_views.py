"""The working calendar: a year by months, one day, and the yearly notice with a look at it before it is stored."""

import calendar
import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from itertools import groupby

from django.contrib import messages
from django.db.models import Max, Min
from django.http import Http404
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from core.models import CalendarDay
from core.working_days import NotEnteredError, days_of

from . import rule_actions as actions
from .rule_forms import DayForm, NoticeForm
from .rule_views import page, rule_changer, rule_reader

YEARS = range(1990, 3000)


@dataclass(frozen=True)
class Month:
    """One month: its weeks from Monday to Sunday, each day as (date, row); None outside the month."""

    first: date
    weeks: list[list[tuple[date, CalendarDay | None] | None]]
    working: int


@dataclass(frozen=True)
class Stretch:
    """Days in a row that a festival makes free, or that are worked for it."""

    first: date
    last: date
    name: str
    is_working: bool

    @property
    def days(self) -> int:
        return (self.last - self.first).days + 1


@rule_reader
@require_safe
def calendar_now(request):
    return redirect("cases:calendar-year", timezone.localdate().year)


@rule_reader
@require_safe
def calendar_year(request, year):
    if year not in YEARS:
        raise Http404
    rows = {row.day: row for row in CalendarDay.objects.filter(day__year=year)}
    entered = CalendarDay.objects.aggregate(first=Min("day"), last=Max("day"))
    context = {
        "year": year,
        "entered": entered,
        "months": [month_of(year, number, rows) for number in range(1, 13)] if rows else [],
        "stretches": stretches(rows),
        "working": sum(row.is_working for row in rows.values()),
        "previous": year - 1 if entered["first"] and year > entered["first"].year else None,
        "next": year + 1 if entered["last"] and year <= entered["last"].year else None,
        "today": timezone.localdate(),
    }
    return render(request, "cases/rules/calendar_year.html", context)


def month_of(year: int, number: int, rows: Mapping[date, CalendarDay]) -> Month:
    """A month of an entered year as a page draws it."""
    weeks = calendar.Calendar().monthdatescalendar(year, number)
    drawn = [[(day, rows.get(day)) if day.month == number else None for day in week] for week in weeks]
    return Month(date(year, number, 1), drawn, sum(row.is_working for day, row in rows.items() if day.month == number))


def stretches(rows: Mapping[date, CalendarDay]) -> list[Stretch]:
    """What differs from plain weeks, days in a row under one name together."""
    named = sorted((row for row in rows.values() if row.name or row.is_shifted), key=lambda row: row.day)
    groups = groupby(enumerate(named), lambda pair: (pair[1].day.toordinal() - pair[0], pair[1].name, pair[1].is_working))
    runs = [[row for _place, row in group] for _key, group in groups]
    return [Stretch(run[0].day, run[-1].day, run[0].name, run[0].is_working) for run in runs]


@rule_changer
@page
def calendar_day_edit(request, day):
    try:
        wanted = date.fromisoformat(day)
    except ValueError as error:
        raise Http404 from error
    row = get_object_or_404(CalendarDay, day=wanted)
    form = DayForm(request.POST or None, instance=row)
    if form.is_valid():
        changed = actions.change_day(wanted, **form.cleaned_data, by=request.user, request=request)
        if changed:
            messages.success(request, _("已保存。已经算出的期限不变，以后按新的日历计算。"))
        else:
            messages.info(request, _("没有改动，未保存。"))
        return redirect("cases:calendar-year", wanted.year)
    return render(request, "cases/rules/calendar_day_form.html", {"form": form, "day": wanted})


@rule_changer
@page
def calendar_import(request):
    form = NoticeForm(request.POST or None)
    preview = None
    if form.is_valid():
        year, days_off, days_on = form.notice
        seen = fingerprint_of(form.cleaned_data["text"])
        if request.POST.get("store") == seen:  # else nobody has looked at this text yet
            try:
                waiting = actions.import_notice(year, days_off, days_on, by=request.user, request=request)
            except NotEnteredError as error:
                form.add_error("text", str(error))
            else:
                messages.success(request, _("已录入 %(year)d 年放假安排，补算了 %(count)d 个办件的期限。") % {"year": year, "count": waiting})
                return redirect("cases:calendar-year", year)
        else:
            preview = preview_of(year, days_off, days_on) | {"seen": seen}
    return render(request, "cases/rules/calendar_import.html", {"form": form, "preview": preview})


def fingerprint_of(text: str) -> str:
    """What tells the text that was looked at from one that was changed since."""
    return hashlib.sha256("\n".join(text.splitlines()).encode()).hexdigest()[:16]


def preview_of(year: int, days_off: Mapping[date, str], days_on: Mapping[date, str]) -> dict[str, object]:
    """What a notice says, and what storing it would change."""
    days = days_of(year, days_off, days_on)
    pairs = actions.differences(days)
    return {
        "year": year,
        "stretches": stretches({row.day: row for row in days}),
        "working": sum(row.is_working for row in days if row.day.year == year),
        "is_entered": CalendarDay.objects.filter(day__year=year).exists(),
        "changed": [(old, new) for old, new in pairs if old],
    }
