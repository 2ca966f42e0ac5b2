"""Encrypted fields: bound to their row, masked wherever they show, found by equality only, and moved to a new key."""

import json
import pickle
import secrets

import pytest
from django.core import serializers
from django.core.exceptions import FieldError, ImproperlyConfigured
from django.core.management import CommandError, call_command
from django.core.serializers.json import DjangoJSONEncoder
from django.db import connection, models
from django.test.utils import isolate_apps
from hypothesis import given
from hypothesis import settings as pace
from hypothesis import strategies as st

from accounts.models import AuditEvent
from core import encryption
from core.encryption import BlindIndexField, EncryptedTextField, SealedRow, Secret, Stored, UnreadableSecretError, blind_indexes, mask, seal, unseal

OLD, NEW = secrets.token_urlsafe(64), secrets.token_urlsafe(64)
NUMBER = "E12345678"


@pytest.fixture(autouse=True)
def _one_key(settings):
    settings.FIELD_KEY = OLD


@pytest.fixture
def traveller(db, monkeypatch):
    """A model with two encrypted fields, and its table."""
    with isolate_apps("core") as registry:

        class Traveller(SealedRow):
            name = models.CharField(max_length=50, default="")
            number = EncryptedTextField(null=True, blank=True)
            other = EncryptedTextField(null=True, blank=True)
            number_index = BlindIndexField(of="number")

            class Meta:
                app_label = "core"

        monkeypatch.setattr(encryption, "apps", registry)
        monkeypatch.setattr(serializers.python, "apps", registry)
        statement, parameters = connection.SchemaEditorClass(connection).table_sql(Traveller)
        with connection.cursor() as cursor:
            cursor.execute(statement, parameters)
        yield Traveller


def raw(model, pk, column="number"):
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {column} FROM {model._meta.db_table} WHERE id = %s", [pk])
        return cursor.fetchone()[0]


def write_raw(model, pk, **columns):
    for column, value in columns.items():
        with connection.cursor() as cursor:
            cursor.execute(f"UPDATE {model._meta.db_table} SET {column} = %s WHERE id = %s", [value, pk])


def test_a_row_is_read_back(traveller):
    row = traveller.objects.create(number=NUMBER)

    again = traveller.objects.get(pk=row.pk)

    assert again.number.reveal() == NUMBER
    assert again.other is None
    assert raw(traveller, row.pk).startswith(encryption.ring()[0].mark)
    assert NUMBER not in raw(traveller, row.pk)


def test_the_same_number_never_looks_the_same(traveller):
    first, second = (traveller.objects.create(number=NUMBER) for _ in range(2))

    assert raw(traveller, first.pk) != raw(traveller, second.pk)


def test_no_text_is_none(traveller):
    row = traveller.objects.create(number="")

    row.refresh_from_db()
    assert (row.number, row.number_index, raw(traveller, row.pk)) == (None, None, None)


def test_saving_again_leaves_an_untouched_text_alone(traveller):
    row = traveller.objects.get(pk=traveller.objects.create(number=NUMBER).pk)
    before = raw(traveller, row.pk)

    row.name = "SMITH"
    row.save()

    assert raw(traveller, row.pk) == before


def test_a_number_is_changed_with_its_index(traveller):
    row = traveller.objects.get(pk=traveller.objects.create(number=NUMBER).pk)

    row.number = "G00000001"
    row.save(update_fields=["number"])

    assert traveller.objects.get(number_index__in=blind_indexes("g0000 0001")).number.reveal() == "G00000001"
    assert not traveller.objects.filter(number_index__in=blind_indexes(NUMBER)).exists()


def test_a_number_is_purged_with_its_index(traveller):
    row = traveller.objects.get(pk=traveller.objects.create(number=NUMBER).pk)

    row.number = None
    row.save(update_fields=["number"])

    row.refresh_from_db()
    assert (row.number, row.number_index) == (None, None)


def test_a_secret_of_another_row_is_encrypted_for_this_one(traveller):
    first = traveller.objects.get(pk=traveller.objects.create(number=NUMBER).pk)

    second = traveller.objects.create(number=first.number, other=first.number)

    second.refresh_from_db()
    assert (second.number.reveal(), second.other.reveal()) == (NUMBER, NUMBER)
    assert second.number == first.number


def test_bulk_create_encrypts(traveller):
    traveller.objects.bulk_create([traveller(number=NUMBER), traveller(number="X1")])

    assert [row.number.reveal() for row in traveller.objects.order_by("pk")] == [NUMBER, "X1"]
    assert traveller.objects.filter(number_index__in=blind_indexes("X1")).count() == 1


def test_what_was_left_out_is_read_when_asked_for(traveller):
    row = traveller.objects.defer("number").get(pk=traveller.objects.create(number=NUMBER).pk)

    assert row.number.reveal() == NUMBER


