"""The audit trail: every tampering is found, the database refuses changes, and nothing happens without its row."""

import json

import pytest
from django.db import DatabaseError, connection, transaction
from django.test import RequestFactory
from django.utils import timezone

from accounts import actions, audit
from accounts.audit import acting, keep_anchor, record
from accounts.models import AuditEvent, AuditHead, User
from core import triggers
from tests import factories as make

pytestmark = pytest.mark.django_db

TABLE = AuditEvent._meta.db_table


def find_faults(*anchors):
    return map(str, audit.find_faults(*anchors))


def write(*actions: str) -> None:
    for action in actions:
        with acting(None):
            record(action, "test", note="甲")


@pytest.fixture
def trail():
    """Five events, and no trigger that would keep the test from tampering with them."""
    write("a", "b", "c", "d", "e")
    triggers.lift(connection)


def test_an_untouched_trail_has_no_faults(trail):
    assert list(find_faults()) == []


def test_an_empty_trail_has_no_faults():
    assert list(find_faults()) == []


def test_each_event_is_chained_to_the_one_before(trail):
    events = list(AuditEvent.objects.all())

    assert [event.previous for event in events] == ["", *(event.digest for event in events[:-1])]
    assert AuditHead.objects.get().digest == events[-1].digest


@pytest.mark.parametrize(
    ("column", "value"),
    [
        ("action", "forged"),
        ("subject", "other"),
        ("facts", "{}"),
        ("address", "10.9.9.9"),
        ("at", timezone.now()),
        ("previous", "0" * 64),
        ("digest", "0" * 64),
    ],
)
def test_a_changed_column_is_found(trail, column, value):
    AuditEvent.objects.filter(number=3).update(**{column: value})

    assert any("第 3 条" in fault for fault in find_faults())


def test_a_changed_actor_is_found(trail):
    person = User.objects.create(username="forger", name="甲")

    AuditEvent.objects.filter(number=3).update(by=person)

    assert list(find_faults()) == ["第 3 条的内容与校验值不符"]


def test_a_deleted_event_is_found(trail):
    AuditEvent.objects.filter(number=3).delete()

    assert list(find_faults()) == ["第 3 条缺失或顺序有误（下一条是第 4 条）"]


def test_a_deleted_event_whose_gap_was_closed_is_found(trail):
    AuditEvent.objects.filter(number=3).delete()
    for number in (4, 5):
        AuditEvent.objects.filter(number=number).update(number=number - 1)

    assert "第 3 条没有接在前一条之后" in list(find_faults())


def test_a_forged_event_is_found(trail):
    last = AuditEvent.objects.get(number=5)
    forged = AuditEvent.objects.create(number=6, at=timezone.now(), action="role.grant", subject="", facts="{}", previous=last.digest, digest="f" * 64)
    AuditHead.objects.update(number=6, digest=forged.digest)

    assert list(find_faults()) == ["第 6 条的内容与校验值不符"]


def test_a_forged_event_without_a_new_head_is_found(trail):
    AuditEvent.objects.create(number=6, at=timezone.now(), action="x", facts="{}", digest="f" * 64)

    assert "链尾记录为第 5 条，实际止于第 6 条" in list(find_faults())


def test_two_events_that_changed_places_are_found(trail):
    AuditEvent.objects.filter(number=2).update(number=99)
    AuditEvent.objects.filter(number=3).update(number=2)
    AuditEvent.objects.filter(number=99).update(number=3)

    assert list(find_faults())


def test_a_cut_tail_is_found(trail):
    AuditEvent.objects.filter(number__gt=3).delete()

    assert list(find_faults()) == ["链尾记录为第 5 条，实际止于第 3 条"]


def test_a_cut_tail_with_a_mended_head_is_found_by_the_anchor(trail, settings):
    keep_anchor(settings.AUDIT_ANCHORS)
    AuditEvent.objects.filter(number__gt=3).delete()
    AuditHead.objects.update(number=3, digest=AuditEvent.objects.get(number=3).digest)

    assert list(find_faults()) == []
    assert list(find_faults(settings.AUDIT_ANCHORS)) == ["库外留存过第 5 条，日志中已没有"]


def test_a_trail_written_anew_is_found_by_the_anchor(trail, settings):
    keep_anchor(settings.AUDIT_ANCHORS)
    AuditEvent.objects.all().delete()
    AuditHead.objects.all().delete()
    write("a", "b", "c", "d", "e")

    assert list(find_faults(settings.AUDIT_ANCHORS)) == ["第 5 条与库外留存的校验值不符"]


