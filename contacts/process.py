"""The kinds of case that this app brings, and what its nouns show on the pages of the book."""

from . import coordination_lists, coordination_panels, coordination_process, interaction_book, interaction_kind, memorandum_book, memorandum_process

__all__ = [
    "coordination_lists",
    "coordination_panels",
    "coordination_process",
    "interaction_book",
    "interaction_kind",
    "memorandum_book",
    "memorandum_process",
]
