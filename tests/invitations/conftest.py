"""Letters from the counter on: what the portal begins with, a filed unit, an application with three fictional people, and those who work on it."""

from datetime import date, timedelta

import pytest
from django.conf import settings
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse
from django.utils import timezone

from cases.models import Case
from cases.rule_seeds import seed as seed_rules
from contacts.models import Country
from contacts.seeds import seed as seed_countries
from invitations.models import Application, InvitationLetter, Invitee, InvitingUnit, LetterKind, UnitFiling
from invitations.seeds import seed
from tests import factories as make

from . import scans

PEOPLE = [("BERG", "LARS", "", "M", "P00004417"), ("HOLM", "MIA", "", "F", "P00000925"), ("WANG", "YAN", "王䶮", "M", "P00003310")]


@pytest.fixture
def office(db):
    """The list in force, its operating rules, working days, and what letters begin with."""
    make.working_days(2025, 2026, 2027)
    make.duty_list()
    seed_rules((settings.BASE_DIR / "fixtures/operating_rules.toml").read_bytes())
    seed_countries()
    seed((settings.BASE_DIR / "fixtures/letters.toml").read_bytes())


@pytest.fixture
def preparer(office):
    return make.worker("preparer", "4.1", name="林晓舟")


@pytest.fixture
def reviewers(office):
    return [make.worker("reviewer", "4.1", name="周审"), make.worker("reviewer", "4.1", name="吴核")]


@pytest.fixture
def signer(office):
    return make.worker("signer", "4.1", name="郑签")


@pytest.fixture
def registrar(office):
    return make.worker("registrar", "4.1", name="冯印")


@pytest.fixture
def unit(preparer):
    """A unit with this year's filing."""
    made = InvitingUnit.objects.create(
        name="天津北湾展览服务有限公司",
        name_en="Tianjin North Bay Exhibition Services Co., Ltd.",
        uscc="91120116MA0000000A",
        address="天津市滨海新区示例路 1 号",
        address_en="1 Example Road, Binhai New Area, Tianjin",
        contact="苏明",
        phone="022-00000000",
        made_by=preparer,
    )
    today = timezone.localdate()
    UnitFiling.objects.create(
        unit=made,
        year=today.year,
        officer="苏明",
        officer_phone="022-00000000",
        authorised_until=date(today.year, 12, 31),
        papers="营业执照副本",
        filed_by=preparer,
    )
    return made


def invite(application, people=PEOPLE, **facts):
    """Put these people on the list of an application."""
    fields = {
        "birth_on": date(1978, 4, 2),
        "nationality": Country.objects.get(code="NOR"),
        "passport_expires_on": timezone.localdate() + timedelta(days=3000),
        "job": "总经理",
        "job_en": "General Manager",
        "has_visited": True,
        "is_from_mrz": True,
    } | facts
    return [
        Invitee.objects.create(
            application=application, position=place, surname=surname, given_names=given, chinese_name=chinese, sex=sex, passport_number=passport, **fields
        )
        for place, (surname, given, chinese, sex, passport) in enumerate(people, application.invitees.count() + 1)
    ]


def fill(application, unit, **facts):
    """Fill an application in, completely."""
    today = timezone.localdate()
    fields = {
        "unit": unit,
        "kind": LetterKind.objects.get(name="邀请函"),
        "visa_class": "M",
        "purpose": "参加装备展布展并进行商务洽谈",
        "purpose_en": "Exhibition set-up and business meetings",
        "relation": "业务合作单位",
        "relation_en": "Business partners",
        "entry_on": today + timedelta(days=40),
        "exit_on": today + timedelta(days=46),
        "entries": "one",
        "stay_days": 10,
        "places": "天津市、北京市",
        "places_en": "Tianjin and Beijing",
        "itinerary": "抵津\n布展\n洽谈",
        "post_country": Country.objects.get(code="NOR"),
        "post": "中华人民共和国驻挪威王国大使馆",
        "post_en": "Embassy of the People’s Republic of China in Norway",
        "payer": "employer",
    } | facts
    Application.objects.filter(pk=application.pk).update(**fields)
    application.refresh_from_db()
    return application


@pytest.fixture
def case(preparer, unit):
    """An application, filled in, with three people and every paper."""
    made = make.case("4.1", by=preparer, title="北湾机械展览公司入境邀请函")
    application = fill(made.invitation_application, unit)
    invite(application)
    for name in ("贸易往来文件", "中文译文"):
        make.act(made, "add_material", name=name)
    return make.collected(made)


def current_approval(case):
    return Case.objects.get(pk=case.pk).approvals.get(decision="")


def taken_in(case):
    """The case at step 2: the counter has taken it in."""
    for task in case.tasks.filter(step__step__number=1):
        make.act(case, "tick", f"task:{task.pk}")
    return make.act(case, "receive_application", "1")


def reviewed(case, reviewers):
    """The case at step 3: reviewed by two people."""
    taken_in(case)
    make.act(case, "submit", "2")
    for reviewer in reviewers:
        make.act(case, "approve", f"approval:{current_approval(case).pk}", by=reviewer)
    return Case.objects.get(pk=case.pk)


def issued(case, reviewers, signer):
    """The case at step 4: its letters are signed off."""
    reviewed(case, reviewers)
    make.act(case, "submit", "3")
    make.act(case, "approve", f"approval:{current_approval(case).pk}", by=signer, password="-")
    return Case.objects.get(pk=case.pk)


def drawn(letter):
    """The letter as if the worker had drawn it, of one page; its file is not there."""
    InvitationLetter.objects.filter(pk=letter.pk).update(sealed_sha256="a" * 64, sha256="b" * 64, pages=1, rendered_at=timezone.now())
    return InvitationLetter.objects.get(pk=letter.pk)


@pytest.fixture
def letter(case, reviewers, signer):
    """An issued letter of one page."""
    issued(case, reviewers, signer)
    return drawn(InvitationLetter.objects.get())


def on_letter(letter, action, *, by, **data):
    """Take an action on a letter as somebody who has just looked at its case; returns the letter as it is then."""
    make.act(letter.application.case, action, f"invitationletter:{letter.pk}", by=by, **data)
    return InvitationLetter.objects.get(pk=letter.pk)


@pytest.fixture
def sealed(letter, registrar):
    """A letter that was signed, sealed and handed over."""
    on_letter(letter, "seal_letter", by=registrar, remark="")
    return on_letter(letter, "deliver_letter", by=registrar, to="天津北湾展览服务有限公司 苏明", remark="")


def address(letter, action):
    return reverse("cases:part-do", args=[letter.application.case.number, "invitationletter", letter.pk, action])


def upload(letter, by, *files, **more):
    """Hand in a scan at the page for it, as (name, bytes) …; returns the answer."""
    papers = [SimpleUploadedFile(name, body) for name, body in files]
    version = Case.objects.get(pk=letter.application.case_id).version
    return make.client_of(by).post(address(letter, "upload_scan"), {"papers": papers, "declared": "on", "version": version} | more)


def scanned(letter, by):
    """The letter with a scan that is its own."""
    assert upload(letter, by, ("scan.pdf", scans.pdf(scans.paper_of(letter)))).status_code == 302
    return InvitationLetter.objects.get(pk=letter.pk)
