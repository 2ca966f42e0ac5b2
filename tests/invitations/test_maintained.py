"""What letters are made by: kinds with dated names, nationalities and regions, rules that one changes and another confirms."""

from datetime import date, timedelta

import pytest
from django.db import IntegrityError, connection, transaction
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from accounts.actions import Refused
from accounts.models import AuditEvent
from contacts.models import Country
from invitations import maintained_actions as actions
from invitations.maintained_forms import KindForm
from invitations.models import CheckRule, LetterKind
from tests import factories as make

from .conftest import issued

KINDS, NEW_KIND = "invitations:kind-list", "invitations:kind-create"
COUNTRIES, NEW_COUNTRY = "invitations:nationality-list", "invitations:nationality-create"
RULES = "invitations:check-rule-list"


def kind(**other):
    fields = {
        "name": "邀请确认函",
        "name_en": "Confirmation of Invitation",
        "valid_from": "2026-01-01",
        "valid_until": "",
        "series": "qrh",
        "pattern": "确函〔{year}〕{number}号",
        "most": "6",
        "overflow": "annex",
        "valid_days": "60",
        "basis": "本单位惯例",
        "seen": "",
    }
    return fields | other


def country(**other):
    return {"code": "xab", "name": "示例国", "name_en": "Sampleland", "seen": ""} | other


def as_typed(form):
    """What a browser sends of a form as it stands."""
    return {name: "" if form[name].value() is None else str(form[name].value()) for name in form.fields}


@pytest.fixture
def editor(office):
    return make.signed_in("editor", name="于编")


@pytest.fixture
def publisher(office):
    return make.signed_in("publisher", name="方批")


