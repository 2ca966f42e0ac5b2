"""`manage.py enter_working_days`"""

from datetime import date
from typing import Any

from chinese_calendar.constants import Holiday, holidays, workdays
from django.core.management.base import BaseCommand

from core.models import CalendarDay
from core.working_days import days_of

# The package shortens some names; the notices do not.
NAMES = {holiday.value: {"清明": "清明节", "端午": "端午节", "中秋": "中秋节"}.get(holiday.chinese, holiday.chinese) for holiday in Holiday}


class Command(BaseCommand):
    help = "录入软件包 chinesecalendar 所知各年的放假安排。已经录入的日子（包括人工改过的）不动，可以反复运行。"

    def handle(self, *args: Any, **options: Any) -> None:
        entered = set(CalendarDay.objects.values_list("day", flat=True))
        missing = [day for day in known_days() if day.day not in entered]
        CalendarDay.objects.bulk_create(missing, ignore_conflicts=True)
        if missing:
            self.stdout.write(f"工作日历：录入 {missing[0].day} 至 {missing[-1].day}，共 {len(missing)} 天。")
        last = CalendarDay.objects.order_by("day").last()
        self.stdout.write(f"工作日历已录入至 {last.day if last else '-'}；以后的年份请在“工作日历”中导入国务院办公厅的放假通知。")


def known_days() -> list[CalendarDay]:
    """Every day of every year for which the package holds a notice, unsaved; nothing beyond."""
    days_off = {day: NAMES[name] for day, name in holidays.items()}
    days_on = {day: NAMES[name] for day, name in workdays.items()}
    return [row for year in sorted({day.year for day in holidays}) for row in days_of(year, _of(days_off, year), _of(days_on, year))]


def _of(days: dict[date, str], year: int) -> dict[date, str]:
    return {day: name for day, name in days.items() if day.year == year}
