"""The machine-readable zone: the samples of Doc 9303, what scanners and people make of it, and every field's own complaint."""

from datetime import date

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from contacts.countries import countries
from invitations.mrz import LAYOUTS, UnreadableZoneError, check_digit, read_mrz
from tests.passports import zone

TODAY = date(2026, 3, 1)
# The samples of Doc 9303 parts 4 (TD3), 6 (TD2) and 5 (TD1); Utopia is no country, and their dates are old.
TD3 = "P<UTOERIKSSON<<ANNA<MARIA<<<<<<<<<<<<<<<<<<<\nL898902C36UTO7408122F1204159ZE184226B<<<<<10"
TD2 = "I<UTOERIKSSON<<ANNA<MARIA<<<<<<<<<<<\nD231458907UTO7408122F1204159<<<<<<<6"
TD1 = "I<UTOD231458907<<<<<<<<<<<<<<<\n7408122F1204159UTO<<<<<<<<<<<6\nERIKSSON<<ANNA<MARIA<<<<<<<<<<"
LONG_NUMBER = "I<UTOD23145890<7349<<<<<<<<<<<\n3407127M9507122UTO<<<<<<<<<<<2\nSTEVENSON<<PETER<JOHN<<<<<<<<<"


def said(reading) -> list[str]:
    return [fault.field for fault in reading.faults if not fault.is_hint]


def test_the_sample_of_a_passport():
    reading = read_mrz(TD3, TODAY)

    assert (reading.layout, reading.kind, reading.surname, reading.given_names) == ("TD3", "P", "ERIKSSON", "ANNA MARIA")
    assert (reading.number, reading.born_on, reading.sex, reading.expires_on) == ("L898902C3", date(1974, 8, 12), "F", date(2012, 4, 15))
    assert (reading.optional, reading.is_cut) == ("ZE184226B", False)
    assert said(reading) == ["issuer", "nationality"]
    assert reading.faults[0].text == "签发国代码：没有“UTO”这个代码，请核对。"


@pytest.mark.parametrize(
    ("text", "layout", "number", "day"),
    [(TD2, "TD2", "D23145890", date(1974, 8, 12)), (TD1, "TD1", "D23145890", date(1974, 8, 12)), (LONG_NUMBER, "TD1", "D23145890734", date(1934, 7, 12))],
)
def test_the_samples_of_cards(text, layout, number, day):
    reading = read_mrz(text, date(2001, 1, 1))

    assert (reading.layout, reading.number, reading.born_on) == (layout, number, day)
    assert said(reading) == ["kind", "issuer", "nationality"]


def test_a_sound_passport():
    reading = read_mrz(zone(), TODAY)

    assert reading.faults == []
    assert reading.is_sound
    assert (reading.issuer, reading.nationality) == ("SWE", "SWE")


@settings(deadline=None)
@given(
    surname=st.from_regex("[A-Z]{1,12}( [A-Z]{1,5})?", fullmatch=True),
    given_names=st.from_regex("([A-Z]{1,10}( [A-Z]{1,6})?)?", fullmatch=True),
    number=st.from_regex("[A-Z0-9]{5,9}", fullmatch=True),
    country=st.sampled_from([code for country in countries() for code in country.codes if len(code) != 2]),
    born_on=st.dates(date(1927, 1, 1), TODAY),
    sex=st.sampled_from("MFX"),
    expires_on=st.dates(date(2007, 1, 1), date(2056, 1, 1)),
    optional=st.from_regex("[A-Z0-9]{0,14}", fullmatch=True),
)
def test_round_trip(**facts):
    issuer = facts.pop("country")

    reading = read_mrz(zone(issuer=issuer, **facts), TODAY)

    assert reading.faults == []
    assert {name: getattr(reading, name) for name in facts} == facts
    assert reading.nationality == issuer


@settings(deadline=None)
@given(st.text(max_size=300))
def test_whatever_stands_before_it_the_zone_is_found(text):
    assert read_mrz(f"{text}\n{TD3}", TODAY).number == "L898902C3"


