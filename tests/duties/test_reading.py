"""Reading the publication: word for word, at any width, and refused where it cannot be read fully."""

import re
import textwrap

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from duties import cells
from duties.reading import LABELS, SHEET_MARK, Publication, UnreadableError, read

from .conftest import SOURCE

TEXT = SOURCE.read_text(encoding="utf-8")
BASIS = "《关于印发<天津市贸促分会机关各部门和社团职责范围> <关于规范和加强“中心”管理的指导意见>的通知》（津贸促[2009]16号）"


def read_text(text: str):
    return read(text.encode())


# The table of the publication's description.
@pytest.mark.parametrize(
    ("raw", "cell"),
    [
        ("通知》（津贸促[2009]16 号）", "通知》（津贸促[2009]16号）"),
        ("职责范围> <关于规范", "职责范围> <关于规范"),
        ("职责\n\n范围>\n\n<关于规范", "职责范围> <关于规范"),
        ("外交部（领事处函【1987】141 号 ）", "外交部（领事处函【1987】141号）"),
        ("解放南路 394 号", "解放南路394号"),
        ("1. 接件 2.审核 3.签发（纸质邀请函）4.网上提\n\n交（邀请函扫描件）", "1.接件2.审核3.签发（纸质邀请函）4.网上提交（邀请函扫描件）"),
        ("China Council for", "China Council for"),
        ("“中心” 管理", "“中心”管理"),
    ],
)
def test_normalise(raw, cell):
    assert cells.normalise(raw) == cell


def test_contents_are_read_word_for_word(publication):
    assert [(entry.category_number, entry.category_name, entry.code, entry.name, entry.page) for entry in publication.entries] == [
        (1, "多双边合作机制建设", "1.1", "负责与国外驻华使领馆、海外工商机构、相关国际组织及驻华办事机构的日常联系。", 1),
        (1, "多双边合作机制建设", "1.2", "负责我会多双边工商合作机制的建立与实施。", 2),
        (2, "国际往来", "2.1", "邀请和接待海外代表团来访。", 3),
        (2, "国际往来", "2.2", "组织重要公务代表团出访。", 4),
        (2, "国际往来", "2.3", "与我市外事部门进行工作对接。", 5),
        (3, "举办经贸促进活动", "3.1", "与国外驻华使馆和工商机构共同策划举办经贸促进活动。", 6),
        (3, "举办经贸促进活动", "3.2", "负责国家相关部门举办、我市参与的国际经贸活动的组织工作。", 7),
        (4, "邀请函审签和管理", "4.1", "负责贸促会对外邀请函电和通知签证函电的审签和管理工作。", 8),
    ]


def test_seven_sheets_and_none_for_3_2(publication):
    assert sorted(publication.sheets) == ["1.1", "1.2", "2.1", "2.2", "2.3", "3.1", "4.1"]


@pytest.mark.parametrize(
    ("code", "steps"),
    [
        ("1.1", ["电话、邮件、传真往来", "预约、拜访或来访"]),
        ("1.2", ["与海外工商机构进行日常联络。", "双方签署合作备忘录。", "执行备忘录中的合作内容。"]),
        (
            "2.1",
            [
                "根据团组来访目的、人员名单、日程安排等要素，确定是否发出邀请，并予以接待。",
                "在决定接待后，协助对方做好相关拜访、洽谈、考察等商务活动。",
                "根据需要，提供旅行等方面信息。",
                "做好信息反馈工作。",
            ],
        ),
        ("2.2", ["确定出访任务。", "完成各项出访组织工作（出访手续、公务安排、食宿安排等）。", "认真执行出访任务。", "做好总结。"]),
        ("2.3", ["与市外办、市商务委等单位的外事部门进行日常联系。", "对接需要我会协助的外事活动。", "完成相关工作。"]),
        (
            "3.1",
            [
                "活动立项（时间、地点、主题、规模、日程安排、任务分工、费用来源等）。",
                "执行各项筹备工作。",
                "完成举办工作。",
                "收集反馈信息，做好延伸服务。",
            ],
        ),
        ("4.1", ["接件", "审核", "签发（纸质邀请函）", "网上提交（邀请函扫描件）"]),
    ],
)
def test_steps_are_the_published_sentences(publication, code, steps):
    assert publication.sheets[code].steps == list(enumerate(steps, 1))


@pytest.mark.parametrize(
    ("code", "materials", "responsibilities"),
    [
        ("1.1", "联系方式 往来函电 背景资料", "执行国家外交战略 遵守外事纪律 畅通联络渠道 注重外事礼仪"),
        ("1.2", "联系方式 往来函电 背景资料 备忘录文本", "执行国家外交战略 遵守外事纪律 畅通联络渠道 注重外事礼仪"),
        ("2.1", "联系方式 背景资料 往来函电 邀请函", "执行国家外交战略 遵守外事纪律 注重外事礼仪 做好协调工作"),
        ("2.2", "邀请函 任务件 政审件 护照 签证 往来函电 背景资料 总结", "遵守外事纪律 注重外事礼仪 做好协调工作"),
        ("2.3", "往来函电 背景资料", "遵守外事纪律 注重外事礼仪 做好协调工作"),
        ("3.1", "往来函电 活动方案 邀请函 总结", "遵守外事纪律 注重外事礼仪 做好协调工作"),
        ("4.1", "邀请单位相关资料 委托函 被邀请人相关资料 邀请单位与被邀请人往来函电", "执行国家外交战略 严格审核程序"),
    ],
)
def test_materials_and_responsibilities(publication, code, materials, responsibilities):
    sheet = publication.sheets[code]

    assert [name for name, _ in sheet.materials] == materials.split()
    assert sheet.materials_open
    assert [text for text, _ in sheet.responsibilities] == responsibilities.split()


