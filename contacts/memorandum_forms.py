"""What the acts on a memorandum ask for until it is signed and filed."""

from copy import copy
from datetime import date
from typing import Any

from crispy_forms.layout import Fieldset, Layout
from django import forms
from django.core.exceptions import ValidationError
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.forms import THIS_AGE
from cases.documents import AttachForm, FilesField
from cases.forms import LONG, ActionForm, ReasonForm
from cases.kinds import Turn
from cases.models import Case, Term
from core.forms import PortalHelper
from core.inspection import ALLOWED
from core.text_fields import DAY, DAY_HELP, guard, not_in_the_future

from .book_forms import BodyField
from .commitments import months_later
from .memorandum_texts import texts_in_force
from .models import (
    Countersignature,
    Language,
    LegalReview,
    Memorandum,
    MemorandumParty,
    MemorandumSignatory,
    Organisation,
    Person,
    Position,
)

MOST_YEARS = 50
NUMBERS = {"term_years": MOST_YEARS, "renewal_years": MOST_YEARS, "notice_days": 730}


def memorandum_of(turn: Turn) -> Memorandum:
    assert isinstance(turn.detail, Memorandum)
    return turn.detail


def kinds_in_use(also: int | None = None) -> Any:
    """The kinds of memoranda of the maintained list."""
    return Term.objects.filter(models.Q(archived_at=None) | models.Q(pk=also), kind=Term.Kind.MEMORANDUM_KIND)


class OpeningForm(forms.ModelForm):
    """What opening a case asks for; the rest is filled in on the case."""

    class Meta:
        model = Memorandum
        fields = ("kind", "level", "is_earlier")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["kind"].queryset = kinds_in_use()  # type: ignore[attr-defined]
        self.helper = PortalHelper()


class FactsForm(ActionForm):
    """Fields of a model, with what they are now; checked by the constraints of the model."""

    model: type[models.Model]
    names: tuple[str, ...]

    def fit(self, turn: Turn) -> None:
        fields: dict[str, Any] = forms.fields_for_model(self.model, self.names)
        guard(fields.items())
        now = self.subject(turn)
        for name, field in fields.items():
            if isinstance(field, forms.DateField):
                field.validators += THIS_AGE
            if now:
                field.initial = getattr(now, f"{name}_id", None) if isinstance(field, forms.ModelChoiceField) else getattr(now, name)
        self.fields = fields | self.fields
        self.suit(turn)

    def subject(self, turn: Turn) -> models.Model | None:
        """What is changed; None where it is made."""
        return turn.target if isinstance(turn.target, self.model) else None

    def suit(self, turn: Turn) -> None:
        """Narrow the choices to what fits."""

    def row(self) -> models.Model:
        """A row with the values of the form, not saved: for the constraints."""
        now = self.subject(self.turn)
        row = copy(now) if now else self.model(**self.base())
        for name in self.names:
            if name in self.cleaned_data:
                setattr(row, name, self.cleaned_data[name])
        return row

    def base(self) -> dict[str, Any]:
        return {"memorandum": memorandum_of(self.turn), "made_by": self.turn.by}

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        if not self.errors:
            try:
                self.row().validate_constraints()
            except ValidationError as error:
                self.add_error(None, error.messages)  # type: ignore[arg-type]
        return cleaned