class TestKinds:
    def test_a_kind_is_made_and_offered_from_its_first_day(self, editor):
        answer = editor.post(reverse(NEW_KIND), kind())

        made = LetterKind.objects.get(name="邀请确认函")
        assert (answer.status_code, answer.url) == (302, reverse(KINDS))
        assert (made.number_of(2026, 7), made.most, made.overflow) == ("确函〔2026〕7号", 6, "annex")
        assert AuditEvent.objects.get(action="letter_kind.add").subject == f"invitations.letterkind:{made.pk}"
        page = editor.get(reverse(KINDS)).text
        for told in ("邀请确认函", "确函〔", "还没有模板", "名单作附件", "不在使用期间", "使用中", "2011-01-01"):
            assert told in page

    @pytest.mark.parametrize(
        ("field", "value", "told"),
        [
            ("pattern", "确函{number}号", "都必须写上"),
            ("pattern", "确函〔{year}〕{number}号{x}", "只能用 {year} 和 {number}"),
            ("pattern", "邀函〔{year}〕{number}号", "两种函件会编出同一个号"),
            ("most", "0", "1"),
            ("most", "51", "50"),
            ("valid_days", "0", "1"),
            ("valid_until", "2025-12-31", "停用日期不能早于启用日期"),
            ("name_en", "确认函", "这里填写英文"),
            ("name", "确认函\u200b", "零宽空格"),
            ("series", "确认", ""),
            ("basis", "", "请填写"),
        ],
    )
    def test_what_cannot_be_is_told_beside_the_field(self, editor, field, value, told):
        form = editor.post(reverse(NEW_KIND), kind(**{field: value})).context["form"]

        wrong = field if field in form.errors else "__all__"
        assert told in "".join(str(error) for error in form.errors[wrong])
        assert not LetterKind.objects.filter(series="qrh").exists()

    def test_a_name_is_in_use_once_at_a_time(self, editor):
        editor.post(reverse(NEW_KIND), kind(valid_until="2026-06-30"))

        twin = kind(valid_from="2026-06-30", series="qrh2", pattern="确二〔{year}〕{number}号")
        assert list(editor.post(reverse(NEW_KIND), twin).context["form"].errors) == ["valid_from"]
        assert editor.post(reverse(NEW_KIND), twin | {"valid_from": "2026-07-01"}).status_code == 302
        assert LetterKind.objects.filter(name="邀请确认函").count() == 2

    def test_a_series_goes_on_under_another_name(self, editor):
        editor.post(reverse(NEW_KIND), kind(valid_until="2026-06-30"))

        assert editor.post(reverse(NEW_KIND), kind(name="确认函", name_en="Confirmation", valid_from="2026-07-01")).status_code == 302

    def test_a_kind_is_taken_out_of_use(self, editor):
        row = LetterKind.objects.get(name="邀请函")
        page = editor.get(row.get_absolute_url())

        editor.post(row.get_absolute_url(), as_typed(page.context["form"]) | {"valid_until": "2026-12-31"})

        row.refresh_from_db()
        assert row.valid_until == date(2026, 12, 31)
        event = AuditEvent.objects.get(action="letter_kind.change")
        assert "2026-12-31" in str(event.facts)

    def test_one_that_was_issued_keeps_its_name(self, editor, case, reviewers, signer):
        issued(case, reviewers, signer)
        row = LetterKind.objects.get(name="邀请函")
        page = editor.get(row.get_absolute_url())
        assert "不能改名" in page.text

        editor.post(row.get_absolute_url(), as_typed(page.context["form"]) | {"name": "别的名称", "most": "4"})

        row.refresh_from_db()
        assert (row.name, row.most) == ("邀请函", 4)
        with pytest.raises(IntegrityError, match="keeps its name"), transaction.atomic():
            LetterKind.objects.filter(pk=row.pk).update(name="别的名称")
        with pytest.raises(Refused, match="不能这样改"):
            actions.save_kind(row, actions.facts_of(row, actions.KIND_FIELDS) | {"name": "乙"}, seen=KindForm(instance=row).initial["seen"], by=editor.person)

    def test_who_comes_second_sees_what_is_there_now(self, editor):
        row = LetterKind.objects.get(name="邀请函")
        typed = as_typed(editor.get(row.get_absolute_url()).context["form"])
        editor.post(row.get_absolute_url(), typed | {"most": "3"})

        page = editor.post(row.get_absolute_url(), typed | {"most": "7"})

        assert "现在的内容" in page.text
        assert page.context["form"]["most"].value() == "7"
        editor.post(row.get_absolute_url(), typed | {"most": "7", "seen": page.context["form"]["seen"].value()})
        row.refresh_from_db()
        assert row.most == 7

    def test_what_came_first_is_told(self, editor, monkeypatch):
        def refuse(*args, **options):
            raise Refused("别人先办了")

        monkeypatch.setattr(actions, "save_kind", refuse)

        assert "别人先办了" in editor.post(reverse(NEW_KIND), kind()).text

    def test_nothing_changed_leaves_no_trace(self, editor):
        row = LetterKind.objects.get(name="邀请函")

        editor.post(row.get_absolute_url(), as_typed(editor.get(row.get_absolute_url()).context["form"]))

        assert not AuditEvent.objects.filter(action="letter_kind.change").exists()

    def test_nothing_is_deleted(self, office):
        for model in (LetterKind, CheckRule):
            with pytest.raises(IntegrityError, match="not deleted"), transaction.atomic():
                model.objects.all()._raw_delete("default")

    def test_the_database_wants_a_whole_pattern(self, office):
        with pytest.raises(IntegrityError), transaction.atomic():
            LetterKind.objects.update(pattern="邀函{number}号")

    def test_without_any_kind_the_list_says_so(self, db):
        assert "还没有函件种类" in make.signed_in("editor").get(reverse(KINDS)).text


