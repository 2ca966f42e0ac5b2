"""Passport numbers lie open nowhere: typed, read and pasted, they are looked for in all that a role reaches and all that is kept.

Each way of looking is shown to find a number that is put where it must not be.
"""

import csv
import io
import json
import logging

import pytest
from django.core.management import call_command
from django.test import Client
from django.urls import reverse

from accounts.audit import acting, record
from accounts.models import AuditEvent
from accounts.roles import ROLES
from accounts.sessions import Session
from cases.models import Case, Draft
from contacts.models import Country
from core.models import SearchEntry
from duties.public_site import write
from invitations import personal
from invitations.drawing import draw
from invitations.models import InvitationLetter, Invitee, InvitingUnit
from jobs import running
from jobs.models import Job
from lists import kinds as lists
from tests import factories as make

from ..duties.conftest import site_dir  # noqa: F401 - a fixture
from .canaries import crawl, database_files, found_in, kept_files, rows_with
from .conftest import fill, issued
from .samples import zone

pytestmark = pytest.mark.django_db(transaction=True)

TYPED, READ, PASTED, WRONG, REMOVED = "QX7093311", "K8402917Z", ["ZB5561903", "W77120456"], "T90418826", "M30217745"
NUMBERS = [TYPED, READ, *PASTED, WRONG, REMOVED]
# Who may open a letter as it was issued, which holds the numbers (SECURITY, matrix: preparers their own).
LETTER = "invitations:letter-download"
READERS = {"handler", "reviewer", "signer", "registrar"}
# The copy that a guest asked for with the number, for who wrote that down and who approved it.
COPY = ("invitations:request-data", READ)
HANDED_OUT = {"handler", "signer"}


def act_on(client, case, action, target="step", number=1, **typed):
    """Send one form of the case as its page does."""
    now = Case.objects.get(pk=case.pk)
    url = reverse("cases:step-do", args=[case.number, number, action]) if target == "step" else reverse("cases:part-do", args=[case.number, *target, action])
    return client.post(url, {"version": now.version} | typed)


def person(surname, number="", **more):
    return {"surname": surname, "given_names": "LARS", "sex": "M", "birth_on": "1978-04-02", "passport_expires_on": "2034-04-02"} | {
        "passport_number": number,
        "nationality": Country.objects.get(code="NOR").pk,
        "has_visited": "on",
        **more,
    }


def roster(*numbers):
    made = io.StringIO()
    rows = csv.writer(made, delimiter="\t")
    rows.writerow(["护照上的姓", "护照上的名", "性别", "出生日期", "国籍", "护照号码", "有效期至"])
    rows.writerows([f"HOLM{sign}", "MIA", "女", "1980-05-06", "挪威", number, "2034-01-01"] for sign, number in zip("AB", numbers, strict=False))
    return made.getvalue()


@pytest.fixture
def log():
    """All that is logged, at whatever level, as it would be written."""
    stream = io.StringIO()
    handler = logging.StreamHandler(stream)
    root = logging.getLogger()
    level = root.level
    root.addHandler(handler)
    root.setLevel(logging.DEBUG)
    yield stream
    root.setLevel(level)
    root.removeHandler(handler)


@pytest.fixture
def people(preparer, reviewers, signer, registrar):
    """Everybody who could look: each role with the item, a colleague of the handler, and the public."""
    found = {"handler": preparer, "reviewer": reviewers[0], "signer": signer, "registrar": registrar}
    found |= {f"other {role}": make.worker(role, "4.1") for role in ("preparer", "leader")}
    return found | {role: make.person(role) for role in ROLES if role not in {"preparer", "reviewer", "signer", "registrar", "leader"}}


@pytest.fixture
def letter(preparer, unit, reviewers, signer, site_dir, monkeypatch, log):  # noqa: F811 - the fixture
    """A letter whose people came in by every way there is, looked at, checked by the public, told of, exported."""
    monkeypatch.setattr("duties.documents.documents", lambda data: ())
    write()
    client = make.client_of(preparer)
    case = make.case("4.1", by=preparer, title="金丝雀访华团")
    fill(case.invitation_application, unit, stay_days=30)
    act_on(client, case, "add_invitee", **person("BERG", TYPED))
    act_on(client, case, "add_invitee", mrz=zone(number=READ, surname="LIND"), has_visited="on")
    act_on(client, case, "paste_roster", roster=roster(*PASTED))
    act_on(client, case, "paste_roster", roster=roster(WRONG).replace("1980-05-06", "2980-05-06"))
    act_on(client, case, "add_invitee", **person("EKE", WRONG, birth_on="2980-01-01"))
    act_on(client, case, "add_invitee", **person("DAHL", REMOVED))
    gone = Invitee.objects.get(surname="DAHL")
    act_on(client, case, "remove_invitee", ("invitee", gone.pk), reason="行程取消")
    typed = [["passport_number", TYPED], ["mrz", zone(number=READ)], ["roster", roster(*PASTED)], ["job", "工程师"]]
    client.post("/drafts/", {"address": reverse("cases:step-do", args=[case.number, 1, "add_invitee"]), "fields": json.dumps(typed)})
    Invitee.objects.update(has_visited=True)
    for name in ("贸易往来文件", "中文译文"):
        make.act(case, "add_material", name=name)
    issued(make.collected(case), reviewers, signer)
    made = InvitationLetter.objects.get()
    draw(made.pk)
    words = json.loads(made.content.reveal())
    client.post(reverse("invitations:invitee-reveal", args=[case.number, Invitee.objects.get(surname="BERG").pk]), {"reason": "签证机关来电核实"})
    for number in (TYPED, WRONG):
        Client().post("/verify/", {"number": made.number, "code": words["code"], "passport": number})
        Client().post(f"/verify/{words['token']}/", {"passport": number})
    asked = personal.ask(Invitee.objects.get(surname="LIND"), {"kind": "export", "with_passport": True, "applicant": "本人", "ground": "本人邮件"}, by=preparer)
    personal.decide(asked, approve=True, note="", by=signer)
    client.get(reverse("invitations:request-data", args=[asked.pk, "json"]))
    return made


