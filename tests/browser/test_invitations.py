"""One application for letters from the counter to the consulate, by five people, each at their own browser: none can do another's part."""

import io
import re
import time
from urllib.parse import urlparse

import pypdfium2
import pytest
import zxingcpp
from PIL import Image, ImageFilter

from tests.invitations.samples import zone

from .conftest import OWN_PASSWORD
from .test_applications import fill_in, register_unit
from .worker import Worker

TITLE = "北湾展览公司邀请三人布展"
UNIT = 77  # the number by which its name and code are made
ROSTER = """护照上的姓\t护照上的名\t性别\t出生日期\t国籍\t护照号码\t有效期至\t职务
HOLM\tMIA\t女\t1980-02-03\t挪威\tN77000001\t2036-05-06\t经理
NYGAARD\tOLA\t男\t1975-12-02\t挪威\tN77000002\t2036-05-06\t工程师"""
PAPERS = ("贸易往来文件", "派遣证明", "中文译文")
PEOPLE = ("preparer", "reviewer", "reviewer2", "signer", "registrar")
DRAWN_SECONDS = 120  # for the worker to draw a letter on a busy machine


@pytest.fixture
def people(visitor):
    """The five, each signed in."""
    return {name: Worker(visitor(), f"demo.{name}") for name in PEOPLE}


def form(worker):
    return worker.page.locator("form.formx")


def who_can(people, label, path=""):
    """Who of the five finds this button or link on the page of the case, or on another; it may say what it is about."""
    found, name_of_it = [], re.compile(rf"^{label}\s*(：|$)")
    for name, worker in people.items():
        worker.go(path or f"/cases/{worker.number}/")
        if worker.main.get_by_role("link", name=name_of_it).or_(worker.main.get_by_role("button", name=name_of_it)).count():
            found.append(name)
    return found


def prepare(worker):
    """Register and file a unit, take its application in with three people and every paper; returns the case's number."""
    register_unit(worker.visitor, worker.page, UNIT)
    number = worker.open_case("4.1", TITLE, unit=f"天津北湾展览服务{UNIT}有限公司")
    worker.click("填写申请")
    fill_in(worker.page)
    worker.click("填写申请", form(worker))
    worker.click("增加被邀请人")
    worker.page.fill("#id_mrz", zone(number="L77000003"))
    worker.page.fill("#id_job", "总经理")
    worker.click("增加被邀请人", form(worker))
    worker.click("粘贴名单")
    worker.page.fill("#id_roster", ROSTER)
    worker.click("粘贴名单", form(worker))
    assert worker.page.locator(".guests > li").count() == 3
    for paper in PAPERS:
        worker.more("增列要件")
        worker.page.fill("#id_name", paper)
        worker.click("增列要件", form(worker))
    worker.collect_all()
    worker.tick_all(1)
    return number


def submit(worker, step):
    worker.see_case()
    worker.click("送审", worker.step(step), exact=True)
    worker.click("送审", form(worker))


def approve(worker, label="同意", **typed):
    """Answer the approval that waits on the page of the case."""
    worker.see_case()
    worker.click("下一步：审签")
    worker.page.locator("#id_note").fill("同意。")
    for name, text in typed.items():
        worker.page.fill(f"#id_{name}", text)
    worker.click(label, exact=True)


def act(worker, path, label, **typed):
    """Take an act on the letter from its page."""
    worker.go(path)
    worker.click(label)
    for name, text in typed.items():
        worker.page.fill(f"#id_{name}", text)
    assert worker.visitor.axe_violations() == []
    assert worker.visitor.overflow() <= 0
    worker.click(label, form(worker))


def drawn_letter(worker, path):
    """The PDF of the letter, once the worker process has drawn it."""
    until = time.monotonic() + DRAWN_SECONDS
    while time.monotonic() < until:
        answer = worker.visitor.context.request.get(f"{worker.visitor.portal.address}{path}letter.pdf")
        if answer.ok:
            return answer.body()
        time.sleep(1)
    raise AssertionError("the letter was not drawn")


def picture_of(body):
    return pypdfium2.PdfDocument(io.BytesIO(body))[0].render(scale=150 / 72, grayscale=True).to_pil()


def signed_and_scanned(picture):
    """The letter as it comes back from the scanner: a little crooked, a little soft."""
    page, made = picture.rotate(1.5, fillcolor=255, resample=Image.Resampling.BICUBIC).filter(ImageFilter.GaussianBlur(0.6)), io.BytesIO()
    page.save(made, "PDF", resolution=150)
    return made.getvalue()


