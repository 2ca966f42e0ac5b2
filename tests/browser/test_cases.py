"""Cases carried from their opening to their end, as people do it: by the buttons of the pages, two people where it takes two."""

import re

import pytest

from .worker import Worker

PUBLISH = """
item = DutyItem.objects.get(pk={code!r})
people = list(User.objects.order_by("pk")[:3])
sheet = Sheet.objects.create(item=item, edition=item.sheets.count() + 1, drafted_by=people[0], is_public={is_public}, materials_open=True)
ProcessStep.objects.bulk_create(ProcessStep(sheet=sheet, number=n, text=t) for n, t in enumerate({steps!r}, 1))
RequiredMaterial.objects.bulk_create(RequiredMaterial(sheet=sheet, position=n, name=t) for n, t in enumerate({materials!r}, 1))
Sheet.objects.filter(pk=sheet.pk).update(status="in_review")
Sheet.objects.filter(pk=sheet.pk).update(status="approved", reviewed_by=people[1], reviewed_at=timezone.now())
Sheet.objects.filter(item=item, status="published").update(status="superseded")
Sheet.objects.filter(pk=sheet.pk).update(status="published", published_by=people[2], published_at=timezone.now())
"""


def publish(portal, code, steps, materials=(), *, is_public=True):
    portal.run(PUBLISH.format(code=code, steps=list(steps), materials=list(materials), is_public=is_public))


@pytest.fixture(scope="module")
def portal(own_portal):
    """A portal of this file's own, in which preparer, reviewer and signer work on every item."""
    own_portal.let_work("demo.preparer", "demo.reviewer", "demo.signer")
    return own_portal


@pytest.fixture
def preparer(visitor):
    return Worker(visitor(), "demo.preparer")


@pytest.fixture
def reviewer(visitor):
    return Worker(visitor(), "demo.reviewer")


def test_a_visit_is_carried_to_its_close_with_tasks_materials_a_waiver_a_hold_a_return_and_an_approval(preparer, reviewer):
    number = reviewer.number = preparer.open_case("2.1", "神港市商工联合会代表团来访")
    page = preparer.page

    preparer.click("收到并登记", preparer.material("背景资料"))
    page.fill("#id_number", "津贸促函〔2026〕12 号")
    page.fill("#id_dated_on", "2026-11-18")
    preparer.click("收到", page.locator("form.formx"))
    assert "津贸促函〔2026〕12 号" in preparer.material("背景资料").inner_text()
    preparer.click("核对无误", preparer.material("背景资料"))
    assert "已核" in preparer.material("背景资料").inner_text()

    preparer.click("申请免交", preparer.material("往来函电"))
    page.get_by_label("理由").fill("函电存外事办，已核对原件")
    preparer.click("申请免交", page.locator("form.formx"))
    reviewer.see_case()
    reviewer.approve()
    preparer.see_case()
    assert "免交" in preparer.material("往来函电").inner_text()

    preparer.more("暂停计时（待补正）")
    page.get_by_label("暂停原因").fill("人员名单不齐")
    page.get_by_label("其他需要补正的内容").fill("第 6 人护照号码\n抵津日期")
    preparer.click("暂停计时（待补正）", page.locator("form.formx"))
    assert "待补正（计时暂停）" in page.locator(".caseh").inner_text()
    assert page.locator(".holds li li").all_inner_texts()[-2:] == ["第 6 人护照号码", "抵津日期"]
    preparer.click("下一步：恢复办理")
    preparer.click("恢复办理", page.locator("form.formx"))

    assert "为什么不能点" in preparer.step(1).inner_text()
    preparer.tick_all(1)
    preparer.click("下一步：送审")
    preparer.click("送审", page.locator("form.formx"))
    reviewer.see_case()
    reviewer.send_back("名单缺一人")
    preparer.see_case()
    assert "名单缺一人" in preparer.step(1).inner_text()
    preparer.click("送审", preparer.step(1), exact=True)
    page.get_by_label("说明").fill("已补齐")
    preparer.click("送审", page.locator("form.formx"))
    reviewer.see_case()
    reviewer.approve("同意邀请和接待。")

    preparer.see_case()
    preparer.complete(1)
    preparer.click("退回前面的步骤", preparer.step(2))
    page.get_by_label("理由").fill("行程有变")
    preparer.click("退回前面的步骤", page.locator("form.formx"))
    assert "进行中" in preparer.step(1).locator("h3").inner_text()
    preparer.click("送审", preparer.step(1), exact=True)
    preparer.click("送审", page.locator("form.formx"))
    reviewer.see_case()
    reviewer.approve()
    preparer.see_case()
    preparer.complete(1)

    preparer.collect_all()
    preparer.tick_all(2)
    preparer.complete(2)
    preparer.click("本步不适用", preparer.step(3))
    page.get_by_label("理由").fill("对方自行安排")
    preparer.click("本步不适用", page.locator("form.formx"))
    preparer.tick_all(4)
    preparer.click("办结本步", preparer.step(4), exact=True)
    page.get_by_label("办结", exact=True).check()
    preparer.click("办结本步", page.locator("form.formx"))

    assert "已办结" in page.locator(".caseh").inner_text()
    assert page.locator(".st h3 .tag").all_inner_texts() == ["已完成", "已完成", "不适用", "已完成"]
    preparer.go(f"/cases/{number}/?tab=log")
    assert page.locator(".ev li").count() > 15


