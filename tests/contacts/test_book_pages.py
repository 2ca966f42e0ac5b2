"""The pages of organisations and people: registering, looking, changing beside one another, archiving; the lists and who may do what."""

import pytest
from django.db import IntegrityError, connection, transaction
from django.http import QueryDict
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from accounts.actions import Refused
from accounts.models import AuditEvent
from cases.models import Term
from contacts import book_actions, panels
from contacts.lists import PEOPLE
from contacts.models import ContactPoint, Country, Organisation, OrganisationAddress, Person, Position
from contacts.panels import Cell, Fact, Panel
from lists.actions import save_filter
from lists.kinds import kind_named
from tests import factories as make
from tests.contacts.pages import body_facts, fields_of, page

pytestmark = pytest.mark.django_db


@pytest.fixture
def clerk():
    make.duty_list()
    make.country()
    return make.worker("preparer", "1.1", name="林晓舟")


@pytest.fixture
def client(clerk):
    return make.client_of(clerk)


def address(name, *args, query=""):
    return reverse(f"contacts:{name}", args=args) + query


def facts(action):
    return AuditEvent.objects.filter(action=action).latest("number").facts


# -- registering -------------------------------------------------------------------------------------------------------------------------------------------


def test_an_organisation_is_registered_with_its_rows_and_found(client, clerk):
    tag = Term.objects.create(kind=Term.Kind.CONTACT_TAG, name="新能源")
    sent = page(client, "organisation-create") | body_facts(tags=[tag.pk], former_names="北湾工商会", owner=clerk.pk)
    sent |= {"points-0-kind": "phone", "points-0-value": "+47 22 00 00 00", "points-0-is_preferred": "on"}
    sent |= {"addresses-0-text": "奥斯陆市示例街 1 号", "addresses-0-text_en": "1 Example Street, Oslo"}

    answer = client.post(address("organisation-create"), sent)

    body = Organisation.objects.get()
    assert (answer.status_code, answer.url) == (302, body.get_absolute_url())
    assert (body.made_by, body.sorting, body.version, list(body.tags.all())) == (clerk, "beiwanshanghui", 1, [tag])
    assert [(point.value, point.folded, point.is_preferred) for point in body.points.all()] == [("+47 22 00 00 00", "4722000000", True)]
    assert [str(place) for place in body.addresses.all()] == ["奥斯陆市示例街 1 号"]
    shown = client.get(body.get_absolute_url()).text
    assert all(word in shown for word in ("North Bay Chamber", "北湾工商会", "新能源", "1 Example Street, Oslo", "林晓舟", "首选"))
    for query in ("bwsh", "22 00 00 00", "北湾工商会"):
        assert "北湾商会" in client.get(reverse("cases:search"), {"q": query}).text
    assert AuditEvent.objects.get(action="organisation.add").subject == f"contacts.organisation:{body.pk}"


def test_a_person_is_registered_at_an_organisation_in_three_scripts(client):
    body = make.organisation()
    sent = page(client, "person-create", query=f"?organisation={body.pk}")
    assert sent["positions-0-body"] == f"北湾商会 #{body.pk}"
    sent |= {"name": "单明", "surname": "SHAN", "given_names": "Ming", "name_native": "Шань Мин", "order": "surname_first"}
    sent |= {"positions-0-title": "会长", "positions-0-since_on": "2024-05-01", "points-0-kind": "email", "points-0-value": "Ming@Example.org"}

    answer = client.post(address("person-create"), sent)

    met = Person.objects.get()
    assert (answer.url, met.sorting) == (met.get_absolute_url(), "shanming")
    assert [str(position) for position in met.positions.all()] == ["北湾商会 会长"]
    assert met.points.get().folded == "ming@example.org"
    shown = client.get(body.get_absolute_url()).text
    assert all(word in shown for word in ("单明", "SHAN Ming", "Шань Мин", "Ming@Example.org", "会长"))
    for query in ("sm", "shan ming", "Шань", "單明"):
        assert "单明" in client.get(reverse("cases:search"), {"q": query}).text


