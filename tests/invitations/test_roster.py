"""Rosters pasted from Excel: headings in any order, cells as Excel quotes them, errors row by row, nothing lost."""

import csv
import io
from datetime import date

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from contacts.countries import by_code
from invitations.roster import COLUMNS, MAX_ROWS, RosterError, read_roster

TODAY = date(2026, 11, 24)
CELLS = ["ERIKSSON", "Anna Maria", "安娜", "女", "1974-08-12", "瑞典", "L898 902C3", "2020/4/15", "2030年4月15日", "Volvo AB", "Engineer"]
VALUES = {
    "surname": "ERIKSSON",
    "given_names": "Anna Maria",
    "chinese_name": "安娜",
    "sex": "F",
    "birth_on": date(1974, 8, 12),
    "nationality": by_code("SWE"),
    "passport_number": "L898902C3",
    "passport_issued_on": date(2020, 4, 15),
    "passport_expires_on": date(2030, 4, 15),
    "employer": "Volvo AB",
    "job": "Engineer",
}
CHINESE = ["姓", "名", "中文姓名", "性别", "出生日期", "国籍", "护照号码", "签发日期", "有效期至", "工作单位", "职务"]
ENGLISH = ["Surname", "Given Names", "Chinese name", "Sex", "Date of Birth", "Nationality", "Passport No.", "Date of issue", "Expiry date", "Company", "Title"]


def paste(*rows) -> str:
    """Rows as Excel puts them on the clipboard."""
    out = io.StringIO()
    csv.writer(out, delimiter="\t", lineterminator="\r\n").writerows(rows)
    return out.getvalue()


def with_cell(name: str, text: str) -> list[str]:
    """The cells of a row with one of them changed."""
    place = [column.name for column in COLUMNS].index(name)
    return [*CELLS[:place], text, *CELLS[place + 1 :]]


@pytest.mark.parametrize(
    "headings", [None, CHINESE, ENGLISH, [f"{zh} {en}" for zh, en in zip(CHINESE, ENGLISH, strict=True)], [f"{zh}（必填）" for zh in CHINESE]]
)
def test_a_roster(headings):
    rows = [CELLS] if headings is None else [headings, CELLS]

    roster = read_roster(paste(*rows), TODAY)

    assert [(row.values, row.errors, row.others) for row in roster.rows] == [(VALUES, {}, {})]
    assert roster.rows[0].typed["passport_number"] == "L898 902C3"
    assert roster.rows[0].number == len(rows)
    assert roster.is_sound
    assert bool(roster.hints) == (headings is None)


@settings(deadline=None)
@given(st.permutations(range(len(CELLS))), st.sampled_from([CHINESE, ENGLISH]))
def test_columns_in_any_order(order, headings):
    roster = read_roster(paste([headings[place] for place in order], [CELLS[place] for place in order]), TODAY)

    assert [(row.values, row.errors) for row in roster.rows] == [(VALUES, {})]


def test_without_headings_a_counter_is_left_out():
    roster = read_roster(paste(["1", *CELLS], ["2", *with_cell("passport_number", "X1234567")]), TODAY)

    assert [row.values["surname"] for row in roster.rows] == ["ERIKSSON"] * 2
    assert roster.hints[0].startswith("没有标题行，按这个顺序读取：护照上的姓、护照上的名")


def test_headings_with_a_counter_and_columns_of_others():
    roster = read_roster(paste(["序号", "房型", *CHINESE, ""], ["1", "大床房", *CELLS, "素食"]), TODAY)

    assert roster.rows[0].values == VALUES
    assert roster.rows[0].others == {"房型": "大床房", "第 14 列": "素食"}