def walk(worker, steps, *deciders):
    """Take a case through its steps, whatever they ask: materials, tasks, approvals at one level or two."""
    worker.collect_all()
    for number in range(1, steps + 1):
        worker.tick_all(number)
        if worker.step(number).get_by_role("link", name="送审", exact=True).count():
            worker.click("送审", worker.step(number), exact=True)
            worker.click("送审", worker.page.locator("form.formx"))
            for decider in deciders:
                decider.number = worker.number
                decider.see_case()
                if decider.main.get_by_role("link", name="下一步：审签").count():
                    decider.approve()
            worker.see_case()
        worker.click("办结本步", worker.step(number), exact=True)
        if "/do/complete/" in worker.page.url:
            worker.page.get_by_label("办结", exact=True).check()
            worker.click("办结本步", worker.page.locator("form.formx"))
    assert "已办结" in worker.page.locator(".caseh").inner_text()


def test_a_mission_is_carried_to_its_close(preparer, reviewer, visitor):
    preparer.open_case("2.2", "赴神港市出访团组")
    steps = preparer.page.locator(".st h3 .tx").count()

    walk(preparer, steps, reviewer, Worker(visitor(), "demo.signer"))

    assert steps == 4


def test_an_item_without_a_sheet_runs_on_an_internal_procedure(preparer, reviewer, portal):
    publish(portal, "3.2", ["接到主办单位通知", "组织企业报名", "总结上报"], ["参展通知"], is_public=False)

    preparer.open_case("3.2", "组织企业参加全国展会")

    assert "内部办理程序" in preparer.page.locator(".caseh").inner_text()
    walk(preparer, 3, reviewer)


def test_a_case_on_an_edition_published_meanwhile_runs_and_an_older_one_stays(preparer, reviewer, portal):
    old = preparer.open_case("1.2", "与神港市商会的备忘录")
    before = preparer.page.locator(".st h3 .tx").all_inner_texts()
    publish(portal, "1.2", ["联络。", "公示。", "签署。", "存档。", "执行。"], ["备忘录文本"])

    preparer.see_case()

    assert preparer.page.locator(".st h3 .tx").all_inner_texts() == before
    assert "本办件仍按第 1 版办理" in preparer.main.inner_text()
    preparer.open_case("1.2", "与东屿国商会的备忘录")
    assert preparer.page.locator(".st h3 .tx").all_inner_texts() == ["联络。", "公示。", "签署。", "存档。", "执行。"]
    walk(preparer, 5, reviewer)
    preparer.number = old
    preparer.see_case()
    preparer.more("改用新版信息表")
    preparer.page.get_by_label("理由").fill("新版施行")
    preparer.click("改用新版信息表", preparer.page.locator("form.formx"))
    assert "第 2 版" in preparer.page.locator(".caseh").inner_text()


@pytest.mark.one_engine
@pytest.mark.parametrize("wishes", [{}, {"color_scheme": "dark"}, {"contrast": "more"}], ids=["light", "dark", "contrast"])
@pytest.mark.parametrize("width", [1440, 390, 320])
def test_pages_of_a_case_are_accessible_and_fit(visitor, width, wishes):
    worker = Worker(visitor(width=width, **wishes), "demo.preparer")
    number = worker.open_case("2.1", f"无障碍 {width} {'-'.join(wishes) or '-'}")
    key = worker.page.locator(".mats > li").first.get_attribute("id").removeprefix("material-")
    paths = [
        f"/cases/{number}/",
        f"/cases/{number}/?tab=log",
        f"/cases/{number}/do/hold/",
        f"/cases/{number}/1/do/complete/",
        f"/cases/{number}/material/{key}/do/receive/",
        "/cases/new/",
        "/cases/new/2.1/",
    ]
    for path in paths:
        worker.go(path)
        assert (path, worker.visitor.axe_violations()) == (path, [])
        assert (path, worker.visitor.overflow()) == (path, 0)
    worker.go(f"/cases/{number}/do/hold/")
    worker.click("暂停计时（待补正）", worker.page.locator("form.formx"))
    assert worker.page.title().startswith("错误：")
    assert worker.page.evaluate("document.activeElement.className") == "errsum"
    assert worker.visitor.axe_violations() == []


