"""Names as passports give them: what is taken, what is refused and in which words, and what the machine-readable zone makes of them."""

import unicodedata

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from invitations.names import LOOK_ALIKES, TRANSLITERATION, BadNameError, is_written, mrz_form, read_chinese_name, read_latin_name


@pytest.mark.parametrize(
    ("typed", "name"),
    [
        ("ERIKSSON", "ERIKSSON"),
        (" Anna  Maria ", "Anna Maria"),
        ("O’Brien", "O'Brien"),
        ("SMITH‑JONES", "SMITH-JONES"),
        ("ＭＵＬＬＥＲ", "MULLER"),
        ("Müller", "Müller"),
        (unicodedata.normalize("NFD", "Müller Nguyễn"), "Müller Nguyễn"),
        ("Þórðarson Ærø Łukasz Şişli Iı", "Þórðarson Ærø Łukasz Şişli Iı"),
        ("'t Hooft", "'t Hooft"),
        ("de\u00a0la\u3000Cruz", "de la Cruz"),
    ],
)
def test_a_latin_name_is_taken(typed, name):
    assert read_latin_name(typed) == name


@pytest.mark.parametrize(
    ("typed", "faults"),
    [
        ("SMIТH", ["第 4 个字符是“Т”（西里尔字母，U+0422），不是英文字母 T，只是看起来一样。请切换到英文输入法重新输入。"]),
        ("ΑNNΑ", ["第 1 个字符是“Α”（希腊字母，U+0391），不是英文字母 A", "第 4 个字符"]),
        ("AN\u200bNA", ["第 3 个字符是零宽空格（U+200B），护照姓名里只能有"]),
        ("\u202eANNA", ["第 1 个字符是文字方向控制符（U+202E）"]),
        ("AN\x00NA", ["第 3 个字符是空字符（U+0000）"]),
        ("ANNA😀", ["第 5 个字符是“😀”（U+1F600）"]),
        ("X\u0306", ["第 2 个字符是“◌\u0306”（组合附加符号，U+0306）"]),
        ("王ANNA", ["第 1 个字符是“王”（汉字，U+738B）"]),
        ("ANNA2", ["第 5 个字符是“2”（数字，U+0032）"]),
        ("ANNA, JR.", ["第 5 个字符是“,”", "第 9 个字符是“.”"]),
        ("AN\tNA", ["第 3 个字符是制表符（U+0009）"]),
        ("Ⓐnna", ["第 1 个字符是“Ⓐ”"]),
        ("", ["没有一个字母"]),
        ("- '", ["没有一个字母"]),
        ("-ANNA", ["不能以连字符开头或结尾"]),
        ("A" * 500, ["有 500 个字符，最多 100 个"]),
    ],
)
def test_a_latin_name_is_refused(typed, faults):
    with pytest.raises(BadNameError) as refusal:
        read_latin_name(typed)

    assert len(refusal.value.faults) == len(faults)
    assert all(said.startswith(fault) for said, fault in zip(refusal.value.faults, faults, strict=True))


def test_no_look_alike_is_a_latin_letter():
    assert all(not unicodedata.name(sign).startswith("LATIN") and letter.isascii() for sign, letter in LOOK_ALIKES.items())


@settings(deadline=None)
@given(st.text())
def test_any_latin_name_is_taken_clean_or_refused(typed):
    try:
        name = read_latin_name(typed)
    except BadNameError as refusal:
        name = ""
        refused = refusal.faults
    else:
        refused = []

    assert bool(name) != bool(refused)
    assert unicodedata.is_normalized("NFC", name)
    assert all(sign in "-' " or unicodedata.name(sign).startswith("LATIN") for sign in name)
    assert set(mrz_form(name)) <= set("ABCDEFGHIJKLMNOPQRSTUVWXYZ<")


# -- Chinese names -----------------------------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("typed", "name"),
    [
        ("王敏", "王敏"),
        (" 䶮𬭎㛃 ", "䶮𬭎㛃"),
        ("约翰•史密斯", "约翰·史密斯"),
        ("阿卜杜拉・买买提", "阿卜杜拉·买买提"),
        ("约翰．史密斯", "约翰·史密斯"),
        ("\ufa0e", "\ufa0e"),
        ("〇", "〇"),
        ("\U00033479", "\U00033479"),
    ],
)
def test_a_chinese_name_is_taken(typed, name):
    assert read_chinese_name(typed) == name


