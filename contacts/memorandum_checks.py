"""What the rules of liaison work say of a memorandum: each a function with the code of its row, which the department may switch."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from django.utils.translation import gettext as _

from cases.models import Case

from .memorandum_texts import pair_of, texts_in_force
from .models import LegalReview, LiaisonRule, Memorandum, Organisation

CHINA = "CHN"
# Organisations with this standing may not act in China as they like, or nobody knows yet.
UNSETTLED = {Organisation.Status.UNCHECKED, Organisation.Status.TEMPORARY}


@dataclass(frozen=True)
class Finding:
    """One thing that a rule says."""

    rule: LiaisonRule
    text: str

    @property
    def is_block(self) -> bool:
        return self.rule.strictness == LiaisonRule.Strictness.BLOCK


Told = Iterator[str]


def reviewed(case: Case, memorandum: Memorandum) -> Told:
    reviews = list(memorandum.reviews.filter(removed_at=None))
    if not reviews:
        yield _("还没有登记法律审查意见")
    waiting = [review.reviewer for review in reviews if review.adoption == LegalReview.Adoption.WAITING]
    if waiting:
        yield _("审查意见还没有说明采纳情况：%(names)s") % {"names": "、".join(waiting)}


def compared(case: Case, memorandum: Memorandum) -> Told:
    pair = pair_of(texts_in_force(case, memorandum))
    if pair and not memorandum.checks.filter(chinese=pair[0], english=pair[1]).exists():
        yield _("现行的中文文本（第 %(chinese)d 版）和英文文本（第 %(english)d 版）还没有核对") % {"chinese": pair[0].number, "english": pair[1].number}


def countersigned(case: Case, memorandum: Memorandum) -> Told:
    asked = list(memorandum.countersignatures.filter(removed_at=None))
    if not asked:
        yield _("还没有登记会签")
    waiting = [one.body for one in asked if one.answered_on is None]
    if waiting:
        yield _("会签还没有回复：%(names)s") % {"names": "、".join(waiting)}


def may_act_in_china(case: Case, memorandum: Memorandum) -> Told:
    for party in memorandum.partners:
        body = party.organisation
        if body.country.code != CHINA and body.china_status in UNSETTLED:
            words = {"name": body.name, "status": body.get_china_status_display()}
            yield _("%(name)s的在华身份为“%(status)s”：没有在华代表机构的，开展活动前须由中方合作单位办理临时活动备案") % words


BEFORE_SIGNING: dict[str, Callable[[Case, Memorandum], Told]] = {"MEM-01": reviewed, "MEM-02": compared, "MEM-03": countersigned}
ALWAYS: dict[str, Callable[[Case, Memorandum], Told]] = {"NGO-01": may_act_in_china}
EXPIRY, YEARLY = "MEM-04", "MEM-05"  # called to mind in today's work


def rule_named(code: str) -> LiaisonRule | None:
    """The rule with this code, while it is used."""
    rule = LiaisonRule.objects.filter(code=code).first()
    return rule if rule and rule.is_used else None


def findings(case: Case, memorandum: Memorandum) -> list[Finding]:
    """What the rules in use say, the strictest first. The texts of a signed memorandum are looked at no more, one that was signed before its case included."""
    checks = ALWAYS if memorandum.is_signed or memorandum.is_earlier else BEFORE_SIGNING | ALWAYS
    rules = [rule for rule in LiaisonRule.objects.filter(code__in=checks) if rule.is_used]
    found = [Finding(rule, text) for rule in rules for text in checks[rule.code](case, memorandum)]
    return sorted(found, key=lambda finding: (not finding.is_block, finding.rule.code))


# What must be filled in before the text is submitted.
NEEDED = ("kind", "title", "prevailing", "level", "renewal")


def missing_facts(case: Case, memorandum: Memorandum) -> list[str]:
    """What a memorandum lacks for its text to be submitted, in words."""
    names = [str(Memorandum._meta.get_field(name).verbose_name) for name in NEEDED if getattr(memorandum, name) in ("", None)]  # type: ignore[union-attr]
    if memorandum.in_english and not memorandum.title_en:
        names.append(str(Memorandum._meta.get_field("title_en").verbose_name))  # type: ignore[union-attr]
    if not any(party.is_ours for party in memorandum.current_parties):
        names.append(_("我方签署方"))
    if not memorandum.partners:
        names.append(_("对方签署方"))
    have = {text.language for text in texts_in_force(case, memorandum)}
    wanted = {"zh": True, "en": memorandum.in_english, "other": bool(memorandum.other_language)}
    labels = {"zh": _("中文文本"), "en": _("英文文本"), "other": _("%(language)s文本") % {"language": memorandum.other_language}}
    return names + [labels[language] for language, is_wanted in wanted.items() if is_wanted and language not in have]