# -- what shows --------------------------------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "shown"), [(NUMBER, "E****5678"), ("12345678", "1****678"), ("123456", "1****6"), ("12345", "1****"), ("1234", "****"), ("", "****")]
)
def test_mask(text, shown):
    assert mask(text) == shown


@pace(deadline=None)
@given(st.text(alphabet="ABC0123", max_size=30))
def test_a_mask_hides_at_least_four_signs(text):
    assert len(mask(text).replace("*", "")) <= max(0, len(text) - 4)


def test_nothing_shows_the_text_by_accident(traveller):
    row = traveller.objects.create(number=NUMBER)
    secret = row.number

    assert (str(secret), f"{secret}", repr(secret)) == ("E****5678", "E****5678", "<Secret>")
    assert repr(encryption.ring()[0]).startswith("<core.encryption.FieldKey")
    with pytest.raises(TypeError, match="not pickled"):
        pickle.dumps(secret)
    with pytest.raises(TypeError, match="not JSON serializable"):
        json.dumps({"number": secret}, cls=DjangoJSONEncoder)
    assert NUMBER not in str(list(traveller.objects.values()))
    assert secret != NUMBER


def test_not_in_a_form(traveller):
    assert traveller._meta.get_field("number").editable is False
    assert traveller.number.field is traveller._meta.get_field("number")
    assert "editable" not in traveller._meta.get_field("number").deconstruct()[3]
    assert traveller._meta.get_field("number_index").deconstruct()[3] == {"of": "number"}


@pytest.mark.parametrize("is_fresh", [True, False])
def test_dumpdata_holds_the_stored_text_and_loaddata_takes_it(traveller, is_fresh):
    row = traveller.objects.create(number=NUMBER)
    if not is_fresh:
        row.refresh_from_db()

    dump = serializers.serialize("json", [row])
    traveller.objects.all().delete()
    for loaded in serializers.deserialize("json", dump):
        loaded.save()

    assert NUMBER not in dump
    assert traveller.objects.get(number_index__in=blind_indexes(NUMBER)).number.reveal() == NUMBER


# -- what is refused ---------------------------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("lookup", ["number", "number__exact", "number__in", "number__contains", "number__startswith", "number__gt", "number__regex"])
def test_it_cannot_be_searched(traveller, lookup):
    with pytest.raises(FieldError, match="encrypted"):
        traveller.objects.filter(**{lookup: NUMBER})


def test_it_has_no_transforms(traveller):
    with pytest.raises(FieldError, match="encrypted"):
        traveller.objects.filter(number__length__gt=3)


def test_it_can_be_asked_whether_there_is_one(traveller):
    traveller.objects.create(number=NUMBER)
    traveller.objects.create()

    assert traveller.objects.filter(number__isnull=False).count() == 1


@pytest.mark.parametrize("value", [NUMBER, Secret(NUMBER)])
def test_update_cannot_bind_a_text(traveller, value):
    with pytest.raises(TypeError, match="save the object"):
        traveller.objects.update(number=value)


@isolate_apps("core")
def test_a_model_without_row_key_is_refused():
    class Plain(models.Model):  # noqa: DJ008
        number = EncryptedTextField()

        class Meta:
            app_label = "core"

    assert [message.id for message in Plain._meta.get_field("number").check()] == ["core.E001"]


def test_a_sealed_row_passes_the_check(traveller):
    assert traveller._meta.get_field("number").check() == []


def test_a_text_copied_to_another_row_is_refused(traveller):
    first, second = traveller.objects.create(number=NUMBER), traveller.objects.create(number="X1")

    write_raw(traveller, second.pk, number=raw(traveller, first.pk))

    with pytest.raises(UnreadableSecretError, match=r"core\.traveller\.number:.*复制来的"):
        traveller.objects.get(pk=second.pk).number.reveal()


def test_a_text_copied_to_another_column_is_refused(traveller):
    row = traveller.objects.create(number=NUMBER)

    write_raw(traveller, row.pk, other=raw(traveller, row.pk))

    with pytest.raises(UnreadableSecretError):
        str(traveller.objects.get(pk=row.pk).other)


def test_the_key_of_a_row_cannot_be_brought_along(traveller):
    first, second = traveller.objects.create(number=NUMBER), traveller.objects.create()

    with pytest.raises(Exception, match=r"(?i)unique"):
        write_raw(traveller, second.pk, row_key=raw(traveller, first.pk, "row_key"))


def test_any_changed_sign_is_refused(traveller):
    row = traveller.objects.create(number=NUMBER)
    text = raw(traveller, row.pk)

    for place in range(encryption.MARK_LENGTH, len(text) - text.count("=") - 1):  # the last sign has bits that say nothing
        changed = text[:place] + ("A" if text[place] != "A" else "B") + text[place + 1 :]
        with pytest.raises(UnreadableSecretError):
            unseal(changed, f"core.traveller.number:{row.row_key}")


