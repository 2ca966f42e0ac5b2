"""Drafts of what is typed about a case: kept, offered again, gone when sent."""

import json
import re
from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone

from accounts.sessions import SEEN
from cases import drafts
from cases.models import Draft
from tests import factories as make

from .pages import address, text_of

pytestmark = pytest.mark.django_db


def keep(client, path, **typed):
    return client.post("/drafts/", {"address": path, "fields": json.dumps(list(typed.items()))})


def test_a_draft_is_offered_restored_and_gone_when_the_form_is_sent(case, handler):
    client, path = make.client_of(handler), address(case, "hold")
    answer = keep(client, path, reason="缺译文", others="译文", missing=case.materials.last().name, csrfmiddlewaretoken="secret", version="1")
    assert re.fullmatch(r"\d\d:\d\d", answer.json()["at"])
    assert dict(Draft.objects.get().fields).keys() == {"reason", "others", "missing"}

    offered, restored = client.get(path), client.get(f"{path}?draft=1")

    assert "恢复草稿" in text_of(offered)
    assert "缺译文" not in offered.content.decode()
    form = restored.context["form"]
    assert (form["reason"].value(), form["others"].value(), form["missing"].value()) == ("缺译文", "译文", [case.materials.last().name])
    assert not form.errors
    client.post(path, {"version": 1, "reason": "材料不齐"})
    assert not Draft.objects.exists()


def test_a_draft_of_a_new_case_is_restored_too(handler):
    client = make.client_of(handler)
    keep(client, "/cases/new/2.1/", title="神港市", sensitivity="public")

    form = client.get("/cases/new/2.1/?draft=1").context["form"]

    assert (form["title"].value(), form["sensitivity"].value()) == ("神港市", "public")
    client.post("/cases/new/2.1/", {"title": "神港市", "sensitivity": "public"})
    assert not Draft.objects.exists()


def test_a_draft_is_kept_without_scripts_by_a_button(case, handler):
    client, path = make.client_of(handler), address(case, "note")

    response = client.post("/drafts/", {"address": path, "text": "写到一半", "version": 1}, follow=True)

    assert response.redirect_chain == [(f"{path}?draft=1", 302)]
    assert response.context["form"]["text"].value() == "写到一半"
    assert "草稿已保存" in text_of(response)


def test_drafts_are_each_persons_own(case, handler):
    path = address(case, "note")
    keep(make.client_of(handler), path, text="只给自己看")

    response = make.client_of(make.worker("preparer", "2.1")).get(f"{path}?draft=1")

    assert "草稿" not in text_of(response).replace("存为草稿", "")
    assert "只给自己看" not in response.content.decode()


def test_a_draft_is_discarded_and_replaced(case, handler):
    client, path = make.client_of(handler), address(case, "note")
    keep(client, path, text="一")
    keep(client, path, text="二")
    assert Draft.objects.get().fields == [["text", "二"]]

    response = client.post("/drafts/", {"address": path, "discard": "1"})

    assert (response.status_code, response["Location"]) == (302, path)
    assert not Draft.objects.exists()


@pytest.mark.parametrize(
    "typed",
    [
        {"address": "/nowhere/", "fields": "[]"},
        {"address": "https://example.com/", "fields": "[]"},
        {"address": "/cases/" + "9" * 200 + "/do/note/", "fields": "[]"},
        {"address": "/cases/1/do/note/", "fields": "{"},
        {"address": "/cases/1/do/note/", "fields": '{"a": 1}'},
        {"address": "/cases/1/do/note/", "fields": '[["a"]]'},
        {"address": "/cases/1/do/note/", "fields": json.dumps([["text", "长" * 60_001]])},
    ],
)
def test_what_is_no_draft_is_refused(typed, db):
    assert make.signed_in("preparer").post("/drafts/", typed).status_code == 400
    assert not Draft.objects.exists()


def test_a_draft_too_long_is_told_without_scripts_too(case, handler):
    response = make.client_of(handler).post("/drafts/", {"address": address(case, "note"), "text": "长" * 60_001}, follow=True)

    assert "内容太长，草稿没有保存" in text_of(response)


def test_discarding_does_not_lead_away_from_the_portal(db):
    response = make.signed_in("preparer").post("/drafts/", {"address": "https://example.com/", "discard": "1"})

    assert response["Location"] == reverse("cases:today")


def test_old_drafts_and_too_many_of_one_person_go(handler, monkeypatch):
    monkeypatch.setattr(drafts, "MAX_DRAFTS", 3)
    stranger = make.person("preparer")
    drafts.save(stranger, "/cases/1/do/note/", [("text", "旧")])
    Draft.objects.update(saved_at=timezone.now() - drafts.KEPT - timedelta(minutes=1))
    assert drafts.find(stranger, "/cases/1/do/note/") is None

    for number in range(5):
        drafts.save(handler, f"/cases/{number}/do/note/", [("text", str(number))])

    assert sorted(Draft.objects.values_list("address", flat=True)) == [f"/cases/{number}/do/note/" for number in (2, 3, 4)]


def test_a_draft_outlives_the_session_in_which_it_was_typed(case, handler):
    client, path = make.client_of(handler), address(case, "note")
    keep(client, path, text="还没写完")
    session = client.session
    session[SEEN] = (timezone.now() - timedelta(days=2)).timestamp()
    session.save()
    assert client.post(path, {"version": 1, "text": "还没写完"}, headers={"Referer": f"http://testserver{path}"})["Location"] == f"/accounts/login/?next={path}"

    again = make.client_of(handler).get(f"{path}?draft=1")

    assert again.context["form"]["text"].value() == "还没写完"
    assert not case.timeline.filter(kind="note").exists()


def test_a_draft_reads_as_its_address():
    assert str(Draft(address="/cases/1/do/note/")) == "/cases/1/do/note/"
