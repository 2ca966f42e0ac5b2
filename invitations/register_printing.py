"""The register of letters on paper, by year or by month: A4 across, every number in order, cancelled and replaced ones too.

An official form: in Chinese whatever the interface speaks.
"""

from datetime import date, datetime
from typing import Any

from django.conf import settings
from django.template.loader import render_to_string
from django.utils import timezone, translation

from accounts.models import User
from cases.printing import BODY, NONE, Cell, name, on, text
from core.printing import SCREEN, render
from correspondence.printing import PART, volumes_of
from duties.printing import typeset

from .models import InvitationLetter
from .register_queries import letters_to_print, remark

COLUMNS = (
    ("发文编号", "w34"),
    ("签发日期", "w20"),
    ("函件种类", "w20"),
    ("邀请单位", "wide"),
    ("人数", "w11"),
    ("有效期至", "w20"),
    ("办件", "w26"),
    ("签发人", "w16"),
    ("领取人、日期", "w26"),
    ("网上提交", "w26"),
    ("备注", "w34"),
)


def title_of(year: int, month: int | None) -> str:
    """What the register is called."""
    return f"{year}年度邀请函发文登记簿" if month is None else f"{year}年{month}月邀请函发文登记簿"


def register_pdf(year: int, month: int | None, volume: int, by: User, at: datetime) -> bytes | None:
    """One volume (from 1) of the register of a year, or of a month: PDF/UA-1; None where there is none. Raises PrintRefusedError."""
    letters = letters_to_print(by, year, month)
    total = letters.count()
    bound = next((one for one in volumes_of(total) if one.number == volume), None)
    if bound is None:
        return None
    today = timezone.localdate(at)
    counts = {
        state: letters.filter(**facts).count() for state, facts in (("作废", {"cancelled_at__isnull": False}), ("被替代", {"replaced_by__isnull": False}))
    }
    with translation.override(settings.LANGUAGE_CODE):
        told = "，".join([f"共 {total} 件", *(f"其中{state} {count} 件" for state, count in counts.items() if count)])
        context = {
            "title": title_of(year, month),
            "body": BODY,
            "volume": f"第 {bound.number} 册（第 {bound.first} 件至第 {bound.last} 件）" if total > PART else "",
            "columns": COLUMNS,
            "rows": [_row(letter, today) for letter in letters[bound.first - 1 : bound.last]],
            "total": f"{told}；登记至 {on(today)}。",
            "recorded_at": at.isoformat(),
            "printed": f"{timezone.localtime(at):%Y-%m-%d %H:%M}　{by.name}　打印",
        }
        return render(render_to_string("print/register.html", context), variant=SCREEN)


def _row(letter: Any, today: date) -> list[Cell]:
    """One line; of a letter out of sight its number, its day and how it stands."""
    head = [[typeset(letter.number)], [typeset(on(timezone.localdate(letter.issued_at)))]]
    state = [] if letter.state_on(today) == InvitationLetter.State.VALID else text(remark(letter, today))
    if not letter.is_shown:
        return [*head, *[[typeset(NONE)]] * 8, [typeset("不在查看范围"), *state]]
    handed = [letter.handed_over_to, on(timezone.localdate(letter.handed_over_at))] if letter.handed_over_at else []
    submitted = [fact for fact in (on(letter.submitted_on, ""), letter.receipt_number) if fact]
    return [
        *head,
        text(letter.kind.name),
        text(letter.unit_name),
        [typeset(str(letter.count))],
        [typeset(on(letter.valid_until))],
        [typeset(letter.application.case.number)],
        [name(letter.issued_by)],
        [typeset(fact) for fact in handed if fact] or [typeset(NONE)],
        [typeset(fact) for fact in submitted] or [typeset(NONE)],
        state or [typeset(NONE)],
    ]
