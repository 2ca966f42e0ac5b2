"""Applications for letters in the browser: a unit is registered and filed, its application filled in, people are read, pasted and known again."""

import re
from datetime import timedelta

import pytest
from django.utils import timezone

from tests.browser.conftest import follow
from tests.invitations.samples import code, zone

HEADINGS = "护照上的姓\t护照上的名\t性别\t出生日期\t国籍\t护照号码\t有效期至"


def submit(page, name):
    """Press the button of the form of the page."""
    follow(page.get_by_role("main").get_by_role("button", name=name, exact=True))


@pytest.mark.parametrize("width", [1440, 390])
def test_an_application_is_filled_in(visitor, width):
    person = visitor(width=width)
    page = person.sign_in("demo.preparer")
    register_unit(person, page, width)
    case = _opened(person, page, width)

    follow(page.get_by_role("link", name="填写申请").first)
    fill_in(page)
    assert person.axe_violations() == []
    assert person.overflow() <= 0
    submit(page, "填写申请")
    follow(page.get_by_role("link", name="增加被邀请人").first)
    page.fill("#id_mrz", zone(number=f"L{width:08}"))
    page.fill("#id_job", "总经理")
    assert person.axe_violations() == []
    assert person.overflow() <= 0
    submit(page, "增加被邀请人")
    assert page.locator(".guests li").first.inner_text().startswith("BERG LARS ERIK")

    follow(page.get_by_role("link", name="粘贴名单").first)
    bad = f"{HEADINGS}\nNilsen\tOla\t男\t1980-13-02\t挪威\tN{width:07}\t2036-05-06"
    page.fill("#id_roster", bad)
    submit(page, "粘贴名单")
    assert "第 2 行，出生日期" in page.locator("#id_roster_error").inner_text()
    assert page.input_value("#id_roster") == bad
    assert person.axe_violations() == []
    assert person.overflow() <= 0
    page.fill("#id_roster", bad.replace("1980-13-02", "1980-12-02"))
    submit(page, "粘贴名单")
    assert page.locator(".guests > li").count() == 2
    assert page.url.startswith(case)
    assert f"{width:08}" not in page.content()
    assert page.get_by_text("还没有填写：").count() == 0
    assert page.get_by_text("谁能办哪一步").count() == 1
    assert person.axe_violations() == []
    assert person.overflow() <= 0

    follow(_guest(page, "Nilsen Ola").get_by_role("link", name="修改"))
    page.select_option("#id_position", label="第 1 位")
    assert person.axe_violations() == []
    submit(page, "修改被邀请人")
    assert page.locator(".guests > li").first.inner_text().startswith("Nilsen Ola")
    follow(_guest(page, "Nilsen Ola").get_by_role("link", name="移出名单"))
    page.fill("#id_reason", "行程取消")
    submit(page, "移出名单")
    assert page.locator(".guests > li").count() == 1

    person.go("/invitations/")
    assert page.get_by_text("展览公司邀请").count() >= 1
    assert person.axe_violations() == []
    assert person.overflow() <= 0


def _guest(page, name):
    return page.locator(".guests > li", has_text=name)


def register_unit(person, page, width):
    person.go("/invitations/units/")
    follow(page.get_by_role("link", name="登记邀请单位").first)
    page.fill("#id_name", f"天津北湾展览服务{width}有限公司")
    page.fill("#id_name_en", f"Tianjin North Bay {width} Co., Ltd.")
    page.fill("#id_uscc", code(width))
    page.fill("#id_address", "天津市滨海新区示例路 1 号")
    page.fill("#id_contact", "苏明")
    page.fill("#id_phone", "022-00000000")
    assert person.axe_violations() == []
    assert person.overflow() <= 0
    submit(page, "登记")
    follow(page.get_by_role("link", name="登记年度备案"))
    page.fill("#id_officer", "苏明")
    page.fill("#id_officer_phone", "022-00000000")
    page.fill("#id_authorised_until", f"{timezone.localdate().year}-12-31")
    page.fill("#id_papers", "营业执照副本")
    submit(page, "登记年度备案")
    assert page.get_by_text("已备案", exact=True).count() == 1
    assert person.axe_violations() == []
    assert person.overflow() <= 0


def _opened(person, page, width):
    person.go("/cases/new/4.1/")
    page.fill("#id_title", f"展览公司邀请 {width}")
    page.select_option("#id_unit", label=f"天津北湾展览服务{width}有限公司")
    assert person.axe_violations() == []
    page.get_by_role("main").get_by_role("button", name="立项").click()
    page.wait_for_url(re.compile(r"/cases/4\.1-\d+-\d+/"))
    return page.url


def fill_in(page):
    for name, label in (("kind", "邀请函"), ("visa_class", "M 字（商贸）"), ("payer", "邀请单位"), ("entries", "一次"), ("post_country", "挪威")):
        page.select_option(f"#id_{name}", label=label)
    texts = {
        "purpose": "参加装备展布展并进行商务洽谈",
        "purpose_en": "Exhibition set-up and business meetings",
        "relation": "业务合作单位",
        "relation_en": "Business partners",
        "entry_on": (timezone.localdate() + timedelta(days=40)).isoformat(),
        "exit_on": (timezone.localdate() + timedelta(days=46)).isoformat(),
        "stay_days": "10",
        "places": "天津市",
        "places_en": "Tianjin",
        "itinerary": "抵津\n布展\n洽谈",
        "post": "中华人民共和国驻挪威王国大使馆",
        "post_en": "Embassy of the People’s Republic of China in Norway",
    }
    for name, text in texts.items():
        page.fill(f"#id_{name}", text)