def test_columns_that_are_known_by_their_headings_alone():
    headings = [*CHINESE, "工作单位（英文）", "Position (English)", "曾来华", "In China"]

    roster = read_roster(paste(headings, [*CELLS, "Volvo", "Chief engineer", "是", "no"]), TODAY)

    assert roster.rows[0].values == VALUES | {"employer_en": "Volvo", "job_en": "Chief engineer", "has_visited": True, "is_in_china": False}
    assert roster.rows[0].others == {}
    assert "看不出是或否" in read_roster(paste(headings, [*CELLS, "Volvo", "", "也许", ""]), TODAY).rows[0].errors["has_visited"]


def test_a_heading_that_stands_twice_counts_once():
    roster = read_roster(paste([*CHINESE, "职务"], [*CELLS, "Director"]), TODAY)

    assert roster.rows[0].values["job"] == "Engineer"
    assert roster.rows[0].others == {"职务": "Director"}


def test_cells_beyond_the_last_column_are_kept():
    assert read_roster(paste([*CELLS, "more"]), TODAY).rows[0].others == {"第 12 列": "more"}


def test_quoted_cells_empty_rows_and_short_rows():
    text = paste(CHINESE, [], with_cell("employer", 'Smith "& Sons"\nLtd'), ["", "", ""], CELLS[:3])

    roster = read_roster(text, TODAY)

    assert [(row.number, row.values.get("employer")) for row in roster.rows] == [(3, 'Smith "& Sons" Ltd'), (5, None)]
    assert roster.rows[1].values == {"surname": "ERIKSSON", "given_names": "Anna Maria", "chinese_name": "安娜"}
    assert set(roster.rows[1].errors) == {"sex", "birth_on", "nationality", "passport_number", "passport_expires_on"}


def test_a_lone_quotation_mark_opens_nothing():
    roster = read_roster("\t".join(with_cell("employer", '"Volvo')) + "\n" + "\t".join(with_cell("passport_number", "X1234567")), TODAY)

    assert [row.values["employer"] for row in roster.rows] == ['"Volvo', "Volvo AB"]


@pytest.mark.parametrize(
    ("name", "text", "words"),
    [
        ("surname", "ЕRIKSSON", "第 1 个字符是“Е”（西里尔字母"),
        ("chinese_name", "王A", "第 2 个字符是“A”"),
        ("sex", "不详", "“不详”不是性别。请填 男、女，或 M、F。"),
        ("birth_on", "1974-02-30", "“1974-02-30”不是日期"),
        ("nationality", "亚特兰蒂斯", "没有“亚特兰蒂斯”这个国家"),
        ("passport_number", "1.23457E+11", "Excel 把号码变成了“1.23457E+11”"),
        ("passport_number", "E12", "“E12”不是护照号码"),
        ("passport_number", "E12345678（新）", "不是护照号码"),
        ("passport_number", "E1234*5678", "不是护照号码"),
        ("passport_number", "", "没有填写。"),
        ("passport_expires_on", "03/04/2030", "分不清日和月"),
        ("employer", "Vol\x00vo", "第 4 个字符是空字符（U+0000），请删去。"),
        ("job", "\u202eEngineer", "第 1 个字符是文字方向控制符"),
    ],
)
def test_what_cannot_be_read_stays_as_typed_with_an_error(name, text, words):
    row = read_roster(paste(with_cell(name, text)), TODAY).rows[0]

    assert list(row.errors) == [name]
    assert words in row.errors[name]
    assert row.typed[name] == text
    assert row.values == {key: value for key, value in VALUES.items() if key != name}


@pytest.mark.parametrize(("text", "sex"), [("男", "M"), ("Female", "F"), ("m.", "M"), ("Ｆ", "F"), ("Mr.", "M"), ("女士", "F"), ("X", "X")])
def test_sexes(text, sex):
    assert read_roster(paste(with_cell("sex", text)), TODAY).rows[0].values["sex"] == sex