def hand_in(worker, path, body):
    worker.go(path)
    worker.click("上传扫描件")
    worker.page.set_input_files("#id_papers", {"name": "签字盖章件.pdf", "mimeType": "application/pdf", "buffer": body})
    worker.page.check("#id_declared")
    assert worker.visitor.axe_violations() == []
    worker.page.locator("form.formx button.btn-primary").click()
    worker.main.get_by_text("已办理：上传扫描件").wait_for()


def test_five_people_take_a_letter_from_the_counter_to_the_consulate_and_declare_it_void(people, visitor):
    preparer, registrar, signer = people["preparer"], people["registrar"], people["signer"]
    number = prepare(preparer)
    for worker in people.values():
        worker.number = number

    # 1 接件, 2 审核, 3 签发: each has one part, and finds no other's
    assert who_can(people, "接件") == ["preparer"]
    preparer.see_case()
    preparer.click("接件", preparer.step(1), exact=True)
    if "/do/" in preparer.page.url:
        preparer.click("接件", form(preparer))
    assert "已完成" in preparer.step(1).locator("h3").inner_text()
    assert who_can(people, "送审") == ["preparer"]
    submit(preparer, 2)
    assert who_can(people, "下一步：审签") == ["reviewer", "reviewer2", "signer"]
    approve(people["reviewer"])
    assert who_can(people, "下一步：审签") == ["reviewer2", "signer"]
    approve(people["reviewer2"])
    submit(preparer, 3)
    assert who_can(people, "下一步：审签") == ["signer"]
    approve(signer, "签发", password=OWN_PASSWORD)

    # the letter, drawn by the worker process; its QR code is decoded from the page and checks
    signer.see_case()
    link = signer.main.locator("section[aria-labelledby=issued] .guests a").first
    path, letter = urlparse(link.get_attribute("href")).path, link.inner_text()
    body = drawn_letter(preparer, path)
    (code,) = zxingcpp.read_barcodes(picture_of(body), formats=zxingcpp.BarcodeFormat.QRCode)
    public = visitor(width=390)
    public.go(urlparse(code.text).path)
    assert "有效" in public.page.locator("#result").inner_text()
    assert letter in public.page.inner_text("main")
    assert public.axe_violations() == []

    # a PDF is compared in the browser and not sent
    sent = []
    public.page.on("request", lambda request: sent.append(request.url))
    for content, told in ((body, "相同"), (body + b"\n", "不同")):
        public.page.set_input_files("#pdf", {"name": "函件.pdf", "mimeType": "application/pdf", "buffer": content})
        public.page.locator("#compare [role=status]", has_text=told).wait_for()
    assert sent == []

    # the paper: sealed, handed over, scanned and submitted, by the registrar alone
    assert who_can(people, "登记用印", path) == ["registrar"]
    act(registrar, path, "登记用印", remark="行政章")
    assert who_can(people, "登记交付", path) == ["registrar"]
    act(registrar, path, "登记交付", to="天津北湾展览服务有限公司 苏明")
    registrar.go("/invitations/")
    assert letter in registrar.page.locator("section[aria-labelledby=letters-waiting]").inner_text()
    assert who_can(people, "上传扫描件", path) == ["registrar"]
    hand_in(registrar, path, signed_and_scanned(picture_of(body)))
    assert "扫描件已核对" in registrar.main.inner_text()
    assert who_can(people, "打开扫描件", path) == ["signer", "registrar"]
    assert who_can(people, "登记网上提交") == ["registrar"]
    registrar.see_case()
    registrar.click("登记网上提交", registrar.step(4), exact=True)
    registrar.page.get_by_label("对方系统受理编号").fill("W2026-77")
    registrar.click("登记网上提交", form(registrar))
    assert "已完成" in registrar.step(4).locator("h3").inner_text()
    assert registrar.page.get_by_text("办件已结束：登记网上提交").count() == 1

    # void, by two people, after the case is closed; at once on the public page and on the PDF
    assert who_can(people, "申请作废", path) == ["preparer", "signer"]
    act(preparer, path, "申请作废", reason="行程取消", told="已电话告知邀请单位，原件收回")
    assert who_can(people, "同意作废", path) == ["signer"]
    signer.go("/approvals/")
    assert letter in signer.page.locator("section[aria-labelledby=letters-waiting]").inner_text()
    act(signer, path, "同意作废", note="同意。", password=OWN_PASSWORD)
    public.page.reload()
    assert "已作废" in public.page.locator("#result").inner_text()
    assert public.axe_violations() == []
    assert drawn_letter(preparer, path) != body
    for worker in (preparer, registrar):
        worker.go(path)
        assert "不能再用" in worker.main.inner_text()
        assert worker.visitor.axe_violations() == []
        assert worker.visitor.overflow() <= 0
