"""What the templates derive from published text never changes its characters."""

import html
import re

import pytest

from duties.templatetags.duty_list import as_title, supervision_contacts, title, unbroken

CONTACT = {"phone": "23301335", "address": "天津市河西区解放南路394号", "email": "a@example.org"}


def item(code, sheet_name=None, contents_name="目录名称。", contact=CONTACT):
    sheet = sheet_name and {"cells": {"name": sheet_name}, "supervision": contact}
    return {"code": code, "contents": {"name": contents_name, "page": 1}, "sheet": sheet}


def a_list(*items):
    return {"categories": [{"number": 1, "name": "类别", "items": list(items)}]}


@pytest.mark.parametrize(
    "text",
    [
        "《关于印发<天津市贸促分会机关各部门和社团职责范围> <关于规范和加强“中心”管理的指导意见>的通知》（津贸促[2009]16号）",
        "中华人民共和国外交部（领事处函【1987】141号）",
        "天津市河西区解放南路394号",
        "签发（纸质邀请函）",
        "完成各项出访组织工作（出访手续、公务安排、食宿安排等）。",
        "（全在括号里）",
        "<script>alert(1)</script> & <",
        "",
    ],
)
def test_unbroken_text_is_the_text(text):
    drawn = unbroken(text)

    assert html.unescape(re.sub(r'<span class="nb">|</span>|<small>|</small>', "", drawn)) == text


def test_unbroken_keeps_brackets_and_numbers_together():
    assert unbroken("（津贸促[2009]16号）<关于>") == (
        '（津贸促<span class="nb">[2009]16号</span>）<span class="nb">&lt;关</span><span class="nb">于&gt;</span>'
    )


def test_short_note_at_the_end_stands_apart():
    assert unbroken("签发（纸质邀请函）") == "签发<small>（纸质邀请函）</small>"


def test_title_has_no_full_stop():
    assert as_title("组织重要公务代表团出访。") == "组织重要公务代表团出访"
    assert title(item("1.1", "名称。")) == "名称"


def test_title_without_a_sheet_is_the_name_in_the_contents():
    assert title(item("3.2")) == "目录名称"


def test_contacts_are_told_once_in_order():
    other = CONTACT | {"phone": "1"}

    assert supervision_contacts(a_list(item("1.1", "甲"), item("1.2"), item("2.1", "乙", contact=other), item("2.2", "丙"))) == [CONTACT, other]


def test_no_list_has_no_contacts():
    assert supervision_contacts(None) == []