@pytest.mark.parametrize(
    ("name", "values"),
    [
        ("SMITH, John Paul", {"surname": "SMITH", "given_names": "John Paul"}),
        ("John Paul SMITH", {"surname": "SMITH", "given_names": "John Paul"}),
        ("DE LA CRUZ Maria", {"surname": "DE LA CRUZ", "given_names": "Maria"}),
    ],
)
def test_a_name_in_one_cell(name, values):
    roster = read_roster(paste(["姓名", *CHINESE[3:]], [name, *CELLS[3:]]), TODAY)

    assert roster.rows[0].errors == {}
    assert {key: roster.rows[0].values[key] for key in values} == values
    assert roster.hints == []


@pytest.mark.parametrize("name", ["John Smith", "JOHN SMITH", "SUKARNO", "John SMITH Paul"])
def test_a_name_that_cannot_be_parted_is_not_guessed(name):
    row = read_roster(paste(["Name", *ENGLISH[3:]], [name, *CELLS[3:]]), TODAY).rows[0]

    assert row.values["surname"] == name
    assert row.errors == {"given_names": "分不清哪个是姓、哪个是名。请分成两列，或者写成“姓, 名”。"}


def test_a_chinese_name_in_one_cell_leaves_the_passport_name_open():
    row = read_roster(paste(["姓名", *CHINESE[3:]], ["王敏", *CELLS[3:]]), TODAY).rows[0]

    assert row.values["chinese_name"] == "王敏"
    assert row.errors == {"surname": "没有填写护照上的姓名。"}


def test_a_name_beside_its_parts_is_kept_as_typed():
    row = read_roster(paste(["姓名", *CHINESE], ["Annie", *CELLS]), TODAY).rows[0]

    assert (row.values, row.typed["name"]) == (VALUES, "Annie")


def test_an_empty_name_in_one_cell():
    row = read_roster(paste(["姓名", *CHINESE[3:]], ["", *CELLS[3:]]), TODAY).rows[0]

    assert row.errors == {"surname": "没有填写护照上的姓名。"}


def test_missing_columns_are_named():
    roster = read_roster(paste(["中文姓名", "国籍", "职务"], ["安娜", "瑞典", "工程师"]), TODAY)

    assert roster.hints == ["名单里没有这几列：性别、出生日期、护照号码、有效期至。", "名单里没有护照姓名。"]
    assert not roster.is_sound


def test_one_passport_twice():
    roster = read_roster(paste(CELLS, with_cell("passport_number", "l898902c3"), with_cell("passport_number", "X1234567")), TODAY)

    assert [row.errors.get("passport_number") for row in roster.rows] == ["与第 2 行的护照号码相同。", "与第 1 行的护照号码相同。", None]


def test_numbers_are_not_in_the_log():
    assert "L898" not in repr(read_roster(paste(CELLS), TODAY))


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "没有内容"),
        (" \n\t\t\n", "没有内容"),
        ("ERIKSSON Anna 女 1974-08-12", "没有分出列来"),
        ("a\tb", "没有分出列来"),
        (paste(*[with_cell("passport_number", f"X{number:07}") for number in range(MAX_ROWS + 1)]), "有 201 行，一次最多 200 行"),
        ("x" * 200_001, "太长"),
    ],
)
def test_what_is_no_roster_is_refused(text, words):
    with pytest.raises(RosterError, match=words):
        read_roster(text, TODAY)


def test_two_hundred_rows_and_headings():
    rows = [with_cell("passport_number", f"X{number:07}") for number in range(MAX_ROWS)]

    roster = read_roster(paste(CHINESE, *rows), TODAY)

    assert (len(roster.rows), roster.is_sound) == (MAX_ROWS, True)


@settings(deadline=None)
@given(st.lists(st.lists(st.text(max_size=15), min_size=3, max_size=13), min_size=1, max_size=5))
def test_nothing_is_lost(table):
    table = [[" ".join(cell.split()) for cell in row] for row in table]
    try:
        roster = read_roster(paste(*table), TODAY)
    except RosterError:
        assert not any(map(any, table))
        return

    kept = [text for row in roster.rows for text in (*row.typed.values(), *row.others.values()) if text]
    assert sorted(kept) == sorted(cell for row in table for cell in row if cell)
