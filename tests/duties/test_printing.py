"""Sheets and booklet on paper: the stored words, on their pages, in their faces, by the rules of Chinese lines."""

import io
import json
import re
import subprocess
from copy import deepcopy

import page
import pypdf
import pypdfium2
import pytest
import zxingcpp
from django.template import engines

from core.printing import SCREEN, PrintRefusedError, render
from duties import open_data, printing
from duties.printing import balance, booklet_pdf, heading, in_fang, parts, sheet_pdf, typeset, unbroken

from ..core.test_printing import SECRET, canary, connected, listener, streams_of, targets_of, text_of, vectors  # noqa: F401 - fixtures

pytestmark = pytest.mark.one_engine

NEVER_FIRST, NEVER_LAST = "，。、；：？！）》】”>", "（《【“<"
PACK = {"Noto-Serif-CJK-SC-Bold", "Noto-Sans-CJK-SC", "Portal-Kai", "FandolFang", "Liberation-Serif-Latin"}
CODES = ["1.1", "1.2", "2.1", "2.2", "2.3", "3.1", "3.2", "4.1"]
RECORDED = "2026-11-16T09:00:00+08:00"


@pytest.fixture(scope="module")
def prints(tmp_path_factory):
    return tmp_path_factory.mktemp("var")


@pytest.fixture(autouse=True)
def _own_prints(settings, prints):
    """Prints are stored for this module: what one test rendered, the next one reads."""
    settings.VAR_DIR = prints


@pytest.fixture
def listed(edition):
    """The list as data, recorded on a fixed day."""
    text = json.dumps(open_data.list_as_data())
    return json.loads(re.sub(r'"recorded_at": "[^"]+"', f'"recorded_at": "{RECORDED}"', text))


@pytest.fixture
def items(listed):
    return {item["code"]: item for item in open_data.items_of(listed)}


def reader(pdf: bytes) -> pypdf.PdfReader:
    return pypdf.PdfReader(io.BytesIO(pdf))


def pages_of(pdf: bytes) -> list[str]:
    """The text of each page, its lines joined."""
    return [text.replace("\n", "") for text in text_of(pdf).split("\f")[:-1]]


def stored_strings(item: dict) -> list[str]:
    """All that is stored of an item and published on its sheet."""
    sheet = item["sheet"]
    return [sheet["heading"], *sheet["cells"].values()] if sheet else [item["contents"]["name"]]


def faces_of(pdf: bytes) -> set[str]:
    listed = subprocess.run(["pdffonts", "-"], input=pdf, capture_output=True, check=True).stdout.decode().splitlines()[2:]
    assert all(re.search(r" yes yes yes +\d+ +0$", line) for line in listed)  # embedded, subset, with its Unicode
    return {line.split()[0].split("+")[1] for line in listed}


def faces_by_text(pdf: bytes, number: int = 0) -> list[tuple[str, str]]:
    found: list[tuple[str, str]] = []

    def visit(text, _user, _matrix, font, _size):
        if text.strip():
            found.append((text.strip(), font["/BaseFont"].split("+")[1]))

    reader(pdf).pages[number].extract_text(visitor_text=visit)
    return found


def code_on(pdf: bytes, number: int = 0) -> str:
    picture = pypdfium2.PdfDocument(pdf)[number].render(scale=3).to_pil()
    return zxingcpp.read_barcode(picture).text


def outline(pdf: bytes) -> list:
    def titles(entries):
        return [titles(entry) if isinstance(entry, list) else entry.title for entry in entries]

    return titles(reader(pdf).outline)


# -- Sheets --------------------------------------------------------------------
@pytest.mark.django_db
@pytest.mark.parametrize("code", CODES)
def test_a_sheet_is_one_tagged_page_with_the_stored_words(items, code):
    item = items[code]

    pdf = sheet_pdf(item)

    (text,) = pages_of(pdf)
    assert [string for string in stored_strings(item) if string not in text] == []
    assert text.startswith("职责事项信息表" + heading(item))
    assert page.validate_pdf_bytes(pdf, profile="ua1").failures == []
    assert faces_of(pdf) == PACK
    assert code_on(pdf) == item["url"]
    assert reader(pdf).metadata.title == heading(item)
    assert reader(pdf).trailer["/Root"]["/Lang"] == "zh-CN"
    assert outline(pdf) == [f"{code} {item['contents']['name'].removesuffix('。')}"]
    assert f"— {item['contents']['page']} —" in text
    assert len(pdf) <= 190_000


