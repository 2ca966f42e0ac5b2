"""Kept files that are encrypted, each bound to its row as the text of an encrypted field is: a thief of the store reads nothing.

What a kind of such files is called by, and where its rows name them, is registered, so that `rotate_field_key` finds them all.
"""

import base64
import secrets
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from django.db import models

from . import encryption
from .encryption import Batch, UnreadableSecretError
from .files import LostFileError, digest_of, folder, keep, let_go, open_kept, path_of


@dataclass(frozen=True)
class SealedFile:
    """Rows of `model` name a sealed file in the column `name`, and the SHA-256 of what lies in the store in `digest`; `place_of` a row binds it."""

    model: type[models.Model]
    name: str
    digest: str
    place_of: Callable[[Any], str]

    @property
    def label(self) -> str:
        return f"{self.model._meta.label_lower}.{self.name}"


registered: list[SealedFile] = []


def register(kind: SealedFile) -> SealedFile:
    """Add a kind of sealed files. An app that seals files has one for each column that names them."""
    registered.append(kind)
    return kind


def write(path: Path, body: bytes, place: str) -> Path:
    """Seal `body` for its place and write it to `path`, from where it is kept. Returns the path."""
    path.write_text(encryption.seal(base64.b64encode(body).decode(), place))
    return path


def read(name: str, sha256: str, place: str) -> bytes:
    """What was sealed for this place and kept under this name. Raises LostFileError, UnreadableSecretError."""
    with open_kept(name, sha256) as file:
        return base64.b64decode(encryption.unseal(file.read().decode(), place))


def encrypt_anew(kind: SealedFile, after: Any, limit: int) -> Batch:
    """Seal the files of up to `limit` rows after the pk `after` (None: from the first) with the first key of the ring, where another sealed them.

    In a transaction, and inside `kept_with_the_act`: each gets another name; the old file goes once that is committed.
    """
    batch = Batch()
    rows = kind.model._base_manager.exclude(**{kind.name: ""}).filter(**{} if after is None else {"pk__gt": after}).order_by("pk")
    for row in rows.select_for_update()[:limit]:
        batch.last = row.pk
        name, place = getattr(row, kind.name), kind.place_of(row)
        try:
            if _mark_of(name) == encryption.ring()[0].mark:
                continue
            path = write(folder("incoming") / secrets.token_hex(16), read(name, getattr(row, kind.digest), place), place)
        except LostFileError:
            batch.faults.append(f"{row.pk}：{place} 的文件不在，或者被改动过。")
            continue
        except UnreadableSecretError as error:
            batch.faults.append(f"{row.pk}：{error}")
            continue
        kind.model._base_manager.filter(pk=row.pk).update(**{kind.digest: digest_of(path), kind.name: keep(path)})
        let_go([path_of(name)])
        batch.count += 1
    return batch


def _mark_of(name: str) -> str:
    try:
        with path_of(name).open() as file:
            return file.read(encryption.MARK_LENGTH)
    except OSError as error:
        raise LostFileError(name) from error
