"""What may be done with a memorandum beside the steps of its case, and what that changes. All by way of the engine.

Until it is signed, its facts, parties, texts and reviews may be changed by the handler, except while they are with a second person for approval.
Signed, it is frozen; what it promises is noted and carried out, it is filed, renewed, ended.
"""

from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

from django.db.models import Model
from django.utils import timezone
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from accounts.audit import record
from accounts.models import User
from cases import documents
from cases.kinds import Action, Blocker, Turn
from cases.models import Approval, Case, CaseLink, CaseStep
from cases.opening import open_case
from cases.progress import current_steps
from cases.standing import standings_of
from core import search

from . import commitments
from . import memorandum_course_forms as course
from . import memorandum_forms as forms
from .memorandum_forms import memorandum_of
from .memorandum_search import MEMORANDA
from .memorandum_texts import differences_of, pair_of, texts_in_force
from .models import (
    Commitment,
    Countersignature,
    Fulfilment,
    LegalReview,
    Memorandum,
    MemorandumParty,
    MemorandumSignatory,
    MemorandumText,
    TextCheck,
    YearlyReview,
)

PREPARED_IN = ("liaise", "sign")  # stages
PROMISED_IN = ("sign", "carry_out")
WITH_OTHERS = {Approval.Kind.STEP, Approval.Kind.OVERRIDE}
MATERIAL = "备忘录文本"  # as the published sheet calls it
PREPARED_BY = _("备忘录办理规则")


def step_in(case: Case, stages: tuple[str, ...]) -> CaseStep | None:
    """The step at hand, if it is of one of these stages."""
    if case.is_closed:
        return None
    return next((step for step in current_steps(case) if step.stage in stages), None)


def step_of_preparing(case: Case, memorandum: Memorandum) -> CaseStep | None:
    """The step beside which the memorandum may be changed now; None while it is with others for approval, and once it is signed."""
    if memorandum.is_signed or any(row.is_open and row.kind in WITH_OTHERS for row in case.approvals.all()):
        return None
    return step_in(case, PREPARED_IN)


def is_handled_by(case: Case, person: User) -> bool:
    """Whether this person, or whom they stand in for, carries the case."""
    return any("cases.handle_case" in one.permissions and one.sees(case) and one.person.pk == case.handler_id for one in standings_of(person))


def offered(case: Case, detail: Model | None) -> Iterator[tuple[Action, Any]]:
    """What may be done now, and with what."""
    if not isinstance(detail, Memorandum):
        return
    if step := step_of_preparing(case, detail):
        yield from _preparing(case, detail, step)
    if step := step_in(case, PROMISED_IN):
        yield ADD_COMMITMENT, step
        for commitment in detail.commitments.filter(removed_at=None).select_related("memorandum"):
            yield from ((action, commitment) for action in (CHANGE_COMMITMENT, WITHDRAW_COMMITMENT))
            if detail.is_signed:
                yield FULFIL, commitment
    if detail.is_signed and (step := step_in(case, PROMISED_IN)):
        yield from _after_signing(detail, step)


def _preparing(case: Case, memorandum: Memorandum, step: CaseStep) -> Iterator[tuple[Action, Any]]:
    yield from ((action, step) for action in (EDIT, ADD_PARTY, ADD_SIGNATORY, ADD_TEXT, ADD_REVIEW, ADD_COUNTERSIGNATURE))
    pair = pair_of(texts_in_force(case, memorandum))
    if pair and all(text.words for text in pair):
        yield CHECK_TEXTS, step
    for party in memorandum.current_parties:
        yield WITHDRAW_PARTY, party
    for signatory in memorandum.current_signatories:
        yield from ((action, signatory) for action in (CHANGE_SIGNATORY, WITHDRAW_SIGNATORY))
    for review in memorandum.reviews.filter(removed_at=None):
        yield from ((action, review) for action in (CHANGE_REVIEW, WITHDRAW_REVIEW))
    for asked in memorandum.countersignatures.filter(removed_at=None):
        yield from ((action, asked) for action in (CHANGE_COUNTERSIGNATURE, WITHDRAW_COUNTERSIGNATURE))


def _after_signing(memorandum: Memorandum, step: CaseStep) -> Iterator[tuple[Action, Any]]:
    yield ADD_SCAN, step
    if memorandum.filed_at is None:
        yield FILE_ORIGINALS, step
        if not memorandum.end_kind and not memorandum.extensions.exists():
            yield CORRECT_SIGNING, step
    for fulfilment in Fulfilment.objects.filter(commitment__memorandum=memorandum, removed_at=None, commitment__removed_at=None).select_related("commitment"):
        yield WITHDRAW_FULFILMENT, fulfilment
    for review in memorandum.yearly_reviews.filter(removed_at=None):
        yield WITHDRAW_YEARLY_REVIEW, review
    if step.stage == "carry_out":
        yield ADD_YEARLY_REVIEW, step
        if not memorandum.end_kind:
            yield TERMINATE, step
        if memorandum.end_kind != Memorandum.End.TERMINATED:
            yield RENEW, step


