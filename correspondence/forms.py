"""What the pages of the register ask for."""

import re
import secrets
from datetime import timedelta
from typing import Any

from django import forms
from django.conf import settings
from django.db.models import Q, Sum
from django.template.defaultfilters import filesizeformat
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.forms import THIS_AGE
from accounts.models import User
from cases.documents import FilesInput
from cases.forms import PersonChoice
from cases.models import Case, Document, Term
from cases.standing import standings_of
from core import inspection
from core.forms import PortalHelper
from core.inspection import MEDIA_TYPES
from duties.models import DutyItem

from .models import Direction, Entry, EntryDocument, Incoming, IncomingFile
from .process import REGISTER, entry_numbered

LONG = forms.Textarea(attrs={"rows": 3})
DAY = forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")
SEPARATORS = re.compile(r"[\s,，、;；]+")
ENDINGS = ",".join(f".{ending}" for ending in [*MEDIA_TYPES, "jpg"])
AHEAD = timedelta(days=1)


def items_for(user: User) -> Any:
    """The items to which this person may register letters."""
    standings = [standing for standing in standings_of(user) if REGISTER in standing.permissions]
    if any("cases.view_all_cases" in standing.permissions for standing in standings):
        return DutyItem.objects.all()
    return DutyItem.objects.filter(pk__in={item for standing in standings for item in standing.items})


class PapersField(forms.FileField):
    """Files to be looked through by the view; any number."""

    widget = FilesInput(attrs={"multiple": True, "accept": ENDINGS})

    def clean(self, value: Any, initial: Any = None) -> list[Any]:
        return [file for file in (value if isinstance(value, list | tuple) else [value]) if file]


class ItemsField(forms.ModelMultipleChoiceField):
    def label_from_instance(self, obj: DutyItem) -> str:
        return obj.pk


class PaperChoice(forms.ModelMultipleChoiceField):
    def label_from_instance(self, obj: IncomingFile) -> str:
        return f"{obj.name}（{filesizeformat(obj.size)}）"


class DeclaredForm(forms.Form):
    """Files, with the statement that they are not classified; `incoming` holds those that were handed in already."""

    kept = PaperChoice(label=_("已上传的文件"), queryset=IncomingFile.objects.none(), required=False, widget=forms.CheckboxSelectMultiple)
    papers = PapersField(label=_("文件"), required=False, help_text=inspection.ALLOWED)
    declared = forms.BooleanField(
        label=_("我确认登记的内容和文件不涉密（非涉密）"),
        help_text=_("本系统不得存放带有秘密、机密、绝密标志或内容涉密的文件。"),
        error_messages={"required": _("请确认内容和文件不涉密；涉密的不得登记和上传。")},
    )

    def show_kept(self, incoming: Incoming | None) -> None:
        """Offer the files that were handed in; all are ticked but the pictures within a mail."""
        field = self.fields["kept"]
        assert isinstance(field, PaperChoice)
        field.queryset = IncomingFile.objects.filter(incoming=incoming, refusal="") if incoming else IncomingFile.objects.none()
        found = list(field.queryset)
        field.initial = [file.pk for file in found if not file.is_inline]
        if not found:
            del self.fields["kept"]

    def check_quota(self, by: User, entry: Entry | None = None) -> None:
        """Say beside the files where they are too much for the entry or the person."""
        size = sum(file.size for file in self.cleaned_data.get("kept", ()))
        of_entry = sum(document.size for document in entry.documents.all()) if entry else 0
        if of_entry + size > settings.CASE_QUOTA:
            left = filesizeformat(max(0, settings.CASE_QUOTA - of_entry))
            self.add_error("papers", _("一件函电的文件总量不超过 %(most)s，还剩 %(left)s。") % {"most": filesizeformat(settings.CASE_QUOTA), "left": left})
        sums = [model._default_manager.filter(added_by=by).aggregate(total=Sum("size"))["total"] or 0 for model in (Document, EntryDocument)]
        if size and sum(sums) + size > settings.PERSON_QUOTA:
            left = filesizeformat(max(0, settings.PERSON_QUOTA - sum(sums)))
            words = {"most": filesizeformat(settings.PERSON_QUOTA), "left": left}
            self.add_error("papers", _("每人上传的文件总量不超过 %(most)s，还剩 %(left)s。请联系系统管理员。") % words)


