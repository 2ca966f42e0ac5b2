"""Filling in an application on its case: its facts, its people one by one or from a roster, and what it takes over from another."""

import re
from datetime import date, timedelta
from urllib.parse import quote

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from accounts.models import AuditEvent
from cases.models import Case, Draft
from cases.process import BlockedError, InvalidError
from contacts.models import Country
from invitations.checks import NEEDED
from invitations.models import Application, Invitee, InvitingUnit, LetterKind, UnitHold
from tests import factories as make
from tests.invitations.conftest import current_approval, fill, invite, issued, reviewed, taken_in
from tests.invitations.samples import zone

NUMBER, BORN, EXPIRES = "L898902C3", date(1974, 8, 12), date(2032, 4, 15)


@pytest.fixture
def empty(preparer, unit):
    """A case just opened."""
    return make.case("4.1", by=preparer, title="北湾公司邀请挪威技术人员")


def typed(**facts):
    """One person, typed."""
    country = Country.objects.get(code="NOR").pk
    fields = {
        "surname": "Holm",
        "given_names": "Mia",
        "chinese_name": "",
        "sex": "F",
        "birth_on": "1990-05-06",
        "nationality": country,
        "passport_number": "p 0000 0925",
        "passport_expires_on": "2033-01-02",
    }
    return fields | facts


def errors_of(case, action, target="1", **data):
    with pytest.raises(InvalidError) as refused:
        make.act(case, action, target, **data)
    return {name: list(errors) for name, errors in refused.value.form.errors.items()}


def people(case):
    return list(Invitee.objects.filter(application__case=case, removed_at=None).order_by("position"))


# -- facts -------------------------------------------------------------------------------------------------------------------------------------------------


def test_an_application_is_filled_in_little_by_little(empty, unit):
    make.act(empty, "edit_application", "1", unit=unit.pk, purpose="设备安装调试")
    make.act(empty, "edit_application", "1", unit=unit.pk, purpose="设备安装调试", stay_days="30")

    application = Application.objects.get(case=empty)
    assert (application.unit, application.purpose, application.stay_days) == (unit, "设备安装调试", 30)
    assert [entry.text for entry in empty.timeline.filter(kind="edit_application").order_by("pk")] == ["邀请单位、来访目的", "每次最长停留（天）"]


@pytest.mark.parametrize(
    ("name", "value", "told"),
    [
        ("entry_on", "2020-01-01", "已过"),
        ("purpose", "x" * 500, "200"),
        ("purpose", "开会\u202e", "文字方向控制符"),
        ("places", "天津😀", "请删去"),
        ("itinerary", "一\x00", ""),
        ("purpose_en", "Business 洽谈", "这里填写英文"),
        ("stay_days", "0", "1"),
        ("stay_days", "9999", "365"),
    ],
)
def test_what_cannot_be_is_refused_beside_the_field(empty, name, value, told):
    errors = errors_of(empty, "edit_application", **{name: value})

    assert list(errors) == [name]
    assert told in errors[name][0]


def test_the_exit_is_not_before_the_entry(empty):
    today = timezone.localdate()

    errors = errors_of(empty, "edit_application", entry_on=today + timedelta(days=9), exit_on=today + timedelta(days=8))

    assert errors == {"exit_on": ["离境日期不能早于入境日期。"]}


def test_only_kinds_of_letters_in_use_are_offered(empty):
    gone = LetterKind.objects.create(
        name="被授权单位邀请函", name_en="Letter", valid_from=date(2013, 1, 1), valid_until=date(2019, 1, 1), series="old", basis="旧规定"
    )

    assert "kind" in errors_of(empty, "edit_application", kind=gone.pk)


def test_visas_are_asked_of_countries(empty, preparer):
    page = make.client_of(preparer).get(reverse("cases:step-do", args=[empty.number, 1, "edit_application"])).content.decode()
    offered = re.search(r'<select[^>]*name="post_country".*?</select>', page, re.DOTALL)[0]

    assert "德国" in offered
    assert "联合国" not in offered
    assert "无国籍" not in offered


