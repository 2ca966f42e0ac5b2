"""Invitation letters (4.1): who invites, who is invited, what was issued, and what became of it."""

from .after import Cancellation, Scan, Visit
from .applications import Application, Invitee
from .batches import BatchLine, IssueBatch
from .letters import FailedCheck, InvitationLetter
from .lists import CheckRule, LetterKind, LetterTemplate
from .personal import PersonRequest, Purge, RetentionRule
from .units import InvitingUnit, UnitFiling, UnitHold

__all__ = [
    "Application",
    "BatchLine",
    "Cancellation",
    "CheckRule",
    "FailedCheck",
    "InvitationLetter",
    "Invitee",
    "InvitingUnit",
    "IssueBatch",
    "LetterKind",
    "LetterTemplate",
    "PersonRequest",
    "Purge",
    "RetentionRule",
    "Scan",
    "UnitFiling",
    "UnitHold",
    "Visit",
]