@settings(deadline=None)
@given(st.integers(0, 43), st.sampled_from("0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ<"))
def test_one_wrong_sign_never_passes_unseen(place, sign):
    first, second = zone(number="X12345678", optional="ABC").split("\n")
    value, other = (0 if sign == "<" else int(sign, 36) for sign in (sign, second[place]))
    sound = read_mrz(f"{first}\n{second}", TODAY)

    reading = read_mrz(f"{first}\n{second[:place]}{sign}{second[place + 1 :]}", TODAY)

    is_checked = place not in {10, 11, 12, 20} and (value - other) % 10  # nationality and sex have no check digit, values count by their last figure
    assert reading == sound or not is_checked or reading.faults


# -- noise -------------------------------------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "noisy",
    [
        str.lower,
        lambda text: text.replace("<<", "«"),
        lambda text: text.replace("<", "‹"),
        lambda text: text.replace("<", "＜"),
        lambda text: text.replace("<", "«"),
        lambda text: text.replace("<", "&lt;"),
        lambda text: text.replace("\n", ""),
        lambda text: text.replace("\n", "\r\n"),
        lambda text: text.replace("\n", "\n\n"),
        lambda text: " ".join(text),
        lambda text: f"PASSPORT 护照\nSurname: ERIKSSON\n{text}\n\n第 1 页",
        lambda text: text.replace("<<<<<<<\n", "\n"),
        lambda text: text.replace("\n", "<<<\n"),
        lambda text: "\u200b" + text.replace("ANNA", "AN\u00adNA"),
    ],
)
def test_noise_does_not_matter(noisy):
    reading = read_mrz(noisy(zone()), TODAY)

    assert reading.faults == []
    assert (reading.surname, reading.given_names, reading.number) == ("ERIKSSON", "ANNA MARIA", "L898902C3")


def test_look_alikes_are_put_right_where_only_digits_can_stand():
    first, second = zone(born_on=date(1960, 10, 8)).split("\n")
    second = second.replace("601008", "6O1OO8")

    reading = read_mrz(f"{first}\n{second}", TODAY)

    assert reading.born_on == date(1960, 10, 8)
    assert [(fault.field, fault.is_hint, fault.text) for fault in reading.faults] == [("birth", True, "出生日期：“6O1OO8”读作“601008”，请核对。")]


def test_look_alikes_are_put_right_where_only_letters_can_stand():
    reading = read_mrz(zone().replace("ERIKSSON", "ER1K550N"), TODAY)

    assert reading.surname == "ERIKSSON"
    assert reading.is_sound


def test_a_look_alike_in_a_check_digit():
    first, second = zone(number="X12345670").split("\n")
    assert second[9] in "0123456789"
    digit = next(number for number in range(100) if check_digit(f"X1234{number:02}<<") == "0")
    first, second = zone(number=f"X1234{digit:02}").split("\n")

    assert read_mrz(f"{first}\n{second[:9]}O{second[10:]}", TODAY).faults == []


def test_a_look_alike_in_the_number_is_suggested_not_replaced():
    reading = read_mrz(zone(number="X3947074").replace("X3947074", "X3947O74"), TODAY)

    assert reading.number == "X3947O74"
    assert said(reading) == ["number"]
    assert reading.faults[0].text.endswith("也许是“X3947074”。")


def test_too_many_look_alikes_suggest_nothing():
    first, second = zone(number="000000001").split("\n")

    reading = read_mrz(f"{first}\n0000O0001{second[9:]}", TODAY)

    assert "也许" not in reading.faults[0].text


# -- each field's complaint --------------------------------------------------------------------------------------------------------------------------------


def changed(place: int, sign: str, **facts) -> str:
    """A zone with one sign of its second line changed."""
    first, second = zone(**facts).split("\n")
    return f"{first}\n{second[:place]}{sign}{second[place + 1 :]}"


