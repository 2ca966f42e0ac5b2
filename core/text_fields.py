"""What may be typed into the fields of forms: signs that nobody sees, emoji, and Chinese where English belongs are refused by name."""

import unicodedata
from collections.abc import Iterable
from datetime import date
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.core.validators import ProhibitNullCharactersValidator
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from .signs import HAN, describe

UNSEEN = {"Cc", "Cf", "Cn", "Co", "Cs"}
DAY = forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")
NO_DAY = gettext_lazy("没有这一天，请写成 2026-12-03 这样。")
TOO_LONG = gettext_lazy("最多 %(limit_value)d 个字符，现在有 %(show_value)d 个，请缩短。")
DAY_HELP = gettext_lazy("格式如 2026-12-03。")


def plain(text: str, *, is_long: bool = False) -> None:
    """Raises ValidationError on the first sign that cannot be seen or printed."""
    for place, sign in enumerate(text, 1):
        category = unicodedata.category(sign)
        if (category in UNSEEN and not (is_long and sign in "\r\n\t")) or (category == "So" and ord(sign) > 0x2FFF) or sign == "\ufe0f":
            raise ValidationError(_("第 %(place)d 个字符是%(sign)s，请删去。") % {"place": place, "sign": describe(sign)})


def plain_lines(text: str) -> None:
    plain(text, is_long=True)


def english(text: str) -> None:
    """Raises ValidationError where there is Chinese in what is to be English."""
    if found := HAN.search(text):
        raise ValidationError(_("这里填写英文，第 %(place)d 个字符是汉字“%(sign)s”。") % {"place": found.start() + 1, "sign": found[0]})


def not_in_the_future(day: date | None) -> date | None:
    """The day. Raises ValidationError where it is not come yet."""
    if day and day > timezone.localdate():
        raise ValidationError(_("日期不能晚于今天。"))
    return day


def guard(fields: Iterable[tuple[str, forms.Field]]) -> None:
    """Let every text field refuse what cannot be printed, those of English what is Chinese; days are picked or typed.

    What is taken as it is typed (`strip=False`: passwords, pasted tables) is left alone. A second time changes nothing.
    """
    for name, field in fields:
        if isinstance(field, forms.CharField) and field.strip:
            field.error_messages["max_length"] = TOO_LONG
            ours = [plain_lines if isinstance(field.widget, forms.Textarea) else plain, *([english] if name.endswith("_en") else [])]
            theirs = [
                one for one in field.validators if one not in ours and not isinstance(one, ProhibitNullCharactersValidator)
            ]  # told by name, as the others
            field.validators = [*theirs, *ours]
        elif isinstance(field, forms.DateField):
            field.widget = DAY
            field.error_messages["invalid"] = NO_DAY
            field.help_text = field.help_text or DAY_HELP


class PasswordAgainField(forms.CharField):
    """The password, typed again for an act that is not undone; the view checks it."""

    def __init__(self, **options: Any) -> None:
        own: dict[str, Any] = {
            "label": gettext_lazy("登录密码"),
            "max_length": 200,
            "strip": False,
            "widget": forms.PasswordInput(attrs={"autocomplete": "current-password"}),
            "error_messages": {"required": gettext_lazy("请输入登录密码。")},
        }
        super().__init__(**own | options)
