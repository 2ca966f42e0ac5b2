"""The list of nationalities: complete, named as an official names them, and found however they are written."""

import re
from collections import Counter

import pytest

from contacts import countries as module
from contacts.countries import by_code, countries, find

# ISO 3166-1, all that are assigned (checked against the iso-codes data of 2024).
ASSIGNED = frozenset(
    """
AD AE AF AG AI AL AM AO AQ AR AS AT AU AW AX AZ BA BB BD BE BF BG BH BI BJ BL BM BN BO BQ BR BS BT BV BW BY BZ CA CC CD CF CG CH CI CK CL CM CN CO CR CU CV
CW CX CY CZ DE DJ DK DM DO DZ EC EE EG EH ER ES ET FI FJ FK FM FO FR GA GB GD GE GF GG GH GI GL GM GN GP GQ GR GS GT GU GW GY HK HM HN HR HT HU ID IE IL IM
IN IO IQ IR IS IT JE JM JO JP KE KG KH KI KM KN KP KR KW KY KZ LA LB LC LI LK LR LS LT LU LV LY MA MC MD ME MF MG MH MK ML MM MN MO MP MQ MR MS MT MU MV MW
MX MY MZ NA NC NE NF NG NI NL NO NP NR NU NZ OM PA PE PF PG PH PK PL PM PN PR PS PT PW PY QA RE RO RS RU RW SA SB SC SD SE SG SH SI SJ SK SL SM SN SO SR SS
ST SV SX SY SZ TC TD TF TG TH TJ TK TL TM TN TO TR TT TV TW TZ UA UG UM US UY UZ VA VC VE VG VI VN VU WF WS YE YT ZA ZM ZW
""".split()  # noqa: SIM905
)


def test_every_code_is_there_once():
    assert len(ASSIGNED) == 249
    assert Counter(country.alpha2 for country in countries() if country.alpha2) == Counter(ASSIGNED)
    assert len({country.alpha3 for country in countries()}) == len(countries())
    assert len({country.chinese for country in countries()}) == len({country.english for country in countries()}) == len(countries())


@pytest.mark.parametrize(
    ("code", "chinese", "english"),
    [
        ("TWN", "中国台湾", "Taiwan, China"),
        ("HKG", "中国香港", "Hong Kong, China"),
        ("MAC", "中国澳门", "Macao, China"),
        ("COD", "刚果（金）", "Democratic Republic of the Congo"),
        ("COG", "刚果（布）", "Congo"),
        ("PRK", "朝鲜", "Democratic People's Republic of Korea"),
        ("KOR", "韩国", "Republic of Korea"),
        ("ARE", "阿联酋", "United Arab Emirates"),
        ("MKD", "北马其顿", "North Macedonia"),
        ("BIH", "波黑", "Bosnia and Herzegovina"),
        ("D", "德国", "Germany"),
        ("D<<", "德国", "Germany"),
        ("GBN", "英国", "United Kingdom"),
        ("de", "德国", "Germany"),
        ("XXA", "无国籍", "Stateless"),
        ("UNO", "联合国通行证", "United Nations laissez-passer"),
    ],
)
def test_names_by_code(code, chinese, english):
    country = by_code(code)

    assert (country.chinese, country.english) == (chinese, english)


@pytest.mark.parametrize("code", ["", "<<<", "ZZZ", "UTO", "XX", "中国"])
def test_no_such_code(code):
    assert by_code(code) is None


@pytest.mark.parametrize(
    ("written", "code"),
    [
        ("德国", "DEU"),
        ("德国籍", "DEU"),
        ("german", "DEU"),
        (" GERMANY ", "DEU"),
        ("de", "DEU"),
        ("韓國", "KOR"),
        ("South  Korea", "KOR"),
        ("USA", "USA"),
        ("U.S.A", "USA"),
        ("The United States", "USA"),
        ("UK", "GBR"),
        ("刚果(金)", "COD"),
        ("台湾", "TWN"),
        ("台灣", "TWN"),
        ("Taiwan", "TWN"),
        ("香港", "HKG"),
        ("Macau", "MAC"),
        ("Cote d’Ivoire", "CIV"),
        ("Turkiye", "TUR"),
        ("日本人", "JPN"),
        ("The Netherlands", "NLD"),
        ("ＦＲＡＮＣＥ", "FRA"),
        ("中国国籍", "CHN"),
        ("无国籍", "XXA"),
        ("theGB", None),
        ("亚特兰蒂斯", None),
        ("人", None),
        ("", None),
    ],
)
def test_a_nationality_is_found_as_it_is_written(written, code):
    found = find(written)

    assert (found and found.alpha3) == code


def test_no_way_of_writing_means_two():
    ways = Counter(key for country in countries() for key in {*module._keys(country), *(code.lower() for code in country.codes)})

    assert [way for way, count in ways.items() if count > 1] == []
    assert all(find(name) is country for country in countries() for name in (country.chinese, country.english, *country.aliases, *country.codes))


def test_menus_are_in_the_order_of_pinyin():
    names = [country.chinese for country in countries()]

    assert names[:3] == ["阿尔巴尼亚", "阿尔及利亚", "阿富汗"]
    assert names.index("巴西") < names.index("白俄罗斯") < names.index("北马其顿")
    assert names[-1] == "无国籍"
    assert all(re.fullmatch("[a-z0-9]+( [a-z0-9]+)*", country.pinyin) for country in countries())