def test_everything_works_without_scripts(visitor):
    worker = Worker(visitor(java_script_enabled=False), "demo.preparer")
    worker.open_case("2.1", "没有脚本")

    worker.tick_all(1)
    worker.more("写备注")
    worker.page.fill("#id_text", "写到一半")
    worker.click("存为草稿")
    assert worker.page.input_value("#id_text") == "写到一半"
    worker.see_case()
    worker.more("写备注")
    worker.click("恢复草稿")
    worker.click("写备注", worker.page.locator("form.formx"))

    assert "写到一半" in worker.main.inner_text()
    assert worker.step(1).locator("details.why").first.inner_text().count("依据") >= 1


def test_a_draft_is_saved_while_typing_and_offered_again(preparer):
    preparer.open_case("2.1", "草稿")
    page = preparer.page
    page.clock.install()
    preparer.more("写备注")
    page.fill("#id_text", "电话里说的三件事")

    page.clock.fast_forward(21_000)

    page.get_by_text("草稿已自动保存").wait_for()
    preparer.see_case()  # nothing is unsaved: the page may be left
    preparer.more("写备注")
    assert "留有一份没有提交的草稿" in preparer.main.inner_text()
    preparer.click("恢复草稿")
    assert page.input_value("#id_text") == "电话里说的三件事"
    assert preparer.visitor.axe_violations() == []


def test_a_page_with_unsaved_words_is_not_left_unasked_and_they_are_kept(preparer):
    preparer.open_case("2.1", "离开")
    preparer.more("写备注")
    page, asked = preparer.page, []
    page.locator("#id_text").press_sequentially("还没写完")
    page.on("dialog", lambda dialog: (asked.append(dialog.type), dialog.accept()))

    page.goto(f"{preparer.visitor.portal.address}/today/")

    assert asked == ["beforeunload"]
    preparer.go(f"/cases/{preparer.number}/do/note/?draft=1")
    assert page.input_value("#id_text") == "还没写完"


def test_what_was_typed_outlives_the_session(preparer, portal):
    number = preparer.open_case("2.1", "会话过期")
    preparer.more("写备注")
    page = preparer.page
    page.fill("#id_text", "写了很久的一段话")
    preparer.visitor.context.clear_cookies(name=re.compile("session"))

    preparer.click("写备注", page.locator("form.formx"))
    assert "/accounts/login/" in page.url
    preparer.visitor.fill_in("demo.preparer", portal.passwords["demo.preparer"])
    assert f"/cases/{number}/do/note/" in page.url
    page.get_by_role("button", name="恢复内容").click()  # the script puts it back where it stood
    assert page.input_value("#id_text") == "写了很久的一段话"
    preparer.click("写备注", page.locator("form.formx"))

    assert "写了很久的一段话" in preparer.main.inner_text()


def test_keys_tick_tasks_and_open_tabs(preparer):
    preparer.open_case("2.1", "键盘")
    page = preparer.page
    boxes = page.locator("#step-1 [data-tick]")
    count = boxes.count()
    boxes.first.focus()

    page.keyboard.press("x")
    page.wait_for_url("**#tick-*")
    page.locator("#step-1 [data-tick]:focus").wait_for(state="attached")  # on the next task
    assert boxes.count() == count - 1

    page.keyboard.press("2")
    page.wait_for_url("**?tab=log")
    page.keyboard.press("1")
    page.wait_for_url(f"**/cases/{preparer.number}/")
    preparer.more("写备注")
    page.fill("#id_text", "按 Ctrl Enter 保存")
    page.keyboard.press("Control+Enter")
    page.wait_for_url("**#main")
    assert "按 Ctrl Enter 保存" in preparer.main.inner_text()


def test_a_change_by_another_is_shown_with_what_was_typed(preparer, reviewer):
    reviewer.number = preparer.open_case("2.1", "两个人")
    preparer.more("修改名称")
    preparer.page.fill("#id_title", "改过的名称")
    reviewer.see_case()
    reviewer.more("写备注")
    reviewer.page.fill("#id_text", "对方来电改期")
    reviewer.click("写备注", reviewer.page.locator("form.formx"))

    preparer.click("修改名称", preparer.page.locator("form.formx"))

    assert "对方来电改期" in preparer.main.inner_text()
    assert preparer.visitor.axe_violations() == []
    preparer.visitor.complaints.clear()  # the browser says that it got a 409
    preparer.click("看过变化，仍要办理：修改名称")
    assert preparer.page.get_by_role("heading", level=1).inner_text() == "改过的名称"
