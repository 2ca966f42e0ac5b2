"""委托代办, 常用意见 and personal settings: what people arrange for themselves."""

import html
from datetime import date, timedelta

import pytest
from django.urls import reverse
from django.utils import timezone

from accounts.actions import Refused
from accounts.audit import find_faults
from accounts.models import AuditEvent, User
from cases import people_actions
from cases.models import Phrase, Substitution
from tests import factories as make

from .census import at_once

pytestmark = pytest.mark.django_db
LIST, NEW = reverse("cases:substitution-list"), reverse("cases:substitution-create")
PHRASES, SETTINGS = reverse("cases:phrase-list"), reverse("accounts:settings")
DAY = timedelta(days=1)


def text(response):
    return html.unescape(response.content.decode())


def wanted(substitute, since=0, until=2, **fields):
    today = timezone.localdate()
    return {"substitute": substitute.pk, "from_on": today + since * DAY, "until_on": today + until * DAY, "reason": "出差"} | fields


@pytest.fixture
def client(handler):
    return make.client_of(handler)


@pytest.fixture
def colleague(edition):
    return make.worker("preparer", name="陈立")


# -- giving -------------------------------------------------------------------------------------------------------------------------------------------------


def test_a_substitute_is_named_for_some_days_and_logged(client, handler, colleague):
    response = client.post(NEW, wanted(colleague))

    made = Substitution.objects.get()
    assert response["Location"] == LIST
    assert (made.person, made.substitute, made.reason, (made.until_on - made.from_on).days) == (handler, colleague, "出差", 2)
    event = AuditEvent.objects.get(action="substitution.start")
    assert (event.by, colleague.username in event.facts) == (handler, True)
    assert list(find_faults()) == []
    shown = text(client.get(LIST))
    assert "代办中" in shown
    assert "陈立" in shown


@pytest.mark.parametrize(("since", "until", "message"), [(-1, 2, "开始日期不能早于今天"), (3, 1, "结束日期不能早于开始日期"), (0, 0, None), (400, 500, None)])
def test_the_days_must_lie_ahead_and_in_order(client, colleague, since, until, message):
    response = client.post(NEW, wanted(colleague, since, until))

    assert (Substitution.objects.count(), response.status_code) == ((0, 200) if message else (1, 302))
    if message:
        assert message in text(response)
        assert "出差" in text(response)


def test_only_colleagues_in_office_with_a_business_role_may_stand_in(client, handler):
    for person in (handler, make.person("preparer", disabled=True), make.person("auditor"), make.person("system_admin"), make.person()):
        assert client.post(NEW, wanted(person)).status_code == 200
    assert Substitution.objects.count() == 0

    assert client.post(NEW, wanted(make.person("registrar"))).status_code == 302


@pytest.mark.parametrize(("since", "until", "overlaps"), [(0, 1, False), (0, 2, True), (3, 3, True), (4, 9, True), (5, 9, False), (0, 9, True)])
def test_days_that_overlap_are_refused_with_a_reason(client, colleague, since, until, overlaps):
    client.post(NEW, wanted(colleague, 2, 4))

    response = client.post(NEW, wanted(make.person("reviewer"), since, until))

    assert Substitution.objects.count() == (1 if overlaps else 2)
    if overlaps:
        assert "已委托陈立代办，日期有重叠" in text(response)
        assert 'id="id_from_on_error"' in text(response)


def test_days_of_a_revoked_one_are_free_again(client, colleague):
    client.post(NEW, wanted(colleague))
    made = Substitution.objects.get()

    client.post(reverse("cases:substitution-revoke", args=[made.pk]))
    client.post(reverse("cases:substitution-revoke", args=[made.pk]))

    made.refresh_from_db()
    assert made.revoked_at is not None
    assert AuditEvent.objects.filter(action="substitution.revoke").count() == 1
    assert "已撤销" in text(client.get(LIST))
    assert client.post(NEW, wanted(colleague)).status_code == 302


@pytest.mark.django_db(transaction=True)
def test_two_at_a_time_cannot_overlap():
    person, first, second = (make.person("preparer") for _number in range(3))
    today = timezone.localdate()

    def give(substitute):
        people_actions.substitute(person=person, substitute=substitute, from_on=today, until_on=today, reason="出差")

    outcomes = at_once(lambda: give(first), lambda: give(second))

    assert Substitution.objects.count() == 1
    assert [type(outcome) for outcome in outcomes if outcome] == [Refused]


def test_a_substitution_of_others_is_absent(client, colleague):
    given = make.substitution(colleague, make.person("reviewer"))

    for pk in (given.pk, given.pk + 99):
        assert client.post(reverse("cases:substitution-revoke", args=[pk])).status_code == 404
    given.refresh_from_db()
    assert given.revoked_at is None
    assert "陈立" not in text(client.get(LIST)).split("<main")[1]


@pytest.mark.parametrize(("since", "until", "state"), [(-9, -1, "已结束"), (2, 3, "未开始"), (-1, 1, "代办中")])
def test_the_list_says_whether_it_holds_today(client, handler, colleague, since, until, state):
    today = timezone.localdate()
    make.substitution(handler, colleague, since=today + since * DAY, until=today + until * DAY)

    assert state in text(client.get(LIST))
    assert state in text(make.client_of(colleague).get(LIST))


