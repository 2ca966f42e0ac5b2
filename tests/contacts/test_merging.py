"""Two records made one: fields, links and addresses; and all of it put back."""

import json
from datetime import UTC, datetime

import pytest
from django.db import IntegrityError, connection, transaction
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from accounts.actions import Refused
from accounts.audit import find_faults
from accounts.models import AuditEvent
from cases.models import Term
from contacts import links, merging
from contacts.links import links_of
from contacts.models import ContactPoint, Merge, Organisation, OrganisationAddress, Person, Position
from core.search import search
from tests import factories as make
from tests.cases.census import at_once
from tests.cases.pages import text_of
from tests.contacts import talks

pytestmark = pytest.mark.django_db


@pytest.fixture
def clerk():
    make.duty_list()
    return make.worker("preparer", "1.1", name="林晓舟")


def merged(first, second, by, survivor="first", **choices):
    pair = [type(row).objects.get(pk=row.pk) for row in (first, second)]
    return merging.merge(*pair, survivor=survivor, choices=choices, versions=(pair[0].version, pair[1].version), by=by)


def fresh(row):
    return type(row).objects.get(pk=row.pk)


def state():
    """All that a merge may change, but who did what when."""
    rows = {}
    for model in (Organisation, Person, Position, ContactPoint, OrganisationAddress, Organisation.tags.through):
        names = [field.attname for field in model._meta.concrete_fields if field.attname != "version"]
        rows[model] = list(model._base_manager.order_by("pk").values_list(*names))
    return rows


# -- links -------------------------------------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("model", [Organisation, Person])
def test_every_link_to_a_record_is_known(model):
    """A new table that points at a record is moved by a merge without more; but somebody has to think of it, and say so with `contacts.links.know`."""
    assert [link.name for link in links_of(model) if link.known is None] == []


def test_links_are_found_in_the_models():
    assert {"contacts.position.organisation", "contacts.organisation.parent", "contacts.organisation_tags.organisation"} <= {
        link.name for link in links_of(Organisation)
    }
    assert {"contacts.position.person", "contacts.contactpoint.person"} <= {link.name for link in links_of(Person)}
    assert not any(link.field.name == "merged_into" for model in (Organisation, Person) for link in links_of(model))


def test_what_is_known_names_a_link():
    names = {link.name for model in (Organisation, Person) for link in links_of(model)}

    assert set(links._known) <= names


# -- merging -----------------------------------------------------------------------------------------------------------------------------------------------


def test_a_merged_body_takes_the_chosen_fields_and_all_links(clerk):
    kept, lost = (
        make.organisation("北湾商会", note="甲", points={"phone": "022-22110000"}),
        make.organisation("North Bay", name_en="North Bay Chamber", note="乙"),
    )
    make.reached_at({"phone": "+86 22 2211 0000", "email": "office@north.example"}, organisation=lost)
    child, met = make.organisation("北湾分会", parent=lost), make.contact("贝明", at=lost)
    OrganisationAddress.objects.create(organisation=lost, text="海河路 1 号")
    tags = [Term.objects.create(kind=Term.Kind.CONTACT_TAG, name=name) for name in ("重点", "港口")]
    kept.tags.add(tags[0]), lost.tags.add(*tags)

    made = merged(kept, lost, clerk, name_en="second", note="both")

    kept, lost = fresh(kept), fresh(lost)
    assert (kept.name, kept.name_en, kept.note) == ("北湾商会", "North Bay Chamber", "甲\n乙")
    assert (lost.merged_into, lost.archived_by, lost.archived_reason) == (kept, clerk, "与“北湾商会”合并")
    assert fresh(child).parent == kept
    assert met.positions.get().organisation == kept
    assert kept.addresses.get().text == "海河路 1 号"
    assert set(kept.tags.all()) == set(tags)
    assert [point.value for point in kept.points.order_by("pk")] == ["022-22110000", "office@north.example"]
    assert [point.value for point in lost.points.all()] == ["+86 22 2211 0000"]  # the same line: it stays with the record that it came from
    assert made.fields == {"name_en": ["", "North Bay Chamber"], "note": ["甲", "甲\n乙"]}
    assert list(find_faults()) == []


