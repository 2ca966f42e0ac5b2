"""Facts of a Chinese and an English text: read in every way of writing, and told where one text alone states them."""

from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.consistency import CHINESE, ENGLISH, Fact, differences, facts_of, read_han_number

CHINESE_LETTER = """兹邀请 ERIKSSON Anna Maria 等三名外宾于2026年12月3日至8日来津参加第十七届展览会，商谈50万美元的合同，
停留不超过三十（30）天，一年多次入境有效。护照号码 L898902C3。地址：天津市和平区18号。"""
ENGLISH_LETTER = """We invite Anna Maria ERIKSSON, and two others (3 persons), to visit Tianjin from 3 to 8 December 2026 for the 17th exhibition and to discuss
a contract of USD 500,000. Stay: no more than thirty days; multiple entries within one year. Passport l898902c3. Address: 18 Heping District, Tianjin."""
NAMES = [("ERIKSSON Anna Maria", "Anna Maria Eriksson"), ("L898902C3", "L898902C3"), ("天津", "Tianjin")]


def test_two_letters_that_agree():
    assert differences(CHINESE_LETTER, ENGLISH_LETTER, NAMES) == []


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ("8 December", "9 December", ["中文文本写有日期“2026年12月8日”，英文文本里没有。", "英文文本写有日期“9 December 2026”，中文文本里没有。"]),
        ("500,000", "5,000", ["中文文本写有金额“50万美元”，英文文本里没有。", "英文文本写有金额“USD 5,000”，中文文本里没有。"]),
        ("USD", "EUR", ["中文文本写有金额“50万美元”，英文文本里没有。", "英文文本写有金额“EUR 500,000”，中文文本里没有。"]),
        ("thirty days", "thirteen days", ["中文文本写有期限“30天”，英文文本里没有。", "英文文本写有期限“thirteen days”，中文文本里没有。"]),
        ("multiple entries", "double entry", ["中文文本写有入境次数“多次入境”，英文文本里没有。", "英文文本写有入境次数“double entry”，中文文本里没有。"]),
        ("(3 persons)", "(4 persons)", ["中文文本写有人数“三名”，英文文本里没有。", "英文文本写有人数“4 persons”，中文文本里没有。"]),
        ("18 Heping", "19 Heping", ["中文文本写有数字“18”，英文文本里没有。", "英文文本写有数字“19”，中文文本里没有。"]),
        ("Anna Maria ERIKSSON", "Anna Maria ERICSSON", ["英文文本里没有“Anna Maria Eriksson”。"]),
        ("l898902c3", "", ["英文文本里没有“L898902C3”。"]),
    ],
)
def test_what_differs_is_told(old, new, told):
    assert differences(CHINESE_LETTER, ENGLISH_LETTER.replace(old, new), NAMES) == told


def test_a_name_that_is_missing_in_the_chinese_text():
    assert differences("王敏", "Wang Min", [("王明", "Wang Min"), ("", "Wang Min")]) == ["中文文本里没有“王明”。"]


def test_a_name_is_no_part_of_a_longer_one():
    assert differences("", "ERIKSSON ANNAMARIA E123456789", [("", "ERIKSSON ANNA"), ("", "E12345678")])[:2] == [
        "英文文本里没有“ERIKSSON ANNA”。",
        "英文文本里没有“E12345678”。",
    ]


@pytest.mark.parametrize("text", ["2026年3月1日", "2026 年 3 月 1 日", "二〇二六年三月一日", "2026-03-01", "2026/3/1", "２０２６年３月１日"])
def test_days_in_chinese(text):
    assert list(facts_of(text, CHINESE)) == [Fact("date", date(2026, 3, 1))]


@pytest.mark.parametrize("text", ["1 March 2026", "1st March, 2026", "March 1, 2026", "Mar. 1st, 2026", "01 MAR 2026", "2026-03-01"])
def test_days_in_english(text):
    assert list(facts_of(text, ENGLISH)) == [Fact("date", date(2026, 3, 1))]


@pytest.mark.parametrize(
    ("chinese", "english"),
    [
        ("2026年3月1日至4月5日", "1 March to 5 April 2026"),
        ("2026年3月1日至4月5日", "from March 1 to April 5, 2026"),
        ("2026年3月1日—5日", "March 1–5, 2026"),
        ("2026年3月1日至5日", "1st to 5th March 2026"),
        ("2026年3月", "in March 2026"),
        ("3月5日", "on 5 March"),
        ("3月5日", "on March 5"),
        ("2026年", "in 2026"),
        ("二〇二六年", "in 2026"),
        ("两次入境", "double entry"),
        ("入境次数：两次", "Number of entries: two"),
        ("可入境1次", "may enter once"),
        ("一次入境有效", "single-entry visa"),
        ("半年多次", "multiple entries within half a year"),
        ("半年多次", "multiple entries within six months"),
        ("一年多次", "one-year multiple entry"),
        ("停留90天", "a stay of ninety days"),
        ("停留二十一日", "twenty-one days"),
        ("三个月", "3 months"),
        ("两周", "two weeks"),
        ("两星期", "2 weeks"),
        ("人民币1.2亿元", "RMB 120 million"),
        ("人民币五十万元", "RMB 500,000"),
        ("¥3,500", "3,500 yuan"),
        ("12万欧元", "120 thousand euros"),
        ("5000美元", "US$5,000"),
        ("USD 5000", "five thousand USD"),
        ("第三届", "the 3rd"),
        ("一行五人", "five delegates"),
        ("一名外宾", "a guest"),
        ("G20 会议", "G20 meeting"),
        ("津贸促函〔2026〕12号", "No. 12 [2026]"),
        ("", ""),
    ],
)
def test_the_same_in_either_language(chinese, english):
    assert differences(chinese, english) == []