@pytest.mark.parametrize(
    ("text", "name", "words"),
    [
        (changed(0, "M"), "number", "护照号码：校验位不符，“M898902C3”的校验位应为 3，机读区是 6"),
        (changed(14, "5"), "birth", "出生日期：校验位不符"),
        (changed(22, "1"), "expiry", "有效期至：校验位不符"),
        (changed(30, "A", optional="12345"), "optional", "个人号码：校验位不符"),
        (changed(43, "9"), "composite", "总校验位不符"),
        (changed(20, "Q"), "sex", "性别：应为 M、F 或 <，机读区是 Q"),
        (changed(10, "Q"), "nationality", "国籍代码：没有“QWE”这个代码"),
        (changed(13, "X"), "birth", "出生日期：“X40812”不是日期。"),
        (zone(issuer="DE"), "issuer", "没有“DE”这个代码"),
        (zone().replace("P<SWE", "V<SWE"), "kind", "这是签证的机读区"),
        (zone().replace("ERIKSSON", "ERIKS7ON"), "names", "机读区的姓名里不会有数字"),
        (zone(number=""), "number", "没有读出号码"),
        (zone(surname="", given_names=""), "names", "没有读出姓"),
    ],
)
def test_each_wrong_field_is_named(text, name, words):
    fault = next(fault for fault in read_mrz(text, TODAY).faults if not fault.is_hint)

    assert fault.field == name
    assert words in fault.text


def with_dates(birth: str, expiry: str) -> str:
    """A zone with these six signs for the dates, check digits and all."""
    first, second = zone().split("\n")
    birth, expiry = birth + check_digit(birth), expiry + check_digit(expiry)
    second = f"{second[:13]}{birth}F{expiry}{second[28:43]}"
    return f"{first}\n{second}{check_digit(second[:10] + second[13:20] + second[21:43])}"


@pytest.mark.parametrize(
    ("birth", "expiry", "born_on", "expires_on"),
    [
        ("260228", "260301", date(2026, 2, 28), date(2026, 3, 1)),
        ("260302", "560101", date(1926, 3, 2), date(2056, 1, 1)),
        ("000229", "060101", date(2000, 2, 29), date(2006, 1, 1)),
        ("991231", "991231", date(1999, 12, 31), None),
        ("740230", "300000", None, None),
        ("75<<<<", "300101", None, date(2030, 1, 1)),
    ],
)
def test_centuries(birth, expiry, born_on, expires_on):
    reading = read_mrz(with_dates(birth, expiry), TODAY)

    assert (reading.born_on, reading.expires_on) == (born_on, expires_on)
    assert said(reading) == [name for name, day, text in (("birth", born_on, birth), ("expiry", expires_on, expiry)) if day is None and "<" not in text]


def test_a_birth_that_is_not_known_whole_is_a_hint():
    reading = read_mrz(with_dates("75<<<<", "300101"), TODAY)

    assert [(fault.field, fault.is_hint) for fault in reading.faults] == [("birth", True)]


def test_an_empty_optional_field_may_have_a_filler_as_check_digit():
    first, second = zone().split("\n")
    second = second[:42] + "<"

    assert read_mrz(f"{first}\n{second}{check_digit(second[:10] + second[13:20] + second[21:43])}", TODAY).faults == []


def test_names_that_fill_their_field_may_go_on():
    reading = read_mrz(zone("Papandropoulous", "Jonathon Alexander Christopher"), TODAY)

    assert (reading.is_cut, reading.given_names) == (True, "JONATHON ALEXANDER CHR")
    assert [(fault.field, fault.is_hint) for fault in reading.faults] == [("names", True)]


def test_a_person_with_one_name():
    reading = read_mrz(zone("Sukarno", ""), TODAY)

    assert (reading.surname, reading.given_names, reading.faults) == ("SUKARNO", "", [])


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "没有找到机读区"),
        ("护照号码 E12345678", "没有找到机读区"),
        (zone()[:-1], "粘贴的各行有 44、43 个字符"),
        (zone().split("\n")[1], "粘贴的各行有 44 个字符"),
        ("A<" * 3000, "太长"),
        (zone().replace("ERIKSSON", "ERIKSSON\x00"), "粘贴的各行有 44 个字符"),
    ],
)
def test_no_zone_says_what_is_expected(text, words):
    with pytest.raises(UnreadableZoneError, match=words):
        read_mrz(text, TODAY)


@pytest.mark.parametrize("layout", LAYOUTS, ids=lambda layout: layout.name)
def test_fields_do_not_overlap(layout):
    places = [(line, place) for line, start, end in layout.fields.values() for place in range(start, end)]

    assert len(places) == len(set(places))
    assert all(place < layout.width for _line, place in places)