class TestNationalities:
    def test_one_is_added_and_renamed(self, editor):
        assert editor.post(reverse(NEW_COUNTRY), country()).status_code == 302

        made = Country.objects.get(code="XAB")
        address = reverse("invitations:nationality-edit", args=[made.pk])
        editor.post(address, as_typed(editor.get(address).context["form"]) | {"name": "新示例国", "code": "NOR"})
        made.refresh_from_db()
        assert (made.name, made.code) == ("新示例国", "XAB")
        assert "新示例国" in editor.get(reverse(COUNTRIES), {"q": "示例"}).text
        assert [event.action for event in AuditEvent.objects.filter(subject=f"contacts.country:{made.pk}")] == ["country.add", "country.rename"]

    @pytest.mark.parametrize(
        ("typed", "field"),
        [
            ({"code": "1"}, "code"),
            ({"code": "NOR"}, "code"),
            ({"name": "挪威"}, "name"),
            ({"name_en": "Norway"}, "name_en"),
            ({"name_en": "示例"}, "name_en"),
        ],
    )
    def test_what_cannot_be_is_told_beside_the_field(self, editor, typed, field):
        form = editor.post(reverse(NEW_COUNTRY), country(**typed)).context["form"]

        assert list(form.errors) == [field]

    @pytest.mark.parametrize(("code", "name"), [("TWN", "中国台湾"), ("HKG", "中国香港"), ("MAC", "中国澳门")])
    def test_regions_of_china_keep_their_names(self, editor, code, name):
        row = Country.objects.get(code=code)
        page = editor.get(reverse("invitations:nationality-edit", args=[row.pk]))

        assert "这一名称固定" in page.text
        editor.post(reverse("invitations:nationality-edit", args=[row.pk]), as_typed(page.context["form"]) | {"name": "别的", "name_en": "Other"})

        row.refresh_from_db()
        assert row.name == name
        with pytest.raises(IntegrityError), transaction.atomic():
            Country.objects.filter(pk=row.pk).update(name="别的")

    def test_a_hint_that_is_over_is_marked(self, editor):
        Country.objects.filter(code="NOR").update(visa_free_days=30, visa_free_until=timezone.localdate() - timedelta(days=1), visa_free_source="公告")

        page = editor.get(reverse(COUNTRIES), {"state": "free"})

        assert [row.code for row in page.context["rows"]] == ["NOR"]
        assert "已过期" in page.text

    def test_one_is_taken_out_of_use_and_put_back(self, editor):
        row = Country.objects.get(code="NOR")
        archive, restore = (reverse(f"invitations:nationality-{act}", args=[row.pk]) for act in ("archive", "restore"))
        assert "停用挪威" in editor.get(archive).text
        assert "is-invalid" in editor.post(archive, {"reason": ""}).text

        editor.post(archive, {"reason": "代码变更"})

        row.refresh_from_db()
        assert row.archived_reason == "代码变更"
        assert "代码变更" in editor.get(reverse(COUNTRIES), {"state": "archived"}).text
        assert "恢复使用" in editor.get(reverse("invitations:nationality-edit", args=[row.pk])).text
        assert editor.get(archive).status_code == 404
        with pytest.raises(Refused, match="已经停用"):
            actions.archive_nationality(row, reason="再", by=editor.person)
        editor.post(restore)
        row.refresh_from_db()
        assert row.archived_at is None
        assert "没有停用" in editor.post(restore, follow=True).text
        assert [event.action for event in AuditEvent.objects.filter(subject=f"contacts.country:{row.pk}")] == [
            "country.archive",
            "country.restore",
        ]

    def test_who_comes_second_to_archive_is_told(self, editor, monkeypatch):
        def refuse(*args, **options):
            raise Refused("这一条已经停用。")

        monkeypatch.setattr(actions, "archive_nationality", refuse)
        row = Country.objects.get(code="NOR")

        assert "这一条已经停用。" in editor.post(reverse("invitations:nationality-archive", args=[row.pk]), {"reason": "一"}).text

    def test_nothing_found_says_so(self, editor):
        assert "没有找到符合条件的国籍或地区" in editor.get(reverse(COUNTRIES), {"q": "不存在的"}).text


