"""A memorandum in the browser: from the first contact to a fulfilled commitment and a renewal, with the text that was approved and no other."""

from datetime import timedelta

import pytest
from django.utils import timezone

from tests.samples import docx

from .conftest import follow
from .worker import Worker

CHINESE = "{}与{}商定：\n第一条 双方每年互访一次，每次不超过5人。\n第二条 本备忘录有效期三年。"
ENGLISH = "Article 1 The Sides visit each other once a year, no more than {} persons each time.\nArticle 2 This Memorandum is valid for three years.\n"
FACTS = {
    "kind": "合作备忘录",
    "title": "合作备忘录",
    "title_en": "Memorandum",
    "prevailing": "各文本同等作准",
    "level": "会级（市贸促会）",
    "renewal": "需书面续签",
    "term_years": "3",
}
SEEDED = """
from cases.models import Term
from contacts.models import Country, Organisation
by = User.objects.get(username="demo.preparer")
kind = Term.objects.get(kind="organisation_type", name="海外商协会")
for width in (1440, 390):
    for name, country in (("北湾商会", "NOR"), ("天津市贸促会", "CHN")):
        Organisation.objects.create(name=f"{name}{width}", kind=kind, country=Country.objects.get(code=country), made_by=by)
"""
CALL = """
from cases.models import Term
from contacts.models import Country
from tests import factories as make
from tests.contacts import talks
by = User.objects.get(username="demo.preparer")
for name, country in (("西屿商会", "NOR"), ("西屿商会促进会", "CHN")):
    body = make.organisation(name, by, country=Country.objects.get(code=country))
    talks.logged(body, by, summary="商定明年互访")
"""


@pytest.fixture(scope="module")
def portal(own_portal):
    """A portal of this file's own, with the bodies that agree in its book."""
    own_portal.let_work("demo.preparer", "demo.reviewer", "demo.signer")
    own_portal.run(SEEDED)
    return own_portal


class Preparer(Worker):
    """Who carries a memorandum: presses what the page of its case offers."""

    def ask(self, link, **typed):
        """Open the form of an act, and fill it in."""
        self.click(link, exact=True)
        for name, value in typed.items():
            field = self.page.locator(f"#id_{name}")
            if isinstance(value, bool):
                field.set_checked(value)
            elif field.evaluate("field => field.tagName") == "SELECT":
                field.select_option(label=value)
            else:
                field.fill(value)

    def act(self, link, **typed):
        self.ask(link, **typed)
        self.click(link, self.page.locator("form.formx"), exact=True)

    def upload(self, link, name, text, **typed):
        """Hand in one file: the answer takes the place of the page without a reload."""
        self.ask(link, **typed)
        self.page.set_input_files("#id_papers", {"name": f"{name}.docx", "mimeType": "application/octet-stream", "buffer": docx(text)})
        self.page.check("#id_declared")
        self.page.locator("form.formx").get_by_role("button", name=link, exact=True).click()
        self.page.wait_for_selector("#memorandum", timeout=60_000)

    def looks_right(self):
        assert self.visitor.axe_violations() == []
        assert self.visitor.overflow() <= 0


@pytest.mark.parametrize("width", [1440, 390])
def test_a_memorandum_is_carried_from_the_first_contact_to_a_renewal(visitor, width):
    one, partner, ours = Preparer(visitor(width=width), "demo.preparer"), f"北湾商会{width}", f"天津市贸促会{width}"
    number = one.open_case("1.2", f"与{partner}建立合作机制")

    talk_and_draft(one, partner, ours)
    compare_the_texts(one)
    submit_and_approve(one, visitor)
    change_after_the_approval(one, CHINESE.format(ours, partner))
    submit_and_approve(one, visitor)
    sign_and_file(one, partner, ours)
    carry_out(one, number)
    renew(one)
    list_and_remind(one, partner)


def talk_and_draft(one, partner, ours):
    one.act("增加签署方", organisation=ours, is_ours=True)
    one.act("增加签署方", organisation=partner)
    one.looks_right()
    one.act("达成意向，转入起草和签署")
    one.ask("填写备忘录", **FACTS)
    one.looks_right()
    one.click("填写备忘录", one.page.locator("form.formx"), exact=True)
    one.upload("添加文本版本", "中文", CHINESE.format(ours, partner), language="中文")
    one.upload("添加文本版本", "english", ENGLISH.format(6), language="英文")
    one.act("登记法律审查意见", reviewer="法律顾问", reviewed_on=timezone.localdate().isoformat(), opinion="人数表述核对一致", adoption="采纳")
    one.looks_right()


def compare_the_texts(one):
    one.click("双语核对")
    assert "中文文本写有人数“5人”，英文文本里没有。" in one.main.inner_text()
    one.looks_right()
    one.page.fill("#id_note", "英文写错人数，另添新版")
    one.click("登记双语核对")
    assert "差异 2 处" in one.page.locator("section", has=one.page.locator("#texts")).inner_text()
    one.upload("添加文本版本", "english", ENGLISH.format(5), language="英文", note="人数改为 5")