class PapersForm(DeclaredForm):
    """More documents for an entry."""

    field_order = ["kept", "papers", "declared"]

    def __init__(self, *args: Any, entry: Entry, by: User, incoming: Incoming | None = None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.entry, self.by = entry, by
        self.helper = PortalHelper()
        self.show_kept(incoming)

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        if not cleaned.get("kept"):
            self.add_error("papers", _("请选择文件；如果刚才选过，请重新选择。"))
        self.check_quota(self.by, self.entry)
        return cleaned


class EntryForm(forms.ModelForm):
    """What an entry says; the base of registering and correcting."""

    handler = PersonChoice(label=_("承办人"), queryset=User.objects.none(), empty_label=None)
    items = ItemsField(
        label=_("所属事项"), queryset=DutyItem.objects.none(), widget=forms.CheckboxSelectMultiple, help_text=_("承办这些事项的人员可以看到这件函电。")
    )
    replies_to = forms.CharField(label=_("答复或接续哪一件"), max_length=24, required=False, help_text=_("填登记号，例如 收〔2026〕12号。"))

    class Meta:
        model = Entry
        fields = (
            "counterpart",
            "counterpart_number",
            "own_number",
            "dated_on",
            "exchanged_on",
            "medium",
            "subject",
            "summary",
            "items",
            "handler",
            "sensitivity",
            "replies_to",
            "needs_reply",
            "reply_due_on",
        )
        widgets = {"dated_on": DAY, "exchanged_on": DAY, "reply_due_on": DAY, "summary": LONG, "sensitivity": forms.RadioSelect}

    def __init__(self, *args: Any, by: User, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.by = by
        self.helper = PortalHelper()
        self.fields["counterpart"].widget.attrs |= {"list": "counterparts", "autocomplete": "off"}
        for name in ("dated_on", "exchanged_on", "reply_due_on"):
            self.fields[name].validators = [*self.fields[name].validators, *THIS_AGE]
        items, medium, handler = (self.fields[name] for name in ("items", "medium", "handler"))
        assert isinstance(items, ItemsField)
        assert isinstance(medium, forms.ModelChoiceField)
        assert isinstance(handler, PersonChoice)
        self.kept_items = [item.pk for item in self.instance.items.all()] if self.instance.pk else []
        items.queryset = DutyItem.objects.filter(pk__in=[*items_for(by).values_list("pk", flat=True), *self.kept_items])
        in_use = Q(archived_at=None) | Q(pk=self.instance.medium_id)
        medium.queryset, medium.empty_label = Term.objects.filter(in_use, kind=Term.Kind.MEDIUM), _("请选择")
        people = Q(assignments__item__in=items.queryset, assignments__ended_at=None, is_active=True) | Q(pk__in=[by.pk, self.instance.handler_id])
        handler.queryset = User.objects.filter(people).distinct().order_by("name", "username")
        handler.initial = by.pk
        if items.queryset.count() == 1:
            items.initial = list(items.queryset)

    def clean_replies_to(self) -> Entry | None:
        number = self.cleaned_data["replies_to"].strip()
        if not number:
            return None
        other = entry_numbered(number, self.by)
        if other.pk == self.instance.pk:
            raise forms.ValidationError(_("函电不能答复自己。"))
        return other

    def clean_exchanged_on(self) -> Any:
        day = self.cleaned_data["exchanged_on"]
        if day and day > timezone.localdate():
            raise forms.ValidationError(_("收发日期不能晚于今天。"))
        return day

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        dated, exchanged = cleaned.get("dated_on"), cleaned.get("exchanged_on")
        if dated and exchanged and dated > exchanged + AHEAD:  # a day ahead: another time zone
            self.add_error("dated_on", _("成文日期不能晚于收发日期。"))
        due = cleaned.get("reply_due_on")
        if due:
            cleaned["needs_reply"] = True
        if due and exchanged and due < exchanged:
            self.add_error("reply_due_on", _("复函期限不能早于收发日期。"))
        return cleaned


class RegisterForm(DeclaredForm, EntryForm):
    """Registering something that came or went, with its cases and files; `letter` is what a mail says that was handed in."""

    direction = forms.ChoiceField(label=_("收发"), choices=Direction.choices, widget=forms.RadioSelect)
    cases = forms.CharField(
        label=_("关联办件"),
        max_length=300,
        required=False,
        help_text=_("填办件编号，几个之间用空格分开，例如 2.1-2026-0001。办件的往来函电要件随之记为收到。"),
    )
    form_key = forms.CharField(max_length=32, min_length=32, widget=forms.HiddenInput)

    field_order = ["direction", *EntryForm.Meta.fields[:8], "cases", *EntryForm.Meta.fields[8:], "kept", "papers", "declared", "form_key"]

    def __init__(self, *args: Any, by: User, incoming: Incoming | None = None, **kwargs: Any) -> None:
        super().__init__(*args, by=by, **kwargs)
        self.fields["form_key"].initial = secrets.token_hex(16)
        self.fields["exchanged_on"].initial = timezone.localdate()
        self.fields["direction"].initial = Direction.IN
        self.show_kept(incoming)

    def clean_cases(self) -> list[Case]:
        numbers = list(dict.fromkeys(part for part in SEPARATORS.split(self.cleaned_data["cases"]) if part))
        found = {case.number: case for case in Case.objects.visible_to(self.by, REGISTER).filter(number__in=numbers)}
        if missing := [number for number in numbers if number not in found]:
            raise forms.ValidationError(_("没有找到这些办件，请核对编号：%(numbers)s") % {"numbers": "、".join(missing)})
        return [found[number] for number in numbers]

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        self.check_quota(self.by)
        return cleaned


class CorrectForm(EntryForm):
    """Putting right what was registered."""

    reason = forms.CharField(label=_("更正理由"), max_length=500, widget=LONG)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        answered = self.instance.replies_to
        self.initial["replies_to"] = answered.number if answered else ""


class MailForm(forms.Form):
    """A mail, saved as a file."""

    mail = forms.FileField(
        label=_("邮件文件（.eml）"),
        widget=forms.FileInput(attrs={"accept": ".eml"}),
        help_text=_("在邮件软件里把邮件另存为 .eml 文件。邮件和附件先检查，登记内容自动填好，核对后再登记。"),
        error_messages={"required": _("请选择邮件文件；如果刚才选过，请重新选择。"), "empty": _("文件是空的，请检查后重新选择。")},
    )
    declared = forms.BooleanField(
        label=_("我确认这封邮件和附件不涉密（非涉密）"),
        help_text=_("本系统不得存放带有秘密、机密、绝密标志或内容涉密的文件。"),
        error_messages={"required": _("请确认邮件不涉密；涉密的不得上传。")},
    )

    helper = PortalHelper()


class ReasonForm(forms.Form):
    reason = forms.CharField(label=_("理由"), max_length=500, widget=LONG)

    helper = PortalHelper()


class CaseNumberForm(forms.Form):
    """The case to which an entry is linked."""

    number = forms.CharField(label=_("办件编号"), max_length=24, help_text=_("例如 2.1-2026-0001。办件的往来函电要件随之记为收到。"))

    helper = PortalHelper()

    def __init__(self, *args: Any, entry: Entry, by: User, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.entry, self.by = entry, by

    def clean_number(self) -> Case:
        case = Case.objects.visible_to(self.by, REGISTER).filter(number=self.cleaned_data["number"].strip()).first()
        if case is None:
            raise forms.ValidationError(_("没有找到这个编号的办件，请核对编号。"))
        if self.entry.links.filter(case=case, removed_at=None).exists():
            raise forms.ValidationError(_("这件函电已经关联这个办件。"))
        return case