# -- standing in --------------------------------------------------------------------------------------------------------------------------------------------


def test_the_bar_names_whom_one_stands_in_for_today(client, handler, colleague):
    make.substitution(colleague, handler)
    make.substitution(make.person("preparer", name="以后的"), handler, since=date(2099, 1, 1), until=date(2099, 1, 2))

    shown = text(client.get(LIST)).split("<main")[0]

    assert "代办：陈立" in shown
    assert "以后的" not in shown
    assert "代办：" not in text(make.client_of(colleague).get(LIST)).split("<main")[0]


def test_whoever_stands_in_for_a_case_worker_gets_in(handler):
    editor = make.signed_in("editor")
    assert editor.get(reverse("cases:case-list")).status_code == 403
    case = make.case("2.1", handler)

    make.substitution(handler, editor.person)

    editor = make.client_of(User.objects.get(pk=editor.person.pk))
    assert case.title in text(editor.get(reverse("cases:case-list")))
    assert case.title in text(editor.get(reverse("cases:today")))


def test_both_names_stand_in_the_course_of_the_case(handler, reviewer, colleague):
    case = make.case("4.1", handler)
    make.substitution(handler, colleague)
    make.act(case, "ask_waiver", f"material:{case.materials.first().pk}", by=colleague, reason="原件留存")

    shown = text(make.client_of(reviewer).get(case.approvals.get().get_absolute_url()))

    assert shown.count("陈立（代 林晓舟）") == 2  # who submitted it, the timeline


# -- phrases ------------------------------------------------------------------------------------------------------------------------------------------------


def test_own_phrases_are_added_and_dropped(client, handler):
    client.post(PHRASES, {"text": "请补充材料后再报。"})
    phrase = Phrase.objects.get()
    assert (phrase.person, "请补充材料后再报。" in text(client.get(PHRASES))) == (handler, True)

    again = client.post(PHRASES, {"text": "请补充材料后再报。"})
    assert "已有这条常用意见" in text(again)

    client.post(reverse("cases:phrase-delete", args=[phrase.pk]))
    assert Phrase.objects.count() == 0
    assert list(AuditEvent.objects.filter(action__startswith="phrase").values_list("action", flat=True)) == ["phrase.add", "phrase.drop"]


def test_phrases_of_others_are_absent(client, colleague):
    phrase = Phrase.objects.create(person=colleague, text="别人的话")

    assert client.post(reverse("cases:phrase-delete", args=[phrase.pk])).status_code == 404
    assert "别人的话" not in text(client.get(PHRASES))
    assert client.post(PHRASES, {"text": "别人的话"}).status_code == 302
    assert Phrase.objects.count() == 2


# -- settings -----------------------------------------------------------------------------------------------------------------------------------------------


def test_settings_are_kept_and_dress_every_page(client, handler):
    before = text(client.get(LIST))
    assert "data-care" not in before
    assert 'data-density="standard"' in before
    assert 'data-shortcuts="on"' in before

    client.post(SETTINGS, {"density": "compact", "text_size": "large"})

    after = text(client.get(LIST))
    for mark in ('data-care="1"', 'data-density="compact"', 'data-shortcuts="off"', "单键快捷键已在个人设置中关闭"):
        assert mark in after
    event = AuditEvent.objects.get(action="person.settings")
    assert (event.by, "large" in event.facts) == (handler, True)


def test_a_setting_that_does_not_exist_is_refused_and_dresses_nothing(client, handler):
    response = client.post(SETTINGS, {"density": "x", "text_size": "large"})

    assert response.status_code == 200
    assert "data-care" not in text(response)
    handler.refresh_from_db()
    assert (handler.density, handler.text_size) == ("standard", "standard")


@pytest.mark.parametrize("role", ["system_admin", "auditor", "editor", "preparer"])
def test_everybody_has_settings_and_only_case_workers_phrases(db, role):
    shown = text(make.signed_in(role).get(SETTINGS))

    assert (PHRASES in shown) == (role == "preparer")


# -- the shell ------------------------------------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("role", "keys"),
    [
        ("preparer", {"?", "/", "Ctrl K", "Esc", "Ctrl Enter", "g t", "g c", "g a", "c", "x", "1–9", "j", "k", "Enter"}),
        ("leader", {"?", "/", "Ctrl K", "Esc", "Ctrl Enter", "g t", "g c", "g a", "x", "1–9", "j", "k", "Enter"}),
        ("auditor", {"?", "/", "Ctrl K", "Esc", "Ctrl Enter", "g t", "j", "k", "Enter"}),
    ],
)
def test_the_keys_of_a_page_are_those_that_the_person_can_use(db, role, keys):
    client = make.signed_in(role)
    shown = text(client.get(reverse("cases:today")))
    dialog = shown.split('id="keys"')[1]

    found = {part.split('"')[0] for part in dialog.split('data-keys="')[1:]}
    addresses = [part.split('"')[0] for part in dialog.split('data-address="')[1:]]

    assert found == keys
    assert {client.get(address).status_code for address in addresses} == {200}


def test_public_pages_do_not_ask_who_is_there(client, edition, django_assert_num_queries):
    with django_assert_num_queries(0):
        response = client.get("/no-such-page/")
    assert response.status_code == 404
    assert "data-shortcuts" not in text(response)
