"""Own account, people and roles: what the pages show, ask, refuse and do, and how many queries they take."""

import pytest
from django.contrib.auth.models import Group
from django.test import Client

from accounts import actions
from accounts.models import AuditEvent, RoleRequest, User
from accounts.roles import ROLES
from tests import factories as make

pytestmark = pytest.mark.django_db


def page(response):
    return response.content.decode()


def again(client):
    """A fresh initial sign-in is not enough for what asks for the password again."""
    client.post("/accounts/reauthenticate/", {"password": make.PASSWORD})
    return client


@pytest.fixture
def system_admin():
    return make.signed_in("system_admin")


@pytest.fixture
def security_admin():
    return make.signed_in("security_admin")


# Own account


def test_the_account_page_explains_the_own_roles():
    shown = page(make.signed_in("preparer", "editor", name="李娜").get("/account/"))

    assert "李娜" in shown
    for slug in ("preparer", "editor"):
        assert str(ROLES[slug].description) in shown
    assert str(ROLES["signer"].description) not in shown


def test_the_account_page_says_where_roles_come_from():
    assert "角色由系统管理员申请、安全管理员批准" in page(make.signed_in().get("/account/"))


def test_the_account_page_lists_own_sign_ins_only():
    person, other = make.person(), make.person()
    Client().post("/accounts/login/", {"login": other.username, "password": "x"}, REMOTE_ADDR="192.0.2.66")
    Client().post("/accounts/login/", {"login": person.username, "password": "x"}, REMOTE_ADDR="192.0.2.77")
    Client().post("/accounts/login/", {"login": person.username, "password": make.PASSWORD}, REMOTE_ADDR="192.0.2.78")

    shown = page(make.client_of(person).get("/account/"))

    assert "192.0.2.66" not in shown
    assert "192.0.2.77" in shown
    assert "192.0.2.78" in shown


@pytest.mark.parametrize(("language", "value"), [("en", "en"), ("zh-hans", "zh-hans")])
def test_the_language_is_kept_in_a_cookie(language, value):
    client = Client()

    response = client.post("/language/", {"language": language, "next": "/accounts/login/"})

    assert response["Location"] == "/accounts/login/"
    assert client.cookies["django_language"].value == value


def test_an_unknown_language_changes_nothing():
    client = Client()

    client.post("/language/", {"language": "tlh", "next": "/accounts/login/"})

    assert "django_language" not in client.cookies


def test_the_language_leads_nowhere_else():
    assert Client().post("/language/", {"language": "en", "next": "https://evil.example/"})["Location"] == "/today/"


def test_the_chosen_language_is_used():
    client = Client()
    assert '<html lang="zh-CN">' in page(client.get("/accounts/login/"))

    client.post("/language/", {"language": "en"})

    assert '<html lang="en">' in page(client.get("/accounts/login/"))


# People


def test_people_are_found_by_name_and_by_login_name(system_admin):
    make.person(username="li.na", name="李娜")
    make.person(username="zhao.liu", name="赵六")

    assert [person.name for person in system_admin.get("/people/?q=李").context["people"]] == ["李娜"]
    assert [person.name for person in system_admin.get("/people/?q=ZHAO").context["people"]] == ["赵六"]


def test_people_are_filtered_by_role_and_state(system_admin):
    make.person("editor", name="甲")
    make.person("editor", name="乙", disabled=True)
    make.person("signer", name="丙")

    assert [person.name for person in system_admin.get("/people/?role=editor&state=active").context["people"]] == ["甲"]
    assert [person.name for person in system_admin.get("/people/?role=editor&state=disabled").context["people"]] == ["乙"]


@pytest.mark.parametrize("query", ["q=没有这个人", "role=nonsense", "q=%00", "state=x", "q=" + "x" * 41])
def test_a_search_without_result_says_what_to_do(system_admin, query):
    response = system_admin.get(f"/people/?{query}")

    assert response.status_code == 200
    assert "没有找到符合条件的人员" in page(response)


