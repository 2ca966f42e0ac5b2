"""Prints of a case: every stored text on them, whole and in order; who gets them; what is refused."""

import re
from datetime import date, timedelta
from urllib.parse import unquote

import page
import pytest
from django.conf import settings as project
from django.utils import timezone

from accounts.models import AuditEvent, User
from cases import printing, process
from cases.models import Approval, CaseTask, StepRule, TimelineEntry
from core.printing import PrintRefusedError
from duties.models import ProcessStep, Sheet
from duties.publishing import publish_sheet
from tests import factories as make

from ..core.test_printing import text_of
from ..duties.test_printing import PACK, faces_of, outline, reader

pytestmark = pytest.mark.django_db
RARE = "王䶮、李𬭎、张㛃"


def bare(text: str) -> str:
    """A text without what a line break may take or leave."""
    return re.sub(r"\s", "", text)


def words_of(pdf: bytes) -> str:
    return bare(text_of(pdf))


def loaded(case, by):
    return printing.printable(User.objects.get(pk=by.pk)).get(pk=case.pk)


def form_of(case, by) -> bytes:
    return printing.form_pdf(loaded(case, by), by, timezone.now())


def address(case, which="form.pdf") -> str:
    return f"/cases/{case.number}/{which}"


def rule(code, number, **fields):
    return StepRule.objects.create(step=ProcessStep.objects.get(sheet__item=code, sheet__status="published", number=number), **fields)


def held(case, *others, **data):
    """The case, held for these gaps; the hold is what is returned."""
    make.act(case, "hold", reason="材料不齐，待申请人补正", others="\n".join(others), **data)
    return case.holds.get(ended_at=None)


@pytest.fixture
def full(handler, reviewer, signer):
    """A case with something of everything: rare names, a hold that ended, a waiver, both levels of approval, a substitute, a link."""
    rule("4.1", 2, approval_levels=2, due_days=5)
    case = make.case("4.1", handler, title=f"邀请波兰克拉科夫工商会{RARE}一行来津")
    first, second, *_rest, last = case.materials.all()
    make.act(case, "receive", f"material:{first.pk}", number="津贸促[2026]16 号", dated_on=date(2026, 11, 20), issuer="会员联络部<甲处>")
    make.act(case, "verify", f"material:{first.pk}")
    held(case, "护照有效期不足 6 个月，请换发后再交", "人数与委托函所列不一致", missing=[second.name])
    make.act(case, "resume")
    make.act(case, "ask_waiver", f"material:{last.pk}", reason="以往材料\r\n在案")
    make.act(case, "approve", f"approval:{Approval.objects.get(kind='waiver').pk}", by=reviewer, note="同意免交")
    for title, assignee in (("核对名单", ""), ("翻译职务", reviewer.pk)):
        make.act(case, "add_task", "1", title=title, assignee=assignee, due_on=date(2026, 12, 1))
    done, left_out = case.tasks.order_by("pk")
    make.act(case, "tick", f"task:{done.pk}", remark="已电话确认")
    make.act(case, "leave_out", f"task:{left_out.pk}", reason="对方已提供")
    make.act(case, "complete", "1", remark="经核对齐备")
    make.act(case, "submit", "2", remark="请审核")
    make.act(case, "send_back", f"approval:{open_approval().pk}", by=reviewer, note="请补第 3 人的职务")
    make.act(case, "submit", "2", remark="已补充")
    make.act(case, "approve", f"approval:{open_approval().pk}", by=reviewer, note="同意")
    substitute = make.worker("preparer", name="陈昇")
    make.substitution(signer, substitute)
    make.act(case, "approve", f"approval:{open_approval().pk}", by=substitute, note="同意签发。")
    make.act(case, "add_task", "2", title="准备用纸")
    other = make.case("2.1", handler, title="来访一案")
    make.act(case, "link", number=other.number, relation=make.relation().pk)
    return process.load({"pk": case.pk})


def open_approval():
    return Approval.objects.get(decision="")


