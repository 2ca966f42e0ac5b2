"""The words of a letter: a template with placeholders, filled from an application. No code in a template; what it does not know is an error."""

import re
from collections.abc import Mapping
from datetime import date

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from .models import Application, LetterTemplate

PLACEHOLDER = re.compile(r"\{([^{}]*)\}")
MONTHS = ["January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November", "December"]
# Every placeholder, and what stands in its place.
PLACEHOLDERS = {
    "number": gettext_lazy("发文编号"),
    "post": gettext_lazy("签证机关"),
    "post_en": gettext_lazy("签证机关（英文）"),
    "unit": gettext_lazy("邀请单位"),
    "unit_en": gettext_lazy("邀请单位（英文）"),
    "count": gettext_lazy("人数"),
    "purpose": gettext_lazy("来访目的"),
    "purpose_en": gettext_lazy("来访目的（英文）"),
    "entry": gettext_lazy("计划入境日期，如 2026 年 12 月 3 日"),
    "entry_en": gettext_lazy("计划入境日期，如 3 December 2026"),
    "exit": gettext_lazy("计划离境日期，如 2026 年 12 月 9 日"),
    "exit_en": gettext_lazy("计划离境日期，如 9 December 2026"),
    "places": gettext_lazy("到访地点"),
    "places_en": gettext_lazy("到访地点（英文）"),
}

IN_EITHER = ("number", "count")  # the same in Chinese and in English


class WordingError(ValueError):
    """A template that cannot be filled; the message names what it does not know."""


def unknown_placeholders(text: str) -> list[str]:
    """What stands in braces in `text` and is no placeholder, each once, in order."""
    return list(dict.fromkeys(name for name in PLACEHOLDER.findall(text) if name not in PLACEHOLDERS))


def fill(text: str, values: Mapping[str, str]) -> str:
    """`text` with its placeholders replaced. Raises WordingError."""
    unknown = [name for name in PLACEHOLDER.findall(text) if name not in values]
    if unknown:
        raise WordingError(_("模板里有不认识的占位符：%(names)s") % {"names": "、".join(f"{{{name}}}" for name in dict.fromkeys(unknown))})
    return PLACEHOLDER.sub(lambda match: values[match[1]], text)


def day_in_chinese(day: date) -> str:
    """ "2026年12月3日" """
    return f"{day.year}年{day.month}月{day.day}日"


def day_in_english(day: date) -> str:
    """ "3 December 2026" """
    return f"{day.day} {MONTHS[day.month - 1]} {day.year}"


# -- of an application -------------------------------------------------------------------------------------------------------------------------------------


def template_in_force(application: Application) -> LetterTemplate | None:
    """The approved words of the application's kind of letter."""
    return LetterTemplate.objects.filter(kind=application.kind, approved_at__isnull=False, superseded_at=None).first()


def values_of(application: Application, count: int, number: str) -> dict[str, str]:
    """What stands in the place of each placeholder, in a letter for so many people."""
    assert application.unit is not None
    assert application.entry_on is not None
    assert application.exit_on is not None
    return {
        "number": number,
        "post": application.post,
        "post_en": application.post_en,
        "unit": application.unit.name,
        "unit_en": application.unit.name_en,
        "count": str(count),
        "purpose": application.purpose,
        "purpose_en": application.purpose_en,
        "entry": day_in_chinese(application.entry_on),
        "entry_en": day_in_english(application.entry_on),
        "exit": day_in_chinese(application.exit_on),
        "exit_en": day_in_english(application.exit_on),
        "places": application.places,
        "places_en": application.places_en,
    }
