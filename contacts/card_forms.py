"""The form to which vCards are handed."""

from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from core.forms import PortalHelper

from .vcards import CardsRefusedError, read, text_of, without_pictures

PASTED = 1_000_000  # characters


class CardsForm(forms.Form):
    """A file of cards, or their text."""

    file = forms.FileField(
        label=gettext_lazy("名片文件（.vcf）"),
        required=False,
        widget=forms.FileInput(attrs={"accept": ".vcf,.vcard,text/vcard"}),
        help_text=gettext_lazy("手机、邮件软件导出的 vCard 2.1、3.0、4.0 都可以，一个文件里可以有多张名片。照片不读取、不保存。"),
    )
    text = forms.CharField(
        label=gettext_lazy("或粘贴名片内容"),
        required=False,
        strip=False,
        max_length=PASTED,
        widget=forms.Textarea(attrs={"rows": 4, "spellcheck": "false", "class": "mono"}),
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.helper = PortalHelper()

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        file, name = cleaned.get("file"), "file" if cleaned.get("file") else "text"
        if self.errors:
            return cleaned
        if not file and not (cleaned.get("text") or "").strip():
            raise ValidationError(_("请选择文件，或粘贴名片内容。"))
        try:
            text = text_of(file.path) if file else without_pictures(cleaned["text"])
            self.cards = read(text)
        except CardsRefusedError as refusal:
            self.add_error(name, str(refusal))
            return cleaned
        return cleaned | {"text": text}
