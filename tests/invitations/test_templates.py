"""Words of letters: drafted, compared, looked at, approved by another or sent back; frozen then. Who may do what, and what is told of a slip."""

import io

import pytest
from django.db import IntegrityError, connection, transaction
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone
from PIL import Image

from accounts.actions import Refused
from accounts.models import AuditEvent
from core.printing import PrintRefusedError
from invitations import template_actions as actions
from invitations import template_views
from invitations.comparing import MOST, compare
from invitations.models import LetterKind, LetterTemplate
from tests import factories as make

from .test_letter_pages import text_of

WORDS = {
    "title": "邀请函",
    "title_en": "LETTER OF INVITATION",
    "body": "{post}：\r\n　　兹邀请下列 {count} 位人士于{entry}来华。{unit}。",
    "body_en": "To {post_en}: We invite {count} person(s) to visit China on {entry_en}. {unit_en}.",
    "reason": "按新格式改写",
}


@pytest.fixture
def kind(office):
    return LetterKind.objects.get(name="邀请函")


@pytest.fixture
def editor(office):
    return make.signed_in("editor", name="于编")


@pytest.fixture
def publisher(office):
    return make.signed_in("publisher", name="方批")


@pytest.fixture
def draft(kind, editor):
    return actions.draft(kind, WORDS, seen="", by=editor.person)


def drafting(kind):
    return reverse("invitations:template-draft", args=[kind.pk])


def address(name, template):
    return reverse(f"invitations:template-{name}", args=[template.pk])


class TestDrafting:
    def test_a_draft_begins_with_the_words_in_force(self, editor, kind):
        shown = editor.get(drafting(kind)).context["form"]

        assert shown["body"].value() == actions.in_force_of(kind).body
        assert shown["reason"].value() == ""

    def test_a_draft_is_stored_and_waits_for_another(self, editor, kind):
        answer = editor.post(drafting(kind), WORDS | {"seen": ""})

        made = actions.draft_of(kind)
        assert (answer.status_code, answer.url) == (302, made.get_absolute_url())
        assert (made.version, made.state, made.drafted_by) == (2, "draft", editor.person)
        assert made.body.startswith("{post}：\r\n　　兹")
        assert actions.in_force_of(kind).version == 1
        event = AuditEvent.objects.get(action="template.draft")
        assert event.subject == f"invitations.lettertemplate:{made.pk}"

    def test_there_is_one_draft_that_is_changed(self, editor, kind, draft):
        shown = editor.get(drafting(kind)).context["form"]
        assert shown["body"].value() == WORDS["body"]

        editor.post(drafting(kind), WORDS | {"title": "邀请信", "seen": shown["seen"].value()})

        assert list(kind.templates.values_list("version", "title")) == [(2, "邀请信"), (1, "邀请函")]

    def test_who_comes_second_sees_what_is_there_now(self, editor, kind, draft):
        page = editor.post(drafting(kind), WORDS | {"title": "我的标题", "seen": ""})

        assert "打开页面之后，这份模板已有变化" in page.text
        assert "现在的内容" in page.text
        assert "我的标题" in page.text
        again = editor.post(drafting(kind), WORDS | {"title": "我的标题", "seen": page.context["form"]["seen"].value()})
        assert again.status_code == 302

    def test_approved_meanwhile_there_is_no_draft_any_more(self, editor, publisher, kind, draft):
        seen = actions.seen_of(draft)
        actions.approve(draft, seen=seen, by=publisher.person)

        page = editor.post(drafting(kind), WORDS | {"seen": seen})

        assert "使用中" in page.text
        assert page.context["form"]["seen"].value() == ""

    def test_a_kind_without_words_begins_with_its_name(self, editor, office):
        new = LetterKind.objects.create(name="新种类", name_en="New Kind", valid_from="2026-01-01", series="new", basis="一")

        assert editor.get(drafting(new)).context["form"]["title_en"].value() == "NEW KIND"
        assert editor.post(drafting(new), WORDS | {"seen": ""}).status_code == 302
        assert new.templates.get().version == 1

    @pytest.mark.parametrize(
        ("field", "text", "told"),
        [
            ("body", "{untit}邀请", "没有占位符 {untit}，是不是 {unit}？"),
            ("body", "{ unit }邀请", "没有占位符 { unit }，是不是 {unit}？"),
            ("body", "{xyzzy}", "没有占位符 {xyzzy}，请从下面的列表里选用。"),
            ("body", "一\n二{unit 三", "第 2 行“unit”旁的 { 没有配对。"),
            ("body", "一}", "第 1 行“}”旁的 } 没有配对。"),
            ("body", "{{unit}}", "没有配对"),
            ("body", "{unit.__class__}", "没有占位符 {unit.__class__}"),
            ("body_en", "{unit} invites", "{unit} 填入的是中文，英文里请用 {unit_en}。"),
            ("body_en", "{unti_en}", "是不是 {unit_en}？"),
            ("body_en", "We invite 张", "这里填写英文"),
            ("title", "邀请函{number}", "标题原样印出，不能用大括号和占位符。"),
            ("title_en", "邀请函", "这里填写英文"),
            ("body", "一\u202e二", "文字方向控制符"),
            ("body", "一\x00二", "空字符"),
            ("body", "王\u0b83", "打印字库里没有"),
            ("body", "", "请填写这一项。"),
            ("title", "长" * 101, "100"),
            ("reason", "", "请填写这一项。"),
        ],
    )
    def test_what_cannot_be_filled_is_told_beside_the_field(self, editor, kind, field, text, told):
        page = editor.post(drafting(kind), WORDS | {"seen": "", field: text})

        assert list(page.context["form"].errors) == [field]
        assert told in "".join(str(error) for error in page.context["form"].errors[field])
        assert not kind.templates.filter(approved_at=None).exists()