class TestRules:
    def page(self, name, code):
        return reverse(f"invitations:check-rule-{name}", args=[code])

    def test_one_changes_and_another_confirms(self, editor, publisher, case):
        typed = as_typed(editor.get(self.page("edit", "INV-06")).context["form"])
        answer = editor.post(self.page("edit", "INV-06"), typed | {"figure": "60", "strictness": "block", "basis": "处务会议纪要"})

        rule = CheckRule.objects.get(code="INV-06")
        assert (answer.url, rule.figure, rule.strictness, rule.changed_by, rule.is_confirmed) == (rule.get_absolute_url(), 60, "block", editor.person, False)
        assert "确认这条规则" not in editor.get(rule.get_absolute_url()).text
        page = publisher.get(rule.get_absolute_url())
        publisher.post(self.page("confirm", "INV-06"), {"seen": page.context["seen"]})
        rule.refresh_from_db()
        assert rule.confirmed_by == publisher.person
        assert "已确认" in publisher.get(reverse(RULES)).text
        assert [event.action for event in AuditEvent.objects.filter(subject=f"invitations.checkrule:{rule.pk}")] == ["check_rule.change", "check_rule.confirm"]

    def test_who_changed_it_does_not_confirm_it(self, office):
        both = make.signed_in("editor", "publisher")
        typed = as_typed(both.get(self.page("edit", "INV-06")).context["form"])
        both.post(self.page("edit", "INV-06"), typed | {"figure": "10"})

        page = both.get(self.page("detail", "INV-06"))
        assert "须由另一位有确认权限的人确认" in page.text
        told = both.post(self.page("confirm", "INV-06"), {"seen": page.context["seen"]}, follow=True)
        assert "规则须由修改人以外的人确认" in told.text
        with pytest.raises(IntegrityError), transaction.atomic():
            CheckRule.objects.filter(code="INV-06").update(confirmed_at=timezone.now(), confirmed_by=both.person)

    def test_confirmed_twice_there_is_nothing_to_confirm(self, publisher):
        seen = publisher.get(self.page("detail", "INV-06")).context["seen"]
        publisher.post(self.page("confirm", "INV-06"), {"seen": seen})

        assert "规则已有变化，没有确认" in publisher.post(self.page("confirm", "INV-06"), {"seen": seen}, follow=True).text
        now = publisher.get(self.page("detail", "INV-06")).context["seen"]
        assert "没有待确认的规则" in publisher.post(self.page("confirm", "INV-06"), {"seen": now}, follow=True).text

    def test_who_comes_second_sees_what_is_there_now(self, editor):
        typed = as_typed(editor.get(self.page("edit", "INV-06")).context["form"])
        editor.post(self.page("edit", "INV-06"), typed | {"figure": "10"})

        page = editor.post(self.page("edit", "INV-06"), typed | {"figure": "20"})

        assert "现在的内容" in page.text
        assert editor.post(self.page("edit", "INV-06"), typed | {"figure": "20", "seen": page.context["form"]["seen"].value()}).status_code == 302
        assert CheckRule.objects.get(code="INV-06").figure == 20

    def test_nothing_changed_is_not_stored(self, editor):
        typed = as_typed(editor.get(self.page("edit", "INV-04")).context["form"])

        assert "没有改动，未保存" in editor.post(self.page("edit", "INV-04"), typed, follow=True).text
        assert CheckRule.objects.get(code="INV-04").changed_by is None

    @pytest.mark.parametrize(
        ("code", "field", "value"),
        [
            ("INV-06", "figure", ""),
            ("INV-06", "figure", "1000"),
            ("INV-06", "basis", ""),
            ("INV-06", "strictness", "maybe"),
            ("INV-06", "text", ""),
            ("INV-04", "paper", ""),
            ("INV-06", "valid_until", "2020-01-01"),
        ],
    )
    def test_what_cannot_be_is_told(self, editor, code, field, value):
        typed = as_typed(editor.get(self.page("edit", code)).context["form"]) | {"valid_from": "2026-01-01"}

        form = editor.post(self.page("edit", code), typed | {field: value}).context["form"]

        assert field in form.errors or "停用日期不能早于启用日期。" in str(form.errors)
        assert CheckRule.objects.get(code=code).changed_by is None

    def test_a_rule_asks_for_what_its_check_looks_at(self, editor):
        assert {"figure", "paper"} & set(editor.get(self.page("edit", "INV-08")).context["form"].fields) == set()
        assert "paper" in editor.get(self.page("edit", "INV-04")).context["form"].fields

    def test_a_rule_outside_its_days_is_not_checked(self, editor):
        CheckRule.objects.filter(code="INV-06").update(valid_until=timezone.localdate() - timedelta(days=1))

        assert "现在不核对" in editor.get(self.page("detail", "INV-06")).text

    def test_without_rules_the_list_says_what_to_do(self, db):
        client = make.signed_in("editor")

        assert "seed_letters" in client.get(reverse(RULES)).text
        assert client.get(self.page("detail", "INV-99")).status_code == 404


@pytest.mark.parametrize("role", ["preparer", "reviewer", "signer", "registrar", "leader", "editor", "publisher"])
def test_who_may_do_what(role, office):
    client = make.signed_in(role)
    pages = {name: client.get(reverse(name)) for name in (KINDS, COUNTRIES, RULES)}

    assert {page.status_code for page in pages.values()} == {200}
    is_editor = role == "editor"
    assert ("新建函件种类" in pages[KINDS].text) == is_editor
    assert ("增加国籍或地区" in pages[COUNTRIES].text) == is_editor
    assert client.post(reverse(NEW_KIND), kind()).status_code == (302 if is_editor else 403)
    assert client.post(reverse(NEW_COUNTRY), country()).status_code == (302 if is_editor else 403)
    page = client.get(reverse("invitations:check-rule-detail", args=["INV-06"])).text
    assert ("修改规则" in page) == is_editor
    assert ("确认这条规则" in page) == (role == "publisher")


def test_lists_cost_the_same_however_long(office):
    client = make.signed_in("editor")
    counts = []
    for _time in range(2):
        for name in (KINDS, COUNTRIES, RULES):
            client.get(reverse(name))
            with CaptureQueriesContext(connection) as queries:
                client.get(reverse(name))
            counts.append(len(queries))
        client.post(reverse(NEW_KIND), kind())
        client.post(reverse(NEW_COUNTRY), country())

    assert counts[:3] == counts[3:]
