from io import StringIO

import pytest
from django.core.management import call_command
from django.db import connection
from django.urls import reverse

from core.models import SearchEntry
from tests import factories as make

SEARCH = reverse("cases:search")


def found(client, query, **headers):
    return client.get(SEARCH, {"q": query}, headers=headers)


def titles(response):
    return {"".join(hit.title): hit.url for group in response.context["groups"] for hit in group.hits}


@pytest.mark.parametrize("query", ["商工", "sgssgl", "shanggong", "0001", "商工聯合"])
def test_a_case_is_found_by_who_may_see_it(handler, query):
    case = make.case("2.1", handler)

    assert titles(found(make.client_of(handler), query))[case.title] == case.get_absolute_url()


def test_a_case_out_of_scope_is_not_found(handler):
    make.case("2.1", handler)
    stranger = make.worker("preparer", "4.1")

    response = found(make.client_of(stranger), "商工联合会")

    assert titles(response) == {}
    assert "没有找到“商工联合会”" in response.content.decode()
    assert "神港" not in response.content.decode()


def test_a_new_title_is_found_and_the_old_one_is_not(handler):
    case = make.case("2.1", handler)
    make.act(case, "edit", title="北湾机械展览公司来访", sensitivity="internal")

    client = make.client_of(handler)

    assert set(titles(found(client, "北湾"))) == {"北湾机械展览公司来访"}
    assert titles(found(client, "神港")) == {}


def test_items_and_actions_are_found(handler):
    response = found(make.client_of(handler), "4.1")

    assert [hit.url for hit in response.context["acts"]] == [reverse("cases:case-create", args=["4.1"])]
    assert reverse("duties:item", args=["4.1"]) in titles(response).values()


def test_people_are_found_by_administrators_only(handler):
    assert handler.get_absolute_url() in titles(found(make.signed_in("system_admin"), "lxz")).values()
    assert titles(found(make.client_of(handler), handler.username)) == {}


@pytest.mark.parametrize(("query", "told"), [("神", "请至少输入两个字"), ("神" * 200_000, "查询太长"), ("\x00", "请至少输入两个字"), ("%%", "没有找到")])
def test_what_cannot_be_looked_up_is_told(handler, query, told):
    response = found(make.client_of(handler), query)

    assert (response.status_code, told in response.content.decode()) == (200, True)


def test_the_match_is_marked_and_the_panel_has_no_shell(handler):
    make.case("2.1", handler)

    response = found(make.client_of(handler), "sgssgl", **{"X-Panel": "1"})

    assert "<mark>神港市商工联</mark>合会代表团来访" in response.content.decode()
    assert "<html" not in response.content.decode()
    assert "X-Panel" in response["Vary"]


SEARCH_QUERIES = 22 if connection.vendor == "sqlite" else 36  # up to six for each kind of thing that can be found


def test_the_number_of_queries_does_not_grow(handler, django_assert_max_num_queries):
    client = make.client_of(handler)
    make.case("2.1", handler)
    found(client, "神港")
    with django_assert_max_num_queries(SEARCH_QUERIES):
        found(client, "神港")
    for _number in range(30):
        make.case("2.1", handler)

    with django_assert_max_num_queries(SEARCH_QUERIES):
        assert len(titles(found(client, "神港"))) == 1  # all bear one title


def test_the_index_is_rebuilt(handler):
    case = make.case("2.1", handler)
    SearchEntry.objects.all().delete()
    SearchEntry.objects.create(kind="case", object_pk=case.pk + 1, title="旧", text="旧的")

    output = StringIO()
    call_command("rebuild_search", stdout=output)

    assert output.getvalue() == f"已重建搜索索引，共 {SearchEntry.objects.count()} 条\n"
    assert set(titles(found(make.client_of(handler), "神港"))) == {case.title}