def test_rows_are_added_and_taken_away_and_nothing_typed_is_lost(client):
    sent = page(client, "person-create") | {"name": "贝", "points-0-kind": "phone", "points-0-value": "1"}

    more = client.post(address("person-create"), sent | {"rows": "add:points"}).context["form"]
    again = fields_of(more) | {"points-1-kind": "fax", "points-1-value": "2"}
    fewer = client.post(address("person-create"), again | {"rows": "remove:points:0"}).context["form"]

    assert (len(more.parts["points"].forms), more.main["name"].value(), more.parts["points"].forms[0]["value"].value()) == (2, "贝", "1")
    assert [row["value"].value() for row in fewer.parts["points"].forms] == ["2"]
    assert not Person.objects.exists()


@pytest.mark.parametrize("move", ["", "add", "add:", "add:nothing", "add:points-gone", "remove:points:9", "remove:points:x", "remove:points:99999"])
def test_a_button_that_is_none_changes_nothing(client, move):
    sent = page(client, "person-create") | {"name": "贝", "rows": move}

    form = client.post(address("person-create"), sent).context["form"]

    assert (form.main["name"].value(), len(form.parts["points"].forms), len(form.parts["positions"].forms)) == ("贝", 1, 1)


@pytest.mark.parametrize(
    ("typed", "field", "words"),
    [
        ({"name": ""}, "id_name", "请至少填写一种文字的姓名。"),
        ({"name": "贝\u202e"}, "id_name", "U+202E"),
        ({"points-0-kind": "phone", "points-0-value": "问秘书"}, "id_points-0-value", "号码只由数字和 + - ( ) 组成"),
        ({"points-0-kind": "fax", "points-0-value": "12"}, "id_points-0-value", "号码的位数不对"),
        ({"points-0-kind": "email", "points-0-value": "nobody"}, "id_points-0-value", "邮箱地址写法不对"),
        ({"points-0-value": "022-1111"}, "id_points-0-kind", "请填写这一项。"),
        (
            {"points-0-kind": "fax", "points-0-value": "022-1111", "points-0-is_preferred": "on", "points-0-ended_on": "2026-01-01"},
            "id_points-0-is_preferred",
            "已停用的不能是首选。",
        ),
        ({"positions-0-body": "没有的商会", "positions-0-title": "会长"}, "id_positions-0-body", "没有找到这个机构"),
        ({"positions-0-body": "x #77", "positions-0-title": "会长"}, "id_positions-0-body", "没有编号是 77 的机构。"),
        ({"positions-0-body": "北湾", "positions-0-title": "会长"}, "id_positions-0-body", "请照抄其中一个"),
        ({"positions-0-title_en": "会长"}, "id_positions-0-title_en", "这里填写英文"),
    ],
)
def test_what_is_wrong_is_said_beside_its_field(client, typed, field, words):
    make.organisation()

    answer = client.post(address("person-create"), page(client, "person-create") | {"name": "贝明", "languages": "挪威语"} | typed)

    assert words in answer.text
    assert f'href="#{field}"' in answer.text
    assert "挪威语" in answer.text
    assert not Person.objects.exists()


def test_a_position_that_ends_before_it_begins_is_refused(client):
    make.organisation()
    days = {"positions-0-since_on": "2026-02-02", "positions-0-until_on": "2026-02-01"}
    sent = page(client, "person-create") | {"name": "贝明", "positions-0-body": "北湾商会", "positions-0-title": "会长"} | days

    assert "任职 1 · 终止日期不能早于起始日期。" in client.post(address("person-create"), sent).text


def test_two_of_a_kind_are_not_both_preferred(client):
    sent = page(client, "person-create") | {"name": "贝明", "points-TOTAL_FORMS": 2}
    for row in ("0", "1"):
        sent |= {f"points-{row}-kind": "phone", f"points-{row}-value": f"022-111{row}", f"points-{row}-is_preferred": "on"}

    assert "同一种联系方式只能有一个首选。" in client.post(address("person-create"), sent).text


