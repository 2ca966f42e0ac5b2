"""Single fields that are encrypted in the database: passport numbers, and what else a thief of a backup must not read.

AES-256-GCM (NIST SP 800-38D) with a random nonce for each text. The keys stand outside the database, in settings.FIELD_KEY: one or more long
random texts; the first one encrypts, all of them read. Each is split by HMAC-SHA-256 into a key for texts, a key for blind indexes and the
public mark by which a stored text names its key, so nothing has to be numbered by hand and no key serves two ends.

A text is bound to its place. The associated data are the model, the field and the row's `row_key`: a random UUID that the row is given before
it is stored (its pk is not known until then) and that no second row can have (it is unique). A stored text that is copied to another row or
another column is therefore refused, and it cannot bring its row's key along.

In Python the value is a `Secret`: it shows itself masked, `reveal()` gives the text, and it refuses to be pickled or written as JSON. Rows
are read without decrypting anything. dumpdata writes the stored text, and loaddata takes it back.
"""

import base64
import binascii
import dataclasses
import hashlib
import hmac
import re
import secrets
import unicodedata
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from typing import Any, NoReturn

from django.apps import apps
from django.conf import settings
from django.core import checks
from django.core.exceptions import FieldError, ImproperlyConfigured
from django.db import models
from django.db.models.functions import Substr

from .libraries import library

MIN_KEY_LENGTH = 32  # signs; bin/setup makes 86
NONCE_SIZE = 12  # bytes (NIST SP 800-38D, 8.2.2)
STORED = re.compile(r"aesgcm:[0-9a-f]{8}:[A-Za-z0-9_-]{38,}={0,2}")
MARK_LENGTH = len("aesgcm:00000000:")


class UnreadableSecretError(Exception):
    """A stored text that cannot be decrypted: its key is not there, or it is not what was stored in this place."""


# -- keys --------------------------------------------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, repr=False)
class FieldKey:
    """One key of the ring, split by what it is for."""

    mark: str  # what stored texts name it by
    for_texts: bytes
    for_indexes: bytes


@cache
def _split(text: str) -> tuple[FieldKey, ...]:
    found = []
    for key in text.split():
        if len(key) < MIN_KEY_LENGTH:
            raise ImproperlyConfigured(f"FIELD_KEY: each key has at least {MIN_KEY_LENGTH} signs; bin/setup makes a good one.")
        parts = [hmac.digest(key.encode(), f"liaison-portal field {use}".encode(), hashlib.sha256) for use in ("mark", "texts", "indexes")]
        found.append(FieldKey(f"aesgcm:{parts[0][:4].hex()}:", parts[1], parts[2]))
    return tuple(found)


def ring() -> tuple[FieldKey, ...]:
    """The keys of settings.FIELD_KEY, the one that encrypts first. Raises ImproperlyConfigured."""
    keys = _split(settings.FIELD_KEY)
    if not keys:
        raise ImproperlyConfigured("FIELD_KEY is empty; bin/setup makes a key.")
    return keys


def seal(text: str, place: str) -> str:
    """`text` encrypted with the first key for one place ("invitations.invitee.passport_number:<row_key>")."""
    key = ring()[0]
    nonce = secrets.token_bytes(NONCE_SIZE)
    cipher = library("cryptography.hazmat.primitives.ciphers.aead.AESGCM")(key.for_texts)
    return key.mark + base64.urlsafe_b64encode(nonce + cipher.encrypt(nonce, text.encode(), place.encode())).decode()


def unseal(stored: str, place: str) -> str:
    """The text that was sealed for this place. Raises UnreadableSecretError."""
    key = next((key for key in ring() if stored.startswith(key.mark)), None)
    if key is None:
        raise UnreadableSecretError(f"{place}：读不出，FIELD_KEY 里没有标记为 {stored[:MARK_LENGTH]} 的密钥。请把当时的密钥加回 FIELD_KEY，再启动。")
    try:
        content = base64.urlsafe_b64decode(stored[MARK_LENGTH:])
        cipher = library("cryptography.hazmat.primitives.ciphers.aead.AESGCM")(key.for_texts)
        return cipher.decrypt(content[:NONCE_SIZE], content[NONCE_SIZE:], place.encode()).decode()
    except (binascii.Error, ValueError, library("cryptography.exceptions.InvalidTag")) as error:
        raise UnreadableSecretError(f"{place}：密文被改动过，或是从别的行、别的字段复制来的。") from error


def mask(text: str) -> str:
    """ "E12345678" as "E****5678": the first sign and up to four last ones, at least four signs hidden."""
    tail = max(0, min(4, len(text) - 5))
    return f"{text[:1] if len(text) > 4 else ''}****{text[len(text) - tail :]}"


