"""The department's memory: countries, organisations, people, and how they are reached."""

from .coordination import CoordinationMatter, PlanLine
from .countries import Country
from .imports import ImportBatch, ImportRow
from .matches import Likeness, MatchKey
from .memoranda import Language, Memorandum, MemorandumParty, MemorandumSignatory, MemorandumText
from .memorandum_course import Commitment, Countersignature, Fulfilment, LegalReview, MemorandumExtension, TextCheck, YearlyReview
from .merges import Merge
from .organisations import Organisation, OrganisationAddress
from .people import ContactPoint, Person, Position
from .rules import LiaisonRule

__all__ = [
    "Commitment",
    "ContactPoint",
    "CoordinationMatter",
    "Countersignature",
    "Country",
    "Fulfilment",
    "ImportBatch",
    "ImportRow",
    "Language",
    "LegalReview",
    "LiaisonRule",
    "Likeness",
    "MatchKey",
    "Memorandum",
    "MemorandumExtension",
    "MemorandumParty",
    "MemorandumSignatory",
    "MemorandumText",
    "Merge",
    "Organisation",
    "OrganisationAddress",
    "Person",
    "PlanLine",
    "Position",
    "TextCheck",
    "YearlyReview",
]