class TestDeciding:
    def test_another_person_approves_and_the_version_before_is_done_with(self, publisher, kind, draft):
        page = publisher.get(draft.get_absolute_url())
        assert "批准并启用" in page.text

        answer = publisher.post(address("approve", draft), {"seen": page.context["seen"]})

        assert answer.url == draft.get_absolute_url()
        states = {template.version: template.state for template in kind.templates.all()}
        assert states == {1: "superseded", 2: "in_force"}
        draft.refresh_from_db()
        assert (draft.approved_by, draft.approved_at) == (publisher.person, LetterTemplate.objects.get(version=1, kind=kind).superseded_at)
        assert AuditEvent.objects.filter(action="template.approve", by=publisher.person).count() == 1

    def test_who_drafted_it_does_not_approve_it(self, kind, office):
        both = make.signed_in("editor", "publisher", name="兼任")
        own = actions.draft(kind, WORDS, seen="", by=both.person)

        page = both.get(own.get_absolute_url())
        assert "须由另一位有批准权限的人批准" in page.text
        assert "批准并启用" not in page.text
        told = both.post(address("approve", own), {"seen": page.context["seen"]}, follow=True)

        assert "模板须由起草人以外的人批准或退回。" in told.text
        assert LetterTemplate.objects.get(pk=own.pk).is_draft
        with pytest.raises(IntegrityError), transaction.atomic():
            LetterTemplate.objects.filter(pk=own.pk).update(approved_at=timezone.now(), approved_by=both.person)
        with pytest.raises(IntegrityError), transaction.atomic():
            LetterTemplate.objects.filter(pk=own.pk).update(returned_at=timezone.now(), returned_by=both.person, return_reason="一")

    def test_it_is_sent_back_with_a_reason_and_comes_again(self, editor, publisher, kind, draft):
        seen = actions.seen_of(draft)
        assert "is-invalid" in publisher.post(address("send-back", draft), {"seen": seen, "reason": " "}).text

        publisher.post(address("send-back", draft), {"seen": seen, "reason": "英文少一句"})

        draft.refresh_from_db()
        assert (draft.state, draft.returned_by, draft.return_reason) == ("returned", publisher.person, "英文少一句")
        assert "英文少一句" in editor.get(drafting(kind)).text
        assert "英文少一句" in editor.get(draft.get_absolute_url()).text
        editor.post(drafting(kind), WORDS | {"seen": actions.seen_of(draft)})
        draft.refresh_from_db()
        assert (draft.state, draft.return_reason) == ("draft", "")

    def test_what_was_sent_back_is_not_approved_before_it_is_changed(self, publisher, draft):
        actions.send_back(draft, reason="改", seen=actions.seen_of(draft), by=publisher.person)
        draft.refresh_from_db()

        with pytest.raises(Refused, match="已退回"):
            actions.approve(draft, seen=actions.seen_of(draft), by=publisher.person)

    def test_changed_since_the_page_was_made(self, editor, publisher, kind, draft):
        seen = actions.seen_of(draft)
        actions.draft(kind, WORDS | {"title": "改了"}, seen=seen, by=editor.person)

        assert "已有变化" in publisher.post(address("approve", draft), {"seen": seen}, follow=True).text
        told = publisher.post(address("send-back", draft), {"seen": seen, "reason": "改"})
        assert (told.status_code, "已有变化" in told.text) == (409, True)
        assert actions.draft_of(kind).state == "draft"

    @pytest.mark.parametrize("change", [{"body": "另一段"}, {"title_en": "X"}, {"version": 9}, {"approved_at": None, "approved_by": None}, {"reason": "x"}])
    def test_an_approved_version_is_frozen(self, kind, change):
        with pytest.raises(IntegrityError, match="stays as it was approved"), transaction.atomic():
            LetterTemplate.objects.filter(kind=kind).update(**change)
        with pytest.raises(IntegrityError, match="not deleted"), transaction.atomic():
            LetterTemplate.objects.filter(kind=kind)._raw_delete("default")

    def test_there_is_one_draft_and_one_in_force(self, kind, draft):
        facts = dict.fromkeys(("title", "title_en", "body", "body_en", "reason"), "x")

        with pytest.raises(IntegrityError), transaction.atomic():
            LetterTemplate.objects.create(kind=kind, version=3, **facts)
        with pytest.raises(IntegrityError), transaction.atomic():
            LetterTemplate.objects.create(kind=kind, version=3, approved_at=timezone.now(), **facts)