def test_the_form_says_what_the_checks_found(case, preparer):
    client = make.client_of(preparer)
    Application.objects.filter(case=case).update(entry_on=timezone.localdate() + timedelta(days=2), exit_on=timezone.localdate() + timedelta(days=3))

    page = client.get(reverse("cases:step-do", args=[case.number, 1, "edit_application"])).text

    assert "INV-06" in page
    assert "签证可能来不及办" in page


# -- when, and who -----------------------------------------------------------------------------------------------------------------------------------------


def test_it_may_be_changed_again_in_review_until_it_is_submitted(case, reviewers):
    taken_in(case)
    make.act(case, "edit_application", "2", purpose="改为洽谈", **kept(case))
    make.act(case, "submit", "2")

    for action, target in every_act(case):
        with pytest.raises(BlockedError):
            make.act(case, action, target)
    make.act(case, "send_back", f"approval:{current_approval(case).pk}", by=reviewers[0], note="日程不清")
    make.act(case, "edit_application", "2", purpose="再改", **kept(case))
    assert Application.objects.get(case=case).purpose == "再改"


def kept(case):
    application = Application.objects.get(case=case)
    return {name: getattr(application, f"{name}_id" if name in {"unit", "kind", "post_country"} else name) for name in NEEDED if name != "purpose"}


def every_act(case):
    here = [(name, step) for name in ("edit_application", "add_invitee", "paste_roster", "take_over_case") for step in "1234"]
    return here + [(name, f"invitee:{people(case)[0].pk}") for name in ("edit_invitee", "remove_invitee")]


def test_a_reviewed_application_stays_as_it_is(case, reviewers):
    reviewed(case, reviewers)
    for action, target in every_act(case):
        with pytest.raises(BlockedError):
            make.act(case, action, target)


def test_an_issued_application_stays_as_it_is(case, reviewers, signer):
    issued(case, reviewers, signer)
    for action, target in every_act(case):
        with pytest.raises(BlockedError):
            make.act(case, action, target)


def test_others_do_not_change_it(case, reviewers, signer, registrar):
    colleague = make.worker("preparer", "4.1")
    for person in (colleague, *reviewers, signer, registrar):
        for action, target in every_act(case):
            with pytest.raises(BlockedError):
                make.act(case, action, target, by=person)


# -- people ------------------------------------------------------------------------------------------------------------------------------------------------


def test_a_person_is_typed(empty):
    make.act(empty, "add_invitee", "1", **typed())

    (invitee,) = people(empty)
    assert (invitee.name, invitee.passport, invitee.is_from_mrz) == ("Holm Mia", "P00000925", False)
    assert empty.timeline.latest("pk").text == "Holm Mia"


def test_the_machine_readable_lines_fill_what_is_empty(empty):
    make.act(empty, "add_invitee", "1", mrz=zone(), chinese_name="贝格", job="总经理")

    (invitee,) = people(empty)
    assert (invitee.surname, invitee.given_names, invitee.sex, invitee.birth_on) == ("BERG", "LARS ERIK", "M", BORN)
    assert (invitee.nationality.code, invitee.passport, invitee.passport_expires_on) == ("NOR", NUMBER, EXPIRES)
    assert (invitee.chinese_name, invitee.job, invitee.is_from_mrz) == ("贝格", "总经理", True)


def test_what_is_typed_is_compared_with_the_lines(empty):
    errors = errors_of(empty, "add_invitee", mrz=zone(), surname="Borg", birth_on="1974-08-13", passport_number="X1234567")

    assert set(errors) == {"surname", "birth_on", "passport_number"}
    assert "L****02C3" in errors["passport_number"][0]
    make.act(empty, "add_invitee", "1", mrz=zone(), surname="Berg", given_names="Lars Erik", birth_on="1974-08-12")
    assert people(empty)[0].name == "Berg Lars Erik"


