"""All that is held on one invited person: as data (JSON) and on paper. With the passport number only where that was asked for and approved."""

import json
from collections.abc import Iterator
from datetime import datetime
from typing import Any

from django.conf import settings
from django.core.serializers.json import DjangoJSONEncoder
from django.template.loader import render_to_string
from django.utils import timezone, translation

from accounts.models import AuditEvent, User
from cases.models import Document
from cases.printing import BODY, NONE, moment, text
from core.printing import SCREEN, render
from duties.printing import typeset

from .issuing import passport_digest
from .models import InvitationLetter, Invitee, PersonRequest, Purge
from .personal import records_of

DISCLOSED = ("invitation.reveal", "personal.export")
PERSON = ("chinese_name", "sex", "birth_on", "nationality", "passport_issued_on", "passport_expires_on", "employer", "employer_en", "job", "job_en")
VISIT = ("purpose", "entry_on", "exit_on", "places", "post")


def person_data(asked: PersonRequest, at: datetime) -> dict[str, Any]:
    """What is held on the person of a request, as JSON; official terms in Chinese."""
    with translation.override(settings.LANGUAGE_CODE):
        rows = list(records_of(asked.invitee))
        return {
            "issuer": BODY,
            "request": asked.pk,
            "made_at": timezone.localtime(at).isoformat(timespec="seconds"),
            "name": asked.invitee.name,
            "records": [_record(row, with_passport=asked.with_passport) for row in rows],
            "disclosures": list(_disclosures(rows)),
        }


def _record(row: Invitee, *, with_passport: bool) -> dict[str, Any]:
    application = row.application
    number = (row.passport if with_passport else str(row.passport_number)) if row.passport_number else ""
    return {
        "case": application.case.number,
        "unit": application.unit.name if application.unit else "",
        "name": row.name,
        **{name: _plain(row, name) for name in PERSON},
        "passport_number": number,
        "purged_at": row.purged_at,
        "visit": {name: getattr(application, name) for name in VISIT},
        "letters": [_letter(letter) for letter in _letters_of(row)],
        "outcome": _outcome(row),
        "documents": list(Document.objects.filter(case=application.case_id, purged_at=None).order_by("pk").values_list("name", flat=True)),
    }


def _plain(row: Any, name: str) -> Any:
    display = getattr(row, f"get_{name}_display", None)
    value = display() if display else getattr(row, name)
    return value.name if name == "nationality" else value


def _letters_of(row: Invitee) -> list[InvitationLetter]:
    """The letters on which the person stands: told by the digest of the passport, or all of the application where that is gone."""
    letters = list(row.application.letters.order_by("part"))
    if not row.passport_number:
        return letters
    return [letter for letter in letters if letter.purged_at or passport_digest(row.passport, letter.token_digest) in letter.passport_digests]


def _letter(letter: InvitationLetter) -> dict[str, Any]:
    state = InvitationLetter.State(letter.state_on(timezone.localdate()))
    return {"number": letter.number, "issued_on": timezone.localdate(letter.issued_at), "valid_until": letter.valid_until, "state": state.label}


def _outcome(row: Invitee) -> dict[str, Any] | None:
    visit = getattr(row, "visit", None)
    if visit is None:
        return None
    return {"visa": visit.get_visa_display(), "entered_on": visit.entered_on, "left_on": visit.left_on, "note": visit.note}


def _disclosures(rows: list[Invitee]) -> Iterator[dict[str, Any]]:
    """When the number was looked at, and copies were given out; not by whom."""
    subjects = [f"invitations.invitee:{row.pk}" for row in rows]
    subjects += [f"invitations.personrequest:{pk}" for pk in PersonRequest.objects.filter(invitee__in=rows).values_list("pk", flat=True)]
    for action, at in AuditEvent.objects.filter(action__in=DISCLOSED, subject__in=subjects).order_by("number").values_list("action", "at"):
        yield {"what": {"invitation.reveal": "查看护照号码", "personal.export": "提供副本"}[action], "at": timezone.localtime(at).isoformat(timespec="seconds")}