@pytest.mark.django_db
def test_the_foot_tells_edition_and_day_of_recording_and_nothing_else(items):
    assert pages_of(sheet_pdf(items["1.1"]))[0].split("bianzhihong1@126.com")[1] == "扫码查看现行版本第 1 版 2026年11月16日录入本站— 1 —"
    assert pages_of(sheet_pdf(items["3.2"]))[0].endswith("扫码查看现行版本 — 7 —")


@pytest.mark.django_db
def test_an_item_without_a_sheet_has_one_note(items):
    (text,) = pages_of(sheet_pdf(items["3.2"]))

    assert text.count("信息表未随源文件提供") == 1
    assert [label for label in printing.LABELS.values() if label not in text] == []


@pytest.mark.django_db
def test_each_role_has_its_face(items):
    told = faces_by_text(sheet_pdf(items["1.1"]))

    def face(part: str) -> set[str]:
        return {face for text, face in told if part in text}

    assert face("相关国际组织及驻华办事机构的日常联系信息表") == {"Noto-Serif-CJK-SC-Bold"}
    assert face("职责边界") == {"Noto-Sans-CJK-SC"}
    assert face("天津市贸促分会国际联络部") == {"FandolFang"}
    assert face("23301335") == {"Liberation-Serif-Latin"}
    assert face("扫码查看现行版本") == {"Portal-Kai"}


@pytest.mark.django_db
def test_a_rare_name_prints_whole_in_kai_and_comes_back(items):
    item = deepcopy(items["1.1"])
    item["sheet"]["cells"]["boundary"] = "联系人王䶮、李𬭎、张㛃，陈昇办理"

    pdf = sheet_pdf(item)

    assert "联系人王䶮、李𬭎、张㛃，陈昇办理" in pages_of(pdf)[0]
    assert {face for text, face in faces_by_text(pdf) if "陈昇" in text or "李" in text} == {"Portal-Kai"}


@pytest.mark.django_db
@pytest.mark.parametrize("field", ["heading", "boundary"])
@pytest.mark.parametrize("char", ["\U00020000", "😀"])
def test_a_character_outside_the_pack_is_refused_by_name(items, field, char):
    item = deepcopy(items["1.1"])
    (item["sheet"] if field == "heading" else item["sheet"]["cells"])[field] = f"王{char}"

    with pytest.raises(PrintRefusedError, match=f"“{char}”U\\+{ord(char):04X}"):
        sheet_pdf(item)


@pytest.mark.django_db
def test_a_text_that_no_setting_fits_goes_on_under_its_title(items):
    item = deepcopy(items["1.2"])
    item["sheet"]["cells"]["boundary"] = "这一项的边界写得很长，" * 40

    first, second = pages_of(sheet_pdf(item))

    assert "（续）" not in first
    assert f"{item['sheet']['heading']}（续）" in second
    assert item["sheet"]["cells"]["boundary"] in first + second


@pytest.mark.django_db
def test_a_longer_text_takes_a_tighter_setting(items):
    item = deepcopy(items["2.1"])
    item["sheet"]["cells"]["materials"] = "联系方式、" * 20 + "邀请函等"

    assert printing.DENSITIES[printing.loosest(items["2.1"])] == "roomy"
    assert printing.loosest(item) > 0
    assert len(reader(sheet_pdf(item)).pages) == 1


@pytest.mark.django_db
def test_no_text_field_can_load_embed_or_link(items, canary, listener):  # noqa: F811
    hostile = "".join(vectors(canary, f"http://127.0.0.1:{listener.getsockname()[1]}"))
    item = deepcopy(items["4.1"])
    sheet = item["sheet"]
    item["category"]["name"] = item["contents"]["name"] = sheet["heading"] = hostile
    sheet["cells"] = dict.fromkeys(sheet["cells"], hostile)

    pdf = sheet_pdf(item)

    assert "".join(pages_of(pdf)).count("javascript:app.alert(1)") == 2 * 9  # shown, as text, in title and cells
    assert SECRET.encode() not in streams_of(pdf)
    assert targets_of(pdf) == []
    assert not reader(pdf).attachments
    assert not connected(listener)