def test_what_was_talked_about_with_either_is_found_under_the_new_name(clerk):
    """The thread of one year stays with the record that was merged away; on the page of the other, in its list and among the quiet its talks are told."""
    kept, lost, oldest = (make.organisation(name) for name in ("北湾商会", "南港商会", "东沽商会"))
    talks.logged(kept, clerk, summary="年会安排")
    talks.logged(lost, clerk, summary="互访计划")
    talks.logged(oldest, clerk, summary="通讯录更新")
    merged(lost, oldest, clerk)
    merged(kept, lost, clerk, name="second")
    kept, client = fresh(kept), make.client_of(clerk)

    page = client.get(kept.get_absolute_url()).content.decode()
    shown = client.get(reverse("contacts:interaction-list"), {"organisation": kept.pk}).content.decode()
    for summary in ("年会安排", "互访计划", "通讯录更新"):
        assert summary in page
        assert summary in shown
    assert kept.name not in client.get(reverse("contacts:quiet-list"), {"days": 1}).content.decode()
    assert {"".join(hit.title) for group in search("年会安排", clerk) for hit in group.hits} == {"电话 南港商会"}


def test_the_second_may_stay(clerk):
    first, second = make.contact("区明"), make.contact("", surname="OU", given_names="Ming")

    merged(first, second, clerk, survivor="second", name="first", surname="second")

    assert fresh(first).merged_into == second
    assert (fresh(second).name, fresh(second).surname, fresh(second).sorting) == ("区明", "OU", "ouming")
    assert [hit.url for group in search("区明", clerk) for hit in group.hits] == [second.get_absolute_url()]


def test_the_act_is_in_the_trail_of_both(clerk):
    kept, lost = make.contact("区明"), make.contact("区明", note="旧")

    made = merged(kept, lost, clerk, note="second")

    event = AuditEvent.objects.get(action="contact.merge")
    assert event.subject == f"contacts.person:{kept.pk}"
    assert json.loads(event.facts) == {"other": lost.pk, "merge": made.pk, "fields": {"note": ["", "旧"]}, "moved": [], "stayed": []}
    assert json.loads(AuditEvent.objects.get(action="contact.merged_away", subject=f"contacts.person:{lost.pk}").facts) == {"into": kept.pk, "merge": made.pk}


def test_a_body_is_not_its_own_parent(clerk):
    top = make.organisation("总会")
    lost = make.organisation("北湾商会（旧）", parent=top)
    kept = make.organisation("北湾商会", parent=lost)

    made = merged(kept, lost, clerk)

    assert fresh(kept).parent == top
    merging.undo(made, by=clerk)
    assert (fresh(kept).parent, fresh(lost).parent) == (lost, top)


@pytest.mark.parametrize("choice", ["first", "second"])
def test_a_parent_that_swallows_its_child_keeps_its_own(clerk, choice):
    kept = make.organisation("总会")
    lost = make.organisation("北湾商会", parent=kept)

    merged(kept, lost, clerk, parent=choice)

    assert fresh(kept).parent is None


def test_what_the_rules_of_a_record_forbid_is_refused(clerk):
    first, second = make.organisation(owner=clerk), make.organisation(deputy=clerk)

    with pytest.raises(Refused, match="不能是同一人"):
        merged(first, second, clerk, deputy="second")
    assert fresh(second).merged_into is None


def test_what_does_not_fit_is_refused(clerk):
    first, second = make.contact("区明", note="甲" * 3000), make.contact("区明", note="乙" * 3000)

    with pytest.raises(Refused, match="超过 5000 字"):
        merged(first, second, clerk, note="both")


def test_a_record_changed_meanwhile_is_not_merged(clerk):
    first, second = make.contact("区明"), make.contact("区明")
    Person.objects.filter(pk=second.pk).update(version=2)

    with pytest.raises(Refused, match="重新核对"):
        merging.merge(first, second, survivor="first", choices={}, versions=(1, 1), by=clerk)