def stored_strings(case) -> list[str]:
    """All that is stored of a case but its timeline."""
    found = [case.number, case.title, case.handler.name, case.sheet.name.removesuffix("。"), f"信息表第 {case.sheet.edition} 版"]
    for step in case.own_steps:
        found += [step.step.text, step.note]
    for material in case.materials.all():
        found += [material.name, material.number, material.issuer, str(material.dated_on or "")]
    for task in case.tasks.all():
        found += [task.title, task.note]
    for hold in case.holds.all():
        found += [hold.reason, *hold.gaps]
    for approval in case.approvals.all():
        found += [approval.reason, approval.note, approval.submitted_by.name]
    return found


# -- The form -------------------------------------------------------------------------------------------------------------------------------------------------


def test_the_form_tells_the_whole_case_and_is_tagged(full, handler):
    pdf = form_of(full, handler)

    words = words_of(pdf)
    assert [string for string in stored_strings(full) if bare(string) not in words] == []
    assert page.validate_pdf_bytes(pdf, profile="ua1").failures == []
    assert (reader(pdf).metadata.title, reader(pdf).trailer["/Root"]["/Lang"]) == (f"办理单 {full.number}", "zh-CN")
    assert outline(pdf) == ["办理单", ["运行流程", "任务", "运行要件", "审签", "暂停计时", "关联办件", "签字"]]
    assert faces_of(pdf) == PACK


def test_the_form_says_who_did_what_and_for_whom(full, handler):
    words = words_of(form_of(full, handler))

    at = bare(printing.moment(Approval.objects.get(level=2).decided_at))
    assert f"同意意见：同意签发。陈昇（代郑签）{at}" in words
    assert "退回意见：请补第3人的职务周审" in words
    assert "√已完成核对名单说明：已电话确认1林晓舟2026-12-01林晓舟" in words
    assert "／不需要翻译职务说明：对方已提供1周审" in words
    assert "未完成准备用纸2林晓舟——" in words
    assert "1接件说明：经核对齐备已完成—林晓舟" in words
    assert "2审核进行中" in words
    assert "3签发（纸质邀请函）未开始——" in words
    assert "由此办件引起2.1-" in words
    assert words.count("签字年月日") == 3


def test_each_page_of_the_form_has_its_foot(full, handler):
    pages = [bare(text) for text in text_of(form_of(full, handler)).split("\f")[:-1]]

    assert len(pages) > 1
    for number, text in enumerate(pages, 1):
        assert f"办件{full.number}" in text
        assert f"第{number}页共{len(pages)}页" in text
        assert re.search(r"\d{4}-\d\d-\d\d\d\d:\d\d林晓舟打印", text)


def test_parts_that_are_empty_are_not_printed(handler):
    make.sheet("9.9", ["先联系，后拜访"])
    case = make.case("9.9", make.worker("preparer", "9.9", name="林晓舟"), title="往来")

    pdf = form_of(case, case.handler)

    assert outline(pdf) == ["办理单", ["运行流程", "签字"]]
    assert len(reader(pdf).pages) == 1


def test_long_titles_and_many_tasks_go_on_with_their_headings(handler):
    title = "长" * 199 + "尾"
    case = make.case("2.1", handler, title=title)
    step = case.steps.first()
    CaseTask.objects.bulk_create(CaseTask(case=case, step=step, title=f"任务 {number} " + "内容" * 30) for number in range(60))

    pdf = form_of(case, handler)

    pages = [bare(text) for text in text_of(pdf).split("\f")]
    assert bare(title) in "".join(pages)
    assert [number for number in range(60) if f"任务{number}内容" not in "".join(pages)] == []
    assert sum("状态任务步骤由谁办理" in text for text in pages) > 3
    assert page.validate_pdf_bytes(pdf, profile="ua1").failures == []


@pytest.mark.parametrize(
    ("act", "state"),
    [
        ({"action": "withdraw", "reason": "对方取消"}, "撤回林晓舟"),
        ({"action": "hold", "reason": "待对方答复"}, "暂停计时（"),
    ],
)
def test_the_form_tells_how_the_case_stands(handler, act, state):
    case = make.case("2.1", handler)
    make.act(case, **act)

    words = words_of(form_of(case, handler))

    assert state in words
    assert ("未办理" in words) == (act["action"] == "withdraw")
    assert ("1进行中" in words) == (act["action"] == "hold")  # drawn, but for a case that was broken off


