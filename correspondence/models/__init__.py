"""The rows of the register: entries with what happened to them, the cases that they belong to, their documents, and what is being handed in."""

from .documents import EntryDocument
from .entries import Direction, Entry, EntryChange, EntryLink
from .incoming import Incoming, IncomingFile

__all__ = ["Direction", "Entry", "EntryChange", "EntryDocument", "EntryLink", "Incoming", "IncomingFile"]