# -- effects: rows that are added, changed, taken back -----------------------------------------------------------------------------------------------------


def adding(model: type[Model], *names: str) -> Callable[[Turn], str]:
    """An effect that adds a row of this model to the memorandum, with these values of the form."""

    def effect(turn: Turn) -> str:
        values = {name: turn.data[name] for name in names}
        made = model._default_manager.create(memorandum=memorandum_of(turn), made_at=turn.at, made_by=turn.by, **values)
        return str(made)

    return effect


def changing(*names: str) -> Callable[[Turn], str]:
    """An effect that sets these values of the row that the turn is about; it tells which of them are new."""

    def effect(turn: Turn) -> str:
        assert isinstance(turn.target, Model)
        told = _set(turn.target, {name: turn.data[name] for name in names})
        return f"{turn.target}：{told}"

    return effect


def _set(row: Model, values: dict[str, Any]) -> str:
    changed = [name for name, value in values.items() if getattr(row, name) != value]
    for name in changed:
        setattr(row, name, values[name])
    row.save(update_fields=changed)
    return "、".join(str(row._meta.get_field(name).verbose_name) for name in changed)  # type: ignore[union-attr]


def take_back(turn: Turn) -> str:
    """The row that the turn is about counts no more; it stays with the reason."""
    row: Any = turn.target
    row.removed_at, row.removed_by, row.removed_reason = turn.at, turn.by, turn.data["reason"]
    row.save(update_fields=["removed_at", "removed_by", "removed_reason"])
    return f"{row}：{row.removed_reason}"


# -- effects: preparing ------------------------------------------------------------------------------------------------------------------------------------


def edit(turn: Turn) -> str:
    memorandum = memorandum_of(turn)
    told = _set(memorandum, {name: turn.data[name] for name in forms.MemorandumForm.names})
    search.put(MEMORANDA, [memorandum])
    return told


def add_party(turn: Turn) -> str:
    memorandum = memorandum_of(turn)
    told = adding(MemorandumParty, "organisation", "role", "is_ours")(turn)
    memorandum.__dict__.pop("current_parties", None)
    search.put(MEMORANDA, [memorandum])
    return told


def withdraw_party(turn: Turn) -> str:
    memorandum = memorandum_of(turn)
    told = take_back(turn)
    memorandum.__dict__.pop("current_parties", None)
    search.put(MEMORANDA, [memorandum])
    return told


def add_text(turn: Turn) -> str:
    """A new version: its file becomes a document of the case, under the material that the published sheet names for it."""
    material = next((material for material in turn.case.materials.all() if material.name == MATERIAL), None)
    text = _keep(turn, documents.add(turn, material)[0].pk, is_scan=False)
    return gettext("%(language)s文本第 %(number)d 版") % {"language": text.get_language_display(), "number": text.number}


def add_scan(turn: Turn) -> str:
    text = _keep(turn, documents.add(turn, None)[0].pk, is_scan=True)
    return gettext("%(language)s文本的签署件") % {"language": text.get_language_display()}


def _keep(turn: Turn, document: int, *, is_scan: bool) -> MemorandumText:
    memorandum, language = memorandum_of(turn), turn.data["language"]
    last = max((text.number for text in memorandum.all_texts if text.is_scan == is_scan and text.language == language), default=0)
    return MemorandumText.objects.create(
        memorandum=memorandum, document_id=document, language=language, number=last + 1, is_scan=is_scan, note=turn.data.get("note", "")
    )


def check_texts(turn: Turn) -> str:
    """Keep what differs between the two texts, whose words were read before, with what the person says to it."""
    pair = pair_of(texts_in_force(turn.case, memorandum_of(turn)))
    assert pair is not None
    found = differences_of(memorandum_of(turn), pair[0].words or "", pair[1].words or "")
    TextCheck.objects.create(
        memorandum=memorandum_of(turn), chinese=pair[0], english=pair[1], differences=found, note=turn.data["note"], made_at=turn.at, made_by=turn.by
    )
    return gettext("差异 %(count)d 处；%(note)s") % {"count": len(found), "note": turn.data["note"]}


# -- effects: signed ---------------------------------------------------------------------------------------------------------------------------------------

SIGNING = ("signed_on", "signed_place", "occasion", "effective_on", "expires_on")