def test_a_case_that_changed_its_edition_shows_the_steps_it_left(handler):
    case = make.case("2.1", handler)
    old = case.own_steps[0].step.text
    make.act(case, "complete", "1")
    make.sheet("2.1", ["新的第一步", "新的第二步"], ["照会"])
    make.act(case, "repin", reason="新版已发布", step_1="1")

    words = words_of(form_of(case, handler))

    assert "新的第一步" in words
    assert "运行流程（原信息表第1版）" in words
    assert bare(old) in words.split("原信息表第1版")[1]


def test_an_item_without_a_public_sheet_is_named_as_the_contents_list_it(handler):
    sheet = make.sheet("3.2", ["立项", "举办"], publish=False)
    sheets = Sheet.objects.filter(pk=sheet.pk)
    sheets.update(is_public=False, name=None)
    sheets.update(status="in_review")
    sheets.update(status="approved", reviewed_by=make.person("publisher"), reviewed_at=timezone.now())
    publish_sheet(sheets.get(), by=make.person("publisher"))
    case = make.case("3.2", handler, title="活动")
    hold = held(case, "活动方案")

    listed = printing.item_name(loaded(case, handler))
    notice = words_of(printing.notice_pdf(loaded(case, handler), hold, handler, timezone.now()))

    assert listed
    assert bare(listed) in notice
    assert "内部办理程序第1版" in words_of(form_of(case, handler))
    assert "法定依据" not in notice
    assert "监督电话" not in notice


def test_a_linked_case_out_of_sight_is_not_named(full, handler):
    colleague = make.worker("reviewer", "4.1")

    words = words_of(form_of(full, colleague))

    assert "由此办件引起2.1-" in words
    assert "来访一案" not in words
    other = process.load({"item": "2.1"})
    assert f"由此办件引起（由对方登记）{full.number}" in words_of(form_of(other, handler))


def test_a_character_outside_the_pack_is_refused_by_name(handler):
    client = make.client_of(handler)
    case = make.case("2.1", handler, title="王😀来访")
    before = AuditEvent.objects.count()

    response = client.get(address(case))

    assert response.status_code == 422
    assert "“😀”U+1F600" in response.content.decode()
    assert AuditEvent.objects.count() == before


def test_no_stored_text_can_be_markup(handler):
    case = make.case("2.1", handler, title='<img src="x"></p><script>alert(1)</script>{{ case }}')

    assert '<imgsrc="x"></p><script>alert(1)</script>{{case}}' in words_of(form_of(case, handler))


# -- The notice -----------------------------------------------------------------------------------------------------------------------------------------------


def test_the_notice_names_every_gap_and_stands_on_one_page(handler):
    case = make.case("4.1", handler)
    names = [material.name for material in case.materials.all()]
    hold = held(case, "护照有效期不足 6 个月，请换发后再交，并说明换发前后两本护照的号码和签发日期", "人数不一致", missing=names)

    pdf = printing.notice_pdf(loaded(case, handler), hold, handler, timezone.now())

    words = words_of(pdf)
    assert [gap for number, gap in enumerate(hold.gaps, 1) if bare(f"{number}.{gap}") not in words] == []
    assert f"发现下列{len(names) + 2}项内容需要补正" in words
    assert f"暂停原因：{hold.reason}" in words
    assert f"本办件自{printing.prose_day(hold.since_at)}起停止计算办理期限，至上列内容全部补齐之日恢复计算。" in words
    assert bare(case.sheet.legal_basis_cell) in words
    assert f"联系人{handler.name}监督电话{case.sheet.supervision.phone}" in words
    assert "天津市贸促分会国际联络部" in words
    assert "签收人" in words
    assert len(reader(pdf).pages) == 1
    assert page.validate_pdf_bytes(pdf, profile="ua1").failures == []


def test_a_hold_without_gaps_has_no_notice(handler):
    client = make.client_of(handler)
    case = make.case("2.1", handler)
    make.act(case, "hold", reason="待对方答复")
    without = case.holds.get()
    make.act(case, "resume")
    other = held(make.case("2.1", handler), "方案")

    shown = client.get(case.get_absolute_url()).content.decode()
    answers = [client.get(address(case, f"holds/{pk}/notice.pdf")) for pk in (without.pk, other.pk, 10**6)]

    assert "notice.pdf" not in shown
    assert [answer.status_code for answer in answers] == [404] * 3
    assert len({answer.content for answer in answers}) == 1