def test_what_the_database_holds_fast_stays(clerk, monkeypatch):
    kept, lost = make.contact("区明"), make.contact("区明", points={"email": "a@b.example", "mobile": "13800000001"})
    held = lost.points.get(kind="email").pk
    told = links.Link._set

    def holding(link, pks, to):
        return False if link.name == "contacts.contactpoint.person" and held in pks else told(link, pks, to)

    monkeypatch.setattr(links.Link, "_set", holding)
    made = merged(kept, lost, clerk)

    assert made.stayed == [["contacts.contactpoint.person", [held]]]
    assert [point.kind for point in kept.points.all()] == ["mobile"]


def test_a_row_that_the_database_refuses_to_move_is_told(clerk):
    link = next(link for link in links_of(Person) if link.name == "contacts.contactpoint.person")
    owner = make.contact("区明", points={"email": "a@b.example"})
    pk = owner.points.get().pk

    with transaction.atomic():
        assert link.move([pk], owner.pk, None) == ([], [pk])  # a point has an owner
    assert link.move([10**9], owner.pk, owner.pk) == ([], [10**9])


def test_links_that_stay_are_left(clerk, monkeypatch):
    monkeypatch.setitem(links._known, "contacts.contactpoint.person", links.Known(stays=True))
    kept, lost = make.contact("区明"), make.contact("区明", points={"email": "a@b.example"})

    made = merged(kept, lost, clerk)

    assert (made.moved, made.stayed) == ([], [["contacts.contactpoint.person", [lost.points.get().pk]]])


# -- undoing -----------------------------------------------------------------------------------------------------------------------------------------------


def test_undoing_puts_all_back(clerk):
    kept, lost = make.organisation("北湾商会", note="甲", points={"phone": "22110000"}), make.organisation("North Bay", note="乙", points={"phone": "22110000"})
    make.contact("贝明", at=lost), make.organisation("北湾分会", parent=lost)
    lost.tags.add(Term.objects.create(kind=Term.Kind.CONTACT_TAG, name="重点"))
    before = state()

    made = merging.undo(merged(kept, lost, clerk, name="second", note="both"), by=clerk)

    assert state() == before
    assert (made.left, made.undone_by) == ([], clerk)
    assert {group.source.kind: len(group.hits) for group in search("North Bay", clerk)} == {"organisation": 1}
    assert AuditEvent.objects.filter(action="organisation.unmerge").exists()
    assert AuditEvent.objects.filter(action="organisation.unmerged", subject=f"contacts.organisation:{lost.pk}").exists()


def test_what_was_changed_since_stays_and_is_named(clerk):
    kept, lost = make.contact("区明", note="甲"), make.contact("区明", note="乙", languages="挪威语", points={"email": "a@b.example", "mobile": "13800000001"})
    made = merged(kept, lost, clerk, note="second", languages="second")
    other = make.contact("贝明")
    Person.objects.filter(pk=kept.pk).update(note="丙")
    moved = ContactPoint.objects.get(kind="email")
    ContactPoint.objects.filter(pk=moved.pk).update(person=other)

    made = merging.undo(made, by=clerk)

    assert (fresh(kept).note, fresh(kept).languages) == ("丙", "")
    assert [point.kind for point in lost.points.all()] == ["mobile"]
    assert made.left == [["", ["note"]], ["contacts.contactpoint.person", [moved.pk]]]
    page = text_of(make.client_of(clerk).get(made.get_absolute_url()))
    assert "撤销时没有恢复的： 备注 1 条 联系方式 1 条" in page


def test_a_link_that_is_no_more_is_named(clerk, monkeypatch):
    kept, lost = make.contact("区明"), make.contact("区明", points={"email": "a@b.example"})
    made = merged(kept, lost, clerk)
    monkeypatch.setattr(merging, "links_of", lambda model: [link for link in links_of(model) if link.name != "contacts.contactpoint.person"])

    assert merging.undo(made, by=clerk).left == [["contacts.contactpoint.person", [kept.points.get().pk]]]
    assert "contacts.contactpoint.person 1 条" in text_of(make.client_of(clerk).get(made.get_absolute_url()))


