"""Templates of letters in the browser: drafted with a slip, put right, approved by another; and several applications issued at once, by the worker."""

import re

import pytest

from tests.browser.conftest import follow

# What a signer finds in the morning: two applications that were reviewed by two people and wait for the signature.
WAITING = """
import datetime
from accounts.models import User
from django.utils import timezone
from invitations.models import InvitingUnit, UnitFiling
from tests import factories as make
from tests.invitations.conftest import fill, invite, reviewed

preparer, *reviewers = (User.objects.get(username=f"demo.{name}") for name in ("preparer", "reviewer", "reviewer2"))
today = timezone.localdate()
unit = InvitingUnit.objects.create(
    name="天津北湾展览服务有限公司", name_en="Tianjin North Bay Co., Ltd.", uscc="91120116MA0000000A", address="天津市示例路 1 号",
    address_en="1 Example Road, Tianjin", contact="苏明", phone="022-00000000", made_by=preparer,
)
until = datetime.date(today.year, 12, 31)
UnitFiling.objects.create(unit=unit, year=today.year, officer="苏明", officer_phone="022-1", authorised_until=until, papers="执照", filed_by=preparer)
for place, title in enumerate(("北湾机械展览公司入境邀请函", "北湾物流公司入境邀请函")):
    case = make.case("4.1", by=preparer, title=title)
    invite(fill(case.invitation_application, unit), [("BERG", "LARS", "", "M", f"P0000441{place}"), ("WANG", "YAN", "王䶮", "M", f"P0000331{place}")])
    for name in ("贸易往来文件", "中文译文"):
        make.act(case, "add_material", name=name)
    reviewed(make.collected(case), reviewers)
    make.act(case, "submit", "3")
"""


@pytest.fixture(scope="module")
def portal(own_portal):
    """A portal of this file's own, with two applications that wait for the signature."""
    own_portal.run(WAITING)
    return own_portal


def drawn(page):
    """How wide the first specimen of the page is, once it has come."""
    picture = page.locator("img.specimen").first
    picture.scroll_into_view_if_needed()
    return picture.evaluate("picture => picture.decode().then(() => picture.naturalWidth)")


def fits(person):
    assert person.axe_violations() == []
    assert person.overflow() <= 0


def test_applications_are_issued_at_once_by_the_worker(visitor):
    """Before another template is approved: what was submitted with the words of the old one would have to be submitted again."""
    signer = visitor()
    page = signer.sign_in("demo.signer")
    signer.go("/approvals/")
    follow(page.get_by_role("link", name="北湾机械展览公司入境邀请函", exact=True))
    assert drawn(page) == 1000
    assert "P****441" in page.get_by_role("main").inner_text()
    fits(signer)
    signer.go("/approvals/")
    follow(page.get_by_role("link", name="批量签发邀请函"))
    fits(signer)
    for box in page.locator("input[name=approval]").all():
        box.check()
    page.fill("#id_password", "wrong")
    follow(page.get_by_role("button", name="签发勾选的申请"))
    assert "密码不正确" in page.locator("#id_password_error").inner_text()
    assert page.locator("input[name=approval]:checked").count() == 2

    page.fill("#id_password", signer.portal.passwords["demo.signer"])
    follow(page.get_by_role("button", name="签发勾选的申请"))
    page.get_by_role("heading", name="2 件已签发").wait_for(timeout=120_000)
    told = page.get_by_role("main").inner_text()
    assert re.findall(r"邀函〔\d{4}〕(\d+)号", told) == ["1", "2"]
    fits(signer)

    signer.go("/invitations/register/")
    assert page.locator("tr[data-row]").count() == 2
    fits(signer)
    signer.go("/invitations/register/years/")
    fits(signer)


def test_a_template_is_drafted_put_right_and_approved_by_another(visitor):
    editor = visitor()
    page = editor.sign_in("demo.editor")
    follow(page.get_by_role("link", name="函件模板和规则").first)
    fits(editor)
    follow(page.get_by_role("link", name=re.compile(r"^起草新版\s*：\s*邀请函$")))
    page.fill("#id_body", "{post}：\n　　兹邀请下列 {cuont} 位人士来华访问，请予办理签证。邀请单位{unit}对其真实性负责。")
    page.fill("#id_reason", "简化措辞")
    follow(page.get_by_role("button", name="保存，待另一人批准"))
    assert "没有占位符 {cuont}，是不是 {count}？" in page.locator("#id_body_error").inner_text()
    fits(editor)
    page.fill("#id_body", page.input_value("#id_body").replace("{cuont}", "{count}"))
    follow(page.get_by_role("button", name="保存，待另一人批准"))
    draft = page.url
    assert page.get_by_text("等待另一位有批准权限的人").count() == 1
    assert page.get_by_role("button", name="批准并启用").count() == 0
    fits(editor)

    publisher = visitor(width=390)
    page = publisher.sign_in("demo.publisher")
    publisher.go(draft.removeprefix(publisher.portal.address))
    assert page.get_by_role("heading", name="与使用中的第 1 版比较").count() == 1
    assert drawn(page) == 1000
    fits(publisher)
    follow(page.get_by_role("button", name="批准并启用"))
    assert "使用中" in page.locator("h1").inner_text()
    follow(page.get_by_role("link", name="第 1 版"))
    assert "已停用" in page.locator("h1").inner_text()


@pytest.mark.parametrize("width", [1440, 390])
def test_pages_of_what_letters_are_made_by_fit(visitor, width):
    editor = visitor(width=width)
    page = editor.sign_in("demo.editor")
    for path in ("/rules/letters/", "/rules/letters/kinds/", "/rules/letters/kinds/new/", "/rules/letters/nationalities/", "/rules/letters/checks/"):
        editor.go(path)
        fits(editor)
    follow(page.get_by_role("link", name="INV-06", exact=True))
    fits(editor)
    follow(page.get_by_role("link", name="修改规则"))
    page.fill("#id_figure", "45" if width == 390 else "40")
    page.fill("#id_basis", "处务会议纪要")
    fits(editor)
    follow(page.get_by_role("button", name="保存，待另一人确认"))
    assert "本单位待确认" in page.get_by_role("main").inner_text()
