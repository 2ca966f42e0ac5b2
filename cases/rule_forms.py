"""Forms of operating rules, maintained lists, assignments and the working calendar."""

from collections.abc import Iterator, Mapping
from types import SimpleNamespace
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.core.validators import MaxValueValidator
from django.forms.boundfield import BoundField
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from core.forms import PortalHelper
from core.holiday_notice import MAX_LENGTH, UnreadableNoticeError, read_notice
from core.models import CalendarDay

from .kinds import stages_of
from .models import StepRule, TaskTemplate, Term
from .rule_queries import RuleLine

TICK_MANY = forms.CheckboxSelectMultiple(attrs={"class": "form-check-input"})
TICK_ONE = forms.RadioSelect(attrs={"class": "form-check-input"})
MAX_DAYS = 250  # about the working days of a year
MAX_TASKS = 40


class RuleFields(forms.ModelForm):
    """What step rules and task templates have in common: a source that must be told, and limits in working days."""

    helper = PortalHelper()

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["basis"].required = True
        self.fields["basis"].widget = forms.Textarea(attrs={"rows": 2})
        self.fields["due_days"].validators.append(MaxValueValidator(MAX_DAYS))
        self.fields["due_days"].widget.attrs |= {"inputmode": "numeric", "max": MAX_DAYS}


class StepRuleForm(RuleFields):
    stage = forms.ChoiceField(label=_("业务环节"), required=False, help_text=_("程序在这一步提供的专门操作。不选则按“办结本步”办理。"))
    seen = forms.CharField(widget=forms.HiddenInput)

    class Meta:
        model = StepRule
        fields = ["need", "materials", "due_days", "approval_levels", "stage", "basis"]
        widgets = {"need": TICK_ONE, "materials": TICK_MANY, "approval_levels": TICK_ONE}

    def __init__(self, *args: Any, line: RuleLine, **kwargs: Any) -> None:
        kwargs["initial"] = {"seen": _seen(line)} | kwargs.get("initial", {})
        super().__init__(*args, instance=line.rule, **kwargs)
        sheet = line.step.sheet
        self.item_code = sheet.item_id
        materials = self.fields["materials"]
        assert isinstance(materials, forms.ModelMultipleChoiceField)
        materials.queryset = sheet.materials.all()
        stages = {stage.slug: stage.label for stage in stages_of(sheet.item_id)}
        if line.rule and line.rule.stage and line.rule.stage not in stages:
            stages[line.rule.stage] = _("预留环节 %(stage)s（现在按“办结本步”办理）") % {"stage": line.rule.stage}
        stage = self.fields["stage"]
        assert isinstance(stage, forms.ChoiceField)
        stage.choices = [("", _("办结本步")), *stages.items()]

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        stage = next((stage for stage in stages_of(self.item_code) if stage.slug == cleaned.get("stage")), None)
        if stage and stage.levels and cleaned.get("approval_levels") != len(stage.levels):
            words = {"stage": stage.label, "levels": len(stage.levels)}
            self.add_error("approval_levels", _("“%(stage)s”环节的审签固定为 %(levels)d 级，请选 %(levels)d 级，或换一个业务环节。") % words)
        return cleaned


def _seen(line: RuleLine) -> str:
    from_rule = RuleLine(line.step, line.rule, [], "", False)
    return from_rule.seen


class TaskTemplateForm(RuleFields):
    pk = forms.IntegerField(required=False, widget=forms.HiddenInput)

    class Meta:
        model = TaskTemplate
        fields = ["title", "due_days", "is_required", "basis"]


class BaseTaskFormSet(forms.BaseFormSet):
    """The task templates of one step as rows; one that is empty is an error, not a row to be passed over."""

    def add_fields(self, form: forms.Form, index: int | None) -> None:
        super().add_fields(form, index)
        form.empty_permitted = False


TaskFormSet = forms.formset_factory(TaskTemplateForm, formset=BaseTaskFormSet, extra=0, max_num=MAX_TASKS, absolute_max=MAX_TASKS + 1, validate_max=True)


def typed_rows(formset: forms.BaseFormSet) -> list[dict[str, Any]]:
    """What the fields of a form set hold, as typed, whether right or wrong."""
    return [{name: form[name].value() for name in form.fields} for form in formset.forms]


