"""Checking a letter from outside: by the token of its QR code, or by its number and the code that is printed beside it.

A wrong code for a real number costs and answers the same as a number that was never given: one query, one digest, the same page.
"""

import re
import unicodedata
from dataclasses import dataclass
from datetime import timedelta

from django.db.models import Count, Q
from django.utils import timezone

from core import codes

from .issuing import passport_digest
from .models import FailedCheck, InvitationLetter

MOST_FAILURES = 20  # of one address within WINDOW
WINDOW = timedelta(minutes=10)
MOST_OF_ALL = 1000  # of all addresses together within a MINUTE: a guesser who has many addresses waits as well
MINUTE = timedelta(minutes=1)
KEPT = timedelta(days=1)
BRACKETS = str.maketrans("[](){}【】", "〔〕〔〕〔〕〔〕")
LONGEST = 80  # signs of a number; longer ones were never given
LOOSE = re.compile(r"(\D*?)〔?((?:19|20)\d\d)〕?[年-]?第?0*([1-9]\d*)号?")  # as people write a number down


@dataclass(frozen=True)
class Answer:
    """What is told of a letter: nothing but this."""

    state: str
    number: str
    unit: str
    issued_on: str
    valid_until: str
    count: int
    names: list[str]  # masked; only for the token
    sha256: str
    replaced_by: str
    passport: bool | None = None  # whether the number that was typed stands on it; None: none was typed, or nothing is left to compare it with
    is_purged: bool = False  # passport numbers are kept no longer


def read_number(typed: str) -> list[str]:
    """What number somebody may mean, as it is stored, the likeliest first. Width, kind of brackets, spaces and a leading 第 do not matter.

    The second way is for a number of the usual form of official papers (GB/T 9704: 邀函〔2026〕1号) written down without its brackets or its 号.
    """
    text = re.sub(r"\s+", "", unicodedata.normalize("NFKC", typed)).translate(BRACKETS)
    text = text.removeprefix("第")[: LONGEST + 1]
    loose = LOOSE.fullmatch(text)
    return [text, f"{loose[1]}〔{loose[2]}〕{loose[3]}号"] if loose else [text]


def by_token(token: str, passport: str = "") -> Answer | None:
    """What the QR code of a letter tells. One query and one digest, two where a passport number is compared."""
    letter = InvitationLetter.objects.select_related("replaced_by").filter(token_digest=codes.digest(token.lower())).first()
    return _answer(letter, passport, with_names=True) if letter else None


def by_number(number: str, code: str, passport: str = "") -> Answer | None:
    """What number and code tell. `code` was read by core.codes.read_code."""
    meant = read_number(number)
    found = {letter.number: letter for letter in InvitationLetter.objects.select_related("replaced_by").filter(number__in=meant)}
    letter = next((found[one] for one in meant if one in found), None)
    fits = codes.matches(code, letter.code_digest if letter else None)
    return _answer(letter, passport, with_names=False) if letter and fits else None


def _answer(letter: InvitationLetter, passport: str, *, with_names: bool) -> Answer:
    today = timezone.localdate()
    return Answer(
        state=letter.state_on(today),
        number=letter.number,
        unit=letter.unit_name,
        issued_on=timezone.localdate(letter.issued_at).isoformat(),
        valid_until=letter.valid_until.isoformat(),
        count=letter.count,
        names=letter.masked_names if with_names else [],
        sha256=letter.sha256,
        replaced_by=letter.replaced_by.number if letter.replaced_by else "",
        passport=passport_digest(passport, letter.token_digest) in letter.passport_digests if passport and not letter.purged_at else None,
        is_purged=letter.purged_at is not None,
    )


# -- how often -------------------------------------------------------------------------------------------------------------------------------------------


def is_too_often(address: str) -> bool:
    """Whether this address has asked in vain too often lately, or all together have; one query."""
    now = timezone.now()
    mine, late = Q(address=codes.digest(f"address {address}"), at__gte=now - WINDOW), Q(at__gte=now - MINUTE)
    told = FailedCheck.objects.filter(mine | late).aggregate(mine=Count("pk", filter=mine), all=Count("pk", filter=late))
    return told["mine"] >= MOST_FAILURES or told["all"] >= MOST_OF_ALL


def note_failure(address: str) -> None:
    """Count a check that found nothing. It is no act of a person: the audit trail does not grow by what strangers try."""
    FailedCheck.objects.create(address=codes.digest(f"address {address}"))


def forget_failures() -> int:
    """Remove what is older than a day; returns how many."""
    return FailedCheck.objects.filter(at__lt=timezone.now() - KEPT).delete()[0]