def test_a_name_that_two_bodies_bear_is_asked_about(client):
    one, two = make.organisation(), make.organisation(country=make.country("DNK"))
    sent = page(client, "person-create") | {"name": "贝明", "positions-0-body": "北湾商会", "positions-0-title": "会长"}

    answer = client.post(address("person-create"), sent)
    assert f"北湾商会 #{one.pk}（挪威）；北湾商会 #{two.pk}（丹麦）" in answer.text
    client.post(address("person-create"), sent | {"positions-0-body": f"北湾商会 #{two.pk}"})
    assert Person.objects.get().positions.get().organisation == two


def test_one_that_seems_to_be_there_is_asked_about(client):
    make.organisation(name_en="North Bay Chamber", points={"email": "office@example.org"})
    sent = page(client, "organisation-create") | body_facts() | {"points-0-kind": "email", "points-0-value": "office@example.org"}

    asked = client.post(address("organisation-create"), sent)
    assert all(word in asked.text for word in ("库中已有相近的记录", "邮箱相同", "不是同一个，仍要登记"))
    assert Organisation.objects.count() == 1
    assert client.post(address("organisation-create"), sent | {"sure": "1"}).status_code == 302
    assert Organisation.objects.count() == 2


def test_a_namesake_is_asked_about(client):
    make.organisation("北湾商会", country=make.country("DNK"))
    sent = page(client, "organisation-create") | body_facts()

    assert "不是同一个，仍要登记" in client.post(address("organisation-create"), sent).text
    assert Organisation.objects.count() == 1
    client.post(address("organisation-create"), sent | {"sure": "1"})
    assert Organisation.objects.count() == 2


def test_english_pages_name_countries_and_kinds_in_english(client):
    body = make.organisation()
    type(body.kind).objects.filter(pk=body.kind_id).update(name_en="Overseas chamber")
    client.cookies["django_language"] = "en"

    for shown in (client.get(address("organisation-list")).text, client.get(body.get_absolute_url()).text):
        assert "Norway" in shown
        assert "挪威" not in shown
    assert "Overseas chamber" in client.get(body.get_absolute_url()).text


def test_an_empty_request_is_answered_by_the_form(client):
    assert client.post(address("person-create"), {}).context["form"].errors
    assert not Person.objects.exists()


# -- changing ----------------------------------------------------------------------------------------------------------------------------------------------


def test_a_person_is_changed_with_rows(client, clerk):
    body = make.organisation()
    met = make.contact("贝明", at=body)
    old = ContactPoint.objects.create(person=met, kind="phone", value="022-1111", folded="221111")
    sent = page(client, "person-edit", met.pk)
    assert (sent["positions-0-body"], sent["points-0-value"], sent["version"]) == (f"北湾商会 #{body.pk}", "022-1111", 1)

    more = client.post(address("person-edit", met.pk), sent | {"rows": "remove:points:0"})
    sent = fields_of(more.context["form"]) | {"version": more.context["version"], "taboos": "不吃猪肉", "positions-0-until_on": "2026-01-31"}
    assert sent["points-gone"] == [str(old.pk)]
    assert client.post(address("person-edit", met.pk), sent).status_code == 302

    met.refresh_from_db()
    assert (met.version, met.taboos, met.points.count(), str(met.positions.get().until_on)) == (2, "不吃猪肉", 0, "2026-01-31")
    assert '"changed": ["taboos"]' in facts("contact.change")
    assert '"points": {"removed": ["phone 022-1111"]}' in facts("contact.change")
    assert "不吃猪肉" in client.get(met.get_absolute_url()).text
    assert "以前的人员（1）" in client.get(body.get_absolute_url()).text
    assert "以前的任职（1）" in client.get(met.get_absolute_url()).text


