"""What is asked for on the public page of verification."""

from django import forms
from django.utils.translation import gettext_lazy as _

from core.codes import BadCodeError, read_code
from core.forms import PortalHelper

PLAIN = {"autocomplete": "off", "spellcheck": "false"}


class PassportCheckForm(forms.Form):
    """A passport number to be compared with those on the letter."""

    passport = forms.CharField(
        label=_("护照号码"),
        max_length=30,
        strip=True,
        widget=forms.TextInput(attrs=PLAIN),
        help_text=_("只比对是否在函件名单上，不显示、不保存。"),
        error_messages={"required": _("请填写要比对的护照号码。")},
    )

    helper = PortalHelper()


class LetterCheckForm(forms.Form):
    """Number and code of a letter, as printed on it."""

    number = forms.CharField(
        label=_("发文编号"),
        max_length=80,
        widget=forms.TextInput(attrs=PLAIN),
        help_text=_("函件右上方的编号，例如：邀函〔2026〕12号。括号用哪一种都可以。"),
        error_messages={"required": _("请填写函件上的发文编号。")},
    )
    code = forms.CharField(
        label=_("核验码"),
        max_length=40,
        widget=forms.TextInput(attrs=PLAIN),
        help_text=_("函件左下方二维码旁的 13 位核验码，不分大小写。"),
        error_messages={"required": _("请填写函件上的核验码。")},
    )
    passport = forms.CharField(
        label=_("护照号码"),
        max_length=30,
        required=False,
        widget=forms.TextInput(attrs=PLAIN),
        help_text=_("只比对是否在函件名单上，不显示、不保存。"),
    )

    helper = PortalHelper()

    def clean_code(self) -> str:
        try:
            return read_code(self.cleaned_data["code"])
        except BadCodeError as error:
            raise forms.ValidationError(str(error)) from error