def test_headings_and_names_keep_their_oddities(publication):
    assert publication.sheets["1.1"].name.endswith("日常联系。")
    assert publication.sheets["1.2"].name == "负责我会多双边工商合作机制的建立与实施"
    assert publication.sheets["2.1"].heading == "邀请和接待海外代表团来访"
    assert publication.sheets["2.2"].heading == "组织重要公务代表团出访信息表"


def test_legal_bases(publication):
    assert [(basis.number, basis.text) for basis in publication.sheets["2.2"].citations] == [(None, BASIS)]
    first, second = publication.sheets["4.1"].citations
    assert (first.number, first.text, first.issuer, first.document_number) == (1, BASIS, None, "津贸促[2009]16号")
    assert (second.number, second.title, second.issuer) == (2, None, "中华人民共和国外交部")
    assert second.document_number == "领事处函【1987】141号"


def test_parts_join_to_their_cells(publication):
    for sheet in publication.sheets.values():
        assert "".join(f"{number}.{text}" for number, text in sheet.steps) == sheet.process_cell
        assert "".join(f"{basis.number or ''}{'.' if basis.number else ''}{basis.text}" for basis in sheet.citations) == sheet.legal_basis_cell
        assert "".join(name + mark for name, mark in sheet.materials) == sheet.materials_cell
        assert "".join(text + mark for text, mark in sheet.responsibilities) == sheet.responsibilities_cell
        assert cells.join_contact(sheet.contact) == sheet.supervision_cell


def test_every_character_of_the_source_is_kept(publication, source):
    """Nothing is lost and nothing is invented: without white space the cells are the file."""
    sheets = source[source.index("职责事项信息表") :]
    labels = ["序号", "名称", "法定依据", "实施机构", "职责边界", "运行流程", "运行要件", "责任事项", "监督方式"]
    told = ""
    for sheet in publication.sheets.values():
        rows = [sheet.code, sheet.name, sheet.legal_basis_cell, sheet.implementing_body, sheet.boundary]
        rows += [sheet.process_cell, sheet.materials_cell, sheet.responsibilities_cell, sheet.supervision_cell]
        told += "职责事项信息表" + sheet.heading + "".join(label + row for label, row in zip(labels, rows, strict=True))
    assert re.sub(r"\s", "", told) == re.sub(r"\s", "", sheets)


# -- any other width ---------------------------------------------------------------
def lay_out(publication: Publication, width: int, *, spaced: bool, blank_lines: bool, end: str) -> str:
    """The same publication as another PDF writer would have laid it out: each row wrapped anew, spaces round digits or not."""
    rows, category = ["序号 名称 页码"], 0
    for entry in publication.entries:
        if entry.category_number != category:
            category = entry.category_number
            rows.append(f"{category} {entry.category_name}")
        rows.append(f"{entry.code} {entry.name} {entry.page}")
    for sheet in publication.sheets.values():
        contact = sheet.contact
        told = [sheet.code, sheet.name, sheet.legal_basis_cell, sheet.implementing_body, sheet.boundary]
        told += [sheet.process_cell, sheet.materials_cell, sheet.responsibilities_cell, f"电话：{contact.phone}"]
        if spaced:
            told = [told[0], *(re.sub(r"(?<=[0-9])(?=[^0-9.])", " ", cell) for cell in told[1:])]
        rows += [SHEET_MARK, sheet.heading, *(f"{label} {cell}" for label, cell in zip(LABELS, told, strict=True))]
        rows += [f"地址：{contact.address}", f"邮箱：{contact.email}"]
    wrapped = [piece for row in rows for piece in textwrap.wrap(row, width, break_on_hyphens=False)]
    return (end + end if blank_lines else end).join(wrapped) + end


@settings(max_examples=60, deadline=None)
@given(width=st.integers(8, 120), spaced=st.booleans(), blank_lines=st.booleans(), end=st.sampled_from(["\n", "\r\n", "\f\n"]))
def test_any_other_width_gives_the_same_rows(width, spaced, blank_lines, end):
    expected = read(SOURCE.read_bytes())

    other = read_text(lay_out(expected, width, spaced=spaced, blank_lines=blank_lines, end=end))

    assert other.entries == expected.entries
    assert other.sheets == expected.sheets


