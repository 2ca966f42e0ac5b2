"""The rows of daily work, by noun: cases and their parts, approvals, operating rules, and who works on what."""

from .approvals import Approval
from .cases import Case, CaseHold, CaseLink, CaseMaterial, CaseStep, CaseTask, TimelineEntry
from .documents import Document
from .drafts import Draft
from .people import Assignment, Phrase, Substitution
from .rules import Need, StepRule, TaskTemplate, Term
from .tallies import CaseTally

__all__ = [
    "Approval",
    "Assignment",
    "Case",
    "CaseHold",
    "CaseLink",
    "CaseMaterial",
    "CaseStep",
    "CaseTally",
    "CaseTask",
    "Document",
    "Draft",
    "Need",
    "Phrase",
    "StepRule",
    "Substitution",
    "TaskTemplate",
    "Term",
    "TimelineEntry",
]
