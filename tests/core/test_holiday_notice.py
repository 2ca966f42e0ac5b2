"""Reading the yearly notice, in the wording of real ones."""

from datetime import date

import pytest
from chinese_calendar.constants import holidays, workdays

from core.holiday_notice import UnreadableNoticeError, read_notice
from core.working_days import days_of

FRAME = """国务院办公厅关于{year}年
部分节假日安排的通知
国办发明电〔{before}〕7号

各省、自治区、直辖市人民政府，国务院各部委、各直属机构：
　　经国务院批准，现将{year}年元旦、春节、清明节、劳动节、端午节、中秋节和国庆节放假调休日期的具体安排通知如下。
{items}
　　节假日期间，各地区、各部门要妥善安排好值班和安全、保卫、疫情防控等工作，遇有重大突发事件，要按规定及时报告并妥善处置，确保人民群众祥和平安度过节日假期。
　　国务院办公厅
　　{before}年11月4日
（此件公开发布）
"""
ITEMS = {
    2015: """一、元旦：1月1日至3日放假调休，共3天。1月4日（星期日）上班。
二、春节：2月18日至24日放假调休，共7天。2月15日（星期日）、2月28日（星期六）上班。
三、清明节：4月5日放假，4月6日（星期一）补休。
四、劳动节：5月1日放假，与周末连休。
五、端午节：6月20日放假，6月22日（星期一）补休。
六、中秋节：9月27日放假。
七、国庆节：10月1日至7日放假调休，共7天。10月10日（星期六）上班。""",
    2019: """一、元旦：2018年12月30日至2019年1月1日放假调休，共3天。2018年12月29日（星期六）上班。
二、春节：2月4日至10日放假调休，共7天。2月2日（星期六）、2月3日（星期日）上班。
三、清明节：4月5日放假，与周末连休。
四、劳动节：5月1日放假。
五、端午节：6月7日放假，与周末连休。
六、中秋节：9月13日放假，与周末连休。
七、国庆节：10月1日至7日放假调休，共7天。9月29日（星期日）、10月12日（星期六）上班。""",
    2023: """一、元旦：2022年12月31日至2023年1月2日放假调休，共3天。
二、春节：1月21日至27日放假调休，共7天。1月28日（星期六）、1月29日（星期日）上班。
三、清明节：4月5日放假，共1天。
四、劳动节：4月29日至5月3日放假调休，共5天。4月23日（星期日）、5月6日（星期六）上班。
五、端午节：6月22日至24日放假调休，共3天。6月25日（星期日）上班。
六、中秋节、国庆节：9月29日至10月6日放假调休，共8天。10月7日（星期六）、10月8日（星期日）上班。""",
    2024: """一、元旦：1月1日放假，与周末连休。
二、春节：2月10日至17日放假调休，共8天。2月4日（星期日）、2月18日（星期日）上班。鼓励各单位结合带薪年休假等制度落实，安排职工在除夕（2月9日）休息。
三、清明节：4月4日至6日放假调休，共3天。4月7日（星期日）上班。
四、劳动节：5月1日至5日放假调休，共5天。4月28日（星期日）、5月11日（星期六）上班。
五、端午节：6月10日放假，与周末连休。
六、中秋节：9月15日至17日放假调休，共3天。9月14日（星期六）上班。
七、国庆节：10月1日至7日放假调休，共7天。9月29日（星期日）、10月12日（星期六）上班。""",
    2025: """　　一、元旦：1月1日（周三）放假1天，不调休。
　　二、春节：1月28日（农历除夕、周二）至2月4日（农历正月初七、周二）放假调休，共8天。1月26日（周日）、2月8日（周六）上班。
　　三、清明节：4月4日（周五）至6日（周日）放假，共3天。
　　四、劳动节：5月1日（周四）至5日（周一）放假调休，共5天。4月27日（周日）上班。
　　五、端午节：5月31日（周六）至6月2日（周一）放假，共3天。
　　六、国庆节、中秋节：10月1日（周三）至8日（周三）放假调休，共8天。9月28日（周日）、10月11日（周六）上班。""",
    2026: """　　一、元旦：1月1日（周四）至3日（周六）放假调休，共3天。1月4日（周日）上班。
　　二、春节：2月15日（农历腊月二十八、周日）至23日（农历正月初七、周一）放假调休，共9天。2月14日（周六）、2月28日（周六）上班。
　　三、清明节：4月4日（周六）至6日（周一）放假，共3天。
　　四、劳动节：5月1日（周五）至5日（周二）放假调休，共5天。5月9日（周六）上班。
　　五、端午节：6月19日（周五）至21日（周日）放假，共3天。
　　六、中秋节：9月25日（周五）至27日（周日）放假，共3天。
　　七、国庆节：10月1日（周四）至7日（周三）放假调休，共7天。9月20日（周日）、10月10日（周六）上班。""",
}

# What later notices changed in these years: a day of remembrance in 2015, a longer Labour Day in 2019.
BEFORE_A_LATER_NOTICE = {
    2015: {date(2015, 9, 3): True, date(2015, 9, 4): True, date(2015, 9, 6): False},
    2019: {date(2019, 4, 28): False, date(2019, 5, 2): True, date(2019, 5, 3): True, date(2019, 5, 5): False},
}


def notice(year: int, items: str | None = None) -> str:
    return FRAME.format(year=year, before=year - 1, items=ITEMS[year] if items is None else items)


