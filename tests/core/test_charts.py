"""Charts that the server draws."""

import re
import xml.etree.ElementTree as ET

import pytest

from core.charts import Line, Part, Row, broken, lines, scale, stacked_bars

SORTS = ("正常", "三天内到期", "逾期")


def read(svg):
    return ET.fromstring(svg)  # noqa: S314 - our own


def texts(svg):
    return ["".join(node.itertext()) for node in read(svg).iter("{http://www.w3.org/2000/svg}text")]


def test_bars_are_as_long_as_their_counts_and_lie_end_to_end():
    rows = [Row("2.1", "接待来访", [Part(6, "/a"), Part(3, "/b"), Part(1, "/c")], "（逾期 1）"), Row("2.2", "出访", [Part(0), Part(5, "/d"), Part(0)])]

    svg = stacked_bars("x", "在办", "在办 15 件。", SORTS, rows)

    bars = re.findall(r'<rect x="([\d.]+)" y="([\d.]+)" width="([\d.]+)" height="18" (?:class="sort-|fill="url\(#x-)(\d)', svg)
    assert [sort for _x, _y, _width, sort in bars] == ["0", "1", "2", "1"]
    unit = float(bars[0][2]) / 6
    assert [round(float(width) / unit) for _x, _y, width, _sort in bars] == [6, 3, 1, 5]
    assert float(bars[1][0]) == pytest.approx(float(bars[0][0]) + float(bars[0][2]), abs=0.2)
    assert re.findall(r'<a href="([^"]+)" tabindex="-1"><title>([^<]+)</title>', svg) == [
        ("/a", "2.1 正常 6"),
        ("/b", "2.1 三天内到期 3"),
        ("/c", "2.1 逾期 1"),
        ("/d", "2.2 三天内到期 5"),
    ]
    assert "10（逾期 1）" in texts(svg)


def test_what_a_chart_says_is_one_image_with_a_sentence_and_hidden_links():
    svg = stacked_bars("x", "在办 <情况>", "在办 & 逾期", SORTS, [Row("1.1", "<b>", [Part(1, "/?a=1&b=2"), Part(0), Part(0)])])

    image, links = read(svg).findall("{http://www.w3.org/2000/svg}g")
    assert (image.get("role"), image[0].text, image[1].text) == ("img", "在办 <情况>", "在办 & 逾期")
    assert image.get("aria-labelledby").split() == [image[0].get("id"), image[1].get("id")]
    assert links.get("aria-hidden") == "true"
    assert not list(image.iter("{http://www.w3.org/2000/svg}a"))
    assert "style" not in svg


def test_each_sort_has_a_pattern_of_its_own():
    svg = stacked_bars("x", "", "", ("a", "b", "c", "d"), [])

    patterns = [ET.tostring(node) for node in read(svg).iter("{http://www.w3.org/2000/svg}pattern")]
    assert 'class="sort-0" fill="#0b4f8a"' in svg  # the first one is plain
    assert len(patterns) == len({re.sub(rb'(id|class|fill|stroke)="[^"]*"', b"", pattern) for pattern in patterns}) == 3


def test_on_a_phone_labels_stand_above_the_bars_and_notes_are_left_out():
    row = Row("4.1", "负责贸促会对外邀请函电和通知签证函电的审签和管理工作", [Part(2), Part(1), Part(1)], "（逾期 1）")

    svg = stacked_bars("x", "", "", SORTS, [row], width=330)

    assert "（逾期 1）" not in svg
    assert "<a " not in svg
    assert re.search(r'<rect x="0" y="[\d.]+" width="\d', svg)


def test_lines_have_marks_strokes_names_and_links():
    series = [Line("立项", [Part(0, "/1"), Part(10, "/2"), Part(5, "/3")]), Line("结案", [Part(1, "/4"), Part(2, "/5"), Part(5, "/6")])]

    svg = lines("x", "趋势", "立项 15 件", ["9", "10", "11"], series)

    assert re.findall(r'<a href="([^"]+)"', svg) == ["/1", "/2", "/3", "/4", "/5", "/6"]
    assert svg.count("stroke-dasharray") == 2
    assert svg.count("<circle") == 3
    ends = [float(y) for y, name in re.findall(r'y="([\d.]+)" fill="#\w+" font-weight="bold">(立项|结案)<', svg)]
    assert abs(ends[0] - ends[1]) == pytest.approx(18)
    assert {"0", "2", "4", "6", "8", "10", "9", "11"} <= set(texts(svg))


def test_names_of_lines_that_end_apart_stand_where_these_end_and_the_lower_one_below():
    def ends(first, second):
        svg = lines("x", "", "", ["1"], [Line("甲", [Part(first)]), Line("乙", [Part(second)])], width=330)
        return [float(y) for y in re.findall(r'y="([\d.]+)" fill="#\w+" font-weight="bold"', svg)]

    high, low = ends(10, 0)
    assert low - high > 100
    assert ends(0, 1)[0] > ends(0, 1)[1]
    assert lines("x", "", "", [], [])


@pytest.mark.parametrize(("most", "step"), [(0, 1), (5, 1), (6, 2), (10, 2), (11, 5), (25, 5), (26, 10), (500, 100), (501, 200)])
def test_axis_has_five_round_steps(most, step):
    assert scale(most) == step


def test_lines_of_text_are_even():
    assert broken("负责贸促会对外邀请函电", 6) == ["负责贸促会对", "外邀请函电"]
    assert broken("出访", 6) == ["出访"]
    assert broken("", 6) == []