def test_people_come_in_pages(system_admin, monkeypatch):
    monkeypatch.setattr("accounts.views.PAGE_SIZE", 2)
    for _number in range(4):
        make.person()

    middle = page(system_admin.get("/people/?q=person&page=2"))

    assert 'href="?q=person&amp;page=1"' in middle
    assert 'href="?q=person&amp;page=3"' in middle
    assert list(system_admin.get("/people/?page=99").context["people"]) == list(system_admin.get("/people/?page=3").context["people"])


def test_the_list_shows_each_state(security_admin):
    make.person(disabled=True)
    actions.create_person(username="fresh", name="甲", by=None)
    locked = make.person()
    for _time in range(5):
        Client().post("/accounts/login/", {"login": locked.username, "password": "x"})

    shown = page(security_admin.get("/people/"))

    for state in ("停用", "待改初始密码", "登录锁定", "启用"):
        assert state in shown


@pytest.mark.parametrize(("role", "address"), [("system_admin", "/people/"), ("security_admin", "/people/"), ("system_admin", "/people/?q=person&role=editor")])
def test_the_list_takes_the_same_queries_for_any_number_of_people(role, address, django_assert_max_num_queries):
    client = make.signed_in(role)
    client.get(address)
    counted = []
    for _round in range(2):
        for _person in range(3):
            make.person("editor", "preparer")
        with django_assert_max_num_queries(10) as queries:
            client.get(address)
        counted.append(len(queries))

    assert counted[0] == counted[1]


def test_a_new_person_gets_an_initial_password_that_is_shown_once(system_admin):
    response = system_admin.post("/people/new/", {"username": "Li.Na", "name": "李娜", "roles": ["preparer", "editor"]})

    assert response["Location"] == "/people/li.na/password/"
    password = system_admin.get("/people/li.na/password/").context["password"]
    assert User.objects.get(username="li.na").check_password(password)
    assert "已不能再查看" in page(system_admin.get("/people/li.na/password/"))


def test_a_new_person_holds_no_role_until_another_approves(system_admin):
    system_admin.post("/people/new/", {"username": "li.na", "name": "李娜", "roles": ["preparer", "editor"]})

    person = User.objects.get(username="li.na")
    assert person.held_roles == []
    assert set(person.role_requests.values_list("role__name", "asked_by", "decision")) == {
        ("preparer", system_admin.person.pk, ""),
        ("editor", system_admin.person.pk, ""),
    }


def test_an_initial_password_is_shown_under_its_own_name_only(system_admin):
    make.person(username="zhao.liu")
    system_admin.post("/people/new/", {"username": "li.na", "name": "李娜"})

    assert system_admin.get("/people/zhao.liu/password/").context["password"] == ""
    assert system_admin.head("/people/li.na/password/").status_code == 200
    assert system_admin.get("/people/li.na/password/").context["password"] != ""


@pytest.mark.parametrize(
    ("fields", "field", "reason"),
    [
        ({"username": "TAKEN"}, "username", "已有人使用"),
        ({"username": "new"}, "username", "不能使用"),
        ({"username": "李娜"}, "username", "合法"),
        ({"username": ""}, "username", "请填写这一项"),
        ({"name": ""}, "name", "请填写这一项"),
        ({"name": "甲" * 41}, "name", "40"),
        ({"roles": ["auditor", "preparer"]}, "roles", "不能由一人兼任"),
        ({"roles": ["nonsense"]}, "roles", "nonsense"),
    ],
)
def test_a_faulty_new_person_is_explained_beside_the_field_and_kept(system_admin, fields, field, reason):
    make.person(username="taken")

    response = system_admin.post("/people/new/", {"username": "li.na", "name": "李娜", "roles": ["preparer"]} | fields)

    assert list(response.context["form"].errors) == [field]
    assert reason in str(response.context["form"].errors[field])
    assert f'id="id_{field}_error"' in page(response)
    assert 'value="li.na"' in page(response) or "username" in fields
    assert not User.objects.filter(username="li.na").exists()


@pytest.mark.parametrize("address", ["", "disable/", "password/", "roles/"])
def test_an_absent_person_is_not_found(system_admin, address):
    assert system_admin.get(f"/people/nobody/{address}").status_code == 404