@pytest.mark.django_db
def test_the_archive_variant_is_clean_and_carries_the_data(items):
    pdf = sheet_pdf(items["1.1"], archive=True)

    assert page.validate_pdf_bytes(pdf, profile="3a").failures == []
    assert json.loads(reader(pdf).attachments["1.1.json"][0]) == items["1.1"]
    assert items["1.1"]["sheet"]["cells"]["legal_basis"] in pages_of(pdf)[0]


@pytest.mark.django_db
def test_the_same_list_gives_the_same_bytes(items, settings, tmp_path):
    first = sheet_pdf(items["2.3"])
    settings.VAR_DIR = tmp_path  # nothing stored there

    assert sheet_pdf(items["2.3"]) == first


# -- Booklet -------------------------------------------------------------------
@pytest.mark.django_db
@pytest.mark.parametrize(("screen", "front"), [(False, 4), (True, 2)])
def test_the_booklet_has_cover_contents_and_the_sheets_on_the_published_pages(listed, items, screen, front):
    pdf = booklet_pdf(listed, screen=screen)

    pages = pages_of(pdf)
    assert len(pages) == front + 8
    assert [number for number, text in enumerate(pages) if text == ""] == ([] if screen else [1, 3])
    assert "国际联络部职责清单" in pages[0]
    assert "第 1 版2026年11月16日录入本站" in pages[0]
    contents = pages[front // 2]
    for number, item in enumerate(items.values(), 1):
        assert re.search(rf"{re.escape(item['code'])} ?{re.escape(item['contents']['name'])} ?{item['contents']['page']}", contents)
        assert item["contents"]["page"] == number
        assert f"— {number} —" in pages[front + number - 1]
        assert [string for string in stored_strings(item) if string not in pages[front + number - 1]] == []
        assert code_on(pdf, front + number - 1) == item["url"]
    assert [category["name"] for category in listed["categories"] if category["name"] not in contents] == []
    assert page.validate_pdf_bytes(pdf, profile="ua1").failures == []
    assert faces_of(pdf) == PACK
    assert len(pdf) <= 320_000


@pytest.mark.django_db
def test_the_booklet_has_an_outline_and_links_from_its_contents(listed, items):
    pdf = booklet_pdf(listed)

    assert outline(pdf)[:3] == ["目录", "1 多双边合作机制建设", [f"{code} {items[code]['contents']['name'].removesuffix('。')}" for code in ("1.1", "1.2")]]
    targets = [note.get_object()["/Dest"] for note in reader(pdf).pages[2]["/Annots"]]
    assert list(dict.fromkeys(targets)) == [f"item-{code}" for code in CODES]


@pytest.mark.django_db
def test_page_numbers_stand_outside(listed):
    pdf = pypdfium2.PdfDocument(booklet_pdf(listed))
    width = pdf[4].get_width()

    def place(number: int) -> float:
        text = pdf[3 + number].get_textpage()
        found = text.search(f"— {number} —").get_next()
        return text.get_charbox(found[0])[0]

    assert all(place(number) > width / 2 for number in (1, 3, 5, 7))
    assert all(place(number) < width / 2 for number in (2, 4, 6, 8))


@pytest.mark.django_db
def test_the_archive_variant_of_the_booklet_is_clean(listed):
    pdf = booklet_pdf(listed, archive=True)

    assert page.validate_pdf_bytes(pdf, profile="3a").failures == []
    assert json.loads(reader(pdf).attachments["duties.json"][0]) == listed


# -- Lines ---------------------------------------------------------------------
def lines_of(texts: list[str]) -> list[list[str]]:
    """How each text is broken into lines in the column of a sheet, read back from the PDF."""
    template = engines["django"].from_string(
        '{% extends "print/base.html" %}{% block content %}{% for text in texts %}<div style="width:336.4pt"><p>{{ text }}</p></div>{% endfor %}{% endblock %}'
    )
    pdf = render(template.render({"title": "试排", "texts": [typeset(text) for text in texts]}), variant=SCREEN)
    lines = iter(text_of(pdf).replace("\f", "").splitlines())
    broken = []
    for text in texts:
        found = [next(lines)]
        while len("".join(found)) < len(text):
            found.append(next(lines))
        assert "".join(found) == text
        broken.append(found)
    return broken


@pytest.mark.django_db
def test_lines_are_broken_by_the_rules_wherever_they_end(items):
    """Each published text, pushed on by 0 to 24 characters so that every place of it comes to the end of a line."""
    published = {text for item in items.values() if item["sheet"] for name in printing.LABELS for text in parts(name, item["sheet"])}
    published |= {"中华人民共和国外交部（领事处函【1987】141号）", "甲方‘乙方’；丙方！丁方？《戊己》：【庚辛】。"}
    texts = ["中" * pushed + text for text in sorted(published) for pushed in range(25)]

    broken = lines_of(texts)

    assert [lines for lines in broken if any(line[0] in NEVER_FIRST for line in lines)] == []
    assert [lines for lines in broken if any(line[-1] in NEVER_LAST for line in lines)] == []
    assert [lines for lines in broken if len(lines) > 1 and re.fullmatch(".。?", lines[-1])] == []
    assert [lines for lines in broken if any(re.search(r"\[\d*$|\d$", line) for line in lines[:-1])] == []


def test_texts_without_their_spans_are_the_texts():
    text = '《a》<b> <c>（津贸促[2009]16号）王䶮“&"'

    assert re.sub("<span[^>]*>|</span>", "", typeset(text)).replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&").replace("&quot;", '"') == text


def test_what_stays_together():
    def kept(text: str) -> list[str]:
        return [text[start:end] for start, end in unbroken(text)]

    assert kept("范围> <关于") == ["围> <关"]
    assert kept("（津贸促[2009]16号）") == ["[2009]16号）"]
    assert kept("一二三四五六七八九十一二三四五六七八九十一二三四五。") == ["三四五。"]
    assert kept("按（16号）办") == ["（16号）"]
    assert kept("5 月中旬") == ["5 月"]
    assert kept("短句。") == []


def test_the_face_of_the_body_has_gb_2312_and_nothing_more():
    assert all(map(in_fang, "天津市（“—·…》。1a"))
    assert not any(map(in_fang, "昇喆璟堃祎䶮"))


@pytest.mark.parametrize(
    ("title", "width", "lines"),
    [
        (
            "负责与国外驻华使领馆、海外工商机构、相关国际组织及驻华办事机构的日常联系信息表",
            21,
            ["负责与国外驻华使领馆、海外工商机构、", "相关国际组织及驻华办事机构的日常联系信息表"],
        ),
        ("负责贸促会对外邀请函电和通知签证函电的审签和管理工作信息表", 20, ["负责贸促会对外邀请函电和通知签证函电的", "审签和管理工作信息表"]),
        ("与国外驻华使馆和工商机构共同策划举办经贸促进活动信息表", 20, ["与国外驻华使馆和工商机构", "共同策划举办经贸促进活动信息表"]),
        ("邀请和接待海外代表团来访", 20, ["邀请和接待海外代表团来访"]),
    ],
)
def test_titles_are_broken_where_their_sense_allows(title, width, lines):
    assert balance(title, (20, 21)) == (width, lines)


def test_a_title_without_a_good_break_still_comes_whole():
    width, lines = balance("字" * 90, (20, 21))

    assert "".join(lines) == "字" * 90
    assert max(map(len, lines)) <= width
    assert balance("字" * 3000, (20, 21))[1] == ["字" * 3000]


@pytest.mark.django_db
def test_a_cell_whose_parts_do_not_join_to_it_is_printed_as_it_is(items):
    sheet = deepcopy(items["1.1"]["sheet"])
    sheet["cells"]["process"], sheet["cells"]["boundary"] = "先联系，后拜访。", None

    assert parts("process", sheet) == ["先联系，后拜访。"]
    assert parts("boundary", sheet) == ["—"]
    assert parts("supervision", sheet)[0] == "电话：23301335"
