"""How a letter ends before its time: declared void by two people, or replaced by the letter of another case. Also after its own case is closed."""

from collections.abc import Iterator
from typing import Any

from django import forms
from django.db.models import Model
from django.utils import timezone
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from accounts.audit import record
from cases.forms import LONG, ActionForm, ReasonForm, RemarkForm
from cases.kinds import Action, Blocker, Turn, anybody
from cases.models import Case, CaseLink, Term
from cases.opening import NoProcedureError, open_case
from cases.process import BlockedError
from core.text_fields import PasswordAgainField

from . import paper
from .application_acts import copy_people, facts_of
from .checks import current_invitees
from .issuing import parts_of
from .models import Application, Cancellation, InvitationLetter
from .paper import letter_of, locked, told
from .scope import ITEM

TWO_PEOPLE = _("作废由一人申请、另一位签发人批准")
ANOTHER_SIGNER = _("申请人以外的签发人")
RELATION = "替代本件"


# -- declaring void ----------------------------------------------------------------------------------------------------------------------------------------


class AskForm(ReasonForm):
    """Why the letter is to be void, and who has been told."""

    told = forms.CharField(label=_("已告知"), max_length=300, widget=LONG, help_text=_("写明告知了谁、怎样告知，例如邀请单位、签证机关；原件是否收回。"))


class CancelForm(ActionForm):
    keeps_drafts = False
    note = forms.CharField(label=_("意见"), max_length=500, required=False, widget=LONG)
    password = PasswordAgainField(help_text=_("作废立即生效，不能撤销，请再次输入登录密码。"))


class KeepForm(ActionForm):
    note = forms.CharField(label=_("意见"), max_length=500, widget=LONG, error_messages={"required": _("请写明为什么不作废。")})


def second_person_blockers(turn: Turn) -> list[Blocker]:
    asked = letter_of(turn).open_cancellation
    if asked and turn.people & {asked.asked_by_id, asked.asked_for_id}:
        return [Blocker("SOD-06", gettext("申请人不能批准自己申请的作废"), TWO_PEOPLE, ANOTHER_SIGNER)]
    return []


def ask(turn: Turn) -> str:
    letter, typed = locked(turn), turn.data
    Cancellation.objects.create(letter=letter, reason=typed["reason"], told=typed["told"], asked_at=turn.at, asked_by=turn.by, asked_for=turn.on_behalf_of)
    return told(letter, typed["reason"], gettext("已告知：%(told)s") % {"told": typed["told"]})


def cancel(turn: Turn) -> str:
    """The letter is void from now on: on its page, in the register, on the public page and on its PDF."""
    letter, asked = locked(turn), _decided(turn, Cancellation.Decision.APPROVED)
    letter.cancelled_at = turn.at
    letter.save(update_fields=["cancelled_at"])
    record("invitation.cancel", letter, number=letter.number, reason=asked.reason, told=asked.told, asked_by=asked.asked_by_id)
    return told(letter, asked.reason, asked.note)


def keep(turn: Turn) -> str:
    asked = _decided(turn, Cancellation.Decision.REFUSED)
    return told(letter_of(turn), asked.note)


def _decided(turn: Turn, decision: str) -> Cancellation:
    asked = letter_of(turn).open_cancellation
    assert asked is not None
    asked.decision, asked.note = decision, turn.data["note"]
    asked.decided_at, asked.decided_by, asked.decided_for = turn.at, turn.by, turn.on_behalf_of
    asked.save()
    return asked


# -- replacing ---------------------------------------------------------------------------------------------------------------------------------------------


def works_on_letters(turn: Turn) -> bool:
    """Whoever carries cases of letters, in whose right this is."""
    return ITEM in turn.standing.items


def replace(turn: Turn) -> str:
    """Open a case for a letter in place of this one, with the same facts and people; what has passed is left blank."""
    letter, source = letter_of(turn), turn.detail
    assert isinstance(source, Application)
    facts = facts_of(source, timezone.localdate(turn.at)) | {"replaces": letter}
    try:
        case = open_case(turn.case.item, by=turn.by, title=turn.case.title, sensitivity=turn.case.sensitivity, handler=turn.standing.person, facts=facts)
    except NoProcedureError as error:
        raise BlockedError([Blocker("ENG-05", str(error))]) from error
    parts = parts_of(source, current_invitees(source))
    copy_people(Application.objects.get(case=case), parts[letter.part - 1] if len(parts) >= letter.part else ())
    if relation := Term.objects.filter(kind=Term.Kind.RELATION, name=RELATION).first():
        CaseLink.objects.create(case=turn.case, other=case, relation=relation, made_at=turn.at, made_by=turn.by)
    return told(letter, gettext("替代函办件 %(number)s") % {"number": case.number}, turn.data["remark"])


ASK = Action("ask_cancellation", _("申请作废"), permission="invitations.ask_cancellation", who=anybody, effect=ask, form=AskForm)
CANCEL = Action(
    "cancel_letter",
    _("同意作废"),
    permission="cases.sign_case",
    who=anybody,
    blockers=second_person_blockers,
    effect=cancel,
    form=CancelForm,
    asks_password=True,
)
KEEP = Action("keep_letter", _("不同意作废"), permission="cases.sign_case", who=anybody, blockers=second_person_blockers, effect=keep, form=KeepForm)
REPLACE = Action("replace_letter", _("另办替代函"), who=works_on_letters, effect=replace, form=RemarkForm, is_told=True)
ACTIONS = (ASK, CANCEL, KEEP, REPLACE)


def actions_of(letter: InvitationLetter) -> Iterator[Action]:
    """How a letter as it stands may end."""
    if letter.open_cancellation:
        yield from (CANCEL, KEEP)
    elif letter.is_live:
        yield ASK
    if letter.replaced_by_id is None and not open_replacements(letter):
        yield REPLACE


def open_replacements(letter: InvitationLetter) -> list[Case]:
    """The cases that are under way for a letter in place of this one."""
    return [application.case for application in letter.replacements.all() if not application.case.is_closed]


def afterwards(case: Case, detail: Model | None) -> Iterator[tuple[Action, Any]]:
    """What may be done with each letter of a case, open or closed."""
    if isinstance(detail, Application):
        for letter in paper.letters_of(detail):
            yield from acts_on(case, letter)


def acts_on(case: Case, letter: InvitationLetter) -> Iterator[tuple[Action, Any]]:
    """What may be done with a letter of this case, which came with what happened to it."""
    yield from ((action, letter) for action in (*paper.actions_of(case, letter), *actions_of(letter)))