def correct_signing(turn: Turn) -> str:
    memorandum = memorandum_of(turn)
    told = _set(memorandum, {name: turn.data[name] for name in SIGNING})
    record("memorandum.correct_signing", memorandum, number=turn.case.number, **{name: str(getattr(memorandum, name) or "") for name in SIGNING})
    return gettext("%(names)s；%(reason)s") % {"names": told, "reason": turn.data["reason"]}


def file_originals(turn: Turn) -> str:
    memorandum = memorandum_of(turn)
    memorandum.originals, memorandum.originals_place = turn.data["originals"], turn.data["originals_place"]
    memorandum.filed_at, memorandum.filed_by = turn.at, turn.by
    memorandum.save(update_fields=["originals", "originals_place", "filed_at", "filed_by"])
    return gettext("%(count)d 份，%(place)s") % {"count": memorandum.originals, "place": memorandum.originals_place}


def fulfil(turn: Turn) -> str:
    commitment, typed = turn.target, turn.data
    assert isinstance(commitment, Commitment)
    made = Fulfilment.objects.create(
        commitment=commitment,
        due_on=typed.get("due_on"),
        done_on=typed["done_on"],
        case=typed["case"],
        document=typed["document"],
        interaction=typed["interaction"],
        note=typed["note"],
        made_at=turn.at,
        made_by=turn.by,
    )
    evidence = "、".join(str(one) for one in (made.case, made.interaction, made.document) if one)
    return gettext("%(item)s：%(day)s 完成，凭证 %(evidence)s") % {"item": commitment, "day": made.done_on, "evidence": evidence}


def review_year(turn: Turn) -> str:
    """The look at a year, with the figures as they stand on its day."""
    memorandum, typed = memorandum_of(turn), turn.data
    rate = commitments.rate_of(commitments.lines_of(memorandum, typed["reviewed_on"]))
    YearlyReview.objects.create(
        memorandum=memorandum,
        year=typed["year"],
        reviewed_on=typed["reviewed_on"],
        summary=typed["summary"],
        due=rate.due,
        done=rate.done,
        made_at=turn.at,
        made_by=turn.by,
    )
    return gettext("%(year)d 年度，履约率 %(rate)s") % {"year": typed["year"], "rate": rate.words}


def end(memorandum: Memorandum, how: str, *, at: Any, by: User, **facts: Any) -> None:
    """Note the end of a memorandum, once."""
    values = {"end_kind": how, "end_recorded_at": at, "end_recorded_by": by} | facts
    for name, value in values.items():
        setattr(memorandum, name, value)
    memorandum.save(update_fields=list(values))
    record("memorandum.end", memorandum, number=memorandum.case.number, how=how, ended_on=memorandum.ended_on)


def terminate(turn: Turn) -> str:
    typed = {name: turn.data[name] for name in ("notified_on", "ended_on", "end_number", "end_reason")}
    end(memorandum_of(turn), Memorandum.End.TERMINATED, at=turn.at, by=turn.by, **typed)
    return gettext("%(day)s 起失效：%(reason)s") % {"day": typed["ended_on"], "reason": typed["end_reason"]}


def renew_blockers(turn: Turn) -> list[Blocker]:
    other = memorandum_of(turn).successors.exclude(case__outcome=Case.Outcome.WITHDRAWN).select_related("case").first()
    if other is None:
        return []
    return [Blocker("MEM-16", gettext("已为续签立项：%(number)s") % {"number": other.case.number}, PREPARED_BY, _("在续签的办件中办理，或撤回它"))]


