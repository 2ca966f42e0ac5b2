"""How memoranda run through the published steps of item 1.2: contact, the text approved and signed, carried out."""

from collections.abc import Collection, Mapping
from typing import Any

from django.db.models import Model
from django.utils import timezone
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from cases.approvals import approval_blockers, approve, decision_blockers
from cases.decisions import step_turn
from cases.forms import CompleteForm, DecisionForm
from cases.kinds import Action, Blocker, CaseKind, Level, Move, Stage, Turn, anybody, handler, register
from cases.models import Approval, Case

from . import memorandum_acts as acts
from . import memorandum_checks as checks
from .memorandum_forms import OpeningForm, SigningForm, memorandum_of
from .memorandum_texts import as_facts, digest_of_texts, is_as_approved, texts_in_force
from .models import Memorandum

ITEM = "1.2"
CATALOGUE = acts.PREPARED_BY
BY_HANDLER = _("承办人填写")


# -- 1 日常联络 --------------------------------------------------------------------------------------------------------------------------------------------


def agreed_blockers(turn: Turn) -> list[Blocker]:
    """Talks lead to a text when it is known with whom."""
    if memorandum_of(turn).partners:
        return []
    return [Blocker("MEM-10", gettext("还没有登记对方签署方"), CATALOGUE, BY_HANDLER)]


# -- 2 签署 ------------------------------------------------------------------------------------------------------------------------------------------------


def text_blockers(turn: Turn) -> list[Blocker]:
    """What stands against submitting the text, and against leaving the step: facts that are missing, and the rules that block."""
    memorandum = memorandum_of(turn)
    missing = [] if memorandum.is_signed else checks.missing_facts(turn.case, memorandum)
    found = [Blocker("MEM-11", gettext("还缺：%(names)s") % {"names": "、".join(missing)}, CATALOGUE, BY_HANDLER)] if missing else []
    clear = _("承办人补办，或由第二人特批")
    rules = [finding for finding in checks.findings(turn.case, memorandum) if finding.is_block]
    return found + [Blocker(finding.rule.code, finding.text, finding.rule.basis or CATALOGUE, clear, can_override=True) for finding in rules]


def approve_text(turn: Turn) -> str:
    """The last level: what is approved is pinned by the digest of the texts as they are now."""
    note = approve(turn)
    memorandum = memorandum_of(turn)
    if not memorandum.is_signed:
        texts = texts_in_force(turn.case, memorandum)
        memorandum.approved_digest, memorandum.approved_at, memorandum.approved_by = digest_of_texts(texts), turn.at, turn.by
        memorandum.save(update_fields=["approved_digest", "approved_at", "approved_by"])
        pinned = "、".join(str(text) for text in texts)
        return "；".join(part for part in (gettext("批准的文本：%(texts)s") % {"texts": pinned}, note) if part)
    return note


def approve_text_blockers(turn: Turn) -> list[Blocker]:
    """The text is approved only as it was submitted, and complete."""
    return decision_blockers(turn) + [blocker for blocker in text_blockers(step_turn(turn)) if not blocker.can_override]


def unsigned(turn: Turn) -> bool:
    return handler(turn) and not memorandum_of(turn).is_signed


def signed(turn: Turn) -> bool:
    return handler(turn) and memorandum_of(turn).is_signed


def signing_blockers(turn: Turn) -> list[Blocker]:
    """Only the text that was approved is signed: a change after the approval means approval again."""
    memorandum = memorandum_of(turn)
    found = approval_blockers(turn)
    if not found and not is_as_approved(turn.case, memorandum):  # approved as a step, but not this text
        found = [Blocker("MEM-12", gettext("现行文本不是批准的文本，须重新送审"), _("签署的文本须与批准的文本一致"), _("承办人重新送审"))]
    if missing := [party.organisation.name for party in memorandum.current_parties if party.pk not in {one.party_id for one in memorandum.current_signatories}]:
        found.append(Blocker("MEM-13", gettext("还没有登记签署人：%(names)s") % {"names": "、".join(missing)}, CATALOGUE, BY_HANDLER))
    return found