def as_json(asked: PersonRequest, at: datetime) -> bytes:
    return json.dumps(person_data(asked, at), cls=DjangoJSONEncoder, ensure_ascii=False, indent=2).encode()


# -- on paper ----------------------------------------------------------------------------------------------------------------------------------------------


LABELS = {
    "case": "办件",
    "unit": "邀请单位",
    "name": "护照上的姓名",
    "chinese_name": "中文姓名",
    "sex": "性别",
    "birth_on": "出生日期",
    "nationality": "国籍",
    "passport_number": "护照号码",
    "passport_issued_on": "签发日期",
    "passport_expires_on": "有效期至",
    "employer": "工作单位",
    "employer_en": "工作单位（英文）",
    "job": "职务",
    "job_en": "职务（英文）",
    "purpose": "来访目的",
    "entry_on": "计划入境日期",
    "exit_on": "计划离境日期",
    "places": "到访地点",
    "post": "签证机关",
    "letters": "函件",
    "outcome": "来访结果",
    "documents": "材料文件",
    "purged_at": "清除日期",
}


def as_pdf(asked: PersonRequest, by: User, at: datetime) -> bytes:
    """The same on paper: PDF/UA-1. Raises PrintRefusedError."""
    data = person_data(asked, at)
    tables = [(record["case"], [(LABELS[name], text(value) if value else [typeset(NONE)]) for name, value in _lines(record)]) for record in data["records"]]
    context = {
        "title": f"个人信息副本 {data['name']}",
        "heading": "个人信息副本",
        "intro": f"{BODY}持有的关于 {data['name']} 的信息，截至 {moment(at)}。请求 {asked.pk}。",
        "tables": tables,
        "disclosures": [f"{one['at'][:16].replace('T', ' ')}　{one['what']}" for one in data["disclosures"]],
        **_foot(f"请求 {asked.pk}", by, at),
    }
    return render(render_to_string("print/person.html", context), variant=SCREEN)


def _foot(number: str, by: User, at: datetime) -> dict[str, str]:
    return {"number": number, "recorded_at": at.isoformat(), "printed": f"{moment(at)}　{by.name}　打印"}


def _lines(record: dict[str, Any]) -> Iterator[tuple[str, str]]:
    flat = {**record, **record["visit"]}
    for name in LABELS:
        value = flat[name]
        if name == "letters":
            value = "\n".join(f"{one['number']}　{one['issued_on']} 签发，有效期至 {one['valid_until']}，{one['state']}" for one in value)
        elif name == "documents":
            value = "\n".join(value)
        elif name == "outcome":
            value = "　".join(str(fact) for fact in value.values() if fact) if value else ""
        elif name == "purged_at":
            value = moment(value) if value else ""
        yield name, str(value or "")


def certificate_pdf(purge: Purge, by: User, at: datetime) -> bytes:
    """The certificate of a purge on paper: PDF/UA-1. Raises PrintRefusedError."""
    total = f"护照号码 {purge.people} 人，函件内容和 PDF {purge.letters} 份，函件扫描件 {purge.scans} 份，材料文件 {purge.documents} 份。"
    facts = [
        ("凭证编号", [typeset(purge.number)]),
        ("清除时间", [typeset(moment(purge.at))]),
        ("依据", text(purge.ground)),
        ("经办", [typeset(f"{purge.by.name} 批准" if purge.by else "系统按保存期规则自动清除")]),
        ("清除内容", [typeset(total)]),
        ("保留内容", text("发文登记（编号、单位、日期、人数、遮盖的姓名）、被邀请人姓名和国籍、来访结果、审计日志。")),
    ]
    rows = [
        [
            [typeset(case["number"])],
            [typeset(str(case["people"]))],
            [typeset(number) for number in case["letters"]] or [typeset(NONE)],
            [typeset(number) for number in case["scans"]] or [typeset(NONE)],
            [typeset(str(case["documents"]))],
        ]
        for case in purge.cases
    ]
    context = {
        "title": f"个人信息清除凭证 {purge.number}",
        "heading": "个人信息清除凭证",
        "facts": facts,
        "rows": rows,
        **_foot(f"凭证 {purge.number}", by, at),
    }
    return render(render_to_string("print/certificate.html", context), variant=SCREEN)