def test_a_day_that_does_not_exist_is_no_date():
    assert [fact.kind for fact in facts_of("2026-02-30", CHINESE)] == ["number"] * 3


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("零", 0),
        ("两", 2),
        ("十", 10),
        ("二十一", 21),
        ("一百零五", 105),
        ("一万二千", 12000),
        ("三千万", 30_000_000),
        ("一亿二千万", 120_000_000),
        ("二〇二六", 2026),
    ],
)
def test_chinese_numerals(text, value):
    assert read_han_number(text) == value


UNITS = [("天", "days"), ("个月", "months"), ("年", "years")]
STATEMENTS = st.one_of(
    st.dates(date(1930, 1, 1), date(2099, 12, 31)).map(lambda day: (f"{day.year}年{day.month}月{day.day}日", f"{day.day} {day:%B} {day.year}")),
    st.dates(date(1930, 1, 1), date(2099, 12, 31)).map(lambda day: (f"{day:%Y-%m-%d}", f"{day:%B} {day.day}, {day.year}")),
    st.tuples(st.integers(2, 400), st.sampled_from(UNITS)).map(lambda pair: (f"{pair[0]}{pair[1][0]}", f"{pair[0]} {pair[1][1]}")),
    st.integers(1, 999).map(lambda count: (f"人民币{count}万元", f"RMB {count * 10_000:,}")),
    st.sampled_from([("一次入境", "single entry"), ("两次入境", "two entries"), ("多次入境", "multiple entries")]),
    st.integers(2, 200).map(lambda count: (f"{count}人", f"{count} persons")),
    st.integers(0, 10**6).map(lambda number: (f"编号{number}。", f"No. {number:,}")),
)


@settings(deadline=None)
@given(st.lists(STATEMENTS, max_size=6), st.randoms())
def test_texts_of_the_same_statements_agree_in_any_order(statements, random):
    chinese, english = [one for one, _other in statements], [other for _one, other in statements]
    random.shuffle(english)

    assert differences("；".join(chinese), "; ".join(english)) == []


@settings(deadline=None)
@given(st.lists(STATEMENTS, min_size=1, max_size=6, unique_by=lambda pair: frozenset(facts_of(pair[0], CHINESE))))
def test_a_statement_that_is_left_out_is_told(statements):
    chinese, english = "；".join(one for one, _other in statements), "; ".join(other for _one, other in statements[1:])

    assert len(differences(chinese, english)) == 1
    assert differences(chinese, english)[0].startswith("中文文本写有")


@settings(deadline=None)
@given(st.text(max_size=200), st.text(max_size=200))
def test_any_texts_can_be_compared(chinese, english):
    told = differences(chinese, english)

    assert told == differences(chinese, english)
    assert all("文文本写有" in sentence for sentence in told)


def test_figures_of_other_scripts_are_left_alone():
    assert differences("٣天", "৩ days") == []


def test_values_are_exact():
    assert list(facts_of("1.2亿元", CHINESE)) == [Fact("money", (Decimal(120_000_000), "CNY"))]


CHINESE_MEMORANDUM = """第一条 双方每年互访一次。
（一）每次不超过5人；
第二条 本备忘录自签字之日起生效，有效期三年。
第三条 任何一方可提前六十日书面通知终止。"""
ENGLISH_MEMORANDUM = """Article 1 The Sides visit each other once a year.
(a) no more than 5 persons each time;
Article II This Memorandum takes effect on the day of signing and is valid for three years.
Article three Either Side may end it by written notice of sixty days."""


def test_two_memoranda_that_agree():
    assert differences(CHINESE_MEMORANDUM, ENGLISH_MEMORANDUM, with_articles=True) == []


def test_an_article_that_is_missing_is_told_with_the_counts():
    told = differences(CHINESE_MEMORANDUM, ENGLISH_MEMORANDUM.rpartition("\n")[0], with_articles=True)

    assert told[0] == "中文文本有 3 条，英文文本有 2 条。"
    assert "中文文本写有条款“第三条”，英文文本里没有。" in told


def test_articles_by_figures_at_the_beginning_of_lines():
    chinese = "一、信息交换\n1.每季度一次\n二、互访\n十一、其他"
    english = "I. Exchange\n1.1 once a quarter\nii. Visits\nXI. Others"
    numbers = "1. Exchange\n2. Visits\n11. Others"

    assert differences(chinese, english, with_articles=True) == []
    assert differences(chinese, numbers, with_articles=True) == []


@pytest.mark.parametrize(("numeral", "value"), [("IV", 4), ("IX", 9), ("XIV", 14), ("XL", 40)])
def test_roman_numbers(numeral, value):
    assert differences(f"第{value}条", f"Article {numeral}", with_articles=True) == []