@pytest.mark.parametrize("rest", ["", "A", "AAAA", "!!!!", "A" * 200])
def test_rubbish_is_refused(rest):
    with pytest.raises(UnreadableSecretError):
        unseal(encryption.ring()[0].mark + rest, "here")


@pace(deadline=None)
@given(st.text(), st.text())
def test_round_trip(text, place):
    assert unseal(seal(text, place), place) == text


# -- keys --------------------------------------------------------------------------------------------------------------------------------------------------


def test_without_its_key_a_text_says_which_is_missing(settings):
    mark = encryption.ring()[0].mark
    text = seal(NUMBER, "here")
    settings.FIELD_KEY = NEW

    with pytest.raises(UnreadableSecretError, match=rf"FIELD_KEY 里没有标记为 {mark}"):
        unseal(text, "here")


def test_a_wrong_key_under_the_same_mark_is_refused(settings, monkeypatch):
    text = seal(NUMBER, "here")
    key = encryption.ring()[0]
    monkeypatch.setattr(encryption, "ring", lambda: (encryption.FieldKey(key.mark, secrets.token_bytes(32), key.for_indexes),))

    with pytest.raises(UnreadableSecretError):
        unseal(text, "here")


@pytest.mark.parametrize(
    ("keys", "complaint"),
    [("", "FIELD_KEY is empty"), ("short", "at least 32 signs"), (f"{OLD} short", "at least 32 signs")],
    ids=["empty", "short", "one of two short"],
)
def test_a_bad_ring_says_what_to_do(settings, keys, complaint):
    settings.FIELD_KEY = keys

    with pytest.raises(ImproperlyConfigured, match=complaint):
        encryption.ring()


def test_no_other_key_is_involved(settings):
    text, found = seal(NUMBER, "here"), blind_indexes(NUMBER)

    settings.SECRET_KEY = settings.AUDIT_KEY = "y" * 60

    assert (unseal(text, "here"), blind_indexes(NUMBER)) == (NUMBER, found)


@pytest.mark.parametrize("typed", ["e12345678", " E 1234 5678 ", "Ｅ１２３４５６７８", "E-1234-5678"])
def test_a_number_is_found_however_it_is_typed(typed):
    assert blind_indexes(typed) == blind_indexes(NUMBER)


def test_a_number_is_found_while_the_key_changes(traveller, settings):
    traveller.objects.create(number=NUMBER)
    settings.FIELD_KEY = f"{NEW}\n{OLD}"
    traveller.objects.create(number=NUMBER)

    assert traveller.objects.filter(number_index__in=blind_indexes(NUMBER)).count() == 2


def test_rotation(traveller, settings, capsys, monkeypatch):
    numbers = [f"E{i:08}" for i in range(5)]
    monkeypatch.setattr("accounts.management.commands.rotate_field_key.BATCH", 2)
    rows = [traveller.objects.create(number=number, other="B" if number == numbers[1] else None) for number in numbers]
    settings.FIELD_KEY = f"{NEW} {OLD}"

    call_command("rotate_field_key")

    settings.FIELD_KEY = NEW
    assert [row.number.reveal() for row in traveller.objects.order_by("pk")] == numbers
    assert traveller.objects.get(pk=rows[1].pk).other.reveal() == "B"
    assert traveller.objects.filter(number_index__in=blind_indexes(numbers[3])).get().pk == rows[3].pk
    assert [json.loads(event.facts)["count"] for event in AuditEvent.objects.filter(action="field_key.rotate").order_by("number")] == [2, 2, 1, 1]
    assert "core.traveller.number：重新加密 5 条。" in capsys.readouterr().out


def test_rotation_goes_on_where_it_stopped(traveller, settings):
    rows = [traveller.objects.create(number=f"E{i}") for i in range(3)]
    settings.FIELD_KEY = f"{NEW} {OLD}"
    field = traveller._meta.get_field("number")
    assert encryption.encrypt_anew(field, None, 2).count == 2
    done = raw(traveller, rows[0].pk)

    call_command("rotate_field_key")

    assert raw(traveller, rows[0].pk) == done
    assert not encryption.under_other_keys(field).exists()


def test_rotation_lists_what_it_cannot_read_and_does_the_rest(traveller, settings, capsys):
    bad, good = traveller.objects.create(number=NUMBER), traveller.objects.create(number="X1")
    write_raw(traveller, bad.pk, number=raw(traveller, good.pk))
    kept = raw(traveller, bad.pk)
    settings.FIELD_KEY = f"{NEW} {OLD}"

    with pytest.raises(CommandError, match="有 1 条读不出"):
        call_command("rotate_field_key")

    assert f"{bad.pk}：core.traveller.number" in capsys.readouterr().out
    assert raw(traveller, bad.pk) == kept
    assert isinstance(traveller.objects.get(pk=good.pk).__dict__["number"], Stored)
    assert raw(traveller, good.pk).startswith(encryption.ring()[0].mark)