@pytest.mark.parametrize("address", ["enable/", "password/reset/"])
def test_nothing_is_done_to_an_absent_person(system_admin, address):
    assert again(system_admin).post(f"/people/nobody/{address}").status_code == 404


@pytest.mark.parametrize("address", ["unlock/", "sessions/end/"])
def test_the_security_administrator_finds_no_absent_person(security_admin, address):
    assert security_admin.post(f"/people/nobody/{address}").status_code == 404


def test_a_person_is_disabled_with_a_reason(system_admin):
    person = make.person("preparer")

    response = system_admin.post(f"/people/{person.username}/disable/", {"reason": "调离"}, follow=True)

    person.refresh_from_db()
    assert (person.is_active, person.disabled_reason) == (False, "调离")
    assert "已停用" in page(response)
    assert AuditEvent.objects.get(action="person.disable").by == system_admin.person


def test_disabling_asks_for_the_reason(system_admin):
    person = make.person()

    response = system_admin.post(f"/people/{person.username}/disable/", {"reason": ""})

    assert list(response.context["form"].errors) == ["reason"]
    assert User.objects.get(pk=person.pk).is_active


def test_nobody_disables_their_own_account(system_admin):
    response = system_admin.post(f"/people/{system_admin.person.username}/disable/", {"reason": "测试"})

    assert "不能停用自己的账号" in page(response)
    assert 'value="测试"' in page(response)


def test_a_disabled_person_is_enabled(system_admin):
    person = make.person("preparer", disabled=True)

    response = system_admin.post(f"/people/{person.username}/enable/", follow=True)

    person.refresh_from_db()
    assert (person.is_active, person.disabled_reason) == (True, "")
    assert "已启用" in page(response)
    assert [role.slug for role in person.held_roles] == ["preparer"]


@pytest.mark.parametrize(("address", "disabled"), [("enable/", False), ("disable/", True)])
def test_a_state_is_not_set_twice(system_admin, address, disabled):
    person = make.person(disabled=disabled)

    assert system_admin.post(f"/people/{person.username}/{address}", {"reason": "x"}).status_code == 404


def test_a_new_initial_password_asks_for_the_own_password_first(system_admin):
    person = make.person()
    address = f"/people/{person.username}/password/reset/"

    asked = system_admin.post(address)
    assert asked["Location"].startswith("/accounts/reauthenticate/?next=")
    done = system_admin.post(asked["Location"], {"password": make.PASSWORD, "next": address})

    assert done["Location"] == f"/people/{person.username}/password/"
    password = system_admin.get(done["Location"]).context["password"]
    assert User.objects.get(pk=person.pk).check_password(password)


def test_the_own_password_is_not_reset_but_changed(system_admin):
    response = again(system_admin).post(f"/people/{system_admin.person.username}/password/reset/", follow=True)

    assert "更改密码" in page(response)
    assert User.objects.get(pk=system_admin.person.pk).check_password(make.PASSWORD)


def test_a_person_page_offers_what_the_reader_may_do(system_admin, security_admin):
    person = make.person("preparer", disabled=True)

    for_system, for_security = (page(client.get(f"/people/{person.username}/")) for client in (system_admin, security_admin))

    assert "启用账号" in for_system
    assert "结束全部会话" not in for_system
    assert "启用账号" not in for_security
    assert "会话" in for_security


def test_a_person_page_takes_the_same_queries_for_any_history(security_admin, django_assert_max_num_queries):
    person = make.person()
    security_admin.get("/roles/")
    counted = []
    for roles in (["preparer"], ["reviewer", "signer", "editor"]):
        for role in roles:
            actions.ask_for_role(person=person, role=role, change="grant", reason="接替", by=make.person())
            make.client_of(person).get("/account/")
        with django_assert_max_num_queries(12) as queries:
            security_admin.get(f"/people/{person.username}/")
        counted.append(len(queries))

    assert counted[0] == counted[1]


# Roles