def test_who_saves_second_sees_both_and_loses_nothing_of_either(client, clerk):
    body = make.organisation()
    first, second = page(client, "organisation-edit", body.pk), page(client, "organisation-edit", body.pk)
    first |= {"points-TOTAL_FORMS": 1, "points-0-kind": "phone", "points-0-value": "022-1111", "district": "天津"}
    assert client.post(address("organisation-edit", body.pk), first).status_code == 302

    late = client.post(address("organisation-edit", body.pk), second | {"short_name": "北湾会"})
    assert late.status_code == 409
    assert all(word in late.text for word in ("已有变化", "022-1111", "北湾会", "现在的内容"))
    sent = fields_of(late.context["form"]) | {"version": late.context["version"]}
    assert client.post(address("organisation-edit", body.pk), sent).status_code == 302

    body.refresh_from_db()
    assert (body.short_name, body.version, [point.value for point in body.points.all()]) == ("北湾会", 3, ["022-1111"])


def test_an_archived_one_is_not_changed(client):
    body = make.organisation()
    sent = page(client, "organisation-edit", body.pk)
    client.post(address("organisation-archive", body.pk), {"reason": "已撤销", "version": 1})

    assert "已归档的不能修改，请先恢复。" in client.post(address("organisation-edit", body.pk), sent | {"version": 2}).text


def test_an_organisation_is_not_above_itself(client):
    above = make.organisation("总商会")
    below = make.organisation("分会", parent=above)

    answer = client.post(address("organisation-edit", above.pk), page(client, "organisation-edit", above.pk) | {"parent": "分会"})

    assert "上级机构不能是机构本身，也不能是它的下级。" in answer.text
    assert above.get_absolute_url() in client.get(below.get_absolute_url()).text
    assert below.get_absolute_url() in client.get(above.get_absolute_url()).text


def test_owner_and_deputy_are_two(client, clerk):
    answer = client.post(address("organisation-create"), page(client, "organisation-create") | body_facts(owner=clerk.pk, deputy=clerk.pk))

    assert "联系人和替补联系人不能是同一人。" in answer.text


# -- archiving ---------------------------------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("noun", ["organisation", "person"])
def test_it_is_archived_with_a_reason_and_comes_back(client, clerk, noun):
    kept = make.organisation() if noun == "organisation" else make.contact("北湾商")
    end = address(f"{noun}-archive", kept.pk)

    assert "请填写这一项。" in client.post(end, {"version": 1}).text
    assert "归档" in client.get(end).text
    assert client.post(end, {"reason": "已撤销", "version": 1}).url == kept.get_absolute_url()
    assert "由林晓舟归档：已撤销" in client.get(kept.get_absolute_url()).text.replace("\n", "")
    assert "北湾商" not in client.get(address(f"{noun}-list")).text
    assert "北湾商" in client.get(address(f"{noun}-list", query="?state=archived")).text
    assert client.post(end, {"reason": "又设立", "version": 1}).status_code == 409
    assert client.post(end, {"reason": "又设立", "version": 2}).url == kept.get_absolute_url()
    assert "北湾商" in client.get(address(f"{noun}-list", query="?state=")).text
    act = "organisation" if noun == "organisation" else "contact"
    assert AuditEvent.objects.filter(action__in=[f"{act}.archive", f"{act}.restore"]).count() == 2


def test_what_is_merged_does_not_come_back_alone(client, clerk):
    kept, other = make.organisation(), make.organisation("北湾商会（旧）")
    Organisation.objects.filter(pk=other.pk).update(archived_at=timezone.now(), archived_by=clerk, archived_reason="合并", merged_into=kept)

    answer = client.post(address("organisation-archive", other.pk), {"reason": "恢复", "version": 1})

    assert "它已并入另一条记录" in answer.text
    assert kept.get_absolute_url() in client.get(f"{other.get_absolute_url()}?merged=stay").text


def test_acts_refuse_what_another_did_first(clerk):
    body = make.organisation()

    with pytest.raises(Refused, match="没有归档"):
        book_actions.restore(body, reason="一", version=1, by=clerk)
    book_actions.archive(body, reason="一", version=1, by=clerk)
    with pytest.raises(Refused, match="已经归档"):
        book_actions.archive(body, reason="一", version=2, by=clerk)


@pytest.mark.parametrize("model", [Country, Organisation, Person])
def test_nothing_of_the_book_is_deleted(clerk, model):
    make.contact(at=make.organisation())
    Position.objects.all().delete()

    with pytest.raises(IntegrityError, match="are not deleted"), transaction.atomic():
        model.objects.filter(pk=model.objects.latest("pk").pk)._raw_delete("default")


