"""统一社会信用代码: real ones pass, and one wrong or two swapped signs are told."""

import pytest
from django.core.exceptions import ValidationError

from invitations.uscc import ALPHABET, LENGTH, read_uscc

# Published: Tencent, Huawei, Alibaba, Baidu.
REAL = ["9144030071526726XG", "914403001922038216", "91330100799655058B", "91110000802100433B"]


@pytest.mark.parametrize("code", REAL)
def test_real_codes_pass(code):
    assert read_uscc(code) == code


@pytest.mark.parametrize("typed", ["9144 0300 7152 6726 xg", "９１４４０３００７１５２６７２６ＸＧ", " 91440300-71526726X-G "])
def test_typing_does_not_matter(typed):
    assert read_uscc(typed) == REAL[0]


@pytest.mark.parametrize("code", REAL)
def test_every_single_mistake_is_told(code):
    for place in range(LENGTH):
        for sign in ALPHABET:
            if sign != code[place]:
                with pytest.raises(ValidationError):
                    read_uscc(code[:place] + sign + code[place + 1 :])


@pytest.mark.parametrize("code", REAL)
def test_every_swap_of_neighbours_is_told(code):
    for place in range(LENGTH - 1):
        if code[place] != code[place + 1]:
            with pytest.raises(ValidationError):
                read_uscc(code[:place] + code[place + 1] + code[place] + code[place + 2 :])


@pytest.mark.parametrize(
    ("typed", "words"),
    [
        ("", "有 18 位，这里有 0 位"),
        ("9144030071526726X", "这里有 17 位"),
        ("9144O30071526726XG", "第 5 位是字母 O，代码里没有这个字母，是不是 0？"),
        ("91440300王1526726XG", "第 9 位是“王”（汉字，U+738B），代码只由"),
        ("91440300\x001526726XG", "第 9 位是空字符"),
        ("B144030071526726XG", "第 1 位（登记管理部门）不会是 B"),
        ("91A4030071526726XG", "第 3 至 8 位（行政区划码）应是数字"),
        ("9144030071526726XH", "校验位不符"),
    ],
)
def test_what_is_wrong_is_said(typed, words):
    with pytest.raises(ValidationError) as refusal:
        read_uscc(typed)

    assert words in refusal.value.messages[0]