def test_roles_are_shown_with_what_they_may_do():
    shown = page(make.signed_in("leader").get("/roles/"))

    for role in ROLES.values():
        assert str(role.description) in shown
    assert "批准授予或收回角色" in shown


def test_a_role_is_asked_for_with_a_reason(system_admin):
    person = make.person("preparer")

    response = system_admin.post(f"/people/{person.username}/roles/", {"change": "grant", "role": "reviewer", "reason": "接替"}, follow=True)

    asked = RoleRequest.objects.get()
    assert (asked.person, asked.role.name, asked.change, asked.reason, asked.asked_by) == (person, "reviewer", "grant", "接替", system_admin.person)
    assert "待批准" in page(response)


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({"reason": ""}, "reason"),
        ({"role": "nonsense"}, "role"),
        ({"change": "steal"}, "change"),
        ({"role": "auditor"}, "role"),
        ({"role": "preparer"}, "role"),
    ],
)
def test_a_faulty_request_is_explained_beside_the_field(system_admin, fields, field):
    person = make.person("preparer")

    response = system_admin.post(f"/people/{person.username}/roles/", {"change": "grant", "role": "reviewer", "reason": "接替"} | fields)

    assert list(response.context["form"].errors) == [field]
    assert not RoleRequest.objects.exists()


def make_request(role="reviewer"):
    return actions.ask_for_role(person=make.person("preparer"), role=role, change="grant", reason="接替", by=make.person("system_admin"))


@pytest.mark.parametrize(("decision", "held"), [("approved", ["preparer", "reviewer"]), ("refused", ["preparer"])])
def test_the_security_administrator_decides(security_admin, decision, held):
    asked = make_request()
    assert "接替" in page(security_admin.get("/role-requests/"))

    response = security_admin.post(f"/role-requests/{asked.pk}/decide/", {"decision": decision}, follow=True)

    assert "已记录决定" in page(response)
    assert "没有待批准的申请" in page(response)
    assert [role.slug for role in User.objects.get(pk=asked.person_id).held_roles] == held


def test_a_decision_that_is_none_is_asked_for_again(security_admin):
    asked = make_request()

    response = security_admin.post(f"/role-requests/{asked.pk}/decide/", {"decision": "maybe"}, follow=True)

    assert "请选择批准或不批准" in page(response)
    assert RoleRequest.objects.get().decision == ""


def test_a_decision_that_is_not_allowed_says_why(security_admin):
    asked = make_request()
    asked.person.groups.set([Group.objects.get(name="auditor")])

    response = security_admin.post(f"/role-requests/{asked.pk}/decide/", {"decision": "approved"}, follow=True)

    assert "不能兼任" in page(response)


def test_an_absent_request_is_not_found(security_admin):
    assert security_admin.post("/role-requests/999/decide/", {"decision": "approved"}).status_code == 404


def test_the_requests_take_the_same_queries_for_any_number(security_admin, django_assert_max_num_queries):
    security_admin.get("/roles/")
    counted = []
    for number in (1, 3):
        for _time in range(number):
            make_request()
            decided = make_request()
            actions.decide_role(asked=decided, approve=False, by=make.person("security_admin"))
        with django_assert_max_num_queries(10) as queries:
            security_admin.get("/role-requests/")
        counted.append(len(queries))

    assert counted[0] == counted[1]


# Refusals


def test_a_refusal_is_recorded():
    client = make.signed_in("preparer")

    assert client.get("/people/").status_code == 403

    event = AuditEvent.objects.last()
    assert (event.action, event.subject, event.by) == ("access.refuse", "/people/", client.person)


def test_a_refusal_says_why_and_who_helps():
    response = make.signed_in("preparer").get("/people/")

    assert "当前账号的角色不能查看这个页面" in page(response)
    assert '<html lang="zh-CN">' in page(response)


def test_a_form_without_a_token_says_what_to_do():
    response = Client(enforce_csrf_checks=True).post("/accounts/login/", {"login": "a", "password": "b"})

    assert response.status_code == 403
    assert "请返回上一页，刷新后再提交" in page(response)
