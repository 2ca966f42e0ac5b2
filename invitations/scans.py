"""The scan of the signed and sealed paper: what its QR code says is compared with the letter before it is kept, and it is kept sealed.

It is a forger's best template: nothing hands it out but `shown`, which puts over each page who looks at it, and when.
"""

import hashlib
import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from django.conf import settings
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from cases.models import Case
from core import codes, inspection, sealed_files
from core.files import digest_of
from core.inspection import RefusedFileError
from core.printing import PrintRefusedError

from .drawing import mark_pdf
from .models import InvitationLetter, Scan

ADDRESS = re.compile(rf"(https?://[^/\s]+)/(?:[a-z]+/)*verify/([0-9A-Za-z]{{{codes.TOKEN_LENGTH}}})/?")
PICTURES = {"png", "jpeg"}
KINDS = _("只接受一份 PDF，或者每页一张图片（png、jpg）。")


class ScanRefusedError(RefusedFileError):
    """A scan that is not this letter's; `code` stands in the audit trail."""

    def __init__(self, code: str, text: str | Promise) -> None:
        self.code = code
        Exception.__init__(self, str(text))


@dataclass(frozen=True)
class Judged:
    """A scan that may be this letter's: what its QR code said, its pages, its digest, and where it lies sealed."""

    reading: Scan.Reading
    pages: int
    sha256: str
    sealed: Path


def place_of(letter: InvitationLetter) -> str:
    """What the kept scan of a letter is bound to."""
    return f"invitations.letter.scan:{letter.row_key}"


sealed_files.register(sealed_files.SealedFile(InvitationLetter, "scan", "scan_sha256", place_of))
sealed_files.register(sealed_files.SealedFile(Scan, "file", "sealed_sha256", lambda scan: place_of(scan.letter)))


# -- judging -----------------------------------------------------------------------------------------------------------------------------------------------


def look(files: Sequence[Any], *, case: Case, key: str) -> None:
    """Compare files that were handed in with the letter that `key` names, and note in the first of them what was found (`judged`), or in each a refusal."""
    letter = InvitationLetter.objects.filter(application__case=case, pk=key.partition(":")[2]).first()
    if letter is None:
        return
    try:
        files[0].judged = _judged(letter, [file.finding for file in files])
    except RefusedFileError as refusal:
        for file in files:
            file.refusal = refusal


def _judged(letter: InvitationLetter, findings: Sequence[inspection.Finding]) -> Judged:
    kinds = [finding.kind for finding in findings]
    if kinds != ["pdf"] and not PICTURES.issuperset(kinds):
        raise ScanRefusedError("scan_kind", KINDS)
    if letter.sha256 in {digest_of(finding.path) for finding in findings}:
        raise ScanRefusedError("scan_unsigned", _("这是下载的电子函件，没有签字和印章，没有收下。请打印、签字、用印后扫描，再上传扫描件。"))
    found = inspection.read_codes(findings)
    if found.pages != letter.pages:
        words = {"scan": found.pages, "letter": letter.pages or 0}
        raise ScanRefusedError("scan_pages", gettext("扫描件 %(scan)d 页，函件 %(letter)d 页，没有收下。请按函件逐页扫描，不缺页、不夹别的纸。") % words)
    reading = reading_of(letter, [text for _page, text in found.codes])
    body = found.path.read_bytes()
    sealed = sealed_files.write(findings[0].path.with_suffix(".sealed"), body, place_of(letter))
    return Judged(reading, found.pages, hashlib.sha256(body).hexdigest(), sealed)


def reading_of(letter: InvitationLetter, texts: Sequence[str]) -> Scan.Reading:
    """What the texts of the QR codes on a scan say of it. Raises ScanRefusedError where they are of something else."""
    addresses = [match for text in texts if (match := ADDRESS.fullmatch(text.strip()))]
    digests = {codes.digest(match[2].lower()) for match in addresses}
    if others := digests - {letter.token_digest}:
        raise ScanRefusedError("scan_of_another", _told_of(others))
    if not digests and texts:
        raise ScanRefusedError("scan_foreign", _("扫描件上的二维码不是函件核验的二维码，没有收下。请核对是不是这份函件。"))
    if not digests:
        return Scan.Reading.UNREADABLE
    return Scan.Reading.MATCHED if settings.PUBLIC_BASE_URL in {match[1] for match in addresses} else Scan.Reading.OTHER_SITE


def _told_of(digests: set[str]) -> str:
    number = InvitationLetter.objects.filter(token_digest__in=digests).values_list("number", flat=True).first()
    if number is None:
        return gettext("扫描件上的二维码查无此函，没有收下。请核对纸质函件是不是本系统签发的。")
    return gettext("扫描件上的二维码是另一份函件（%(number)s）的，没有收下。请换成这份函件的扫描件。") % {"number": number}


# -- showing -----------------------------------------------------------------------------------------------------------------------------------------------


def shown(letter: InvitationLetter, name: str, sealed_sha256: str, by: User, at: datetime) -> bytes:
    """The kept scan as pictures with the person and the time over each page. Raises LostFileError, UnreadableSecretError, RefusedFileError."""
    body = sealed_files.read(name, sealed_sha256, place_of(letter))
    return inspection.marked(body, _mark(letter, by, at), flat=True)


def _mark(letter: InvitationLetter, by: User, at: datetime) -> bytes:
    when = f"{timezone.localtime(at):%Y-%m-%d %H:%M:%S}"
    try:
        return mark_pdf("print/watermark.html", line=f"{by.name} {by.username} {when}", number=letter.number)
    except PrintRefusedError:  # a name that the font pack cannot draw
        return mark_pdf("print/watermark.html", line=f"{by.username} {when}", number=letter.number)
