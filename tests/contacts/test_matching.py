"""Names as they are compared across scripts."""

import pytest

from contacts.matching import forms_of_body, forms_of_person, looked_up, meet, number_of

ONE = {"name": "", "surname": "", "given_names": "", "name_native": ""}


def person(**names):
    return forms_of_person(**ONE | names)


@pytest.mark.parametrize(
    ("one", "other", "how"),
    [
        ({"name": "王晓明"}, {"name": "王曉明"}, "name"),
        ({"name": "约翰·史密斯"}, {"name": "约翰史密斯"}, "name"),
        ({"name": "王晓明"}, {"surname": "WANG", "given_names": "Xiaoming"}, "spelling"),
        ({"name": "王晓明"}, {"surname": "Wang", "given_names": "Xiao-Ming"}, "spelling"),
        ({"name": "王晓明"}, {"name_native": "Xiao Ming Wang"}, "spelling"),
        ({"name": "单曾"}, {"surname": "Shan", "given_names": "Zeng"}, ""),
        ({"name": "单伟"}, {"surname": "SHAN", "given_names": "WEI"}, "spelling"),
        ({"name": "单伟"}, {"surname": "DAN", "given_names": "WEI"}, "spelling"),
        ({"name": "欧阳娜"}, {"surname": "Ouyang", "given_names": "Na"}, "spelling"),
        ({"name": "吕梅"}, {"surname": "LYU", "given_names": "Mei"}, "spelling"),
        ({"name": "吕梅"}, {"surname": "Lü", "given_names": "Mei"}, "spelling"),
        ({"surname": "Müller", "given_names": "Jörg"}, {"surname": "Mueller", "given_names": "Joerg"}, "spelling"),
        ({"surname": "Müller", "given_names": "Jörg"}, {"surname": "MULLER", "given_names": "JORG"}, "spelling"),
        ({"surname": "Ødegård", "given_names": "Åse"}, {"surname": "Odegard", "given_names": "Ase"}, "spelling"),
        ({"surname": "ＳＭＩＴＨ", "given_names": "John"}, {"surname": "John", "given_names": "Smith"}, "spelling"),
        ({"surname": "O'Brien", "given_names": "Ann"}, {"name_native": "Ann OBrien"}, "spelling"),
        ({"name_native": "Иван Петров"}, {"name_native": "Петров Иван"}, "name"),
        ({"name": "王敏", "surname": "WANG", "given_names": "Min"}, {"name": "王民", "surname": "WANG", "given_names": "Min"}, ""),
        ({"name": "史密斯", "surname": "Smith", "given_names": "John"}, {"name": "斯密思", "surname": "Smith", "given_names": "John"}, "spelling"),
        ({"name": "王敏"}, {"name": "王民"}, ""),
        ({"name": "王敏"}, {"surname": "Wang", "given_names": "Ming"}, ""),
        ({"surname": "Madonna"}, {"given_names": "madonna"}, "spelling"),
    ],
)
def test_people_meet_across_scripts(one, other, how):
    mine, theirs = person(**one), person(**other)

    assert meet(mine, theirs) == meet(theirs, mine) == how
    if how:
        assert looked_up("contact", mine) & {number_of("contact", form) for form in theirs}


@pytest.mark.parametrize(
    ("one", "other", "how"),
    [
        (["北湾贸易有限公司"], ["北湾貿易股份有限公司"], "name"),
        (["北湾贸易（集团）有限公司"], ["北湾贸易"], "name"),
        (["North Bay Trading Co., Ltd."], ["NORTH BAY TRADING LIMITED"], "spelling"),
        (["Chamber of Commerce of North Bay"], ["North Bay Chamber of Commerce"], "spelling"),
        (["北湾商会"], ["Beiwan Shanghui"], "spelling"),
        (["北湾商会", "North Bay Chamber"], ["北湾商业协会", "North Bay Chamber"], "spelling"),
        (["A/S Nordvik"], ["Nordvik AS"], ""),
        (["Nordvik A.S."], ["Nordvik"], ""),
        (["Nordvik S.A."], ["Nordvik"], "spelling"),
        (["Nordvik GmbH"], ["Südvik GmbH"], ""),
        (["有限公司"], ["北湾商会"], ""),
        ([""], [""], ""),
    ],
)
def test_bodies_meet_without_their_legal_form(one, other, how):
    assert meet(forms_of_body(one), forms_of_body(other)) == how


def test_a_reading_stands_beside_the_spelling():
    assert number_of("contact", "p:min|wang") == number_of("contact", "l:min|wang") + 1
    assert number_of("contact", "l:min|wang") != number_of("organisation", "l:min|wang")
