"""Pages of interactions: the list and its filters, exports, print, quiet bodies; one interaction; the case page; today's work; the letter."""

from datetime import timedelta

import pytest
from django.http import QueryDict
from django.utils import timezone

from accounts.models import AuditEvent
from cases.models import Case, Term
from contacts import interaction_actions as actions
from contacts import interaction_book
from contacts.interaction_lists import INTERACTIONS, QUIET
from contacts.models import Interaction, Organisation, Visit
from correspondence import actions as register
from tests import factories as make
from tests.correspondence.letters import registered

from .talks import act, asked, logged

pytestmark = pytest.mark.django_db
DAY = timedelta(days=1)
LIST = "/contacts/interactions/"


def listed(client, **query):
    return [row.summary for row in client.get(LIST, query).context["page"].rows]


# -- the list ----------------------------------------------------------------------------------------------------------------------------------------------


@pytest.fixture
def several(clerk, colleague, body):
    """Interactions of two bodies of two countries; returns the other body."""
    other = make.organisation("东港商会", clerk, country=make.country("JPN"))
    person = make.contact("贝明", clerk, at=body)
    now = timezone.now()
    logged(body, clerk, summary="甲", happened_at=now - 3 * DAY, people=[person], ours=[colleague])
    logged(other, clerk, summary="乙", mode="email", happened_at=now - 2 * DAY, next_on=timezone.localdate(), next_step="回信")
    logged(body, clerk, summary="丙", mode="visit", happened_at=now - DAY, sensitivity="public")
    actions.withdraw(logged(body, clerk, summary="丁"), reason="登错了", by=clerk)
    return other


def test_the_list_is_filtered_by_what_stands_in_its_address(client, several, body, colleague):
    days = [str(timezone.localdate() - number * DAY) for number in range(4)]

    assert listed(client) == ["丙", "乙", "甲"]
    assert listed(client, sort="time") == ["甲", "乙", "丙"]
    assert listed(client, country="JPN") == ["乙"]
    assert listed(client, body="dgsh") == ["乙"]
    assert listed(client, body="东") == ["乙"]
    assert listed(client, mode="visit") == ["丙"]
    assert listed(client, ours=colleague.username) == ["甲"]
    assert listed(client, since=days[2], until=days[2]) == ["乙"]
    assert listed(client, sensitivity="public") == ["丙"]
    assert listed(client, next="open") == ["乙"]
    assert listed(client, organisation=body.pk) == ["丙", "甲"]
    assert listed(client, contact=body.positions.get().person_id) == ["甲"]
    assert listed(client, withdrawn="on") == ["丁"]
    assert listed(client, q="贝明") == ["甲"]
    assert listed(client, q="乙") == ["乙"]


@pytest.mark.parametrize("query", [{"organisation": "9" * 30}, {"organisation": "x"}, {"country": "??"}, {"since": "never"}, {"ours": "nobody"}])
def test_a_filter_that_cannot_be_read_leaves_nothing(client, several, query):
    page = client.get(LIST, query)

    assert page.status_code == 200
    assert page.context["page"].rows == []


def test_each_filter_can_be_taken_away(client, several, body):
    page = client.get(LIST, {"mode": "phone", "organisation": body.pk, "next": "", "withdrawn": ""})

    assert [chip.text for chip in page.context["chips"]] == ["方式：电话", "机构：北湾商会"]
    assert page.context["chips"][0].address == f"?organisation={body.pk}&next=&withdrawn="
    assert "打印往来记录" in page.content.decode()


def test_it_is_a_timeline_too(client, several):
    page = client.get(LIST, {"look": "timeline"}).content.decode()

    assert page.index("丙") < page.index("乙") < page.index("甲")
    assert page.count('class="day"') == 3


@pytest.mark.parametrize(("query", "words"), [({}, "还没有登记往来"), ({"q": "没有"}, "没有找到符合条件的往来")])
def test_an_empty_list_says_so(client, body, query, words):
    assert words in client.get(LIST, query).content.decode()


