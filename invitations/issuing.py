"""Signing a letter off: its number, its words, its digest, and who prepared, reviewed and issued it, all in the act that approves it.

Nothing slow happens here. The worker draws the PDF afterwards (invitations/tasks.py) from the words kept in the row.
"""

import json
from collections.abc import Iterator, Sequence
from datetime import date, datetime, timedelta
from typing import Any

from django.core.serializers.json import DjangoJSONEncoder
from django.db.models import Q, QuerySet
from django.utils import timezone

from accounts.audit import record
from accounts.models import User
from cases.approvals import digest_of
from cases.kinds import Turn
from cases.models import Approval, Case
from core import codes, files, search
from core.encryption import plain_number
from core.numbering import take_number

from .checks import current_invitees
from .models import Application, InvitationLetter, Invitee, LetterTemplate, Scan
from .search import LETTERS
from .tasks import draw_letter
from .wording import fill, template_in_force, values_of

files.register(lambda names: {name for pair in _files_among(set(names)) for name in pair} & set(names))
files.register(lambda names: set(Scan.objects.filter(file__in=list(names)).values_list("file", flat=True)))

ISSUER = "中国国际贸易促进委员会天津市分会"
ISSUER_EN = "China Council for the Promotion of International Trade, Tianjin Sub-Council"
ENTRIES_EN = {"one": "Single entry", "two": "Double entry", "half_year": "Multiple entries within six months", "year": "Multiple entries within one year"}
PAYER_EN = {
    "invitee": "The invitees",
    "employer": "The invitees’ employer",
    "unit": "The inviting unit",
    "shared": "Shared by both sides",
}


def _files_among(names: set[str]) -> QuerySet[InvitationLetter, tuple[str, str]]:
    """Which of these names of kept files letters have."""
    return InvitationLetter.objects.filter(Q(file__in=names) | Q(scan__in=names)).values_list("file", "scan")


def parts_of(application: Application, invitees: Sequence[Invitee]) -> list[Sequence[Invitee]]:
    """The people of each letter: so many on one as its kind holds, all on one where the rest goes on an annex."""
    assert application.kind is not None
    most = application.kind.most if application.kind.overflow == application.kind.Overflow.SEVERAL else max(1, len(invitees))
    return [invitees[start : start + most] for start in range(0, len(invitees), most)]


def last_day(application: Application, issued_on: date) -> date:
    """The last day on which a visa can be asked for with the letter: so many days after its issue, or the planned entry if that comes first."""
    assert application.kind is not None
    assert application.entry_on is not None
    return min(issued_on + timedelta(days=application.kind.valid_days), application.entry_on)


def content_of(application: Application, people: Sequence[Invitee], template: LetterTemplate, *, number: str, on: date) -> dict[str, Any]:
    """Everything that a letter says, as JSON: what is printed and digested. `number` is "" for a specimen (样张), which shows passport numbers masked."""
    assert application.unit is not None
    assert application.kind is not None
    unit, contact = application.unit, getattr(application.case.sheet, "supervision", None)
    values = values_of(application, len(people), number)
    return {
        "number": number,
        "kind": application.kind.name,
        "title": template.title,
        "title_en": template.title_en,
        "body": fill(template.body, values),
        "body_en": fill(template.body_en, values),
        "template": template.version,
        "people": [_person(place, invitee, is_specimen=not number) for place, invitee in enumerate(people, 1)],
        "rows": max(len(people), application.kind.most) if application.kind.overflow == application.kind.Overflow.SEVERAL else len(people),
        "most": application.kind.most,
        "unit": [unit.name, unit.name_en, unit.address, unit.address_en],
        "purpose": [application.purpose, application.purpose_en],
        "relation": [application.relation, application.relation_en],
        "entry_on": application.entry_on,
        "exit_on": application.exit_on,
        "entries": [application.get_entries_display(), ENTRIES_EN[application.entries]],
        "places": [application.places, application.places_en],
        "payer": [application.get_payer_display(), PAYER_EN[application.payer]],
        "contact": [application.case.handler.name, contact.phone if contact else "", contact.address if contact else ""],
        "issuer": [ISSUER, ISSUER_EN],
        "issued_on": on,
        "valid_until": last_day(application, on),
    }