class TestLooking:
    def test_the_list_shows_each_kind_with_its_versions(self, editor, draft):
        page = editor.get(reverse("invitations:template-list")).text

        for told in ("邀请函", "邀请核实单转报函", "第 2 版", "待批准", "使用中", "修改草稿", "起草新版", "种类已停用"):
            assert told in page

    def test_a_list_without_kinds_says_what_to_do(self, db):
        assert "还没有函件种类" in make.signed_in("editor").get(reverse("invitations:template-list")).text

    def test_a_draft_is_compared_with_the_version_in_force(self, publisher, draft):
        page = publisher.get(draft.get_absolute_url())

        assert "与使用中的第 1 版比较" in page.text
        body = page.context["changes"][2][1]
        assert "{entry}" in "".join(part.text for part in body if part.kind == "new")
        assert "<ins>" in page.text
        assert "<del>" in page.text

    def test_what_the_two_languages_do_not_both_say_is_told(self, publisher, editor, kind, draft):
        assert "中英文一致" in publisher.get(draft.get_absolute_url()).text

        actions.draft(kind, WORDS | {"body_en": "To {post_en}: 5 days."}, seen=actions.seen_of(draft), by=editor.person)

        page = publisher.get(draft.get_absolute_url()).text
        assert "英文文本写有期限“5 days”" in page
        assert "英文文本里没有“Tianjin Sample Exhibition Services Co., Ltd.”" in page

    def test_a_specimen_is_made_of_sample_facts(self, publisher, draft):
        answer = publisher.get(address("specimen", draft))

        words = text_of(answer.content)
        for told in ("样张", "SPECIMEN", "天津示例展览服务有限公司", "兹邀请下列 3 位人士", "We invite 3 person(s)"):
            assert told in words
        assert answer.headers["Cache-Control"] == "private, no-store"
        assert AuditEvent.objects.filter(action="template.preview").count() == 1

    def test_the_specimen_stands_on_the_page_as_a_picture(self, publisher, draft):
        answer = publisher.get(address("picture", draft))

        picture = Image.open(io.BytesIO(answer.content))
        assert (answer.headers["Content-Type"], picture.width) == ("image/png", 1000)
        assert address("picture", draft) in publisher.get(draft.get_absolute_url()).text

    def test_what_cannot_be_drawn_is_told(self, publisher, draft, monkeypatch):
        def refuse(content):
            raise PrintRefusedError("有 1 个字符在打印字库里没有")

        monkeypatch.setattr(template_views, "specimen_pdf", refuse)

        told = publisher.get(address("specimen", draft))
        assert (told.status_code, "打印字库里没有" in told.text) == (422, True)
        assert publisher.get(address("picture", draft)).status_code == 404

    def test_pages_cost_the_same_however_many_versions(self, publisher, editor, kind):
        def counted(path):
            publisher.get(path)
            with CaptureQueriesContext(connection) as queries:
                publisher.get(path)
            return len(queries)

        def one_more():
            made = actions.draft(kind, WORDS, seen=actions.seen_of(actions.draft_of(kind)), by=editor.person)
            actions.approve(made, seen=actions.seen_of(made), by=publisher.person)
            return made

        paths = [reverse("invitations:template-list"), one_more().get_absolute_url()]
        before = [counted(path) for path in paths]
        for _time in range(3):
            one_more()

        assert [counted(path) for path in paths] == before


@pytest.mark.parametrize("role", ["preparer", "reviewer", "signer", "registrar", "leader", "editor", "publisher"])
def test_who_may_do_what(role, draft):
    client = make.signed_in(role)
    page = client.get(draft.get_absolute_url())

    assert page.status_code == 200
    assert ("修改草稿" in page.text) == (role == "editor")
    assert ("批准并启用" in page.text) == (role == "publisher")
    assert client.get(drafting(draft.kind)).status_code == (200 if role == "editor" else 403)
    assert client.post(address("approve", draft), {"seen": "x"}).status_code == (302 if role == "publisher" else 403)
    assert LetterTemplate.objects.get(pk=draft.pk).is_draft


def test_two_texts_side_by_side():
    parts = compare("甲乙丙 one two", "甲丁丙 one three {unit}")

    assert [(part.kind, part.text) for part in parts][:3] == [("same", "甲"), ("gone", "乙"), ("new", "丁")]
    assert "".join(part.text for part in parts if part.kind != "gone") == "甲丁丙 one three {unit}"
    assert "".join(part.text for part in parts if part.kind != "new") == "甲乙丙 one two"
    assert compare("", "") == []
    assert [part.kind for part in compare("同", "同")] == ["same"]
    assert [part.kind for part in compare("甲" * MOST, "乙")] == ["gone", "new"]
