"""The forms of coordination matters, each an action on the case, and of the yearly plans."""

from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from accounts.forms import THIS_AGE
from accounts.models import User
from cases.forms import DAY, LONG, ActionForm, CompleteForm
from cases.kinds import Turn
from cases.models import Case
from core.forms import PortalHelper, unmark
from core.text_fields import guard, not_in_the_future

from .book_forms import BodyField
from .models import CoordinationMatter, Country, Organisation, Person, PlanLine
from .models.coordination import FACTS

BODY_HELP = _("输入名称的一部分会有提示；没有的先在“联系人和机构”中登记。曾用名也能找到。")


class MatterDays(forms.Form):
    """When the paper was written, and by when it wants an answer."""

    def clean_dated_on(self) -> Any:
        return not_in_the_future(self.cleaned_data["dated_on"])

    def clean_due_on(self) -> Any:
        dated, due = self.cleaned_data.get("dated_on"), self.cleaned_data["due_on"]
        if dated and due and due < dated:
            raise ValidationError(_("要求办结的日期不能早于来文日期。"))
        return due


class OpeningForm(MatterDays, forms.ModelForm):
    """What opening a case asks for: from whom the matter comes, and what is asked."""

    class Meta:
        model = CoordinationMatter
        fields = ("direction", "document_number", "dated_on", "help_requested", "due_on")
        widgets = {"dated_on": DAY, "due_on": DAY, "help_requested": LONG}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        guard(self.fields.items())
        self.helper = PortalHelper()


class MatterForm(MatterDays, ActionForm):
    """The facts of a matter. What is still unknown may stay empty until the step is completed."""

    counterpart = BodyField(label=_("对接单位"), required=False, help_text=BODY_HELP)
    contact = forms.CharField(label=_("对方联系人"), max_length=100, required=False, help_text=_("写姓名；须是对接单位在任的联系人。"))

    def fit(self, turn: Turn) -> None:
        matter = turn.detail
        assert isinstance(matter, CoordinationMatter)
        own: dict[str, Any] = forms.fields_for_model(CoordinationMatter, [name for name in FACTS if name not in {"counterpart", "contact"}])
        guard(own.items())
        for name in ("dated_on", "due_on"):
            own[name].widget = DAY
            own[name].validators += THIS_AGE
        own["help_requested"].widget = LONG
        for name, field in own.items():
            field.required = False
            field.initial = getattr(matter, name)
        body = self.fields["counterpart"]
        assert isinstance(body, BodyField)
        body.user, body.initial = turn.by, matter.counterpart
        self.fields["contact"].initial = str(matter.contact or "")
        self.fields.update(own)
        unmark(*self.fields.values())  # wanted by the end of the step
        self.order_fields(FACTS)

    def clean_direction(self) -> str:
        return str(self.cleaned_data["direction"] or CoordinationMatter.Direction.INCOMING)

    def clean_contact(self) -> Person | None:
        name, body = self.cleaned_data["contact"].strip(), self.cleaned_data.get("counterpart")
        if not name:
            return None
        if not isinstance(body, Organisation):
            raise ValidationError(_("请先填写对接单位。"))
        people = Person.objects.current().filter(positions__organisation=body, positions__until_on=None).distinct()
        found = next((person for person in people if name in {str(person), person.name, person.latin_name}), None)
        if found is None:
            known = "、".join(str(person) for person in people[:5])
            raise ValidationError(gettext("对接单位没有这个在任的联系人。已登记的有：%(names)s。") % {"names": known or gettext("无")})
        return found


class ProposalForm(ActionForm):
    proposal = forms.CharField(label=_("拟办意见"), max_length=2000, widget=LONG, help_text=_("写明建议怎样办、由谁办、何时办结。"))

    def fit(self, turn: Turn) -> None:
        assert isinstance(turn.detail, CoordinationMatter)
        self.fields["proposal"].initial = turn.detail.proposal


class InstructionForm(ActionForm):
    """What a leader wrote on the paper, as it is entered by the handler."""

    instruction = forms.CharField(label=_("批示"), max_length=2000, widget=LONG, help_text=_("照原文录入。"))
    instructed_by = forms.CharField(label=_("批示人和职务"), max_length=100)
    instructed_on = forms.DateField(label=_("批示日期"), widget=DAY, validators=THIS_AGE, help_text=_("格式如 2026-11-23。"))

    def fit(self, turn: Turn) -> None:
        assert isinstance(turn.detail, CoordinationMatter)
        for name, field in self.fields.items():
            field.initial = getattr(turn.detail, name)

    def clean_instructed_on(self) -> Any:
        return not_in_the_future(self.cleaned_data["instructed_on"])


class ReplyForm(ActionForm):
    """How the matter ended, and how the counterpart was told."""

    result = forms.CharField(label=_("办理结果"), max_length=3000, widget=LONG)
    replied_on = forms.DateField(label=_("答复日期"), widget=DAY, validators=THIS_AGE, required=False, help_text=_("格式如 2026-11-23；不须答复的可以不填。"))
    reply_number = forms.CharField(label=_("复函文号或方式"), max_length=100, required=False, help_text=_("例如：津贸促函〔2026〕8号，或“电话答复”。"))

    def fit(self, turn: Turn) -> None:
        assert isinstance(turn.detail, CoordinationMatter)
        for name, field in self.fields.items():
            field.initial = getattr(turn.detail, name)

    def clean_replied_on(self) -> Any:
        return not_in_the_future(self.cleaned_data["replied_on"])

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        if "replied_on" in cleaned and "reply_number" in cleaned and bool(cleaned["replied_on"]) != bool(cleaned["reply_number"]):
            name = "replied_on" if cleaned["reply_number"] else "reply_number"
            self.add_error(name, _("答复日期和方式须一并填写。"))
        return cleaned


class FinishForm(CompleteForm):
    """Completing the matter."""


class PlanForm(forms.ModelForm):
    """One line of a yearly plan."""

    case = forms.CharField(label=_("办件编号"), max_length=24, required=False, help_text=_("已立项的填写，例如 2.1-2026-0001。"))

    class Meta:
        model = PlanLine
        fields = ("kind", "year", "name", "country", "period", "leader", "size", "purpose", "funding")
        widgets = {"purpose": LONG}

    def __init__(self, data: Any, *, user: User, instance: PlanLine) -> None:
        super().__init__(data, instance=instance, initial={"case": instance.case.number if instance.case else ""})
        self.user = user
        guard(self.fields.items())
        countries = Country.objects.filter(archived_at=None)
        self.fields["country"].queryset = countries  # type: ignore[attr-defined]
        self.helper = PortalHelper()

    def clean_year(self) -> int:
        year: int = self.cleaned_data["year"]
        if not 2000 <= year <= 2999:
            raise ValidationError(_("请填写四位数的年度。"))
        return year

    def clean_case(self) -> Case | None:
        number = self.cleaned_data["case"].strip()
        if not number:
            return None
        found: Case | None = Case.objects.visible_to(self.user).filter(number=number).first()
        if found is None:
            raise ValidationError(_("没有找到这个编号的办件，请核对编号。"))
        return found


class StrikeForm(forms.Form):
    reason = forms.CharField(label=_("取消理由"), max_length=300, widget=LONG)

    helper = PortalHelper()