def plain_number(text: str) -> str:
    """A number as it is compared: full width, lower case, spaces and signs between do not matter."""
    return "".join(sign for sign in unicodedata.normalize("NFKC", text).upper() if sign.isalnum())


def blind_indexes(text: str) -> list[str]:
    """Under what a number may be found: its keyed digest for each key of the ring, the one that is written now first.

    `Invitee.objects.filter(passport_index__in=blind_indexes("E12345678"))`. The same number has the same digest in every table.
    """
    return [hmac.new(key.for_indexes, plain_number(text).encode(), hashlib.sha256).hexdigest() for key in ring()]


# -- values ------------------------------------------------------------------------------------------------------------------------------------------------


class Stored(str):
    """An encrypted text as the database holds it."""

    __slots__ = ()


class Secret:
    """A text that shows itself masked. `reveal()` gives it; whoever calls that has asked the person's right and left an audit row."""

    __slots__ = ("_place", "_stored", "_text")

    def __init__(self, text: str | None = None, *, stored: Stored | None = None, place: str = "") -> None:
        self._text, self._stored, self._place = text, stored, place

    def reveal(self) -> str:
        """The text itself. Raises UnreadableSecretError."""
        if self._text is None:
            assert self._stored is not None
            self._text = unseal(self._stored, self._place)
        return self._text

    def stored_for(self, place: str) -> Stored:
        """How this is stored in one place: as it is there already, else encrypted for it."""
        if self._stored is not None and self._place == place:
            return self._stored
        return Stored(seal(self.reveal(), place))

    def __str__(self) -> str:
        return mask(self.reveal())

    def __repr__(self) -> str:
        return "<Secret>"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Secret) and hmac.compare_digest(self.reveal().encode(), other.reveal().encode())

    __hash__ = None  # type: ignore[assignment]

    def __reduce__(self) -> NoReturn:
        raise TypeError("A secret is not pickled: it would lie open in a cache or a queue.")


class _SecretAttribute:
    """The attribute of a row: what is set, text or Secret, is given back as a Secret, what was read stays encrypted until it is revealed."""

    def __init__(self, field: "EncryptedTextField") -> None:
        self.field = field

    def __get__(self, row: models.Model | None, _owner: type) -> Any:
        if row is None:  # asked of the model itself
            return self
        if self.field.attname not in row.__dict__:
            row.refresh_from_db(fields=[self.field.attname])  # left out by only() or defer()
        value = row.__dict__[self.field.attname]
        return Secret(stored=value, place=self.field.place_of(row)) if isinstance(value, Stored) else value

    def __set__(self, row: models.Model, value: "str | Secret | None") -> None:
        if value is not None and not isinstance(value, Stored | Secret):
            value = Secret(value) if value else None
        row.__dict__[self.field.attname] = value