class FormsAsOne:
    """A form set as the summary of errors reads a form; each label tells its row."""

    def __init__(self, formset: forms.BaseFormSet, refusal: str = "") -> None:
        self.formset = formset
        self.refusals = [refusal] if refusal else []

    @property
    def errors(self) -> bool:
        return bool(self.non_field_errors()) or any(form.errors for form in self.formset.forms if self.formset.is_bound)

    def non_field_errors(self) -> list[str]:
        return [*self.refusals, *([str(error) for error in self.formset.non_form_errors()] if self.formset.is_bound else [])]

    def __iter__(self) -> Iterator[SimpleNamespace]:
        for number, form in enumerate(self.formset.forms, 1):
            for field in form:
                label = _("任务 %(number)d · %(label)s") % {"number": number, "label": field.label}
                yield SimpleNamespace(label=label, errors=field.errors, id_for_label=field.id_for_label, auto_id=field.auto_id)


class TermForm(forms.ModelForm):
    helper = PortalHelper()

    class Meta:
        model = Term
        fields = ["name", "name_en"]

    def validate_unique(self) -> None:
        """The list it belongs to is part of what must be unique, though the form does not ask for it."""
        super().validate_unique()
        same = Term.objects.filter(kind=self.instance.kind, name=self.instance.name, archived_at=None).exclude(pk=self.instance.pk)
        if self.instance.name and same.exists():
            self.add_error("name", _("这个字典里已有同名条目。"))


class ArchiveForm(forms.Form):
    reason = forms.CharField(label=_("停用理由"), max_length=200, help_text=_("例如：不再使用、与另一条重复。已经用到它的办件不受影响。"))
    helper = PortalHelper()


class AssignmentForm(forms.Form):
    """Who has which item now; `was` tells what the page showed, so that only what this person changed is stored."""

    def __init__(self, data: Mapping[str, Any] | None, people: list[User], items: list[str], held: set[tuple[int, str]]) -> None:
        super().__init__(data)
        self.people, self.items = people, items
        for person in people:
            was = " ".join(sorted(item for user, item in held if user == person.pk))
            chosen = [item for item in items if (person.pk, item) in held]
            codes = [(item, item) for item in items]
            self.fields[f"items-{person.pk}"] = forms.MultipleChoiceField(label=person.name, choices=codes, required=False, initial=chosen, widget=TICK_MANY)
            self.fields[f"was-{person.pk}"] = forms.CharField(required=False, widget=forms.HiddenInput, initial=was)

    def rows(self) -> list[tuple[User, list[Any], BoundField]]:
        """Each person with a box for each item, and what the page showed."""
        return [(person, list(self[f"items-{person.pk}"].subwidgets), self[f"was-{person.pk}"]) for person in self.people]

    def changes(self) -> dict[tuple[int, str], bool]:
        """What was ticked or unticked on this page."""
        found: dict[tuple[int, str], bool] = {}
        for person in self.people:
            now, was = set(self.cleaned_data[f"items-{person.pk}"]), set(self.cleaned_data[f"was-{person.pk}"].split())
            found |= {(person.pk, item): item in now for item in self.items if (item in now) != (item in was)}
        return found


class DayForm(forms.ModelForm):
    is_working = forms.TypedChoiceField(label=_("这一天"), choices=[("1", _("上班")), ("0", _("休息"))], coerce=lambda value: value == "1", widget=TICK_ONE)
    helper = PortalHelper()

    class Meta:
        model = CalendarDay
        fields = ["is_working", "name"]
        help_texts = {"name": _("节日或原因，例如：春节、临时放假。与平日不同的日子必须写明。")}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.initial["is_working"] = "1" if self.instance.is_working else "0"

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        if not cleaned.get("name") and cleaned.get("is_working") == self.instance.is_weekend:
            self.add_error("name", _("这一天与平日不同，请写明原因。"))
        return cleaned


class NoticeForm(forms.Form):
    text = forms.CharField(
        label=_("通知正文"),
        max_length=MAX_LENGTH,
        strip=False,  # an error names the line as typed
        widget=forms.Textarea(attrs={"rows": 14}),
        help_text=_("从国务院办公厅网站复制“关于某年部分节假日安排的通知”全文，连同标题一起粘贴。每个节日一行。"),
    )
    helper = PortalHelper()

    def clean_text(self) -> str:
        text: str = self.cleaned_data["text"]
        try:
            self.notice = read_notice(text)
        except UnreadableNoticeError as error:
            raise ValidationError(str(error)) from error
        return text
