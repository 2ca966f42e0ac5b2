"""Entries are found by subject, counterpart and any of their numbers; their documents by name."""

from django.utils.translation import gettext_lazy as _

from core.search import Source, Words, register

from .models import Entry, EntryDocument

ENTRIES = register(
    Source(
        kind="letter",
        label=_("往来函电"),
        objects=Entry.objects.all,
        visible=Entry.objects.visible_to,
        words=lambda entry: Words(entry.subject, [entry.number, entry.counterpart_number, entry.own_number], [entry.counterpart]),
        about=lambda entry: f"{entry.number} · {entry.counterpart}",
    )
)

DOCUMENTS = register(
    Source(
        kind="letter_document",
        label=_("函电文件"),
        objects=EntryDocument.objects.select_related("entry").all,
        visible=lambda by: EntryDocument.objects.visible_to(by).filter(withdrawn_at=None).select_related("entry"),
        words=lambda document: Words(document.name, [document.entry.number]),
        about=lambda document: f"{document.entry.number} {document.entry.subject}",
    )
)
