"""The Word documents: the published words and nothing else, on the pages where they belong, the same bytes each time."""

import copy
import io
import os
import subprocess
import sys
import zipfile
from pathlib import Path

import docx
import pytest
from django.conf import settings

from duties import open_data, word
from duties.open_data import items_of

pytestmark = [pytest.mark.django_db, pytest.mark.one_engine]
ROOT = settings.BASE_DIR
NO_SHEET = "信息表未随源文件提供"
AWKWARD = "A & B <邀请> “引号” {{ item.code }} {% if %} {_{ 100% }}"


@pytest.fixture
def duty_list(edition):
    return open_data.list_as_data()


def item_of(duty_list, code):
    return next(item for item in items_of(duty_list) if item["code"] == code)


def paragraphs_of(body: bytes) -> list[str]:
    """The text of each paragraph in reading order, tables included; a title broken on two lines is one text."""
    document = docx.Document(io.BytesIO(body))
    return ["".join(part.text or "" for part in paragraph.iter("{*}t")) for paragraph in document.element.body.iter("{*}p")]


def stored_strings(duty_list) -> set[str]:
    """Every published string of the list that a reader sees: contents, headings, cells and their parts."""
    found = {category["name"] for category in duty_list["categories"]}
    for item in items_of(duty_list):
        found |= {item["code"], item["contents"]["name"]}
        if sheet := item["sheet"]:
            found |= {sheet["heading"], *sheet["cells"].values(), *sheet["supervision"].values()}
            found |= {part["text"] for name in ("legal_bases", "steps", "responsibilities") for part in sheet[name]}
            found |= {material["name"] for material in sheet["materials"]}
    return found


def as_pdf(folder: Path, body: bytes) -> Path:
    """The PDF that LibreOffice makes of a document, with the faces of the pack only."""
    source = folder / "document.docx"
    source.write_bytes(body)
    subprocess.run(
        ["soffice", f"-env:UserInstallation=file://{folder}/profile", "--headless", "--convert-to", "pdf", "--outdir", folder, source],
        check=True,
        capture_output=True,
        timeout=120,
        env={**os.environ, "HOME": str(folder), "FONTCONFIG_FILE": str(ROOT / "fonts" / "fonts.conf")},
    )
    return source.with_suffix(".pdf")


def pages_of(pdf: Path) -> list[str]:
    """The text of each page without spaces and line ends, which a layout adds."""
    text = subprocess.run(["pdftotext", "-raw", pdf, "-"], check=True, capture_output=True, text=True).stdout
    return ["".join(page.split()) for page in text.split("\f")[:-1]]


def test_booklet_opened_in_a_word_processor_shows_every_stored_string(tmp_path, duty_list):
    pdf = as_pdf(tmp_path, word.booklet_docx(duty_list))

    pages = pages_of(pdf)

    assert len(pages) == 2 + 8
    assert [text for text in stored_strings(duty_list) if "".join(text.split()) not in "".join(pages)] == []
    for number, (item, page) in enumerate(zip(items_of(duty_list), pages[2:], strict=True), 1):
        assert (item["contents"]["page"], f"序号{item['code']}" in page, page.endswith(f"—{number}—")) == (number, True, True)
        assert "".join((item["sheet"]["heading"] if item["sheet"] else item["contents"]["name"].removesuffix("。")).split()) in page
    assert "序号名称页码" in pages[1]
    assert [item["code"] for item in items_of(duty_list) if f"{item['code']}{item['contents']['name']}{item['contents']['page']}" in pages[1]] == [
        item["code"] for item in items_of(duty_list)
    ]
    assert NO_SHEET in pages[2 + 6]
    assert "".join(pages).count(NO_SHEET) == 1
    fonts = subprocess.run(["pdffonts", pdf], check=True, capture_output=True, text=True).stdout.split("\n")[2:-1]
    assert {line.split()[0].split("+")[1].split("-")[0] for line in fonts} <= {"FandolFang", "LiberationSerif", "NotoSerifCJKjp", "NotoSansCJKjp"}


def test_sheet_opened_in_a_word_processor_is_one_page(tmp_path, duty_list):
    pages = pages_of(as_pdf(tmp_path, word.sheet_docx(item_of(duty_list, "2.1"))))

    assert len(pages) == 1
    assert pages[0].endswith("—3—")


def test_every_stored_string_is_in_the_document(duty_list):
    text = "\n".join(paragraphs_of(word.booklet_docx(duty_list)))
    joined = text.replace("\n", "")

    assert [stored for stored in stored_strings(duty_list) if stored not in joined] == []


def test_nine_rows_in_published_order(duty_list):
    item = item_of(duty_list, "4.1")
    table = docx.Document(io.BytesIO(word.sheet_docx(item))).tables[0]
    rows = [(row.cells[0].text, row.cells[1].text.replace("\n", "")) for row in table.rows]

    labels = ["序号", "名称", "法定依据", "实施机构", "职责边界", "运行流程", "运行要件", "责任事项", "监督方式"]
    assert rows == list(zip(labels, [item["code"], *item["sheet"]["cells"].values()], strict=True))
    assert [len(table.rows[place].cells[1].paragraphs) for place in (2, 5, 8)] == [2, 4, 3]


