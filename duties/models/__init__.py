"""The catalogue, and what staff have made from it."""

from .catalogue import (
    DutyItem,
    LegalBasis,
    ListEdition,
    ListEntry,
    ProcessStep,
    RequiredMaterial,
    Responsibility,
    Revision,
    Sheet,
    SheetLegalBasis,
    SheetQuerySet,
    SupervisionContact,
    moment,
)
from .export import SheetExport

__all__ = [
    "DutyItem",
    "LegalBasis",
    "ListEdition",
    "ListEntry",
    "ProcessStep",
    "RequiredMaterial",
    "Responsibility",
    "Revision",
    "Sheet",
    "SheetExport",
    "SheetLegalBasis",
    "SheetQuerySet",
    "SupervisionContact",
    "moment",
]
