"""Correspondence in the browser: a mail is uploaded from the page of a case and confirmed, the case has its material, the register is printed."""

import re

import pytest

from tests import samples
from tests.correspondence.mails import attachment, encoded, mail


@pytest.fixture
def letter(tmp_path):
    """A mail on the disk of the person."""
    subject = encoded("关于三月来访日程的函", "gbk", named="gb2312")
    sender = f"{encoded('神港市商工联合会', 'gbk', named='gb2312')} <office@kobe.example>"
    file = tmp_path / "来函.eml"
    file.write_bytes(mail(sender=sender, subject=subject, text="附上日程，请确认。", parts=[attachment("programme.pdf", samples.pdf())]))
    return file


@pytest.mark.parametrize("width", [1440, 390])
def test_a_mail_becomes_the_correspondence_of_a_case(visitor, letter, width):
    person = visitor(width=width)
    page = person.sign_in("demo.preparer")
    letter.write_bytes(letter.read_bytes().replace(b"one@kobe", b"%d@kobe" % width))
    person.go("/cases/new/2.1/")
    page.fill("#id_title", f"神港市商工联合会来访（函电 {width}）")
    page.get_by_role("main").get_by_role("button", name="立项").click()
    page.wait_for_url(re.compile(r"/cases/2\.1-\d+-\d+/"))
    case = page.url

    page.get_by_role("link", name="上传邮件登记").click()
    page.wait_for_url(re.compile("/correspondence/mail/"))
    page.set_input_files("#id_mail", letter)
    page.check("#id_declared")
    assert person.axe_violations() == []
    page.get_by_role("button", name="检查并填写登记表").click()
    page.wait_for_url(re.compile("/correspondence/new/"))
    assert page.input_value("#id_counterpart") == "神港市商工联合会"
    assert page.input_value("#id_subject") == "关于三月来访日程的函"
    assert page.get_by_text("programme.pdf").count() == 1
    page.select_option("#id_medium", label="电子邮件")
    page.check("#id_declared")
    assert person.axe_violations() == []
    assert person.overflow() <= 0
    page.get_by_role("main").get_by_role("button", name="登记", exact=True).click()
    page.wait_for_url(re.compile(r"/cases/2\.1-\d+-\d+/#letters"))

    assert page.url.startswith(case)
    assert page.locator(".mats li", has_text="往来函电").locator(".tag").inner_text() == "已收"
    page.get_by_role("link", name="关于三月来访日程的函").first.click()
    page.wait_for_url(re.compile(r"/correspondence/\d+/"))
    with page.expect_download() as started:
        page.get_by_role("link", name="programme.pdf", exact=True).click()
    assert started.value.path().read_bytes() == samples.pdf()
    assert person.axe_violations() == []
    assert person.overflow() <= 0


def test_the_register_is_printed(visitor):
    person = visitor()
    page = person.sign_in("demo.registrar")
    person.go("/correspondence/new/")
    page.fill("#id_counterpart", "东港商会")
    page.fill("#id_subject", "贺电")
    page.select_option("#id_medium", label="电话记录")
    page.get_by_label("2.1", exact=True).check()
    page.check("#id_declared")
    page.get_by_role("main").get_by_role("button", name="登记", exact=True).click()
    page.get_by_text("已登记，登记号").wait_for()

    person.go("/correspondence/")
    page.get_by_role("link", name="年度登记簿").click()
    page.wait_for_url(re.compile("/correspondence/registers/"))
    assert person.axe_violations() == []
    address = page.locator("a[href$='in-1.pdf']").first.get_attribute("href")
    printed = page.request.get(person.portal.address + address)

    assert printed.status == 200
    assert printed.body().startswith(b"%PDF")
