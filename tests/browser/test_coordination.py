"""A coordination matter of item 2.3 in the browser, from the letter that asks for help to its reply, and a line of a yearly plan."""

import re

import pytest

from .conftest import follow
from .worker import Worker


@pytest.mark.parametrize("width", [1440, 390])
def test_a_matter_is_taken_up_done_and_replied_to(visitor, width):
    person = visitor(width=width)
    worker = Worker(person, "demo.preparer")
    page = worker.page
    body = f"市外办示例{width}处"
    worker.go("/contacts/organisations/new/")
    page.fill("#id_name", body)
    page.fill("#id_former_names", f"市外侨办示例{width}处")
    page.select_option("#id_kind", label="国内外事部门")
    page.select_option("#id_country", label="中国")
    worker.click("登记", exact=True)
    page.wait_for_url(re.compile(r"/contacts/organisations/\d+/$"))

    worker.open_case("2.3", f"协助接待海外工商界代表团（{width}）")
    worker.complete(1)
    worker.click("填写对接事项")
    page.fill("#id_counterpart", body)
    page.fill("#id_help_requested", "协助接待海外工商界代表团一行六人。")
    page.fill("#id_due_on", "2036-12-20")
    assert person.axe_violations() == []
    assert person.overflow() <= 0
    worker.click("填写对接事项", page.locator("form.formx"))
    assert f"曾用名：市外侨办示例{width}处" in worker.main.inner_text()
    assert "按要求的日期办结并答复" in worker.step(2).inner_text()

    worker.click("登记拟办意见", worker.step(2))
    page.fill("#id_proposal", "拟同意协助，由国际联络部承办。")
    worker.click("登记拟办意见", page.locator("form.formx"))
    while worker.step(2).locator("[data-tick]").count() > 1:  # but for the day that is wanted
        follow(worker.step(2).locator("[data-tick]").first)
    worker.click("完成登记，交办", worker.step(2), exact=True)
    if "/do/" in page.url:
        worker.click("完成登记，交办", page.locator("form.formx"))

    worker.click("登记结果和答复", worker.step(3))
    page.fill("#id_result", "已协助接待。")
    page.fill("#id_replied_on", "2026-11-20")
    page.fill("#id_reply_number", "津贸促函〔2026〕8号")
    worker.click("登记结果和答复", page.locator("form.formx"))
    worker.collect_all()
    worker.click("办结", worker.step(3), exact=True)
    if "/do/" in page.url:
        worker.click("办结", page.locator("form.formx"))

    assert "已完成" in worker.step(3).locator("h3").inner_text()
    worker.go(f"/contacts/matters/?q=侨办示例{width}")
    assert page.locator("tbody tr").count() == 1
    assert person.axe_violations() == []
    assert person.overflow() <= 0