# -- lists -------------------------------------------------------------------------------------------------------------------------------------------------


def names(client, name, query):
    return [str(row) for row in client.get(address(name, query=query)).context["page"].rows]


def test_organisations_are_sorted_by_pinyin_and_filtered(client, clerk):
    level = Term.objects.create(kind=Term.Kind.RELATION_LEVEL, name="重点")
    tag = Term.objects.create(kind=Term.Kind.CONTACT_TAG, name="能源")
    chamber = make.organisation("中港商会", owner=clerk, relation=level)
    chamber.tags.add(tag)
    embassy = make.organisation("阿国大使馆", country=make.country("DNK"), kind=Term.objects.create(kind="organisation_type", name="驻华使馆"))

    assert names(client, "organisation-list", "?sort=name") == ["阿国大使馆", "中港商会"]
    assert names(client, "organisation-list", "?sort=-name") == ["中港商会", "阿国大使馆"]
    assert names(client, "organisation-list", "?sort=-made") == ["阿国大使馆", "中港商会"]
    for query in (f"relation={level.pk}", f"tag={tag.pk}", f"owner={clerk.username}", "country=NOR", "q=zgsh", "q=港商", "q=中"):
        assert names(client, "organisation-list", f"?{query}") == ["中港商会"], query
    assert names(client, "organisation-list", f"?kind={embassy.kind_id}&china_status=unchecked") == ["阿国大使馆"]
    assert names(client, "organisation-list", "?country=XYZ") == []
    assert "没有找到符合条件的记录" in client.get(address("organisation-list", query="?q=没有")).text


def test_people_are_sorted_by_surname_and_filtered(client):
    body = make.organisation(country=make.country("DNK"))
    make.contact("区明", at=body, nationality=make.country("NOR"), languages="挪威语、英语")
    make.contact("贝明")

    assert names(client, "person-list", "?sort=name") == ["贝明", "区明"]
    for query in (f"organisation={body.pk}", "country=DNK", f"kind={body.kind_id}", "nationality=NOR", "language=挪威", "q=om"):
        assert names(client, "person-list", f"?{query}") == ["区明"], query
    assert names(client, "person-list", "?country=NOR") == []
    chips = client.get(address("person-list", query=f"?organisation={body.pk}&state=all")).context["chips"]
    assert [chip.text for chip in chips] == ["机构：北湾商会", "状态：全部"]


def test_a_list_begins_with_the_filter_that_was_chosen(client, clerk):
    save_filter(PEOPLE, name="挪威人", query="nationality=NOR", begins=True, by=clerk)

    assert client.get(address("person-list")).url == address("person-list", query="?nationality=NOR")


@pytest.mark.parametrize("name", ["organisations", "contacts"])
def test_every_column_is_told_in_the_export(clerk, name):
    body = make.organisation(owner=clerk, parent=make.organisation("总商会"), relation=Term.objects.create(kind="relation_level", name="重点"))
    met = make.contact("贝明", at=body, nationality=make.country())
    for owner in ({"person": met}, {"organisation": body}):
        ContactPoint.objects.create(**owner, kind="mobile", value="139", folded="139")
        ContactPoint.objects.create(**owner, kind="email", value="a@example.org", folded="a@example.org", ended_on=timezone.localdate())
    OrganisationAddress.objects.create(organisation=body, text="示例街")
    kind = kind_named(name)
    query = QueryDict("sort=name")

    rows = kind.with_columns(kind.rows_to_export(clerk, query), kind.columns)
    told = {column.name: [column.value(row) for row in rows] for column in kind.columns}

    assert kind.exported_by(clerk)
    assert told["phones"][0] == "139"
    assert told["emails"][0] == ""
    if name == "organisations":
        assert (told["parent"], told["relation"], told["owner"]) == (["总商会", ""], ["重点", ""], ["林晓舟", ""])
        assert told["people"] == [1, 0]
    else:
        assert (told["positions"], told["nationality"]) == (["北湾商会 秘书长"], ["挪威"])


