"""What the acts ask for that carry a signed memorandum out: commitments and their evidence, the yearly look, its end, its renewal."""

from datetime import date
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.core.validators import MaxValueValidator, MinValueValidator
from django.utils import timezone
from django.utils.text import Truncator
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from accounts.forms import THIS_AGE
from cases.forms import LONG, ActionForm, PersonChoice, colleagues_of
from cases.kinds import Turn
from cases.models import Term
from core.text_fields import DAY, DAY_HELP

from .commitments import due_days, months_later
from .memorandum_forms import FactsForm, case_numbered, memorandum_of
from .memorandum_queries import interactions_with
from .models import Commitment, Fulfilment, YearlyReview


class CommitmentForm(FactsForm):
    model = Commitment
    names = ("clause", "item", "owner", "frequency", "first_due_on")

    def suit(self, turn: Turn) -> None:
        owner = PersonChoice(label=_("负责人"), queryset=colleagues_of(turn.case), empty_label=_("请选择"))
        owner.initial = self.fields["owner"].initial or turn.case.handler_id
        self.fields["owner"] = owner
        self.order_fields(list(self.names))

    def clean_first_due_on(self) -> date | None:
        day: date | None = self.cleaned_data["first_due_on"]
        since = memorandum_of(self.turn).effective_on
        if day and since and day < since:
            raise ValidationError(gettext("首次期限不能早于备忘录生效的日期（%(day)s）。") % {"day": since.isoformat()})
        return day


class InteractionChoice(forms.ModelChoiceField):
    """One interaction, told by its day, what it was and how it began to be summed up."""

    def label_from_instance(self, obj: Any) -> str:
        return f"{obj.day} {obj} {Truncator(' '.join(obj.summary.split())).chars(30)}"


class FulfilmentForm(FactsForm):
    model = Fulfilment
    names = ("done_on", "interaction", "document", "note")

    due_on = forms.ChoiceField(label=_("对应期限"), required=False)
    number = forms.CharField(label=_("凭证办件"), max_length=24, required=False, help_text=_("能证明已履行的办件的编号，例如 2.1-2026-0001。"))

    def suit(self, turn: Turn) -> None:
        commitment = self.commitment
        done = {one.due_on for one in commitment.fulfilments.filter(removed_at=None)}
        until = months_later(timezone.localdate(turn.at), 12)
        days = [day for day in due_days(commitment, until) if day not in done]
        if days:
            self.fields["due_on"].choices = [(day.isoformat(), day.isoformat()) for day in days]  # type: ignore[attr-defined]
            self.fields["due_on"].required = True
        else:
            del self.fields["due_on"]
        papers = [document.pk for document in turn.case.papers]
        self.fields["document"].queryset = turn.case.documents.filter(pk__in=papers)  # type: ignore[attr-defined]
        self.fields["document"].empty_label = _("不用文件")  # type: ignore[attr-defined]
        self.fields["document"].help_text = _("可以是本办件中的文件；请先上传。")
        offered = interactions_with(commitment.memorandum, turn.by)
        help_text = _("签署以后与各签署方登记过的往来，最近的在前。")
        self.fields["interaction"] = InteractionChoice(label=_("凭证往来"), queryset=offered, required=False, empty_label=_("不用往来"), help_text=help_text)
        self.order_fields(["due_on", "done_on", "number", "interaction", "document", "note"])

    @property
    def commitment(self) -> Commitment:
        assert isinstance(self.turn.target, Commitment)
        return self.turn.target

    def subject(self, turn: Turn) -> None:
        return None

    def clean_due_on(self) -> date | None:
        return date.fromisoformat(self.cleaned_data["due_on"])

    def clean_number(self) -> str:
        number: str = self.cleaned_data["number"].strip()
        self.cleaned_data["case"] = case_numbered(number, self.turn) if number else None
        return number

    def clean_done_on(self) -> date:
        day: date = self.cleaned_data["done_on"]
        signed = memorandum_of(self.turn).signed_on
        if day > timezone.localdate():
            raise ValidationError(_("完成日期不能在今天以后。"))
        if signed and day < signed:
            raise ValidationError(_("完成日期不能早于签署日期。"))
        return day

    def base(self) -> dict[str, Any]:
        facts = {name: self.cleaned_data.get(name) for name in ("due_on", "case")}
        return {"commitment": self.commitment, "made_by": self.turn.by} | facts


class YearlyReviewForm(FactsForm):
    model = YearlyReview
    names = ("year", "reviewed_on", "summary")

    def suit(self, turn: Turn) -> None:
        today, signed = timezone.localdate(turn.at), memorandum_of(turn).signed_on
        assert signed is not None
        self.fields["year"].validators += [MinValueValidator(signed.year), MaxValueValidator(today.year)]
        self.fields["year"].initial, self.fields["reviewed_on"].initial = today.year, today
        self.fields["summary"].widget.attrs["rows"] = 5


class TerminationForm(ActionForm):
    """An end before its time, or the notice that it will not go on."""

    notified_on = forms.DateField(label=_("书面通知日期"), widget=DAY, help_text=DAY_HELP, validators=THIS_AGE)
    ended_on = forms.DateField(label=_("失效日期"), widget=DAY, help_text=_("从这一天起不再有效。"), validators=THIS_AGE)
    end_number = forms.CharField(label=_("通知文号"), max_length=80, required=False)
    end_reason = forms.CharField(label=_("终止理由"), max_length=500, widget=LONG)
    agreed = forms.BooleanField(label=_("对方同意缩短通知期"), required=False)

    def fit(self, turn: Turn) -> None:
        if not memorandum_of(turn).notice_days:
            del self.fields["agreed"]

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        notified, ended, memorandum = cleaned.get("notified_on"), cleaned.get("ended_on"), memorandum_of(self.turn)
        if not (notified and ended):
            return cleaned
        if ended < notified:
            self.add_error("ended_on", _("失效日期不能早于通知日期。"))
        elif memorandum.effective_on and ended <= memorandum.effective_on:
            self.add_error("ended_on", _("失效日期应在生效日期以后。"))
        elif memorandum.notice_days and (ended - notified).days < memorandum.notice_days and not cleaned.get("agreed"):
            words = {"days": memorandum.notice_days, "left": (ended - notified).days}
            self.add_error("ended_on", _("约定须提前 %(days)d 天通知，这里只有 %(left)d 天。对方同意缩短的，请勾选“对方同意缩短通知期”。") % words)
        return cleaned


class RenewalForm(ActionForm):
    """A new case for the memorandum that comes after this one."""

    title = forms.CharField(label=_("新办件名称"), max_length=200)
    relation = forms.ModelChoiceField(label=_("与本办件的关系"), queryset=Term.objects.filter(kind=Term.Kind.RELATION, archived_at=None), empty_label=None)

    def fit(self, turn: Turn) -> None:
        self.fields["title"].initial = _("续签：%(title)s") % {"title": turn.case.title}
