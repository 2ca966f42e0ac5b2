"""The department's memory: countries, organisations, people, how they are reached, and what was talked about with them."""

from .coordination import CoordinationMatter, PlanLine
from .countries import Country
from .feeds import CalendarFeed
from .imports import ImportBatch, ImportRow
from .interactions import Interaction, InteractionLink, InteractionThread, Sensitivity, Visit
from .matches import Likeness, MatchKey
from .memoranda import Language, Memorandum, MemorandumParty, MemorandumSignatory, MemorandumText
from .memorandum_course import Commitment, Countersignature, Fulfilment, LegalReview, MemorandumExtension, TextCheck, YearlyReview
from .merges import Merge
from .organisations import Organisation, OrganisationAddress
from .people import ContactPoint, Person, Position
from .rules import LiaisonRule

__all__ = [
    "CalendarFeed",
    "Commitment",
    "ContactPoint",
    "CoordinationMatter",
    "Countersignature",
    "Country",
    "Fulfilment",
    "ImportBatch",
    "ImportRow",
    "Interaction",
    "InteractionLink",
    "InteractionThread",
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
    "Sensitivity",
    "TextCheck",
    "Visit",
    "YearlyReview",
]