class MemorandumForm(FactsForm):
    """The facts of a memorandum that is not signed yet."""

    model = Memorandum
    names = (
        "kind",
        "title",
        "title_en",
        "title_other",
        "in_english",
        "other_language",
        "prevailing",
        "level",
        "renewal",
        "term_years",
        "renewal_years",
        "notice_days",
    )

    def subject(self, turn: Turn) -> models.Model:
        return memorandum_of(turn)

    def suit(self, turn: Turn) -> None:
        memorandum = memorandum_of(turn)
        self.fields["kind"].queryset = kinds_in_use(memorandum.kind_id)  # type: ignore[attr-defined]
        self.fields["title"].initial = memorandum.title or turn.case.title
        for name, most in NUMBERS.items():
            self.fields[name].validators += [MinValueValidator(1), MaxValueValidator(most)]
        for field in self.fields.values():
            field.required = False
        self.helper.wrapper_class = "mb-3"  # nothing here is optional in the end
        self.helper.layout = Layout(
            Fieldset(str(_("文件")), "kind", "level", "title", "title_en", "title_other"),
            Fieldset(str(_("文字")), "in_english", "other_language", "prevailing"),
            Fieldset(str(_("期限")), "renewal", "term_years", "renewal_years", "notice_days"),
        )

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean()
        renewal, term, again = (cleaned.get(name) for name in ("renewal", "term_years", "renewal_years"))
        if renewal == Memorandum.Renewal.OPEN and term:
            self.add_error("term_years", _("无固定期限的不填有效期。"))
        if renewal in {Memorandum.Renewal.AUTOMATIC, Memorandum.Renewal.WRITTEN} and not term and "term_years" not in self.errors:
            self.add_error("term_years", _("请填写有效期。"))
        if renewal == Memorandum.Renewal.AUTOMATIC and not again and "renewal_years" not in self.errors:
            self.add_error("renewal_years", _("自动顺延的，请填写每次顺延几年。"))
        if renewal != Memorandum.Renewal.AUTOMATIC and again:
            self.add_error("renewal_years", _("只在自动顺延时填写。"))
        if cleaned.get("prevailing") == Memorandum.Prevailing.ENGLISH and not cleaned.get("in_english"):
            self.add_error("prevailing", _("没有英文文本，不能以英文文本为准。"))
        if cleaned.get("prevailing") == Memorandum.Prevailing.OTHER and not cleaned.get("other_language"):
            self.add_error("prevailing", _("没有其他文字的文本，不能以它为准。"))
        return cleaned


# -- parties and signatories -------------------------------------------------------------------------------------------------------------------------------


class PartyForm(FactsForm):
    """An organisation of the book, by its name: the list is too long to choose from. Our own body is offered once it was a party before."""

    model = MemorandumParty
    names = ("role", "is_ours")

    organisation = BodyField(label=_("机构"), help_text=_("先在“联系人和机构”中登记，本单位也是。输入名称的一部分会有提示；重名的写成“名称 #编号”。"))
    field_order = ["organisation", "role", "is_ours"]

    def suit(self, turn: Turn) -> None:
        field: Any = self.fields["organisation"]
        field.user = turn.by
        if not any(party.is_ours for party in memorandum_of(turn).current_parties):
            before = MemorandumParty.objects.filter(is_ours=True, removed_at=None, organisation__archived_at=None).select_related("organisation").last()
            if before:
                field.initial, self.fields["role"].initial, self.fields["is_ours"].initial = before.organisation, before.role, True
        self.order_fields(self.field_order)

    def clean_organisation(self) -> Organisation:
        body: Organisation = self.cleaned_data["organisation"]
        if body.archived_at:
            raise ValidationError(_("这个机构已经归档，不能列为签署方。"))
        return body

    def base(self) -> dict[str, Any]:
        return super().base() | {"organisation": self.cleaned_data["organisation"]}


class ContactChoice(forms.ModelChoiceField):
    """One person of the book, told by name and post: several may have one name."""

    def label_from_instance(self, obj: Any) -> str:
        return f"{obj}（{'；'.join(map(str, obj.positions.all()))}）"


class SignatoryForm(FactsForm):
    """Who signs; of somebody who is in the book, name and post are taken from there where they are not typed."""

    model = MemorandumSignatory
    names = ("party", "person", "name", "post")

    def suit(self, turn: Turn) -> None:
        parties = memorandum_of(turn).current_parties
        self.fields["party"].queryset = MemorandumParty.objects.filter(pk__in=[party.pk for party in parties]).select_related("organisation")  # type: ignore[attr-defined]
        bodies = [party.organisation_id for party in parties]
        known = Person.objects.filter(archived_at=None, positions__organisation__in=bodies, positions__until_on=None).distinct()
        held = models.Prefetch("positions", Position.objects.filter(organisation__in=bodies, until_on=None).select_related("organisation"))
        now = self.fields["person"]
        self.fields["person"] = ContactChoice(
            label=now.label, queryset=known.prefetch_related(held), required=False, empty_label=_("不在联系人中"), help_text=now.help_text, initial=now.initial
        )
        for name in ("name", "post"):
            self.fields[name].required = False
            self.fields[name].help_text = _("选了联系人的，留空即按登记的填写。")

    def clean(self) -> dict[str, Any]:
        party, person = self.cleaned_data.get("party"), self.cleaned_data.get("person")
        if party and person:
            post = person.positions.filter(organisation=party.organisation_id, until_on=None).first()
            known = {"name": str(person), "post": post.title if post else ""}
            self.cleaned_data |= {name: self.cleaned_data.get(name) or value for name, value in known.items()}
        for name in ("name", "post"):
            if name not in self.errors and not self.cleaned_data.get(name):
                self.add_error(name, self.fields[name].error_messages["required"])
        return super().clean()