class EncryptedTextField(models.TextField):
    """A text that the database sees encrypted only; None where there is none. Its model is a SealedRow.

    Not in forms by itself: what a form showed would be the mask, and what it sent back would be stored. Not searchable: see BlindIndexField.
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        kwargs["editable"] = False
        super().__init__(*args, **kwargs)

    def deconstruct(self) -> Any:
        name, path, args, kwargs = super().deconstruct()
        del kwargs["editable"]
        return name, path, args, kwargs

    def check(self, **kwargs: Any) -> list[checks.CheckMessage]:
        if not issubclass(self.model, SealedRow):
            return [*super().check(**kwargs), checks.Error("The model of an EncryptedTextField is a SealedRow.", obj=self, id="core.E001")]
        return super().check(**kwargs)

    def contribute_to_class(self, cls: type[models.Model], name: str, private_only: bool = False) -> None:
        super().contribute_to_class(cls, name, private_only)
        setattr(cls, self.attname, _SecretAttribute(self))

    def place_of(self, row: models.Model) -> str:
        """Where a text is bound to: model, field and row."""
        return f"{self.model._meta.label_lower}.{self.name}:{row.row_key}"  # type: ignore[attr-defined]

    def from_db_value(self, value: str | None, *_rest: object) -> Stored | None:
        return None if value is None else Stored(value)

    def to_python(self, value: Any) -> Any:
        """What loaddata reads back is a stored text; everything else stays what it is."""
        return Stored(value) if isinstance(value, str) and STORED.fullmatch(value) else value

    def pre_save(self, model_instance: models.Model, add: bool) -> Stored | None:
        secret = getattr(model_instance, self.attname)
        return secret and secret.stored_for(self.place_of(model_instance))

    def get_prep_value(self, value: Any) -> Any:
        if isinstance(value, Secret) and value._stored is not None:  # a row that loaddata writes
            value = value._stored
        if value is None or isinstance(value, Stored):
            return value
        raise TypeError(f"{self.name}: save the object; an encrypted text is bound to its row and cannot be set by update() or bulk_update()")

    def value_to_string(self, obj: models.Model) -> Any:
        return self.pre_save(obj, add=False)

    def get_lookup(self, lookup_name: str) -> Any:
        if lookup_name != "isnull":
            raise FieldError(f"{self.name} is encrypted: it can only be asked for isnull. For equality ask its BlindIndexField with blind_indexes().")
        return super().get_lookup(lookup_name)

    def get_transform(self, lookup_name: str) -> NoReturn:
        raise FieldError(f"{self.name} is encrypted: {lookup_name} cannot be asked of it")


class BlindIndexField(models.CharField):
    """The keyed digest of the number in the encrypted field `of` of the same row, written with it: for equality, with blind_indexes()."""

    def __init__(self, *args: Any, of: str, **kwargs: Any) -> None:
        self.of = of
        super().__init__(*args, **{**kwargs, "max_length": 64, "null": True, "db_index": True, "editable": False})

    def deconstruct(self) -> Any:
        name, path, args, kwargs = super().deconstruct()
        for fixed in ("max_length", "null", "db_index", "editable"):
            del kwargs[fixed]
        return name, path, args, {**kwargs, "of": self.of}

    def pre_save(self, model_instance: models.Model, add: bool) -> str | None:
        if not isinstance(model_instance.__dict__[self.of], Stored):  # else it is as it was read, and so is the digest
            secret = getattr(model_instance, self.of)
            setattr(model_instance, self.attname, secret and blind_indexes(secret.reveal())[0])
        return getattr(model_instance, self.attname)


class SealedRow(models.Model):
    """A row with encrypted fields; `row_key` is what their texts are bound to, given once and never changed."""

    row_key = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)

    class Meta:
        abstract = True

    def save(self, *args: Any, **kwargs: Any) -> None:
        """Save; an encrypted field that is named in update_fields takes its blind index along."""
        named = kwargs.get("update_fields")
        if named is not None:
            kwargs["update_fields"] = {*named, *(field.name for field in blind_index_fields(type(self)) if field.of in named)}
        super().save(*args, **kwargs)


# -- a new key ---------------------------------------------------------------------------------------------------------------------------------------------


def encrypted_fields(model: type[models.Model]) -> list[EncryptedTextField]:
    return [field for field in model._meta.local_fields if isinstance(field, EncryptedTextField)]


def blind_index_fields(model: type[models.Model]) -> list[BlindIndexField]:
    return [field for field in model._meta.local_fields if isinstance(field, BlindIndexField)]


def fields_at_rest() -> Iterator[EncryptedTextField]:
    """Every encrypted field of every app."""
    for model in apps.get_models():
        yield from encrypted_fields(model)


def under_other_keys(field: EncryptedTextField) -> models.QuerySet[Any]:
    """Rows whose text in `field` was encrypted with another key than the first one of the ring."""
    mark = Substr(field.name, 1, MARK_LENGTH, output_field=models.CharField())
    return field.model._base_manager.annotate(key_mark=mark).exclude(key_mark=ring()[0].mark).filter(**{f"{field.name}__isnull": False}).order_by("pk")


@dataclass
class Batch:
    """What one step of changing the key did: rows encrypted anew, sentences on those that cannot be read, and where to go on (None: all done)."""

    count: int = 0
    faults: list[str] = dataclasses.field(default_factory=list)
    last: Any = None


def encrypt_anew(field: EncryptedTextField, after: Any, limit: int) -> Batch:
    """Encrypt up to `limit` texts of `field` with the first key, in rows after the pk `after` (None: from the first), in a transaction.

    Their blind indexes are written with it. What is done is not found again: whoever is interrupted begins anew where it stopped.
    """
    batch = Batch()
    rows = under_other_keys(field).filter(**{} if after is None else {"pk__gt": after})
    for row in rows.select_for_update()[:limit]:
        batch.last = row.pk
        try:
            text = getattr(row, field.attname).reveal()
        except UnreadableSecretError as error:
            batch.faults.append(f"{row.pk}：{error}")
            continue
        indexes = {index.name: blind_indexes(text)[0] for index in blind_index_fields(field.model) if index.of == field.name}
        field.model._base_manager.filter(pk=row.pk).update(**{field.name: Stored(seal(text, field.place_of(row)))}, **indexes)
        batch.count += 1
    return batch