# -- The file -------------------------------------------------------------------------------------------------------------------------------------------------


def test_the_file_holds_everything_with_its_pages(full, handler):
    pdf = printing.file_pdf(loaded(full, handler), handler, timezone.now())

    words = words_of(pdf)
    strings = stored_strings(full) + [approval.digest for approval in full.approvals.all()]
    strings += [string for entry in full.timeline.all() for string in (entry.label, entry.text)]
    assert [string for string in strings if bare(string) not in words] == []
    hold = full.holds.get()
    chapters = ["办理单", f"一次性告知书（{printing.prose_day(hold.since_at)}）", "审签记录", "办理经过", "材料目录"]
    assert [title for title in outline(pdf) if isinstance(title, str)] == ["封面", "目录", *chapters]
    pages = [bare(text) for text in text_of(pdf).split("\f")[:-1]]
    listed = re.findall(r"^\d+ (.+?) (\d+)$", text_of(pdf).split("\f")[1], re.M)
    assert [name for name, _number in listed] == chapters
    assert [name for name, number in listed if name.split("（")[0] not in pages[int(number) - 1][:40]] == []
    assert page.validate_pdf_bytes(pdf, profile="ua1").failures == []
    assert full.number in pages[0]
    assert "页共" not in pages[0]


def test_what_waits_and_what_has_no_notice_is_in_the_file(handler):
    case = make.case("2.1", handler)
    make.act(case, "add_task", "1", title="核对日程", is_required="on")
    make.act(case, "ask_override", "1", rule="TASK-01", reason="来访日期已近")
    make.act(case, "hold", reason="待对方答复")

    pdf = printing.file_pdf(loaded(case, handler), handler, timezone.now())

    assert "第1步特别批准：规则TASK-01说明：来访日期已近" in words_of(pdf)
    assert "待审签" in words_of(pdf)
    assert [title for title in outline(pdf) if isinstance(title, str)] == ["封面", "目录", "办理单", "审签记录", "办理经过", "材料目录"]


def test_the_timeline_of_the_file_runs_from_the_first_entry_to_the_last(handler):
    case = make.case("2.1", handler)
    start = timezone.now() - timedelta(days=400)
    TimelineEntry.objects.bulk_create(
        TimelineEntry(case=case, at=start + timedelta(days=day), by=handler, kind="note", label="写备注", text=f"第[{day}]次联系", version=1)
        for day in range(0, 400, 40)
    )

    words = words_of(printing.file_pdf(loaded(case, handler), handler, timezone.now()))

    found = [int(number) for number in re.findall(r"第\[(\d+)\]次联系", words)]
    assert found == list(range(0, 400, 40))


@pytest.mark.one_engine
def test_a_file_of_a_thousand_entries_is_printed_within_the_limits(handler, monkeypatch):
    monkeypatch.setattr("core.printing.printer.seconds", 120)  # of a machine that tests much else meanwhile
    case = make.case("2.1", handler)
    now = timezone.now()
    TimelineEntry.objects.bulk_create(
        TimelineEntry(case=case, at=now, by=handler, kind="note", label="写备注", text=f"第[{number}]次与对方联络处通电话，确认来访日期和人数。", version=1)
        for number in range(1000)
    )

    words = words_of(printing.file_pdf(loaded(case, handler), handler, now))

    assert [number for number in range(1000) if f"第[{number}]次与对方" not in words] == []


def test_a_file_that_is_too_heavy_says_so_and_what_to_do(handler, monkeypatch):
    monkeypatch.setattr("core.printing.LARGEST", 20_000)
    client = make.client_of(handler)
    case = make.case("2.1", handler)
    TimelineEntry.objects.create(case=case, by=handler, kind="note", label="写备注", text="很长。" * 10_000, version=1)

    response = client.get(address(case, "file.pdf"))

    assert response.status_code == 422
    assert "内容超过 20000 字" in response.content.decode()
    assert "可以单独打印办理单和告知书" in response.content.decode()
    assert address(case) in response.content.decode()


def test_a_long_note_goes_on_over_pages(handler):
    case = make.case("2.1", handler)
    note = "".join(f"第{number}句话说明情况。\n" for number in range(180))
    TimelineEntry.objects.create(case=case, by=handler, kind="note", label="写备注", text=note, version=1)

    words = words_of(printing.file_pdf(loaded(case, handler), handler, timezone.now()))

    assert [number for number in range(180) if f"第{number}句话说明情况。" not in words] == []


