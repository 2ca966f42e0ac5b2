"""Who opens the pages of the register: whoever works on cases sees it, a right of its own registers. What each sees is up to the querysets."""

from typing import Any

from django.http import Http404
from django.shortcuts import get_object_or_404

from accounts.models import User
from cases.access import right_required

from .models import Entry
from .process import REGISTER

reader = right_required("cases.view_case")
paper_reader = right_required("cases.read_documents")
registrar = right_required(REGISTER)
printer = right_required("correspondence.print_register")


def entry_or_404(person: User, pk: int) -> Entry:
    """The entry, if this person may see it; out of scope and absent are the same."""
    entries: Any = Entry.objects.visible_to(person).with_answers().select_related("medium", "handler", "registered_by", "cancelled_by", "replies_to")
    return get_object_or_404(entries.prefetch_related("items"), pk=pk)


def own_entry_or_404(person: User, pk: int) -> Entry:
    """The entry, if this person may change it and it stands."""
    entry = entry_or_404(person, pk)
    if entry.is_cancelled or not may_change(person, entry):
        raise Http404
    return entry


def may_change(person: User, entry: Entry) -> bool:
    """Whether this person may correct, link and cancel the entry: seen in a standing that may register."""
    return Entry.objects.visible_to(person, REGISTER).filter(pk=entry.pk).exists()
