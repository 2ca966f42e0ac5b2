"""Every fact that an act records has a name that a person reads."""

import ast

import pytest
from django.conf import settings

from auditing.words import FACTS, fact_label, value_in_words

UNNAMED = {"subject"}  # what the fact is about, not one of its facts


def recorded():
    """(name of a fact, file) of each call of `record` in the project that names one."""
    for file in sorted(settings.BASE_DIR.glob("*/**/*.py")):
        if file.relative_to(settings.BASE_DIR).parts[0] in {".venv", "var", "tests", "benchmarks"}:
            continue
        for node in ast.walk(ast.parse(file.read_text())):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "record":
                yield from ((keyword.arg, file.name) for keyword in node.keywords if keyword.arg and keyword.arg not in UNNAMED)


def test_every_recorded_fact_has_a_name():
    found = set(recorded())

    assert len(found) > 100
    assert [pair for pair in sorted(found) if str(fact_label(pair[0])) == pair[0]] == []


@pytest.mark.parametrize(("name", "label"), [("due_days", "办理时限（工作日）"), ("signed_place", "签署地点"), ("sha256", "SHA-256"), ("no_such", "no_such")])
def test_a_fact_is_called_like_the_field_of_its_name(name, label):
    assert str(fact_label(name)) == label


def test_what_was_changed_is_named_too():
    assert value_in_words("changed", ["name", "signed_place"]) == f"{FACTS['name']}、签署地点"