@pytest.mark.parametrize(
    ("typed", "fault"),
    [
        ("王\ue863", "第 2 个字符是私用区字符（U+E863），别的电脑上看不到它。请用输入法的生僻字功能输入标准汉字。"),
        ("⼤明", "第 1 个字符是“⼤”（部首，U+2F24），不是汉字“大”，只是看起来一样。请重新输入。"),
        ("王A", "第 2 个字符是“A”（拉丁字母，U+0041），中文姓名里只能有汉字和间隔号“·”"),
        ("王\u200b敏", "第 2 个字符是零宽空格（U+200B）"),
        ("王\U000e0100", "第 2 个字符是"),
        ("·", "没有一个汉字"),
        ("", "没有一个汉字"),
        ("·王", "间隔号“·”只能在两个汉字之间"),
        ("王" * 101, "有 101 个字符，最多 100 个"),
    ],
)
def test_a_chinese_name_is_refused(typed, fault):
    with pytest.raises(BadNameError) as refusal:
        read_chinese_name(typed)

    assert refusal.value.faults[0].startswith(fault)


def test_every_fault_has_its_place():
    with pytest.raises(BadNameError) as refusal:
        read_chinese_name("a王b")

    assert [fault[:5] for fault in refusal.value.faults] == ["第 1 个", "第 3 个"]


# -- the machine-readable zone -----------------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "zone"),
    [
        ("Müller", "MUELLER"),
        ("Ångström", "AANGSTROEM"),
        ("Sørensen", "SOERENSEN"),
        ("Núñez", "NUNEZ"),
        ("Weiß", "WEISS"),
        ("D'Artagnan", "DARTAGNAN"),
        ("Smith-Jones", "SMITH<JONES"),
        ("Þórður", "THORDUR"),
        ("Şahin Çelik Gökçe", "SAHIN<CELIK<GOEKCE"),
        ("Nguyễn", "NGUYEN"),
        ("Œuvre Æble Łódź Đặng ĳ", "OEUVRE<AEBLE<LODZ<DANG<IJ"),
        ("Iıİ", "III"),
    ],
)
def test_transliteration(name, zone):
    assert mrz_form(name) == zone
    assert is_written(name, zone)


@pytest.mark.parametrize(
    ("name", "zone"), [("Müller", "MULLER"), ("Müller", "MUXXLLER"), ("Núñez", "NUNXXEZ"), ("Björk", "BJORK"), ("Ståhl", "STAHL"), ("O'Brien", "O<BRIEN")]
)
def test_other_ways_to_write_are_known(name, zone):
    assert is_written(name, zone)


@pytest.mark.parametrize(
    ("name", "zone"), [("Smith", "SMYTH"), ("Smith", "SMITHE"), ("Smithe", "SMITH"), ("Smith", ""), ("Anna Maria", "ANNAMARIA"), ("", "A")]
)
def test_another_name_is_told(name, zone):
    assert not is_written(name, zone)


@pytest.mark.parametrize(
    ("name", "zone", "is_beginning"),
    [
        ("Christopher", "CHR", True),
        ("Christopher", "CHRISTOPHER", True),
        ("Christopher", "CHRISTA", False),
        ("Jönsson", "JO", True),
        ("Jönsson", "JOE", True),
        ("Jan", "", True),
        ("Jan", "JANE", False),
    ],
)
def test_a_name_that_was_cut(name, zone, is_beginning):
    assert is_written(name, zone, is_cut=True) is is_beginning


@settings(deadline=None)
@given(st.text(alphabet="ABCäöüßñåøæþđł-' éşž", max_size=40), st.integers(0, 60))
def test_the_recommended_form_is_always_recognised(name, length):
    assert is_written(name, mrz_form(name))
    assert is_written(name, mrz_form(name)[:length], is_cut=True)


def test_the_table_is_in_capitals():
    assert {way for ways in TRANSLITERATION.values() for sign in ways for way in sign} <= set("ABCDEFGHIJKLMNOPQRSTUVWXYZ<")