def test_who_reads_only_is_told_so(edition):
    page = make.client_of(make.worker("reviewer", "1.1")).get(LIST).content.decode()

    assert "登记之后，分工内的往来会列在这里。" in page


def test_the_list_takes_a_fixed_number_of_queries(client, clerk, several, body, django_assert_max_num_queries):
    for number in range(6):
        logged(
            body, clerk, summary=str(number), people=[make.contact(f"客{number}", clerk, at=body)], ours=[clerk], next_on=timezone.localdate(), next_step="续"
        )

    for query in ({}, {"look": "timeline"}):
        with django_assert_max_num_queries(32):
            client.get(LIST, query)


def cells(kind, user, **query):
    asked_for = QueryDict(mutable=True)
    asked_for.update(query)
    return [[column.value(row) for column in kind.columns] for row in kind.rows(user, asked_for)]


def test_the_export_tells_every_column(clerk, several):
    rows = cells(INTERACTIONS, clerk, mode="email")

    assert [rows[0][place] for place in (1, 2, 3, 4, 7, 8, 11)] == ["邮件", "东港商会", "日本", "乙", "回信", timezone.localdate(), "内部"]
    assert len(rows) == 1


def test_exports_are_for_whom_they_are(clerk, leader, stranger, several):
    assert INTERACTIONS.exported_by(clerk)
    assert not INTERACTIONS.exported_by(leader)
    assert cells(INTERACTIONS, stranger) == []


def test_the_record_of_a_body_is_printed(client, several, body):
    answer = client.get(LIST + "print/", {"organisation": body.pk})

    assert answer.status_code == 200
    assert answer.content.startswith(b"%PDF")
    assert AuditEvent.objects.get(action="interaction.print").subject == f"contacts.organisation:{body.pk}"


def test_without_a_body_nothing_is_printed(client, several):
    assert client.get(LIST + "print/").status_code == 404


def test_a_sign_that_no_font_has_is_named(client, clerk, body):
    logged(body, clerk, summary="\U00020000")

    answer = client.get(LIST + "print/", {"organisation": body.pk})

    assert answer.status_code == 422
    assert "没有打印" in answer.content.decode()


def test_what_cannot_be_printed_is_refused_where_it_is_typed(client, clerk, body):
    made = logged(body, clerk, summary="第一行\r\n第二行")

    page = client.post(f"{made.get_absolute_url()}edit/", correction("2026-01-02T10:00") | {"summary": "好😀"})

    assert page.context["form"].errors["summary"] == ["第 2 个字符是“😀”（U+1F600），请删去。"]
    assert client.get(f"{body.get_absolute_url()}brief.pdf").status_code == 200


# -- bodies that nobody talked to --------------------------------------------------------------------------------------------------------------------------


def test_bodies_without_contact_for_so_many_days(client, clerk, body):
    now = timezone.now()
    lately, long_ago = make.organisation("东港商会", clerk), make.organisation("西屿商会", clerk, owner=clerk)
    logged(lately, clerk, happened_at=now - 10 * DAY)
    logged(long_ago, clerk, happened_at=now - 100 * DAY)
    make.organisation("旧商会", clerk, archived_at=now, archived_by=clerk, archived_reason="撤销")

    def names(**query):
        return [row.name for row in client.get("/contacts/quiet/", query).context["page"].rows]

    assert names() == ["北湾商会", "西屿商会"]
    assert names(days="5") == ["东港商会", "北湾商会", "西屿商会"]
    assert names(days="200") == ["北湾商会"]
    assert names(owner=clerk.username) == ["西屿商会"]
    assert names(q="xysh") == ["西屿商会"]
    assert names(country="JPN") == names(days="0") == []
    page = client.get("/contacts/quiet/").content.decode()
    assert "林晓舟" in page
    assert "从未" in page
    assert cells(QUIET, clerk, days="90")[1][5] == timezone.localdate(now - 100 * DAY)


def test_quiet_bodies_take_a_fixed_number_of_queries(client, clerk, body, django_assert_max_num_queries):
    for number in range(8):
        make.organisation(f"商会{number}", clerk, owner=make.worker("preparer", "1.1"))

    with django_assert_max_num_queries(30):
        client.get("/contacts/quiet/")