def test_item_without_a_sheet_has_the_one_note_and_nothing_invented(duty_list):
    item = item_of(duty_list, "3.2")

    labels = ["法定依据", "实施机构", "职责边界", "运行流程", "运行要件", "责任事项", "监督方式"]
    assert [text for text in paragraphs_of(word.sheet_docx(item)) if text] == [
        "职责事项信息表",
        "负责国家相关部门举办、我市参与的国际经贸活动的组织工作",
        *("序号", "3.2", "名称", item["contents"]["name"]),
        *(labels[0], NO_SHEET, *labels[1:]),
        f"现行版本：{item['url']}",
    ]


@pytest.mark.parametrize("text", [AWKWARD, "第一行\n第二行", "\a\f响铃\x00", "表\t格"])
def test_any_text_comes_through_as_it_is(duty_list, text):
    item = copy.deepcopy(item_of(duty_list, "1.1"))
    item["sheet"]["heading"] = item["sheet"]["cells"]["name"] = text
    body = word.sheet_docx(item)

    kept = "".join(char for char in text if char >= " ")
    document = docx.Document(io.BytesIO(body))
    assert "".join(char for char in document.tables[0].rows[1].cells[1].text if char >= " ") == kept
    assert len(document.tables[0].rows) == 9
    assert document.core_properties.title == "".join(char for char in text if char >= " " or char in "\n\t")


def test_cell_that_its_parts_do_not_make_stands_whole_and_an_absent_one_is_marked(duty_list):
    item = copy.deepcopy(item_of(duty_list, "1.1"))
    item["sheet"]["cells"] |= {"process": "电话往来", "boundary": None}
    item["sheet"]["heading"] = None
    rows = {row.cells[0].text: row.cells[1].text for row in docx.Document(io.BytesIO(word.sheet_docx(item))).tables[0].rows}

    assert (rows["运行流程"], rows["职责边界"]) == ("电话往来", "—")


def test_same_list_gives_the_same_bytes(duty_list):
    assert word.booklet_docx(duty_list) == word.booklet_docx(copy.deepcopy(duty_list))
    with zipfile.ZipFile(io.BytesIO(word.booklet_docx(duty_list))) as package:
        assert {part.date_time for part in package.infolist()} == {(1980, 1, 1, 0, 0, 0)}
        assert package.namelist() == sorted(package.namelist())


def test_properties_name_the_document_and_nobody(duty_list):
    properties = docx.Document(io.BytesIO(word.booklet_docx(duty_list))).core_properties

    assert (properties.title, properties.language) == ("天津市贸促分会国际联络部职责清单", "zh-CN")
    assert (properties.author, properties.last_modified_by) == ("", "")
    assert properties.created.isoformat() == open_data.ListEdition.objects.get().published_at.isoformat(timespec="seconds")


def test_page_and_language_are_those_of_an_official_paper(duty_list):
    document = docx.Document(io.BytesIO(word.booklet_docx(duty_list)))

    for section in document.sections:
        assert (round(section.page_width.mm), round(section.page_height.mm)) == (210, 297)
        assert [round(side.mm) for side in (section.top_margin, section.right_margin, section.bottom_margin, section.left_margin)] == [37, 26, 35, 28]
    assert 'w:lang w:val="zh-CN" w:eastAsia="zh-CN"' in document.styles.element.xml
    assert "w:tblHeader" in document.tables[0]._tbl.xml
    assert 'w:firstColumn="1"' in document.tables[1]._tbl.xml


def test_without_a_cover_the_sheets_only(duty_list):
    document = docx.Document(io.BytesIO(word.booklet_docx(duty_list, cover=False)))

    assert (len(document.sections), len(document.tables)) == (1, 8)
    assert document.paragraphs[0].text == "职责事项信息表"


def test_long_titles_are_broken_where_the_sense_allows(duty_list):
    document = docx.Document(io.BytesIO(word.booklet_docx(duty_list, cover=False)))
    titles = [paragraph for paragraph in document.paragraphs if paragraph.style.name == "Heading 1"]

    assert [title.text.split("\n") for title in titles[:3]] == [
        ["负责与国外驻华使领馆、海外工商机构、", "相关国际组织及驻华办事机构的日常联系信息表"],
        ["负责我会多双边工商合作机制的", "建立与实施信息表"],
        ["邀请和接待海外代表团来访"],
    ]
    assert [title.runs[0].font.size.pt for title in titles[:3]] == [21, 22, 22]


def test_the_template_is_the_one_that_its_tool_makes(tmp_path):
    subprocess.run([sys.executable, ROOT / "tools" / "word_templates", tmp_path], check=True)

    for template in (word.TEMPLATE, ROOT / "contacts" / "word_templates" / "brief.docx"):
        made, kept = zipfile.ZipFile(tmp_path / template.name), zipfile.ZipFile(template)
        with made, kept:
            assert {name: made.read(name) for name in made.namelist()} == {name: kept.read(name) for name in kept.namelist()}