def test_merges_are_undone_from_the_last_one(clerk):
    one, two, three = (make.contact("区明") for _number in range(3))
    first = merged(two, one, clerk)
    second = merged(three, two, clerk)

    with pytest.raises(Refused, match="请先撤销那一次"):
        merging.undo(first, by=clerk)
    merging.undo(second, by=clerk)
    merging.undo(first, by=clerk)
    with pytest.raises(Refused, match="已经撤销"):
        merging.undo(first, by=clerk)
    assert Person.objects.current().count() == 3


# -- the database ------------------------------------------------------------------------------------------------------------------------------------------


def test_a_merge_stays_as_it_was_made(clerk):
    made = merged(make.contact("区明"), make.contact("区明"), clerk)

    for change in (lambda: Merge.objects.update(loser=99), lambda: Merge.objects.all().delete()):
        with pytest.raises(IntegrityError, match="stays as it was made"):
            with_savepoint(change)
    merging.undo(made, by=clerk)
    with pytest.raises(IntegrityError, match="stays as it was made"):
        with_savepoint(lambda: Merge.objects.update(left=[]))


def with_savepoint(act):
    with transaction.atomic():
        act()


def test_a_record_is_merged_into_one_in_use(clerk):
    one, two, three = (make.contact("区明") for _number in range(3))
    merged(one, two, clerk)
    facts = {"archived_at": timezone.now(), "archived_by": clerk, "archived_reason": "重复"}

    with pytest.raises(IntegrityError, match="merged into one that is in use"):
        Person.objects.filter(pk=three.pk).update(merged_into=two, **facts)


@pytest.mark.parametrize(
    ("fields", "constraint"),
    [
        ({"survivor": 1, "loser": 1}, "contacts_merge_of_two"),
        ({"survivor": 1, "loser": 2, "undone_at": timezone.now()}, "contacts_merge_undone_all_or_none"),
    ],
)
def test_a_merge_is_of_two_and_undone_by_somebody(clerk, fields, constraint):
    with pytest.raises(IntegrityError, match=constraint):
        Merge.objects.create(kind="contact", made_by=clerk, **fields)


# -- the pages ---------------------------------------------------------------------------------------------------------------------------------------------


def address(first, second, kind="contact"):
    return reverse("contacts:merge-create", args=[kind, first.pk, second.pk])


def test_a_record_is_told_with_the_day_on_which_it_was_made_here(clerk):
    kept, lost = make.contact("区明"), make.contact("欧明")
    Person.objects.update(made_at=datetime(2026, 3, 1, 20, tzinfo=UTC))  # four in the morning of the next day

    assert f"区明 #{kept.pk}（2026-03-02 登记）" in text_of(make.client_of(clerk).get(address(kept, lost)))


def test_one_chooses_looks_and_merges(clerk):
    body = make.organisation()
    kept, lost = make.contact("区明", note="甲"), make.contact("欧明", note="乙", sex="M", at=body)
    client, typed = make.client_of(clerk), {"survivor": "first", "field_name": "second", "field_note": "both", "field_sex": "second"}
    versions = {"first_version": 1, "second_version": 1}

    page = text_of(client.get(address(kept, lost)))
    assert "中文姓名 区明 欧明" in page
    assert "性别 （空） 男" in page
    assert "护照拼写：姓" not in page
    page = text_of(client.post(address(kept, lost), typed | versions | {"step": "look"}))
    assert "中文姓名 欧明 性别 男" in page
    assert "任职 1 条转到保留的记录" in page
    assert Merge.objects.count() == 0
    assert "下一步：核对" in text_of(client.post(address(kept, lost), typed | versions | {"step": "choose"}))
    answer = client.post(address(kept, lost), typed | versions | {"step": "merge"}, follow=True)
    assert answer.redirect_chain[-1][0] == Merge.objects.get().get_absolute_url()
    assert "改动的栏目 备注 甲 → 甲 乙 中文姓名 区明 → 欧明 性别 （空） → 男" in text_of(answer)
    assert (fresh(kept).name, fresh(kept).sex, kept.positions.get().organisation) == ("欧明", "M", body)