def sign(turn: Turn) -> str:
    """Record the signing; a memorandum that this one renews ends with its first day."""
    memorandum, typed = memorandum_of(turn), turn.data
    memorandum.signed_on, memorandum.signed_place, memorandum.occasion = typed["signed_on"], typed["signed_place"], typed["occasion"]
    memorandum.effective_on, memorandum.expires_on = typed["effective_on"], typed["expires_on"]
    memorandum.signed_digest = digest_of_texts(texts_in_force(turn.case, memorandum))
    memorandum.signing_recorded_at, memorandum.signing_recorded_by = turn.at, turn.by
    memorandum.save()
    told = gettext("%(day)s 签署") % {"day": memorandum.signed_on}
    before = memorandum.predecessor_id and Memorandum.objects.select_for_update(no_key=True).get(pk=memorandum.predecessor_id)
    if before and not before.end_kind and memorandum.effective_on > (before.effective_on or memorandum.effective_on):
        acts.end(before, Memorandum.End.RENEWED, at=turn.at, by=turn.by, ended_on=memorandum.effective_on)
        told += gettext("；%(number)s 的备忘录由本件续签") % {"number": before.case.number}
    return told


def filed_blockers(turn: Turn) -> list[Blocker]:
    """A signed memorandum goes on to be carried out when its originals are filed and a scan is kept."""
    memorandum = memorandum_of(turn)
    found = []
    if memorandum.filed_at is None:
        found.append(Blocker("MEM-14", gettext("正本还没有归档，请登记份数和存放地点"), _("签署的正本须存档"), BY_HANDLER))
    if not any(text.is_scan for text in memorandum.all_texts):
        found.append(Blocker("MEM-15", gettext("还没有上传签署件扫描件"), _("签署的正本须存档"), BY_HANDLER, can_override=True))
    return found


# -- 3 执行 ------------------------------------------------------------------------------------------------------------------------------------------------


def conclude_blockers(turn: Turn) -> list[Blocker]:
    """A memorandum is carried out as long as it holds."""
    memorandum = memorandum_of(turn)
    last = memorandum.holds_until()
    if last and last < timezone.localdate(turn.at):
        return []
    until = gettext("有效期至 %(day)s") % {"day": last} if last else gettext("无固定期限")
    return [Blocker("MEM-17", gettext("备忘录仍然有效（%(until)s）") % {"until": until}, CATALOGUE, _("届满、终止或续签以后办结"))]


# -- the kind ----------------------------------------------------------------------------------------------------------------------------------------------


AGREE = Action("agree_on_text", _("达成意向，转入起草和签署"), Move.COMPLETE, blockers=agreed_blockers, form=CompleteForm)
SIGN = Action("sign_memorandum", _("登记签署"), who=unsigned, blockers=signing_blockers, effect=sign, form=SigningForm, takes_files=True)
FINISH = Action("finish_signing", _("签署完毕，转入执行"), Move.COMPLETE, who=signed, final=True, blockers=filed_blockers, form=CompleteForm)
CONCLUDE = Action("conclude_memorandum", _("执行完毕"), Move.COMPLETE, blockers=conclude_blockers, form=CompleteForm)
APPROVE_TEXT = Action(
    "approve", _("批准文本"), permission="cases.sign_case", who=anybody, blockers=approve_text_blockers, effect=approve_text, form=DecisionForm
)


def snapshot(case: Case, detail: Model | None) -> Mapping[str, Any]:
    """What reviewers decide on: the facts, the parties, and each text by its SHA-256."""
    assert isinstance(detail, Memorandum)
    facts = {str(Memorandum._meta.get_field(name).verbose_name): _shown(detail, name) for name in acts.COPIED}  # type: ignore[union-attr]
    parties = [[party.organisation.name, party.role, party.is_ours] for party in detail.current_parties]
    return facts | {gettext("签署方"): parties, gettext("文本"): as_facts(texts_in_force(case, detail))}


def frozen(case: Case, detail: Model | None) -> Collection[int]:
    """What was signed stays: the texts of a memorandum in force, and the scans of the originals once these are filed."""
    if not isinstance(detail, Memorandum) or not detail.is_signed:
        return ()
    return {text.document_id for text in detail.all_texts if not text.is_scan or detail.filed_at}


def _shown(memorandum: Memorandum, name: str) -> Any:
    display = getattr(memorandum, f"get_{name}_display", None)
    value = display() if display else getattr(memorandum, name)
    return str(value) if isinstance(value, Model) else value


MEMORANDA = register(
    CaseKind(
        items=(ITEM,),
        detail=Memorandum,
        form=OpeningForm,
        panel="contacts/_memorandum_panel.html",
        stages=(
            Stage("liaise", _("日常联络"), (AGREE,)),
            Stage(
                "sign",
                _("签署"),
                (SIGN, FINISH),
                blockers=text_blockers,
                levels=(Level(Approval.Right.REVIEW), Level(Approval.Right.SIGN, APPROVE_TEXT)),
                midway=True,
            ),
            Stage("carry_out", _("执行"), (CONCLUDE,)),
        ),
        snapshot=snapshot,
        actions=acts.ACTIONS,
        offered=acts.offered,
        frozen=frozen,
    )
)
