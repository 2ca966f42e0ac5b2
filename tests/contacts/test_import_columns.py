"""What stands in the cells of a table of contacts, and what its headings mean."""

import pytest

from contacts.import_columns import guess, know_countries, points_of, read_row
from tests import factories as make


@pytest.mark.parametrize(
    ("headings", "names"),
    [
        (["序号", "姓名", "单位", "职务", "手机号码", "E-mail"], ["", "name", "organisation", "title", "mobile", "email"]),
        (["Last Name", "First name", "COMPANY", "Job Title", "Country"], ["surname", "given_names", "organisation", "title", "organisation_country"]),
        (["姓名*", "国籍（地区）", "联系电话(办公)", "姓名"], ["name", "nationality", "phone", ""]),
    ],
)
def test_headings_are_guessed(headings, names):
    assert guess(headings) == {str(place): name for place, name in enumerate(names) if name}


def test_what_a_heading_was_last_time_is_remembered():
    assert guess(["负责人", "姓名", "备注"], {"负责人": "name", "备注": "", "姓名": "gone"}) == {"0": "name"}


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("column", "text", "value"),
    [
        ("sex", "Ms.", "F"),
        ("sex", "先生", "M"),
        ("mobile", "138 0000 0001；13900000001", ["138 0000 0001", "13900000001"]),
        ("phone", "022-22000000 转 802", ["022-22000000 转 802"]),
        ("email", "a@b.example, c@d.example", ["a@b.example", "c@d.example"]),
        ("messenger", "wx_one/wx two", ["wx_one", "wx two"]),
        ("website", "www.made-up.example", "http://www.made-up.example"),
        ("note", "一行\n又一行", "一行\n又一行"),
    ],
)
def test_a_cell_is_read(column, text, value):
    assert read_row({"name": "区明", column: text}).values[column] == value


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("column", "text", "words"),
    [
        ("sex", "未知", "不是性别"),
        ("nationality", "亚特兰蒂斯", "没有“亚特兰蒂斯”这个国家"),
        ("mobile", "1.38E+10", "后几位已经丢失"),
        ("phone", "请打前台", "不是电话号码"),
        ("phone", "12", "不是电话号码"),
        ("email", "a@b@c", "不是邮箱地址"),
        ("website", "没有", "不是网址"),
        ("honorific", "先" * 51, "最多 50 个"),
        ("languages", "英语\u200b", "第 3 个字符"),
        ("department", "😀", "第 1 个字符"),
    ],
)
def test_a_cell_that_cannot_be_read_says_why(column, text, words):
    know_countries()
    cells = {"name": "区明", "organisation": "北湾商会", "title": "会长", column: text}

    assert words in read_row(cells).problems[column]


@pytest.mark.django_db
def test_a_country_is_found_by_any_of_its_names():
    norway = make.country().pk
    know_countries()

    assert {read_row({"name": "区明", "nationality": text}).values["nationality"] for text in ("挪威", "Norway", "NOR", "挪威籍")} == {norway}


@pytest.mark.parametrize(
    ("cells", "problems"),
    [
        ({"note": "甲"}, {"name": "没有填写姓名，也没有填写机构。"}),
        ({"name": "区明", "organisation": "北湾商会"}, {"title": "有机构的联系人要填写职务。"}),
        ({"organisation": "北湾商会", "title": "会长"}, {"title": "只有机构、没有姓名的行不填职务和部门。"}),
        ({"organisation": "北湾商会"}, {}),
        ({"surname": "Berg"}, {}),
    ],
)
def test_a_row_names_somebody_or_a_body(cells, problems):
    assert read_row(cells).problems == problems


def test_a_number_given_twice_is_one_point():
    points = points_of({"mobile": ["138 0000 0001", "+86 13800000001"], "email": ["A@b.example", "a@b.example"]})

    assert points == [("email", "A@b.example", "a@b.example"), ("mobile", "138 0000 0001", "13800000001")]
