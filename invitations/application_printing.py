"""An application on paper: the receipt of the counter (接件回执), the sheet that goes round for signature (审签单), the list of its people (名单).

Official forms: in Chinese whatever the interface speaks. Passport numbers are masked, as on pages.
"""

from collections.abc import Sequence
from datetime import datetime

from django.conf import settings
from django.utils import timezone, translation
from django.utils.html import format_html
from django.utils.safestring import SafeString

from accounts.models import User
from cases.models import Approval, Case
from cases.printing import BODY, NONE, Cell, Table, case_pdf, moment, name, on, prose, text
from duties.printing import typeset

from . import checks, drawable
from .issuing import approvals_by
from .models import Application, Invitee
from .wording import day_in_chinese

NOTICE = (
    "本事项不是行政许可。办理中可以要求补充材料；不予办理的，不说明理由。",
    "是否签发签证，由中国驻外签证机关决定；本会的函件只是申请签证的辅助材料。",
    "邀请单位对所交材料的真实性负责，并负责督促被邀请人遵守中国法律、按期离境。",
)
BOXES = ("经办人意见", "初审意见", "复核意见", "签发意见")
SHOWN = ("kind", "visa_class", "purpose", "relation", "entries", "stay_days", "places", "post_country", "post", "payer")


def load(case: Case) -> Application:
    """The application of a case, with its unit and kind."""
    return Application.objects.select_related("unit", "kind", "post_country", "received_by").prefetch_related("unit__holds", "unit__filings").get(case=case)


def gaps(case: Case, application: Application, invitees: Sequence[Invitee]) -> list[str]:
    """All that is still wanting, told at once (一次性告知)."""
    missing = checks.missing_facts(application, invitees)
    papers = [f"缺：{material.name}" for material in case.materials.all() if material.is_missing]
    blocks = [finding.text for finding in checks.findings(checks.load(application, case.materials.all())) if finding.is_block]
    return [*([f"申请没有填全：{'、'.join(missing)}"] if missing else []), *papers, *blocks, *drawable.faults(application, invitees)]


# -- 接件回执 ----------------------------------------------------------------------------------------------------------------------------------------------


def receipt_pdf(case: Case, by: User, at: datetime) -> bytes:
    """What the unit takes home from the counter: what was handed in, what is wanting, and what to know. Raises PrintRefusedError."""
    with translation.override(settings.LANGUAGE_CODE):
        application = load(case)
        invitees = checks.current_invitees(application)
        found = gaps(case, application, invitees)
        context = {
            "number": case.number,
            "facts": [*_head(case, application, invitees), ("承办人、接件", _received(case, application))],
            "tables": [_papers(case)],
            "gaps": [prose(f"{place}.{gap}") for place, gap in enumerate(found, 1)],
            "notice": [typeset(f"{place}.{line}") for place, line in enumerate(NOTICE, 1)],
            "contact": typeset("　".join(_contact(case))),
            "signed": typeset(case.sheet.implementing_body or BODY),
            "day": typeset(day_in_chinese(timezone.localdate(at))),
        }
        return case_pdf("print/application_receipt.html", f"接件回执 {case.number}", case, by, at, context)


def _head(case: Case, application: Application, invitees: Sequence[Invitee]) -> list[tuple[str, Cell]]:
    stay = f"{on(application.entry_on)} 至 {on(application.exit_on)}" if application.entry_on else NONE
    return [
        ("办件名称", text(case.title)),
        ("邀请单位", text(f"{application.unit.name}（{application.unit.uscc}）" if application.unit else NONE)),
        ("来访目的", text(application.purpose or NONE)),
        ("人数、日期", text(f"{len(invitees)} 人，{stay}")),
    ]


def _received(case: Case, application: Application) -> Cell:
    if application.received_at and application.received_by:
        return [format_html("{}，{} {}接件", name(case.handler), moment(application.received_at), name(application.received_by))]
    return [format_html("{}，尚未接件", name(case.handler))]


def _papers(case: Case) -> Table:
    rows = [
        [
            [typeset(str(place))],
            text(material.name),
            [typeset(material.state)],
            [typeset(on(timezone.localdate(material.received_at)) if material.received_at else NONE)],
        ]
        for place, material in enumerate(case.materials.all(), 1)
    ]
    return Table("收到的材料", [("序号", "w11"), ("材料名称", "wide"), ("状态", "w20"), ("收到日期", "w27")], rows)