def test_lines_that_cannot_be_are_refused(empty):
    assert "没有找到机读区" in errors_of(empty, "add_invitee", mrz="abc")["mrz"][0]
    assert "校验位不符" in errors_of(empty, "add_invitee", mrz=zone().replace("L898902C3", "L898902C4"))["mrz"][0]


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("surname", "Хolm"),
        ("given_names", "Mia😀"),
        ("chinese_name", "abc"),
        ("sex", "?"),
        ("birth_on", "2999-01-01"),
        ("birth_on", "1800-01-01"),
        ("passport_number", "12"),
        ("passport_number", "E1234567890123"),
        ("passport_issued_on", "2999-01-01"),
        ("passport_expires_on", "2020-01-01"),
        ("passport_expires_on", ""),
        ("nationality", ""),
        ("employer", "x" * 500),
        ("employer", "A\u200b"),
    ],
)
def test_a_person_that_cannot_be_is_refused_beside_the_field(empty, name, value):
    assert list(errors_of(empty, "add_invitee", **typed(**{name: value}))) == [name]
    assert people(empty) == []


def test_a_person_without_a_name_is_refused(empty):
    assert list(errors_of(empty, "add_invitee", **typed(surname="", given_names=""))) == ["surname"]


def test_nobody_is_on_the_list_twice(empty):
    make.act(empty, "add_invitee", "1", **typed())

    assert errors_of(empty, "add_invitee", **typed(surname="Other", passport_number="P00000925")) == {"passport_number": ["与名单上的 Holm Mia 护照号码相同。"]}


def test_the_validity_follows_the_issue(empty):
    assert list(errors_of(empty, "add_invitee", **typed(passport_issued_on="2020-02-02", birth_on="2021-01-01"))) == ["passport_issued_on"]


def test_a_passport_that_ends_on_the_day_is_refused(empty):
    assert list(errors_of(empty, "add_invitee", **typed(passport_expires_on=timezone.localdate()))) == ["passport_expires_on"]


def test_an_application_out_of_sight_is_as_absent_as_one_that_never_was(case, registrar):
    stranger, one = make.client_of(make.worker("preparer", "2.1")), people(case)[0].pk
    for number in (case.number, "4.1-2026-9999"):
        for address in (("step-do", number, 1, "add_invitee"), ("step-do", number, 1, "edit_application"), ("part-do", number, "invitee", one, "edit_invitee")):
            assert stranger.get(reverse(f"cases:{address[0]}", args=address[1:])).status_code == 404
            assert stranger.post(reverse(f"cases:{address[0]}", args=address[1:]), {"version": case.version}).status_code == 404
    seeing = make.client_of(registrar)
    assert seeing.get(reverse("cases:part-do", args=[case.number, "invitee", one, "edit_invitee"])).status_code == 404
    assert seeing.get(reverse("cases:part-do", args=[case.number, "invitee", 999_999, "edit_invitee"])).status_code == 404


def test_somebody_known_is_not_typed_again(case, empty, unit):
    Application.objects.filter(case=empty).update(unit=unit)
    known = people(case)[0]

    make.act(empty, "add_invitee", "1", known=str(known.pk))

    (invitee,) = people(empty)
    assert (invitee.name, invitee.passport, invitee.job, invitee.has_visited) == (known.name, known.passport, "总经理", True)
    assert not invitee.is_from_mrz
    assert empty.timeline.latest("pk").text == f"BERG LARS（照 {case.number} 的记录）"


def test_a_new_passport_of_somebody_known_is_typed(case, empty, unit):
    Application.objects.filter(case=empty).update(unit=unit)

    make.act(empty, "add_invitee", "1", known=str(people(case)[0].pk), passport_number="P77770000", passport_expires_on="2035-01-01")

    assert (people(empty)[0].passport, people(empty)[0].passport_expires_on) == ("P77770000", date(2035, 1, 1))


