"""Records that may be one and the same: found while typing and in the report, and dismissed for good."""

import pytest
from django.core.management import call_command
from django.db import IntegrityError, connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from accounts.models import AuditEvent, User
from contacts import likeness
from contacts.indexing import index
from contacts.models import Likeness, MatchKey, Person, Position
from jobs import running
from jobs.models import Job
from tests import factories as make
from tests.cases.pages import text_of

pytestmark = pytest.mark.django_db
LIST = reverse("contacts:duplicate-list")


@pytest.fixture
def clerk():
    make.duty_list()
    return make.worker("preparer", "1.1", name="林晓舟")


def found(record, by):
    """(name, reasons) of what is like a stored record."""
    return [(str(hit.record), hit.reasons) for hit in likeness.alike(likeness.described(record), by=by)]


def find(by):
    """The search among all records, as the worker does it."""
    make.client_of(by).post(reverse("contacts:duplicate-find"))
    job = Job.objects.latest("pk")
    running.run(job.pk, job.attempts + 1)
    assert Job.objects.get(pk=job.pk).outcome == "done"
    return [(pair.first, pair.second) for pair in Likeness.objects.filter(dismissed_at=None)]


def hint(by, kind="contact", **typed):
    return text_of(make.client_of(by).post(reverse("contacts:alike", args=[kind]), typed))


# -- what is alike -----------------------------------------------------------------------------------------------------------------------------------------


def test_the_likeliest_comes_first_with_its_reasons(clerk):
    body = make.organisation()
    make.contact("区明", nationality=make.country("DEU"))
    make.contact("", surname="OU", given_names="Ming", at=body, points={"email": "Ming.Ou@nordvik.example"})
    sought = make.contact("區明", at=body, points={"email": "ming.ou@nordvik.example"})

    assert found(sought, clerk) == [("Ming OU", ("spelling", "mail", "body")), ("区明", ("name",))]
    assert [hit.is_likely for hit in likeness.alike(likeness.described(sought), by=clerk)] == [True, False]


def test_a_switchboard_is_no_reason(clerk):
    for number in range(7):
        make.contact(f"北{number}", points={"phone": "022-22000000", "email": f"{number}@nordvik.example"})
    sought = make.contact("王敏", points={"phone": "+86 22 2200 0000", "email": "wang@nordvik.example"})

    assert found(sought, clerk) == []


def test_a_shared_mobile_is_one_and_a_shared_line_of_people_is_none(clerk):
    make.contact("北一", points={"mobile": "138 0000 0001", "phone": "22000000"})
    make.contact("北二", points={"phone": "22000000"})
    sought = make.contact("王敏", points={"mobile": "+86 13800000001", "phone": "22000000"})

    assert found(sought, clerk) == [("北一", ("line", "mobile"))]


def test_bodies_meet_by_country_domain_and_line(clerk):
    make.organisation("远海公司", points={"phone": "22110000", "email": "info@far.example"})
    sought = make.organisation("另一家", points={"phone": "22110000", "email": "office@far.example"})

    assert found(sought, clerk) == [("远海公司", ("line", "country", "domain"))]


def test_a_public_mailbox_has_no_domain_to_share(clerk):
    make.organisation("远海公司", country=make.country("DEU"), points={"phone": "22110000", "email": "a@163.com"})
    sought = make.organisation("另一家", points={"phone": "22110000", "email": "b@163.com"})

    assert found(sought, clerk) == []


def test_what_is_archived_is_not_told(clerk):
    other = make.contact("区明")
    Person.objects.filter(pk=other.pk).update(archived_at=timezone.now(), archived_by=clerk, archived_reason="重复")

    assert found(make.contact("区明"), clerk) == []


def test_who_sees_no_book_is_told_nothing(clerk):
    make.contact("区明")

    assert found(make.contact("区明"), make.person("auditor")) == []


def test_an_old_position_is_no_common_body(clerk):
    body = make.organisation()
    make.contact("区明", at=body)
    Position.objects.update(until_on=timezone.localdate())

    assert found(make.contact("区明", at=body), clerk) == [("区明", ("name",))]