# -- texts -------------------------------------------------------------------------------------------------------------------------------------------------


class TextForm(AttachForm):
    """A version of the text in one language."""

    papers = FilesField(label=_("文件"), most=1, help_text=ALLOWED)
    language = forms.ChoiceField(label=_("文字"), choices=Language.choices)
    note = forms.CharField(label=_("修改说明"), max_length=500, required=False, widget=LONG, help_text=_("与前一版相比改了什么；有前一版的必填。"))

    field_order = ["language", "papers", "note", "declared"]

    def fit(self, turn: Turn) -> None:
        memorandum = memorandum_of(turn)
        wanted = {Language.CHINESE: True, Language.ENGLISH: memorandum.in_english, Language.OTHER: bool(memorandum.other_language)}
        self.fields["language"].choices = [(value, label) for value, label in Language.choices if wanted[Language(value)]]  # type: ignore[attr-defined]

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean()
        earlier = [text for text in memorandum_of(self.turn).all_texts if not text.is_scan and text.language == cleaned.get("language")]
        if earlier and not cleaned.get("note"):
            self.add_error("note", _("请写明与第 %(number)d 版相比改了什么。") % {"number": earlier[0].number})
        return cleaned


class ScanForm(AttachForm):
    """A scan of the signed original."""

    papers = FilesField(label=_("扫描件"), most=1, help_text=_("签署后的正本扫描件，PDF 或图片。"))
    language = forms.ChoiceField(label=_("文字"), choices=Language.choices)

    field_order = ["language", "papers", "declared"]


class ReviewForm(FactsForm):
    model = LegalReview
    names = ("reviewer", "reviewed_on", "opinion", "adoption", "reason")

    def suit(self, turn: Turn) -> None:
        self.fields["opinion"].widget.attrs["rows"] = 4

    def clean_reviewed_on(self) -> date | None:
        return not_in_the_future(self.cleaned_data["reviewed_on"])


class CountersignatureForm(FactsForm):
    model = Countersignature
    names = ("body", "sent_on", "answered_on", "number", "opinion")


# -- signing -----------------------------------------------------------------------------------------------------------------------------------------------


