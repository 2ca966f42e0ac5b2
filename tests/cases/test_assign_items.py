from io import StringIO

import pytest
from django.core.management import CommandError, call_command

from accounts.models import AuditEvent
from tests import factories as make


def run(*usernames):
    output = StringIO()
    call_command("assign_items", *usernames, stdout=output)
    return output.getvalue()


def test_a_person_without_items_gets_them_all(edition):
    person = make.person("preparer")

    assert run(person.username) == "已安排 8 项分工\n"
    assert sorted(person.assignments.values_list("item", flat=True)) == ["1.1", "1.2", "2.1", "2.2", "2.3", "3.1", "3.2", "4.1"]
    assert AuditEvent.objects.filter(action="assignment.start").count() == 8


def test_whoever_had_items_keeps_what_was_decided(edition):
    person = make.worker("preparer", "2.1")

    assert run(person.username) == "已安排 0 项分工\n"
    assert person.assignments.count() == 1


def test_an_account_that_is_not_there_is_named(edition):
    with pytest.raises(CommandError, match=r"nobody\.here"):
        run("nobody.here")