# -- The addresses --------------------------------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("which", "name"), [("form.pdf", "办理单"), ("holds/{pk}/notice.pdf", "一次性告知书"), ("file.pdf", "案卷")])
def test_each_print_is_a_pdf_named_after_the_case_kept_nowhere_and_audited(handler, which, name):
    client = make.client_of(handler)
    case = make.case("2.1", handler)
    hold = held(case, "方案")

    response = client.get(address(case, which.format(pk=hold.pk)))

    assert response["Content-Type"] == "application/pdf"
    assert response.content.startswith(b"%PDF-")
    assert unquote(response["Content-Disposition"]) == f"inline; filename*=utf-8''{name} {case.number}.pdf"
    assert response["Cache-Control"] == "private, no-store"
    event = AuditEvent.objects.order_by("number").last()
    assert (event.action, event.by, event.subject) == ("case.print", handler, f"cases.case:{case.pk}")
    assert f'"print": "{which.split(".")[0] if "notice" not in which else f"notice:{hold.pk}"}"' in event.facts


def test_out_of_sight_is_absent(handler):
    case = make.case("2.1", handler)
    hold = held(case, "方案")
    stranger = make.client_of(make.worker("preparer", "4.1"))

    answers = [stranger.get(address(case, which)) for which in ("form.pdf", "file.pdf", f"holds/{hold.pk}/notice.pdf")]
    absent = stranger.get("/cases/2.1-2026-9999/form.pdf")

    assert [answer.status_code for answer in [*answers, absent]] == [404] * 4
    assert {answer.content for answer in answers} == {absent.content}
    assert not AuditEvent.objects.filter(action="case.print").exists()


def test_others_are_refused_and_only_get_is_known(handler):
    case = make.case("2.1", handler)

    assert make.signed_in("auditor").get(address(case)).status_code == 403
    assert make.client_of(handler).post(address(case)).status_code == 405


def test_the_print_is_chinese_whatever_the_interface_speaks(full, handler):
    client = make.client_of(handler)
    chinese = words_of(client.get(address(full)).content)
    client.cookies[project.LANGUAGE_COOKIE_NAME] = "en"
    english = words_of(client.get(address(full)).content)

    def timeless(words: str) -> str:
        return re.sub(r"\d{4}-\d\d-\d\d\d\d:\d\d林晓舟打印", "", words)

    assert timeless(english) == timeless(chinese)


def test_a_print_that_cannot_be_audited_is_not_given(handler, monkeypatch):
    case = make.case("2.1", handler)
    client = make.client_of(handler)
    client.raise_request_exception = False
    monkeypatch.setattr("cases.print_views.record", lambda *args, **kwargs: 1 / 0)

    response = client.get(address(case))

    assert response.status_code == 500
    assert b"%PDF" not in response.content


@pytest.mark.parametrize(("which", "queries"), [("form", 12), ("notice", 12), ("file", 13)])
def test_queries_are_few_whatever_the_amount(full, handler, which, queries, django_assert_num_queries, monkeypatch):
    monkeypatch.setattr(printing, "render", lambda html, **options: html.encode())
    small = make.case("4.1", handler)
    held(small, "方案")

    for case in (small, full):
        person = User.objects.get(pk=handler.pk)
        with django_assert_num_queries(queries):
            loaded_case = printing.printable(person).get(pk=case.pk)
            if which == "form":
                printing.form_pdf(loaded_case, person, timezone.now())
            elif which == "file":
                printing.file_pdf(loaded_case, person, timezone.now())
            else:
                printing.notice_pdf(loaded_case, loaded_case.holds.all()[0], person, timezone.now())


def test_a_print_that_is_refused_names_itself_in_the_language_of_the_interface(handler, monkeypatch):
    def refuse(*args, **options):
        raise PrintRefusedError("打印任务较多，请稍后再试。")

    monkeypatch.setattr(printing, "render", refuse)
    case = make.case("2.1", handler)

    response = make.client_of(handler).get(address(case))

    assert response.status_code == 422
    assert "办理单没有打印" in response.content.decode()
    assert "打印任务较多，请稍后再试。" in response.content.decode()