def test_names_are_offered_while_one_is_typed(client):
    body = make.organisation()
    make.organisation("南港北湾物流公司")

    assert client.get(address("organisation-suggest", query="?q=bw")).text.startswith(f'<option value="北湾商会 #{body.pk}">挪威</option>')
    assert client.get(address("organisation-suggest", query="?q=b")).text == ""


# -- who, and how often the database is asked --------------------------------------------------------------------------------------------------------------


def test_out_of_scope_is_as_absent(clerk):
    body, met = make.organisation(), make.contact()
    idle, leader = make.signed_in("preparer"), make.signed_in("leader")

    for name in ("organisation-detail", "organisation-edit", "organisation-archive"):
        assert idle.get(address(name, body.pk)).content == idle.get(address(name, 10**9)).content
    for name, args in (("person-edit", [met.pk]), ("organisation-create", []), ("person-create", []), ("country-detail", ["NOR"]), ("country-list", [])):
        assert idle.get(address(name, *args)).status_code == 404
    assert idle.get(address("organisation-list")).context["page"].rows == []
    assert "登记联系人" not in leader.get(body.get_absolute_url()).text
    assert leader.get(address("organisation-edit", body.pk)).status_code == 403
    assert address("organisation-list") in leader.get(reverse("cases:today")).text
    assert address("organisation-list") not in idle.get(reverse("cases:today")).text


def queries(client, url):
    client.get(url)  # the first request of a session writes
    with CaptureQueriesContext(connection) as asked:
        assert client.get(url).status_code == 200
    return len(asked)


def test_pages_ask_the_same_few_times_however_much_there_is(client, clerk):
    def gather(body, number):
        for one in range(number):
            met = make.contact(f"贝{one}", at=body, title="专员", nationality=make.country())
            Position.objects.create(person=met, organisation=make.organisation(f"分会{one}", parent=body), title="原专员", until_on="2020-01-01")
            ContactPoint.objects.create(person=met, kind="phone", value="1", folded="1")
            ContactPoint.objects.create(organisation=body, kind="phone", value="1", folded="1")
            OrganisationAddress.objects.create(organisation=body, text="示例街", until_on="2020-01-01" if one % 2 else None)
        return met

    small, large = make.organisation("小商会"), make.organisation("大商会")
    one = gather(small, 1)
    before = [queries(client, url) for url in (address("organisation-list"), address("person-list"), address("country-list"), address("country-detail", "NOR"))]
    many = gather(large, 12)
    for one_more in range(5):
        Position.objects.create(person=many, organisation=make.organisation(f"会{one_more}"), title="理事")
        ContactPoint.objects.create(person=many, kind="phone", value="1", folded="1")

    after = [queries(client, url) for url in (address("organisation-list"), address("person-list"), address("country-list"), address("country-detail", "NOR"))]
    assert after == before
    assert queries(client, large.get_absolute_url()) == queries(client, small.get_absolute_url())
    assert queries(client, many.get_absolute_url()) == queries(client, one.get_absolute_url())


# -- what other nouns show ---------------------------------------------------------------------------------------------------------------------------------


def test_other_nouns_have_their_place_on_the_pages(client):
    body = make.organisation()
    met = make.contact(at=body)
    shown = Panel("test", Organisation, "contacts/_points.html", lambda subject, user: [])
    hidden = Panel("hidden", Organisation, "contacts/nothing.html", lambda subject, user: None)
    fact = Fact("last", "试用栏目", lambda people, user: {people[0].pk: Cell("2026-11-01 电话", "/x/")})
    for panel in (shown, hidden):
        panels.add_panel(panel)
    panels.add_fact(fact)

    page = client.get(body.get_absolute_url())
    for entry in (shown, hidden, fact):
        panels.remove(entry)

    assert ("contacts/_points.html", []) in page.context["panels"]
    assert "试用栏目" in page.text
    assert '<a href="/x/">2026-11-01 电话</a>' in page.text
    assert "试用栏目" not in client.get(body.get_absolute_url()).text
    assert str(met) in page.text