def test_a_choice_is_asked_for(clerk):
    first, second = make.contact("区明", note="甲"), make.contact("区明", note="乙")

    page = text_of(make.client_of(clerk).post(address(first, second), {"step": "merge", "survivor": "third", "first_version": 1, "second_version": 1}))

    assert "third" in page
    assert "下一步：核对" in page
    assert Merge.objects.count() == 0


def test_who_comes_second_is_told(clerk):
    first, second = make.contact("区明"), make.contact("区明")
    typed = {"step": "merge", "survivor": "first", "first_version": "x", "second_version": 1}

    answer = make.client_of(clerk).post(address(first, second), typed)

    assert (answer.status_code, "请重新核对" in text_of(answer)) == (409, True)


def test_the_address_of_a_merged_record_leads_on(clerk):
    one, two, three = (make.contact("区明") for _number in range(3))
    merged(two, one, clerk)
    merged(three, two, clerk)
    client = make.client_of(clerk)

    answer = client.get(one.get_absolute_url())
    assert answer["Location"] == three.get_absolute_url()
    assert client.get(one.get_absolute_url() + "?merged=stay").status_code == 200
    assert make.client_of(make.person("preparer")).get(one.get_absolute_url()).status_code == 404
    body, other = make.organisation(), make.organisation()
    merged(body, other, clerk)
    assert client.get(other.get_absolute_url())["Location"] == body.get_absolute_url()


def test_a_merge_is_undone_on_its_page(clerk):
    kept, lost = make.organisation("北湾商会", parent=make.organisation("总会")), make.organisation("北湾商会", name_en="North Bay")
    made, client = merged(kept, lost, clerk, name_en="second", parent="second"), make.client_of(clerk)

    page = text_of(client.get(made.get_absolute_url()))
    assert "英文名称 （空） → North Bay" in page
    assert "上级机构 总会 → （空）" in page
    assert "字段和关联都已恢复" in text_of(client.post(reverse("contacts:merge-undo", args=[made.pk]), follow=True))
    assert "已经撤销" in text_of(client.post(reverse("contacts:merge-undo", args=[made.pk]), follow=True))
    assert "林晓舟" in text_of(client.get(reverse("contacts:merge-list")))


def test_the_list_of_merges_costs_the_same_for_many(clerk):
    client, counted = make.client_of(clerk), []
    for _round in range(3):
        merged(make.contact("区明"), make.contact("区明"), clerk)
        merged(make.organisation(), make.organisation(), clerk)
        with CaptureQueriesContext(connection) as queries:
            client.get(reverse("contacts:merge-list"))
        counted.append(len(queries))

    assert counted[1] == counted[2]


def test_out_of_scope_and_absent_are_the_same(clerk):
    first, second = make.contact("区明"), make.contact("区明")
    stranger, client = make.client_of(make.person("preparer")), make.client_of(clerk)

    assert stranger.get(address(first, second)).status_code == 404
    assert client.get(address(first, first)).status_code == 404
    assert client.get(address(first, second, "case")).status_code == 404
    made = merged(first, second, clerk)
    assert client.get(address(first, second)).status_code == 404  # archived
    assert stranger.get(made.get_absolute_url()).status_code == 404
    assert "还没有合并过" in text_of(stranger.get(reverse("contacts:merge-list")))
    assert stranger.post(reverse("contacts:merge-undo", args=[made.pk])).status_code == 404


# -- races -------------------------------------------------------------------------------------------------------------------------------------------------


@pytest.mark.django_db(transaction=True)
def test_of_two_merges_at_once_one_wins():
    make.duty_list()
    clerk = make.worker("preparer", "1.1")
    for _round in range(3):
        one, two = make.contact("区明"), make.contact("区明")

        results = at_once(*(lambda pair=pair: merged(*pair, clerk) for pair in ((one, two), (two, one), (one, two), (two, one))))

        assert sorted(type(result).__name__ for result in results) == ["Merge", "Refused", "Refused", "Refused"]
        assert Person.objects.current().filter(pk__in=[one.pk, two.pk]).count() == 1
        assert list(find_faults()) == []
