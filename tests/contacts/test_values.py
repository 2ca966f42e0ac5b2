"""What names are sorted by, and by what equal numbers and mailboxes are known."""

import pytest

from contacts.models import Person
from contacts.text_values import folded_value, sorting_of


@pytest.mark.parametrize(
    ("fields", "sorting"),
    [
        ({"name": "单雄信"}, "shanxiongxin"),
        ({"name": "区明", "surname": "AU", "given_names": "MING"}, "ouming"),
        ({"surname": "Ångström", "given_names": "Lars"}, "angstrom lars"),
        ({"name_native": "Ива́н"}, "иван"),
    ],
)
def test_people_are_sorted_by_pinyin_or_latin_surname(fields, sorting):
    assert sorting_of(Person(**fields)) == sorting


@pytest.mark.parametrize("written", ["022-23301335", "+86 22 2330 1335", "0086-22-23301335", "（022）23301335 转 802", "022 23301335 ext 9"])
def test_one_number_is_known_however_it_is_written(written):
    assert folded_value("phone", written) == "2223301335"


def test_a_number_of_another_country_keeps_its_country():
    assert folded_value("mobile", "+47 22 00 00 00") == "4722000000"


def test_a_mailbox_is_known_in_any_case():
    assert folded_value("email", " Lars.Berg@Example.ORG ") == "lars.berg@example.org"