def test_somebody_known_is_found_by_the_passport(case, empty, unit):
    Application.objects.filter(case=empty).update(unit=unit)

    make.act(empty, "add_invitee", "1", passport_number="p0000 4417", job="董事长")

    assert [(one.name, one.job, one.job_en) for one in people(empty)] == [("BERG LARS", "董事长", "General Manager")]


def test_whom_others_invited_is_not_offered(case, empty, preparer):
    other = InvitingUnit.objects.create(name="乙", name_en="B", uscc="2", address="x", contact="x", phone="1", made_by=preparer)
    Application.objects.filter(case=empty).update(unit=other)
    page = make.client_of(preparer).get(reverse("cases:step-do", args=[empty.number, 1, "add_invitee"])).text

    assert "BERG" not in page
    assert "known" not in page


def test_the_offer_shows_numbers_masked(case, empty, unit, preparer):
    Application.objects.filter(case=empty).update(unit=unit)
    page = make.client_of(preparer).get(reverse("cases:step-do", args=[empty.number, 1, "add_invitee"])).text

    assert "BERG LARS  P****4417" in page
    assert "P00004417" not in page


def test_a_person_is_changed_and_moved(case):
    first, second, third = people(case)
    facts = typed(surname="Wang", given_names="Yan", sex="M", chinese_name="王䶮", passport_number="", position="1", has_visited="on")

    make.act(case, "edit_invitee", f"invitee:{third.pk}", **facts)

    assert [one.pk for one in people(case)] == [third.pk, first.pk, second.pk]
    changed = people(case)[0]
    assert (changed.name, changed.passport, changed.birth_on, changed.has_visited) == ("Wang Yan", "P00003310", date(1990, 5, 6), True)
    assert not changed.is_from_mrz


def test_a_new_number_is_stored_and_a_zone_proves_it(case):
    one = people(case)[0]
    make.act(case, "edit_invitee", f"invitee:{one.pk}", mrz=zone(), chinese_name="贝格", position="1")
    assert (people(case)[0].passport, people(case)[0].is_from_mrz) == (NUMBER, True)
    assert (people(case)[0].job, people(case)[0].chinese_name) == ("", "贝格")


def test_a_change_beside_the_passport_leaves_it_proved(case):
    one = people(case)[0]
    facts = {name: getattr(one, name) for name in ("surname", "given_names", "sex", "birth_on", "passport_expires_on")}
    make.act(case, "edit_invitee", f"invitee:{one.pk}", **facts, nationality=one.nationality_id, job="董事", position="1")
    assert (people(case)[0].job, people(case)[0].is_from_mrz) == ("董事", True)


def test_a_person_is_taken_off_the_list_and_kept(case):
    one = people(case)[1]

    make.act(case, "remove_invitee", f"invitee:{one.pk}", reason="行程取消")

    assert one.pk not in {other.pk for other in people(case)}
    assert Invitee.objects.get(pk=one.pk).removed_at
    assert case.timeline.latest("pk").text == "HOLM MIA：行程取消"
    with pytest.raises(BlockedError):
        make.act(case, "edit_invitee", f"invitee:{one.pk}")


def test_a_unit_that_is_on_hold_is_called_so_where_it_is_chosen(empty, preparer, unit, signer):
    client = make.client_of(preparer)
    places = (reverse("cases:case-create", args=["4.1"]), reverse("cases:step-do", args=[empty.number, 1, "edit_application"]))
    assert all("暂停受理）" not in client.get(place).text for place in places)

    UnitHold.objects.create(unit=unit, reason="违约", since_by=signer)

    assert all(f"{unit}（暂停受理）" in client.get(place).text for place in places)


def test_a_paper_that_a_rule_wants_is_added_from_where_it_says_so(empty, preparer, unit):
    fill(empty.invitation_application, unit)
    invite(empty.invitation_application, has_visited=False)
    client = make.client_of(preparer)
    link = f"{reverse('cases:case-do', args=[empty.number, 'add_material'])}?name={quote('派遣证明')}"

    assert link in client.get(empty.get_absolute_url()).text
    form = client.get(link).context["form"]
    assert form["name"].value() == "派遣证明"
    make.act(empty, "add_material", name="派遣证明")
    assert link not in client.get(empty.get_absolute_url()).text


