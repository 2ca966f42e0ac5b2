"""What is handed in before it is registered: files and mails looked through, and kept for an hour while the person fills in the form."""

import contextlib
import hashlib
import os
import secrets
from collections.abc import Iterable, Sequence
from datetime import timedelta
from pathlib import Path
from typing import Any

from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.actions import Refused
from accounts.audit import acting, record
from accounts.models import User
from cases.documents import MOST, NoRoomError
from core import inspection
from core.files import digest_of, folder, is_full
from core.inspection import Finding, RefusedFileError

from .models import Incoming, IncomingFile

KEPT_ROWS = timedelta(days=1)
# Why a mail is refused as such; for any other reason it is an attachment that is, and the rest of the mail can be registered without it.
FOR_GOOD = {"empty", "large", "name", "secret", "infected", "scanner", "failed"}


class GoneError(Refused):
    """A file that was handed in is not there any more."""

    def __init__(self) -> None:
        super().__init__(_("上传的文件已超过一小时没有登记，系统没有再保留，请重新上传。已填的内容还在。"))


def open_incoming(person: User) -> Incoming:
    """A place for what this person hands in; what they left for a day goes."""
    Incoming.objects.filter(person=person, made_at__lt=timezone.now() - KEPT_ROWS).delete()
    return Incoming.objects.create(person=person)


def find(person: User, key: str) -> Incoming | None:
    """What this person handed in before, by its key in an address; its files stay for another hour."""
    found = Incoming.objects.filter(person=person, pk=key).prefetch_related("files").first() if key.isdecimal() and len(key) < 19 else None
    for file in found.files.all() if found else ():
        if file.place:
            with contextlib.suppress(FileNotFoundError):
                os.utime(file.path)
    return found


def take(given: Sequence[Any], incoming: Incoming | None, *, by: User, request: HttpRequest | None = None) -> tuple[Incoming | None, list[IncomingFile]]:
    """Look through files of a request (core.files.Received), and put those that are fit with `incoming`, or a new one.

    Returns it and what was made of each, the refused ones (audited) with their reason, kept nowhere. Raises NoRoomError, and Refused for too many.
    """
    if len(given) > MOST:
        raise Refused(_("一次最多上传 %(most)d 个文件，请分几次上传。") % {"most": MOST})
    for file in given:
        inspection.examine(file)
    if any(file.is_lost for file in given):
        raise NoRoomError
    rows = [_row(file.name or "", file.finding, file.refusal) for file in given]
    _tell_refused(rows, [file.sha256 for file in given], by, request)
    fit = [row for row in rows if not row.refusal]
    if fit:
        incoming = incoming or open_incoming(by)
        for row in fit:
            row.incoming = incoming
            row.save()
    return incoming, rows


def take_mail(file: Any, *, by: User, request: HttpRequest | None = None) -> Incoming:
    """Look through a mail and what is attached to it. Raises RefusedFileError for one that is not taken at all, and NoRoomError.

    Where it is only an attachment that is refused, the mail itself is not kept (it holds the attachment): what it says and the other attachments are.
    """
    inspection.examine(file)
    if file.is_lost:
        raise NoRoomError
    refusal: RefusedFileError | None = file.refusal
    try:
        if refusal and refusal.code in FOR_GOOD:
            raise refusal
        if not (file.name or "").lower().endswith(".eml"):
            raise RefusedFileError("mismatch")
        letter = inspection.take_apart(file.path)
        rows = list(_attachments(file.path, letter.pop("attachments")))
        if secret := next((row for row in rows if row.refusal == "secret"), None):
            _drop(rows)
            raise RefusedFileError(secret.refusal)
    except RefusedFileError as error:
        _tell_refused([IncomingFile(name=(file.name or "")[:200], refusal=error.code, size=file.size)], [file.sha256], by, request)
        raise
    except OSError as error:
        if not is_full(error):
            raise
        raise NoRoomError from error
    finally:
        for written in file.path.parent.glob(f"{file.path.name}-*"):
            written.unlink(missing_ok=True)
    message = _row(file.name, file.finding, refusal)
    message.is_message = True
    _tell_refused([message, *rows], [file.sha256, *(row.sha256 for row in rows)], by, request)
    incoming = open_incoming(by)
    incoming.letter = letter
    incoming.save(update_fields=["letter"])
    IncomingFile.objects.bulk_create(_with(incoming, [message, *rows]))
    return incoming


def _with(incoming: Incoming, rows: Iterable[IncomingFile]) -> list[IncomingFile]:
    made = list(rows)
    for row in made:
        row.incoming = incoming
    return made


def _row(name: str, finding: Finding | None, refusal: RefusedFileError | None, *, is_inline: bool = False) -> IncomingFile:
    """A file that was looked through, moved to a name of its own if it is fit."""
    if finding is None:
        return IncomingFile(name=name[:200], refusal=refusal.code if refusal else "failed", is_inline=is_inline)
    place = folder("incoming") / secrets.token_hex(16)
    size, sha256 = finding.path.stat().st_size, digest_of(finding.path)
    finding.path.rename(place)
    os.utime(place)
    return IncomingFile(name=finding.name, kind=finding.kind, pages=finding.pages, size=size, sha256=sha256, place=place.name, is_inline=is_inline)


def _attachments(mail: Path, told: Iterable[dict[str, Any]]) -> Iterable[IncomingFile]:
    """What each attachment is; the files that the child wrote are gone afterwards."""
    for one in told:
        path = mail.with_name(one["file"])
        sha256 = hashlib.sha256(path.read_bytes()).hexdigest()
        try:
            row = _row(one["name"], inspection.inspect(path, one["name"], one["size"]), None, is_inline=one["is_inline"])
        except RefusedFileError as error:
            row = _row(one["name"], None, error, is_inline=one["is_inline"])
            row.sha256, row.size = sha256, one["size"]
        finally:
            for written in (path, path.with_suffix(".clean")):
                written.unlink(missing_ok=True)
        yield row


def _drop(rows: Iterable[IncomingFile]) -> None:
    for row in rows:
        if row.place:
            row.path.unlink(missing_ok=True)


def _tell_refused(rows: Sequence[IncomingFile], digests: Sequence[str], by: User, request: HttpRequest | None) -> None:
    if any(row.refusal for row in rows):
        with acting(by, request):
            for row, sha256 in zip(rows, digests, strict=True):
                if row.refusal:
                    record("letter.refuse", by, reason=row.refusal, sha256=sha256, size=row.size)


def close(incoming: Incoming) -> None:
    """All that is wanted of it was kept: the rest goes."""
    _drop(incoming.files.all())
    incoming.delete()