# -- refusals ----------------------------------------------------------------------
def changed(old: str, new: str, count: int = 1) -> str:
    assert old in TEXT
    return TEXT.replace(old, new, count)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "文件是空的"),
        (" \n\n", "文件是空的"),
        ("一二三\n" * 20, "没有找到“职责事项信息表”"),
        (changed("实施机构 天津市贸促分会国际联络部", ""), "这张信息表缺“实施机构”一行"),
        (changed("法定依据", "法律依据"), "这张信息表缺“法定依据”一行"),
        (changed("职责边界", "办理时限 二十个工作日\n\n职责边界"), "不认识的行名“办理时限”"),
        (changed("运行要件", "办理时限 20 个工作日\n\n运行要件"), "不认识的行名“办理时限”"),
        (changed("责任事项", "收费标准\n\n不收费\n\n责任事项"), "收费标准"),
        (changed("责任事项", "收费标准 不收费\n\n责任事项"), "不认识的行名“收费标准”"),
        (changed("序号 1.2", "序号 1.1"), "信息表 1.1 出现了两次"),
        (changed("序号 1.2", "序号 1.3"), "信息表 1.3 不在目录里"),
        (changed("序号 1.2", "序号 甲"), "不是“1.1”这样的编号"),
        (changed("1.2 负责我会", "1.1 负责我会"), "1.1 出现了两次"),
        (changed("2.1 邀请", "1.3 邀请"), "1.3 列在第 2 类之下"),
        (changed("日常联系。\n\n1\n", "日常联系。\n"), "1.1 没有页码"),
        (changed("管理工作。 8", "管理工作"), "没有以句号和页码结束"),
        (changed("名称 页码", "名称"), "目录须以“序号 名称 页码”开头"),
        (TEXT[TEXT.index("职责事项信息表") :], "目录须以“序号 名称 页码”开头"),
        ("序号 名称 页码\n职责事项信息表\n序号 1.1", "目录里没有事项"),
        ("序号 名称 页码\n甲 1.1 乙。 1\n职责事项信息表", "读不懂“甲”"),
        ("序号 名称 页码\n1.1 乙。 1\n职责事项信息表", "1.1 前面没有类别"),
        (changed("邮箱：bianzhihong1@126.com", "邮箱："), "监督方式”一行"),
        (TEXT + "另有一行", "监督方式”一行"),
        (changed("1.电话、邮件、传真往来", "电话、邮件、传真往来"), "步骤须依次以"),
        (changed("外交部（领事处函【1987】141 号 ）", "外交部"), "每条依据须写明"),
        (changed("、背景资料等", "、、背景资料等"), "各项须以“、”隔开"),
        (changed("构的日常联系信息表", "构的日常往来信息表"), "与名称对不上"),
        (changed("实施机构 天津市贸促分会国际联络部", "实施机构 天津市贸促分会国际联络部。"), "其中混有别的行"),
        (changed("职责边界 天津市贸促分会国际联络部", "职责边界"), "“职责边界”一行：没有内容"),
        (changed("天津市贸促分会国际联络部", "\x00"), "U+0000"),
        ("{", "不是完整的 JSON"),
        ('{"categories": []}', "JSON 里没有事项"),
        ('{"categories": 1}', "JSON 的结构不是"),
    ],
)
def test_refused_with_reason(text, said):
    with pytest.raises(UnreadableError, match=re.escape(said)):
        read_text(text)


def test_words_of_a_label_inside_a_cell_are_no_row():
    text = changed("注重外事礼仪。", "注重监督方式、\n\n职责事项信息表 所列事项。")

    sheet = read_text(text).sheets["1.1"]

    assert sheet.responsibilities_cell == "执行国家外交战略、遵守外事纪律、畅通联络渠道、注重监督方式、职责事项信息表所列事项。"


def test_refusal_names_the_line():
    text = changed("职责边界", "办理时限 二十个工作日\n\n职责边界")

    with pytest.raises(UnreadableError) as refused:
        read_text(text)

    assert text.split("\n")[refused.value.line - 1] == "办理时限 二十个工作日"


def test_other_encoding_is_refused():
    with pytest.raises(UnreadableError, match="不是 UTF-8"):
        read(TEXT.encode("gb18030"))


def test_ten_megabytes_of_noise_are_refused():
    with pytest.raises(UnreadableError, match="超过"):
        read(b"\x93" * 10_000_000)


@settings(max_examples=150, deadline=None)
@given(st.text(max_size=400))
def test_noise_is_refused_and_never_breaks(noise):
    with pytest.raises(UnreadableError):
        read_text(noise)


@settings(max_examples=100, deadline=None)
@given(start=st.integers(0, len(TEXT) - 1), length=st.integers(1, 400))
def test_a_piece_cut_out_is_refused_or_changes_what_is_read(start, length):
    """Whatever is missing shows: the file is refused, or the rows differ; unless only white space was cut."""
    cut = TEXT[start : start + length]
    whole = read(SOURCE.read_bytes())

    try:
        other = read_text(TEXT[:start] + TEXT[start + length :])
    except UnreadableError:
        return

    assert (other.entries, other.sheets) != (whole.entries, whole.sheets) or not cut.strip()