def _contact(case: Case) -> list[str]:
    contact = getattr(case.sheet, "supervision", None)
    return [f"{label}：{value}" for label, value in (("电话", contact.phone), ("地址", contact.address)) if value] if contact else []


# -- 审签单 ------------------------------------------------------------------------------------------------------------------------------------------------


def approval_sheet_pdf(case: Case, by: User, at: datetime) -> bytes:
    """The application with what the portal has checked and a box for each signature. Raises PrintRefusedError."""
    with translation.override(settings.LANGUAGE_CODE):
        application = load(case)
        facts = checks.load(application, case.materials.all())
        context = {
            "number": case.number,
            "facts": [*_head(case, application, facts.invitees)[:2], *_asked(application)],
            "tables": [_people(facts.invitees), _findings(checks.findings(facts))],
            "boxes": _boxes(case),
        }
        return case_pdf("print/application_approval.html", f"审签单 {case.number}", case, by, at, context)


def _asked(application: Application) -> list[tuple[str, Cell]]:
    rows = [("来访日期", text(f"{on(application.entry_on)} 至 {on(application.exit_on)}" if application.entry_on else NONE))]
    for field in SHOWN:
        display = getattr(application, f"get_{field}_display", None)
        value = display() if display else getattr(application, field)
        rows.append((str(Application._meta.get_field(field).verbose_name), text(str(value or NONE))))  # type: ignore[union-attr]
    return rows


def _people(invitees: Sequence[Invitee]) -> Table:
    rows = [
        [
            [typeset(str(place))],
            [typeset(invitee.name), *([typeset(invitee.chinese_name)] if invitee.chinese_name else [])],
            [typeset(str(invitee.get_sex_display()))],
            [typeset(on(invitee.birth_on))],
            text(invitee.nationality.name),
            [typeset(str(invitee.passport_number or NONE)), typeset(f"至 {on(invitee.passport_expires_on)}")],
            text("\n".join(fact for fact in (invitee.employer, invitee.job) if fact) or NONE),
        ]
        for place, invitee in enumerate(invitees, 1)
    ]
    columns = [("序号", "w11"), ("姓名", "wide"), ("性别", "w11"), ("出生日期", "w20"), ("国籍", "w17"), ("护照号码、有效期", "w27"), ("工作单位、职务", "w27")]
    return Table("被邀请人", columns, rows)


def _findings(found: Sequence[checks.Finding]) -> Table:
    rows = [[[typeset(one.rule.code)], [typeset(str(one.rule.get_strictness_display()))], text(one.text)] for one in found]
    rows = rows or [[[typeset(NONE)], [typeset(NONE)], [typeset("核对规则没有提出问题。")]]]
    return Table("系统核对", [("规则", "w17"), ("执行方式", "w20"), ("核对意见", "wide")], rows)


def _boxes(case: Case) -> list[tuple[str, list[SafeString]]]:
    """A box for each who signs: what they said in the portal, if they have, and room for the pen."""
    reviews, signed = approvals_by(case, "review"), approvals_by(case, "issue")
    found = {BOXES[1]: reviews[:1], BOXES[2]: reviews[1:2], BOXES[3]: signed[:1]}
    return [(label, [line for approval in found.get(label, []) for line in _said(approval)]) for label in BOXES]


def _said(approval: Approval) -> list[SafeString]:
    assert approval.decided_by is not None
    assert approval.decided_at is not None
    return [typeset(line) for line in (approval.note or "同意").splitlines()] + [typeset(f"系统记录：{approval.decided_by.name} {moment(approval.decided_at)}")]


# -- 名单 --------------------------------------------------------------------------------------------------------------------------------------------------


def roster_pdf(case: Case, by: User, at: datetime) -> bytes:
    """The people of an application in order. Raises PrintRefusedError."""
    with translation.override(settings.LANGUAGE_CODE):
        application = load(case)
        invitees = checks.current_invitees(application)
        total = [typeset(f"共 {len(invitees)} 人；护照号码不全印出，需要完整号码的，在系统里说明理由后查看。")]
        context = {"number": case.number, "facts": _head(case, application, invitees), "tables": [_people(invitees)], "total": total}
        return case_pdf("print/application_roster.html", f"名单 {case.number}", case, by, at, context)
