"""The forms of an import: the file, what its columns are, and a row that is corrected."""

from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from cases.models import Term
from core.forms import PortalHelper, unmark

from .card_rows import table_of
from .import_columns import BY_NAME, COLUMNS, NAMES
from .models import Country, ImportBatch, ImportRow
from .vcards import CardsRefusedError, read, text_of

SHOWN = 60  # characters of a sample
CARDS = (".vcf", ".vcard")


class UploadForm(forms.Form):
    """A workbook, a CSV file or a file of cards."""

    table = forms.FileField(
        label=gettext_lazy("联系人表格或名片文件"),
        widget=forms.FileInput(attrs={"accept": ".xlsx,.csv,.vcf,.vcard"}),
        help_text=gettext_lazy("Excel（xlsx）或 CSV，第一行是标题，一行一人，最多 200000 行；或名片文件（vCard），最多 500 张。先检查，核对后才导入。"),
        error_messages={"required": gettext_lazy("请选择文件；如果刚才选过，请重新选择。"), "empty": gettext_lazy("文件是空的，请检查后重新选择。")},
    )
    declared = forms.BooleanField(
        label=gettext_lazy("我确认文件不涉密（非涉密）"),
        help_text=gettext_lazy("本系统不得存放带有秘密、机密、绝密标志或内容涉密的文件。"),
        error_messages={"required": gettext_lazy("请确认文件不涉密；涉密的不得上传。")},
    )

    helper = PortalHelper()

    def clean_table(self) -> Any:
        """The file; of cards, the table that they make."""
        file = self.cleaned_data["table"]
        if not file.is_lost and file.name.lower().endswith(CARDS):
            try:
                cards = read(text_of(file.path))
            except CardsRefusedError as refusal:
                raise ValidationError(str(refusal)) from refusal
            file.put(f"{file.name}.csv", table_of(cards))
        return file


class MappingForm(forms.Form):
    """What each column of the file is; for organisations that are new, where they are and of which type."""

    def __init__(self, data: Any, batch: ImportBatch) -> None:
        super().__init__(data)
        self.batch = batch
        choices = [("", _("不导入")), *((column.name, str(column.label)) for column in COLUMNS)]
        for place, heading in enumerate(batch.headings):
            samples = "、".join(row[place][:SHOWN] for row in batch.sample if place < len(row) and row[place])
            self.fields[f"column_{place}"] = forms.ChoiceField(
                label=heading or _("第 %(place)d 列") % {"place": place + 1},
                choices=choices,
                required=False,
                initial=batch.mapping.get(str(place), ""),
                help_text=_("例如：%s") % samples if samples else "",
            )
        self.fields["kind"] = forms.ModelChoiceField(
            Term.objects.filter(kind=Term.Kind.ORGANISATION_TYPE, archived_at=None),
            label=_("新机构的类型"),
            required=False,
            initial=batch.kind_id,
            empty_label=_("请选择"),
            help_text=_("表里有机构的，必须选择。"),
        )
        self.fields["country"] = forms.ModelChoiceField(
            Country.objects.filter(archived_at=None),
            label=_("新机构的国家（地区）"),
            required=False,
            initial=batch.country_id,
            empty_label=_("未注明"),
            help_text=_("表里没有写明所在国家（地区）的新机构用这一个。"),
        )
        unmark(*self.fields.values())
        self.helper = PortalHelper()

    @property
    def mapping(self) -> dict[str, str]:
        """The names of the columns by their places."""
        return {str(place): name for place in range(len(self.batch.headings)) if (name := self.cleaned_data.get(f"column_{place}"))}

    def clean(self) -> None:
        first: dict[str, str] = {}
        for place, name in self.mapping.items():
            if name in first:
                self.add_error(f"column_{place}", _("“%(label)s”已经对应给另一列。") % {"label": BY_NAME[name].label})
            first.setdefault(name, place)
        if not self.errors and not set(first) & {*NAMES, "organisation", "organisation_en"}:
            raise ValidationError(_("请至少指出哪一列是姓名，或者是机构。"))
        if set(first) & {"organisation", "organisation_en"} and not self.cleaned_data.get("kind"):
            self.add_error("kind", _("表里有机构，请选择新机构的类型。"))


class RowForm(forms.Form):
    """The texts of one row, each with what is wrong with it."""

    def __init__(self, data: Any, row: ImportRow) -> None:
        super().__init__(data if data is not None else row.cells)
        wanted = {*row.batch.mapping.values(), *row.problems}
        for column in COLUMNS:
            if column.name in wanted:
                self.fields[column.name] = forms.CharField(label=str(column.label), max_length=5000, required=False)
        unmark(*self.fields.values())
        self.helper = PortalHelper()

    def tell(self, problems: dict[str, str]) -> None:
        """Say beside each cell what is wrong with it."""
        self.full_clean()
        for name, sentence in problems.items():
            self.add_error(name if name in self.fields else None, sentence)