def working_of(year, days_off, days_on) -> dict[date, bool]:
    return {row.day: row.is_working for row in days_of(year, days_off, days_on) if row.day.year == year}


def as_the_package_says(year) -> dict[date, bool]:
    return working_of(year, *({day: name for day, name in days.items() if day.year == year} for days in (holidays, workdays)))


@pytest.mark.parametrize("year", [2015, 2019, 2023, 2024, 2025, 2026])
def test_a_year_is_what_others_read_from_its_notice(year):
    found, days_off, days_on = read_notice(notice(year))

    expected = as_the_package_says(year) | BEFORE_A_LATER_NOTICE.get(year, {})
    assert found == year
    assert working_of(year, days_off, days_on) == expected


def test_days_carry_the_name_of_their_festival():
    _year, days_off, days_on = read_notice(notice(2025))

    assert days_off[date(2025, 10, 8)] == "国庆节、中秋节"
    assert days_on == {
        date(2025, 1, 26): "春节",
        date(2025, 2, 8): "春节",
        date(2025, 4, 27): "劳动节",
        date(2025, 9, 28): "国庆节、中秋节",
        date(2025, 10, 11): "国庆节、中秋节",
    }


def test_days_of_the_year_before_are_kept():
    _year, days_off, days_on = read_notice(notice(2019))

    assert [day for day in days_off if day.year == 2018] == [date(2018, 12, 30), date(2018, 12, 31)]
    assert [day for day in days_on if day.year == 2018] == [date(2018, 12, 29)]


def test_a_range_may_lead_into_the_new_year():
    _year, days_off, _days_on = read_notice(notice(2023, "一、元旦：2022年12月31日至1月2日放假调休，共3天。"))

    assert list(days_off) == [date(2022, 12, 31), date(2023, 1, 1), date(2023, 1, 2)]


@pytest.mark.parametrize(
    "change",
    [
        lambda text: text.replace("\n", "\r\n"),
        lambda text: text.replace("，", ",").replace("（", "(").replace("）", ")").replace("：", ":"),
        lambda text: text.replace("1月", " 1 月 ").replace("3日", "3 日"),
        lambda text: text.replace("放假调休，\n", "放假调休，"),
        lambda text: text.replace("放假调休", "放假\n调休"),  # hard wraps of a PDF
        lambda text: text.replace("共3天。", "共3天。\n"),
        lambda text: text.replace("\n　　", ""),  # one paragraph
        lambda text: text.replace("周", "星期").replace("星期日", "星期天"),
        lambda text: text.replace("1", "１").replace("2", "２"),
    ],
)
def test_the_same_however_it_was_copied(change):
    assert read_notice(change(notice(2026))) == read_notice(notice(2026))


@pytest.mark.parametrize(
    ("items", "told"),
    [
        ("一、元旦：1月1日（周三）放假1天。", "2026-01-01 写的是周三，实际是周四"),
        ("一、元旦：1月1日（周四）至3日（周六）放假调休，共4天。", "写明共 4 天，按日期算是 3 天"),
        ("一、元旦：1月1日放假2天。", "写明共 2 天，按日期算是 1 天"),
        ("一、元旦：1月32日放假。", "没有“1月32日”这一天"),
        ("一、元旦：32日放假。", "没有“32日”这一天"),
        ("一、元旦：1月1日至3日放假调休，共3天。1月5日上班。", "2026-01-05 不是周末"),
        ("一、元旦：1月1日至4日放假调休，共4天。1月4日上班。", "2026-01-04 既放假又上班"),
        ("一、元旦：1月1日为法定节假日。", "2026-01-01 放假还是上班，没有读懂"),
        ("一、元旦：1月1日至3日放假，共3天", "没有以句号结束"),
        ("一、元旦：1月1日至3日放假，共3天。1月4日（周", "没有以句号结束"),
        ("一、元旦：2021年1月1日放假。", "2021-01-01 不在 2026 年前后"),
        ("一、元旦：3日至1日放假。", "没有“3日”这一天"),
        ("一、元旦：1月3日至1日放假。", "2026-01-03 至 2026-01-01 不像一段假期"),
        ("一、元旦：1月1日至3月1日放假。", "2026-01-01 至 2026-03-01 不像一段假期"),
        ("元旦1月1日放假。", "不是以“一、节日：”开头"),
    ],
)
def test_what_is_not_understood_is_refused_with_its_line(items, told):
    with pytest.raises(UnreadableNoticeError) as caught:
        read_notice(notice(2026, items))

    assert told in str(caught.value)
    assert str(caught.value).startswith("第 7 行“")


def test_a_long_line_is_shortened():
    with pytest.raises(UnreadableNoticeError) as caught:
        read_notice(notice(2026, "一、元旦：1月1日为节日" + "，很长" * 60 + "。"))

    assert "…”：" in str(caught.value)
    assert len(str(caught.value)) < 120


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("", "没有找到年份"),
        ("一、元旦：1月1日放假。", "没有找到年份"),
        ("关于0026年部分节假日安排的通知\n一、元旦：1月1日放假。", "年份 26 不对"),
        (notice(2026, ""), "没有找到放假安排"),
        ("长" * 20_001, "太长"),
    ],
)
def test_what_is_no_notice_is_refused(text, told):
    with pytest.raises(UnreadableNoticeError, match=told):
        read_notice(text)