def _person(place: int, invitee: Invitee, *, is_specimen: bool) -> dict[str, Any]:
    return {
        "place": place,
        "name": invitee.name,
        "chinese_name": invitee.chinese_name,
        "sex": invitee.sex,
        "birth_on": invitee.birth_on,
        "nationality": [invitee.nationality.name, invitee.nationality.name_en],
        "passport": str(invitee.passport_number) if is_specimen else invitee.passport,  # a specimen is looked at without a reason
        "job": [invitee.job, invitee.job_en],
        "employer": [invitee.employer, invitee.employer_en],
    }


def passport_digest(number: str, token_digest: str) -> str:
    """By what a passport number is compared with those on one letter: keyed, and of no use for another letter."""
    return codes.digest(f"{token_digest} {plain_number(number)}")


def masked_name(name: str) -> str:
    """ "L*** B***": the first sign of each part of a name."""
    return " ".join(f"{part[0]}***" for part in name.split())


def approvals_by(case: Case, stage: str) -> list[Approval]:
    """The approvals by which the step of this stage was passed, one a level."""
    step = next(step for step in case.own_steps if step.stage == stage)
    since = step.started_at
    rows = [row for row in case.approvals.all() if row.step_id == step.pk and row.kind == Approval.Kind.STEP and row.decision == Approval.Decision.APPROVED]
    last = {row.level: row for row in rows if since is None or row.submitted_at >= since}
    return [last[level] for level in sorted(last)]


def people_behind(case: Case) -> list[User]:
    """Who prepared the letters of this case, who reviewed them first, who second: three people, or as many as have acted."""
    reviews = approvals_by(case, "review")
    return [reviews[0].submitted_by, *(row.decided_by for row in reviews if row.decided_by)] if reviews else []


def issue(turn: Turn) -> list[InvitationLetter]:
    """Write the letters of an application, one for each part; numbers come last. The database refuses where one person acted twice."""
    application = turn.detail
    assert isinstance(application, Application)
    template = template_in_force(application)
    assert template is not None
    first, second = approvals_by(turn.case, "review")
    parts = parts_of(application, current_invitees(application))
    letters = [_write(turn, application, people, template, part, first, second) for part, people in enumerate(parts, 1)]
    if application.replaces_id:
        _replace(application.replaces_id, letters[0], turn.at)
    return letters


def _replace(key: int, by: InvitationLetter, at: datetime) -> None:
    """The letter with this key is replaced by another, unless one did so before."""
    letter = InvitationLetter.objects.select_for_update(no_key=True).get(pk=key)
    if letter.replaced_by_id is None:
        letter.replaced_by, letter.replaced_at = by, at
        letter.save(update_fields=["replaced_by", "replaced_at"])
        record("invitation.replace", letter, number=letter.number, by=by.number)


def _write(
    turn: Turn, application: Application, people: Sequence[Invitee], template: LetterTemplate, part: int, first: Approval, second: Approval
) -> InvitationLetter:
    assert application.kind is not None
    assert application.unit is not None
    on = timezone.localdate(turn.at)
    serial = take_number(f"letter {application.kind.series}", on.year)
    number = application.kind.number_of(on.year, serial)
    token, code = codes.new_token(), codes.new_code()
    content = content_of(application, people, template, number=number, on=on)
    letter = InvitationLetter.objects.create(
        application=application,
        kind=application.kind,
        template=template,
        part=part,
        year=on.year,
        serial=serial,
        number=number,
        unit_name=application.unit.name,
        count=len(people),
        masked_names=[masked_name(invitee.name) for invitee in people],
        passport_digests=sorted(passport_digest(invitee.passport, codes.digest(token)) for invitee in people),
        content=json.dumps(content | {"token": token, "code": code}, cls=DjangoJSONEncoder, ensure_ascii=False, sort_keys=True),
        content_digest=digest_of(content),
        token_digest=codes.digest(token),
        code_digest=codes.digest(code),
        prepared_at=first.submitted_at,
        prepared_by=first.submitted_by,
        first_reviewed_at=_decided(first),
        first_reviewed_by=first.decided_by,
        reviewed_at=_decided(second),
        reviewed_by=second.decided_by,
        issued_at=turn.at,
        issued_by=turn.by,
        valid_until=content["valid_until"],
    )
    search.put(LETTERS, [letter])
    record("invitation.issue", letter, number=number, case=turn.case.number, count=len(people), digest=letter.content_digest)
    draw_letter.enqueue(letter.pk)
    return letter


def _decided(approval: Approval) -> datetime:
    assert approval.decided_at is not None
    return approval.decided_at


def letters_of(case: Case) -> Iterator[InvitationLetter]:
    """The letters that a case has led to, in order."""
    yield from InvitationLetter.objects.filter(application__case=case).order_by("part")