class SigningForm(ActionForm):
    """That the approved text was signed: when, where, on which occasion. What was signed may be handed in to be compared with what was approved."""

    signed_on = forms.DateField(label=_("签署日期"), widget=DAY, help_text=DAY_HELP, validators=THIS_AGE)
    signed_place = forms.CharField(label=_("签署地点"), max_length=200, required=False)
    occasion = forms.CharField(
        label=_("签署场合"), max_length=24, required=False, help_text=_("在某次来访、出访或活动中签署的，填写该办件的编号，例如 2.1-2026-0001。")
    )
    effective_on = forms.DateField(label=_("生效日期"), widget=DAY, required=False, help_text=_("留空为签署日期。"), validators=THIS_AGE)
    expires_on = forms.DateField(
        label=_("届满日期"), widget=DAY, required=False, help_text=_("留空按有效期推算；文本另有约定的，填写最后一个有效日。"), validators=THIS_AGE
    )
    papers = FilesField(
        label=_("实际签署的电子文本"), required=False, most=3, help_text=_("选填。系统按 SHA-256 与批准的版本核对，不另保存；不一致的不能登记签署。")
    )
    keeps_drafts = False

    def fit(self, turn: Turn) -> None:
        if memorandum_of(turn).renewal == Memorandum.Renewal.OPEN:
            del self.fields["expires_on"]

    def clean_signed_on(self) -> date:
        day: date = self.cleaned_data["signed_on"]
        memorandum, opened = memorandum_of(self.turn), timezone.localdate(self.turn.case.opened_at)
        approved_at = memorandum.approved_at
        assert approved_at is not None
        if day > timezone.localdate():
            raise ValidationError(_("签署日期不能在今天以后。"))
        if memorandum.is_earlier and day > opened:
            raise ValidationError(_("这是补录的备忘录，签署日期不能晚于开办日期（%(day)s）。") % {"day": opened})
        if not memorandum.is_earlier and day < timezone.localdate(approved_at):
            raise ValidationError(_("签署日期不能早于批准日期（%(day)s）。") % {"day": timezone.localdate(approved_at)})
        return day

    def clean_occasion(self) -> Case | None:
        number = self.cleaned_data["occasion"].strip()
        return case_numbered(number, self.turn) if number else None

    def clean_papers(self) -> list[Any]:
        given = self.cleaned_data["papers"] or []
        approved = {text.document.sha256 for text in texts_in_force(self.turn.case, memorandum_of(self.turn))}
        wrong = [file.name for file, _finding in given if file.sha256 not in approved]
        if wrong:
            raise ValidationError(_("与批准的版本不一致：%(names)s。文本改动后须添加新版本，重新送审。") % {"names": "、".join(wrong)})
        return []

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        memorandum, signed = memorandum_of(self.turn), cleaned.get("signed_on")
        effective = cleaned.get("effective_on") or signed
        if signed and effective and effective < signed:
            self.add_error("effective_on", _("生效日期不能早于签署日期。"))
        expires = cleaned.get("expires_on")
        if effective and not expires and memorandum.term_years:
            expires = date.fromordinal(months_later(effective, 12 * memorandum.term_years).toordinal() - 1)
        if effective and expires and expires < effective:
            self.add_error("expires_on", _("届满日期不能早于生效日期。"))
        return cleaned | {"effective_on": effective, "expires_on": expires}


class CorrectSigningForm(SigningForm):
    """What was noted of the signing, put right: for as long as the originals are not filed."""

    reason = forms.CharField(label=_("理由"), max_length=500, widget=LONG)

    def fit(self, turn: Turn) -> None:
        super().fit(turn)
        del self.fields["papers"]  # what was signed stays as it is
        memorandum = memorandum_of(turn)
        for name in ("signed_on", "signed_place", "effective_on", "expires_on"):
            if name in self.fields:
                self.fields[name].initial = getattr(memorandum, name)
        self.fields["occasion"].initial = memorandum.occasion.number if memorandum.occasion else ""
        if memorandum.predecessor and memorandum.predecessor.ended_on == memorandum.effective_on:
            self.fields["effective_on"].disabled = True
            self.fields["effective_on"].help_text = _("前一份备忘录已按这一天结束，不能更改。")


def case_numbered(number: str, turn: Turn) -> Case:
    """The other case with this number, if the person sees it. Raises ValidationError."""
    other = Case.objects.visible_to(turn.by).filter(number=number).exclude(pk=turn.case.pk).first()
    if other is None:
        raise ValidationError(_("没有找到这个编号的办件，请核对编号。"))
    return other


class OriginalsForm(ActionForm):
    originals = forms.IntegerField(label=_("正本份数"), min_value=1, max_value=99)
    originals_place = forms.CharField(label=_("存放地点"), max_length=200, help_text=_("例如：本部门档案柜 3 号，外事部门存 1 份。"))


class WithdrawPartForm(ReasonForm):
    """Taking back what was noted."""

    reason = forms.CharField(label=_("撤销理由"), max_length=300, widget=LONG)


class TextCheckForm(ActionForm):
    """A person's word on what differs between the two texts."""

    note = forms.CharField(label=_("核对意见"), max_length=500, widget=LONG, help_text=_("逐条说明差异是否有问题；没有差异也请写明已核对。"))