COPIED = (
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


def renew(turn: Turn) -> str:
    """Open a case for the memorandum that follows, with the facts and parties of this one; this one ends when that is signed."""
    memorandum = memorandum_of(turn)
    facts = {name: getattr(memorandum, name) for name in COPIED} | {"predecessor": memorandum}
    case = open_case(turn.case.item, by=turn.by, title=turn.data["title"], sensitivity=turn.case.sensitivity, facts=facts, handler=turn.case.handler)
    follower = case.memorandum
    MemorandumParty.objects.bulk_create(
        MemorandumParty(memorandum=follower, organisation=party.organisation, role=party.role, is_ours=party.is_ours, made_at=turn.at, made_by=turn.by)
        for party in memorandum.current_parties
    )
    CaseLink.objects.create(case=turn.case, other=case, relation=turn.data["relation"], made_at=turn.at, made_by=turn.by)
    search.put(MEMORANDA, [follower])
    return case.number


def extend_due(now: Any = None) -> int:
    """Extend every memorandum that goes on by itself and has come to the end of its term, and was not ended; returns how many. Inside `acting()`."""
    today = timezone.localdate(now)
    rows = Memorandum.objects.select_for_update(of=("self",), no_key=True).filter(
        renewal=Memorandum.Renewal.AUTOMATIC, end_kind="", expires_on__lt=today, signed_on__isnull=False
    )
    count = 0
    for memorandum in rows.select_related("case"):
        before = memorandum.expires_on
        assert before is not None
        assert memorandum.renewal_years
        first_free, times = before + timedelta(days=1), 1
        while (until := commitments.months_later(first_free, 12 * memorandum.renewal_years * times) - timedelta(days=1)) < today:
            times += 1
        memorandum.expires_on = until
        memorandum.save(update_fields=["expires_on"])
        memorandum.extensions.create(expired_on=before, expires_on=until)
        record("memorandum.extend", memorandum, number=memorandum.case.number, expired_on=before, expires_on=until)
        count += 1
    return count


# -- the acts ----------------------------------------------------------------------------------------------------------------------------------------------

WITHDRAW = forms.WithdrawPartForm
REVIEWED, ASKED, PROMISED = forms.ReviewForm.names, forms.CountersignatureForm.names, course.CommitmentForm.names

EDIT = Action("edit_memorandum", _("填写备忘录"), form=forms.MemorandumForm, effect=edit)
ADD_PARTY = Action("add_party", _("增加签署方"), form=forms.PartyForm, effect=add_party)
WITHDRAW_PARTY = Action("withdraw_party", _("撤销签署方"), form=WITHDRAW, effect=withdraw_party)
ADD_SIGNATORY = Action("add_signatory", _("增加签署人"), form=forms.SignatoryForm, effect=adding(MemorandumSignatory, *forms.SignatoryForm.names))
CHANGE_SIGNATORY = Action("change_signatory", _("修改签署人"), form=forms.SignatoryForm, effect=changing(*forms.SignatoryForm.names))
WITHDRAW_SIGNATORY = Action("withdraw_signatory", _("撤销签署人"), form=WITHDRAW, effect=take_back)
ADD_TEXT = Action("add_text", _("添加文本版本"), form=forms.TextForm, effect=add_text, takes_files=True)
CHECK_TEXTS = Action("check_texts", _("登记双语核对"), form=forms.TextCheckForm, effect=check_texts)
ADD_REVIEW = Action("add_review", _("登记法律审查意见"), form=forms.ReviewForm, effect=adding(LegalReview, *REVIEWED))
CHANGE_REVIEW = Action("change_review", _("登记采纳情况"), form=forms.ReviewForm, effect=changing(*REVIEWED))
WITHDRAW_REVIEW = Action("withdraw_review", _("撤销审查意见"), form=WITHDRAW, effect=take_back)
ADD_COUNTERSIGNATURE = Action("add_countersignature", _("登记会签"), form=forms.CountersignatureForm, effect=adding(Countersignature, *ASKED))
CHANGE_COUNTERSIGNATURE = Action("change_countersignature", _("登记会签回复"), form=forms.CountersignatureForm, effect=changing(*ASKED))
WITHDRAW_COUNTERSIGNATURE = Action("withdraw_countersignature", _("撤销会签"), form=WITHDRAW, effect=take_back)
ADD_SCAN = Action("add_scan", _("上传签署件扫描件"), form=forms.ScanForm, effect=add_scan, takes_files=True)
FILE_ORIGINALS = Action("file_originals", _("登记正本归档"), form=forms.OriginalsForm, effect=file_originals)
CORRECT_SIGNING = Action("correct_signing", _("更正签署登记"), form=forms.CorrectSigningForm, effect=correct_signing)
ADD_COMMITMENT = Action("add_commitment", _("登记合作事项"), form=course.CommitmentForm, effect=adding(Commitment, *PROMISED))
CHANGE_COMMITMENT = Action("change_commitment", _("修改合作事项"), form=course.CommitmentForm, effect=changing(*PROMISED))
WITHDRAW_COMMITMENT = Action("withdraw_commitment", _("撤销合作事项"), form=WITHDRAW, effect=take_back)
FULFIL = Action("fulfil", _("登记履行"), form=course.FulfilmentForm, effect=fulfil)
WITHDRAW_FULFILMENT = Action("withdraw_fulfilment", _("撤销履行记录"), form=WITHDRAW, effect=take_back)
ADD_YEARLY_REVIEW = Action("add_yearly_review", _("登记年度检查"), form=course.YearlyReviewForm, effect=review_year)
WITHDRAW_YEARLY_REVIEW = Action("withdraw_yearly_review", _("撤销年度检查"), form=WITHDRAW, effect=take_back)
TERMINATE = Action("terminate_memorandum", _("登记终止"), form=course.TerminationForm, effect=terminate)
RENEW = Action("renew_memorandum", _("为续签立项"), form=course.RenewalForm, blockers=renew_blockers, effect=renew, is_told=True)
ACTIONS = tuple(value for value in vars().copy().values() if isinstance(value, Action))
