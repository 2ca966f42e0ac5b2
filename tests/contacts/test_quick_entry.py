"""登记往来 from anywhere: whom, made on the spot, the case guessed, a second one asked about, drafts, what the script asks for."""

from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone

from cases.models import Draft
from contacts.models import Country, Interaction, Organisation, Person
from tests import factories as make

from .talks import logged

pytestmark = pytest.mark.django_db
NEW = "/contacts/interactions/new/"


def typed(**more):
    now = timezone.localtime().strftime("%Y-%m-%dT%H:%M")
    usual = {"mode": "phone", "summary": "对方来电", "next_in": "none", "happened_at": now, "sensitivity": "internal", "form_key": "f" * 32}
    return usual | more


def test_a_name_is_enough(client, body):
    answer = client.post(NEW, typed(who="北湾商会"))

    made = Interaction.objects.get()
    assert answer.url == made.get_absolute_url()
    assert (made.thread.organisation, made.mode, made.summary) == (body, "phone", "对方来电")


def test_a_person_stands_for_the_body_where_they_are_in_office(client, clerk, body):
    person = make.contact("贝明", clerk, at=body)

    client.post(NEW, typed(who="贝明", who_key=f"contact:{person.pk}"))

    made = Interaction.objects.get()
    assert (made.thread.organisation, [one.pk for one in made.people.all()]) == (body, [person.pk])


def test_of_several_of_that_name_one_is_chosen(client, clerk, body):
    other = make.organisation("北湾商会", clerk)

    page = client.post(NEW, typed(who="北湾商会")).content.decode()

    assert "有几个这样的名称，请选一个。" in page
    assert f'value="organisation:{body.pk}"' in page
    assert not Interaction.objects.exists()
    client.post(NEW, typed(who="北湾商会", who_key=f"organisation:{other.pk}"))
    assert Interaction.objects.get().thread.organisation == other


def test_a_new_body_is_made_with_its_name_alone(client, body):
    page = client.post(NEW, typed(who="西屿商会")).content.decode()
    assert "没有找到这个名称，请核对，或者新建。" in page
    assert "新建机构“西屿商会”" in page

    client.post(NEW, typed(who="西屿商会", who_key="new:organisation"))

    made = Interaction.objects.get().thread.organisation
    assert (made.name, made.country.code, made.kind.name) == ("西屿商会", "XXX", "其他")


def test_a_new_body_may_have_its_country(client, body):
    client.post(NEW, typed(who="西屿商会", who_key="new:organisation", country=Country.objects.get(code="NOR").pk))

    assert Organisation.objects.get(name="西屿商会").country.code == "NOR"


def test_a_new_person_is_made_in_a_body(client, body):
    page = client.post(NEW, typed(who="艾琳", who_key="new:contact")).content.decode()
    assert "请填写联系人所在的机构。" in page

    client.post(NEW, typed(who="艾琳", who_key="new:contact", body="北湾商会"))

    person = Person.objects.get(name="艾琳")
    assert (person.positions.get().organisation, list(Interaction.objects.get().people.all())) == (body, [person])


def test_a_new_person_in_a_new_body(client, body):
    page = client.post(NEW, typed(who="Eva Lind", who_key="new:contact", body="西屿商会")).content.decode()
    assert 'name="body_key"' in page

    client.post(NEW, typed(who="Eva Lind", who_key="new:contact", body="西屿商会", body_key="new:organisation"))

    assert Person.objects.get(name_native="Eva Lind").positions.get().organisation.name == "西屿商会"


def test_a_person_out_of_office_wants_a_body(client, clerk, body):
    person = make.contact("贝明", clerk)

    page = client.post(NEW, typed(who="贝明", who_key=f"contact:{person.pk}")).content.decode()
    assert "请填写联系人所在的机构。" in page
    client.post(NEW, typed(who="贝明", who_key=f"contact:{person.pk}", body="x", body_key=f"contact:{person.pk}"))
    assert not Interaction.objects.exists()
    client.post(NEW, typed(who="贝明", who_key=f"contact:{person.pk}", body="北湾商会"))

    assert Interaction.objects.get().thread.organisation == body