def test_a_list_without_quiet_bodies_says_so(client, clerk, body):
    logged(body, clerk)

    assert "没有这样的机构" in client.get("/contacts/quiet/").content.decode()


# -- one interaction ---------------------------------------------------------------------------------------------------------------------------------------


def test_its_page_tells_it(client, clerk, body):
    case = make.case("2.1", clerk)
    made = logged(
        body,
        clerk,
        cases=[case],
        people=[make.contact("贝明", clerk, at=body)],
        is_reported=True,
        report_number="津外3号",
        next_on=timezone.localdate(),
        next_step="回电",
    )

    page = client.get(made.get_absolute_url()).content.decode()

    for words in ("北湾商会", "贝明", "津外3号", "回电", case.number, made.thread.case.number, "更正"):
        assert words in page, words


def test_out_of_scope_and_absent_are_the_same(stranger, clerk, colleague, body):
    made, secret = logged(body, clerk), logged(body, clerk, sensitivity="restricted")

    for person, key in ((stranger, made.pk), (stranger, 9999), (colleague, secret.pk)):
        client = make.client_of(person)
        for part in ("", "edit/", "withdraw/", "cases/add/", "cases/2.1-2026-0001/remove/"):
            assert client.get(f"{LIST}{key}/{part}").status_code == 404, part


def test_who_sees_the_interaction_but_not_its_case_changes_nothing(clerk, stranger, body):
    made = logged(body, clerk, ours=[stranger])
    client = make.client_of(stranger)

    page = client.get(made.get_absolute_url()).content.decode()

    assert made.thread.case.number not in page
    assert "更正" not in page
    assert client.get(f"{made.get_absolute_url()}edit/").status_code == 404


def test_it_is_corrected_on_its_page(client, clerk, body):
    made = logged(body, clerk, people=[make.contact("贝明", clerk, at=body)], ours=[clerk])
    address = f"{made.get_absolute_url()}edit/"
    form = client.get(address).context["form"]
    sent = {name: form[name].value() for name in ("mode", "summary", "sensitivity", "people", "ours", "version")}
    when = timezone.localtime(made.happened_at).strftime("%Y-%m-%dT%H:%M")

    answer = client.post(address, sent | {"happened_at": when, "summary": "改期", "reason": "日子听错"})

    assert answer.url == made.get_absolute_url()
    now = Interaction.objects.get()
    assert (now.summary, now.people.count(), now.ours.count()) == ("改期", 1, 1)

    stale = client.post(address, sent | {"happened_at": when, "summary": "又改期", "reason": "日子听错"})

    assert "已由他人更正" in stale.text
    assert ("又改期" in stale.text, stale.context["form"]["version"].value()) == (True, 2)
    assert Interaction.objects.get().summary == "改期"


def correction(when):
    return {"mode": "phone", "summary": "改", "sensitivity": "internal", "happened_at": when, "reason": "登错", "version": 1}


@pytest.mark.parametrize(("change", "words"), [({"summary": ""}, "id_summary_error"), ({"happened_at": "2020-01-01T10:00"}, "年度不对的请撤销后重新登记")])
def test_a_wrong_correction_is_answered_beside_the_field(client, clerk, body, change, words):
    made = logged(body, clerk)
    when = timezone.localtime(made.happened_at).strftime("%Y-%m-%dT%H:%M")

    page = client.post(f"{made.get_absolute_url()}edit/", correction(when) | change)

    assert words in page.content.decode()


def test_it_is_withdrawn_on_its_page(client, clerk, body):
    made = logged(body, clerk)

    assert client.post(f"{made.get_absolute_url()}withdraw/", {"reason": ""}).status_code == 200
    client.post(f"{made.get_absolute_url()}withdraw/", {"reason": "登错了"})

    assert "撤销：登错了" in client.get(made.get_absolute_url()).content.decode()
    assert client.get(f"{made.get_absolute_url()}withdraw/").status_code == 404