def starts_of(letter):
    case = letter.application.case
    return [
        "/today/",
        "/",
        "/verify/",
        case.get_absolute_url(),
        letter.get_absolute_url(),
        letter.application.unit.get_absolute_url(),
        *(f"/search/?q={word}" for word in ("BERG", TYPED, TYPED[-4:])),
        reverse("invitations:home") + "?state=all&q=BERG",
        reverse("invitations:visit-edit", args=[case.number]),
        reverse("invitations:specimen", args=[case.number]),
        *(reverse("invitations:invitee-reveal", args=[case.number, row.pk]) for row in letter.application.invitees.all()),
        *(reverse("cases:approval-detail", args=[row.pk]) for row in case.approvals.all()),
        *(reverse("cases:part-do", args=[case.number, "invitee", row.pk, "edit_invitee"]) for row in letter.application.invitees.all()),
        *(reverse("auditing:object-history", args=[subject]) for subject in AuditEvent.objects.order_by("-pk").values_list("subject", flat=True)[:40]),
    ]


def exports_of(by):
    """The files of every list that this person may take along, each written by the worker and fetched."""
    client, found = make.client_of(by), []
    for name in sorted(lists._kinds):
        for format in ("csv", "xlsx"):
            before = Job.objects.count()
            client.post(reverse("lists:export-create", args=[name]), {"query": "", "format": format})
            if Job.objects.count() > before:
                job = Job.objects.latest("pk")
                running.run(job.pk, job.attempts + 1)
                answer = client.get(reverse("jobs:job-file", args=[job.pk]))
                found.append(b"".join(answer.streaming_content) if answer.streaming else answer.content)
    return found


def test_no_page_tells_a_number_to_who_may_not_see_it(letter, people):
    starts = starts_of(letter)

    for name, one in people.items():
        leaks, looked_at = crawl(make.client_of(one), starts, NUMBERS)
        allowed = {("cases:search", TYPED)}  # what was searched for stands in its own box
        allowed |= {(LETTER, number) for number in NUMBERS} if name in READERS else set()
        allowed |= {COPY} if name in HANDED_OUT else set()
        assert (name, sorted(set(leaks) - allowed)) == (name, [])
        assert looked_at > 10
        if name in READERS:
            assert (LETTER, TYPED) in leaks  # the way of looking finds what is there


def test_nothing_that_is_public_exported_kept_or_logged_holds_a_number(letter, people, log, tmp_path):
    words = json.loads(letter.content.reveal())
    leaks, looked_at = crawl(Client(), ["/", "/verify/", f"/verify/{words['token']}/", "/en/verify/", "/care/verify/"], NUMBERS)
    exported = [body for name in ("handler", "signer") for body in exports_of(people[name])]
    backup = tmp_path / "dump.json"
    call_command("dumpdata", output=str(backup), verbosity=0)

    assert (leaks, looked_at > 5) == ([], True)
    assert len(exported) >= 4
    assert [found_in(body, NUMBERS) for body in exported] == [[]] * len(exported)
    assert any(found_in(body, [letter.application.case.number.replace("-", "")]) for body in exported)
    assert rows_with(NUMBERS) == []
    assert [
        found_in(body, NUMBERS) for body in [*database_files(), *kept_files(), backup.read_bytes(), log.getvalue().encode()] if found_in(body, NUMBERS)
    ] == []
    assert Draft.objects.get().fields == [["job", "工程师"]]
    assert Session.objects.exists()
    assert SearchEntry.objects.exists()


# -- the negative control: a number that lies open is found -------------------------------------------------------------------------------------------------


def test_a_number_that_lies_open_is_found(letter, people, log, tmp_path):
    Invitee.objects.filter(surname="BERG").update(job=f"No. {TYPED[:4]} {TYPED[4:]}")
    InvitingUnit.objects.update(note=f"护照 {READ}")
    with acting(None):
        record("unit.change", "invitations.invitingunit:1", name=PASTED[0])
    logging.getLogger("invitations").warning("%s", PASTED[1])
    (tmp_path / "media" / "kept").mkdir(parents=True, exist_ok=True)
    (tmp_path / "media" / "kept" / "open").write_text(REMOVED)
    Draft.objects.update(fields=[["note", WRONG]])

    leaks, _count = crawl(make.client_of(people["other preparer"]), starts_of(letter)[:6], NUMBERS)

    assert {TYPED, READ} <= {number for _place, number in leaks}
    assert {"invitations_invitee", "invitations_invitingunit", "accounts_auditevent", "cases_draft"} <= set(rows_with(NUMBERS))
    assert {number for body in database_files() for number in found_in(body, NUMBERS)} >= {TYPED, READ, PASTED[0], WRONG}
    assert [number for body in kept_files() for number in found_in(body, NUMBERS)] == [REMOVED]
    assert found_in(log.getvalue().encode(), NUMBERS) == [PASTED[1]]
