"""The commands with which bin/serve fills a new database: what is there already is left as it is."""

import pytest
from django.core.management import call_command
from django.utils import timezone

from cases.models import Case
from contacts.models import Country, LiaisonRule
from invitations.models import CheckRule, LetterKind, LetterTemplate, RetentionRule
from tests import factories as make
from tests.contacts import talks

SEEDS = {"seed_countries": (Country,), "seed_liaison_rules": (LiaisonRule,), "seed_letters": (LetterKind, LetterTemplate, CheckRule, RetentionRule)}


def rows(command):
    return [list(model.objects.order_by("pk").values()) for model in SEEDS[command]]


@pytest.mark.parametrize("command", SEEDS)
def test_a_seed_tells_what_it_entered_and_enters_it_once(db, command, capsys):
    make.duty_list()
    if command != "seed_countries":
        call_command("seed_countries")
        capsys.readouterr()

    call_command(command)

    first, said = rows(command), capsys.readouterr().out
    assert said
    assert all(first)
    call_command(command)
    assert rows(command) == first
    assert capsys.readouterr().out == ""


def test_threads_of_years_that_are_over_are_closed_by_command_too(db, capsys):
    make.duty_list()
    year = timezone.localdate().year
    make.working_days(year - 1, year, year + 1)
    clerk = make.worker("preparer", "1.1")
    talks.logged(make.organisation("北湾商会"), clerk, happened_at=timezone.now().replace(year=year - 1, month=6))

    call_command("close_threads")

    assert "办结 1 件" in capsys.readouterr().out
    assert Case.objects.get().is_closed
