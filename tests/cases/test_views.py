import re

import pytest
from django.conf import settings
from django.urls import reverse

from duties.publishing import make_drafts, publish_edition
from duties.reading import read
from tests import factories as make

TODAY = reverse("cases:today")


@pytest.fixture
def edition(db):
    source = settings.BASE_DIR / "fixtures/source/duty-list.txt"
    return publish_edition(make_drafts(read(source.read_bytes())), by=None)


def links_of(response):
    return set(re.findall(r'href="(/[^"#]*)"', response.content.decode()))


def test_today_sends_whoever_is_not_signed_in_to_sign_in(client, db):
    response = client.get(TODAY)

    assert (response.status_code, response["Location"]) == (302, f"{reverse('account_login')}?next={TODAY}")


def test_today_cannot_be_posted_to(db):
    assert make.signed_in("preparer").post(TODAY).status_code == 405


def test_today_shows_the_items_and_what_the_role_does(edition):
    response = make.signed_in("editor").get(TODAY)

    assert [entry.item_id for entry in response.context["entries"]] == ["1.1", "1.2", "2.1", "2.2", "2.3", "3.1", "3.2", "4.1"]
    assert {reverse("duties:item", args=[entry.item_id]) for entry in response.context["entries"]} <= links_of(response)
    assert response.content.decode().count("信息表未随源文件提供") == 1
    assert [role.slug for role in response.context["roles"]] == ["editor"]
    assert "起草和修改职责事项信息表" in response.content.decode()


def test_today_before_a_list_is_published_says_so(db):
    assert "还没有职责清单" in make.signed_in("editor").get(TODAY).content.decode()


def test_today_tells_whoever_has_no_role_whom_to_ask(db):
    assert "请联系系统管理员申请" in make.signed_in().get(TODAY).content.decode()


@pytest.mark.parametrize(
    ("role", "offered"),
    [
        ("preparer", set()),
        ("system_admin", {"accounts:people-list", "accounts:person-create"}),
        ("security_admin", {"accounts:people-list", "accounts:role-requests"}),
        ("auditor", set()),
    ],
)
def test_today_links_only_to_what_the_role_may_open(db, role, offered):
    client = make.signed_in(role)
    links = links_of(client.get(TODAY))

    assert {view for view in ("accounts:people-list", "accounts:person-create", "accounts:role-requests") if reverse(view) in links} == offered
    assert {link for link in links if not link.startswith(("/static/", "/duties/")) and client.get(link, follow=True).status_code != 200} - {"/"} == set()


@pytest.mark.parametrize("role", ["editor", "system_admin"])
def test_today_asks_a_fixed_number_of_queries(edition, django_assert_num_queries, role):
    client = make.signed_in(role)
    client.get(TODAY)  # the first request stamps the session

    with django_assert_num_queries(8):  # two of them ask whom the person stands in for, one what files wait to be fetched
        client.get(TODAY)


@pytest.mark.parametrize("role", ["editor", "preparer", "system_admin"])
def test_search_field_leads_to_the_search_page(db, role):
    body = make.signed_in(role).get(TODAY).content.decode()

    assert f'<form role="search" method="get" action="{reverse("cases:search")}">' in re.sub(r"\s+", " ", body)