def submit_and_approve(one, visitor):
    one.see_case()
    one.act("送审")
    for name, label in (("demo.reviewer", "同意"), ("demo.signer", "批准文本")):
        other = Worker(visitor(), name)
        other.number = one.number
        other.see_case()
        other.click("下一步：审签")
        other.page.locator("#id_note").fill("同意。")
        other.click(label, exact=True)
    one.see_case()
    assert "已批准" in one.page.locator("section", has=one.page.locator("#texts")).inner_text()


def change_after_the_approval(one, chinese):
    """A change means approval again."""
    one.upload("添加文本版本", "中文", chinese.replace("三年", "3年"), language="中文", note="改写数字")
    told = one.main.inner_text()
    assert "批准以后文本有改动" in told
    assert "审签之后内容有变化，需要重新送审" in told
    one.looks_right()


def sign_and_file(one, partner, ours, signed_on=None):
    day = (signed_on or timezone.localdate()).isoformat()
    for name in (ours, partner):
        one.act("增加签署人", party=name, name="王敏", post="会长")
    one.ask("登记签署", signed_on=day, signed_place="天津")
    one.looks_right()
    one.page.locator("form.formx").get_by_role("button", name="登记签署", exact=True).click()
    one.page.wait_for_selector("#signing", timeout=60_000)
    one.act("登记正本归档", originals="2", originals_place="部门档案柜 3 号")
    one.upload("上传签署件扫描件", "签署件", "签署件", language="中文")
    one.see_case()
    one.collect_all()
    one.act("签署完毕，转入执行")
    assert "已完成" in one.step(2).locator("h3").inner_text()


def carry_out(one, number):
    one.act("登记合作事项", clause="第一条", item="每年互访一次", frequency="每年", first_due_on=timezone.localdate().isoformat())
    visit = one.open_case("2.1", f"北湾商会代表团来访（{number}）")
    one.number = number
    one.see_case()
    one.page.locator("section", has=one.page.locator("#commitments")).get_by_role("link", name="登记履行").click()
    one.page.fill("#id_done_on", timezone.localdate().isoformat())
    one.page.fill("#id_number", visit)
    one.looks_right()
    one.click("登记履行", one.page.locator("form.formx"), exact=True)
    told = one.page.locator("section", has=one.page.locator("#commitments")).inner_text()
    assert "履约率 100%（1/1）" in told
    assert visit in told
    one.act("登记年度检查", summary="互访一次，按期履行。")
    one.looks_right()


def renew(one):
    one.act("为续签立项", relation="由本件引出")
    one.page.locator("section", has=one.page.locator("#signing")).get_by_role("link", name="合作备忘录").click()
    assert "前一份备忘录" in one.main.inner_text()
    one.looks_right()


def list_and_remind(one, partner):
    one.go(f"/memoranda/?partner={partner}&expires_until={(timezone.localdate() + timedelta(days=3650)).isoformat()}")
    assert one.page.locator("tbody tr").count() == 1
    one.looks_right()
    one.go("/rules/liaison/")
    one.looks_right()


def test_one_that_was_signed_earlier_is_entered_and_a_call_on_record_is_its_evidence(portal, visitor):
    portal.run(CALL)
    one, signed_on = Preparer(visitor(), "demo.preparer"), timezone.localdate() - timedelta(days=800)
    one.go("/cases/new/1.2/")
    one.page.fill("#id_title", "补录与西屿商会的备忘录")
    one.page.get_by_label("补录").check()
    one.click("立项并开始办理")
    one.number = one.page.url.rstrip("/").split("/")[-1]
    one.act("增加签署方", organisation="西屿商会促进会", is_ours=True)
    one.act("增加签署方", organisation="西屿商会")
    one.act("达成意向，转入起草和签署")
    one.ask("填写备忘录", **(FACTS | {"title_en": "", "in_english": False}))
    one.click("填写备忘录", one.page.locator("form.formx"), exact=True)
    one.upload("添加文本版本", "签署的文本", CHINESE.format("西屿商会促进会", "西屿商会"), language="中文")

    submit_and_approve(one, visitor)
    sign_and_file(one, "西屿商会", "西屿商会促进会", signed_on)
    assert "补录" in one.page.locator("section", has=one.page.locator("#signing")).inner_text()

    one.act("登记合作事项", clause="第一条", item="每年互访一次", frequency="每年", first_due_on=timezone.localdate().isoformat())
    commitments = one.page.locator("section", has=one.page.locator("#commitments"))
    commitments.get_by_role("link", name="登记履行").click()
    one.page.fill("#id_done_on", timezone.localdate().isoformat())
    one.page.select_option("#id_interaction", index=1)
    one.looks_right()
    one.click("登记履行", one.page.locator("form.formx"), exact=True)
    follow(commitments.locator("a[href^='/contacts/interactions/']"))
    assert "商定明年互访" in one.main.inner_text()
