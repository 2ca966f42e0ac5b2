"""How a cell of a list is written on a page."""

from datetime import date, datetime
from typing import Any

from django import template
from django.utils import timezone
from django.utils.translation import gettext

from lists.kinds import Column

register = template.Library()


@register.filter
def cell(row: Any, column: Column) -> str:
    """What stands in this column for this row: days as 2026-11-23, moments with the time of the office, "-" for nothing."""
    value = column.value(row)
    if isinstance(value, bool):
        return gettext("是") if value else gettext("否")
    if isinstance(value, datetime):
        return timezone.localtime(value).strftime("%Y-%m-%d %H:%M")
    if isinstance(value, date):
        return value.isoformat()
    return "-" if value in (None, "") else str(value)
