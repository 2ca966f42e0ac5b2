"""The department's memory: countries, organisations, people, and how they are reached."""

from .coordination import CoordinationMatter, PlanLine
from .countries import Country
from .matches import Likeness, MatchKey
from .merges import Merge
from .organisations import Organisation, OrganisationAddress
from .people import ContactPoint, Person, Position

__all__ = [
    "ContactPoint",
    "CoordinationMatter",
    "Country",
    "Likeness",
    "MatchKey",
    "Merge",
    "Organisation",
    "OrganisationAddress",
    "Person",
    "PlanLine",
    "Position",
]