def test_it_is_linked_and_unlinked_on_its_page(client, clerk, body):
    made, case = logged(body, clerk), make.case("2.1", clerk)
    add, remove = f"{made.get_absolute_url()}cases/add/", f"{made.get_absolute_url()}cases/{case.number}/remove/"

    assert "没有找到这个编号" in client.post(add, {"number": "2.1-2026-9999"}).content.decode()
    client.post(add, {"number": case.number})
    assert made.links.get(removed_at=None).case == case
    assert "已经关联本办件" in client.post(add, {"number": case.number}).content.decode()
    assert client.get(remove).status_code == 200
    client.post(remove, {"reason": "不是这件"})
    assert not made.links.filter(removed_at=None).exists()
    assert "没有关联本办件" in client.post(remove, {"reason": "不是这件"}).content.decode()


def test_an_act_that_the_case_refuses_is_told(client, clerk, body, monkeypatch):
    made = logged(body, clerk)
    monkeypatch.setattr("contacts.interaction_actions.correct", lambda *args, **options: (_ for _ in ()).throw(actions.Refused("办件有变化")))
    monkeypatch.setattr("contacts.interaction_actions.withdraw", lambda *args, **options: (_ for _ in ()).throw(actions.Refused("办件有变化")))
    when = timezone.localtime(made.happened_at).strftime("%Y-%m-%dT%H:%M")

    for part, sent in (("edit/", correction(when)), ("withdraw/", {"reason": "错"})):
        assert "办件有变化" in client.post(made.get_absolute_url() + part, sent).content.decode()


# -- the page of the case ----------------------------------------------------------------------------------------------------------------------------------


def test_the_case_of_a_thread_shows_its_interactions_and_visits(client, clerk, body):
    made = logged(body, clerk, summary="确认航班")
    visit = asked(body, clerk)

    page = client.get(made.thread.case.get_absolute_url()).content.decode()

    for words in ("确认航班", "往来机构", "二楼会议室", f"/visit/{visit.pk}/do/confirm_visit/", "登记往来"):
        assert words in page, words
    act(visit, "confirm_visit", clerk)
    assert f"/visit/{visit.pk}/do/hold_visit/" in client.get(made.thread.case.get_absolute_url()).content.decode()


def test_another_case_shows_what_is_linked_to_it(client, clerk, body):
    case = make.case("2.1", clerk)
    logged(body, clerk, summary="确认航班", cases=[case])

    page = client.get(case.get_absolute_url()).content.decode()

    assert "确认航班" in page
    assert "北湾商会" in page


def test_what_is_restricted_is_not_on_the_page_of_the_case(clerk, colleague, body):
    made = logged(body, clerk, summary="不宜外传", sensitivity="restricted")

    page = make.client_of(colleague).get(made.thread.case.get_absolute_url()).content.decode()

    assert "不宜外传" not in page


def test_an_interaction_is_logged_from_the_page_of_the_case(client, clerk, body):
    case = logged(body, clerk).thread.case
    address = f"/cases/{case.number}/1/do/log_interaction/"
    form = client.get(address).context["form"]
    when = timezone.localtime().strftime("%Y-%m-%dT%H:%M")

    client.post(
        address, {"version": 2, "mode": "fax", "summary": "传真件", "happened_at": when, "sensitivity": "internal", "form_key": form["form_key"].value()}
    )

    assert Interaction.objects.get(mode="fax").summary == "传真件"


def test_what_is_due_is_told_with_its_step(client, clerk, body):
    visit = asked(body, clerk)

    lines = [line for group in client.get("/today/").context["groups"] for line in group.lines]

    assert [(line.case, line.step) for line in lines] == [(visit.thread.case, visit.task.step)]
    assert visit.task.step.step.number == 2
    assert "演示领导" not in client.get("/contacts/interactions/new/").text
    make.person("leader", name="演示领导")
    assert "演示领导" in client.get("/contacts/interactions/new/").text


