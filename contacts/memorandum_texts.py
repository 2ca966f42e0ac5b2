"""The texts of a memorandum: which are in force, the digest that pins them for approval and signing, and what differs between two languages."""

from collections.abc import Iterable
from typing import Any

from cases.approvals import digest_of
from cases.models import Case
from core.consistency import differences
from core.inspection import READ, words_of

from .models import Language, Memorandum, MemorandumText


def texts_in_force(case: Case, memorandum: Memorandum) -> list[MemorandumText]:
    """The newest version in each language, as far as its file is a document in force of the case (loaded with its documents)."""
    papers = {document.pk for document in case.papers}
    newest: dict[str, MemorandumText] = {}
    for text in memorandum.all_texts:
        if not text.is_scan:
            newest.setdefault(text.language, text)
    return [text for text in newest.values() if text.document_id in papers]


def digest_of_texts(texts: Iterable[MemorandumText]) -> str:
    """One digest for a set of texts: SHA-256 over the language and the SHA-256 of each file. "" where there is none."""
    rows = sorted([text.language, text.document.sha256] for text in texts)
    return digest_of(rows) if rows else ""


def is_as_approved(case: Case, memorandum: Memorandum) -> bool:
    """Whether the texts in force are those that were approved."""
    return bool(memorandum.approved_digest) and digest_of_texts(texts_in_force(case, memorandum)) == memorandum.approved_digest


def pair_of(texts: Iterable[MemorandumText]) -> tuple[MemorandumText, MemorandumText] | None:
    """The Chinese and the English one of these, where there are both."""
    by_language = {text.language: text for text in texts}
    chinese, english = by_language.get(Language.CHINESE), by_language.get(Language.ENGLISH)
    return (chinese, english) if chinese and english else None


def words_in(text: MemorandumText) -> str | None:
    """What a text says: as noted, else read from its file now; None where its file is of a kind that cannot be read. Raises LostFileError, RefusedFileError."""
    if text.words is not None or text.document.kind not in READ:
        return text.words
    return words_of(text.document.file, text.document.sha256, text.document.kind)


def differences_of(memorandum: Memorandum, chinese: str, english: str) -> list[str]:
    """What stands in one of the two texts only: articles, days, numbers, and the names of the parties."""
    names = [(party.organisation.name, party.organisation.name_en) for party in memorandum.current_parties]
    return differences(chinese, english, names, with_articles=True)


def as_facts(texts: Iterable[MemorandumText]) -> list[Any]:
    """How a set of texts stands in what is approved."""
    return [[text.get_language_display(), text.number, text.document.sha256] for text in texts]
