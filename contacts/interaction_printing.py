"""What was talked about with one body, on paper: A4 across, the last first. An official form: in Chinese whatever the interface speaks."""

from datetime import datetime
from typing import Any

from django.conf import settings
from django.template.loader import render_to_string
from django.utils import timezone, translation

from accounts.models import User
from cases.printing import BODY, NONE, Cell, name, text
from core.printing import SCREEN, render
from duties.printing import typeset

from .models import Interaction, Organisation

MOST = 300  # lines: more are too much for one document
COLUMNS = (("时间", "w26"), ("方式", "w16"), ("对方人员", "w34"), ("我方人员", "w26"), ("摘要", "wide"), ("下一步", "w38"))


def interactions_pdf(body: Organisation, interactions: Any, by: User, at: datetime) -> bytes:
    """The record of these interactions (of `interaction_panel.for_lines`, in order): PDF/UA-1. Raises PrintRefusedError."""
    total = interactions.count()
    with translation.override(settings.LANGUAGE_CODE):
        context = {
            "title": f"与{body.name}的往来记录",
            "body": BODY,
            "columns": COLUMNS,
            "rows": [_row(interaction) for interaction in interactions[:MOST]],
            "total": f"共 {total} 次{f'，只印最近 {MOST} 次' if total > MOST else ''}；含内部内容，注意保管。",
            "recorded_at": at.isoformat(),
            "printed": f"{timezone.localtime(at):%Y-%m-%d %H:%M}　{by.name}　打印",
        }
        return render(render_to_string("print/register.html", context), variant=SCREEN)


def _row(interaction: Interaction) -> list[Cell]:
    follow_up = interaction.follow_up
    step = [*text(interaction.next_step), typeset(f"{follow_up.due_on:%Y-%m-%d}　{follow_up.get_status_display()}")] if follow_up and follow_up.due_on else []
    return [
        [typeset(f"{timezone.localtime(interaction.happened_at):%Y-%m-%d %H:%M}")],
        [typeset(str(interaction.get_mode_display()))],
        [typeset(str(person)) for person in interaction.people.all()] or [typeset(NONE)],
        [name(person) for person in interaction.ours.all()] or [typeset(NONE)],
        text(interaction.summary),
        step or [typeset(NONE)],
    ]
