"""Every address of a case or of one of its parts × 13 actors × (own, seen, out of sight, absent) × GET and POST.

What is out of sight answers byte for byte as what never was. An address that comes anew is looked at by itself.
"""

import re
from datetime import timedelta

import pytest
from django.conf import settings
from django.db import connection, transaction
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts.models import User
from accounts.roles import ROLES
from accounts.sessions import SEEN
from cases import print_views
from cases.kinds import Action
from cases.models import Approval, Case, Phrase
from cases.models.cases import CaseQuerySet
from cases.standing import Standing
from tests import factories as make
from tests.test_permissions import ACTORS, PARAMETER, STRANGERS, URLS, asked_to_sign_in

from .census import content

pytestmark = pytest.mark.django_db

OF_A_CASE = {name: route for name, route, _pattern in URLS if name.startswith("cases:") and "number>" in route}
WORKERS = {role.slug for role in ROLES.values() if "cases.view_case" in role.permissions}
SEE_ALL = {role.slug for role in ROLES.values() if "cases.view_all_cases" in role.permissions}
NOTES = {role.slug for role in ROLES.values() if "cases.annotate_case" in role.permissions}
ABSENT = 10**9
ABSURD = ("0", "9.9-2026-0001", "2.1-2026-99999999", "x" * 300, "2.1-2026-0001%20", "..", "%00", "２.１-2026-0001", "' OR 1=1 --", "%F0%9F%98%80")
CHANGING = re.compile(rb'name="csrfmiddlewaretoken" value="\w+"')

# What an address answers to who sees the case: (GET, POST), for the action "note", which all of NOTES have on every case.
SEEN_ANSWERS = {
    "cases:case-detail": (200, 405),
    "cases:case-do": (200, 302),
    "cases:step-do": (404, 404),  # a note is written on the case, not on a step
    "cases:part-do": (404, 404),
    "cases:case-form": (200, 405),
    "cases:hold-notice": (200, 405),
    "cases:case-file": (200, 405),
}


@pytest.fixture(autouse=True)
def _prints_at_once(monkeypatch):
    for name in ("form_pdf", "notice_pdf", "file_pdf"):
        monkeypatch.setattr(print_views, name, lambda *_things: b"%PDF-1.7")


@pytest.fixture
def cases(db):
    """A case that its people see, and one of an item on which none of them works; each with a hold, an open question and a task."""
    make.working_days(*range(timezone.localdate().year - 1, timezone.localdate().year + 3))
    made = {}
    for name, code in {"seen": "2.1", "hidden": "4.1"}.items():
        make.sheet(code, ["决定", "反馈"], ["名单"])
        case = make.case(code, make.worker("preparer", code, name=f"{name} handler"))
        make.act(case, "ask_waiver", f"material:{case.materials.get().pk}", reason="原件留存")
        make.act(case, "add_task", "1", title="订会议室")
        make.act(case, "hold", reason="待补正", missing=["名单"])
        made[name] = Case.objects.get(pk=case.pk)
    return made


@pytest.fixture
def browsers(cases):
    """Each of the 13 actors on the item of the case that is seen, and the handler of that case."""
    made = {"anonymous": Client(raise_request_exception=False)}
    for actor in [*ACTORS[1:], "handler"]:
        person = cases["seen"].handler if actor == "handler" else make.worker(actor if actor in ROLES else "preparer", "2.1", name=actor)
        made[actor] = make.client_of(User.objects.get(pk=person.pk), raise_request_exception=False)
        if actor == "expired":
            session = made[actor].session
            session[SEEN] = (timezone.now() - settings.SESSION_IDLE_LIMIT - timedelta(seconds=1)).timestamp()
            session.save()
        if actor == "disabled":
            User.objects.filter(pk=person.pk).update(is_active=False, disabled_reason="调离")
    return made


def address(route, case):
    """The address of this route in this case; of none, if there is no case."""
    keys = {"number": case.number if case else "2.1-2026-0999", "step": 1, "part": "task", "action": "note", "page": 1}
    keys["pk"] = (case.holds.get().pk if "holds/" in route else case.tasks.get().pk) if case else ABSENT
    return "/" + PARAMETER.sub(lambda match: str(keys[match[1]]), route)