# -- a roster ----------------------------------------------------------------------------------------------------------------------------------------------

HEADINGS = "序号\t护照上的姓\t护照上的名\t性别\t出生日期\t国籍\t护照号码\t有效期至\t电话"
ROWS = ["1\tNilsen\tOla\t男\t1980-01-02\t挪威\tN1234567\t2032-05-06\t123", "2\tDahl\tEva\t女\t1985-03-04\tSWE\tN7654321\t2033-07-08\t456"]


def test_a_roster_is_pasted(empty):
    make.act(empty, "paste_roster", "1", roster="\n".join([HEADINGS, *ROWS]))

    assert [(one.name, one.nationality.code, one.passport) for one in people(empty)] == [("Nilsen Ola", "NOR", "N1234567"), ("Dahl Eva", "SWE", "N7654321")]
    assert empty.timeline.latest("pk").text == "2 人：Nilsen Ola、Dahl Eva\n没有录入的列：电话"


def test_a_roster_with_errors_says_them_row_by_row_and_stores_nothing(case, preparer):
    bad = [ROWS[0].replace("1980-01-02", "1980-13-02"), ROWS[1].replace("2033-07-08", "2020-01-01"), ROWS[1].replace("N7654321", "P00004417")]
    pasted = "\n".join([HEADINGS, *bad])
    client = make.client_of(preparer)
    page = client.post(reverse("cases:step-do", args=[case.number, 1, "paste_roster"]), {"roster": pasted, "version": case.version}).text

    assert "第 2 行，出生日期：" in page
    assert "第 3 行，有效期至：护照已过期" in page
    assert "第 4 行，护照号码：与名单上的 BERG LARS 护照号码相同。" in page
    assert "1980-13-02" in page
    assert len(people(case)) == 3


def test_what_is_no_roster_is_refused(empty):
    assert "没有分出列来" in errors_of(empty, "paste_roster", roster="abc")["roster"][0]
    assert "没有内容" in errors_of(empty, "paste_roster", roster="")["roster"][0]


# -- from another case -------------------------------------------------------------------------------------------------------------------------------------


def test_an_application_takes_over_another_one(case, empty):
    relation = make.relation()

    make.act(empty, "take_over_case", "1", number=case.number, relation=relation.pk)

    was, now = (Application.objects.get(case=one) for one in (case, empty))
    assert (now.unit, now.purpose, now.entry_on, now.itinerary) == (was.unit, was.purpose, was.entry_on, was.itinerary)
    assert [(one.name, one.passport) for one in people(empty)] == [(one.name, one.passport) for one in people(case)]
    assert empty.links.get().other == case


def test_what_is_filled_in_stays(case, empty):
    Application.objects.filter(case=empty).update(purpose="另有目的")
    make.act(empty, "take_over_case", "1", number=case.number)
    make.act(empty, "take_over_case", "1", number=case.number)

    assert Application.objects.get(case=empty).purpose == "另有目的"
    assert len(people(empty)) == 3
    assert empty.timeline.latest("pk").text == f"照 {case.number}：没有可带入的内容"


def test_past_days_are_not_taken_over(case, empty, unit):
    fill(Application.objects.get(case=case), unit, entry_on=date(2025, 1, 1), exit_on=date(2025, 1, 3))
    make.act(empty, "take_over_case", "1", number=case.number)

    assert Application.objects.get(case=empty).entry_on is None


def test_of_another_item_the_title_is_the_purpose(empty, preparer):
    other = make.case("2.1", title="商会代表团来访")
    make.worker("preparer", "2.1")
    assert "number" in errors_of(empty, "take_over_case", number=other.number)
    other.handler = preparer
    Case.objects.filter(pk=other.pk).update(handler=preparer)

    make.act(empty, "take_over_case", "1", number=other.number)

    assert Application.objects.get(case=empty).purpose == "商会代表团来访"


