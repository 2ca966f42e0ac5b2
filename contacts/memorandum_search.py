"""Memoranda are found by their titles, the number of their case, and their parties. Whoever sees the case finds them."""

from django.utils.translation import gettext_lazy as _

from core.search import Source, Words, register

from .models import Memorandum


def _words(memorandum: Memorandum) -> Words:
    bodies = [party.organisation for party in memorandum.current_parties]
    names = [name for body in bodies for name in (body.name, body.name_en, body.short_name) if name]
    return Words(str(memorandum)[:300], [memorandum.title_en, memorandum.title_other, memorandum.case.number, *names])


MEMORANDA = register(
    Source(
        kind="memorandum",
        label=_("备忘录"),
        objects=Memorandum.objects.select_related("case").all,
        visible=lambda by: Memorandum.objects.visible_to(by).select_related("case"),
        words=_words,
        about=lambda memorandum: f"{memorandum.case.number} {memorandum.title_en}".strip(),
    )
)
