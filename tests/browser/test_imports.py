"""A table of contacts imported as staff do it: columns, check, a row corrected, the import, and its undoing."""

import io
from pathlib import Path

import openpyxl
import pytest

from tests.contacts.rosters import workbook

from .conftest import follow

FILL = """
from tests import factories as make
person = User.objects.get(username="demo.preparer")
make.country()
make.organisation(by=person)
make.contact("区明", by=person, points={"email": "ou@north.example"})
"""
HEADINGS = ["姓名", "单位", "国家", "职务", "手机", "邮箱"]
TABLE = [
    ["贝明", "北湾商会", "挪威", "会长", "13800000001", "bei@north.example"],
    ["丁明", "北湾商会", "挪威", "秘书长", "请打前台", "ding@north.example"],
    ["欧明", "北湾商会", "挪威", "顾问", "13800000003", "OU@north.example"],
]


@pytest.fixture(scope="module")
def portal(own_portal):
    own_portal.let_work("demo.preparer")
    own_portal.run(FILL)
    return own_portal


@pytest.mark.parametrize("scripts", [True, False], ids=["scripts", "no-scripts"])
def test_a_table_is_mapped_checked_corrected_imported_and_undone(visitor, tmp_path, scripts):
    person = visitor(java_script_enabled=scripts)
    page = person.sign_in("demo.preparer")
    page.set_default_timeout(60_000)  # the worker has other things to do
    main, file = page.get_by_role("main"), Path(tmp_path / "名单.xlsx")
    file.write_bytes(workbook(TABLE, HEADINGS))

    person.go("/contacts/imports/")
    follow(main.get_by_role("link", name="上传联系人表格"))
    main.get_by_label("联系人表格").set_input_files(file)
    main.get_by_label("我确认文件不涉密").check()
    follow(main.get_by_role("button", name="上传"))

    assert main.get_by_label("邮箱").input_value() == "email"
    main.get_by_label("新机构的类型").select_option(label="海外商协会")
    if scripts:
        assert person.axe_violations() == []
    follow(main.get_by_role("button", name="检查全部行"))

    main.get_by_text("有错误的：1 行").wait_for()
    main.get_by_text("可能重复的：1 行").wait_for()
    with page.expect_download() as downloading:
        main.get_by_role("link", name="下载检查结果").click()
    cells = [[cell.value for cell in row] for row in openpyxl.load_workbook(io.BytesIO(Path(downloading.value.path()).read_bytes())).active.iter_rows()]
    assert [row[:2] for row in cells[1:]] == [[3, "手机"], [4, "中文姓名"]]

    follow(main.get_by_role("link", name="3", exact=True))
    main.get_by_label("手机").fill("13800000002")
    follow(main.get_by_role("button", name="改正"))
    main.get_by_text("第 3 行已改正。").or_(page.get_by_text("第 3 行已改正。")).first.wait_for()
    follow(main.get_by_role("link", name="4", exact=True))
    follow(main.get_by_role("button", name="更新“区明 #"))
    main.get_by_text("全部行都可以导入。").wait_for()
    follow(main.get_by_role("button", name="导入", exact=True))

    main.get_by_role("button", name="撤销这次导入").wait_for()
    facts = " ".join(main.locator("dl.kv").inner_text().split())
    assert "新增联系人 2 新增机构 0 更新联系人 1" in facts
    follow(main.get_by_role("button", name="撤销这次导入"))
    main.get_by_text("已撤销", exact=False).first.wait_for()
    assert "未撤销" not in main.inner_text()
    if scripts:
        page.set_viewport_size({"width": 390, "height": 900})
        assert person.overflow() <= 0
        assert person.axe_violations() == []


def test_cards_are_checked_corrected_and_imported(visitor, tmp_path):
    person = visitor()
    page = person.sign_in("demo.preparer")
    page.set_default_timeout(60_000)
    main, file = page.get_by_role("main"), tmp_path / "cards.vcf"
    file.write_text("BEGIN:VCARD\nVERSION:3.0\nN:Holm;Mia;;;\nFN:Mia Holm\nTEL:+47 22 00 00 01\nEND:VCARD\nBEGIN:VCARD\nTEL:022-22000001\nEND:VCARD\n")

    person.go("/contacts/people/")
    follow(main.get_by_role("link", name="导入联系人"))
    follow(main.get_by_role("link", name="上传联系人表格"))
    main.get_by_label("联系人表格").set_input_files(file)
    main.get_by_label("我确认文件不涉密").check()
    follow(main.get_by_role("button", name="上传"))
    assert person.axe_violations() == []
    follow(main.get_by_role("button", name="检查全部行"))
    main.get_by_text("有错误的：1 行").wait_for()
    assert person.axe_violations() == []
    follow(main.get_by_role("link", name="3", exact=True))
    main.get_by_label("中文姓名").fill("贝岩")
    follow(main.get_by_role("button", name="改正"))
    main.get_by_text("全部行都可以导入。").wait_for()
    follow(main.get_by_role("button", name="导入", exact=True))

    main.get_by_role("button", name="撤销这次导入").wait_for()
    person.go("/contacts/people/?q=holm")
    assert main.get_by_role("link", name="Mia Holm").count() == 1
