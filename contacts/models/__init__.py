"""The department's memory: countries, organisations, people, and how they are reached."""

from .countries import Country
from .organisations import Organisation, OrganisationAddress
from .people import ContactPoint, Person, Position

__all__ = ["ContactPoint", "Country", "Organisation", "OrganisationAddress", "Person", "Position"]
