"""The catalogue."""

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
    "SheetLegalBasis",
    "SheetQuerySet",
    "SupervisionContact",
    "moment",
]