def test_a_visit_is_held_on_its_form(client, clerk, body):
    person = make.contact("贝明", clerk, at=body)
    visit = act(asked(body, clerk, people=[person]), "confirm_visit", clerk)

    form = client.get(f"/cases/{visit.thread.case.number}/visit/{visit.pk}/do/hold_visit/").context["form"]

    assert form["people"].value() == [person.pk]
    assert form["ours"].value() == [clerk.pk]
    assert client.get(f"/cases/{visit.thread.case.number}/visit/{visit.pk}/do/move_visit/").context["form"]["place"].value() == "二楼会议室"


def test_a_case_opened_by_hand_has_no_body(client, clerk):
    page = client.get(make.case("1.1", clerk, title="一般联络").get_absolute_url()).content.decode()

    assert "往来机构" not in page
    assert "还没有登记往来。" in page


def test_the_case_page_takes_a_fixed_number_of_queries(client, clerk, body, django_assert_max_num_queries):
    case = logged(body, clerk).thread.case
    for _number in range(5):
        logged(body, clerk, ours=[clerk], people=[make.contact("客", clerk, at=body)])
        asked(body, clerk)

    with django_assert_max_num_queries(75):
        client.get(case.get_absolute_url())


# -- today -------------------------------------------------------------------------------------------------------------------------------------------------


def test_follow_ups_are_in_todays_work(client, clerk, colleague, body):
    logged(body, clerk, next_on=timezone.localdate(), next_step="确认航班")

    mine = client.get("/today/").context["groups"]
    assert [(line.tag.text, str(line.act.label)) for group in mine for line in group.lines] == [("确认航班", "完成任务")]

    logged(body, colleague, next_on=timezone.localdate(), next_step="寄送资料")
    theirs = make.client_of(colleague).get("/today/").context["groups"]
    assert [line.title for group in theirs for line in group.lines] == ["寄送资料"]


def test_a_thread_without_anything_due_asks_for_nothing(client, clerk, body):
    logged(body, clerk)

    assert client.get("/today/").context["groups"] == []


def test_the_visits_of_the_week_are_beside_it(client, clerk, colleague, body):
    for days in (1, 5, 9):
        asked(body, clerk, days=days)
    today = asked(body, clerk, days=0)
    Visit.objects.filter(pk=today.pk).update(starts_at=timezone.localtime().replace(hour=0, minute=5))

    shown = client.get("/today/").context["panels"]

    agenda = next(shown for template, shown in shown if template == "contacts/_today.html")
    assert (len(agenda.today), len(agenda.later)) == (1, 2)
    others = next(shown for template, shown in make.client_of(colleague).get("/today/").context["panels"] if template == "contacts/_today.html")
    assert (others.today, others.later) == ([], [])


def test_who_reads_no_interactions_has_no_schedule(edition):
    page = make.client_of(make.person("system_admin")).get("/today/").content.decode()

    assert "今日日程" not in page
    assert 'id="quick"' not in page


def test_whoever_registers_has_the_button_and_the_key(client, edition):
    page = client.get("/today/").content.decode()

    assert 'data-keys="n" data-press="log"' in page
    assert 'id="quick"' in page


# -- from a letter -----------------------------------------------------------------------------------------------------------------------------------------


@pytest.fixture
def letter(clerk, body):
    return registered(
        clerk,
        counterpart="北湾商会",
        subject="关于来访的函",
        items=["1.1"],
        medium=Term.objects.get(kind=Term.Kind.MEDIUM, name="传真"),
        exchanged_on=timezone.localdate() - DAY,
    )


def test_a_letter_becomes_an_interaction_at_one_press(client, clerk, body, letter):
    case = make.case("2.1", clerk)
    page = client.get(letter.get_absolute_url()).content.decode()
    assert f"/contacts/interactions/from/{letter.pk}/" in page

    answer = client.post(f"/contacts/interactions/from/{letter.pk}/")

    made = Interaction.objects.get()
    assert answer.url == made.get_absolute_url()
    assert (made.entry, made.mode, made.thread.organisation, made.day) == (letter, "fax", body, timezone.localdate() - DAY)
    assert "关于来访的函" in made.summary
    assert case not in [link.case for link in made.links.all()]
    page = client.get(letter.get_absolute_url()).content.decode()
    assert made.get_absolute_url() in page
    assert letter.number in client.get(made.get_absolute_url()).content.decode()