def test_many_are_compared_in_as_many_queries_as_one(clerk, django_assert_num_queries):
    twins = [[make.contact(f"区明{sign}", points={"mobile": f"1380000000{place}"}) for _twin in range(2)] for place, sign in enumerate("大小高低")]
    sought = [likeness.described(pair[0]) for pair in twins]
    by = User.objects.get(pk=clerk.pk)
    likeness.alike(sought[0], by=by)  # the rights of the person are read once

    for asked in (sought[:1], sought):
        with django_assert_num_queries(7):
            answers = likeness.alike_to_many(asked, by=by)
        assert [[hit.record for hit in hits] for hits in answers] == [[pair[1]] for pair in twins[: len(asked)]]
    assert likeness.alike_to_many([], by=by) == []


# -- while typing ------------------------------------------------------------------------------------------------------------------------------------------


def test_the_hint_reads_the_form(clerk):
    body = make.organisation(name_en="North Bay Chamber")
    known = make.contact("区明", at=body, points={"email": "ou@nordvik.example"})
    points = {"points-0-kind": "email", "points-0-value": "OU@nordvik.example", "positions-0-organisation": body.pk}

    assert f"{known.numbered} 邮箱相同、在同一机构任职" in hint(clerk, surname="Berg", **points)
    assert f"{body.numbered} North Bay Chamber 名称相同、国家（地区）相同" in hint(clerk, "organisation", name="北灣商會", country=make.country().pk)
    assert "拼写或读音相同" in hint(clerk, "organisation", former_names="别名\nChamber North Bay Ltd.")
    assert hint(clerk, surname="Berg").strip() == ""


def test_the_hint_leaves_out_the_record_itself(clerk):
    own = make.contact("区明")

    assert hint(clerk, name="区明", pk=own.pk).strip() == ""
    assert "区明" in hint(clerk, name="区明", pk="x")


def test_there_is_no_hint_about_other_things(clerk):
    assert make.client_of(clerk).post(reverse("contacts:alike", args=["case"])).status_code == 404
    assert make.client_of(make.person("preparer")).post(reverse("contacts:alike", args=["contact"])).status_code == 404


# -- the report --------------------------------------------------------------------------------------------------------------------------------------------


def test_the_search_finds_pairs_by_name_reading_and_point(clerk):
    one, two = make.contact("区明"), make.contact("區明")
    three = make.contact("", surname="Ou", given_names="Ming")
    four, five = make.contact("甲", points={"mobile": "13800000001"}), make.contact("乙", points={"mobile": "13800000001"})
    make.contact("曲鸣")  # reads as 区明 may, and is another name
    six, seven = make.organisation("北湾贸易有限公司"), make.organisation("北湾贸易公司")

    assert sorted(find(clerk)) == sorted([(one.pk, two.pk), (one.pk, three.pk), (two.pk, three.pk), (four.pk, five.pk), (six.pk, seven.pk)])
    assert AuditEvent.objects.filter(action="contacts.find_duplicates").latest("pk").facts == '{"count": 5}'


def test_of_a_common_name_those_in_one_body_are_told(clerk):
    body = make.organisation()
    people = [make.contact("王敏", at=body if number > 11 else None) for number in range(14)]

    assert find(clerk) == [(people[12].pk, people[13].pk)]
    assert len(MatchKey.objects.filter(kind="contact")) == 28


def test_what_is_alike_no_more_goes_and_what_was_dismissed_stays(clerk):
    one, two = make.contact("区明"), make.contact("区明")
    three, four = make.contact("贝明"), make.contact("贝明")
    find(clerk)
    likeness.dismiss(one, two, by=clerk)
    four.name = "贝亮"
    four.save()
    index([four])

    assert find(clerk) == []
    assert Likeness.objects.get().dismissed_by == clerk
    assert found(one, clerk) == found(two, clerk) == found(three, clerk) == []


def test_what_was_said_of_a_merged_record_holds_for_the_other(clerk):
    one, two, three = (make.contact("区明") for _number in range(3))
    likeness.dismiss(two, three, by=clerk)
    Person.objects.filter(pk=two.pk).update(archived_at=timezone.now(), archived_by=clerk, archived_reason="合并", merged_into=one)

    assert found(one, clerk) == []
    assert find(clerk) == []