# -- pages -------------------------------------------------------------------------------------------------------------------------------------------------


def test_a_number_stands_in_no_draft_log_or_timeline(empty, preparer):
    client = make.client_of(preparer)
    address = reverse("cases:step-do", args=[empty.number, 1, "add_invitee"])
    client.post(reverse("cases:draft-save"), {"address": address, "surname": "Holm", "passport_number": "P00000925", "mrz": zone(), "roster": "P00000925"})
    assert Draft.objects.get().fields == [["surname", "Holm"]]
    assert "存为草稿" not in client.get(address).text
    assert "存为草稿" in client.get(reverse("cases:step-do", args=[empty.number, 1, "edit_application"])).text
    version = Case.objects.get(pk=empty.pk).version

    assert client.post(address, {**typed(), "version": version}).status_code == 302
    assert not [event for event in AuditEvent.objects.all() if "00000925" in f"{event.facts}"]
    assert "00000925" not in client.get(empty.get_absolute_url()).text


def test_opening_a_case_asks_for_a_few_facts(preparer, unit):
    client = make.client_of(preparer)
    address = reverse("cases:case-create", args=["4.1"])
    entry = timezone.localdate() + timedelta(days=30)
    facts = {"title": "邀请函", "sensitivity": "internal", "unit": unit.pk, "purpose": "洽谈", "entry_on": entry, "exit_on": entry + timedelta(days=3)}

    refused = client.post(address, facts | {"exit_on": entry - timedelta(days=3)})
    assert "离境日期不能早于入境日期" in refused.text
    assert client.post(address, facts).status_code == 302

    application = Application.objects.get()
    assert (application.unit, application.purpose, application.entry_on) == (unit, "洽谈", entry)


def test_the_page_shows_facts_people_checks_and_who_does_what(case, preparer, reviewers, signer, registrar):
    page = make.client_of(preparer).get(case.get_absolute_url()).text

    assert reverse("invitations:specimen", args=[case.number]) in page
    for words in ("天津北湾展览服务有限公司", "P****4417", "机读码已核对", "谁能办哪一步", "吴核、周审", "郑签", "冯印"):
        assert words in page
    assert f"/cases/{case.number}/invitee/{people(case)[0].pk}/do/edit_invitee/" in page
    assert "P00004417" not in page


def test_reviewers_see_who_reviewed_and_that_they_cannot_sign(case, reviewers, signer):
    reviewed(case, reviewers)
    make.act(case, "submit", "3")

    page = make.client_of(signer).get(reverse("cases:approval-detail", args=[current_approval(case).pk])).text

    assert "已办</span> 周审" in page
    assert "已办</span> 吴核" in page
    assert "您能办" in page
    assert "edit_invitee" not in page


def test_earlier_letters_of_the_same_people_are_shown(case, empty, preparer, reviewers, signer):
    issued(case, reviewers, signer)
    make.act(empty, "take_over_case", "1", number=case.number)

    page = make.client_of(preparer).get(empty.get_absolute_url()).text

    assert "这些人以前的邀请函" in page
    assert "号</span>（有效）" in page
    assert "INV-08" in page


def test_the_page_takes_the_same_queries_for_any_number_of_people(case, empty, preparer, reviewers):
    client = make.client_of(preparer)
    invite(Application.objects.get(case=empty))
    client.get(case.get_absolute_url())
    with CaptureQueriesContext(connection) as few:
        client.get(case.get_absolute_url())
    invite(Application.objects.get(case=case), [("N", f"P{number}", "", "M", f"N{number:07}") for number in range(30)])
    invite(Application.objects.get(case=empty), [("N", f"P{number}", "", "M", f"N{number:07}") for number in range(30)])
    with CaptureQueriesContext(connection) as many:
        client.get(case.get_absolute_url())

    assert len(many) == len(few)
