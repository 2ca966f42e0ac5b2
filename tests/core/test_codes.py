"""Tokens and codes: random, read however they are typed, wrong ones told at once."""

import itertools
import math

import pytest
from hypothesis import given
from hypothesis import settings as pace
from hypothesis import strategies as st

from core import codes
from core.codes import ALPHABET, BadCodeError, digest, grouped, matches, new_code, new_token, read_code

drawn = st.text(alphabet=ALPHABET, min_size=12, max_size=12)


def complete(signs: str) -> str:
    return signs + ALPHABET[codes._sum(signs)]


def test_tokens_are_long_and_differ():
    tokens = {new_token() for _ in range(1000)}

    assert len(tokens) == 1000
    assert all(set(token) <= set(ALPHABET.lower()) and len(token) * math.log2(len(ALPHABET)) >= 128 for token in tokens)


def test_codes_are_read_back_as_printed():
    made = [new_code() for _ in range(1000)]

    assert len(set(made)) == 1000
    assert [read_code(grouped(code)) for code in made] == made


def test_groups():
    assert grouped("7K3M9QX2ATB4W") == "7K3M-9QX2A-TB4W"


@pace(deadline=None)
@given(drawn)
def test_one_wrong_sign_shows(signs):
    code = complete(signs)

    for place, sign in itertools.product(range(13), ALPHABET):
        if sign != code[place]:
            with pytest.raises(BadCodeError, match="有误"):
                read_code(code[:place] + sign + code[place + 1 :])


@pace(deadline=None)
@given(drawn)
def test_two_swapped_signs_show(signs):
    code = complete(signs)

    for first, second in itertools.combinations(range(13), 2):
        if code[first] != code[second]:
            swapped = list(code)
            swapped[first], swapped[second] = code[second], code[first]
            with pytest.raises(BadCodeError, match="有误"):
                read_code("".join(swapped))


@pytest.mark.parametrize(
    "typed",
    [
        "{code}",
        " {lower} ",
        "{grouped}",
        "{spaced}",
        "{wide}",
        "{dashed}",
        "{alike}",
    ],
)
def test_typing_does_not_matter(typed):
    code = complete("01A1B0CD9XYZ")
    wide = "".join(chr(ord(sign) + 0xFEE0) for sign in code)
    forms = {
        "code": code,
        "lower": code.lower(),
        "grouped": grouped(code),
        "spaced": " ".join(code),
        "wide": wide,
        "dashed": grouped(code).replace("-", "—"),
        "alike": code.replace("0", "o").replace("1", "l"),
    }

    assert read_code(typed.format(**forms)) == code


def test_i_is_one():
    assert read_code(complete("111111111111").replace("1", "i")) == complete("111111111111")


@pytest.mark.parametrize(
    ("typed", "complaint"),
    [
        ("", "您输入了 0 位"),
        ("ABC", "您输入了 3 位"),
        ("A" * 14, "您输入了 14 位"),
        ("U" * 13, "不会有“U”"),
        ("甲" * 13, "不会有“甲”"),
        ("A\x00", "不会有空字符"),
    ],
)
def test_what_cannot_be_a_code_is_refused(typed, complaint):
    with pytest.raises(BadCodeError, match=complaint):
        read_code(typed)


def test_the_weights_of_all_places_differ():
    assert len(set(codes.WEIGHTS)) == 13
    assert sorted(codes.POWERS) == list(range(1, 32))


def test_a_digest_needs_the_key(settings):
    kept = digest("7K3M9QX2ATB4W")
    assert matches("7K3M9QX2ATB4W", kept)
    assert not matches("7K3M9QX2ATB4X", kept)

    settings.AUDIT_KEY = "z" * 60

    assert not matches("7K3M9QX2ATB4W", kept)


def test_nothing_to_compare_with_costs_the_same(monkeypatch):
    calls = []
    monkeypatch.setattr(codes, "digest", lambda text: calls.append(text) or digest(text))

    assert (matches("X", None), matches("X", digest("Y"))) == (False, False)
    assert calls == ["X", "X"]
