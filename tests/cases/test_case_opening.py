"""Opening a case: for which items, with which first facts."""

import pytest
from django import forms
from django.urls import reverse
from django.utils import timezone

from cases.kinds import CaseKind, register, unregister
from cases.models import Assignment, Case
from duties.models import DutyItem
from tests import factories as make

from .pages import absent, internal_procedure, text_of

pytestmark = pytest.mark.django_db


def test_the_items_are_listed_and_begin_a_case_for_whom_they_are_assigned(edition):
    client = make.client_of(make.worker("preparer", "2.1", "3.2"))

    response = client.get(reverse("cases:case-new"))

    body = response.content.decode()
    assert [code for code in ("1.1", "1.2", "2.1", "2.2", "2.3", "3.1", "3.2", "4.1") if f'href="/cases/new/{code}/"' in body] == ["2.1"]
    assert len(response.context["rows"]) == 8
    assert "没有信息表，也没有内部办理程序" in text_of(response)


def test_without_a_list_there_is_nothing_to_begin(db):
    assert "还没有职责清单" in text_of(make.signed_in("preparer").get(reverse("cases:case-new")))


def test_a_case_is_opened_and_its_page_comes(handler):
    client = make.client_of(handler)

    response = client.post("/cases/new/2.1/", {"title": "神港市商会来访", "sensitivity": "public"}, follow=True)

    case = Case.objects.get()
    assert response.redirect_chain == [(case.get_absolute_url(), 302)]
    assert (case.title, case.sensitivity, case.handler) == ("神港市商会来访", "public", handler)
    assert f"已立项，编号 {case.number}。" in text_of(response)


def test_an_untitled_case_is_not_opened(handler):
    response = make.client_of(handler).post("/cases/new/2.1/", {"title": " ", "sensitivity": "internal"})

    assert 'class="errsum"' in response.content.decode()
    assert not Case.objects.exists()


def test_a_case_that_seems_to_be_open_already_is_looked_at_first(case, handler):
    client, typed = make.client_of(handler), {"title": case.title, "sensitivity": "internal"}

    warned = client.post("/cases/new/2.1/", typed)

    assert f'href="{case.get_absolute_url()}"' in warned.content.decode()
    assert Case.objects.count() == 1
    client.post("/cases/new/2.1/", typed | {"sure": "1"})
    assert Case.objects.count() == 2


@pytest.mark.parametrize(("code", "role"), [("4.1", "preparer"), ("9.9", "preparer")])
def test_an_item_that_is_not_ones_own_is_absent(edition, code, role):
    client = make.client_of(make.worker(role, "2.1"))

    response = client.get(f"/cases/new/{code}/")

    assert (response.status_code, response.content) == (404, absent(client))


def test_an_item_without_a_procedure_says_so_and_runs_with_an_internal_one(handler):
    client = make.client_of(handler)
    before = client.post("/cases/new/3.2/", {"title": "全国展会", "sensitivity": "internal"})
    assert "暂时不能立项" in text_of(before)
    assert not Case.objects.exists()
    internal_procedure()

    assert "内部办理程序" in text_of(client.get("/cases/new/3.2/"))
    client.post("/cases/new/3.2/", {"title": "全国展会", "sensitivity": "internal"})

    assert Case.objects.get().number.startswith("3.2-")


def test_a_substitute_opens_cases_for_whom_they_stand_in(handler):
    substitute = make.person("preparer")
    make.substitution(handler, substitute)

    make.client_of(substitute).post("/cases/new/2.1/", {"title": "来访", "sensitivity": "internal"})

    assert (Case.objects.get().handler, Case.objects.get().opened_by) == (handler, substitute)


class PlaceForm(forms.Form):
    place = forms.CharField(label="地点", max_length=10)

    def clean(self):
        if self.cleaned_data.get("place") == "天外":
            raise forms.ValidationError("没有这个地点。")
        return self.cleaned_data


def test_opening_asks_for_the_first_facts_of_the_kind(handler):
    kind = register(CaseKind(("3.1",), form=PlaceForm))
    client, typed = make.client_of(handler), {"title": "经贸活动", "sensitivity": "internal"}
    try:
        assert "地点" in text_of(client.get("/cases/new/3.1/"))
        assert "地点" in text_of(client.post("/cases/new/3.1/", typed)).split("立项并开始办理")[0]
        assert "没有这个地点。" in text_of(client.post("/cases/new/3.1/", typed | {"place": "天外"}))
        assert not Case.objects.exists()
        client.post("/cases/new/3.1/", typed | {"place": "天津"})
    finally:
        unregister(kind)

    assert Case.objects.get().item_id == "3.1"


def test_the_items_of_a_person_may_end(handler):
    Assignment.objects.filter(user=handler, item=DutyItem.objects.get(pk="2.1")).update(ended_at=timezone.now(), ended_by=handler)

    assert make.client_of(handler).get("/cases/new/2.1/").status_code == 404
