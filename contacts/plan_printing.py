"""A yearly plan on paper: A4 across, one table, what was struck out at its end. An official form: in Chinese whatever the interface speaks."""

from datetime import datetime

from django.conf import settings
from django.template.loader import render_to_string
from django.utils import timezone, translation
from django.utils.safestring import SafeString

from accounts.models import User
from cases.printing import BODY, NONE, text
from core.printing import SCREEN, render
from duties.printing import typeset

from .coordination_queries import plans
from .models import PlanLine

TITLES = {PlanLine.Kind.OUTGOING: "因公出访计划表", PlanLine.Kind.INCOMING: "来访计划表", PlanLine.Kind.MEETING: "国际会议计划表"}
NAMES = {PlanLine.Kind.OUTGOING: ("团组名称", "团长"), PlanLine.Kind.INCOMING: ("团组名称", "团长"), PlanLine.Kind.MEETING: ("会议名称", "主办方")}

Cell = list[SafeString]


def plan_pdf(year: int, kind: str, by: User, at: datetime) -> bytes | None:
    """The table of a year: PDF/UA-1; None where it has no line. Raises PrintRefusedError."""
    lines = list(plans(by).filter(year=year, kind=kind).order_by("pk"))
    if not lines:
        return None
    standing, struck = [line for line in lines if not line.is_struck], [line for line in lines if line.is_struck]
    with translation.override(settings.LANGUAGE_CODE):
        name, head = NAMES[PlanLine.Kind(kind)]
        context = {
            "title": f"{year}年度{TITLES[PlanLine.Kind(kind)]}",
            "body": BODY,
            "columns": [
                ("序号", "w16"),
                (name, "w38"),
                ("国家（地区）", "w26"),
                ("拟定时间", "w26"),
                (head, "w26"),
                ("人数", "w16"),
                ("目的和主要内容", "wide"),
                ("经费来源", "w26"),
                ("办件", "w26"),
            ],
            "rows": [_row(str(place), line) for place, line in enumerate(standing, 1)] + [_row("取消", line) for line in struck],
            "total": f"共 {len(standing)} 项" + (f"，另取消 {len(struck)} 项" if struck else "") + "。",
            "recorded_at": at.isoformat(),
            "printed": f"{timezone.localtime(at):%Y-%m-%d %H:%M}　{by.name}　打印",
        }
        return render(render_to_string("print/register.html", context), variant=SCREEN)


def _row(place: str, line: PlanLine) -> list[Cell]:
    purpose = text(line.purpose) + (text(f"取消理由：{line.strike_reason}") if line.is_struck else [])
    return [
        [typeset(place)],
        text(line.name),
        text(str(line.country or NONE)),
        text(line.period),
        text(line.leader or NONE),
        text(str(line.size or NONE)),
        purpose,
        text(line.funding or NONE),
        [typeset(line.case.number if line.case else NONE)],
    ]
