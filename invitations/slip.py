"""用印交付单: what goes with the paper of a letter to be signed, sealed and handed over. Nothing of its people but their number."""

from datetime import datetime

from django.conf import settings
from django.template.loader import render_to_string
from django.utils import timezone, translation

from accounts.models import User
from cases.printing import BODY, name, on, text
from core.printing import SCREEN, render
from duties.printing import typeset

from .models import InvitationLetter

TITLE = "函件用印交付单"
ACTS = (
    ("签字", "核对与签发的函件一致后签字"),
    ("用印", "盖章人核对编号、页数后盖章"),
    ("领取", "领取人核对件数、页数后签收"),
)


def slip_pdf(letter: InvitationLetter, by: User, at: datetime) -> bytes:
    """The slip of one letter: PDF/UA-1. Raises PrintRefusedError."""
    issued = timezone.localdate(letter.issued_at)
    with translation.override(settings.LANGUAGE_CODE):
        facts = [
            [("发文编号", [typeset(letter.number)]), ("函件种类", text(letter.kind.name))],
            [("邀请单位", text(letter.unit_name)), ("办件", [typeset(letter.application.case.number)])],
            [("被邀请人数", [typeset(f"{letter.count} 人")]), ("页数", [typeset(f"{letter.pages} 页")])],
            [("签发", [name(letter.issued_by), typeset(on(issued))]), ("有效期至", [typeset(on(letter.valid_until))])],
        ]
        context = {
            "title": f"{TITLE} {letter.number}",
            "heading": TITLE,
            "body": BODY,
            "facts": facts,
            "sha256": letter.sha256,
            "acts": ACTS,
            "recorded_at": at.isoformat(),
            "stamp": f"{letter.number}",
            "printed": f"{timezone.localtime(at):%Y-%m-%d %H:%M}　{by.name}　打印",
        }
        return render(render_to_string("print/letter_slip.html", context), variant=SCREEN)