def test_an_anchor_is_kept_once(trail, settings):
    keep_anchor(settings.AUDIT_ANCHORS)
    keep_anchor(settings.AUDIT_ANCHORS)

    assert settings.AUDIT_ANCHORS.read_text() == f"5 {AuditHead.objects.get().digest}\n"


def test_no_anchor_is_kept_of_an_empty_trail(settings):
    keep_anchor(settings.AUDIT_ANCHORS)

    assert not settings.AUDIT_ANCHORS.exists()


REFUSED = [
    f"UPDATE {TABLE} SET action = 'forged'",
    f"UPDATE {TABLE} SET number = number",
    f"DELETE FROM {TABLE}",
]
INSERT = f"INTO {TABLE} (id, number, at, action, subject, facts, address, previous, digest)"
REFUSED_BY = {
    "sqlite": [*REFUSED, f"REPLACE {INSERT} SELECT id, number, at, 'forged', subject, facts, address, previous, digest FROM {TABLE}"],
    "postgresql": [*REFUSED, f"TRUNCATE {TABLE}"],
}


def test_the_database_refuses_to_change_the_trail():
    write("a")
    connection.check_constraints()  # PostgreSQL truncates nothing while foreign keys wait to be checked

    for statement in REFUSED_BY[connection.vendor]:
        with pytest.raises(DatabaseError, match="append-only"), transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(statement)
    assert AuditEvent.objects.get().action == "a"


def test_the_database_refuses_replace_without_recursive_triggers():
    if connection.vendor != "sqlite":
        pytest.skip("REPLACE is SQLite's")
    write("a")

    with connection.cursor() as cursor:
        cursor.execute("PRAGMA recursive_triggers=OFF")
        with pytest.raises(DatabaseError, match="append-only"), transaction.atomic():
            cursor.execute(REFUSED_BY["sqlite"][-1])
        cursor.execute("PRAGMA recursive_triggers=ON")


def test_record_outside_acting_fails():
    with pytest.raises(RuntimeError, match="needs acting"):
        record("a")


def test_a_failing_audit_row_rolls_the_act_back(monkeypatch):
    def fail(*args, **kwargs):
        raise DatabaseError("disk full")

    monkeypatch.setattr(AuditEvent.objects, "bulk_create", fail)

    with pytest.raises(DatabaseError, match="disk full"):
        actions.create_person(username="new.person", name="甲", by=None)
    assert not User.objects.exists()


def test_a_failing_act_leaves_no_audit_row():
    def fail():
        with acting(None):
            record("a")
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail()
    assert not AuditEvent.objects.exists()


def test_a_failed_act_does_not_linger():
    with pytest.raises(ZeroDivisionError), acting(None):
        raise ZeroDivisionError

    with pytest.raises(RuntimeError):
        record("a")


def test_nested_acting_is_one_act():
    person = make.person()
    before = AuditEvent.objects.count()

    with acting(person):
        record("outer")
        with acting(None):
            record("inner")
        assert AuditEvent.objects.count() == before
    assert list(AuditEvent.objects.filter(number__gt=before).values_list("action", "by")) == [("outer", person.pk), ("inner", person.pk)]


def test_an_act_without_record_writes_nothing():
    with acting(None):
        pass

    assert not AuditHead.objects.exists()


def test_an_event_says_who_what_and_from_where():
    person = make.person()

    with acting(person, RequestFactory().get("/", REMOTE_ADDR="192.0.2.7")):
        record("person.enable", person, reason="复职")

    event = AuditEvent.objects.last()
    assert (event.by, event.subject, event.address, json.loads(event.facts)) == (person, f"accounts.user:{person.pk}", "192.0.2.7", {"reason": "复职"})
    assert str(event).endswith(f"person.enable accounts.user:{person.pk}")


def test_control_characters_cannot_break_a_row():
    with acting(None):
        record("a", note="\x00\r\n\x1b[31m\u202e")

    assert AuditEvent.objects.get().facts == json.dumps({"note": "\x00\r\n\x1b[31m\u202e"}, ensure_ascii=False)
    assert list(find_faults()) == []


def test_there_is_one_head():
    write("a")

    with pytest.raises(DatabaseError), transaction.atomic():
        AuditHead.objects.create(pk=2)
    assert str(AuditHead.objects.get()).startswith("1 ")


def test_anchors_are_read_from_a_file_that_is_not_there(settings):
    assert audit.read_anchors(settings.AUDIT_ANCHORS) == {}