@pytest.mark.parametrize("key", ["organisation:999", "organisation:x", "organisation:" + "9" * 30, "nothing", "new:x"])
def test_a_key_that_names_nothing_is_looked_up_by_its_name(client, body, key):
    client.post(NEW, typed(who="北湾商会", who_key=key))

    assert Interaction.objects.get().thread.organisation == body


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"who": ""}, "请填写联系人或机构的名称。"),
        ({"summary": ""}, "id_summary_error"),
        ({"mode": "pigeon"}, "pigeon"),
        ({"happened_at": "2090-01-01T10:00"}, "时间不能晚于现在"),
        ({"happened_at": "1990-01-01T10:00"}, "2000 年以后"),
        ({"next_in": "other"}, "请选跟进日期。"),
        ({"next_in": "other", "next_on": "2020-01-01"}, "跟进日期不能早于今天。"),
        ({"next_step": "回电"}, "写了下一步，请选跟进日期。"),
        ({"report_number": "3号"}, "请勾选“已按规定报外办”"),
        ({"mode": "appointment"}, "请填写约定的会见时间。"),
        ({"mode": "appointment", "starts_at": "2020-01-01T10:00"}, "不能早于预约的时间"),
        ({"mode": "appointment", "starts_at": "2090-01-02T10:00", "ends_at": "2090-01-01T10:00"}, "结束时间不能早于开始时间。"),
        ({"case": "2.1-2026-9999"}, "没有找到这个编号的办件"),
    ],
)
def test_bad_input_is_answered_beside_the_field(client, body, fields, words):
    page = client.post(NEW, typed(who="北湾商会") | fields)

    assert page.status_code == 200
    assert words in page.content.decode()
    assert not Interaction.objects.exists()


@pytest.mark.parametrize(("chip", "days"), [("tomorrow", 1), ("in_three_days", 3), ("next_monday", None)])
def test_the_next_step_is_a_press(client, body, chip, days):
    client.post(NEW, typed(who="北湾商会", next_in=chip))

    today = timezone.localdate()
    due = Interaction.objects.get().follow_up.due_on
    assert due == today + timedelta(days=days or 7 - today.weekday())
    assert Interaction.objects.get().next_step == "继续跟进"


def test_a_day_of_its_own(client, body):
    day = timezone.localdate() + timedelta(days=20)

    client.post(NEW, typed(who="北湾商会", next_in="other", next_on=str(day), next_step="寄送资料"))

    assert (Interaction.objects.get().follow_up.due_on, Interaction.objects.get().next_step) == (day, "寄送资料")


def test_a_second_one_within_five_minutes_is_asked_about(client, clerk, body):
    logged(body, clerk)

    page = client.post(NEW, typed(who="北湾商会")).content.decode()
    assert "五分钟内已有同一机构、同样方式的登记" in page
    assert Interaction.objects.count() == 1
    client.post(NEW, typed(who="北湾商会", sure="1"))

    assert Interaction.objects.count() == 2


@pytest.mark.parametrize("change", [{"mode": "email"}, {"who": "西屿商会", "who_key": "new:organisation"}])
def test_what_differs_is_not_asked_about(client, clerk, body, change):
    logged(body, clerk)

    client.post(NEW, typed(who="北湾商会") | change)

    assert Interaction.objects.count() == 2


def test_it_is_linked_to_the_case(client, clerk, body):
    case = make.case("2.1", clerk)

    client.post(NEW, typed(who="北湾商会", case=case.number))

    assert [link.case for link in Interaction.objects.get().links.all()] == [case]


def test_its_own_case_is_not_linked_twice(client, clerk, body):
    thread = logged(body, clerk, mode="email").thread

    client.post(NEW, typed(who="北湾商会", case=thread.case.number))

    assert not Interaction.objects.get(mode="phone").links.exists()


def test_a_refusal_of_the_engine_is_told(client, clerk, body):
    make.act(logged(body, clerk, mode="email").thread.case, "withdraw", by=clerk, reason="重复")

    page = client.post(NEW, typed(who="北湾商会", next_in="tomorrow")).content.decode()

    assert "本年度的往来已经办结" in page


# -- what the form begins with -----------------------------------------------------------------------------------------------------------------------------


def test_it_begins_with_where_one_comes_from(client, clerk, body):
    case, person = make.case("2.1", clerk), make.contact("贝明", clerk, at=body)

    page = client.get(NEW, {"organisation": body.pk, "case": case.number, "mode": "visit"})

    form = page.context["form"]
    assert (form["who"].value(), form["who_key"].value(), form["case"].value(), form["mode"].value()) == (
        "北湾商会",
        f"organisation:{body.pk}",
        case.number,
        "visit",
    )
    assert [one.pk for one in form.fields["people"].queryset] == [person.pk]
    assert client.get(NEW, {"contact": person.pk}).context["form"]["who"].value() == "贝明"
    assert client.get(NEW, {"case": "2.1-2026-9999", "mode": "x"}).context["form"]["case"].value() is None