def ask(client, method, path, case=None):
    """One request, undone afterwards: (status, headers, body) without what changes from one to the next; and the answer itself."""
    savepoint = transaction.savepoint()
    data = {"version": case.version if case else 1, "text": "备注"}
    response = getattr(client, method.lower())(path, data if method == "POST" else {})
    transaction.savepoint_rollback(savepoint)
    return (response.status_code, dict(response.headers), CHANGING.sub(b"", response.content)), response


# Leaders see that a document is there, not what is in it.
CLOSED_TO = {("cases:document-download", "leader"), ("cases:document-page", "leader")}


def sees(actor):
    return actor == "handler" or actor in WORKERS


@pytest.mark.parametrize("name", OF_A_CASE)
def test_what_is_out_of_sight_is_as_absent_as_what_never_was(cases, browsers, name):
    route = OF_A_CASE[name]
    before = content()
    for actor, client in browsers.items():
        for method in ("GET", "POST"):
            hidden, response = ask(client, method, address(route, cases["hidden"]), cases["hidden"])
            absent, other = ask(client, method, address(route, None))
            if actor in STRANGERS:
                assert asked_to_sign_in(response), actor
                assert asked_to_sign_in(other), actor
            elif (name, actor) in CLOSED_TO:
                assert hidden == absent
                assert hidden[0] in {403, 405}
            elif actor in SEE_ALL:
                assert absent[0] in {404, 405}, actor
                assert hidden[0] not in {403, 500}, actor
            else:
                assert hidden == absent, f"{actor} {method}"
                assert hidden[0] in ({404, 405} if sees(actor) else {403}), f"{actor} {method} {hidden[0]}"
    assert content() == before


@pytest.mark.parametrize("name", OF_A_CASE)
def test_what_is_in_sight_answers_to_who_may(cases, browsers, name):
    route, case = OF_A_CASE[name], cases["seen"]
    for actor, client in browsers.items():
        for place, method in enumerate(("GET", "POST")):
            (status, _headers, _body), response = ask(client, method, address(route, case), case)
            if actor in STRANGERS:
                assert asked_to_sign_in(response), actor
            elif not sees(actor):
                assert status == 403, f"{actor} {method}"
            elif name in SEEN_ANSWERS:
                wanted = SEEN_ANSWERS[name][place]
                may = actor == "handler" or actor in NOTES or name != "cases:case-do"
                assert status == (wanted if may else 404), f"{actor} {method} {status}"
            else:
                assert status < 500, f"{actor} {method} {status}"


def test_a_part_is_not_reached_through_another_case(cases, browsers):
    """The number of a case that is seen, the key of a part of one that is not."""
    hold, task = cases["hidden"].holds.get(), cases["hidden"].tasks.get()
    number = cases["seen"].number
    for path in (f"/cases/{number}/holds/{hold.pk}/notice.pdf", f"/cases/{number}/task/{task.pk}/do/tick/"):
        absent = re.sub(r"/\d+/", f"/{ABSENT}/", path, count=1) if "holds" not in path else f"/cases/{number}/holds/{ABSENT}/notice.pdf"
        for actor in ("handler", "reviewer", "leader"):
            assert ask(browsers[actor], "GET", path)[0] == ask(browsers[actor], "GET", absent)[0]


def test_a_question_about_a_case_out_of_sight_is_absent(cases, browsers):
    hidden, seen = (Approval.objects.get(case=cases[name]).pk for name in ("hidden", "seen"))
    for actor, client in browsers.items():
        for method in ("GET", "POST"):
            answers = {pk: ask(client, method, f"/approvals/{pk}/") for pk in (seen, hidden, ABSENT)}
            if actor in STRANGERS:
                assert all(asked_to_sign_in(response) for _answer, response in answers.values())
            elif not sees(actor):
                assert {answer[0] for answer, _response in answers.values()} == {403}
            else:
                assert answers[seen][0][0] == 200, actor
                assert answers[ABSENT][0][0] == 404, actor
                assert (answers[hidden][0] == answers[ABSENT][0]) == (actor not in SEE_ALL), actor


