"""The commands with which bin/serve fills a new database: what is there already is left as it is."""

import pytest
from django.core.management import call_command
from django.utils import timezone

from accounts.models import User
from cases.models import Assignment, Case
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


@pytest.fixture
def place(db, settings, tmp_path, monkeypatch):
    """Where files of the portal go; the site's documents are a few bytes (the browser's tests set them in type)."""
    settings.VAR_DIR, settings.PUBLIC_SITE_DIR = tmp_path, tmp_path / "site"
    monkeypatch.setattr("duties.documents.documents", lambda data: [("duties/booklet.pdf", b"%PDF")])
    return tmp_path


def test_setting_up_twice_leaves_what_is_there(place, capsys):
    call_command("set_up")
    capsys.readouterr()
    before = (User.objects.count(), Assignment.objects.count(), (place / "accounts.txt").read_text())

    call_command("set_up")

    assert (User.objects.count(), Assignment.objects.count(), (place / "accounts.txt").read_text()) == before
    assert before[:2] == (11, 32)
    assert "公开网站没有变化。" in capsys.readouterr().out


def test_setting_up_makes_no_accounts_where_none_are_wanted(place):
    call_command("set_up", empty=True)

    assert not User.objects.exists()
    assert (place / "site/current/index.html").is_file()