def test_who_does_not_work_on_it_finds_no_form(stranger):
    assert make.client_of(stranger).get(NEW).status_code == 404


def test_a_draft_is_offered_on_the_page_and_put_back_in_the_dialog(client, clerk, body):
    address = reverse("contacts:interaction-create")
    Draft.objects.create(person=clerk, address=address, fields=[["who", "北湾商会"], ["summary", "谈到一半"]])

    page, restored, panel = client.get(NEW), client.get(NEW, {"draft": "1"}), client.get(NEW, headers={"X-Panel": "1"})

    assert "留有一份没有提交的草稿" in page.content.decode()
    assert page.context["form"]["summary"].value() is None
    assert restored.context["form"]["summary"].value() == "谈到一半"
    assert panel.context["form"]["summary"].value() == "谈到一半"
    client.post(NEW, typed(who="北湾商会"))
    assert not Draft.objects.exists()


# -- the dialog --------------------------------------------------------------------------------------------------------------------------------------------


def test_the_dialog_gets_the_form_alone(client, body):
    page = client.get(NEW, headers={"X-Panel": "1"})

    assert page.templates[0].name == "contacts/_quick.html"
    assert "<html" not in page.content.decode()


def test_the_dialog_is_told_what_was_done(client, body):
    answer = client.post(NEW, typed(who="北湾商会"), headers={"X-Panel": "1"})

    assert (answer.status_code, answer.json()) == (
        201,
        {"text": "已登记：电话 北湾商会。", "address": Interaction.objects.get().get_absolute_url(), "look": "查看"},
    )


@pytest.mark.parametrize("fields", [{"who": ""}, {"who": "北湾商会"}])
def test_the_dialog_gets_the_form_back(client, clerk, body, fields):
    logged(body, clerk)

    answer = client.post(NEW, typed(**fields), headers={"X-Panel": "1"})

    assert answer.status_code == 200
    assert "<form" in answer.content.decode()


def test_whom_is_found_by_initials(client, clerk, body):
    person = make.contact("贝万", clerk, at=body)

    rows = client.get("/contacts/interactions/whom/", {"q": "bw"}).json()["rows"]

    assert [(row["key"], row["name"], row["about"]) for row in rows] == [
        (f"organisation:{body.pk}", "北湾商会", "挪威"),
        (f"contact:{person.pk}", "贝万", "北湾商会"),
    ]
    assert rows[0]["marked"] == ["", "北湾", "商会"]
    bodies = client.get("/contacts/interactions/whom/", {"q": "bw", "bodies": "1"}).json()["rows"]
    assert [row["key"] for row in bodies] == [f"organisation:{body.pk}"]


def test_a_case_is_guessed_from_what_was_linked_and_what_it_is_called(client, clerk, body):
    named, linked, other = (make.case("2.1", clerk, title=title) for title in ("北湾商会来访", "代表团", "无关"))
    logged(body, clerk, cases=[linked])
    person = make.contact("贝明", clerk, at=body)

    for key in (f"organisation:{body.pk}", f"contact:{person.pk}"):
        answer = client.get("/contacts/interactions/guess/", {"whom": key}).json()
        assert answer["body"] == "北湾商会"
        assert [case["number"] for case in answer["cases"]] == [linked.number, named.number]
    assert other.number not in str(answer)


def test_who_is_in_office_in_a_body_is_offered_and_may_be_ticked(client, clerk, body):
    chair = make.contact("贝明", clerk, at=body, title="会长")
    make.contact("前任", clerk, at=body).positions.update(until_on="2020-01-01")

    offered = client.get("/contacts/interactions/guess/", {"whom": f"organisation:{body.pk}"}).json()["people"]
    client.post(NEW, typed(who=body.name, people=[one["key"] for one in offered]))

    assert offered == [{"key": chair.pk, "name": "贝明", "post": "会长"}]
    assert list(Interaction.objects.get().people.all()) == [chair]


@pytest.mark.parametrize("key", ["", "organisation:0", "contact:new"])
def test_nothing_is_guessed_of_nobody(client, body, key):
    assert client.get("/contacts/interactions/guess/", {"whom": key}).json() == {"body": "", "cases": [], "people": []}


def test_nothing_is_guessed_of_who_is_in_no_body(client, clerk, body):
    person = make.contact("贝明", clerk)

    assert client.get("/contacts/interactions/guess/", {"whom": f"contact:{person.pk}"}).json() == {"body": "", "cases": [], "people": []}
