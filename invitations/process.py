"""How applications for invitation letters run through the published steps of item 4.1: taken in, reviewed twice, signed off, submitted online."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import date
from typing import Any

from django.db.models import Model
from django.urls import reverse
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from cases import annexes
from cases.approvals import without_overridden
from cases.decisions import approve_and_finish, finishing_blockers
from cases.forms import CompleteForm, DecisionForm
from cases.kinds import Action, Blocker, CaseKind, Level, Move, Reminder, Stage, Turn, anybody, register
from cases.models import Approval, Case
from core.text_fields import PasswordAgainField

from . import application_acts, checks, drawable, ending, paper, visits
from .application_forms import OpeningForm
from .issuing import issue, people_behind
from .letter_page import count_decisions, decisions_of, waiting_for
from .models import Application, CheckRule
from .scope import ITEM
from .wording import template_in_force

MOST_TOLD = 5  # of the remarks of the checks, on the page of an approval
CATALOGUE = _("邀请函核对规则")


def application_of(turn: Turn) -> Application:
    assert isinstance(turn.detail, Application)
    return turn.detail


# -- 1 接件 ------------------------------------------------------------------------------------------------------------------------------------------------


def receive_blockers(turn: Turn) -> list[Blocker]:
    """An application is taken in when it is filled in and its unit is not on hold."""
    application = application_of(turn)
    missing = checks.missing_facts(application, checks.current_invitees(application))
    found = [Blocker("INV-00", gettext("申请没有填全：%(names)s") % {"names": "、".join(missing)}, CATALOGUE, _("承办人填写"))] if missing else []
    if application.unit and (hold := application.unit.open_hold):
        found.append(Blocker("INV-20", gettext("邀请单位已暂停受理：%(reason)s") % {"reason": hold.reason}, CATALOGUE, _("签发人恢复受理")))
    return found


def receive(turn: Turn) -> str:
    application = application_of(turn)
    application.received_at, application.received_by = turn.at, turn.by
    application.save(update_fields=["received_at", "received_by"])
    return str(turn.data["remark"])


# -- 2 审核 ------------------------------------------------------------------------------------------------------------------------------------------------


def rule_blockers(turn: Turn) -> list[Blocker]:
    """What is not filled in (it may have been changed since it was taken in) or cannot be drawn, and every rule of the catalogue that blocks.

    A rule may be overridden by a second person.
    """
    facts = checks.load(application_of(turn), turn.case.materials.all())
    blocking = [finding for finding in checks.findings(facts) if finding.is_block]
    by_rule = _("承办人改正或补充材料，或由第二人特批")
    return [
        *receive_blockers(turn),
        *(Blocker("INV-22", text, CATALOGUE, _("承办人改正，或管理员增加字库")) for text in drawable.faults(facts.application, facts.invitees)),
        *(Blocker(finding.rule.code, finding.text, finding.rule.basis or CATALOGUE, by_rule, can_override=True) for finding in blocking),
    ]


# -- 3 签发 ------------------------------------------------------------------------------------------------------------------------------------------------


class IssueForm(DecisionForm):
    """Signing off asks for the password again."""

    password = PasswordAgainField(help_text=_("签发后编号和内容不能再改，请再次输入登录密码。"))


def template_blockers(turn: Turn) -> list[Blocker]:
    if template_in_force(application_of(turn)) is None:
        return [Blocker("INV-21", gettext("这种函件没有已批准的模板"), CATALOGUE, _("内容编辑起草模板，由另一人批准"))]
    return []


def signing_blockers(turn: Turn) -> list[Blocker]:
    """The words of a template, and the rules once more: since the review a day may have passed, a filing lapsed, another letter gone out.

    What was overridden for the review is overridden for the issue, as long as it reads the same.
    """
    review = next((step for step in turn.case.own_steps if step.stage == "review"), None)
    blockers = rule_blockers(turn)
    return template_blockers(turn) + (without_overridden(replace(turn, target=review), blockers) if review else blockers)


def issue_blockers(turn: Turn) -> list[Blocker]:
    """Nobody signs off what they prepared or reviewed."""
    found = finishing_blockers(turn)
    if turn.people & {person.pk for person in people_behind(turn.case)}:
        found.append(Blocker("SOD-04", gettext("起草或审核过这份函件的人不能签发"), _("起草、审核、签发由不同的人办理"), _("另一位签发人")))
    return found


def sign_off(turn: Turn) -> str:
    note = approve_and_finish(turn, final=True)
    numbers = "、".join(letter.number for letter in issue(turn))
    return "；".join(line for line in (numbers, note) if line)


# -- the kind ----------------------------------------------------------------------------------------------------------------------------------------------


RECEIVE = Action("receive_application", _("接件"), Move.COMPLETE, blockers=receive_blockers, effect=receive, form=CompleteForm)
REVIEWED = Action(
    "approve",
    _("同意"),
    permission="cases.review_case",
    who=anybody,
    blockers=finishing_blockers,
    effect=approve_and_finish,
    form=DecisionForm,
)
ISSUE = Action(
    "approve",
    _("签发"),
    permission="cases.sign_case",
    who=anybody,
    blockers=issue_blockers,
    effect=sign_off,
    form=IssueForm,
    asks_password=True,
)


def addressee(case: Case, detail: Model | None) -> str:
    """The inviting unit."""
    return detail.unit.name if isinstance(detail, Application) and detail.unit else ""


def snapshot(case: Case, detail: Model | None) -> Mapping[str, Any]:
    """What reviewers decide on. A passport number stands in it as its keyed digest: a change shows, the number does not."""
    assert isinstance(detail, Application)
    people = checks.current_invitees(detail)
    facts = {str(Application._meta.get_field(name).verbose_name): _shown(detail, name) for name in checks.NEEDED}  # type: ignore[union-attr]
    rows = [
        [
            invitee.name,
            invitee.chinese_name,
            invitee.sex,
            invitee.birth_on,
            invitee.nationality.name,
            invitee.passport_index,
            invitee.passport_issued_on,
            invitee.passport_expires_on,
            invitee.employer,
            invitee.employer_en,
            invitee.job,
            invitee.job_en,
        ]
        for invitee in people
    ]
    template = template_in_force(detail)
    return facts | {gettext("函件模板"): str(template) if template else "", gettext("被邀请人"): rows}


def review_checks(case: Case, detail: Model | None) -> Iterator[tuple[bool, str, str]]:
    """What the rules say in short (the panel has it in full), and who of the people was invited before."""
    assert isinstance(detail, Application)
    facts = checks.load(detail, case.materials.all())
    found = [finding for finding in checks.findings(facts) if finding.rule.strictness != CheckRule.Strictness.HINT]
    if found:
        yield False, gettext("核对规则提出 %(count)d 条意见") % {"count": len(found)}, "；".join(finding.text for finding in found[:MOST_TOLD])
    else:
        yield True, gettext("核对规则没有提出问题"), ""
    earlier = checks.earlier_letters(facts)
    if earlier:
        told = [f"{name}：{'、'.join(numbers)}" for name, numbers in earlier.items()]
        yield True, gettext("%(count)d 人以前有邀请函") % {"count": len(earlier)}, "；".join(told[:MOST_TOLD])


def _shown(application: Application, name: str) -> Any:
    display = getattr(application, f"get_{name}_display", None)
    value = display() if display else getattr(application, name)
    return str(value) if isinstance(value, Model) else value


STAGES: Sequence[Stage] = (
    Stage("receive", _("接件"), (RECEIVE,)),
    Stage("review", _("审核"), blockers=rule_blockers, levels=(Level(Approval.Right.REVIEW), Level(Approval.Right.REVIEW, REVIEWED))),
    Stage("issue", _("签发"), blockers=signing_blockers, levels=(Level(Approval.Right.SIGN, ISSUE),)),
    Stage("submit_online", _("网上提交"), (paper.SUBMIT_ONLINE,)),
)


def reminders(people: Sequence[int], today: date) -> list[Reminder]:
    """Of whom these people should tell what became of them: guests of their cases whose planned exit has come."""
    found = visits.awaited_of(Case.objects.filter(handler__in=people), today)
    return [
        Reminder(
            one.application.case,
            gettext("登记来访结果和销签：%(count)d 人（%(title)s）") % {"count": one.count, "title": one.application.case.title},
            one.due_on,
            reverse("invitations:visit-edit", args=[one.application.case.number]),
        )
        for one in found
    ]


LETTERS = register(
    CaseKind(
        items=(ITEM,),
        detail=Application,
        form=OpeningForm,
        panel="invitations/_panel.html",
        stages=tuple(STAGES),
        snapshot=snapshot,
        addressee=addressee,
        actions=(*application_acts.ACTIONS, *paper.ACTIONS, *ending.ACTIONS),
        offered=application_acts.offered,
        afterwards=ending.afterwards,
        reminders=reminders,
        checks=review_checks,
        hands_over=application_acts.hand_over,
        takes_over=application_acts.TAKE_OVER.name,
    )
)
annexes.today.add("invitations/_waiting.html", waiting_for)
annexes.approvals.add("invitations/_waiting.html", decisions_of, count=count_decisions)