def test_pressed_twice_it_is_one(client, letter):
    for _time in range(2):
        client.post(f"/contacts/interactions/from/{letter.pk}/")

    assert Interaction.objects.count() == 1


def test_it_is_not_registered_again_by_another_form(client, clerk, body, letter):
    client.post(f"/contacts/interactions/from/{letter.pk}/")

    with pytest.raises(actions.Refused, match="已经登记为往来"):
        logged(body, clerk, entry=letter)


def test_the_cases_of_the_letter_come_along(client, clerk, body):
    case = make.case("2.1", clerk)
    letter = registered(clerk, counterpart="北湾商会", cases=[case], items=["1.1"])

    client.post(f"/contacts/interactions/from/{letter.pk}/")

    assert [link.case for link in Interaction.objects.get().links.all()] == [case]


def test_a_letter_of_nobody_in_the_book_opens_the_form(client, clerk, edition):
    letter = registered(clerk, counterpart="未知商会", items=["1.1"])

    answer = client.post(f"/contacts/interactions/from/{letter.pk}/")

    assert answer.url == f"/contacts/interactions/new/?entry={letter.pk}"
    form = client.get(answer.url).context["form"]
    assert form["who"].value() == "未知商会"
    now = timezone.localtime().strftime("%Y-%m-%dT%H:%M")
    sent = {
        "who": "未知商会",
        "who_key": "new:organisation",
        "mode": "email",
        "summary": "来函",
        "happened_at": now,
        "sensitivity": "internal",
        "next_in": "none",
    }
    client.post(answer.url, sent | {"form_key": form["form_key"].value(), "entry": letter.pk})
    assert Interaction.objects.get().entry == letter
    assert Organisation.objects.get(name="未知商会")


def test_a_refusal_is_told_on_the_page_of_the_letter(client, clerk, body, letter, monkeypatch):
    monkeypatch.setattr("contacts.interaction_actions.register", lambda *args, **options: (_ for _ in ()).throw(actions.Refused("没有信息表")))

    answer = client.post(f"/contacts/interactions/from/{letter.pk}/", follow=True)

    assert "没有信息表" in answer.content.decode()


@pytest.mark.parametrize("role", ["stranger", "colleague"])
def test_a_letter_out_of_sight_becomes_nothing(request, clerk, body, role):
    letter = registered(clerk, counterpart="北湾商会", items=["2.1"])

    assert make.client_of(request.getfixturevalue(role)).post(f"/contacts/interactions/from/{letter.pk}/").status_code == 404


def test_a_cancelled_letter_offers_nothing(client, clerk, letter):
    register.cancel(letter, reason="登错了", version=1, by=clerk)

    assert f"/contacts/interactions/from/{letter.pk}/" not in client.get(letter.get_absolute_url()).content.decode()
    assert client.post(f"/contacts/interactions/from/{letter.pk}/").status_code == 404
    assert Case.objects.count() == 0


# -- the book ----------------------------------------------------------------------------------------------------------------------------------------------


def test_the_pages_of_the_book_show_the_timeline(client, clerk, stranger, body):
    person = make.contact("贝明", clerk, at=body)
    logged(body, clerk, summary="确认航班", people=[person])

    for subject in (body, person, body.country):
        page = client.get(subject.get_absolute_url()).content.decode()
        assert "确认航班" in page
        assert "look=timeline" in page
        assert "确认航班" not in make.client_of(stranger).get(subject.get_absolute_url()).content.decode()
    assert str(timezone.localdate()) in client.get(body.get_absolute_url()).content.decode()


def test_the_brief_and_the_network_tell_of_it(clerk, body):
    logged(body, clerk, summary="确认航班")

    assert [(line.lead, line.text) for line in interaction_book.lines_of(body, clerk)] == [(f"{timezone.localdate()} 电话", "确认航班")]
    assert interaction_book.counts(clerk) == {body.country_id: 1}


def test_who_reads_no_interactions_sees_no_timeline(edition, body):
    assert interaction_book.timeline_of(body, make.person("auditor")) is None