def test_the_page_shows_both_and_why(clerk, django_assert_max_num_queries):
    body = make.organisation()
    first, second = (make.contact("区明", surname="Ou", given_names="Ming", at=body) for _number in range(2))
    twin = make.organisation("北湾商会")
    find(clerk)

    client = make.client_of(clerk)
    with django_assert_max_num_queries(26):
        page = text_of(client.get(LIST))
    assert f"区明 #{first.pk} Ming Ou 北湾商会 秘书长 区明 #{second.pk} Ming Ou 北湾商会 秘书长 名称相同、在同一机构任职" in page
    assert "最近一次：" in page
    assert f"{body.numbered} 挪威 {twin.numbered} 挪威 名称相同、国家（地区）相同" in text_of(client.get(LIST, {"kind": "organisation"}))
    assert "没有疑似重复的记录" in text_of(client.get(LIST, {"kind": "contact", "state": "dismissed"}))


def test_the_page_costs_the_same_for_many(clerk):
    for number in range(6):
        make.contact(f"区{'明亮大小高低'[number]}")
        make.contact(f"区{'明亮大小高低'[number]}")
    find(clerk)
    client = make.client_of(clerk)
    client.get(LIST)

    counted = []
    for rows in (Likeness.objects.order_by("pk")[:1], Likeness.objects.all()):
        kept = {row.pk for row in rows}
        Likeness.objects.exclude(pk__in=kept).update(dismissed_at=timezone.now(), dismissed_by=clerk)
        Likeness.objects.filter(pk__in=kept).update(dismissed_at=None, dismissed_by=None)
        with CaptureQueriesContext(connection) as queries:
            client.get(LIST)
        counted.append(len(queries))
    assert counted[0] == counted[1]


def test_a_pair_is_dismissed_and_taken_up_again_on_the_page(clerk):
    one, _two = make.contact("区明"), make.contact("区明")
    find(clerk)
    pair, client = Likeness.objects.get(), make.client_of(clerk)

    client.post(reverse("contacts:duplicate-dismiss", args=[pair.pk]))
    assert "没有疑似重复的记录" in text_of(client.get(LIST))
    assert "林晓舟" in text_of(client.get(LIST, {"state": "dismissed"}))
    client.post(reverse("contacts:duplicate-restore", args=[pair.pk]))
    assert "区明" in text_of(client.get(LIST))
    assert [event.action for event in AuditEvent.objects.filter(subject=f"contacts.person:{one.pk}")] == ["contact.not_the_same", "contact.perhaps_the_same"]


def test_dismissing_twice_is_once(clerk):
    one, two = make.contact("区明"), make.contact("区明")

    likeness.dismiss(two, one, by=clerk)
    likeness.dismiss(one, two, by=clerk)
    likeness.take_back(Likeness.objects.get(), by=clerk)
    likeness.take_back(Likeness.objects.get(), by=clerk)
    assert AuditEvent.objects.filter(action__startswith="contact.").count() == 2


def test_out_of_scope_is_absent(clerk):
    make.contact("区明"), make.contact("区明")
    find(clerk)
    pair, stranger = Likeness.objects.get(), make.client_of(make.person("preparer"))

    assert "区明" not in text_of(stranger.get(LIST))
    assert stranger.post(reverse("contacts:duplicate-find")).status_code == 404
    assert stranger.post(reverse("contacts:duplicate-dismiss", args=[pair.pk])).status_code == 404
    assert make.client_of(clerk).post(reverse("contacts:duplicate-dismiss", args=[pair.pk + 1])).status_code == 404


def test_a_pair_is_in_order():
    with pytest.raises(IntegrityError, match="contacts_likeness_in_order"):
        Likeness.objects.create(kind="contact", first=2, second=1, score=5)


def test_the_index_is_written_anew(clerk):
    make.contact("区明"), make.organisation()
    before = set(MatchKey.objects.values_list("key", "kind", "object_pk"))
    MatchKey.objects.all().delete()

    call_command("rebuild_match_keys")

    assert set(MatchKey.objects.values_list("key", "kind", "object_pk")) == before
