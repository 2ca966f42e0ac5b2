"""Naming a sign in words."""

import sys

import pytest

from core.signs import describe


@pytest.mark.parametrize(
    ("sign", "words"),
    [
        ("а", "“а”（西里尔字母，U+0430）"),
        ("\u0301", "“◌\u0301”（组合附加符号，U+0301）"),
        ("\u202e", "文字方向控制符（U+202E）"),
        ("\u200b", "零宽空格（U+200B）"),
        ("\x00", "空字符（U+0000）"),
        ("\x07", "控制字符（U+0007）"),
        ("\ue863", "私用区字符（U+E863）"),
        ("\ud800", "不完整的字符（U+D800）"),
        ("😀", "“😀”（U+1F600）"),
        ("王", "“王”（汉字，U+738B）"),
    ],
)
def test_describe(sign, words):
    assert describe(sign) == words


def test_every_sign_has_a_description_that_can_be_shown():
    for code in range(0, sys.maxunicode + 1, 37):
        described = describe(chr(code))
        assert f"U+{code:04X}" in described
        assert described.isprintable() or chr(code).isspace()
