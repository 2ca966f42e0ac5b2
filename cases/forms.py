"""What the actions on a case ask for. Every form of an action is given the turn, so that it can offer what fits the case."""

from collections.abc import Iterable
from typing import Any

from django import forms
from django.db.models import Exists, OuterRef, Q
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from core.forms import PortalHelper
from core.text_fields import guard
from duties.models import Sheet

from .kinds import Turn
from .models import Assignment, Case, CaseMaterial, CaseStep, CaseTask, Term
from .progress import closes, current_steps, missing_materials, return_targets

LONG = forms.Textarea(attrs={"rows": 3})
DAY = forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")


class ActionForm(forms.Form):
    """Base: keeps the turn, refuses what cannot be printed, and drops the fields that do not fit the case."""

    from_link: tuple[str, ...] = ()  # fields that a link to the form may fill in
    keeps_drafts = True  # False where what is typed is nothing to store before it is sent

    def __init__(self, *args: Any, turn: Turn, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.turn = turn
        self.helper = PortalHelper()
        guard(self.fields.items())
        self.fit(turn)

    def fit(self, turn: Turn) -> None:
        """Change the fields to what fits this turn."""


class ReasonForm(ActionForm):
    reason = forms.CharField(label=_("理由"), max_length=500, widget=LONG)


class RemarkForm(ActionForm):
    remark = forms.CharField(label=_("说明"), max_length=500, required=False, widget=LONG)


def outcome_field() -> forms.ChoiceField:
    choices = [(value, label) for value, label in Case.Outcome.choices if value != Case.Outcome.WITHDRAWN]
    return forms.ChoiceField(label=_("办理结果"), choices=choices, initial=Case.Outcome.COMPLETED, widget=forms.RadioSelect)


class CompleteForm(RemarkForm):
    """Completing a step; the outcome is asked for where the case closes with it."""

    outcome = outcome_field()

    def fit(self, turn: Turn) -> None:
        if not (isinstance(turn.target, CaseStep) and closes(turn.case, turn.target)):
            del self.fields["outcome"]


class SkipForm(ReasonForm):
    """Leaving out a step that need not be done."""

    outcome = outcome_field()

    def fit(self, turn: Turn) -> None:
        if not (isinstance(turn.target, CaseStep) and closes(turn.case, turn.target, skipped=True)):
            del self.fields["outcome"]


class CloseForm(RemarkForm):
    outcome = outcome_field()


class StepChoice(forms.ModelChoiceField):
    def label_from_instance(self, obj: CaseStep) -> str:
        return _("第 %(number)d 步 %(text)s") % {"number": obj.number, "text": obj.step.text}


class ReturnForm(ReasonForm):
    to = StepChoice(label=_("退回到"), queryset=CaseStep.objects.none(), empty_label=None)

    field_order = ["to", "reason"]

    def fit(self, turn: Turn) -> None:
        assert isinstance(turn.target, CaseStep)
        targets = return_targets(turn.case, turn.target)
        field = self.fields["to"]
        assert isinstance(field, StepChoice)
        field.queryset = CaseStep.objects.filter(pk__in=[step.pk for step in targets]).select_related("step")
        field.initial = targets[-1] if targets else None


class HoldForm(ActionForm):
    """Stopping the clock. Every gap goes into one notice: what is missing is listed by the portal, the rest is typed, one a line."""

    reason = forms.CharField(label=_("暂停原因"), max_length=300, help_text=_("例如：材料不齐，待申请人补正。"))
    missing = forms.MultipleChoiceField(
        label=_("缺少的运行要件"),
        required=False,
        widget=forms.CheckboxSelectMultiple,
        help_text=_("列入告知书的要件。一次告知全部需要补正的内容。"),
    )
    others = forms.CharField(label=_("其他需要补正的内容"), required=False, max_length=2000, widget=LONG, help_text=_("每行一项。"))

    def fit(self, turn: Turn) -> None:
        names = [material.name for material in missing_materials(turn.case)]
        field = self.fields["missing"]
        assert isinstance(field, forms.MultipleChoiceField)
        field.choices = [(name, name) for name in names]
        field.initial = [material.name for step in current_steps(turn.case) for material in missing_materials(turn.case, step)]
        if not names:
            del self.fields["missing"]

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        lines = [line.strip() for line in cleaned.get("others", "").splitlines()]
        return cleaned | {"gaps": [*cleaned.get("missing", []), *[line for line in lines if line]]}


class PersonChoice(forms.ModelChoiceField):
    def label_from_instance(self, obj: User) -> str:
        return f"{obj.name}（{obj.username}）"


def handlers_of(case: Case) -> Any:
    """Who may carry this case: people in office with the right to handle the cases of its item."""
    return handlers_of_all([case.item_id])


def handlers_of_all(items: Iterable[str]) -> Any:
    """Who may carry cases of every one of these items."""
    found = User.objects.filter(is_active=True, groups__permissions__codename="handle_case", groups__permissions__content_type__app_label="cases")
    for item in items:
        found = found.filter(Exists(Assignment.objects.filter(user=OuterRef("pk"), item=item, ended_at=None)))
    return found.distinct()


class HandOverForm(ReasonForm):
    to = PersonChoice(label=_("交给"), queryset=User.objects.none(), empty_label=_("请选择"), help_text=_("只列出分工承办本事项的经办人。"))

    field_order = ["to", "reason"]

    def fit(self, turn: Turn) -> None:
        field = self.fields["to"]
        assert isinstance(field, PersonChoice)
        field.queryset = User.objects.filter(pk__in=handlers_of(turn.case)).exclude(pk=turn.case.handler_id)
        if not field.queryset.exists():
            field.empty_label = _("没有可交给的人")
            field.help_text = _("分工承办本事项的只有现在的承办人。请部门领导先在“人员分工”中安排。")


class ReassignForm(forms.Form):
    """To whom several cases go, and why; each is asked again by `HandOverForm` when it is reassigned."""

    to = PersonChoice(label=_("交给"), queryset=User.objects.none(), empty_label=_("请选择"), help_text=_("只列出分工承办所选全部事项的经办人。"))
    reason = forms.CharField(label=_("理由"), max_length=500, widget=LONG)

    def __init__(self, *args: Any, people: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.helper = PortalHelper()
        self.fields["to"].queryset = people.order_by("name", "username")  # type: ignore[attr-defined]


class RepinForm(ReasonForm):
    """Going over to the edition in force: each of its steps takes over the state of an old one, or begins anew."""

    def fit(self, turn: Turn) -> None:
        sheet = Sheet.objects.prefetch_related("steps").get(item=turn.case.item_id, status=Sheet.Status.PUBLISHED)
        old = turn.case.own_steps
        choices = [("", _("新步骤，从头办理"))] + [(str(step.number), f"{step.number}.{step.step.text}（{step.get_status_display()}）") for step in old]
        for new in sheet.steps.all():
            same = next((step.number for step in old if step.step.text == new.text), "")
            self.fields[f"step_{new.number}"] = forms.ChoiceField(
                label=_("新版第 %(number)d 步 %(text)s 承接原来的") % {"number": new.number, "text": new.text},
                choices=choices,
                required=False,
                initial=str(same),
            )
        self.sheet = sheet

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        carry = {int(name.removeprefix("step_")): int(value) for name, value in cleaned.items() if name.startswith("step_") and value}
        if len(set(carry.values())) != len(carry):
            self.add_error(None, _("原来的一个步骤只能由新版的一个步骤承接，请检查对应关系。"))
        finals = {step.number for step in self.turn.case.own_steps if step.is_final} - set(carry.values())
        if finals:
            words = {"steps": "、".join(str(number) for number in sorted(finals))}
            self.add_error(None, _("原来的第 %(steps)s 步已经生效、不能重办，必须由新版的步骤承接。") % words)
        return cleaned | {"carry": carry, "sheet": self.sheet}


class EditForm(ActionForm):
    """The few facts of a case that stay editable."""

    title = forms.CharField(label=_("名称"), max_length=200)
    sensitivity = forms.ChoiceField(
        label=_("敏感程度"), choices=Case.Sensitivity.choices, widget=forms.RadioSelect, help_text=_("本系统不得录入任何涉密内容。")
    )

    def fit(self, turn: Turn) -> None:
        self.fields["title"].initial, self.fields["sensitivity"].initial = turn.case.title, turn.case.sensitivity


class MaterialForm(ActionForm):
    """What is known of a paper that was received."""

    number = forms.CharField(label=_("文号"), max_length=80, required=False)
    dated_on = forms.DateField(label=_("日期"), required=False, widget=DAY, help_text=_("格式如 2026-11-23。"))
    issuer = forms.CharField(label=_("出具单位"), max_length=200, required=False)

    def fit(self, turn: Turn) -> None:
        material = turn.target
        assert isinstance(material, CaseMaterial)
        for name in self.fields:
            self.fields[name].initial = getattr(material, name)


class NewMaterialForm(ActionForm):
    name = forms.CharField(label=_("要件名称"), max_length=300, help_text=_("运行要件以“等”结尾，可以按办件需要增列。"))
    now = forms.BooleanField(label=_("办结本步前必须收齐"), required=False)
    from_link = ("name",)

    def clean_name(self) -> str:
        name: str = self.cleaned_data["name"]
        if any(material.name == name and material.is_wanted for material in self.turn.case.materials.all()):
            raise forms.ValidationError(_("本办件已有同名要件。"))
        return name


def colleagues_of(case: Case) -> Any:
    """Who may be given a task of this case: people in office to whom its item is assigned, and its handler."""
    assigned = Q(assignments__item=case.item_id, assignments__ended_at=None)
    return User.objects.filter(is_active=True, pk__in=User.objects.filter(assigned | Q(pk=case.handler_id)).values("pk"))


class TaskForm(ActionForm):
    title = forms.CharField(label=_("任务"), max_length=200)
    assignee = PersonChoice(label=_("由谁办理"), queryset=User.objects.none(), required=False, empty_label=_("承办人"))
    due_on = forms.DateField(label=_("期限"), required=False, widget=DAY, help_text=_("格式如 2026-11-23。"))
    is_required = forms.BooleanField(label=_("必须完成，才能办结本步"), required=False, initial=True)

    def fit(self, turn: Turn) -> None:
        field = self.fields["assignee"]
        assert isinstance(field, PersonChoice)
        field.queryset = colleagues_of(turn.case)
        if isinstance(turn.target, CaseTask):
            for name in self.fields:
                self.fields[name].initial = getattr(turn.target, name)
            if turn.target.is_ruled:  # what the rule says of it stays
                for name in ("title", "is_required", *(["due_on"] if turn.target.due_days is not None else [])):
                    del self.fields[name]


class NoteForm(ActionForm):
    text = forms.CharField(label=_("备注"), max_length=2000, widget=LONG, help_text=_("不得写入涉密内容。"))


class LinkForm(ActionForm):
    number = forms.CharField(label=_("办件编号"), max_length=24, help_text=_("例如 4.1-2026-0001。"))
    relation = forms.ModelChoiceField(label=_("关系"), queryset=Term.objects.filter(kind=Term.Kind.RELATION, archived_at=None), empty_label=None)

    field_order = ["number", "relation"]

    def clean_number(self) -> str:
        number: str = self.cleaned_data["number"].strip()
        other = Case.objects.visible_to(self.turn.by).filter(number=number).first()
        if other is None:
            raise forms.ValidationError(_("没有找到这个编号的办件，请核对编号。"))
        if other.pk == self.turn.case.pk:
            raise forms.ValidationError(_("办件不能与自己关联。"))
        if self.turn.case.links.filter(other=other, removed_at=None).exists() or other.links.filter(other=self.turn.case, removed_at=None).exists():
            raise forms.ValidationError(_("这两个办件已经关联。"))
        self.cleaned_data["other"] = other
        return number


class DecisionForm(ActionForm):
    note = forms.CharField(label=_("意见"), max_length=1000, required=False, widget=LONG, help_text=_("退回时必填。"))


class SendBackForm(DecisionForm):
    note = forms.CharField(
        label=_("意见"), max_length=1000, widget=LONG, help_text=_("退回时必填。"), error_messages={"required": _("退回必须写明理由，便于承办人修改。")}
    )