def test_nobody_revokes_or_deletes_what_is_anothers(cases, browsers):
    owner = make.worker("preparer", "2.1")
    row = make.substitution(owner, make.worker("preparer", "2.1"))
    phrase = Phrase.objects.create(person=owner, text="同意。")
    before = content()
    for actor in sorted(WORKERS | {"handler"}):
        for path in ("/substitutions/{}/revoke/", "/account/phrases/{}/delete/"):
            pk = row.pk if "substitutions" in path else phrase.pk
            theirs, absent = (ask(browsers[actor], "POST", path.format(one))[0] for one in (pk, ABSENT))
            assert theirs == absent
            assert theirs[0] == 404, actor
    assert content() == before


@pytest.mark.parametrize("number", ABSURD)
def test_absurd_numbers_are_absent_too(cases, browsers, number):
    for route in OF_A_CASE.values():
        path = address(route, None).replace("2.1-2026-0999", number)
        assert browsers["handler"].get(path).status_code in {301, 302, 404}, path


@pytest.mark.parametrize("pk", [0, 2**31, 2**63, 10**30])
def test_absurd_keys_are_absent_too(cases, browsers, pk):
    for path in (f"/approvals/{pk}/", f"/cases/{cases['seen'].number}/holds/{pk}/notice.pdf", f"/cases/{cases['seen'].number}/task/{pk}/do/tick/"):
        assert browsers["handler"].get(path).status_code == 404, path
    for path in (f"/substitutions/{pk}/revoke/", f"/account/phrases/{pk}/delete/"):
        assert browsers["handler"].post(path).status_code == 404, path


@pytest.mark.parametrize("version", ["", "0", "-1", "x", "9" * 40, "１", "²", "1.0", "\x00"])
def test_absurd_versions_change_nothing(cases, browsers, version):
    before, case = content(), cases["seen"]
    response = browsers["handler"].post(f"/cases/{case.number}/do/note/", {"version": version, "text": "已填的内容"})
    assert response.status_code == 409
    assert "已填的内容" in response.content.decode()
    assert content() == before


# -- fail closed ----------------------------------------------------------------------------------------------------------------------------------------


def broken(*_things, **_options):
    raise RuntimeError("the right could not be looked up")


READING = ["cases:case-detail", "cases:case-form", "cases:hold-notice", "cases:case-file"]
ACTING = ["cases:case-do"]
# Each function that decides about rights, and the addresses that must then say nothing.
DECIDING = {
    "has_perm": (User, "has_perm", [*READING, *ACTING]),
    "standings_of": ("cases.standing._read", None, [*READING, *ACTING]),
    "visible_to": (CaseQuerySet, "visible_to", [*READING, *ACTING]),
    "sees": (Standing, "sees", ["cases:case-detail", *ACTING]),
    "permission_for": (Action, "permission_for", ["cases:case-detail", *ACTING]),
    "offers": ("cases.process.offers", None, ["cases:case-detail"]),
    "find": ("cases.process.find", None, ACTING),
}


@pytest.mark.parametrize("function", DECIDING)
def test_where_a_right_cannot_be_looked_up_nothing_is_given(cases, browsers, monkeypatch, function):
    owner, name, addresses = DECIDING[function]
    paths = [address(OF_A_CASE[one], cases["seen"]) for one in addresses]
    assert [browsers["handler"].get(path).status_code for path in paths] == [200] * len(paths)
    if name:
        monkeypatch.setattr(owner, name, broken)
    else:
        monkeypatch.setattr(owner, broken)
    before = content()

    for path in paths:
        for method in ("GET", "POST"):
            (status, _headers, body), _response = ask(browsers["handler"], method, path, cases["seen"])
            assert not 200 <= status < 400, f"{method} {path} {status}"
            assert cases["seen"].title.encode() not in body
    assert content() == before


def test_rows_are_asked_for_only_through_what_is_visible(cases, browsers):
    """The answer about a case out of sight takes as many questions to the database as about one that never was."""
    for name, route in OF_A_CASE.items():
        asked = []
        for path in (address(route, cases["hidden"]), address(route, None)):
            browsers["handler"].get(path)  # warm
            with CaptureQueriesContext(connection) as queries:
                browsers["handler"].get(path)
            asked.append(len(queries))
        assert asked[0] == asked[1], name
