"""Drafting the words of letters: placeholders only, and what is none is told beside the field, with what it may have been meant to be."""

import re
from collections.abc import Iterator
from difflib import get_close_matches
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from core.forms import PortalHelper
from core.printing import undrawable
from core.signs import describe
from core.text_fields import guard

from .maintained_forms import SeenForm
from .models import LetterTemplate
from .wording import IN_EITHER, PLACEHOLDER, PLACEHOLDERS, unknown_placeholders

WORDS = ("title", "title_en", "body", "body_en")
TITLES = ("title", "title_en")
NAME = re.compile(r"\w+")


def placeholders_in_order(text: str, *, is_english: bool) -> None:
    """Raises ValidationError with a sentence for each thing in braces that cannot be filled."""
    faults = [_misspelt(name, is_english) for name in unknown_placeholders(text)]
    faults += [
        _("{%(name)s} 填入的是中文，英文里请用 {%(name)s_en}。") % {"name": name}
        for name in dict.fromkeys(PLACEHOLDER.findall(text))
        if is_english and name in PLACEHOLDERS and not name.endswith("_en") and name not in IN_EITHER
    ]
    faults += _stray_braces(text)
    if faults:
        raise ValidationError(faults)


def _misspelt(name: str, is_english: bool) -> str:
    known = [one for one in PLACEHOLDERS if one in IN_EITHER or one.endswith("_en") == is_english]
    close = get_close_matches(name.strip().lower(), known, n=1, cutoff=0.5)
    if close:
        return _("没有占位符 {%(name)s}，是不是 {%(close)s}？") % {"name": name, "close": close[0]}
    return _("没有占位符 {%(name)s}，请从下面的列表里选用。") % {"name": name}


def _stray_braces(text: str) -> Iterator[str]:
    """Where a brace stands alone; the words after it name the place."""
    rest = PLACEHOLDER.sub(lambda match: "\x00" * len(match[0]), text)
    for match in re.finditer(r"[{}]", rest):
        line = text.count("\n", 0, match.start()) + 1
        near = NAME.search(text, match.start())
        yield _("第 %(line)d 行“%(near)s”旁的 %(brace)s 没有配对。占位符写成 {unit} 这样，正文里不能另用大括号。") % {
            "line": line,
            "near": near[0] if near else match[0],
            "brace": match[0],
        }


class TemplateForm(SeenForm):
    """The words of one version, and why it is made."""

    class Meta:
        model = LetterTemplate
        fields = (*WORDS, "reason")
        widgets = {"body": forms.Textarea(attrs={"rows": 8}), "body_en": forms.Textarea(attrs={"rows": 8}), "reason": forms.Textarea(attrs={"rows": 2})}
        help_texts = {
            "body": gettext_lazy("占位符写在大括号里，如 {unit}。每行一段，段首空两格的请用两个全角空格。"),
            "body_en": gettext_lazy("用英文占位符，如 {unit_en}。每行一段。"),
            "reason": gettext_lazy("写明改了什么、为什么改，批准人看得到。"),
        }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name in ("body", "body_en"):
            self.fields[name].strip = False  # type: ignore[attr-defined]  # blanks begin a paragraph

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        for name in WORDS:
            if name in cleaned:
                try:
                    self._check(name, cleaned[name])
                except ValidationError as error:
                    self.add_error(name, error)
        return cleaned

    def _check(self, name: str, text: str) -> None:
        if name in TITLES and set(text) & set("{}"):
            raise ValidationError(_("标题原样印出，不能用大括号和占位符。"))
        placeholders_in_order(text, is_english=name.endswith("_en"))
        if signs := undrawable(text):
            raise ValidationError(_("打印字库里没有%(signs)s，请改用其他字。") % {"signs": "、".join(describe(sign) for sign in signs)})


class SendBackForm(forms.Form):
    reason = forms.CharField(label=gettext_lazy("退回理由"), max_length=300, widget=forms.Textarea(attrs={"rows": 3}))
    helper = PortalHelper()

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        guard(self.fields.items())
